"""The comparisons refuse what `allclose` accepts, and their messages show the gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder import checks
from autograder.checks import CheckFailed, Invalid, NotAttempted, StudentError, close, equal, function, probe, raises, returned

ONE = torch.ones(1, dtype=torch.float64)


def called(value: Any) -> Any:
    """Call a submission's function `f` that returns `value`, so that messages have something to name."""
    return function({"f": lambda x: value}, "f")(2.0)


@pytest.mark.parametrize(
    ("got", "expected", "kind", "said"),
    [
        (torch.empty(0, dtype=torch.float64), ONE, Invalid, "shape (0,)"),
        (ONE, torch.ones(5, dtype=torch.float64), Invalid, "expected (5,)"),
        (torch.ones(1, 1, dtype=torch.float64), ONE, Invalid, "shape (1, 1)"),
        (torch.ones(1), ONE, CheckFailed, "float32; expected float64"),
        (torch.tensor([float("nan")], dtype=torch.float64), ONE, CheckFailed, "infinite or NaN"),
        ([1.0], ONE, Invalid, "must be a tensor; it is list"),
        (np.ones(1), ONE, Invalid, "must be a tensor; it is ndarray"),
        (None, ONE, Invalid, "it is None"),
        (None, 1.0, Invalid, "must be a number; it is None"),
        (True, 1.0, Invalid, "must be a number; it is bool"),
        ("1", 1.0, Invalid, "must be a number; it is str"),
        ([1.0], [1.0, 2.0], Invalid, "must have 2 entries; got 1"),
        (1.1, 1.0, CheckFailed, "differs"),
    ],
)
def test_close_refuses(got: Any, expected: Any, kind: type[CheckFailed], said: str) -> None:
    with pytest.raises(kind) as failure:
        close(called(got), expected, rtol=1e-9)
    assert said in failure.value.claim and "f(2)" in failure.value.detail


@pytest.mark.parametrize(
    ("got", "expected"),
    [(ONE, ONE), (1, 1.0), (np.float64(1), 1.0), (torch.tensor(1.0), 1.0), ((1.0, 2.0), [1.0, 2.0]), (ONE.requires_grad_(), ONE)],
)
def test_close_accepts_every_honest_form(got: Any, expected: Any) -> None:
    close(called(got), expected, rtol=1e-9)


def test_a_difference_that_six_digits_hide_is_shown() -> None:
    with pytest.raises(CheckFailed) as failure:
        close(called(1.0 + 1e-8), 1.0, rtol=1e-9)
    assert "got 1.00000001, expected 1." in failure.value.detail


def test_the_worst_entry_is_named() -> None:
    with pytest.raises(CheckFailed) as failure:
        close(called(torch.tensor([[1.0, 1.0], [3.0, 1.0]])), torch.ones(2, 2), rtol=1e-3)
    assert "Largest difference 2 at [1, 0] (relative tolerance 0.001)" in failure.value.detail


def told(got: Any, expected: Any, *args: Any, **named: Any) -> str:
    """What a check of ``f(*args, **named)`` says, as a notebook shows it."""
    with pytest.raises(CheckFailed) as failure:
        close(
            function({"f": lambda *a, **k: got}, "f")(*args, **named), expected, rtol=1e-9, atol=1e-9, what="w", claim="It must hold. " * 9
        )
    return str(failure.value)


def test_no_line_of_a_message_is_wider_than_a_notebook_shows() -> None:
    x = torch.linspace(-1, 1, 6, dtype=torch.float64) / 3
    weights = [[torch.ones(9)] * 12] * 3
    text = told(x.reshape(2, 3) + 1e-8, x.reshape(2, 3), x, x.reshape(2, 3), weights, {"a setting": 0.1, "another": 0.2}, lr=0.2)
    assert max(map(len, text.splitlines())) <= checks.WIDTH and len(text.splitlines()) > 10


def test_arguments_too_wide_for_one_line_stand_below_each_other() -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    assert "Called f([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], lr=0.2).\n" in told(1.0, 2.0, x, x, lr=0.2)
    assert "Called f(\n    [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], learning=0.2\n).\n" in told(1.0, 2.0, x, x, x, learning=0.2)
    assert "Called f(\n    [1, 2, 3, 4, 5],\n    [1, 2, 3, 4, 5],\n" in told(1.0, 2.0, x, x, x, x, lr=0.2)


def test_wide_values_stand_below_each_other() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=torch.float64) / 7
    assert (
        "  got      [[-0.142857, -0.285714, -0.428571],\n"
        "            [-0.571429, -0.714286, -0.857143]]\n"
        "  expected [[0.142857, 0.285714, 0.428571],\n"
        "            [0.571429, 0.714286, 0.857143]]\n"
    ) in told(-x, x)


@pytest.mark.parametrize("wrong", [7.0, float("nan")])
def test_of_a_large_tensor_the_worst_entry_is_shown(wrong: float) -> None:
    got = torch.zeros(4, 5)
    got[2, 3] = wrong
    assert f"w at [2, 3]: got {wrong:g}, expected 0." in told(got, torch.zeros(4, 5))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (list(range(20)), "[0, 1, 2, ..., 18, 19]"),
        ([[torch.ones(24, 8)] * 12] * 3, "<list of 3 lists of 12 tensors>"),
        ((["a longer word"] * 6, {"a": 1}, "a"), "<tuple of 3 values>"),
        ([[1, 2], [3, 4]], "[[1, 2], [3, 4]]"),
        ({name: 0 for name in "abcdefgh"}, "{'a': 0, 'b': 0, 'c': 0, ..., 'g': 0, 'h': 0}"),
    ],
)
def test_long_values_are_shortened(value: Any, text: str) -> None:
    assert checks.show(value) == text


def test_a_claim_has_no_values() -> None:
    with pytest.raises(CheckFailed) as failure:
        close(called(torch.tensor([123.0])), torch.tensor([4.0]), rtol=1e-3, claim="The property.")
    assert failure.value.claim == "The property." and "123" in failure.value.detail


@pytest.mark.parametrize(("got", "expected"), [(True, 1), (1, True), (2, 3), ("a", "b"), ([1, 2], (1, 3))])
def test_equal_refuses(got: Any, expected: Any) -> None:
    with pytest.raises(CheckFailed):
        equal(called(got), expected)


@pytest.mark.parametrize(("got", "expected"), [(3, 3), (torch.tensor(3), 3), (np.int64(3), 3), ([1, 2], (1, 2)), ("a", "a")])
def test_equal_accepts(got: Any, expected: Any) -> None:
    equal(called(got), expected)


def test_a_missing_return_is_asked_about() -> None:
    with pytest.raises(Invalid, match="Is a `return` missing"):
        returned(called(None), "w", "m")


def test_an_exception_of_the_submission_is_its_error() -> None:
    def f(x: float) -> float:
        return x / 0

    with pytest.raises(StudentError) as failure:
        function({"f": f}, "f")(1.0)
    assert failure.value.claim == "f raised ZeroDivisionError." and "f(1) raised" in failure.value.detail


def test_a_stub_behind_a_probe_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Env(dict[str, Any]):
        def probe(self, name: str, *data: Any) -> Any:
            raise NotImplementedError("adam_step")

    with pytest.raises(NotAttempted, match="adam_step is not attempted yet"):
        probe(Env(), "train")


def test_raises_wants_the_exception_that_the_prompt_names() -> None:
    def f(x: float) -> float:
        raise KeyError(x)

    with pytest.raises(CheckFailed) as failure:
        raises(ValueError, function({"f": f}, "f"), 1.0)
    assert "must raise ValueError" in failure.value.claim and "raised KeyError" in failure.value.detail


def test_a_message_never_reads_a_device() -> None:
    from autograder import accelerator

    x = torch.ones(2).to("sim")
    with accelerator.measure() as ledger:
        assert checks.show(x) == "<tensor 2 float32 on sim:0>"
    assert ledger.synchronizations == 0


def of_a_cuda_build(x: Any) -> Any:
    """What torch's CUDA builds say to ``x.cuda()`` where no driver is."""
    raise RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: x + torch.ones(2), "on another device than its inputs, which are on sim"),
        (lambda x: x.numpy(), "NumPy array"),
        (lambda x: x.to("cuda"), "asks for the device cuda"),
        (of_a_cuda_build, "asks for the device cuda"),
    ],
)
def test_a_device_mistake_is_named_in_words(wrong: Any, said: str) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device to ask for")
    with pytest.raises(CheckFailed) as failure, checks.on_device("sim"):
        function({"f": wrong}, "f")(torch.ones(2).to("sim"))
    assert said in failure.value.claim


def test_each_draw_of_a_case_repeats_with_its_seed_and_only_then() -> None:
    with checks.seeded(5):
        first = torch.rand(3, generator=checks.rng())
    with checks.seeded(5):
        again = torch.rand(3, generator=checks.rng())
    assert torch.equal(first, again) and not torch.equal(first, torch.rand(3, generator=checks.rng()))


def test_an_integer_too_large_for_a_float_is_wrong_and_no_fault_of_the_test() -> None:
    huge = 10**5000
    with pytest.raises(checks.CheckFailed, match="too large for a float"):
        checks.close(huge, 1.0, rtol=1e-9)
    with pytest.raises(checks.CheckFailed, match="an integer of 16610 bits"):
        checks.equal(huge, 3)
