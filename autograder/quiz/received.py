"""What a test cell of nbgrader's says to the person who answers: whether there is an answer of the right form. It knows no key.

Quiz notebooks for nbgrader bring this file along, with `sheet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.quiz.sheet import Sheet


class NoCredit(Exception):
    """An answer that earns nothing. Jupyter shows its message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Received:
    """Call it with a question's number, from 1. values: the notebook's names."""

    def __init__(self, sheet: Sheet, values: Mapping[str, Any]) -> None:
        self.sheet, self.values = sheet, values

    def __call__(self, number: int) -> None:
        """Raises `NoCredit` where there is nothing to grade yet."""
        if not self.sheet.paper:
            raise NoCredit("Write your PennKey into the field at the top, then run all cells (Runtime > Run all).")
        _, problem = self.sheet.answer(number, self.values)
        if problem:
            raise NoCredit(f"Question {number}: {problem}")
        print(f"Question {number}: your answer has the right form. Whether it is right shows once the quiz is graded.")
