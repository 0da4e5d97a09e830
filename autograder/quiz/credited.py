"""What a test cell of nbgrader's does with the keys, when it grades: points and words of the quiz's own grader. Never given to students."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import Markdown, display

from autograder.grading.submission import Submission, read_submission
from autograder.quiz.grade import grade_submission
from autograder.quiz.keysheet import KeySheet
from autograder.quiz.received import NoCredit


class Credited:
    """Call it with a question's number, from 1. keys: a key sheet as JSON."""

    def __init__(self, keys: str) -> None:
        self.sheet = KeySheet.from_json(keys)

    def __call__(self, number: int) -> float | None:
        """Show what the answer earns, and why; returns its points, which nbgrader takes as a partial score. Raises `NoCredit`."""
        quiz = self.sheet.quiz
        cells, users = _autograded(quiz) if os.environ.get("NBGRADER_EXECUTION") == "autograde" else (_history(), [])
        released = re.findall(rf"^sheet\.open\({quiz}_who\)  # release (\w+)", "\n".join(cells), re.MULTILINE)
        submission = Submission(quiz, "", cells, assignment=quiz, release="".join(released[-1:]))
        results = grade_submission(self.sheet, submission, users, {})
        row = next((row for row in results["tests"] if row["number"] == str(number)), None)
        if row is None:
            raise NoCredit(results["tests"][0]["output"])
        display(Markdown(row["output"]))  # type: ignore[no-untyped-call]
        points: float | None = row.get("score")
        return points


def _autograded(quiz: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """The cells of the notebook that nbgrader runs, and whose it is: it lies in autograded/<student>/<quiz>.

    Read from the file, as the quiz's own grader does: a test cell that nbgrader put back may stand above the answers.
    """
    return read_submission(Path(f"{quiz}.ipynb")).cells, [(Path.cwd().parent.name, "")]


def _history() -> tuple[str, ...]:
    """The cells that have run, where somebody tries the notebook. Whose it is, nobody says."""
    shell: Any = get_ipython()
    return tuple(shell.history_manager.input_hist_raw)
