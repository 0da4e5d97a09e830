"""Short answers that are Python data or printed text: a shape, an ordering, what a line prints."""

from __future__ import annotations

import ast
import re
from typing import Any


def same(key: Any, response: Any) -> bool:
    """Whether a response says the key. Lists stand for tuples, 3.0 for 3, but 1 never for True; in texts only case and spacing are free."""
    value = read(response)
    if _equal(key, value):
        return True
    accepted = {_plain(text) for text in spellings(key)}
    return _plain(str(response)) in accepted or _plain(str(value)) in accepted


def read(response: Any) -> Any:
    """The Python data that a response writes down; a text that is no Python literal stays a text."""
    if not isinstance(response, str):
        return response
    text = re.sub(r"^torch\.Size\((.*)\)$", r"\1", response.strip())
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def spellings(key: Any) -> list[str]:
    """The usual ways to write a key, the first as the explanation shows it: what a platform that compares texts must accept."""
    if isinstance(key, str):
        return [key]
    if not isinstance(key, list | tuple):
        return [repr(key)]
    items = [spellings(item)[0] for item in key]
    spaced = ", ".join(items)
    tail = "," if len(items) == 1 else ""
    listed = [f"({spaced}{tail})", f"[{spaced}]", f"torch.Size([{spaced}])"]
    if len(items) > 1:
        listed.append(spaced)
    if isinstance(key, list):
        listed[:2] = reversed(listed[:2])
    return list(dict.fromkeys(listed + [text.replace(", ", ",") for text in listed]))


def _equal(key: Any, value: Any) -> bool:
    if isinstance(key, list | tuple):
        return isinstance(value, list | tuple) and len(key) == len(value) and all(map(_equal, key, value))
    if isinstance(key, bool) or isinstance(value, bool) or key is None or isinstance(key, str):
        return type(key) is type(value) and bool(key == value)
    return isinstance(value, int | float) and bool(key == value)


def _plain(text: str) -> str:
    return re.sub(r"\s*([,()\[\]])\s*", r"\1", " ".join(text.split())).casefold()
