"""The grade of one quiz notebook, as results.json of Gradescope. No student code runs; the standard library alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.submission import Submission, Unreadable, read_submission
from autograder.quiz.answers import Answers, read_answers
from autograder.quiz.draw import variant_number
from autograder.quiz.identity import Aliases, entitled
from autograder.quiz.keysheet import KeySheet, Slot
from autograder.quiz.literal import spellings
from autograder.quiz.responses import gather, is_blank, read_who
from autograder.quiz.score import Score, score
from autograder.quiz.variant import CHOICE, NUMERIC, SELECT, Key

MAX_SHOWN = 120


class Refused(Exception):
    """A notebook that cannot be graded: a message for its author, and a flag for the staff where people must look at it."""

    def __init__(self, message: str, flag: str = "") -> None:
        super().__init__(message)
        self.flag = flag


@dataclass(frozen=True)
class Judged:
    """One answer: what was written, what it earns as a fraction of the points, and its score against the key."""

    slot: Slot
    key: Key
    response: Any
    score: Score

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer of the right form, right or wrong."""
        return not is_blank(self.response) and not self.score.problem


def grade(sheet: KeySheet, notebook: Path, users: Sequence[tuple[str, str]], aliases: Aliases) -> dict[str, Any]:
    """Results of a notebook. users: e-mail and student number of each uploader; with none, identity is not checked, and flagged."""
    try:
        submission = read_submission(notebook)
    except Unreadable as problem:
        return refusal(sheet, str(problem))
    return grade_submission(sheet, submission, users, aliases)


def grade_submission(sheet: KeySheet, submission: Submission, users: Sequence[tuple[str, str]], aliases: Aliases) -> dict[str, Any]:
    """Results of a notebook that has been read."""
    try:
        return _graded(sheet, submission, users, aliases)
    except Refused as refused:
        return refusal(sheet, str(refused), refused.flag)


def refusal(sheet: KeySheet, message: str, flag: str = "") -> dict[str, Any]:
    """Results without a grade."""
    return _results(sheet, [_received(message, problem=True)], [flag] if flag else [], score=0.0)


def judge(sheet: KeySheet, variant: int, values: dict[str, Any]) -> list[Judged]:
    """Every answer against the keys of a variant. values: by name, 'q1' or for a ticked box 'q1_A'."""
    judged = []
    for number, slot in enumerate(sheet.slots, start=1):
        key = slot.keys[variant]
        response = gather(values, f"q{number}", key.labels)
        judged.append(Judged(slot, key, response, score(key, response, sheet.scoring)))
    return judged


def _graded(sheet: KeySheet, submission: Submission, users: Sequence[tuple[str, str]], aliases: Aliases) -> dict[str, Any]:
    if len(users) > 1:
        raise Refused(
            "A quiz is handed in by one person; this upload names several. Upload your own notebook by yourself.", "several users"
        )
    if submission.assignment != sheet.quiz:
        said = f"is {submission.assignment}" if submission.assignment else "says nowhere which quiz it is"
        raise Refused(f"This is the place for {sheet.quiz}; the notebook {said}. Upload the notebook of {sheet.quiz}, with all its cells.")
    if submission.release != sheet.version:
        held = f"The notebook is release {submission.release}" if submission.release else "The notebook does not say which release it is"
        raise Refused(
            f"{held} of {sheet.quiz}, and release {sheet.version} is graded here. "
            "Download the quiz again from the course's page, write your answers into it, and upload that.",
            f"unknown release {submission.release}",
        )
    answers = read_answers(submission.cells, sheet.quiz)
    who = _identified(answers, users, aliases)
    variant = variant_number(sheet.seed, sheet.quiz, who, len(sheet.fingerprints))
    judged = judge(sheet, variant, answers.values)
    flags = [] if users else ["identity not checked: nobody is named as the uploader"]
    rows = [_received(_receipt(sheet, who, variant, judged, answers), problem=not all(j.is_answered for j in judged))]
    rows += [_row(number, j, sheet.graded) for number, j in enumerate(judged, start=1)]
    responses = {j.slot.question: _stored(j.response) for j in judged}
    return _results(sheet, rows, flags, who=who, variant=variant, responses=responses)


def _identified(answers: Answers, users: Sequence[tuple[str, str]], aliases: Aliases) -> str:
    who = read_who(answers.values.get("who"))
    if not who:
        raise Refused("Your PennKey is missing: write it into its field at the top, run all cells, answer your questions and upload again.")
    if users and who not in entitled(users, aliases):
        you = users[0][0] or "somebody else"
        raise Refused(
            f"This notebook was made for {_quoted(who)}, and you are {you}. The questions of a quiz differ from person to person: if the "
            "PennKey in the notebook is mistyped, correct it, run all cells, and answer the questions that show then. "
            "If it is yours, tell the course staff.",
            f"identity: the notebook says {_plain(who)}, the uploader is {you}",
        )
    return who


def _receipt(sheet: KeySheet, who: str, variant: int, judged: Sequence[Judged], answers: Answers) -> str:
    lines = [
        f"Received {sum(j.is_answered for j in judged)} of {len(judged)} answers.",
        f"Variant {variant + 1} ({sheet.fingerprints[variant]}) of {sheet.quiz}, release {sheet.version}, for {_quoted(who)}: ok.",
    ]
    for number, j in enumerate(judged, start=1):
        if not j.is_answered:
            lines.append(f"Question {number}: {_one_line(j.score.problem) or 'no answer'}")
    if answers.repeated:
        lines.append(f"Set in two cells, of which the last one counts: {', '.join(answers.repeated)}.")
    return "\n\n".join([*lines, "You may upload again until the quiz is due. What was right shows when the grades are published."])


def _row(number: int, judged: Judged, graded: str) -> dict[str, Any]:
    """One question, to be read once grades are published."""
    slot, key = judged.slot, judged.key
    right = judged.score.fraction
    lines = [f"Your answer: {_quoted(judged.response)}" if judged.is_answered else judged.score.problem or "No answer."]
    lines.append({1.0: "**Right.**", 0.0: "**Not right.**"}.get(right, f"**Partly right** ({100 * right:.0f} %)."))
    lines += [f"*{misconception}*" for misconception in judged.score.misconceptions]
    lines += [f"The answer: {told(key)}", key.explanation]
    earned = {"correctness": right, "completion": float(judged.is_answered)}.get(graded)
    row = {
        "name": f"Question {number} · {slot.title}",
        "number": str(number),
        "status": "passed" if right == 1 else "failed",
        "output": "\n\n".join(lines),
        "output_format": "md",
        "visibility": "after_published",
    }
    return row if earned is None else row | {"score": round(earned * slot.points, 4), "max_score": slot.points}


def told(key: Key) -> str:
    """The right answer in words."""
    if key.kind == CHOICE:
        return str(key.answer)
    if key.kind == SELECT:
        return ", ".join(key.answer)
    if key.kind == NUMERIC:
        return f"{key.answer:.10g}" + (f", within {key.tolerance:.3g}" if key.tolerance else "")
    return f"`{spellings(key.answer)[0]}`"


def _received(text: str, *, problem: bool) -> dict[str, Any]:
    return {
        "name": "What was received",
        "number": "0",
        "status": "failed" if problem else "passed",
        "output": text,
        "output_format": "md",
        "visibility": "visible",
    }


def _results(sheet: KeySheet, rows: list[dict[str, Any]], flags: list[str], score: float | None = None, **extra: Any) -> dict[str, Any]:
    results = {
        "output": f"**{sheet.title}**",
        "output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"quiz": sheet.quiz, "version": sheet.version, "flags": flags, **extra},
        "tests": rows,
    }
    return results if score is None else results | {"score": score}


def _stored(response: Any) -> Any:
    """A response as JSON; what JSON has no form for becomes text."""
    if isinstance(response, str):
        return _plain(response)
    if isinstance(response, list | tuple):
        return [_stored(part) for part in response]
    finite = response is None or isinstance(response, bool | int) or (isinstance(response, float) and math.isfinite(response))
    return response if finite else _plain(response)


def _plain(response: Any) -> str:
    text = ", ".join(map(str, response)) if isinstance(response, list | tuple) else str(response)
    return _one_line(text)[:MAX_SHOWN]


def _quoted(response: Any) -> str:
    return f"`{_plain(response)}`"


def _one_line(text: str) -> str:
    """Text of a student that can end no code span and no line."""
    return "".join(c if c.isprintable() else " " for c in text).replace("`", "'")
