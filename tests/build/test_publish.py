"""`autograder publish`: the student folder into a repository of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.cli import main
from tests.support import TOY

ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Staff",
    "GIT_AUTHOR_EMAIL": "staff@example.edu",
    "GIT_COMMITTER_NAME": "Staff",
    "GIT_COMMITTER_EMAIL": "staff@example.edu",
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy course, built, with a page for students."""
    root = tmp_path_factory.mktemp("built") / "course"
    shutil.copytree(TOY, root, ignore=shutil.ignore_patterns("release", ".cache", "__pycache__"))
    (root / "assignments" / "student").mkdir()
    (root / "assignments" / "student" / "README.md").write_text("# Homework\n\n<!-- homework -->\n")
    assert main(["build", "--no-stock", "--root", str(root)]) == 0
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built course in a repository of its own."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "private"
    shutil.copytree(built, root)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Everything")
    return root


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """An empty public repository."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "public.git")
    return tmp_path / "public.git"


def publish(course: Path, target: Path, *options: str) -> int:
    return main(["publish", str(target), *options, "--root", str(course)])


def test_notebooks_and_pages_arrive_and_nothing_else(course: Path, public: Path) -> None:
    assert publish(course, public) == 0
    assert git(public, "ls-tree", "-r", "--name-only", "main").splitlines() == ["README.md", "toy/toy.ipynb"]
    assert "[A toy homework](toy/toy.ipynb)" in git(public, "show", "main:README.md")


def test_a_repository_that_is_not_there_is_named_with_the_remedy(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(course, tmp_path / "nowhere") == 1
    assert "git init --bare" in capsys.readouterr().err


def test_a_relative_path_is_seen_from_here(course: Path, public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    assert publish(course, Path("..", public.name)) == 0
    assert "toy/toy.ipynb" in git(public, "ls-tree", "-r", "--name-only", "main")


def test_a_working_copy_is_refused_with_the_remedy(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "copy")
    assert publish(course, tmp_path / "copy") == 1
    assert "working copy" in capsys.readouterr().err


def test_the_table_lists_what_is_published(course: Path, public: Path) -> None:
    assert main(["new", "hw7_later", "--root", str(course)]) == 0
    assert publish(course, public, "toy") == 0
    assert "hw7_later" not in git(public, "show", "main:README.md")


def test_a_second_time_changes_nothing(course: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(course, public)
    assert publish(course, public) == 0
    assert "nothing changed" in capsys.readouterr().out
    assert git(public, "rev-list", "--count", "main") == "1"


def test_a_dry_run_pushes_nothing(course: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(course, public, "--dry-run") == 0
    assert "would change toy/toy.ipynb" in capsys.readouterr().out
    assert git(public, "branch", "--list") == ""


def test_this_repository_and_its_clones_are_refused(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(course), "clone.git")
    for target in (course, tmp_path / "clone.git"):
        assert publish(course, target) == 1
        assert "with every answer" in capsys.readouterr().err


def test_a_stale_release_is_refused(course: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prose = course / "assignments" / "toy" / "notebook.md"
    prose.write_text(prose.read_text() + "\n\nOne sentence more.\n")
    assert publish(course, public) == 1
    assert "Run make HW=toy" in capsys.readouterr().err


def test_a_leak_is_refused(course: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = (course / "assignments" / "toy" / "tests" / "q1_hidden.py").read_text().splitlines()
    line = max((text.strip() for text in hidden if '"' not in text), key=len)
    (course / "release" / "expected" / "toy" / "line.txt").write_text(f"{line}\nThe line ends at 2.\n")
    assert publish(course, public) == 1
    assert "hidden-test" in capsys.readouterr().err
    assert git(public, "branch", "--list") == ""
