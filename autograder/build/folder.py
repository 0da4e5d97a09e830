"""The student folder around the notebooks, and its way into a public repository."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.build.expected import Expected, inputs_hash
from autograder.build.gates import Problem, notebook_problems
from autograder.build.notebook import colab_badge, solution_notebook, student_notebook, to_bytes
from autograder.content import Assignment, ContentError, Course, read_text

HOMEWORK = "<!-- homework -->"
PRIVATE = ("solutions", "autograder")
"""A repository with one of these at its top holds answers."""


class PublishError(Exception):
    """Nothing was published; the message says why and what to do."""


def student_pages(course: Course, names: Sequence[str] | None = None) -> dict[str, str]:
    """What lies beside the notebooks: assignments/student/*.md. The mark becomes the table of homework: all, or those named."""
    assignments = [course.assignment(name) for name in course.assignments if names is None or name in names]
    pages = {p.name: read_text(p) for p in sorted((course.root / "assignments" / "student").glob("*.md"))}
    return {name: text.replace(HOMEWORK, homework_table(course, assignments)) for name, text in pages.items()}


def homework_table(course: Course, assignments: Sequence[Assignment]) -> str:
    """One row per homework: what it is about, its lectures, the hours of the median student, its points."""
    lines = ["| homework | about | lectures | hours | points |", "|---|---|---|---|---|"]
    for a in assignments:
        topic = f"[{a.title}]({a.name}/{a.name}.ipynb) {colab_badge(course, a)}".strip()
        lectures = ", ".join(map(str, a.lectures))
        lines.append(f"| {topic} | {a.summary} | {lectures} | {a.minutes / 60:.2g} | {a.points} |")
    return "\n".join(lines)


def write_student_pages(course: Course) -> None:
    """Write README.md and the like into release/student."""
    folder = course.root / "release" / "student"
    for name, text in student_pages(course).items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def published_files(course: Course, assignments: Sequence[Assignment]) -> dict[str, bytes]:
    """Path in the public repository -> bytes, of the notebooks. Raises `PublishError` when a release is stale or a leak gate fails."""
    folder = course.root / "release" / "student"
    files: dict[str, bytes] = {}
    problems: list[Problem | str] = []
    for a in assignments:
        expected = Expected(course.root / "release" / "expected" / a.name)
        fresh = student_notebook(course, a, expected)
        problems += notebook_problems(a, fresh)
        path = f"{a.name}/{a.name}.ipynb"
        files[path] = to_bytes(fresh)
        stale = expected.lock != inputs_hash(solution_notebook(course, a))
        if stale or not (folder / path).exists() or (folder / path).read_bytes() != files[path]:
            problems.append(f"release/student/{path}: is not what the content gives now. Run make HW={a.name}, and look at it.")
    if problems:
        raise PublishError("\n".join(["nothing was published:", *map(str, problems)]))
    return files


def publish(course: Course, assignments: Sequence[Assignment], target: str, *, branch: str = "main", dry_run: bool = False) -> list[str]:
    """Bring the student folder into the repository `target` (an address or a path) and push it; returns the files that changed.

    Other files of the target stay. Raises `PublishError` when a gate fails, or when the target holds answers or is this repository.
    """
    files = published_files(course, assignments)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "public")
        try:
            _git(Path(folder), "clone", "-q", target, str(work))
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
            _git(work, "commit", "-q", "-m", f"Release {', '.join(a.name for a in assignments)} ({course.term})")
            _git(work, "push", "-q", "origin", branch)
    return changed


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
