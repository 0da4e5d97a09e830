"""The smoke test reports the platform in its results, from its own zip."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema

from autograder.build.smoke import smoke_zip
from autograder.content import Course
from tests.support import GRADESCOPE, needs_root


@needs_root
def test_the_zip_reports_the_machine_and_grades_its_two_notebooks(toy: Course, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(smoke_zip(toy))) as archive:
        archive.extractall(tmp_path / "source")
    script = tmp_path / "source" / "run_autograder"
    variables = {**os.environ, "AUTOGRADER_ROOT": str(tmp_path), "AUTOGRADER_ENV": sys.prefix}
    said = subprocess.run(["bash", str(script)], env=variables, capture_output=True, text=True, timeout=120)
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    jsonschema.validate(results, GRADESCOPE)
    found = {row["name"]: row for row in results["tests"]}
    assert {"memory", "processors", "seccomp", "separation", "Python", "torch", "start"} <= set(found), said.stderr
    assert "10 of 10 points in" in found["good notebook"]["output"] and found["bad notebook"]["status"] == "passed"
