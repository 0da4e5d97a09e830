"""Mutants of the reference: one small change each, between the solution marks. Every one must fail a case or be known as equivalent."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from pathlib import Path
from typing import cast

import libcst as cst
import torch
from libcst.metadata import MetadataWrapper, PositionProvider

from autograder.audit.findings import Finding
from autograder.audit.matrix import Crew
from autograder.audit.operators import OPERATORS
from autograder.audit.rows import Row
from autograder.content import BEGIN, END, Assignment, ContentError, Course, read_toml, take
from autograder.progress import Progress

CASE_SECONDS = 2.0
SUBMISSION_SECONDS = 10.0
"""A mutant that loops is killed; it need not be killed in every case."""

SKIPPED = (cst.Raise, cst.Annotation, cst.Decorator)
"""What stands inside these is for readers: messages and types."""


@dataclass(frozen=True)
class Mutant:
    """One change. line, becomes: the first line that differs, before and after. source: the whole definition, without marks."""

    of: str
    operator: str
    line: str
    becomes: str
    source: str
    diff: str = field(repr=False)


@dataclass(frozen=True)
class Survey:
    """What became of the mutants. known: the equivalent ones."""

    total: int
    killed: int
    known: int
    findings: list[Finding]

    def __str__(self) -> str:
        alive = self.total - self.killed - self.known
        return f"{self.total} mutants of the reference: {self.killed} killed, {self.known} equivalent, {alive} survive"


def mutants(name: str, definition: str) -> Iterator[Mutant]:
    """Every mutant of a definition with solution marks, in the order of its text."""
    wrapper = MetadataWrapper(cst.parse_module(definition))
    positions = wrapper.resolve(PositionProvider)
    inside = _marked_lines(definition)
    before = _without_marks(definition)
    seen = {before}
    for node in _nodes(wrapper.module):
        if positions[node].start.line not in inside:
            continue
        for operator, change in OPERATORS.items():
            for instead in change(node):
                after = _without_marks(cast(cst.Module, wrapper.module.deep_replace(node, instead)).code)
                if after not in seen and _compiles(after):
                    seen.add(after)
                    yield _mutant(name, operator, before, after)


def survey(course: Course, assignment: Assignment, crew: Crew, progress: Progress) -> Survey:
    """Grade every mutant of the assignment that was not graded before. Raises `ContentError` when equivalent.toml cannot be read."""
    reference = assignment.reference
    found = [mutant for name, text in reference.definitions.items() if BEGIN in text for mutant in mutants(name, text)]
    cache = course.root / ".cache" / "mutants" / f"{assignment.name}.json"
    kept: dict[str, bool] = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    circumstances = _circumstances(assignment)
    digests = [hashlib.sha256(f"{circumstances}{m.of}{m.source}".encode()).hexdigest() for m in found]
    fresh = [(digest, _row(assignment, mutant)) for digest, mutant in zip(digests, found, strict=True) if digest not in kept]
    step = progress.start(f"{assignment.name}: mutants", len(fresh))
    short = replace(assignment, limits=replace(assignment.limits, case=CASE_SECONDS, submission=SUBMISSION_SECONDS))
    graded = crew.grade(replace(course, diagnosis="never"), short, [row for _, row in fresh], done=lambda _: step())
    kept |= {digest: bool(g.lost) for (digest, _), g in zip(fresh, graded, strict=True)}
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({digest: kept[digest] for digest in digests}, indent=0), encoding="utf-8")
    return _judge(assignment, found, [kept[digest] for digest in digests])


def _judge(assignment: Assignment, found: list[Mutant], killed: list[bool]) -> Survey:
    path = assignment.solutions / "equivalent.toml"
    entries = read_equivalents(path)
    survivors = [mutant for mutant, dead in zip(found, killed, strict=True) if not dead]
    findings = []
    for mutant in survivors:
        if not any(entry.covers(mutant) for entry in entries):
            what = f"a mutant survives ({mutant.operator}):\n{mutant.diff}"
            text = f"line = {mutant.line!r}, becomes = {mutant.becomes!r}"
            findings.append(Finding(mutant.of, what, f"Write a case that it fails, or give it with its reason in {path.name}: {text}."))
    alive = len(findings)
    for entry in entries:
        if not any(entry.covers(mutant) for mutant in survivors):
            what = f"a stale entry: of = {entry.of!r}, operator = {entry.operator!r}, line = {entry.line!r}, becomes = {entry.becomes!r}"
            findings.append(Finding(path.name, what, "No surviving mutant is like this: delete it."))
    return Survey(len(found), sum(killed), len(survivors) - alive, findings)


@dataclass(frozen=True)
class Equivalent:
    """Mutants that mean the same as the reference, and why. Without `becomes`: all that the operator makes of the line."""

    of: str
    operator: str
    line: str
    reason: str
    becomes: str = ""

    def covers(self, mutant: Mutant) -> bool:
        same = (self.of, self.operator, self.line) == (mutant.of, mutant.operator, mutant.line)
        return same and self.becomes in ("", mutant.becomes)


def read_equivalents(path: Path) -> list[Equivalent]:
    """The tables ``[[equivalent]]`` of a file, if it exists. Raises `ContentError` when an entry is not complete."""
    if not path.exists():
        return []
    found = []
    for entry in take(read_toml(path), {"equivalent": list}, str(path)).get("equivalent", []):
        entry = take(entry, dict.fromkeys(("of", "operator", "line", "reason", "becomes"), str), str(path))
        for name in ("of", "operator", "line", "reason"):
            if not entry.get(name):
                raise ContentError(f"{path}: an entry without '{name}': {entry}.")
        found.append(Equivalent(**entry))
    return found


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        if not isinstance(child, SKIPPED):
            yield from _nodes(child)


def _marked_lines(definition: str) -> set[int]:
    found, inside = set(), False
    for number, line in enumerate(definition.splitlines(), start=1):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            found.add(number)
    return found


def _without_marks(definition: str) -> str:
    return "\n".join(line for line in definition.splitlines() if line.strip() not in (BEGIN, END))


def _compiles(source: str) -> bool:
    try:
        compile(source, "<mutant>", "exec")
    except SyntaxError:
        return False
    return True


def _mutant(name: str, operator: str, before: str, after: str) -> Mutant:
    old, new = before.splitlines(), after.splitlines()
    first = next(i for i in range(len(old)) if i >= len(new) or old[i] != new[i])
    diff = "\n".join(list(unified_diff(old, new, lineterm="", n=1))[2:])
    return Mutant(name, operator, old[first].strip(), new[first].strip() if first < len(new) else "", after, diff)


def _row(assignment: Assignment, mutant: Mutant) -> Row:
    reference = assignment.reference
    cells = (mutant.source if name == mutant.of else reference.solution(name) for name in reference.definitions)
    return Row(f"{mutant.of}: {mutant.becomes}", "mutant", (reference.imports, *cells))


def _circumstances(assignment: Assignment) -> str:
    """All that a verdict on a mutant depends on beside its own text."""
    package = Path(__file__).resolve().parent.parent
    program = [package / "checks.py", package / "accelerator.py", *sorted((package / "grading").glob("*.py"))]
    texts = [assignment.test_source(q.id, hidden=True) for q in assignment.coded] + [assignment.probes, assignment.reference.source]
    texts += [path.read_text(encoding="utf-8") for path in program if path.exists()]
    return hashlib.sha256("\0".join([sys.version, torch.__version__, *texts]).encode()).hexdigest()
