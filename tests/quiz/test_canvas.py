"""Canvas packages, read back by two independent readers and checked by a third."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from qti2latex import findall_anyns, get_choices, get_correct_idents

from autograder.quiz.bank import Quiz, load_quizzes
from autograder.quiz.canvas import canvas_zip, title
from autograder.quiz.papers import Paper, papers
from tests.quiz.package import NS, Package, problems, read_otherwise


@pytest.fixture
def quiz(course_root: Path) -> Quiz:
    return load_quizzes(course_root)["quiz03"]


@pytest.fixture
def drawn(quiz: Quiz) -> tuple[Paper, ...]:
    return papers(quiz)


@pytest.fixture
def package(quiz: Quiz, drawn: tuple[Paper, ...]) -> Package:
    return Package(canvas_zip(quiz, drawn))


def test_every_key_is_read_back_with_its_full_precision(quiz: Quiz, drawn: tuple[Paper, ...], package: Package) -> None:
    assert problems(quiz, drawn, package) == []
    tiny = package.items()["quiz03 l03-tiny v1"].answers
    assert isinstance(tiny, tuple)
    assert 0 < tiny[2] - tiny[0] < Decimal("1e-9")


def test_right_options_are_right_by_their_texts(quiz: Quiz, drawn: tuple[Paper, ...], package: Package) -> None:
    for paper in drawn:
        element = package.elements()[title(quiz, paper.variants[3])]
        right = "".join(text for ident, text in get_choices(element) if ident in get_correct_idents(element))
        assert {formula for formula in ("x^2", "|x|", "x^4", "x^3", "e^x") if f'title="{formula}"' in right} == {"x^2", "|x|", "x^4"}


def test_another_reader_finds_the_same_right_options(quiz: Quiz, drawn: tuple[Paper, ...], package: Package) -> None:
    assert read_otherwise(quiz, drawn, package) == []


def test_each_slot_is_a_group_of_which_one_is_picked(package: Package) -> None:
    assert [len(findall_anyns(group, "item")) for group in package.groups] == [8] * 5
    for group in package.groups:
        assert group.findtext(".//q:selection_number", namespaces=NS) == "1"
        assert float(str(group.findtext(".//q:points_per_item", namespaces=NS))) == 2


def test_the_points_are_those_of_the_quiz_and_not_of_all_variants(package: Package) -> None:
    assert b"<points_possible>10.0</points_possible>" in package.meta


def test_answers_are_shuffled_and_not_shown(package: Package) -> None:
    assert b"<shuffle_answers>true</shuffle_answers>" in package.meta
    assert b"<show_correct_answers>false</show_correct_answers>" in package.meta


def test_code_formulas_and_line_breaks_survive(package: Package) -> None:
    shape = package.items()["quiz03 l03-shape v1"].stem
    assert "<code" in shape
    assert "# a matrix times its transpose\ny = torch.ones(" in shape
    assert 'data-equation-content="f(x)=' in package.items()["quiz03 l03-slope v1"].stem
    assert "from the marked point at" in package.items()["quiz03 l03-direction v1"].stem


def test_a_figure_travels_with_its_words(drawn: tuple[Paper, ...], package: Package) -> None:
    stem = package.items()["quiz03 l03-direction v1"].stem
    assert 'alt="A straight line from the origin' in stem
    pictures = {data for name, data in package.files.items() if name.startswith("images/")}
    assert pictures == {paper.variants[2].prompt.figure.png() for paper in drawn if paper.variants[2].prompt.figure}


def test_the_package_is_the_same_each_time(quiz: Quiz, drawn: tuple[Paper, ...]) -> None:
    assert canvas_zip(quiz, drawn) == canvas_zip(quiz, drawn)


def test_a_wrong_key_is_noticed_by_the_reader(quiz: Quiz, drawn: tuple[Paper, ...]) -> None:
    package = Package(canvas_zip(quiz, drawn))
    for bound in package.root.iter(f"{{{NS['q']}}}vargte"):
        bound.text = f"{bound.text}1"
    assert len(problems(quiz, drawn, package)) == 16
