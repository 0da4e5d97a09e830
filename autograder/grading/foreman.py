"""The foreman: imports everything heavy once, knows no secret, and forks an examiner for each submission and the processes it asks for.

It runs no backward pass and no parallel region, because a fork after either hangs or fails. It starts from a clean environment with
``python -I -B`` and obeys its supervisor alone: one JSON message per job.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from autograder.grading import cases, confine, device, diagnose, examiner, worker
from autograder.grading.device import Device
from autograder.grading.wire import Channel

MESSAGE = 1 << 20
WATCH_SECONDS = 0.2


def main(control: int) -> None:
    """Serve jobs until the supervisor closes its end."""
    supervisor = socket.socket(fileno=control)
    base = Path(tempfile.mkdtemp(prefix="autograder-"))
    base.chmod(0o711)
    try:
        warm_up(base)
        supervisor.send(b"ready")
        while True:
            message, orders, _, _ = socket.recv_fds(supervisor, MESSAGE, 1)
            if not message:
                return
            supervisor.send(json.dumps(Foreman(base, supervisor).grade(json.loads(message), *orders)).encode())
    finally:
        shutil.rmtree(base, ignore_errors=True)


def warm_up(base: Path) -> None:
    """Import and make what students' processes and examiners need, so that forks find it there. base: for the shell's files."""
    import bdb  # noqa: F401

    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    import sympy  # noqa: F401
    import torch
    import torch._dynamo
    import torch.fx.experimental.symbolic_shapes
    import torch.utils.data

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    layer = torch.nn.Linear(2, 2)
    torch.optim.Adam(layer.parameters()).step()
    worker.make_shell(base)
    cases.exception_tests()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        raise RuntimeError("CUDA was initialized in the foreman: a forked process could not use it.")
    gc.collect()
    gc.freeze()


class Foreman:
    """One submission: its examiner and the student's processes that the examiner asks for."""

    def __init__(self, base: Path, supervisor: socket.socket) -> None:
        self.base = base
        self.supervisor = supervisor
        self.student: int | None = None
        self.uid: int | None = None
        self.folder: Path | None = None
        self.graded: Device | None = None
        self.diagnostician: int | None = None
        self.cpus: set[int] = set()  # where examiner, student's process and device take turns

    def grade(self, job: dict[str, Any], orders: int) -> dict[str, Any]:
        """Fork the examiner and serve its requests until it ends. Says how it ended and how students were separated.

        orders: a pipe with what the examiner alone may know (the seed among it). Students' processes are forked from this one, so it
        hands the pipe on unread.
        """
        problem = device.problem() if job["device"] else ""
        job["device"] = job["device"] and not problem
        isolation = self.isolation(job)
        notes = [] if isolation["separate"] else [f"*Trusted submissions only: {isolation['why']}*"]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        everywhere = os.sched_getaffinity(0)
        self.cpus = everywhere if job["gpu"] else confine.this_cpu()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                ours.close()
                self.supervisor.close()
                if not job["gpu"]:  # CUDA reserves far more address space than it uses
                    confine.limit_growth(job["memory"])  # what student code gives to a callback is computed with here
                code = _examiner(orders, {"notes": notes, "device_problem": problem}, _Requests(theirs, self.cpus))
            finally:
                os._exit(code)
        theirs.close()
        os.close(orders)
        with ours:
            fresh: list[int] = self.start_student(job)  # not asked for yet: the examiner reads the tests meanwhile
            while wanted := self._next_request(ours):
                if wanted == b"diagnostician":
                    ends = self.start_diagnostician(job)
                    socket.send_fds(ours, [b"here"], ends)
                    for end in ends:
                        os.close(end)
                else:
                    socket.send_fds(ours, [b"here"], fresh or self.restart_student(job))
                    fresh = []
        for process in filter(None, (pid, self.student, self.graded.pid if self.graded else None)):
            confine.stay_on(everywhere, process)  # they end side by side
        self.end_student()
        self.end_diagnostician()
        _, status = os.waitpid(pid, 0)
        return {"exit": os.waitstatus_to_exitcode(status), **isolation}

    def _next_request(self, examiner: socket.socket) -> bytes:
        """Wait for the examiner to ask for a process, with an eye on the student's folder. Empty at its end."""
        examiner.settimeout(WATCH_SECONDS)
        while True:
            try:
                return examiner.recv(MESSAGE)
            except TimeoutError:
                if self.folder is not None and confine.overfull(self.folder):
                    self._kill_student()

    def isolation(self, job: dict[str, Any]) -> dict[str, Any]:
        """Whether a student's process is another user that cannot read the secrets, found out by trying."""
        if not confine.can_change_user():
            return {"separate": False, "why": "the grader does not run as root, so student code runs as the same user."}
        if readable := _readable(self.base, tuple(job["secrets"])):
            return {"separate": False, "why": f"student code could read {readable[0]}. Remedy: chmod 700 its folder."}
        return {"separate": True, "why": ""}

    def make_folder(self, uid: int | None) -> None:
        self.uid = uid
        self.folder = Path(tempfile.mkdtemp(prefix="student-", dir=self.base))
        if uid is not None:
            os.chown(self.folder, uid, uid)

    def start_student(self, job: dict[str, Any]) -> list[int]:
        """Fork a student's process, and the device that it computes on when the homework has one.

        Returns the examiner's ends of their pipes (read, write; read, write), which `send_fds` duplicates.
        """
        self.make_folder(confine.free_uid() if confine.can_change_user() else None)
        assert self.folder is not None
        if job["device"]:
            self.graded = device.start(before=self._prepare_device)
        to_student, from_examiner = os.pipe()
        to_examiner, from_student = os.pipe()
        self.student = os.fork()
        if self.student == 0:
            try:
                self._student(to_student, from_student, job)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(to_student)
        os.close(from_student)
        self._ends = [to_examiner, from_examiner]
        if self.graded is None:
            return self._ends
        for end in self.graded.student:
            os.close(end)
        return [*self._ends, *self.graded.ends]

    def _student(self, read: int, write: int, job: dict[str, Any]) -> None:
        """The body of the student's process."""
        kept = _alone_with(read, write, *(self.graded.student if self.graded else ()))
        os.environ.update(HOME=str(self.folder), TMPDIR=str(self.folder), MPLCONFIGDIR=str(self.folder))
        tempfile.tempdir = None
        sys.path[:] = ["", *(p for p in sys.path if p != confine.PACKAGE_ROOT)]  # as in a notebook, first what lies beside it
        limits = {"memory": job["memory"], "cpu_seconds": job["cpu_seconds"], "gpu": job["gpu"]}
        assert self.folder is not None
        confine.confine(self.uid, self.folder, **limits, read_only=confine.readable_places())
        confine.stay_on(self.cpus)
        worker.serve(kept[0], kept[1], (kept[2], kept[3]) if self.graded else None)

    def restart_student(self, job: dict[str, Any]) -> list[int]:
        self.end_student()
        return self.start_student(job)

    def start_diagnostician(self, job: dict[str, Any]) -> list[int]:
        """Fork the process that explains failures, in the place of the old one; returns the examiner's ends of its pipes (read, write)."""
        self.end_diagnostician()
        to_child, from_examiner = os.pipe()
        to_examiner, from_child = os.pipe()
        self.diagnostician = os.fork()
        if self.diagnostician == 0:
            try:
                _diagnostician(to_child, from_child, job)
            finally:
                os._exit(0)
        os.close(to_child)
        os.close(from_child)
        return [to_examiner, from_examiner]

    def end_diagnostician(self) -> None:
        """Kill it and what it may still be asking."""
        if self.diagnostician is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.diagnostician, signal.SIGKILL)
            os.waitpid(self.diagnostician, 0)
            self.diagnostician = None

    def _prepare_device(self) -> None:
        """In the device's process, which knows no secret, and runs operations that student code chooses."""
        if confine.can_change_user():
            confine.confine(confine.free_uid(), self.base, memory=16 << 30, cpu_seconds=3600, read_only=confine.readable_places())
        confine.stay_on(self.cpus)

    def end_student(self) -> None:
        """Kill the student's process and everything else of its user, and remove its folder."""
        for end in self.__dict__.pop("_ends", []):
            os.close(end)
        self._kill_student()
        if self.graded is not None:
            self.graded.stop()
        if self.student is not None:
            os.waitpid(self.student, 0)
        if self.uid is not None:
            confine.kill_user(self.uid)
        if self.folder is not None:
            confine.remove(self.folder)
        self.student = self.uid = self.folder = self.graded = None

    def _kill_student(self) -> None:
        if self.student is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.student, signal.SIGKILL)


@functools.cache
def _readable(base: Path, secrets: tuple[str, ...]) -> list[Path]:
    """Which of the secrets a student's process could open. Tried once for the same ones: each try costs a fork."""
    return confine.can_read(confine.free_uid(), base, [Path(secret) for secret in secrets])


def _diagnostician(read: int, write: int, job: dict[str, Any]) -> None:
    """The body of the diagnostician's process. What it is for comes from the examiner, so that no student's process is forked with it."""
    if not job["gpu"]:
        confine.limit_growth(job["memory"])
    channel = Channel(*_alone_with(read, write), blocking=True)
    orders, _ = channel.receive()
    os.dup2(1, 2)
    _, assignment = examiner.told(orders)
    diagnose.serve(assignment, channel)


def _alone_with(*ends: int) -> list[int]:
    """Leave the foreman's session and its descriptors, but for these, which are returned under new numbers.

    Errors still reach the foreman's log: in a student's process until the worker is up, before any byte of the student runs.
    """
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    kept = [os.dup2(end, number) for number, end in enumerate(ends, start=60)]
    os.closerange(3, 60)
    os.closerange(60 + len(kept), 4096)
    return kept


class _Requests:
    """What the examiner asks the foreman for; see `examiner.Foreman`.

    cpus: where the student's process runs once it is up, and its device. The examiner joins them when it asks for them: they take turns,
    and to wake a process on another CPU takes longer than most of their messages.
    """

    def __init__(self, link: socket.socket, cpus: set[int]) -> None:
        self.link = link
        self.cpus = cpus
        self.orders: dict[str, Any] = {}

    def student(self) -> tuple[Channel, Device | None]:
        confine.stay_on(self.cpus)
        fds = self._ask(b"student")
        return Channel(*fds[:2]), Device.at(*fds[2:]) if len(fds) == 4 else None

    def diagnostician(self) -> Channel:
        channel = Channel(*self._ask(b"diagnostician"))
        channel.send({name: self.orders[name] for name in ("root", "diagnosis", "assignment", "questions", "limits")})
        return channel

    def _ask(self, what: bytes) -> list[int]:
        self.link.send(what)
        _, fds, _, _ = socket.recv_fds(self.link, 16, 4)
        return fds


def _examiner(orders: int, found: dict[str, Any], foreman: _Requests) -> int:
    """The body of the examiner's process; returns its exit status. found: what the foreman saw on this machine."""
    with open(orders, encoding="utf-8") as pipe:
        foreman.orders = {**json.load(pipe), **found}
    try:
        examiner.entry(foreman.orders, foreman)
    except BaseException:
        with contextlib.suppress(OSError), open(foreman.orders["log"], "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        return 1
    finally:
        foreman.link.close()  # the foreman can tidy up while this process ends
    return 0
