"""Mutants of a reference: survivors are listed, equivalents are known with a reason, stale entries are errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.audit.matrix import Crew
from autograder.audit.mutants import Survey, read_equivalents, survey
from autograder.content import ContentError, Course
from tests.audit.conftest import Quiet

REFERENCE = """
def answer(x):
    # BEGIN SOLUTION
    with torch.no_grad():
        return x + 1
    # END SOLUTION
"""
CASES = """
@test_case(points=4)
def one_is_added(env):
    close(function(env, "answer")(torch.tensor(1.0)), torch.tensor(2.0), rtol=1e-6)
"""
EQUIVALENT = """
[[equivalent]]
of = "answer"
operator = "guard"
line = "with torch.no_grad():"
becomes = "if True:"
reason = "No case can see a graph on data."
"""


@pytest.fixture
def surveyed(crew: Crew, small: Callable[..., Course]) -> Callable[[str], Survey]:
    """The survey of a small course with an equivalent.toml."""

    def run(equivalents: str) -> Survey:
        course = small(REFERENCE, CASES)
        assignment = course.assignment("small")
        (assignment.solutions / "equivalent.toml").write_text(equivalents)
        return survey(course, assignment, crew, Quiet())

    return run


def test_a_survivor_is_listed_with_its_diff(surveyed: Callable[[str], Survey]) -> None:
    found = surveyed("")
    (finding,) = found.findings
    assert finding.row == "answer" and "-    with torch.no_grad():\n+    if True:" in finding.what
    assert str(found) == f"{found.total} mutants of the reference: {found.total - 1} killed, 0 equivalent, 1 survive"


def test_an_equivalent_mutant_with_a_reason_is_accepted(surveyed: Callable[[str], Survey]) -> None:
    found = surveyed(EQUIVALENT)
    assert found.findings == [] and found.known == 1


def test_an_entry_without_becomes_covers_all_that_the_operator_makes_of_the_line(surveyed: Callable[[str], Survey]) -> None:
    assert surveyed(EQUIVALENT.replace('becomes = "if True:"\n', "")).findings == []


def test_a_stale_equivalent_is_an_error(surveyed: Callable[[str], Survey]) -> None:
    (finding,) = surveyed(EQUIVALENT + EQUIVALENT.replace("if True:", "if 2:")).findings
    assert finding.row == "equivalent.toml" and "a stale entry" in finding.what and not finding.warning


def test_a_second_survey_of_the_same_content_grades_nothing(
    crew: Crew, small: Callable[..., Course], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = small(REFERENCE, CASES)
    assignment = course.assignment("small")
    first = survey(course, assignment, crew, Quiet())
    monkeypatch.setattr(crew, "grade", lambda course, assignment, rows, **_: [] if not rows else pytest.fail("graded again"))
    assert survey(course, assignment, crew, Quiet()) == first


def test_an_equivalent_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text(EQUIVALENT.replace('reason = "No case can see a graph on data."', ""))
    with pytest.raises(ContentError, match="without 'reason'"):
        read_equivalents(path)
