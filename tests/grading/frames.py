"""Hostile answers for the examiner's decoder: well-formed ones, changed at random places."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import struct
import time
from typing import Any

import torch

from autograder.grading import wire

JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    7,
    1 << 31,
    1 << 64,
    10**400,
    0.5,
    float("nan"),
    "",
    "cpu",
    "cuda:0",
    "meta",
    "float64",
    "nan",
    "\ud800",
    [],
    {},
]
KINDS = ["v", "i", "f", "j", "dtype", "device", "s", "r", "t", "a", "u", "l", "d", "c", "o", "h", "name", "result", "finals", "args", "x"]


def originals() -> list[tuple[dict[str, Any], bytes]]:
    """Answers as an honest process sends them."""
    tensor = torch.arange(6, dtype=torch.float64).reshape(2, 3)
    values = [
        tensor,
        [tensor, tensor],
        {"w": tensor.float(), 3: (1, 2.5, None)},
        1 << 70,
        2 + 3j,
        torch.float32,
        tensor.numpy(),
        object(),
        "é",
    ]
    return [wire.encode_reply(value, wire.Objects([tensor.clone()])) for value in values]


class Fuzzer:
    """Sends changed answers through a pipe into the decoder. seed: repeats a run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.originals = originals()
        self.read, self.write = os.pipe()
        self.channel = wire.Channel(self.read, os.dup(self.write))

    def run(self, frames: int) -> int:
        """Decode this many; returns how many were accepted. Anything but a value or a `WireError` ends it."""
        accepted = 0
        for _ in range(frames):
            os.write(self.write, self._frame())
            with contextlib.suppress(wire.WireError):
                header, blob = self.channel.receive(time.monotonic() + 2)
                wire.decode_reply(header, blob, [torch.zeros(2, 3, dtype=torch.float64)], discreet=self.random.random() < 0.5)
                accepted += 1
            self._drain()
        return accepted

    def close(self) -> None:
        self.channel.close()
        os.close(self.write)

    def _frame(self) -> bytes:
        header, blob = copy.deepcopy(self.random.choice(self.originals))
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 4))):
            self._change(header)
        text = bytearray(json.dumps(header).encode("utf-8", "replace"))
        for _ in range(self.random.choice((0,) * 9 + (3,))):
            text[self.random.randrange(len(text))] = self.random.randrange(256)
        blob = blob[: 8 if self._rarely() else None]
        sizes = (1 << 31 if self._rarely() else len(text), 1 << 60 if self._rarely() else len(blob))
        return struct.pack("<IQ", *sizes) + text + blob

    def _rarely(self) -> bool:
        return self.random.random() < 0.05

    def _change(self, node: Any) -> None:
        """Put junk or another part of the answer in one random place below `node`."""
        while isinstance(node, list | dict) and node:
            key = self.random.choice(list(node)) if isinstance(node, dict) else self.random.randrange(len(node))
            if not isinstance(node[key], list | dict) or not node[key] or self.random.random() < 0.2:
                new = self.random.choice(
                    [*JUNK, {self.random.choice(KINDS): self.random.choice(JUNK)}, copy.deepcopy(node[key]), [node[key]] * 3]
                )
                if isinstance(node, dict) and self.random.random() < 0.3:
                    node[self.random.choice(KINDS)] = node.pop(key)
                else:
                    node[key] = new
                return
            node = node[key]

    def _drain(self) -> None:
        """Forget what a refused frame left, in the pipe and read ahead: grading ends the process that sent it."""
        self.channel = wire.Channel(self.read, self.channel.write)
        with contextlib.suppress(BlockingIOError):
            os.read(self.read, 1 << 20)
