"""The grade of one answer."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from autograder.quiz.score import score
from autograder.quiz.variant import Key, Mistake

NUMBER = Key("numeric", 0.75, (), (Mistake(1.5, "The half is forgotten."),), "", tolerance=0.004, near=(0.05, 0.5))
ONE = Key("choice", "B", ("A", "B", "C"), (Mistake("A", "Too small."), Mistake("C", "Too large.")), "")
SOME = Key("select", ("A", "B", "D"), ("A", "B", "C", "D", "E"), (Mistake("C", "Taken for B."), Mistake("E", "Taken for D.")), "")
SHAPE = Key("literal", (3, 4), (), (Mistake((4, 3), "Rows and columns are swapped."),), "")
PRINTED = Key("literal", "tensor([1, 2])", (), (), "")


@pytest.mark.parametrize("response", [0.75, "0.75", "3/4", "7.5e-1", " 0.752 ", "+0.748"])
def test_a_number_may_be_written_as_decimal_fraction_or_power(response: Any) -> None:
    assert score(NUMBER, response).fraction == 1


def test_a_near_miss_earns_its_part() -> None:
    assert score(NUMBER, "0.78").fraction == 0.5
    assert score(NUMBER, "0.81").fraction == 0


def test_a_known_mistake_names_its_misconception() -> None:
    assert score(NUMBER, 1.5).misconceptions == ("The half is forgotten.",)
    assert score(ONE, "A").misconceptions == ("Too small.",)
    assert score(SHAPE, "(4, 3)").misconceptions == ("Rows and columns are swapped.",)


@pytest.mark.parametrize("response", ["nan", "inf", float("nan"), "1e999", "3/0", "three", "0,75", True, {"a": 1}, "__import__('os')"])
def test_what_is_no_finite_number_scores_nothing_and_says_why(response: Any) -> None:
    got = score(NUMBER, response)
    assert got.fraction == 0
    assert "is not" in got.problem


@pytest.mark.parametrize("key", [NUMBER, ONE, SOME, SHAPE, PRINTED])
@pytest.mark.parametrize("response", [None, "", "  ", [], ()])
@pytest.mark.parametrize("scoring", ["canvas", "all", "each"])
def test_no_answer_scores_nothing(key: Key, response: Any, scoring: str) -> None:
    assert score(key, response, scoring).fraction == 0


def test_a_choice_takes_one_label() -> None:
    assert score(ONE, "b").fraction == 1
    assert "exactly one" in score(ONE, "A, B").problem
    assert "no option" in score(ONE, "Z").problem


@pytest.mark.parametrize("response", [["A", "B", "D"], "ABD", "a, b, d", [True, True, False, True, False]])
def test_labels_may_come_as_a_list_a_text_or_one_truth_each(response: Any) -> None:
    assert score(SOME, response, "all").fraction == 1


@pytest.mark.parametrize(
    ("response", "canvas", "all_", "each"),
    [("ABD", 1, 1, 1), ("AB", 2 / 3, 0, 4 / 5), ("ABC", 1 / 3, 0, 3 / 5), ("ABCDE", 1 / 3, 0, 3 / 5), ("CE", 0, 0, 0)],
)
def test_select_all_has_three_scorings(response: str, canvas: float, all_: float, each: float) -> None:
    assert [score(SOME, response, s).fraction for s in ("canvas", "all", "each")] == pytest.approx([canvas, all_, each])


@pytest.mark.parametrize("response", [(3, 4), [3, 4], "(3, 4)", "3,4", "[3,4]", "torch.Size([3, 4])"])
def test_a_shape_may_be_written_in_the_usual_ways(response: Any) -> None:
    assert score(SHAPE, response).fraction == 1


@pytest.mark.parametrize("response", ["(4, 3)", "(3, 4, 1)", "34", "12", 12, "(3, True)"])
def test_another_shape_is_wrong(response: Any) -> None:
    assert score(SHAPE, response).fraction == 0


def test_printed_text_leaves_case_and_spacing_free() -> None:
    assert score(PRINTED, "Tensor( [1,2] )").fraction == 1
    assert score(PRINTED, "tensor([1, 2.])").fraction == 0


def test_true_is_not_one() -> None:
    assert score(Key("literal", True, (), (), ""), 1).fraction == 0
    assert score(Key("literal", True, (), (), ""), "true").fraction == 1


def test_an_unknown_scoring_is_refused() -> None:
    with pytest.raises(ValueError, match="canvas, all, each"):
        score(SOME, "A", "some")


@pytest.mark.parametrize("key", [NUMBER, ONE, SOME, SHAPE, PRINTED])
def test_a_key_survives_json(key: Key) -> None:
    assert Key.from_data(json.loads(json.dumps(key.to_data()))) == key


def test_grading_needs_the_standard_library_alone() -> None:
    code = "import sys, autograder.quiz.score, autograder.quiz.draw; print({'torch', 'numpy', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
