"""What this machine offers for grading, and what follows from it. Everything is found out by trying, in children."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.grading import confine
from autograder.grading.interpreter import readable_interpreter

WANTED_MEMORY, WANTED_DISK = 1 << 30, 1 << 30


@dataclass(frozen=True)
class Fact:
    """One thing about the machine. good: whether grading can rely on it. follows: what that means."""

    name: str
    found: str
    good: bool
    follows: str


def facts() -> list[Fact]:
    """All of them; takes some seconds, most of them torch's import."""
    return [_versions(), _torch(), _gpu(), _root(), _seccomp(), _landlock(), _separation(), _memory(), _processors(), _disk()]


def verdict(found: list[Fact]) -> str:
    """The one sentence that matters."""
    broken = [f.name for f in found if not f.good and f.name in ("root", "seccomp", "separation")]
    if broken:
        return f"Trusted submissions only: {', '.join(broken)} missing. Grade others in a container, as root."
    return "Submissions of strangers can be graded here."


def _versions() -> Fact:
    python, _ = readable_interpreter()
    return Fact(
        "Python",
        f"{platform.python_version()} on {platform.system()} {platform.release()} {platform.machine()}",
        True,
        f"students' processes run {python}",
    )


def _torch() -> Fact:
    import torch

    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
    return Fact("torch", f"{torch.__version__} ({build} build)", True, "the simulated accelerator needs 2.11 or newer")


def _gpu() -> Fact:
    import torch

    if torch.cuda.is_available():
        return Fact("GPU", torch.cuda.get_device_name(0), True, "audits can run device cases on it, too")
    return Fact("GPU", "none", True, "device cases run on the simulated accelerator; no point needs a GPU")


def _root() -> Fact:
    if confine.can_change_user():
        return Fact("root", "yes", True, "student code runs as users of their own")
    return Fact("root", "no", False, "student code runs as this user, and can read and change what you can")


def _seccomp() -> Fact:
    holds = _child(confine.seccomp)
    if holds:
        return Fact("seccomp", "filters are accepted", True, "student code has no network, starts no process, traces none")
    return Fact(
        "seccomp", "filters are refused", False, "student code could reach the network and start processes; as root nothing is graded"
    )


def _landlock() -> Fact:
    version = confine.landlock_version()
    if version:
        return Fact("Landlock", f"version {version}", True, "student code reads the interpreter and writes its own folder, nothing else")
    return Fact(
        "Landlock", "none", True, "file modes alone protect: keep the course in a folder of mode 0700; student code may write to /tmp"
    )


def _separation() -> Fact:
    if not confine.can_change_user():
        return Fact("separation", "not tried", False, "needs root")
    with tempfile.TemporaryDirectory() as private:
        secret = Path(private, "secret")
        secret.touch(0o600)
        folder = Path(tempfile.mkdtemp(prefix="doctor-"))
        uid = confine.free_uid()
        os.chown(folder, uid, uid)
        readable = confine.can_read(uid, folder, [secret])
        confine.remove(folder)
    if readable:
        return Fact("separation", "a confined process could read a secret, or could not start", False, "nothing hidden stays hidden")
    return Fact("separation", "a confined process could not read a secret", True, "hidden tests and solutions stay hidden")


def _memory() -> Fact:
    limit = min(_total_memory(), *_cgroup("memory.max", "memory/memory.limit_in_bytes"), 1 << 62)
    follows = "a submission being graded needs up to 1 GiB" if limit >= WANTED_MEMORY else "choose a larger container: grading needs 1 GiB"
    return Fact("memory", f"{limit / 2**30:.1f} GiB", limit >= WANTED_MEMORY, follows)


def _processors() -> Fact:
    usable: float = len(os.sched_getaffinity(0))
    quota = _cgroup_text("cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        usable = min(usable, int(quota[0]) / int(quota[1]))
    return Fact(
        "processors", f"{usable:g}", True, "one submission uses one" if usable >= 1 else "grading takes longer; limits count wall time"
    )


def _disk() -> Fact:
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    return Fact(
        "disk",
        f"{free / 2**30:.1f} GiB free in {place}",
        free >= WANTED_DISK,
        "enough" if free >= WANTED_DISK else "grading needs 1 GiB there",
    )


def _total_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cgroup(*names: str) -> list[int]:
    return [int(text) for name in names if (text := _cgroup_text(name).strip()).isdigit()]


def _cgroup_text(name: str) -> str:
    try:
        return Path("/sys/fs/cgroup", name).read_text()
    except OSError:
        return ""


def _child(question: Callable[[], bool]) -> bool:
    """The answer of a child, which may give up rights in finding it."""
    pid = os.fork()
    if pid == 0:
        answer = False
        try:
            confine.no_new_privileges()
            answer = question()
        finally:
            os._exit(0 if answer else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
