"""Item analysis, against numbers that can be checked by hand."""

from __future__ import annotations

import pytest

from autograder.quiz.keysheet import KeySheet, Slot
from autograder.quiz.stats import Sitting, analyse, warning
from autograder.quiz.statspage import stats_page, weak
from autograder.quiz.variant import Key, Mistake

LABELS = ("A", "B", "C", "D")


def slot(name: str, *answers: str) -> Slot:
    """A choice whose wrong options are known mistakes; one right label for each variant."""
    keys = tuple(Key("choice", a, LABELS, tuple(Mistake(x, f"{name}: mistake {x}.") for x in LABELS if x != a), "") for a in answers)
    return Slot(name, f"Title of {name}", 1, keys)


def sheet(*slots: Slot) -> KeySheet:
    return KeySheet("quiz01", "Quiz 1", "seed", "v", "correctness", "canvas", ("f0", "f1"), slots)


def test_difficulty_is_the_mean_share_of_the_points_and_blanks_count_zero() -> None:
    sittings = [Sitting(0, {"x": "A"}), Sitting(1, {"x": "B"}), Sitting(0, {"x": None}), Sitting(0, {"x": "B"})]
    item = analyse(sheet(slot("x", "A", "B")), sittings)[0]
    assert item.difficulty == 0.5
    assert item.blank == 0.25
    assert item.variants == ((3, pytest.approx(1 / 3)), (1, 1.0))


def test_wrong_answers_are_counted_by_misconception_over_all_variants() -> None:
    sittings = [Sitting(0, {"x": "C", "y": "A"}), Sitting(1, {"x": "C", "y": "B"}), Sitting(0, {"x": "B", "y": "A"})]
    item = analyse(sheet(slot("x", "A", "A"), slot("y", "A", "A")), sittings)[0]
    assert [(m.text, m.count, m.rest) for m in item.misconceptions] == [("x: mistake C.", 2, 0.5), ("x: mistake B.", 1, 1.0)]


def test_discrimination_is_the_correlation_with_the_other_questions() -> None:
    good = [Sitting(0, {"x": "A", "y": "A", "z": "A"})] * 10
    bad = [Sitting(0, {"x": "B", "y": "B", "z": "A"})] * 10
    items = analyse(sheet(slot("x", "A", "A"), slot("y", "A", "A"), slot("z", "A", "A")), good + bad)
    assert items[0].discrimination == pytest.approx(1)
    assert items[2].discrimination is None


def test_a_question_that_the_best_miss_is_pointed_out() -> None:
    best = [Sitting(0, {"x": "B", "y": "A", "z": "A"})] * 10
    others = [Sitting(0, {"x": "A", "y": "B", "z": "B"})] * 10
    items = analyse(sheet(slot("x", "A", "A"), slot("y", "A", "A"), slot("z", "A", "A")), best + others)
    assert [item.slot.question for item in weak(items)][0] == "x"
    assert "look at the key and the wording" in stats_page(sheet(slot("x", "A")), items, 20)


def test_few_examinees_have_no_discrimination() -> None:
    sittings = [Sitting(0, {"x": "A", "y": "A"}), Sitting(0, {"x": "B", "y": "B"})] * 9
    assert analyse(sheet(slot("x", "A", "A"), slot("y", "A", "A")), sittings)[0].discrimination is None


@pytest.mark.parametrize(("examinees", "said"), [(19, "fewer than 20"), (20, "below 100"), (99, "below 100")])
def test_small_classes_come_with_a_warning(examinees: int, said: str) -> None:
    assert said in warning(examinees)


def test_a_hundred_examinees_are_enough() -> None:
    assert warning(100) == ""
