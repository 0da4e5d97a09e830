"""The feedback names a misconception when exactly one fault gives all of the submission's answers; else it says nothing of causes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.audit.matrix import Crew, Graded
from autograder.audit.rows import Row, reference_row
from autograder.content import ContentError, Course, load_course
from autograder.grading import wire
from autograder.grading.diagnose import Diagnosis, Diagnostician
from autograder.grading.grade import Foreman
from autograder.grading.remote import Call
from tests.support import DESCEND, MEAN, rows

REFERENCE = """
def answer(x):
    # BEGIN SOLUTION
    if x.numel() == 0:
        raise ValueError("x is empty")
    return 2 * x
    # END SOLUTION
"""
CASES = """
@test_case(points=3)
def the_result_is_twice_the_input(env):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    close(function(env, "answer")(x), torch.tensor([2.0, 4.0], dtype=torch.float64), rtol=1e-12)


@test_case(points=1)
def an_empty_input_is_refused(env):
    raises(ValueError, function(env, "answer"), torch.empty(0))
"""


def a_fault(name: str, body: str, *, marks: str = "") -> str:
    return (
        f'@fault(of="answer", loses={{"q1"}}, hint="Look at {name}."{marks})\ndef {name}(x):\n    """{name} is wrong."""\n    {body}\n\n\n'
    )


@pytest.fixture
def diagnose(crew: Crew) -> Callable[..., str]:
    """What the staff log says of a definition of `answer`."""

    def run(course: Course, source: str) -> str:
        return graded(crew, course, source).diagnoses["q1"]

    return run


def graded(crew: Crew, course: Course, source: str) -> Graded:
    assignment = course.assignment("small")
    (result,) = crew.grade(course, assignment, [Row("attempt", "attempt", (*reference_row(assignment).cells, source))])
    return result


def test_the_misconception_and_the_hint_stand_at_the_first_failed_case(grade_cells: Callable[..., dict[str, Any]]) -> None:
    found = rows(grade_cells("import torch", MEAN.replace("/ x.numel()", "/ (x.numel() - 1)"), DESCEND))
    assert (
        "**Likely cause:** The sum is divided by n - 1, as for a sample variance. How many entries does x have?" in found["1.1"]["output"]
    )
    assert "Likely cause" not in found["1.3"]["output"]


def test_other_code_of_the_same_misconception_is_recognized(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    course = small(REFERENCE, CASES, a_fault("squares", "return reference.answer(x) * x / 2"))
    assert (
        diagnose(course, "def answer(x):\n    if len(x) == 0: raise ValueError('no')\n    return torch.stack([e ** 2 for e in x])")
        == "squares"
    )


def test_nothing_is_said_when_two_faults_give_the_same_answers(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    faults = a_fault("one", "return reference.answer(x) + 1") + a_fault("other", "return reference.answer(x) + x / x")
    said = diagnose(small(REFERENCE, CASES, faults), "def answer(x):\n    if len(x) == 0: raise ValueError\n    return 2 * x + 1")
    assert said == "none (several faults give the same answers: one, other)"


def test_nothing_is_said_of_a_mistake_that_is_no_fault(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    course = small(REFERENCE, CASES, a_fault("squares", "return reference.answer(x) * x / 2"))
    assert diagnose(course, "def answer(x):\n    return 7 * x") == "none (no fault gives the same answers)"


def test_one_answer_that_differs_from_the_fault_silences_it(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    course = small(REFERENCE, CASES, a_fault("squares", "return reference.answer(x) * x / 2"))
    assert diagnose(course, "def answer(x):\n    return x * x").startswith("none (no fault")


def test_an_exception_of_the_same_kind_for_another_reason_is_no_evidence(
    small: Callable[..., Course], diagnose: Callable[..., str]
) -> None:
    course = small(REFERENCE, CASES, a_fault("reshapes", "return reference.answer(x).view(7)"))
    assert diagnose(course, "def answer(x):\n    if len(x) == 0: raise ValueError\n    raise RuntimeError('mine')").startswith(
        "none (no fault"
    )


def test_a_process_that_hung_gives_no_evidence(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    course = small(REFERENCE, CASES, a_fault("loops", "while True: pass", marks=", only_limited=True"))
    assert "hung or ended" in diagnose(course, "import os\ndef answer(x):\n    os._exit(0)")


def test_a_fault_that_loops_or_eats_memory_does_not_stop_the_diagnosis(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    faults = (
        a_fault("loops", "while True: pass")
        + a_fault("eats", "return torch.ones(1 << 40)")
        + a_fault("adds", "return reference.answer(x) + 1")
    )
    said = diagnose(small(REFERENCE, CASES, faults), "def answer(x):\n    if len(x) == 0: raise ValueError\n    return x + x + 1")
    assert said == "adds"


def test_a_very_large_call_is_left_out_and_the_others_are_compared(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    cases = (
        '@test_case(points=4)\ndef many(env):\n    answer = function(env, "answer")\n    answer(torch.ones(1 << 20))\n'
        "    close(answer(torch.ones(2)), 2 * torch.ones(2), rtol=1e-6)\n"
    )
    course = small(REFERENCE, cases, a_fault("adds", "return reference.answer(x) + 1"))
    assert diagnose(course, "def answer(x):\n    return 2 * x + 1") == "adds"
    assert (
        diagnose(course, "def answer(x):\n    return 2 * x + 3")
        == "none (no fault gives the same answers; very large calls are not compared)"
    )


def test_calls_that_carry_much_together_are_not_kept(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    cases = (
        "@test_case(points=4)\ndef many(env):\n    for _ in range(24):\n"
        '        function(env, "answer")(torch.ones(400_000))\n    that(False, "No.")\n'
    )
    course = small(REFERENCE, cases, a_fault("adds", "return reference.answer(x) + 1"))
    assert diagnose(course, "def answer(x):\n    return x") == "none (the recorded calls are too large)"


def test_callbacks_are_part_of_the_evidence(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    reference = "def answer(x):\n    # BEGIN SOLUTION\n    return x(1.0) + x(2.0)\n    # END SOLUTION\n"
    cases = '@test_case(points=4)\ndef the_sum(env):\n    close(function(env, "answer")(lambda t: 10 * t), 30.0, rtol=1e-12)\n'
    course = small(reference, cases, a_fault("once", "return 2 * x(1.0)") + a_fault("elsewhere", "return x(1.5) + 5"))
    assert diagnose(course, "def answer(f):\n    return f(1.0) * 2") == "once"
    assert diagnose(course, "def answer(f):\n    return f(0.5) * 4").startswith("none (no fault")


def test_faults_are_asked_through_the_same_probes(small: Callable[..., Course], diagnose: Callable[..., str]) -> None:
    cases = '@test_case(points=4)\ndef twice(env):\n    close(probe(env, "twice", torch.ones(2)), 4 * torch.ones(2), rtol=1e-6)\n'
    course = small(REFERENCE, cases, a_fault("adds", "return reference.answer(x) + 1") + a_fault("halves", "return x / 2"))
    (course.root / "assignments/small/probes.py").write_text("def twice(env, x):\n    return env['answer'](env['answer'](x))\n")
    assert diagnose(course, "def answer(x):\n    return 0.5 * x") == "halves"


def test_the_correct_answer_gets_no_diagnosis(crew: Crew, small: Callable[..., Course]) -> None:
    result = graded(crew, small(REFERENCE, CASES, a_fault("adds", "return x + 1")), "def answer(x):\n    return reference_like(x)\n")
    assert result.diagnoses["q1"].startswith("none (")
    assert graded(crew, small(REFERENCE, CASES, a_fault("adds", "return x + 1")), "pass").diagnoses == {}


WRONG = MEAN.replace("/ x.numel()", "")


@pytest.mark.parametrize(("setting", "shown", "logged"), [("visible", True, True), ("staff", False, True), ("never", False, False)])
def test_the_course_says_who_sees_the_cause(
    setting: str, shown: bool, logged: bool, foreman: Foreman, toy: Course, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    log = tmp_path / "staff.log"
    course = replace(toy, diagnosis=setting)
    results = foreman.grade(course, toy.assignment("toy"), notebook("import torch", WRONG, DESCEND), tmp_path / "out.json", log=log)
    assert any("Likely cause" in row["output"] for row in results["tests"]) == shown
    assert ("q1 diagnosis: forgets_to_divide" in log.read_text()) == logged


def test_after_publishing_the_cause_stands_in_a_row_of_its_own(
    foreman: Foreman, toy: Course, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    course = replace(toy, diagnosis="after_published")
    results = foreman.grade(course, toy.assignment("toy"), notebook("import torch", WRONG, DESCEND), tmp_path / "out.json")
    said = [row for row in results["tests"] if "Likely cause" in row["output"]]
    assert [(row["visibility"], row.get("max_score")) for row in said] == [("after_published", None)]


def test_another_setting_is_refused(own_toy: Path) -> None:
    settings = own_toy / "assignments" / "course.toml"
    settings.write_text('diagnosis = "loud"\n' + settings.read_text())
    with pytest.raises(ContentError, match="diagnosis is 'loud'; it must be one of visible"):
        load_course(own_toy)


def test_an_answer_that_comes_late_is_not_the_next_questions() -> None:
    started: list[wire.Channel] = []

    def start() -> wire.Channel:
        (to_child, from_examiner), (to_examiner, from_child) = os.pipe(), os.pipe()
        started.append(wire.Channel(to_child, from_child))
        return wire.Channel(to_examiner, from_examiner)

    call = Call("answer", False, {}, b"", 0, [])
    call.answer = {}
    diagnostician = Diagnostician(start)
    assert "failed" in diagnostician.explain("q1", [call], seconds=-4.8).reason
    started[0].send(vars(Diagnosis("one")))
    assert diagnostician.explain("q2", [call], seconds=-4.8).name != "one"
    assert len(started) == 2
