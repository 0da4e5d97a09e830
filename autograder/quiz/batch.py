"""A class's quiz notebooks graded here: from a Gradescope export or a folder, with the rules and the results of the zip."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.private import private_folder, write_private
from autograder.grading.uploads import Upload, open_source
from autograder.quiz.grade import grade, refusal
from autograder.quiz.identity import Aliases
from autograder.quiz.keysheet import KeySheet


@dataclass(frozen=True)
class Graded:
    """One submission."""

    upload: Upload
    results: dict[str, Any]

    @property
    def flags(self) -> list[str]:
        return list(self.results["extra_data"]["flags"])

    @property
    def score(self) -> float:
        return float(sum(row.get("score", 0.0) for row in self.results["tests"]))


def grade_class(sheet: KeySheet, aliases: Aliases, source: Path, out: Path) -> list[Graded]:
    """Grade the submissions of a source into the private folder `out`. Raises ContentError when there are none."""
    with open_source(source, sheet.quiz) as uploads:
        graded = [Graded(upload, _results(sheet, aliases, upload)) for upload in uploads]
    _flag_shared_names(graded)
    private_folder(out)
    private_folder(out / "students")
    for one in graded:
        folder = private_folder(out / "students" / one.upload.id)
        write_private(folder / "results.json", json.dumps(one.results, ensure_ascii=False, indent=1))
    write_private(out / "grades.csv", grades_csv(graded))
    return graded


def _results(sheet: KeySheet, aliases: Aliases, upload: Upload) -> dict[str, Any]:
    users = [(user.email, user.sid) for user in upload.users if user.email or user.sid]
    return grade(sheet, upload.notebook, users, aliases) if upload.notebook else refusal(sheet, upload.problem)


def _flag_shared_names(graded: list[Graded]) -> None:
    """Flag notebooks that were made for the same person: in a plain folder nothing else tells whose they are."""
    made_for = defaultdict(list)
    for one in graded:
        if who := one.results["extra_data"].get("who"):
            made_for[who].append(one)
    for who, same in made_for.items():
        for one in same if len(same) > 1 else ():
            others = ", ".join(other.upload.id for other in same if other is not one)
            one.results["extra_data"]["flags"].append(f"identity: {who} is also the PennKey in {others}")


def grades_csv(graded: list[Graded]) -> str:
    """One row for each submission: whose, points, flags for the staff."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["submission", "name", "email", "score", "flags"])
    for one in graded:
        people = one.upload.users
        table.writerow(
            [one.upload.id, *("; ".join(getattr(p, f) for p in people) for f in ("name", "email")), one.score, "; ".join(one.flags)]
        )
    return out.getvalue()
