"""Grades as the toy homework gives them, without grading: a report is about results, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.content import Course
from autograder.grading.store import Record
from autograder.grading.uploads import User
from autograder.report.grades import Grade, grade_of
from autograder.report.manual import ManualScore

CASES = {"1.1": (2, "public"), "1.2": (1, "public"), "1.3": (1, "hidden"), "2.1": (3, "public"), "2.2": (3, "hidden")}


def results(failed: dict[str, str]) -> dict[str, Any]:
    """A results file: outcome by failed case. What a public case saw is its outcome's own text."""
    rows: list[dict[str, Any]] = [{"name": "What was received", "number": "0", "status": "passed", "output": "File `work.ipynb`."}]
    for number, (points, kind) in CASES.items():
        outcome = failed.get(number, "correct").partition(": ")[0]
        said = failed.get(number, "").partition(": ")[2] or f"Called mean([1, 3]). Got {outcome}."
        claim = "The step must shrink." if outcome == "incorrect" else ""
        passed = number not in failed
        rows.append(
            {
                "name": f"Question {number[0]} · the property {number}",
                "number": number,
                "score": 0.0 if not passed else float(points),
                "max_score": float(points),
                "status": "passed" if passed else "failed",
                "output": "**PASS**" if passed else f"**FAIL** ({outcome})\n\n{claim}\n\n```text\n{said}\n```",
                "tags": [kind, outcome],
            }
        )
    return {"output": "", "tests": rows}


NOTHING = dict.fromkeys(CASES, "invalid")
"""What fails where no function is defined."""

MakeGrade = Callable[..., Grade]


@pytest.fixture
def make_grade(toy: Course) -> MakeGrade:
    """A submission's grade from what it failed, the score of its written answer, and what the first row complains of."""

    def make(
        id: str = "ada",
        failed: dict[str, str] | None = None,
        manual: float | None = None,
        users: tuple[User, ...] = (),
        trouble: str = "",
        **diagnoses: str,
    ) -> Grade:
        found = results(failed or {})
        if trouble:
            found["tests"][0].update(status="failed", output=f"File `work.ipynb`.\nGraded with Python.\n\n{trouble}")
        record = Record(id, users or (User(id.title(), f"{id}@example.edu", "7"),), id, "tests", "", found, diagnoses, seconds=2.0)
        return grade_of(toy.assignment("toy"), record, {(id, "q3"): ManualScore(manual)})

    return make
