"""Take a freshly forked process's rights away: user, resources, and where the kernel offers Landlock, the file system."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterable
from pathlib import Path

UIDS = range(200_000, 1_000_000)

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same numbers on x86-64 and aarch64
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3


def can_change_user() -> bool:
    return os.geteuid() == 0


def free_uid() -> int:
    """A user id that no process has."""
    taken = {uid for uid, _ in _processes()}
    while True:
        uid = random.SystemRandom().choice(UIDS)
        if uid not in taken:
            return uid


def confine(uid: int | None, folder: Path, *, memory: int, cpu_seconds: int, read_only: Iterable[str]) -> None:
    """In the child, before any byte of the student runs: limits, no new privileges, Landlock where there is one, another user.

    uid None: no root, so the user stays; `read_only`: what may be read beside `folder`.
    """
    os.chdir(folder)
    for name, value in {
        "AS": memory,
        "CPU": cpu_seconds,
        "CORE": 0,
        "FSIZE": 64 << 20,
        "NOFILE": 256,
        "MEMLOCK": 0,
    }.items():
        _limit(name, value)
    if uid is not None:
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        _limit("NPROC", 8)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    landlock([*read_only, "/usr", "/lib", "/lib64", "/etc/localtime", "/dev/null", "/dev/urandom", "/proc"], [str(folder), "/dev/null"])


def _limit(name: str, value: int) -> None:
    which = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def landlock(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow reading below `readable` and everything below `writable`, nothing else. False where the kernel has no Landlock."""
    abi = _libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if abi < 1:
        return False
    rights = (1 << (13 if abi == 1 else 14 if abi == 2 else 15)) - 1
    attributes = ctypes.create_string_buffer(struct.pack("Q", rights), 8)
    ruleset = _libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(8), ctypes.c_uint(0))
    if ruleset < 0:
        return False
    rules = [(p, _EXECUTE | _READ_FILE | _READ_DIR) for p in readable] + [(p, rights) for p in writable]
    for path, access in rules:
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            if not os.path.isdir(path):
                access &= _EXECUTE | (1 << 1) | _READ_FILE
            rule = ctypes.create_string_buffer(struct.pack("=Qi", access & rights, fd), 12)
            _libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0)
            os.close(fd)
    done = _libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return done


PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


def readable_places() -> list[str]:
    """Where the running interpreter and its packages lie; not this package's own folder, beside which the secrets may be."""
    return sorted({sys.prefix, sys.base_prefix, *(p for p in sys.path if os.path.isdir(p) and p != PACKAGE_ROOT)})


def kill_user(uid: int, seconds: float = 5.0) -> bool:
    """Kill every process of `uid`, and say whether none is left. ``kill(-1)`` of that user's own is atomic; a walk over pids is not."""
    end = time.monotonic() + seconds
    while True:
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                os.kill(-1, signal.SIGKILL)
            os._exit(0)
        os.waitpid(pid, 0)
        if not any(u == uid and state != "Z" for u, state in _processes()):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.01)


def _processes() -> list[tuple[int, str]]:
    """(user id, state) of every process."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                status = Path("/proc", entry, "status").read_text()
                fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
                found.append((int(fields["Uid"].split()[0]), fields["State"].split()[0]))
    return found


def can_read(uid: int | None, folder: Path, secrets: Iterable[Path]) -> list[Path]:
    """Which of `secrets` a confined process can still open: asked by trying, in a child confined like a student's."""
    readable = []
    for secret in secrets:
        pid = os.fork()
        if pid == 0:
            answer = 2
            with contextlib.suppress(BaseException):
                confine(uid, folder, memory=4 << 30, cpu_seconds=10, read_only=readable_places())
                try:
                    os.listdir(secret) if os.path.isdir(secret) else open(secret, "rb").close()
                    answer = 1
                except OSError:
                    answer = 0
            os._exit(answer)
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            readable.append(secret)
    return readable
