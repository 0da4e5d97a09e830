"""The table of all audits: each audit writes its own line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autograder.audit.audit import Audit
from autograder.audit.mutants import Survey
from autograder.audit.summary import update
from autograder.content import Course
from tests.support import TOY


def test_an_audit_writes_its_line_and_leaves_the_text_around(audit_of: Callable[..., Audit], toy: Course, tmp_path: Path) -> None:
    path = tmp_path / "audit.md"
    path.write_text("# Audit\n\nBefore.\n\n<!-- audit -->\n<!-- end -->\n\nAfter.\n")
    found = audit_of(TOY, "forgets_to_divide", "climbs")
    update(path, toy, found, None)
    update(path, toy, found, Survey(9, 7, 2, []))
    text = path.read_text()
    assert text.startswith("# Audit\n\nBefore.") and text.endswith("After.\n")
    assert "| toy | 5 | 2 | 2 | 0 | 0 | 2 | 9 | 7 | 2 |" in text and text.count("| toy |") == 1
