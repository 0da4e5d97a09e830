"""Where submissions come from: folders, Gradescope exports, nbgrader's tree."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from autograder.content import ContentError
from autograder.grading.uploads import Upload, User, open_source

NOTEBOOK = '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'

METADATA = """\
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0815'
    :email: ada@example.edu
  - :name: Emmy Noether
    :sid: '4711'
    :email: emmy@example.edu
  :created_at: 2026-10-01 12:00:00.000000000 Z
  :score: 3.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_102:
  :submitters:
  - :name: Carl Gauss
    :sid: '1777'
    :email: carl@example.edu
"""


def put(path: Path, text: str = NOTEBOOK) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(source: Path) -> list[Upload]:
    with open_source(source, "toy") as uploads:
        return uploads


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A Gradescope export: a group with a notebook, and a student with another file."""
    folder = tmp_path / "assignment_7_export"
    put(folder / "submission_metadata.yml", METADATA)
    put(folder / "submission_101" / "toy.ipynb")
    put(folder / "submission_102" / "toy.pdf")
    return folder


def test_each_notebook_of_a_folder_is_a_submission(tmp_path: Path) -> None:
    put(tmp_path / "ada.ipynb")
    put(tmp_path / "emmy.ipynb")
    assert [(u.id, u.users[0].name, u.notebook) for u in read(tmp_path)] == [
        ("ada", "ada", tmp_path / "ada.ipynb"),
        ("emmy", "emmy", tmp_path / "emmy.ipynb"),
    ]


def test_each_folder_of_a_folder_is_a_submission(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "Copy of toy.ipynb")
    put(tmp_path / "ada" / ".ipynb_checkpoints" / "toy-checkpoint.ipynb")
    assert [u.notebook for u in read(tmp_path)] == [tmp_path / "ada" / "Copy of toy.ipynb"]


def test_nbgraders_tree_gives_this_homeworks_notebooks(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "toy" / "toy.ipynb")
    put(tmp_path / "ada" / "other" / "other.ipynb")
    put(tmp_path / "emmy" / "other" / "other.ipynb")
    (ada,) = read(tmp_path)
    assert (ada.id, ada.users, ada.notebook) == ("ada", (User(sid="ada"),), tmp_path / "ada" / "toy" / "toy.ipynb")


def test_a_group_of_an_export_is_one_submission_with_its_users(export: Path) -> None:
    group = read(export)[0]
    assert group.id == "submission_101" and group.notebook == export / "submission_101" / "toy.ipynb"
    assert group.users == (User("Ada Lovelace", "ada@example.edu", "0815"), User("Emmy Noether", "emmy@example.edu", "4711"))


def test_a_submission_without_a_notebook_says_what_it_holds(export: Path) -> None:
    alone = read(export)[1]
    assert alone.notebook is None and "No notebook" in alone.problem and "toy.pdf" in alone.problem


def test_a_zipped_export_is_read_like_its_folder(export: Path, tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in export.rglob("*"):
            file.write(path, path.relative_to(export.parent))
    with open_source(archive, "toy") as uploads:
        first, second = uploads
        assert first.users[1].name == "Emmy Noether" and first.notebook is not None and first.notebook.read_text() == NOTEBOOK
        assert "toy.pdf" in second.problem
    assert not first.notebook.exists()


def test_a_zip_of_notebooks_in_one_folder_is_a_folder_of_notebooks(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as file:
        file.writestr("class/ada.ipynb", NOTEBOOK)
        file.writestr("class/emmy.ipynb", NOTEBOOK)
    assert [u.id for u in read(tmp_path / "class.zip")] == ["ada", "emmy"]


def test_a_zip_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as file:
        file.writestr("../../evil/ada.ipynb", NOTEBOOK)
        file.writestr("/emmy.ipynb", NOTEBOOK)
    assert {u.id for u in read(tmp_path / "evil.zip")} == {"evil", "emmy"}
    assert not (tmp_path.parent.parent / "evil").exists() and not Path("/emmy.ipynb").exists()


def test_ids_can_name_files_and_differ(tmp_path: Path) -> None:
    put(tmp_path / "a b.ipynb")
    put(tmp_path / "a?b.ipynb")
    assert [u.id for u in read(tmp_path)] == ["a_b", "a_b-2"]


def test_a_submission_with_two_notebooks_names_them(tmp_path: Path) -> None:
    put(tmp_path / "ada" / "one.ipynb")
    put(tmp_path / "ada" / "two.ipynb")
    assert "one.ipynb, two.ipynb" in read(tmp_path)[0].problem


def test_a_folder_without_submissions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no submissions"):
        read(tmp_path)


def test_metadata_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "submission_metadata.yml", "a: [")
    with pytest.raises(ContentError, match="not YAML"):
        read(tmp_path)


def test_one_notebook_is_no_class(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="ada.ipynb is one notebook. Give the folder"):
        read(put(tmp_path / "ada.ipynb", "{}"))


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no such folder or zip"):
        read(put(tmp_path / "class.rar", "Rar!"))
