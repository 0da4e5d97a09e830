"""A stored result as a grade: what each question earned, and what nobody has graded yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.content import Assignment, Question
from autograder.grading.batch import question_of
from autograder.grading.store import Record
from autograder.report.manual import ManualScore

NOT_JUDGED = {"not graded", "not judged"}
"""Outcomes that are the grader's own failure: such a case is missing, not lost."""


@dataclass(frozen=True)
class CaseGrade:
    """What one case said. id: 'q2.3'. output: the message, Markdown. shown: whether the course lets students see it at all."""

    id: str
    title: str
    earned: float
    points: float
    hidden: bool
    passed: bool
    outcome: str
    output: str
    shown: bool = True

    @property
    def number(self) -> str:
        return self.id.removeprefix("q")


@dataclass(frozen=True)
class QuestionGrade:
    """earned: None as long as the question has not been graded. comment: of the person who graded it.

    diagnosis: as the staff log has it. cause: what students are told of it beside the cases, Markdown.
    """

    question: Question
    earned: float | None
    cases: tuple[CaseGrade, ...] = ()
    diagnosis: str = ""
    cause: str = ""
    comment: str = ""

    @property
    def passed(self) -> bool:
        return self.earned == self.question.points


@dataclass(frozen=True)
class Grade:
    """One submission. received: the first row's message, Markdown.

    unusable: the upload holds nothing of this homework: it is no notebook, another homework's, or none of its functions is defined.
    """

    record: Record
    questions: tuple[QuestionGrade, ...]
    received: str
    unusable: bool = False

    @property
    def earned(self) -> float:
        """Points of what has been graded."""
        return sum(q.earned for q in self.questions if q.earned is not None)

    @property
    def coded(self) -> float:
        """Points of the questions that have test cases."""
        return sum(q.earned or 0.0 for q in self.questions if not q.question.manual)

    @property
    def possible(self) -> int:
        return sum(q.question.points for q in self.questions)

    @property
    def missing(self) -> tuple[Question, ...]:
        """The questions that have not been graded: then there is no total yet."""
        return tuple(q.question for q in self.questions if q.earned is None)

    @property
    def trouble(self) -> str:
        """What is wrong with the upload: the first row without the file's name and the versions."""
        file, _, said = self.received.partition("\n\n")
        return (said or file).partition("\n\n")[0]

    @property
    def label(self) -> str:
        return ", ".join(u.label for u in self.record.users if u.label) or self.record.submission

    @property
    def cases(self) -> tuple[CaseGrade, ...]:
        return tuple(c for q in self.questions for c in q.cases)


def grade_of(assignment: Assignment, record: Record, manual: Mapping[tuple[str, str], ManualScore]) -> Grade:
    """The grade of a stored result. manual: scores that people gave, by submission and question."""
    rows = record.results["tests"]
    causes = {question_of(t): t["output"] for t in rows[1:] if "max_score" not in t}
    unreadable = len(rows) == 1 and not record.problem
    questions = []
    for question in assignment.questions:
        if question.manual:
            given = manual.get((record.submission, question.id), ManualScore())
            questions.append(QuestionGrade(question, given.points, comment=given.comment))
            continue
        cases = tuple(_case(t) for t in rows if "max_score" in t and question_of(t) == question.id)
        judged = bool(cases) and not any(c.outcome in NOT_JUDGED for c in cases)
        earned = sum(c.earned for c in cases) if judged else 0.0 if unreadable else None
        diagnosis, cause = record.diagnoses.get(question.id, ""), causes.get(question.id, "")
        questions.append(QuestionGrade(question, earned, cases, diagnosis, cause))
    outcomes = {case.outcome for question in questions for case in question.cases}
    unusable = rows[0]["status"] == "failed" and not record.problem and outcomes <= {"invalid", "void"}
    return Grade(record, tuple(questions), rows[0]["output"], unusable)


def _case(row: Mapping[str, Any]) -> CaseGrade:
    kind, outcome, *_ = row["tags"]
    title = row["name"].split(" · ", 1)[1]
    passed = row["status"] == "passed"
    shown = row.get("visibility") != "hidden"
    return CaseGrade(f"q{row['number']}", title, row["score"], row["max_score"], kind == "hidden", passed, outcome, row["output"], shown)
