"""What test cases may rely on holds in one process (Otter's own class) and across two (our grader)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.audit.local import run_row
from autograder.audit.rows import reference_row
from autograder.content import load_course
from autograder.grading.cases import load_cases
from autograder.grading.grade import Foreman
from tests.support import RULES, rows

ASSIGNMENT = load_course(RULES).assignment("rules")
CASES = load_cases(ASSIGNMENT.test_source("q1", hidden=True), "q1.py")


@pytest.fixture(scope="module")
def in_one_process() -> dict[str, Any]:
    return {o.case.removeprefix("q"): o for o in run_row(ASSIGNMENT, reference_row(ASSIGNMENT))}


@pytest.fixture(scope="module")
def across_two(foreman: Foreman, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("rules")
    cells = [{"cell_type": "code", "source": s} for s in reference_row(ASSIGNMENT).cells]
    (folder / "work.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
    return rows(foreman.grade(load_course(RULES), ASSIGNMENT, folder / "work.ipynb", Path(folder, "results.json")))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_holds_under_otters_own_class(case: Any, in_one_process: dict[str, Any]) -> None:
    outcome = in_one_process[case.id.removeprefix("q")]
    assert outcome.passed, outcome.message


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_holds_in_our_grader(case: Any, across_two: dict[str, Any]) -> None:
    row = across_two[case.id.removeprefix("q")]
    assert row["status"] == "passed", row["output"]
