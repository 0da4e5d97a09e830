"""The Gradescope zip: Otter's own layout, so that stock `otter run` takes it, plus our grader, which runs from the same files."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from pathlib import Path

from autograder.build.notebook import PACKAGE, student_files
from autograder.content import Assignment, Course, read_text

TEMPLATES = Path(__file__).parent / "templates"
DATE = (2000, 1, 1, 0, 0, 0)
GRADER_ROOMS = (
    "__init__.py",
    "__main__.py",
    "accelerator.py",
    "bootstrap.py",
    "checks.py",
    "cli.py",
    "content.py",
    "handin.py",
    "grading",
    "audit",
)
"""What of the package grading needs; building does not travel."""


def bundle_files(course: Course, assignment: Assignment, stub: bytes) -> dict[str, bytes]:
    """Every file of the zip. stub: the student notebook, which the image's self-check grades."""
    name = assignment.name
    files = {
        "setup.sh": (TEMPLATES / "setup.sh").read_bytes(),
        "run_autograder": (TEMPLATES / "run_autograder").read_bytes(),
        "requirements.txt": ("\n".join(grader_requirements(course)) + "\n").encode(),
        "otter_config.json": (json.dumps({"lang": "python", "show_hidden": True, "print_summary": False}, indent=1) + "\n").encode(),
        "self-check.ipynb": stub,
        "assignments/course.toml": read_text(course.root / "assignments" / "course.toml").encode(),
    }
    for question in assignment.coded:
        files[f"tests/{question.id}.py"] = assignment.test_source(question.id, hidden=True).encode()
    for file, text in student_files(assignment).items():
        if not file.startswith("tests/"):
            files[f"files/{file}"] = text.encode()
    for path in sorted(assignment.path.rglob("*")):
        if path.suffix in (".toml", ".py") and "__pycache__" not in path.parts:
            files[f"assignments/{name}/{path.relative_to(assignment.path)}"] = path.read_bytes()
    for path in sorted(assignment.solutions.glob("*.py")):
        files[f"solutions/{name}/{path.name}"] = path.read_bytes()
    for room in GRADER_ROOMS:
        for path in [PACKAGE / room] if (PACKAGE / room).is_file() else sorted((PACKAGE / room).rglob("*.py")):
            files[f"autograder/{path.relative_to(PACKAGE)}"] = path.read_bytes()
    return files


def grader_requirements(course: Course) -> list[str]:
    """The pinned packages of the image: the project's own dependencies."""
    for root in (course.root, PACKAGE.parent):
        if (root / "pyproject.toml").exists():
            found: list[str] = tomllib.loads(read_text(root / "pyproject.toml"))["project"]["dependencies"]
            return found
    raise FileNotFoundError("pyproject.toml")


def zip_bytes(files: dict[str, bytes]) -> bytes:
    """A zip that is the same for the same files: sorted names, fixed dates and modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in ("setup.sh", "run_autograder") else 0o100644) << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
