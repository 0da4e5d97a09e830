"""The student notebook is one file that works alone: in an empty folder, and with Colab's versions."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.build.expected import Expected
from autograder.build.notebook import student_notebook, to_bytes
from autograder.content import Course
from autograder.grading.grade import Foreman, score
from tests.student.colab import FAKE, make_kernel
from tests.support import DESCEND, MEAN


@pytest.fixture(scope="module")
def stub(toy: Course) -> nbformat.NotebookNode:
    return student_notebook(toy, toy.assignment("toy"), Expected(Path("nowhere")))


def solve(notebook: nbformat.NotebookNode, **functions: str) -> nbformat.NotebookNode:
    """A copy in which a student has written the given functions."""
    solved = copy.deepcopy(notebook)
    for cell in solved.cells:
        for name, text in functions.items():
            if cell.cell_type == "code" and cell.source.startswith(f"def {name}("):
                cell.source = text.strip()
    return solved


def run_all(notebook: nbformat.NotebookNode, folder: Path, kernel: str = "python3", **environment: str) -> nbformat.NotebookNode:
    """Run every cell as 'Run all' does, going on after errors."""
    ran = copy.deepcopy(notebook)
    NotebookClient(
        ran,
        timeout=300,
        kernel_name=kernel,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
    ).execute(env={**os.environ, **environment})
    return ran


def said(notebook: nbformat.NotebookNode, mark: str) -> str:
    """The printed text and representations under the cell that contains `mark`."""
    (cell,) = [c for c in notebook.cells if c.cell_type == "code" and mark in c.source]
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        elif "data" in output:
            parts.append(output.data.get("text/plain", ""))
    return "\n".join(parts)


@pytest.fixture(scope="module")
def untouched(stub: nbformat.NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    folder = tmp_path_factory.mktemp("empty")
    (folder / "homework.ipynb").write_bytes(to_bytes(stub))
    return run_all(stub, folder)


def test_set_up_works_in_an_empty_folder(untouched: nbformat.NotebookNode) -> None:
    assert "Ready: Python" in said(untouched, "# setup: toy")


def test_a_check_of_an_untouched_stub_says_not_attempted(untouched: nbformat.NotebookNode) -> None:
    assert "q1: not attempted yet (2 public checks" in said(untouched, "# check: q1")
    assert "q2: not attempted yet (1 public checks" in said(untouched, "# check: q2")


def test_the_last_cell_prints_the_table_from_a_fresh_process(untouched: nbformat.NotebookNode) -> None:
    text = said(untouched, "# submit: toy")
    assert "fresh process" in text and "q1         0 of 2          not attempted" in text and "Upload homework.ipynb" in text


@pytest.fixture(scope="module")
def half_done(stub: nbformat.NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    folder = tmp_path_factory.mktemp("half")
    work = solve(stub, mean=MEAN, descend=DESCEND.replace("-=", "+="))
    (folder / "homework.ipynb").write_bytes(to_bytes(work))
    return run_all(work, folder)


def test_a_passing_check_says_pass_in_words(half_done: nbformat.NotebookNode) -> None:
    assert "2 of 2 public checks pass" in said(half_done, "# check: q1") and "PASS  the mean of 1 and 3 is 2" in said(
        half_done, "# check: q1"
    )


def test_a_failing_check_shows_the_gap(half_done: nbformat.NotebookNode) -> None:
    text = said(half_done, "# check: q2")
    assert "FAIL  one step moves against the gradient" in text and "w: got [2, 3], expected [0, 1]" in text and "Traceback" not in text


def test_the_table_tells_the_questions_apart(half_done: nbformat.NotebookNode) -> None:
    text = said(half_done, "# submit: toy")
    assert "q1         2 of 2          PASS" in text and "q2         0 of 1          FAIL" in text


def test_a_function_that_only_lives_in_the_session_is_missed_by_the_fresh_process(stub: nbformat.NotebookNode, tmp_path: Path) -> None:
    """The saved file is what is graded: code that was run and then deleted is not in it."""
    (tmp_path / "homework.ipynb").write_bytes(to_bytes(stub))
    text = said(run_all(solve(stub, mean=MEAN), tmp_path), "# submit: toy")
    assert "q1         0 of 2          not attempted" in text


def test_without_a_saved_notebook_it_says_what_to_do(stub: nbformat.NotebookNode, tmp_path: Path) -> None:
    assert "Save it there, then run this cell again" in said(run_all(stub, tmp_path), "# submit: toy")


def test_hidden_cases_and_solutions_are_not_in_the_file(stub: nbformat.NotebookNode) -> None:
    text = to_bytes(stub).decode()
    assert "shifting_the_input" not in text and "x.numel() == 0" not in text and "forgets_to_divide" not in text


def test_a_question_says_points_minutes_difficulty_and_lecture(stub: nbformat.NotebookNode) -> None:
    assert any("*4 points · about 5 minutes · difficulty 1 of 3 · lecture 1*" in cell.source for cell in stub.cells)


def test_a_badge_appears_when_the_course_names_a_repository(stub: nbformat.NotebookNode) -> None:
    assert "colab.research.google.com/github/example/toy-course/blob/main/toy/toy.ipynb" in stub.cells[0].source


@pytest.fixture(scope="module")
def colab() -> str:
    return str(make_kernel())


def freeze(place: str) -> set[str]:
    return set(subprocess.run([f"{place}/bin/pip", "freeze"], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.slow
def test_it_works_with_colabs_versions_and_changes_none_of_them(
    colab: str, stub: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreman: Foreman, toy: Course
) -> None:
    subprocess.run(
        [f"{colab}/bin/pip", "uninstall", "-q", "-y", "otter-grader", "fica", "python-frontmatter", "ipylab"],
        check=True,
        capture_output=True,
    )
    before = freeze(colab)
    monkeypatch.setenv("JUPYTER_PATH", f"{colab}/share/jupyter")
    work = solve(stub, mean=MEAN, descend=DESCEND)
    live, downloads, content = tmp_path / "live.json", tmp_path / "downloads", tmp_path / "content"
    for folder in (downloads, content):
        folder.mkdir()
    live.write_bytes(to_bytes(work))
    work.cells.insert(0, nbformat.v4.new_code_cell("import google.colab"))
    ran = run_all(work, content, "colab", PYTHONPATH=str(FAKE), LIVE_NOTEBOOK=str(live), DOWNLOADS=str(downloads))

    assert "Ready: Python" in said(ran, "# setup: toy")
    assert "2 of 2 public checks pass" in said(ran, "# check: q1")
    assert "toy.ipynb is downloading" in said(ran, "# submit: toy")
    assert not [n for n in content.glob("*.ipynb") if n.name != "toy.ipynb"], "the runtime had no notebook on its disk"
    added = freeze(colab) - before
    assert {a.split("==")[0] for a in added} == {"otter-grader", "fica", "python-frontmatter", "ipylab"} and before <= freeze(colab)

    results = foreman.grade(toy, toy.assignment("toy"), downloads / "toy.ipynb", tmp_path / "results.json")
    assert score(results) == (10.0, 10.0)
    assert "Your notebook says: Python 3" in results["tests"][0]["output"]


@pytest.mark.parametrize("keep", [lambda cell: {"id": "x"}, lambda cell: {}], ids=["Colab's metadata", "no metadata"])
def test_a_notebook_whose_metadata_an_editor_rewrote_is_graded_alike(
    keep: Callable[[Any], dict[str, str]],
    stub: nbformat.NotebookNode,
    foreman: Foreman,
    toy: Course,
    tmp_path: Path,
) -> None:
    work = solve(stub, mean=MEAN, descend=DESCEND)
    for cell in work.cells:
        cell.metadata = keep(cell)
        cell.pop("id", None)
    work.metadata = {}
    work.nbformat_minor = 0
    path = tmp_path / "homework.ipynb"
    path.write_text(json.dumps(work))
    assert score(foreman.grade(toy, toy.assignment("toy"), path, tmp_path / "results.json")) == (10.0, 10.0)
