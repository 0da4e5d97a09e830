"""What the class report computes and says."""

from __future__ import annotations

import pytest

from autograder.content import Course
from autograder.report.classreport import class_report
from autograder.report.grades import Grade
from autograder.report.statistics import ClassStatistics, class_statistics, correlation
from tests.report.conftest import NOTHING, MakeGrade

SECRET = "incorrect: Called mean([1, 3]). Got 'my own words'."


def of(toy: Course, grades: list[Grade]) -> ClassStatistics:
    return class_statistics(toy.assignment("toy"), grades)


def test_the_pass_rate_of_a_case_is_the_share_that_passes(toy: Course, make_grade: MakeGrade) -> None:
    found = of(toy, [make_grade(), make_grade(failed={"1.1": "incorrect"}), make_grade(), make_grade()])
    assert {c.id: c.rate for c in found.cases} == {"q1.1": 0.75, "q1.2": 1, "q1.3": 1, "q2.1": 1, "q2.2": 1}


def test_discrimination_is_high_where_strong_work_passes_and_weak_work_does_not(toy: Course, make_grade: MakeGrade) -> None:
    weak, strong = {"1.1": "error", "1.2": "error", "1.3": "error", "2.1": "error", "2.2": "error"}, {"1.2": "error"}
    found = {c.id: c.discrimination for c in of(toy, [make_grade(failed=f) for f in (weak, weak, strong, {}, {}) * 4]).cases}
    assert found["q1.1"] == pytest.approx(correlation([0, 0, 1, 1, 1], [0, 0, 7, 8, 8]))
    assert found["q1.1"] > 0.9 > found["q1.2"] > 0  # type: ignore[operator]


def test_what_everybody_passes_discriminates_nothing() -> None:
    assert correlation([1, 1, 1], [1, 2, 3]) is None


def test_below_20_submissions_no_discrimination_is_computed_and_the_report_says_why(toy: Course, make_grade: MakeGrade) -> None:
    grades = [make_grade(failed=f) for f in [{"1.1": "error"}, {}] * 10]
    assert of(toy, grades[:19]).questions[0].discrimination is None
    few, enough = (class_report(toy.assignment("toy"), some) for some in (grades[:19], grades))
    assert "not computed for fewer than 20 submissions" in few and "A dash: all earn the same" in enough


def test_misconceptions_are_counted_by_frequency(toy: Course, make_grade: MakeGrade) -> None:
    lost = {"1.1": "incorrect"}
    grades = [make_grade(failed=lost, q1=fault) for fault in ("forgets_to_divide", "accepts_nothing", "forgets_to_divide")]
    assert of(toy, grades).misconceptions == (("q1", "forgets_to_divide", 2), ("q1", "accepts_nothing", 1))


def test_equal_unexplained_failures_are_one_cluster(toy: Course, make_grade: MakeGrade) -> None:
    none = "none (no fault gives the same answers)"
    grades = [make_grade(name, {"1.1": "incorrect: Got 21."}, q1=none) for name in ("ada", "emmy")]
    grades += [make_grade("carl", {"1.1": "incorrect: Got 5."}, q1=none), make_grade("max", {"1.1": "incorrect"}, q1="forgets_to_divide")]
    (cluster,) = of(toy, grades).clusters
    assert cluster.submissions == ("ada", "emmy") and "Got 21." in cluster.failed[0][2]


def test_what_nobody_attempted_is_no_cluster(toy: Course, make_grade: MakeGrade) -> None:
    none = "none (the reference could not be asked)"
    assert of(toy, [make_grade(n, {"1.1": "not attempted", "1.2": "not attempted"}, q1=none) for n in ("ada", "emmy")]).clusters == ()


def test_a_question_that_is_rarely_passed_although_its_public_cases_pass_needs_attention(toy: Course, make_grade: MakeGrade) -> None:
    found = of(toy, [make_grade(failed={"1.3": "incorrect"}) for _ in range(5)] + [make_grade(), make_grade()])
    assert any("Question 1: of 7 submissions that pass its public cases, 2 pass" in text for text in found.attention)


def test_a_case_that_nobody_passes_needs_attention(toy: Course, make_grade: MakeGrade) -> None:
    found = of(toy, [make_grade(failed={"2.2": "incorrect"}) for _ in range(5)])
    assert "Case 2.2 (the property 2.2): nobody passes it." in found.attention


def test_an_unusable_upload_needs_attention_and_counts_for_no_rate(toy: Course, make_grade: MakeGrade) -> None:
    found = of(toy, [make_grade(), make_grade(failed=NOTHING, trouble="This is the notebook of hw4_adam.")])
    assert "none of its functions): 1 of 2." in found.attention[0] and found.cases[0].rate == 1 and found.scores == (10, 0)


def test_what_the_grader_could_not_judge_counts_for_no_rate(toy: Course, make_grade: MakeGrade) -> None:
    found = of(toy, [make_grade(), make_grade(failed={"1.1": "not graded"})])
    assert found.problems == 1 and found.cases[0].rate == 1


def test_the_report_names_nobody_and_quotes_no_submission(toy: Course, make_grade: MakeGrade) -> None:
    none = "none (no fault gives the same answers)"
    raised = "incorrect: mean([]) raised MyError: more of my words"
    grades = [make_grade(name, {"1.1": SECRET, "1.2": raised, "2.1": "error: my error"}, q1=none, q2=none) for name in ("ada", "emmy")]
    shown = class_report(toy.assignment("toy"), grades)
    assert "Question 1: 2 submissions" in shown and "Called mean([1, 3])." in shown and "mean([]) raised …" in shown
    for text in ("ada", "Ada", "emmy", "my own words", "more of my words", "MyError", "my error"):
        assert text not in shown


def test_the_report_names_submissions_when_asked(toy: Course, make_grade: MakeGrade) -> None:
    grades = [make_grade(name, {"1.1": SECRET}, q1="none (no fault gives the same answers)") for name in ("ada", "emmy")]
    shown = class_report(toy.assignment("toy"), grades, identify=True)
    assert "Ada; Emmy" in shown and "my own words" in shown


def test_a_class_of_which_nothing_could_be_graded_gets_a_report_that_says_so(toy: Course) -> None:
    assert "nothing to report" in class_report(toy.assignment("toy"), [])


def test_a_class_of_one_gets_a_report(toy: Course, make_grade: MakeGrade) -> None:
    shown = class_report(toy.assignment("toy"), [make_grade()])
    assert "fewer than 5" in shown and "fewer than 20" in shown
