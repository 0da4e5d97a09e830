"""One test case in one cell of an nbgrader notebook. Shipped to students there; needs torch, IPython and `checks`.

nbgrader takes a point for any text on stderr, takes the value of a cell's last line for its score, and shows tracebacks with the test's
source. So a case is a decorated function: the cell ends with a definition, what the case prints is dropped, and a failure is one message.

    @case()
    def doubling_the_input_doubles_the_norm(env):
        ...
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
import torch._dynamo  # optimizers import it on first use, for seconds: a case whose time runs out in it would leave half of it behind
from IPython.core.getipython import get_ipython

import checks  # type: ignore[import-not-found]  # beside the notebook

EXPERIMENT = "# experiment"

Body = Callable[[Mapping[str, Any]], None]


class CaseFailed(Exception):
    """A case does not hold. Jupyter shows its message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class _TimeIsUp(BaseException):
    """No Exception, so that an `except Exception` of the submission lets it pass."""


_seconds = 10.0


def prepare(seconds: float) -> None:
    """Set what a case may take; while nbgrader runs the notebook also skip experiments, and keep the kernel when a cell calls exit()."""
    global _seconds
    _seconds = seconds
    if "NBGRADER_EXECUTION" in os.environ:
        shell: Any = get_ipython()
        shell.keepkernel_on_exit = True
        shell.input_transformers_cleanup.append(_skip_experiment)


def _skip_experiment(lines: list[str]) -> list[str]:
    return [] if lines and lines[0].startswith(EXPERIMENT) else lines


def case(*, hidden: bool = False) -> Callable[[Body], Body]:
    """Run the decorated case at once, with the notebook's names as its `env`. Raises `CaseFailed`; a hidden case says no values."""

    def run(body: Body) -> Body:
        checks.Function.last = None
        problem = ""
        with _quiet(), _usual_settings():
            try:
                with _alarm():
                    body(body.__globals__)
            except checks.CheckFailed as failure:
                problem = failure.claim if hidden else str(failure)
            except (_TimeIsUp, KeyboardInterrupt):
                problem = f"There was no answer within {_seconds:g} s."
            except BaseException as error:
                problem = f"The check stopped with {type(error).__name__}{'.' if hidden else f': {error}'}"
        if problem:
            raise CaseFailed(f"{body.__name__.replace('_', ' ')}:\n{problem}") from None
        return body

    return run


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """Raise `_TimeIsUp` in the block when time is up, where the system has alarms; elsewhere nbgrader's own limit holds alone."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, _seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop what is printed, by Python and by libraries that write to the process's own stderr."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


@contextlib.contextmanager
def _usual_settings() -> Iterator[None]:
    """Undo for a while what a cell may have left switched on."""
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.enable_grad(), torch.device("cpu"), torch.autograd.set_detect_anomaly(False), torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_default_dtype(dtype)
