"""The course for nbgrader: what is released, and what nbgrader's own commands say of submissions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.audit.matrix import grade_row
from autograder.audit.rows import Row, variant_rows
from autograder.build.gates import student_text
from autograder.build.nbgrader import make_course, nbgrader
from autograder.build.release import GateError
from autograder.content import Assignment, ContentError, Course, load_course
from autograder.grading.grade import Foreman, score
from tests.browser import needs_browser
from tests.build.nbgrader_course import by_question, cell, earned, grades, hand_in, released, shown_scores, solved
from tests.build.nbgrader_sweep import FAULTS, sweep_homework
from tests.support import ROOT

FULL = {"q1": 4.0, "q2": 6.0}
NOISY_MEAN = """
import os, sys, warnings

def mean(x):
    if x.numel() == 0:
        raise ValueError("x is empty")
    warnings.warn("deprecated")
    print("progress 100%", file=sys.stderr)
    os.write(2, b"NNPACK could not be initialized")
    return x.sum() / x.numel()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, toy: Course) -> Path:
    """The toy course for nbgrader."""
    made = tmp_path_factory.mktemp("nbgrader")
    make_course(toy, [toy.assignment("toy")], made, lambda _: None)
    return made


def nbgrader_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if "nbgrader" in c.metadata]


def test_each_case_is_a_cell_with_its_points(folder: Path) -> None:
    cells = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader.get("points") for c in nbgrader_cells(released(folder, "toy"))}
    points = {"q1-1": 2, "q1-2": 1, "q1-3": 1, "q2-1": 3, "q2-2": 3, "q3": 2}
    assert cells == {"set-up": None, "solution-mean": None, "solution-descend": None, **points}


def test_a_release_holds_no_hidden_test(folder: Path) -> None:
    text = "\n".join(student_text(released(folder, "toy")))
    assert "shifting the input" not in text and "shifting_the_input" not in text and "Three steps" not in text


def test_a_release_holds_no_solution(folder: Path) -> None:
    text = "\n".join(student_text(released(folder, "toy")))
    assert "x.sum()" not in text and "raise NotImplementedError()" in text


def test_a_homework_is_one_file(folder: Path) -> None:
    assert [p.name for kind in ("source", "release") for p in (folder / kind).rglob("*") if p.is_file()] == ["toy.ipynb"] * 2


def test_a_leak_stops_the_release(folder: Path, toy: Course, own_toy: Path, tmp_path: Path) -> None:
    shutil.copytree(toy.root / "release/expected", own_toy / "release/expected")
    hidden = own_toy / "assignments/toy/tests/q1_hidden.py"
    hidden.write_text(hidden.read_text().replace("    claim =", "    # END HIDDEN TESTS\n    claim ="))
    course = load_course(own_toy)
    with pytest.raises(GateError, match="hidden-test line of q1_hidden.py"):
        make_course(course, [course.assignment("toy")], tmp_path / "nbgrader", lambda _: None)
    assert not list((tmp_path / "nbgrader" / "release").rglob("*.ipynb"))


def test_this_projects_grader_takes_the_same_notebook(folder: Path, toy: Course, foreman: Foreman, tmp_path: Path) -> None:
    work = hand_in(tmp_path, "toy", "ada", solved(folder, toy.assignment("toy")))
    results = foreman.grade(toy, toy.assignment("toy"), work, tmp_path / "results.json")
    assert score(results) == (10, 10) and "raised" not in results["tests"][0]["output"]


def test_no_case_spends_its_time_on_what_torch_imports_late(tmp_path: Path) -> None:
    for name in ("nbcase.py", "checks.py"):
        shutil.copy(ROOT / "autograder" / name, tmp_path)
    code = """
import sys
import nbcase, torch
there = set(sys.modules)
model = torch.nn.Linear(2, 1)
model(torch.ones(3, 2)).sum().backward()
torch.optim.AdamW(model.parameters()).step()
assert len(set(sys.modules) - there) < 10, set(sys.modules) - there
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)


def test_making_the_course_again_keeps_the_gradebook(folder: Path, toy: Course) -> None:
    before = (folder / "gradebook.db").stat().st_ino
    make_course(toy, [toy.assignment("toy")], folder, lambda _: None)
    assert (folder / "gradebook.db").stat().st_ino == before


@pytest.fixture(scope="module")
def graded(folder: Path, toy: Course) -> Path:
    """The toy course after one `nbgrader autograde` of everything that a class hands in."""
    assignment = toy.assignment("toy")

    def submit(student: str, notebook: NotebookNode) -> None:
        hand_in(folder, "toy", student, notebook)

    def with_mean(text: str) -> NotebookNode:
        notebook = solved(folder, assignment)
        cell(notebook, "solution-mean").source = text
        return notebook

    submit("reference", solved(folder, assignment))
    submit("stub", released(folder, "toy"))
    for row in rows(assignment):
        submit(row.name, solved(folder, assignment, row))
    submit("killed", with_mean("import os\n\ndef mean(x):\n    os._exit(0)"))
    careless = with_mean(NOISY_MEAN)
    copies = [deepcopy(cell(careless, grade_id)) | {"id": f"copy-{grade_id}"} for grade_id in ("solution-mean", "q1-1")]
    careless.cells += [*(nbformat.from_dict(copy) for copy in copies), new_code_cell("exit()")]
    careless.cells.remove(cell(careless, "q1-2"))
    submit("careless", careless)
    cheat = with_mean("import sys\n\ndef mean(x):\n    sys.exit()")
    cell(cheat, "q1-1").source = "pass"
    submit("cheat", cheat)
    with pytest.raises(ContentError, match="processing assignment 'toy' for student 'killed'"):
        nbgrader(folder, "autograde", "toy")
    return folder


def rows(assignment: Assignment) -> list[Row]:
    """A legal variant and some faults; the last of them runs into the time limit."""
    named = ("by_data", "forgets_to_divide", "returns_a_copy", "never_ends")
    return [row for kind in ("legal", "fault") for row in variant_rows(assignment, kind) if row.name in named]


def points(folder: Path, student: str) -> dict[str, float]:
    return by_question(grades(folder, "toy", student))


@pytest.mark.slow
def test_the_reference_gets_full_marks(graded: Path) -> None:
    assert points(graded, "reference") == FULL


@pytest.mark.slow
def test_the_stub_gets_nothing(graded: Path) -> None:
    assert points(graded, "stub") == {"q1": 0.0, "q2": 0.0, "q3": 0.0}


@pytest.mark.slow
def test_a_written_answer_waits_for_a_person(graded: Path) -> None:
    assert grades(graded, "toy", "reference")["q3"] is None


@pytest.mark.slow
def test_every_row_scores_as_in_the_grader(graded: Path, toy: Course, foreman: Foreman) -> None:
    assignment = toy.assignment("toy")
    ours = {row.name: earned(grade_row(foreman, toy, assignment, row).outcomes) for row in rows(assignment)}
    assert ours == {name: points(graded, name) for name in ours}


@pytest.mark.slow
def test_stderr_copied_cells_a_deleted_test_and_exit_cost_nothing(graded: Path) -> None:
    assert points(graded, "careless") == FULL


@pytest.mark.slow
def test_a_killed_kernel_costs_that_submission_alone(graded: Path) -> None:
    """The fixture sees that nbgrader names it; those after it in the alphabet are graded."""
    assert "killed" < "reference" and points(graded, "reference") == FULL
    assert sum(points(graded, "killed").values()) == 0


@pytest.mark.slow
def test_edited_test_cells_are_restored_and_sys_exit_costs_its_question(graded: Path) -> None:
    assert points(graded, "cheat") == {"q1": 0.0, "q2": 6.0}


@pytest.mark.slow
def test_feedback_shows_messages_and_no_hidden_test(graded: Path) -> None:
    nbgrader(graded, "generate_feedback", "toy", "--student", "returns_a_copy")
    page = (graded / "feedback/returns_a_copy/toy/toy.html").read_text()
    assert "descend must return the tensor that it was given" in page
    assert "three_steps_add_up" in (graded / "autograded/returns_a_copy/toy/toy.ipynb").read_text() and "three_steps_add_up" not in page


@pytest.mark.slow
def test_validate_passes_the_solution_and_complains_about_the_stub(folder: Path, toy: Course, tmp_path: Path) -> None:
    for name, notebook in {"solved": solved(folder, toy.assignment("toy")), "stub": released(folder, "toy")}.items():
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    assert "Success! Your notebook passes all the tests." in nbgrader(tmp_path, "validate", "solved.ipynb")
    assert "VALIDATION FAILED ON 4 CELL(S)" in nbgrader(tmp_path, "validate", "stub.ipynb"), "three public cases and the written answer"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hw1_autograd", "hw4_adam"])  # all: python -m tests.build.nbgrader_sweep
def test_a_homework_scores_and_validates_as_it_must(name: str, tmp_path: Path, foreman: Foreman) -> None:
    course = load_course()
    swept = sweep_homework(course, course.assignment(name), tmp_path, foreman)
    assert swept.problems == [] and len(swept.theirs) == 2 + FAULTS


@needs_browser
def test_the_formgrader_lists_the_homework_with_its_submissions(formgrader: tuple[Any, str], graded: Path) -> None:
    page, address = formgrader
    page.goto(f"{address}/manage_assignments")
    row = page.locator("tr", has=page.locator("a", has_text="toy"))
    row.wait_for()
    assert row.locator(".num-submissions").inner_text().strip() == str(len(list((graded / "submitted").iterdir())))


@needs_browser
def test_the_formgrader_opens_a_submission_with_its_scores_and_the_written_answer_waits(formgrader: tuple[Any, str], graded: Path) -> None:
    page, address = formgrader
    assert shown_scores(page, address, graded, "toy", "reference") == ["2", "1", "1", "3", "3", None]
    assert "the derivative of the sum of squares" in page.locator("body").inner_text().lower()
