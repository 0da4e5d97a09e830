"""A course directory for nbgrader, from the same sources: `source/<hw>/<hw>.ipynb`, and `release/` made by nbgrader itself.

Every file in `source/` is handed out, so a homework is one notebook there: public helpers are written by its first cell, solutions and
hidden tests stand between nbgrader's markers, and nothing else lies beside it.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.build import gates
from autograder.build.bundle import TEMPLATES
from autograder.build.casecells import CaseFile
from autograder.build.expected import Expected, refresh
from autograder.build.notebook import (
    PACKAGE,
    Source,
    headed,
    read_sources,
    sample_answer,
    solution_notebook,
    student_files,
    to_bytes,
    write_files,
)
from autograder.build.release import GateError, Say
from autograder.content import BEGIN, Assignment, ContentError, Course, read_text
from autograder.grading.cases import load_cases
from autograder.handin import SETUP

RELEASE_SECONDS = 300
LOADED_SECONDS = 60


def make_course(course: Course, assignments: Sequence[Assignment], folder: Path, say: Say) -> list[Path]:
    """Write the homeworks into the course directory `folder` and have nbgrader release them; returns the released notebooks.

    What else lies in the folder (gradebook, submissions) stays. Raises `GateError` when a released notebook shows what students may not
    see, `ContentError` when nbgrader refuses a homework.
    """
    prepare(course, folder)
    released = []
    for assignment in assignments:
        name = assignment.name
        expected, _ = refresh(assignment, solution_notebook(course, assignment), course.root / "release" / "expected" / name)
        source = source_notebook(assignment, expected)
        released.append(release(folder, name, source, functools.partial(release_problems, assignment), say))
    return released


def prepare(course: Course, folder: Path) -> None:
    """Make the course directory, or bring its settings up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(settings(course), encoding="utf-8")


def release(folder: Path, name: str, source: nbformat.NotebookNode, gate: Callable[[Path], list[gates.Problem]], say: Say) -> Path:
    """Write a source notebook and have nbgrader release it; returns what students get. Raises `GateError` with what the gate finds."""
    path = folder / "source" / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(source))
    say(f"{name}: nbgrader generate_assignment")
    nbgrader(folder, "generate_assignment", name, "--force")
    released = folder / "release" / name / f"{name}.ipynb"
    if problems := gate(released):
        released.unlink()
        raise GateError(name, problems)
    return released


def settings(course: Course) -> str:
    """The text of nbgrader_config.py."""
    seconds = max([LOADED_SECONDS, *(course.assignment(name).limits.cell for name in course.assignments)])
    slug = re.sub(r"\W+", "-", course.name.lower()).strip("-")
    lines = [
        f'c.CourseDirectory.course_id = "{slug}"',
        "",
        "# Seconds that a cell may take: cases stop themselves earlier, and a busy machine imports torch slowly.",
        f"c.Execute.timeout = {math.ceil(seconds)}",
        f"c.Execute.iopub_timeout = {math.ceil(seconds)}",
    ]
    return "\n".join([read_text(TEMPLATES / "nbgrader_config.py"), *lines]) + "\n"


def nbgrader(folder: Path, *command: str, seconds: float = RELEASE_SECONDS) -> str:
    """Run ``nbgrader command`` in the course directory; returns what it said. Raises `ContentError` with its last words when it fails."""
    scripts = str(Path(sys.executable).parent)  # nbgrader calls `alembic` by its bare name
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds
    )
    if run.returncode:
        last = "\n".join((run.stdout + run.stderr).strip().splitlines()[-15:])
        raise ContentError(f"nbgrader {' '.join(command)} failed in {folder}:\n{last}")
    return run.stdout + run.stderr


def source_notebook(assignment: Assignment, expected: Expected) -> nbformat.NotebookNode:
    """The instructor's notebook: with solutions, sample answers and hidden tests, each between nbgrader's markers."""
    title, *rest = read_sources(assignment)
    cells = [new_markdown_cell(headed(assignment, title.text)), _setup_cell(assignment)]
    for source in rest:
        cells += _cells(assignment, source, expected)
    for number, cell in enumerate(cells):
        cell["id"] = hashlib.sha256(f"nbgrader {assignment.name} {number}".encode()).hexdigest()[:12]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def _cells(assignment: Assignment, source: Source, expected: Expected) -> Iterable[nbformat.NotebookNode]:
    if source.kind == "markdown":
        yield new_markdown_cell(headed(assignment, source.text))
    elif source.kind == "reference":
        text = "\n\n\n".join(assignment.reference.definitions[name] for name in source.names)
        cell = new_code_cell(text)
        yield marked(cell, f"solution-{source.names[0]}", solution=True) if BEGIN in text else cell
    elif source.kind == "check":
        yield from _case_cells(assignment, source.names[0])
    elif source.kind == "answer":
        question = assignment.question(source.names[0])
        answer = new_markdown_cell(sample_answer(assignment, question.id))
        yield marked(answer, question.id, grade=True, solution=True, points=question.points)
    else:
        yield new_code_cell(source.text)
        if source.kind == "experiment" and (shown := expected.markdown(source.names[0])):
            yield new_markdown_cell(shown)


def _setup_cell(assignment: Assignment) -> nbformat.NotebookNode:
    """The locked cell that writes the public helpers, so that one file is enough, in Colab too."""
    files = {name: text for name, text in student_files(assignment).items() if name in ("accelerator.py", "checks.py", "probes.py")}
    files["nbcase.py"] = read_text(PACKAGE / "nbcase.py")
    early = "import accelerator  # registers the simulated device: before the first backward pass of the session\n"
    cell = new_code_cell(
        "#@title Set-up: run this cell first\n"
        f"{SETUP} {assignment.name}\n"
        f"{write_files(files)}\n"
        f"{early if assignment.uses_device else ''}"
        "import nbcase\n\n"
        f"nbcase.prepare(seconds={assignment.limits.case:g})"
    )
    cell.metadata["cellView"] = "form"
    cell.metadata["jupyter"] = {"source_hidden": True}
    return marked(cell, "set-up", locked=True)


def _case_cells(assignment: Assignment, question: str) -> Iterable[nbformat.NotebookNode]:
    """A test cell for each case. Public ones are made from the public file alone."""
    full, path = assignment.test_source(question, hidden=True), f"tests/{question}.py"
    files = {hidden: CaseFile(assignment.test_source(question, hidden=hidden), path) for hidden in (False, True)}
    for case in load_cases(full, path):
        cell = new_code_cell(files[case.hidden].cell(case))
        yield marked(cell, case.id.replace(".", "-"), grade=True, locked=True, points=case.points)


def marked(
    cell: nbformat.NotebookNode, id: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: float | None = None
) -> nbformat.NotebookNode:
    """The cell with nbgrader's record. id: unique in the notebook."""
    record = {"schema_version": 3, "grade_id": id, "grade": grade, "solution": solution, "locked": locked, "task": False}
    cell.metadata["nbgrader"] = record if points is None else {**record, "points": points}
    return cell


def release_problems(assignment: Assignment, path: Path) -> list[gates.Problem]:
    """The gates on a released notebook and its folder: it parses, and neither holds what students may not have."""
    notebook = nbformat.read(path, as_version=4)
    found = gates.notebook_problems(assignment, notebook)
    for extra in sorted(set(path.parent.rglob("*")) - {path}):
        found.append(gates.Problem("leak", str(extra), "a file beside the released notebook", f"Remove it from source/{assignment.name}."))
    if "HIDDEN TESTS" in "\n".join(cell.source for cell in notebook.cells):
        found.append(gates.Problem("leak", str(path), "a marker of hidden tests is left", "Both markers must stand in every hidden cell."))
    return found
