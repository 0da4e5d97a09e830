"""Every homework of the course stands the audit: its tests are tested. `make audit` runs all rows of all homeworks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.audit.audit import audit
from autograder.audit.matrix import Crew
from autograder.audit.rows import variant_rows
from autograder.build.gates import content_problems
from autograder.content import Assignment, load_course
from tests.audit.conftest import Quiet

COURSE = load_course()
WHOLE = "hw4_adam"
SAMPLE = 16
SEED = 4830


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(1) as running:
        yield running


def failures(assignment: Assignment, crew: Crew, only: tuple[str, ...] = ()) -> list[str]:
    """What the audit finds wrong: a surviving fault, a rejected variant, an unrelated loss, a wrong diagnosis.

    A diagnosis that stays silent is left out here: whether a fault's answers are recognized can hang on the rounding of an ill-conditioned
    problem, and silence harms nobody. `make audit` reports it.
    """
    found = audit(COURSE, assignment, crew, Quiet(), only=only, seed=SEED)
    return [str(f) for f in found.findings if not f.warning and "no diagnosis of its own" not in f.what]


@pytest.mark.parametrize("name", COURSE.assignments)
def test_its_content_passes_the_gates(name: str) -> None:
    assert content_problems(COURSE, COURSE.assignment(name)) == []


@pytest.mark.slow
def test_known_wrong_work_fails_for_the_right_reason_and_different_work_passes(crew: Crew) -> None:
    """Reference, stub, legal variants and faults through the real grader; agreement with Otter's own class is part of it."""
    assert failures(COURSE.assignment(WHOLE), crew) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in COURSE.assignments if n != WHOLE])
def test_a_sample_of_its_rows_stands_the_audit(name: str, crew: Crew) -> None:
    """Every n-th legal variant and fault, so that all questions are there."""
    assignment = COURSE.assignment(name)
    chosen: list[str] = []
    for kind in ("legal", "fault"):
        names = [row.name for row in variant_rows(assignment, kind) if not getattr(row.declaration, "only_limited", False)]
        chosen += names[:: max(1, len(names) // SAMPLE)]
    assert failures(assignment, crew, tuple(chosen)) == []
