"""`autograder grade-all` from a Gradescope export to the tables and pages, as staff run it."""

from __future__ import annotations

import csv
import json
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.grading import gpu
from tests.support import DESCEND, MEAN, TOY

pytestmark = pytest.mark.slow

METADATA = """\
submission_1:
  :submitters:
  - {":name": Ada, ":sid": '1', ":email": ada@example.edu}
  - {":name": Emmy, ":sid": '2', ":email": emmy@example.edu}
submission_2:
  :submitters:
  - {":name": Carl, ":sid": '3', ":email": carl@example.edu}
submission_3:
  :submitters:
  - {":name": Max, ":sid": '4', ":email": max@example.edu}
"""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group's right work, wrong work, and a file that is no notebook."""
    path = tmp_path_factory.mktemp("export") / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("assignment_1_export/submission_metadata.yml", METADATA)
        for number, mean in (("1", MEAN), ("2", MEAN.replace("/ x.numel()", ""))):
            cells = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": []} for c in ("import torch", mean, DESCEND)]
            notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            archive.writestr(f"assignment_1_export/submission_{number}/toy.ipynb", json.dumps(notebook))
        archive.writestr("assignment_1_export/submission_3/toy.pdf", "%PDF")
    return path


def grade_all(source: Path, out: Path, *options: str, root: Path = TOY) -> int:
    return main(["grade-all", str(source), "--root", str(root), "--assignment", "toy", "--out", str(out), "--jobs", "1", *options])


@pytest.fixture(scope="module")
def grades(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "grades"
    assert grade_all(export, out) == 0
    return out


def test_every_submission_has_its_results_and_its_page(grades: Path) -> None:
    for number, score in (("1", 10), ("2", 7), ("3", 0)):
        folder = grades / "students" / f"submission_{number}"
        results = json.loads((folder / "results.json").read_text())
        assert sum(t.get("score", 0) for t in results["tests"]) == score
        assert "What was received" in (folder / "feedback.html").read_text()


def test_a_summary_for_scripts(export: Path, grades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade_all(export, grades, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["graded"] == 3 and said["failed"] == {} and said["out"] == str(grades)
    assert {"homework", "unchanged", "waiting_for_people"} < said.keys()


def test_a_group_is_listed_in_its_results(grades: Path) -> None:
    results = json.loads((grades / "students" / "submission_1" / "results.json").read_text())
    assert [u["name"] for u in results["extra_data"]["users"]] == ["Ada", "Emmy"]


def test_the_tables_have_a_line_for_each_student(grades: Path) -> None:
    with open(grades / "gradescope.csv", newline="") as file:
        assert [line["Name"] for line in csv.DictReader(file)] == ["Ada", "Emmy", "Carl", "Max"]
    with open(grades / "canvas.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 5


def test_everything_is_readable_by_its_owner_alone(grades: Path) -> None:
    for path in [grades, *grades.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_class_report_is_one_file_without_names(grades: Path) -> None:
    report = (grades / "report.html").read_text()
    assert "3 submissions of 4 students" in report and "The sum is returned without dividing" in report
    assert not any(name in report for name in ("Ada", "Emmy", "Carl", "submission_1"))


def test_scores_that_people_fill_in_are_added_up(export: Path, grades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manual = grades / "manual.csv"
    manual.write_text(manual.read_text().replace("q3,2,,", "q3,2,1.5,Good."))
    assert grade_all(export, grades) == 0
    said = capsys.readouterr().out
    assert "3 of 3 submissions are unchanged" in said and "\n  Max: No notebook (.ipynb) was uploaded" in said
    with open(grades / "gradescope.csv", newline="") as file:
        assert [line["Total Score"] for line in csv.DictReader(file)] == ["11.5", "11.5", "8.5", "1.5"]


def test_a_mistake_in_the_scores_of_people_is_told_before_anything_is_graded(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manual = tmp_path / "manual.csv"
    manual.write_text("submission,students,question,possible,points,comment\nsubmission_1,Ada,q3,2,9,\n")
    assert grade_all(export, tmp_path / "grades", "--manual", str(manual)) == 2
    assert "write a number from 0 to 2" in capsys.readouterr().err and not (tmp_path / "grades").exists()


def test_a_comparison_says_whose_score_changed_and_why(
    export: Path, grades: Path, own_toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = own_toy / "assignments" / "toy" / "tests" / "q1_public.py"
    tests.write_text(tests.read_text().replace("torch.tensor(2.0", "torch.tensor(4.0"))
    out = tmp_path / "grades"
    assert grade_all(export, out, "--compare", str(grades), "--manual", str(grades / "manual.csv"), root=own_toy) == 0
    said = capsys.readouterr().out
    assert "Scores that changed: 2, of which 1 fell." in said
    with open(out / "changes.csv", newline="") as file:
        lines = {line["submission"]: line for line in csv.DictReader(file)}
    assert "1.1 the mean of 1 and 3 is 2: correct → incorrect" in lines["submission_1"]["why"]
    assert "1.1 the mean of 1 and 3 is 2: incorrect → correct" in lines["submission_2"]["why"]


def test_a_comparison_with_nothing_is_refused(export: Path, grades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade_all(export, grades, "--compare", str(tmp_path)) == 2
    assert "no grades to compare with" in capsys.readouterr().err


def test_a_source_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade_all(tmp_path / "nowhere", tmp_path / "grades") == 2
    assert "no such folder or zip" in capsys.readouterr().err


def test_results_do_not_go_among_the_submissions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade_all(tmp_path, tmp_path / "grades") == 2
    assert "lies in the folder of submissions" in capsys.readouterr().err


def test_a_gpu_that_is_not_there_is_refused(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not gpu.problem():
        pytest.skip("this machine has a GPU")
    assert grade_all(export, tmp_path / "grades", "--device", "cuda") == 2
    assert f"--device cuda: {gpu.problem()}" in capsys.readouterr().err and not (tmp_path / "grades").exists()
    one = ["grade", str(tmp_path / "work.ipynb"), "--root", str(TOY), "--assignment", "toy", "--out", str(tmp_path / "results.json")]
    (tmp_path / "work.ipynb").write_text("{}")
    assert main([*one, "--device", "cuda"]) == 2
    assert "--device cuda: " in capsys.readouterr().err and not (tmp_path / "results.json").exists()
