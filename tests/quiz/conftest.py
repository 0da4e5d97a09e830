"""A small course with one quiz of every kind of question, whose keys a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

MODULE = '''
from autograder.quiz import Choice, Literal, Numeric, SelectAll, Wrong


class L3:
    lecture, edition, source, minutes = 3, "both", "test", 2


class Slope(L3, Numeric):
    id, title, near = "l03-slope", "A slope", (0.05, 0.5)
    text = r"What is the slope of $f(x)=@{a}x^2$ at $x=@{x}$?"

    def params(self, draw):
        return {"a": draw.integer("a", 2, 40), "x": draw.choice("x", (0.5, 1.5, 2.5))}

    def answer(self, a, x):
        return 2 * a * x

    def check(self, a, x):
        return self.answer(a, x)

    def distractors(self, a, x):
        return [Wrong(a * x, "The factor two is lost.")]

    def why(self, a, x):
        return r"$f'(x)=2\\cdot@{a}x$: @{key}."


class Tiny(Slope):
    id, title, atol, rtol = "l03-tiny", "A tiny number", 0.0, 1e-6
    text = r"What is @{a} in units of 3 million, times @{x}?"

    def answer(self, a, x):
        return a * x / 3e6


class Direction(L3, Choice):
    id, title = "l03-direction", "A direction"
    text = """
    Which way does gradient descent go, from the marked point
    at @{x}?
    """

    def params(self, draw):
        return {"x": draw.integer("x", 2, 40)}

    def answer(self, x):
        return r"Against $\\nabla f$"

    def check(self, x):
        return self.answer(x)

    def distractors(self, x):
        return [Wrong(r"Along $\\nabla f$", "It climbs."), Wrong("Across it", "It stays level."), Wrong("Nowhere", "It stops.")]

    def why(self, x):
        return "It descends."

    def figure(self, axes, x):
        axes.plot([0, x], [0, 1])

    def alt(self, x):
        return "A straight line from the origin to the point (@{x}, 1), rising from left to right [one curve]."


class Minimizers(L3, SelectAll):
    id, title = "l03-minimizers", "Minimizers"
    text = "Which of these have a minimizer?"

    def answer(self):
        return ["$x^2$", "$|x|$", "$x^4$"]

    def check(self):
        return self.answer()

    def distractors(self):
        return [Wrong("$x^3$", "A stationary point is taken for a minimizer."), Wrong("$e^x$", "A bound is taken for a minimizer.")]

    def why(self):
        return "The others fall without end, or without reaching their bound."


class Shape(L3, Literal):
    id, title = "l03-shape", "A shape"
    text = """
    What is the shape of `y`, as a tuple?

    ```python
    # a matrix times its transpose
    y = torch.ones(@{n}, 3) @ torch.ones(3, @{n})
    ```
    """

    def params(self, draw):
        return {"n": draw.integer("n", 4, 60)}

    def answer(self, n):
        return (n, n)

    def check(self, n):
        return (n, n)

    def distractors(self, n):
        return [Wrong((n, 3), "The inner size is kept.")]

    def why(self, n):
        return "The inner sizes vanish: @{key}."
'''
QUIZ = """
title = "Quiz 3: descent"
lecture = 3
models_allowed = true
released = "Monday"
due = "Friday"
"""
IDS = ("l03-slope", "l03-tiny", "l03-direction", "l03-minimizers", "l03-shape")
COURSE = 'name = "A course"\nterm = "now"\nedition = "2025"\n\n[assignments]\n'


@pytest.fixture
def course_root(tmp_path: Path) -> Path:
    """The folder of a course with quiz03: five questions of 2 points, eight variants."""
    return write_course(tmp_path / "course")


def write_course(root: Path) -> Path:
    quizzes = root / "assignments" / "quizzes"
    (quizzes / "bank").mkdir(parents=True)
    (quizzes / "bank" / "l03_descent.py").write_text(MODULE, encoding="utf-8")
    entries = "".join(f'\n[[question]]\nid = "{id}"\npoints = 2\n' for id in IDS)
    (quizzes / "quiz03.toml").write_text(QUIZ + entries)
    (root / "assignments" / "course.toml").write_text(COURSE)
    return root
