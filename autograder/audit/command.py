"""The command `autograder audit`: runs the audits asked for, prints the tables, writes the pages."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from autograder.audit.audit import Audit, audit, repeat
from autograder.audit.matrix import Crew
from autograder.audit.mutants import survey
from autograder.audit.page import page
from autograder.audit.stock import stock_findings
from autograder.audit.summary import update
from autograder.audit.table import Bars, console, matrix_table, say_findings
from autograder.content import Assignment, Course


def run_audit(
    course: Course,
    assignments: list[Assignment],
    *,
    only: tuple[str, ...] = (),
    mutants: bool = False,
    repeats: int = 0,
    stock: bool = False,
    jobs: int = 2,
    seed: int | None = None,
    summary: Path | None = None,
) -> int:
    """Audit each assignment; 1 when a finding of any of them is a failure. The page of a whole audit goes to release/audit.

    mutants: grade the mutants of the reference in place of the declared rows. summary: a Markdown file whose table a whole audit updates.

    Raises `ContentError` when a homework's files cannot be read and `GradingError` when the grader does not start.
    """
    on = console()
    failed = False
    for assignment in assignments:
        mutation = None
        with Bars(on) as bars:
            with Crew(jobs) as crew:
                found = audit(course, assignment, crew, bars, only=("reference",) if mutants else only, seed=seed)
                if mutants and not found.failed:
                    mutation = survey(course, assignment, crew, bars)
                    found.findings += mutation.findings
                    found.notes.append(str(mutation))
            if stock and not found.failed:
                found.findings += stock_findings(course, found, bars, jobs)
            if repeats and not found.failed:
                found.findings += repeat(course, found, repeats, jobs, bars)
        _report(on, course, found, whole=not (only or mutants))
        if summary and not only and len(found.matrix[0].outcomes):
            update(summary, course, found, mutation)
        failed |= found.failed
    return 1 if failed else 0


def _report(on: Console, course: Course, found: Audit, *, whole: bool) -> None:
    on.print(matrix_table(found))
    say_findings(on, found.findings)
    if found.matrix[0].lost:
        on.print("The reference does not pass: nothing else was graded, because nothing else would mean anything.", style="bold")
    diagnosed, faults = found.diagnosed
    if faults:
        on.print(f"The feedback names {diagnosed} of {faults} faults ({100 * diagnosed / faults:.0f} %).")
    for note in found.notes:
        on.print(note)
    if whole:
        path = course.root / "release" / "audit" / f"{found.assignment.name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(found), encoding="utf-8")
        on.print(f"Messages of every row: {path}")
    on.print(f"{found.assignment.name}: {'FAIL' if found.failed else 'PASS'}", style="bold")
