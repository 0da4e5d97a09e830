"""Every homework and quiz in nbgrader and in this project's graders: the same points, and what `nbgrader validate` says.

`python -m tests.build.nbgrader_sweep [name …]` prints a table in Markdown, and each difference (a quarter of an hour for all).
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.audit.marks import Fault
from autograder.audit.matrix import grade_row
from autograder.audit.rows import Row, reference_row, stub_row, variant_rows
from autograder.build.nbgrader import make_course, nbgrader
from autograder.content import Assignment, Course, load_course
from autograder.grading.grade import Foreman
from autograder.quiz.bank import Quiz
from autograder.quiz.bundle import key_sheet
from autograder.quiz.grade import grade
from autograder.quiz.nbgrader import add_quizzes, quizzes_for
from autograder.quiz.papers import papers
from tests.build.nbgrader_course import by_question, earned, grades, hand_in, released, solved
from tests.quiz.quizfiles import filled, right_answers, wrong_answers

FAULTS = 3
AUTOGRADE_SECONDS = 900

Points = dict[str, float]


@dataclass
class Swept:
    """The points of each question, by submission, in nbgrader and here. problems: what is not as it must be."""

    name: str
    possible: float
    theirs: dict[str, Points]
    ours: dict[str, Points]
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        reference, stub, *others = (f"{sum(points.values()):g}" for points in self.theirs.values())
        cells = (self.name, f"{self.possible:g}", reference, stub, ", ".join(others), "no" if self.problems else "yes")
        return f"| {' | '.join(cells)} |"


def sweep_homework(course: Course, assignment: Assignment, folder: Path, foreman: Foreman) -> Swept:
    """The reference, the stub and some faults."""
    name = assignment.name
    make_course(course, [assignment], folder, lambda _: None)
    rows = [reference_row(assignment), stub_row(assignment), *some_faults(assignment)]
    work = {row.name: solved(folder, assignment, row) for row in rows} | {"stub": released(folder, name)}
    theirs = _autograded(folder, name, work, {q.id for q in assignment.coded})
    ours = {row.name: earned(grade_row(foreman, course, assignment, row).outcomes) for row in rows}
    swept = Swept(name, sum(q.points for q in assignment.coded), theirs, ours)
    _judge(swept, folder, work["reference"], work["stub"])
    return swept


def some_faults(assignment: Assignment) -> list[Row]:
    """Faults of questions from the first to the last, each of which the graders must judge alike: none by chance or by a limit."""
    rows = [row for row in variant_rows(assignment, "fault") if isinstance(row.declaration, Fault)]
    firm = [row for row in rows if row.declaration and not (row.declaration.only_limited or row.declaration.by_chance)]
    questions = [q for q in assignment.coded if any(row.declaration.of in q.functions for row in firm if row.declaration)]
    chosen = [questions[i * (len(questions) - 1) // (FAULTS - 1)] for i in range(FAULTS)]
    return [next(row for row in firm if row.declaration and row.declaration.of in q.functions) for q in chosen]


def sweep_quiz(course: Course, quiz: Quiz, folder: Path) -> Swept:
    """Right answers, none, and the first known mistake of every question, counted for correctness."""
    quiz = dataclasses.replace(quiz, graded="correctness")
    add_quizzes(course, [quiz], folder, lambda _: None)
    sheet, empty = key_sheet(course, quiz, papers(quiz)), released(folder, quiz.name)
    answers = {"reference": right_answers(sheet, "reference"), "stub": {}, "mistaken": wrong_answers(sheet, "mistaken")}
    work = {who: filled(empty, who, written, quiz.name) for who, written in answers.items()}
    theirs = _autograded(folder, quiz.name, work, {f"q{n}" for n in range(1, len(quiz.items) + 1)})
    ours = {}
    for who in work:
        results = grade(sheet, folder / f"submitted/{who}/{quiz.name}/{quiz.name}.ipynb", [(who, "")], {})
        ours[who] = {f"q{row['number']}": float(row["score"]) for row in results["tests"] if "score" in row}
    swept = Swept(quiz.name, quiz.points, theirs, ours)
    source = nbformat.read(folder / f"source/{quiz.name}/{quiz.name}.ipynb", as_version=4)
    _judge(swept, folder, filled(source, "reference", answers["reference"], quiz.name), empty)
    return swept


def _autograded(folder: Path, name: str, work: Mapping[str, NotebookNode], questions: set[str]) -> dict[str, Points]:
    for student, notebook in work.items():
        hand_in(folder, name, student, notebook)
    nbgrader(folder, "autograde", name, seconds=AUTOGRADE_SECONDS)
    points = {student: by_question(grades(folder, name, student)) for student in work}
    return {student: {q: p for q, p in scores.items() if q in questions} for student, scores in points.items()}


def _judge(swept: Swept, folder: Path, solution: NotebookNode, stub: NotebookNode) -> None:
    for student, points in swept.theirs.items():
        if points != swept.ours[student]:
            swept.problems.append(f"{swept.name}, {student}: {points} in nbgrader, {swept.ours[student]} here")
    if sum(swept.theirs["reference"].values()) != swept.possible:
        swept.problems.append(f"{swept.name}: the reference does not get full marks")
    for notebook, name, expected in ((solution, "solution", "Success!"), (stub, "stub", "VALIDATION FAILED")):
        nbformat.write(notebook, folder / f"{name}.ipynb")
        if expected not in (said := nbgrader(folder, "validate", f"{name}.ipynb")):
            swept.problems.append(f"{swept.name}: validate says of the {name}: {said}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="homeworks and quizzes (default: all)")
    names = parser.parse_args().names
    course = load_course()
    quizzes = quizzes_for(course, names)
    homeworks = [name for name in names or course.assignments if name not in {quiz.name for quiz in quizzes}]
    print("| | points | reference | stub | known-wrong work | as here |\n|---|---|---|---|---|---|")
    problems = []
    with Foreman() as foreman, tempfile.TemporaryDirectory() as scratch:
        for name in homeworks:
            swept = sweep_homework(course, course.assignment(name), Path(scratch, name), foreman)
            print(swept.line(), flush=True)
            problems += swept.problems
        for quiz in quizzes:
            swept = sweep_quiz(course, quiz, Path(scratch, quiz.name))
            print(swept.line(), flush=True)
            problems += swept.problems
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
