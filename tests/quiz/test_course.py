"""Every quiz of the course, as it leaves the house."""

from __future__ import annotations

from pathlib import Path

import pytest
from qti_package_maker.common.package_integrity import check_package

from autograder.content import ROOT, load_course
from autograder.quiz.bank import Quiz, load_quizzes
from autograder.quiz.canvas import canvas_zip
from autograder.quiz.gates import leaks
from autograder.quiz.papers import Paper, papers, version
from tests.quiz.package import Package, problems, read_otherwise

COURSE = load_course(ROOT)
QUIZZES = load_quizzes(ROOT)
RELEASED = ROOT / "release" / "student" / "quizzes"


@pytest.fixture(scope="module", params=QUIZZES)
def given(request: pytest.FixtureRequest) -> tuple[Quiz, tuple[Paper, ...]]:
    quiz = QUIZZES[request.param]
    return quiz, papers(quiz)


def test_its_canvas_package_reads_back_and_passes_the_check_of_packages(given: tuple[Quiz, tuple[Paper, ...]], tmp_path: Path) -> None:
    data = canvas_zip(*given)
    assert problems(*given, Package(data)) == [] and read_otherwise(*given, Package(data)) == []
    path = tmp_path / "quiz.zip"
    path.write_bytes(data)
    served_by_canvas = ("/equation_images/", "IMS-CC-FILEBASE")
    assert [line for line in map(str, check_package(str(path))) if not any(place in line for place in served_by_canvas)] == []


def test_its_notebook_is_released_as_the_bank_is_now_if_it_is_taken_at_home(given: tuple[Quiz, tuple[Paper, ...]]) -> None:
    quiz, drawn = given
    released = RELEASED / f"{quiz.name}.ipynb"
    assert released.exists() == quiz.is_take_home
    if quiz.is_take_home:
        assert f"# setup: {quiz.name}, release {version(COURSE, drawn)}\\n" in released.read_text(encoding="utf-8"), (
            f"run make quizzes QUIZ={quiz.name}"
        )


def test_no_explanation_and_no_misconception_is_in_its_notebook(given: tuple[Quiz, tuple[Paper, ...]]) -> None:
    quiz, drawn = given
    if not quiz.is_take_home:
        return
    notebook = (RELEASED / f"{quiz.name}.ipynb").read_text(encoding="utf-8")
    assert leaks(quiz, drawn, notebook) == []


def test_nothing_is_released_that_is_no_quiz() -> None:
    assert {path.stem for path in RELEASED.glob("*")} <= set(QUIZZES)
