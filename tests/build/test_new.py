"""`autograder new`: the example that a homework starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cli import main


@pytest.mark.slow
def test_the_example_passes_every_gate_and_its_audit(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ["--root", str(own_toy)]
    assert main(["new", "hw7_proximal_steps", "--lecture", "8", *root]) == 0
    assert main(["check", "hw7_proximal_steps", *root]) == 0
    assert main(["build", "hw7_proximal_steps", "--no-stock", *root]) == 0
    assert main(["audit", "hw7_proximal_steps", "--jobs", "1", *root]) == 0
    assert "hw7_proximal_steps" in (own_toy / "assignments" / "course.toml").read_text(encoding="utf-8")
    assert "Proximal steps" in (own_toy / "release/student/hw7_proximal_steps/hw7_proximal_steps.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("name, said", [("toy", "no name for a homework"), ("hw7 lasso", "no name"), ("hw7_lasso", "exists already")])
def test_a_name_that_is_taken_or_is_none_is_refused(name: str, said: str, own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_toy / "solutions" / "hw7_lasso").mkdir()
    before = (own_toy / "assignments" / "course.toml").read_text(encoding="utf-8")
    assert main(["new", name, "--root", str(own_toy)]) == 2
    assert said in capsys.readouterr().err
    assert (own_toy / "assignments" / "course.toml").read_text(encoding="utf-8") == before


def test_a_number_that_is_taken_is_refused(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "hw7_proximal_steps", "--root", str(own_toy)]) == 0
    assert main(["new", "hw7_lasso", "--root", str(own_toy)]) == 2
    assert "hw7 is the number of hw7_proximal_steps" in capsys.readouterr().err
    assert not (own_toy / "assignments" / "hw7_lasso").exists()


@pytest.mark.parametrize("lecture", ["99", "14", "-1"])
def test_a_lecture_that_is_none_is_refused(lecture: str, own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "hw7_lasso", "--lecture", lecture, "--root", str(own_toy)]) == 2
    assert f"no lecture {lecture}: lectures run from 0 to 13" in capsys.readouterr().err
    assert not (own_toy / "assignments" / "hw7_lasso").exists()
