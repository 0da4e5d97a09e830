"""Item analysis of a graded quiz: how hard each question was, how well it tells students apart, which misconceptions it met."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.content import ContentError
from autograder.quiz.keysheet import KeySheet, Slot
from autograder.quiz.score import Score, score
from autograder.report.statistics import FEW, discrimination

ENOUGH = 100
"""Below so many examinees discrimination is shown with a warning."""


@dataclass(frozen=True)
class Sitting:
    """One examinee. responses: by question."""

    variant: int
    responses: dict[str, Any]


@dataclass(frozen=True)
class Misconception:
    """What wrong answers have in common. count: of examinees. rest: their mean share of the points of the other questions."""

    text: str
    count: int
    rest: float


@dataclass(frozen=True)
class ItemAnalysis:
    """One question. difficulty: mean fraction of the points, blank answers counting 0. discrimination: correlation of the fraction with the
    points of the other questions (corrected point-biserial), None where it is not defined. blank: share. variants: (examinees, difficulty).
    """

    slot: Slot
    difficulty: float
    discrimination: float | None
    blank: float
    misconceptions: tuple[Misconception, ...]
    variants: tuple[tuple[int, float], ...]


def read_sittings(folder: Path) -> tuple[str, list[Sitting]]:
    """The quiz's name and the examinees in the results.json files of a folder; refused notebooks are left out. Raises ContentError."""
    found: dict[str, list[Sitting]] = defaultdict(list)
    for path in sorted(folder.rglob("results.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8")).get("extra_data", {})
        except ValueError:
            raise ContentError(f"{path}: not JSON. Give the --out folder of autograder quiz grade.") from None
        if "responses" in told:
            found[told["quiz"]].append(Sitting(told["variant"], told["responses"]))
    if len(found) != 1:
        raise ContentError(f"{folder}: results of {len(found)} quizzes ({', '.join(found) or 'none'}); give the results of one.")
    return next(iter(found.items()))


def analyse(sheet: KeySheet, sittings: Sequence[Sitting]) -> list[ItemAnalysis]:
    """Every question of a quiz, by the keys as they are now."""
    scores = [[score(slot.keys[s.variant], s.responses.get(slot.question), sheet.scoring) for slot in sheet.slots] for s in sittings]
    points = [slot.points for slot in sheet.slots]
    return [_item(n, slot, sittings, scores, points) for n, slot in enumerate(sheet.slots)]


def _item(n: int, slot: Slot, sittings: Sequence[Sitting], scores: Sequence[Sequence[Score]], points: Sequence[int]) -> ItemAnalysis:
    fractions = [row[n].fraction for row in scores]
    others = max(sum(points) - points[n], 1)
    rests = [sum(s.fraction * p for i, (s, p) in enumerate(zip(row, points, strict=True)) if i != n) / others for row in scores]
    met: dict[str, list[float]] = defaultdict(list)
    for row, rest in zip(scores, rests, strict=True):
        for text in row[n].misconceptions:
            met[text].append(rest)
    by_variant = [[f for f, s in zip(fractions, sittings, strict=True) if s.variant == k] for k in range(len(slot.keys))]
    return ItemAnalysis(
        slot=slot,
        difficulty=statistics.fmean(fractions),
        discrimination=discrimination(fractions, rests),
        blank=statistics.fmean(s.responses.get(slot.question) in (None, "", []) for s in sittings),
        misconceptions=tuple(
            sorted((Misconception(text, len(r), statistics.fmean(r)) for text, r in met.items()), key=lambda m: (-m.count, m.text))
        ),
        variants=tuple((len(group), statistics.fmean(group) if group else math.nan) for group in by_variant),
    )


def warning(examinees: int) -> str:
    """What the numbers of so few are worth; '' where there are enough."""
    if examinees < FEW:
        return f"{examinees} examinees: fewer than {FEW}, so no discrimination is computed, and difficulties are rough."
    if examinees < ENOUGH:
        return f"{examinees} examinees: below {ENOUGH}, discriminations swing by chance, here by about {1 / math.sqrt(examinees - 3):.2f}."
    return ""
