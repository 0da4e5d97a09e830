"""What a student's notebook needs beside the checks: installing, and handing in. Shipped to students; standard library alone.

A notebook's cells are told apart by their first line, because editors lose metadata: ``# setup:``, ``# check:``, ``# experiment``,
``# survey:`` and ``# submit:`` cells are not run when the definitions are run afresh, here and in the grader.
"""

from __future__ import annotations

import html
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SETUP, CHECK, EXPERIMENT, SURVEY, SUBMIT = "# setup:", "# check:", "# experiment", "# survey:", "# submit:"

TORCH = "torch==2.13.0"
"""The version that grading uses; any that is there already will do."""
OTTER = "otter-grader==7.0.0"
OTTER_NEEDS = ("fica==0.4.1", "python-frontmatter==1.3.0", "ipylab==1.1.0")
"""All that Otter imports and Colab lacks: installed without their own dependencies, so that nothing of Colab's changes."""

FRESH_RUN_SECONDS = 300


def in_colab() -> bool:
    return "google.colab" in sys.modules


def runs_in_grading(source: str) -> bool:
    """Whether a code cell holds definitions that grading runs: not empty, and no set-up, check, experiment, survey or submission cell."""
    lines = [line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith(("#@", "%%"))]
    return bool(lines) and not lines[0].startswith((SETUP, CHECK, EXPERIMENT, SURVEY, SUBMIT))


def install() -> None:
    """Install what this notebook imports and does not find. Raises RuntimeError with pip's last words when that fails."""
    if in_colab():
        wanted = [] if _present("otter", "fica", "frontmatter", "ipylab") else ["--no-deps", OTTER, *OTTER_NEEDS]
    else:
        wanted = [] if _present("torch") else [TORCH]
        wanted += [name for name in ("numpy", "matplotlib") if not _present(name)]
        wanted += [] if _present("otter", "fica", "frontmatter", "ipylab") else [OTTER]
    if not wanted:
        return
    patience = " (PyTorch is large: this takes some minutes)" if TORCH in wanted else ""
    print(f"Installing {' '.join(w for w in wanted if not w.startswith('--'))} ...{patience}", flush=True)
    run = subprocess.run([sys.executable, "-m", "pip", "install", "-q", *wanted], capture_output=True, text=True, timeout=1800)
    if run.returncode:
        last = "\n".join((run.stderr or run.stdout).strip().splitlines()[-5:])
        raise RuntimeError(f"pip could not install {' '.join(wanted)}.\n{last}\nCheck the network connection and run this cell again.")
    importlib.invalidate_caches()


def _present(*modules: str) -> bool:
    return all(importlib.util.find_spec(name) is not None for name in modules)


def versions() -> str:
    """Python's and torch's versions, for the note that the grader shows."""
    return f"Python {platform.python_version()}, torch {importlib.metadata.version('torch')}"


def grader() -> Any:
    """Otter's notebook object; its ``check`` answers with a `Report`."""
    import otter

    class Grader(otter.Notebook):  # type: ignore[misc]
        def check(self, question: str, global_env: dict[str, Any] | None = None) -> Report:
            caller = sys._getframe(1).f_globals
            return Report(super().check(question, global_env=caller if global_env is None else global_env))

    return Grader()


class Report:
    """What the public checks of one question say: PASS or FAIL in words, then what was called, what came back, what was expected."""

    def __init__(self, file: Any) -> None:
        self.name = file.name
        self.cases = [
            (r.test_case.body.test_func.__name__.replace("_", " "), r.passed, "" if r.passed else _said(r.message))
            for r in file.test_case_results
        ]

    @property
    def passed(self) -> int:
        return sum(ok for _, ok, _ in self.cases)

    @property
    def untouched(self) -> bool:
        """Whether every case met a stub."""
        return self.passed == 0 and {said.partition(": ")[0] for _, _, said in self.cases} == {"NotAttempted"}

    def __repr__(self) -> str:
        if self.untouched:
            return f"{self.name}: not attempted yet ({len(self.cases)} public checks wait for your code)."
        lines = [f"{self.name}: {self.passed} of {len(self.cases)} public checks pass."]
        for title, ok, said in self.cases:
            lines.append(f"  {'PASS' if ok else 'FAIL'}  {title}")
            text = said.partition(": ")[2]
            lines += [f"        {line}" for line in text.splitlines()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lines = html.escape(repr(self)).splitlines()
        shown = [
            line.replace("PASS", "<b>PASS</b>", 1) if line.startswith("  PASS") else line.replace("FAIL", "<b>FAIL</b>", 1)
            for line in lines
        ]
        return '<pre style="white-space: pre-wrap; font-family: monospace">' + "\n".join(shown) + "</pre>"


def _said(message: str) -> str:
    """``Kind: text`` of a failed case: Otter puts two lines and the line of the test before it."""
    return "\n".join(message.splitlines()[3:]).strip()


def hand_in(assignment: str) -> None:
    """Run the notebook's definition cells in a fresh process, print what the public checks say there, and hand over the file."""
    notebook, origin = live_notebook(assignment)
    if notebook is None:
        print(origin)
        return
    print(f"Running the cells of {origin} in a fresh process ...", flush=True)
    print(fresh_run(notebook))
    notebook.setdefault("metadata", {})["handed_in_with"] = versions()
    _hand_over(notebook, assignment, origin)


def live_notebook(assignment: str) -> tuple[dict[str, Any] | None, str]:
    """The notebook's content and where it comes from; or None and what to do. In Colab it is the live one, unsaved edits included."""
    if in_colab():
        try:
            from google.colab import _message  # type: ignore[import-not-found]

            reply = _message.blocking_request("get_ipynb", timeout_sec=60)
            return reply["ipynb"], "this notebook"
        except Exception as error:
            return None, f"Colab did not hand out the notebook ({error}). Use File > Download > Download .ipynb, and upload that file."
    named = os.environ.get("JPY_SESSION_NAME", "")
    here = [Path(named)] if named.endswith(".ipynb") and Path(named).exists() else list(Path.cwd().glob("*.ipynb"))
    found = []
    for path in here:
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if any(f"{SUBMIT} {assignment}" in _source(c) for c in notebook.get("cells", [])):
            found.append((path.stat().st_mtime, path, notebook))
    if not found:
        return None, f"No saved notebook of {assignment} was found in {Path.cwd()}. Save it there, then run this cell again."
    saved, path, notebook = max(found, key=lambda entry: entry[0])
    return notebook, f"{path.name} as saved at {time.strftime('%H:%M:%S', time.localtime(saved))}"


def fresh_run(notebook: dict[str, Any]) -> str:
    """The table of public checks from a fresh process."""
    cells = [_source(c) for c in notebook.get("cells", []) if c.get("cell_type") == "code"]
    work = Path(".handin.json")
    work.write_text(json.dumps([c for c in cells if runs_in_grading(c)]), encoding="utf-8")
    try:
        run = subprocess.run(
            [sys.executable, "handin.py", str(work)],
            capture_output=True,
            text=True,
            timeout=FRESH_RUN_SECONDS,
            env={**os.environ, "MPLBACKEND": "agg"},
        )
    except subprocess.TimeoutExpired:
        return f"The cells did not finish within {FRESH_RUN_SECONDS} s. Start long runs with '# experiment' so that grading skips them."
    finally:
        work.unlink(missing_ok=True)
    table = run.stdout.partition(_MARK)[2].strip()
    return table or "The cells ended the fresh process:\n" + "\n".join(run.stderr.strip().splitlines()[-5:])


_MARK = "=== public checks ==="


def run_cells_and_checks(cells: list[str]) -> str:
    """The body of the fresh process: run the cells, then every public check."""
    from IPython.core.interactiveshell import InteractiveShell
    from otter.test_files.exception_test import ExceptionTestFile

    shell = InteractiveShell.instance(colors="NoColor")
    problems = []
    for cell in cells:
        result = shell.run_cell(cell, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            problems.append(f"A cell raised {type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}")
            problems.append(f"    it begins: {cell.strip().splitlines()[0][:100]}")
    lines = ["question   public checks   result", "--------   -------------   ------"]
    for path in sorted(Path("tests").glob("q*.py"), key=lambda p: int(p.stem[1:])):
        file = ExceptionTestFile.from_file(str(path))
        file.run(shell.user_ns)
        passed = sum(r.passed for r in file.test_case_results)
        total = len(file.test_case_results)
        result = "not attempted" if Report(file).untouched else "PASS" if passed == total else "FAIL"
        lines.append(f"{file.name:<8}   {f'{passed} of {total}':<13}   {result}")
    return "\n".join([*problems, *([""] if problems else []), *lines, "", "The hidden checks run when you upload the file."])


def _hand_over(notebook: dict[str, Any], assignment: str, origin: str) -> None:
    name = f"{assignment}.ipynb"
    if not in_colab():
        print(f"Upload {origin.split(' as saved')[0]} to Gradescope (it is in {Path.cwd()}).")
        print("The table is that of the saved file. If you changed something since, save (Ctrl+S) and run this cell again.")
        return
    Path(name).write_text(json.dumps(notebook), encoding="utf-8")
    try:
        from google.colab import files

        files.download(name)
        print(f"{name} is downloading: upload it to Gradescope. ", end="")
    except Exception:
        print("The download did not start. ", end="")
    print("If you do not find it: File > Download > Download .ipynb gives the same file.")


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


if __name__ == "__main__":
    text = run_cells_and_checks(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(_MARK)
    print(text)
