"""What tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOY = ROOT / "tests" / "toy"
RULES = ROOT / "tests" / "rules"

MEAN = """
def mean(x):
    if x.numel() == 0:
        raise ValueError("x is empty")
    return x.sum() / x.numel()
"""
DESCEND = """
def descend(w, g, lr):
    with torch.no_grad():
        w -= lr * g
    return w
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="separating users needs root: NOT TESTED HERE")


def rows(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a results file by number."""
    return {row["number"]: row for row in results["tests"]}


def passed(results: dict[str, Any]) -> list[str]:
    """The numbers of the cases that passed."""
    return [n for n, row in rows(results).items() if row["status"] == "passed" and "max_score" in row]
