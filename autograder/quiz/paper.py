"""Paper: versions A to E to print, and the key of all of them for bubble sheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.content import ContentError
from autograder.quiz.bank import Quiz
from autograder.quiz.grade import told
from autograder.quiz.pages import paper_page
from autograder.quiz.papers import Paper

VERSIONS = "ABCDE"
BUBBLES = set("ABCDE")
"""The options that Gradescope's bubble sheet has."""


def paper_files(quiz: Quiz, papers: Sequence[Paper]) -> dict[str, str]:
    """Name -> text: one HTML page for each version, and key.csv. Raises ContentError when the quiz has too few variants."""
    if len(papers) < len(VERSIONS):
        raise ContentError(f"{quiz.name}: {len(papers)} variants; paper needs {len(VERSIONS)}. Set variants = 8.")
    pages = {f"{quiz.name}-{letter}.html": paper_page(quiz, paper, letter) for letter, paper in zip(VERSIONS, papers, strict=False)}
    return pages | {"key.csv": key_csv(quiz, papers)}


def key_csv(quiz: Quiz, papers: Sequence[Paper]) -> str:
    """One row for each version and question. bubbles: what is filled in; empty where people read the answer from the paper."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["version", "number", "question", "points", "bubbles", "answer"])
    for letter, paper in zip(VERSIONS, papers, strict=False):
        for number, (item, variant) in enumerate(zip(quiz.items, paper.variants, strict=True), start=1):
            key = variant.key
            bubbles = "".join(key.answer) if key.labels and set(key.labels) <= BUBBLES else ""
            table.writerow([letter, number, item.question.id, item.points, bubbles, told(key)])
    return out.getvalue()
