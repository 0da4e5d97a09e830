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

GRADESCOPE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_name_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
        "stdout_visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "number"],
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number", "minimum": 0},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "number": {"type": "string"},
                    "output": {"type": "string", "maxLength": 100_000},
                    "output_format": {"enum": ["md"]},
                    "visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
"""The documented schema of results.json."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="separating users needs root: NOT TESTED HERE")


def rows(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a results file by number."""
    return {row["number"]: row for row in results["tests"]}


def passed(results: dict[str, Any]) -> list[str]:
    """The numbers of the cases that passed."""
    return [n for n, row in rows(results).items() if row["status"] == "passed" and "max_score" in row]
