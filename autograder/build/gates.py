"""The release gates: what must hold of the content and of the files that leave the house. Each problem names place and remedy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.audit.findings import MAX_STUB_SHARE, MIN_FAULTS
from autograder.audit.marks import Fault
from autograder.audit.rows import variant_rows
from autograder.build.expected import check_labels
from autograder.build.notebook import packed_files, parse_errors, read_sources, student_files
from autograder.content import Assignment, ContentError, Course, read_text
from autograder.grading.cases import Case, load_cases
from autograder.rubric import read_rubric, written_section

MIN_WORDS = 10
CHECKS = {"close", "equal", "that", "raises", "unchanged", "returned"}
MIN_PUBLIC_SHARE = 0.5
MAX_WRITTEN = 20
MAX_DEVICE = 10
UNLOADED = "load"
"""The gate of test files that cannot be loaded: without them nothing can be run."""
SHORT = 14
"""Lines shorter than this are too common to count as a leak (`return x`, `else:`), as are imports."""


@dataclass(frozen=True)
class Problem:
    """One broken gate."""

    gate: str
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.gate}]\n    {self.remedy}"


def content_problems(course: Course, assignment: Assignment) -> list[Problem]:
    """The gates that need no grading: points, prose, cases, faults. Fast."""
    settings = str(assignment.path / "assignment.toml")
    found = list(_points(course, assignment, settings))
    found += _prose(assignment)
    cases: list[Case] = []
    for question in assignment.coded:
        try:
            cases += load_cases(assignment.test_source(question.id, hidden=True), f"tests/{question.id}.py")
        except ContentError as error:
            found.append(Problem("cases", str(error), "the question has no public cases", "Write them, or set manual = true."))
        except Exception as error:
            where = str(assignment.path / "tests" / f"{question.id}_*.py")
            if "More points specified" in str(error):  # Otter's words
                what, remedy = f"the cases carry more than the {question.points} points of {question.id}", "Change one of them."
            else:
                what, remedy = f"the test files cannot be loaded: {type(error).__name__}: {error}", "Run the file in Python."
            found.append(Problem(UNLOADED, where, what, remedy))
    found += _cases(assignment, cases)
    found += _voids(assignment, cases, settings)
    found += _faults(assignment)
    return found


def _points(course: Course, assignment: Assignment, settings: str) -> Iterable[Problem]:
    if course.points is not None and assignment.points != course.points:
        yield Problem("points", settings, f"the questions add up to {assignment.points} points, not {course.points}", "Change the points.")
    written = sum(q.points for q in assignment.questions if q.manual)
    if written > MAX_WRITTEN:
        yield Problem("points", settings, f"written answers carry {written} points", f"At most {MAX_WRITTEN}.")
    for q in assignment.questions:
        if q.points < 1 or q.minutes < 1 or not 1 <= q.difficulty <= 3:
            yield Problem(
                "points", f"{settings}: {q.id}", "points, minutes or difficulty out of range", "Points and minutes ≥ 1, difficulty 1 to 3."
            )
        if not q.manual and not q.functions:
            yield Problem("points", f"{settings}: {q.id}", "names no functions", "List the reference's functions that answer it.")


def _prose(assignment: Assignment) -> Iterable[Problem]:
    path = str(assignment.path / "notebook.md")
    sources = read_sources(assignment)
    text = "\n".join(s.text for s in sources if s.kind == "markdown")
    asked = re.findall(r"<!-- question: (\w+) -->", text)
    for q in assignment.questions:
        if asked.count(q.id) != 1:
            yield Problem("prose", path, f"{q.id} has {asked.count(q.id)} question marks", f"Write '<!-- question: {q.id} -->' once.")
        told = text.partition(f"<!-- question: {q.id} -->")[2].partition("<!-- question:")[0]
        if len(told.split()) < MIN_WORDS:
            yield Problem(
                "prose", path, f"{q.id} has {len(told.split())} words", "Say what is asked: the convention, the domain, an example."
            )
        kinds = {"answer": [q.id]} if q.manual else {"check": [q.id], "reference": list(q.functions)}
        for kind, names in kinds.items():
            there = [n for s in sources if s.kind == kind for n in s.names]
            for name in names:
                if there.count(name) != 1:
                    yield Problem(
                        "prose", path, f"{q.id}: '{name}' stands in {there.count(name)} {kind} cells", "It must stand in exactly one."
                    )
        if q.manual:
            try:
                for section in ("Sample answer", "Common mistakes"):
                    written_section(assignment, q.id, section)
                read_rubric(assignment, q)
            except ContentError as error:
                yield Problem("prose", str(assignment.solutions / "written.md"), str(error), "People grade by it: see CONTRIBUTING.md.")


def _cases(assignment: Assignment, cases: list[Case]) -> Iterable[Problem]:
    where = str(assignment.path / "tests")
    on_device = sum(c.points for c in cases if c.device)
    if on_device > MAX_DEVICE:
        yield Problem("cases", where, f"device cases carry {on_device:g} points", f"At most {MAX_DEVICE}.")
    for q in assignment.coded:
        own = [c for c in cases if c.question == q.id]
        total = sum(c.points for c in own)
        if own and all(c.device for c in own):
            yield Problem(
                "cases", where, f"{q.id}: every case needs a device", "Add one on the CPU: where the device fails, it gets the points."
            )
        if own and abs(total - q.points) > 1e-9:
            yield Problem(
                "cases", where, f"{q.id}: its cases add up to {total:g} points, the question has {q.points}", "Change one of them."
            )
        public = sum(c.points for c in own if not c.hidden)
        if own and public < MIN_PUBLIC_SHARE * q.points:
            yield Problem("cases", where, f"{q.id}: public cases carry {public:g} of {q.points} points", "At least half.")
        can_fail = _that_can_fail(assignment.test_source(q.id, hidden=True)) if own else set()
        for case in own:
            if case.name not in can_fail:
                yield Problem(
                    "cases", where, f"{case.id} {case.name} cannot fail: it reaches no check", "Use close, equal, that or raises."
                )
        for kind in ("public", "hidden"):
            path = assignment.test_file(q.id, kind)
            if path.exists():
                yield from _test_text(path, hidden=kind == "hidden")


def _test_text(path: Path, *, hidden: bool) -> Iterable[Problem]:
    for node in ast.walk(ast.parse(read_text(path))):
        where = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Assert):
            yield Problem("cases", where, "a bare assert has no message for the student", "Use checks.that, close or equal.")
        if isinstance(node, ast.Attribute) and node.attr == "allclose":
            yield Problem("cases", where, "allclose accepts empty and broadcast answers", "Use checks.close.")
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "test_case":
                    said = any(k.arg == "hidden" and getattr(k.value, "value", False) for k in mark.keywords)
                    if said != hidden:
                        yield Problem(
                            "cases", where, f"{node.name}: hidden={said} in a {'hidden' if hidden else 'public'} file", "Move or mark it."
                        )


def _that_can_fail(source: str) -> set[str]:
    """The functions of a test file that reach a check, themselves or through others."""
    calls = {
        node.name: {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }
    found: set[str] = set()
    while more := {name for name, called in calls.items() if called & (found | CHECKS)} - found:
        found |= more
    return found


def public_points(assignment: Assignment) -> float:
    """What a submission earns that passes the public cases alone."""
    cases = (c for q in assignment.coded for c in load_cases(assignment.test_source(q.id, hidden=False), f"tests/{q.id}.py"))
    return sum(c.points for c in cases)


def _voids(assignment: Assignment, cases: list[Case], settings: str) -> Iterable[Problem]:
    there = {c.id for c in cases}
    for void in assignment.voids:
        if void.case not in there:
            yield Problem("cases", f"{settings}: [[void]]", f"there is no case {void.case}", "Take its number from the results.")


def _faults(assignment: Assignment) -> Iterable[Problem]:
    path = str(assignment.solutions / "faults.py")
    rows = variant_rows(assignment, "fault")
    for q in assignment.coded:
        own = [r for r in rows if r.declaration is not None and r.declaration.of in q.functions]
        need = min(MIN_FAULTS, q.points)  # a warm-up question of a point or two needs fewer
        if len(own) < need:
            yield Problem("faults", path, f"{q.id} has {len(own)} faults", f"At least {need}.")
    coded = {q.id for q in assignment.coded}
    for row in rows:
        if isinstance(row.declaration, Fault) and not (row.declaration.loses and row.declaration.loses <= coded):
            named = ", ".join(sorted(row.declaration.loses)) or "nothing"
            yield Problem("faults", path, f"{row.name} loses {named}", f"Name coded questions: {', '.join(sorted(coded))}.")
        if isinstance(row.declaration, Fault) and not row.declaration.hint.strip():
            yield Problem("faults", path, f"{row.name} has no hint", "Lead, and give nothing away.")


def notebook_problems(assignment: Assignment, student: nbformat.NotebookNode) -> list[Problem]:
    """The gates on the student notebook itself: it parses, and it holds nothing that students may not have."""
    where = f"release/student/{assignment.name}/{assignment.name}.ipynb"
    found = [Problem("parse", where, e, "Repair the cell in notebook.md or reference.py.") for e in parse_errors(student)]
    found += [Problem("parse", e, "slugs name files", "Rename one.") for e in check_labels(assignment, student)]
    text = student_text(student)
    for kind, origin, line in _forbidden(assignment):
        if line in text:
            found.append(
                Problem("leak", where, f"a {kind} line of {origin} appears: {line[:80]!r}", "Remove it, or give it to students on purpose.")
            )
    return found


def student_text(student: nbformat.NotebookNode) -> set[str]:
    """Every line of a student notebook, with the files in its set-up cell unpacked."""
    texts = [c.source for c in student.cells]
    for cell in student.cells:
        texts += packed_files(cell.source).values()
        for output in cell.get("outputs", []):
            texts += [str(v) for v in [output.get("text", ""), *output.get("data", {}).values()]]
    return {line.strip() for text in texts for line in text.splitlines()}


def _forbidden(assignment: Assignment) -> Iterable[tuple[str, str, str]]:
    """(kind, file, line) for every line that must not reach students and that they do not get anyway."""
    reference = assignment.reference
    given = [read_text(assignment.path / "notebook.md"), *student_files(assignment).values(), reference.imports]
    given += [reference.stub(name) for name in reference.definitions]
    allowed = {line.strip() for text in given for line in text.splitlines()}
    for name in reference.definitions:
        for line in reference.solution_lines(name):
            if len(line) >= SHORT and line not in allowed:
                yield "solution", "reference.py", line
    secret = [("hidden-test", assignment.test_file(q.id, "hidden")) for q in assignment.coded]
    secret += [
        ("fault", assignment.solutions / "faults.py"),
        ("variant", assignment.solutions / "legal.py"),
        ("rubric", assignment.solutions / "written.md"),
    ]
    for kind, path in secret:
        for line in read_text(path).splitlines() if path.exists() else []:
            is_import = path.suffix == ".py" and line.startswith(("import ", "from "))
            if len(line.strip()) >= SHORT and not is_import and line.strip() not in allowed:
                yield kind, path.name, line.strip()


def score_problems(assignment: Assignment, grader: str, reference: tuple[float, float], stub: tuple[float, float]) -> list[Problem]:
    """The reference scores everything, the stub next to nothing."""
    found = []
    if reference[0] < reference[1] - 1e-9:
        what = f"the reference scores {reference[0]:g} of {reference[1]:g} under {grader}"
        found.append(
            Problem("score", f"solutions/{assignment.name}/reference.py", what, f"autograder audit {assignment.name} shows the cases.")
        )
    if stub[0] > MAX_STUB_SHARE * stub[1]:
        what = f"the stub scores {stub[0]:g} of {stub[1]:g} under {grader}"
        found.append(Problem("score", f"assignments/{assignment.name}/tests", what, "A case passes without any work: strengthen it."))
    return found
