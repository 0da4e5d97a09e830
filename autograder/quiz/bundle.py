"""The Gradescope zip of a take-home quiz: keys, aliases, and the few files of this package that grade. Nothing is installed there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.build.bundle import zip_bytes
from autograder.build.notebook import PACKAGE
from autograder.content import Course, read_text
from autograder.quiz.bank import Quiz
from autograder.quiz.gradescope import ALIASES, KEYS
from autograder.quiz.keysheet import KeySheet, Slot
from autograder.quiz.papers import Paper, seed, version

TEMPLATES = Path(__file__).parent / "templates"
MODULES = (
    "handin.py",
    "grading/submission.py",
    "quiz/answers.py",
    "quiz/draw.py",
    "quiz/figure.py",
    "quiz/grade.py",
    "quiz/gradescope.py",
    "quiz/identity.py",
    "quiz/keysheet.py",
    "quiz/literal.py",
    "quiz/responses.py",
    "quiz/score.py",
    "quiz/variant.py",
)
"""What of the package grading a quiz needs: the standard library of Python 3.10 is enough for these."""


def key_sheet(course: Course, quiz: Quiz, papers: Sequence[Paper]) -> KeySheet:
    """The keys of every paper."""
    slots = tuple(
        Slot(item.question.id, item.question.title, item.points, tuple(paper.variants[n].key for paper in papers))
        for n, item in enumerate(quiz.items)
    )
    fingerprints = tuple(paper.fingerprint for paper in papers)
    return KeySheet(quiz.name, quiz.title, seed(course), version(course, papers), quiz.graded, quiz.scoring, fingerprints, slots)


def aliases_file(course: Course) -> Path | None:
    """aliases.csv of the course, or of its private overlay."""
    there = [folder / ALIASES for folder in reversed(course.quiz_folders) if (folder / ALIASES).exists()]
    return there[0] if there else None


def package(modules: Sequence[str]) -> dict[str, str]:
    """Some modules of this package as a package of their own: text by path."""
    files = {f"autograder/{room}__init__.py": "" for room in ("", "grading/", "quiz/")}  # the real ones import the bank
    return files | {f"autograder/{module}": read_text(PACKAGE / module) for module in modules}


def quiz_zip(course: Course, sheet: KeySheet) -> bytes:
    """The zip to upload as the autograder of a programming assignment."""
    files = {name: (TEMPLATES / name).read_bytes() for name in ("setup.sh", "run_autograder")}
    files |= {name: text.encode() for name, text in package(MODULES).items()}
    files[KEYS] = sheet.to_json().encode()
    if aliases := aliases_file(course):
        files[ALIASES] = aliases.read_bytes()
    return zip_bytes(files)
