"""Build, grade and audit the homework and quizzes of a PyTorch course on numerical optimization."""

__version__ = "0.1.0"
