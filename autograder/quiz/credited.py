"""What a test cell of nbgrader's does with the keys, when it grades: points and words of the quiz's own grader. Never given to students."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import Markdown, display

from autograder.grading.submission import Submission
from autograder.quiz.grade import grade_submission
from autograder.quiz.keysheet import KeySheet
from autograder.quiz.received import NoCredit


class Credited:
    """Call it with a question's number, from 1. keys: a key sheet as JSON."""

    def __init__(self, keys: str) -> None:
        self.sheet = KeySheet.from_json(keys)

    def __call__(self, number: int) -> float | None:
        """Show what the answer earns, and why; returns its points, which nbgrader takes as a partial score. Raises `NoCredit`.

        Answers are read from the cells that have run, as the quiz's own grader reads them from the file: as data.
        """
        shell: Any = get_ipython()
        cells = tuple(shell.history_manager.input_hist_raw)
        released = re.findall(rf"^sheet\.open\({self.sheet.quiz}_who\)  # release (\w+)", "\n".join(cells), re.MULTILINE)
        submission = Submission(self.sheet.quiz, "", cells, assignment=self.sheet.quiz, release="".join(released[-1:]))
        results = grade_submission(self.sheet, submission, _users(), {})
        row = next((row for row in results["tests"] if row["number"] == str(number)), None)
        if row is None:
            raise NoCredit(results["tests"][0]["output"])
        display(Markdown(row["output"]))  # type: ignore[no-untyped-call]
        points: float | None = row.get("score")
        return points


def _users() -> list[tuple[str, str]]:
    """Whose work this is: nbgrader runs it in autograded/<student>/<quiz>. Nobody's elsewhere, and then identity is not checked."""
    return [(Path.cwd().parent.name, "")] if os.environ.get("NBGRADER_EXECUTION") == "autograde" else []
