"""Whether two answers to one call say the same: values up to rounding, identities, in-place changes, exceptions by kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.grading import wire

Frame = tuple[dict[str, Any], bytes]
"""A header and its blob."""

ROUNDING = {
    torch.float64: 1e-10,
    torch.complex128: 1e-10,
    torch.float32: 1e-5,
    torch.complex64: 1e-5,
    torch.float16: 1e-2,
    torch.bfloat16: 1e-2,
}
"""Relative differences that another order of the same operations may make; far below those between two misconceptions."""

SMALL = 1e-3
"""Entries below this share of their tensor's largest are compared with that share of it: they carry the rounding of the large ones."""


def same_reply(request: Frame, one: Frame, other: Frame, *, any_message: bool) -> bool:
    """Compare two answers to `request`. any_message: two exceptions of one kind are the same whatever they say."""
    errors = [_error(frame[0]) for frame in (one, other)]
    if errors[0] or errors[1]:
        return errors[0][:1] == errors[1][:1] if any_message else errors[0] == errors[1]
    try:
        (result_one, finals_one), (result_two, finals_two) = _read(request, one), _read(request, other)
    except wire.WireError:
        return False
    pairs = Pairs(zip(finals_one, finals_two, strict=True))
    return all(pairs.same_content(a, b) for a, b in zip(finals_one, finals_two, strict=True)) and pairs.same(result_one, result_two)


def same_call(one: Frame, other: Frame) -> bool:
    """Compare the arguments of two calls."""
    if one[1] == other[1] and all(one[0][k] == other[0][k] for k in ("args", "kwargs")):
        return True
    try:
        (args_one, kwargs_one, _), (args_two, kwargs_two, _) = (wire.decode_call(*frame, _no_callback) for frame in (one, other))
    except wire.WireError:
        return False
    pairs = Pairs(())
    return pairs.same(args_one, args_two) and pairs.same(kwargs_one, kwargs_two)


def error_kind(header: dict[str, Any]) -> str:
    """The built-in exception that an answer raised, or the empty string."""
    return (_error(header) or [""])[0]


def _error(header: dict[str, Any]) -> list[str]:
    """The built-in base and the first line of an answer's exception; empty when there is none."""
    if "error" not in header:
        return []
    kind, bases, message = header["error"]
    return [str(bases[0]) if bases else str(kind), str(message).strip().split("\n")[0]]


def _read(request: Frame, answer: Frame) -> tuple[Any, list[Any]]:
    _, _, objects = wire.decode_call(*request, _no_callback)
    return wire.decode_reply(*answer, objects), objects


def _no_callback(number: int, name: str) -> Any:
    return lambda *args, **kwargs: None


class Pairs:
    """Objects of one side and what stands for them on the other, so that two answers must share their objects alike."""

    def __init__(self, known: Any) -> None:
        self.left: dict[int, int] = {}
        self.right: dict[int, int] = {}
        for a, b in known:
            self._pair(a, b)

    def same(self, a: Any, b: Any) -> bool:
        """Compare two values. A list and a tuple of the same entries are the same."""
        if isinstance(a, Tensor | np.ndarray | list | dict) and type(a) is type(b):
            if id(a) in self.left or id(b) in self.right:
                return self.left.get(id(a)) == id(b)
            self._pair(a, b)
        return self.same_content(a, b)

    def same_content(self, a: Any, b: Any) -> bool:
        if isinstance(a, list | tuple) and isinstance(b, list | tuple):
            return len(a) == len(b) and all(self.same(x, y) for x, y in zip(a, b, strict=True))
        if type(a) is not type(b):
            return isinstance(a, wire.Opaque) and isinstance(b, wire.Opaque) and type(a).__name__ == type(b).__name__
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(self.same(a[k], b[k]) for k in a)
        if isinstance(a, Tensor):
            return a.requires_grad == b.requires_grad and a.device == b.device and _close(a, b)
        if isinstance(a, np.ndarray | np.generic):
            return a.dtype == b.dtype and _close(torch.from_numpy(np.array(a)), torch.from_numpy(np.array(b)))
        if isinstance(a, float | complex):
            dtype = torch.float64 if isinstance(a, float) else torch.complex128
            return _close(torch.tensor(a, dtype=dtype), torch.tensor(b, dtype=dtype))
        return bool(a == b)

    def _pair(self, a: Any, b: Any) -> None:
        self.left[id(a)], self.right[id(b)] = id(b), id(a)


def _close(a: Tensor, b: Tensor) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype not in ROUNDING:
        return torch.equal(a.cpu(), b.cpu())
    rounding = ROUNDING[a.dtype]
    wide = torch.complex128 if a.is_complex() else torch.float64
    a, b = a.detach().cpu().to(wide), b.detach().cpu().to(wide)
    finite = torch.isfinite(a)
    if not torch.equal(finite, torch.isfinite(b)) or not torch.allclose(a[~finite], b[~finite], equal_nan=True):
        return False
    a, b = a[finite], b[finite]
    size = torch.maximum(a.abs(), b.abs())
    floor = SMALL * size.max() if size.numel() else 0.0
    return bool(((a - b).abs() <= rounding * (size + floor)).all())
