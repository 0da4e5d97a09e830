"""The grade of one answer: data against a key. No student code runs, and a response that cannot be read says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.quiz import literal
from autograder.quiz.responses import UnreadableError, is_blank, read_label, read_labels, read_number
from autograder.quiz.variant import CHOICE, LITERAL, NUMERIC, Key

SCORINGS = ("canvas", "all", "each")
"""Select all: right minus wrong picks over the number of right options, at least 0; all or nothing; the share of options judged right."""


@dataclass(frozen=True)
class Score:
    """fraction: of the points, 0 to 1. misconceptions: those that the answer shows. problem: why the response could not be read."""

    fraction: float
    misconceptions: tuple[str, ...] = ()
    problem: str = ""


def score(key: Key, response: Any, scoring: str = "canvas") -> Score:
    """Grade one response: a label, labels, a number (also as text: '1e-3', '3/4') or a literal. None, '' and [] are no answer and score 0.

    scoring: one of SCORINGS, for questions of kind select. Raises ValueError for another.
    """
    if scoring not in SCORINGS:
        raise ValueError(f"scoring is '{scoring}'; it must be one of {', '.join(SCORINGS)}.")
    if is_blank(response):
        return Score(0.0)
    try:
        if key.kind == NUMERIC:
            return _numeric(key, read_number(response))
        if key.kind == LITERAL:
            return _literal(key, response)
        if key.kind == CHOICE:
            return _choice(key, read_label(response, key.labels))
        return _select(key, read_labels(response, key.labels), scoring)
    except UnreadableError as error:
        return Score(0.0, problem=str(error))


def _choice(key: Key, picked: str) -> Score:
    return Score(float(picked == key.answer), _misconceptions(key, {picked}))


def _select(key: Key, picked: set[str], scoring: str) -> Score:
    right = set(key.answer)
    if not picked:
        fraction = 0.0
    elif scoring == "all":
        fraction = float(picked == right)
    elif scoring == "each":
        fraction = sum((label in picked) == (label in right) for label in key.labels) / len(key.labels)
    else:
        fraction = max(0.0, (len(picked & right) - len(picked - right)) / len(right))
    return Score(fraction, _misconceptions(key, picked))


def _numeric(key: Key, value: float) -> Score:
    distance = abs(value - key.answer)
    slack = 1e-12 * abs(key.answer)  # rounding of the difference itself
    if distance <= key.tolerance + slack:
        return Score(1.0)
    known = tuple(m.misconception for m in key.mistakes if abs(value - m.answer) <= max(key.tolerance, slack))
    fraction = key.near[1] if key.near and distance <= key.near[0] + slack else 0.0
    return Score(fraction, known)


def _literal(key: Key, response: Any) -> Score:
    if literal.same(key.answer, response):
        return Score(1.0)
    return Score(0.0, tuple(m.misconception for m in key.mistakes if literal.same(m.answer, response)))


def _misconceptions(key: Key, picked: Iterable[str]) -> tuple[str, ...]:
    return tuple(m.misconception for m in key.mistakes if m.answer in picked)
