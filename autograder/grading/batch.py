"""Grade a class: warm foremen side by side through the interface of `concurrent.futures`, each result stored as it arrives."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import platform
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.content import Assignment, Course, Releases, load_course
from autograder.grading import gpu
from autograder.grading.grade import Foreman, GradingError
from autograder.grading.results import failed_results
from autograder.grading.store import Record, Store
from autograder.grading.uploads import Upload

NOT_JUDGING = {"batch.py", "cluster.py", "private.py", "store.py", "uploads.py"}
"""Files of this room that decide no verdict: a change in them makes no result stale."""


@dataclass(frozen=True)
class Task:
    """One submission to grade, as data that travels to another machine. root: the course's folder there."""

    id: str
    root: str
    assignment: str
    questions: tuple[str, ...]
    file: str
    notebook: bytes = field(repr=False)
    device: str = "cpu"


@dataclass(frozen=True)
class Answer:
    """What came of a task. problem: of the grader itself, empty when the submission was graded."""

    results: dict[str, Any]
    log: str = ""
    seconds: float = 0.0
    worker: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """What a run will grade: the uploads that need it, and the digests that say so. only: questions; empty for all."""

    course: Course
    assignment: Assignment
    uploads: tuple[Upload, ...]
    unchanged: int
    digest: str
    only: tuple[str, ...] = ()
    device: str = "cpu"

    @property
    def part(self) -> str:
        return f"{','.join(self.only)}@{self.digest}" if self.only else ""


def plan(
    course: Course, assignment: Assignment, uploads: Iterable[Upload], store: Store, *, only: tuple[str, ...] = (), device: str = "cpu"
) -> Plan:
    """Leave out what was graded before: the same upload by the same tests on the same device, without a problem of the grader."""
    assignment.only(only)
    digest = assignment_digest(course, assignment) + ("" if device == "cpu" else f"@{device}")
    whole = Plan(course, assignment, (), 0, digest, only, device)
    uploads = tuple(uploads)
    needed = tuple(u for u in uploads if not _is_current(whole, u, store.get(u.id)))
    return replace(whole, uploads=needed, unchanged=len(uploads) - len(needed))


def _is_current(plan: Plan, upload: Upload, record: Record | None) -> bool:
    if record is None or record.problem or record.upload != upload_digest(upload) or record.users != upload.users:
        return False
    return record.assignment == plan.digest or (plan.part != "" and record.part == plan.part)


def run(plan: Plan, store: Store, pool: Executor, *, width: int, done: Callable[[Record], None] = lambda _: None) -> None:
    """Grade what the plan names, at most `width` tasks under way at once, and store each result as it arrives.

    After an interrupt the tasks under way are waited for and stored, and the interrupt goes on to the caller.
    """
    waiting: dict[Future[Answer], Upload] = {}

    def take() -> None:
        finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            upload = waiting[future]
            store.put(record := _record(plan, upload, _answer(plan, future), store.get(upload.id)))
            del waiting[future]  # only now: an interrupt in between loses nothing
            done(record)

    try:
        for upload in plan.uploads:
            if upload.notebook is None:
                store.put(record := _record(plan, upload, Answer(failed_results(plan.assignment.title, upload.problem)), None))
                done(record)
                continue
            while len(waiting) >= width:
                take()
            waiting[pool.submit(grade_task, _task(plan, upload, upload.notebook))] = upload
        while waiting:
            take()
    except KeyboardInterrupt:
        for future in [f for f in waiting if f.cancel()]:
            del waiting[future]
        while waiting:
            take()
        raise


def _task(plan: Plan, upload: Upload, notebook: Path) -> Task:
    questions = plan.only or tuple(q.id for q in plan.assignment.coded)
    root, name = str(plan.course.root), plan.assignment.name
    return Task(upload.id, root, name, questions, notebook.name, notebook.read_bytes(), plan.device)


def _answer(plan: Plan, future: Future[Answer]) -> Answer:
    """The task's answer, or the failure of the pool itself: a lost worker, a broken connection."""
    if (error := future.exception()) is None:
        return future.result()
    said = failed_results(plan.assignment.title, "Grading did not finish. Please tell the course staff.")
    return Answer(said, problem=f"{type(error).__name__}: {error}")


def _record(plan: Plan, upload: Upload, answer: Answer, before: Record | None) -> Record:
    results, digest, part = answer.results, plan.digest, ""
    diagnoses = dict(re.findall(r"^(q\d+) diagnosis: (.*)$", answer.log, re.MULTILINE))
    if plan.only:
        digest, part = "", plan.part
        if before is not None and before.upload == upload_digest(upload):
            digest = before.assignment
            results = _merged(before.results, results, plan.only)
            diagnoses = {q: d for q, d in before.diagnoses.items() if q not in plan.only} | diagnoses
    return Record(
        upload.id,
        upload.users,
        upload_digest(upload),
        digest,
        part,
        results,
        diagnoses,
        answer.log,
        answer.seconds,
        answer.worker,
        answer.problem,
    )


def _merged(before: dict[str, Any], now: dict[str, Any], only: tuple[str, ...]) -> dict[str, Any]:
    """Results with the rows of some questions replaced."""
    fresh = [t for t in now["tests"] if question_of(t) in only]
    kept = [t for t in before["tests"] if question_of(t) not in only]
    received, cases = kept[:1], [*kept[1:], *fresh]
    return {**before, "tests": [*received, *sorted(cases, key=lambda t: [int(n) for n in t["number"].split(".")])]}


def question_of(row: dict[str, Any]) -> str:
    """The question of a row of results, as 'q2'; 'q0' for what was received."""
    return "q" + str(row["number"]).partition(".")[0]


def upload_digest(upload: Upload) -> str:
    """The hash of the notebook, or of the reason why there is none."""
    return hashlib.sha256(upload.notebook.read_bytes() if upload.notebook else upload.problem.encode()).hexdigest()


def assignment_digest(course: Course, assignment: Assignment) -> str:
    """The hash of everything that decides a verdict or its message: content, the grader's code, the versions of Python and torch."""
    package = Path(__file__).resolve().parents[1]
    shipped = [package / name for name in ("accelerator.py", "checks.py", "content.py", "handin.py")]
    judging = [p for p in (package / "grading").glob("*.py") if p.name not in NOT_JUDGING]
    content = [p for p in assignment.path.rglob("*") if p.suffix in (".py", ".toml") and p.name != Releases.FILE]
    files = [*content, *assignment.solutions.glob("*.py"), *shipped, *judging]
    settings = (course.feedback, course.diagnosis)  # not all of course.toml: another homework changes nothing here
    digest = hashlib.sha256(f"{platform.python_version()} {version('torch')} {settings}".encode())
    for path in sorted(files, key=lambda p: (p.name, str(p))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


_here = threading.local()
_foremen: list[Foreman] = []


def grade_task(task: Task) -> Answer:
    """Grade one submission with this thread's own foreman, which stays warm for the next. Raises nothing that a submission can cause."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    course = load_course(Path(task.root))
    assignment = course.assignment(task.assignment).only(task.questions)
    with tempfile.TemporaryDirectory(prefix="autograder-batch-") as folder:
        notebook, out, log = Path(folder, "upload", task.file), Path(folder, "results.json"), Path(folder, "staff.log")
        notebook.parent.mkdir()
        notebook.write_bytes(task.notebook)
        problem = ""
        started = time.monotonic()
        try:
            foreman = _foreman(task.device)
            started = time.monotonic()
            results = foreman.grade(course, assignment, notebook, out, log=log)
        except (GradingError, OSError) as error:
            problem = f"{type(error).__name__}: {error}"
            results = failed_results(assignment.title, "Grading did not start. Please tell the course staff.")
            if out.exists():
                results = json.loads(out.read_text(encoding="utf-8"))
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Answer(results, said, time.monotonic() - started, worker, problem)


def _foreman(device: str = "cpu") -> Foreman:
    foreman: Foreman | None = getattr(_here, "foreman", None)
    if foreman is None or foreman.process.poll() is not None or foreman.device != device:
        if device == "cuda" and (said := gpu.problem()):  # a worker that came after the cluster was asked
            raise GradingError(said)
        foreman = _here.foreman = Foreman(device=device)
        _foremen.append(foreman)
    return foreman


@atexit.register
def close_foremen() -> None:
    """End the foremen of this process."""
    while _foremen:
        _foremen.pop().close()


@contextlib.contextmanager
def local_pool(jobs: int) -> Iterator[Executor]:
    """Threads of this process, each with a foreman."""
    with ThreadPoolExecutor(jobs, thread_name_prefix="foreman") as pool:
        try:
            yield pool
        finally:
            pool.shutdown()
            close_foremen()
