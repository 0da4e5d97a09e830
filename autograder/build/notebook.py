"""notebook.md + reference.py + tests -> the solution notebook and the student notebook."""

from __future__ import annotations

import ast
import base64
import bz2
import hashlib
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.build.expected import Expected
from autograder.content import ANSWER_PROMPT, HOURS, REMARK, Assignment, ContentError, Course, Question, read_text
from autograder.handin import CHECK, EXPERIMENT, SETUP, SUBMIT, SURVEY
from autograder.rubric import written_section

PACKAGE = Path(__file__).resolve().parent.parent

_QUESTION = re.compile(r"^<!-- question: (\w+) -->$", re.MULTILINE)
_ANSWER = re.compile(r"^<!-- answer: (\w+) -->$", re.MULTILINE)
_REFERENCE = re.compile(r"^# reference: ([\w, ]+)$")
_CHECK = re.compile(r"^# check: (\w+)$")
_EXPERIMENT = re.compile(rf"^{EXPERIMENT}: ([\w-]+)")


@dataclass(frozen=True)
class Source:
    """One cell before its marks are replaced. kind: markdown, code, reference, check, experiment or answer."""

    kind: str
    text: str
    names: tuple[str, ...] = ()


def read_sources(assignment: Assignment) -> list[Source]:
    """The cells of notebook.md. Raises `ContentError` for a mark that names nothing."""
    path = assignment.path / "notebook.md"
    notebook = jupytext.reads(read_text(path), fmt="md")
    sources = []
    for cell in notebook.cells:
        text = cell.source.strip()
        if cell.cell_type == "markdown":
            if answer := _ANSWER.search(text):
                if text != answer.group(0):
                    raise ContentError(f"{path}: '{answer.group(0)}' must stand in a cell of its own (two blank lines before and after).")
                assignment.question(answer.group(1))
                sources.append(Source("answer", text, (answer.group(1),)))
            elif text:
                for question in _QUESTION.findall(text):
                    assignment.question(question)
                sources.append(Source("markdown", text))
        elif found := _REFERENCE.match(text):
            names = tuple(n.strip() for n in found.group(1).split(","))
            for name in names:
                assignment.reference.solution(name)
            sources.append(Source("reference", text, names))
        elif found := _CHECK.match(text):
            assignment.question(found.group(1))
            sources.append(Source("check", text, (found.group(1),)))
        elif found := _EXPERIMENT.match(text):
            sources.append(Source("experiment", text, (found.group(1),)))
        elif text.startswith(("# reference", "# check", EXPERIMENT)):
            raise ContentError(f"{path}: the mark '{text.splitlines()[0]}' cannot be read; see CONTRIBUTING.md.")
        else:
            sources.append(Source("code", text))
    return sources


def solution_notebook(course: Course, assignment: Assignment) -> nbformat.NotebookNode:
    """The notebook with the reference's solutions and the sample answers, without outputs."""
    return _assemble(course, assignment, None)


def student_notebook(course: Course, assignment: Assignment, expected: Expected) -> nbformat.NotebookNode:
    """The notebook with stubs, and the reference's output collapsed under each experiment."""
    return _assemble(course, assignment, expected)


def _assemble(course: Course, assignment: Assignment, expected: Expected | None) -> nbformat.NotebookNode:
    solved = expected is None
    cells: list[nbformat.NotebookNode] = []
    sources = read_sources(assignment)
    title, *rest = sources
    if title.kind != "markdown" or not title.text.startswith("# "):
        raise ContentError(f"{assignment.path / 'notebook.md'}: the first cell must be Markdown and begin with '# ' and the title.")
    cells.append(new_markdown_cell("\n\n".join([*filter(None, [colab_badge(course, assignment)]), headed(assignment, title.text)])))
    cells.append(_tagged(new_code_cell(setup_cell(assignment)), form=True))
    for source in rest:
        cells += _cells(assignment, source, expected)
    cells.append(new_markdown_cell(_SURVEY))
    cells.append(_tagged(new_code_cell(survey_cell(assignment), metadata={"cellView": "form"})))
    cells.append(new_markdown_cell(_HAND_IN))
    cells.append(_tagged(new_code_cell(submit_cell(assignment)), form=True))
    return finished(cells, f"{assignment.name}.ipynb", f"{assignment.name} {solved}")


def finished(cells: list[nbformat.NotebookNode], file: str, salt: str) -> nbformat.NotebookNode:
    """The notebook of these cells, whose ids follow from salt and place, so that building twice gives the same bytes."""
    for number, cell in enumerate(cells):
        cell["id"] = hashlib.sha256(f"{salt} {number}".encode()).hexdigest()[:12]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "colab": {"name": file, "provenance": [], "toc_visible": True},
    }
    return new_notebook(cells=cells, metadata=metadata)


def _cells(assignment: Assignment, source: Source, expected: Expected | None) -> list[nbformat.NotebookNode]:
    solved = expected is None
    if source.kind == "markdown":
        return [new_markdown_cell(headed(assignment, source.text))]
    if source.kind == "reference":
        pick = assignment.reference.solution if solved else assignment.reference.stub
        return [new_code_cell("\n\n\n".join(pick(name) for name in source.names))]
    if source.kind == "check":
        return [_tagged(new_code_cell(f'{CHECK} {source.names[0]}\ngrader.check("{source.names[0]}")'))]
    if source.kind == "answer":
        text = sample_answer(assignment, source.names[0]) if solved else ANSWER_PROMPT
        return [new_markdown_cell(f"{source.text}\n\n{text}")]
    if source.kind == "experiment":
        cell = [_tagged(new_code_cell(source.text))]
        if expected is not None and (shown := expected.markdown(source.names[0])):
            cell.append(new_markdown_cell(shown))
        return cell
    return [new_code_cell(source.text)]


def _tagged(cell: nbformat.NotebookNode, *, form: bool = False) -> nbformat.NotebookNode:
    """A cell that stock Otter skips when it grades; in Colab a form hides its code."""
    cell.metadata["tags"] = ["otter_ignore"]
    if form:
        cell.metadata["cellView"] = "form"
        cell.metadata["jupyter"] = {"source_hidden": True}
    return cell


def headed(assignment: Assignment, text: str) -> str:
    """The text with the marks of questions replaced by their headings."""
    return _QUESTION.sub(lambda m: heading(assignment.question(m.group(1))), text)


def heading(question: Question) -> str:
    """The heading of a question and the line with what it is worth, how long it takes and where it comes from."""
    graded = ", graded by people" if question.manual else ""
    return (
        f"## Question {question.number} · {question.title}\n"
        f"*{question.points} {'point' if question.points == 1 else 'points'}{graded} · about {question.minutes} minutes · "
        f"difficulty {question.difficulty} of 3 · lecture {question.lecture}*"
    )


def colab_badge(course: Course, assignment: Assignment) -> str:
    """The Open-in-Colab badge of a notebook in the course's public repository; '' when there is none."""
    if not course.repository:
        return ""
    where = f"https://colab.research.google.com/github/{course.repository}/blob/main/{assignment.name}/{assignment.name}.ipynb"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({where})"


_SURVEY = """## How long did it take?

Not graded. The report that the staff read has the class's medians and quartiles and the remarks in alphabetical order, without names.
Leave at 0 what you do not want to say."""


def survey_cell(assignment: Assignment) -> str:
    """A form of literals, which the class report reads and nobody runs."""
    fields = [f'{HOURS}{q.id} = 0  # @param {{type:"number"}}' for q in assignment.questions]
    return "\n".join(
        ["#@title Hours for each question", f"{SURVEY} {assignment.name}", *fields, f'{REMARK} = ""  # @param {{type:"string"}}']
    )


_HAND_IN = """## Hand in

Save the notebook, then run the cell below. It runs your definitions once more in a fresh process, as the grader will, prints what
the public checks say there, and hands you the file to upload to Gradescope. Cells that begin with `# experiment` are not run by
the grader."""


def submit_cell(assignment: Assignment) -> str:
    return f'#@title Hand in: run this cell last\n{SUBMIT} {assignment.name}\nimport handin\n\nhandin.hand_in("{assignment.name}")'


def student_files(assignment: Assignment) -> dict[str, str]:
    """The files that the set-up cell writes: the public tests and the helpers. Hidden tests are not even read."""
    files = {"checks.py": read_text(PACKAGE / "checks.py"), "handin.py": read_text(PACKAGE / "handin.py")}
    if assignment.uses_device:
        files["accelerator.py"] = read_text(PACKAGE / "accelerator.py")
    if assignment.probes:
        files["probes.py"] = assignment.probes
    for question in assignment.coded:
        files[f"tests/{question.id}.py"] = assignment.test_source(question.id, hidden=False)
    return files


def release_id(assignment: Assignment) -> str:
    """Which release a notebook is: the hash of its text, its stubs and the files that it writes."""
    stubs = [assignment.reference.stub(name) for name in assignment.reference.definitions]
    parts = [read_text(assignment.path / "notebook.md"), *stubs, *student_files(assignment).values()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def setup_cell(assignment: Assignment) -> str:
    """The cell that makes one file enough: it writes the helpers and checks, and installs what is missing."""
    registers = "import accelerator  # registers the simulated device: before the first backward pass of the session\n"
    early = registers if assignment.uses_device else ""
    return (
        "#@title Set-up: run this cell first\n"
        f"{SETUP} {assignment.name}, release {release_id(assignment)}\n"
        f"{write_files(student_files(assignment))}\n"
        "import handin\n\n"
        "handin.install()\n"
        f"{early}"
        "grader = handin.grader()\n"
        'print(f"Ready: {handin.versions()}. {len(FILES)} files written beside this notebook.")'
    )


def write_files(files: dict[str, str]) -> str:
    """Statements that write `files` beside the notebook; `packed_files` reads them back.

    Packed, because the cell is shown in whole where people grade. bz2, because it gives the same bytes everywhere, unlike zlib.
    """
    packed = base64.b64encode(bz2.compress(json.dumps(files, sort_keys=True).encode())).decode()
    lines = "\n".join(textwrap.wrap(packed, 120))
    return (
        "import base64\nimport bz2\nimport json\nimport pathlib\n\n"
        "# The helpers and the public checks, packed. This cell writes them beside the notebook, where you can read them.\n"
        f'{_PACKED}{lines}\n"""\n'
        "FILES = json.loads(bz2.decompress(base64.b64decode(PACKED)))\n"
        "for name, text in FILES.items():\n"
        "    path = pathlib.Path(name)\n"
        "    path.parent.mkdir(exist_ok=True)\n"
        '    path.write_text(text, encoding="utf-8")\n'
    )


_PACKED = 'PACKED = """\n'


def packed_files(source: str) -> dict[str, str]:
    """The files in a set-up cell; none in a cell of another kind."""
    _, found, rest = source.partition(_PACKED)
    files: dict[str, str] = json.loads(bz2.decompress(base64.b64decode(rest.partition('"""')[0]))) if found else {}
    return files


def sample_answer(assignment: Assignment, question: str) -> str:
    return written_section(assignment, question, "Sample answer")


def parse_errors(notebook: nbformat.NotebookNode) -> list[str]:
    """The code cells that are not Python (magics allowed), each with its first line."""
    from IPython.core.inputtransformer2 import TransformerManager

    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code":
            try:
                ast.parse(TransformerManager().transform_cell(cell.source))
            except SyntaxError as error:
                found.append(f"cell {number}, line {error.lineno}: {error.msg} (it begins: {cell.source.splitlines()[0][:60]})")
    return found


def to_bytes(notebook: Any) -> bytes:
    """The file's bytes: sorted keys, no timing, a final newline."""
    text: str = nbformat.writes(notebook)
    return (text + "\n").encode("utf-8")
