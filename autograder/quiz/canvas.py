"""Canvas: a QTI 1.2 package, one group per slot with all its variants, of which Canvas picks one. The only file that knows text2qti."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from text2qti.config import Config
from text2qti.qti import QTI
from text2qti.quiz import Question as CanvasQuestion
from text2qti.quiz import Quiz as CanvasQuiz

from autograder.build.bundle import zip_bytes
from autograder.prose import joined
from autograder.quiz.bank import Quiz
from autograder.quiz.literal import spellings
from autograder.quiz.papers import Paper
from autograder.quiz.variant import CHOICE, NUMERIC, SELECT, Variant

PLACEHOLDER = "= 1 +- 0.5"
"""What text2qti reads as a number's key. It cuts numbers to four decimals and refuses small ones, so the real key is put in afterwards."""


def canvas_zip(quiz: Quiz, papers: Sequence[Paper]) -> bytes:
    """The package to import under Settings > Import Course Content > QTI .zip file."""
    with tempfile.TemporaryDirectory() as folder:
        made = CanvasQuiz("\n".join(source(quiz, papers, Path(folder))), config=Config())
    made.points_possible = quiz.points  # text2qti adds up all variants of a group
    variants = [paper.variants[n] for n in range(len(quiz.items)) for paper in papers]
    questions = [entry for entry in made.questions_and_delims if isinstance(entry, CanvasQuestion)]
    for question, variant in zip(questions, variants, strict=True):
        if variant.key.kind == NUMERIC:
            _set_number(question, variant)
    with zipfile.ZipFile(io.BytesIO(QTI(made).zip_bytes())) as dated:
        return zip_bytes({name: dated.read(name) for name in dated.namelist()})


def title(quiz: Quiz, variant: Variant) -> str:
    """What staff see of a question, and item analysis counts by; students see 'Question 1'."""
    return f"{quiz.name} {variant.prompt.question} v{variant.prompt.number + 1}"


def source(quiz: Quiz, papers: Sequence[Paper], figures: Path) -> Iterator[str]:
    """The quiz in text2qti's own notation, line by line; its figures are written into a folder."""
    models = "allowed" if quiz.models_allowed else "not allowed"
    yield f"Quiz title: {quiz.title}"
    yield f"Quiz description: {len(quiz.items)} questions, about {quiz.minutes} minutes. Language models are {models}."
    yield "shuffle answers: true"
    yield "show correct answers: false"
    for n, item in enumerate(quiz.items):
        yield from ("", "GROUP", "pick: 1", f"points per question: {item.points}")
        for paper in papers:
            yield ""
            yield f"Title: {title(quiz, paper.variants[n])}"
            yield from _question(paper.variants[n], figures)
        yield "END_GROUP"


def _question(variant: Variant, figures: Path) -> Iterator[str]:
    prompt, key = variant.prompt, variant.key
    text = prompt.statement
    if prompt.figure:
        path = figures / f"{prompt.question}-v{prompt.number + 1}.png"
        path.write_bytes(prompt.figure.png())
        text += f"\n\n![{prompt.figure.alt.replace('$', '')}]({path})"
    # Variants that differ in their options alone need different texts: text2qti makes identifiers from the text.
    yield from _entry("1.", f'{text}\n\n<span title="variant {prompt.number + 1}"></span>')
    yield from _entry("...", key.explanation)
    if key.kind == NUMERIC:
        yield PLACEHOLDER
    elif key.kind in (CHOICE, SELECT):
        right, wrong = ("*{})", "{})") if key.kind == CHOICE else ("[*]", "[ ]")
        for option in prompt.options:
            mark = right if option.label in key.answer else wrong
            yield from _entry(mark.format(option.label.lower()), option.text)
    else:
        yield from (f"* {spelling}" for spelling in spellings(key.answer))


def _entry(mark: str, text: str) -> Iterator[str]:
    """A mark and its text, further lines indented below the first. A formula on display becomes one in the line, the only kind there is."""
    first, *rest = joined(text).replace("$$", "$").splitlines()
    yield f"{mark} {first}"
    yield from (" " * (len(mark) + 1) + line if line else "" for line in rest)


def _set_number(question: CanvasQuestion, variant: Variant) -> None:
    """The key in full, with equal margins to both sides: Canvas's importers read only one of them."""
    key, margin = Decimal(repr(variant.key.answer)), Decimal(repr(variant.key.tolerance))
    for name, value in {"min": key - margin, "exact": key, "max": key + margin}.items():
        setattr(question, f"numerical_{name}", float(value))
        setattr(question, f"numerical_{name}_html_xml", format(value, "f"))
