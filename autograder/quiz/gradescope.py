"""On Gradescope: `python3 -m autograder.quiz.gradescope /autograder` grades the upload there; with --self-check it tries the keys alone."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from autograder.grading.submission import Unreadable, find_notebook
from autograder.quiz.grade import grade, refusal
from autograder.quiz.identity import read_aliases, users_of
from autograder.quiz.keysheet import KeySheet
from autograder.quiz.score import score

KEYS, ALIASES = "keys.json", "aliases.csv"


def grade_upload(base: Path) -> dict[str, Any]:
    """Grade what lies in base/submission into base/results/results.json. Flags for the staff are printed, which students do not see."""
    sheet = KeySheet.from_json((base / "source" / KEYS).read_text(encoding="utf-8"))
    try:
        notebook = find_notebook(base / "submission")
        results = grade(sheet, notebook, users_of(_metadata(base)), read_aliases(base / "source" / ALIASES))
    except Unreadable as problem:
        results = refusal(sheet, str(problem))
    for flag in results["extra_data"]["flags"]:
        print(f"FLAG {flag}")
    work = base / "results" / ".results.json"
    work.write_text(json.dumps(results, indent=1), encoding="utf-8")
    os.replace(work, base / "results" / "results.json")
    return results


def _metadata(base: Path) -> Any:
    try:
        return json.loads((base / "submission_metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def self_check(base: Path) -> str:
    """Whether this Python reads the keys and grades right answers as right. Raises SystemExit with what is wrong."""
    sheet = KeySheet.from_json((base / "source" / KEYS).read_text(encoding="utf-8"))
    read_aliases(base / "source" / ALIASES)
    wrong = [slot.question for slot in sheet.slots for key in slot.keys if score(key, key.answer, sheet.scoring).fraction != 1]
    if wrong:
        raise SystemExit(f"self-check failed: the right answer is not accepted in {', '.join(sorted(set(wrong)))}")
    return f"self-check passed: {sheet.quiz}, {len(sheet.slots)} questions, {len(sheet.fingerprints)} variants"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", type=Path)
    parser.add_argument("--self-check", action="store_true")
    options = parser.parse_args()
    if options.self_check:
        print(self_check(options.base))
    else:
        grade_upload(options.base)


if __name__ == "__main__":
    main()
