"""What must not stand in a quiz notebook: the explanations, and the misconceptions behind wrong answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.build.gates import Problem
from autograder.quiz.bank import Quiz
from autograder.quiz.papers import Paper


def leaks(quiz: Quiz, papers: Sequence[Paper], notebook: str) -> list[Problem]:
    """What the text of a notebook (the file's JSON) says that only the staff may see. Options are shown, so they are no secret."""
    where = f"release/student/quizzes/{quiz.name}.ipynb"
    shown = _bare(notebook)
    found: dict[tuple[str, str], str] = {}
    for variant in (v for paper in papers for v in paper.variants):
        offered = {option.text for option in variant.prompt.options}
        secrets = {variant.key.explanation, *(mistake.misconception for mistake in variant.key.mistakes)} - offered
        for secret in sorted(secrets):
            if (line := max(secret.splitlines(), key=len, default="")) and _bare(line) in shown:
                found[variant.prompt.question, line] = (
                    f"an explanation or misconception of {variant.prompt.question} appears: {line[:80]!r}"
                )
    return [Problem("leak", where, what, "Word the statement or the options otherwise.") for what in found.values()]


def _bare(text: str) -> str:
    """Without what quoting inside quotes changes, and without spaces, which joining lines changes."""
    return re.sub(r"[\\\"'\s]", "", text)
