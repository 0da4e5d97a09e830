"""Quizzes: questions with drawn numbers, their variants, and the grading of answers. What a module of the bank imports."""

from autograder.quiz.draw import Draw
from autograder.quiz.faults import FaultChoice
from autograder.quiz.question import Choice, Literal, Numeric, Question, SelectAll, Wrong
from autograder.quiz.snippet import printed

__all__ = ["Choice", "Draw", "FaultChoice", "Literal", "Numeric", "Question", "SelectAll", "Wrong", "printed"]
