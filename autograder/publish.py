"""The student folder's way into a public repository: fresh notebooks without leaks, and the pages around them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.build.expected import Expected, inputs_hash
from autograder.build.folder import student_pages
from autograder.build.gates import Problem, notebook_problems
from autograder.build.notebook import solution_notebook, student_notebook, to_bytes
from autograder.content import Assignment, ContentError, Course
from autograder.quiz.bank import Quiz, load_quizzes
from autograder.quiz.gates import leaks
from autograder.quiz.notebook import quiz_notebook
from autograder.quiz.papers import papers

PRIVATE = ("solutions", "autograder")
"""A repository with one of these at its top holds answers."""


class PublishError(Exception):
    """Nothing was published; the message says why and what to do."""


def publish(course: Course, names: Sequence[str], target: str, *, branch: str = "main", dry_run: bool = False) -> list[str]:
    """Bring notebooks and pages into the repository `target` (an address or a path) and push it; returns the files that changed.

    names: of homework and take-home quizzes; all when empty. Other files of the target stay.

    Raises:
        ContentError: a name is unknown, or that of a quiz without a notebook.
        PublishError: a release is stale or leaks, or the target holds answers or is this repository.
    """
    assignments, quizzes = _chosen(course, names)
    files = _released(course, assignments, quizzes)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "public")
        try:
            _git(Path.cwd(), "clone", "-q", target, str(work))
        except PublishError as error:
            raise PublishError(f"{error}\nMake an empty repository first: git init --bare {target}, or on your git server.") from None
        if any((work / name).is_dir() for name in PRIVATE) or _roots(work) & _roots(course.root):
            raise PublishError(f"{target} is this repository or a clone of it, with every answer. Publish to a repository of its own.")
        if _git(work, "branch", "-r", "--list", f"origin/{branch}"):
            _git(work, "checkout", "-q", branch)
        else:
            _git(work, "checkout", "-q", "-B", branch)
        there = [name for name in course.assignments if f"{name}/{name}.ipynb" in files or (work / name / f"{name}.ipynb").exists()]
        files |= {name: text.encode() for name, text in student_pages(course, there).items()}
        for name, data in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(data)
        _git(work, "add", "--", *files)
        changed = _git(work, "diff", "--cached", "--name-only").splitlines()
        if changed and not dry_run:
            said = ", ".join([a.name for a in assignments] + [quiz.name for quiz in quizzes])
            _git(work, "commit", "-q", "-m", f"Release {said} ({course.term})")
            _push(work, branch, target)
    return changed


def _chosen(course: Course, names: Sequence[str]) -> tuple[list[Assignment], list[Quiz]]:
    """The homework and the quizzes of these names: all that students take home, when there are none."""
    quizzes = load_quizzes(course.root) if (course.root / "assignments" / "quizzes").is_dir() else {}
    if not names:
        return [course.assignment(name) for name in course.assignments], [quiz for quiz in quizzes.values() if quiz.is_take_home]
    for name in names:
        if name not in (*course.assignments, *quizzes):
            raise ContentError(f"'{name}' is no homework and no quiz. There are {', '.join((*course.assignments, *quizzes))}.")
        if name in quizzes and not quizzes[name].is_take_home:
            raise ContentError(f"{name} is taken in class: it has no notebook to publish.")
    return [course.assignment(name) for name in names if name not in quizzes], [quizzes[name] for name in names if name in quizzes]


def _released(course: Course, assignments: Sequence[Assignment], quizzes: Sequence[Quiz]) -> dict[str, bytes]:
    """Path in the public repository -> bytes, of the notebooks. Raises `PublishError` when one is stale or leaks."""
    files: dict[str, bytes] = {}
    problems: list[Problem | str] = []
    for a in assignments:
        expected = Expected(course.root / "release" / "expected" / a.name)
        notebook = student_notebook(course, a, expected)
        problems += notebook_problems(a, notebook)
        path = f"{a.name}/{a.name}.ipynb"
        files[path] = to_bytes(notebook)
        if expected.lock != inputs_hash(solution_notebook(course, a)) or _is_stale(course, path, files[path]):
            problems.append(f"release/student/{path}: is not what the content gives now. Run make HW={a.name}, and look at it.")
    for quiz in quizzes:
        drawn = papers(quiz)
        path = f"quizzes/{quiz.name}.ipynb"
        files[path] = to_bytes(quiz_notebook(course, quiz, drawn))
        problems += leaks(quiz, drawn, files[path].decode())
        if _is_stale(course, path, files[path]):
            problems.append(f"release/student/{path}: is not what the bank gives now. Run make quizzes QUIZ={quiz.name}, and look at it.")
    if problems:
        raise PublishError("\n".join(["nothing was published:", *map(str, problems)]))
    return files


def _is_stale(course: Course, path: str, fresh: bytes) -> bool:
    released = course.root / "release" / "student" / path
    return not released.exists() or released.read_bytes() != fresh


def _push(work: Path, branch: str, target: str) -> None:
    try:
        _git(work, "push", "-q", "origin", branch)
    except PublishError as error:
        if "checked out branch" not in str(error):
            raise
        advice = "Give the address that it is cloned from, or make a bare one: git init --bare"
        raise PublishError(f"{target} is somebody's working copy: git pushes to no branch that is checked out. {advice}.") from None


def _roots(repository: Path) -> set[str]:
    """The first commits of a repository's history: clones share them."""
    return set(_git(repository, "rev-list", "--max-parents=0", "--all", check=False).split())


def _git(folder: Path, *arguments: str, check: bool = True) -> str:
    if shutil.which("git") is None:
        raise ContentError("git is not installed.")
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if check and done.returncode:
        raise PublishError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
