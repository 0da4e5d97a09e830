"""Fixtures of the audit's tests: a crew of one foreman, and courses made of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.audit.audit import Audit, audit
from autograder.audit.matrix import Crew
from autograder.content import Course, load_course


class Quiet:
    """Progress that nobody watches."""

    def start(self, what: str, total: int) -> Callable[[], None]:
        return lambda: None


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    with Crew(1) as running:
        yield running


@pytest.fixture
def audit_of(crew: Crew) -> Callable[..., Audit]:
    """Audit the toy homework of a course's folder; `only`: names of rows."""

    def run(root: Path, *only: str) -> Audit:
        course = load_course(root)
        return audit(course, course.assignment("toy"), crew, Quiet(), only=only)

    return run


SETTINGS = """
title = "Small"
summary = "One function."
lectures = [1]

[[question]]
id = "q1"
title = "One function"
points = 4
minutes = 5
lecture = 1
functions = [{functions}]
"""
HEADER = "import torch\nfrom checks import close, equal, function, probe, raises, rng, that\nfrom otter.test_files import test_case\n\n\n"


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Course]:
    """A course with one question. Each argument is the text of a file; settings are lines of course.toml."""

    def make(reference: str, cases: str, faults: str = "", legal: str = "", settings: str = "", functions: str = '"answer"') -> Course:
        files = {
            "assignments/course.toml": f'name = "Small"\nterm = "test"\n{settings}\n[assignments]\nsmall = {{ after_lecture = 1 }}\n',
            "assignments/small/assignment.toml": SETTINGS.format(functions=functions),
            "assignments/small/tests/q1_public.py": HEADER + cases,
            "solutions/small/reference.py": "import torch\n\n\n" + reference,
            "solutions/small/faults.py": "import torch\nimport reference\nfrom autograder.audit import fault\n\n\n" + faults,
            "solutions/small/legal.py": "import torch\nfrom autograder.audit import legal\n\n\n" + legal,
        }
        for name, text in files.items():
            path = tmp_path / "small" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load_course(tmp_path / "small")

    return make
