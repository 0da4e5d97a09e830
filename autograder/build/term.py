"""A new term: what belongs to the old one is reset, the questions stay."""

from __future__ import annotations

import re

from autograder.content import ContentError, Course, Releases, read_text

_VOID = re.compile(r"^\[\[void\]\]\n(?:(?!\[).*\n?)*", re.MULTILINE)


def new_term(course: Course, term: str) -> list[str]:
    """Name the term, forget release ids and void cases; returns what was done, one line each.

    Variants of quizzes are drawn from course and term, so every student's are new.

    Raises:
        ContentError: the name is none, or the present one.
    """
    if not re.fullmatch(r"[\w-]+", term):
        raise ContentError(f"'{term}' is no name for a term. Write it like {course.term}.")
    if term == course.term:
        raise ContentError(f"assignments/course.toml: the term is {term} already.")
    settings = course.root / "assignments" / "course.toml"
    text, found = re.subn(r'^term = ".*"$', f'term = "{term}"', read_text(settings), flags=re.MULTILINE)
    if found != 1:
        raise ContentError(f'{settings}: no line of the form term = "{course.term}".')
    done = [f"assignments/course.toml: the term is {term}; every quiz draws its variants anew"]
    for name in course.assignments:
        assignment = course.assignment(name)
        releases = assignment.path / Releases.FILE
        if releases.exists():
            releases.unlink()
            done.append(f"assignments/{name}/{Releases.FILE}: removed; the next make writes this term's")
        if assignment.voids:
            path = assignment.path / "assignment.toml"
            path.write_text(_VOID.sub("", read_text(path)).rstrip() + "\n", encoding="utf-8")
            cases = ", ".join(v.case for v in assignment.voids)
            done.append(f"assignments/{name}/assignment.toml: void cases removed ({cases}): are they mended?")
    settings.write_text(text, encoding="utf-8")
    return done
