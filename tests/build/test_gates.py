"""Every release gate, broken on purpose in a copy of the toy course: it stops, and names the file, the question and the remedy."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder.build import gates
from autograder.build.expected import Expected
from autograder.build.notebook import packed_files, student_notebook, write_files
from autograder.content import Assignment, ContentError, Course, load_course


def edit(root: Path, file: str, old: str, new: str) -> tuple[Course, Assignment]:
    path = root / file
    text = path.read_text()
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, 1))
    course = load_course(root)
    return course, course.assignment("toy")


def test_the_toy_course_passes_every_gate(own_toy: Path) -> None:
    course = load_course(own_toy)
    assert gates.content_problems(course, course.assignment("toy")) == []


SETTINGS, BOOK = "assignments/toy/assignment.toml", "assignments/toy/notebook.md"
PUBLIC, HIDDEN = "assignments/toy/tests/q1_public.py", "assignments/toy/tests/q1_hidden.py"


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "what"),
    [
        (SETTINGS, "points = 4", "points = 5", "tests", "add up to 4 points, the question has 5"),
        (SETTINGS, 'functions = ["mean"]', "functions = []", "q1", "names no functions"),
        (SETTINGS, "minutes = 5", "minutes = 0", "q1", "out of range"),
        (
            SETTINGS,
            "points = 2\nminutes = 5\nlecture = 1\nmanual",
            "points = 30\nminutes = 5\nlecture = 1\nmanual",
            "",
            "written answers carry 30",
        ),
        (BOOK, "<!-- question: q1 -->", "", "notebook.md", "q1 has 0 question marks"),
        (BOOK, "# check: q2", "# check: q1", "notebook.md", "'q2' stands in 0 check cells"),
        (BOOK, "# reference: descend", "pass", "notebook.md", "'descend' stands in 0 reference cells"),
        (PUBLIC, "points=2", "points=0.5", "tests", "q1: its cases add up"),
        (
            PUBLIC,
            '    mean = function(env, "mean")\n    close(',
            '    assert True\n    mean = function(env, "mean")\n    close(',
            "q1_public.py:",
            "bare assert",
        ),
        (HIDDEN, "close(mean(x + 10)", "torch.allclose(mean(x + 10), x)\n    close(mean(x + 10)", "q1_hidden.py:", "allclose"),
        (HIDDEN, "hidden=True", "hidden=False", "q1_hidden.py:", "hidden=False in a hidden file"),
        (HIDDEN, "import torch", "import nothing_at_all", "q1_*.py", "cannot be loaded"),
        ("solutions/toy/written.md", "### Rubric", "### Something", "written.md", "no '### Rubric'"),
        ("solutions/toy/written.md", "- 2 points:", "- 3 points:", "written.md", "add up to"),
        (
            "solutions/toy/faults.py",
            '@fault(of="mean", loses={"q1"}, hint="By what',
            '@fault(of="descend", loses={"q2"}, hint="By what',
            "faults.py",
            "q1 has 3 faults",
        ),
    ],
    ids=lambda x: x[:40] if isinstance(x, str) else None,
)
def test_a_broken_gate_names_place_and_fault(own_toy: Path, file: str, old: str, new: str, where: str, what: str) -> None:
    course, assignment = edit(own_toy, file, old, new)
    problems = gates.content_problems(course, assignment)
    assert any(where in p.where and what in p.what and p.remedy for p in problems), problems


def test_public_cases_carry_at_least_half(own_toy: Path) -> None:
    edit(own_toy, PUBLIC, "points=2", "points=0.5")
    edit(own_toy, PUBLIC, "points=1", "points=0.5")
    course, assignment = edit(own_toy, HIDDEN, "points=1", "points=3")
    assert any("public cases carry 1 of 4" in p.what for p in gates.content_problems(course, assignment))


def test_the_points_of_a_homework_add_up_to_the_courses(own_toy: Path) -> None:
    course, assignment = edit(own_toy, "assignments/course.toml", "hidden_feedback", "points = 100\nhidden_feedback")
    assert any("add up to 12 points, not 100" in p.what for p in gates.content_problems(course, assignment))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (SETTINGS, 'title = "The mean"', 'titel = "The mean"', "unknown key 'titel'"),
        (SETTINGS, "points = 4", 'points = "4"', "'points' has the wrong type"),
        (SETTINGS, 'requires = ["q1"]', 'requires = ["q9"]', "requires 'q9', which is no question"),
        (SETTINGS, 'id = "q2"', 'id = "q1"', "stands twice"),
        (SETTINGS, "title", "title = ", "assignment.toml"),
        ("assignments/course.toml", '"visible"', '"sometimes"', "hidden_feedback is 'sometimes'"),
    ],
)
def test_settings_that_cannot_be_read_say_file_and_key(own_toy: Path, file: str, old: str, new: str, said: str) -> None:
    with pytest.raises(ContentError) as error:
        edit(own_toy, file, old, new)
    assert said in str(error.value) and ".toml" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# reference: mean", "# reference: median", "no function or class 'median'"),
        ("<!-- question: q1 -->", "<!-- question: q7 -->", "no question 'q7'"),
        ("# A toy homework", "A toy homework", "must be Markdown and begin with '# '"),
        ("# check: q1", "# check q1", "cannot be read"),
        ("<!-- answer: q3 -->", "Write here: \n<!-- answer: q3 -->", "a cell of its own"),
    ],
)
def test_a_mark_that_names_nothing_says_so(own_toy: Path, old: str, new: str, said: str) -> None:
    course, assignment = edit(own_toy, BOOK, old, new)
    with pytest.raises(ContentError, match=said.replace("(", r"\(").replace("*", r"\*")):
        student_notebook(course, assignment, Expected(Path("nowhere")))


def student(course: Course) -> nbformat.NotebookNode:
    return student_notebook(course, course.assignment("toy"), Expected(Path("nowhere")))


def leaks(course: Course, notebook: nbformat.NotebookNode) -> list[gates.Problem]:
    return [p for p in gates.notebook_problems(course.assignment("toy"), notebook) if p.gate == "leak"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("    return total / x.numel()", "solution"),
        ("    x = torch.randn(7, generator=rng(), dtype=torch.float64)", "hidden-test"),
        ('    """The sum is returned without dividing by the number of entries."""', "fault"),
        ("    return torch.tensor(np.mean(x.numpy()), dtype=x.dtype)", "variant"),
        ("- 2 points: the derivative is set to zero.", "rubric"),
    ],
)
@pytest.mark.parametrize("place", ["a cell's source", "a file in the set-up cell", "an output"])
def test_a_line_that_students_may_not_have_is_found(toy: Course, text: str, kind: str, place: str) -> None:
    notebook = student(toy)
    if place == "a cell's source":
        notebook.cells.append(nbformat.v4.new_code_cell(text))
    elif place == "a file in the set-up cell":
        setup = next(c for c in notebook.cells if "# setup:" in c.source)
        setup.source = write_files({**packed_files(setup.source), "x.py": text})
    else:
        cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text=text)])
        notebook.cells.append(cell)
    assert any(kind in p.what for p in leaks(toy, notebook))


def test_an_import_that_a_hidden_test_also_has_tells_nothing(own_toy: Path) -> None:
    line = "from checks import close, function, rng, that"
    course, assignment = edit(own_toy, "assignments/toy/tests/q1_hidden.py", "import torch\n", f"import torch\n{line}\n")
    notebook = student(course)
    notebook.cells.append(nbformat.v4.new_code_cell(line))
    assert gates.notebook_problems(assignment, notebook) == []


def test_the_student_notebook_itself_leaks_nothing(toy: Course) -> None:
    assert gates.notebook_problems(toy.assignment("toy"), student(toy)) == []


def test_a_cell_that_is_not_python_is_found(own_toy: Path) -> None:
    course, assignment = edit(own_toy, BOOK, "import torch\n", "import torch\ndef broken(:\n")
    problems = gates.notebook_problems(assignment, student(course))
    assert any(p.gate == "parse" and "line 2" in p.where + p.what for p in problems)


def test_a_reference_that_fails_a_case_is_named(toy: Course) -> None:
    (problem,) = gates.score_problems(toy.assignment("toy"), "our grader", (9.0, 10.0), (0.0, 10.0))
    assert "reference scores 9 of 10" in problem.what and "reference.py" in problem.where


def test_a_stub_that_earns_points_is_named(toy: Course) -> None:
    (problem,) = gates.score_problems(toy.assignment("toy"), "our grader", (10.0, 10.0), (2.0, 10.0))
    assert "stub scores 2 of 10" in problem.what
