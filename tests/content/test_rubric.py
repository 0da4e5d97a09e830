"""Rubrics of written answers as data."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from autograder.content import ContentError, load_course
from autograder.rubric import Item, Level, read_rubric, rubric_csv

COURSE = load_course()


def rewrite(root: Path, rubric: str) -> None:
    (root / "solutions/toy/written.md").write_text(f"## q3\n\n### Sample answer\n\nYes.\n\n### Rubric\n\n{rubric}\n", encoding="utf-8")


def test_items_levels_and_notes(own_toy: Path) -> None:
    rewrite(own_toy, "At most a page.\n\n- (a) 2 points: the idea,\n  in words.\n    - 2: right\n    - 1: half\n")
    toy = load_course(own_toy).assignment("toy")
    rubric = read_rubric(toy, toy.question("q3"))
    assert rubric.items == (Item(2, "(a) the idea, in words.", (Level(2, "right"), Level(1, "half"))),)
    assert rubric.notes == ("At most a page.",)


@pytest.mark.parametrize(
    ("rubric", "said"),
    [("- 1 point: half of it.", "add up to 1; the question has 2"), ("- 2 points: all.\n    - 1: some of it.", "must have its 2 points")],
)
def test_points_that_do_not_add_up_are_refused(own_toy: Path, rubric: str, said: str) -> None:
    rewrite(own_toy, rubric)
    toy = load_course(own_toy).assignment("toy")
    with pytest.raises(ContentError, match=said):
        read_rubric(toy, toy.question("q3"))


@pytest.mark.parametrize("name", COURSE.assignments)
def test_the_table_to_copy_has_every_point(name: str) -> None:
    assignment = COURSE.assignment(name)
    best: dict[tuple[str, str], int] = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(rubric_csv(assignment)))):
        key = row["question"], row["group"] or str(number)
        best[key] = max(best.get(key, 0), int(row["points"] or 0))
    assert sum(best.values()) == sum(q.points for q in assignment.questions if q.manual)
