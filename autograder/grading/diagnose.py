"""Which known misconception explains a submission's answers: the question's faults are asked the same and their answers compared.

A wrong diagnosis is worse than none. One is made only if every answer of the submission to the question's cases is, up to rounding, that of
one fault and of no other, and not that of the reference. Faults run in children with limits, forked from a process that the foreman forks,
because a fork after a backward pass, of which tests have many, fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from autograder.audit.marks import Fault
from autograder.audit.rows import Row, reference_row, variant_rows
from autograder.content import Assignment
from autograder.grading import wire
from autograder.grading.remote import Call
from autograder.grading.same import Frame, error_kind, same_call, same_reply
from autograder.grading.worker import Worker

FAULT_SECONDS = 3.0
"""Processor time of one fault. A fault that needs more does not explain answers that came in time."""

MAX_CALL = 4 << 20
"""Bytes of one recorded call; a larger one is left out of the comparison."""
MAX_BYTES = 32 << 20
"""Of recorded calls to one question; with more, it is not diagnosed."""


@dataclass(frozen=True)
class Diagnosis:
    """name: of the fault that explains the answers; text: its misconception and hint. Without one: the reason, for staff."""

    name: str = ""
    text: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return self.name or f"none ({' '.join(self.reason.split())})"


def remember(calls: list[Call], more: list[Call]) -> bool:
    """Add the calls of a case to those of its question; beyond `MAX_BYTES` in all, without what they carried.

    Returns whether one was left out because it alone is larger than `MAX_CALL`.
    """
    kept = [call for call in more if call.size <= MAX_CALL]
    calls += kept
    if sum(call.size for call in calls) > MAX_BYTES:
        for call in calls:
            call.blob, call.data, call.callbacks = b"", b"", None
            call.answer = call.answer and {}
    return len(kept) < len(more)


class Diagnostician:
    """A process that knows the faults, started when a question is to be explained."""

    def __init__(self, start: Callable[[], wire.Channel]) -> None:
        self.start = start
        self.channel: wire.Channel | None = None

    def explain(self, question: str, calls: list[Call], seconds: float) -> Diagnosis:
        """Compare the recorded calls of one question with every fault that loses it. Takes at most `seconds`; never raises."""
        if any(call.answer is None for call in calls):
            return Diagnosis(reason="a call hung or ended the process, and so gave nothing to compare")
        if not calls:
            return Diagnosis(reason="nothing was called")
        if all((call.answer or {}).get("error", [""])[0] == "NotImplementedError" for call in calls):
            return Diagnosis(reason="nothing was attempted")
        if any(call.callbacks is None for call in calls):
            return Diagnosis(reason="the recorded calls are too large")
        records, blobs = [], []
        for call in calls:
            assert call.callbacks is not None
            request = {"name": call.name, "probe": call.probe, "seed": call.seed, **call.fields}
            back = [(asked, len(data), reply, len(blob)) for asked, data, reply, blob in call.callbacks]
            records.append([request, len(call.blob), call.answer, len(call.data), back])
            blobs += [call.blob, call.data, *(part for _, data, _, blob in call.callbacks for part in (data, blob))]
        try:
            end = time.monotonic() + seconds
            self.channel = self.channel or self.start()
            self.channel.send({"question": question, "seconds": seconds, "calls": records}, b"".join(blobs), end)
            answer, _ = self.channel.receive(end + 5)
        except wire.WireError as error:
            self.channel = None  # an answer that comes late is not the next question's
            return Diagnosis(reason=f"the diagnosis failed: {error}")
        return Diagnosis(**answer)


@dataclass(frozen=True)
class Record:
    """One recorded call: what was asked, what the submission answered, and its callbacks as (asked, reply)."""

    request: Frame
    answer: Frame
    callbacks: list[tuple[Frame, Frame]]


def serve(assignment: Assignment, channel: wire.Channel) -> None:
    """The body of the diagnostician's process: one question per request, until the examiner closes its end."""
    rows: list[Row] = []
    while True:
        try:
            header, blob = channel.receive()
        except wire.Closed:
            return
        try:
            rows = rows or [reference_row(assignment), *variant_rows(assignment, "fault")]
            end = time.monotonic() + header["seconds"]
            diagnosis = _diagnose(assignment, rows, header["question"], list(_records(header["calls"], blob)), end)
        except Exception:
            diagnosis = Diagnosis(reason=f"the diagnosis failed: {traceback.format_exc(limit=-3)}")
        channel.send(vars(diagnosis))


def _records(calls: list[Any], blob: bytes) -> Iterator[Record]:
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return blob[at - size : at]

    for request, asked, answer, answered, callbacks in calls:
        call, reply = (request, take(asked)), (answer, take(answered))
        back = [((json.loads(a), take(size)), (json.loads(b), take(other))) for a, size, b, other in callbacks]
        yield Record(call, reply, back)


def _diagnose(assignment: Assignment, rows: list[Row], question: str, records: list[Record], end: float) -> Diagnosis:
    reference, *faults = rows
    candidates = [
        r for r in faults if isinstance(r.declaration, Fault) and question in r.declaration.loses and not r.declaration.only_limited
    ]
    try:
        (control,) = _replay(assignment, [reference], records, None, end)
        if not control:
            return Diagnosis(reason="the reference could not be asked")
        if control["same"]:
            return Diagnosis(reason="the reference gives the same answers")
        answers = _replay(assignment, candidates, records, control["errors"], end)
    except TimeoutError:
        return Diagnosis(reason="time was up")
    found = [row.declaration for row, answer in zip(candidates, answers, strict=True) if answer.get("same")]
    if len(found) == 1:
        assert isinstance(found[0], Fault)
        return Diagnosis(found[0].name, f"{found[0].misconception} {found[0].hint}")
    names = ", ".join(f.name for f in found if f is not None)
    return Diagnosis(reason=f"several faults give the same answers: {names}" if found else "no fault gives the same answers")


def _replay(assignment: Assignment, rows: list[Row], records: list[Record], errors: list[str] | None, end: float) -> list[dict[str, Any]]:
    """For each row, whether it answers the recorded calls as recorded ("same"), and its "errors" by call; {} when it died or took too long.

    errors: of the reference, by call; None for the reference itself, which is asked on after a difference. The rows run in a forked child,
    and after a death in another. Raises TimeoutError when `end` comes first.
    """
    answers: list[dict[str, Any]] = []
    while len(answers) < len(rows):
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                resource.setrlimit(resource.RLIMIT_AS, (assignment.limits.memory,) * 2)
                signal.setitimer(signal.ITIMER_REAL, left)
                for row in rows[len(answers) :]:
                    signal.setitimer(signal.ITIMER_PROF, FAULT_SECONDS)
                    script = Script(assignment.probes, row, records, errors)
                    with contextlib.suppress(wire.Closed):
                        Worker(script, PlainShell()).serve()  # type: ignore[arg-type]
                    answer = {"same": script.same and script.at == len(records), "errors": script.errors}
                    os.write(write, json.dumps(answer).encode() + b"\n")
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as said:
            answers += map(json.loads, said)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
            raise TimeoutError
        if len(answers) < len(rows):
            answers.append({})
    return answers


class PlainShell:
    """Runs a row's cells, which are plain Python, without the 80 ms that IPython takes to start."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"__name__": "__main__"}

    def run_cell(self, source: str, store_history: bool) -> SimpleNamespace:
        exec(compile(source, "<cell>", "exec"), self.user_ns)
        return SimpleNamespace(error_before_exec=None, error_in_exec=None)


class Script:
    """Stands for a worker's channel: asks what the submission was asked, in order, and compares the answers."""

    def __init__(self, probes: str, row: Row, records: list[Record], errors: list[str] | None) -> None:
        self.opening = [{"do": "probes", "source": probes}, *({"do": "cell", "source": cell} for cell in row.cells)]
        self.records = records
        self.reference = errors
        self.errors = [""] * len(records)
        self.same = True
        self.at = 0
        self.pending: Frame | None = None
        self.expected: list[tuple[Frame, Frame]] = []

    def receive(self, deadline: float | None = None) -> Frame:
        if self.pending is not None:
            reply, self.pending = self.pending, None
            return reply
        if self.opening:
            return {"id": 0, **self.opening[0]}, b""
        if self.at == len(self.records) or (self.reference is not None and not self.same):
            raise wire.Closed("the script is at its end")
        record = self.records[self.at]
        self.expected = list(record.callbacks)
        return {"id": 0, "do": "call", "on_device": False, **record.request[0]}, record.request[1]

    def send(self, header: dict[str, Any], blob: bytes = b"", deadline: float | None = None) -> None:
        if self.opening:
            del self.opening[0]
        elif "callback" in header:
            self._callback(header, blob)
        else:
            self._answer(header, blob)

    def _callback(self, header: dict[str, Any], blob: bytes) -> None:
        """A callback is answered as the submission's was; one that the submission did not make is a difference, and the end."""
        if self.same and self.expected:
            (asked, data), reply = self.expected.pop(0)
            if asked["callback"] == header["callback"] and same_call((asked, data), (header, blob)):
                self.pending = reply
                return
        self.same = False
        self.at = len(self.records)
        raise wire.Closed("another callback than the submission's")

    def _answer(self, header: dict[str, Any], blob: bytes) -> None:
        if self.at == len(self.records):
            return
        record = self.records[self.at]
        self.errors[self.at] = error_kind(header)
        any_message = self.reference is None or (self.reference[self.at] != "" and self.reference[self.at] == self.errors[self.at])
        self.same = self.same and not self.expected and same_reply(record.request, record.answer, (header, blob), any_message=any_message)
        self.at += 1
