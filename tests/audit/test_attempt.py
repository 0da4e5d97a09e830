"""`autograder try`: one file against one question."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cli import main
from tests.support import MEAN, TOY


def attempt(tmp_path: Path, source: str, question: str = "q1") -> int:
    path = tmp_path / "my_attempt.py"
    path.write_text(source)
    return main(["try", "--root", str(TOY), "toy", question, str(path)])


def test_a_right_attempt_passes_every_case_of_the_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attempt(tmp_path, MEAN) == 0
    said = capsys.readouterr().out
    assert said.count("PASS  q1.") == 3 and "q2" not in said and "4 of 4 points" in said


def test_a_wrong_attempt_shows_message_and_misconception(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attempt(tmp_path, MEAN.replace("/ x.numel()", "")) == 1
    said = capsys.readouterr().out
    assert "FAIL  q1.1" in said and "got 4, expected 2" in said
    assert "**Likely cause:** The sum is returned without dividing" in said


@pytest.mark.parametrize(
    ("source", "question", "message"),
    [
        ("x = 1", "q1", "defines none of mean"),
        ("# mean, one day", "q1", "defines none of mean"),
        ("def mean(:", "q1", "line 1: invalid syntax"),
        (MEAN, "q9", "no question 'q9'"),
    ],
)
def test_wrong_usage_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, question: str, message: str) -> None:
    assert attempt(tmp_path, source, question) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_fails_before_its_definition_earns_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attempt(tmp_path, "import a_module_that_is_not_there\n" + MEAN) == 1
    said = capsys.readouterr().out
    assert "0 of 4 points" in said and "raised an exception before its functions were defined" in said


def test_a_stub_earns_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attempt(tmp_path, 'def mean(x):\n    raise NotImplementedError("mean")') == 1
    assert "0 of 4 points" in capsys.readouterr().out
