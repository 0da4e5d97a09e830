"""Comparisons for test cases, with messages that show the gap.

A test case gets ``env``, the namespace of the submission, and says in order: which function it calls, what must hold. Every failure
is a `CheckFailed` with two parts: the *claim* (the property that does not hold; safe to show for a hidden case, it has no values) and the
*detail* (what was called, what came back, what was expected; for public cases). This file depends on torch alone and is also shipped to
students; the same test cases run in the grader, under stock Otter and in the student's notebook.

    from checks import close, function, raises, rng

    @test_case(points=2)
    def doubling_the_input_doubles_the_norm(env):
        norm = function(env, "norm")
        x = torch.tensor([3.0, 4.0])
        close(norm(2 * x), 2 * 5.0, rtol=1e-12, claim="norm(2 * x) must be twice norm(x).")
"""

from __future__ import annotations

import importlib
import os
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor

MAX_SHOWN = 6
"""Tensors with more elements than this are described by shape and dtype in messages; longer lists are cut in the middle."""
WIDTH = 72
"""Columns of a message: with the indentation of a notebook's report, 80."""


class CheckFailed(AssertionError):
    """A property that the submission must have does not hold."""

    outcome = "incorrect"

    def __init__(self, claim: str, detail: str = "") -> None:
        super().__init__(_wrapped(f"{claim}\n{detail}" if detail else claim))
        self.claim = claim
        self.detail = _wrapped(detail)


class Invalid(CheckFailed):
    """There is nothing to judge: a name is missing, or a value has the wrong type or shape."""

    outcome = "invalid"


class NotDefined(Invalid):
    """The submission has no function or class of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not defined. Run the cell that defines it, and keep its name.")
        self.name = name


class NotAttempted(Invalid):
    """The stub is untouched: it still raises NotImplementedError."""

    outcome = "not attempted"


class StudentError(CheckFailed):
    """The submission's own code raised an exception."""

    outcome = "error"


class DeviceMistake(CheckFailed):
    """The submission's code does not run on a device, for a reason that has a name."""


def show(value: object, digits: int = 6) -> str:
    """A short text for a value: numbers for small tensors, shape and dtype for large ones and those on a device."""
    if isinstance(value, Tensor):
        if value.numel() > MAX_SHOWN or value.device.type != "cpu":
            where = "" if value.device.type == "cpu" else f" on {value.device}"
            return f"<tensor {'×'.join(map(str, value.shape)) or 'of one number'} {_dtype(value)}{where}>"
        return _numbers(value.detach().tolist(), digits)
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"<an integer of {value.bit_length()} bits>"
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else repr(value[:57] + "...")
    if isinstance(value, Mapping):
        return "{" + _listed(list(value.items()), lambda entry: f"{show(entry[0])}: {show(entry[1])}") + "}"
    if isinstance(value, list | tuple):
        nested = any(isinstance(v, list | tuple) for v in value)
        inside = _listed(value, lambda v: show(v, digits))
        if nested and len(inside) > WIDTH:
            return f"<{type(value).__name__} of {_counted(value)}>"
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if callable(value):
        return getattr(value, "__name__", "<function>")
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _listed(values: Sequence[Any], text: Callable[[Any], str]) -> str:
    """The texts of all values, or of the first and the last of more than `MAX_SHOWN`."""
    if len(values) <= MAX_SHOWN:
        return ", ".join(map(text, values))
    return ", ".join([*map(text, values[:3]), "...", *map(text, values[-2:])])


def _counted(values: Sequence[Any]) -> str:
    """How many values there are, and of which kind when they are of one: '3 lists of 12 tensors'."""
    kinds = {f"{_type(v).lower()}s" + (f" of {_counted(v)}" if isinstance(v, list | tuple) else "") for v in values}
    return f"{len(values)} {kinds.pop() if len(kinds) == 1 else 'values'}"


def _wrapped(text: str) -> str:
    """`text` with its long lines broken between words."""
    return "\n".join(_filled(line) for line in text.splitlines())


def _filled(line: str, indent: str = "", hanging: str = "") -> str:
    if len(indent + line) <= WIDTH:
        return indent + line
    return textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def _numbers(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_numbers(v, digits) for v in value) + "]"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _dtype(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


class Function:
    """A function or class of the submission; remembers its last call for the messages."""

    last: Function | None = None

    def __init__(self, name: str, raw: Callable[..., Any]) -> None:
        self.name = name
        self.raw = raw
        self.arguments = ["..."]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; an exception of the submission becomes a `StudentError`."""
        self.note(args, kwargs)
        try:
            return self.raw(*args, **kwargs)
        except CheckFailed:
            raise
        except NotImplementedError as error:
            raise NotAttempted(f"{self.name} is not attempted yet: it raises NotImplementedError.") from error
        except Exception as error:
            kind = _kind(error)
            raise StudentError(f"{self.name} raised {kind}.", f"{self.call} raised {kind}: {_first_line(error)}") from error

    def note(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Remember the arguments of a call as they are now, since it may change them."""
        self.arguments = [show(a) for a in args] + [f"{k}={show(v)}" for k, v in kwargs.items()]
        Function.last = self

    @property
    def call(self) -> str:
        """The last call as text: on one line, with its arguments on a line of their own, or with one on each."""
        together = ", ".join(self.arguments)
        line = f"{self.name}({together})"
        if len(f"Called {line}.") <= WIDTH:
            return line
        lines = [f"    {together}"] if len(together) + 4 <= WIDTH else [_column("    ", f"{argument},") for argument in self.arguments]
        return "\n".join([f"{self.name}(", *lines, ")"])


def _kind(error: BaseException) -> str:
    return str(getattr(error, "kind", type(error).__name__))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def function(env: Mapping[str, Any], name: str) -> Function:
    """The submission's function or class `name`. Raises `Invalid` when it is not defined or cannot be called."""
    raw = env.get(name)
    if raw is None:
        raise NotDefined(name)
    if not callable(raw):
        raise Invalid(f"{name} must be a function or class; it is {type(raw).__name__}.")
    return Function(name, raw)


def probe(env: Mapping[str, Any], name: str, *data: Any) -> Any:
    """Run ``probes.name(env, *data)`` beside the submission's code and return its data.

    In the grader `env` is remote: the probe runs in the student's process. Elsewhere it is imported and called here.
    """
    run = getattr(env, "probe", None)
    if run is None:
        probes = importlib.import_module("probes")

        def run(name: str, *data: Any) -> Any:
            return getattr(probes, name)(env, *data)

    caller = Function(name, run)
    caller.note(data, {})
    try:
        return run(name, *data)
    except NotImplementedError as error:
        stub = str(error) if str(error).isidentifier() else "A function that this check needs"
        raise NotAttempted(f"{stub} is not attempted yet: it raises NotImplementedError.") from error
    except CheckFailed:
        raise
    except Exception as error:
        kind = _kind(error)
        raise StudentError(f"Running your code ({name}) raised {kind}.", f"{caller.call} raised {kind}: {_first_line(error)}") from error


def that(condition: bool, claim: str, detail: str = "") -> None:
    """Fail with `claim` unless `condition` holds; `detail` may contain values."""
    if not condition:
        raise CheckFailed(claim, _with_call(detail) if detail else "")


def returned(result: Any, *names: str) -> tuple[Any, ...]:
    """The parts of a result that must be a tuple (or list) of ``len(names)`` values. Raises `Invalid` otherwise."""
    expected = f"({', '.join(names)})"
    if not isinstance(result, tuple | list) or len(result) != len(names):
        got = f"{type(result).__name__} of length {len(result)}" if isinstance(result, tuple | list) else _type(result)
        hint = " Is a `return` missing?" if result is None else ""
        raise Invalid(f"{_name()} must return {len(names)} values {expected}; it returned {got}.{hint}", _with_call(""))
    return tuple(result)


def close(got: Any, expected: Any, *, rtol: float, atol: float = 0.0, what: str = "", claim: str = "", dtype: bool = True) -> None:
    """Require type, shape, dtype, device and finiteness first, then ``|got - expected| <= atol + rtol * |expected|``.

    got: what the submission returned. expected: tensor, float, or a (nested) list or tuple of them. `what` names the value in the message;
    `claim` is the property for a hidden case. With ``dtype=False`` another floating dtype is accepted.
    """
    what = what or "the result"
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple) or len(got) != len(expected):
            size = len(got) if isinstance(got, list | tuple) else _type(got)
            raise Invalid(f"{_name()}: {what} must have {len(expected)} entries; got {size}.", _with_call(""))
        for i, (g, e) in enumerate(zip(got, expected, strict=True)):
            close(g, e, rtol=rtol, atol=atol, what=f"{what}[{i}]", claim=claim, dtype=dtype)
        return
    g, e = _comparable(got, expected, what, dtype)
    if bool(torch.isfinite(e).all()) and not bool(torch.isfinite(g).all()):
        worst = int((~torch.isfinite(g)).to(torch.uint8).argmax())
        raise CheckFailed(claim or f"{_name()}: {what} has infinite or NaN entries.", _gap_at(worst, what, got, expected, g, e))
    bad = ~torch.isclose(g, e, rtol=rtol, atol=atol, equal_nan=True)
    if bool(bad.any()):
        worst = int((g - e).abs().nan_to_num(nan=float("inf")).mul(bad).argmax())
        tolerance = f"relative tolerance {rtol:g}" + (f", absolute {atol:g}" if atol else "")
        difference = f"{(g - e).abs().flatten()[worst]:.3g}"
        raise CheckFailed(
            claim or f"{_name()}: {what} differs from the value that the prompt defines.",
            _gap_at(worst, what, got, expected, g, e) + f"\nLargest difference {difference}{_place(worst, g)} ({tolerance}).",
        )


def _comparable(got: Any, expected: Any, what: str, dtype: bool) -> tuple[Tensor, Tensor]:
    if isinstance(expected, Tensor):
        if not isinstance(got, Tensor):
            raise Invalid(f"{_name()}: {what} must be a tensor; it is {_type(got)}.", _with_call(""))
        if got.shape != expected.shape:
            shapes = f"{what} has shape {tuple(got.shape)}; expected {tuple(expected.shape)}."
            raise Invalid(f"{_name()}: {shapes}", _with_call(""))
        if (dtype and got.dtype != expected.dtype) or got.is_floating_point() != expected.is_floating_point():
            raise CheckFailed(f"{_name()}: {what} is {_dtype(got)}; expected {_dtype(expected)}.", _with_call(""))
        if got.device != expected.device:
            raise CheckFailed(f"{_name()}: {what} is on {got.device}; expected {expected.device}.", _with_call(""))
        return _wide(got), _wide(expected)
    number = got
    if (isinstance(got, Tensor) and got.numel() == 1) or (type(got).__module__ == "numpy" and got.size == 1):
        number = got.item()
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Invalid(f"{_name()}: {what} must be a number; it is {_type(got)}.", _with_call(""))
    try:
        number = float(number)
    except OverflowError:
        raise CheckFailed(f"{_name()}: {what} is an integer that is too large for a float.", _with_call("")) from None
    return torch.tensor(number, dtype=torch.float64), torch.tensor(float(expected), dtype=torch.float64)


def _wide(value: Tensor) -> Tensor:
    return value.detach().cpu().to(torch.complex128 if value.is_complex() else torch.float64)


def equal(got: Any, expected: Any, *, what: str = "", claim: str = "") -> None:
    """Require an equal value of the same kind: for integers, strings, booleans and tuples of them.

    A one-element tensor or an integral float counts as its number.
    """
    what = what or "the result"
    plain = got.item() if isinstance(got, Tensor) and got.numel() == 1 else got
    if type(plain).__module__ == "numpy" and hasattr(plain, "tolist"):
        plain = plain.tolist()
    if isinstance(expected, list | tuple) and isinstance(plain, list | tuple):
        plain = type(expected)(plain)
    same_kind = isinstance(plain, bool) == isinstance(expected, bool)
    if not same_kind or plain != expected:
        raise CheckFailed(claim or f"{_name()}: {what} is not what the prompt defines.", _gap(what, got, expected))


def unchanged(before: Tensor, after: Tensor, *, what: str) -> None:
    """Require that an argument has the same values after the call as before it."""
    if before.shape != after.shape or not torch.equal(before.detach().cpu(), after.detach().cpu()):
        raise CheckFailed(f"{_name()} must not change its argument {what}.", _gap(what, after, before))


def raises(kind: type[Exception], call: Function, *args: Any, claim: str = "", **kwargs: Any) -> None:
    """Require that ``call(*args, **kwargs)`` raises `kind`."""
    call.note(args, kwargs)
    wanted = claim or f"{call.name} must raise {kind.__name__} for arguments outside its domain."
    try:
        result = call.raw(*args, **kwargs)
    except kind:
        return
    except NotImplementedError as error:
        raise NotAttempted(f"{call.name} is not attempted yet: it raises NotImplementedError.") from error
    except CheckFailed:
        raise
    except Exception as error:
        raise CheckFailed(wanted, f"{call.call} raised {_kind(error)}: {_first_line(error)}") from error
    raise CheckFailed(wanted, f"{call.call} returned {show(result)} and raised nothing.")


def _name() -> str:
    return Function.last.name if Function.last else "The result"


def _with_call(text: str) -> str:
    call = f"Called {Function.last.call}." if Function.last else ""
    return f"{call} {text}".strip() if len(call) + len(text) < WIDTH and "\n" not in text else f"{call}\n{text}".strip()


def _gap(what: str, got: Any, expected: Any) -> str:
    """What came back and what was expected: in one line, or in two columns that can be compared."""
    name = "The " + what.removeprefix("the ") if what.startswith("the ") else what
    digits = 6 if show(got) != show(expected) else 14
    sides = show(got, digits), show(expected, digits)
    line = f"{name}: got {sides[0]}, expected {sides[1]}."
    if len(line) > WIDTH:
        line = "\n".join([f"{name}:", _column("  got      ", sides[0]), _column("  expected ", sides[1])])
    return _with_call(line)


def _gap_at(worst: int, what: str, got: Any, expected: Any, g: Tensor, e: Tensor) -> str:
    """The gap; of a value that messages do not show in full, at its worst entry. g, e: both values on the CPU."""
    if isinstance(got, Tensor) and show(got).startswith("<"):
        return _gap(f"{what}{_place(worst, g)}", g.flatten()[worst].item(), e.flatten()[worst].item())
    return _gap(what, got, expected)


def _place(entry: int, of: Tensor) -> str:
    return "" if of.dim() == 0 else f" at {list(map(int, torch.unravel_index(torch.tensor(entry), of.shape)))}"


def _column(label: str, value: str) -> str:
    """A value beside its label; the rows of a wide matrix below each other."""
    rows = value.replace("], [", "],\n [").splitlines() if len(label + value) > WIDTH else [value]
    indent = " " * len(label)
    return label + "\n".join(_filled(row, indent, f"{indent} ") for row in rows)[len(label) :]


def _type(value: object) -> str:
    return "None" if value is None else type(value).__name__


def devices() -> list[str]:
    """Where a device case runs: ``sim``, the simulated accelerator, and ``cuda`` where there is one."""
    found = ["cuda"] if torch.cuda.is_available() else []
    with suppress(ImportError, RuntimeError):
        importlib.import_module("accelerator").register()
        found.insert(0, "sim")
    return found


_NO_CUDA = "asks for the device cuda, which is not there. Compute on the device of the inputs: x.device."
_DEVICE_MISTAKES = {
    "same device": "made or kept a tensor on another device than its inputs, which are on {0}. Make it with torch.zeros_like(x) or "
    "device=x.device.",
    "to numpy": "turns a tensor on {0} into a NumPy array; a tensor on a device has none. Stay in torch.",
    "CUDA": _NO_CUDA,
    "NVIDIA": _NO_CUDA,  # torch's CUDA builds miss the driver
}


_WRONG_ANYWHERE = "The device is not at fault: on the CPU, too, the result is wrong. First mend what the other checks of this question say."


@contextmanager
def on_device(device: str) -> Iterator[None]:
    """Around a call on a device and its comparisons: a failure says whether the device has to do with it, in words for a hidden case.

    A case runs on "cpu" first; a result that is wrong there is not blamed on a device. On a device, an exception that comes from a device
    mistake becomes a `DeviceMistake` that names it. A second case of the same question suppresses that, since one mistake is charged once.
    """
    try:
        yield
    except StudentError as error:
        for sign, claim in _DEVICE_MISTAKES.items():
            if sign in str(error.__cause__):
                raise DeviceMistake(f"{_name()} {claim.format(device)}", error.detail) from error
        raise
    except CheckFailed as failure:
        if device == "cpu" and failure.outcome == CheckFailed.outcome:
            raise CheckFailed(_WRONG_ANYWHERE, failure.detail) from failure
        raise


class Counts:
    """What a device did.

    peak, start, live: bytes; synchronizations: times that the host waited; transfers: copies between host and device.
    """

    start = peak = live = synchronizations = operations = 0
    synchronized_by: Mapping[str, int] = {}
    transfers: Any = None

    def fill(self, ledger: Any) -> None:
        for name in ("start", "peak", "live", "synchronizations", "operations", "synchronized_by", "transfers"):
            setattr(self, name, getattr(ledger, name))


@contextmanager
def counting(env: Mapping[str, Any], capacity: int | None = None) -> Iterator[Counts]:
    """Count what happens on device ``sim`` inside the block; read the counts after it.

    In the grader the device lies in a process of its own, where no submission can change a count. capacity: bytes of its memory.
    """
    remote = getattr(env, "counting", None)
    if remote is not None:
        with remote(capacity) as counts:
            yield counts
        return
    counts = Counts()
    with importlib.import_module("accelerator").measure(capacity) as ledger:
        try:
            yield counts
        finally:
            counts.fill(ledger)


_seed: int | None = None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within it `rng` starts from `seed`: the grader draws one for every case and keeps it for staff."""
    global _seed
    before, _seed = _seed, seed
    try:
        yield
    finally:
        _seed = before


def rng() -> torch.Generator:
    """A generator of the case's own for its inputs, never the global one: fresh in every run, repeated by the grader's seed."""
    seed = _seed if _seed is not None else int.from_bytes(os.urandom(7), "little")
    return torch.Generator().manual_seed(seed)
