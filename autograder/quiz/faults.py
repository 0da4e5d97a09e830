"""Questions from a homework's faults: which misconception produced this number? The number is what the fault's code returns."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from autograder.content import ROOT, ContentError, load_course
from autograder.quiz.draw import Draw
from autograder.quiz.question import ATTEMPTS, Choice, Wrong

DISTINCT = 0.02
"""Two faults whose numbers are closer than this part cannot be told apart by a reader."""


@dataclass(frozen=True)
class HomeworkFault:
    """A fault's function, the right one, and the sentence that says what is wrong with the fault."""

    call: Callable[..., Any]
    right: Callable[..., Any]
    misconception: str


@functools.cache
def homework_faults(homework: str) -> dict[str, HomeworkFault]:
    """The faults of `solutions/<homework>/faults.py`, by name. Imports torch and the homework's reference: for the build alone."""
    from autograder.audit.rows import load

    assignment = load_course(ROOT).assignment(homework)
    module = load(assignment, assignment.solutions / "faults.py")
    declared = {name: getattr(value, "__declaration__", None) for name, value in vars(module).items()}
    return {
        name: HomeworkFault(getattr(module, name), getattr(module.reference, d.of), d.misconception)
        for name, d in declared.items()
        if d is not None and d.name == name
    }


class FaultChoice(Choice):
    """A number that one of several faults returned; the options are their misconceptions.

    homework: its folder. faults: names in its faults.py, four or more. The text shows the inputs and `@{shown}`, the wrong number.
    A subclass defines `inputs(draw)` and `run(function, **inputs)`, and for the tests `formulas(**inputs)`: each fault's number by name,
    written without its code. Inputs on which two faults agree, or one is right, are drawn again.
    """

    homework: ClassVar[str]
    faults: ClassVar[tuple[str, ...]]

    def inputs(self, draw: Draw) -> dict[str, Any]:
        """The parameters that the function is called with."""
        raise NotImplementedError

    def run(self, function: Callable[..., Any], *args: Any, **inputs: Any) -> float:
        """The number that the question shows of a call of the function."""
        raise NotImplementedError

    def formulas(self, *args: Any, **inputs: Any) -> dict[str, float]:
        """Each fault's number, by its name, from a formula of its own."""
        raise NotImplementedError

    def params(self, draw: Draw) -> dict[str, Any]:
        """Inputs on which all faults differ, and what one of them returns."""
        inputs = self._telling_inputs(draw)
        made = draw.choice("fault", self.faults)
        return {**inputs, "shown": _six_digits(self._numbers(inputs)[made])}

    def answer(self, shown: float, **inputs: Any) -> str:
        return self._fault(self._culprit(self._numbers(inputs), shown)).misconception

    def check(self, shown: float, **inputs: Any) -> str:
        return self._fault(self._culprit(self.formulas(**inputs), shown)).misconception

    def distractors(self, shown: float, **inputs: Any) -> list[Wrong]:
        numbers = self._numbers(inputs)
        made = self._culprit(numbers, shown)
        others = [name for name in self.faults if name != made]
        return [Wrong(self._fault(name).misconception, f"This mistake gives {numbers[name]:.6g} here, not {shown}.") for name in others]

    def _telling_inputs(self, draw: Draw) -> dict[str, Any]:
        """The first inputs drawn on which all faults differ, from each other and from what is right."""
        for attempt in range(ATTEMPTS):
            inputs = self.inputs(Draw(f"{draw.seed}|inputs {attempt}") if attempt else draw)
            if not self._clash(inputs, self._run_all(inputs)):
                break
        return inputs

    def _numbers(self, inputs: dict[str, Any]) -> dict[str, float]:
        numbers = self._run_all(inputs)
        clash = self._clash(inputs, numbers)
        if clash:
            raise ContentError(f"question {self.id}: {clash} with {inputs}. Draw other inputs.")
        return numbers

    def _run_all(self, inputs: dict[str, Any]) -> dict[str, float]:
        return {name: float(self.run(self._fault(name).call, **inputs)) for name in self.faults}

    def _clash(self, inputs: dict[str, Any], numbers: dict[str, float]) -> str:
        """What a reader cannot tell apart; empty if nothing."""
        for one, two in itertools.combinations(numbers, 2):
            if _near(numbers[one], numbers[two]):
                return f"{one} and {two} give the same number"
        for name, value in numbers.items():
            if _near(value, float(self.run(self._fault(name).right, **inputs))):
                return f"{name} gives the right number"
        return ""

    def _culprit(self, numbers: dict[str, float], shown: float) -> str:
        near = [name for name, value in numbers.items() if abs(value - shown) <= 1e-5 * abs(shown)]
        if len(near) != 1:
            raise ContentError(f"question {self.id}: {len(near)} faults give {shown} ({', '.join(near)}).")
        return near[0]

    def _fault(self, name: str) -> HomeworkFault:
        faults = homework_faults(self.homework)
        if name not in faults:
            raise ContentError(f"question {self.id}: solutions/{self.homework}/faults.py has no fault '{name}'.")
        return faults[name]


def _near(one: float, two: float) -> bool:
    return abs(one - two) <= DISTINCT * max(abs(one), abs(two))


def _six_digits(value: float) -> float | int:
    """As the text shows it: a whole number without a decimal point."""
    number = float(format(value, ".6g"))
    return int(number) if number.is_integer() else number
