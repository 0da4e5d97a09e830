"""Texts with holes: `@{x}` in Markdown and LaTeX, filled with values so that they can be read back exactly."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

HOLE = re.compile(r"@\{(\w+)\}")
DIGITS = 4


def shown(value: Any) -> str:
    """A parameter as the text shows it. Numbers are shown in full, so that what is shown is what the key is computed from."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(shown, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, float):
        text = repr(value)
        if "e" not in text:
            return text
        return format(Decimal(text), "f") if 1e-6 <= abs(value) < 1 else text.replace("e-0", "e-").replace("e+", "e")
    return repr(value)


def rounded(value: float) -> str:
    """A computed number as options and explanations show it: four significant digits, no exponent where it can be helped."""
    text = format(value, f".{DIGITS}g")
    return text if "e" not in text else format(Decimal(text), "f") if 1e-6 <= abs(value) < 1e9 else text.replace("e-0", "e-")


def option_text(value: Any, params: Mapping[str, Any]) -> str:
    """An option as Markdown: a text with its holes filled, a number as LaTeX, anything else (a shape, None, True) as code."""
    if isinstance(value, str):
        return fill(value, params)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"${value if isinstance(value, int) else rounded(value)}$"
    return f"`{value!r}`"


def fill(text: str, params: Mapping[str, Any]) -> str:
    """The text with every hole filled. Raises KeyError with the name of a hole that no parameter fills."""
    return HOLE.sub(lambda hole: shown(params[hole[1]]), text)


def holes(text: str) -> set[str]:
    return set(HOLE.findall(text))


def read_back(template: str, text: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a reader finds in a filled text, by name. params says of each only whether it is a text or Python data.

    Raises ValueError where the holes cannot be told apart.
    """
    pattern, seen, end = "", set(), 0
    for hole in HOLE.finditer(template):
        name = hole[1]
        pattern += re.escape(template[end : hole.start()])
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
        end = hole.end()
    match = re.fullmatch(pattern + re.escape(template[end:]), text, re.DOTALL)
    if match is None:
        raise ValueError("the filled text does not match its template")
    return {name: raw if isinstance(params[name], str) else ast.literal_eval(raw) for name, raw in match.groupdict().items()}
