"""Set up an environment: ``python autograder/bootstrap.py VENV [--requirements FILE | --extras EXTRA ...]``. Standard library alone.

torch is installed by pip, so that the user's own pip configuration is honored: a torch in the environment that satisfies the pin first,
then the CPU build where an index offers one, else what the index has; and when that would bring gigabytes of CUDA packages to a machine
without an NVIDIA GPU, it stops and says the remedy.
Every step has a time limit; any failure ends with a message and a non-zero exit.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of CPU builds; TORCH_CPU_INDEX names another."""

ALLOW_CUDA = "AUTOGRADER_ALLOW_CUDA_DOWNLOAD"
SECONDS = 1800
TICK = 0.5

TOO_LARGE = f"""\
torch here would come with NVIDIA's CUDA packages: a download of about 2.5 GB, 5 GB on disk.
This machine has no NVIDIA GPU, so nothing was installed.
Remedies:
  - install a CPU build yourself, then run make again:  {{python}} -m pip install --index-url <an index of CPU builds> {{pin}}
  - name an index of CPU builds:                         export TORCH_CPU_INDEX=<address>
  - go on with the CUDA packages:                        export {ALLOW_CUDA}=1"""


class Stop(Exception):
    """Setting up cannot go on; the message says why and what to do."""


def say(text: str) -> None:
    print(f"[setup] {text}", flush=True)


def run(command: list[str], what: str) -> None:
    """Run a step and say how it goes on. Raises `Stop` with the last lines of its output when it fails or takes too long."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said: list[str] = []

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    started = time.monotonic()
    ticker = Ticker(what)
    while process.poll() is None:
        if time.monotonic() - started > SECONDS:
            process.kill()
            raise Stop(f"{what} did not finish within {SECONDS} s. Check the network and run it again.")
        time.sleep(TICK)
        ticker.show(said, time.monotonic() - started)
    reader.join(timeout=5)
    ticker.show(said, time.monotonic() - started)
    ticker.clear()
    if process.returncode:
        raise Stop(f"{what} failed:\n{''.join(said[-12:])}")


class Ticker:
    """What pip is at: on a terminal one line that is rewritten, in a log one line for each package and in long silences."""

    ITEM = re.compile(r"\s*(Collecting|Processing|Downloading|Building) .*")
    LAST = "Installing collected packages: "
    SILENCE = 10.0

    def __init__(self, what: str) -> None:
        self.what = what
        self.seen = 0
        self.found = 0
        self.latest = ""
        self.spoke = 0.0

    def show(self, said: list[str], seconds: float) -> None:
        for line in said[self.seen :]:
            self.seen += 1
            if item := self.ITEM.match(line):
                self.found += item.group(1) in ("Collecting", "Processing")
                self._tell(item.group().strip()[:160], seconds)
            elif line.startswith(self.LAST):
                self._tell(f"Installing packages: {line.count(',') + 1}", seconds)
        if sys.stdout.isatty():
            told = f"[setup] {self.what}: {seconds:.0f} s, {self.found} packages found. {self.latest}"
            print(f"\r{told[: shutil.get_terminal_size().columns - 1]}\033[K", end="", flush=True)
        elif seconds - self.spoke > self.SILENCE:
            self._tell(f"{self.what}: {seconds:.0f} s", seconds)

    def _tell(self, item: str, seconds: float) -> None:
        self.latest, self.spoke = item, seconds
        if not sys.stdout.isatty():
            say(f"  {item}")

    def clear(self) -> None:
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)


def pins(root: Path, extras: list[str]) -> list[str]:
    import tomllib  # an older Python must get as far as the message that it is too old

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted: list[str] = project["dependencies"] + [pin for extra in extras for pin in project["optional-dependencies"][extra]]
    return wanted


def has_torch(python: str, pin: str) -> bool:
    """Whether the environment's torch is the pinned version, whatever its build."""
    check = "import importlib.metadata as m; print(m.version('torch'))"
    found = subprocess.run([python, "-c", check], capture_output=True, text=True).stdout.strip()
    return found.split("+")[0] == pin.partition("==")[2]


def has_nvidia_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def would_bring_cuda(python: str, pin: str, *options: str) -> bool:
    """Ask pip, without installing: does resolving `pin` bring NVIDIA packages? Raises `Stop` when it cannot be resolved."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [python, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--report", str(report), *options, pin]
        run(command, f"asking the package index for {pin}")
        packages = json.loads(report.read_text(encoding="utf-8"))["install"]
    return any(p["metadata"]["name"].startswith(("nvidia-", "nvidia_", "triton")) for p in packages)


def install_torch(python: str, pin: str) -> None:
    if has_torch(python, pin):
        return
    options: list[str] = []
    if not has_nvidia_gpu() and not os.environ.get(ALLOW_CUDA) and would_bring_cuda(python, pin):
        index = os.environ.get("TORCH_CPU_INDEX", CPU_INDEX)
        options = ["--extra-index-url", index, "--retries", "1", "--timeout", "20"]
        say(f"the package index has only the CUDA build of torch; looking for a CPU build at {index}")
        try:
            no_cpu_build = would_bring_cuda(python, pin, *options)
        except Stop:
            no_cpu_build = True
        if no_cpu_build:
            raise Stop(TOO_LARGE.format(python=python, pin=pin))
    say(f"installing {pin}")
    run([*_pip(python), *options, pin], f"installing {pin}")


def _pip(python: str) -> list[str]:
    return [python, "-m", "pip", "install", "--progress-bar", "off"]


def set_up(place: Path, requirements: list[str], editable: Path | None) -> None:
    """An environment at `place` with all of `requirements`, and the project itself in place when `editable` is its folder."""
    python = str(place / "bin" / "python")
    if not Path(python).exists():
        say(f"making an environment in {place} with Python {sys.version.split()[0]}")
        venv.create(place, with_pip=True)
    torch = next(r for r in requirements if r.startswith("torch=="))
    install_torch(python, torch)
    rest = [r for r in requirements if r != torch]
    say(f"installing {len(rest)} packages and what they need (the first time takes some minutes)")
    run([*_pip(python), torch, *rest], "installing the packages")
    if editable is not None:
        run([*_pip(python), "--no-deps", "-e", str(editable)], "installing the project")
    run([python, "-c", "import torch; torch.ones(1)"], "importing torch")
    say("the environment is ready")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("place", type=Path, help="folder of the environment")
    parser.add_argument("--requirements", type=Path, help="a file of pinned requirements (for the Gradescope image)")
    parser.add_argument(
        "--extras", nargs="*", default=[], help="optional dependencies of pyproject.toml to install, with the project itself"
    )
    options = parser.parse_args()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        print(
            f"[setup] Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}. Name another: make PYTHON=python3.12",
            file=sys.stderr,
        )
        return 2
    root = Path(__file__).resolve().parent.parent
    try:
        if options.requirements:
            lines = options.requirements.read_text(encoding="utf-8").splitlines()
            set_up(options.place, [line.strip() for line in lines if line.strip() and not line.startswith("#")], None)
        else:
            set_up(options.place, pins(root, options.extras), root)
    except Stop as stop:
        print(f"[setup] {stop}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
