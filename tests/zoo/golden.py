"""The results of every accident as they must stay.

After a change on purpose: ``python -m tests.zoo.golden [name ...]``, then read the diff.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from autograder.content import Course, load_course
from autograder.grading.grade import Foreman
from tests.support import TOY
from tests.zoo.accidents import ACCIDENTS

FOLDER = Path(__file__).parent / "golden"
SEED = 4830


def grade_accident(name: str, foreman: Foreman, course: Course, folder: Path) -> dict[str, Any]:
    work = folder / "work.ipynb"
    work.write_bytes(ACCIDENTS[name].data)
    return foreman.grade(course, course.assignment("toy"), work, folder / "results.json", seed=SEED)


def normalized(results: dict[str, Any]) -> dict[str, Any]:
    """Without times, versions and digests, which differ from run to run and from machine to machine."""
    text = json.dumps({**results, "execution_time": 0}, indent=1, ensure_ascii=False, sort_keys=True)
    text = text.replace(f"Python {platform.python_version()}, torch {torch.__version__}", "Python *, torch *")
    return dict(json.loads(re.sub(r"SHA-256 `\w+`", "SHA-256 `*`", text)))


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.json"


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    course = load_course(TOY)
    with Foreman() as foreman, tempfile.TemporaryDirectory() as folder:
        for name in names or ACCIDENTS:
            results = normalized(grade_accident(name, foreman, course, Path(folder)))
            path_of(name).write_text(json.dumps(results, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
            print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
