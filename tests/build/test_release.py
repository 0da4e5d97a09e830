"""From the sources to the releases, through the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.audit.local import run_row
from autograder.audit.rows import all_rows
from autograder.build.release import stock_otter
from autograder.cli import main
from autograder.content import Course, load_course
from autograder.grading.grade import Foreman, score
from tests.support import DESCEND, MEAN, needs_root, rows

TARGETS = ("release/student/toy/toy.ipynb", "release/gradescope/toy.zip", "release/expected/toy/lock.json", "release/expected/toy/line.txt")


def build(root: Path, *options: str) -> int:
    return main(["build", "--root", str(root), "--no-stock", *options])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, toy: Course) -> Path:
    import shutil

    root = tmp_path_factory.mktemp("built") / "course"
    shutil.copytree(toy.root, root, ignore=shutil.ignore_patterns("release", ".cache", "__pycache__"))
    assert build(root) == 0
    return root


def test_it_makes_the_student_notebook_the_solution_and_the_zip(built: Path) -> None:
    for target in (*TARGETS, "release/solutions/toy.ipynb"):
        assert (built / target).stat().st_size > 0


def test_building_twice_gives_identical_bytes(built: Path) -> None:
    before = {t: (built / t).read_bytes() for t in TARGETS}
    assert build(built, "--force") == 0
    assert {t: (built / t).read_bytes() for t in TARGETS} == before


def test_expected_outputs_are_not_made_again_when_their_inputs_are_the_same(built: Path) -> None:
    picture = built / "release/expected/toy/line-1.png"
    before = picture.stat().st_mtime_ns
    assert build(built, "--force") == 0
    assert picture.stat().st_mtime_ns == before


def test_building_again_rebuilds_only_what_changed(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(built) == 0
    assert "nothing changed" in capsys.readouterr().out


def test_the_table_names_files_scores_and_time(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(built)
    table = capsys.readouterr().out
    for part in ("toy", "release/student/toy/toy.ipynb", "release/gradescope/toy.zip", "12", "100 %", "0 %"):
        assert part in table


def test_a_reference_that_fails_stops_the_build(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_toy / "solutions/toy/reference.py"
    path.write_text(path.read_text().replace("total / x.numel()", "total"))
    assert build(own_toy) == 1
    said = capsys.readouterr().out
    assert "reference scores" in said and "reference.py" in said and "did not pass" in said


def test_a_broken_gate_stops_before_anything_is_written(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_toy / "assignments/toy/assignment.toml"
    path.write_text(path.read_text().replace("points = 4", "points = 5"))
    assert build(own_toy) == 1
    assert "q1" in capsys.readouterr().out and not (own_toy / "release").exists()


def test_an_experiment_that_fails_names_its_cell(own_toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_toy / "assignments/toy/notebook.md"
    path.write_text(path.read_text().replace('print("The line', 'raise RuntimeError("no picture")\nprint("The line'))
    assert build(own_toy) == 1
    said = capsys.readouterr().out
    assert "a cell of the solution notebook failed" in said and "no picture" in said


def test_the_zip_has_otters_layout_and_our_scripts(built: Path) -> None:
    with zipfile.ZipFile(built / "release/gradescope/toy.zip") as archive:
        names = set(archive.namelist())
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
    assert {"setup.sh", "run_autograder", "otter_config.json", "tests/q1.py", "files/checks.py", "requirements.txt"} <= names
    assert modes["setup.sh"] & 0o111 and modes["run_autograder"] & 0o111
    assert not [n for n in names if n.startswith(("autograder/build", "release/", "tests/conftest"))]


def test_the_image_installs_a_short_pinned_list(built: Path) -> None:
    with zipfile.ZipFile(built / "release/gradescope/toy.zip") as archive:
        wanted = archive.read("requirements.txt").decode().split()
    assert "torch==2.13.0" in wanted and len(wanted) <= 8 and all("==" in w for w in wanted)


@pytest.mark.slow
def test_stock_otter_agrees_on_reference_and_stub(built: Path) -> None:
    scores = stock_otter(
        built / "release/gradescope/toy.zip", [built / "release/solutions/toy.ipynb", built / "release/student/toy/toy.ipynb"]
    )
    assert scores == [(10.0, 10.0), (0.0, 10.0)]


def test_otters_own_class_agrees_per_question_on_partial_and_wrong_work(toy: Course, foreman: Foreman, tmp_path: Path) -> None:
    assignment = toy.assignment("toy")
    for row in all_rows(assignment):
        if getattr(row.declaration, "only_limited", False):
            continue
        work = tmp_path / "work.ipynb"
        work.write_text(json.dumps({"cells": [{"cell_type": "code", "source": c} for c in row.cells], "nbformat": 4}))
        ours = {
            f"q{n}": r["status"] == "passed" for n, r in rows(foreman.grade(toy, assignment, work, tmp_path / "r.json")).items() if n != "0"
        }
        otters = {o.case: o.passed for o in run_row(assignment, row)}
        assert ours == otters, row.name


@needs_root
@pytest.mark.slow
def test_the_gradescope_path_from_zip_to_results(built: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Unzip, set up, upload, run: word for word what the platform does, below a scratch root."""
    base = tmp_path_factory.mktemp("gradescope")
    base.chmod(0o755)
    for folder in ("source", "submission", "results"):
        (base / folder).mkdir()
    subprocess.run(["unzip", "-q", str(built / "release/gradescope/toy.zip"), "-d", str(base / "source")], check=True) if _has(
        "unzip"
    ) else (zipfile.ZipFile(built / "release/gradescope/toy.zip").extractall(base / "source"))
    environment = {**os.environ, "AUTOGRADER_ROOT": str(base), "AUTOGRADER_ENV": str(base / "environment")}
    set_up = subprocess.run(["bash", str(base / "source/setup.sh")], env=environment, capture_output=True, text=True, timeout=1500)
    assert set_up.returncode == 0, set_up.stdout + set_up.stderr
    assert "self-check passed: toy" in set_up.stdout
    assert (base / "source").stat().st_mode & 0o077 == 0

    def submit(*files: tuple[str, str]) -> dict[str, object]:
        for old in (base / "submission").iterdir():
            old.unlink()
        for name, text in files:
            (base / "submission" / name).write_text(text)
        run = subprocess.run(["bash", str(base / "source/run_autograder")], env=environment, capture_output=True, text=True, timeout=300)
        assert run.returncode == 0, run.stderr
        result: dict[str, object] = json.loads((base / "results/results.json").read_text())
        return result

    def notebook(*cells: str) -> str:
        return json.dumps({"cells": [{"cell_type": "code", "source": c} for c in cells], "nbformat": 4})

    assert score(submit(("any name.ipynb", (built / "release/solutions/toy.ipynb").read_text()))) == (10.0, 10.0)  # type: ignore[arg-type]
    assert score(submit(("a.ipynb", notebook("import torch", MEAN)))) == (4.0, 10.0)  # type: ignore[arg-type]
    assert score(submit(("a.ipynb", notebook("import torch", DESCEND)))) == (6.0, 10.0)  # type: ignore[arg-type]
    assert score(submit(("a.ipynb", notebook("import torch", MEAN.replace("/ x.numel()", ""), DESCEND)))) == (7.0, 10.0)  # type: ignore[arg-type]
    two = submit(("a.ipynb", notebook(MEAN)), ("b.ipynb", notebook(DESCEND)))
    assert "2 notebooks were uploaded (a.ipynb, b.ipynb)" in str(two)
    assert "No notebook (.ipynb) was uploaded. The upload holds: work.py" in str(submit(("work.py", "x = 1")))
    assert "not valid JSON" in str(submit(("a.ipynb", "{")))
    assert sorted(p.name for p in (base / "results").iterdir()) == ["results.json"]


def _has(program: str) -> bool:
    import shutil

    return shutil.which(program) is not None


def test_a_broken_image_still_leaves_valid_results(built: Path, tmp_path: Path) -> None:
    for folder in ("source", "submission", "results"):
        (tmp_path / folder).mkdir()
    zipfile.ZipFile(built / "release/gradescope/toy.zip").extractall(tmp_path / "source")
    environment = {**os.environ, "AUTOGRADER_ROOT": str(tmp_path), "AUTOGRADER_ENV": str(tmp_path / "never made")}
    subprocess.run(["bash", str(tmp_path / "source/run_autograder")], env=environment, check=True, capture_output=True)
    assert "could not start" in json.loads((tmp_path / "results/results.json").read_text())["output"]


def test_the_command_explains_itself() -> None:
    said = subprocess.run([sys.executable, "-m", "autograder", "--help"], capture_output=True, text=True, check=True).stdout
    assert "Example:" in said and "grade" in said and "build" in said


def test_a_wrong_name_ends_with_a_message_and_no_traceback(capsys: pytest.CaptureFixture[str], own_toy: Path) -> None:
    assert main(["build", "--root", str(own_toy), "nothing"]) in (1, 2)
    said = capsys.readouterr()
    assert "nothing" in said.err + said.out and "Traceback" not in said.err


def test_grade_prints_a_table_and_writes_the_results(own_toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work.ipynb"
    work.write_text(json.dumps({"cells": [{"cell_type": "code", "source": c} for c in ("import torch", MEAN)], "nbformat": 4}))
    assert main(["grade", str(work), "--assignment", "toy", "--root", str(own_toy), "--out", str(tmp_path / "r.json")]) == 0
    assert "4 of 10 points" in capsys.readouterr().out and json.loads((tmp_path / "r.json").read_text())["tests"]


def test_the_release_folder_that_is_tracked_is_fresh() -> None:
    """release/student was built from these sources: compared by the lock of inputs, since floats and pictures differ between machines."""
    from autograder.build.expected import Expected, inputs_hash
    from autograder.build.notebook import solution_notebook, student_notebook, to_bytes
    from autograder.content import ROOT

    course = load_course()
    for name in course.assignments:
        assignment = course.assignment(name)
        expected = Expected(ROOT / "release" / "expected" / name)
        assert expected.lock == inputs_hash(solution_notebook(course, assignment)), f"{name}: run make"
        released = (ROOT / "release" / "student" / name / f"{name}.ipynb").read_bytes()
        assert released == to_bytes(student_notebook(course, assignment, expected)), f"{name}: run make"


def test_a_notebook_carries_its_release_and_the_zip_knows_it(built: Path) -> None:
    current = load_course(built).assignment("toy").releases.current
    assert f"# setup: toy, release {current}\\n" in (built / "release/student/toy/toy.ipynb").read_text()
    with zipfile.ZipFile(built / "release/gradescope/toy.zip") as archive:
        assert f'current = "{current}"' in archive.read("assignments/toy/releases.toml").decode()
