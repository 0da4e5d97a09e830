"""The grader of a take-home quiz, through its own zip in a scratch root with Gradescope's layout."""

from __future__ import annotations

import ast
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest

from autograder.quiz.answers import read_value
from autograder.quiz.bundle import MODULES
from tests.quiz.quizfiles import ADA, filled, hand_in, keys_of, make, right_answers
from tests.support import GRADESCOPE, ROOT, rows


class Desk:
    """A course whose quiz03 is handed in, once per call."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root, self.scratch, self.count, self.set_up = root, scratch, 0, False
        self.remake()

    def remake(self) -> None:
        self.notebook, self.sheet, self.archive = make(self.root)

    def __call__(
        self, who: str = "ada", answers: dict[str, str] | None = None, users: list[dict[str, Any]] | None = None, **files: str
    ) -> dict[str, Any]:
        self.count += 1
        work = filled(self.notebook, who, right_answers(self.sheet, "ada") if answers is None else answers)
        uploaded = files or {"quiz03": nbformat.writes(work)}
        named = {f"{name}.ipynb": text for name, text in uploaded.items()}
        results, self.printed = hand_in(
            self.scratch / str(self.count), self.archive, named, [ADA] if users is None else users, set_up=self.set_up
        )
        jsonschema.validate(results, GRADESCOPE)
        return results


@pytest.fixture
def desk(course_root: Path, tmp_path: Path) -> Desk:
    return Desk(course_root, tmp_path)


def supervised(root: Path) -> None:
    quiz = root / "assignments/quizzes/quiz03.toml"
    quiz.write_text(quiz.read_text().replace("lecture = 3", 'lecture = 3\ngraded = "correctness"'))


def points(results: dict[str, Any]) -> list[float]:
    return [row["score"] for row in results["tests"] if "score" in row]


def received(results: dict[str, Any]) -> str:
    return str(rows(results)["0"]["output"])


def test_right_answers_earn_everything_and_what_arrived_is_said_at_once(desk: Desk) -> None:
    desk.set_up = True
    results = desk()
    assert points(results) == [2, 2, 2, 2, 2]
    assert "Received 5 of 5 answers" in received(results)
    assert "for `ada`: ok" in received(results)
    assert {row["visibility"] for number, row in rows(results).items() if number != "0"} == {"after_published"}
    assert rows(results)["0"]["visibility"] == "visible"
    assert desk.printed == ""


def test_a_take_home_quiz_counts_answers_and_still_tells_what_was_right(desk: Desk) -> None:
    wrong = dict.fromkeys(("q1", "q2"), "'123456'") | {"q3": "'A'", "q4_A": "True", "q5": "'(1, 1)'"}
    results = desk(answers=wrong)
    assert points(results) == [2, 2, 2, 2, 2]
    assert "Not right" in rows(results)["1"]["output"]
    assert "The answer: " in rows(results)["1"]["output"]


def test_a_quiz_for_correctness_counts_what_is_right(desk: Desk) -> None:
    supervised(desk.root)
    desk.remake()
    key = keys_of(desk.sheet, "ada")[0]
    near, lost = key.answer * 1.02, key.mistakes[0].answer
    assert points(desk()) == [2, 2, 2, 2, 2]
    assert points(desk(answers={"q1": str(near)})) == [1, 0, 0, 0, 0]
    results = desk(answers={"q1": str(lost)})
    assert points(results) == [0, 0, 0, 0, 0]
    assert "The factor two is lost" in rows(results)["1"]["output"]


def test_an_empty_notebook_scores_nothing_and_lists_what_is_missing(desk: Desk) -> None:
    results = desk(answers={})
    assert points(results) == [0, 0, 0, 0, 0]
    assert "Received 0 of 5 answers" in received(results)
    assert "Question 5: no answer" in received(results)


def test_an_answer_of_the_wrong_form_is_named_at_once(desk: Desk) -> None:
    results = desk(answers=right_answers(desk.sheet, "ada") | {"q1": "'0,75'"})
    assert "Question 1: '0,75' is not a number" in received(results)
    assert points(results) == [0, 2, 2, 2, 2]


def test_a_notebook_without_a_pennkey_is_refused(desk: Desk) -> None:
    results = desk(who="")
    assert results["score"] == 0
    assert "PennKey is missing" in received(results)


def test_another_persons_notebook_is_refused_and_flagged_and_never_graded_as_somebody_elses(desk: Desk) -> None:
    results = desk(who="grace", answers=right_answers(desk.sheet, "grace"))
    assert results["score"] == 0
    assert len(results["tests"]) == 1
    assert "made for `grace`, and you are Ada@seas.upenn.edu" in received(results)
    assert desk.printed == "FLAG identity: the notebook says grace, the uploader is Ada@seas.upenn.edu\n"
    assert results["extra_data"]["flags"]


def test_an_alias_makes_another_address_somebodys_own(desk: Desk) -> None:
    aliases = desk.root / "assignments/quizzes/aliases.csv"
    aliases.write_text("email,pennkey\nada.lovelace@alumni.upenn.edu,ada\n")
    desk.remake()
    results = desk(users=[{**ADA, "email": "Ada.Lovelace@alumni.upenn.edu"}])
    assert points(results) == [2, 2, 2, 2, 2]


def test_a_student_number_is_an_identity_too(desk: Desk) -> None:
    results = desk(who="12345678", answers=right_answers(desk.sheet, "12345678"), users=[{**ADA, "sid": 12345678}])
    assert points(results) == [2, 2, 2, 2, 2]


def test_two_users_are_refused_with_a_flag(desk: Desk) -> None:
    results = desk(users=[ADA, {**ADA, "email": "grace@upenn.edu"}])
    assert results["score"] == 0
    assert "handed in by one person" in received(results)
    assert desk.printed == "FLAG several users\n"


def test_without_users_the_grade_stands_with_a_flag(desk: Desk) -> None:
    results = desk(users=[])
    assert points(results) == [2, 2, 2, 2, 2]
    assert "identity not checked" in desk.printed


def test_a_notebook_of_an_unknown_release_is_refused(desk: Desk) -> None:
    old = nbformat.writes(filled(desk.notebook, "ada", right_answers(desk.sheet, "ada"))).replace(desk.sheet.version, "00000000")
    results = desk(quiz03=old)
    assert results["score"] == 0
    assert "release 00000000" in received(results)
    assert "FLAG unknown release" in desk.printed


def test_a_corrected_key_regrades_notebooks_already_handed_in(desk: Desk) -> None:
    supervised(desk.root)
    desk.remake()
    work = nbformat.writes(filled(desk.notebook, "ada", right_answers(desk.sheet, "ada")))
    bank = desk.root / "assignments/quizzes/bank/l03_descent.py"
    bank.write_text(bank.read_text().replace("return 2 * a * x", "return 7 * a * x"))
    desk.remake()
    assert points(desk(quiz03=work)) == [0, 2, 2, 2, 2]


def test_another_quizs_notebook_is_refused(desk: Desk) -> None:
    other = nbformat.writes(desk.notebook).replace("quiz03", "quiz04")
    assert "the notebook is quiz04" in received(desk(quiz03=other))


def test_answers_count_when_metadata_outputs_and_order_are_lost(desk: Desk) -> None:
    work = json.loads(nbformat.writes(filled(desk.notebook, "ada", right_answers(desk.sheet, "ada"))))
    bare = [{"cell_type": c["cell_type"], "source": "".join(c["source"])} for c in reversed(work["cells"])]
    assert points(desk(quiz03=json.dumps({"cells": bare}))) == [2, 2, 2, 2, 2]


def test_a_tampered_statement_changes_no_grade(desk: Desk) -> None:
    work = filled(desk.notebook, "ada", right_answers(desk.sheet, "ada"))
    work.cells[1].source = work.cells[1].source.replace("What is the slope", "What is one")
    assert points(desk(quiz03=nbformat.writes(work))) == [2, 2, 2, 2, 2]


def test_of_two_cells_for_one_answer_the_last_counts_and_is_named(desk: Desk) -> None:
    work = filled(desk.notebook, "ada", right_answers(desk.sheet, "ada"))
    work.cells.append(nbformat.v4.new_code_cell("quiz03_q1 = ''"))
    results = desk(quiz03=nbformat.writes(work))
    assert points(results) == [0, 2, 2, 2, 2]
    assert "the last one counts: q1" in received(results)


HOSTILE = [
    "__import__('os').system('touch {mark}')",
    "open({mark!r}, 'w')",
    "(lambda: open({mark!r}, 'w'))()",
    "[" * 900,
    "-" * 900 + "1",
    "9" * 900,
    "float('inf')",
    "{{1: 2}}",
    "b'abc'",
    "1j",
    "True",
    "[[[1, 2], None], 'A']",
    "'`</code><script>alert(1)</script>`'",
    "'\\x00\\ud800'",
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_answer_is_no_answer_and_nothing_runs(desk: Desk, value: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    hostile = value.format(mark=str(mark))
    results = desk(answers=right_answers(desk.sheet, "ada") | {"q1": hostile, "q3": hostile})
    earned = points(results)
    assert earned[1:2] + earned[3:] == [2, 2, 2]
    assert earned[2] == 0
    assert not mark.exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"work": "not json"}, "not valid JSON"),
        ({"work": "[" * 100_000}, "not a notebook"),
        ({"work": "{}"}, "no list of cells"),
        ({"one": "{}", "two": "{}"}, "2 notebooks were uploaded"),
    ],
)
def test_what_is_no_notebook_says_so(desk: Desk, files: dict[str, str], message: str) -> None:
    assert message in received(desk(**files))


def test_magics_and_cells_that_would_raise_are_ignored(desk: Desk) -> None:
    work = filled(desk.notebook, "ada", right_answers(desk.sheet, "ada"))
    for source in ("!rm -rf /", "%%bash\nexit 1", "raise SystemExit", "quiz03_q1 == 3", "while True: pass"):
        work.cells.insert(2, nbformat.v4.new_code_cell(source))
    assert points(desk(quiz03=nbformat.writes(work))) == [2, 2, 2, 2, 2]


@pytest.mark.parametrize(("text", "value"), [("3/4", "3/4"), ("B  # mine", "B"), ("'#1'  # x", "#1"), ("(3, 4)", (3, 4)), ("", "")])
def test_what_is_no_literal_is_taken_as_text(text: str, value: Any) -> None:
    assert read_value(text) == value


def test_a_broken_key_file_stops_the_build_of_the_image(desk: Desk, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(desk.archive)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sheet = json.loads(files["keys.json"])
    sheet["slots"][0]["keys"][0]["answer"] = None
    from autograder.build.bundle import zip_bytes

    desk.archive = zip_bytes(files | {"keys.json": json.dumps(sheet).encode()})
    desk.set_up = True
    with pytest.raises(Exception, match="returned non-zero exit status"):
        desk()


def test_the_zip_needs_the_standard_library_of_python_3_10_alone() -> None:
    for module in MODULES:
        tree = ast.parse((ROOT / "autograder" / module).read_text(), feature_version=(3, 10))
        names = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        own = {name for name in names if name.startswith("autograder.")}
        assert {f"{name.removeprefix('autograder.').replace('.', '/')}.py" for name in own} - {"quiz.py"} <= {*MODULES, "quiz/literal.py"}
        outside = {name.partition(".")[0] for name in names - own}
        allowed = {"matplotlib", "otter", "IPython", "google"}  # inside functions that grading does not call
        assert outside - allowed <= set(sys.stdlib_module_names) - {"tomllib"}, module


def test_the_zip_is_the_same_each_time(desk: Desk) -> None:
    before = desk.archive
    desk.remake()
    assert desk.archive == before
