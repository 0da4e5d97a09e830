"""A kernel with Colab's package versions: ``python -m tests.student.colab [hw ...]`` runs the solution notebooks on it (`make compat`)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from rich.console import Console
from rich.table import Table

from autograder.content import load_course
from autograder.handin import SUBMIT
from tests.support import ROOT

HERE = Path(__file__).parent
WANTED = HERE / "colab-requirements.txt"
FAKE = HERE / "fake_colab"
TORCH = "torch==2.13.0"


def make_kernel() -> Path:
    """The folder of the environment, made once for each list of versions; its kernel is called colab (JUPYTER_PATH: its share/jupyter)."""
    place = ROOT / ".cache" / f"colab-{hashlib.sha256(WANTED.read_bytes() + sys.version.encode()).hexdigest()[:10]}"
    if not (place / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(place / "bin" / "pip"), "install", "-q", TORCH, "-r", str(WANTED)]
        subprocess.run(install, check=True, capture_output=True, timeout=1200)
        (place / "ready").touch()
    spec = place / "share" / "jupyter" / "kernels" / "colab"
    spec.mkdir(parents=True, exist_ok=True)
    launch = [str(place / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": launch, "display_name": "Colab", "language": "python"}))
    return place


def run_there(notebook: Path) -> tuple[int, list[str]]:
    """Run all cells but the last, with Colab's module present: how many ran, and the errors and failed checks."""
    work = nbformat.read(notebook, as_version=4)
    work.cells = [nbformat.v4.new_code_cell("import google.colab"), *(c for c in work.cells if f"{SUBMIT} " not in c.source)]
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        client = NotebookClient(work, timeout=900, kernel_name="colab", allow_errors=True, resources=where)
        client.execute(env={**os.environ, "PYTHONPATH": str(FAKE), "OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"})
    code = [c for c in work.cells if c.cell_type == "code"]
    problems = [
        f"{c.source.splitlines()[0][:50]}: {o.ename}: {o.evalue[:120]}" for c in code for o in c.outputs if o.output_type == "error"
    ]
    shown = [str(o.get("data", {}).get("text/plain", "")) for c in code for o in c.outputs]
    problems += [line.strip() for text in shown for line in text.splitlines() if line.startswith("  FAIL")]
    return len(code), problems


def main(names: list[str]) -> int:
    """Print one row per homework; 1 when a cell raised an error or a check failed."""
    console = Console(highlight=False)
    console.print(f"making a kernel with Colab's versions ({WANTED.name}) and {TORCH}, unless it is there")
    os.environ["JUPYTER_PATH"] = str(make_kernel() / "share" / "jupyter")
    table = Table(title=f"Solution notebooks on Colab's versions, Python {sys.version.split()[0]}", title_justify="left")
    for heading in ("notebook", "cells", "seconds", "verdict"):
        table.add_column(heading, overflow="fold")
    failed = False
    for name in names or load_course().assignments:
        notebook = ROOT / "release" / "solutions" / f"{name}.ipynb"
        if not notebook.exists():
            console.print(f"{notebook.relative_to(ROOT)} is missing: run make first.")
            return 2
        console.print(f"running {name}")
        started = time.monotonic()
        cells, problems = run_there(notebook)
        failed |= bool(problems)
        table.add_row(name, str(cells), f"{time.monotonic() - started:.0f}", "\n".join(problems) or "PASS")
    console.print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
