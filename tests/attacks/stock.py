"""The same attacks against stock Otter and stock nbgrader, each run as a user of its own with limits, so that none harms this machine."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.build.bundle import bundle_files, zip_bytes
from autograder.content import Course
from autograder.grading import confine
from autograder.grading.interpreter import readable_interpreter
from tests.attacks.arena import Attack, Canaries, Outcome

SECONDS = 240.0
PROCESSES, MEMORY, FILE = 100, 8 << 30, 64 << 20


def run_as_another(command: list[str], folder: Path, canaries: Canaries, seconds: float) -> tuple[str, list[str], float]:
    """Run a Python command with its folder owned by a fresh user. Returns what it said, the processes that it left, and its seconds."""
    uid = confine.free_uid()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)
    python, packages = readable_interpreter()
    environment = {
        "PATH": f"{folder}/bin:{python.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "LD_LIBRARY_PATH": str(python.parent.parent / "lib"),
        "PYTHONPATH": ":".join(packages),
        "OMP_NUM_THREADS": "1",
        "A_CANARY": canaries.words["environment"],
    }
    started = time.monotonic()
    with open(folder / "said", "w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [str(python), *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=lambda: _limit(uid),
        )
        try:
            process.wait(seconds)
            left = [str(pid) for pid in _of(uid)]
        except subprocess.TimeoutExpired:
            left = []
        confine.kill_user(uid)
        process.wait()
    return (folder / "said").read_text(encoding="utf-8", errors="replace"), left, time.monotonic() - started


def _limit(uid: int) -> None:
    for kind, value in ((resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE)):
        resource.setrlimit(kind, (value, value))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _of(uid: int) -> list[int]:
    time.sleep(1)  # what ends with its parent has ended by then
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.stat().st_uid == uid and (entry / "stat").read_text().split(")")[1].split()[0] != "Z":
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def stock_otter(course: Course, canaries: Canaries, port: int) -> Callable[[Attack, Path], Outcome]:
    archive = zip_bytes(bundle_files(course, course.assignment("toy"), b"{}"))

    def run(attack: Attack, folder: Path) -> Outcome:
        out = folder / "results.json"
        (folder / "toy.zip").write_bytes(archive)
        (folder / "work.ipynb").write_text(json.dumps(attack.notebook(COURSE=str(course.root), OUT=str(out), PORT=port)))
        command = ["-m", "otter", "run", "-a", "toy.zip", "-o", str(folder), "--no-logo", "work.ipynb"]
        _, left, seconds = run_as_another(command, folder, canaries, SECONDS)
        try:
            text = out.read_text(encoding="utf-8")
            results = json.loads(text)
            points: float | None = float(results.get("score", 0)) + sum(float(t.get("score", 0)) for t in results["tests"])
        except (OSError, ValueError, KeyError):
            text, points = "", None
        return Outcome(points, canaries.seen_in(text), left, seconds)

    return run


NBGRADER_CELLS = {
    "q1a": (2, "assert torch.allclose(mean(torch.tensor([1.0, 3.0])), torch.tensor(2.0))"),
    "q1b": (1, "try:\n    mean(torch.empty(0))\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError"),
    "q1c": (
        1,
        "### BEGIN HIDDEN TESTS\nsecret = {hidden!r}\nx = torch.randn(7)\nx[0] = {number}.0\nexpected = x.sum() / 7 + 10\n"
        "assert torch.allclose(mean(x + 10), expected)\n### END HIDDEN TESTS",
    ),
    "q2a": (
        3,
        "w = torch.ones(2)\nassert descend(w, torch.ones(2), 0.5) is w\nassert torch.allclose(w, torch.full((2,), 0.5))",
    ),
    "q2b": (
        3,
        "### BEGIN HIDDEN TESTS\nw = torch.zeros(3)\nfor _ in range(3):\n    descend(w, torch.ones(3), 0.5)\n"
        "assert torch.allclose(w, torch.full((3,), -1.5))\n### END HIDDEN TESTS",
    ),
}


def stock_nbgrader(course: Course, canaries: Canaries, port: int, template: Path) -> Callable[[Attack, Path], Outcome]:
    tests = [
        _locked(id, points, source.format(hidden=canaries.words["hidden tests"], number=canaries.number) if "{" in source else source)
        for id, (points, source) in NBGRADER_CELLS.items()
    ]
    source = template / "source" / "toy" / "toy.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps(_notebook(tests)))
    alembic = template / "bin" / "alembic"  # nbgrader starts it by its name
    alembic.parent.mkdir()
    alembic.write_text(f'#!/bin/sh\nexec {readable_interpreter()[0]} -c "from alembic.config import main; main()" "$@"\n')
    alembic.chmod(0o755)
    said, _, _ = run_as_another(["-m", "nbgrader", "generate_assignment", "toy", "--create"], template, canaries, 120)
    released = template / "release" / "toy" / "toy.ipynb"
    if not released.exists():
        raise RuntimeError(f"nbgrader did not release the toy homework:\n{said[-2000:]}")
    locked = json.loads(released.read_text())["cells"]

    def run(attack: Attack, folder: Path) -> Outcome:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        own = attack.notebook(COURSE=str(folder), OUT=str(folder / "results.json"), PORT=port)["cells"]
        for cell in own:
            cell["metadata"].pop("nbgrader", None)
        if attack.name == "cell_metadata":
            for cell in locked:
                cell["metadata"]["tags"] = ["skip-execution"]
        work = folder / "submitted" / "student" / "toy" / "toy.ipynb"
        work.parent.mkdir(parents=True)
        work.write_text(json.dumps(_notebook([*own, *locked])))
        for cell in locked:
            cell["metadata"].pop("tags", None)
        _, left, seconds = run_as_another(["-m", "nbgrader", "autograde", "toy", "--student", "student"], folder, canaries, SECONDS)
        graded = folder / "autograded" / "student" / "toy" / "toy.ipynb"
        text = json.dumps([c.get("outputs") for c in json.loads(graded.read_text())["cells"]]) if graded.exists() else ""
        return Outcome(_score(folder / "gradebook.db") if graded.exists() else None, canaries.seen_in(text), left, seconds)

    return run


def _score(database: Path) -> float | None:
    with Gradebook(f"sqlite:///{database}") as book:
        try:
            return float(book.find_submission("toy", "student").score)
        except Exception:
            return None


def _locked(id: str, points: float, source: str) -> dict[str, Any]:
    nbgrader = {"grade": True, "grade_id": id, "locked": True, "points": points, "schema_version": 3, "solution": False, "task": False}
    return {"cell_type": "code", "source": source, "metadata": {"nbgrader": nbgrader}, "outputs": [], "execution_count": None}


def _notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
