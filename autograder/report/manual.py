"""manual.csv: the scores that people give written answers. The program adds lines for new submissions and never changes a filled one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.content import Assignment, ContentError
from autograder.grading.private import write_private
from autograder.grading.store import Record

COLUMNS = ["submission", "students", "question", "possible", "points", "comment"]


@dataclass(frozen=True)
class ManualScore:
    """points: None as long as nobody has graded the answer."""

    points: float | None = None
    comment: str = ""


def read_manual(path: Path, assignment: Assignment) -> dict[tuple[str, str], ManualScore]:
    """The scores by submission and question. Raises `ContentError` naming the line that cannot be."""
    if not path.exists():
        return {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        absent = [c for c in ("submission", "question", "points") if c not in (table.fieldnames or [])]
        if absent:
            raise ContentError(f"{path}: no column '{absent[0]}' in the first line. Columns: {', '.join(COLUMNS)}.")
        scores: dict[tuple[str, str], ManualScore] = {}
        for row in table:
            where = f"{path}, line {table.line_num}"
            question = assignment.question(row["question"] or "")
            if not question.manual:
                raise ContentError(f"{where}: question '{question.id}' is graded by its tests, not by people.")
            key = (row["submission"], question.id)
            if key in scores:
                raise ContentError(f"{where}: question '{question.id}' of '{row['submission']}' stands twice.")
            scores[key] = ManualScore(_points((row["points"] or "").strip(), question.points, where), (row.get("comment") or "").strip())
    return scores


def _points(text: str, possible: int, where: str) -> float | None:
    if not text:
        return None
    try:
        points = float(text)
    except ValueError:
        points = -1.0
    if not 0 <= points <= possible:
        raise ContentError(f"{where}: points are '{text}'; write a number from 0 to {possible}, or nothing.")
    return points


def write_manual(path: Path, assignment: Assignment, records: Iterable[Record], scores: dict[tuple[str, str], ManualScore]) -> None:
    """One line for each written answer of each submission, with the scores so far; those of submissions that are gone stay."""
    lines = []
    left = dict(scores)
    for record in records:
        for question in (q for q in assignment.questions if q.manual):
            given = left.pop((record.submission, question.id), ManualScore())
            students = ", ".join(u.label for u in record.users)
            lines.append([record.submission, students, question.id, question.points, _text(given.points), given.comment])
    for (submission, id), given in left.items():
        lines.append([submission, "", id, assignment.question(id).points, _text(given.points), given.comment])
    if lines:
        write_private(path, csv_text([COLUMNS, *lines]))


def csv_text(lines: Iterable[Iterable[object]]) -> str:
    """Comma-separated lines. A text that a spreadsheet would take for a formula is quoted with an apostrophe."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for line in lines:
        table.writerow([f"'{v}" if isinstance(v, str) and v.startswith(("=", "+", "-", "@", "\t", "\r")) else v for v in line])
    return text.getvalue()


def _text(points: float | None) -> str:
    return "" if points is None else f"{points:g}"
