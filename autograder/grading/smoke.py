"""What the platform offers, as a results file: facts about the machine, and how one good and one bad notebook were graded there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from autograder.content import Assignment, Course
from autograder.grading.doctor import Fact, facts, verdict
from autograder.grading.grade import Foreman, GradingError, score
from autograder.grading.results import failed_results, write_json


def smoke(course: Course, assignment: Assignment, base: Path) -> None:
    """Write ``results/results.json`` below `base`. What a student uploaded is not looked at."""
    out = base / "results" / "results.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    write_json(out, failed_results("Smoke test", "The smoke test started and did not finish."))
    found = facts()
    try:
        found += _graded(course, assignment, base)
    except GradingError as error:
        found.append(Fact("grading", "did not start", False, str(error)))
    write_json(out, _results(found))


def _graded(course: Course, assignment: Assignment, base: Path) -> list[Fact]:
    started = time.monotonic()
    with Foreman() as foreman:
        found = [Fact("start", f"{time.monotonic() - started:.1f} s", True, "paid once for each submission on Gradescope")]
        for name, right in (("good", True), ("bad", False)):
            before = time.monotonic()
            results = foreman.grade(course, assignment, base / "source" / f"{name}.ipynb", base / "results" / f".{name}.json")
            (base / "results" / f".{name}.json").unlink()
            got, possible = score(results)
            as_expected = (got == possible) == right
            trusted = " (trusted submissions only)" if "Trusted submissions only" in results["output"] else ""
            said = f"{got:g} of {possible:g} points in {time.monotonic() - before:.1f} s{trusted}"
            found.append(
                Fact(f"{name} notebook", said, as_expected, "as it must be" if as_expected else "not as it must be: do not grade here")
            )
    return found


def _results(found: list[Fact]) -> dict[str, Any]:
    rows = [
        {
            "name": fact.name,
            "number": str(number),
            "score": float(fact.good),
            "max_score": 1.0,
            "status": "passed" if fact.good else "failed",
            "output": f"{fact.found}: {fact.follows}",
            "output_format": "md",
            "visibility": "visible",
        }
        for number, fact in enumerate(found, start=1)
    ]
    return {"output": f"**Smoke test.** {verdict(found)}", "output_format": "md", "visibility": "visible", "tests": rows}
