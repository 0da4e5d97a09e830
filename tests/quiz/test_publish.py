"""`autograder publish` with quizzes: take-home notebooks alone, as the bank is now, and nothing of the keys."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.quiz.bank import load_quizzes
from autograder.quiz.gates import leaks
from autograder.quiz.papers import papers

BANK = "assignments/quizzes/bank/l03_descent.py"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty public repository, and who commits to it."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Staff")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "staff@example.edu")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "public.git")
    return tmp_path / "public.git"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def build(root: Path) -> None:
    assert main(["quiz", "--root", str(root), "build", "--only", "notebook"]) == 0


def publish(root: Path, target: Path, *names: str) -> int:
    return main(["publish", str(target), *names, "--root", str(root)])


@pytest.mark.parametrize("names", [("quiz03",), ()])
def test_its_notebook_arrives_and_nothing_else(course_root: Path, public: Path, names: tuple[str, ...]) -> None:
    build(course_root)
    assert publish(course_root, public, *names) == 0
    assert git(public, "ls-tree", "-r", "--name-only", "main") == "quizzes/quiz03.ipynb"


def test_one_that_the_bank_has_left_behind_is_refused(course_root: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(course_root)
    edit(course_root / BANK, "at @{x}?", "there, at @{x}?")
    assert publish(course_root, public, "quiz03") == 1
    assert "Run make quizzes QUIZ=quiz03" in capsys.readouterr().err


@pytest.mark.parametrize("secret", ["The factor two is lost.", "It stays level.", "The inner size is kept."])
def test_a_misconception_among_the_statements_is_refused(
    course_root: Path, public: Path, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(course_root / BANK, "from the marked point", f"from the marked point\n    ({secret})")
    build(course_root)
    assert publish(course_root, public, "quiz03") == 1
    said = capsys.readouterr().err
    assert "[leak]" in said and secret in said
    assert git(public, "branch", "--list") == ""


def test_the_leak_gate_sees_through_quotes(course_root: Path) -> None:
    quiz = load_quizzes(course_root)["quiz03"]
    drawn = papers(quiz)
    secret = drawn[0].variants[0].key.explanation
    assert "\\cdot" in secret
    assert leaks(quiz, drawn, f"{{'source': {repr(repr(secret))}}}") != []


def test_a_quiz_taken_in_class_is_refused(course_root: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(course_root / "assignments/quizzes/quiz03.toml", "lecture = 3", 'lecture = 3\nsetting = "supervised"')
    assert publish(course_root, public, "quiz03") == 2
    assert "taken in class" in capsys.readouterr().err


def test_a_name_that_is_none_is_named(course_root: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(course_root, public, "quiz99") == 2
    assert "'quiz99' is no homework and no quiz. There are quiz03" in capsys.readouterr().err
