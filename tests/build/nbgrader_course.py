"""Submissions to an nbgrader course, and what its gradebook says of them. Used by the tests and by the benchmark."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from autograder.audit.rows import Outcome, Row
from autograder.content import Assignment

SCORES = "[...document.querySelectorAll('input.score')].map(box => box.getAttribute('placeholder'))"


def released(folder: Path, name: str) -> NotebookNode:
    """The notebook that students get: as a submission, the stub."""
    return nbformat.read(folder / "release" / name / f"{name}.ipynb", as_version=4)


def solved(folder: Path, assignment: Assignment, row: Row | None = None) -> NotebookNode:
    """The released notebook with the reference's solutions; with `row`, its definition in a cell after the one that it replaces."""
    notebook = released(folder, assignment.name)
    source = nbformat.read(folder / "source" / assignment.name / f"{assignment.name}.ipynb", as_version=4)
    cells = []
    for cell, original in zip(notebook.cells, source.cells, strict=True):
        cells.append(cell)
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = original.source
        if row and row.declaration and re.search(rf"^(def|class) {row.declaration.of}\b", original.source, re.MULTILINE):
            cells.append(new_code_cell(row.cells[-1]))
    notebook.cells = cells
    return notebook


def cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell with this id of nbgrader's."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def hand_in(folder: Path, name: str, student: str, notebook: NotebookNode) -> Path:
    """Put a notebook where nbgrader collects submissions; returns its path."""
    path = folder / "submitted" / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def grades(folder: Path, name: str, student: str) -> dict[str, float | None]:
    """The automatic score of each graded cell; None for one that waits for a person."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {grade.name: grade.auto_score for grade in gradebook.find_submission_notebook(name, name, student).grades}


def shown_scores(page: Any, address: str, folder: Path, name: str, student: str) -> list[str | None]:
    """Open a submission in the formgrader; returns the automatic scores in its boxes.

    The page asks for the scores after it has loaded, and fills in all of them in one go.
    """
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission_notebook(name, name, student).id
    page.goto(f"{address}/submissions/{submission}/")
    page.wait_for_selector("input.score[placeholder]")
    return list(page.evaluate(SCORES))


def earned(outcomes: tuple[Outcome, ...]) -> dict[str, float]:
    """The points of each question in this project's grader."""
    return {q: sum(o.points for o in outcomes if o.question == q and o.passed) for q in sorted({o.question for o in outcomes})}


def by_question(scores: dict[str, float | None]) -> dict[str, float]:
    """The points of each question that is graded automatically: {'q1': 16.0, ...}."""
    points: dict[str, float] = defaultdict(float)
    for name, score in scores.items():
        if score is not None:
            points[name.partition("-")[0]] += score
    return dict(points)
