# ruff: noqa: F821 - the public file stands before this one and defines EXACT.
import torch
from otter.test_files import test_case

from checks import close, equal, function, returned, rng


def drawn_history(draw, n=9):
    """Errors on a coarse grid, the least of them twice; checkpoints are shuffled, with the later of the two best before the earlier."""
    errors = (torch.randint(3, 8, (n,), generator=draw).double() / 10).tolist()
    early, late = sorted(torch.randperm(n - 1, generator=draw)[:2].tolist())
    errors[early] = errors[late] = 0.25
    order = torch.randperm(n, generator=draw).tolist()
    i, j = sorted((order.index(early), order.index(late)))
    order[i], order[j] = late, early
    return [{"step": 15 * (i + 1), "train_loss": float(n - i), "val_error": errors[i], "test_error": 1 - errors[i]} for i in order]


@test_case(points=1, hidden=True)
def only_the_validation_error_decides(env):
    """A history with other columns, in any order: the smallest pair of error and step."""
    best_checkpoint = function(env, "best_checkpoint")
    draw = rng()
    for _ in range(5):
        history = drawn_history(draw)
        error, step = sorted((h["val_error"], h["step"]) for h in history)[0]
        got_step, got_error = returned(best_checkpoint(history), "step", "val_error")
        claim = (
            "The best checkpoint must be the one with the smallest val_error, of equal ones the earliest, in a history in any order that "
            "has other "
            "columns too. To see it: shuffle a history with two equal minima."
        )
        equal(got_step, step, what="step", claim=claim)
        close(got_error, error, rtol=EXACT, what="val_error", claim=claim)


@test_case(points=1, hidden=True)
def the_running_minimum_tells_the_same_time(env):
    """In any order of the checkpoints; a harder target never takes less time."""
    time_to_result = function(env, "time_to_result")
    draw = rng()
    for _ in range(30):
        history = drawn_history(draw)
        for target in (0.2, 0.3, 0.4, 0.55):
            best, first = float("inf"), float("inf")
            for h in sorted(history, key=lambda h: h["step"]):
                best = min(best, h["val_error"])
                if best <= target:
                    first = h["step"]
                    break
            claim = (
                "The time to result must be the step, not the position in the list, at which the best error so far is first at most the "
                "target; the "
                "history may stand in any order. To see it: shuffle a history."
            )
            close(time_to_result(history, target), first, rtol=0.0, what="the step", claim=claim)
