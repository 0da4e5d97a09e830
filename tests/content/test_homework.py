"""Every homework of the course stands the audit: its tests are tested."""

from __future__ import annotations

import pytest

from autograder.build.gates import content_problems
from autograder.cli import main
from autograder.content import load_course

COURSE = load_course()


@pytest.mark.parametrize("name", COURSE.assignments)
def test_its_content_passes_the_gates(name: str) -> None:
    assert content_problems(COURSE, COURSE.assignment(name)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", COURSE.assignments)
def test_known_wrong_work_fails_for_the_right_reason_and_different_work_passes(name: str) -> None:
    """Reference, stub, legal variants and faults through the real grader; the agreement with Otter's own class is part of it."""
    assert main(["audit", name, "--jobs", "1"]) == 0
