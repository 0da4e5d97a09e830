"""The examiner: loads the hidden tests, asks the student's process, compares, writes results.json. No student code ever runs here."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from autograder import checks
from autograder.content import Assignment, Course, Limits, load_course
from autograder.grading.advice import WHY_IT_ENDS, advice
from autograder.grading.cases import Case, load_cases, without_device
from autograder.grading.cells import Problem, why_undefined
from autograder.grading.device import Device
from autograder.grading.diagnose import Diagnostician, remember
from autograder.grading.patience import Patience
from autograder.grading.received import describe
from autograder.grading.remote import PAUSE, Call, Lost, Remote
from autograder.grading.results import Results, Verdict
from autograder.grading.submission import Submission, read_submission
from autograder.grading.wire import Channel, RemoteError

MAX_FAILED_STARTS = 8
"""Of a student's process, in a row."""
NO_DEVICE = "The simulated accelerator does not work here: the points of cases on a device went to the other cases of their question."


class Foreman(Protocol):
    """Forks the processes that the examiner asks for."""

    def student(self) -> tuple[Channel, Device | None]:
        """A fresh student's process, in the place of the old one and all its kin: the pipes to it and to its device."""

    def diagnostician(self) -> Channel:
        """A process that runs `diagnose.serve` for this job's questions: the pipes to it."""


class OutOfTime(BaseException):
    """The submission's or a case's time is used up in the examiner itself."""


class NotStarted(BaseException):
    """A fresh student's process ended before any byte of the student ran: the grader's own failure, which no case may swallow."""


class Session:
    """The student's process with its cells run; a new one after a death, in which cells that hung or killed are left out."""

    def __init__(self, foreman: Foreman, assignment: Assignment, submission: Submission, end: float, waiting: Callable[[], None]) -> None:
        self.foreman = foreman
        self.waiting = waiting
        self.assignment = assignment
        self.submission = submission
        self.end = end
        self.failed_starts = 0
        self.patience = Patience(assignment.limits.submission)
        self.skipped: set[int] = set()
        self.problems: dict[int, Problem] = {}
        self.defined: list[str] | None = None
        self.remote: Remote | None = None
        self.transcript: list[Call] = []

    def env(self) -> Remote:
        """The namespace to ask. Raises `Lost` when the process cannot be brought up again."""
        while self.remote is None:
            if self.failed_starts == MAX_FAILED_STARTS:
                raise Lost("died", "The process that runs your code ended too often to start it again.")
            if time.monotonic() > self.end:
                raise OutOfTime
            self.failed_starts += 1
            self._start()
        self.failed_starts = 0
        return self.remote

    def drop(self) -> None:
        """Forget a process that hung or died; the next `env` starts another."""
        if self.remote is not None:
            self.remote.close()
            self.remote = None

    def lose(self, seconds: float) -> None:
        """The call at hand got no answer, in a case that took so long: drop the process, and have the less patience with the function."""
        if self.remote is not None:
            self.patience.lose(self.remote.asked, seconds)
            self.drop()

    def take_device_use(self) -> bool:
        """Whether the last case computed on the device."""
        if self.remote is None:
            return False
        used, self.remote.device_was_used = self.remote.device_was_used, False
        return used

    def take_notes(self) -> list[str]:
        """What the last case left for staff."""
        if self.remote is None:
            return []
        notes, self.remote.notes = self.remote.notes, []
        return notes

    def _start(self) -> None:
        remote = Remote(*self.foreman.student())
        remote.waiting = self.waiting
        try:
            remote.allow(60)
            remote.load_probes(self.assignment.probes)
        except Lost as lost:
            raise NotStarted(f"the student's process did not start: {lost}") from lost
        for number, source in enumerate(self.submission.cells):
            if number in self.skipped:
                continue
            if time.monotonic() > self.end:
                raise OutOfTime
            limit = min(self.assignment.limits.cell, max(0.1, self.end - time.monotonic()))
            remote.allow(limit)
            try:
                error = remote.run_cell(source)
            except Lost as lost:
                what = {"timed out": f"did not finish within {limit:g} s", "died": "ended the process"}.get(lost.outcome, lost.outcome)
                self.problems[number] = Problem(lost.outcome, what)
                self.skipped.add(number)
                remote.close()
                return
            if error is not None and number not in self.problems:
                self.problems[number] = Problem.raised(error.kind, getattr(error, "line", ""), str(error))
        remote.allow(10)
        try:
            remote.learn()
        except Lost:
            remote.close()
            return
        self.defined = list(remote)
        remote.given_up = self.patience.given_up
        self.remote = remote


def examine(
    course: Course,
    assignment: Assignment,
    submission: Submission,
    out: Path,
    foreman: Foreman,
    *,
    seed: int | None,
    notes: list[str],
    log: Any,
    device_problem: str = "",
    shown: str = "",
) -> Results:
    """Grade one submission. `out` is at most about `PAUSE` seconds behind.

    seed: of a verdict to repeat; fresh when None. log: staff-only text file.
    shown: a case whose calls are written to the log, with what is said of it alone; those after it are not run.
    device_problem: why the simulated accelerator cannot be used; then the other cases of each question carry its points.
    """
    started = time.monotonic()
    seed = seed if seed is not None else int.from_bytes(os.urandom(6), "little")
    print(f"seed {seed} submission {submission.digest} {versions()}", file=log, flush=True)
    cases = [c for q in assignment.coded for c in load_cases(assignment.test_source(q.id, hidden=True), f"tests/{q.id}.py")]
    if device_problem:
        cases = without_device(cases)
        notes = [*notes, NO_DEVICE]
        print(f"STAFF: {NO_DEVICE} {device_problem}", file=log, flush=True)
    results = Results(out, assignment, cases, course.feedback, course.diagnosis)
    results.notes = notes
    end = started + assignment.limits.submission
    diagnostician = Diagnostician(foreman.diagnostician)
    calls: dict[str, list[Call]] = defaultdict(list)
    not_compared: dict[str, str] = {}
    out_of_time = False

    def write() -> None:
        results.seconds = time.monotonic() - started
        results.received = describe(submission, assignment, session.problems, session.defined)
        results.write()

    session = Session(foreman, assignment, submission, end, write)

    def tell(case: Case, text: str) -> None:
        if shown in ("", case.id):
            print(f"{case.id} {text}", file=log, flush=True)

    # Public cases first: what a hidden one told the submission cannot come out in a public row any more.
    for case in sorted(cases, key=lambda case: case.hidden):
        if not out_of_time:
            try:
                verdict = _judge(case, session, seed, end, log, show=case.id == shown)
            except OutOfTime:
                out_of_time = True
        if out_of_time:
            verdict = Verdict(
                "timed out", f"The whole submission may take {assignment.limits.submission:g} s; this case was not reached in time."
            )
        results.record(case, verdict)
        if time.monotonic() > results.written + PAUSE:
            write()
        tell(case, f"{case.name}: {verdict.outcome}")
        for note in session.take_notes():
            tell(case, f"note for staff: {note}")
        if case.id == shown:
            print(f"{verdict.claim}\n{verdict.detail}".strip(), file=log, flush=True)
            write()
            return results
        if remember(calls[case.question], session.transcript):
            not_compared[case.question] = "very large calls"
        if session.take_device_use():
            not_compared[case.question] = "calls on the device"
    write()
    if course.diagnosis != "never":
        for question in (q.id for q in assignment.coded if results.has_failed(q.id)):
            if (left := end - time.monotonic()) < 1:
                break
            diagnosis = diagnostician.explain(question, calls[question], min(assignment.limits.diagnosis, left))
            if question in not_compared:
                diagnosis = replace(diagnosis, reason=f"{diagnosis.reason}; {not_compared[question]} are not compared")
            print(f"{question} diagnosis: {diagnosis}", file=log, flush=True)
            results.explain(question, diagnosis.text)
            results.write()
    print(f"results.json sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}", file=log, flush=True)
    return results


def versions() -> str:
    """What a verdict may depend on beside the submission, the tests and the seed."""
    otter = metadata.version("otter-grader")
    return f"Python {platform.python_version()} torch {torch.__version__} numpy {np.__version__} otter-grader {otter}"


def _judge(case: Case, session: Session, seed: int, end: float, log: Any, *, show: bool) -> Verdict:
    session.transcript = []
    started = time.monotonic()
    limit = min(session.assignment.limits.case, end - started)
    if limit <= 0:
        raise OutOfTime
    try:
        env = session.env()
        env.allow(limit)
        env.transcript = session.transcript
        env.seed = case_seed(seed, f"{case.id} submission")  # another than that of the inputs, since the submission can read it
        env.discreet = case.hidden
        env.witness = functools.partial(print, file=log, flush=True) if show else None
        checks.Function.last = None
        with checks.seeded(case_seed(seed, case.id)), _alarm(limit + 10):
            case.run(env)
        return Verdict("correct")
    except checks.CheckFailed as failure:
        return _explained(failure, case, session, env)
    except Lost as lost:
        call = checks.Function.last.name if checks.Function.last else "Your code"
        said = {
            "timed out": f"{call} gave no answer within {session.assignment.limits.case:g} s. Look for a loop that does not end.",
            "died": f"{call} ended the process ({WHY_IT_ENDS}).",
            "not called": f"{call} was not called: it gave no answer in earlier cases, and the other functions need the time that is left.",
        }.get(lost.outcome, f"{call}: {lost}.")
        if lost.outcome != "not called":
            session.lose(time.monotonic() - started)
        return Verdict(lost.outcome, said, f"Called {checks.Function.last.call}." if checks.Function.last else "")
    except OutOfTime:
        session.drop()  # what it may still answer is not for the next case
        if time.monotonic() >= end:
            raise
        return Verdict("timed out", "This case took too long.")
    except Exception as error:
        print(f"{case.id}: the test itself failed: {type(error).__name__}: {error}", file=log, flush=True)
        return Verdict("not judged", "The test itself failed. This is not your mistake; please tell the course staff.")


def _explained(failure: checks.CheckFailed, case: Case, session: Session, env: Remote) -> Verdict:
    """The verdict on a failed check. An error of the submission's comes with what to change; behind a probe's may be a missing name."""
    missing = [name for name in session.assignment.question(case.question).functions if name not in env]
    if isinstance(failure, checks.NotDefined) or (failure.outcome == "error" and missing):
        name = failure.name if isinstance(failure, checks.NotDefined) else missing[0]
        return Verdict("invalid", why_undefined(name, session.submission.cells, session.problems), failure.detail)
    if failure.outcome == "error" and isinstance(error := failure.__cause__, RemoteError):
        return Verdict(failure.outcome, f"{failure.claim} {advice(error.kind, str(error))}".strip(), failure.detail)
    return Verdict(failure.outcome, failure.claim, failure.detail)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def case_seed(seed: int, case: str) -> int:
    """The seed of one case's inputs: the same for the same seed of the submission, whatever other cases there are."""
    return int.from_bytes(hashlib.sha256(f"{seed} {case}".encode()).digest()[:6], "little")


def told(job: dict[str, Any]) -> tuple[Course, Assignment]:
    """What the supervisor's orders, plain data, are about. Also lets modules of the course be imported."""
    sys.path.insert(0, job["root"])
    course = replace(load_course(Path(job["root"])), diagnosis=job["diagnosis"])
    return course, replace(course.assignment(job["assignment"]).only(job["questions"]), limits=Limits(**job["limits"]))


def entry(job: dict[str, Any], foreman: Foreman) -> None:
    """The body of the examiner's process. job: the supervisor's orders, and what the foreman found."""
    course, assignment = told(job)
    submission = read_submission(Path(job["submission"]))
    with open(job["log"], "a", encoding="utf-8", errors="backslashreplace") as log:
        examine(
            course,
            assignment,
            submission,
            Path(job["out"]),
            foreman,
            seed=job["seed"],
            notes=job["notes"],
            log=log,
            device_problem=job["device_problem"],
            shown=job["shown"],
        )
