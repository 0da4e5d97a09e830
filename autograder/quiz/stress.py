"""What every question must satisfy, over many draws.

``python -m autograder.quiz.stress [prefix]`` tries the bank's questions whose id starts with the prefix.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.content import ROOT, ContentError
from autograder.quiz.question import Numeric, Question
from autograder.quiz.score import score
from autograder.quiz.text import holes, read_back
from autograder.quiz.variant import CHOICE, SELECT, Variant

APART = 0.01
"""Numbers in options differ by at least this part, so that nobody chooses between two roundings of one number."""
MOST_FIGURES = 2
BLANK: tuple[Any, ...] = (None, "", [])


def problems(question: Question, draws: int = 200, variants: int = 8) -> list[str]:
    """What is wrong with a question, one sentence each with the draw that shows it; an empty list is what it must be."""
    found: dict[str, str] = {}

    def note(rule: str, detail: object) -> None:
        found.setdefault(rule, f"{question.id}: {rule} ({detail})")

    try:
        question.variants(variants)
        for k in range(draws):
            variant = question.variant(k)
            for rule in _broken(question, variant, figure=k < MOST_FIGURES):
                note(rule, f"draw {k}: {variant.params}, key {variant.key.answer!r}")
    except ContentError as error:
        note("it cannot be drawn", error)
    return list(found.values())


def _broken(question: Question, variant: Variant, *, figure: bool) -> Iterator[str]:
    prompt, key, params = variant.prompt, variant.key, variant.params
    right = question.answer(**params)
    if not question.agree(right, question.check(**params), params):
        yield "answer and check disagree"
    yield from _displayed(question, variant)
    if not key.explanation.strip():
        yield "why is empty"
    if any(not m.misconception.strip() for m in key.mistakes):
        yield "a distractor names no misconception"
    if score(key, key.answer).fraction != 1:
        yield "the right answer does not score full"
    if any(score(key, blank).fraction != 0 for blank in BLANK):
        yield "no answer scores points"
    yield from _mistakes(question, variant)
    if "@{" in prompt.statement or any("@{" in o.text for o in prompt.options):
        yield "a hole is not filled"
    if prompt.figure is not None:
        if len(prompt.figure.alt) < 40:
            yield "the figure's alternative text is missing or says too little"
        if figure and not prompt.figure.png(dpi=40):
            yield "the figure cannot be drawn"


def _displayed(question: Question, variant: Variant) -> Iterator[str]:
    """The key follows from what a reader sees: every parameter is read back from the filled texts, and the answer computed from these."""
    params, figure = variant.params, variant.prompt.figure
    template, text = inspect.cleandoc(question.text), variant.prompt.statement
    if figure is not None:
        template, text = f"{template}\n{question.alt(**params)}", f"{text}\n{figure.alt}"
    hidden = sorted(set(params) - holes(template))
    if hidden:
        yield f"parameters are not shown in the text or the alternative text: {', '.join(hidden)}"
        return
    try:
        read = read_back(template, text, params)
    except (ValueError, SyntaxError) as error:
        yield f"the parameters cannot be read back from the text: {error}"
        return
    if not question.agree(question.answer(**params), question.answer(**read), params):
        yield "the key computed from the shown numbers is another"


def _mistakes(question: Question, variant: Variant) -> Iterator[str]:
    key, mistakes = variant.key, variant.key.mistakes
    if key.kind == CHOICE and not (len(key.labels) >= 4 and len(mistakes) == len(key.labels) - 1):
        yield "a choice needs exactly one right option and at least three wrong ones"
    if key.kind == SELECT and not (len(key.labels) >= 4 and key.answer and mistakes):
        yield "select all needs at least four options, one of them right and one wrong"
    if key.kind not in (CHOICE, SELECT) and not mistakes:
        yield "there is no distractor"
    for mistake in mistakes:
        response = [*key.answer, mistake.answer] if key.kind == SELECT else mistake.answer
        if score(key, response).fraction >= 1:
            yield f"a wrong answer scores full: {mistake.misconception}"
    if key.kind == SELECT and any(score(key, list(key.labels), mode).fraction >= 1 for mode in ("canvas", "all", "each")):
        yield "picking everything scores full"
    if isinstance(question, Numeric):
        numbers = [key.answer, *(m.answer for m in mistakes)]
        yield from _apart(numbers, lambda other: 2 * key.tolerance)
        if key.tolerance == 0 and key.answer != round(key.answer):
            yield "only a whole number can be asked for exactly: give atol or rtol"
    elif key.kind == CHOICE:
        params = variant.params
        values = [question.answer(**params), *(w.value for w in question.distractors(**params))]
        numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        yield from _apart(numbers, lambda other: APART * abs(other))


def _apart(numbers: list[Any], distance: Callable[[float], float]) -> Iterator[str]:
    for one, two in itertools.combinations(numbers, 2):
        if abs(one - two) <= distance(two):
            yield "two answers are equal or too close to tell apart"
            return


def main(prefix: str = "", root: Path = ROOT) -> int:
    from autograder.quiz.bank import load_bank

    wrong = 0
    for id, question in load_bank(root).items():
        if id.startswith(prefix):
            found = problems(question)
            wrong += len(found)
            print(f"{id:<32} {question.kind:<8} {'ok' if not found else ''}")
            for problem in found:
                print(f"    {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
