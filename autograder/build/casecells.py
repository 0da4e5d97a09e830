"""A question's test file, taken apart: each case becomes a cell that stands alone.

The imports, constants and helpers that a case uses move into the case's own function, so that no cell puts a name into the notebook.
"""

from __future__ import annotations

import ast
import copy
import dis
import io
import tokenize
from collections.abc import Iterable
from itertools import pairwise
from types import CodeType

from autograder.content import ContentError
from autograder.grading.cases import Case
from autograder.handin import CHECK

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"

_FROM_THE_FILE = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


class CaseFile:
    """A test file as statements and the names that each of them binds. path: for messages.

    Raises `ContentError` for a statement that is no import, constant, function or class.
    """

    def __init__(self, source: str, path: str) -> None:
        self.path = path
        self.lines = source.splitlines()
        self.statements = ast.parse(source, path).body
        self.binds = [set(self._bound(node)) for node in self.statements]

    def cell(self, case: Case) -> str:
        """The source of the cell for one of the file's cases. nbgrader leaves the hidden ones out of what students get.

        It begins with the mark of check cells, so that this project's own grader takes the same notebook.
        """
        body = self._function(case.name)
        hidden = "hidden=True" if case.hidden else ""
        title = f"{CHECK} {case.id} · {case.points:g} {'point' if case.points == 1 else 'points'}"
        lines = [
            "from nbcase import case",
            "",
            "",
            f"@case({hidden})",
            f"def {case.name}({ast.unparse(body.args)}):",
            *self._body(body),
        ]
        if case.hidden:
            return "\n".join([f"{title} · a hidden check, which runs when the work is graded", BEGIN_HIDDEN, *lines, END_HIDDEN])
        return "\n".join([title, *lines])

    def _function(self, name: str) -> ast.FunctionDef:
        found = [n for n in self.statements if isinstance(n, ast.FunctionDef) and n.name == name]
        if len(found) != 1 or len(found[0].decorator_list) != 1:
            raise ContentError(f"{self.path}: {name} must be defined once, with test_case as its only decorator.")
        return found[0]

    def _body(self, body: ast.FunctionDef) -> list[str]:
        """The docstring, then what the case needs, then its statements."""
        first = body.body[0]
        start = (first.end_lineno or 0) if ast.get_docstring(body) else first.lineno - 1
        needed = self._needed(body)
        return [
            *self.lines[first.lineno - 1 : start],
            *_indented(_spaced(needed)),
            *([""] if needed else []),
            *self.lines[start : body.end_lineno],
        ]

    def _needed(self, body: ast.FunctionDef) -> list[str]:
        """What a case uses of its file, directly or through what it uses, in the file's order."""
        undecorated = copy.copy(body)
        undecorated.decorator_list = []
        names = _used(undecorated)
        chosen: set[int] = set()
        while more := {i for i, bound in enumerate(self.binds) if bound & names} - chosen:
            chosen |= more
            names |= {name for i in more for name in _used(self.statements[i])}
        if clash := sorted(_local(body) & {name for i in chosen for name in self.binds[i] & names}):
            raise ContentError(f"{self.path}: {body.name} uses '{clash[0]}' for a value of its own and of the file: rename one.")
        return list(dict.fromkeys(self._text(self.statements[i], names) for i in sorted(chosen)))

    def _text(self, node: ast.stmt, names: set[str]) -> str:
        """A statement with the comment above it; of an import, the names that are used."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names, everything = [a for a in node.names if _binding(a) in names], node.names
            text = ast.unparse(node)
            node.names = everything
            return text
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        while start > 0 and self.lines[start - 1].startswith("#"):
            start -= 1
        return "\n".join(self.lines[start : node.end_lineno])

    def _bound(self, node: ast.stmt) -> Iterable[str]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            return (_binding(alias) for alias in node.names)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return (node.name,)
        if isinstance(node, ast.Assign):
            return (n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name))
        raise ContentError(f"{self.path}:{node.lineno}: a test file holds imports, constants, functions and classes; move this into one.")


def _binding(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _used(node: ast.stmt) -> set[str]:
    """The names that a statement takes from the file, as Python resolves them: no local ones."""

    def of(code: CodeType) -> Iterable[str]:
        yield from (i.argval for i in dis.get_instructions(code) if i.opname in _FROM_THE_FILE)
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                yield from of(inner)

    return set(of(_compiled(node)))


def _local(body: ast.FunctionDef) -> set[str]:
    code = next(c for c in _compiled(body).co_consts if isinstance(c, CodeType) and c.co_name == body.name)
    return {*code.co_varnames, *code.co_cellvars}


def _compiled(node: ast.stmt) -> CodeType:
    return compile(ast.Module([node], []), "<test file>", "exec")


def _spaced(texts: list[str]) -> str:
    """The texts under each other, with an empty line beside one that has several lines."""
    gaps = ["\n\n" if "\n" in before + after else "\n" for before, after in pairwise(texts)]
    return "".join(text + gap for text, gap in zip(texts, [*gaps, ""], strict=True))


def _indented(text: str) -> list[str]:
    """The lines of `text` four columns to the right, but for those inside a string, which would change."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    inside = {n for t in tokens if t.type in _STRINGS for n in range(t.start[0] + 1, t.end[0] + 1)}
    return [line if number in inside or not line else f"    {line}" for number, line in enumerate(text.splitlines(), start=1)]
