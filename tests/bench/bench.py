"""This grader and its peers, side by side on the same submissions of homework 4: ``python -m tests.bench.bench --picture docs/bench.png``.

Reference, stub and faults, in batches; each batch goes through every grader before the next begins, so that whatever else the machine does
meets all of them. Times are processor seconds of all processes together, which depend least on the rest of the machine.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median

import torch

from autograder import checks
from autograder.audit.matrix import as_notebook
from autograder.audit.rows import Row, reference_row, stub_row, variant_rows
from autograder.build.nbgrader import make_course, nbgrader
from autograder.content import Assignment, Course, load_course
from autograder.grading.cases import load_cases
from autograder.grading.grade import Foreman, score
from tests.build.nbgrader_course import by_question, grades, hand_in, released, solved

BARE, OURS, DIAGNOSED, NBGRADER, OTTER = "cells and calls alone", "ours", "ours, with diagnosis", "nbgrader autograde", "otter run"
COUNT, BATCHES = 24, 6


@dataclass(frozen=True)
class Taken:
    """What one grader took for one batch, per submission, in seconds; and the points that it gave to each."""

    processor: float
    wall: float
    points: list[float]


def submissions(assignment: Assignment, count: int) -> list[Row]:
    """The reference, the stub, and faults from all over the homework; none that is made to exhaust time or memory."""
    faults = [row for row in variant_rows(assignment, "fault") if not row.declaration.only_limited]
    wanted = max(count - 2, 0)
    return [reference_row(assignment), stub_row(assignment), *(faults[i * len(faults) // wanted] for i in range(wanted))][:count]


def bare(assignment: Assignment) -> Callable[[Row], float]:
    """The lower bound: a warm process executes the cells and calls the cases, with no isolation, no limits and no report."""
    cases = [c for q in assignment.coded for c in load_cases(assignment.test_source(q.id, hidden=True), f"tests/{q.id}.py")]
    probes = sys.modules["probes"] = types.ModuleType("probes")
    exec(assignment.probes, probes.__dict__)

    def passes(case: object, names: dict[str, object]) -> bool:
        try:
            case.run(names)
        except Exception:
            return False
        return True

    def grade(row: Row) -> float:
        names: dict[str, object] = {"__name__": "__main__"}
        for cell in row.cells:
            exec(cell, names)
        with checks.seeded(1):
            return sum(case.points for case in cases if passes(case, names))

    return grade


class Bench:
    """The graders, warm where they can be, and the folder in which they work."""

    def __init__(self, course: Course, assignment: Assignment, folder: Path) -> None:
        self.course, self.assignment, self.folder = course, assignment, folder
        self.archive = course.root / "release" / "gradescope" / f"{assignment.name}.zip"
        self.foreman = Foreman()
        self.bare = bare(assignment)
        make_course(course, [assignment], folder / "course", lambda _: None)

    def run(self, number: int, rows: Sequence[Row]) -> dict[str, Taken]:
        """One batch through every grader."""
        uploads = []
        for row in rows:
            uploads.append(self.folder / f"{row.name}.ipynb")
            uploads[-1].write_text(json.dumps(as_notebook(row) | {"metadata": {"kernelspec": {"name": "python3"}}}), encoding="utf-8")
            stub = row.kind == "stub"
            notebook = (
                released(self.folder / "course", self.assignment.name) if stub else solved(self.folder / "course", self.assignment, row)
            )
            hand_in(self.folder / "course", self.assignment.name, f"batch{number}-{row.name}", notebook)
        quiet = replace(self.course, diagnosis="never")
        return {
            BARE: taken(time.process_time, lambda: [self.bare(row) for row in rows]),
            OURS: taken(self._foreman_seconds, lambda: [self._ours(quiet, path) for path in uploads]),
            DIAGNOSED: taken(self._foreman_seconds, lambda: [self._ours(replace(self.course, diagnosis="visible"), p) for p in uploads]),
            NBGRADER: taken(child_seconds, lambda: self._nbgrader(number, rows)),
            OTTER: taken(child_seconds, lambda: [self._otter(path) for path in uploads]),
        }

    def _ours(self, course: Course, path: Path) -> float:
        return score(self.foreman.grade(course, self.assignment, path, self.folder / "results.json"))[0]

    def _foreman_seconds(self) -> float:
        """Of the foreman and of every process that it has waited for."""
        fields = Path(f"/proc/{self.foreman.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def _nbgrader(self, number: int, rows: Sequence[Row]) -> list[float]:
        course, name = self.folder / "course", self.assignment.name
        nbgrader(course, "autograde", name, "--student", f"batch{number}-*", seconds=3600)
        return [sum(by_question(grades(course, name, f"batch{number}-{row.name}")).values()) for row in rows]

    def _otter(self, path: Path) -> float:
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "otter", "run", "-a", str(self.archive), "-o", out, "--no-logo", str(path)]
            subprocess.run(command, check=True, capture_output=True, cwd=out)
            return score(json.loads(Path(out, "results.json").read_text(encoding="utf-8")))[0]


def child_seconds() -> float:
    """Of every child process that was waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def taken(clock: Callable[[], float], grade: Callable[[], list[float]]) -> Taken:
    started, wall = clock(), time.monotonic()
    points = grade()
    return Taken((clock() - started) / len(points), (time.monotonic() - wall) / len(points), points)


def spread(values: Sequence[float], form: str = ".1f") -> str:
    """The median and the range: '12.3 (11.9 to 13.0)'."""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def table(batches: Sequence[dict[str, Taken]]) -> str:
    """Markdown: for each grader seconds, and how they compare with ours. Overhead is what a grader takes beyond the cells and calls."""
    lines = [
        "| | processor seconds per submission | wall seconds | × ours | overhead × ours' |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in batches[0]:
        whole = [b[name].processor / b[OURS].processor for b in batches]
        over = [(b[name].processor - b[BARE].processor) / (b[OURS].processor - b[BARE].processor) for b in batches]
        seconds, wall = (spread([getattr(b[name], field) for b in batches], ".2f") for field in ("processor", "wall"))
        lines.append(f"| {name} | {seconds} | {wall} | {spread(whole, '.2f')} | {'–' if name == BARE else spread(over)} |")
    return "\n".join(lines)


def report(batches: Sequence[dict[str, Taken]]) -> str:
    """The table, and whether the graders agree."""
    points = [each for b in batches for each in zip(*(t.points for t in b.values()), strict=True)]
    same = sum(len({round(p, 4) for p in each}) == 1 for each in points)
    return f"{table(batches)}\n\nAll graders give the same points to {same} of {len(points)} submissions."


def draw(batches: Sequence[dict[str, Taken]], path: Path) -> None:
    """Bars of processor seconds per submission, with the range over the batches."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    names = list(batches[0])[::-1]
    values = [[b[name].processor for b in batches] for name in names]
    middle = [mean(v) for v in values]
    figure, axes = plt.subplots(figsize=(7.5, 2.8))
    colors = ["#2b6cb0" if name in (OURS, DIAGNOSED) else "#a0aec0" for name in names]
    ranges = [[m - min(v) for m, v in zip(middle, values, strict=True)], [max(v) - m for m, v in zip(middle, values, strict=True)]]
    axes.barh(names, middle, xerr=ranges, color=colors, ecolor="#4a5568", capsize=3)
    count = sum(len(b[OURS].points) for b in batches)
    axes.set_xlabel(f"processor seconds per submission ({count} submissions of homework 4)")
    right = max(map(max, values))
    for y, (m, v) in enumerate(zip(middle, values, strict=True)):
        axes.text(max(v) + right / 60, y, f"{m:.2g} s", va="center")
    axes.set_xlim(right=right * 1.12)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=150, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT, help=f"submissions (default {COUNT})")
    parser.add_argument("--batches", type=int, default=BATCHES, help=f"batches, for the spread (default {BATCHES})")
    parser.add_argument("--picture", type=Path, help="where to draw the picture")
    options = parser.parse_args()
    torch.set_num_threads(1)
    course = load_course()
    assignment = course.assignment("hw4_adam")
    rows = submissions(assignment, options.count)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(course, assignment, Path(folder))
        warm = reference_row(assignment)
        bench.bare(warm)
        path = Path(folder, "warm.ipynb")
        path.write_text(json.dumps(as_notebook(warm)), encoding="utf-8")
        bench._ours(course, path)
        batches: list[dict[str, Taken]] = []
        for number in range(options.batches):
            batches.append(bench.run(number, rows[number :: options.batches]))
            print(f"After batch {number + 1} of {options.batches}\n\n{report(batches)}\n", flush=True)
            if options.picture:
                draw(batches, options.picture)
        bench.foreman.close()


if __name__ == "__main__":
    main()
