"""The cheap gates on faults and cases that `autograder check` adds, broken on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.build.gates import content_problems
from autograder.cli import main
from autograder.content import load_course

TESTS, FAULTS, BOOK = "assignments/toy/tests/q1_hidden.py", "solutions/toy/faults.py", "assignments/toy/notebook.md"


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        (TESTS, "    close(mean(x + 10)", "    print(mean(x + 10)", "shifting_the_input_shifts_the_mean cannot fail: it reaches no check"),
        (FAULTS, '@fault(of="mean", loses={"q1"}', '@fault(of="mean", loses={"q3"}', "forgets_to_divide loses q3"),
        (FAULTS, '@fault(of="mean", loses={"q1"}', '@fault(of="mean", loses=()', "forgets_to_divide loses nothing"),
        (FAULTS, 'hint="By what do you divide the sum?"', 'hint=""', "forgets_to_divide has no hint"),
        (BOOK, "the sum of the entries divided by their number: $\\bar x = \\frac1n\\sum_i x_i$.", "", "q1 has 2 words"),
    ],
)
def test_a_broken_gate_is_named(own_toy: Path, file: str, old: str, new: str, what: str) -> None:
    path = own_toy / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    course = load_course(own_toy)
    assert what in "\n".join(map(str, content_problems(course, course.assignment("toy"))))


def test_a_case_may_check_through_a_helper(own_toy: Path) -> None:
    path = own_toy / TESTS
    path.write_text(
        path.read_text().replace("    close(", "    shifted(") + "\n\ndef shifted(got, expected, **how):\n    close(got, expected, **how)\n"
    )
    course = load_course(own_toy)
    assert content_problems(course, course.assignment("toy")) == []


def test_check_prints_what_public_cases_alone_earn(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--root", str(own_toy), "toy"]) == 0
    assert "public cases alone earn 6)" in capsys.readouterr().out


def test_check_for_scripts_prints_one_list(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_toy / FAULTS
    path.write_text(path.read_text().replace('hint="By what do you divide the sum?"', 'hint=""', 1))
    assert main(["check", "--json", "--root", str(own_toy), "toy"]) == 1
    said = capsys.readouterr()
    (toy,) = json.loads(said.out)
    assert not toy["passed"] and "forgets_to_divide has no hint" in toy["problems"][0]
    assert "toy: FAIL" in said.err


def test_check_says_in_a_log_how_far_it_is(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--root", str(own_toy), "toy"])
    said = capsys.readouterr().out
    assert "toy: gates, reference and stub: 2 to do" in said and "2 of 2" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@test_case(points=1", "@test_case(points=100", "the cases carry more than the 4 points of q1"),
        ("@test_case", "@testcase", "the test files cannot be loaded: NameError: name 'testcase' is not defined"),
    ],
)
def test_tests_that_cannot_be_loaded_are_a_problem_and_no_traceback(
    own_toy: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    path = own_toy / TESTS
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert main(["check", "--root", str(own_toy), "toy"]) == 1
    out = capsys.readouterr().out
    assert said in out and "toy: FAIL" in out
