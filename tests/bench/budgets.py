"""The grader's budgets on homework 4: ``python -m tests.bench.budgets``. Ends with status 1 when one is exceeded.

Memory is the proportional set size of all its processes together, sampled; overhead is wall time less the notebook's own cells and calls.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from autograder.audit.matrix import as_notebook
from autograder.audit.rows import Row, reference_row
from autograder.content import load_course
from autograder.grading.grade import Foreman, score
from tests.bench.bench import bare

MEMORY, COLD_SHARE, WARM, LIMITS = 512 << 20, 0.5, 0.25, 300.0
"""Bytes; share of stock Otter's overhead; seconds of overhead per submission; seconds of a submission that hits every limit."""


class Peak:
    """The largest sum seen so far."""

    def __init__(self) -> None:
        self.bytes = 0


@contextmanager
def memory(pid: int) -> Iterator[Peak]:
    """Watch a process and everything below it."""
    peak, done = Peak(), threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak.bytes = max(peak.bytes, sum(map(proportional, family(pid))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            found += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
    return found


def proportional(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def cold(archive: Path, upload: Path) -> tuple[float, int, float]:
    """One submission in Gradescope's layout: seconds, peak of memory, points."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        with zipfile.ZipFile(archive) as files:
            files.extractall(base / "source")
        (base / "source").chmod(0o700)
        (base / "submission").mkdir()
        (base / "submission" / "work.ipynb").write_bytes(upload.read_bytes())
        command = [sys.executable, "-B", "-m", "autograder", "gradescope", "--base", folder]
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=base / "source", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with memory(process.pid) as peak:
            process.wait()
        seconds = time.monotonic() - started
        return seconds, peak.bytes, score(json.loads((base / "results" / "results.json").read_text(encoding="utf-8")))[0]


def stock(archive: Path, upload: Path) -> float:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "otter", "run", "-a", str(archive), "-o", out, "--no-logo", str(upload)]
        started = time.monotonic()
        subprocess.run(command, check=True, capture_output=True, cwd=out)
        return time.monotonic() - started


def hits_every_limit(row: Row) -> dict[str, Any]:
    """Cells that never end, and functions that never end."""
    hang = "while True:\n    pass"
    names = [c.split("(")[0].split()[-1] for cell in row.cells for c in cell.splitlines() if c.startswith("def ")]
    functions = "\n".join(f"def {name}(*args, **kwargs):\n    while True:\n        pass" for name in names)
    return as_notebook(Row("limits", "attempt", (*row.cells, functions, hang, hang, hang)))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", action="store_true", help="also a submission that hits every limit (five minutes)")
    options = parser.parse_args(arguments)
    course = load_course()
    assignment = course.assignment("hw4_adam")
    archive = course.root / "release" / "gradescope" / "hw4_adam.zip"
    within = []

    def report(name: str, value: float, budget: float, unit: str) -> None:
        within.append(value <= budget)
        print(f"{name:44}{value:8.2f} {unit}, budget {budget:g} {'kept' if within[-1] else 'EXCEEDED'}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        upload, out = Path(folder, "work.ipynb"), Path(folder, "results.json")
        row = reference_row(assignment)
        upload.write_text(json.dumps(as_notebook(row) | {"metadata": {"kernelspec": {"name": "python3"}}}), encoding="utf-8")
        with Foreman() as foreman:
            warm = [seconds(lambda: foreman.grade(course, assignment, upload, out)) for _ in range(10)]
        runs = [cold(archive, upload) for _ in range(3)]
        report("memory of all processes", max(peak for _, peak, _ in runs) / 2**20, MEMORY / 2**20, "MiB")
        own = own_seconds(row)
        report("overhead, warm", median(warm) - own, WARM, "s")
        theirs = stock(archive, upload) - own
        report("overhead, cold", median(s for s, _, _ in runs) - own, COLD_SHARE * theirs, "s")
        if options.limits:
            upload.write_text(json.dumps(hits_every_limit(row)), encoding="utf-8")
            report("a submission that hits every limit", cold(archive, upload)[0], LIMITS, "s")
    return 0 if all(within) else 1


def own_seconds(row: Row) -> float:
    """Seconds of the cells and calls alone, in a warm process of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            grade = bare(load_course().assignment("hw4_adam"))
            grade(row)
            os.write(write, str(seconds(lambda: grade(row))).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.close(write)
    with open(read) as pipe:
        return float(pipe.read())


def seconds(action: Any) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
