"""What is random in the tests, at length: ``python -m tests.grading.soak [--frames N] [--kills N]``. Any failure ends it with its seed."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from autograder.progress import Bars
from tests.grading.frames import Fuzzer
from tests.grading.killing import kill_one
from tests.support import DESCEND, MEAN

BATCH = 10_000
GROWTH = 64 << 20
"""Bytes that a million frames may add to the memory of the process; a leak of a hundred bytes a frame would add more."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}")
    with Bars(Console()) as bars:
        frames(options.seed, options.frames, bars)
        kills(options.seed, options.kills, bars)
    return 0


def frames(seed: int, number: int, bars: Bars) -> None:
    """Raises when a frame is neither decoded nor refused, or when memory grows."""
    step = bars.start(f"batches of {BATCH} hostile frames", -(-number // BATCH))
    accepted, before = 0, 0
    for start in range(0, number, BATCH):
        fuzzer = Fuzzer(seed + start)
        accepted += fuzzer.run(min(BATCH, number - start))
        fuzzer.close()
        before = before or resident()
        step()
    growth = resident() - before
    bars.on.print(f"{number} frames, {accepted} accepted; memory grew by {growth / 2**20:.1f} MiB")
    if growth > GROWTH:
        raise MemoryError(f"the decoder's process grew by {growth / 2**20:.0f} MiB")


def kills(seed: int, number: int, bars: Bars) -> None:
    """Raises when a killed grader leaves no valid results."""
    step = bars.start("killed graders", number)
    chance, verdicts = random.Random(seed), []
    slow = MEAN.replace("    return", "    import time; time.sleep(0.1)\n    return")
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in ("import torch", slow, DESCEND)]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "work.ipynb")
        work.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        for kill in range(number):
            verdicts.append(kill_one(work, Path(folder, f"{kill}.json"), chance.uniform(0, 4), judging=kill % 2 == 1))
            step()
    bars.on.print(f"{number} graders killed, all results valid; cases judged before: {sorted(verdicts)}")


def resident() -> int:
    """Bytes of this process in memory."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) << 10


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
