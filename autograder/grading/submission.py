"""What is taken from an upload: the sources of its code cells and the prose of its written answers. Everything else is dropped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.handin import SURVEY, runs_in_grading

MAX_BYTES = 20 << 20
MAX_CELLS = 1_000


class Unreadable(Exception):
    """The upload cannot be graded; the message says what was found and what to do."""


@dataclass(frozen=True)
class Submission:
    """The cells to run, in order; the answers by question; the survey's cell; and what the file said about itself."""

    name: str
    digest: str
    cells: tuple[str, ...]
    answers: dict[str, str] = field(default_factory=dict)
    assignment: str = ""
    versions: str = ""
    language: str = ""
    release: str = ""
    survey: str = ""


def find_notebook(folder: Path) -> Path:
    """The one notebook of an uploaded folder. Raises `Unreadable` when there is none, or more than one."""
    named = [entry for entry in _entries(folder) if entry.name.endswith(".ipynb") and not _kept_by_an_editor(entry)]
    found = sorted(entry.path for entry in named if kind(entry) == "file")
    if not found and (odd := [entry for entry in named if kind(entry) != "folder"]):
        raise not_a_file(odd[0])
    if not found:
        others = sorted(shown(p.name) for p in folder.iterdir()) if folder.is_dir() else []
        listed = f" The upload holds: {', '.join(others[:10])}." if others else " The upload is empty."
        raise Unreadable(f"No notebook (.ipynb) was uploaded.{listed} In Colab: File > Download > Download .ipynb, then upload that file.")
    if len(found) > 1:
        names = ", ".join(shown(Path(p).name) for p in found[:10])
        raise Unreadable(f"{len(found)} notebooks were uploaded ({names}). Upload exactly one.")
    return Path(found[0])


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder. No link is followed, and a folder whose path is too long is left out."""
    places = [str(folder)]
    while places:
        with contextlib.suppress(OSError), os.scandir(places.pop()) as entries:
            for entry in entries:
                yield entry
                if kind(entry) == "folder":
                    places.append(entry.path)


def _kept_by_an_editor(entry: os.DirEntry[str]) -> bool:
    return ".ipynb_checkpoints" in Path(entry.path).parts or entry.name.startswith("._")


def kind(entry: os.DirEntry[str]) -> str:
    """What lies in an upload: a file, folder, link (wherever it leads), or device (or pipe, or socket)."""
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "device"


def not_a_file(entry: os.DirEntry[str]) -> Unreadable:
    """The problem with a notebook that is a link or a pipe: reading it could lead out of the upload, or never end."""
    return Unreadable(f"{shown(entry.name)} is a {kind(entry)}, not a file. Upload the notebook itself.")


def shown(name: str) -> str:
    """The name of a student's file as text: it may hold bytes that are no text."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def read_submission(path: Path) -> Submission:
    """Read a notebook of any name, with or without metadata. Raises `Unreadable`."""
    name = shown(path.name)
    if path.exists() and not path.is_file():
        raise Unreadable(f"{name} is not a file. Upload the notebook itself.")
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{name} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise Unreadable(f"{name} is larger than {MAX_BYTES >> 20} MiB. Clear its outputs (Edit > Clear all outputs) and upload it again.")
    try:
        notebook = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not a notebook: it is not UTF-8 text. Download it again as .ipynb.") from None
    except (ValueError, RecursionError) as error:
        detail = f" ({error})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"{name} is not a notebook: it is not valid JSON{detail}. Download it again as .ipynb.") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise Unreadable(f"{name} is not a notebook of format 4: it has no list of cells. Download it again as .ipynb.")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"{name} has {len(cells)} cells; at most {MAX_CELLS} are read.")
    code: list[str] = []
    answers: dict[str, str] = {}
    assignment = release = survey = ""
    for cell in cells:
        source = _source(cell)
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            if marked := re.search(r"^# (?:setup|submit): (\w+)(?:, release (\w+))?", source, re.MULTILINE):
                assignment, release = assignment or marked.group(1), release or marked.group(2) or ""
            if not survey and re.search(rf"^{SURVEY} ", source, re.MULTILINE):
                survey = source
            if runs_in_grading(source):
                code.append(source)
        else:
            answer = re.search(r"<!--\s*answer:\s*(\w+)\s*-->", source)
            if answer:
                answers.setdefault(answer.group(1), source.split("-->", 1)[1].strip())
    digest = hashlib.sha256(data).hexdigest()
    return Submission(name, digest, tuple(code), answers, assignment, _versions(notebook), _language(notebook), release, survey)


def _versions(notebook: dict[str, Any]) -> str:
    """What the notebook says of the versions it was last run with: for show, never trusted."""
    metadata = notebook.get("metadata")
    said = metadata.get("handed_in_with") if isinstance(metadata, dict) else None
    return re.sub(r"[^\w.,+ ]", "", said)[:80] if isinstance(said, str) else ""


def _language(notebook: dict[str, Any]) -> str:
    """The language that the notebook says it is in: for show, never trusted."""
    metadata = notebook.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    said = kernel.get("language") if isinstance(kernel, dict) else None
    return re.sub(r"\W", "", said)[:20] if isinstance(said, str) else ""


def _source(cell: Any) -> str:
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    if isinstance(source, list):
        source = "".join(s for s in source if isinstance(s, str))
    return source if isinstance(source, str) else ""
