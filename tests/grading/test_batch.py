"""A class: what is graded, what is left out, what is kept, and what one bad submission does to the others."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.content import ContentError, Course, load_course
from autograder.grading import batch
from autograder.grading.batch import Plan, local_pool, plan, run
from autograder.grading.grade import Foreman
from autograder.grading.store import Record, Store
from autograder.grading.uploads import Upload, User
from tests.support import DESCEND, MEAN, passed

WRONG = MEAN.replace("/ x.numel()", "")
ADA, EMMY = (User("Ada"),), (User("Emmy"), User("Carl"))


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with local_pool(1) as executor:
        yield executor


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grades") as opened:
        yield opened


@pytest.fixture
def uploads(notebook: Callable[..., Path]) -> list[Upload]:
    """Right work, and a group's wrong work."""
    right = notebook("import torch", MEAN, DESCEND, name="ada.ipynb")
    return [Upload("ada", ADA, right), Upload("emmy", EMMY, notebook("import torch", WRONG, DESCEND, name="emmy.ipynb"))]


def grade(course: Course, uploads: list[Upload], store: Store, pool: Executor, *only: str) -> Plan:
    """Grade what needs it; returns what that was."""
    wanted = plan(course, course.assignment("toy"), uploads, store, only=only)
    run(wanted, store, pool, width=2)
    return wanted


def graded(wanted: Plan) -> list[str]:
    return [u.id for u in wanted.uploads]


def of(store: Store, id: str) -> Record:
    record = store.get(id)
    assert record is not None
    return record


def test_every_submission_gets_its_results(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    grade(toy, uploads, store, pool)
    assert passed(of(store, "ada").results) == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    assert passed(of(store, "emmy").results) == ["1.2", "2.1", "2.2"]


def test_a_group_has_one_result_with_its_users(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    grade(toy, uploads[1:], store, pool)
    assert len(store) == 1 and of(store, "emmy").users == EMMY


def test_the_diagnosis_is_kept_for_the_class_report(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    grade(toy, uploads[1:], store, pool)
    assert of(store, "emmy").diagnoses == {"q1": "forgets_to_divide"}


def test_what_is_unchanged_is_not_graded_again(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    grade(toy, uploads, store, pool)
    again = grade(toy, uploads, store, pool)
    assert graded(again) == [] and again.unchanged == 2


def test_another_upload_is_graded_again(
    toy: Course, uploads: list[Upload], store: Store, pool: Executor, notebook: Callable[..., Path]
) -> None:
    grade(toy, uploads, store, pool)
    uploads[1] = Upload("emmy", EMMY, notebook("import torch", MEAN, DESCEND, name="emmy.ipynb"))
    assert graded(grade(toy, uploads, store, pool)) == ["emmy"]
    assert "1.1" in passed(of(store, "emmy").results)


def test_changed_tests_grade_everything_again(own_toy: Path, uploads: list[Upload], store: Store, pool: Executor) -> None:
    course = load_course(own_toy)
    grade(course, uploads, store, pool)
    tests = own_toy / "assignments" / "toy" / "tests" / "q1_hidden.py"
    tests.write_text(tests.read_text().replace("randn(7", "randn(9").replace("/ 7", "/ 9"))
    assert graded(grade(course, uploads, store, pool)) == ["ada", "emmy"]


def test_another_device_grades_everything_again(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    grade(toy, uploads, store, pool)
    assert batch.plan(toy, toy.assignment("toy"), uploads, store, device="cuda").unchanged == 0


def test_prose_changes_no_result(own_toy: Path, uploads: list[Upload], store: Store, pool: Executor) -> None:
    course = load_course(own_toy)
    grade(course, uploads[:1], store, pool)
    with open(own_toy / "assignments" / "toy" / "notebook.md", "a") as file:
        file.write("\n\nA last word.\n")
    assert graded(grade(course, uploads[:1], store, pool)) == []


def test_one_question_alone_can_be_graded_again(own_toy: Path, uploads: list[Upload], store: Store, pool: Executor) -> None:
    course = load_course(own_toy)
    grade(course, uploads, store, pool)
    before = of(store, "emmy").results
    tests = own_toy / "assignments" / "toy" / "tests" / "q1_public.py"
    tests.write_text(tests.read_text().replace("torch.tensor(2.0", "torch.tensor(4.0"))
    assert graded(grade(course, uploads, store, pool, "q1")) == ["ada", "emmy"]
    after = of(store, "emmy").results
    assert passed(after) == ["1.1", "1.2", "2.1", "2.2"]
    assert after["tests"][4:] == before["tests"][4:] and [t["number"] for t in after["tests"]] == [t["number"] for t in before["tests"]]
    assert graded(grade(course, uploads, store, pool, "q1")) == [], "the same part is not graded twice"
    assert graded(grade(course, uploads, store, pool)) == ["ada", "emmy"], "the other questions still stand on the old tests"


def test_an_unknown_question_is_refused(toy: Course, uploads: list[Upload], store: Store) -> None:
    with pytest.raises(ContentError, match="no question 'q9'"):
        plan(toy, toy.assignment("toy"), uploads, store, only=("q9",))


def test_an_interrupted_run_goes_on_where_it_stopped(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    def interrupt(record: Record) -> None:
        raise KeyboardInterrupt

    wanted = plan(toy, toy.assignment("toy"), uploads, store)
    with pytest.raises(KeyboardInterrupt):
        run(wanted, store, pool, width=1, done=interrupt)
    assert [r.submission for r in store] == ["ada"]
    assert graded(grade(toy, uploads, store, pool)) == ["emmy"]


def test_a_bad_submission_does_not_stop_the_batch(toy: Course, uploads: list[Upload], store: Store, pool: Executor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    broken.write_bytes(b"\xff\x00 no notebook")
    bad = [Upload("broken", ADA, broken), Upload("empty", ADA, None, "No notebook (.ipynb) was uploaded.")]
    grade(toy, [*bad, *uploads[:1]], store, pool)
    assert "not UTF-8" in of(store, "broken").results["tests"][0]["output"]
    assert "No notebook" in of(store, "empty").results["tests"][0]["output"]
    assert len(passed(of(store, "ada").results)) == 5


def test_a_foreman_that_ends_is_replaced_and_its_submission_graded_at_the_next_run(
    toy: Course, uploads: list[Upload], store: Store, pool: Executor
) -> None:
    def killing(task: batch.Task) -> batch.Answer:
        if task.id == "ada":
            batch._foreman().process.kill()
        return batch.grade_task(task)

    wanted = plan(toy, toy.assignment("toy"), uploads, store)
    pool_of_one = type("Pool", (), {"submit": lambda self, _, task: pool.submit(killing, task)})()
    run(wanted, store, pool_of_one, width=1)
    assert of(store, "ada").problem and not of(store, "emmy").problem
    assert graded(grade(toy, uploads, store, pool)) == ["ada"] and not of(store, "ada").problem


def test_a_pool_that_fails_leaves_a_problem_and_no_score(toy: Course, uploads: list[Upload], store: Store, pool: Executor) -> None:
    def lost(task: batch.Task) -> batch.Answer:
        raise OSError("the worker is gone")

    failing = type("Pool", (), {"submit": lambda self, _, task: pool.submit(lost, task)})()
    run(plan(toy, toy.assignment("toy"), uploads, store), store, failing, width=2)
    assert [r.problem for r in store] == ["OSError: the worker is gone"] * 2


def test_the_store_is_its_owners_alone(store: Store) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600 and stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "grades.sqlite"
    path.write_text("my own notes " * 100)
    with pytest.raises(ContentError, match="not a file of grades"):
        Store(tmp_path)
    assert path.read_text().startswith("my own notes")


def test_the_digest_does_not_depend_on_where_the_course_lies(own_toy: Path, toy: Course, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(own_toy, elsewhere)
    digests = {batch.assignment_digest(c, c.assignment("toy")) for c in (toy, load_course(own_toy), load_course(elsewhere))}
    assert len(digests) == 1


def test_of_the_courses_settings_those_that_grading_reads_change_the_digest(toy: Course) -> None:
    def digest(**settings: object) -> str:
        return batch.assignment_digest(replace(toy, **settings), toy.assignment("toy"))  # type: ignore[arg-type]

    assert digest(assignments=(*toy.assignments, "hw7_new"), repository="course/homework") == digest()
    assert len({digest(), digest(feedback="never"), digest(diagnosis="staff")}) == 3


def test_gpus_are_hidden_unless_asked_for(toy: Course, store: Store, pool: Executor, notebook: Callable[..., Path]) -> None:
    seen = "import os, torch\nassert os.environ.get('CUDA_VISIBLE_DEVICES') == '', 'a GPU could be seen'"
    grade(toy, [Upload("ada", ADA, notebook(seen, MEAN, DESCEND))], store, pool)
    assert "a GPU could be seen" not in of(store, "ada").results["tests"][0]["output"]


def test_a_foreman_that_shows_gpus_initializes_none(toy: Course, notebook: Callable[..., Path], tmp_path: Path) -> None:
    """Without a GPU here, this shows that its foreman starts, that forks work, and how the question after a GPU is asked."""
    asked = "import os, torch\nassert os.environ['PYTORCH_NVML_BASED_CUDA_CHECK'] == '1' and not torch.cuda.is_initialized()"
    with Foreman(device="cuda") as foreman:
        results = foreman.grade(toy, toy.assignment("toy"), notebook(asked, MEAN, DESCEND), tmp_path / "out.json")
    assert results["tests"][0]["status"] == "passed" and len(passed(results)) == 5
