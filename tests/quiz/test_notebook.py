"""The take-home notebook: it runs, shows each person their own statements, and holds nothing that depends on a key."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.build.notebook import to_bytes
from autograder.quiz.bank import load_quizzes
from autograder.quiz.draw import variant_number
from autograder.quiz.notebook import fields
from autograder.quiz.papers import papers
from tests.quiz.quizfiles import filled, keys_of, make, right_answers


def run(notebook: nbformat.NotebookNode, folder: Path) -> list[str]:
    """Run all cells; the text that each code cell showed."""
    notebook = copy.deepcopy(notebook)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            data = [
                o.get("text", "") or "".join(o.get("data", {}).get(k, "") for k in ("text/markdown", "text/html")) for o in cell.outputs
            ]
            shown.append("\n".join(data))
    return shown


def test_it_runs_untouched_and_says_what_to_do(course_root: Path, tmp_path: Path) -> None:
    shown = run(make(course_root)[0], tmp_path)
    assert "Write your PennKey" in shown[1]
    assert "once your PennKey is in its field" in shown[2]
    assert "Nothing to look at yet" in shown[-1]


def test_with_a_pennkey_it_shows_that_persons_questions_and_what_would_be_handed_in(course_root: Path, tmp_path: Path) -> None:
    notebook, sheet, _ = make(course_root)
    answers = right_answers(sheet, "ada") | {"q1": "'three'", "q5": "''"}
    shown = run(filled(notebook, " Ada@seas.upenn.edu", answers), tmp_path)
    mine = papers(load_quizzes(course_root)["quiz03"])[variant_number(sheet.seed, "quiz03", "ada", 8)]
    assert f"fingerprint {mine.fingerprint}" in shown[1]
    assert mine.variants[0].prompt.statement in shown[2]
    assert "A straight line from the origin" in shown[6]
    assert all(f"**{option.label}.** {option.text}" in shown[6] for option in mine.variants[2].prompt.options)
    assert "'three' is not a number" in shown[-1]
    assert "5  no answer yet" in shown[-1]
    assert "3 of 5 answers have the right form" in shown[-1]


def test_fields_are_native_forms_and_ordinary_assignments(course_root: Path) -> None:
    drawn = papers(load_quizzes(course_root)["quiz03"])
    prompts = [[paper.variants[n].prompt for paper in drawn] for n in range(5)]
    assert fields("quiz03", 1, prompts[0]) == 'quiz03_q1 = ""  # @param {type:"string"}'
    assert fields("quiz03", 3, prompts[2]) == 'quiz03_q3 = ""  # @param ["", "A", "B", "C", "D"]'
    assert fields("quiz03", 4, prompts[3]).splitlines()[4] == 'quiz03_q4_E = False  # @param {type:"boolean"}'


def test_it_is_byte_identical_when_keys_explanations_and_misconceptions_change(course_root: Path) -> None:
    before = to_bytes(make(course_root)[0])
    keys = keys_of(make(course_root)[1], "ada")
    bank = course_root / "assignments/quizzes/bank/l03_descent.py"
    text = bank.read_text()
    changes = {
        "return 2 * a * x": "return 7 * a * x",
        "return a * x / 3e6": "return a * x",
        'return r"Against': 'return r"Along',
        'Wrong(r"Along': 'Wrong(r"Against',
        "return (n, n)": "return (n + 1, n)",
        '["$x^2$", "$|x|$", "$x^4$"]': '["$x^3$", "$|x|$", "$x^4$"]',
        'Wrong("$x^3$"': 'Wrong("$x^2$"',
        "It climbs.": "It jumps.",
        "It descends.": "It goes down.",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    bank.write_text(text)
    notebook, sheet, _ = make(course_root)
    assert to_bytes(notebook) == before
    assert all(new.answer != old.answer for new, old in zip(keys_of(sheet, "ada"), keys, strict=True))


def test_it_holds_no_word_that_only_a_key_has(course_root: Path) -> None:
    text = json.dumps(make(course_root)[0])
    assert "It descends" not in text
    assert "It climbs" not in text
    assert "factor two" not in text


def test_another_term_deals_other_papers_so_it_is_another_release(course_root: Path) -> None:
    before = make(course_root)[1].version
    settings = course_root / "assignments/course.toml"
    settings.write_text(settings.read_text().replace('"now"', '"later"'))
    assert make(course_root)[1].version != before


@pytest.mark.parametrize("old", ["at @{x}?", "Across it", "rising from left"])
def test_another_wording_is_another_release(course_root: Path, old: str) -> None:
    before = make(course_root)[1].version
    bank = course_root / "assignments/quizzes/bank/l03_descent.py"
    bank.write_text(bank.read_text().replace(old, f"{old} there"))
    assert make(course_root)[1].version != before
