"""The decoder accepts what the encoder sends and refuses everything else before it allocates."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading import wire
from tests.grading.frames import Fuzzer


def round_trip(value: Any) -> Any:
    encoder = wire.Encoder()
    node = json.loads(json.dumps(encoder.encode(value)))
    return wire.Decoder(b"".join(encoder.blobs)).decode(node)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(plain)
@settings(max_examples=200, deadline=None)
def test_plain_values_come_back_equal(value: Any) -> None:
    assert round_trip(value) == value


def test_a_list_that_contains_itself_comes_back_so() -> None:
    value: list[Any] = [1]
    value.append(value)
    got = round_trip(value)
    assert got[0] == 1 and got[1] is got


def test_an_object_that_is_not_data_comes_back_opaque_with_its_types_name() -> None:
    class Optimizer:
        pass

    assert type(round_trip(Optimizer())).__name__ == "Optimizer"


BASE = torch.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    "value",
    [
        BASE.t(),
        BASE[:, 1:3],
        BASE[1].expand(2, 4),
        BASE[:0],
        torch.tensor(0.5, dtype=torch.bfloat16),
        BASE.to(torch.bfloat16)[:, 1],
        torch.complex(BASE, BASE + 1).conj(),
        torch.complex(BASE, BASE + 1).conj().imag,
        torch.tensor([True, False]),
        torch.tensor([float("nan"), -0.0, float("inf")], requires_grad=True),
    ],
    ids=["transposed", "columns", "expanded", "empty", "bfloat16", "bfloat16 column", "conjugate", "negated view", "bool", "not finite"],
)
def test_a_tensor_comes_back_with_its_entries_whatever_its_layout(value: torch.Tensor) -> None:
    got = round_trip(value)
    assert got.dtype == value.dtype and got.shape == value.shape and got.requires_grad == value.requires_grad
    assert torch.equal(got.isnan(), value.isnan()) and torch.equal(got.nan_to_num(), value.nan_to_num())
    assert torch.equal(got.signbit(), value.signbit()) if not value.is_complex() else True


def sent_back(change: Callable[[torch.Tensor], object]) -> list[int]:
    """The numbers of the arguments that come back from a call that does this to the first of two."""
    fields, blob, _ = wire.encode_call((torch.tensor([0.0, float("nan")]), torch.ones(2)), {}, [])
    args, _, objects = wire.decode_call(fields, blob, None)
    change(args[0])
    reply, _ = wire.encode_reply(None, objects)
    return [number for number, _ in reply["finals"]]


def test_an_argument_that_nobody_changed_is_not_sent_back() -> None:
    assert sent_back(lambda x: x + 1) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1),
        lambda x: x.neg_(),
        lambda x: x.resize_(3),
        lambda x: setattr(x, "data", x.double()),
        lambda x: setattr(x, "data", x.reshape(1, 2)),
    ],
    ids=["other values", "another sign of zero", "another size", "another dtype", "another shape"],
)
def test_an_argument_that_was_changed_is_sent_back(change: Callable[[torch.Tensor], object]) -> None:
    assert sent_back(change) == [0]


def test_a_change_is_not_undone_by_an_argument_that_shares_its_memory() -> None:
    whole = torch.zeros(2, 2)
    fields, blob, passed = wire.encode_call((whole, whole[0]), {}, [])
    args, _, objects = wire.decode_call(fields, blob, None)
    args[0].add_(1)
    wire.decode_reply(*wire.encode_reply(None, objects), passed)
    assert torch.equal(whole, torch.ones(2, 2))


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({"t": ["float32", [1 << 30, 1 << 30], 0, 4, "cpu", False]}, "a claim of an exbibyte"),
        ({"t": ["float32", [2], 0, 4, "cpu", False]}, "fewer bytes than the shape needs"),
        ({"t": ["float32", [1], 8, 4, "cpu", False]}, "bytes beyond the blob"),
        ({"t": ["float32", [-1], 0, 4, "cpu", False]}, "a negative size"),
        ({"t": ["object", [1], 0, 4, "cpu", False]}, "an unknown dtype"),
        ({"t": ["float32", [1] * 9, 0, 4, "cpu", False]}, "too many dimensions"),
        ({"t": ["float32", [1], 0, 4, "nowhere", False]}, "an unknown device"),
        ({"r": 0}, "a reference to nothing"),
        ({"r": True}, "a boolean for a number"),
        ({"c": 0, "name": "f"}, "a callable where none is allowed"),
        ({"v": 1.5}, "a bare float"),
        ({"v": [1]}, "a bare list"),
        ({"i": "9" * 10_000}, "an integer of ten thousand digits"),
        ({"d": [[{"l": []}, {"v": 1}]]}, "a key that cannot be hashed"),
        ({"x": 1}, "an unknown kind"),
        ({"v": 1, "f": "0x1p0"}, "two kinds at once"),
        ([], "no object at all"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_false_claim_is_refused(node: Any, why: str) -> None:
    with pytest.raises(wire.WireError):
        wire.Decoder(b"\0" * 8).decode(node)


def test_deep_nesting_is_refused() -> None:
    node: Any = {"v": 1}
    for _ in range(100):
        node = {"l": [node]}
    with pytest.raises(wire.WireError):
        wire.Decoder(b"").decode(node)


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.Decoder(b"").decode({"u": [{"u": [{"v": None}] * 40_000}, {"u": [{"v": None}] * 40_000}]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("vitalurdcfjso") | st.text(max_size=3), inner, max_size=3),
    max_leaves=30,
)


@given(json_values, st.binary(max_size=32))
@settings(max_examples=1500, deadline=None)
def test_any_json_is_decoded_or_refused(node: Any, blob: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        wire.Decoder(blob).decode(node)


class Pipe:
    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        other_read, other_write = os.pipe()
        self.channel = wire.Channel(self.read, other_write)
        self.rest = (other_read, self.write)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<IQ", 0xFFFFFFFF, 0),
        struct.pack("<IQ", 2, 1 << 60),
        struct.pack("<IQ", 4, 0) + b"nope",
        struct.pack("<IQ", 2, 0) + b"[]",
        struct.pack("<IQ", 200_000, 0) + b"[" * 200_000,
    ],
    ids=["huge header", "huge blob", "no json", "no object", "nested brackets"],
)
def test_a_malformed_frame_is_refused(data: bytes) -> None:
    pipe = Pipe()
    pid = os.fork()
    if pid == 0:
        os.write(pipe.write, data[: 1 << 16])
        for start in range(1 << 16, len(data), 1 << 16):
            os.write(pipe.write, data[start : start + (1 << 16)])
        os._exit(0)
    with pytest.raises(wire.WireError):
        pipe.channel.receive(time.monotonic() + 5)
    os.waitpid(pid, 0)


def test_one_deadline_holds_for_a_frame_that_drips() -> None:
    pipe = Pipe()
    pid = os.fork()
    if pid == 0:
        for byte in struct.pack("<IQ", 50, 0) + b" " * 50:
            os.write(pipe.write, bytes([byte]))
            time.sleep(0.2)
        os._exit(0)
    with pytest.raises(wire.TimedOut):
        pipe.channel.receive(time.monotonic() + 0.4)
    assert os.waitpid(pid, os.WNOHANG) == (0, 0), "the sender was waited for"
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def test_a_closed_pipe_says_so() -> None:
    pipe = Pipe()
    os.close(pipe.write)
    with pytest.raises(wire.Closed):
        pipe.channel.receive(time.monotonic() + 5)


@pytest.mark.parametrize("name", ["ValueError", "KeyError", "NotImplementedError", "ZeroDivisionError"])
def test_a_remote_exception_is_also_the_built_in_one(name: str) -> None:
    error = wire.remote_error(name, [name, "Exception"], "text")
    assert isinstance(error, __builtins__[name]) and error.kind == name  # type: ignore[index]


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "no such error", "__import__"])
def test_a_remote_exception_never_ends_the_examiner(name: str) -> None:
    error = wire.remote_error(name, [name, "BaseException"], "text")
    assert isinstance(error, Exception) and not isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit)


def test_a_tensor_subclass_arrives_as_plain_bytes() -> None:
    class AlwaysEqual(torch.Tensor):
        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return True

        __hash__ = torch.Tensor.__hash__

    got = round_trip(torch.ones(2).as_subclass(AlwaysEqual))
    assert type(got) is torch.Tensor


def test_changed_answers_are_decoded_or_refused_without_hanging_or_growing() -> None:
    fuzzer = Fuzzer(seed=4830)
    assert 0 < fuzzer.run(3_000) < 3_000
    fuzzer.close()


def test_tensors_that_claim_the_same_bytes_are_refused() -> None:
    claim = {"t": ["uint8", [8], 0, 8, "cpu", False]}
    with pytest.raises(wire.WireError, match="same bytes"):
        wire.Decoder(b"\0" * 8).decode({"u": [claim, claim]})


def test_a_sender_that_always_has_more_does_not_outlast_the_deadline() -> None:
    pipe = Pipe()
    frame = struct.pack("<IQ", 2, 0) + b"{}"
    os.write(pipe.write, frame * 100)
    deadline = time.monotonic() + 0.05
    pipe.channel.receive(deadline)  # and with it, all that the pipe holds
    time.sleep(0.1)
    with pytest.raises(wire.TimedOut):
        pipe.channel.receive(deadline)
