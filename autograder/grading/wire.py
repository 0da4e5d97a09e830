"""Data between the examiner and the student's process: a JSON header and raw tensor bytes, never anything that can execute.

A frame is ``<u32 header length><u64 blob length>``, the header, the blob. Values travel by a few rules, the same in both directions:

- tensors with value, dtype, device and requires_grad; NumPy arrays; numbers, strings, None; lists, tuples, dictionaries;
- identity: an object that occurs twice is the same object on the other side, and a result that *is* an argument comes back as it;
- arguments that the callee changes in place (tensors, arrays, lists, dictionaries) are changed in place for the caller too;
- callables travel as handles and are called back;
- anything else arrives as an `Opaque` that knows its type's name; exceptions come back as subclasses of the built-in exception they are.

Caps are checked before anything is allocated. Any violation is a `WireError`, and ends the connection.
"""

from __future__ import annotations

import builtins
import collections
import json
import os
import select
import struct
import time
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

MAX_HEADER = 4 << 20
MAX_BLOB = 256 << 20
MAX_NODES = 50_000
MAX_DEPTH = 24
MAX_RANK = 8
MAX_TEXT = 2_000

_CHUNK = 1 << 16  # what a pipe holds
_PREFIX = struct.Struct("<IQ")
_JSON = json.JSONEncoder(separators=(",", ":"))  # in ASCII, so that characters are bytes
_DTYPES = {
    str(d).removeprefix("torch."): d
    for d in (
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.complex64,
        torch.complex128,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
}
_ALL_DTYPES = {str(d).removeprefix("torch."): d for d in vars(torch).values() if isinstance(d, torch.dtype)}
_ARRAY_DTYPES = {"float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"}


class WireError(Exception):
    """The other side sent something that breaks the rules, or too much of it, or nothing in time."""


class TimedOut(WireError):
    """No complete frame before the deadline."""


class Closed(WireError):
    """The other side is gone."""


class Opaque:
    """Stands for an object that is not data; its class has the name of the original's."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object>"


class RemoteError(Exception):
    """An exception of the other side. kind: the name of its class there."""

    kind = "Exception"


def remote_error(kind: str, bases: list[str], message: str, *, discreet: bool = False) -> RemoteError:
    """An exception that is a `RemoteError` and, where one of `bases` is a built-in exception, that too.

    discreet: a name that the submission made up is replaced.
    """
    base = next((b for b in map(_simple_exception, bases) if b is not None), None)
    kind = _known(kind, base.__name__ if base else "Exception") if discreet else _identifier(kind)
    cls = type(kind, (RemoteError, base) if base else (RemoteError,), {"kind": kind})
    error: RemoteError = cls(message[:MAX_TEXT])
    return error


def _simple_exception(name: str) -> type[Exception] | None:
    found = getattr(builtins, name, None)
    special = ("ExceptionGroup", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError", "Exception", "StopIteration")
    return found if isinstance(found, type) and issubclass(found, Exception) and name not in special else None


def _identifier(text: object) -> str:
    name = "".join(c for c in str(text)[:60] if c.isalnum() or c == "_")
    return name if name.isidentifier() else "object"


_KNOWN = {"OutOfMemoryError", "StdinNotImplementedError", "UsageError"} | {
    value.__name__
    for module in (builtins, collections, types, np, np.linalg, torch, torch.linalg, torch.nn, torch.optim)
    for value in vars(module).values()
    if isinstance(value, type)
}


def _known(name: object, otherwise: str) -> str:
    """The name of a class if a library has it. One that the submission made up could tell what it saw in a hidden case."""
    return str(name) if type(name) is str and name in _KNOWN and name.isidentifier() else otherwise


class Place(Protocol):
    """A device in a process of its own: tensors on it travel as its handles, and their values stay there."""

    def put(self, tensor: Tensor) -> int | None:
        """The handle of a tensor on the device; None when it has none."""

    def get(self, handle: int) -> Tensor:
        """The tensor with this handle. Raises `WireError` when there is none."""


class Objects(list[Any]):
    """The objects of a frame by their numbers. came: of each tensor that came by value, its dtype, shape and bytes."""

    def __init__(self, known: Iterable[Any] = ()) -> None:
        super().__init__(known)
        self.came: dict[int, tuple[torch.dtype, list[int], bytearray]] = {}

    def is_as_it_came(self, number: int) -> bool:
        """Whether this object is a tensor that nobody has changed."""
        value = self[number]
        if number not in self.came or value.device.type != "cpu":
            return False
        dtype, shape, data = self.came[number]
        return bool(value.dtype == dtype and list(value.shape) == shape and _bytes(value) == data)


def _bytes(value: Tensor) -> bytes:
    """The entries of a strided tensor, row by row."""
    plain = value.detach().cpu().resolve_conj().resolve_neg()
    return (plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain).numpy().tobytes()


class Encoder:
    """Turns values into JSON nodes and a blob. Objects are numbered in the order of their first occurrence."""

    def __init__(self, known: list[Any] | None = None, handles: list[Callable[..., Any]] | None = None, place: Place | None = None) -> None:
        self.place = place
        self.objects: list[Any] = list(known or [])
        self.index = {id(o): i for i, o in enumerate(self.objects)}
        self.handles = handles
        self.blobs: list[bytes] = []
        self.size = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise WireError("a value is nested too deeply")
        kind = type(value)
        if value is None or kind in (bool, str):
            return {"v": value}
        if kind is int:
            return {"v": value} if abs(value) < 1 << 63 else {"i": hex(value)}
        if kind is float:
            return {"f": value.hex()}
        if kind is complex:
            return {"j": [value.real.hex(), value.imag.hex()]}
        if kind is torch.dtype:
            return {"dtype": str(value).removeprefix("torch.")}
        if kind is torch.device:
            return {"device": str(value)}
        if isinstance(value, np.generic):
            return {"s": self._array(np.asarray(value))} if value.dtype.name in _ARRAY_DTYPES else self._opaque(value)
        if id(value) in self.index:
            return {"r": self.index[id(value)]}
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray):
            if value.dtype.name not in _ARRAY_DTYPES or value.ndim > MAX_RANK:
                return self._opaque(value)
            self._remember(value)
            return {"a": self._array(value)}
        if isinstance(value, tuple):
            return {"u": [self.encode(v, depth + 1) for v in value]}
        if isinstance(value, list):
            self._remember(value)
            return {"l": [self.encode(v, depth + 1) for v in value]}
        if isinstance(value, Mapping):
            self._remember(value)
            return {"d": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()]}
        if callable(value) and self.handles is not None:
            self.handles.append(value)
            return {"c": len(self.handles) - 1, "name": _identifier(getattr(value, "__name__", "function"))}
        return self._opaque(value)

    def _remember(self, value: Any) -> None:
        self.index[id(value)] = len(self.objects)
        self.objects.append(value)

    def _opaque(self, value: Any) -> Any:
        return {"o": _identifier(type(value).__name__)}

    def _tensor(self, value: Tensor) -> Any:
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in _DTYPES or value.layout is not torch.strided or value.dim() > MAX_RANK:
            return self._opaque(value)
        if value.device.type == "sim" and self.place is not None:
            if (handle := self.place.put(value)) is None:
                return self._opaque(value)
            self._remember(value)
            return {"h": [handle, value.requires_grad]}
        self._remember(value)
        return {"t": [dtype, list(value.shape), *self._put(_bytes(value)), str(value.device), value.requires_grad]}

    def _array(self, value: np.ndarray) -> list[Any]:
        return [value.dtype.name, list(value.shape), *self._put(np.ascontiguousarray(value).tobytes())]

    def _put(self, data: bytes) -> tuple[int, int]:
        start = self.size
        self.blobs.append(data)
        self.size += len(data)
        return start, len(data)


class Decoder:
    """Turns nodes back into values, after checking every claim in them. discreet: names that the submission made up are replaced."""

    def __init__(
        self,
        blob: bytes,
        known: list[Any] | None = None,
        callback: Callable[[int, str], Callable[..., Any]] | None = None,
        place: Place | None = None,
        discreet: bool = False,
    ) -> None:
        self.place = place
        self.discreet = discreet
        self.blob = blob
        self.objects = Objects(known or ())
        self.callback = callback
        self.nodes = 0
        self.unclaimed = len(blob)

    def decode(self, node: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH or type(node) is not dict:
            raise WireError("a value is too large, nested too deeply or malformed")
        if "name" in node and "c" in node:
            return self._callable(node)
        if len(node) != 1:
            raise WireError("a malformed value")
        ((kind, v),) = node.items()
        if kind not in _READERS:
            raise WireError("a value of an unknown kind")
        return _READERS[kind](self, v, depth)

    def _read_v(self, v: Any, depth: int) -> Any:
        if v is None or type(v) in (bool, str) or (type(v) is int and abs(v) < 1 << 63):
            return v
        raise WireError("a malformed value")

    def _read_i(self, v: Any, depth: int) -> int:
        if type(v) is not str or len(v) > 2_000:
            raise WireError("a malformed integer")
        try:
            return int(v, 16)
        except ValueError:
            raise WireError("a malformed integer") from None

    def _read_f(self, v: Any, depth: int) -> float:
        if type(v) is not str or len(v) > 64:
            raise WireError("a malformed number")
        try:
            return float.fromhex(v)
        except (ValueError, OverflowError):
            raise WireError("a malformed number") from None

    def _read_j(self, v: Any, depth: int) -> complex:
        if type(v) is not list or len(v) != 2:
            raise WireError("a malformed number")
        return complex(self._read_f(v[0], depth), self._read_f(v[1], depth))

    def _read_dtype(self, v: Any, depth: int) -> torch.dtype | Opaque:
        return _ALL_DTYPES.get(v, Opaque()) if type(v) is str else Opaque()

    def _read_device(self, v: Any, depth: int) -> torch.device:
        return self._device(v)

    def _device(self, v: Any) -> torch.device:
        try:
            return torch.device(v) if type(v) is str and len(v) < 32 else torch.device("cpu")
        except RuntimeError:
            raise WireError("an unknown device") from None

    def _read_o(self, v: Any, depth: int) -> Opaque:
        cls: type[Opaque] = type(_known(v, "object") if self.discreet else _identifier(v), (Opaque,), {})
        return cls()

    def _read_r(self, v: Any, depth: int) -> Any:
        if type(v) is not int or not 0 <= v < len(self.objects):
            raise WireError("a reference to an object that does not exist")
        return self.objects[v]

    def _read_t(self, v: Any, depth: int) -> Tensor:
        if type(v) is not list or len(v) != 6 or type(v[0]) is not str or v[0] not in _DTYPES or type(v[5]) is not bool:
            raise WireError("a malformed tensor")
        dtype = _DTYPES[v[0]]
        shape, data = self._take(v[1:4], dtype.itemsize)
        # A clone owns its storage: a tensor over a buffer could not be resized.
        value = torch.frombuffer(data, dtype=dtype).reshape(shape).clone() if data else torch.empty(shape, dtype=dtype)
        device = self._device(v[4])
        if device.type != "cpu":
            try:
                value = value.to(device)
            except (RuntimeError, AssertionError, NotImplementedError):
                raise WireError("a tensor on a device that is not there") from None
        if v[5] and (dtype.is_floating_point or dtype.is_complex):
            value.requires_grad_()
        self.objects.came[len(self.objects)] = dtype, shape, data
        self.objects.append(value)
        return value

    def _read_h(self, v: Any, depth: int) -> Tensor:
        if self.place is None or type(v) is not list or len(v) != 2 or type(v[0]) is not int or type(v[1]) is not bool:
            raise WireError("a tensor on the device that is not there")
        value = self.place.get(v[0])
        if v[1] and value.is_floating_point() and not value.requires_grad:
            value.requires_grad_()
        self.objects.append(value)
        return value

    def _read_a(self, v: Any, depth: int) -> np.ndarray:
        value = self._array(v)
        self.objects.append(value)
        return value

    def _read_s(self, v: Any, depth: int) -> Any:
        value = self._array(v)
        if value.ndim:
            raise WireError("a malformed number")
        return value[()]

    def _array(self, v: Any) -> np.ndarray:
        if type(v) is not list or len(v) != 4 or type(v[0]) is not str or v[0] not in _ARRAY_DTYPES:
            raise WireError("a malformed array")
        dtype = np.dtype(v[0])
        shape, data = self._take(v[1:4], dtype.itemsize)
        return np.frombuffer(data, dtype=dtype).reshape(shape)

    def _take(self, claim: list[Any], itemsize: int) -> tuple[list[int], bytearray]:
        shape, start, size = claim
        if type(shape) is not list or len(shape) > MAX_RANK:
            raise WireError("a malformed shape")
        expected = itemsize
        for n in shape:
            if type(n) is not int or not 0 <= n < 1 << 31:
                raise WireError("a malformed shape")
            expected *= n
        if type(start) is not int or type(size) is not int or size != expected or start < 0 or start + size > len(self.blob):
            raise WireError("a tensor's size does not match its bytes")
        self.unclaimed -= size
        if self.unclaimed < 0:
            raise WireError("two tensors claim the same bytes")  # else a small answer could ask for any amount of memory
        return shape, bytearray(memoryview(self.blob)[start : start + size])

    def _read_u(self, v: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.decode(n, depth + 1) for n in self._items(v))

    def _read_l(self, v: Any, depth: int) -> list[Any]:
        value: list[Any] = []
        self.objects.append(value)
        value.extend(self.decode(n, depth + 1) for n in self._items(v))
        return value

    def _read_d(self, v: Any, depth: int) -> dict[Any, Any]:
        value: dict[Any, Any] = {}
        self.objects.append(value)
        for pair in self._items(v):
            if type(pair) is not list or len(pair) != 2:
                raise WireError("a malformed dictionary")
            key = self.decode(pair[0], depth + 1)
            try:
                value[key] = self.decode(pair[1], depth + 1)
            except TypeError:
                raise WireError("a dictionary key that cannot be hashed") from None
        return value

    def _items(self, v: Any) -> list[Any]:
        if type(v) is not list or len(v) > MAX_NODES:
            raise WireError("a malformed container")
        return v

    def _callable(self, node: dict[str, Any]) -> Callable[..., Any]:
        if self.callback is None or type(node["c"]) is not int:
            raise WireError("a callable where none is allowed")
        return self.callback(node["c"], _identifier(node["name"]))


_READERS = {name.removeprefix("_read_"): read for name, read in vars(Decoder).items() if name.startswith("_read_")}


def encode_call(
    args: tuple[Any, ...], kwargs: dict[str, Any], handles: list[Callable[..., Any]], place: Place | None = None
) -> tuple[dict[str, Any], bytes, list[Any]]:
    """The header fields and blob of a call, and the argument objects that the callee may change or return."""
    encoder = Encoder(handles=handles, place=place)
    fields = {"args": encoder.encode(tuple(args)), "kwargs": [[k, encoder.encode(v)] for k, v in kwargs.items()]}
    return fields, b"".join(encoder.blobs), encoder.objects


def decode_call(
    header: dict[str, Any],
    blob: bytes,
    callback: Callable[[int, str], Callable[..., Any]] | None,
    place: Place | None = None,
    discreet: bool = False,
) -> tuple[tuple[Any, ...], dict[str, Any], Objects]:
    decoder = Decoder(blob, callback=callback, place=place, discreet=discreet)
    args = decoder.decode(header.get("args"))
    pairs = header.get("kwargs")
    if type(args) is not tuple or type(pairs) is not list or any(type(p) is not list or len(p) != 2 for p in pairs):
        raise WireError("a malformed call")
    kwargs = {str(k): decoder.decode(v) for k, v in pairs}
    return args, kwargs, decoder.objects


def encode_reply(result: Any, objects: Objects, place: Place | None = None) -> tuple[dict[str, Any], bytes]:
    """The result of a call, and the final state of each argument object that may have changed."""
    encoder = Encoder(known=objects, place=place)
    node = encoder.encode(result)
    finals = []
    for number, value in enumerate(objects):
        if objects.is_as_it_came(number):
            continue
        encoder.index.pop(id(value))
        final = encoder.encode(value)
        encoder.index[id(value)] = number
        finals.append([number, final])
    return {"result": node, "finals": finals}, b"".join(encoder.blobs)


def decode_reply(header: dict[str, Any], blob: bytes, objects: list[Any], place: Place | None = None, discreet: bool = False) -> Any:
    """The result of a call; argument objects that the callee changed are changed in place."""
    decoder = Decoder(blob, known=objects, place=place, discreet=discreet)
    result = decoder.decode(header.get("result"))
    finals = header.get("finals")
    if type(finals) is not list or len(finals) > len(objects):
        raise WireError("a malformed reply")
    for entry in finals:
        if type(entry) is not list or len(entry) != 2 or type(entry[0]) is not int or not 0 <= entry[0] < len(objects):
            raise WireError("a malformed reply")
        write_back(objects[entry[0]], decoder.decode(entry[1]))
    return result


def write_back(target: Any, final: Any) -> None:
    """Give an argument object the state that it has on the other side."""
    if isinstance(target, Tensor) and isinstance(final, Tensor):
        if target.device != final.device:
            raise WireError("an argument changed its device")
        with torch.no_grad():
            if target.shape == final.shape and target.dtype == final.dtype:
                if not torch.equal(target, final):
                    target.data.copy_(final)
            else:
                target.data = final.detach()
    elif isinstance(target, np.ndarray) and isinstance(final, np.ndarray):
        if target.shape == final.shape and target.flags.writeable:
            target[...] = final
    elif isinstance(target, list) and isinstance(final, list):
        target[:] = final
    elif isinstance(target, dict) and isinstance(final, dict):
        target.clear()
        target.update(final)
    elif type(target) is not type(final):
        raise WireError("an argument changed its kind")


class Channel:
    """Frames over a pair of pipes, with one deadline for each; none may be given where it is `blocking`.

    received, sent: the texts of the last headers.
    """

    def __init__(self, read: int, write: int, *, blocking: bool = False) -> None:
        self.read = read
        self.write = write
        self.received = self.sent = ""
        self._unread = bytearray()
        os.set_blocking(read, blocking)
        os.set_blocking(write, blocking)

    def send(self, header: dict[str, Any], blob: bytes = b"", deadline: float | None = None) -> None:
        """Raises `WireError` when the frame is over a cap, `TimedOut`, or `Closed`."""
        self.sent = _JSON.encode(header)
        if len(self.sent) > MAX_HEADER or len(blob) > MAX_BLOB:
            raise WireError("the value is too large to send")
        head = _PREFIX.pack(len(self.sent), len(blob)) + self.sent.encode()
        for whole in (head + blob,) if len(blob) < _CHUNK else (head, blob):  # in one piece, each frame wakes its reader once
            part = memoryview(whole)
            while part:
                try:
                    part = part[os.write(self.write, part) :]
                except BlockingIOError:
                    self._wait([], [self.write], deadline)
                except BrokenPipeError:
                    raise Closed("the process is gone") from None

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The next frame. Raises `WireError`, `TimedOut` or `Closed`."""
        header_size, blob_size = _PREFIX.unpack(self._exactly(_PREFIX.size, deadline))
        if header_size > MAX_HEADER or blob_size > MAX_BLOB:
            raise WireError("the answer is too large")
        text = self._exactly(header_size, deadline)
        blob = self._exactly(blob_size, deadline)
        try:
            self.received = text.decode()
            header = json.loads(self.received)
        except (ValueError, RecursionError):
            raise WireError("the answer is malformed") from None
        if type(header) is not dict:
            raise WireError("the answer is malformed")
        return header, blob

    def has_more(self, seconds: float) -> bool:
        """Whether something of the next frame is there, or comes within `seconds`."""
        return bool(self._unread or select.select([self.read], [], [], seconds)[0])

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        _in_time(deadline)  # also of what is here already: a sender may always have more
        while len(self._unread) < size:
            try:
                chunk = os.read(self.read, _CHUNK)
            except BlockingIOError:
                self._wait([self.read], [], deadline)
                continue
            if not chunk:
                raise Closed("the process ended")
            self._unread += chunk
            _in_time(deadline)
        data = bytes(memoryview(self._unread)[:size])
        del self._unread[:size]
        return data

    def _wait(self, reads: list[int], writes: list[int], deadline: float | None) -> None:
        _in_time(deadline)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = select.select(reads, writes, [], left)
        if not (ready[0] or ready[1]):
            raise TimedOut("no answer in time")

    def close(self) -> None:
        os.close(self.read)
        os.close(self.write)


def _in_time(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TimedOut("no answer in time")
