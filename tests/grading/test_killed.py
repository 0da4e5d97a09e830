"""results.json is valid at every instant, whatever is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from autograder.content import Course
from autograder.grading.grade import Foreman, GradingError
from tests.grading.killing import kill_one
from tests.support import DESCEND, GRADESCOPE, MEAN, rows

Grade = Callable[..., dict[str, Any]]
SLOW = MEAN.replace("    return", "    import time; time.sleep(0.05)\n    return")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_a_killed_grader_leaves_valid_results(number: int, notebook: Callable[..., Path], tmp_path: Path) -> None:
    kill_one(notebook("import torch", SLOW, DESCEND), tmp_path / "out.json", random.uniform(0, 1), judging=number % 2 == 1)


def test_a_killed_examiner_leaves_valid_results_that_say_so(
    foreman: Foreman, toy: Course, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    work = notebook("import torch", MEAN, "def descend(w, g, lr):\n    while True: pass")

    def kill() -> None:
        while not out.exists() or "**PASS**" not in out.read_text(encoding="utf-8"):
            time.sleep(0.01)
        children = Path(f"/proc/{foreman.process.pid}/task/{foreman.process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)  # the examiner is forked first

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(GradingError, match="ended early"):
        foreman.grade(toy, toy.assignment("toy"), work, out)
    killer.join()
    results = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(results, GRADESCOPE)
    assert rows(results)["1.1"]["status"] == "passed" and "tell the course staff" in results["output"]


def test_whoever_reads_the_results_while_they_grow_finds_them_valid(grade_cells: Grade, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if (tmp_path / "results.json").exists():
                seen.append(json.loads((tmp_path / "results.json").read_text(encoding="utf-8")))

    reader = threading.Thread(target=read)
    reader.start()
    grade_cells("import torch", SLOW, DESCEND)
    done.set()
    reader.join()
    assert len(seen) > 3
    for results in {json.dumps(r) for r in seen}:
        jsonschema.validate(json.loads(results), GRADESCOPE)
