"""A quiz as people get it: paper k is variant k of every question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.content import Course
from autograder.prose import joined
from autograder.quiz.bank import Quiz
from autograder.quiz.variant import Prompt, Variant


@dataclass(frozen=True)
class Paper:
    """number: from 0; people read number + 1."""

    number: int
    variants: tuple[Variant, ...]

    @property
    def wording(self) -> list[dict[str, Any]]:
        """All that its reader is told, in words."""
        return [wording(variant.prompt) for variant in self.variants]

    @property
    def fingerprint(self) -> str:
        return _digest(self.wording, 6)


def papers(quiz: Quiz) -> tuple[Paper, ...]:
    """Every paper of a quiz."""
    slots = quiz.slots()
    return tuple(Paper(k, tuple(slot[k] for slot in slots)) for k in range(quiz.variants))


def seed(course: Course) -> str:
    """What the papers of a term are drawn from, beside quiz and person."""
    return f"{course.name}, {course.term}"


def version(course: Course, papers: Sequence[Paper]) -> str:
    """Which statements a notebook shows, and to whom. A corrected key leaves it as it is."""
    return _digest([seed(course), *(paper.wording for paper in papers)], 8)


def wording(prompt: Prompt) -> dict[str, Any]:
    """One question for JSON: kind, statement, options, and the alternative text of its figure."""
    return {
        "kind": prompt.kind,
        "statement": joined(prompt.statement),
        "options": [[option.label, joined(option.text)] for option in prompt.options],
        "alt": prompt.figure.alt if prompt.figure else "",
    }


def _digest(data: Any, length: int) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:length]
