"""The command `autograder audit`: runs the audits asked for, prints the tables, writes the pages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.audit.audit import Audit, audit, repeat
from autograder.audit.matrix import Crew
from autograder.audit.mutants import survey
from autograder.audit.page import page
from autograder.audit.stock import stock_findings
from autograder.audit.summary import update
from autograder.audit.table import console, matrix_table, say_findings
from autograder.content import Assignment, Course
from autograder.progress import Bars


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
    as_json: bool = False,
) -> int:
    """Audit each assignment; 1 when a finding of any of them is a failure. The page of a whole audit goes to release/audit.

    mutants: grade the mutants of the reference in place of the declared rows. summary: a Markdown file whose table a whole audit updates.
    as_json: a list of what was found goes to stdout, all else to stderr.

    Raises `ContentError` when a homework's files cannot be read and `GradingError` when the grader does not start.
    """
    on = console(stderr=as_json)
    done: list[Audit] = []
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
                found.notes.append("Rows that need no limits were compared with stock otter run.")
            if repeats and not found.failed:
                found.findings += repeat(course, found, repeats, jobs, bars)
                found.notes.append(f"Every row was graded {repeats} times more, with other seeds, hashes and threads, and compared.")
        _report(on, course, found, whole=not (only or mutants))
        if summary and not only and len(found.matrix[0].outcomes):
            update(summary, course, found, mutation)
        done.append(found)
    if as_json:
        print(json.dumps([_data(found) for found in done], ensure_ascii=False, indent=1))
    return 1 if any(found.failed for found in done) else 0


def _data(found: Audit) -> dict[str, Any]:
    named, faults = found.diagnosed
    findings = [asdict(finding) for finding in found.findings]
    said = {"homework": found.assignment.name, "passed": not found.failed, "rows": len(found.matrix)}
    return said | {"faults": faults, "named": named, "findings": findings, "notes": found.notes}


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
