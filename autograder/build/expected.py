"""Expected outputs: what each experiment prints and draws with the reference. Made again only when their inputs change.

A lock holds the hash of the inputs: floats and PNG bytes differ between machines, so freshness compares the lock, never the bytes.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.content import Assignment, ContentError
from autograder.handin import EXPERIMENT, SETUP, SUBMIT, SURVEY
from autograder.progress import Progress

TIMEOUT = 300

_STYLE = """\
import matplotlib as _mpl
_mpl.rcParams.update({"figure.dpi": 72, "savefig.dpi": 72, "figure.figsize": (7.0, 4.2), "savefig.bbox": "tight"})
"""


@dataclass(frozen=True)
class Expected:
    """The outputs of one homework's experiments, on disk below `folder`: slug.txt, slug-1.png, ..."""

    folder: Path

    @property
    def lock(self) -> str:
        path = self.folder / "lock.json"
        return str(json.loads(path.read_text(encoding="utf-8"))["inputs"]) if path.exists() else ""

    def markdown(self, slug: str) -> str:
        """A collapsed panel with the experiment's printed text and pictures, or '' when it has no output."""
        text = self.folder / f"{slug}.txt"
        said = text.read_text(encoding="utf-8").strip() if text.exists() else ""
        pictures = sorted(self.folder.glob(f"{slug}-*.png"))
        if not said and not pictures:
            return ""
        alternative = re.sub(r"[\[\]\"<>\n]", " ", said.splitlines()[-1] if said else f"picture of the experiment {slug}")
        parts = ["<details><summary>What the reference gives here</summary>", ""]
        for picture in pictures:
            data = base64.b64encode(picture.read_bytes()).decode()
            parts += [f'<img alt="{alternative}" src="data:image/png;base64,{data}">', ""]
        if said:
            parts += ["```text", said, "```", ""]
        return "\n".join([*parts, "</details>"])


def inputs_hash(notebook: nbformat.NotebookNode) -> str:
    """The hash of everything that the experiments' outputs depend on: the solution's code."""
    marks = tuple(f"{mark} " for mark in (SETUP, SURVEY, SUBMIT))
    code = [c.source for c in notebook.cells if c.cell_type == "code" and not any(mark in c.source for mark in marks)]
    return hashlib.sha256("\0".join([_STYLE, *code]).encode()).hexdigest()


def execute(notebook: nbformat.NotebookNode, name: str, progress: Progress | None = None) -> nbformat.NotebookNode:
    """Run a copy of the notebook in a kernel of its own, in an empty folder. Raises `ContentError` with the failing cell."""
    ran = copy.deepcopy(notebook)
    ran.cells.insert(0, nbformat.v4.new_code_cell("%matplotlib inline\n" + _STYLE))
    ran.cells = [c for c in ran.cells if not (c.cell_type == "code" and f"{SUBMIT} " in c.source)]
    folder = tempfile.mkdtemp(prefix="autograder-run-")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    quiet = ["--IPKernelApp.log_level=40"]
    code = [c for c in ran.cells if c.cell_type == "code" and c.source.strip()]
    step = progress.start(f"{name}: running the solution notebook", len(code)) if progress else None
    client = NotebookClient(ran, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": folder}}, extra_arguments=quiet)
    client.on_cell_complete = None if step is None else lambda cell, cell_index: step()
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise ContentError(f"{name}: a cell of the solution notebook failed.\n{_plain(str(error))[-1500:]}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    del ran.cells[0]
    for cell in ran.cells:
        cell.metadata.pop("execution", None)
    return ran


def save(ran: nbformat.NotebookNode, folder: Path, inputs: str) -> Expected:
    """Write the experiments' outputs and the lock; what was there before goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for cell in ran.cells:
        mark = re.match(rf"{EXPERIMENT}: ([\w-]+)", cell.source) if cell.cell_type == "code" else None
        if not mark:
            continue
        said, pictures = [], 0
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stdout":
                said.append(output.text)
            elif "image/png" in output.get("data", {}):
                pictures += 1
                (folder / f"{mark.group(1)}-{pictures}.png").write_bytes(base64.b64decode(output.data["image/png"]))
        if said:
            (folder / f"{mark.group(1)}.txt").write_text("".join(said), encoding="utf-8")
    (folder / "lock.json").write_text(json.dumps({"inputs": inputs}, indent=1) + "\n", encoding="utf-8")
    return Expected(folder)


def refresh(
    assignment: Assignment, notebook: nbformat.NotebookNode, folder: Path, progress: Progress | None = None
) -> tuple[Expected, nbformat.NotebookNode | None]:
    """The expected outputs, made anew only if the lock does not fit; then also the executed notebook."""
    expected = Expected(folder)
    inputs = inputs_hash(notebook)
    if expected.lock == inputs:
        return expected, None
    ran = execute(notebook, assignment.name, progress)
    return save(ran, folder, inputs), ran


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def check_labels(assignment: Assignment, notebook: nbformat.NotebookNode) -> list[str]:
    """Experiments whose slug stands twice."""
    slugs = [m.group(1) for c in notebook.cells if c.cell_type == "code" and (m := re.match(rf"{EXPERIMENT}: ([\w-]+)", c.source))]
    return [
        f"{assignment.path / 'notebook.md'}: the experiment '{s}' stands twice." for s in sorted({s for s in slugs if slugs.count(s) > 1})
    ]
