"""What the course says about quizzes: the questions of `assignments/quizzes/bank/` and the quizzes that name them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.content import LECTURES, ROOT, ContentError, Course, load_course, read_toml, take
from autograder.quiz.faults import FaultChoice
from autograder.quiz.question import Choice, Literal, Numeric, Question, SelectAll
from autograder.quiz.score import SCORINGS
from autograder.quiz.variant import Variant

EDITIONS = ("2025", "2026")
SETTINGS = {"take-home": "completion", "supervised": "correctness"}
"""Where a quiz is taken, and what its points are then given for, unless it says otherwise."""
GRADED = ("completion", "correctness", "none")
SAMPLE, PRIVATE = "quiz_sample", "quiz_private"
"""The packages that modules of the bank are loaded into: of the course itself, and of its overlay."""
FACTS: dict[str, type] = {"id": str, "lecture": int, "edition": str, "source": str, "title": str, "minutes": int, "text": str}


@dataclass(frozen=True)
class Item:
    """A question's place in a quiz."""

    question: Question
    points: int

    @property
    def is_sample(self) -> bool:
        """Whether the question is of the course's own bank, which may be public, and not of the private overlay."""
        return type(self.question).__module__.startswith(f"{SAMPLE}.")


@dataclass(frozen=True)
class Quiz:
    """quizNN.toml. released, due: printed as they stand. setting: a key of SETTINGS. graded: of GRADED. scoring: of select-all answers."""

    name: str
    title: str
    lecture: int
    items: tuple[Item, ...]
    variants: int
    models_allowed: bool
    setting: str
    graded: str
    scoring: str
    released: str
    due: str

    @property
    def points(self) -> int:
        return sum(item.points for item in self.items)

    @property
    def is_take_home(self) -> bool:
        return self.setting == "take-home"

    @property
    def minutes(self) -> int:
        return sum(item.question.minutes for item in self.items)

    def slots(self) -> tuple[tuple[Variant, ...], ...]:
        """For each question its variants 0 to K - 1. Paper or person k gets variant k of every question."""
        return tuple(item.question.variants(self.variants) for item in self.items)


def load_bank(root: Path = ROOT) -> dict[str, Question]:
    """Every question of the bank and its overlay, by id. Raises ContentError naming the file, the class and what is missing."""
    return _load_bank(load_course(root))


def _load_bank(course: Course) -> dict[str, Question]:
    bank: dict[str, Question] = {}
    folders = [folder / "bank" for folder in course.quiz_folders]
    modules = [
        (package, path) for package, f in zip((SAMPLE, PRIVATE), folders, strict=False) for path in sorted(f.glob("l[0-9][0-9]_*.py"))
    ]
    for package, path in modules:
        for cls in _classes(path, package):
            where = f"{path}: {cls.__name__}"
            question = _question(cls, where)
            if not question.id.startswith(f"l{question.lecture:02d}-") or not path.name.startswith(f"l{question.lecture:02d}_"):
                raise ContentError(f"{where}: lecture {question.lecture}, id '{question.id}' and the file's name do not fit.")
            if question.id in bank:
                raise ContentError(f"{where}: the id '{question.id}' is taken.")
            bank[question.id] = question
    if not bank:
        raise ContentError(f"{folders[0]}: no questions. A module is called l04_autograd.py.")
    return bank


def load_quizzes(root: Path = ROOT) -> dict[str, Quiz]:
    """Every quiz, by name ('quiz04'); one of the overlay replaces the course's of the same name."""
    course = load_course(root)
    if course.edition not in EDITIONS:
        where = course.root / "assignments" / "course.toml"
        raise ContentError(f"{where}: edition is '{course.edition}'; for quizzes it must be one of {', '.join(EDITIONS)}.")
    bank = _load_bank(course)
    paths = {path.stem: path for folder in course.quiz_folders for path in folder.glob("quiz[0-9][0-9].toml")}
    return {name: load_quiz(paths[name], bank, course.edition) for name in sorted(paths)}


def load_quiz(path: Path, bank: Mapping[str, Question], edition: str) -> Quiz:
    """Read one quiz. Raises ContentError naming the file and the key, also where a question cites what the course's edition lacks."""
    keys: dict[str, Any] = {
        "title": str,
        "lecture": int,
        "variants": int,
        "models_allowed": bool,
        "setting": str,
        "graded": str,
        "scoring": str,
        "released": str,
        "due": str,
        "question": list,
    }
    table = take(read_toml(path), keys, str(path))
    for key in ("title", "lecture", "models_allowed", "released", "due", "question"):
        if key not in table:
            raise ContentError(f"{path}: '{key}' is missing.")
    setting = _one_of(table.get("setting", "take-home"), tuple(SETTINGS), f"{path}: setting")
    variants = table.get("variants", 8)
    if variants < 1:
        raise ContentError(f"{path}: variants is {variants}; it must be at least 1.")
    items = tuple(_item(entry, bank, edition, path) for entry in table["question"])
    ids = [item.question.id for item in items]
    if not ids or len(set(ids)) != len(ids):
        raise ContentError(f"{path}: a quiz has at least one [[question]], and each of them once (here: {', '.join(ids) or 'none'}).")
    return Quiz(
        name=path.stem,
        title=table["title"],
        lecture=table["lecture"],
        items=items,
        variants=variants,
        models_allowed=table["models_allowed"],
        setting=setting,
        graded=_one_of(table.get("graded", SETTINGS[setting]), GRADED, f"{path}: graded"),
        scoring=_one_of(table.get("scoring", "canvas"), SCORINGS, f"{path}: scoring"),
        released=table["released"],
        due=table["due"],
    )


def _item(entry: Any, bank: Mapping[str, Question], edition: str, path: Path) -> Item:
    keys: dict[str, Any] = {"id": str, "points": int}
    entry = take(entry, keys, f"{path}: [[question]]")
    for key in keys:
        if key not in entry:
            raise ContentError(f"{path}: a [[question]] lacks '{key}'.")
    id, points = entry["id"], entry["points"]
    if id not in bank:
        raise ContentError(f"{path}: the bank has no question '{id}'. Questions have the ids that their classes in bank/ give.")
    if points < 1:
        raise ContentError(f"{path}: question '{id}' has {points} points; it needs a whole number of at least 1.")
    question = bank[id]
    if question.edition not in (edition, "both"):
        raise ContentError(f"{path}: question '{id}' rests on the {question.edition} notes; this course uses those of {edition}.")
    return Item(question, points)


def _one_of(value: str, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        raise ContentError(f"{where} is '{value}'; it must be one of {', '.join(allowed)}.")
    return value


def _classes(path: Path, package: str) -> list[type[Question]]:
    """The questions that a module of the bank defines itself; classes without an id are shared bases."""
    name = f"{package}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Question)]
    return [cls for cls in found if cls.__module__ == name and "id" in vars(cls)]


def _question(cls: type[Question], where: str) -> Question:
    if not issubclass(cls, Choice | SelectAll | Numeric | Literal):
        raise ContentError(f"{where}: a question is a Choice, SelectAll, Numeric, Literal or FaultChoice.")
    for name, kind in FACTS.items():
        value = getattr(cls, name, None)
        if not isinstance(value, kind) or not value and name != "lecture":
            raise ContentError(f"{where}: '{name}' is missing or no {kind.__name__}.")
    needed = ["inputs", "run", "formulas"] if issubclass(cls, FaultChoice) else ["answer", "check", "distractors"]
    for name in [*needed, "why"]:
        base = FaultChoice if hasattr(FaultChoice, name) and name in ("inputs", "run", "formulas") else Question
        if getattr(cls, name) is getattr(base, name):
            raise ContentError(f"{where}: the method '{name}' is missing.")
    if (cls.figure is Question.figure) != (cls.alt is Question.alt):
        raise ContentError(f"{where}: a figure needs its alternative text, 'alt', and an alternative text its figure.")
    if cls.edition not in (*EDITIONS, "both"):
        raise ContentError(f"{where}: edition is '{cls.edition}'; it must be one of {', '.join(EDITIONS)}, both.")
    if cls.lecture not in LECTURES:
        raise ContentError(f"{where}: lecture is {cls.lecture}; lectures run from {LECTURES[0]} to {LECTURES[-1]}.")
    return cls()
