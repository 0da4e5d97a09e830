"""Draws that never change: a number is a hash of the question, the variant and its own name, so a new parameter moves no other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


def number(text: str) -> int:
    """The SHA-256 of a text as an integer."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def variant_number(course: str, quiz: str, who: str, count: int) -> int:
    """Which of `count` variants a person gets. It is no secret: knowing it helps nobody."""
    return number(f"{course}|{quiz}|{who}") % count


@dataclass(frozen=True)
class Draw:
    """The source of a variant's parameters. Two draws of one name are equal; values are inclusive and near enough to uniform."""

    seed: str

    def integer(self, name: str, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + self._number(name) % (high - low + 1)

    def choice(self, name: str, values: Sequence[T]) -> T:
        return values[self._number(name) % len(values)]

    def sample(self, name: str, values: Sequence[T], count: int) -> list[T]:
        """`count` different places of values, in drawn order; all of them is a shuffle."""
        if count > len(values):
            raise ValueError(f"'{name}': a sample of {count} from {len(values)} values.")
        order = sorted(range(len(values)), key=lambda i: self._number(f"{name}|{i}"))
        return [values[i] for i in order[:count]]

    def _number(self, name: str) -> int:
        return number(f"{self.seed}|{name}")
