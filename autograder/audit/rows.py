"""The rows of the matrix: each is a submission, as the list of its cells. And what a case says about one."""

from __future__ import annotations

import ast
import importlib.util
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.audit.marks import Fault, Legal
from autograder.content import Assignment, ContentError


@dataclass(frozen=True)
class Row:
    """One submission. declaration: the fault or legal variant that it carries, if any."""

    name: str
    kind: str
    cells: tuple[str, ...]
    declaration: Fault | Legal | None = None


@dataclass(frozen=True)
class Outcome:
    """What one case said about one row.

    case: its id, as 'q2.3'. outcome: 'correct', 'incorrect', 'error', 'timed out', ... operations: on the simulated device, where counted.
    """

    case: str
    name: str
    points: float
    hidden: bool
    passed: bool
    outcome: str
    message: str
    operations: int = 0

    @property
    def question(self) -> str:
        return self.case.split(".")[0]


def lost_questions(outcomes: Iterable[Outcome]) -> frozenset[str]:
    """The questions that lost points."""
    return frozenset(o.question for o in outcomes if not o.passed and o.points > 0)


def reference_row(assignment: Assignment) -> Row:
    return Row("reference", "reference", _cells(assignment, solved=True))


def stub_row(assignment: Assignment) -> Row:
    return Row("stub", "stub", _cells(assignment, solved=False))


def variant_rows(assignment: Assignment, kind: str) -> list[Row]:
    """The rows of ``faults.py`` (kind 'fault') or ``legal.py`` (kind 'legal'): the reference with one definition replaced."""
    path = assignment.solutions / {"fault": "faults.py", "legal": "legal.py"}[kind]
    if not path.exists():
        return []
    module = load(assignment, path)
    solved = _cells(assignment, solved=True)
    variants = Variants(path, assignment.reference.source)
    rows = []
    for name, value in vars(module).items():
        declaration = getattr(value, "__declaration__", None)
        if declaration is None or declaration.name != name:
            continue
        if declaration.of not in assignment.reference.definitions:
            raise ContentError(f"{path}: {name} is declared of '{declaration.of}', which reference.py does not define.")
        rows.append(Row(name, kind, (*solved, variants.cell(name, declaration.of)), declaration))
    return rows


def all_rows(assignment: Assignment) -> list[Row]:
    return [
        reference_row(assignment),
        stub_row(assignment),
        *variant_rows(assignment, "legal"),
        *variant_rows(assignment, "fault"),
    ]


def load(assignment: Assignment, path: Path) -> types.ModuleType:
    """Import ``faults.py`` or ``legal.py``, in which ``import reference`` means this homework's own."""
    before = sys.modules.get("reference")
    try:
        sys.modules["reference"] = _import(f"{assignment.name}.reference", assignment.reference.path)
        return _import(f"{assignment.name}.{path.stem}", path)
    finally:
        del sys.modules["reference"]
        if before is not None:
            sys.modules["reference"] = before


def _import(name: str, path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cells(assignment: Assignment, *, solved: bool) -> tuple[str, ...]:
    reference = assignment.reference
    pick = reference.solution if solved else reference.stub
    return (reference.imports, *(pick(name) for name in reference.definitions))


class Variants:
    """The text of ``faults.py`` or ``legal.py``, from which the marked definitions are taken one at a time."""

    def __init__(self, path: Path, reference: str) -> None:
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        self.stem = path.stem
        self.reference = reference
        self.shared: list[str] = []
        self.marked: dict[str, str] = {}
        for node in ast.parse(source).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder"):
                continue
            if isinstance(node, ast.Import) and [a.name for a in node.names] == ["reference"]:
                continue
            decorators: list[ast.expr] = getattr(node, "decorator_list", [])
            others = [d.lineno for d in decorators if not _is_mark(d)]
            text = "\n".join(lines[min([node.lineno, *others]) - 1 : node.end_lineno])
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and len(others) < len(decorators):
                self.marked[node.name] = text
            else:
                self.shared.append(text)

    def cell(self, name: str, of: str) -> str:
        """A cell that defines `name` as the file does and lets it stand for `of`. Only its own text travels, not its neighbours'."""
        text = "\n".join([*self.shared, self.marked[name]])
        return "\n".join(
            [
                "import types as _types",
                "reference = _types.ModuleType('reference')",
                f"exec({self.reference!r}, reference.__dict__)",
                f"_variant = _types.ModuleType({self.stem!r})",
                "_variant.__dict__['reference'] = reference",
                f"exec({text!r}, _variant.__dict__)",
                f"{of} = _variant.{name}",
            ]
        )


def _is_mark(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id in ("fault", "legal")
