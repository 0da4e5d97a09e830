"""What tests of quiz delivery do with a course: make its notebook, fill it in, and hand it in where Gradescope would."""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import nbformat

from autograder.content import load_course
from autograder.quiz.bank import load_quizzes
from autograder.quiz.bundle import key_sheet, quiz_zip
from autograder.quiz.draw import variant_number
from autograder.quiz.keysheet import KeySheet
from autograder.quiz.literal import spellings
from autograder.quiz.notebook import quiz_notebook
from autograder.quiz.papers import papers
from autograder.quiz.variant import Key

ADA = {"email": "Ada@seas.upenn.edu", "name": "Ada", "id": 1, "sid": None}


def make(root: Path) -> tuple[nbformat.NotebookNode, KeySheet, bytes]:
    """The notebook, the keys and the Gradescope zip of quiz03. Drawing its figures takes a second, so a course is made once."""
    told = tuple(
        (path.relative_to(root), path.read_bytes()) for path in sorted(root.rglob("*.*")) if path.suffix in (".py", ".toml", ".csv")
    )
    if told not in _made:
        _made[told] = _make(root)
    return _made[told]


_made: dict[tuple[tuple[Path, bytes], ...], tuple[nbformat.NotebookNode, KeySheet, bytes]] = {}


def _make(root: Path) -> tuple[nbformat.NotebookNode, KeySheet, bytes]:
    course, quiz = load_course(root), load_quizzes(root)["quiz03"]
    drawn = papers(quiz)
    sheet = key_sheet(course, quiz, drawn)
    return quiz_notebook(course, quiz, drawn), sheet, quiz_zip(course, sheet)


def keys_of(sheet: KeySheet, who: str) -> list[Key]:
    variant = variant_number(sheet.seed, sheet.quiz, who, len(sheet.fingerprints))
    return [slot.keys[variant] for slot in sheet.slots]


def right_answers(sheet: KeySheet, who: str) -> dict[str, str]:
    """What a student who knows everything writes on the right of each field's equals sign."""
    return _written([(key, key.answer) for key in keys_of(sheet, who)])


def wrong_answers(sheet: KeySheet, who: str) -> dict[str, str]:
    """What a student writes who makes the first known mistake of every question."""
    return _written([(key, key.mistakes[0].answer) for key in keys_of(sheet, who)])


def _written(answers: list[tuple[Key, Any]]) -> dict[str, str]:
    written: dict[str, str] = {}
    for number, (key, answer) in enumerate(answers, start=1):
        if key.kind == "select":
            written |= {f"q{number}_{label}": str(label in answer) for label in key.labels}
        elif key.kind == "literal":
            written[f"q{number}"] = repr(spellings(answer)[0])
        else:
            written[f"q{number}"] = repr(str(answer))
    return written


def filled(notebook: nbformat.NotebookNode, who: str, answers: dict[str, str], quiz: str = "quiz03") -> nbformat.NotebookNode:
    """The notebook with values in its fields, as Colab's forms write them: the rest of each line stays."""
    work = copy.deepcopy(notebook)
    for cell in work.cells:
        lines = cell.source.split("\n")
        for n, line in enumerate(lines):
            for name, value in {"who": repr(who), **answers}.items():
                if line.startswith(f"{quiz}_{name} = "):
                    lines[n] = f"{quiz}_{name} = {value}  # @param {line.partition('# @param ')[2]}"
        cell.source = "\n".join(lines)
    return work


def hand_in(base: Path, archive: bytes, files: dict[str, str], users: list[dict[str, Any]], *, set_up: bool) -> tuple[dict[str, Any], str]:
    """Unpack the zip as Gradescope does into the scratch root `base`, set it up (or not) and run it; results and what was printed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as unpacked:
        unpacked.extractall(base / "source")
    for name in ("submission", "results"):
        (base / name).mkdir(parents=True)
    for name, text in files.items():
        (base / "submission" / name).write_text(text, encoding="utf-8")
    (base / "submission_metadata.json").write_text(json.dumps({"id": 7, "users": users}))
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(base)}
    if set_up:
        subprocess.run(["bash", str(base / "source" / "setup.sh")], env=environment, check=True, capture_output=True, timeout=60)
    run = subprocess.run(
        ["bash", str(base / "source" / "run_autograder")], env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    return json.loads((base / "results" / "results.json").read_text(encoding="utf-8")), run.stdout
