"""The command `autograder try`: the functions of one Python file against one question, the reference for everything else."""

from __future__ import annotations

import textwrap
import time
from dataclasses import replace
from pathlib import Path

from autograder.audit.matrix import grade_row
from autograder.audit.rows import Row, reference_row
from autograder.content import Assignment, ContentError, Course, read_text
from autograder.grading.grade import Foreman


def run_attempt(course: Course, assignment: Assignment, question: str, path: Path) -> int:
    """Print PASS or FAIL for each case, with the message that a student would see and the likely cause. 1 when a case fails.

    Raises `ContentError` when the file or the question does not exist, or the file defines none of the question's functions.
    """
    asked = assignment.question(question)
    text = read_text(path)
    if asked.functions and not any(name in text for name in asked.functions):
        raise ContentError(f"{path}: defines none of {', '.join(asked.functions)}, which answer {question}.")
    reference = reference_row(assignment)
    row = Row(path.name, "attempt", (*reference.cells, text))
    with Foreman() as foreman:
        started = time.monotonic()
        graded = grade_row(foreman, replace(course, diagnosis="visible"), assignment, row)
        seconds = time.monotonic() - started
    own = [o for o in graded.outcomes if o.question == question]
    for o in own:
        print(f"{'PASS' if o.passed else 'FAIL'}  {o.case}  {o.name} ({'hidden' if o.hidden else 'public'}, {o.points:g} points)")
        if not o.passed:
            print(textwrap.indent("\n".join(o.message.splitlines()[1:]).strip(), "      "))
    elsewhere = sorted(graded.lost - {question})
    if elsewhere:
        print(f"Fails as well: {', '.join(elsewhere)}.")
    if graded.problem:
        print(graded.problem)
    print(f"{sum(o.points for o in own if o.passed):g} of {asked.points} points, graded in {seconds:.1f} s.")
    return 0 if own and all(o.passed for o in own) else 1
