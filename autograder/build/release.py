"""Make the releases: notebooks, zips, and the proof that the reference passes and the stub does not. Rebuilds what changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from autograder.build import gates
from autograder.build.bundle import bundle_files, zip_bytes
from autograder.build.expected import refresh
from autograder.build.notebook import PACKAGE, release_id, solution_notebook, student_notebook, to_bytes
from autograder.content import Assignment, Course, Releases
from autograder.grading.grade import Foreman, score
from autograder.progress import Progress
from autograder.rubric import rubric_csv

STOCK_SECONDS = 300


class GateError(Exception):
    """A release gate is broken; nothing of this assignment was written."""

    def __init__(self, assignment: str, problems: list[gates.Problem]) -> None:
        super().__init__(
            f"{assignment}: {len(problems)} problem{'s' if len(problems) > 1 else ''}\n" + "\n".join(f"  {p}" for p in problems)
        )
        self.problems = problems


@dataclass(frozen=True)
class Summary:
    """One row of the table that `make` ends with. Scores are (points, possible)."""

    name: str
    notebook: str
    zip: str
    points: int
    reference: tuple[float, float]
    stub: tuple[float, float]
    stock_reference: tuple[float, float] | None
    stock_stub: tuple[float, float] | None
    seconds: float
    fresh: bool = False


Say = Callable[[str], None]


def inputs_digest(course: Course, assignment: Assignment, stock: bool) -> str:
    """The hash of every file that a release depends on, but the one that the build itself writes."""
    files = [course.root / "assignments" / "course.toml", PACKAGE.parent / "pyproject.toml"]
    files += [
        p
        for folder in (assignment.path, assignment.solutions, PACKAGE)
        for p in folder.rglob("*")
        if p.suffix not in (".pyc",) and p.is_file() and p.name != Releases.FILE
    ]
    digest = hashlib.sha256(f"{stock} {sys.version}".encode())
    for path in sorted(files):
        digest.update(str(path.name).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def build(course: Course, assignment: Assignment, say: Say, progress: Progress, *, stock: bool = True, force: bool = False) -> Summary:
    """Everything for one assignment. Raises `GateError` before anything is written when a gate on the content is broken.

    stock: also run stock `otter run` on reference and stub (about 25 s).
    """
    started = time.monotonic()
    release = course.root / "release"
    name = assignment.name
    paths = {
        "student": release / "student" / name / f"{name}.ipynb",
        "solution": release / "solutions" / f"{name}.ipynb",
        "zip": release / "gradescope" / f"{name}.zip",
        "releases": assignment.path / Releases.FILE,
    }
    stamp = course.root / ".cache" / "build" / f"{name}.json"
    digest = inputs_digest(course, assignment, stock)
    if not force and (kept := _kept(stamp, digest, paths)):
        say(f"{name}: nothing changed")
        return kept

    say(f"{name}: gates on the content")
    _stop_at(name, gates.content_problems(course, assignment))
    solution = solution_notebook(course, assignment)
    expected, ran = refresh(assignment, solution, release / "expected" / name, progress)
    student = student_notebook(course, assignment, expected)
    _stop_at(name, gates.notebook_problems(assignment, student))
    stub = to_bytes(student)
    if ran is not None or not paths["solution"].exists():
        _write(paths["solution"], to_bytes(ran or solution))
    _write(paths["student"], stub)
    _write(paths["releases"], str(replace(assignment.releases, current=release_id(assignment))).encode())
    _write(paths["zip"], zip_bytes(bundle_files(course, assignment, stub)))
    if any(q.manual for q in assignment.questions):
        _write(release / "solutions" / f"{name}_rubric.csv", rubric_csv(assignment).encode())

    step = progress.start(f"{name}: grading the solution and the stub", 2)
    with Foreman() as foreman, tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "results.json")
        reference_score = score(foreman.grade(course, assignment, paths["solution"], out), voids=False)
        step()
        stub_score = score(foreman.grade(course, assignment, paths["student"], out), voids=False)
        step()
    _stop_at(name, gates.score_problems(assignment, "our grader", reference_score, stub_score))
    stock_scores: list[tuple[float, float]] | list[None] = [None, None]
    if stock:
        step = progress.start(f"{name}: the same under stock otter run", 2)
        stock_scores = stock_otter(paths["zip"], [paths["solution"], paths["student"]], step)
        assert stock_scores[0] is not None and stock_scores[1] is not None
        _stop_at(name, gates.score_problems(assignment, "stock otter run", stock_scores[0], stock_scores[1]))
    summary = Summary(
        name,
        str(paths["student"].relative_to(course.root)),
        str(paths["zip"].relative_to(course.root)),
        assignment.points,
        reference_score,
        stub_score,
        stock_scores[0],
        stock_scores[1],
        round(time.monotonic() - started, 1),
        fresh=True,
    )
    _write(stamp, json.dumps({"digest": digest, "summary": asdict(summary)}, indent=1).encode())
    return summary


def stock_otter(archive: Path, notebooks: list[Path], done: Callable[[], None] = lambda: None) -> list[tuple[float, float]]:
    """Scores under `otter run -a`, side by side. Raises `RuntimeError` with its output when it gives no results.

    done: called after each.
    """
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for number, notebook in enumerate(notebooks):
            out = Path(folder, str(number))
            out.mkdir()
            command = [sys.executable, "-m", "otter", "run", "-a", str(archive), "-o", str(out), "--no-logo", str(notebook)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=out)
            runs.append((out / "results.json", process))
        scores = []
        for path, process in runs:
            said, _ = process.communicate(timeout=STOCK_SECONDS)
            done()
            if not path.exists():
                raise RuntimeError(f"otter run gave no results.json:\n{said[-2000:]}")
            rows = [t for t in json.loads(path.read_text(encoding="utf-8"))["tests"] if "max_score" in t]
            scores.append((round(sum(t["score"] for t in rows), 4), round(sum(t["max_score"] for t in rows), 4)))
    return scores


def _stop_at(name: str, problems: list[gates.Problem]) -> None:
    if problems:
        raise GateError(name, problems)


def _kept(stamp: Path, digest: str, paths: dict[str, Path]) -> Summary | None:
    if not stamp.exists() or not all(p.exists() for p in paths.values()):
        return None
    saved = json.loads(stamp.read_text(encoding="utf-8"))
    if saved["digest"] != digest:
        return None
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in saved["summary"].items()}
    return replace(Summary(**fields), fresh=False)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)
