"""A notebook says which release it is; every release of the term is accepted, and another is graded with a remark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.content import Assignment, load_course
from autograder.grading.received import describe
from autograder.grading.submission import read_submission


@pytest.fixture
def assignment(own_toy: Path) -> Assignment:
    (own_toy / "assignments" / "toy" / "releases.toml").write_text('current = "22222222"\nearlier = ["11111111"]\n')
    return load_course(own_toy).assignment("toy")


def said(assignment: Assignment, path: Path) -> str:
    output: str = describe(read_submission(path), assignment, {}, ["mean", "descend"])["output"]
    return output


@pytest.mark.parametrize("release", ["22222222", "11111111"])
def test_every_release_of_the_term_is_accepted(release: str, assignment: Assignment, notebook: Callable[..., Path]) -> None:
    assert "not of this term" not in said(assignment, notebook(f"# setup: toy, release {release}", "x = 1"))


def test_a_notebook_of_another_term_is_named(assignment: Assignment, notebook: Callable[..., Path]) -> None:
    assert "release 33333333, which is not of this term" in said(assignment, notebook("# setup: toy, release 33333333", "x = 1"))


def test_a_notebook_without_its_set_up_cell_is_accepted(assignment: Assignment, notebook: Callable[..., Path]) -> None:
    assert "not of this term" not in said(assignment, notebook("x = 1"))
