"""Whose notebook it is: the PennKey written in it must belong to the person who uploaded it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from autograder.quiz.responses import read_who

Aliases = Mapping[str, set[str]]


def users_of(metadata: Any) -> list[tuple[str, str]]:
    """E-mail and student number of each uploader in Gradescope's submission_metadata.json; fields may be missing or null."""
    users = metadata.get("users") if isinstance(metadata, dict) else None
    found = [user for user in users if isinstance(user, dict)] if isinstance(users, list) else []
    return [(str(user.get("email") or ""), str(user.get("sid") or "")) for user in found]


def entitled(users: Iterable[tuple[str, str]], aliases: Aliases) -> set[str]:
    """The PennKeys that belong to uploaders: the local part of an e-mail, what the aliases add to it, and a student number."""
    ids: set[str] = set()
    for email, sid in users:
        ids |= {read_who(email), read_who(sid)} | aliases.get(email.strip().casefold(), set())
    return ids - {""}


def read_aliases(path: Path) -> dict[str, set[str]]:
    """PennKeys by e-mail from a CSV file with the columns email and pennkey; none where there is no file.

    Raises ValueError for other columns.
    """
    found: dict[str, set[str]] = {}
    if not path.exists():
        return found
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if not {"email", "pennkey"} <= set(rows.fieldnames or ()):
            raise ValueError(f"{path}: the first line must name the columns email and pennkey.")
        for row in rows:
            found.setdefault((row["email"] or "").strip().casefold(), set()).add(read_who(row["pennkey"] or ""))
    return found
