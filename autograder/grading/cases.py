"""Test cases in Otter's exception-based format, through Otter's own classes, without importing the whole of Otter."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder import accelerator, checks

DEVICE_NAMES = {"devices", "counting", "on_device", "sim"}
"""A case that names one of these needs the simulated accelerator."""


@dataclass(frozen=True)
class Case:
    """One test case. id: 'q2.3'. title: its name in words. device: it computes on the simulated accelerator."""

    id: str
    question: str
    name: str
    title: str
    points: float
    hidden: bool
    body: Any
    device: bool = False

    def run(self, env: Any) -> None:
        """Call the case; it returns or raises."""
        self.body.call_func(env)


def exception_tests() -> types.ModuleType:
    """Otter's ``otter.test_files.exception_test``, loaded alone: 3 ms against 3 s for the whole package."""
    if "otter" not in sys.modules:
        spec = importlib.util.find_spec("otter")
        if spec is None or spec.origin is None:
            raise ImportError("otter-grader is not installed in the grader's environment.")
        root = Path(spec.origin).parent
        for name, folder in (("otter", root), ("otter.test_files", root / "test_files")):
            package = types.ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
        module = importlib.import_module("otter.test_files.exception_test")
        sys.modules["otter.test_files"].test_case = module.test_case  # type: ignore[attr-defined]
    return importlib.import_module("otter.test_files.exception_test")


def load_cases(source: str, path: str) -> list[Case]:
    """The cases of one question's test file, in order, with their points resolved by Otter's rules."""
    sys.modules.setdefault("checks", checks)
    sys.modules.setdefault("accelerator", accelerator)
    file = exception_tests().ExceptionTestFile.from_string(source, path)
    cases = []
    for number, case in enumerate(file.test_cases, start=1):
        test = case.body.test_func
        name, title = test.__name__, test.__name__.replace("_", " ")
        device = bool(DEVICE_NAMES & {*test.__code__.co_names, *test.__code__.co_consts})
        cases.append(Case(f"{file.name}.{number}", file.name, name, title, float(case.points), bool(case.hidden), case.body, device))
    return cases


def without_device(cases: Sequence[Case]) -> list[Case]:
    """The cases that need no device, with the points of each question's device cases shared out among them in proportion."""
    kept = []
    for case in cases:
        if not case.device:
            own = [c for c in cases if c.question == case.question]
            share = case.points / sum(c.points for c in own if not c.device)
            kept.append(replace(case, points=share * sum(c.points for c in own)))
    return kept
