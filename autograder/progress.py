"""How far a long command is: a bar on a terminal, lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

QUIET_SECONDS = 1.0
"""Between two lines of a log, so that many quick steps do not fill it."""


class Progress(Protocol):
    """Where a command says how far it is."""

    def start(self, what: str, total: int) -> Callable[[], None]:
        """Begin a stage of `total` steps; the result is to be called after each."""


class Bars:
    """One bar per stage, drawn within ``with``. Where there is no terminal: a line when a stage begins, and as it goes on."""

    def __init__(self, on: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        left = (TextColumn("left"), TimeRemainingColumn())
        self.progress = RichProgress(*columns, *left, console=on, transient=True, disable=not on.is_terminal)
        self.on = on

    def start(self, what: str, total: int) -> Callable[[], None]:
        if self.on.is_terminal:
            task = self.progress.add_task(what, total=total)
            return lambda: self.progress.advance(task)
        return self._lines(what, total)

    def _lines(self, what: str, total: int) -> Callable[[], None]:
        self.on.print(f"{what}: {total} to do", markup=False)
        done, said = 0, time.monotonic()

        def step() -> None:
            nonlocal done, said
            done += 1
            if done == total or time.monotonic() - said > QUIET_SECONDS:
                said = time.monotonic()
                self.on.print(f"{what}: {done} of {total}", markup=False)

        return step

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.progress.stop()
