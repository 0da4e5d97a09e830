"""A function that hangs or dies costs its own cases, however many they are, and no other function's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.content import load_course
from autograder.grading.grade import Foreman
from tests.support import DESCEND, MEAN, passed, rows

Grade = Callable[..., dict[str, Any]]
CASE = """

@test_case(points=0)
def more_{number}(env):
    close(function(env, "{name}")(torch.tensor([1.0, {number}])), torch.tensor({number} / 2 + 0.5), rtol=1e-6)
"""
HANGS = "def mean(x):\n    while True: pass"


@pytest.fixture
def grade_many(own_toy: Path, foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path) -> Grade:
    """Grade cells against the toy homework with more public cases of question 1, a case and the whole in so many seconds."""

    def run(*cells: str, case: float, submission: float, names: list[str]) -> dict[str, Any]:
        folder = own_toy / "assignments" / "toy"
        settings = (folder / "assignment.toml").read_text()
        (folder / "assignment.toml").write_text(
            settings.replace("case = 3", f"case = {case}").replace("submission = 60", f"submission = {submission}")
        )
        with open(folder / "tests" / "q1_public.py", "a", encoding="utf-8") as file:
            file.writelines(CASE.format(number=number, name=name) for number, name in enumerate(names))
        course = load_course(own_toy)
        return foreman.grade(course, course.assignment("toy"), notebook("import torch", *cells), tmp_path / "results.json")

    return run


def test_a_function_that_ends_the_process_in_a_dozen_cases_costs_no_other_question(grade_many: Grade) -> None:
    results = grade_many("def mean(x):\n    import os; os._exit(0)", DESCEND, case=3, submission=60, names=["mean"] * 10)
    assert passed(results) == ["2.1", "2.2"]
    assert all("mean ended the process" in row["output"] for number, row in rows(results).items() if number.startswith("1."))


def test_an_endless_loop_leaves_half_of_the_time_to_other_questions(grade_many: Grade) -> None:
    results = grade_many(HANGS, DESCEND, case=1, submission=16, names=["mean"] * 16)
    assert passed(results) == ["2.1", "2.2"]
    said = [row["output"] for number, row in rows(results).items() if number.startswith("1.")]
    assert sum("gave no answer within 1 s" in text for text in said) >= 7
    assert "mean was not called: it gave no answer in earlier cases" in said[-2]


def test_another_function_of_the_same_question_is_still_called(grade_many: Grade) -> None:
    other = MEAN.replace("mean", "also")
    results = grade_many(HANGS, DESCEND, other, case=1, submission=8, names=["mean"] * 5 + ["also"])
    assert "was not called" in rows(results)["1.7"]["output"] and rows(results)["1.8"]["status"] == "passed"


def test_a_function_that_hangs_for_one_input_is_judged_on_all_others(grade_many: Grade) -> None:
    sometimes = MEAN.replace("    return", "    while x[-1] == 6: pass\n    return").replace("mean", "also")
    results = grade_many(HANGS, DESCEND, sometimes, case=1, submission=10, names=["mean"] * 5 + ["also"] * 3)
    assert [rows(results)[f"1.{number}"]["status"] for number in (8, 9, 10)] == ["passed", "failed", "passed"]
