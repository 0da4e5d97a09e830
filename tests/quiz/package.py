"""An own reader of Canvas packages, and what they must say."""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree

from qti2latex import get_choices, get_correct_idents, get_qti_metadata

from autograder.quiz.bank import Quiz
from autograder.quiz.canvas import title
from autograder.quiz.literal import spellings
from autograder.quiz.papers import Paper
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


def read_otherwise(quiz: Quiz, drawn: Sequence[Paper], package: Package) -> list[str]:
    """The variants in which qti2latex finds other right options than the key says."""
    found = []
    for variant in (v for paper in drawn for v in paper.variants if v.prompt.options):
        element = package.elements()[title(quiz, variant)]
        order = [ident for ident, _ in get_choices(element)]
        right = {variant.prompt.options[order.index(ident)].label for ident in get_correct_idents(element)}
        if right != set(variant.key.answer):
            found.append(f"{title(quiz, variant)}: {sorted(right)}")
    return found
