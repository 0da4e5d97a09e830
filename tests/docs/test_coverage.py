"""docs/coverage.md says what the questions say now."""

from __future__ import annotations

from autograder.content import load_course
from autograder.quiz.coverage import coverage_table
from tests.support import ROOT


def test_the_table_of_covered_lectures_is_fresh() -> None:
    stale = "Run: .venv/bin/python -m autograder.quiz.coverage docs/coverage.md"
    assert coverage_table(load_course()) in (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8"), stale
