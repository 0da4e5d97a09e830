"""Every verdict can be repeated, with its inputs shown to staff."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.cli import main
from tests.support import DESCEND, MEAN, TOY

Grade = Callable[..., dict[str, Any]]
WRONG = MEAN.replace("/ x.numel()", "")


def run(*arguments: str | Path) -> int:
    command, *rest = map(str, arguments)
    return main([command, "--root", str(TOY), *rest])


def test_a_hidden_case_is_repeated_with_its_inputs(grade_cells: Grade, notebook: Any, tmp_path: Path, capsys: Any) -> None:
    log = tmp_path / "staff.log"
    remembers = WRONG.replace(
        "def mean(x):", "last = []\ndef mean(x):\n    last.append(x.tolist())\n    if len(last) == 3: raise ValueError(str(last))"
    )
    grade_cells("import torch", remembers, DESCEND, log=log)
    seed = re.findall(r"^seed (\d+) ", log.read_text())[0]
    said = []
    for _ in range(2):
        assert run("replay", tmp_path / "work.ipynb", "q1.3", "--seed", seed, "--assignment", "toy") == 0
        said.append(capsys.readouterr().out)
    assert "mean(tensor([" in said[0] and "raised ValueError: [[1.0, 3.0], [], [" in said[0] and "q1.3" in said[0]
    assert said[0] == said[1]


def test_only_the_asked_case_is_shown(notebook: Callable[..., Path], capsys: Any) -> None:
    assert run("replay", notebook("import torch", MEAN, DESCEND), "q1.3", "--seed", "1", "--assignment", "toy") == 0
    said = capsys.readouterr().out
    assert set(re.findall(r"^q\d+\.\d+", said, re.MULTILINE)) == {"q1.3"}


def test_a_case_that_does_not_exist_is_named(notebook: Callable[..., Path], capsys: Any) -> None:
    assert run("replay", notebook("import torch"), "q9.9", "--seed", "1", "--assignment", "toy") == 2
    assert "no case q9.9. Cases: q1.1" in capsys.readouterr().err


def test_a_regrade_repeats_the_recorded_seed_unless_it_shall_be_fresh(notebook: Callable[..., Path], tmp_path: Path) -> None:
    log, work = tmp_path / "staff.log", notebook("import torch", MEAN, DESCEND)
    common = ("grade", work, "--assignment", "toy", "--out", tmp_path / "out.json", "--log", log)
    for more in ((), (), ("--fresh",)):
        assert run(*common, *more) == 0
    first, again, fresh = re.findall(r"^seed (\d+) ", log.read_text(), re.MULTILINE)
    assert first == again != fresh


def test_the_log_has_the_versions_and_the_digest_of_the_file(grade_cells: Grade, tmp_path: Path) -> None:
    grade_cells("import torch", MEAN, DESCEND, log=tmp_path / "staff.log")
    assert re.match(
        r"seed \d+ submission [0-9a-f]{64} Python 3\S+ torch 2\S+ numpy \S+ otter-grader \S+\n", (tmp_path / "staff.log").read_text()
    )


@pytest.mark.parametrize("name", ["root", "seccomp", "Landlock", "separation", "memory", "torch", "GPU"])
def test_the_doctor_says_what_the_machine_offers(name: str) -> None:
    from autograder.grading.doctor import facts

    (fact,) = [f for f in facts() if f.name == name]
    assert fact.found and fact.follows


def test_the_doctor_answers_scripts(capsys: Any) -> None:
    assert run("doctor", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] and {"name", "found", "good", "follows"} == set(said["facts"][0])


def test_a_folder_is_not_one_notebook(tmp_path: Path, capsys: Any) -> None:
    assert run("grade", tmp_path, "--assignment", "toy") == 2
    assert f"autograder grade-all {tmp_path} --assignment toy --out grades/toy" in capsys.readouterr().err
