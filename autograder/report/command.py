"""The command `autograder grade-all`: grade what is new, then write everything that people read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from autograder.content import Assignment, ContentError, Course
from autograder.grading import gpu
from autograder.grading.batch import Plan, local_pool, plan, run
from autograder.grading.private import private_folder, write_private
from autograder.grading.store import FILE, Record, Store
from autograder.grading.uploads import Upload, open_source
from autograder.progress import Bars
from autograder.report.changes import Change, changes, changes_csv
from autograder.report.classreport import class_report
from autograder.report.exports import canvas_csv, gradescope_csv
from autograder.report.feedback import feedback_page
from autograder.report.grades import Grade, grade_of
from autograder.report.manual import read_manual, write_manual
from autograder.report.survey import read_survey

STAFF_NOTE = re.compile(r"^(\S+) note for staff: (.*)$", re.MULTILINE)
SHOWN = 20
"""Changed scores that are printed, all of which are in changes.csv, and unusable uploads, whose pages say what is wrong."""


@dataclass(frozen=True)
class Options:
    """jobs: foremen side by side, on this machine or, with a scheduler's address, submissions under way on the cluster.

    as_json: a summary goes to stdout, all else to stderr.
    """

    out: Path
    only: tuple[str, ...] = ()
    compare: Path | None = None
    manual: Path | None = None
    jobs: int = 2
    scheduler: str = ""
    device: str = "cpu"
    identify: bool = False
    as_json: bool = False

    @property
    def scores(self) -> Path:
        """The file in which people write the points of written answers."""
        return self.manual or self.out / "manual.csv"


def grade_all(course: Course, assignment: Assignment, source: Path, options: Options) -> int:
    """Grade the submissions of `source` into `options.out`; 1 when the grader failed on one of them. Raises `ContentError`."""
    on = Console(highlight=False, soft_wrap=True, stderr=options.as_json)
    if source.resolve() in (options.out.resolve(), *options.out.resolve().parents):
        raise ContentError(f"{options.out}: lies in the folder of submissions. Give an --out folder beside it.")
    if not options.scheduler:
        gpu.check(options.device)
    before = grades_in(assignment, options.compare) if options.compare else None
    read_manual(options.scores, assignment)  # a mistake there is told before anything is graded
    with open_source(source, assignment.name) as uploads, Store(options.out) as store:
        wanted = plan(course, assignment, uploads, store, only=options.only, device=options.device)
        if wanted.unchanged:
            on.print(f"{wanted.unchanged} of {len(uploads)} submissions are unchanged and keep their results.")
        if wanted.uploads:
            grade_with_progress(wanted, store, options, on)
        grades = write_all(assignment, uploads, store, options)
        failed = [g for g in grades if g.record.problem]
        if before is not None:
            say_changes(on, changes(before, grades), options.out)
        noted = write_staff_notes(grades, options.out)
    waiting = sum(bool(g.missing) for g in grades)
    on.print(f"Graded: {len(grades)}, of which {waiting} have parts that people still have to grade. Results: {options.out}")
    say_unusable(on, [g for g in grades if g.unusable])
    if noted:
        on.print(f"Notes for staff about {noted} submissions, which students do not see: {options.out / 'staff_notes.md'}")
    if options.as_json:
        problems = {grade.record.submission: grade.record.problem for grade in failed}
        said = {"homework": assignment.name, "graded": len(grades), "unchanged": wanted.unchanged, "waiting_for_people": waiting}
        print(json.dumps(said | {"failed": problems, "out": str(options.out)}, ensure_ascii=False, indent=1))
    for grade in failed:
        on.print(f"{grade.record.submission}: the grader failed; run the command again. {grade.record.problem}", markup=False, style="bold")
    return 1 if failed else 0


def grade_with_progress(wanted: Plan, store: Store, options: Options, on: Console) -> None:
    """Run the plan with a bar that says how long it will still take."""
    with pool(options) as (executor, width), Bars(on) as bars:
        step = bars.start(f"{wanted.assignment.name}: grading", len(wanted.uploads))
        try:
            run(wanted, store, executor, width=width, done=lambda _: step())
        except KeyboardInterrupt:
            on.print("Interrupted. What was graded is stored; the same command goes on from here.")
            raise


@contextmanager
def pool(options: Options) -> Iterator[tuple[Executor, int]]:
    """Where tasks run, and how many may be under way: twice as many as run, so that no foreman waits for its next."""
    if options.scheduler:
        from autograder.grading.cluster import cluster_pool

        with cluster_pool(options.scheduler, options.device) as opened:
            yield opened
    else:
        with local_pool(options.jobs) as executor:
            yield executor, 2 * options.jobs


def write_all(assignment: Assignment, uploads: Sequence[Upload], store: Store, options: Options) -> list[Grade]:
    """Results, pages, tables and the class report of the submissions in `uploads`; returns their grades."""
    out = options.out
    manual = read_manual(options.scores, assignment)
    records = [r for u in uploads if (r := store.get(u.id))]
    write_manual(options.scores, assignment, records, manual)
    grades = [grade_of(assignment, r, manual) for r in records]
    notebooks = {u.id: u.notebook for u in uploads}
    surveys = [read_survey(u.notebook) for u in uploads]
    private_folder(out / "students")
    for grade in grades:
        folder = private_folder(out / "students" / grade.record.submission)
        write_private(folder / "results.json", results_json(grade.record))
        write_private(folder / "feedback.html", feedback_page(assignment, grade, notebooks[grade.record.submission]))
    write_private(out / "gradescope.csv", gradescope_csv(assignment, grades))
    write_private(out / "canvas.csv", canvas_csv(assignment, grades))
    write_private(out / "report.html", class_report(assignment, grades, surveys, identify=options.identify))
    return grades


def write_staff_notes(grades: Sequence[Grade], out: Path) -> int:
    """What test cases left for staff, by submission; returns how many submissions have a note. Notes change no score."""
    found = {g.label: STAFF_NOTE.findall(g.record.log) for g in grades}
    noted = {label: notes for label, notes in found.items() if notes}
    parts = [f"## {label}\n\n" + "\n".join(f"- {case}: {text}" for case, text in notes) for label, notes in noted.items()]
    if noted:
        write_private(out / "staff_notes.md", "\n\n".join(["# Notes for staff", *parts]) + "\n")
    return len(noted)


def results_json(record: Record) -> str:
    """The results as Gradescope reads them; a group's users stand in `extra_data`."""
    return json.dumps({**record.results, "extra_data": {"users": [asdict(u) for u in record.users]}}, ensure_ascii=False, indent=1)


def grades_in(assignment: Assignment, folder: Path) -> list[Grade]:
    """The grades of another run. Raises `ContentError` when there are none."""
    if not (folder / FILE).exists():
        raise ContentError(f"{folder}: no grades to compare with. Give the --out folder of an earlier run.")
    manual = read_manual(folder / "manual.csv", assignment)
    with Store(folder) as store:
        return [grade_of(assignment, record, manual) for record in store]


def say_unusable(on: Console, grades: Sequence[Grade]) -> None:
    """Name the uploads that hold nothing of the homework: these students may not know that they handed in nothing."""
    if not grades:
        return
    on.print(f"Uploads that hold nothing of this homework: {len(grades)}. Ask these students for the right file:")
    for grade in grades[:SHOWN]:
        on.print(f"  {grade.label}: {grade.trouble}", markup=False)
    if len(grades) > SHOWN:
        on.print(f"  and {len(grades) - SHOWN} more")


def say_changes(on: Console, found: list[Change], out: Path) -> None:
    """Print whose score changed and why; all of it goes to changes.csv."""
    write_private(out / "changes.csv", changes_csv(found))
    falls = sum(c.falls for c in found)
    on.print(f"Scores that changed: {len(found)}, of which {falls} fell.")
    for change in found[:SHOWN]:
        on.print(f"  {change}", markup=False)
    if len(found) > SHOWN:
        on.print(f"  and {len(found) - SHOWN} more: {out / 'changes.csv'}")
