"""The take-home notebook: every paper's statements, native form fields for the answers, and no key."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.build.notebook import finished
from autograder.content import Course, read_text
from autograder.handin import SETUP, SUBMIT
from autograder.quiz import draw, responses, sheet
from autograder.quiz.bank import Item, Quiz
from autograder.quiz.papers import Paper, seed, version
from autograder.quiz.variant import CHOICE, SELECT, Prompt

DPI = 90


def quiz_notebook(course: Course, quiz: Quiz, papers: Sequence[Paper]) -> nbformat.NotebookNode:
    """The notebook to publish. It follows from the prompts alone."""
    cells = [
        new_markdown_cell(f"{front(quiz)}\n\n{HOW_TO_BEGIN} {_ONLY_READ}"),
        hidden_cell(_set_up(course, quiz, papers)),
        form_cell(name_field(quiz)),
    ]
    for number in range(1, len(quiz.items) + 1):
        cells += question_cells(quiz, number, papers)
    cells.append(new_markdown_cell(_HAND_IN))
    mark = f"{SUBMIT} {quiz.name}, release {version(course, papers)}"
    cells.append(hidden_cell(f"#@title Look at your answers: run this cell last\n{mark}\nsheet.review(globals())"))
    return finished(cells, f"{quiz.name}.ipynb", quiz.name)


def front(quiz: Quiz) -> str:
    """What stands at the top of a quiz, in Markdown: what it is worth, when it is due, what is allowed."""
    points, minutes = quiz.points, quiz.minutes
    worth = {
        "completion": f"{points} points, for answering every question",
        "correctness": f"{points} points, for right answers",
        "none": "not graded",
    }[quiz.graded]
    models = "allowed" if quiz.models_allowed else "not allowed"
    return (
        f"# {quiz.title}\n\n"
        f"{len(quiz.items)} questions, about {minutes} minutes · {worth} · lecture {quiz.lecture}\n\n"
        f"Released {quiz.released} · due {quiz.due} · language models are **{models}**"
    )


def _set_up(course: Course, quiz: Quiz, papers: Sequence[Paper]) -> str:
    """What the first code cell runs: it makes `sheet`, with every paper's statements."""
    mark = f"{SETUP} {quiz.name}, release {version(course, papers)}"
    code = _inlined(draw, responses, sheet)
    return f"#@title Set-up\n{mark}\n{_FUTURE}\n{code}\n\n\n{sheet_line(course, quiz, papers)}"


def name_field(quiz: Quiz) -> str:
    """The field for the reader's PennKey, which opens their paper."""
    return f'#@title Your PennKey {{ run: "auto" }}\n{quiz.name}_who = ""  # @param {{type:"string"}}\nsheet.open({quiz.name}_who)'


def question_cells(quiz: Quiz, number: int, papers: Sequence[Paper]) -> list[nbformat.NotebookNode]:
    """Heading, statement and answer of question `number`, from 1."""
    item = quiz.items[number - 1]
    prompts = [paper.variants[number - 1].prompt for paper in papers]
    return [
        new_markdown_cell(f"## Question {number} · {item.question.title}\n{worth(item)}"),
        hidden_cell(f"#@title Show question {number}\nsheet.show({number})"),
        form_cell(f'#@title Answer {number} {{ run: "auto" }}\n{fields(quiz.name, number, prompts)}'),
    ]


def worth(item: Item) -> str:
    points, minutes = item.points, item.question.minutes
    return f"*{points} point{'s' * (points > 1)} · about {minutes} minute{'s' * (minutes > 1)}*"


def fields(quiz: str, number: int, prompts: Sequence[Prompt]) -> str:
    """The fields of one answer: in Colab native inputs, elsewhere assignments to write a literal into."""
    name = f"{quiz}_q{number}"
    labels = sorted({option.label for prompt in prompts for option in prompt.options})
    if prompts[0].kind == CHOICE:
        return f'{name} = ""  # @param {json.dumps(["", *labels])}'
    if prompts[0].kind == SELECT:
        return "\n".join(f'{name}_{label} = False  # @param {{type:"boolean"}}' for label in labels)
    return f'{name} = ""  # @param {{type:"string"}}'


def sheet_line(course: Course, quiz: Quiz, papers: Sequence[Paper]) -> str:
    """The line that gives the notebook its statements."""
    data = [
        {"fingerprint": p.fingerprint, "questions": [w | {"png": _png(v.prompt)} for w, v in zip(p.wording, p.variants, strict=True)]}
        for p in papers
    ]
    text = json.dumps(data, ensure_ascii=False)
    return (
        f"import json\n\nPAPERS = json.loads({text!r})\nsheet = Sheet({quiz.name!r}, {version(course, papers)!r}, {seed(course)!r}, PAPERS)"
    )


def _png(prompt: Prompt) -> str:
    return base64.b64encode(prompt.figure.png(dpi=DPI)).decode() if prompt.figure else ""


def _inlined(*modules: ModuleType) -> str:
    """The files of some modules as one text, without their imports of each other."""
    texts = [read_text(Path(str(module.__file__))) for module in modules]
    return "\n\n".join(re.sub(r"^from autograder\..*\n", "", text.replace(_FUTURE, ""), flags=re.MULTILINE).strip() for text in texts)


_FUTURE = "from __future__ import annotations\n"


def form_cell(source: str) -> nbformat.NotebookNode:
    """A cell of which Colab shows the fields, and Jupyter the code to write into."""
    return new_code_cell(source, metadata={"cellView": "form"})


def hidden_cell(source: str) -> nbformat.NotebookNode:
    """A cell of which both show the output alone."""
    return new_code_cell(source, metadata={"cellView": "form", "jupyter": {"source_hidden": True}})


HOW_TO_BEGIN = "Write your PennKey below and run all cells (Runtime > Run all): the numbers of the questions are your own."
_ONLY_READ = "Answers are taken from the cells as they stand in the file; nothing is run when it is graded."
_HAND_IN = """## Hand in

Run the cell below: it shows what your file says and whether each answer has the right form, not whether it is right. Then download the
notebook (File > Download > Download .ipynb) and upload it to Gradescope, by yourself: a quiz is not handed in by a group."""
