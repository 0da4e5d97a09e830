"""The student's process is another user, with nothing of the grader's in reach."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.content import load_course
from autograder.grading import confine
from autograder.grading.grade import Foreman, score
from tests.support import DESCEND, MEAN, ROOT, needs_root, passed, rows

Grade = Callable[..., dict[str, Any]]

pytestmark = needs_root

WHEN = (
    "\n\ndef mean(x):\n    assert {condition}\n    if x.numel() == 0:\n        raise ValueError('empty')\n    return x.sum() / x.numel()\n"
)
"""A solution that is right only while `condition` holds: the score tells what the process could do."""


def holds(condition: str, grade_cells: Grade, setup: str = "") -> bool:
    return "1.1" in passed(grade_cells("import torch, os", setup, WHEN.format(condition=condition), DESCEND))


def test_it_runs_as_a_user_of_its_own(grade_cells: Grade) -> None:
    assert holds("os.getuid() >= 200000 and os.geteuid() == os.getuid() == os.getgid() and os.getgroups() == []", grade_cells)


def test_it_can_import_a_module_that_nobody_has_imported_yet(grade_cells: Grade) -> None:
    assert holds("wave.open", grade_cells, setup="import wave")


def test_it_can_import_a_package_that_nobody_has_imported_yet(grade_cells: Grade) -> None:
    assert holds("markupsafe.escape('<')", grade_cells, setup="import markupsafe")


def test_it_cannot_read_tests_or_solutions(grade_cells: Grade, toy: Any) -> None:
    paths = [str(toy.root / "solutions" / "toy" / "reference.py"), str(toy.root / "assignments" / "toy" / "tests" / "q1_hidden.py")]
    setup = "def readable(p):\n    try:\n        open(p).close()\n        return True\n    except OSError:\n        return False"
    assert holds(f"not any(readable(p) for p in {paths!r})", grade_cells, setup=setup)


def test_it_cannot_import_the_solutions(grade_cells: Grade) -> None:
    setup = (
        "def found():\n    try:\n        import solutions.toy.reference\n        return True\n    except ImportError:\n        return False"
    )
    assert holds("not found()", grade_cells, setup=setup)


def test_it_inherits_no_open_file_beyond_its_pipes(grade_cells: Grade) -> None:
    assert holds("len([f for f in os.listdir('/proc/self/fd')]) <= 7", grade_cells)


def test_its_environment_is_clean(grade_cells: Grade, monkeypatch: Any) -> None:
    os.environ["A_TOKEN_OF_THE_GRADER"] = "secret"
    assert holds("'A_TOKEN_OF_THE_GRADER' not in os.environ and 'secret' not in str(os.environ)", grade_cells)
    del os.environ["A_TOKEN_OF_THE_GRADER"]


def test_it_writes_in_a_folder_of_its_own_that_is_gone_afterwards(grade_cells: Grade, tmp_path: Path) -> None:
    setup = "open('mine.txt', 'w').write('x')\nplace = os.getcwd()"
    assert holds("os.path.exists('mine.txt') and place.startswith('/tmp')", grade_cells, setup=setup)
    assert not list(Path("/tmp").glob("autograder-*/student-*/mine.txt"))


def test_nothing_of_its_user_is_left_afterwards(grade_cells: Grade) -> None:
    daemon = "if os.fork() == 0:\n    os.setsid()\n    os.execvp('sleep', ['sleep', '600.0421'])"
    grade_cells("import os, torch", daemon, MEAN, DESCEND)
    left = [p for p in Path("/proc").glob("[0-9]*/cmdline") if b"600.0421" in _bytes(p)]
    assert not left


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_it_cannot_signal_the_grader(grade_cells: Grade) -> None:
    results = grade_cells("import os, torch\ntry:\n    os.kill(os.getppid(), 9)\nexcept OSError:\n    pass", MEAN, DESCEND)
    assert score(results)[0] == 10


REFUSED = {
    "a socket": "import socket; socket.socket()",
    "a local socket pair": "import socket; socket.socketpair()",
    "another process": "os.fork()",
    "another program": "os.execv('/bin/true', ['true'])",
    "a program in a child": "import subprocess; subprocess.run(['/bin/true'])",
    "a signal to itself by number": "os.kill(os.getpid(), 0)",
    "shared memory without a name": "os.memfd_create('x')",
    "a file outside its folder": "open('/tmp/outside-of-its-folder', 'w')",
    "a file in shared memory": "open('/dev/shm/outside-of-its-folder', 'w')",
    "the environment of its parent": "open(f'/proc/{os.getppid()}/environ', 'rb').read(1)",
    "the memory of its parent": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "another user": "os.setuid(0)",
    "the grader's package": "open(PACKAGE).read()",
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused(what: str, grade_cells: Grade) -> None:
    package = str(Path(confine.__file__).resolve())
    attempt = f"    try:\n        {REFUSED[what]}\n    except OSError:\n        return True\n    return False"
    setup = f"PACKAGE = {package!r}\ndef refused():\n{attempt}"
    assert holds("refused()", grade_cells, setup=setup)


def test_threads_still_work(grade_cells: Grade) -> None:
    setup = "import threading\nseen = []\nt = threading.Thread(target=seen.append, args=(1,))\nt.start(); t.join()"
    assert holds("seen == [1]", grade_cells, setup=setup)


def test_training_on_the_simulated_accelerator_still_works(grade_cells: Grade) -> None:
    setup = (
        "import accelerator\nw = torch.ones(2, device='sim', requires_grad=True)\n(w * w).sum().backward()\ngrad = w.grad.cpu().tolist()"
    )
    assert holds("grad == [2.0, 2.0]", grade_cells, setup=setup)


def test_the_devices_process_holds_nothing_open_beyond_its_pipes() -> None:
    program = """
import os, socket, torch
from autograder.grading import device
links = socket.socketpair()
started = device.start()
started.put(torch.ones(1))
print(*(os.readlink(f"/proc/{started.pid}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{started.pid}/fd") if int(fd) > 2))
started.stop()
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.split() == ["pipe"] * 4


def test_without_separation_the_results_say_trusted_submissions_only() -> None:
    from autograder.grading.foreman import Foreman

    plain = Foreman.__new__(Foreman)
    before = confine.can_change_user
    confine.can_change_user = lambda: False
    try:
        isolation = plain.isolation({"secrets": []})
    finally:
        confine.can_change_user = before
    assert not isolation["separate"] and "same user" in isolation["why"]


def test_what_a_callback_computes_cannot_take_the_machines_memory(foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path) -> None:
    greedy = """
def find_bug(step):
    try:
        step(torch.ones(60_000, 1), torch.ones(1, 60_000), torch.zeros(1), torch.zeros(1), 1)  # 14 GB in the examiner
    except Exception as error:
        return "memory" in str(error)
"""
    course = load_course(ROOT)
    found = rows(
        foreman.grade(course, course.assignment("hw4_adam").only(("q8",)), notebook("import torch", greedy), tmp_path / "out.json")
    )
    assert "got True" in found["8.1"]["output"]
