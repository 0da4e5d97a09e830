"""Every tolerance refuses what lies just outside it and accepts rounding."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.audit.witness import witness_findings
from autograder.content import Course

REFERENCE = "def answer(x):\n    # BEGIN SOLUTION\n    return x / 3\n    # END SOLUTION\n"
IN_PLACE = "def answer(x):\n    # BEGIN SOLUTION\n    x.div_(3)\n    # END SOLUTION\n"
X = "x = torch.tensor([1.0, 2.0], dtype=torch.float64)"
ANSWER = 'function(env, "answer")'


@pytest.fixture
def said(small: Callable[..., Course]) -> Callable[..., list[str]]:
    """The findings on a case of these lines."""

    def run(*lines: str, reference: str = REFERENCE) -> list[str]:
        body = "".join(f"    {line}\n" for line in lines)
        course = small(reference, f"@test_case(points=4)\ndef a_case(env):\n{body}")
        return [f.what for f in witness_findings(course.assignment("small"))]

    return run


def test_a_direct_comparison_is_its_own_witness(said: Callable[..., list[str]]) -> None:
    assert said(X, f"close({ANSWER}(x), x / 3, rtol=1e-9)") == []


def test_a_comparison_that_cannot_see_the_tolerance_is_named(said: Callable[..., list[str]]) -> None:
    (found,) = said(X, f"close({ANSWER}(x).mean() + 1000, 1000.5, rtol=1e-9, what='the mean')")
    assert found == "the mean (rtol=1e-09, atol=0) in a_case: results off by 10 times the tolerance are accepted"


def test_two_results_compared_with_each_other_are_disturbed_differently(said: Callable[..., list[str]]) -> None:
    assert said(X, f"answer = {ANSWER}", "close(answer(2 * x), 2 * answer(x), rtol=1e-9)") == []


def test_a_changed_argument_is_disturbed_and_an_unchanged_one_is_not(said: Callable[..., list[str]]) -> None:
    assert said(X, f"{ANSWER}(x)", "close(x, torch.tensor([1.0, 2.0]).double() / 3, rtol=1e-9)", reference=IN_PLACE) == []
    assert said(X, f"{ANSWER}(x)", "close(x + 1000, torch.tensor([1001.0, 1002.0]).double(), rtol=1e-9)") == []


def test_a_tolerance_below_rounding_is_named(said: Callable[..., list[str]]) -> None:
    (found,) = said(X, f"close({ANSWER}(x), x / 3, rtol=1e-16)")
    assert "rounding alone leaves the tolerance" in found


def test_exact_equality_has_nothing_to_show(said: Callable[..., list[str]]) -> None:
    assert said(X, f"equal({ANSWER}(x).shape[0], 2)") == []


def test_cases_that_never_end_are_a_finding(said: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.audit.witness.SECONDS", 1)
    assert said("while True: pass") == ["the cases with the reference failed or took over 1 s"]
