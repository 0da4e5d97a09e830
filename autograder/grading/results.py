"""results.json as Gradescope documents it: one row per case, rewritten atomically as cases are judged."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.content import Assignment

if TYPE_CHECKING:  # cases import torch, which the supervisor does without
    from autograder.grading.cases import Case

VISIBILITY = {"visible": "visible", "after_due_date": "after_due_date", "after_published": "after_published", "never": "hidden"}
"""hidden_feedback in course.toml -> the visibility of hidden cases on Gradescope."""

MAX_OUTPUT = 4_000


@dataclass(frozen=True)
class Verdict:
    """The judgment of one case. outcome: correct, incorrect, invalid, not attempted, error, timed out, died, void, ...

    claim: the violated property, safe to show for a hidden case. detail: values, for public cases only. cause: the likely misconception.
    """

    outcome: str
    claim: str = ""
    detail: str = ""
    cause: str = ""
    blocked_by: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.outcome in ("correct", "void")


PENDING = Verdict("not graded", "Grading did not reach this case.")


def fenced(text: str) -> str:
    """A code block that its own text cannot end."""
    safe = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text[:MAX_OUTPUT])
    return "```text\n" + safe.replace("```", "'''") + "\n```"


def case_row(case: Case, verdict: Verdict, feedback: str) -> dict[str, Any]:
    """One numbered row. Hidden cases show name, verdict and violated property, never values."""
    score = case.points if verdict.passed else 0.0
    question = case.question.removeprefix("q")
    lines = ["**PASS**"] if verdict.passed else [f"**FAIL** ({verdict.outcome})", "", verdict.claim]
    if verdict.outcome == "void":
        lines = ["**Everyone gets these points.**", "", verdict.claim]
    if not verdict.passed and verdict.detail and not case.hidden:
        lines += ["", fenced(verdict.detail)]
    if verdict.cause:
        lines += ["", f"**Likely cause:** {verdict.cause}"]
    if verdict.blocked_by:
        lines += ["", f"*Blocked: look at question {', '.join(q.removeprefix('q') for q in verdict.blocked_by)} first.*"]
    if not verdict.passed and not case.hidden and verdict.outcome != "not graded":
        lines += ["", f"*To see it in your notebook: run the check of question {question}.*"]
    return {
        "name": f"Question {question} · {case.title}",
        "number": case.id.removeprefix("q"),
        "score": score,
        "max_score": case.points,
        "status": "passed" if verdict.passed else "failed",
        "output": "\n".join(lines)[:MAX_OUTPUT],
        "output_format": "md",
        "visibility": VISIBILITY[feedback] if case.hidden else "visible",
        "tags": ["hidden" if case.hidden else "public", verdict.outcome, *(["blocked"] if verdict.blocked_by else [])],
    }


def received_row(text: str, *, problem: bool) -> dict[str, Any]:
    """The first row: what arrived, and where the work and the grader's machine differ. It carries no points."""
    return {
        "name": "What was received",
        "number": "0",
        "status": "failed" if problem else "passed",
        "output": text[:MAX_OUTPUT],
        "output_format": "md",
        "visibility": "visible",
    }


def cause_row(question: str, cause: str) -> dict[str, Any]:
    """What may lie behind a question's failures, for after the scores are published. It carries no points."""
    number = question.removeprefix("q")
    return {
        "name": f"Question {number} · a likely cause",
        "number": number,
        "status": "failed",
        "output": f"**Likely cause:** {cause}"[:MAX_OUTPUT],
        "output_format": "md",
        "visibility": "after_published",
    }


class Results:
    """The rows so far, and the file that always holds them."""

    def __init__(self, path: Path, assignment: Assignment, cases: list[Case], feedback: str, diagnosis: str) -> None:
        self.path = path
        self.assignment = assignment
        self.cases = cases
        self.feedback = feedback
        self.diagnosis = diagnosis
        self.causes: dict[str, str] = {}
        self.voids = {v.case: Verdict("void", f"{v.reason} ({v.date})") for v in assignment.voids}
        self.verdicts: dict[str, Verdict] = {}
        self.received = received_row("The submission has not been read yet.", problem=False)
        self.notes: list[str] = []
        self.seconds = 0.0
        self.written = 0.0

    def record(self, case: Case, verdict: Verdict) -> None:
        """Take a verdict. On a void case it does not count."""
        self.verdicts[case.id] = self.voids.get(case.id, verdict)

    def has_failed(self, question: str) -> bool:
        """Whether a case of the question that was judged did not pass."""
        return any(c.question == question and c.id in self.verdicts and not self.verdicts[c.id].passed for c in self.cases)

    def explain(self, question: str, cause: str) -> None:
        """Tell the likely cause of a question's failures as the course wants it: at its first failed case, in a later row, or not."""
        if self.diagnosis == "after_published" and cause:
            self.causes[question] = cause
        if self.diagnosis == "visible" and cause:
            first = next(c.id for c in self.cases if c.question == question and not self.verdicts[c.id].passed)
            self.verdicts[first] = replace(self.verdicts[first], cause=cause)

    def _verdict(self, case: Case) -> Verdict:
        """The verdict as it is shown: with the prerequisites that failed."""
        verdict = self.verdicts.get(case.id, PENDING)
        if verdict.passed or verdict is PENDING:
            return verdict
        return replace(verdict, blocked_by=tuple(q for q in self.assignment.question(case.question).requires if self.has_failed(q)))

    def score(self) -> float:
        return sum(c.points for c in self.cases if self.verdicts.get(c.id, PENDING).passed)

    def as_dict(self) -> dict[str, Any]:
        rows = [case_row(c, self._verdict(c), self.feedback) for c in self.cases]
        manual = [q for q in self.assignment.questions if q.manual]
        summary = [f"**{self.assignment.title}**", *self.notes]
        if manual:
            listed = ", ".join(f"{q.number} ({q.points} points)" for q in manual)
            summary.append(f"Graded by people, not part of the score below: question {listed}.")
        return {
            "output": "\n\n".join(summary),
            "output_format": "md",
            "test_output_format": "md",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "execution_time": round(self.seconds, 1),
            "tests": [self.received, *rows, *(cause_row(q, cause) for q, cause in self.causes.items())],
        }

    def write(self) -> None:
        write_json(self.path, self.as_dict())
        self.written = time.monotonic()


def failed_results(title: str, message: str) -> dict[str, Any]:
    """A valid results file for an upload that cannot be graded at all."""
    return {
        "score": 0.0,
        "output": f"**{title}**",
        "output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [received_row(message, problem=True)],
    }


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace the file in one step: whoever reads it meets the old or the new content, never a part, even if this process is killed."""
    work = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL  # where others may write, never through a link of theirs
    with open(os.open(work, new, 0o644), "w", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8"))
    os.replace(work, path)
