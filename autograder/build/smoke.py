"""A small zip for the first week of term: uploaded as an assignment's autograder, it reports what the platform offers."""

from __future__ import annotations

import json

from autograder.audit.matrix import as_notebook
from autograder.audit.rows import Row, reference_row, stub_row, variant_rows
from autograder.build.bundle import bundle_files, zip_bytes
from autograder.content import ContentError, Course


def smoke_zip(course: Course) -> bytes:
    """The Gradescope zip of the course's one small homework, which grades its own two notebooks whatever is uploaded."""
    if len(course.assignments) != 1:
        raise ContentError(f"{course.root}: a smoke test takes a course of one homework; found {', '.join(course.assignments)}.")
    assignment = course.assignment(next(iter(course.assignments)))
    files = bundle_files(course, assignment, _notebook(stub_row(assignment)))
    files["run_autograder"] = files["run_autograder"].replace(b"autograder gradescope --base", b"autograder smoke --base")
    files["good.ipynb"] = _notebook(reference_row(assignment))
    files["bad.ipynb"] = _notebook(variant_rows(assignment, "fault")[0])
    return zip_bytes(files)


def _notebook(row: Row) -> bytes:
    return json.dumps(as_notebook(row)).encode()
