"""The command `autograder check`: what can be known of a homework in seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console

from autograder.audit.local import check_reference_and_stub
from autograder.build.gates import UNLOADED, content_problems, public_points
from autograder.content import Assignment, Course
from autograder.progress import Bars


def check(course: Course, assignments: Sequence[Assignment], *, as_json: bool = False) -> int:
    """Print what does not fit in each homework; 1 when something does not. as_json: as one list on stdout, the rest on stderr."""
    on = Console(highlight=False, soft_wrap=True, stderr=as_json)
    found = []
    with Bars(on) as bars:
        for assignment in assignments:
            step = bars.start(f"{assignment.name}: gates, reference and stub", 2)
            broken = content_problems(course, assignment)
            loads = not any(problem.gate == UNLOADED for problem in broken)
            problems = [str(problem) for problem in broken]
            step()
            problems += check_reference_and_stub(assignment) if loads else []
            step()
            public = public_points(assignment) if loads else 0.0
            for problem in problems:
                on.print(problem, markup=False)
            sizes = f"{len(assignment.questions)} questions, {assignment.minutes} minutes, {assignment.points} points"
            on.print(f"{assignment.name}: {'FAIL' if problems else 'PASS'} ({sizes}; public cases alone earn {public:g})")
            found.append({"homework": assignment.name, "passed": not problems, "problems": problems, "public_points": public})
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    return 1 if any(entry["problems"] for entry in found) else 0
