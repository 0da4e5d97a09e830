"""Kill a whole grader at a random moment, and look at what lies on the disk."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema

from tests.support import GRADESCOPE, ROOT, TOY


def kill_one(notebook: Path, out: Path, seconds: float, *, judging: bool) -> int:
    """Grade, kill the supervisor and the foreman, check the results file. Returns the number of verdicts in it.

    The kill comes `seconds` after the file appeared, or with `judging` after the first verdict stood in it.
    """
    command = [sys.executable, "-m", "autograder", "grade", "--root", str(TOY), str(notebook), "--assignment", "toy", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as grader:
        while grader.poll() is None and not (out.exists() and (not judging or "max_score" in out.read_text(encoding="utf-8"))):
            time.sleep(0.005)
        time.sleep(seconds)
        children = Path(f"/proc/{grader.pid}/task/{grader.pid}/children")
        victims = [grader.pid, *map(int, children.read_text().split())] if children.exists() else [grader.pid]
        random.shuffle(victims)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    results = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(results, GRADESCOPE)
    return sum("max_score" in row and "not graded" not in row["tags"] for row in results["tests"])
