"""Which lecture is covered by which questions: ``python -m autograder.quiz.coverage docs/coverage.md`` rewrites the page's table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.content import LECTURES, Course, load_course, read_text
from autograder.quiz.bank import load_bank, load_quizzes

BEFORE, AFTER = "<!-- coverage -->\n", "<!-- end -->"


def coverage_table(course: Course) -> str:
    """Lecture × what asks about it: homework questions with their points, quiz questions in the bank and in the quiz."""
    homework: dict[int, list[str]] = {n: [] for n in LECTURES}
    for name in course.assignments:
        for q in course.assignment(name).questions:
            homework[q.lecture].append(f"{name.partition('_')[0]} {q.id} {q.title} ({q.points})")
    bank = load_bank(course.root)
    quizzes = {quiz.lecture: quiz for quiz in load_quizzes(course.root).values()}
    lines = ["| lecture | homework questions (points) | in the bank | in the quiz |", "|---|---|---:|---:|"]
    for n in LECTURES:
        asked = "<br>".join(homework[n]) or "–"
        count = sum(question.lecture == n for question in bank.values())
        lines.append(f"| {n} | {asked} | {count} | {len(quizzes[n].items) if n in quizzes else '–'} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Rewrite the table between the marks of the file."""
    (path,) = map(Path, arguments)
    before, _, rest = read_text(path).partition(BEFORE)
    after = rest.partition(AFTER)[2]
    path.write_text(before + BEFORE + coverage_table(load_course()) + AFTER + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
