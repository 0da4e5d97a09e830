"""Every homework of the course stands the audit: its tests are tested. `make audit` runs all rows of all homeworks."""

from __future__ import annotations

import pytest

from autograder.audit.rows import variant_rows
from autograder.build.gates import content_problems
from autograder.cli import main
from autograder.content import load_course

COURSE = load_course()
WHOLE = "hw4_adam"
SAMPLE = 16


@pytest.mark.parametrize("name", COURSE.assignments)
def test_its_content_passes_the_gates(name: str) -> None:
    assert content_problems(COURSE, COURSE.assignment(name)) == []


@pytest.mark.slow
def test_known_wrong_work_fails_for_the_right_reason_and_different_work_passes() -> None:
    """Reference, stub, legal variants and faults through the real grader; agreement with Otter's own class is part of it."""
    assert main(["audit", WHOLE, "--jobs", "1"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in COURSE.assignments if n != WHOLE])
def test_a_sample_of_its_rows_stands_the_audit(name: str) -> None:
    """Some legal variants and some faults of every homework: every n-th, so that all questions are there."""
    assignment = COURSE.assignment(name)
    chosen = []
    for kind in ("legal", "fault"):
        names = [row.name for row in variant_rows(assignment, kind) if not getattr(row.declaration, "only_limited", False)]
        chosen += names[:: max(1, len(names) // SAMPLE)]
    assert main(["audit", name, "--jobs", "1", "--only", *chosen]) == 0
