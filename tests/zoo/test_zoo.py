"""Every accident gives valid results in time, costs its own question alone, and tells the student what to change."""

from __future__ import annotations

import json
import time
from pathlib import Path

import jsonschema
import pytest

from autograder.content import Course
from autograder.grading.grade import Foreman
from tests.support import GRADESCOPE, passed
from tests.zoo.accidents import ACCIDENTS
from tests.zoo.golden import FOLDER, grade_accident, normalized, path_of


@pytest.mark.parametrize("name", ACCIDENTS)
def test_it_is_graded_as_it_must_be(name: str, foreman: Foreman, toy: Course, tmp_path: Path) -> None:
    accident = ACCIDENTS[name]
    started = time.monotonic()
    results = grade_accident(name, foreman, toy, tmp_path)
    assert time.monotonic() - started < toy.assignment("toy").limits.submission
    jsonschema.validate(results, GRADESCOPE)
    assert " ".join(passed(results)) == accident.keeps
    assert accident.says in "\n".join(row["output"] for row in results["tests"])
    assert normalized(results) == json.loads(path_of(name).read_text(encoding="utf-8"))


def test_every_golden_file_has_its_accident() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ACCIDENTS)
