"""A witness for every tolerance: work just outside it is refused, and rounding falls inside.

The reference's results are disturbed on their way to the cases, as the wire would deliver them, and every call of `checks.close` is
watched:

- outside: disturbed by ten times the tolerance of that call, the call must refuse under at least one of `PATTERNS`; otherwise the
  comparison is blunter than the tolerance that it names;
- inside: disturbed by the rounding of a few operations, it must accept; otherwise a verdict hangs on the order of a sum.

A call that the disturbance does not reach (it compares integers, or an argument that came back) has nothing to show, nor has exactness.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder import checks
from autograder.audit.findings import Finding
from autograder.audit.rows import reference_row
from autograder.content import Assignment
from autograder.grading.cases import Case, load_cases

FACTOR = 10.0
ROUNDINGS = 4
"""How many units in the last place a few operations may lose."""

SECONDS = 60

PATTERNS = ("all", "entries", *range(5))
"""Signs of a disturbance: all plus, by turns within a tensor, or by a binary digit of the value's number. One alone may cancel in a
difference or a ratio; of any two of 32 values some digit differs."""

Disturb = Callable[[Tensor, int], Tensor]
"""What is added to a value; the second argument counts the values that came back."""


def witness_findings(assignment: Assignment) -> list[Finding]:
    """Every tolerance without a witness. The cases run in a forked child, with the reference."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(SECONDS)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            found = [vars(finding) for finding in _findings(assignment)]
            with os.fdopen(write, "w") as out:
                json.dump(found, out)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    os.waitpid(pid, 0)
    if not said:
        return [
            Finding(
                "tolerances", f"the cases with the reference failed or took over {SECONDS} s", f"Run autograder check {assignment.name}."
            )
        ]
    return [Finding(**fields) for fields in json.loads(said)]


@dataclass
class Comparison:
    """One call of `checks.close`."""

    what: str
    rtol: float
    atol: float
    got: Any
    refused: bool

    def __str__(self) -> str:
        return f"{self.what} (rtol={self.rtol:g}, atol={self.atol:g})"


class Watch:
    """Takes the place of `checks.close`: notes its calls and judges nothing."""

    def __init__(self) -> None:
        self.close = checks.close
        self.seen: list[Comparison] = []

    def __call__(self, got: Any, expected: Any, *, rtol: float, atol: float = 0.0, what: str = "", **rest: Any) -> None:
        refused = False
        try:
            self.close(got, expected, rtol=rtol, atol=atol, what=what, **rest)
        except checks.CheckFailed:
            refused = True
        if not isinstance(expected, list | tuple):  # else `close` has called this for every entry
            self.seen.append(Comparison(what or "the result", rtol, atol, got, refused))

    def run(self, case: Case, env: Mapping[str, Any]) -> list[Comparison]:
        """The comparisons of one case. When the case cannot go on, those up to there."""
        self.seen = []
        try:
            with checks.seeded(1):
                case.run(env)
        except Exception:
            pass
        return self.seen


def _findings(assignment: Assignment) -> Iterator[Finding]:
    watch = Watch()
    for name in ("equal", "that", "unchanged", "raises"):
        setattr(checks, name, lambda *args, **kwargs: None)
    checks.close = watch  # type: ignore[assignment]
    probes = types.ModuleType("probes")
    sys.modules["probes"] = probes
    exec(compile(assignment.probes, "probes.py", "exec"), probes.__dict__)
    env: dict[str, Any] = {"__name__": "__main__"}
    for cell in reference_row(assignment).cells:
        exec(compile(cell, "<cell>", "exec"), env)
    for question in assignment.coded:
        for case in load_cases(assignment.test_source(question.id, hidden=True), f"tests/{question.id}.py"):
            yield from _case_findings(watch, case, env)


def _case_findings(watch: Watch, case: Case, env: dict[str, Any]) -> Iterator[Finding]:
    plain = watch.run(case, env)
    rounded = watch.run(case, Disturbed(env, _rounding))
    for one, other in zip(plain, rounded, strict=False):
        if other.refused and not one.refused:
            what = f"{one} in {case.name}: rounding alone leaves the tolerance"
            yield Finding(case.id, what, "Widen it, or compare what rounds less.")
    unnoticed = {
        number: False for number, c in enumerate(plain) if c.rtol or c.atol
    }  # not yet refused -> whether the disturbance reached it
    for pattern in PATTERNS:
        for rtol, atol in {(plain[n].rtol, plain[n].atol) for n in unnoticed}:
            again = watch.run(case, Disturbed(env, _outside(rtol, atol, pattern)))
            for number, (one, other) in enumerate(zip(plain, again, strict=False)):
                if number in unnoticed and (one.rtol, one.atol) == (rtol, atol):
                    unnoticed[number] |= not _identical(one.got, other.got)
                    if other.refused:
                        del unnoticed[number]
    for number in (n for n, reached in unnoticed.items() if reached):
        what = f"{plain[number]} in {case.name}: results off by {FACTOR:g} times the tolerance are accepted"
        yield Finding(case.id, what, "Tighten the tolerance to what the comparison can see.")


def _rounding(value: Tensor, number: int) -> Tensor:
    return ROUNDINGS * torch.finfo(value.dtype).eps * value * _signs(value, number, "entries")


def _outside(rtol: float, atol: float, pattern: str | int) -> Disturb:
    return lambda value, number: FACTOR * (atol + rtol * value.abs()) * _signs(value, number, pattern)


def _signs(value: Tensor, number: int, pattern: str | int) -> Tensor:
    entries = torch.arange(value.numel()).reshape(value.shape)
    odd = entries % 2 if pattern == "entries" else torch.full_like(entries, 0 if pattern == "all" else number >> int(pattern) & 1)
    return (1 - 2 * odd).to(value.real.dtype)


def _identical(a: Any, b: Any) -> bool:
    return torch.equal(a.cpu(), b.cpu()) if isinstance(a, Tensor) and isinstance(b, Tensor) else bool(a == b)


class Disturbed(Mapping[str, Any]):
    """A namespace whose functions and probes give disturbed results: new floating-point values and arguments that were changed in place."""

    def __init__(self, env: dict[str, Any], disturb: Disturb) -> None:
        self.env = env
        self.disturb = disturb
        self.number = 0

    def __getitem__(self, name: str) -> Any:
        value = self.env[name]
        return (lambda *args, **kwargs: self._call(value, args, kwargs)) if callable(value) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.env)

    def __len__(self) -> int:
        return len(self.env)

    def probe(self, name: str, *data: Any) -> Any:
        return self._call(lambda *args: getattr(sys.modules["probes"], name)(self.env, *args), data, {})

    def _call(self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        arguments = [(a, a.detach().clone()) for a in _tensors([args, kwargs])]
        result = call(*args, **kwargs)
        done: dict[int, Any] = {}
        for argument, before in arguments:
            done[id(argument)] = argument
            if argument.shape != before.shape or not torch.equal(argument, before):
                argument.data.copy_(self._value(argument.detach()))
        return self._result(result, done, [before for _, before in arguments])

    def _result(self, value: Any, done: dict[int, Any], given: list[Tensor]) -> Any:
        if isinstance(value, Tensor):
            if id(value) not in done:
                echo = any(value.shape == g.shape and value.dtype == g.dtype and torch.equal(value, g) for g in given)
                done[id(value)] = value if echo else self._value(value.detach()).requires_grad_(value.requires_grad)
            return done[id(value)]
        if isinstance(value, float):
            return self._value(torch.tensor(value, dtype=torch.float64)).item()
        if isinstance(value, list):
            return [self._result(v, done, given) for v in value]
        if type(value) is tuple:
            return tuple(self._result(v, done, given) for v in value)
        if isinstance(value, dict):
            return {k: self._result(v, done, given) for k, v in value.items()}
        return value

    def _value(self, value: Tensor) -> Tensor:
        if not (value.is_floating_point() or value.is_complex()):
            return value
        self.number += 1
        return value + self.disturb(value, self.number).to(value.dtype)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for v in value:
            yield from _tensors(v)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
