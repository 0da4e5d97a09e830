"""Quizzes in nbgrader's course: what is released, and that nbgrader's own commands give the points of the quiz's own grader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.build.nbgrader import nbgrader
from autograder.build.release import GateError
from autograder.content import ContentError, load_course
from autograder.quiz.bank import load_quizzes
from autograder.quiz.grade import grade
from autograder.quiz.keysheet import KeySheet
from autograder.quiz.nbgrader import add_quizzes, quizzes_for
from autograder.quiz.responses import read_who
from tests.browser import needs_browser
from tests.build.nbgrader_course import cell, grades, hand_in, released, shown_scores
from tests.quiz.conftest import write_course
from tests.quiz.quizfiles import filled, keys_of, make, right_answers, wrong_answers

QUESTIONS = ("q1", "q2", "q3", "q4", "q5")
FULL, NOTHING = dict.fromkeys(QUESTIONS, 2.0), dict.fromkeys(QUESTIONS, 0.0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with quiz03, which counts right answers, and quiz04 of the same questions, which counts answers."""
    root = write_course(tmp_path_factory.mktemp("quizzes") / "course")
    quiz = root / "assignments/quizzes/quiz03.toml"
    (root / "assignments/quizzes/quiz04.toml").write_text(quiz.read_text())
    quiz.write_text(quiz.read_text().replace("lecture = 3", 'lecture = 3\ngraded = "correctness"'))
    return root


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course directory for nbgrader."""
    course, made = load_course(root), tmp_path_factory.mktemp("nbgrader")
    add_quizzes(course, quizzes_for(course, []), made, lambda _: None)
    return made


@pytest.fixture(scope="module")
def sheet(root: Path) -> KeySheet:
    return make(root)[1]


@pytest.fixture(scope="module")
def graded(folder: Path, sheet: KeySheet) -> Path:
    """The course after `nbgrader autograde` of what a class hands in."""
    for student, notebook in work(folder, sheet).items():
        hand_in(folder, "quiz03", student, notebook)
    nbgrader(folder, "autograde", "quiz03")
    return folder


def work(folder: Path, sheet: KeySheet) -> dict[str, NotebookNode]:
    """A notebook of each student; the name says what is in it."""

    def answered(who: str, **changes: str) -> NotebookNode:
        return filled(released(folder, "quiz03"), who, right_answers(sheet, read_who(who)) | changes)

    number = keys_of(sheet, "nearly")[0]
    fraction = keys_of(sheet, "otherforms")[0].answer
    size = keys_of(sheet, "otherforms")[4].answer[0]
    repaired = answered("careless")
    for grade_id in ("set-up", "q1", "q3"):
        repaired.cells.remove(cell(repaired, grade_id))
    old = answered("lastweek")
    for c in old.cells:
        c.source = c.source.replace(f"release {sheet.version}", "release 0ld0ld00")
    some = {f"q4_{label}": str(label == keys_of(sheet, "nearly")[3].answer[0]) for label in "ABCDE"}
    return {
        "knows": answered("Knows@seas.upenn.edu"),
        "blank": released(folder, "quiz03"),
        "nameonly": filled(released(folder, "quiz03"), "nameonly", {}),
        "mistaken": filled(released(folder, "quiz03"), "mistaken", wrong_answers(sheet, "mistaken")),
        "nearly": answered("nearly", q1=repr(number.answer * 1.02), **some),
        "otherforms": answered("otherforms", q1=f"{2 * fraction} / 2", q2="'no number'", q5=f"torch.Size([{size}, {size}])"),
        "copyist": answered("knows"),
        "lastweek": old,
        "careless": repaired,
    }


def points(folder: Path, student: str, quiz: str = "quiz03") -> dict[str, float | None]:
    return {name: score for name, score in grades(folder, quiz, student).items() if name in QUESTIONS}


def ours(folder: Path, sheet: KeySheet, student: str) -> dict[str, float]:
    """What the quiz's own grader gives for the notebook that the student handed in."""
    results = grade(sheet, folder / f"submitted/{student}/quiz03/quiz03.ipynb", [(student, "")], {})
    scores = {f"q{row['number']}": float(row["score"]) for row in results["tests"] if "score" in row}
    return scores or NOTHING


def test_each_question_is_a_cell_with_its_points(folder: Path) -> None:
    cells = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points for c in released(folder, "quiz03").cells if "nbgrader" in c.metadata}
    assert cells == {"set-up": 0, **FULL}


def test_a_release_holds_nothing_of_a_key(folder: Path) -> None:
    secret, given = (
        "\n".join(c.source for c in nbformat.read(folder / kind / "quiz03/quiz03.ipynb", as_version=4).cells)
        for kind in ("source", "release")
    )
    for word in ("It descends", "It climbs", "factor two"):
        assert word in secret and word not in given
    assert "HIDDEN TESTS" not in given and "Credited" not in given


def test_a_file_beside_the_source_stops_the_release(root: Path, tmp_path: Path) -> None:
    course = load_course(root)
    (tmp_path / "source/quiz03").mkdir(parents=True)
    (tmp_path / "source/quiz03/keys.json").write_text("{}")
    with pytest.raises(GateError, match="a file beside the released notebook"):
        add_quizzes(course, [load_quizzes(root)["quiz03"]], tmp_path, lambda _: None)


def test_a_quiz_under_supervision_has_no_notebook(course_root: Path) -> None:
    quiz = course_root / "assignments/quizzes/quiz03.toml"
    quiz.write_text(quiz.read_text().replace("lecture = 3", 'lecture = 3\nsetting = "supervised"'))
    course = load_course(course_root)
    assert quizzes_for(course, []) == []
    with pytest.raises(ContentError, match="on paper or in Canvas"):
        quizzes_for(course, ["quiz03"])


@pytest.mark.slow
def test_every_submission_scores_as_in_the_quizs_own_grader(graded: Path, sheet: KeySheet) -> None:
    students = set(work(graded, sheet)) - {"careless"}  # which lacks the cell that names its release
    assert {s: points(graded, s) for s in students} == {s: ours(graded, sheet, s) for s in students}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("knows", FULL),
        ("blank", NOTHING),
        ("nameonly", NOTHING),
        ("nearly", FULL | {"q1": 1.0, "q4": 0.6667}),
        ("otherforms", FULL | {"q2": 0.0}),
        ("copyist", NOTHING),
        ("lastweek", NOTHING),
        ("careless", FULL),
    ],
)
def test_the_points_of(graded: Path, student: str, expected: dict[str, float]) -> None:
    assert points(graded, student) == expected


@pytest.mark.slow
def test_feedback_says_why_and_shows_no_key(graded: Path) -> None:
    for student, told in {"copyist": "made for `knows`, and you are copyist", "mistaken": "The factor two is lost"}.items():
        nbgrader(graded, "generate_feedback", "quiz03", "--student", student)
        page = (graded / f"feedback/{student}/quiz03/quiz03.html").read_text()
        assert told in page and "Credited" not in page


@pytest.mark.slow
def test_where_answers_count_wrong_ones_do_too(folder: Path, sheet: KeySheet) -> None:
    student = "mistaken"
    notebook = filled(released(folder, "quiz04"), student, wrong_answers(sheet, student), quiz="quiz04")
    hand_in(folder, "quiz04", student, notebook)
    nbgrader(folder, "autograde", "quiz04")
    assert points(folder, student, "quiz04") == FULL


@pytest.mark.slow
def test_validate_passes_the_solution_and_complains_about_the_stub(folder: Path, sheet: KeySheet, tmp_path: Path) -> None:
    source = nbformat.read(folder / "source/quiz03/quiz03.ipynb", as_version=4)
    nbformat.write(filled(source, "ada", right_answers(sheet, "ada")), tmp_path / "solution.ipynb")
    nbformat.write(released(folder, "quiz03"), tmp_path / "stub.ipynb")
    assert "Success! Your notebook passes all the tests." in nbgrader(tmp_path, "validate", "solution.ipynb")
    assert "VALIDATION FAILED ON 5 CELL(S)" in nbgrader(tmp_path, "validate", "stub.ipynb")


@needs_browser
def test_the_formgrader_opens_a_submission_with_its_scores_and_its_messages(formgrader: tuple[Any, str], graded: Path) -> None:
    page, address = formgrader
    assert shown_scores(page, address, graded, "quiz03", "nearly") == ["0", "1", "2", "2", "0.6667", "2"]
    assert "Partly right (50 %)" in page.locator("body").inner_text()
