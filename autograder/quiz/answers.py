"""The answers in an uploaded notebook, read as data: assignments of literals to `quiz09_who`, `quiz09_q1`, ... Nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MAX_LINE = 1_000
"""Characters of an assignment; a longer one is cut, and its answer counts as the text that is left."""


@dataclass(frozen=True)
class Answers:
    """values: by name without the quiz's ('who', 'q1', 'q2_A'). repeated: names set to two different values; the last counts."""

    values: dict[str, Any]
    repeated: tuple[str, ...]


def read_answers(cells: Iterable[str], quiz: str) -> Answers:
    """What the sources of a notebook's code cells assign to the names of a quiz."""
    assignment = re.compile(rf"^{quiz}_(who|q\d+(?:_[A-Z])?)[ \t]*=(?!=)(.*)$", re.MULTILINE)
    values: dict[str, Any] = {}
    repeated: dict[str, None] = {}
    for source in cells:
        for name, text in assignment.findall(source):
            value = read_value(text[:MAX_LINE])
            if name in values and repr(values[name]) != repr(value):
                repeated[name] = None
            values[name] = value
    return Answers(values, tuple(repeated))


def read_value(text: str) -> Any:
    """The literal on the right of an assignment; what is no literal, such as 3/4 or torch.Size([2]), is taken as the text that it is."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text.partition("#")[0].strip()
