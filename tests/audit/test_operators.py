"""Each mutation operator makes the small mistake that it names."""

from __future__ import annotations

import pytest

from autograder.audit.mutants import Mutant, mutants


def changes(*lines: str) -> list[tuple[str, str]]:
    """(operator, what stands there instead) for a solution of these lines."""
    return [(m.operator, m.becomes) for m in all_mutants(*lines)]


def all_mutants(*lines: str) -> list[Mutant]:
    body = ["    # BEGIN SOLUTION", *(f"    {line}" for line in lines), "    # END SOLUTION"]
    return list(mutants("f", "\n".join(["def f(x, y=3):", '    """Doc 1 + 1."""', *body])))


@pytest.mark.parametrize(
    ("line", "operator", "becomes"),
    [
        ("return -x", "sign", "return x"),
        ("return x + y", "operator", "return x - y"),
        ("return x * y", "operator", "return x / y"),
        ("return x ** y", "operator", "return x * y"),
        ("x += y", "operator", "x -= y"),
        ("return x[1]", "constant", "return x[2]"),
        ("return x[1]", "constant", "return x[0]"),
        ("return 0.5 * x", "constant", "return 1.0 * x"),
        ("return x.sum(0, keepdim=True)", "constant", "return x.sum(0, keepdim=False)"),
        ("return x < y", "comparison", "return x <= y"),
        ("return x is None", "comparison", "return x is not None"),
        ("return x and y", "logic", "return x or y"),
        ("return not x", "logic", "return x"),
        ("return x.lerp(x, y)", "arguments", "return x.lerp(y, x)"),
        ("return x.sum(dim=0)", "arguments", "return x.sum()"),
        ("x.zero_()", "statement", "pass"),
        ("with torch.no_grad(): x.zero_()", "guard", "if True: x.zero_()"),
        ("return x.detach() + y", "copied", "return x + y"),
        ("return x.clone()", "copied", "return x"),
        ("return copy.deepcopy(x)", "copied", "return x"),
        ("x += y", "assignment", "x = y"),
        ("x = y", "assignment", "x += y"),
    ],
)
def test_an_operator(line: str, operator: str, becomes: str) -> None:
    assert (operator, becomes) in changes(line)


def test_signature_defaults_and_docstrings_are_left_alone() -> None:
    assert all("y=3" in m.source and "Doc 1 + 1." in m.source for m in all_mutants("return x + 1"))


def test_text_outside_the_solution_marks_is_left_alone() -> None:
    definition = "def f(x):\n    x = x + 1\n    # BEGIN SOLUTION\n    return x\n    # END SOLUTION"
    assert all("x = x + 1" in m.source for m in mutants("f", definition))


def test_the_text_of_an_error_is_left_alone() -> None:
    assert changes('raise ValueError(f"at most {x + 1}")') == [("statement", "pass")]


def test_no_two_mutants_are_the_same() -> None:
    sources = [m.source for m in all_mutants("return (x + 1) * (x + 1) - -x")]
    assert len(set(sources)) == len(sources)


def test_a_mutant_knows_the_line_that_it_changes_and_shows_a_diff() -> None:
    (mutant,) = (m for m in all_mutants("y = 2", "return x + y") if m.operator == "operator")
    assert (mutant.line, mutant.becomes) == ("return x + y", "return x - y")
    assert "-    return x + y" in mutant.diff and "+    return x - y" in mutant.diff
