"""Questions as HTML, for the staff's preview and for paper: formulas in MathML, figures inside the page, nothing fetched, no script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from autograder.prose import html, inline_html
from autograder.quiz.bank import Item, Quiz
from autograder.quiz.grade import told
from autograder.quiz.papers import Paper
from autograder.quiz.question import Question
from autograder.quiz.variant import CHOICE, LITERAL, NUMERIC, SELECT, Key, Prompt, Variant
from autograder.report.html import page

ASKED = {CHOICE: "Pick one.", SELECT: "Pick all that are right.", NUMERIC: "Write a number.", LITERAL: "Write it as the question says."}
PREVIEW_STYLE = """<style>
.options { list-style: none; padding-left: 0; max-width: 46rem; }
.options li { padding: .25rem .6rem; border-left: 4px solid transparent; }
.options li.right { border-left-color: #2e8b57; background: var(--shade); }
.options li p, .options li ul { display: inline; margin: 0; }
.note { font-size: .92em; display: block; }
.key { border-left: 4px solid #2e8b57; padding: .1rem .8rem; margin: .6rem 0; max-width: 46rem; }
.variant { margin: .8rem 0 1.6rem; }
img { width: 30rem; }
math { font-size: 1.06em; }
</style>"""
PAPER_STYLE = """<style>
@page { size: letter; margin: 17mm 18mm 19mm; @bottom-center { content: counter(page) " / " counter(pages); font: 9pt sans-serif; } }
:root { color-scheme: light; }
body { font: 11pt/1.42 "Liberation Serif", "Times New Roman", serif; max-width: 44rem; }
header { border-bottom: 1.5px solid; padding-bottom: .4rem; margin-bottom: 1rem; }
header .fields { display: flex; gap: 1.5rem; margin-top: 1rem; }
header .fields span { flex: 1; border-bottom: 1px solid; }
header .version { float: right; font: 700 1.6rem sans-serif; border: 2px solid; padding: .1rem .7rem; }
section { break-inside: avoid; margin: 0 0 1.5rem; }
section h2 { font-size: 1.05rem; margin: 0 0 .2rem; }
section img { width: 9.5cm; display: block; }
p { max-width: none; }
.options { list-style: none; padding-left: 1rem; margin: .3rem 0; }
.options li { margin: .2rem 0; }
.answer { border: 1px solid; height: 1.1cm; width: 9cm; margin-top: .6rem; padding: .1rem .4rem; font: 8pt sans-serif; }
@media print { body { font-size: 11pt; } }
</style>"""


def preview(title: str, shown: Sequence[tuple[Question, int, Sequence[Variant]]]) -> str:
    """The staff's page: every variant of some questions with keys and explanations. Each comes with its points, 0 outside a quiz."""
    sections = [_preview_of(number, question, points, variants) for number, (question, points, variants) in enumerate(shown, start=1)]
    minutes = sum(question.minutes for question, _, _ in shown)
    head = f'<h1>{escape(title)}</h1><p class="quiet">{len(shown)} questions, about {minutes} minutes. With keys: for the staff alone.</p>'
    return page(f"{title}: keys", PREVIEW_STYLE + head + "".join(sections))


def quiz_preview(quiz: Quiz, papers: Sequence[Paper]) -> str:
    slots = [[paper.variants[n] for paper in papers] for n in range(len(quiz.items))]
    return preview(quiz.title, [(item.question, item.points, slot) for item, slot in zip(quiz.items, slots, strict=True)])


def paper_page(quiz: Quiz, paper: Paper, letter: str) -> str:
    """One paper to print: no key, and room for every answer that has no bubble."""
    models = "Language models are allowed." if quiz.models_allowed else "No language models."
    head = (
        f'<header><span class="version">{letter}</span><h1>{escape(quiz.title)}</h1>'
        f"<p>{len(quiz.items)} questions, {quiz.points} points, about {quiz.minutes} minutes. {models} "
        f"Mark version {letter} on the answer sheet.</p>"
        '<div class="fields"><span>Name</span><span>PennKey</span><span>Date</span></div></header>'
    )
    sections = [_on_paper(n, item, v.prompt) for n, (item, v) in enumerate(zip(quiz.items, paper.variants, strict=True), start=1)]
    return page(f"{quiz.title}, version {letter}", PAPER_STYLE + head + "".join(sections))


def _on_paper(number: int, item: Item, prompt: Prompt) -> str:
    points = f"{item.points} point{'s' * (item.points > 1)}"
    options = "".join(f"<li><b>{option.label}</b>&ensp;{inline_html(option.text)}</li>" for option in prompt.options)
    room = f'<ul class="options">{options}</ul>' if options else '<div class="answer">Answer</div>'
    return f"<section><h2>{number}. ({points}) {ASKED[prompt.kind]}</h2>{html(prompt.statement)}{_figure(prompt)}{room}</section>"


def _preview_of(number: int, question: Question, points: int, variants: Sequence[Variant]) -> str:
    worth = f"{points} point{'s' * (points > 1)}, " if points else ""
    facts = f"{question.id}: {question.kind}, {worth}{question.minutes} min; {question.source}; notes: {question.edition}"
    first, *others = variants
    rest = "".join(f'<div class="variant"><h3>Variant {v.prompt.number + 1}</h3>{_with_key(v)}</div>' for v in others)
    more = f"<details><summary>{len(others)} other variants</summary><div>{rest}</div></details>" if others else ""
    title = f'<h2>{number} · {escape(question.title)}</h2><p class="quiet">{escape(facts)}</p>'
    return f'<section>{title}<div class="variant">{_with_key(first)}</div>{more}</section>'


def _with_key(variant: Variant) -> str:
    prompt, key = variant.prompt, variant.key
    known = {mistake.answer: mistake.misconception for mistake in key.mistakes} if prompt.options else {}
    options = "".join(
        f'<li class="{"right" if o.label in key.answer else "wrong"}"><b>{o.label}</b>&ensp;{inline_html(o.text)}'
        f"{_note(known.get(o.label, 'Right.'))}</li>"
        for o in prompt.options
    )
    mistakes = "" if prompt.options else "".join(f"<li>{_wrong(m.answer)}{_note(m.misconception)}</li>" for m in key.mistakes)
    alt = f'<p class="quiet">In words: {escape(prompt.figure.alt)}</p>' if prompt.figure else ""
    return (
        f"{html(prompt.statement)}{_figure(prompt)}{alt}{_list(options)}"
        f'<div class="key"><p><b>Key: {inline_html(told(key))}</b>{_near(key)}</p>{html(key.explanation)}</div>'
        + (f'<p class="quiet">Known mistakes:</p>{_list(mistakes)}' if mistakes else "")
    )


def _list(items: str) -> str:
    return f'<ul class="options">{items}</ul>' if items else ""


def _note(text: str) -> str:
    return f'<span class="note quiet">{inline_html(text)}</span>'


def _wrong(answer: object) -> str:
    shown = f"{answer:.6g}" if isinstance(answer, float) else str(answer)
    return f"<code>{escape(shown)}</code>"


def _near(key: Key) -> str:
    return f", {100 * key.near[1]:.0f} % of the points within {key.near[0]:.3g}" if key.near else ""


def _figure(prompt: Prompt) -> str:
    if prompt.figure is None:
        return ""
    data = base64.b64encode(prompt.figure.png()).decode()
    return f'<figure><img src="data:image/png;base64,{data}" alt="{escape(prompt.figure.alt)}"></figure>'
