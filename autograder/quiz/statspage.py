"""The item analysis as one HTML page with a plot."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from autograder.prose import inline_html
from autograder.quiz.keysheet import KeySheet
from autograder.quiz.stats import ItemAnalysis, warning
from autograder.report.html import figure, page, table
from autograder.report.plots import dots

WEAK = 0.2
"""A discrimination below this says that the question, or its key, deserves a look."""
WORDS = (
    "Difficulty is the mean share of a question's points, so a hard question has a low one. Discrimination is the correlation of that "
    "share with the points of the other questions: near 0 the question tells nothing, below 0 the better students miss it."
)
SHOWN = 5
"""Misconceptions listed for each question."""


def stats_page(sheet: KeySheet, items: Sequence[ItemAnalysis], examinees: int) -> str:
    said = warning(examinees)
    note = f'<p class="missing"><b>{escape(said)}</b></p>' if said else ""
    return page(
        f"{sheet.title}: item analysis",
        f'<h1>{escape(sheet.title)}: item analysis</h1><p class="quiet">{examinees} examinees</p>{note}'
        f"<p>{WORDS}</p>{_plot(items)}"
        f"<h2>Questions</h2>{_questions(items)}<h2>Misconceptions</h2>{_misconceptions(items)}<h2>Variants</h2>{_variants(items)}",
    )


def weak(items: Sequence[ItemAnalysis]) -> list[ItemAnalysis]:
    """Questions that hardly tell students apart."""
    return [item for item in items if item.discrimination is not None and item.discrimination < WEAK]


def _plot(items: Sequence[ItemAnalysis]) -> str:
    names = [f"{n}  {item.slot.title}" for n, item in enumerate(items, start=1)]
    hardest = min(items, key=lambda item: item.difficulty)
    says = f"The hardest question is {hardest.slot.title} ({hardest.difficulty:.2f} of its points)."
    if named := weak(items):
        says += f" Discrimination is below {WEAK} for {', '.join(item.slot.title for item in named)}: look at the key and the wording."
    series: dict[str, list[float | None]] = {
        "difficulty (share of the points)": [*(item.difficulty for item in items)],
        "discrimination": [item.discrimination for item in items],
    }
    return figure(dots(names, series, x="share or correlation", alt=says), escape(says))


def _questions(items: Sequence[ItemAnalysis]) -> str:
    rows = [
        [
            f"{n}",
            f"{escape(i.slot.title)}<br><code>{escape(i.slot.question)}</code>",
            f"{i.difficulty:.2f}",
            _two(i.discrimination),
            f"{i.blank:.2f}",
        ]
        for n, i in enumerate(items, start=1)
    ]
    return table(["", "question", "difficulty", "discrimination", "blank"], rows, numbers=3)


def _misconceptions(items: Sequence[ItemAnalysis]) -> str:
    rows = [
        [str(n), inline_html(m.text), str(m.count), f"{m.rest:.2f}"] for n, i in enumerate(items, start=1) for m in i.misconceptions[:SHOWN]
    ]
    return table(["", "what the wrong answers say", "examinees", "their share of the other points"], rows, numbers=2)


def _variants(items: Sequence[ItemAnalysis]) -> str:
    heads = ["question", *(f"v{k + 1}" for k in range(len(items[0].variants)))]
    rows = [
        [f"{n} {escape(i.slot.title)}", *(f"{p:.2f} ({count})" if count else "–" for count, p in i.variants)]
        for n, i in enumerate(items, start=1)
    ]
    return "<p>Difficulty, and how many got the variant.</p>" + table(heads, rows, numbers=len(heads) - 1)


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
