"""Take a freshly forked process's rights away: user, resources, and where the kernel offers Landlock, the file system."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import os
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

UIDS = range(200_000, 1_000_000)

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same numbers on x86-64 and aarch64
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3


def can_change_user() -> bool:
    return os.geteuid() == 0


def free_uid() -> int:
    """A user id that no process has."""
    while True:
        uid = random.SystemRandom().choice(UIDS)
        if _has_none(uid):
            return uid


def confine(uid: int | None, folder: Path, *, memory: int, cpu_seconds: int, read_only: Iterable[str], gpu: bool = False) -> None:
    """In the child, before any byte of the student runs: limits, no new privileges, Landlock where there is one, another user.

    uid None: no root, so the user stays; `read_only`: what may be read beside `folder`. gpu: open NVIDIA's devices, and lift the limit
    on address space, of which CUDA reserves far more than it uses.
    """
    os.chdir(folder)
    for name, value in {
        "AS": resource.RLIM_INFINITY if gpu else memory,
        "CPU": cpu_seconds,
        "CORE": 0,
        "FSIZE": 16 << 20,  # times NOFILE: what open files without a name can hold, which no look into the folder finds
        "NOFILE": 64,
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
    no_new_privileges()
    landlock([*read_only, *SYSTEM_PLACES], [str(folder), "/dev/null", *(glob.glob("/dev/nvidia*") if gpu else ())])
    if uid is not None and not seccomp():
        raise OSError("this kernel does not accept a seccomp filter")


def no_new_privileges() -> None:
    """Give up what set-user-id programs could give; a seccomp filter needs it."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


SYSTEM_PLACES = ("/usr", "/lib", "/lib64", "/etc/localtime", "/dev/null", "/dev/urandom", "/proc/self", "/proc/cpuinfo", "/proc/meminfo")
"""Readable in a student's process. Of /proc only its own: the command lines of others are nobody's business."""

DENIED = {
    # name: (x86-64, aarch64). No network, no look into or signal to other processes, no memory outside the limits, no other program.
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "execve": (59, 221),
    "execveat": (322, 281),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "pivot_root": (155, 41),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "inotify_init1": (294, 26),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "personality": (135, 92),
    "setpriority": (141, 140),
    "fork": (57, None),
    "vfork": (58, None),
}
_PRCTL, _CLONE, _CLONE3 = (157, 167), (56, 220), (435, 435)
_CLONE_THREAD = 0x00010000


def seccomp() -> bool:
    """Deny the system calls of `DENIED` and new processes with EPERM; threads stay possible. False where there is no such filter."""
    machine = os.uname().machine
    if machine not in _SECCOMP:
        return False
    column = list(_SECCOMP).index(machine)
    load, equal, at_least, any_bit, ret = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    refuse, absent = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    program = [(load, 0, 0, 4), (equal, 1, 0, _AUDIT_ARCH[machine]), (ret, 0, 0, kill), (load, 0, 0, 0)]
    if machine == "x86_64":
        program += [(at_least, 0, 1, 0x40000000), (ret, 0, 0, refuse)]  # the x32 calls have other numbers for the same things
    for numbers in DENIED.values():
        if (number := numbers[column]) is not None:
            program += [(equal, 0, 1, number), (ret, 0, 0, refuse)]
    # A process that outlives its foreman would have no one to end it.
    program += [(equal, 0, 4, _PRCTL[column]), (load, 0, 0, 16), (equal, 0, 1, _PR_SET_PDEATHSIG), (ret, 0, 0, refuse), (ret, 0, 0, allow)]
    program += [(equal, 0, 1, _CLONE3[column]), (ret, 0, 0, absent)]  # its flags lie in memory; the C library then falls back to clone
    program += [(equal, 0, 3, _CLONE[column]), (load, 0, 0, 16), (any_bit, 1, 0, _CLONE_THREAD), (ret, 0, 0, refuse), (ret, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    filter_ = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    tsync = 1
    return bool(_libc.syscall(_SECCOMP[machine], 1, tsync, ctypes.create_string_buffer(filter_)) == 0)


def _limit(name: str, value: int) -> None:
    which = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def limit_growth(size: int) -> None:
    """Let this process map at most `size` bytes more than it does now."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _limit("AS", mapped + size)


def landlock_version() -> int:
    """The version of the kernel's Landlock; 0 where there is none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))))


def landlock(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow reading below `readable` and everything below `writable`, nothing else. False where the kernel has no Landlock."""
    abi = landlock_version()
    if not abi:
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
    done = bool(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0)
    os.close(ruleset)
    return done


def this_cpu() -> set[int]:
    """The CPU on which this process runs; all that it may use where that cannot be known."""
    cpus = os.sched_getaffinity(0)
    return {_libc.sched_getcpu()} & cpus or cpus


def stay_on(cpus: set[int], pid: int = 0) -> None:
    """Let a process, this one unless told, run on these CPUs alone: for speed, so where it is not allowed, nothing happens."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(pid, cpus)


PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


def readable_places() -> list[str]:
    """Where the running interpreter and its packages lie; not this package's own folder, beside which the secrets may be."""
    return sorted({sys.prefix, sys.base_prefix, *(p for p in sys.path if os.path.isdir(p) and p != PACKAGE_ROOT)})


def kill_user(uid: int, seconds: float = 5.0) -> bool:
    """Kill every process of `uid`, and say whether none is left. ``kill(-1)`` of that user's own is atomic; a walk over pids is not."""
    end = time.monotonic() + seconds
    while not _has_none(uid):
        if time.monotonic() > end:
            return False
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                os.kill(-1, signal.SIGKILL)
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(0.01)
    return True


MAX_FILES, MAX_STORED = 20_000, 256 << 20


def overfull(folder: Path) -> bool:
    """Whether a student's folder holds more files or bytes than any homework needs, or a path too long to look at."""
    files, stored, places = 0, 0, [str(folder)]
    while places:
        try:
            with os.scandir(places.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    files, stored = files + 1, stored + 512 * status.st_blocks
                    if files > MAX_FILES or stored > MAX_STORED:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        places.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False


def remove(folder: Path, seconds: float = 60.0) -> None:
    """Remove a student's folder, however deep: by ``rm``, which does not recurse and follows no link. Most are empty."""
    with contextlib.suppress(OSError):
        os.rmdir(folder)
        return
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], stderr=subprocess.DEVNULL, timeout=seconds, check=False)


def _has_none(uid: int) -> bool:
    """Whether this user has no process but such as have ended."""
    try:
        os.getpriority(os.PRIO_USER, uid)
    except ProcessLookupError:
        return True  # one system call, where the walk makes three for each process of the machine
    except OSError:
        pass
    return not any(u == uid and state != "Z" for u, state in _processes())


def _processes() -> list[tuple[int, str]]:
    """(user id, state) of every process."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/status", "rb") as status:
                if fields := _STATE_AND_USER.search(status.read()):
                    found.append((int(fields[2]), fields[1].decode()))
    return found


_STATE_AND_USER = re.compile(rb"^State:\t(\w).*^Uid:\t(\d+)", re.MULTILINE | re.DOTALL)


def can_read(uid: int | None, folder: Path, secrets: Sequence[Path]) -> list[Path]:
    """Which of `secrets` a confined process can open: asked by trying, in a child confined like a student's. All, if that fails."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            confine(uid, folder, memory=4 << 30, cpu_seconds=10, read_only=readable_places())
            os.write(write, b"".join(b"open" if _opens(secret) else b"shut" for secret in secrets))
        os._exit(0)
    os.close(write)
    with open(read, "rb") as answer:
        found = answer.read()
    os.waitpid(pid, 0)
    return [secret for number, secret in enumerate(secrets) if found[4 * number :][:4] != b"shut"]


def _opens(secret: Path) -> bool:
    try:
        os.listdir(secret) if secret.is_dir() else open(secret, "rb").close()
    except OSError:
        return False
    return True
