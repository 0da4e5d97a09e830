"""From results to grades: what is added up, what is missing, and what people add."""

from __future__ import annotations

import csv
import io
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.content import ContentError, Course
from autograder.grading.results import failed_results
from autograder.grading.uploads import User
from autograder.report.changes import changes
from autograder.report.command import write_staff_notes
from autograder.report.exports import canvas_csv, gradescope_csv
from autograder.report.grades import grade_of
from autograder.report.manual import ManualScore, csv_text, read_manual, write_manual
from tests.report.conftest import NOTHING, MakeGrade

TEAM = (User("Ada", "ada@example.edu", "1"), User("Emmy", "emmy@example.edu", "2"))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_points_of_tests_and_of_people_are_added_up(make_grade: MakeGrade) -> None:
    grade = make_grade(failed={"1.3": "incorrect"}, manual=1.5)
    assert (grade.coded, grade.earned, grade.possible, grade.missing) == (9, 10.5, 12, ())


def test_a_written_answer_that_nobody_graded_is_missing_and_not_zero(make_grade: MakeGrade) -> None:
    grade = make_grade()
    assert [q.id for q in grade.missing] == ["q3"] and grade.questions[2].earned is None


def test_zero_points_of_a_person_are_not_missing(make_grade: MakeGrade) -> None:
    assert make_grade(manual=0).missing == ()


def test_a_question_that_the_grader_did_not_reach_is_missing(make_grade: MakeGrade) -> None:
    grade = make_grade(failed={"2.2": "not graded"}, manual=2)
    assert [q.id for q in grade.missing] == ["q2"] and grade.earned == 6


def test_an_upload_without_a_notebook_earns_nothing(toy: Course, make_grade: MakeGrade) -> None:
    record = replace(make_grade().record, results=failed_results("toy", "No notebook (.ipynb) was uploaded."))
    grade = grade_of(toy.assignment("toy"), record, {})
    assert [q.earned for q in grade.questions] == [0, 0, None]
    assert grade.unusable and grade.trouble == "No notebook (.ipynb) was uploaded."


def test_another_homeworks_notebook_is_unusable_although_a_void_case_gives_its_points(make_grade: MakeGrade) -> None:
    grade = make_grade(failed=NOTHING | {"1.1": "void"}, trouble="This is the notebook of hw4_adam.\n\nNot defined: `mean`.")
    assert grade.unusable and grade.trouble == "This is the notebook of hw4_adam."


def test_work_with_a_cell_that_failed_is_no_unusable_upload(make_grade: MakeGrade) -> None:
    assert not make_grade(failed={"1.1": "invalid"}, trouble="A cell raised NameError.").unusable


def test_a_failure_of_the_grader_is_missing_and_not_zero(toy: Course, make_grade: MakeGrade) -> None:
    record = replace(make_grade().record, results=failed_results("toy", "Grading did not finish."), problem="the foreman ended")
    assert [q.earned for q in grade_of(toy.assignment("toy"), record, {}).questions] == [None, None, None]


def test_gradescopes_table_has_a_line_for_each_user_of_a_group(toy: Course, make_grade: MakeGrade) -> None:
    grade = make_grade(failed={"2.1": "error"}, manual=2, users=TEAM)
    lines = table(gradescope_csv(toy.assignment("toy"), [grade]))
    assert [(x["Name"], x["Email"], x["Total Score"], x["Status"]) for x in lines] == [
        ("Ada", "ada@example.edu", "9", "Graded"),
        ("Emmy", "emmy@example.edu", "9", "Graded"),
    ]
    assert lines[0]["2: A step in place (6.0 pts)"] == "3"


def test_a_total_without_its_written_part_is_left_empty(toy: Course, make_grade: MakeGrade) -> None:
    (line,) = table(gradescope_csv(toy.assignment("toy"), [make_grade()]))
    assert (line["Total Score"], line["Status"], line["3: Why the mean (2.0 pts)"]) == ("", "Ungraded", "")
    (_, line) = table(canvas_csv(toy.assignment("toy"), [make_grade()]))
    assert line["A toy homework"] == ""


def test_canvas_finds_students_by_their_ids(toy: Course, make_grade: MakeGrade) -> None:
    possible, line = table(canvas_csv(toy.assignment("toy"), [make_grade(manual=2)]))
    assert (possible["Student"], possible["A toy homework"]) == ("Points Possible", "12")
    assert (line["SIS User ID"], line["SIS Login ID"], line["A toy homework"]) == ("7", "ada@example.edu", "12")


def test_a_name_cannot_become_a_formula_of_a_spreadsheet() -> None:
    assert csv_text([["=cmd()", "@x", "Ada", 3]]) == "'=cmd(),'@x,Ada,3\n"


def test_the_table_for_people_lists_every_written_answer_and_keeps_what_is_filled(
    toy: Course, make_grade: MakeGrade, tmp_path: Path
) -> None:
    path, assignment = tmp_path / "manual.csv", toy.assignment("toy")
    write_manual(path, assignment, [make_grade("ada").record], {})
    (line,) = table(path.read_text())
    assert (line["submission"], line["question"], line["possible"], line["points"]) == ("ada", "q3", "2", "")
    path.write_text(path.read_text().replace("q3,2,,", "q3,2,1.5,Say why."))
    scores = read_manual(path, assignment)
    write_manual(path, assignment, [make_grade("ada").record, make_grade("emmy").record], scores)
    assert read_manual(path, assignment) == {("ada", "q3"): ManualScore(1.5, "Say why."), ("emmy", "q3"): ManualScore()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ada,q3,3", "line 2: points are '3'; write a number from 0 to 2"),
        ("ada,q3,half", "points are 'half'"),
        ("ada,q1,1", "question 'q1' is graded by its tests"),
        ("ada,q9,1", "no question 'q9'"),
        ("ada,q3,1\nada,q3,2", "line 3: question 'q3' of 'ada' stands twice"),
    ],
)
def test_a_wrong_line_of_the_table_is_named(line: str, said: str, toy: Course, tmp_path: Path) -> None:
    path = tmp_path / "manual.csv"
    path.write_text(f"submission,question,points\n{line}\n")
    with pytest.raises(ContentError, match=said):
        read_manual(path, toy.assignment("toy"))


def test_a_table_without_its_columns_is_refused(toy: Course, tmp_path: Path) -> None:
    path = tmp_path / "manual.csv"
    path.write_text("name;score\n")
    with pytest.raises(ContentError, match="no column 'submission'"):
        read_manual(path, toy.assignment("toy"))


def test_a_changed_score_says_which_verdict_changed(make_grade: MakeGrade) -> None:
    (change,) = changes([make_grade("ada", {"1.3": "incorrect"}), make_grade("emmy")], [make_grade("ada"), make_grade("emmy")])
    assert (change.submission, change.before, change.after, change.falls) == ("ada", 9, 10, False)
    assert change.why == "1.3 the property 1.3: incorrect → correct"


def test_a_score_that_falls_is_marked(make_grade: MakeGrade) -> None:
    (change,) = changes([make_grade()], [make_grade(failed={"2.1": "error"})])
    assert change.falls


def test_another_file_is_the_reason_of_its_change(make_grade: MakeGrade) -> None:
    after = make_grade(failed={"2.1": "error"})
    after = replace(after, record=replace(after.record, upload="another"))
    assert changes([make_grade()], [after])[0].why == "another file was handed in"


def test_new_and_vanished_submissions_are_changes(make_grade: MakeGrade) -> None:
    assert [c.why for c in changes([make_grade("ada")], [make_grade("emmy")])] == ["no longer there", "new submission"]


def test_a_persons_score_is_a_change(make_grade: MakeGrade) -> None:
    (change,) = changes([make_grade()], [make_grade(manual=2)])
    assert change.why == "question 3: graded by people, none → 2"


def test_notes_of_test_cases_reach_staff_by_submission(make_grade: MakeGrade, tmp_path: Path) -> None:
    noted, silent = make_grade("ada"), make_grade("carl")
    log = "seed 3\nq8.9 note for staff: Trial 5 did not repeat.\nq8.9 the case: correct\n"
    grades = [replace(noted, record=replace(noted.record, log=log)), silent]
    assert write_staff_notes(grades, tmp_path) == 1
    text = (tmp_path / "staff_notes.md").read_text()
    assert "- q8.9: Trial 5 did not repeat." in text and noted.label in text and silent.label not in text
