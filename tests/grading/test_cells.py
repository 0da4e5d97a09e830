"""A cell that fails is named as its author knows it, and its question says what became of its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import DESCEND, MEAN, passed, rows

Grade = Callable[..., dict[str, Any]]
BROKEN = "import math\n\ndef mean(x):\n    return x.sum( / x.numel()\n"


def test_a_syntax_error_is_told_where_its_functions_are_missing(grade_cells: Grade) -> None:
    results = grade_cells("import torch", BROKEN, DESCEND)
    assert passed(results) == ["2.1", "2.2"]
    for number in ("1.1", "1.2", "1.3"):  # the last of them is hidden
        said = rows(results)[number]["output"]
        assert "mean is not defined: its cell has a syntax error in line 4, `return x.sum( / x.numel()`." in said and "Repair" in said


def test_a_cell_that_fails_before_its_definition_is_told_too(grade_cells: Grade) -> None:
    results = rows(grade_cells("import torch", f"steps = torch.zeros(n)\n{MEAN}", DESCEND))
    assert "mean is not defined: its cell raised NameError in line 1, `steps = torch.zeros(n)`." in results["1.1"]["output"]


def test_a_name_behind_a_probe_is_told_in_the_same_words(grade_cells: Grade) -> None:
    results = rows(grade_cells("import torch", MEAN, "def descend(w, g, lr)\n    return w"))
    assert "descend is not defined: its cell has a syntax error in line 1" in results["2.2"]["output"]


def test_the_first_row_names_a_cell_by_its_question(grade_cells: Grade) -> None:
    received = rows(grade_cells("import torch", "# a note", "# setup: toy\nimport handin", BROKEN, DESCEND))["0"]["output"]
    assert "The cell of question 1 that defines `mean` has a syntax error in line 4." in received
    assert "    return x.sum( / x.numel()\nSyntaxError: invalid syntax\n" in received and "ipython-input" not in received


def test_a_cell_that_defines_nothing_goes_by_its_first_line(grade_cells: Grade) -> None:
    received = rows(grade_cells("import torch", "\nx = 1\nraise ValueError('never')", MEAN, DESCEND))["0"]["output"]
    assert "The cell that begins `x = 1` raised ValueError in line 2." in received and "\nraise ValueError('never')\n" in received


@pytest.mark.parametrize("magic", ["%%time\n", "%%capture out\n"])
def test_no_wrong_line_is_quoted_under_a_cell_magic(magic: str, grade_cells: Grade) -> None:
    said = rows(grade_cells("import torch", magic + BROKEN, DESCEND))["1.1"]["output"]
    assert "mean is not defined" in said and "import math" not in said and "def mean" not in said


@pytest.mark.parametrize(
    "line",
    ["%cd /content/drive/MyDrive", "import os; os.mkdir('there')\n%cd there\n%cd -", "%cd", "%bookmark here", "%pushd ..\n%popd"],
    ids=["a folder that is not there", "and back", "home", "a bookmark", "a stack of folders"],
)
def test_a_magic_that_changes_the_folder_does_not_end_its_cell(line: str, grade_cells: Grade) -> None:
    stays = "import os\nopen('mine.txt', 'w').close()\nassert os.getcwd() == os.environ['HOME']"
    assert len(passed(grade_cells("import torch", f"{line}\n{stays}\n{MEAN}", DESCEND))) == 5


def test_a_module_that_a_cell_writes_can_be_imported(grade_cells: Grade) -> None:
    assert len(passed(grade_cells("import torch", f"%%writefile mine.py\nimport torch\n{MEAN}", "from mine import mean", DESCEND))) == 5
