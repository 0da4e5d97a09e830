"""What an audit says of a matrix, without grading anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from autograder.audit.findings import Finding, agreement_findings, matrix_findings, repeat_findings, row_findings
from autograder.audit.marks import Fault, Legal
from autograder.audit.matrix import Graded
from autograder.audit.rows import Outcome, Row
from autograder.content import Course

FAULT = Fault("mean", "no_division", "The sum is not divided.", "By what?", frozenset({"q1"}), False)


def outcome(case: str, *, passed: bool = True, kind: str = "incorrect") -> Outcome:
    return Outcome(case, f"case {case}", 2.0, False, passed, "correct" if passed else kind, "**FAIL**\n\nNot so.")


def graded(*failed: str, kind: str = "fault", declaration: Fault | Legal | None = FAULT, **said: str) -> Graded:
    """A row that fails the named cases of q1.1, q1.2 and q2.1."""
    outcomes = tuple(outcome(case, passed=case not in failed) for case in ("q1.1", "q1.2", "q2.1"))
    return Graded(Row("no_division" if declaration is FAULT else kind, kind, (), declaration), outcomes, said)


def said(found: Iterable[Finding]) -> list[tuple[bool, str]]:
    return [(f.warning, f"{f.row}: {f.what}") for f in found]


def test_a_caught_fault_with_its_own_diagnosis_is_well() -> None:
    assert said(row_findings(graded("q1.1", q1="no_division"))) == []


def test_a_surviving_fault_fails_the_audit() -> None:
    assert said(row_findings(graded())) == [(False, "no_division: the fault survives: every case passes")]


def test_a_fault_that_loses_another_question_fails_the_audit() -> None:
    (finding,) = said(row_findings(graded("q1.1", "q2.1", q1="no_division")))
    assert finding == (False, "no_division: the fault loses the unrelated q2: q2.1 case q2.1: Not so.")


def test_a_fault_that_keeps_a_question_it_should_lose_fails_the_audit() -> None:
    both = replace(FAULT, loses=frozenset({"q1", "q2"}))
    found = said(row_findings(Graded(Row("no_division", "fault", (), both), graded("q1.1").outcomes, {"q1": "no_division"})))
    assert (False, "no_division: the fault does not lose q2") in found
    assert (True, "no_division: one mistake is charged in q1, q2") in found


def test_a_rejected_legal_variant_fails_the_audit() -> None:
    (finding,) = said(row_findings(graded("q1.2", kind="legal", declaration=Legal("mean", "legal", "By numpy."))))
    assert finding == (False, "legal: correct work is rejected by q1.2 case q1.2: Not so.")


def test_a_stub_that_earns_points_fails_the_audit() -> None:
    assert said(row_findings(graded("q1.1", "q1.2", kind="stub", declaration=None))) == [(False, "stub: the stub scores 2 of 6")]


@pytest.mark.parametrize(
    ("diagnosis", "warning"),
    [
        ("none (several faults give the same answers: no_division, other)", True),
        ("none (no fault gives the same answers)", False),
        ("other", False),
    ],
)
def test_a_fault_that_is_not_diagnosed_as_itself(diagnosis: str, warning: bool) -> None:
    ((severity, text),) = said(row_findings(graded("q1.1", q1=diagnosis)))
    assert severity == warning and "diagnos" in text


def test_a_fault_that_ended_the_process_needs_no_diagnosis() -> None:
    assert said(row_findings(graded("q1.1", q1="none (a call hung or ended the process, and so gave nothing to compare)"))) == []


def test_a_fault_that_hung_must_declare_it() -> None:
    hung = Graded(Row("no_division", "fault", (), FAULT), (outcome("q1.1", passed=False, kind="timed out"),))
    assert said(row_findings(hung)) == [(True, "no_division: a case hung or ended the process")]


def test_a_diagnosis_of_correct_work_fails_the_audit() -> None:
    ((warning, text),) = said(row_findings(graded(kind="legal", declaration=Legal("mean", "legal", "By numpy."), q1="no_division")))
    assert not warning and text == "legal: q1: wrongly diagnosed as no_division"


def test_a_case_that_failed_by_itself_fails_the_audit() -> None:
    broken = Graded(Row("reference", "reference", ()), (outcome("q1.1", passed=False, kind="not judged"),))
    assert any("the test itself failed" in text for _, text in said(row_findings(broken)))


def test_a_question_with_too_few_faults_and_a_case_without_one(toy: Course) -> None:
    found = said(matrix_findings(toy.assignment("toy"), [graded(kind="reference", declaration=None), graded("q1.1")]))
    assert (False, "q1: 1 faults") in found and (False, "q2: 0 faults") in found
    assert (True, "q1.2: case q1.2: no fault fails this case") in found


def test_a_verdict_that_changes_from_run_to_run_fails_the_audit() -> None:
    ((warning, text),) = said(repeat_findings(graded("q1.1"), graded(), "seed 2, 1 threads"))
    assert not warning and text == "no_division: q1.1: incorrect at first, correct with seed 2, 1 threads"


def test_another_verdict_of_otters_own_class_fails_the_audit() -> None:
    ((warning, text),) = said(agreement_findings(graded(), [outcome("q1.1", passed=False)]))
    assert not warning and "q1.1 case q1.1: PASS in the grader, FAIL under Otter's test class" in text
