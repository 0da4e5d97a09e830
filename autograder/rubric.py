"""written.md as data: what people grade written answers by. Reads files; runs nothing."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from autograder.content import Assignment, ContentError, Question, read_text

_ITEM = re.compile(r"(?:\((?P<part>\w+)\) )?(?P<points>\d+) points?: (?P<text>.+)")
_LEVEL = re.compile(r"(?P<points>\d+): (?P<text>.+)")


@dataclass(frozen=True)
class Level:
    """One of the ratings of an item: at most one of them applies."""

    points: int
    text: str


@dataclass(frozen=True)
class Item:
    """Something that earns points by itself. levels: its ratings, best first; without any, the item is given or not."""

    points: int
    text: str
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Rubric:
    """How one written question is graded. notes: what holds for all items."""

    question: str
    items: tuple[Item, ...]
    notes: tuple[str, ...]


def written_section(assignment: Assignment, question: str, section: str) -> str:
    """The text below ``### section`` of ``## question`` in written.md. Raises `ContentError` when there is none."""
    path = assignment.solutions / "written.md"
    found = re.search(rf"^## {question}\b.*?(?=^## |\Z)", read_text(path), re.MULTILINE | re.DOTALL)
    part = found and re.search(rf"^### {section}\n(.*?)(?=^### |\Z)", found.group(0), re.MULTILINE | re.DOTALL)
    if not part or not part.group(1).strip():
        raise ContentError(f"{path}: question '{question}' has no '### {section}' section.")
    return part.group(1).strip()


def read_rubric(assignment: Assignment, question: Question) -> Rubric:
    """The rubric of a written question. Raises `ContentError` when its points do not add up to the question's."""
    where = f"{assignment.solutions / 'written.md'}: question '{question.id}'"
    items: list[Item] = []
    notes: list[str] = []
    for indent, text in _blocks(written_section(assignment, question.id, "Rubric")):
        if indent and items and (found := _LEVEL.fullmatch(text)):
            last = items.pop()
            items.append(Item(last.points, last.text, (*last.levels, Level(int(found["points"]), found["text"]))))
        elif found := _ITEM.fullmatch(text):
            part = f"({found['part']}) " if found["part"] else ""
            items.append(Item(int(found["points"]), part + found["text"]))
        else:
            notes.append(text)
    for item in items:
        if item.levels and max(level.points for level in item.levels) != item.points:
            raise ContentError(f"{where}: the best level of '{item.text[:40]}' must have its {item.points} points.")
    if (total := sum(item.points for item in items)) != question.points:
        raise ContentError(f"{where}: the rubric's points add up to {total}; the question has {question.points}.")
    return Rubric(question.id, tuple(items), tuple(notes))


def rubric_csv(assignment: Assignment) -> str:
    """The rubrics of all written questions as a table to copy from: one line per item, or per level of an item; notes have no points."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["question", "group", "points", "item"])
    for question in assignment.questions:
        if question.manual:
            rubric = read_rubric(assignment, question)
            for item in rubric.items:
                if item.levels:
                    table.writerows([question.id, item.text, level.points, level.text] for level in item.levels)
                else:
                    table.writerow([question.id, "", item.points, item.text])
            table.writerows([question.id, "", "", note] for note in rubric.notes)
    return out.getvalue()


def _blocks(markdown: str) -> list[tuple[int, str]]:
    """List items and paragraphs in one line each, with the indentation that they begin at."""
    blocks: list[tuple[int, str]] = []
    fresh = True
    for line in markdown.splitlines():
        indent = len(line) - len(line.lstrip())
        text = line.strip()
        if text.startswith("- "):
            blocks.append((indent, text[2:]))
        elif text and (fresh or not blocks):
            blocks.append((indent, text))
        elif text:
            before, said = blocks[-1]
            blocks[-1] = before, f"{said} {text}"
        fresh = not text
    return blocks
