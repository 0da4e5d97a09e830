"""What the course says: course.toml, assignment.toml, and the files of an assignment. Reads files; runs nothing."""

from __future__ import annotations

import ast
import datetime
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
HOURS, REMARK = "hours_", "remark"
"""What the survey cell assigns: hours_q1, ..., and one line of text."""
LECTURES = range(14)
"""As the 2025 notes number them."""
ANSWER_PROMPT = "*Write your answer here: double-click this cell.*"
"""What stands in a written answer's cell before the student has written."""


class ContentError(Exception):
    """Something in the course's files is missing or wrong: says which file, what, and what to do."""


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContentError(f"{path}: no such file.") from None


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{path}: {error}.") from None


def take(table: Mapping[str, Any], allowed: Mapping[str, type | tuple[type, ...]], where: str) -> dict[str, Any]:
    """The table itself, after a check that every key is known and has the right type."""
    for key, value in table.items():
        if key not in allowed:
            raise ContentError(f"{where}: unknown key '{key}'. Known keys: {', '.join(allowed)}.")
        if not isinstance(value, allowed[key]) or (isinstance(value, bool) and allowed[key] is not bool):
            raise ContentError(f"{where}: '{key}' has the wrong type ({type(value).__name__}).")
    return dict(table)


@dataclass(frozen=True)
class Question:
    """One question. points: of all its cases together. minutes: for the median student. functions: names in reference.py that answer it."""

    id: str
    title: str
    points: int
    minutes: int
    lecture: int
    difficulty: int = 2
    functions: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    manual: bool = False

    @property
    def number(self) -> int:
        return int(self.id.removeprefix("q"))


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes that one submission may use."""

    cell: float = 30.0
    case: float = 10.0
    diagnosis: float = 15.0  # of one question
    submission: float = 270.0  # with start and end less than five minutes
    memory: int = 4 << 30


@dataclass(frozen=True)
class Void:
    """A case that was found wrong after the release: everyone gets its points. case: 'q2.3'. reason: in words for students."""

    case: str
    date: datetime.date
    reason: str


@dataclass(frozen=True)
class Releases:
    """Ids of student notebooks. current: of the one that was built last. earlier: of those that an erratum of this term replaced."""

    FILE: ClassVar[str] = "releases.toml"

    current: str = ""
    earlier: tuple[str, ...] = ()

    def __contains__(self, id: str) -> bool:
        return id in (self.current, *self.earlier)

    def followed_by(self, id: str) -> Releases:
        """After a release that replaces one in students' hands."""
        return Releases(id, tuple(dict.fromkeys(x for x in (*self.earlier, self.current) if x not in ("", id))))

    def __str__(self) -> str:
        earlier = ", ".join(f'"{id}"' for id in self.earlier)
        note = "# Written by the build and by autograder erratum; autograder new-term removes it."
        return f'{note}\ncurrent = "{self.current}"\nearlier = [{earlier}]\n'


@dataclass(frozen=True)
class Assignment:
    """One homework: its settings and where its files lie."""

    name: str
    title: str
    summary: str
    lectures: tuple[int, ...]
    questions: tuple[Question, ...]
    limits: Limits
    path: Path
    solutions: Path
    voids: tuple[Void, ...] = ()

    @property
    def points(self) -> int:
        return sum(q.points for q in self.questions)

    @property
    def minutes(self) -> int:
        return sum(q.minutes for q in self.questions)

    @property
    def coded(self) -> tuple[Question, ...]:
        """The questions that have test cases."""
        return tuple(q for q in self.questions if not q.manual)

    def question(self, id: str) -> Question:
        for q in self.questions:
            if q.id == id:
                return q
        raise ContentError(f"{self.path / 'assignment.toml'}: no question '{id}'. Questions: {', '.join(q.id for q in self.questions)}.")

    def only(self, questions: Collection[str]) -> Assignment:
        """The same homework with only these coded questions; the written ones stay. Raises `ContentError` for an unknown id."""
        for id in questions:
            self.question(id)
        return replace(self, questions=tuple(q for q in self.questions if q.manual or q.id in questions))

    def test_file(self, question: str, kind: str) -> Path:
        """kind: 'public' or 'hidden'."""
        return self.path / "tests" / f"{question}_{kind}.py"

    def test_source(self, question: str, *, hidden: bool) -> str:
        """One file in Otter's exception-based format: a generated header, the public cases and, for the grader, the hidden ones."""
        q = self.question(question)
        parts = [f'OK_FORMAT = False\nname = "{q.id}"\npoints = {q.points if hidden else None}\n']
        for kind in ("public", "hidden") if hidden else ("public",):
            path = self.test_file(q.id, kind)
            if kind == "public" or path.exists():
                parts.append(read_text(path))
        return "\n".join(parts)

    @cached_property
    def uses_device(self) -> bool:
        """Whether its text, probes or tests name the accelerator or its devices."""
        texts = [read_text(self.path / "notebook.md"), self.probes] if (self.path / "notebook.md").exists() else [self.probes]
        texts += [read_text(p) for p in sorted((self.path / "tests").glob("*.py"))]
        return any(re.search(r"\b(accelerator|devices\(|counting\()", text) for text in texts)

    @property
    def probes(self) -> str:
        path = self.path / "probes.py"
        return read_text(path) if path.exists() else ""

    @property
    def releases(self) -> Releases:
        """The notebooks that students of this term may hold."""
        path = self.path / Releases.FILE
        if not path.exists():
            return Releases()
        table = take(read_toml(path), {"current": str, "earlier": list}, str(path))
        return Releases(table.get("current", ""), tuple(map(str, table.get("earlier", ()))))

    @cached_property
    def reference(self) -> Reference:
        return Reference.read(self.solutions / "reference.py")


@dataclass(frozen=True)
class Reference:
    """reference.py as text: its imports, and each top-level definition with its solution and as a stub."""

    path: Path
    source: str
    imports: str
    definitions: dict[str, str] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Reference:
        source = read_text(path)
        lines = source.splitlines()
        imports, definitions = [], {}
        for node in ast.parse(source, str(path)).body:
            start = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", [])])
            end = node.end_lineno or node.lineno
            while end < len(lines) and lines[end].startswith((" ", "\t")):  # a closing mark is a comment: the tree ends before it
                end += 1
            text = "\n".join(lines[start - 1 : end])
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports.append(text)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                definitions[node.name] = text
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                definitions[node.targets[0].id] = text
        return cls(path, source, "\n".join(imports), definitions)

    def solution(self, name: str) -> str:
        """The definition with its solution; the marks are left out."""
        return "\n".join(line for line in self._definition(name).splitlines() if line.strip() not in (BEGIN, END))

    def stub(self, name: str) -> str:
        """The definition with every text between the marks replaced; a definition without marks is given to students whole."""
        kept: list[str] = []
        inside = False
        for line in self._definition(name).splitlines():
            mark = line.strip()
            if mark == BEGIN:
                inside = True
                indent = line[: len(line) - len(line.lstrip())]
                kept += [f"{indent}# Your code here.", f'{indent}raise NotImplementedError("{name}")']
            elif mark == END:
                inside = False
            elif not inside:
                kept.append(line)
        if inside:
            raise ContentError(f"{self.path}: {name} has '{BEGIN}' without '{END}'.")
        return "\n".join(kept)

    def solution_lines(self, name: str) -> list[str]:
        """The lines between the marks, stripped: what must not appear in a student file."""
        found: list[str] = []
        inside = False
        for line in self._definition(name).splitlines():
            if line.strip() in (BEGIN, END):
                inside = line.strip() == BEGIN
            elif inside and line.strip():
                found.append(line.strip())
        return found

    def _definition(self, name: str) -> str:
        try:
            return self.definitions[name]
        except KeyError:
            raise ContentError(f"{self.path}: no function or class '{name}'.") from None


@dataclass(frozen=True)
class Course:
    """course.toml: settings that hold for every assignment.

    edition: of the notes that the course uses, for quizzes. overlay: a private folder of the same shape, with the term's own quizzes.
    """

    name: str
    term: str
    repository: str
    feedback: str
    diagnosis: str
    points: int | None
    assignments: tuple[str, ...]
    root: Path
    edition: str = ""
    overlay: Path | None = None

    def assignment(self, name: str) -> Assignment:
        """Load one assignment. Raises `ContentError` naming the file and the key."""
        if name not in self.assignments and not (self.root / "assignments" / name / "assignment.toml").exists():
            raise ContentError(f"No homework '{name}'. Homeworks: {', '.join(self.assignments)}.")
        return load_assignment(self.root / "assignments" / name, self.root / "solutions" / name)

    @property
    def quiz_folders(self) -> tuple[Path, ...]:
        """Where quizzes and their bank lie: in the course, then in its overlay. Raises `ContentError` when that folder is missing."""
        roots = (self.root,) if self.overlay is None else (self.root, self.overlay)
        folders = tuple(root / "assignments" / "quizzes" for root in roots)
        for folder in folders:
            if not folder.is_dir():
                raise ContentError(f"{folder}: no such folder. `overlay` in course.toml names a folder of the same shape as the course's.")
        return folders


FEEDBACK = ("visible", "after_due_date", "after_published", "never")
DIAGNOSIS = ("visible", "after_published", "staff", "never")
"""Who sees the likely misconception behind a failure: students at once, students later, the staff log alone, nobody."""


def load_course(root: Path = ROOT) -> Course:
    root = root.resolve()
    path = root / "assignments" / "course.toml"
    keys: dict[str, Any] = {
        "name": str,
        "term": str,
        "repository": str,
        "hidden_feedback": str,
        "diagnosis": str,
        "points": int,
        "edition": str,
        "overlay": str,
        "assignments": dict,
    }
    table = take(read_toml(path), keys, str(path))
    for key in ("name", "term", "assignments"):
        if key not in table:
            raise ContentError(f"{path}: '{key}' is missing.")
    feedback = table.get("hidden_feedback", "visible")
    if feedback not in FEEDBACK:
        raise ContentError(f"{path}: hidden_feedback is '{feedback}'; it must be one of {', '.join(FEEDBACK)}.")
    diagnosis = table.get("diagnosis", "visible")
    if diagnosis not in DIAGNOSIS:
        raise ContentError(f"{path}: diagnosis is '{diagnosis}'; it must be one of {', '.join(DIAGNOSIS)}.")
    return Course(
        name=table["name"],
        term=table["term"],
        repository=table.get("repository", ""),
        feedback=feedback,
        diagnosis=diagnosis,
        points=table.get("points"),
        assignments=tuple(table["assignments"]),
        root=root,
        edition=table.get("edition", ""),
        overlay=(root / table["overlay"]).resolve() if table.get("overlay") else None,
    )


def load_assignment(path: Path, solutions: Path) -> Assignment:
    file = path / "assignment.toml"
    keys: dict[str, Any] = {"title": str, "summary": str, "lectures": list, "question": list, "limits": dict, "void": list}
    table = take(read_toml(file), keys, str(file))
    for key in ("title", "summary", "lectures", "question"):
        if key not in table:
            raise ContentError(f"{file}: '{key}' is missing.")
    allowed: dict[str, Any] = {
        "id": str,
        "title": str,
        "points": int,
        "minutes": int,
        "lecture": int,
        "difficulty": int,
        "functions": list,
        "requires": list,
        "manual": bool,
    }
    questions = []
    for entry in table["question"]:
        where = f"{file}: question '{entry.get('id', '?')}'"
        entry = take(entry, allowed, where)
        for key in ("id", "title", "points", "minutes", "lecture"):
            if key not in entry:
                raise ContentError(f"{where}: '{key}' is missing.")
        entry["functions"] = tuple(entry.get("functions", ()))
        entry["requires"] = tuple(entry.get("requires", ()))
        questions.append(Question(**entry))
    ids = [q.id for q in questions]
    if len(set(ids)) != len(ids):
        raise ContentError(f"{file}: a question id stands twice ({', '.join(ids)}).")
    for q in questions:
        for needed in q.requires:
            if needed not in ids:
                raise ContentError(f"{file}: question '{q.id}' requires '{needed}', which is no question.")
    number = (int, float)
    limits = take(
        table.get("limits", {}),
        {"cell": number, "case": number, "diagnosis": number, "submission": number, "memory": int},
        f"{file}: [limits]",
    )
    return Assignment(
        name=path.name,
        title=table["title"],
        summary=table["summary"],
        lectures=tuple(table["lectures"]),
        questions=tuple(questions),
        limits=Limits(**limits),
        path=path,
        solutions=solutions,
        voids=_voids(table.get("void", []), ids, file),
    )


def _voids(entries: list[dict[str, Any]], questions: list[str], file: Path) -> tuple[Void, ...]:
    voids = []
    for entry in entries:
        where = f"{file}: [[void]] '{entry.get('case', '?')}'"
        entry = take(entry, {"case": str, "date": datetime.date, "reason": str}, where)
        for key in ("case", "date", "reason"):
            if not entry.get(key):
                raise ContentError(f"{where}: '{key}' is missing.")
        if not re.fullmatch(r"q\d+\.\d+", entry["case"]) or entry["case"].partition(".")[0] not in questions:
            raise ContentError(f"{where}: write the case as in the results, with its question: 'q2.3'.")
        voids.append(Void(**entry))
    if len({v.case for v in voids}) < len(voids):
        raise ContentError(f"{file}: a case stands in two [[void]] entries.")
    return tuple(voids)
