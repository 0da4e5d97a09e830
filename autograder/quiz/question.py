"""The kinds of questions. A question is a class in the bank; an instance has no state, and its variants follow from its id."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from autograder.content import ContentError
from autograder.quiz.draw import Draw, number
from autograder.quiz.figure import Figure
from autograder.quiz.literal import same, spellings
from autograder.quiz.text import fill, option_text, rounded
from autograder.quiz.variant import CHOICE, LITERAL, NUMERIC, SELECT, Key, Mistake, Option, Prompt, Variant

LABELS = "ABCDEFGH"
ATTEMPTS = 200


@dataclass(frozen=True)
class Wrong:
    """A wrong answer and the misconception that leads to it, in one sentence."""

    value: Any
    misconception: str


class Question:
    """What all kinds share. Texts are Markdown with LaTeX; `@{x}` is replaced by the parameter x, in every text.

    id: 'l04-...', never changed after release, since the draws hang on it. lecture: 0 to 13, as in the 2025 notes. edition: of the notes
    that it rests on: '2025', '2026' or 'both'. source: where in them. minutes: for the median student.
    """

    id: ClassVar[str]
    lecture: ClassVar[int]
    edition: ClassVar[str]
    source: ClassVar[str]
    title: ClassVar[str]
    minutes: ClassVar[int]
    text: ClassVar[str]
    kind: ClassVar[str]

    def params(self, draw: Draw) -> dict[str, Any]:
        """The parameters of one variant. Each is shown, in the text or in the figure's alternative text."""
        return {}

    def answer(self, *args: Any, **params: Any) -> Any:
        """The key, from the shown parameters alone."""
        raise NotImplementedError

    def check(self, *args: Any, **params: Any) -> Any:
        """The key by another route: autograd, a simulation, the code itself. Only tests call it; it imports what it needs."""
        raise NotImplementedError

    def distractors(self, *args: Any, **params: Any) -> list[Wrong]:
        """Wrong answers: the other options of a choice, known mistakes of a number or a literal."""
        raise NotImplementedError

    def why(self, *args: Any, **params: Any) -> str:
        """Why the key is right. `@{key}` stands for it."""
        raise NotImplementedError

    def figure(self, *args: Any, **params: Any) -> None:
        """Optional: draws on the matplotlib axes that come first, from the parameters."""
        raise NotImplementedError

    def alt(self, *args: Any, **params: Any) -> str:
        """With a figure: all that it shows and the answer needs, in words, and not the answer."""
        raise NotImplementedError

    @property
    def has_figure(self) -> bool:
        return type(self).figure is not Question.figure

    def variants(self, count: int) -> tuple[Variant, ...]:
        """Variants 0 to count - 1, no two alike; the first ones are the same for every count.

        Raises ContentError if the parameters do not reach for so many.
        """
        found: list[Variant] = []
        seen: list[Any] = []
        for k in range(count):
            fresh = (v for v in (self.variant(k, attempt) for attempt in range(ATTEMPTS)) if v.prompt.content not in seen)
            variant = next(fresh, None)
            if variant is None:
                raise ContentError(f"question {self.id}: only {k} different variants of {count}. Give its parameters more values.")
            found.append(variant)
            seen.append(variant.prompt.content)
        return tuple(found)

    def variant(self, k: int, attempt: int = 0) -> Variant:
        """Draw number k. attempt: another draw, where the first one equals an earlier variant."""
        seed = f"{self.id}|{k}" + (f"|{attempt}" if attempt else "")
        params = self.params(Draw(seed))
        wrong = [Wrong(w.value, fill(w.misconception, params)) for w in self.distractors(**params)]
        options, key = self._answers(self.answer(**params), wrong, params, seed)
        alt = fill(self.alt(**params), params) if self.has_figure else ""
        prompt = Prompt(
            question=self.id,
            number=k,
            kind=self.kind,
            title=self.title,
            minutes=self.minutes,
            statement=fill(inspect.cleandoc(self.text), params),
            options=options,
            figure=Figure(alt, partial(self._draw, params)) if self.has_figure else None,
        )
        return Variant(prompt, key, params)

    def agree(self, key: Any, checked: Any, params: Mapping[str, Any]) -> bool:
        """Whether the values of `answer` and `check` are the same answer."""
        raise NotImplementedError

    def _answers(self, right: Any, wrong: list[Wrong], params: Mapping[str, Any], seed: str) -> tuple[tuple[Option, ...], Key]:
        raise NotImplementedError

    def _draw(self, params: Mapping[str, Any], axes: Any) -> None:
        self.figure(axes, **params)

    def _why(self, key: str, params: Mapping[str, Any]) -> str:
        return fill(inspect.cleandoc(self.why(**params)), {**params, "key": key})


class _Options(Question):
    """A question with options, shown in an order that hangs on their texts and not on which is right."""

    def _labelled(self, right: Sequence[Any], wrong: list[Wrong], params: Mapping[str, Any], seed: str) -> tuple[tuple[Option, ...], Key]:
        texts = {option_text(value, params): "" for value in right}
        for w in wrong:
            text = option_text(w.value, params)
            if text in texts:
                raise ContentError(f"question {self.id}: the option {text} stands twice, with the parameters {dict(params)}.")
            texts[text] = w.misconception
        if len(texts) > len(LABELS):
            raise ContentError(f"question {self.id}: {len(texts)} options; at most {len(LABELS)}.")
        order = sorted(texts, key=lambda text: number(f"{seed}|{text}"))
        options = tuple(Option(label, text) for label, text in zip(LABELS, order, strict=False))
        rights = {option_text(value, params) for value in right}
        picks = tuple(o.label for o in options if o.text in rights)
        mistakes = tuple(Mistake(o.label, texts[o.text]) for o in options if o.text not in rights)
        told = "; ".join(o.text for o in options if o.text in rights)
        labels = tuple(o.label for o in options)
        return options, Key(self.kind, picks, labels, mistakes, self._why(told, params))


class Choice(_Options):
    """One right option. `answer` gives it (a text, a number, or Python data, shown as code), `distractors` the others, three or more."""

    kind = CHOICE

    def agree(self, key: Any, checked: Any, params: Mapping[str, Any]) -> bool:
        return option_text(key, params) == option_text(checked, params)

    def _answers(self, right: Any, wrong: list[Wrong], params: Mapping[str, Any], seed: str) -> tuple[tuple[Option, ...], Key]:
        options, key = self._labelled([right], wrong, params, seed)
        return options, Key(key.kind, key.answer[0], key.labels, key.mistakes, key.explanation)


class SelectAll(_Options):
    """One or more right options. `answer` gives the list of them, `distractors` the wrong ones."""

    kind = SELECT

    def agree(self, key: Any, checked: Any, params: Mapping[str, Any]) -> bool:
        return {option_text(v, params) for v in key} == {option_text(v, params) for v in checked}

    def _answers(self, right: Any, wrong: list[Wrong], params: Mapping[str, Any], seed: str) -> tuple[tuple[Option, ...], Key]:
        return self._labelled(right, wrong, params, seed)


class Numeric(Question):
    """A number, accepted within atol + rtol * |key|. near = (rtol, fraction): a wider relative tolerance and the credit that it earns.

    A count is an integer with atol = rtol = 0: exactly it.
    """

    kind = NUMERIC
    atol: ClassVar[float] = 0.0
    rtol: ClassVar[float] = 0.005
    near: ClassVar[tuple[float, float] | None] = None

    def agree(self, key: Any, checked: Any, params: Mapping[str, Any]) -> bool:
        return bool(abs(float(key) - float(checked)) <= self.tolerance(key) + 1e-9 * abs(key))

    def tolerance(self, key: float) -> float:
        return self.atol + self.rtol * abs(key)

    def _answers(self, right: Any, wrong: list[Wrong], params: Mapping[str, Any], seed: str) -> tuple[tuple[Option, ...], Key]:
        key = float(right)
        if not math.isfinite(key):
            raise ContentError(f"question {self.id}: the key is {key}, with the parameters {dict(params)}.")
        near = (self.near[0] * abs(key), self.near[1]) if self.near else None
        mistakes = tuple(Mistake(float(w.value), w.misconception) for w in wrong)
        told = str(right) if isinstance(right, int) else rounded(key)
        return (), Key(self.kind, key, (), mistakes, self._why(told, params), self.tolerance(key), near)


class Literal(Question):
    """Python data (a shape, an ordering, True, None) or the text that a line prints. The statement says which form is wanted."""

    kind = LITERAL

    def agree(self, key: Any, checked: Any, params: Mapping[str, Any]) -> bool:
        return same(key, checked)

    def _answers(self, right: Any, wrong: list[Wrong], params: Mapping[str, Any], seed: str) -> tuple[tuple[Option, ...], Key]:
        mistakes = tuple(Mistake(w.value, w.misconception) for w in wrong)
        return (), Key(self.kind, right, (), mistakes, self._why(f"`{spellings(right)[0]}`", params))
