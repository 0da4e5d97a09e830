"""Quizzes in a course directory for nbgrader: the take-home notebook with a test cell under each answer.

The keys stand in the set-up cell, between nbgrader's markers. Answers of every kind are data, so nothing waits for a person.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from autograder.build.casecells import BEGIN_HIDDEN, END_HIDDEN
from autograder.build.gates import Problem
from autograder.build.nbgrader import marked, prepare, release
from autograder.build.notebook import finished, write_files
from autograder.build.release import Say
from autograder.content import ContentError, Course
from autograder.handin import CHECK, SETUP
from autograder.quiz.bank import Quiz, load_quizzes
from autograder.quiz.bundle import MODULES, key_sheet, package
from autograder.quiz.notebook import HOW_TO_BEGIN, form_cell, front, hidden_cell, name_field, question_cells, sheet_line
from autograder.quiz.papers import Paper, papers, version

SHEET = ("quiz/draw.py", "quiz/received.py", "quiz/responses.py", "quiz/sheet.py")
GRADER = (*MODULES, "quiz/credited.py")
"""What of this package every notebook brings along, and what comes with the keys."""


def quizzes_for(course: Course, names: Sequence[str]) -> list[Quiz]:
    """The quizzes among `names`; without names every take-home quiz. Raises ContentError for one that is taken under supervision."""
    quizzes = load_quizzes(course.root) if (course.root / "assignments" / "quizzes").is_dir() else {}
    chosen = [quizzes[name] for name in names if name in quizzes]
    for quiz in chosen:
        if not quiz.is_take_home:
            raise ContentError(f"{quiz.name} is taken under supervision, and has no notebook: give it on paper or in Canvas.")
    return chosen if names else [quiz for quiz in quizzes.values() if quiz.is_take_home]


def add_quizzes(course: Course, quizzes: Sequence[Quiz], folder: Path, say: Say) -> list[Path]:
    """Write take-home quizzes into the course directory `folder` and have nbgrader release them; returns the released notebooks.

    Raises `GateError` when a released notebook is not what the prompts alone make, `ContentError` when nbgrader refuses a quiz.
    """
    prepare(course, folder)
    released = []
    for quiz in quizzes:
        drawn = papers(quiz)
        public = quiz_notebook(course, quiz, drawn)
        source = quiz_notebook(course, quiz, drawn, _keys(course, quiz, drawn))
        released.append(release(folder, quiz.name, source, functools.partial(_release_problems, public), say))
    return released


def quiz_notebook(course: Course, quiz: Quiz, papers: Sequence[Paper], keys: str = "") -> nbformat.NotebookNode:
    """The quiz for nbgrader. keys: what only the staff's copy runs in the set-up cell, which then stands between nbgrader's markers."""
    first = hidden_cell("\n".join([_set_up(course, quiz, papers), *([BEGIN_HIDDEN, keys, END_HIDDEN] if keys else [])]))
    cells = [
        new_markdown_cell(f"{front(quiz)}\n\n{HOW_TO_BEGIN}"),
        # A graded cell without points: only in those may hidden tests stand, and nbgrader puts it back where somebody deletes it.
        marked(first, "set-up", grade=True, locked=True, points=0),
        form_cell(f"{name_field(quiz)}  # release {version(course, papers)}"),
    ]
    for number, item in enumerate(quiz.items, start=1):
        points = 0 if quiz.graded == "none" else item.points
        test = hidden_cell(f"#@title Check {number}\n{CHECK} q{number}\ncheck({number})")
        cells += [*question_cells(quiz, number, papers), marked(test, f"q{number}", grade=True, locked=True, points=points)]
    return finished(cells, f"{quiz.name}.ipynb", f"nbgrader {quiz.name}")


def _set_up(course: Course, quiz: Quiz, papers: Sequence[Paper]) -> str:
    """What students' copies run first: it makes `sheet`, and `check`, which knows no key."""
    return (
        f"#@title Set-up\n{SETUP} {quiz.name}, release {version(course, papers)}\n"
        f"{write_files(package(SHEET))}\n"
        "from autograder.quiz.received import Received\nfrom autograder.quiz.sheet import Sheet\n\n"
        f"{sheet_line(course, quiz, papers)}\n"
        "check = Received(sheet, globals())"
    )


def _keys(course: Course, quiz: Quiz, papers: Sequence[Paper]) -> str:
    """Statements that replace `check` by the one that grades. Until the last of them, checks fail: no answer counts by an accident."""
    sheet = key_sheet(course, quiz, papers).to_json()
    grader = f"from autograder.quiz.credited import Credited\n\ncheck = Credited({sheet!r})"
    return f"check = None\n{write_files(package(GRADER))}\n{grader}"


def _release_problems(public: nbformat.NotebookNode, path: Path) -> list[Problem]:
    """The gate on a released quiz: it is the notebook that is made without the keys, cell by cell."""
    notebook = nbformat.read(path, as_version=4)
    same = [cell.source for cell in notebook.cells] == [cell.source for cell in public.cells]
    files = sorted(set(path.parent.rglob("*")) - {path})
    found = [] if same else [Problem("leak", str(path), "a cell differs from the notebook made without keys", "Compare the two.")]
    return found + [Problem("leak", str(extra), "a file beside the released notebook", "Remove it from source/.") for extra in files]
