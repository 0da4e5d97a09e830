"""Scores as tables for other systems: one line for each student, so a group's result stands once for each of its users."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.content import Assignment
from autograder.report.grades import Grade
from autograder.report.manual import csv_text


def gradescope_csv(assignment: Assignment, grades: Iterable[Grade]) -> str:
    """The columns of Gradescope's own download of scores. A question that has not been graded is empty, and so is its total."""
    heads = ["Name", "SID", "Email", "Total Score", "Max Points", "Status", "Submission ID"]
    questions = [f"{q.number}: {q.title} ({q.points:.1f} pts)" for q in assignment.questions]
    lines: list[list[object]] = [[*heads, *questions]]
    for grade in grades:
        scores = ["" if q.earned is None else f"{q.earned:g}" for q in grade.questions]
        status = "Ungraded" if grade.missing else "Graded"
        for user in grade.record.users:
            who = [user.name, user.sid, user.email, _total(grade), str(assignment.points), status, grade.record.submission]
            lines.append([*who, *scores])
    return csv_text(lines)


def canvas_csv(assignment: Assignment, grades: Iterable[Grade]) -> str:
    """For *Grades › Import* in Canvas, which finds students by their SIS ids; an empty score leaves what Canvas has."""
    lines: list[list[object]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.title]]
    lines.append(["Points Possible", "", "", "", "", str(assignment.points)])
    for grade in grades:
        for user in grade.record.users:
            lines.append([user.name, "", user.sid, user.email, "", _total(grade)])
    return csv_text(lines)


def _total(grade: Grade) -> str:
    return "" if grade.missing else f"{grade.earned:g}"
