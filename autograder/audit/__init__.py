"""Tests of the tests: rows of known-wrong and correct-but-different work, and the marks that declare them."""

from autograder.audit.marks import fault, legal

__all__ = ["fault", "legal"]
