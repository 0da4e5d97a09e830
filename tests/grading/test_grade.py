"""One submission, from a notebook to results.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from autograder.content import Course
from autograder.grading.grade import Foreman, score
from tests.support import DESCEND, GRADESCOPE, MEAN, passed, rows

Grade = Callable[..., dict[str, Any]]
ALL = ["1.1", "1.2", "1.3", "2.1", "2.2"]


def test_right_work_gets_every_point(grade_cells: Grade) -> None:
    results = grade_cells("import torch", MEAN, DESCEND)
    assert score(results) == (10.0, 10.0)
    jsonschema.validate(results, GRADESCOPE)


def test_wrong_work_loses_its_question_alone(grade_cells: Grade) -> None:
    results = grade_cells("import torch", MEAN.replace("/ x.numel()", ""), DESCEND)
    assert passed(results) == ["1.2", "2.1", "2.2"]


def test_a_public_failure_shows_called_got_expected(grade_cells: Grade) -> None:
    output = rows(grade_cells("import torch", MEAN.replace("/ x.numel()", ""), DESCEND))["1.1"]["output"]
    assert "Called mean([1, 3])" in output and "got 4" in output and "expected 2" in output and "relative tolerance 1e-12" in output


def test_a_hidden_failure_shows_the_property_and_no_value(grade_cells: Grade) -> None:
    output = rows(grade_cells("import torch", MEAN.replace("/ x.numel()", ""), DESCEND))["1.3"]["output"]
    assert "compare mean(x) with mean(x + 10)" in output
    assert "got" not in output and "expected" not in output and "Called" not in output


def test_text_of_the_submission_never_appears_in_a_hidden_row(grade_cells: Grade) -> None:
    leak = "def mean(x):\n    raise RuntimeError(f'CANARY {x}')"
    result = rows(grade_cells(leak, DESCEND))
    assert "CANARY" in result["1.1"]["output"]
    assert "CANARY" not in result["1.3"]["output"] and "mean raised RuntimeError" in result["1.3"]["output"]


def test_a_stub_is_not_attempted(grade_cells: Grade) -> None:
    results = grade_cells("def mean(x):\n    raise NotImplementedError('mean')")
    assert rows(results)["1.1"]["tags"][1] == "not attempted" and "not defined" in rows(results)["2.1"]["output"]
    assert score(results)[0] == 0


def test_a_case_whose_prerequisite_failed_is_labelled_blocked_and_scored_as_ever(grade_cells: Grade) -> None:
    results = rows(grade_cells("import torch", "def mean(x):\n    return x.sum()", DESCEND))
    assert "blocked" not in results["2.1"]["tags"] and results["2.1"]["score"] == 3
    results = rows(grade_cells("import torch", "def mean(x):\n    return x.sum()"))
    assert "blocked" in results["2.1"]["tags"] and "look at question 1 first" in results["2.1"]["output"]


def test_the_first_row_says_what_was_received(grade_cells: Grade) -> None:
    row = grade_cells("import torch", "1 / 0", MEAN, DESCEND)["tests"][0]
    assert row["number"] == "0" and row["status"] == "failed" and "max_score" not in row
    assert "Cell 2" in row["output"] and "ZeroDivisionError" in row["output"] and "SHA-256" in row["output"] and "torch 2." in row["output"]


def test_a_failing_cell_does_not_stop_the_next(grade_cells: Grade) -> None:
    assert passed(grade_cells("import torch", "def broken(:", MEAN, "undefined_name", DESCEND)) == ALL


def test_a_cell_that_never_ends_is_left_out_and_the_rest_is_graded(grade_cells: Grade) -> None:
    results = grade_cells("import torch", MEAN, "while True:\n    pass", DESCEND)
    assert passed(results) == ALL and "did not finish within 5 s" in results["tests"][0]["output"]


def test_a_cell_that_ends_the_process_is_left_out_and_the_rest_is_graded(grade_cells: Grade) -> None:
    results = grade_cells("import torch", MEAN, "import os\nos._exit(0)", DESCEND)
    assert passed(results) == ALL and "ended the process" in results["tests"][0]["output"]


def test_a_function_that_never_ends_costs_its_cases_alone(grade_cells: Grade) -> None:
    results = grade_cells("import torch", MEAN, "def descend(w, g, lr):\n    while True:\n        pass")
    assert passed(results) == ["1.1", "1.2", "1.3"] and "gave no answer within 3 s" in rows(results)["2.1"]["output"]


@pytest.mark.parametrize(
    "body",
    ["import os; os._exit(1)", "import ctypes; ctypes.string_at(0)", "return torch.ones(1 << 36)", "return mean(x)"],
    ids=["os._exit", "segmentation fault", "memory bomb", "endless recursion"],
)
def test_a_function_that_crashes_costs_its_cases_alone(body: str, grade_cells: Grade) -> None:
    results = grade_cells("import torch", f"def mean(x):\n    {body}", DESCEND)
    assert passed(results) == ["2.1", "2.2"]


def test_exit_in_a_function_is_an_error_of_its_case(grade_cells: Grade) -> None:
    results = rows(grade_cells("import sys, torch", "def mean(x):\n    sys.exit()", DESCEND))
    assert "mean raised SystemExit" in results["1.1"]["output"] and results["2.1"]["status"] == "passed"


def test_keyboard_interrupt_raised_by_the_work_does_not_stop_grading(grade_cells: Grade) -> None:
    assert passed(grade_cells("import torch", "def mean(x):\n    raise KeyboardInterrupt", DESCEND)) == ["2.1", "2.2"]


def test_the_submissions_time_is_bounded_as_a_whole(foreman: Foreman, toy: Course, notebook: Callable[..., Path], tmp_path: Path) -> None:
    assignment = toy.assignment("toy")
    short = replace(assignment.limits, submission=4.0)
    root = tmp_path / "short"
    import shutil

    shutil.copytree(toy.root, root, ignore=shutil.ignore_patterns("release"))
    settings = root / "assignments" / "toy" / "assignment.toml"
    settings.write_text(settings.read_text().replace("submission = 60", f"submission = {short.submission}"))
    from autograder.content import load_course

    course = load_course(root)
    work = notebook("import torch", "def mean(x):\n    while True: pass", DESCEND)
    results = foreman.grade(course, course.assignment("toy"), work, tmp_path / "out.json")
    assert "whole submission may take 4 s" in rows(results)["2.2"]["output"]


def test_the_same_seed_gives_the_same_inputs(grade_cells: Grade, tmp_path: Path) -> None:
    log = tmp_path / "staff.log"
    grade_cells("import torch", MEAN, DESCEND, seed=7, log=log)
    assert "seed 7" in log.read_text()


def test_without_a_seed_inputs_are_fresh_in_every_run(grade_cells: Grade, tmp_path: Path) -> None:
    seeds = set()
    for number in range(2):
        log = tmp_path / f"{number}.log"
        grade_cells("import torch", MEAN, DESCEND, log=log)
        seeds.add(log.read_text().splitlines()[0])
    assert len(seeds) == 2


def test_switches_left_on_globally_change_nothing(grade_cells: Grade) -> None:
    lines = ["import torch", "torch.set_grad_enabled(False)", "torch.set_default_dtype(torch.float64)"]
    mess = "\n".join([*lines, "torch.manual_seed(0)", "torch.set_default_device('meta')"])
    assert passed(grade_cells(mess, MEAN, DESCEND)) == ALL


def test_a_backward_pass_in_a_cell_harms_nothing_even_after_a_restart(grade_cells: Grade) -> None:
    cells = ["import torch", "w = torch.ones(3, requires_grad=True)\n(w * w).sum().backward()", MEAN]
    crash = "def descend(w, g, lr):\n    import os; os._exit(0)"
    use = "assert w.grad is not None\n"
    assert passed(grade_cells(*cells, use + crash)) == ["1.1", "1.2", "1.3"]


def test_magics_and_shell_lines_do_not_hurt(grade_cells: Grade) -> None:
    assert passed(grade_cells("%matplotlib inline\nimport torch", "!pip install nothing-at-all", f"%%time\n{MEAN}", DESCEND)) == ALL


def test_checks_in_the_notebook_do_nothing_in_the_grader(grade_cells: Grade) -> None:
    assert (
        passed(grade_cells("import torch, otter\ngrader = otter.Notebook()", MEAN, 'grader.check("q1")', DESCEND, "grader.check_all()"))
        == ALL
    )


@pytest.mark.parametrize(
    ("feedback", "visibility"),
    [("visible", "visible"), ("after_due_date", "after_due_date"), ("after_published", "after_published"), ("never", "hidden")],
)
def test_hidden_rows_are_shown_as_the_course_says(
    feedback: str, visibility: str, own_toy: Path, foreman: Foreman, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    from autograder.content import load_course

    settings = own_toy / "assignments" / "course.toml"
    settings.write_text(settings.read_text().replace('hidden_feedback = "visible"', f'hidden_feedback = "{feedback}"'))
    course = load_course(own_toy)
    results = foreman.grade(course, course.assignment("toy"), notebook("import torch", MEAN, DESCEND), tmp_path / "out.json")
    assert rows(results)["1.3"]["visibility"] == visibility and rows(results)["1.1"]["visibility"] == "visible"


def test_a_written_question_is_named_and_left_to_people(grade_cells: Grade) -> None:
    assert "Graded by people" in grade_cells("import torch", MEAN, DESCEND)["output"]


@pytest.mark.parametrize("metadata", [{}, {"otter": {"assignment_name": "another"}}, {"colab": {"provenance": []}}])
def test_metadata_is_ignored(metadata: dict[str, Any], grade: Grade, notebook: Callable[..., Path]) -> None:
    assert score(grade(notebook("import torch", MEAN, DESCEND, metadata=metadata)))[0] == 10


def test_any_file_name_will_do(grade: Grade, notebook: Callable[..., Path]) -> None:
    assert score(grade(notebook("import torch", MEAN, DESCEND, name="Copy of hw (1).ipynb")))[0] == 10


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not valid JSON"),
        (b'{"cells": [', "not valid JSON"),
        (b"caf\xe9", "not UTF-8"),
        (b"[1, 2]", "no list of cells"),
        (b'{"worksheets": []}', "no list of cells"),
        (b"[" * 100_000, "not valid JSON"),
    ],
    ids=["empty file", "truncated", "Latin-1", "a list", "format 3", "nested brackets"],
)
def test_a_file_that_is_no_notebook_gives_a_message_and_valid_results(data: bytes, said: str, grade: Grade, tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    path.write_bytes(data)
    results = grade(path)
    jsonschema.validate(results, GRADESCOPE)
    assert said in results["tests"][0]["output"] and results["score"] == 0


def test_odd_cells_are_passed_over(grade: Grade, tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    cells = [None, 3, {"cell_type": "code"}, {"cell_type": "code", "source": 7}, {"cell_type": "raw", "source": "x"}]
    cells += [{"cell_type": "code", "source": [s]} for s in ("import torch", MEAN, DESCEND)]
    path.write_text(json.dumps({"cells": cells}))
    assert score(grade(path))[0] == 10


def test_results_are_valid_before_the_grader_has_done_anything(own_toy: Path, notebook: Callable[..., Path], tmp_path: Path) -> None:
    """A kill at the first moment: what is on disk then is valid."""
    from autograder.grading.results import failed_results

    jsonschema.validate(failed_results("A homework", "Grading started and did not finish."), GRADESCOPE)
