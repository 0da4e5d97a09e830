"""Every class of attack, on the toy homework: no points, no secrets, no processes, no other results, no delay."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest

from autograder.audit.rows import stub_row
from autograder.content import load_course
from autograder.grading import confine
from autograder.grading.grade import Foreman, score
from tests.attacks.arena import HONEST, Arena, Attack, Canaries, attacks, left_behind, plant, shown
from tests.support import GRADESCOPE, ROOT, needs_root

pytestmark = needs_root


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    canaries = Canaries()
    folder = tmp_path_factory.mktemp("arena")
    root = folder / "course"
    course = plant(root, canaries)
    for path in (*reversed(folder.parents[:2]), folder):
        path.chmod(0o755 if confine.landlock_version() else 0o700)  # where Landlock holds, file modes need not
    with socket.create_server(("127.0.0.1", 0)) as server, canaries.beside(), Foreman() as foreman:
        yield Arena(course, canaries, foreman, server.getsockname()[1], folder)


@pytest.mark.parametrize("attack", attacks(), ids=lambda a: a.name)
def test_it_reaches_nothing(attack: Attack, arena: Arena) -> None:
    before = {p: p.read_bytes() for p in arena.course.root.rglob("*") if p.is_file()}
    outcome, results, log = arena.grade(attack)
    assert outcome.points is not None and outcome.points <= HONEST
    assert not outcome.left
    assert sha256((arena.folder / f"{attack.name}.json").read_bytes()).hexdigest() in log
    jsonschema.validate(results, GRADESCOPE)
    assert [row["number"] for row in results["tests"]] == ["0", "1.1", "1.2", "1.3", "2.1", "2.2"]
    assert not outcome.seen, outcome.seen
    assert outcome.seconds < arena.course.assignment("toy").limits.submission
    assert before == {p: p.read_bytes() for p in arena.course.root.rglob("*") if p.is_file()}


def test_after_all_of_them_right_work_gets_every_point(arena: Arena) -> None:
    right = "def mean(x):\n    if x.numel() == 0:\n        raise ValueError\n    return x.sum() / x.numel()"
    outcome, _, _ = arena.grade(Attack("right", "", (right,)))
    assert outcome.points == 10


HW4 = ("caller_frames", "cell_metadata", "hidden_tests_on_disk", "patched_comparison", "results_written_and_grader_killed")


@pytest.mark.slow
@pytest.mark.parametrize("attack", [a for a in attacks() if a.name in HW4], ids=lambda a: a.name)
def test_it_reaches_nothing_in_homework_4(attack: Attack, tmp_path: Path) -> None:
    canaries, course, out, work = Canaries(), tmp_path / "course", tmp_path / "out.json", tmp_path / "work.ipynb"
    for part in ("assignments", "solutions"):
        shutil.copytree(ROOT / part / "hw4_adam", course / part / "hw4_adam")
    shutil.copy(ROOT / "assignments" / "course.toml", course / "assignments")
    for path, place in (("solutions/hw4_adam/reference.py", "reference"), ("assignments/hw4_adam/tests/q1_hidden.py", "hidden tests")):
        with open(course / path, "a") as file:
            file.write(f'\n\nCANARY = "{canaries.words[place]}"\n')
    assignment = load_course(course).assignment("hw4_adam")
    stub = Attack(attack.name, "", (*stub_row(assignment).cells, *attack.cells))
    work.write_text(json.dumps(stub.notebook(COURSE=str(course), OUT=str(out), PORT=1)))
    with Foreman() as foreman:
        results = foreman.grade(load_course(course), assignment, work, out)
        assert score(results)[0] == 0 and not canaries.seen_in(shown(results)) and not left_behind(foreman)
    assert "Trusted submissions only" not in results["output"]
