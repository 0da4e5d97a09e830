"""What a device costs: the points of the cases that compute on one, and those alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.audit.rows import reference_row
from autograder.content import Assignment, load_course
from autograder.grading import device
from autograder.grading.cases import Case, load_cases, without_device
from autograder.grading.grade import Foreman, score
from tests.support import ROOT, rows

COURSE = load_course()
ON_ITS_WAY = {
    "a cuda method": ("return w, m, v", "return w.cuda(), m.cuda(), v.cuda()"),
    "a device by name": ("m = beta1 * m", 'm = torch.zeros(m.shape, dtype=m.dtype, device="cuda") + beta1 * m'),
}


@pytest.fixture(scope="module")
def adam() -> Assignment:
    return COURSE.assignment("hw4_adam")


def device_cases(assignment: Assignment) -> list[Case]:
    return [c for q in assignment.coded for c in load_cases(assignment.test_source(q.id, hidden=True), f"{q.id}.py") if c.device]


@pytest.mark.parametrize("old, new", ON_ITS_WAY.values(), ids=ON_ITS_WAY)
def test_a_hard_coded_cuda_loses_one_device_case_and_says_why(
    old: str, new: str, adam: Assignment, foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    cells = [cell.replace(old, new) if "def adam_step" in cell else cell for cell in reference_row(adam).cells]
    assert cells != list(reference_row(adam).cells)
    results = foreman.grade(COURSE, adam, notebook(*cells), tmp_path / "results.json")
    failed = {number: row for number, row in rows(results).items() if row["status"] == "failed"}
    (number,) = failed
    assert f"q{number}" in {c.id for c in device_cases(adam) if c.question == "q1"}
    assert "asks for the device cuda, which is not there" in failed[number]["output"]


def test_work_that_is_wrong_on_the_cpu_too_is_not_told_to_look_at_the_device(
    adam: Assignment, foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    cells = [cell.replace("beta2 * v + (1 - beta2)", "beta2 * v + 2 * (1 - beta2)") for cell in reference_row(adam).cells]
    assert cells != list(reference_row(adam).cells)
    results = rows(foreman.grade(COURSE, adam, notebook(*cells), tmp_path / "results.json"))
    (wrong,) = [row for row in results.values() if "stay on the device" in row["name"]]
    assert wrong["status"] == "failed" and "The device is not at fault" in wrong["output"] and ".device" not in wrong["output"]


def test_the_accelerator_passes_its_self_test() -> None:
    assert device.problem() == ""


def test_without_device_cases_a_question_keeps_its_points(adam: Assignment) -> None:
    cases = [c for q in adam.coded for c in load_cases(adam.test_source(q.id, hidden=True), f"{q.id}.py")]
    kept = without_device(cases)
    assert not any(c.device for c in kept) and len(kept) < len(cases)
    for question in adam.coded:
        assert sum(c.points for c in kept if c.question == question.id) == pytest.approx(question.points)


def test_where_the_accelerator_fails_its_points_move_and_staff_are_told(
    notebook: Callable[..., Path], tmp_path: Path, adam: Assignment
) -> None:
    """A grader whose accelerator is broken, as under a later PyTorch."""
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    with open(tmp_path / "autograder" / "accelerator.py", "a", encoding="utf-8") as file:
        file.write('\n\ndef register() -> None:\n    raise RuntimeError("this PyTorch has another interface")\n')
    work = notebook(*(c for c in reference_row(adam).cells))
    log, out = tmp_path / "staff.log", tmp_path / "results.json"
    command = [sys.executable, "-m", "autograder", "grade", str(work), "--assignment", "hw4_adam", "--root", str(ROOT)]
    done = subprocess.run([*command, "--out", str(out), "--log", str(log)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    assert score(results) == pytest.approx((92, 92))
    assert len(rows(results)) == 1 + sum(
        not c.device for q in adam.coded for c in load_cases(adam.test_source(q.id, hidden=True), f"{q.id}.py")
    )
    assert "does not work here" in results["output"] and "another interface" in log.read_text(encoding="utf-8")


def test_work_that_names_cuda_is_diagnosed_like_any_other(
    adam: Assignment, foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    inside = "w - alpha * m_hat / (v_hat + eps).sqrt()"
    definition = next(cell for cell in reference_row(adam).cells if "def adam_step" in cell)
    (line,) = [text for text in definition.splitlines() if text.strip().startswith("w = ")]
    wrong = definition.replace(line.strip(), "w = " + inside + "  # no cuda here")
    cells = [wrong if cell == definition else cell for cell in reference_row(adam).cells]
    results = foreman.grade(COURSE, adam, notebook(*cells), tmp_path / "results.json")
    assert any("Likely cause" in row["output"] for row in results["tests"])
