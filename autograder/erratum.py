"""The command `autograder erratum`: after a mistake in a released homework, rebuild, show whose score changes, and say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.build.notebook import release_id
from autograder.build.release import build
from autograder.content import Assignment, Course, Releases
from autograder.grading.private import write_private
from autograder.progress import Bars
from autograder.report.changes import Change, changes
from autograder.report.command import Options, grade_all, grades_in


def erratum(course: Course, name: str, source: Path, old: Path, options: Options, *, allow_falls: bool = False, stock: bool = True) -> int:
    """Rebuild homework `name`, grade `source` again into `options.out` and compare with `old`.

    Returns 1, without steps or notice, when a score falls and allow_falls is not set. stock: also run stock `otter run` in the build.
    Raises `ContentError` and `GateError`.
    """
    on = Console(highlight=False, soft_wrap=True)
    assignment = course.assignment(name)
    before = grades_in(assignment, old)
    keep_release(assignment)
    with Bars(on) as bars:
        build(course, assignment, lambda text: on.print(f"[dim]{text}[/dim]"), bars, stock=stock)
    if grade_all(course, assignment, source, replace(options, compare=old)):
        return 1
    found = changes(before, grades_in(assignment, options.out))
    if any(c.falls for c in found) and not allow_falls:
        on.print(
            "Nothing was uploaded. A score falls: declare the case void, which gives everyone its points, or run this with --allow-falls.",
            style="bold",
        )
        return 1
    notice = options.out / "notice.md"
    write_private(notice, notice_text(assignment, found))
    on.print(steps(assignment, notice, new_notebook=len(assignment.releases.earlier) > 0), markup=False)
    return 0


def keep_release(assignment: Assignment) -> None:
    """Before a build that changes the notebook: the one that students hold stays a release of this term."""
    releases, id = assignment.releases, release_id(assignment)
    if releases.current and id != releases.current:
        (assignment.path / Releases.FILE).write_text(str(releases.followed_by(id)), encoding="utf-8")


def steps(assignment: Assignment, notice: Path, *, new_notebook: bool) -> str:
    """What to do in Gradescope, in order."""
    lines = [
        f"Upload release/gradescope/{assignment.name}.zip: Configure autograder, Replace autograder; wait for the image.",
        "Test autograder, with a submission whose score changes.",
        "Manage submissions, Regrade all submissions. Scores that people gave and late days stay.",
        "Review grades: compare the scores with gradescope.csv, and publish them again if they were published.",
        f"Send the notice to students: {notice} is a draft.",
    ]
    if new_notebook:
        lines.insert(
            0,
            f"Publish the corrected notebook (make publish TO=... HW={assignment.name}). Work in the earlier notebook is graded as before: "
            "nobody starts again.",
        )
    return "\n".join(["", "In Gradescope:", *(f"  {n}. {line}" for n, line in enumerate(lines, start=1))])


def notice_text(assignment: Assignment, found: Sequence[Change]) -> str:
    """A draft for students: what was wrong, and what it means for scores. It names nobody."""
    rises = sum(not c.falls for c in found)
    falls = len(found) - rises
    lines = [
        f"# {assignment.title}: a correction",
        "",
        "We found a mistake in the tests of this homework and have graded everyone's work again.",
        "",
    ]
    lines += [f"- Case {v.case.removeprefix('q')}: {v.reason} Everyone gets its points." for v in assignment.voids]
    lines += [] if assignment.voids else ["- (Say which case was wrong, and what it asks now.)"]
    said = f"{rises} {'score rises' if rises == 1 else 'scores rise'}" + (
        f" and {falls} {'falls' if falls == 1 else 'fall'}" if falls else ""
    )
    lines += ["", f"{said}; all others stay as they were. You need not upload anything again." if found else "No score changes."]
    if falls:
        lines += ["", "If yours fell and you think that this is wrong, please write to us."]
    return "\n".join([*lines, "", "We are sorry for the confusion.", ""])
