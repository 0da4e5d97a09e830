"""Run one row in a forked child of this process: the namespace is executed once, then every case through Otter's own classes.

No separation between the work and the tests: this is for authors and for the comparison with stock Otter, never for submissions.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import types
from typing import Any

import torch._dynamo  # noqa: F401  optimizers import it on first use, which would take each child a second

from autograder import accelerator, checks
from autograder.audit.rows import Outcome, Row, all_rows, lost_questions, reference_row, stub_row
from autograder.content import Assignment
from autograder.grading.cases import load_cases
from autograder.grading.examiner import case_seed


def run_row(assignment: Assignment, row: Row, *, seed: int | None = None, seconds: float = 60.0, memory: int = 4 << 30) -> list[Outcome]:
    """Every case of every coded question. A child that loops or exhausts memory fails the cases that it did not reach.

    seed: of a verdict of the grader, for the same inputs; fresh ones when None.
    """
    cases = [c for q in assignment.coded for c in load_cases(assignment.test_source(q.id, hidden=True), f"tests/{q.id}.py")]
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        with os.fdopen(write, "w") as out:
            signal.alarm(max(1, int(seconds)))
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            _child(assignment, row, cases, out, seed)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answers:
        reached = {a["case"]: Outcome(**a) for a in map(json.loads, answers)}
    _, status = os.waitpid(pid, 0)
    death = f"the process ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "the process ended early"
    return [reached.get(c.id) or Outcome(c.id, c.name, c.points, c.hidden, False, "died", death) for c in cases]


def _child(assignment: Assignment, row: Row, cases: list[Any], out: Any, seed: int | None) -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    if assignment.probes:
        module = types.ModuleType("probes")
        exec(compile(assignment.probes, "probes.py", "exec"), module.__dict__)
        sys.modules["probes"] = module
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(row.cells, start=1):
        exec(compile(cell, f"<cell {number}>", "exec"), namespace)
    for case in cases:
        outcome, message = "correct", ""
        counting = accelerator.measure() if case.device else contextlib.nullcontext(None)
        try:
            with counting as ledger, contextlib.nullcontext() if seed is None else checks.seeded(case_seed(seed, case.id)):
                case.run(namespace)
        except checks.CheckFailed as error:
            outcome, message = error.outcome, str(error)
        except BaseException as error:
            outcome, message = "error", f"{type(error).__name__}: {error}"
        operations = ledger.operations if ledger else 0
        answer = Outcome(case.id, case.name, case.points, case.hidden, outcome == "correct", outcome, message, operations)
        out.write(json.dumps(vars(answer)) + "\n")
        out.flush()


def check_reference_and_stub(assignment: Assignment) -> list[str]:
    """What is wrong at first sight: the reference fails a case, or the stub passes one."""
    problems = []
    for outcome in run_row(assignment, reference_row(assignment)):
        if not outcome.passed:
            problems.append(f"{assignment.name} {outcome.case} {outcome.name}: the reference fails it.\n    {outcome.message}")
    for outcome in run_row(assignment, stub_row(assignment)):
        if outcome.passed:
            problems.append(
                f"{assignment.name} {outcome.case} {outcome.name}: the stub passes it. Call the student's function before comparing."
            )
    return problems


def main(argv: list[str]) -> int:
    """Matrix of one assignment for an author at work: ``python -m autograder.audit.local hw4_adam [row ...]``."""
    from autograder.content import load_course

    assignment = load_course().assignment(argv[0])
    wrong = 0
    for row in all_rows(assignment):
        if argv[1:] and row.name not in argv[1:]:
            continue
        outcomes = run_row(assignment, row)
        lost = lost_questions(outcomes)
        every = {q.id for q in assignment.coded}
        due = {"reference": set(), "legal": set(), "stub": every}.get(row.kind, set(getattr(row.declaration, "loses", set())))
        score = sum(o.points for o in outcomes if o.passed)
        verdict = "ok" if lost == due else f"WRONG: must lose {sorted(due) or 'nothing'}"
        wrong += lost != due
        failing = [o for o in outcomes if not o.passed]
        print(f"{row.kind:9} {row.name:40} {score:5.1f}  fails {', '.join(o.case for o in failing) or 'nothing':40.40} {verdict}")
        if lost != due or argv[1:]:
            for o in failing:
                print(f"    {o.case} {o.name} [{o.outcome}] {o.message}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
