"""The rooms of CONTRIBUTING.md: all of them are there, and imports point from top to bottom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support import ROOT

PACKAGE = ROOT / "autograder"
TABLE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("imports pointing one way")[2].partition("\n\n`")[0]
ROOMS = [
    name.removesuffix(".py").rstrip("/")
    for row in re.findall(r"^\| (`.+?) \|", TABLE, re.MULTILINE)
    for name in re.findall(r"`([^`]+)`", row)
]
DATA = {"autograder.audit.marks", "autograder.audit.rows"}
"""Declarations of faults, which rooms below the audit read as well."""


def imports(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("autograder."))
        elif isinstance(node, ast.ImportFrom) and node.module == "autograder":
            yield from (f"autograder.{a.name}" for a in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
            yield str(node.module)


def files() -> Iterator[tuple[str, Path]]:
    """Every file of the program with its room."""
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if "templates" not in path.parts and room not in ("__init__", "__main__"):
            yield room, path


def test_every_room_stands_in_the_table() -> None:
    assert {room for room, _ in files()} == set(ROOMS)


def test_imports_point_from_top_to_bottom() -> None:
    upward = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room, path in files()
        for name in imports(path)
        if name not in DATA and ROOMS.index(name.split(".")[1]) < ROOMS.index(room)
    ]
    assert upward == []
