"""How long a homework took: the survey cell of each notebook, read without being run, and the class's answers without names."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from autograder.content import HOURS, REMARK, Assignment
from autograder.grading.submission import Unreadable, read_submission
from autograder.report.html import table
from autograder.report.statistics import ENOUGH

MAX_HOURS = 100.0
MAX_REMARK = 300


@dataclass(frozen=True)
class Survey:
    """One submission's answers. hours: by question; what was left at 0 or is no number is not there. remark: '' when there is none."""

    hours: dict[str, float] = field(default_factory=dict)
    remark: str = ""


def read_survey(notebook: Path | None) -> Survey:
    """The literals of the survey cell; blank for a file that is no notebook or has no such cell."""
    if notebook is None:
        return Survey()
    try:
        tree = ast.parse(read_submission(notebook).survey)
    except (Unreadable, SyntaxError, ValueError, RecursionError, MemoryError):
        return Survey()
    hours: dict[str, float] = {}
    remark = ""
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)):
            continue
        name, value = node.targets[0].id, node.value.value
        if isinstance(value, int | float) and name.startswith(HOURS) and 0 < value <= MAX_HOURS:
            hours[name.removeprefix(HOURS)] = float(value)
        elif isinstance(value, str) and name == REMARK:
            remark = re.sub(r"\s+", " ", value).strip()[:MAX_REMARK]
    return Survey(hours, remark)


def survey_section(assignment: Assignment, surveys: Sequence[Survey]) -> str:
    """For the class report: hours per question beside the planned ones, then the remarks, sorted, so that their order names nobody.

    Nothing is shown of fewer than `ENOUGH` answers: people could be told from them.
    """
    answered = [survey for survey in surveys if survey.hours]
    if len(answered) < ENOUGH:
        return f"<h2>Hours</h2><p>{len(answered)} of {len(surveys)} submissions say how long it took; from {ENOUGH} on they are shown.</p>"
    whole = [sum(s.hours.values()) for s in answered if all(q.id in s.hours for q in assignment.questions)]
    rows = [
        _row(f"Question {q.number}", q.title, q.minutes / 60, [s.hours[q.id] for s in answered if q.id in s.hours])
        for q in assignment.questions
    ]
    rows.append(_row("All", "submissions that say it of every question", assignment.minutes / 60, whole))
    sentence = f"{len(answered)} of {len(surveys)} submissions say how long it took. Nothing tells who said what."
    heads = ["", "", "planned", "answers", "first quartile", "median", "third quartile"]
    return f"<h2>Hours</h2><p>{sentence}</p>{table(heads, rows, numbers=5)}{_remarks(surveys)}"


def _row(name: str, title: str, planned: float, hours: Sequence[float]) -> list[str]:
    quartiles = [f"{hour:.1f}" for hour in statistics.quantiles(hours, n=4, method="inclusive")] if len(hours) >= ENOUGH else ["–"] * 3
    return [name, escape(title), f"{planned:.1f}", str(len(hours)), *quartiles]


def _remarks(surveys: Sequence[Survey]) -> str:
    said = sorted(survey.remark for survey in surveys if survey.remark)
    if not said:
        return ""
    items = "".join(f"<li>{escape(remark)}</li>" for remark in said)
    return f"<details><summary>Remarks: {len(said)}</summary><div><ul>{items}</ul></div></details>"
