"""Uploads whose notebook is no file, in Gradescope's layout and in a class: a clear message, nothing read elsewhere, no waiting."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest

from autograder.content import ContentError, Course
from autograder.grading import confine
from autograder.grading.batch import Plan, assignment_digest, run, upload_digest
from autograder.grading.grade import grade_gradescope
from autograder.grading.store import Store
from autograder.grading.uploads import Upload, open_source
from tests.support import GRADESCOPE, needs_root

SECRET = "a-canary-outside-the-upload"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": f"# {SECRET}"}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_a_file(path: Path) -> None:
    (outside := Path.cwd() / "outside.ipynb").write_text(NOTEBOOK)
    path.symlink_to(outside)


def link_to_a_folder(path: Path) -> None:
    (outside := Path.cwd() / "outside").mkdir()
    (outside / "other.ipynb").write_text(NOTEBOOK)
    path.symlink_to(outside)


def link_to_nothing(path: Path) -> None:
    path.symlink_to("/nowhere/at/all")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def end_of_a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def endless_device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero


def empty_folder(path: Path) -> None:
    path.mkdir()


LINK, DEVICE = "hw.ipynb is a link, not a file", "hw.ipynb is a device, not a file"
ODD = [
    pytest.param(make, says, id=make.__name__, marks=needs_root if make is endless_device else ())
    for make, says in (
        (pipe, DEVICE),
        (link_to_a_file, LINK),
        (link_to_a_folder, LINK),
        (link_to_nothing, LINK),
        (link_to_itself, LINK),
        (end_of_a_socket, DEVICE),
        (endless_device, DEVICE),
        (empty_folder, "No notebook (.ipynb) was uploaded"),
    )
]
odd_uploads = pytest.mark.parametrize(("make", "says"), ODD)


@pytest.fixture(autouse=True)
def in_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever waits at a pipe fails. From the test's own folder, since the path of a socket is short."""
    monkeypatch.chdir(tmp_path)
    signal.alarm(30)
    yield
    signal.alarm(0)


def submission(base: Path) -> Path:
    (base / "submission").mkdir(parents=True)
    return base / "submission"


def said(toy: Course, base: Path) -> str:
    """What a student reads after an upload in Gradescope's layout that cannot be graded."""
    results = grade_gradescope(toy, toy.assignment("toy"), base)
    jsonschema.validate(results, GRADESCOPE)
    assert results == json.loads((base / "results" / "results.json").read_text())
    assert results["score"] == 0 and SECRET not in json.dumps(results)
    return str(results["tests"][0]["output"])


def uploads(source: Path) -> list[Upload]:
    with open_source(source, "toy") as found:
        return found


@odd_uploads
def test_on_gradescope_it_is_named(make: Callable[[Path], None], says: str, toy: Course, tmp_path: Path) -> None:
    make(submission(tmp_path) / "hw.ipynb")
    assert says in said(toy, tmp_path)


@odd_uploads
def test_in_a_students_folder_it_costs_that_student_alone(make: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    for student in ("ada", "emmy"):
        (tmp_path / "class" / student).mkdir(parents=True)
    (tmp_path / "class" / "ada" / "toy.ipynb").write_text("{}")
    make(tmp_path / "class" / "emmy" / "hw.ipynb")
    ada, emmy = uploads(tmp_path / "class")
    assert ada.notebook is not None and emmy.notebook is None and says in emmy.problem


@odd_uploads
def test_among_the_notebooks_of_a_class_it_costs_that_student_alone(make: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.ipynb").write_text("{}")
    make(tmp_path / "class" / "hw.ipynb")
    ada, other = uploads(tmp_path / "class")
    assert ada.notebook is not None and other.notebook is None and says in other.problem


def test_a_folder_called_like_a_notebook_may_hold_the_notebook(tmp_path: Path) -> None:
    (work := tmp_path / "class" / "ada" / "toy.ipynb").mkdir(parents=True)
    (work / "toy.ipynb").write_text("{}")
    assert [u.notebook for u in uploads(tmp_path / "class")] == [work / "toy.ipynb"]


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    (outside := tmp_path / "outside.ipynb").write_text(NOTEBOOK)
    link = zipfile.ZipInfo("class/ada/toy.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(link, str(outside))
        archive.writestr("class/emmy/toy.ipynb", "{}")
    with open_source(tmp_path / "class.zip", "toy") as (ada, emmy):
        assert ada.notebook is not None and not ada.notebook.is_symlink() and ada.notebook.read_text() == str(outside)
        assert emmy.notebook is not None


@pytest.mark.parametrize("depth", [1_200, 5_000])
def test_folders_deeper_than_python_recurses_are_searched_as_far_as_paths_go(depth: int, toy: Course, tmp_path: Path) -> None:
    place = os.open(submission(tmp_path), os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a", dir_fd=place)
        place, above = os.open("a", os.O_RDONLY, dir_fd=place), place
        os.close(above)
    os.close(place)
    assert "No notebook (.ipynb) was uploaded" in said(toy, tmp_path)
    confine.remove(tmp_path / "submission")


def test_a_path_of_a_zip_that_no_file_system_holds_costs_that_student_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("class/ada/toy.ipynb", "{}")
        archive.writestr(f"class/emmy/{'a/' * 3_000}toy.ipynb", "{}")
        archive.writestr(f"class/emmy/{'n' * 400}.ipynb", "{}")
        archive.writestr("class/emmy/notes.txt", "")
    with open_source(tmp_path / "class.zip", "toy") as (ada, emmy):
        assert ada.notebook is not None
        assert emmy.notebook is None and "notes.txt" in emmy.problem


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: whole.replace(b"{}{}", b"[][]", 1), id="content"),
        pytest.param(lambda whole: whole.replace("ä".encode(), b"\xff\xff"), id="name"),
    ],
)
def test_a_damaged_zip_is_refused(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("ä.ipynb", "{}" * 100)
    whole = (tmp_path / "class.zip").read_bytes()
    (tmp_path / "class.zip").write_bytes(damage(whole))
    with pytest.raises(ContentError, match="cannot be unpacked"):
        uploads(tmp_path / "class.zip")


def test_a_name_that_is_no_text_is_stored_and_shown(toy: Course, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.ipynb")
    (tmp_path / "class" / "ada").mkdir(parents=True)
    for place in ("class/ada", "class/ada/again"):
        Path(place).mkdir(exist_ok=True)
        Path(place, name).write_text("{}")
    (ada,) = uploads(tmp_path / "class")
    assert "2 notebooks were uploaded (\N{REPLACEMENT CHARACTER}.ipynb" in ada.problem and upload_digest(ada)
    assignment = toy.assignment("toy")
    with Store(tmp_path / "grades") as store:
        run(Plan(toy, assignment, (ada,), 0, assignment_digest(toy, assignment)), store, None, width=1)  # type: ignore[arg-type]
        assert store.get("ada") is not None


def test_a_students_own_metadata_does_not_make_an_export(tmp_path: Path) -> None:
    for student in ("ada", "emmy"):
        (tmp_path / student).mkdir()
        (tmp_path / student / "toy.ipynb").write_text("{}")
    (tmp_path / "emmy" / "submission_metadata.yml").write_text("submission_1: {}\n")
    assert [u.id for u in uploads(tmp_path)] == ["ada", "emmy"]


def test_a_students_folder_named_like_the_homework_does_not_make_nbgraders_tree(tmp_path: Path) -> None:
    for place in ("ada", "emmy/toy"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "toy.ipynb").write_text("{}")
    assert [u.id for u in uploads(tmp_path) if u.notebook] == ["ada", "emmy"]
