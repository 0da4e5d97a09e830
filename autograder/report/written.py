"""A student's written answers, with the figures of the same question, as they stand in the uploaded notebook."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.content import ANSWER_PROMPT, Question
from autograder.grading.submission import Unreadable, read_submission

MAX_FIGURES = 8
_HEADING = re.compile(r"^#{1,3} +Question +(\d+)\b", re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """prose: Markdown, empty when nothing was answered. figures: PNG pictures, Base64."""

    prose: str
    figures: tuple[str, ...]


def written_answer(notebook: Path, question: Question) -> Written:
    """The answer to a written question; empty for a file that is no notebook."""
    try:
        prose = read_submission(notebook).answers.get(question.id, "")
    except Unreadable:
        return Written("", ())
    figures: list[str] = []
    at = -1
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if not isinstance(cell, dict):
            continue
        for number in _HEADING.findall(_text(cell.get("source"))):
            at = int(number)
        if at == question.number:
            figures += _pictures(cell)
    return Written("" if prose == ANSWER_PROMPT else prose, tuple(figures[:MAX_FIGURES]))


def _pictures(cell: dict[str, Any]) -> list[str]:
    """The PNG pictures among a cell's outputs and attachments; what is not one is left out."""
    outputs, attachments = cell.get("outputs"), cell.get("attachments")
    bundles = [o.get("data") for o in outputs if isinstance(o, dict)] if isinstance(outputs, list) else []
    bundles += list(attachments.values()) if isinstance(attachments, dict) else []
    texts = ["".join(_text(b.get("image/png")).split()) for b in bundles if isinstance(b, dict)]
    return [text for text in texts if _is_png(text)]


def _is_png(text: str) -> bool:
    try:
        return base64.b64decode(text, validate=True).startswith(b"\x89PNG\r\n\x1a\n")
    except (binascii.Error, ValueError):
        return False


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
