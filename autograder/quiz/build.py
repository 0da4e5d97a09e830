"""Everything that a quiz is given with, written into release/."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.build.notebook import to_bytes
from autograder.content import ContentError, Course
from autograder.quiz.bank import Quiz
from autograder.quiz.bundle import key_sheet, quiz_zip
from autograder.quiz.notebook import quiz_notebook
from autograder.quiz.pages import quiz_preview
from autograder.quiz.paper import paper_files
from autograder.quiz.papers import Paper, papers, version
from autograder.quiz.ways import CANVAS, GRADESCOPE, NOTEBOOK, PAPER, PREVIEW, WAYS


@dataclass(frozen=True)
class Built:
    """One quiz that was built. files: what was written, for each way."""

    quiz: Quiz
    version: str
    files: dict[str, Path]


def build_quiz(course: Course, quiz: Quiz, ways: Sequence[str] = WAYS) -> Built:
    """Write a quiz in some ways. Only a take-home quiz has a notebook and its grader; students' files of another are removed.

    Raises ContentError where the quiz cannot be given in one of them.
    """
    drawn = papers(quiz)
    release = course.root / "release"
    student = release / "student" / "quizzes" / f"{quiz.name}.ipynb"
    zipped = release / "gradescope" / f"{quiz.name}.zip"
    files: dict[str, Path] = {}
    if not quiz.is_take_home:
        student.unlink(missing_ok=True)
        zipped.unlink(missing_ok=True)
    if NOTEBOOK in ways and quiz.is_take_home:
        files[NOTEBOOK] = _write(student, to_bytes(quiz_notebook(course, quiz, drawn)))
    if GRADESCOPE in ways and quiz.is_take_home:
        files[GRADESCOPE] = _write(zipped, quiz_zip(course, key_sheet(course, quiz, drawn)))
    if CANVAS in ways:
        files[CANVAS] = _write(release / "canvas" / f"{quiz.name}.zip", _canvas(quiz, drawn))
    if PAPER in ways:
        files[PAPER] = folder = release / "paper" / quiz.name
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in paper_files(quiz, drawn).items():
            _write(folder / name, text.encode())
    if PREVIEW in ways:
        files[PREVIEW] = _write(release / "solutions" / "quizzes" / f"{quiz.name}.html", quiz_preview(quiz, drawn).encode())
    return Built(quiz, version(course, drawn), files)


def _canvas(quiz: Quiz, drawn: Sequence[Paper]) -> bytes:
    try:
        from autograder.quiz.canvas import canvas_zip
    except ModuleNotFoundError as missing:
        raise ContentError(f"{missing.name} is not installed, and Canvas packages need it: pip install '.[canvas]'.") from None
    return canvas_zip(quiz, drawn)


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)
    return path
