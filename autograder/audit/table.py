"""The matrix on a terminal: rows × questions, points lost, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from autograder.audit.audit import Audit
from autograder.audit.findings import Finding
from autograder.audit.matrix import Graded


def console(*, stderr: bool = False) -> Console:
    """A console that does not break tables where there is no terminal."""
    found = Console(highlight=False, stderr=stderr)
    if not found.is_terminal:
        found.width = 150
    return found


def matrix_table(audit: Audit) -> Table:
    """One line per row: what it loses in each question, which fault the feedback names, and whether all of it is as declared."""
    wrong = {f.row for f in audit.findings if not f.warning}
    table = Table(title=f"{audit.assignment.name}: {audit.assignment.title}", title_justify="left")
    for heading in ("row", "kind"):
        table.add_column(heading, overflow="fold")
    for question in audit.assignment.coded:
        table.add_column(question.id, justify="right")
    for heading in ("score", "diagnosis", "verdict"):
        table.add_column(heading, overflow="fold")
    for graded in audit.matrix:
        cells = [_lost(graded, q.id) for q in audit.assignment.coded]
        verdict = "FAIL" if graded.row.name in wrong else "ok"
        table.add_row(graded.row.name, graded.row.kind, *cells, f"{graded.score:g}", graded.diagnosis, verdict)
    return table


def say_findings(on: Console, findings: Iterable[Finding]) -> None:
    """The findings, failures last, where the eye is."""
    for finding in sorted(findings, key=lambda f: not f.warning):
        on.print(str(finding), style="" if finding.warning else "bold", markup=False)


def _lost(graded: Graded, question: str) -> str:
    own = [o for o in graded.outcomes if o.question == question]
    lost = sum(o.points for o in own if not o.passed)
    return f"-{lost:g}" if lost else "PASS"
