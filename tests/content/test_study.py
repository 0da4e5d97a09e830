"""What homework 5 gives students to run a study with, and what reads their table afterwards."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support import ROOT

SOLUTIONS = ROOT / "solutions" / "hw5_tuning"
CONFIG = {"lr": 0.01, "weight_decay": 0.1, "schedule": "constant", "average": 0.0, "batch_size": 32, "width": 4, "steps": 2}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"hw5_{name}", SOLUTIONS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return load("reference")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "trials.jsonl"


@pytest.fixture
def trials(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the trials that are run, in order."""
    ran: list[int] = []
    run_trial = reference.run_trial

    def counted(config: dict[str, Any]) -> Any:
        ran.append(config["seed"])
        return run_trial(config)

    monkeypatch.setattr(reference, "run_trial", counted)
    return ran


def configs(*seeds: int) -> list[dict[str, Any]]:
    return [{**CONFIG, "seed": seed} for seed in seeds]


def test_a_trial_in_the_log_is_not_run_again(reference: ModuleType, log: Path, trials: list[int]) -> None:
    reference.run_study("first", configs(1, 2), str(log))
    rows = reference.run_study("first", configs(1, 2, 3), str(log))
    assert trials == [1, 2, 3] and [row["trial"] for row in rows] == [1, 2, 3]


def test_an_interrupted_study_goes_on_where_it_stopped(reference: ModuleType, log: Path, trials: list[int]) -> None:
    """The last line of the log was cut off in the middle: this trial alone is run again."""
    reference.run_study("first", configs(1, 2), str(log))
    log.write_text(log.read_text()[:-40] + "\n")
    reference.run_study("first", configs(1, 2), str(log))
    assert trials == [1, 2, 2]


def test_the_same_configuration_in_another_study_is_another_trial(reference: ModuleType, log: Path, trials: list[int]) -> None:
    reference.run_study("first", configs(1), str(log))
    (row,) = reference.run_study("seeds", configs(1), str(log))
    assert trials == [1, 1] and row["trial"] == 2


def test_the_table_in_the_cell_is_the_log(reference: ModuleType, log: Path) -> None:
    logged = reference.run_study("first", configs(1, 2), str(log))
    names: dict[str, Any] = {"COLUMNS": reference.COLUMNS}
    exec(reference.table_text(str(log)), names)
    rows = names["trial_table"]()
    assert [(row["trial"], row["seed"]) for row in rows] == [(1, 1), (2, 2)]
    assert [row["curve"] for row in rows] == [tuple(h["val_error"] for h in row["history"]) for row in logged]


def test_a_trial_repeats_from_its_seed(reference: ModuleType) -> None:
    first, second = (json.dumps(reference.run_trial({**CONFIG, "seed": 5})) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "cell",
    [
        "def trial_table():\n    rows = " + "[" * 3000 + "]" * 3000 + "\n    return rows",
        "def trial_table():\n    rows = [(1, 2)]\n    return rows",
        "def trial_table():\n    return [dict(trial=1)]",
        'def trial_table():\n    return [{"trial": "one"}, 3, None]',
        "def trial_table(:",
        "",
    ],
    ids=["nested", "short rows", "calls", "other types", "no Python", "nothing"],
)
def test_a_table_that_cannot_be_read_is_not_drawn(cell: str) -> None:
    plan = 'def plan():\n    return {"study": "first", "scientific": {"average": [0.0]}, "nuisance": ["lr"]}'
    assert load("figures").figures(['COLUMNS = ("trial",)', plan, cell]) == []
