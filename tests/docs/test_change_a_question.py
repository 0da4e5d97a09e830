"""docs/change-a-question.md: each of its diffs is applied to the example homework and checked."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from autograder.cli import main
from tests.support import ROOT

TEXT = (ROOT / "docs" / "change-a-question.md").read_text(encoding="utf-8")
CHANGES = dict(re.findall(r"^## (.+?)$.*?````diff\n(.*?)````", TEXT, re.DOTALL | re.MULTILINE))


@pytest.fixture
def example(own_toy: Path) -> Path:
    """A course with the example homework."""
    assert main(["new", "hw7_example", "--lecture", "8", "--root", str(own_toy)]) == 0
    return own_toy


def change(root: Path, diff: str) -> None:
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=root, input=diff, text=True, check=True)


def test_five_changes_are_shown() -> None:
    assert len(CHANGES) == 5


@pytest.mark.parametrize("title", CHANGES)
def test_the_change_passes_the_fast_gates(title: str, example: Path) -> None:
    change(example, CHANGES[title])
    assert main(["check", "hw7_example", "--root", str(example)]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("title", ["A convention", "A tolerance"])
def test_the_change_stands_the_audit(title: str, example: Path) -> None:
    change(example, CHANGES[title])
    assert main(["audit", "hw7_example", "--jobs", "1", "--root", str(example)]) == 0


def test_half_a_change_is_named_with_file_and_remedy(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = example / "assignments" / "hw7_example" / "assignment.toml"
    settings.write_text(settings.read_text().replace("points = 80", "points = 82"))
    assert main(["check", "hw7_example", "--root", str(example)]) == 1
    assert "q1: its cases add up to 80 points, the question has 82" in capsys.readouterr().out
