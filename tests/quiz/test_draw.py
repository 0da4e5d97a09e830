"""Draws and variants: the same for everybody, everywhere, and for ever."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from autograder.content import ContentError
from autograder.quiz import Choice, Draw, Numeric, Wrong
from autograder.quiz.draw import variant_number
from autograder.quiz.stress import problems


class Slope(Numeric):
    id, lecture, edition, source, title, minutes = "l03-slope", 3, "both", "test", "A slope", 1
    text = r"What is the slope of $@{a}x^2$ at $@{x}$?"

    def params(self, draw: Draw) -> dict[str, Any]:
        return {"a": draw.integer("a", 2, 9), "x": draw.choice("x", (0.5, 1.5, 2.5))}

    def answer(self, a: int, x: float) -> float:
        return 2 * a * x

    def check(self, a: int, x: float) -> float:
        return (a * (x + 1e-5) ** 2 - a * (x - 1e-5) ** 2) / 2e-5

    def distractors(self, a: int, x: float) -> list[Wrong]:
        return [Wrong(a * x, "The factor two is lost.")]

    def why(self, a: int, x: float) -> str:
        return r"$2\cdot@{a}\cdot@{x}$ is @{key}."


class Sign(Choice):
    id, lecture, edition, source, title, minutes = "l03-sign", 3, "both", "test", "A sign", 1
    text = "Which way does gradient descent go?"
    right = "Against the gradient"

    def answer(self) -> str:
        return self.right

    def check(self) -> str:
        return self.right

    def distractors(self) -> list[Wrong]:
        return [Wrong(text, "Directions are mixed up.") for text in ("Along the gradient", "Across it", "Nowhere") if text != self.right]

    def why(self) -> str:
        return "It descends."


def test_a_draw_is_the_same_in_every_process_and_for_ever() -> None:
    code = "from autograder.quiz.draw import Draw; d = Draw('l03-slope|0'); print(d.integer('a', 0, 999), d.sample('s', range(9), 4))"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"})
    assert fresh.stdout.strip() == "635 [3, 5, 4, 7]"


def test_a_new_parameter_moves_no_other() -> None:
    draw = Draw("x|1")
    alone = draw.integer("a", 0, 10**6)
    draw.integer("b", 0, 5)
    assert draw.integer("a", 0, 10**6) == alone


def test_draws_stay_in_their_range_and_reach_its_ends() -> None:
    values = {Draw(str(k)).integer("a", -2, 3) for k in range(200)}
    assert values == {-2, -1, 0, 1, 2, 3}
    with pytest.raises(ValueError, match="sample of 4 from 3"):
        Draw("x").sample("s", (1, 2, 3), 4)


def test_people_spread_evenly_over_the_variants() -> None:
    counts = Counter(variant_number("stat4830", "quiz09", f"student{k}", 8) for k in range(8000))
    assert len(counts) == 8
    assert min(counts.values()) > 850


def test_more_variants_leave_the_first_as_they_were() -> None:
    assert Slope().variants(8)[:3] == Slope().variants(3)


def test_variants_differ_and_a_question_without_enough_of_them_is_refused() -> None:
    assert len({v.prompt.statement for v in Slope().variants(20)}) == 20
    with pytest.raises(ContentError, match="only 24 different variants of 30"):
        Slope().variants(30)


def test_a_question_without_parameters_varies_the_order_of_its_options() -> None:
    orders = {v.prompt.options for v in Sign().variants(8)}
    assert len(orders) == 8


def test_the_prompt_does_not_depend_on_which_option_is_right() -> None:
    class Reversed(Sign):
        right = "Along the gradient"

        def distractors(self) -> list[Wrong]:
            return [Wrong(text, "Mixed up.") for text in ("Against the gradient", "Across it", "Nowhere")]

    assert [v.prompt for v in Reversed().variants(8)] == [v.prompt for v in Sign().variants(8)]
    assert [v.key.answer for v in Reversed().variants(8)] != [v.key.answer for v in Sign().variants(8)]


def test_a_sound_question_has_no_problems() -> None:
    assert problems(Slope()) == []


BROKEN: dict[str, dict[str, Any]] = {
    "answer and check disagree": {"check": lambda self, a, x: 2 * a * x + 1},
    "parameters are not shown": {"text": "What is the slope of $@{a}x^2$?"},
    "key computed from the shown numbers is another": {"params": lambda self, d: {"a": d.integer("a", 2, 99), "x": Rounded(0.25)}},
    "too close to tell apart": {"distractors": lambda self, a, x: [Wrong(2.01 * a * x, "Rounded.")]},
    "a wrong answer scores full": {"distractors": lambda self, a, x: [Wrong(2 * a * x, "None.")]},
    "names no misconception": {"distractors": lambda self, a, x: [Wrong(a * x, " ")]},
    "the key is inf": {"answer": lambda self, a, x: float("inf")},
    "only a whole number": {"rtol": 0.0, "answer": lambda self, a, x: 2 * a * x + 0.25},
    "why is empty": {"why": lambda self, a, x: ""},
    "only 1 different variants": {"params": lambda self, d: {"a": 3, "x": 2}},
    "too little": {"figure": lambda self, axes, a, x: None, "alt": lambda self, a, x: "A curve."},
}


class Rounded(float):
    """A number that shows only its first decimal."""

    def __repr__(self) -> str:
        return format(float(self), ".1f")


@pytest.mark.parametrize("message", BROKEN)
def test_the_stress_test_finds_what_is_wrong(message: str) -> None:
    broken = type("Broken", (Slope,), BROKEN[message])
    assert any(message in problem for problem in problems(broken(), draws=20)), problems(broken(), draws=20)
