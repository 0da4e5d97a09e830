"""The foreman: imports everything heavy once, knows no secret, and forks a student's process and an examiner for each submission.

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

from autograder.grading import confine, device
from autograder.grading.device import Device

MESSAGE = 1 << 20
WATCH_SECONDS = 0.2


def main(control: int) -> None:
    """Serve jobs until the supervisor closes its end."""
    supervisor = socket.socket(fileno=control)
    warm_up()
    base = Path(tempfile.mkdtemp(prefix="autograder-"))
    base.chmod(0o711)
    try:
        supervisor.send(b"ready")
        while True:
            message, orders, _, _ = socket.recv_fds(supervisor, MESSAGE, 1)
            if not message:
                return
            supervisor.send(json.dumps(Foreman(base, supervisor).grade(json.loads(message), *orders)).encode())
    finally:
        shutil.rmtree(base, ignore_errors=True)


def warm_up() -> None:
    """Import what students' processes and examiners need, so that forks find it there."""
    import bdb  # noqa: F401

    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    import sympy  # noqa: F401
    import torch
    import torch._dynamo
    import torch.fx.experimental.symbolic_shapes
    import torch.utils.data
    from IPython.core import application, completer, logger  # noqa: F401
    from IPython.core.magics import execution  # noqa: F401

    from autograder.grading import cases, examiner, worker  # noqa: F401

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    layer = torch.nn.Linear(2, 2)
    torch.optim.Adam(layer.parameters())
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
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                ours.close()
                self.supervisor.close()
                if not job["gpu"]:  # CUDA reserves far more address space than it uses
                    confine.limit_growth(job["memory"])  # what student code gives to a callback is computed with here
                code = _examiner(orders, {"notes": notes, "device_problem": problem}, theirs)
            finally:
                os._exit(code)
        theirs.close()
        os.close(orders)
        with ours:
            fresh: list[int] = self.start_student(job)  # not asked for yet: the examiner reads the tests meanwhile
            while self._is_asked(ours):
                socket.send_fds(ours, [b"here"], fresh or self.restart_student(job))
                fresh = []
        self.end_student()
        _, status = os.waitpid(pid, 0)
        return {"exit": os.waitstatus_to_exitcode(status), **isolation}

    def _is_asked(self, examiner: socket.socket) -> bool:
        """Wait for the examiner to ask for a student's process, with an eye on the present one's folder. False at its end."""
        examiner.settimeout(WATCH_SECONDS)
        while True:
            try:
                return bool(examiner.recv(MESSAGE))
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
            self.graded = device.start(before=self._confine_device)
        to_student, from_examiner = os.pipe()
        to_examiner, from_student = os.pipe()
        self.student = os.fork()
        if self.student == 0:
            try:
                _student(to_student, from_student, self.uid, self.folder, job, self.graded)
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

    def restart_student(self, job: dict[str, Any]) -> list[int]:
        self.end_student()
        return self.start_student(job)

    def _confine_device(self) -> None:
        """In the device's process: it knows no secret, and runs operations that student code chooses."""
        if confine.can_change_user():
            confine.confine(confine.free_uid(), self.base, memory=16 << 30, cpu_seconds=3600, read_only=confine.readable_places())

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


def _student(read: int, write: int, uid: int | None, folder: Path, job: dict[str, Any], graded: Device | None) -> None:
    from autograder.grading import worker

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):  # errors reach the foreman's log until the worker is up, before any byte of the student runs
        os.dup2(null, fd)
    ends = [read, write, *(graded.student if graded else ())]
    kept = [os.dup2(end, number) for number, end in enumerate(ends, start=60)]
    os.closerange(3, 60)
    os.closerange(60 + len(kept), 4096)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder), MPLCONFIGDIR=str(folder))
    tempfile.tempdir = None
    sys.path[:] = [p for p in sys.path if p != confine.PACKAGE_ROOT]
    limits = {"memory": job["memory"], "cpu_seconds": job["cpu_seconds"], "gpu": job["gpu"]}
    confine.confine(uid, folder, **limits, read_only=confine.readable_places())
    worker.serve(kept[0], kept[1], (kept[2], kept[3]) if graded else None)


def _examiner(orders: int, found: dict[str, Any], link: socket.socket) -> int:
    """The body of the examiner's process; returns its exit status. found: what the foreman saw on this machine."""
    from autograder.grading.examiner import entry
    from autograder.grading.wire import Channel

    def spawn() -> tuple[Channel, Device | None]:
        link.send(b"student")
        _, fds, _, _ = socket.recv_fds(link, 16, 4)
        return Channel(*fds[:2]), Device.at(*fds[2:]) if len(fds) == 4 else None

    with open(orders, encoding="utf-8") as pipe:
        job = {**json.load(pipe), **found}
    try:
        entry(job, spawn)
    except BaseException:
        with contextlib.suppress(OSError), open(job["log"], "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        return 1
    finally:
        link.close()  # the foreman can tidy up while this process ends
    return 0
