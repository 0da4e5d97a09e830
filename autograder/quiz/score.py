"""The grade of one answer: data against a key. No student code runs, and a response that cannot be read says why."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from autograder.quiz import literal
from autograder.quiz.variant import CHOICE, LITERAL, NUMERIC, Key

SCORINGS = ("canvas", "all", "each")
"""Select all: right minus wrong picks over the number of right options, at least 0; all or nothing; the share of options judged right."""


class UnreadableError(ValueError):
    """A response is not of the form that the question asks for: says what was given and what is accepted."""


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
            return _choice(key, read_labels(response, key.labels))
        return _select(key, read_labels(response, key.labels), scoring)
    except UnreadableError as error:
        return Score(0.0, problem=str(error))


def is_blank(response: Any) -> bool:
    return response is None or (isinstance(response, str) and not response.strip()) or response in ([], ())


def read_number(response: Any) -> float:
    """A finite number from a number or a text such as '0.25', '1e-3' or '3/4'. Raises UnreadableError."""
    wanted = "write a number such as 0.25, 1e-3 or 3/4."
    if isinstance(response, bool) or not isinstance(response, str | int | float | Fraction):
        raise UnreadableError(f"{response!r} is not a number: {wanted}")
    try:
        text = response.strip().replace("\N{MINUS SIGN}", "-") if isinstance(response, str) else response
        top, slash, bottom = text.partition("/") if isinstance(text, str) else (text, "", "")
        value = float(top) / float(bottom) if slash else float(top)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise UnreadableError(f"{str(response)[:40]!r} is not a number: {wanted}") from None
    if not math.isfinite(value):
        raise UnreadableError(f"{str(response)[:40]!r} is not finite: {wanted}")
    return value


def read_labels(response: Any, labels: tuple[str, ...]) -> set[str]:
    """Labels from 'B', 'A, C', 'AC', ['A', 'C'], or one True or False per option. Raises UnreadableError."""
    wanted = f"the options are {', '.join(labels)}."
    if isinstance(response, str):
        parts: list[Any] = list(response.replace(",", " ").replace(" ", "").upper())
    elif isinstance(response, list | tuple) and len(response) == len(labels) and all(isinstance(r, bool) for r in response):
        parts = [label for label, picked in zip(labels, response, strict=True) if picked]
    elif isinstance(response, list | tuple):
        parts = [r.strip().upper() if isinstance(r, str) else r for r in response]
    else:
        raise UnreadableError(f"{response!r} names no option: {wanted}")
    unknown = [p for p in parts if p not in labels]
    if unknown:
        raise UnreadableError(f"{str(unknown[0])[:40]!r} is no option: {wanted}")
    return set(parts)


def _choice(key: Key, picked: set[str]) -> Score:
    if len(picked) != 1:
        raise UnreadableError(f"{len(picked)} options are picked: pick exactly one.")
    return Score(float(picked == {key.answer}), _misconceptions(key, picked))


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
