"""The commands. Each is a thin line over a room."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from autograder.content import Assignment, ContentError, Course, load_course

EPILOG = """\
exit codes:
  0    done
  1    something was found: a broken gate, a surviving fault, a leak, a fallen score, a failed `try`, a submission that the grader failed on
  2    wrong usage, or a mistake in the course's files: the message says where
  3    the grader could not start or ended early
  130  interrupted

Example: autograder grade my.ipynb --assignment hw4_adam"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; errors of content and usage end with a message, never a traceback."""
    parser = _parser()
    options = parser.parse_args(argv)
    from autograder.grading.grade import GradingError

    try:
        code: int = options.run(options)
        return code
    except ContentError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 2
    except GradingError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("autograder: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Build, grade and audit the course's homework.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=f"Example: {example}")
        sub.set_defaults(run=run)
        sub.add_argument("--root", type=Path, default=None, help="the course's folder (default: this project)")
        return sub

    def as_json(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--json", action="store_true", help="print the result as JSON; what people read goes to stderr")

    sub = command("build", _build, "make student notebooks, solutions and Gradescope zips, and prove them", "autograder build hw4_adam")
    sub.add_argument("assignments", nargs="*", metavar="HOMEWORK", help="default: all in course.toml")
    sub.add_argument("--force", action="store_true", help="rebuild although nothing changed")
    sub.add_argument("--no-stock", action="store_true", help="leave out the second opinion of stock otter run (25 s each)")

    sub = command(
        "publish",
        _publish,
        "bring the student folder into a public repository",
        "autograder publish git@github.com:course/homework.git hw1_autograd",
    )
    sub.add_argument("target", help="its address or path: a repository of its own, never this one")
    sub.add_argument("names", nargs="*", metavar="NAME", help="a homework, or a quiz that is taken at home: quiz09 (default: all of both)")
    sub.add_argument("--branch", default="main", help="default: main")
    sub.add_argument("--dry-run", action="store_true", help="say what would change, and push nothing")

    sub = command(
        "new", _new, "start a homework: a small working example that passes every gate", "autograder new hw7_proximal_steps --lecture 8"
    )
    sub.add_argument("name", help="hw, a number, and words: hw7_proximal_steps")
    sub.add_argument("--lecture", type=int, default=13, metavar="N", help="it is released after lecture N, of 0 to 13 (default 13)")

    sub = command(
        "new-term", _new_term, "reset what belongs to the old term: its name, release ids, void cases", "autograder new-term 2028-spring"
    )
    sub.add_argument("term", help="as in course.toml: 2028-spring")

    sub = command("check", _check, "fast gates while writing content", "autograder check hw4_adam")
    sub.add_argument("assignments", nargs="*", metavar="HOMEWORK", help="default: all in course.toml")

    as_json(sub)

    sub = command("nbgrader", _nbgrader, "make a course directory for nbgrader", "autograder nbgrader hw4_adam quiz09")
    sub.add_argument("names", nargs="*", help="homeworks and quizzes (default: all in course.toml, and every take-home quiz)")
    sub.add_argument("--out", type=Path, help="the course directory (default: release/nbgrader)")

    sub = command("audit", _audit, "test the tests: faults must fail, correct variants must pass", "autograder audit hw4_adam")
    sub.add_argument("assignments", nargs="*", metavar="HOMEWORK", help="default: all in course.toml")
    sub.add_argument("--only", nargs="+", default=[], metavar="ROW", help="some faults or legal variants")
    sub.add_argument("--mutants", action="store_true", help="other rows: the reference with one small change each; lists those that pass")
    sub.add_argument(
        "--repeat", type=int, default=0, metavar="N", help="grade the matrix N times more: other seeds, hash seeds and threads"
    )
    sub.add_argument("--stock", action="store_true", help="compare with real otter run (12 s for each row)")
    sub.add_argument("--jobs", type=int, default=2, help="foremen side by side (default 2)")
    sub.add_argument("--seed", type=int, help="repeat an audit with its inputs")
    sub.add_argument("--summary", type=Path, metavar="FILE", help="update the homework's line in the table of this Markdown file")

    as_json(sub)

    sub = command("try", _try, "grade the functions in one Python file against one question", "autograder try hw4_adam q2 my_attempt.py")
    sub.add_argument("assignment", metavar="HOMEWORK", help="hw4_adam")
    sub.add_argument("question", metavar="QUESTION", help="q2")
    sub.add_argument("file", type=Path, metavar="FILE", help="Python definitions with the names that the question asks for")

    sub = command("grade", _grade, "grade one notebook", "autograder grade my.ipynb --assignment hw4_adam --out results.json")
    sub.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="one .ipynb file; a class goes to grade-all")
    sub.add_argument("--assignment", required=True, metavar="HOMEWORK", help="hw4_adam")
    sub.add_argument("--out", type=Path, default=Path("results.json"), help="default: results.json")
    sub.add_argument("--seed", type=int, help="repeat a verdict with the seed that the staff log names")
    sub.add_argument("--log", type=Path, help="staff-only log: seed, versions, verdicts; a regrade of the same file repeats its seed")
    sub.add_argument("--fresh", action="store_true", help="draw new inputs although the log has a seed")
    sub.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: show students' code the GPUs (docs/batch.md)")

    sub = command("replay", _replay, "repeat one verdict with its inputs shown", "autograder replay my.ipynb q3.2 --seed 81723455")
    sub.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="the student's .ipynb file")
    sub.add_argument("case", metavar="CASE", help="as in the results, with its question: q3.2")
    sub.add_argument("--seed", type=int, required=True, help="as the staff log names it")
    sub.add_argument("--assignment", metavar="HOMEWORK", help="default: what the notebook says")

    sub = command(
        "smoke-zip", _smoke_zip, "a zip that reports what the platform offers", "autograder smoke-zip --root tests/toy --out smoke.zip"
    )
    sub.add_argument("--out", type=Path, required=True, help="the zip to write")

    sub = command("smoke", _smoke, "what the smoke zip runs on the platform", "autograder smoke --base /autograder")
    sub.add_argument("--base", type=Path, default=Path("/autograder"), help="the folder of Gradescope's layout (default: /autograder)")

    sub = command("doctor", _doctor, "what this machine offers for grading, and what follows", "autograder doctor")
    as_json(sub)

    sub = command("grade-all", _grade_all, "grade a class", "autograder grade-all export.zip --assignment hw4_adam --out grades/hw4_adam")
    sub.add_argument(
        "source", type=Path, metavar="SOURCE", help="a folder of notebooks, a Gradescope export (zip or folder), or nbgrader's submitted/"
    )
    sub.add_argument("--assignment", required=True, metavar="HOMEWORK", help="hw4_adam")
    sub.add_argument("--out", type=Path, required=True, help="private folder for results, pages, tables and the store")
    sub.add_argument("--only", nargs="+", default=[], metavar="QUESTION", help="grade some questions again; the others keep their results")
    sub.add_argument("--compare", type=Path, metavar="OLD", help="the --out folder of an earlier run: whose score changed, and why")
    sub.add_argument("--manual", type=Path, help="scores of written answers (default: manual.csv in the --out folder)")
    sub.add_argument("--jobs", type=int, default=2, help="foremen side by side (default 2)")
    sub.add_argument("--scheduler", default="", metavar="ADDRESS", help="grade on the dask cluster with this scheduler")
    sub.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: show students' code the GPUs (docs/batch.md)")
    sub.add_argument("--identify", action="store_true", help="the class report names submissions and shows what their code answered")
    as_json(sub)

    sub = command(
        "erratum",
        _erratum,
        "after a mistake in a released homework: rebuild, compare, and say what to do",
        "autograder erratum hw4_adam export.zip --grades grades/hw4_adam --out grades/hw4_adam-2",
    )
    sub.add_argument("assignment", metavar="HOMEWORK", help="hw4_adam")
    sub.add_argument("source", type=Path, metavar="SOURCE", help="the submissions, as for grade-all")
    sub.add_argument("--grades", type=Path, required=True, metavar="OLD", help="the --out folder of the run before the correction")
    sub.add_argument("--out", type=Path, required=True, help="private folder for the new results")
    sub.add_argument("--allow-falls", action="store_true", help="go on although a score falls")
    sub.add_argument("--jobs", type=int, default=2, help="foremen side by side (default 2)")
    sub.add_argument("--no-stock", action="store_true", help="leave out the second opinion of stock otter run (25 s)")

    sub = commands.add_parser("quiz", help="build, preview, grade and analyse quizzes", add_help=False, prefix_chars="\0")  # no options
    sub.set_defaults(run=_quiz)
    sub.add_argument("arguments", nargs="*", help="autograder quiz --help lists its commands")

    sub = command("gradescope", _gradescope, "grade one submission in Gradescope's layout", "autograder gradescope --base /autograder")
    sub.add_argument("--base", type=Path, default=Path("/autograder"), help="the folder of Gradescope's layout (default: /autograder)")

    sub = command(
        "self-check", _self_check, "grade the bundled stub and say whether the image works", "autograder self-check --base /autograder"
    )
    sub.add_argument("--base", type=Path, default=Path("/autograder"), help="the folder of Gradescope's layout (default: /autograder)")
    return parser


def _chosen(options: argparse.Namespace) -> tuple[Course, list[Assignment]]:
    course = _course(options)
    return course, [course.assignment(name) for name in (options.assignments or course.assignments)]


def _course(options: argparse.Namespace) -> Course:
    return load_course(options.root) if options.root else load_course()


def _say(text: str) -> None:
    """What is going on, where it is no part of a command's result."""
    print(text, file=sys.stderr, flush=True)


def _build(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from autograder.build.folder import write_student_pages
    from autograder.build.release import GateError, build
    from autograder.progress import Bars

    course, assignments = _chosen(options)
    write_student_pages(course)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 190

    def say(text: str) -> None:
        console.print(f"[dim]{text}[/dim]")

    rows, failed = [], 0
    with Bars(console) as bars:
        for assignment in assignments:
            try:
                rows.append(build(course, assignment, say, bars, stock=not options.no_stock, force=options.force))
            except (GateError, ContentError, RuntimeError) as error:
                failed += 1
                console.print(str(error), style="bold", markup=False)
    table = Table(title=course.name, title_justify="left")
    for heading, justify in [
        ("assignment", "left"),
        ("student notebook", "left"),
        ("Gradescope zip", "left"),
        ("points", "right"),
        ("reference", "right"),
        ("stub", "right"),
        ("otter run: reference, stub", "right"),
        ("time", "right"),
    ]:
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for r in rows:
        stock = f"{_percent(r.stock_reference)}, {_percent(r.stock_stub)}" if r.stock_reference and r.stock_stub else "not run"
        time = f"{r.seconds:.0f} s" if r.fresh else "unchanged"
        table.add_row(r.name, r.notebook, r.zip, str(r.points), _percent(r.reference), _percent(r.stub), stock, time)
    console.print(table)
    console.print(f"Hidden cases: {SEEN[course.feedback]} (hidden_feedback = {course.feedback})")
    if failed:
        console.print(f"{failed} of {len(assignments)} assignments did not pass their gates; see above.", style="bold")
    return 1 if failed else 0


SEEN = {
    "visible": "students see name, verdict and violated property at once, and their total score",
    "after_due_date": "students see them, and their total score, after the due date",
    "after_published": "students see them, and their total score, when grades are published",
    "never": "students never see them, and Gradescope shows no total score",
}


def _percent(points: tuple[float, float] | None) -> str:
    return "not run" if points is None else f"{100 * points[0] / points[1]:.0f} %"


def _publish(options: argparse.Namespace) -> int:
    from autograder.publish import PublishError, publish

    _say("reading what is to be published, and looking for leaks: this takes some seconds")
    try:
        changed = publish(_course(options), options.names, options.target, branch=options.branch, dry_run=options.dry_run)
    except PublishError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 1
    said = "would change" if options.dry_run else "published"
    print("\n".join(f"{said} {name}" for name in changed) or "nothing changed: the repository has these files already")
    return 0


def _new(options: argparse.Namespace) -> int:
    from autograder.build.new import new_homework

    course = _course(options)
    for path in new_homework(course, options.name, options.lecture):
        print(f"wrote {path.relative_to(course.root)}")
    print(f"entered {options.name} in assignments/course.toml")
    print(f"Next: make check HW={options.name}, then make HW={options.name}. CONTRIBUTING.md says how a homework is written.")
    return 0


def _new_term(options: argparse.Namespace) -> int:
    from autograder.build.term import new_term

    print("\n".join(new_term(_course(options), options.term)))
    print("Next: make, make quizzes, look at the notebooks, commit; then docs/first-week.md.")
    return 0


def _check(options: argparse.Namespace) -> int:
    from autograder.build.check import check

    course, assignments = _chosen(options)
    return check(course, assignments, as_json=options.json)


def _nbgrader(options: argparse.Namespace) -> int:
    from autograder.build.nbgrader import make_course
    from autograder.build.release import GateError
    from autograder.quiz.nbgrader import add_quizzes, quizzes_for

    course = _course(options)
    quizzes = quizzes_for(course, options.names)
    homeworks = [name for name in options.names or course.assignments if name not in {quiz.name for quiz in quizzes}]
    folder = options.out or course.root / "release" / "nbgrader"
    try:
        released = make_course(course, [course.assignment(name) for name in homeworks], folder, print)
        released += add_quizzes(course, quizzes, folder, print)
    except GateError as error:
        print(error)
        return 1
    for path in released:
        print(f"{path}: for students")
    print(f"Next: cd {folder}, put submissions into submitted/STUDENT/NAME/, run nbgrader autograde NAME (docs/nbgrader.md).")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from autograder.audit.command import run_audit

    course, assignments = _chosen(options)
    only = tuple(options.only)
    wanted = {
        "mutants": options.mutants,
        "repeats": options.repeat,
        "stock": options.stock,
        "jobs": options.jobs,
        "seed": options.seed,
        "summary": options.summary,
        "as_json": options.json,
    }
    return run_audit(course, assignments, only=only, **wanted)


def _try(options: argparse.Namespace) -> int:
    from autograder.audit.attempt import run_attempt

    course = _course(options)
    _say(f"grading {options.question} with {options.file.name}: this takes some seconds")
    return run_attempt(course, course.assignment(options.assignment), options.question, options.file)


def _grade(options: argparse.Namespace) -> int:
    from autograder.grading.grade import grade, score
    from autograder.grading.replay import recorded_seed

    course = _course(options)
    assignment = course.assignment(options.assignment)
    if options.notebook.is_dir():
        whole = f"autograder grade-all {options.notebook} --assignment {assignment.name} --out grades/{assignment.name}"
        raise ContentError(f"{options.notebook} is a folder, and `grade` takes one notebook. A folder of them: {whole}")
    if not options.notebook.is_file():
        raise ContentError(f"{options.notebook}: no such file.")
    seed = options.seed
    if seed is None and options.log and not options.fresh:
        seed = recorded_seed(options.log, options.notebook)
    _say(f"grading {options.notebook.name}: this takes some seconds")
    results = grade(course, assignment, options.notebook, options.out, seed=seed, log=options.log, device=options.device)
    received = results["tests"][0]
    if received["status"] == "failed":
        print(f"{received['output']}\n")
    for row in results["tests"]:
        state = {"passed": "PASS", "failed": "FAIL"}[row["status"]]
        points = f"{row['score']:g}/{row['max_score']:g}" if "max_score" in row else ""
        print(f"{row.get('number', ''):>5}  {state}  {points:>6}  {row['name']}")
    got, possible = score(results)
    print(f"{got:g} of {possible:g} points. Details: {options.out}")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from autograder.grading.replay import assignment_of, replay

    course = _course(options)
    _say(f"grading {options.notebook.name} up to {options.case}: this takes some seconds")
    print(replay(course, assignment_of(course, options.notebook, options.assignment), options.notebook, options.case, options.seed))
    return 0


def _smoke_zip(options: argparse.Namespace) -> int:
    from autograder.build.smoke import smoke_zip

    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(smoke_zip(_course(options)))
    print(f"{options.out}: upload it in Gradescope as the autograder of a test assignment, and hand in any file.")
    return 0


def _smoke(options: argparse.Namespace) -> int:
    from autograder.grading.smoke import smoke

    course = load_course(options.base / "source")
    smoke(course, _only_assignment(course), options.base)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from autograder.grading.doctor import facts, verdict

    _say("trying what this machine offers: this takes some seconds")
    found = facts()
    if options.json:
        print(json.dumps({"verdict": verdict(found), "facts": [vars(fact) for fact in found]}, indent=1))
        return 0
    for fact in found:
        print(f"{'ok' if fact.good else 'NO':3}{fact.name:12}{fact.found}: {fact.follows}")
    print(verdict(found))
    return 0


def _grade_all(options: argparse.Namespace) -> int:
    from autograder.report.command import Options, grade_all

    course = _course(options)
    assignment = course.assignment(options.assignment)
    names = ("out", "compare", "manual", "jobs", "scheduler", "device", "identify")
    wanted = Options(only=tuple(options.only), as_json=options.json, **{name: getattr(options, name) for name in names})
    return grade_all(course, assignment, options.source, wanted)


def _erratum(options: argparse.Namespace) -> int:
    from autograder.build.release import GateError
    from autograder.erratum import erratum
    from autograder.report.command import Options

    wanted = Options(options.out, jobs=options.jobs)
    more = {"allow_falls": options.allow_falls, "stock": not options.no_stock}
    try:
        return erratum(_course(options), options.assignment, options.source, options.grades, wanted, **more)
    except GateError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 1


def _quiz(options: argparse.Namespace) -> int:
    from autograder.quiz.command import run  # its own parser: the zips of homework carry this file without that room

    return run(options.arguments)


def _gradescope(options: argparse.Namespace) -> int:
    from autograder.grading.grade import grade_gradescope

    course = load_course(options.base / "source")
    grade_gradescope(course, _only_assignment(course), options.base)
    return 0


def _self_check(options: argparse.Namespace) -> int:
    from autograder.grading.grade import grade, score

    source = options.base / "source"
    course = load_course(source)
    assignment = _only_assignment(course)
    with tempfile.TemporaryDirectory() as folder:
        results = grade(course, assignment, source / "self-check.ipynb", Path(folder, "results.json"))
    got, possible = score(results, voids=False)
    broken = [row["number"] for row in results["tests"] if {"not graded", "not judged", "died", "timed out"} & set(row.get("tags", []))]
    if broken or possible == 0 or got > 0.05 * possible:
        print(
            f"self-check failed: the stub scored {got:g} of {possible:g}; not judged: {', '.join(broken) or 'none'}\n{results}",
            file=sys.stderr,
        )
        return 3
    print(f"self-check passed: {assignment.name}, {len(results['tests']) - 1} cases, stub {got:g} of {possible:g} points")
    return 0


def _only_assignment(course: Course) -> Assignment:
    """The assignment whose files a bundle carries."""
    present = [p.name for p in sorted((course.root / "assignments").iterdir()) if (p / "assignment.toml").exists()]
    if len(present) != 1:
        raise ContentError(f"{course.root}: a bundle carries exactly one assignment; found {', '.join(present) or 'none'}.")
    return course.assignment(present[0])
