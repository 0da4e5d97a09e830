"""The same rows under real `otter run`, from the assignment's Gradescope zip."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder.audit.audit import Audit
from autograder.audit.findings import Finding
from autograder.audit.matrix import Graded, as_notebook
from autograder.content import ContentError, Course
from autograder.progress import Progress

SECONDS = 300


def stock_findings(course: Course, audit: Audit, progress: Progress, jobs: int) -> list[Finding]:
    """Rows whose points differ, question by question. Rows that need limits are left out: stock Otter has none.

    Raises `ContentError` when the zip was not built.
    """
    archive = course.root / "release" / "gradescope" / f"{audit.assignment.name}.zip"
    if not archive.exists():
        raise ContentError(f"{archive}: no such file. Run autograder build {audit.assignment.name} first.")
    rows = [g for g in audit.matrix if not g.needs_limits]
    step = progress.start(f"{audit.assignment.name}: otter run", len(rows))

    def one(graded: Graded) -> list[Finding]:
        found = _differences(archive, graded)
        step()
        return found

    with ThreadPoolExecutor(jobs) as pool:
        return [finding for found in pool.map(one, rows) for finding in found]


def _differences(archive: Path, graded: Graded) -> list[Finding]:
    name = graded.row.name
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder, "row.ipynb")
        notebook.write_text(json.dumps(as_notebook(graded.row) | {"metadata": {"kernelspec": {"name": "python3"}}}), encoding="utf-8")
        command = [sys.executable, "-m", "otter", "run", "-a", str(archive), "-o", folder, "--no-logo", str(notebook)]
        said = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=SECONDS)
        results = Path(folder, "results.json")
        if not results.exists():
            return [Finding(name, f"otter run gave no results: {(said.stdout + said.stderr)[-500:]}", "Run it by hand.")]
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    theirs = {t["name"].split(" ")[0]: float(t["score"]) for t in tests if "max_score" in t}
    found = []
    for question in sorted({o.question for o in graded.outcomes}):
        ours = sum(o.points for o in graded.outcomes if o.question == question and o.passed)
        if abs(ours - theirs.get(question, 0.0)) > 1e-6:
            what = f"{question}: {ours:g} points in the grader, {theirs.get(question)} under otter run"
            found.append(Finding(name, what, "The case sees the submission otherwise than through data."))
    return found
