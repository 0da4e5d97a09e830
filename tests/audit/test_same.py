"""When two answers to one call say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograder.grading import wire
from autograder.grading.same import same_reply

X = torch.tensor([1.0, 2.0], dtype=torch.float64)


def answer(function: Callable[..., Any], *args: Any) -> tuple[Any, Any]:
    """The request and the reply of a call, as the wire carries them."""
    fields, blob, _ = wire.encode_call(args, {}, [])
    decoded, _, objects = wire.decode_call(fields, blob, None)
    return (fields, blob), wire.encode_reply(function(*decoded), objects)


def same(one: Callable[..., Any], other: Callable[..., Any], *args: Any) -> bool:
    request, first = answer(one, *args)
    return same_reply(request, first, answer(other, *args)[1], any_message=False)


def test_rounding_is_no_difference() -> None:
    assert same(lambda x: x * 3.0 / 7.0, lambda x: x / 7.0 * 3.0, X)


def test_a_part_in_a_million_is_a_difference() -> None:
    assert not same(lambda x: x, lambda x: x * (1 + 1e-6), X)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_equal_themselves(value: float) -> None:
    assert same(lambda x: x * value, lambda x: x * value, X)
    assert not same(lambda x: x * value, lambda x: x, X)


@pytest.mark.parametrize("other", [lambda x: x.float(), lambda x: x[:1], lambda x: x.numpy(), lambda x: x.tolist(), lambda x: None])
def test_dtype_shape_and_kind_are_compared(other: Callable[..., Any]) -> None:
    assert not same(lambda x: x.clone(), other, X)


def test_a_list_and_a_tuple_of_the_same_entries_are_the_same() -> None:
    assert same(lambda x: [x + 1, 2], lambda x: (x + 1, 2), X)


def test_what_happened_to_an_argument_is_compared() -> None:
    assert not same(lambda x: None, lambda x: x.mul_(2) and None, X[:1])


def test_the_argument_itself_and_a_copy_are_different() -> None:
    assert not same(lambda x: x, lambda x: x.clone(), X)


def test_one_object_twice_and_two_equal_ones_are_different() -> None:
    assert not same(lambda x: (lambda y: (y, y))(x + 1), lambda x: (x + 1, x + 1), X)


def test_nested_values_are_compared() -> None:
    assert same(lambda x: {"a": [x.sum().item(), np.ones(2)]}, lambda x: {"a": [3.0, np.ones(2)]}, X)
    assert not same(lambda x: {"a": [x.sum().item()]}, lambda x: {"a": [4.0]}, X)


def error(kind: str, message: str) -> tuple[dict[str, Any], bytes]:
    return {"error": ["Custom", [kind, "Exception"], message]}, b""


def test_exceptions_are_compared_by_built_in_kind_and_message() -> None:
    request, value = answer(lambda x: x, X)
    assert same_reply(request, error("RuntimeError", "a leaf"), error("RuntimeError", "a leaf"), any_message=False)
    assert not same_reply(request, error("RuntimeError", "a leaf"), error("RuntimeError", "a shape"), any_message=False)
    assert not same_reply(request, error("ValueError", "n"), error("TypeError", "n"), any_message=True)
    assert not same_reply(request, error("ValueError", "n"), value, any_message=True)


def test_where_the_reference_refuses_too_the_message_is_free() -> None:
    request, _ = answer(lambda x: x, X)
    assert same_reply(request, error("ValueError", "x is empty"), error("ValueError", "nothing there"), any_message=True)
