"""Canvas packages, read back by two independent readers and checked by a third."""

from __future__ import annotations

import html
import io
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from qti2latex import findall_anyns, get_choices, get_correct_idents, get_qti_metadata
from qti_package_maker.common.package_integrity import check_package

from autograder.content import ROOT
from autograder.quiz.bank import Quiz, load_quizzes
from autograder.quiz.canvas import canvas_zip, title
from autograder.quiz.literal import spellings
from autograder.quiz.papers import Paper, papers
from autograder.quiz.question import LABELS
from autograder.quiz.variant import Variant

NS = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}
KINDS = {
    "choice": "multiple_choice_question",
    "select": "multiple_answers_question",
    "numeric": "numerical_question",
    "literal": "short_answer_question",
}


@dataclass
class Item:
    """One question as a package has it. answers: labels by the order of options, spellings, or (least, exact, greatest)."""

    kind: str
    stem: str
    answers: set[str] | tuple[Decimal, ...]


class Package:
    """An own reader of what Canvas imports."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.meta, quiz = (next(v for k, v in self.files.items() if test(k)) for test in (is_meta, is_quiz))
        self.root = ElementTree.fromstring(quiz)
        self.groups = [s for s in self.root.iter(f"{{{NS['q']}}}section") if s.find("q:selection_ordering", NS) is not None]

    def elements(self) -> dict[str, ElementTree.Element]:
        return {str(item.get("title")): item for item in self.root.iter(f"{{{NS['q']}}}item")}

    def items(self) -> dict[str, Item]:
        return {name: self._item(element) for name, element in self.elements().items()}

    def _item(self, element: ElementTree.Element) -> Item:
        kind = get_qti_metadata(element)["question_type"]
        stem = html.unescape(str(element.findtext("q:presentation/q:material/q:mattext", namespaces=NS)))
        right = next(c for c in element.iterfind(".//q:respcondition", NS) if c.find("q:setvar", NS) is not None).find("q:conditionvar", NS)
        assert right is not None
        if kind == "numerical_question":
            found = (right.findtext(f".//q:{tag}", namespaces=NS) for tag in ("vargte", "varequal", "varlte"))
            return Item(kind, stem, tuple(Decimal(str(text)) for text in found))
        refused = {e.text for e in right.iterfind(".//q:not/q:varequal", NS)}
        accepted = {str(e.text) for e in right.iterfind(".//q:varequal", NS)} - refused
        order = [str(label.get("ident")) for label in element.iterfind(".//q:response_label", NS)]
        return Item(kind, stem, accepted if kind == "short_answer_question" else {LABELS[order.index(ident)] for ident in accepted})


def is_meta(name: str) -> bool:
    return name.endswith("assessment_meta.xml")


def is_quiz(name: str) -> bool:
    return name.endswith(".xml") and "/" in name and not is_meta(name)


def problems(quiz: Quiz, drawn: tuple[Paper, ...], package: Package) -> list[str]:
    """Where a package says anything else than the keys."""
    items = package.items()
    variants = {title(quiz, variant): variant for paper in drawn for variant in paper.variants}
    found = [f"{name}: missing" for name in variants.keys() ^ items.keys()]
    for name, variant in variants.items():
        if name in items and not agree(items[name], variant):
            found.append(f"{name}: {items[name]} is not {variant.key.answer}")
        if name in items and (variant.prompt.figure is not None) != ("IMS-CC-FILEBASE" in items[name].stem):
            found.append(f"{name}: its figure is lost")
    return found


def agree(item: Item, variant: Variant) -> bool:
    key = variant.key
    if item.kind != KINDS[key.kind]:
        return False
    if key.kind == "numeric":
        answer, margin = Decimal(repr(key.answer)), Decimal(repr(key.tolerance))
        return item.answers == (answer - margin, answer, answer + margin)
    if key.kind == "literal":
        return item.answers == set(spellings(key.answer))
    return item.answers == set(key.answer)


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
    for paper in drawn:
        for variant in paper.variants:
            element = package.elements()[title(quiz, variant)]
            if variant.prompt.options:
                order = [ident for ident, _ in get_choices(element)]
                right = {variant.prompt.options[order.index(ident)].label for ident in get_correct_idents(element)}
                assert right == set(variant.key.answer)


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


@pytest.mark.slow
def test_every_quiz_of_the_course_reads_back_and_passes_the_package_check(tmp_path: Path) -> None:
    for name, quiz in load_quizzes(ROOT).items():
        drawn = papers(quiz)
        data = canvas_zip(quiz, drawn)
        assert problems(quiz, drawn, Package(data)) == []
        path = tmp_path / f"{name}.zip"
        path.write_bytes(data)
        found = [line for line in map(str, check_package(str(path))) if "/equation_images/" not in line and "IMS-CC-FILEBASE" not in line]
        assert found == [], name
