"""One variant of a question as plain data, in two halves: what everybody may see, and what only the staff may see."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from autograder.quiz.figure import Figure

CHOICE, SELECT, NUMERIC, LITERAL = KINDS = ("choice", "select", "numeric", "literal")


@dataclass(frozen=True)
class Option:
    """label: 'A', 'B', ... text: Markdown."""

    label: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """What a student sees. Nothing here depends on which answer is right.

    number: of the variant, from 0. kind: one of KINDS. minutes: for the median student. statement: Markdown and LaTeX; the figure, if
    there is one, stands below it. options: empty for numeric and literal questions.
    """

    question: str
    number: int
    kind: str
    title: str
    minutes: int
    statement: str
    options: tuple[Option, ...]
    figure: Figure | None = None

    @property
    def content(self) -> tuple[Any, ...]:
        """What two variants must not share."""
        return (self.statement, self.options, self.figure)


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer (a label, a number or a literal) and the misconception that leads to it."""

    answer: Any
    misconception: str


@dataclass(frozen=True)
class Key:
    """What grading one answer needs, and what is told after it.

    answer: a label ('B'), a tuple of labels, a finite number, or Python data. tolerance: absolute, around a number. near: a wider absolute
    tolerance and the fraction of the points that it earns. explanation: Markdown.
    """

    kind: str
    answer: Any
    labels: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    explanation: str
    tolerance: float = 0.0
    near: tuple[float, float] | None = None

    def to_data(self) -> dict[str, Any]:
        """For JSON; `from_data` reads it back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Key:
        """Lists stand for tuples, as JSON leaves them."""
        return cls(
            kind=data["kind"],
            answer=_frozen(data["answer"]),
            labels=tuple(data["labels"]),
            mistakes=tuple(Mistake(_frozen(m["answer"]), m["misconception"]) for m in data["mistakes"]),
            explanation=data["explanation"],
            tolerance=data["tolerance"],
            near=tuple(data["near"]) if data["near"] else None,
        )


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Variant:
    """Number k of a question. Files for students are made from the prompt alone."""

    prompt: Prompt
    key: Key
    params: dict[str, Any] = dataclasses.field(hash=False)
