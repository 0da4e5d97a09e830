"""The decorators of ``faults.py`` and ``legal.py``. They attach a declaration and leave the function or class as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

Definition = TypeVar("Definition", bound=Callable[..., Any])


@dataclass(frozen=True)
class Fault:
    """A wrong but plausible definition. misconception: its docstring, one sentence. loses: the questions that it must lose."""

    of: str
    name: str
    misconception: str
    hint: str
    loses: frozenset[str]
    only_limited: bool
    by_chance: bool = False


@dataclass(frozen=True)
class Legal:
    """A correct but different definition; its docstring says what differs."""

    of: str
    name: str
    difference: str


def fault(
    of: str, *, loses: Iterable[str], hint: str, only_limited: bool = False, by_chance: bool = False
) -> Callable[[Definition], Definition]:
    """Declare a fault of the reference's definition `of`.

    hint: a question or sentence that leads without giving the answer away. only_limited: it exhausts memory or time, so it runs under
    limits only and never under stock Otter. by_chance: its answers differ from call to call, so that no diagnosis can recognize it.
    """

    def mark(definition: Definition) -> Definition:
        definition.__declaration__ = Fault(  # type: ignore[attr-defined]
            of, definition.__name__, _sentence(definition), hint, frozenset(loses), only_limited, by_chance
        )
        return definition

    return mark


def legal(of: str) -> Callable[[Definition], Definition]:
    """Declare a correct variant of the reference's definition `of`."""

    def mark(definition: Definition) -> Definition:
        definition.__declaration__ = Legal(of, definition.__name__, _sentence(definition))  # type: ignore[attr-defined]
        return definition

    return mark


def _sentence(definition: Callable[..., Any]) -> str:
    text = " ".join((definition.__doc__ or "").split())
    if not text:
        raise ValueError(f"{definition.__name__} needs a docstring: one sentence that says what is different.")
    return text
