"""What the matrix must show, and what is said when it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.audit.marks import Fault
from autograder.audit.matrix import Graded
from autograder.audit.rows import Outcome
from autograder.content import Assignment

MIN_FAULTS = 4
MAX_STUB_SHARE = 0.05


@dataclass(frozen=True)
class Finding:
    """Something that does not hold. row: of the matrix, or a case or question. A warning does not fail the audit."""

    row: str
    what: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{'warning' if self.warning else 'FAIL'}: {self.row}: {self.what}\n    {self.remedy}"


def row_findings(graded: Graded) -> Iterator[Finding]:
    """What is wrong with one row by itself."""
    name, declaration = graded.row.name, graded.row.declaration
    if graded.problem:
        yield Finding(name, f"the grader failed: {graded.problem}", "No row may end the grader: this is a mistake of the program.")
    for o in graded.outcomes:
        if o.outcome in ("not judged", "not graded"):
            yield Finding(
                name, f"{o.case} {o.name}: {o.outcome}; the test itself failed", "Run it with autograder.audit.local to see the error."
            )
    if isinstance(declaration, Fault):
        yield from _fault_findings(graded, declaration)
        return
    if graded.row.kind == "stub" and graded.score > MAX_STUB_SHARE * graded.possible:
        yield Finding(name, f"the stub scores {graded.score:g} of {graded.possible:g}", "A case passes without any work: strengthen it.")
    if graded.row.kind in ("reference", "legal"):
        for o in graded.outcomes:
            if not o.passed:
                what = f"correct work is rejected by {o.case} {o.name}: {first_line(o)}"
                yield Finding(name, what, "Accept it, or say in the prompt that it is not accepted and make it a fault.")
    for question, diagnosis in graded.diagnoses.items():
        if not diagnosis.startswith("none ("):
            yield Finding(name, f"{question}: wrongly diagnosed as {diagnosis}", "A wrong diagnosis is worse than none.")


def _fault_findings(graded: Graded, fault: Fault) -> Iterator[Finding]:
    name = graded.row.name
    if not graded.lost:
        yield Finding(name, "the fault survives: every case passes", "Write a case that it fails, or make it a legal variant.")
    elif missed := fault.loses - graded.lost:
        yield Finding(name, f"the fault does not lose {_listed(missed)}", "Write a case that it fails there, or change `loses`.")
    for question in sorted(graded.lost - fault.loses):
        cases = [f"{o.case} {o.name}: {first_line(o)}" for o in graded.outcomes if o.question == question and not o.passed]
        yield Finding(
            name, f"the fault loses the unrelated {question}: {'; '.join(cases)}", "Make that question's cases independent of it."
        )
    if graded.needs_limits and not fault.only_limited:
        yield Finding(
            name, "a case hung or ended the process", "Declare only_limited=True: it cannot run where no limits are.", warning=True
        )
    if len(fault.loses) > 1:
        yield Finding(
            name, f"one mistake is charged in {_listed(fault.loses)}", "Let the cases of one of them not depend on it.", warning=True
        )
    for question, diagnosis in graded.diagnoses.items():
        if diagnosis == name or question not in fault.loses or (fault.by_chance and diagnosis.startswith("none (")):
            continue
        if not diagnosis.startswith("none ("):
            yield Finding(name, f"{question}: wrongly diagnosed as {diagnosis}", "A wrong diagnosis is worse than none.")
        elif "several faults" in diagnosis:
            remedy = "Choose inputs that tell them apart, or keep one of them."
            yield Finding(name, f"{question}: no diagnosis, {diagnosis.removeprefix('none (').removesuffix(')')}", remedy, warning=True)
        elif "are not compared" in diagnosis and "the reference gives" in diagnosis:
            continue  # a mistake that only the device or a very large input shows
        elif "too large" in diagnosis:
            yield Finding(name, f"{question}: no diagnosis, the recorded calls are too large", "Ask less in one question.", warning=True)
        elif not fault.only_limited and "hung or ended" not in diagnosis:
            remedy = "Does the fault depend on chance, time or state outside its calls?"
            yield Finding(name, f"{question}: no diagnosis of its own, {diagnosis.removeprefix('none (').removesuffix(')')}", remedy)


def matrix_findings(assignment: Assignment, matrix: Sequence[Graded]) -> Iterator[Finding]:
    """What is wrong with the matrix as a whole."""
    faults = [(g, g.row.declaration) for g in matrix if isinstance(g.row.declaration, Fault)]
    for q in assignment.coded:
        own = sum(declaration.of in q.functions for _, declaration in faults)
        need = min(MIN_FAULTS, q.points)
        if own < need:
            yield Finding(q.id, f"{own} faults", f"Write at least {need}.")
    failed = {o.case for g, _ in faults for o in g.outcomes if not o.passed}
    for o in matrix[0].outcomes if matrix else ():
        if o.case not in failed:
            yield Finding(o.case, f"{o.name}: no fault fails this case", "Write a fault that it catches, or remove the case.", warning=True)


def agreement_findings(graded: Graded, local: Iterable[Outcome]) -> Iterator[Finding]:
    """Where Otter's own test class, on the executed namespace, gives another verdict than the grader."""
    ours = {o.case: o.passed for o in graded.outcomes}
    for o in local:
        if o.case in ours and ours[o.case] != o.passed:
            verdicts = ("PASS" if ours[o.case] else "FAIL", "PASS" if o.passed else "FAIL")
            what = f"{o.case} {o.name}: {verdicts[0]} in the grader, {verdicts[1]} under Otter's test class: {o.message.strip()[:200]}"
            yield Finding(graded.row.name, what, "The case sees the submission otherwise than through data.")


def repeat_findings(first: Graded, again: Graded, setting: str) -> Iterator[Finding]:
    """Where grading the same row once more gives another verdict."""
    if again.problem or not again.outcomes:
        yield Finding(first.row.name, f"the grader failed with {setting}: {again.problem}", "This is a mistake of the program.")
        return
    before, after = first.verdicts(), again.verdicts()
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            what = f"{key}: {before.get(key)} at first, {after.get(key)} with {setting}"
            yield Finding(first.row.name, what, "A verdict may not depend on chance, threads or hash order.")


def first_line(outcome: Outcome) -> str:
    """What the case says first about the failure."""
    lines = [line for line in outcome.message.splitlines()[1:] if line.strip()]
    return lines[0] if lines else outcome.outcome


def _listed(questions: Iterable[str]) -> str:
    return ", ".join(sorted(questions))
