"""Running the code that a question shows: the second route of "what does this print". For the build and the tests alone."""

from __future__ import annotations

import contextlib
import io
import textwrap


def printed(code: str) -> str:
    """What the code prints, without the last line break; the name of the exception ('RuntimeError') if it raises one."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(textwrap.dedent(code), {"__name__": "__main__"})
    except Exception as error:
        return type(error).__name__
    return out.getvalue().rstrip("\n")
