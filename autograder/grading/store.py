"""The results of a class in one SQLite file, written as they arrive: an interrupted run goes on where it stopped."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.content import ContentError
from autograder.grading.private import private_folder
from autograder.grading.uploads import User

FILE = "grades.sqlite"

_TABLE = """CREATE TABLE IF NOT EXISTS results (
    submission TEXT PRIMARY KEY, users TEXT NOT NULL, upload TEXT NOT NULL, assignment TEXT NOT NULL, part TEXT NOT NULL,
    results TEXT NOT NULL, diagnoses TEXT NOT NULL, log TEXT NOT NULL, seconds REAL NOT NULL, worker TEXT NOT NULL, problem TEXT NOT NULL
)"""


@dataclass(frozen=True)
class Record:
    """The result of one submission.

    upload, assignment: digests of what was graded and by which tests. part: the questions that were graded later than the others, with the
    digest that they were graded by. diagnoses: by question, as the staff log has them. problem: of the grader itself; such a
    record is graded again.
    """

    submission: str
    users: tuple[User, ...]
    upload: str
    assignment: str
    part: str
    results: dict[str, Any]
    diagnoses: dict[str, str] = field(default_factory=dict)
    log: str = ""
    seconds: float = 0.0
    worker: str = ""
    problem: str = ""


class Store:
    """The file. Raises `ContentError` when it is no such file."""

    def __init__(self, folder: Path) -> None:
        self.path = private_folder(folder) / FILE
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path.chmod(0o600)
        try:
            self.connection = sqlite3.connect(self.path)
            with self.connection:
                self.connection.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            raise ContentError(f"{self.path}: not a file of grades ({error}). Move it away, or give another --out.") from None

    def put(self, record: Record) -> None:
        """Write one record; it is on disk when this returns."""
        row = vars(record) | {
            "users": json.dumps([asdict(u) for u in record.users], ensure_ascii=False),
            "results": json.dumps(record.results, ensure_ascii=False),
            "diagnoses": json.dumps(record.diagnoses, ensure_ascii=False),
        }
        with self.connection:
            self.connection.execute(f"REPLACE INTO results VALUES ({', '.join(f':{name}' for name in row)})", row)

    def get(self, submission: str) -> Record | None:
        rows = self.connection.execute("SELECT * FROM results WHERE submission = ?", [submission])
        return next(map(_record, rows), None)

    def __iter__(self) -> Iterator[Record]:
        return map(_record, self.connection.execute("SELECT * FROM results ORDER BY submission"))

    def __len__(self) -> int:
        count: int = self.connection.execute("SELECT count(*) FROM results").fetchone()[0]
        return count

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _record(row: tuple[Any, ...]) -> Record:
    submission, users, upload, assignment, part, results, diagnoses, *rest = row
    people = tuple(User(**u) for u in json.loads(users))
    return Record(submission, people, upload, assignment, part, json.loads(results), json.loads(diagnoses), *rest)
