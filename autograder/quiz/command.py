"""The commands `autograder quiz …`. Rooms are imported inside the handlers, so that help needs none of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.content import ROOT, ContentError, Course, load_course
from autograder.quiz.ways import WAYS

if TYPE_CHECKING:
    from autograder.quiz.bank import Quiz
    from autograder.quiz.build import Built
    from autograder.quiz.keysheet import KeySheet


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code. Raises ContentError."""
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder quiz", description="Build, preview, grade and analyse quizzes.", epilog="Example: autograder quiz build quiz09"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the course's folder (default: this project)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=f"Example: {example}")
        sub.set_defaults(run=run)
        return sub

    sub = command("build", _build, "notebooks, zips, Canvas packages, paper and previews", "autograder quiz build quiz09")
    sub.add_argument("quizzes", nargs="*", metavar="QUIZ", help="default: all")
    sub.add_argument("--only", nargs="+", default=WAYS, choices=WAYS, metavar="WAY", help=f"some of {', '.join(WAYS)}")

    sub = command("preview", _preview, "one page with every variant, keys and explanations", "autograder quiz preview l09")
    sub.add_argument("what", help="a quiz (quiz09), a lecture (l09) or a question (l09-first-adam-step)")
    sub.add_argument("--out", type=Path, help="default: release/solutions/quizzes/WHAT.html")

    sub = command("for", _for, "a person's variant of each quiz, and its key", "autograder quiz for ada quiz09")
    sub.add_argument("pennkey", metavar="PENNKEY", help="the part of the e-mail before the @")
    sub.add_argument("quizzes", nargs="*", metavar="QUIZ", help="default: all")

    sub = command(
        "grade", _grade, "grade a class here, as the zip does on Gradescope", "autograder quiz grade quiz09 export.zip --out grades/quiz09"
    )
    sub.add_argument("quiz", metavar="QUIZ", help="quiz09")
    sub.add_argument("source", type=Path, metavar="SOURCE", help="a Gradescope export or a folder of notebooks")
    sub.add_argument("--out", type=Path, required=True, help="private folder for results")

    sub = command("stats", _stats, "difficulty, discrimination, misconceptions, by variant", "autograder quiz stats grades/quiz09")
    sub.add_argument("results", type=Path, help="the --out folder of autograder quiz grade")
    sub.add_argument("--out", type=Path, help="default: stats.html in that folder")

    sub = command("check", _check, "try every question of the bank in 200 draws, and read every quiz", "autograder quiz check l09")
    sub.add_argument("prefix", nargs="?", default="", help="questions whose id starts so")
    return parser


def _course(options: argparse.Namespace) -> Course:
    return load_course(options.root)


def _chosen(course: Course, names: Sequence[str]) -> list[Quiz]:
    from autograder.quiz.bank import load_quizzes

    quizzes = load_quizzes(course.root)
    for name in names:
        if name not in quizzes:
            raise ContentError(f"There is no {name}; the quizzes are {', '.join(quizzes) or 'none'}.")
    return [quizzes[name] for name in names or quizzes]


def _build(options: argparse.Namespace) -> int:
    from rich.console import Console

    from autograder.progress import Bars
    from autograder.quiz.build import build_quiz

    course = _course(options)
    quizzes = _chosen(course, options.quizzes)
    built = []
    with Bars(Console(highlight=False)) as bars:
        step = bars.start("quizzes", len(quizzes))
        for quiz in quizzes:
            built.append(build_quiz(course, quiz, options.only))
            step()
    _print_table(course, built)
    return 0


def _print_table(course: Course, built: Sequence[Built]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 190
    table = Table(title=f"{course.name}: quizzes", title_justify="left")
    for heading in ("quiz", "release", "setting", "counts for", "questions", "points", "minutes", "variants", "bank", "given as"):
        table.add_column(heading, overflow="fold")
    for b in built:
        q = b.quiz
        numbers = (len(q.items), q.points, q.minutes, q.variants)
        table.add_row(q.name, b.version, q.setting, q.graded, *map(str, numbers), _bank(q), ", ".join(b.files))
    console.print(table)
    for way, folder in sorted({(way, path.parent) for b in built for way, path in b.files.items()}, key=lambda f: WAYS.index(f[0])):
        console.print(f"{way:10} {folder.relative_to(course.root)}")
    for b in built:
        if b.quiz.graded == "correctness" and any(item.is_sample for item in b.quiz.items):
            console.print(
                f"{b.quiz.name} counts for correctness and asks questions of the sample bank, whose keys may be public (docs/quizzes.md)."
            )


def _bank(quiz: Quiz) -> str:
    samples = sum(item.is_sample for item in quiz.items)
    return "sample" if samples == len(quiz.items) else "private" if not samples else f"{samples} of {len(quiz.items)} sample"


def _preview(options: argparse.Namespace) -> int:
    from autograder.quiz.bank import load_bank, load_quizzes
    from autograder.quiz.pages import preview, quiz_preview
    from autograder.quiz.papers import papers

    course = _course(options)
    quiz = load_quizzes(course.root).get(options.what)
    chosen = [q for id, q in load_bank(course.root).items() if id.startswith(options.what)]
    if quiz is None and not chosen:
        raise ContentError(f"'{options.what}' is no quiz and begins no question's id. Try l09 or quiz09.")
    text = quiz_preview(quiz, papers(quiz)) if quiz else preview(options.what, [(q, 0, q.variants(8)) for q in chosen])
    out = options.out or course.root / "release" / "solutions" / "quizzes" / f"{options.what}.html"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(f"{out}: open it in a browser. It shows every key.")
    return 0


def _for(options: argparse.Namespace) -> int:
    from autograder.quiz.draw import variant_number
    from autograder.quiz.grade import told
    from autograder.quiz.responses import read_who

    course = _course(options)
    who = read_who(options.pennkey)
    for quiz in _chosen(course, options.quizzes):
        sheet = _key_sheet(course, quiz)
        variant = variant_number(sheet.seed, sheet.quiz, who, len(sheet.fingerprints))
        print(f"{quiz.name}: {who} has variant {variant + 1} of {len(sheet.fingerprints)} ({sheet.fingerprints[variant]})")
        for number, slot in enumerate(sheet.slots, start=1):
            print(f"  {number:>2}  {slot.title}: {told(slot.keys[variant])}")
    return 0


def _key_sheet(course: Course, quiz: Quiz) -> KeySheet:
    from autograder.quiz.bundle import key_sheet
    from autograder.quiz.papers import papers

    return key_sheet(course, quiz, papers(quiz))


def _grade(options: argparse.Namespace) -> int:
    from autograder.quiz.batch import grade_class
    from autograder.quiz.bundle import aliases_file
    from autograder.quiz.identity import read_aliases

    course = _course(options)
    sheet = _key_sheet(course, *_chosen(course, [options.quiz]))
    path = aliases_file(course)
    graded = grade_class(sheet, read_aliases(path) if path else {}, options.source, options.out)
    for one in graded:
        for flag in one.flags:
            print(f"FLAG {one.upload.id}: {flag}")
    print(f"Graded: {len(graded)}. Results, and grades.csv: {options.out}")
    return 0


def _stats(options: argparse.Namespace) -> int:
    from autograder.quiz.stats import analyse, read_sittings, warning
    from autograder.quiz.statspage import stats_page

    course = _course(options)
    name, sittings = read_sittings(options.results)
    sheet = _key_sheet(course, *_chosen(course, [name]))
    items = analyse(sheet, sittings)
    if said := warning(len(sittings)):
        print(f"WARNING {said}")
    for number, item in enumerate(items, start=1):
        told = "   –" if item.discrimination is None else f"{item.discrimination:5.2f}"
        print(f"{number:>3}  difficulty {item.difficulty:.2f}  discrimination {told}  blank {item.blank:.2f}  {item.slot.title}")
    out = options.out or options.results / "stats.html"
    out.write_text(stats_page(sheet, items, len(sittings)), encoding="utf-8")
    print(f"With misconceptions, variants and a plot: {out}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from autograder.quiz.stress import main

    course = _course(options)
    quizzes = _chosen(course, [])
    code = main(options.prefix, course.root)
    print(f"{len(quizzes)} quizzes can be read: {', '.join(quiz.name for quiz in quizzes)}")
    return code
