"""Cells as a student knows them, and what went wrong in one. Colab shows no numbers, so a cell goes by what it defines or how it begins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.content import Assignment
from autograder.grading.advice import advice

MAX_QUOTED = 80
_OTHERWISE = "Restart your notebook's session, choose *Run all*, and repair the first error."


@dataclass(frozen=True)
class Problem:
    """A cell that failed. kind: of its exception, 'timed out' or 'died'. what: in words. said: by the exception. line: 0 when unknown."""

    kind: str
    what: str
    said: str = ""
    line: int = 0

    @classmethod
    def raised(cls, kind: str, line: str, said: str) -> Problem:
        number = int(line.removeprefix("line ")) if re.fullmatch(r"line \d{1,9}", line) else 0
        what = "has a syntax error" if kind in ("SyntaxError", "IndentationError", "TabError") else f"raised {kind}"
        return cls(kind, what + (f" in line {number}" if number else ""), said.strip()[:300], number)

    @property
    def advice(self) -> str:
        return advice(self.kind, self.said) or _OTHERWISE


def title(source: str, assignment: Assignment) -> str:
    """'The cell of question 1 that defines `mean`', or 'The cell that begins `x = 3`'."""
    for question in assignment.coded:
        for name in question.functions:
            if defines(source, name):
                return f"The cell of question {question.number} that defines `{name}`"
    return f"The cell that begins `{_quoted(source.strip().splitlines()[0])}`"


def defines(source: str, name: str) -> bool:
    """Whether a definition of `name` begins in the cell, whether Python can read it or not."""
    return re.search(rf"^\s*(?:def|class)\s+{re.escape(name)}\b", source, re.MULTILINE) is not None


def failed_line(source: str, problem: Problem) -> str:
    """The line at which the cell failed; empty when it is not known.

    IPython counts from the first line that is not blank, and anew under a cell magic.
    """
    lines = source.splitlines()
    while lines and not lines[0].strip():
        del lines[0]
    known = 0 < problem.line <= len(lines) and not lines[0].startswith("%%")
    return _quoted(lines[problem.line - 1]) if known else ""


def why_undefined(name: str, cells: Sequence[str], problems: Mapping[int, Problem]) -> str:
    """What to tell a student whose notebook leaves `name` undefined. problems: by the cell's place in `cells`."""
    for number, problem in sorted(problems.items()):
        if defines(cells[number], name):
            line = failed_line(cells[number], problem)
            return f"{name} is not defined: its cell {problem.what}{f', `{line.strip()}`' if line else ''}. {problem.advice}"
    return f"{name} is not defined. Run the cell that defines it, and keep its name."


def _quoted(line: str) -> str:
    """One line of a student's, safe inside backticks."""
    text = "".join(c for c in line.replace("`", "'") if c.isprintable()).rstrip()
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "..."
