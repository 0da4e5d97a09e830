"""Whose score changed between two runs, and why: another upload, or another verdict of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.report.grades import CaseGrade, Grade
from autograder.report.manual import csv_text


@dataclass(frozen=True)
class Change:
    """before, after: points so far; None for a submission that is in one of the two only."""

    submission: str
    students: str
    before: float | None
    after: float | None
    why: str

    def __str__(self) -> str:
        return f"{self.submission}: {_points(self.before)} → {_points(self.after)} ({self.why})"

    @property
    def falls(self) -> bool:
        return self.before is not None and (self.after is None or self.after < self.before)


def changes(before: Iterable[Grade], after: Iterable[Grade]) -> list[Change]:
    """The submissions whose points differ, in the order of their ids."""
    old, new = ({g.record.submission: g for g in grades} for grades in (before, after))
    found = []
    for id in sorted(old.keys() | new.keys()):
        was, now = old.get(id), new.get(id)
        one = now or was
        assert one is not None
        if was is None or now is None or was.earned != now.earned:
            found.append(Change(id, one.label, _earned(was), _earned(now), _why(was, now)))
    return found


def _why(was: Grade | None, now: Grade | None) -> str:
    if was is None:
        return "new submission"
    if now is None:
        return "no longer there"
    if was.record.upload != now.record.upload:
        return "another file was handed in"
    old = {c.id: c for c in was.cases}
    new = {c.id: c for c in now.cases}
    said = [f"{c.number} {c.title}: {_verdict(old, id)} → {c.outcome}" for id, c in new.items() if _verdict(old, id) != c.outcome]
    said += [f"{c.number} {c.title}: {c.outcome} → not there" for id, c in old.items() if id not in new]
    said += [f"{c.number} {c.title}: worth {old[id].earned:g} → {c.earned:g}" for id, c in new.items() if _same_verdict(old, c)]
    said += [
        f"question {b.question.number}: graded by people, {_points(a.earned)} → {_points(b.earned)}"
        for a, b in zip(was.questions, now.questions, strict=False)
        if b.question.manual and a.earned != b.earned
    ]
    return "; ".join(said)


def _verdict(cases: Mapping[str, CaseGrade], id: str) -> str:
    return cases[id].outcome if id in cases else "not there"


def _same_verdict(old: Mapping[str, CaseGrade], case: CaseGrade) -> bool:
    """Whether the verdict stayed and the points changed."""
    return case.id in old and old[case.id].outcome == case.outcome and old[case.id].earned != case.earned


def changes_csv(found: Iterable[Change]) -> str:
    lines = [[c.submission, c.students, _points(c.before), _points(c.after), c.why] for c in found]
    return csv_text([["submission", "students", "before", "after", "why"], *lines])


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _earned(grade: Grade | None) -> float | None:
    return None if grade is None else grade.earned
