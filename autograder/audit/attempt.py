"""The command `autograder try`: the functions of one Python file against one question, the reference for everything else."""

from __future__ import annotations

import ast
import textwrap
import time
from dataclasses import replace
from pathlib import Path

from autograder.audit.matrix import grade_row
from autograder.audit.rows import Row
from autograder.content import Assignment, ContentError, Course, read_text
from autograder.grading.grade import Foreman


def defined_names(text: str, path: Path) -> set[str]:
    """The functions, classes and names that a file defines at its top level. Raises `ContentError` with the line when it is not Python."""
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise ContentError(f"{path}, line {error.lineno}: {error.msg}. Give a Python file with the functions of one question.") from None
    found = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return found | {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}


def run_attempt(course: Course, assignment: Assignment, question: str, path: Path) -> int:
    """Print PASS or FAIL for each case, with the message that a student would see and the likely cause. 1 when a case fails.

    Raises `ContentError` when the file or the question does not exist, the file is not Python, or defines none of the question's functions.
    """
    asked = assignment.question(question)
    text = read_text(path)
    own_names = defined_names(text, path) & set(asked.functions)
    if not own_names:
        raise ContentError(f"{path}: defines none of {', '.join(asked.functions) or 'no function'}, which answer {question}.")
    reference = assignment.reference
    others = (reference.solution(name) for name in reference.definitions if name not in own_names)
    row = Row(path.name, "attempt", (reference.imports, *others, text))
    with Foreman() as foreman:
        started = time.monotonic()
        graded = grade_row(foreman, replace(course, diagnosis="visible"), assignment, row)
        seconds = time.monotonic() - started
    own = [o for o in graded.outcomes if o.question == question]
    for o in own:
        print(f"{'PASS' if o.passed else 'FAIL'}  {o.case}  {o.name} ({'hidden' if o.hidden else 'public'}, {o.points:g} points)")
        if not o.passed:
            print(textwrap.indent("\n".join(o.message.splitlines()[1:]).strip(), "      "))
    if any(f"{name} is not defined" in o.message for o in own for name in own_names):
        print(f"{path.name} raised an exception before its functions were defined. Run it alone to see which: python {path}")
    elsewhere = sorted(graded.lost - {question})
    if elsewhere:
        print(f"Fails as well: {', '.join(elsewhere)}.")
    if graded.problem:
        print(graded.problem)
    print(f"{sum(o.points for o in own if o.passed):g} of {asked.points} points, graded in {seconds:.1f} s.")
    return 0 if own and all(o.passed for o in own) else 1
