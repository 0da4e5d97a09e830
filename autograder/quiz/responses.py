"""The forms in which people answer: a name, a number, labels. Quiz notebooks carry this file's text: the standard library alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any


class UnreadableError(ValueError):
    """A response is not of the form that the question asks for: says what was given and what is accepted."""


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


def read_label(response: Any, labels: tuple[str, ...]) -> str:
    """The one label of a response. Raises UnreadableError."""
    picked = read_labels(response, labels)
    if len(picked) != 1:
        raise UnreadableError(f"{len(picked)} options are picked: pick exactly one.")
    return picked.pop()


def read_who(response: Any) -> str:
    """A PennKey as it is compared: of 'Ada@seas.upenn.edu' it is 'ada'; '' where there is none."""
    return response.strip().casefold().partition("@")[0].strip() if isinstance(response, str) else ""


def gather(values: Mapping[str, Any], name: str, labels: tuple[str, ...]) -> Any:
    """The answer to one question from a notebook's names: the value of `name`, or the labels ticked in `name_A`, `name_B`, ..."""
    value = values.get(name)
    return [label for label in labels if values.get(f"{name}_{label}") is True] if is_blank(value) else value


def form_problem(kind: str, labels: tuple[str, ...], response: Any) -> str:
    """Why an answer has not the form that its question asks for; '' when it has. Nothing here knows what is right."""
    try:
        if kind == "numeric":
            read_number(response)
        elif kind == "choice":
            read_label(response, labels)
        elif kind == "select":
            read_labels(response, labels)
    except UnreadableError as error:
        return str(error)
    return ""
