"""`autograder erratum`: a case is found wrong after the release, and the class is graded again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from autograder.build.notebook import release_id
from autograder.cli import main
from autograder.content import load_course
from autograder.erratum import keep_release, notice_text
from autograder.grading.store import Store
from autograder.report.changes import changes
from tests.report.conftest import MakeGrade
from tests.support import DESCEND, MEAN, TOY

VOID = '\n[[void]]\ncase = "q1.1"\ndate = 2026-10-05\nreason = "Its expected value was wrong."\n'


@dataclass
class Class:
    """A course of one's own, and a class of two with its grades before and after a correction."""

    root: Path
    source: Path
    old: Path
    new: Path

    def correct(self, *options: str) -> int:
        folders = [str(self.source), "--grades", str(self.old), "--out", str(self.new)]
        return main(["erratum", "--root", str(self.root), "toy", *folders, "--no-stock", "--jobs", "1", *options])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the submissions of two, and their grades by the tests as released."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "submissions").mkdir()
    for name, mean in (("ada", MEAN), ("emmy", MEAN.replace("/ x.numel()", ""))):
        cells = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": []} for c in ("import torch", mean, DESCEND)]
        (folder / "submissions" / f"{name}.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    out = ["--out", str(folder / "grades"), "--jobs", "1"]
    assert main(["grade-all", str(folder / "submissions"), "--root", str(TOY), "--assignment", "toy", *out]) == 0
    return folder


@pytest.fixture
def graded(own_toy: Path, before: Path, tmp_path: Path) -> Class:
    (own_toy / "assignments" / "toy" / "releases.toml").write_text('current = "11111111"\nearlier = []\n')
    old = shutil.copytree(before / "grades", tmp_path / "old")
    return Class(own_toy, before / "submissions", old, tmp_path / "new")


@pytest.mark.slow
def test_a_void_case_raises_scores_and_the_steps_follow(graded: Class, capsys: pytest.CaptureFixture[str]) -> None:
    settings = graded.root / "assignments" / "toy" / "assignment.toml"
    settings.write_text(settings.read_text() + VOID)
    assert graded.correct() == 0
    said = capsys.readouterr().out
    assert "Scores that changed: 1, of which 0 fell." in said and "emmy: 7 → 9 (1.1 the mean of 1 and 3 is 2: incorrect → void)" in said
    assert "Regrade all submissions" in said and "toy.zip" in said
    notice = (graded.new / "notice.md").read_text()
    assert "Case 1.1: Its expected value was wrong. Everyone gets its points." in notice and "1 score rises" in notice
    assert "emmy" not in notice


@pytest.mark.slow
def test_a_score_that_falls_stops_it_unless_told(graded: Class, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(graded.old) as store:  # as if the released tests had passed wrong work
        emmy = store.get("emmy")
        assert emmy is not None
        rows = [{**t, "score": t["max_score"]} if "max_score" in t else t for t in emmy.results["tests"]]
        store.put(replace(emmy, results={**emmy.results, "tests": rows}))
    assert graded.correct() == 1
    assert "A score falls" in capsys.readouterr().out and not (graded.new / "notice.md").exists()
    assert graded.correct("--allow-falls") == 0
    assert "Publish the corrected notebook" in capsys.readouterr().out


def test_the_notebook_in_students_hands_stays_a_release_of_the_term(graded: Class) -> None:
    assignment = load_course(graded.root).assignment("toy")
    keep_release(assignment)
    assert assignment.releases.earlier == ("11111111",) and assignment.releases.current == release_id(assignment)
    keep_release(assignment)
    assert assignment.releases.earlier == ("11111111",)


def test_the_notice_says_what_falls(own_toy: Path, make_grade: MakeGrade) -> None:
    assignment = load_course(own_toy).assignment("toy")
    text = notice_text(assignment, changes([make_grade()], [make_grade(failed={"2.1": "error"})]))
    assert "0 scores rise and 1 falls" in text and "please write to us" in text
