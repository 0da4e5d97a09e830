"""Sample write-ups of homework 5 through the real grader: excellent, mediocre, invented numbers, wrong roles, boundary ignored, empty."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.build.notebook import solution_notebook
from autograder.content import load_course
from autograder.grading.grade import Foreman, score
from autograder.grading.submission import read_submission
from autograder.report.drawn import drawn_figures
from tests.support import ROOT, rows

SAMPLES = Path(__file__).parent / "write_ups"
EXPECTED = tomllib.loads((SAMPLES / "expected.toml").read_text(encoding="utf-8"))
SEED = 4830
NOTE = "note for staff: "

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Graded:
    notebook: Path
    results: dict[str, Any]
    notes: list[str]


def write_notebook(name: str, path: Path) -> None:
    """The sample solution, then a sample's definitions, and the sample's answer for that of the solution. "empty" is the released stub."""
    course = load_course()
    if name == "empty":
        path.write_bytes((ROOT / "release/student/hw5_tuning/hw5_tuning.ipynb").read_bytes())
        return
    notebook = solution_notebook(course, course.assignment("hw5_tuning"))
    notebook.cells = [cell for cell in notebook.cells if "<!-- answer:" not in cell.source]
    for cell in jupytext.read(SAMPLES / f"{name}.md").cells:
        notebook.cells.append(new_code_cell(cell.source) if cell.cell_type == "code" else new_markdown_cell(cell.source))
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def graded(foreman: Foreman, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Graded]:
    """Grade a sample by its name, once for all tests; without a diagnosis, which has tests of its own."""
    folder = tmp_path_factory.mktemp("write-ups")
    course = replace(load_course(), diagnosis="never")

    @cache
    def run(name: str) -> Graded:
        work = folder / name
        work.mkdir(parents=True)
        path, log = work / "work.ipynb", work / "staff.log"
        write_notebook(name, path)
        results = foreman.grade(course, course.assignment("hw5_tuning"), path, work / "results.json", seed=SEED, log=log)
        notes = [line.partition(NOTE)[2] for line in log.read_text(encoding="utf-8").splitlines() if NOTE in line]
        return Graded(path, results, notes)

    return run


@pytest.mark.parametrize("name", EXPECTED)
def test_it_gets_its_points(graded: Callable[[str], Graded], name: str) -> None:
    assert score(graded(name).results) == (EXPECTED[name]["points"], 84)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "empty"])
def test_the_cases_that_fail_say_why(graded: Callable[[str], Graded], name: str) -> None:
    cases = {number: row for number, row in rows(graded(name).results).items() if "max_score" in row}
    failed = {number: row["output"] for number, row in cases.items() if row["status"] == "failed"}
    expected = EXPECTED[name]["fails"]
    assert failed.keys() == expected.keys()
    assert all(said in failed[number] for number, said in expected.items()), failed


@pytest.mark.parametrize("name", EXPECTED)
def test_trials_that_do_not_repeat_are_noted_for_the_staff(graded: Callable[[str], Graded], name: str) -> None:
    assert len(graded(name).notes) == EXPECTED[name]["noted"]


def test_a_note_has_both_curves(graded: Callable[[str], Graded]) -> None:
    for note in graded("invented_numbers").notes:
        claimed, _, again = note.partition("run again: ")
        assert claimed.count("0.") >= 8 and again.count("0.") >= 8


def test_the_student_reads_no_accusation(graded: Callable[[str], Graded]) -> None:
    """Invented curves cost nothing by themselves: the case passes, and nothing in the results tells that trials did not repeat."""
    results = graded("invented_numbers").results
    (repeated,) = [row for row in results["tests"] if row["number"] == "8.10"]
    assert repeated["status"] == "passed" and repeated["output"] == "**PASS**" and repeated["max_score"] == 0
    assert not [word for word in ("did not repeat", "invented", "staff", "honest") if word in str(results)]


def test_the_written_part_is_named_as_not_yet_graded(graded: Callable[[str], Graded]) -> None:
    assert "Graded by people, not part of the score below: question 9 (16 points)" in graded("excellent").results["output"]


def test_an_answer_that_was_not_written_is_empty_and_not_missing(graded: Callable[[str], Graded]) -> None:
    assert "Write your answer here" in read_submission(graded("empty").notebook).answers["q9"]
    assert "Does a cosine schedule" in read_submission(graded("excellent").notebook).answers["q9"]


def test_the_readers_of_a_write_up_see_the_study_drawn_from_its_table(graded: Callable[[str], Graded]) -> None:
    axis_plots, repetitions = drawn_figures(load_course().assignment("hw5_tuning"), graded("excellent").notebook)
    assert "schedule constant: 10 trials, best 0.097 (trial 2)" in axis_plots.says and axis_plots.svg.startswith("<svg")
    assert "schedule cosine: 5 repetitions, mean 0.0810" in repetitions.says


def test_without_a_table_there_is_nothing_to_draw(graded: Callable[[str], Graded]) -> None:
    assert drawn_figures(load_course().assignment("hw5_tuning"), graded("empty").notebook) == []
