"""Fixtures that every room's tests use, and the table of minutes per room."""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: a fork after a parallel region hangs

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.content import Assignment, Course, load_course
from autograder.grading.grade import Foreman
from tests.browser import browser_page, jupyter
from tests.support import TOY


@pytest.fixture(scope="session")
def toy() -> Course:
    """The toy course, read only."""
    return load_course(TOY)


@pytest.fixture
def own_toy(tmp_path: Path) -> Path:
    """A copy of the toy course's folder that a test may break."""
    root = tmp_path / "course"
    shutil.copytree(TOY, root, ignore=shutil.ignore_patterns("release", ".cache", "__pycache__"))
    return root


@pytest.fixture(scope="session")
def foreman() -> Iterator[Foreman]:
    with Foreman() as running:
        yield running


@pytest.fixture(scope="module")
def formgrader(graded: Path) -> Iterator[tuple[Any, str]]:
    """A page of a real browser, and the address of nbgrader's formgrader. graded: the module's own course directory."""
    with jupyter("server", graded) as address, browser_page() as page:
        yield page, f"{address}/formgrader"


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of code cells; returns its path."""

    def write(*cells: str, name: str = "work.ipynb", **extra: Any) -> Path:
        path = tmp_path / name
        code = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells]
        path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **extra}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def grade(foreman: Foreman, toy: Course, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Grade a notebook against the toy homework."""

    def run(path: Path, assignment: Assignment | None = None, **options: Any) -> dict[str, Any]:
        return foreman.grade(toy, assignment or toy.assignment("toy"), path, tmp_path / "results.json", **options)

    return run


@pytest.fixture
def grade_cells(grade: Callable[..., dict[str, Any]], notebook: Callable[..., Path]) -> Callable[..., dict[str, Any]]:
    """Grade code cells against the toy homework."""
    return lambda *cells, **options: grade(notebook(*cells), **options)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs a file's tests, which share fixtures; the homeworks' audits share none."""
    for item in items:
        group = item.nodeid if "tests/content/" in item.nodeid else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


_seconds: dict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    parts = report.nodeid.split("/")
    _seconds[parts[1] if len(parts) > 2 else "(top)"] += report.duration


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.section("minutes per room (work of all processes)")
    for room, seconds in sorted(_seconds.items()):
        terminalreporter.write_line(f"{room:<14} {seconds / 60:6.2f}")
    terminalreporter.write_line(f"{'all':<14} {sum(_seconds.values()) / 60:6.2f}")
