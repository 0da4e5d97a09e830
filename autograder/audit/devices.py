"""The reference on every device that this machine has: ``python -m autograder.audit.devices [hw ...]``, or ``make gpu``."""

from __future__ import annotations

import sys

import torch
from rich.table import Table

from autograder.audit.local import run_row
from autograder.audit.rows import reference_row
from autograder.audit.table import console
from autograder.content import load_course
from autograder.grading.cases import load_cases


def main(names: list[str]) -> int:
    """Print one row per device case; 1 when the reference fails one."""
    course = load_course()
    cuda = f"and {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "alone: NO CUDA DEVICE HERE"
    table = Table(title=f"Device cases on the simulated accelerator {cuda} (torch {torch.__version__})", title_justify="left")
    for heading in ("homework", "case", "what must hold"):
        table.add_column(heading)
    for heading in ("points", "operations on sim", "reference"):
        table.add_column(heading, justify="right")
    failed = 0
    for name in names or course.assignments:
        assignment = course.assignment(name)
        cases = [c for q in assignment.coded for c in load_cases(assignment.test_source(q.id, hidden=True), f"{q.id}.py")]
        on_device = {c.id for c in cases if c.device}
        for outcome in run_row(assignment, reference_row(assignment)):
            if outcome.case in on_device:
                failed += not outcome.passed
                verdict = "PASS" if outcome.passed else f"FAIL: {outcome.message.splitlines()[0]}"
                what = outcome.name.replace("_", " ")
                table.add_row(name, outcome.case, what, f"{outcome.points:g}", str(outcome.operations), verdict)
    console().print(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
