"""What the results of a class say about its questions. A submission is one result, whether of one student or of a group."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.content import Assignment, Question
from autograder.report.grades import CaseGrade, Grade, QuestionGrade

RARELY = 0.5
"""Of those who pass a question's public cases: when fewer pass its hidden ones too, the question needs attention."""

WEAK = 0.1
"""A discrimination below this one says that a case does not tell strong work from weak work."""

SMALLEST = 2
"""Submissions that make a cluster."""

MANY = 3
"""Submissions in one cluster that are worth a remark."""

ENOUGH = 5
"""Submissions from which on a rate is worth a remark."""

FEW = 20
"""Submissions below which no discrimination is computed: one or two of them would decide it."""


@dataclass(frozen=True)
class CaseStatistics:
    """rate: of the submissions that pass. discrimination: correlation of passing with the points of all other cases; None when it is not
    computed, below FEW submissions, or not defined, where all do the same.
    """

    id: str
    title: str
    hidden: bool
    points: float
    rate: float
    discrimination: float | None

    @property
    def number(self) -> str:
        return self.id.removeprefix("q")


@dataclass(frozen=True)
class QuestionStatistics:
    """difficulty: the mean share of the points that is earned (1: everybody earns all). The same discrimination as a case's."""

    question: Question
    difficulty: float
    discrimination: float | None
    public_passed: int
    all_passed: int
    cases: tuple[CaseStatistics, ...]


@dataclass(frozen=True)
class Cluster:
    """Submissions that fail a question in the same way, which no declared fault explains. behaviour: by failed case, what came back."""

    question: Question
    submissions: tuple[str, ...]
    failed: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ClassStatistics:
    """possible: points of the coded questions. misconceptions: fault and number of submissions, most frequent first.

    scores: of all that could be judged. questions, seconds: without the `unusable` ones, which hold nothing of the homework.
    """

    assignment: Assignment
    scores: tuple[float, ...]
    possible: int
    questions: tuple[QuestionStatistics, ...]
    misconceptions: tuple[tuple[str, str, int], ...]
    clusters: tuple[Cluster, ...]
    seconds: tuple[float, ...]
    problems: int
    unusable: int

    @property
    def cases(self) -> tuple[CaseStatistics, ...]:
        return tuple(c for q in self.questions for c in q.cases)

    @property
    def attention(self) -> list[str]:
        """What a person should look at, one sentence each."""
        found = []
        if self.unusable:
            found.append(
                f"Uploads that hold nothing of this homework (no notebook, another homework's, none of its functions): {self.unusable} of "
                f"{len(self.scores)}. They are left out of all figures but the scores; grade-all names them, and their pages say why."
            )
        for q in self.questions:
            if q.public_passed >= ENOUGH and q.all_passed < RARELY * q.public_passed:
                found.append(
                    f"Question {q.question.number}: of {q.public_passed} submissions that pass its public cases, {q.all_passed} pass "
                    "the hidden ones too. Do prompt and public cases say what the hidden cases ask?"
                )
        for cluster in self.clusters:
            if (size := len(cluster.submissions)) >= MANY:
                found.append(
                    f"Question {cluster.question.number}: {size} submissions fail it in the same way, which no known mistake explains."
                )
        for c in self.cases:
            if len(self.scores) >= ENOUGH and c.rate == 0:
                found.append(f"Case {c.number} ({c.title}): nobody passes it.")
            elif len(self.scores) >= ENOUGH and c.discrimination is not None and c.discrimination < WEAK:
                found.append(
                    f"Case {c.number} ({c.title}): who passes it does not do better elsewhere (discrimination {c.discrimination:.2f})."
                )
        return found


def class_statistics(assignment: Assignment, grades: Sequence[Grade]) -> ClassStatistics:
    """Of all submissions that the grader could judge; the others are counted as problems."""
    judged = [g for g in grades if not any(q.question.manual is False and q.earned is None for q in g.questions)]
    attempted = [g for g in judged if not g.unusable]
    return ClassStatistics(
        assignment,
        tuple(g.coded for g in judged),
        sum(q.points for q in assignment.coded),
        tuple(_question(q, attempted) for q in assignment.coded) if attempted else (),
        _misconceptions(assignment, judged),
        tuple(_clusters(assignment, judged)),
        tuple(g.record.seconds for g in attempted),
        len(grades) - len(judged),
        len(judged) - len(attempted),
    )


def _question(question: Question, grades: Sequence[Grade]) -> QuestionStatistics:
    own = [_of(g, question) for g in grades]
    earned = [q.earned or 0.0 for q in own]
    rest = [g.coded - e for g, e in zip(grades, earned, strict=True)]
    public = [all(c.passed for c in q.cases if not c.hidden) for q in own]
    cases = [_case(number, own, grades) for number in range(min(len(q.cases) for q in own))]
    return QuestionStatistics(
        question,
        statistics.fmean(earned) / question.points,
        discrimination(earned, rest),
        sum(public),
        sum(q.passed for q in own),
        tuple(cases),
    )


def _case(number: int, own: Sequence[QuestionGrade], grades: Sequence[Grade]) -> CaseStatistics:
    results = [q.cases[number] for q in own]
    passed = [float(c.passed) for c in results]
    rest = [g.coded - c.earned for g, c in zip(grades, results, strict=True)]
    case = results[0]
    return CaseStatistics(case.id, case.title, case.hidden, case.points, statistics.fmean(passed), discrimination(passed, rest))


def discrimination(points: Sequence[float], rest: Sequence[float]) -> float | None:
    """How far those who earn the points do better elsewhere, by correlation; None below FEW submissions, or where all do the same."""
    return correlation(points, rest) if len(points) >= FEW else None


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson's; None where one of the two does not vary."""
    if len(x) < 2 or len(set(x)) == 1 or len(set(y)) == 1:
        return None
    return statistics.correlation(x, y)


def _misconceptions(assignment: Assignment, grades: Sequence[Grade]) -> tuple[tuple[str, str, int], ...]:
    """(question, fault, number of submissions)."""
    found = Counter((q.question.id, q.diagnosis) for g in grades for q in g.questions if q.diagnosis and not unexplained(q))
    return tuple((question, fault, count) for (question, fault), count in found.most_common())


def unexplained(question: QuestionGrade) -> bool:
    """Whether the question was lost, and no fault gives the same answers."""
    return question.diagnosis.startswith("none")


def _clusters(assignment: Assignment, grades: Sequence[Grade]) -> list[Cluster]:
    groups: dict[tuple[str, tuple[tuple[str, str, str], ...]], list[str]] = defaultdict(list)
    for grade in grades:
        for q in grade.questions:
            failed = tuple((c.id, c.outcome, behaviour(c)) for c in q.cases if not c.passed)
            if unexplained(q) and any(outcome != "not attempted" for _, outcome, _ in failed):
                groups[q.question.id, failed].append(grade.record.submission)
    found = [Cluster(assignment.question(q), tuple(names), failed) for (q, failed), names in groups.items() if len(names) >= SMALLEST]
    return sorted(found, key=lambda c: (-len(c.submissions), c.question.number))


def behaviour(case: CaseGrade) -> str:
    """What a public case saw: its inputs are fixed, so equal texts are equal behaviour. Hidden inputs are fresh: there, nothing."""
    if case.hidden:
        return ""
    _, claim, *_ = *case.output.split("\n\n"), ""
    detail = re.search(r"^```text\n(.*?)\n```$", case.output, re.MULTILINE | re.DOTALL)
    return "\n".join(filter(None, (claim.strip(), detail and detail.group(1))))


def _of(grade: Grade, question: Question) -> QuestionGrade:
    return next(q for q in grade.questions if q.question.id == question.id)
