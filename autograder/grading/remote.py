"""The examiner's view of the submission: ``env["adam_step"](w, g)`` is a call into the student's process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from autograder import checks
from autograder.grading import wire
from autograder.grading.device import Device, DeviceError

MAX_KEPT = 1 << 20
"""Bytes of one call's callbacks that are kept for the diagnosis."""

PAUSE = 0.2
"""Seconds without an answer after which the examiner uses the time."""


class Lost(BaseException):
    """The student's process gives no answer. outcome: 'timed out', 'died', 'broke the protocol', or 'not called'.

    Not an `Exception`: a test case that expects one must not take this for an answer.
    """

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class _OnDevice:
    """The graded device as the examiner sees it: it puts inputs there and reads results by their handles, and neither is counted."""

    def __init__(self, graded: Device) -> None:
        self.graded = graded
        self.lent: list[int] = []

    def put(self, tensor: torch.Tensor) -> int:
        self.lent.append(self.graded.put(tensor.detach().cpu()))
        return self.lent[-1]

    def release(self) -> None:
        """After a call: forget the inputs that were put there for it."""
        if self.lent:
            lent, self.lent = self.lent, []
            self.graded.release(lent)

    def get(self, handle: int) -> torch.Tensor:
        try:
            return self.graded.get(handle).to("sim")
        except (LookupError, DeviceError) as error:
            raise wire.WireError(str(error)) from error


class Remote(Mapping[str, Any]):
    """The namespace of the submission, in another process.

    Its values are functions that call there; other names arrive as `wire.Opaque`, since a test may not depend on them. `discreet` is set
    while a hidden case runs: names of classes that the submission made up are replaced. `witness`, if any, is told every call. Functions
    that `given_up` names are not called. `asked` is the function or probe that was called last. `waiting` is called while an answer is
    long in coming.
    """

    def __init__(self, channel: wire.Channel, graded: Device | None = None) -> None:
        self.channel = channel
        self.graded = graded
        self.place = _OnDevice(graded) if graded else None
        self.deadline = 0.0
        self.seed = 0
        self.kinds: dict[str, str] = {}
        self.transcript: list[Call] = []
        self.device_was_used = False
        self.discreet = False
        self.witness: Callable[[str], None] | None = None
        self.given_up: Callable[[str], bool] = lambda name: False
        self.asked = ""
        self.notes: list[str] = []
        self.waiting: Callable[[], None] = lambda: None
        self._id = 0

    def close(self) -> None:
        """Close the pipes to the student's process and to its device."""
        self.channel.close()
        if self.graded is not None:
            self.graded.disconnect()

    def allow(self, seconds: float) -> None:
        """Everything until the next call of this must end within `seconds`."""
        self.deadline = time.monotonic() + seconds

    def load_probes(self, source: str) -> None:
        self._request({"do": "probes", "source": source})

    def run_cell(self, source: str) -> wire.RemoteError | None:
        """Run a cell; its error, if it raised one, with the line as attribute ``line``."""
        header, _, _ = self._request({"do": "cell", "source": source})
        if "error" not in header:
            return None
        error = _read_error(header)
        error.line = str(header.get("line", ""))[:20]  # type: ignore[attr-defined]
        return error

    def learn(self) -> None:
        """Ask which names the cells defined."""
        header, _, _ = self._request({"do": "names"})
        kinds = header.get("names")
        if type(kinds) is dict and len(kinds) < wire.MAX_NODES:
            self.kinds = {n: str(k)[:60] for n, k in kinds.items()}

    def __getitem__(self, name: str) -> Any:
        if name not in self.kinds:
            raise KeyError(name)
        if self.kinds[name] != "callable":
            return wire.Decoder(b"").decode({"o": self.kinds[name]})

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, False, args, kwargs)

        call.__name__ = name
        return call

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    @contextmanager
    def counting(self, capacity: int | None = None) -> Iterator[Any]:
        """The counts of the graded device over the calls inside; see `checks.counting`."""
        if self.graded is None:
            raise RuntimeError("this homework's tests name no device, so none was started")
        counts = checks.Counts()
        self._request({"do": "flush"})  # what earlier calls released must not be counted as alive
        self.graded.open(capacity)
        try:
            yield counts
            self._request({"do": "flush"})
        finally:
            try:
                counts.fill(self.graded.close())
            except DeviceError as error:
                raise Lost("died", f"the device ended: {error}") from error

    def note(self, text: str) -> None:
        """A word from a test case to the staff: it goes to the log, changes no verdict, and students never see it."""
        self.notes.append(text[:4_000])

    def probe(self, name: str, *data: Any) -> Any:
        return self._call(name, True, data, {})

    def _call(self, name: str, probe: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.asked = name
        if self.given_up(name):
            raise Lost("not called", "")
        if self.witness is None:
            return self._ask(name, probe, args, kwargs)
        self.witness(f"{name}({', '.join([*map(repr, args), *(f'{k}={v!r}' for k, v in kwargs.items())])})")
        try:
            result = self._ask(name, probe, args, kwargs)
        except BaseException as error:
            self.witness(f"  raised {getattr(error, 'kind', type(error).__name__)}: {error}")
            raise
        self.witness(f"  returned {result!r}")
        return result

    def _ask(self, name: str, probe: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        handles: list[Callable[..., Any]] = []
        fields, blob, objects = wire.encode_call(args, kwargs, handles, self.place)
        call = Call(name, probe, fields, blob, self.seed, handles)
        on_device = self.place is not None and (
            bool(self.place.lent) or any(a.partition(":")[0] == "sim" for a in args if isinstance(a, str))
        )
        if on_device:
            self.device_was_used = True  # what happens on the device cannot be asked again
        else:
            self.transcript.append(call)
        asked = {"do": "call", "name": name, "probe": probe, "seed": self.seed, "on_device": on_device}
        header, data, _ = self._request({**asked, **fields}, blob, call)
        call.answer, call.data = header, data
        call.size = len(blob) + len(data) + len(self.channel.received)
        try:
            if "error" in header:
                raise _read_error(header, self.discreet)
            return wire.decode_reply(header, data, objects, self.place, self.discreet)
        except wire.WireError as error:
            raise Lost("broke the protocol", f"the answer could not be read: {error}") from error
        finally:
            if self.place is not None:
                self.place.release()

    def _request(self, header: dict[str, Any], blob: bytes = b"", call: Call | None = None) -> tuple[dict[str, Any], bytes, int]:
        self._id += 1
        try:
            self.channel.send({"id": self._id, **header}, blob, self.deadline)
            while True:
                if not self.channel.has_more(PAUSE):
                    self.waiting()
                answer, data = self.channel.receive(self.deadline)
                if type(answer.get("id")) is not int or answer["id"] != self._id:
                    raise wire.WireError("an answer to another request")
                if "callback" not in answer:
                    return answer, data, self._id
                self._answer_callback(answer, data, call)
        except wire.TimedOut as error:
            raise Lost("timed out", "no answer in time") from error
        except wire.Closed as error:
            raise Lost("died", "the process ended") from error
        except wire.WireError as error:
            raise Lost("broke the protocol", str(error)) from error

    def _answer_callback(self, header: dict[str, Any], data: bytes, call: Call | None) -> None:
        number = header["callback"]
        if call is None or type(number) is not int or not 0 <= number < len(call.handles):
            raise wire.WireError("a callback that does not exist")
        args, kwargs, objects = wire.decode_call(header, data, None, self.place, self.discreet)
        try:
            fields, blob = wire.encode_reply(call.handles[number](*args, **kwargs), objects, self.place)
        except wire.WireError:
            raise
        except Exception as error:
            bases = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
            fields, blob = {"error": [type(error).__name__, bases, str(error)[: wire.MAX_TEXT]]}, b""
        asked = self.channel.received
        self.channel.send(fields, blob, self.deadline)
        call.keep(asked, data, self.channel.sent, blob)


class Call:
    """One call and its answer, kept so that a fault can be asked the same. size: its bytes without those of callbacks."""

    def __init__(self, name: str, probe: bool, fields: dict[str, Any], blob: bytes, seed: int, handles: list[Callable[..., Any]]) -> None:
        self.name = name
        self.probe = probe
        self.fields = fields
        self.blob = blob
        self.seed = seed
        self.handles = handles
        self.answer: dict[str, Any] | None = None
        self.data = b""
        self.size = len(blob)
        self.callbacks: list[tuple[str, bytes, str, bytes]] | None = []
        self._kept = 0

    def keep(self, asked: str, data: bytes, reply: str, blob: bytes) -> None:
        """Note a callback and its reply, headers as JSON; with more than `MAX_KEPT` bytes of them, none (callbacks is None)."""
        if self.callbacks is not None:
            entry = asked, data, reply, blob
            self._kept += sum(map(len, entry))
            if self._kept <= MAX_KEPT:
                self.callbacks.append(entry)
            else:
                self.callbacks = None


def _read_error(header: dict[str, Any], discreet: bool = False) -> wire.RemoteError:
    claim = header.get("error")
    if type(claim) is not list or len(claim) != 3 or type(claim[1]) is not list:
        raise Lost("broke the protocol", "a malformed error")
    return wire.remote_error(str(claim[0]), [str(b) for b in claim[1][:20]], str(claim[2]), discreet=discreet)
