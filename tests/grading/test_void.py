"""A case that was found wrong after the release: everyone gets its points, and is told why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.build.gates import content_problems
from autograder.content import ContentError, load_course
from autograder.grading.grade import Foreman, score
from tests.support import DESCEND, MEAN, rows

WRONG = MEAN.replace("/ x.numel()", "")


def declare(root: Path, case: str = "q1.3", date: str = "2026-10-05", reason: str = "Its inputs were too small.") -> None:
    settings = root / "assignments" / "toy" / "assignment.toml"
    settings.write_text(settings.read_text() + f'\n[[void]]\ncase = "{case}"\ndate = {date}\nreason = "{reason}"\n')


@pytest.fixture
def results(own_toy: Path, foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path) -> dict[str, Any]:
    """Of work that fails the void case 1.3, and 1.1 as well."""
    declare(own_toy)
    course = load_course(own_toy)
    return foreman.grade(course, course.assignment("toy"), notebook("import torch", WRONG, DESCEND), tmp_path / "out.json")


def test_a_void_case_gives_its_points_to_work_that_fails_it(results: dict[str, Any]) -> None:
    assert rows(results)["1.3"]["score"] == 1 and rows(results)["1.3"]["status"] == "passed"
    assert rows(results)["1.1"]["score"] == 0 and score(results) == (8, 10)


def test_a_void_case_says_why(results: dict[str, Any]) -> None:
    assert "Everyone gets these points" in rows(results)["1.3"]["output"]
    assert "Its inputs were too small. (2026-10-05)" in rows(results)["1.3"]["output"]


def test_points_that_everyone_gets_can_be_left_out(results: dict[str, Any]) -> None:
    assert score(results, voids=False) == (7, 9)


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ({"case": "1.3"}, "write the case as in the results"),
        ({"case": "q9.1"}, "write the case as in the results"),
        ({"date": '"last week"'}, "'date' has the wrong type"),
        ({"reason": ""}, "'reason' is missing"),
    ],
)
def test_a_declaration_that_cannot_be_read_says_what_is_wrong(declaration: dict[str, str], said: str, own_toy: Path) -> None:
    declare(own_toy, **declaration)
    with pytest.raises(ContentError, match=said):
        load_course(own_toy).assignment("toy")


def test_a_case_is_void_once(own_toy: Path) -> None:
    declare(own_toy)
    declare(own_toy)
    with pytest.raises(ContentError, match="two"):
        load_course(own_toy).assignment("toy")


def test_a_void_case_must_exist(own_toy: Path) -> None:
    declare(own_toy, case="q1.9")
    course = load_course(own_toy)
    assert "there is no case q1.9" in str(content_problems(course, course.assignment("toy"))[0])
