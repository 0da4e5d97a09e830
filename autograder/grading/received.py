"""The first row of the results: what arrived, where work and grader differ, which cells failed, and what to change."""

from __future__ import annotations

import ast
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch

from autograder.content import Assignment
from autograder.grading.cells import Problem, failed_line, title
from autograder.grading.results import fenced, received_row
from autograder.grading.submission import Submission

MAX_PROBLEMS = 5


def describe(
    submission: Submission, assignment: Assignment, problems: Mapping[int, Problem], defined: Iterable[str] | None
) -> dict[str, Any]:
    """The row. problems: by number of the cell. defined: the names that the cells defined; None while that is not known."""
    here = f"Python {platform.python_version()}, torch {torch.__version__}"
    lines = [
        f"File `{submission.name.replace('`', '')[:80]}`, SHA-256 `{submission.digest[:16]}`, {_count(submission.cells)} run.",
        f"Graded with {here}." + (f" Your notebook says: {submission.versions}." if submission.versions else ""),
    ]
    wanted = [name for question in assignment.coded for name in question.functions]
    missing = [] if defined is None else [name for name in wanted if name not in set(defined)]
    doubts = [*_wrong_notebook(submission, assignment), *_defined_twice(submission, wanted)]
    for doubt in doubts:
        lines += ["", doubt]
    for number, problem in sorted(problems.items())[:MAX_PROBLEMS]:
        cell = submission.cells[number]
        lines += ["", f"{title(cell, assignment)} {problem.what}. {problem.advice}"]
        line, said = failed_line(cell, problem), f"{problem.kind}: {problem.said}" if problem.said else ""
        if line or said:
            lines += ["", fenced("\n".join(filter(None, [line, said])))]
    if len(problems) > MAX_PROBLEMS:
        lines += ["", f"{len(problems) - MAX_PROBLEMS} more cells failed."]
    if problems:
        lines += ["", "All other cells were run, and every question was graded."]
    if missing:
        lines += ["", f"Not defined: {', '.join(f'`{n}`' for n in missing)}. Keep the names that the notebook gives."]
    return received_row("\n".join(lines), problem=bool(problems or missing or doubts))


def _count(cells: Sequence[str]) -> str:
    return f"{len(cells)} code cell{'s' * (len(cells) != 1)}"


def _wrong_notebook(submission: Submission, assignment: Assignment) -> list[str]:
    if submission.language and submission.language.lower() != "python":
        return [f"This notebook is for {submission.language}, not Python. In Colab: Runtime > Change runtime type > Python 3."]
    if submission.assignment and submission.assignment != assignment.name:
        return [f"This is the notebook of {submission.assignment}; here {assignment.name} is graded. Upload the right one."]
    if submission.release and assignment.releases.current and submission.release not in assignment.releases:
        return [
            f"The notebook is of release {submission.release[:20]}, which is not of this term. It was graded all the same; "
            "compare it with the present notebook, whose questions may differ."
        ]
    if not submission.cells:
        return ["The notebook has no code to run. Save it (File > Save), download it again, and upload that file."]
    return []


def _defined_twice(submission: Submission, wanted: Iterable[str]) -> list[str]:
    counts = _definitions(tuple(submission.cells))
    return [
        f"`{name}` is defined in {count} cells; the last one counts. Delete the others: search the notebook for `{name}`."
        for name in wanted
        if (count := counts[name]) > 1
    ]


@lru_cache(maxsize=1)
def _definitions(cells: tuple[str, ...]) -> Counter[str]:
    """How many cells define each name; cached, because the row is written anew as cases are judged."""
    counts: Counter[str] = Counter()
    for source in cells:
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # a cell with magics, or a problem of its own
        counts.update({node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not _is_stub(node)})
    return counts


def _is_stub(node: ast.FunctionDef | ast.ClassDef) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Raise) and "NotImplementedError" in ast.dump(last)
