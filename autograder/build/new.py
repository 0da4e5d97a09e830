"""A new homework: a small working example that passes every gate, to be replaced piece by piece."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.content import LECTURES, ContentError, Course, read_text

TEMPLATE = Path(__file__).resolve().parent / "templates" / "new"


def new_homework(course: Course, name: str, lecture: int) -> list[Path]:
    """Write the example as `name`, released after `lecture`, and enter it in course.toml; returns the files.

    Raises `ContentError` for a name or number that is taken or is none, or a lecture that is none, and leaves everything as it was.
    """
    if not re.fullmatch(r"hw\d+_[a-z0-9_]+", name):
        raise ContentError(f"'{name}' is no name for a homework. Write hw, a number, and words in lower case: hw7_proximal_steps.")
    if lecture not in LECTURES:
        raise ContentError(f"There is no lecture {lecture}: lectures run from {LECTURES[0]} to {LECTURES[-1]}.")
    settings = course.root / "assignments" / "course.toml"
    folders = {"assignment": course.root / "assignments" / name, "solutions": course.root / "solutions" / name}
    for folder in folders.values():
        if folder.exists():
            raise ContentError(f"{folder}: exists already. Choose another name, or remove it.")
    number = name.partition("_")[0]
    if taken := [other for other in course.assignments if other.partition("_")[0] == number]:
        raise ContentError(f"{number} is the number of {taken[0]}. Choose another.")
    entered = _entered(read_text(settings), name, lecture, settings)
    title = name.partition("_")[2].replace("_", " ").capitalize()
    written = []
    for kind, folder in folders.items():
        for source in sorted(p for p in (TEMPLATE / kind).rglob("*") if p.is_file() and p.suffix != ".pyc"):
            target = folder / source.relative_to(TEMPLATE / kind)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(read_text(source).replace("@title@", title).replace("@lecture@", str(lecture)), encoding="utf-8")
            written.append(target)
    settings.write_text(entered, encoding="utf-8")
    return written


def _entered(text: str, name: str, lecture: int, settings: Path) -> str:
    """course.toml with one line more at the end of its table of assignments."""
    lines = text.splitlines()
    if "[assignments]" not in lines:
        raise ContentError(f"{settings}: no table [assignments].")
    start = lines.index("[assignments]") + 1
    end = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
    while end > start and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, f"{name} = {{ after_lecture = {lecture} }}")
    return "\n".join(lines) + "\n"
