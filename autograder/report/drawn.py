"""Pictures that a homework draws from a student's own data, for the people who read the answers. No student code is run."""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

from autograder.content import Assignment
from autograder.grading.submission import Unreadable, read_submission


@dataclass(frozen=True)
class Drawn:
    """says: one sentence with the picture's numbers, also its alternative text. svg: the picture, without an XML header."""

    says: str
    svg: str


def drawn_figures(assignment: Assignment, notebook: Path) -> list[Drawn]:
    """What ``figures(cells)`` of the homework's ``solutions/<hw>/figures.py`` draws; nothing without that file, or for no notebook."""
    path = assignment.solutions / "figures.py"
    if not path.exists():
        return []
    try:
        cells = read_submission(notebook).cells
    except Unreadable:
        return []
    import matplotlib

    spec = importlib.util.spec_from_file_location(f"{assignment.name}_figures", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = []
    with matplotlib.rc_context({"svg.hashsalt": assignment.name}):
        for says, figure in module.figures(cells):
            out = io.StringIO()
            figure.savefig(out, format="svg", metadata={"Date": None})
            drawn.append(Drawn(says, out.getvalue()[out.getvalue().index("<svg") :]))
    return drawn
