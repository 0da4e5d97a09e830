"""Questions from the faults of a homework."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.content import ContentError
from autograder.quiz import Draw
from autograder.quiz.bank import load_bank
from autograder.quiz.faults import homework_faults
from autograder.quiz.stress import problems

QUESTION: Any = load_bank()["l09-which-adam-bug"]


def test_the_shown_number_comes_from_the_code_of_the_fault() -> None:
    for variant in QUESTION.variants(8):
        inputs = {name: value for name, value in variant.params.items() if name != "shown"}
        right = next(o.text for o in variant.prompt.options if o.label == variant.key.answer)
        fault = next(f for f in homework_faults("hw4_adam").values() if f.misconception == right)
        assert QUESTION.run(fault.call, **inputs) == pytest.approx(variant.params["shown"], rel=1e-5)


def test_an_unknown_fault_is_named() -> None:
    broken = type("Broken", (type(QUESTION),), {"faults": ("no_correction", "no_such_fault")})
    with pytest.raises(ContentError, match="hw4_adam/faults.py has no fault 'no_such_fault'"):
        broken().variants(1)


def test_inputs_on_which_two_faults_agree_are_refused() -> None:
    broken = type("Broken", (type(QUESTION),), {"inputs": lambda self, draw: {"alpha": 0.1, "beta1": 0.5, "beta2": 0.75, "g": 2}})
    with pytest.raises(ContentError, match="give the same number"):
        broken().variants(1)


def test_inputs_on_which_a_fault_is_right_are_refused() -> None:
    inputs = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.75, "g": 2}
    broken = type("Broken", (type(QUESTION),), {"faults": ("no_correction", "no_root"), "inputs": lambda self, draw: inputs})
    with pytest.raises(ContentError, match="no_correction gives the right number"):
        broken().variants(1)


def test_a_draw_that_cannot_be_told_apart_is_drawn_again() -> None:
    def inputs(self: Any, draw: Draw) -> dict[str, Any]:
        return {"alpha": 0.1, "beta1": draw.choice("beta1", (0.5, 0.6)), "beta2": 0.75, "g": 3}

    often = type("Often", (type(QUESTION),), {"faults": ("no_correction", "no_root"), "inputs": inputs})
    assert {often().variant(k).params["beta1"] for k in range(20)} == {0.6}


def test_a_wrong_formula_is_found() -> None:
    right = QUESTION.formulas

    class Broken(type(QUESTION)):  # type: ignore[misc]
        def formulas(self, *args: Any, **inputs: Any) -> dict[str, float]:
            return {**right(**inputs), "no_root": 1.0}

    assert any("0 faults give" in problem for problem in problems(Broken(), draws=20))
