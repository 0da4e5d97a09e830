"""Questions from a homework's faults: which misconception produced this number? The number is what the fault's code returns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from autograder.content import ROOT, ContentError, load_course
from autograder.quiz.draw import Draw
from autograder.quiz.question import Choice, Wrong

DISTINCT = 0.02
"""Two faults whose numbers are closer than this part cannot be told apart by a reader."""


@dataclass(frozen=True)
class HomeworkFault:
    """A fault's function, and the sentence that says what is wrong with it."""

    call: Callable[..., Any]
    misconception: str


@functools.cache
def homework_faults(homework: str) -> dict[str, HomeworkFault]:
    """The faults of `solutions/<homework>/faults.py`, by name. Imports torch and the homework's reference: for the build alone."""
    from autograder.audit.rows import load

    assignment = load_course(ROOT).assignment(homework)
    module = load(assignment, assignment.solutions / "faults.py")
    declared = {name: getattr(value, "__declaration__", None) for name, value in vars(module).items()}
    return {name: HomeworkFault(getattr(module, name), d.misconception) for name, d in declared.items() if d is not None and d.name == name}


class FaultChoice(Choice):
    """A number that one of several faults returned; the options are their misconceptions.

    homework: its folder. faults: names in its faults.py, four or more. The text shows the inputs and `@{shown}`, the wrong number.
    A subclass defines `inputs(draw)` and `run(function, **inputs)`, and for the tests `formulas(**inputs)`: each fault's number by name,
    written without its code.
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
        inputs = self.inputs(draw)
        made = draw.choice("fault", self.faults)
        return {**inputs, "shown": float(format(self._numbers(inputs)[made], ".6g"))}

    def answer(self, shown: float, **inputs: Any) -> str:
        return self._fault(self._culprit(self._numbers(inputs), shown)).misconception

    def check(self, shown: float, **inputs: Any) -> str:
        return self._fault(self._culprit(self.formulas(**inputs), shown)).misconception

    def distractors(self, shown: float, **inputs: Any) -> list[Wrong]:
        numbers = self._numbers(inputs)
        made = self._culprit(numbers, shown)
        others = [name for name in self.faults if name != made]
        return [Wrong(self._fault(name).misconception, f"This mistake gives {numbers[name]:.6g} here, not {shown}.") for name in others]

    def _numbers(self, inputs: dict[str, Any]) -> dict[str, float]:
        numbers = {name: float(self.run(self._fault(name).call, **inputs)) for name in self.faults}
        names = sorted(numbers, key=lambda name: numbers[name])
        for one, two in zip(names, names[1:], strict=False):
            if numbers[two] - numbers[one] <= DISTINCT * abs(numbers[two]):
                raise ContentError(f"question {self.id}: {one} and {two} give the same number with {inputs}. Draw other inputs.")
        return numbers

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
