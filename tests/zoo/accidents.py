"""What honest students hand in by accident. Each entry is the upload, which cases must still pass, and what the student must be told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.support import DESCEND, MEAN

TORCH = "import torch"
ALL = "1.1 1.2 1.3 2.1 2.2"
MEAN_ALONE, DESCEND_ALONE = "1.1 1.2 1.3", "2.1 2.2"


@dataclass(frozen=True)
class Accident:
    """data: the bytes of the upload. keeps: cases that must pass, and no others. says: words that a student must find in the results."""

    data: bytes
    keeps: str
    says: str = ""


def work(*cells: str, keeps: str = ALL, says: str = "", **extra: Any) -> Accident:
    """A notebook of these code cells. extra: other fields of the file."""
    code = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells]
    notebook = {"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **extra}
    return Accident(json.dumps(notebook).encode(), keeps, says)


def with_mean(body: str, keeps: str = DESCEND_ALONE, says: str = "") -> Accident:
    """A right `descend`, and a `mean` with this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return work(TORCH, f"def mean(x):\n{lines}", DESCEND, keeps=keeps, says=says)


def with_cell(cell: str, keeps: str = ALL, says: str = "") -> Accident:
    """Right work, and one more cell before it."""
    return work(TORCH, cell, MEAN, DESCEND, keeps=keeps, says=says)


REFUSES_EMPTY = "if x.numel() == 0:\n    raise ValueError('x is empty')\n"
COLAB = {
    "colab": {"provenance": [], "toc_visible": True},
    "kernelspec": {"name": "python3", "display_name": "Python 3"},
    "accelerator": "GPU",
}

ACCIDENTS: dict[str, Accident] = {
    # The file.
    "right_work": work(TORCH, MEAN, DESCEND),
    "empty_file": Accident(b"", "", "Download it again"),
    "empty_notebook": work(keeps="", says="no code to run"),
    "invalid_json": Accident(b"{'cells': []}", "", "Download it again"),
    "truncated_file": Accident(b'{"cells": [{"cell_type": "code", "sou', "", "Download it again"),
    "latin_1": Accident('{"cells": [{"source": "café"}]}'.encode("latin-1"), "", "not UTF-8"),
    "format_3": Accident(b'{"worksheets": [{"cells": []}], "nbformat": 3}', "", "not a notebook of format 4"),
    "nested_brackets": Accident(b"[" * 100_000, "", "not valid JSON"),
    "another_homework": work(
        "# setup: hw2_other\nimport handin", TORCH, "def sgd(x):\n    return x", keeps="", says="the notebook of hw2_other"
    ),
    "r_kernel": work("x <- c(1, 3)", keeps="", says="for R, not Python", metadata={"kernelspec": {"name": "ir", "language": "R"}}),
    "no_metadata": Accident(json.dumps({"cells": [{"cell_type": "code", "source": [s]} for s in (TORCH, MEAN, DESCEND)]}).encode(), ALL),
    "colab_metadata": work(TORCH, MEAN, DESCEND, metadata=COLAB),
    "odd_cells": Accident(
        json.dumps(
            {
                "cells": [None, 3, {"cell_type": "code"}, {"cell_type": "code", "source": 7}]
                + [{"cell_type": "code", "source": s} for s in (TORCH, MEAN, DESCEND)]
            }
        ).encode(),
        ALL,
    ),
    # The cells.
    "duplicated_cell": work(TORCH, MEAN, DESCEND, MEAN.replace("/ x.numel()", ""), keeps="1.2 2.1 2.2", says="the last one counts"),
    "deleted_cell": work(TORCH, MEAN, keeps=MEAN_ALONE, says="Not defined: `descend`"),
    "deleted_import": work(
        MEAN, "def descend(w, g, lr):\n    with torch.no_grad():\n        w -= lr * g\n    return w", keeps="1.1 1.2 1.3"
    ),
    "reordered_cells": work(TORCH, "start = mean(torch.ones(2))", DESCEND, MEAN, says="define or import the name"),
    "split_function": work(
        TORCH, "def mean(x):", "    return x.sum() / x.numel()", DESCEND, keeps=DESCEND_ALONE, says="Python cannot read"
    ),
    "syntax_error": with_cell("print('three'", says="Repair the line"),
    "bad_indentation": with_cell("x = 1\n  y = 2", says="indentation"),
    "error_in_a_cell": with_cell("1 / 0", says="ZeroDivisionError: division by zero"),
    "input_in_a_cell": with_cell("name = input('Your name: ')", says="Nobody can answer input()"),
    "exit_in_a_cell": with_cell("import sys\nsys.exit()", says="Remove the call of exit()"),
    "interrupt_in_a_cell": with_cell("raise KeyboardInterrupt", says="Remove the line"),
    "hard_exit_in_a_cell": with_cell("import os\nos._exit(0)", says="ended the process"),
    "endless_cell": with_cell("while True:\n    pass", says="`# experiment`"),
    "a_million_lines": with_cell("print('a line\\n' * 1_000_000)"),
    "pip_install": with_cell("!pip install torch-optimizer\n%pip install einops"),
    "magics": work("%matplotlib inline\n%load_ext autoreload\n" + TORCH, f"%%time\n{MEAN}", f"%%capture\n{DESCEND}"),
    "unknown_magic": with_cell("%%writefil solution.py\nx = 1", says="magic"),
    "colab_import": with_cell("from google.colab import files\nfiles.upload()", says="Colab"),
    "drive_mount": with_cell("from google.colab import drive\ndrive.mount('/content/drive')", says="Colab"),
    "missing_package": with_cell("import tensorflow", says="no such module"),
    "missing_file": with_cell("data = open('data.csv').read()", says="none of the files beside it"),
    "download": with_cell("import urllib.request\nurllib.request.urlopen('http://example.org')", says="no network"),
    "matplotlib_window": with_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.pause(0.01)"),
    "warnings": with_cell("import sys, warnings\nwarnings.warn('careful')\nsys.stderr.write('oh\\n')"),
    "check_cells": work(
        TORCH + ", otter\ngrader = otter.Notebook()", MEAN, "grader.check('q1')", DESCEND, "grader.check_all()\ngrader.export()"
    ),
    # The answers.
    "missing_name": work(TORCH, MEAN.replace("def mean", "def average"), DESCEND, keeps=DESCEND_ALONE, says="Not defined: `mean`"),
    "not_a_function": work(TORCH, "mean = 2", DESCEND, keeps=DESCEND_ALONE, says="mean must be a function"),
    "stub": work(TORCH, "def mean(x):\n    raise NotImplementedError('mean')", DESCEND, keeps=DESCEND_ALONE, says="not attempted yet"),
    "wrong_arity": work(TORCH, "def mean():\n    return 2", DESCEND, keeps=DESCEND_ALONE, says="takes 0 positional arguments"),
    "none": with_mean("x.sum() / x.numel()", says="it is None"),
    "nan": with_mean(REFUSES_EMPTY + "return x.sum() * float('nan')", keeps="1.2 2.1 2.2", says="infinite or NaN"),
    "float32": with_mean(REFUSES_EMPTY + "return x.float().mean()", keeps="1.2 2.1 2.2", says="float32; expected float64"),
    "numpy": with_mean(REFUSES_EMPTY + "return x.numpy().mean()", keeps="1.2 2.1 2.2", says="must be a tensor; it is float64"),
    "python_list": with_mean(REFUSES_EMPTY + "return [float(x.mean())]", keeps="1.2 2.1 2.2", says="must be a tensor; it is list"),
    "requires_grad": with_mean(REFUSES_EMPTY + "return x.mean().requires_grad_()", keeps=ALL),
    "input_changed": with_mean(REFUSES_EMPTY + "x -= 1\nreturn x.mean()", keeps="1.2 2.1 2.2", says="differs from the value"),
    "global_state": work(
        TORCH,
        "calls = 0\ndef mean(x):\n    global calls\n    calls += 1\n    return x.mean() * (calls == 1)",
        DESCEND,
        keeps="1.1 2.1 2.2",
        says="compare mean(x) with mean(x + 10)",
    ),
    "input_in_a_function": with_mean("return float(input())", says="Nobody can answer input()"),
    "exit_in_a_function": with_mean("import sys\nsys.exit()", says="Remove the call of exit()"),
    "interrupt_in_a_function": with_mean("raise KeyboardInterrupt", says="mean raised KeyboardInterrupt"),
    "hard_exit_in_a_function": with_mean("import os\nos._exit(1)", says="ended the process"),
    "segmentation_fault": with_mean("import ctypes\nctypes.string_at(0)", says="ended the process"),
    "endless_function": with_mean("while True:\n    pass", says="Look for a loop that does not end"),
    "endless_recursion": with_mean("return mean(x)", says="calls itself without end"),
    "memory": with_mean("return torch.ones(1 << 36).sum()", says="make its tensors smaller"),
    "disk": with_mean("with open('log', 'w') as file:\n    while True:\n        file.write(str(x) * 1000)", says="at most 16 MiB"),
    "threads": with_mean(
        "from threading import Thread\nimport time\nfor i in range(500):\n    Thread(target=time.sleep, args=[5]).start()",
        says="more threads than grading allows",
    ),
    "processes": with_mean("import os\nwhile True:\n    os.fork()", says="neither start programs"),
    "print_in_a_function": with_mean(REFUSES_EMPTY + "print(x)\nreturn x.mean()", keeps=ALL),
    # What is left switched on.
    "seed_set": with_cell("torch.manual_seed(0)\nimport numpy, random\nnumpy.random.seed(0)\nrandom.seed(0)"),
    "default_dtype": with_cell("torch.set_default_dtype(torch.float64)"),
    "default_device": with_cell("torch.set_default_device('meta')"),
    "no_grad": with_cell("torch.set_grad_enabled(False)"),
    "anomaly_mode": with_cell("torch.autograd.set_detect_anomaly(True)"),
    "backward_in_a_cell": with_cell("w = torch.ones(3, requires_grad=True)\n(w * w).sum().backward()"),
}
