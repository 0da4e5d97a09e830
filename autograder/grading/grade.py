"""Grade a submission: a valid results.json exists from the first moment, then a foreman does the work."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.content import Assignment, Course
from autograder.grading import gpu
from autograder.grading.interpreter import readable_interpreter
from autograder.grading.results import failed_results, write_json
from autograder.grading.submission import Unreadable, find_notebook, read_submission

UNFINISHED = "Grading started and did not finish. This is not your mistake: please tell the course staff."
START_SECONDS = 180.0
GRACE_SECONDS = 30.0


class GradingError(Exception):
    """The grader itself could not start or ended early; the message says why."""


class Foreman:
    """A running foreman: start it once, then `grade` any number of submissions.

    threads: of each process; grading has one. device: 'cuda' shows students' processes the machine's GPUs, 'cpu' hides them.
    """

    def __init__(self, *, threads: int = 1, device: str = "cpu") -> None:
        self.threads = threads
        self.device = device
        python, packages = readable_interpreter()
        package = str(Path(__file__).resolve().parents[2])
        self.scratch = Path(tempfile.mkdtemp(prefix="autograder-foreman-"))
        self.scratch.chmod(0o711)
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        start = f"import sys; sys.path += {[*packages, package]!r}; from autograder.grading.foreman import main; main({theirs.fileno()})"
        self.errors = open(self.scratch / "foreman.log", "w+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [str(python), "-I", "-B", "-c", start],
            pass_fds=[theirs.fileno()],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=self.errors,
            stderr=self.errors,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self._receive(START_SECONDS, "start")

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # each fork copies the page tables of the foreman's heap
            **dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(self.threads)),
            "MPLBACKEND": "agg",
            "MPLCONFIGDIR": str(self.scratch),
            "TMPDIR": tempfile.gettempdir(),
            **self._gpus(),
        }

    def _gpus(self) -> dict[str, str]:
        """NVML says whether there is a GPU and leaves CUDA uninitialized, as forks need it. The driver may lie in a path of its own."""
        if self.device == "cpu":
            return {"CUDA_VISIBLE_DEVICES": ""}
        chosen = {name: os.environ[name] for name in ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH") if name in os.environ}
        return {gpu.NVML: "1", **chosen}

    def grade(
        self,
        course: Course,
        assignment: Assignment,
        notebook: Path,
        out: Path,
        *,
        seed: int | None = None,
        log: Path | None = None,
        shown: str = "",
    ) -> dict[str, Any]:
        """Grade one notebook into `out`; returns the results. seed: repeats a verdict. log: staff-only, holds the seed and the versions.

        shown: a case (``q3.2``) whose calls go to the log, with their inputs; grading ends with it.

        An assignment with only some of its questions is graded on these.

        Raises `GradingError` when the grader ended early; `out` is valid even then.
        """
        _begin(assignment, out)
        try:
            read_submission(notebook)
        except Unreadable as problem:
            write_json(out, failed_results(assignment.title, str(problem)))
            return _read(out)
        log = log or self.scratch / "grade.log"
        orders = {
            "root": str(course.root),
            "assignment": assignment.name,
            "questions": [q.id for q in assignment.coded],
            "submission": str(notebook.resolve()),
            "out": str(out.resolve()),
            "log": str(log.resolve()),
            "seed": seed,
            "shown": shown,
            "limits": asdict(assignment.limits),
            "diagnosis": course.diagnosis,
        }
        job = {
            "device": assignment.uses_device,
            "gpu": self.device == "cuda",
            "memory": assignment.limits.memory,
            "cpu_seconds": int(assignment.limits.submission) + 60,
            "secrets": [str(assignment.solutions), str(assignment.path / "tests")],
        }
        self._send(job, orders)
        answer = json.loads(self._receive(assignment.limits.submission + GRACE_SECONDS, "finish"))
        if answer["exit"] != 0:
            results = _read(out)
            results["output"] = f"{results.get('output', '')}\n\nGrading ended early; please tell the course staff."
            write_json(out, results)
            tail = log.read_text(encoding="utf-8", errors="replace")[-2_000:] if log.exists() else ""
            raise GradingError(f"The examiner ended early (exit {answer['exit']}).\n{tail}\n{self._said()}")
        return _read(out)

    def _send(self, job: dict[str, Any], orders: dict[str, Any]) -> None:
        """Send a job to the foreman, and with it, in a pipe that it does not read, the orders to the examiner."""
        read, write = os.pipe()
        with open(write, "w", encoding="utf-8") as pipe:
            json.dump(orders, pipe)
        socket.send_fds(self.ours, [json.dumps(job).encode()], [read])
        os.close(read)

    def _receive(self, seconds: float, what: str) -> bytes:
        self.ours.settimeout(seconds)
        try:
            message = self.ours.recv(1 << 20)
        except TimeoutError:
            message = b""
        if not message:
            said = self._said()
            self.close()
            raise GradingError(f"The grader's foreman did not {what} within {seconds:g} s.\n{said}")
        return message

    def _said(self) -> str:
        """The end of what the foreman and starting students' processes wrote."""
        return (self.scratch / "foreman.log").read_text(encoding="utf-8", errors="replace")[-2_000:]

    def close(self) -> None:
        """End the foreman and everything that it started."""
        self.ours.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.errors.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Foreman:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def grade(
    course: Course,
    assignment: Assignment,
    notebook: Path,
    out: Path,
    *,
    seed: int | None = None,
    log: Path | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Grade one notebook with a foreman of its own. `out` is valid from before the foreman starts.

    Raises `ContentError`, before anything is written, when the device is 'cuda' and there is none.
    """
    gpu.check(device)
    _begin(assignment, out)
    with Foreman(device=device) as foreman:
        return foreman.grade(course, assignment, notebook, out, seed=seed, log=log)


def grade_gradescope(course: Course, assignment: Assignment, base: Path) -> dict[str, Any]:
    """One submission in Gradescope's layout below `base` (/autograder): submission/ in, results/results.json out.

    Whatever happens, a valid results.json is there afterwards.
    """
    out = base / "results" / "results.json"
    _begin(assignment, out)
    started = time.monotonic()
    try:
        notebook = find_notebook(base / "submission")
    except Unreadable as problem:
        write_json(out, failed_results(assignment.title, str(problem)))
        return _read(out)
    log = base / "results" / "staff.log"
    try:
        grade(course, assignment, notebook, out, log=log)
    except GradingError as error:
        print(error, file=sys.stderr)
    if log.exists():
        print(log.read_text(encoding="utf-8", errors="replace"))
        log.unlink()
    print(f"graded in {time.monotonic() - started:.1f} s")
    return _read(out)


def _begin(assignment: Assignment, out: Path) -> None:
    """Make `out` a valid results file from the first moment."""
    out.parent.mkdir(parents=True, exist_ok=True)
    write_json(out, failed_results(assignment.title, UNFINISHED))


def _read(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def score(results: Mapping[str, Any], *, voids: bool = True) -> tuple[float, float]:
    """(points, points possible) of a results file. voids: count void cases, whose points everyone gets."""
    rows = [t for t in results["tests"] if "max_score" in t and (voids or "void" not in t["tags"])]
    return sum(t["score"] for t in rows), sum(t["max_score"] for t in rows)
