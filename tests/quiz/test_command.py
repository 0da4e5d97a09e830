"""`autograder quiz …` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.cli import main
from tests.quiz.quizfiles import filled, make, right_answers


def quiz(root: Path, *arguments: str) -> int:
    return main(["quiz", "--root", str(root), *arguments])


def edit(root: Path, old: str, new: str) -> None:
    path = root / "assignments/quizzes/quiz03.toml"
    path.write_text(path.read_text().replace(old, new))


def test_build_writes_a_quiz_in_every_way(course_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quiz(course_root, "build") == 0
    written = {str(p.relative_to(course_root / "release")) for p in (course_root / "release").rglob("*") if p.is_file()}
    assert written == {
        "student/quizzes/quiz03.ipynb",
        "gradescope/quiz03.zip",
        "canvas/quiz03.zip",
        "solutions/quizzes/quiz03.html",
        "paper/quiz03/key.csv",
        *(f"paper/quiz03/quiz03-{letter}.html" for letter in "ABCDE"),
    }
    said = capsys.readouterr().out
    assert "take-home" in said
    assert "sample" in said


def test_a_supervised_quiz_has_nothing_for_students_and_warns_of_public_keys(course_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiz(course_root, "build", "--only", "notebook", "gradescope")
    edit(course_root, "lecture = 3", 'lecture = 3\nsetting = "supervised"')
    assert quiz(course_root, "build", "--only", "notebook", "gradescope") == 0
    assert not list((course_root / "release").rglob("quiz03.*"))
    assert "whose keys may be public" in " ".join(capsys.readouterr().out.split())


def test_building_twice_gives_the_same_bytes(course_root: Path) -> None:
    def release() -> dict[str, bytes]:
        quiz(course_root, "build")
        return {str(p): p.read_bytes() for p in (course_root / "release").rglob("*") if p.is_file()}

    assert release() == release()


@pytest.mark.parametrize("what", ["quiz03", "l03", "l03-shape"])
def test_preview_shows_a_quiz_a_lecture_or_a_question(course_root: Path, what: str) -> None:
    assert quiz(course_root, "preview", what) == 0
    page = (course_root / "release/solutions/quizzes" / f"{what}.html").read_text()
    assert page.count("<b>Key: ") == (8 if what == "l03-shape" else 40)


@pytest.mark.parametrize(
    "arguments", [("preview", "l99"), ("build", "quiz99"), ("grade", "quiz03", "nowhere", "--out", "x"), ("stats", "nowhere")]
)
def test_what_is_not_there_is_named(course_root: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert quiz(course_root, *arguments) == 2
    assert capsys.readouterr().err.startswith("autograder: ")


def test_for_tells_a_persons_variant_and_key(course_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quiz(course_root, "for", "Ada@upenn.edu") == 0
    said = capsys.readouterr().out
    answers = right_answers(make(course_root)[1], "ada")
    assert "quiz03: ada has variant" in said
    assert f"A direction: {answers['q3'].strip(chr(39))}" in said


def test_check_tries_every_question(course_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiz(course_root, "check", "l03-slope")
    said = capsys.readouterr().out
    assert "l03-slope" in said
    assert "l03-shape" not in said
    assert "1 quizzes can be read: quiz03" in said


def class_of(root: Path, folder: Path, size: int) -> Path:
    """A Gradescope export: student k answers the first k of 5 questions right, and the others with the first known mistake."""
    notebook, sheet, _ = make(root)
    folder.mkdir()
    told: dict[str, Any] = {}
    for k in range(size):
        who = f"student{k}"
        answers = right_answers(sheet, who)
        for number in range(5, k % 6, -1):
            answers = {name: value for name, value in answers.items() if not name.startswith(f"q{number}")}
        answers.setdefault("q1", "'1234567'")
        (folder / f"submission_{k}").mkdir()
        (folder / f"submission_{k}" / "quiz03.ipynb").write_text(nbformat.writes(filled(notebook, who, answers)))
        told[f"submission_{k}"] = {":submitters": [{":name": who, ":email": f"{who}@upenn.edu", ":sid": None}]}
    told["submission_1"][":submitters"][0][":email"] = "somebody@upenn.edu"
    (folder / "submission_metadata.yml").write_text(json.dumps(told))
    return folder


def test_a_class_is_graded_with_the_rules_of_the_zip_and_analysed(
    course_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "grades"
    export = class_of(course_root, tmp_path / "export", 31)
    assert quiz(course_root, "grade", "quiz03", str(export), "--out", str(out)) == 0
    assert "FLAG submission_1: identity" in capsys.readouterr().out
    table = list(csv.DictReader((out / "grades.csv").read_text().splitlines()))
    assert [float(row["score"]) for row in table if row["submission"] in ("submission_0", "submission_5")] == [2, 10]
    assert (out / "students/submission_0/results.json").stat().st_mode & 0o077 == 0

    assert quiz(course_root, "stats", str(out)) == 0
    said = capsys.readouterr().out
    assert "WARNING 30 examinees" in said
    difficulties = [float(line.split()[2]) for line in said.splitlines() if " difficulty " in line]
    assert difficulties == sorted(difficulties, reverse=True)
    page = (out / "stats.html").read_text()
    assert "<svg" in page
    assert "A slope" in page


def test_two_notebooks_of_a_folder_that_are_made_for_one_person_are_flagged(
    course_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook, sheet, _ = make(course_root)
    for name, who in {"ada": "ada", "cyd": "ada", "bob": "bob"}.items():
        (tmp_path / f"{name}.ipynb").write_text(nbformat.writes(filled(notebook, who, right_answers(sheet, who))))
    assert quiz(course_root, "grade", "quiz03", str(tmp_path), "--out", str(tmp_path / "grades")) == 0
    shared = [line for line in capsys.readouterr().out.splitlines() if "is also the PennKey" in line]
    assert shared == ["FLAG ada: identity: ada is also the PennKey in cyd", "FLAG cyd: identity: ada is also the PennKey in ada"]


def test_statistics_of_a_folder_without_results_say_what_to_give(
    course_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quiz(course_root, "stats", str(tmp_path)) == 2
    assert "results of 0 quizzes" in capsys.readouterr().err
