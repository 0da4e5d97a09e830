"""How long grading waits for functions that hang, so that one endless loop leaves time for every other question."""

from __future__ import annotations

from collections import Counter


class Patience:
    """Every call may use its own time, until lost calls have used half of the submission's; then what was lost twice is no longer called.

    So a function that hangs for one input is judged on all others, and nothing is cut short that might still have answered.
    """

    ENOUGH = 2

    def __init__(self, submission: float) -> None:
        self.left = submission / 2
        self.losses: Counter[str] = Counter()

    def lose(self, function: str, seconds: float) -> None:
        """A call of `function` hung or ended the process; waiting for it took so long."""
        self.losses[function] += 1
        self.left -= seconds

    def given_up(self, function: str) -> bool:
        """Whether `function` must not be called any more."""
        return self.left <= 0 and self.losses[function] >= self.ENOUGH
