"""One submission, from a notebook to results.json."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from autograder.content import Course
from autograder.grading.grade import Foreman, score
from tests.support import DESCEND, GRADESCOPE, MEAN, ROOT, passed, rows

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
    assert (
        "The cell that begins `1 / 0` raised ZeroDivisionError in line 1" in row["output"]
        and "SHA-256" in row["output"]
        and "torch 2." in row["output"]
    )


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


def test_a_backward_pass_in_a_cell_harms_nothing_even_after_a_restart(grade_cells: Grade) -> None:
    cells = ["import torch", "w = torch.ones(3, requires_grad=True)\n(w * w).sum().backward()", MEAN]
    crash = "def descend(w, g, lr):\n    import os; os._exit(0)"
    use = "assert w.grad is not None\n"
    assert passed(grade_cells(*cells, use + crash)) == ["1.1", "1.2", "1.3"]


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


def test_any_file_name_will_do(grade: Grade, notebook: Callable[..., Path]) -> None:
    assert score(grade(notebook("import torch", MEAN, DESCEND, name="Copy of hw (1).ipynb")))[0] == 10


def test_a_stub_above_its_definition_raises_no_doubt(grade_cells: Grade) -> None:
    stub = "def mean(x):\n    raise NotImplementedError('mean')"
    received = rows(grade_cells("import torch", stub, MEAN, DESCEND))["0"]
    assert received["status"] == "passed" and "last one counts" not in received["output"]


def test_the_supervisor_starts_without_torch() -> None:
    """It waits beside the foreman, and a container's memory and a submission's first seconds are short."""
    asked = "import sys, autograder.cli, autograder.grading.grade; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_a_foreman_leaves_nothing_in_the_folder_for_temporary_files(
    toy: Course, notebook: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with Foreman() as own:
        own.grade(toy, toy.assignment("toy"), notebook("import torch", MEAN, DESCEND), tmp_path / "out.json")
    assert not [p for p in place.iterdir() if not p.name.startswith("torchinductor_")]  # PyTorch's cache, one for each user
