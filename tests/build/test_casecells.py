"""A test file, taken apart into cells that stand alone."""

from __future__ import annotations

import pytest

from autograder.build.casecells import CaseFile
from autograder.content import ContentError
from autograder.grading.cases import Case, load_cases

FILE = '''
import math
from otter.test_files import test_case
from checks import close, function, rng

# One rounding.
RTOL = 1e-12
UNUSED = 3
TEXT = """one
two"""


def square(x):
    return x * x


def fourth(x):
    return square(square(x))


@test_case(points=2)
def two_to_the_fourth(env):
    """Sixteen."""
    close(function(env, "power")(2.0, 4), fourth(2.0), rtol=RTOL)


@test_case(points=1, hidden=True)
def the_text_has_two_lines(env):
    assert TEXT.splitlines() == ["one", "two"] and math.pi > 3
'''


def cells(source: str) -> dict[str, str]:
    file = CaseFile(source, "q1.py")
    return {case.name: file.cell(case) for case in cases(source)}


def cases(source: str) -> list[Case]:
    return load_cases(f'OK_FORMAT = False\nname = "q1"\npoints = None\n{source}', "q1.py")


def test_a_cell_holds_what_its_case_uses_and_nothing_else() -> None:
    cell = cells(FILE)["two_to_the_fourth"]
    assert "def square" in cell and "def fourth" in cell and "# One rounding.\n    RTOL" in cell
    assert "import close, function\n" in cell and "UNUSED" not in cell and "math" not in cell and "test_case" not in cell


def test_a_cell_puts_no_name_into_the_notebook_but_its_own() -> None:
    lines = cells(FILE)["two_to_the_fourth"].splitlines()
    assert [line for line in lines if line and not line.startswith((" ", "#"))] == [
        "from nbcase import case",
        "@case()",
        "def two_to_the_fourth(env):",
    ]


def test_text_inside_strings_is_not_indented() -> None:
    assert 'TEXT = """one\ntwo"""' in cells(FILE)["the_text_has_two_lines"]


def test_all_of_a_hidden_case_stands_between_the_marks() -> None:
    title, begin, *inside, end = cells(FILE)["the_text_has_two_lines"].splitlines()
    assert title == "# check: q1.2 · 1 point · a hidden check, which runs when the work is graded"
    assert (begin, end) == ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS") and "the_text_has_two_lines" in "".join(inside)


def test_one_name_for_two_things_is_refused() -> None:
    source = FILE.replace('"""Sixteen."""', "square = 4")
    with pytest.raises(ContentError, match="two_to_the_fourth uses 'square' for a value of its own and of the file: rename one"):
        cells(source)


def test_a_statement_that_runs_at_import_is_refused() -> None:
    with pytest.raises(ContentError, match=r"q1.py:2: a test file holds imports, constants"):
        CaseFile("X = 1\nprint(X)\n", "q1.py")
