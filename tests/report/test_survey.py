"""The survey of hours: a form in every notebook, read and never run, shown without names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.build.expected import Expected, inputs_hash
from autograder.build.notebook import solution_notebook, student_notebook, to_bytes
from autograder.content import Course
from autograder.grading.submission import read_submission
from autograder.report.classreport import class_report
from autograder.report.survey import Survey, read_survey, survey_section
from tests.report.conftest import MakeGrade


@pytest.fixture
def answered(toy: Course, tmp_path: Path) -> Callable[..., Path]:
    """The toy's student notebook with the survey filled in, as Colab's form does: lines replaced, comments kept."""

    def fill(**values: str) -> Path:
        notebook = student_notebook(toy, toy.assignment("toy"), Expected(Path("nowhere")))
        (cell,) = [c for c in notebook.cells if "# survey: toy" in c.source]
        for name, value in values.items():
            (line,) = [line for line in cell.source.splitlines() if line.startswith(f"{name} = ")]
            cell.source = cell.source.replace(line, f"{name} = {value}  # @param{line.partition('# @param')[2]}")
        path = tmp_path / "work.ipynb"
        path.write_bytes(to_bytes(notebook))
        return path

    return fill


def test_it_asks_for_the_hours_of_every_question_and_a_line(answered: Callable[..., Path]) -> None:
    lines = read_submission(answered()).survey.splitlines()
    assert [line.partition(" =")[0] for line in lines[2:]] == ["hours_q1", "hours_q2", "hours_q3", "remark"]


def test_its_literals_are_read(answered: Callable[..., Path]) -> None:
    path = answered(hours_q1="1.5", hours_q3="2", remark='"More  plots, please."')
    assert read_survey(path) == Survey({"q1": 1.5, "q3": 2.0}, "More plots, please.")


def test_left_blank_it_says_nothing(answered: Callable[..., Path]) -> None:
    assert read_survey(answered()) == Survey()


def test_it_is_not_run_in_grading(answered: Callable[..., Path]) -> None:
    assert not any("hours_q1" in cell for cell in read_submission(answered(hours_q1="1 / 0")).cells)


@pytest.mark.parametrize("value", ["1 / 0", "-3", "1e999", "500", '"two"', "[1]", "(", "open('x')"])
def test_what_is_no_number_of_hours_is_blank(answered: Callable[..., Path], value: str) -> None:
    assert read_survey(answered(hours_q1=value)).hours == {}


@pytest.mark.parametrize("text", ["no notebook", '{"cells": []}'])
def test_a_file_without_it_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "work.ipynb").write_text(text)
    assert read_survey(tmp_path / "work.ipynb") == Survey()
    assert read_survey(None) == Survey()


def test_the_outputs_of_experiments_do_not_hang_on_it(toy: Course) -> None:
    notebook = solution_notebook(toy, toy.assignment("toy"))
    before = inputs_hash(notebook)
    for cell in notebook.cells:
        cell.source = cell.source.replace("hours_q1 = 0", "hours_q1 = 1")
    assert inputs_hash(notebook) == before


def test_the_class_report_has_median_and_quartiles_beside_the_plan(toy: Course, make_grade: MakeGrade) -> None:
    surveys = [Survey({"q1": hours}, f"Remark {9 - hours:g}.") for hours in (1.0, 2.0, 3.0, 4.0, 9.0)] + [Survey()] * 2
    page = class_report(toy.assignment("toy"), [make_grade(id) for id in "abcdefg"], surveys)
    assert "5 of 7 submissions say how long it took" in page
    cells = "".join(f"<td class=number>{text}</td>" for text in ("5", "2.0", "3.0", "4.0"))
    assert cells in page
    assert page.index("Remark 0.") < page.index("Remark 8.")


def test_too_few_answers_are_not_shown(toy: Course) -> None:
    said = survey_section(toy.assignment("toy"), [Survey({"q1": 7.7}, "It was me.")] * 4)
    assert "7.7" not in said and "It was me" not in said and "4 of 4 submissions" in said


def test_a_remark_cannot_be_markup(toy: Course) -> None:
    assert "<script>" not in survey_section(toy.assignment("toy"), [Survey({"q1": 1.0}, "<script>")] * 5)
