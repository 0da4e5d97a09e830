"""The keys of a whole quiz as one JSON file: all that its grader knows. The standard library alone."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from autograder.quiz.variant import Key


@dataclass(frozen=True)
class Slot:
    """A question's place in a quiz. keys: of its variants, 0 to K - 1."""

    question: str
    title: str
    points: int
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class KeySheet:
    """One quiz, as bank.Quiz and papers have it. seed: what papers are drawn from, beside the quiz and the person."""

    quiz: str
    title: str
    seed: str
    version: str
    graded: str
    scoring: str
    fingerprints: tuple[str, ...]
    slots: tuple[Slot, ...]

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> KeySheet:
        data = json.loads(text)
        slots = tuple(Slot(**{**slot, "keys": tuple(map(Key.from_data, slot["keys"]))}) for slot in data["slots"])
        return cls(**{**data, "fingerprints": tuple(data["fingerprints"]), "slots": slots})
