"""Repeat one verdict, with its inputs shown: for staff who answer a student's question about a hidden case."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

from autograder.content import Assignment, ContentError, Course
from autograder.grading.grade import Foreman
from autograder.grading.submission import Unreadable, read_submission


def replay(course: Course, assignment: Assignment, notebook: Path, case: str, seed: int) -> str:
    """What happened in one case (``q3.2``), call by call. The cases before it run as they did, since a submission may remember them.

    seed: as the staff log names it. Raises `ContentError` for a case that does not exist.
    """
    with tempfile.TemporaryDirectory() as folder, Foreman() as foreman:
        log = Path(folder, "replay.log")
        results = foreman.grade(course, assignment, notebook, Path(folder, "results.json"), seed=seed, log=log, shown=case)
        numbers = [row["number"] for row in results["tests"] if "max_score" in row]
        if case.removeprefix("q") not in numbers:
            raise ContentError(f"{assignment.name} has no case {case}. Cases: {', '.join(f'q{n}' for n in numbers)}.")
        return log.read_text(encoding="utf-8")


def assignment_of(course: Course, notebook: Path, named: str | None) -> Assignment:
    """The assignment that is named, or that the notebook says it belongs to."""
    try:
        said = read_submission(notebook).assignment
    except Unreadable as problem:
        raise ContentError(str(problem)) from None
    if not (named or said):
        raise ContentError(f"{notebook} does not say which homework it is. Name it with --assignment.")
    return course.assignment(named or said)


def recorded_seed(log: Path, notebook: Path) -> int | None:
    """The seed with which a staff log says that this very file was graded last; None when it was not."""
    if not log.exists():
        return None
    digest = hashlib.sha256(notebook.read_bytes()).hexdigest()
    found = re.findall(rf"^seed (\d+) submission {digest}\b", log.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return int(found[-1]) if found else None
