"""The audit of one homework: its matrix through the real grader, and everything that the matrix must show."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from autograder.audit.findings import Finding, agreement_findings, matrix_findings, repeat_findings, row_findings
from autograder.audit.local import run_row
from autograder.audit.marks import Fault
from autograder.audit.matrix import Crew, Graded
from autograder.audit.rows import Row, all_rows
from autograder.audit.witness import witness_findings
from autograder.content import Assignment, Course
from autograder.progress import Progress


@dataclass
class Audit:
    """What an audit found. matrix: in the order reference, stub, legal variants, faults; the reference alone when it fails.

    notes: what else is said at the end.
    """

    assignment: Assignment
    matrix: list[Graded]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(not f.warning for f in self.findings)

    @property
    def diagnosed(self) -> tuple[int, int]:
        """(faults that got their own diagnosis in every question that they lose, faults)."""
        faults = [g for g in self.matrix if isinstance(g.row.declaration, Fault)]
        return sum(bool(g.diagnoses) and set(g.diagnoses.values()) == {g.row.name} for g in faults), len(faults)


def audit(
    course: Course, assignment: Assignment, crew: Crew, progress: Progress, *, only: tuple[str, ...] = (), seed: int | None = None
) -> Audit:
    """Grade every row and judge the matrix. only: names of rows, for an author at work; then nothing is said of the matrix as a whole.

    seed: repeats an audit's inputs; fresh when None.

    Raises `ContentError` when faults.py or legal.py cannot be read.
    """
    seed = seed if seed is not None else int.from_bytes(os.urandom(4), "little")
    reference, *others = all_rows(assignment)
    chosen = [row for row in others if not only or row.name in only]
    step = progress.start(f"{assignment.name}: grading", 1 + len(chosen))
    (control,) = crew.grade(course, assignment, [reference], seed=seed, done=lambda _: step())
    found = Audit(assignment, [control], list(row_findings(control)), [f"Inputs of seed {seed}."])
    if found.failed:
        return found
    found.matrix += crew.grade(course, assignment, chosen, seed=seed, done=lambda _: step())
    for graded in found.matrix[1:]:
        found.findings += row_findings(graded)
    fair = [g for g in found.matrix if not g.needs_limits and not getattr(g.row.declaration, "by_chance", False)]
    step = progress.start(f"{assignment.name}: Otter's test class", len(fair))
    for graded in fair:
        found.findings += agreement_findings(graded, run_row(assignment, graded.row, seed=seed))
        step()
    if only:
        return found
    found.findings += matrix_findings(assignment, found.matrix)
    step = progress.start(f"{assignment.name}: tolerances", 1)
    found.findings += witness_findings(assignment)
    step()
    return found


def repeat(course: Course, audit: Audit, times: int, size: int, progress: Progress) -> list[Finding]:
    """Grade the matrix again, each time with another seed and fresh foremen, which draw another hash seed; on two threads or one."""
    rows: list[Row] = [g.row for g in audit.matrix]
    found: list[Finding] = []
    for number in range(1, times + 1):
        threads = 2 if number % 2 else 1
        step = progress.start(f"{audit.assignment.name}: repetition {number} of {times}, {threads} threads", len(rows))
        with Crew(size, threads=threads) as crew:
            matrix = crew.grade(course, audit.assignment, rows, seed=number, done=lambda _, step=step: step())  # type: ignore[misc]
        for before, after in zip(audit.matrix, matrix, strict=True):
            found += repeat_findings(before, after, f"seed {number}, {threads} threads")
    return found
