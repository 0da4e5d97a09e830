"""What a class handed in, from any of the places where it lies: a folder of notebooks, a Gradescope export, nbgrader's ``submitted``."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from autograder.content import ContentError
from autograder.grading.submission import MAX_BYTES, Unreadable, find_notebook, kind, not_a_file, shown

METADATA = "submission_metadata.yml"
MAX_UNPACKED = 20 << 30
"""Bytes of all notebooks in a zip; one that says more is refused before anything is unpacked."""
MAX_PATH, MAX_NAME = 1_000, 255


@dataclass(frozen=True)
class User:
    """One student. Any field may be empty: sources say different things."""

    name: str = ""
    email: str = ""
    sid: str = ""

    @property
    def label(self) -> str:
        return self.name or self.email or self.sid


@dataclass(frozen=True)
class Upload:
    """One submission; a group's has several users. problem: why there is no notebook to grade, in words for its authors."""

    id: str
    users: tuple[User, ...]
    notebook: Path | None
    problem: str = ""


@contextlib.contextmanager
def open_source(source: Path, assignment: str) -> Iterator[list[Upload]]:
    """The submissions of a folder or zip, by id; their files exist while the context is open. Raises `ContentError` when there are none."""
    if source.is_dir():
        yield _read(source, assignment)
    elif source.is_file() and zipfile.is_zipfile(source):
        with tempfile.TemporaryDirectory(prefix="autograder-export-") as folder:
            try:
                _unpack(source, Path(folder))
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError) as error:
                raise ContentError(
                    f"{source}: cannot be unpacked ({error}). Export the submissions again, or unpack it and give the folder."
                ) from None
            yield _read(_only_folder(Path(folder)), assignment)
    elif source.suffix == ".ipynb" and source.is_file():
        raise ContentError(f"{source} is one notebook. Give the folder it lies in; `autograder grade` takes one notebook of a homework.")
    else:
        raise ContentError(f"{source}: no such folder or zip. Give a folder of notebooks, a Gradescope export, or nbgrader's 'submitted'.")


def _read(folder: Path, assignment: str) -> list[Upload]:
    found = [p for p in (folder / METADATA,) if p.is_file()] or list(folder.glob(f"assignment_*_export/{METADATA}"))
    if len(found) > 1:
        raise ContentError(f"{folder}: {len(found)} exports lie here ({', '.join(p.parent.name for p in found)}). Give one of them.")
    uploads = _gradescope(found[0]) if found else _folders(folder, assignment)
    if not uploads:
        raise ContentError(f"{folder}: no submissions. Expected notebooks, one folder for each student, or {METADATA}.")
    return _with_unique_ids(uploads)


def _only_folder(folder: Path) -> Path:
    """Where a zip holds everything in one folder, that folder."""
    inside = [p for p in folder.iterdir() if not p.name.startswith((".", "__MACOSX"))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _gradescope(metadata: Path) -> list[Upload]:
    try:
        table = yaml.load(metadata.read_text(encoding="utf-8"), Loader=_Plain)
    except yaml.YAMLError as error:
        raise ContentError(f"{metadata}: not YAML ({error}). Export the submissions again.") from None
    if not isinstance(table, dict):
        raise ContentError(f"{metadata}: expected one entry for each submission. Export the submissions again.")
    uploads = []
    for name, entry in table.items():
        people = entry.get(":submitters", []) if isinstance(entry, dict) else []
        users = tuple(User(*(str(p.get(key) or "") for key in (":name", ":email", ":sid"))) for p in people if isinstance(p, dict))
        uploads.append(_upload(str(name), users, metadata.parent / Path(str(name)).name))
    return uploads


class _Plain(yaml.SafeLoader):  # type: ignore[misc]
    """Reads Ruby's symbols as strings and its tagged hashes as plain ones; builds no objects."""


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


_Plain.add_multi_constructor("", _plain)


def _folders(folder: Path, assignment: str) -> list[Upload]:
    """One notebook or one folder for each student. In nbgrader's tree the homework's folder lies between."""
    with os.scandir(folder) as entries:
        present = [entry for entry in entries if not entry.name.startswith((".", "__MACOSX"))]
    uploads = [_notebook(entry) for entry in present if kind(entry) != "folder" and (entry.name.endswith(".ipynb") or entry.is_dir())]
    students = [Path(entry) for entry in present if kind(entry) == "folder"]
    nbgrader = any(_is_nbgraders(student, assignment) for student in students)
    for student in students:
        if not nbgrader or not _holds_folders_alone(student):
            uploads.append(_upload(student.name, (User(name=shown(student.name)),), student))
        elif _is_nbgraders(student, assignment):
            uploads.append(_upload(student.name, (User(sid=shown(student.name)),), student / assignment))
    return uploads


def _is_nbgraders(student: Path, assignment: str) -> bool:
    work = student / assignment
    return work.is_dir() and not work.is_symlink() and _holds_folders_alone(student)


def _holds_folders_alone(student: Path) -> bool:
    """As in nbgrader's tree. What one student uploads must not decide how another's work is read."""
    with os.scandir(student) as entries:
        return all(kind(entry) == "folder" for entry in entries if not entry.name.startswith("."))


def _notebook(entry: os.DirEntry[str]) -> Upload:
    """One student's notebook, or the problem with a link in its place."""
    path, name = Path(entry), shown(Path(entry).stem)
    problem = "" if kind(entry) == "file" else str(not_a_file(entry))
    return Upload(name, (User(name=name),), None if problem else path, problem)


def _upload(id: str, users: tuple[User, ...], folder: Path) -> Upload:
    try:
        return Upload(id, users, find_notebook(folder))
    except Unreadable as problem:
        return Upload(id, users, None, str(problem))


def _with_unique_ids(uploads: list[Upload]) -> list[Upload]:
    """Sorted, with ids that can name a file."""
    taken: set[str] = set()
    named = []
    for upload in sorted(uploads, key=lambda u: u.id):
        id = base = re.sub(r"[^\w.@+-]+", "_", upload.id).strip(".") or "submission"
        number = 1
        while id.casefold() in taken:
            number += 1
            id = f"{base}-{number}"
        taken.add(id.casefold())
        named.append(Upload(id, upload.users, upload.notebook, upload.problem))
    return named


def _unpack(source: Path, folder: Path) -> None:
    """Notebooks and metadata whole; of every other file its name alone, for the message when there is no notebook."""
    with zipfile.ZipFile(source) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        wanted = [m for m in members if m.filename.endswith((".ipynb", METADATA))]
        if sum(min(m.file_size, MAX_BYTES + 1) for m in wanted) > MAX_UNPACKED:
            raise ContentError(f"{source}: holds more than {MAX_UNPACKED >> 30} GiB of notebooks. Unpack it and give the folder.")
        for member in members:
            path = Path(folder, *(part for part in Path(member.filename).parts if part not in ("..", "/")))
            if len(os.fsencode(path)) > MAX_PATH or len(os.fsencode(path.name)) > MAX_NAME:
                continue  # no file system holds it; a student without another notebook is told that there is none
            path.parent.mkdir(parents=True, exist_ok=True)
            limit = -1 if path.name == METADATA else MAX_BYTES + 1 if path.suffix == ".ipynb" else 0
            with archive.open(member) as file:
                path.write_bytes(file.read(limit))
