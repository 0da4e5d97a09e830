"""One line per homework in a Markdown table, kept by the audits that fill it: ``autograder audit --summary docs/audit.md``."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.audit.audit import Audit
from autograder.audit.marks import Fault
from autograder.audit.mutants import Survey
from autograder.content import Course

COLUMNS = ("homework", "cases", "faults", "caught", "legal variants", "accepted", "faults named", "mutants", "killed", "equivalent")
_BEFORE, _AFTER = "<!-- audit -->\n", "<!-- end -->"


def update(path: Path, course: Course, audit: Audit, survey: Survey | None) -> None:
    """Write what this audit counted into its homework's line; other cells and the text around the table stay.

    survey: of mutants; then only their columns change.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else f"# The audit\n\n{_BEFORE}{_AFTER}\n"
    before, _, rest = text.partition(_BEFORE)
    old, _, after = rest.partition(_AFTER)
    lines = {cells[0]: cells for cells in (re.findall(r"[^|]+", line) for line in old.splitlines()[2:]) if cells}
    table = {name.strip(): [cell.strip() for cell in cells] for name, cells in lines.items()}
    row = table.setdefault(audit.assignment.name, [audit.assignment.name, *["–"] * (len(COLUMNS) - 1)])
    if survey is not None:
        row[7:] = map(str, (survey.total, survey.killed, survey.known))
    else:
        row[1:7] = map(str, _counts(audit))
    kept = [table[name] for name in course.assignments if name in table]
    shown = [COLUMNS, ["---", *["---:"] * (len(COLUMNS) - 1)], *kept]
    path.write_text(before + _BEFORE + "".join(f"| {' | '.join(cells)} |\n" for cells in shown) + _AFTER + after, encoding="utf-8")


def _counts(audit: Audit) -> tuple[int, ...]:
    faults = [g for g in audit.matrix if isinstance(g.row.declaration, Fault)]
    legal = [g for g in audit.matrix if g.row.kind == "legal"]
    caught = sum(bool(g.lost) for g in faults)
    accepted = sum(not g.lost for g in legal)
    return len(audit.matrix[0].outcomes), len(faults), caught, len(legal), accepted, audit.diagnosed[0]
