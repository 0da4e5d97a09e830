"""`autograder new-term`: names, ids and void cases of the old term go; everything else stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cli import main
from autograder.content import load_course

VOID = '\n[[void]]\ncase = "q1.2"\ndate = 2027-02-14\nreason = "It asked for the wrong dtype."\n'


def test_a_term_begins_with_its_name_and_without_ids_and_void_cases(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, releases = own_toy / "assignments/toy/assignment.toml", own_toy / "assignments/toy/releases.toml"
    before = settings.read_text()
    settings.write_text(before.rstrip() + "\n" + VOID)
    releases.write_text('current = "0123abcd"\nearlier = []\n')
    assert main(["new-term", "2028-spring", "--root", str(own_toy)]) == 0
    course = load_course(own_toy)
    assert course.term == "2028-spring" and course.assignment("toy").voids == ()
    assert not releases.exists() and settings.read_text().rstrip() == before.rstrip()
    assert "void cases removed (q1.2)" in capsys.readouterr().out


@pytest.mark.parametrize("term, said", [("next spring", "no name for a term"), ("", "no name")])
def test_a_name_that_is_none_is_refused(term: str, said: str, own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-term", term, "--root", str(own_toy)]) == 2
    assert said in capsys.readouterr().err


def test_the_present_term_is_refused(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-term", load_course(own_toy).term, "--root", str(own_toy)]) == 2
    assert "already" in capsys.readouterr().err
