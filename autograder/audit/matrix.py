"""Grade rows with the real grader, several side by side."""

from __future__ import annotations

import json
import queue
import re
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.audit.rows import Outcome, Row, lost_questions
from autograder.content import Assignment, Course
from autograder.grading.grade import Foreman, GradingError

CASE_SECONDS = 5.0
"""Limit of a case in an audit: reference and legal variants stay far below, and a row that loops does not hold up the others."""

LOOP_SECONDS = 2.0
"""The same for a fault that is declared to exhaust time or memory."""

DIAGNOSIS_SECONDS = 120.0
"""Of a question, so that whether a fault is recognized does not depend on what else the machine does."""


@dataclass(frozen=True)
class Graded:
    """What the grader said of a row. diagnoses: by question, as the staff log has them. problem: of the grader itself."""

    row: Row
    outcomes: tuple[Outcome, ...]
    diagnoses: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str = ""

    @property
    def lost(self) -> frozenset[str]:
        return lost_questions(self.outcomes)

    @property
    def needs_limits(self) -> bool:
        """Whether the row is declared to exhaust time or memory, or did: Otter has no limits, so it does not run there."""
        return getattr(self.row.declaration, "only_limited", False) or any(o.outcome in ("timed out", "died") for o in self.outcomes)

    @property
    def score(self) -> float:
        return sum(o.points for o in self.outcomes if o.passed)

    @property
    def possible(self) -> float:
        return sum(o.points for o in self.outcomes)

    @property
    def diagnosis(self) -> str:
        """What the feedback says of causes: 'own' for the row itself, another fault's name, or why it says nothing."""
        return "; ".join(sorted({"own" if d == self.row.name else d for d in self.diagnoses.values()}))

    def verdicts(self) -> dict[str, str]:
        """What must be the same whenever the row is graded again: the outcome of each case, and which fault is named."""
        return {o.case: o.outcome for o in self.outcomes} | {f"{q} diagnosis": d.split(" ")[0] for q, d in self.diagnoses.items()}


class Crew:
    """Foremen side by side. A foreman that ends is replaced, so that no row can end an audit."""

    def __init__(self, size: int = 2, *, threads: int = 1) -> None:
        self.threads = threads
        self.pool = ThreadPoolExecutor(size)
        self.free: queue.SimpleQueue[Foreman] = queue.SimpleQueue()
        for foreman in self.pool.map(lambda _: Foreman(threads=threads), range(size)):
            self.free.put(foreman)

    def grade(
        self,
        course: Course,
        assignment: Assignment,
        rows: Iterable[Row],
        *,
        seed: int | None = None,
        done: Callable[[Graded], None] = lambda _: None,
    ) -> list[Graded]:
        """Grade every row; results in the order of the rows, and each to `done` as it arrives."""

        def one(row: Row) -> Graded:
            foreman = self.free.get()
            try:
                return grade_row(foreman, course, assignment, row, seed=seed)
            finally:
                self.free.put(foreman if foreman.process.poll() is None else Foreman(threads=self.threads))

        futures = [self.pool.submit(one, row) for row in rows]
        for future in futures:
            future.add_done_callback(lambda f: done(f.result()) if f.exception() is None else None)
        return [future.result() for future in futures]

    def close(self) -> None:
        self.pool.shutdown()
        while not self.free.empty():
            self.free.get().close()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def grade_row(foreman: Foreman, course: Course, assignment: Assignment, row: Row, *, seed: int | None = None) -> Graded:
    """Grade one row within the limits of an audit."""
    started = time.monotonic()
    loops = getattr(row.declaration, "only_limited", False)
    case = min(assignment.limits.case, LOOP_SECONDS if loops else CASE_SECONDS)
    limited = replace(assignment, limits=replace(assignment.limits, case=case, diagnosis=DIAGNOSIS_SECONDS))
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        work, log = Path(folder, "row.ipynb"), Path(folder, "staff.log")
        work.write_text(json.dumps(as_notebook(row)), encoding="utf-8")
        problem = ""
        try:
            results = foreman.grade(course, limited, work, Path(folder, "results.json"), seed=seed, log=log)
        except GradingError as error:
            problem = str(error)
            results = json.loads(Path(folder, "results.json").read_text(encoding="utf-8"))
        said = re.findall(r"^(q\d+) diagnosis: (.*)$", log.read_text(encoding="utf-8"), re.MULTILINE) if log.exists() else []
    outcomes = tuple(_outcome(t) for t in results["tests"] if "max_score" in t)
    return Graded(row, outcomes, dict(said), time.monotonic() - started, problem)


def as_notebook(row: Row) -> dict[str, Any]:
    """The row as an upload."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in row.cells
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _outcome(test: dict[str, Any]) -> Outcome:
    kind, outcome, *_ = test["tags"]
    title = test["name"].split(" · ", 1)[1]
    return Outcome(f"q{test['number']}", title, test["max_score"], kind == "hidden", test["status"] == "passed", outcome, test["output"])
