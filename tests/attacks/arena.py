"""A toy course with canaries in every secret place, hostile notebooks, and what became of a grading.

An attack is a file in ``notebooks/``: its docstring names what is protected, its cells follow. Each notebook holds the same honest work
before them: a wrong `mean` (one public point) and a right `descend`.
"""

from __future__ import annotations

import ast
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.content import Course, load_course
from autograder.grading.grade import Foreman, score
from tests.support import DESCEND, TOY

NOTEBOOKS = Path(__file__).parent / "notebooks"
WRONG_MEAN = """
def mean(x):
    if x.numel() == 0:
        raise ValueError("x is empty")
    return x.sum()
"""
HONEST = 7.0
"""Points of the honest work: an empty tensor is refused (1), both cases of `descend` (6)."""


@dataclass(frozen=True)
class Attack:
    name: str
    protects: str
    cells: tuple[str, ...]

    def notebook(self, **given: Any) -> dict[str, Any]:
        """The upload. given: names that the attacker knows (where the course lies, where results go, a port to reach)."""
        knows = "\n".join(f"{name} = {value!r}" for name, value in given.items())
        sources = [knows, "import torch", WRONG_MEAN, DESCEND, *self.cells]
        metadata = (
            {"tags": ["skip-execution"], "otter_ignore": True, "nbgrader": {"solution": True}} if self.name == "cell_metadata" else {}
        )
        cells = [{"cell_type": "code", "source": s, "metadata": metadata, "outputs": [], "execution_count": None} for s in sources]
        return {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": ""}}, "nbformat": 4, "nbformat_minor": 4}


def attacks() -> list[Attack]:
    return [_read(path) for path in sorted(NOTEBOOKS.glob("*.py"))]


def _read(path: Path) -> Attack:
    source = path.read_text(encoding="utf-8")
    _, *cells = re.split(r"^# %%\n", source, flags=re.MULTILINE)
    return Attack(path.stem, ast.get_docstring(ast.parse(source)) or "", tuple(c.strip("\n") for c in cells))


@dataclass
class Canaries:
    """Random words that no student may ever see. number: stands among the inputs of a hidden case."""

    words: dict[str, str] = field(default_factory=lambda: {p: f"SECRET-{p}-{secrets.token_hex(6)}" for p in PLACES})
    number: int = field(default_factory=lambda: 100_000_000 + secrets.randbelow(800_000_000))

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Two more of them: in the environment of this process, and in both of another one."""
        sleeper = [sys.executable, "-c", "import time; time.sleep(3600)", self.words["arguments"]]
        os.environ["A_CANARY"] = self.words["environment"]
        with subprocess.Popen(sleeper) as process:
            try:
                yield
            finally:
                process.kill()
                del os.environ["A_CANARY"]

    def seen_in(self, text: str) -> list[str]:
        """The places whose canary `text` shows."""
        found = [place for place, word in self.words.items() if word in text]
        return [*found, "hidden inputs"] if re.search(rf"{self.number}|{self.number + 10}", text) else found


PLACES = ("hidden tests", "reference", "environment", "arguments")


def plant(root: Path, canaries: Canaries) -> Course:
    """A copy of the toy course at `root` with canaries in the hidden tests, the reference and a hidden input."""
    shutil.copytree(TOY, root, ignore=shutil.ignore_patterns("release", ".cache", "__pycache__"), dirs_exist_ok=True)
    hidden = root / "assignments" / "toy" / "tests" / "q1_hidden.py"
    text = hidden.read_text()
    text = text.replace("    mean = ", f'    secret = "{canaries.words["hidden tests"]}"\n    mean = ')
    text = text.replace("    claim = ", f"    x[0] = {canaries.number}.0\n    claim = ")
    hidden.write_text(text)
    reference = root / "solutions" / "toy" / "reference.py"
    reference.write_text(reference.read_text() + f'\n\nSECRET = "{canaries.words["reference"]}"\n')
    return load_course(root)


@dataclass(frozen=True)
class Outcome:
    """What became of a grading. points: None when there is no result. seen: canaries in what students see. left: processes still there."""

    points: float | None
    seen: list[str]
    left: list[str]
    seconds: float

    @property
    def got_through(self) -> str:
        """What the attack reached; empty when nothing."""
        reached = ["no results"] if self.points is None else ["points"] if self.points > HONEST else []
        return ", ".join(reached + (["secrets seen"] if self.seen else []) + (["processes left"] if self.left else []))


def shown(results: dict[str, Any]) -> str:
    """Every text of a results file that a student sees."""
    return json.dumps(results, ensure_ascii=False)


@dataclass(frozen=True)
class Arena:
    course: Course
    canaries: Canaries
    foreman: Foreman
    port: int
    folder: Path

    def grade(self, attack: Attack) -> tuple[Outcome, dict[str, Any], str]:
        """Grade an attack. Also gives its results and the staff log."""
        work, out, log = (self.folder / f"{attack.name}.{kind}" for kind in ("ipynb", "json", "log"))
        work.write_text(json.dumps(attack.notebook(COURSE=str(self.course.root), OUT=str(out), PORT=self.port)))
        started = time.monotonic()
        results = self.foreman.grade(self.course, self.course.assignment("toy"), work, out, log=log)
        seconds = time.monotonic() - started
        return (
            Outcome(score(results)[0], self.canaries.seen_in(shown(results)), left_behind(self.foreman), seconds),
            results,
            log.read_text(),
        )


def left_behind(foreman: Foreman) -> list[str]:
    """Processes that descend from a foreman, wherever they have gone: the environment of its start stays in them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(foreman.scratch).encode() in (entry / "environ").read_bytes() and int(entry.name) != foreman.process.pid:
                found.append((entry / "stat").read_text().split(" ")[1])
        except OSError:
            continue
    return found
