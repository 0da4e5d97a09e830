"""Every question of the course stands the stress test, and the bank's mistakes are named where they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.content import ROOT, ContentError
from autograder.quiz.bank import load_bank, load_quizzes
from autograder.quiz.question import Question
from autograder.quiz.stress import problems

BANK = load_bank()

MODULE = """
from autograder.quiz import Numeric, Wrong


class Double(Numeric):
    id, lecture, edition, source = "l01-double", 1, "2025", "2025 notes 1"
    title, minutes, text = "Twice", 1, "What is twice @{x}?"

    def params(self, draw):
        return {"x": draw.integer("x", 3, 90)}

    def answer(self, x):
        return 2 * x

    def check(self, x):
        return x + x

    def distractors(self, x):
        return [Wrong(x**2, "The number is squared.")]

    def why(self, x):
        return "Twice @{x} is @{key}."
"""
COURSE = """
name = "A course"
term = "now"
edition = "2025"

[assignments]
"""
QUIZ = """
title = "Quiz 1"
lecture = 1
models_allowed = true
released = "Monday"
due = "Friday"

[[question]]
id = "l01-double"
points = 2
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with one question and one quiz."""
    quizzes = tmp_path / "assignments" / "quizzes"
    (quizzes / "bank").mkdir(parents=True)
    (quizzes / "bank" / "l01_numbers.py").write_text(MODULE)
    (quizzes / "quiz01.toml").write_text(QUIZ)
    (tmp_path / "assignments" / "course.toml").write_text(COURSE)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("question", BANK.values(), ids=BANK.keys())
def test_a_question_is_right_in_two_hundred_draws(question: Question) -> None:
    assert problems(question) == []


@pytest.mark.parametrize("lecture", sorted({q.lecture for q in BANK.values()}))
def test_a_lecture_has_ten_questions_of_every_kind_and_a_figure(lecture: int) -> None:
    questions = [q for q in BANK.values() if q.lecture == lecture]
    assert len(questions) >= 10
    assert {q.kind for q in questions} == {"choice", "select", "numeric", "literal"}
    assert any(q.has_figure for q in questions)


def test_every_quiz_of_the_course_has_its_variants() -> None:
    for quiz in load_quizzes().values():
        assert [len(slot) for slot in quiz.slots()] == [quiz.variants] * len(quiz.items)


def test_a_take_home_quiz_counts_for_completion_and_a_supervised_one_for_correctness(course: Path) -> None:
    assert load_quizzes(course)["quiz01"].graded == "completion"
    edit(course / "assignments/quizzes/quiz01.toml", "lecture = 1", 'lecture = 1\nsetting = "supervised"')
    assert load_quizzes(course)["quiz01"].graded == "correctness"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'id, lecture, edition, source = "l01-double", 1, "2025", "2025 notes 1"',
            'id, lecture, edition = "l01-double", 1, "2025"',
            "'source'",
        ),
        ('"2025", "2025 notes 1"', '"2024", "2025 notes 1"', "edition is '2024'"),
        ("l01-double", "double", "'double'"),
        ("def check", "def chek", "method 'check' is missing"),
        ("def why", "def alt(self, x):\n        return ''\n\n    def why", "alternative text"),
    ],
)
def test_a_mistake_in_a_question_is_named(course: Path, old: str, new: str, message: str) -> None:
    edit(course / "assignments/quizzes/bank/l01_numbers.py", old, new)
    with pytest.raises(ContentError, match=message) as error:
        load_bank(course)
    assert "l01_numbers.py" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("l01-double", "l01-triple", "no question 'l01-triple'"),
        ("points = 2", "points = 0", "has 0 points"),
        ("points = 2", "point = 2", "unknown key 'point'"),
        ('due = "Friday"', "", "'due' is missing"),
        ("lecture = 1", 'lecture = 1\nscoring = "some"', "scoring is 'some'"),
    ],
)
def test_a_mistake_in_a_quiz_is_named(course: Path, old: str, new: str, message: str) -> None:
    edit(course / "assignments/quizzes/quiz01.toml", old, new)
    with pytest.raises(ContentError, match=message) as error:
        load_quizzes(course)
    assert "quiz01.toml" in str(error.value)


def test_a_quiz_may_not_cite_what_the_edition_of_the_course_lacks(course: Path) -> None:
    edit(course / "assignments/course.toml", "2025", "2026")
    with pytest.raises(ContentError, match="rests on the 2025 notes"):
        load_quizzes(course)


def test_the_edition_of_the_course_must_be_known(course: Path) -> None:
    edit(course / "assignments/course.toml", "2025", "2024")
    with pytest.raises(ContentError, match="edition is '2024'"):
        load_quizzes(course)


def test_a_private_overlay_adds_questions_and_replaces_quizzes(course: Path, tmp_path: Path) -> None:
    private = tmp_path / "private" / "assignments" / "quizzes"
    (private / "bank").mkdir(parents=True)
    (private / "bank" / "l01_numbers.py").write_text(MODULE.replace("l01-double", "l01-own"))
    (private / "quiz01.toml").write_text(QUIZ.replace("l01-double", "l01-own"))
    assert load_quizzes(course)["quiz01"].items[0].is_sample
    edit(course / "assignments/course.toml", 'term = "now"', 'term = "now"\noverlay = "private"')
    assert set(load_bank(course)) == {"l01-double", "l01-own"}
    assert [item.question.id for item in load_quizzes(course)["quiz01"].items] == ["l01-own"]
    assert not load_quizzes(course)["quiz01"].items[0].is_sample


def test_an_overlay_that_is_not_there_is_named(course: Path) -> None:
    edit(course / "assignments/course.toml", 'term = "now"', 'term = "now"\noverlay = "../private"')
    with pytest.raises(ContentError, match="overlay"):
        load_bank(course)


def test_two_questions_may_not_share_an_id(course: Path) -> None:
    bank = course / "assignments/quizzes/bank"
    shutil.copy(bank / "l01_numbers.py", bank / "l01_again.py")
    with pytest.raises(ContentError, match="'l01-double' is taken"):
        load_bank(course)


def test_a_module_of_the_bank_loads_without_torch() -> None:
    for path in (ROOT / "assignments" / "quizzes" / "bank").glob("*.py"):
        assert "\nimport torch" not in path.read_text(), f"{path.name}: import torch inside check, so that the bank loads without it"


def test_the_example_of_the_guide_is_a_sound_question(course: Path) -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text().partition("## How to write a quiz question")[2]
    (course / "assignments/quizzes/bank/l03_descent.py").write_text(guide.split("```python")[1].split("```")[0])
    assert problems(load_bank(course)["l03-one-step"]) == []
