"""A student's page: every case, the written answer beside its rubric, and nothing that a student wrote does harm."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.content import Course
from autograder.grading.results import cause_row
from autograder.grading.uploads import User
from autograder.report.feedback import feedback_page
from autograder.report.grades import Grade, grade_of
from tests.report.conftest import MakeGrade

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 8).decode()


def markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def picture(data: str) -> dict[str, object]:
    output = {"output_type": "display_data", "data": {"image/png": data}, "metadata": {}}
    return {"cell_type": "code", "metadata": {}, "source": "plot()", "outputs": [output], "execution_count": 1}


class Page:
    """Makes the page of a grade and a notebook with the given cells."""

    def __init__(self, toy: Course, folder: Path) -> None:
        self.assignment = toy.assignment("toy")
        self.path = folder / "work.ipynb"

    def __call__(self, grade: Grade, *cells: dict[str, object]) -> str:
        self.path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return feedback_page(self.assignment, grade, self.path)


@pytest.fixture
def page(toy: Course, tmp_path: Path) -> Page:
    return Page(toy, tmp_path)


def test_each_case_stands_with_its_verdict_and_message(page: Page, make_grade: MakeGrade) -> None:
    shown = page(make_grade(failed={"1.1": "incorrect"}))
    assert "FAIL</span> 1.1 the property 1.1" in shown and "The step must shrink." in shown and "Got incorrect." in shown
    assert "PASS</span> 2.2 the property 2.2" in shown


def test_a_void_case_says_that_everyone_gets_its_points(page: Page, make_grade: MakeGrade) -> None:
    grade = make_grade()
    first, *others = grade.record.results["tests"][1:]
    void = first | {"tags": ["public", "void"], "output": "**Everyone gets these points.**\n\nIts value was wrong. (2026-10-05)"}
    record = replace(grade.record, results={"output": "", "tests": [grade.record.results["tests"][0], void, *others]})
    shown = page(grade_of(page.assignment, record, {}))
    assert "Everyone gets these points." in shown and "Its value was wrong." in shown


def test_a_missing_part_is_shown_as_missing(page: Page, make_grade: MakeGrade) -> None:
    shown = page(make_grade())
    assert "10 of 10 points so far." in shown and "Not graded yet: question 3 (2 points)" in shown
    assert "12 points</strong>" not in shown


def test_a_complete_grade_has_its_total(page: Page, make_grade: MakeGrade) -> None:
    assert "11.5 of 12 points" in page(make_grade(manual=1.5))


def test_the_written_answer_stands_beside_its_rubric(page: Page, make_grade: MakeGrade) -> None:
    shown = page(make_grade(), markdown("<!-- answer: q3 -->\n\nBecause the *derivative* $\\sum_i (x_i - m)$ is zero."))
    assert "<em>derivative</em>" in shown and "\\sum_i (x_i - m)" in shown
    assert "2 points: the derivative is set to zero." in shown and "The claim is only restated" not in shown


def test_formulas_of_the_rubric_are_set(toy: Course, make_grade: MakeGrade) -> None:
    rubric = feedback_page(toy.assignment("toy"), make_grade(), None).partition("<h3>Rubric</h3>")[2]
    assert "<math" in rubric and "\\sum" not in rubric


def test_the_figures_of_the_same_question_stand_with_the_answer(page: Page, make_grade: MakeGrade) -> None:
    other = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"1" * 8).decode()
    cells = [markdown("## Question 2 · A step"), picture(other), markdown("## Question 3 · Why"), picture(PNG)]
    shown = page(make_grade(), *cells)
    assert f"data:image/png;base64,{PNG}" in shown and other not in shown


def test_a_figure_that_is_no_picture_is_left_out(page: Page, make_grade: MakeGrade) -> None:
    evil = base64.b64encode(b"<svg onload=alert(1)>").decode()
    shown = page(make_grade(), markdown("## Question 3 · Why"), picture(evil), picture('x" onerror="alert(1)'))
    assert "<img" not in shown


def test_an_answer_cell_that_was_left_as_it_is_counts_as_no_answer(page: Page, make_grade: MakeGrade) -> None:
    shown = page(make_grade(), markdown("<!-- answer: q3 -->\n\n*Write your answer here: double-click this cell.*"))
    assert "No answer was handed in." in shown


def test_what_a_student_wrote_is_never_markup(page: Page, make_grade: MakeGrade) -> None:
    evil = "<script>alert(1)</script> ![x](http://example.com/x.png) [y](javascript:alert(1)) <img src=x>"
    shown = page(make_grade("<b>ada", {"1.1": f"error: {evil}"}), markdown(f"<!-- answer: q3 -->\n\n{evil}"))
    assert "<script" not in shown and "<img" not in shown and "<b>" not in shown and 'href="javascript' not in shown


def test_a_page_without_a_notebook_says_what_is_missing(toy: Course, make_grade: MakeGrade) -> None:
    assert "No answer was handed in." in feedback_page(toy.assignment("toy"), make_grade(), None)


def test_all_users_of_a_group_are_named(page: Page, make_grade: MakeGrade) -> None:
    assert "Ada, Emmy" in page(make_grade(users=(User("Ada"), User("Emmy"))))


def test_cases_that_students_never_see_are_not_shown_here(toy: Course, make_grade: MakeGrade) -> None:
    record = make_grade(failed={"1.3": "incorrect"}).record
    tests = [{**t, "visibility": "hidden"} if t.get("tags", [""])[0] == "hidden" else t for t in record.results["tests"]]
    grade = grade_of(toy.assignment("toy"), replace(record, results={"tests": tests}), {})
    shown = feedback_page(toy.assignment("toy"), grade, None)
    assert "the property 1.3" not in shown and "0 of 1 points come from cases that are not shown." in shown


def test_a_cause_that_waits_for_publication_is_shown(toy: Course, make_grade: MakeGrade) -> None:
    record = make_grade(failed={"1.1": "incorrect"}).record
    tests = [*record.results["tests"], cause_row("q1", "The sum is not divided.")]
    grade = grade_of(toy.assignment("toy"), replace(record, results={"tests": tests}), {})
    assert "The sum is not divided." in feedback_page(toy.assignment("toy"), grade, None)


def test_figures_that_are_drawn_here_take_the_place_of_those_in_the_upload(
    page: Page, make_grade: MakeGrade, toy: Course, tmp_path: Path
) -> None:
    solutions = tmp_path / "solutions"
    solutions.mkdir()
    drawing = "from matplotlib.figure import Figure\n\n\ndef figures(cells):\n    return [(f'{len(cells)} cells.', Figure())]\n"
    (solutions / "figures.py").write_text(drawing)
    (solutions / "written.md").write_text((page.assignment.solutions / "written.md").read_text())
    page.assignment = replace(page.assignment, solutions=solutions)
    shown = page(make_grade(), markdown("## Question 3 · Why the mean"), picture(PNG))
    assert shown.count("<figure><svg") == 1 and "<figcaption>1 cells.</figcaption>" in shown and PNG not in shown
