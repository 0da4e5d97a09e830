# ruff: noqa: F821 - the public file stands before this one and defines EXACT.
import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, raises, returned, rng, that


def rows_of(hp, pairs, first=1):
    return [{"trial": first + i, hp: value, "val_error": error} for i, (value, error) in enumerate(pairs)]


@test_case(points=1, hidden=True)
def the_order_of_the_rows_does_not_matter(env):
    """Shuffled and reversed rows in which each value has its least error twice: of equal errors the smallest trial number."""
    isolation_table = function(env, "isolation_table")
    draw = rng()
    errors = torch.randint(3, 8, (12,), generator=draw).div(10).tolist()
    for arm in range(3):
        first, second = torch.randperm(4, generator=draw)[:2].mul(3).add(arm).tolist()
        errors[first] = errors[second] = 0.2
    rows = [{"trial": 40 + i, "width": (16, 64, 256)[i % 3], "val_error": e, "train_loss": -e} for i, e in enumerate(errors)]
    shuffled = [rows[i] for i in torch.randperm(12, generator=draw).tolist()]
    tables = [isolation_table(some, "width") for some in (shuffled, shuffled[::-1])]
    that(all(isinstance(table, dict) for table in tables), "isolation_table must return a dictionary.")
    for table, value in ((table, value) for table in tables for value in (16, 64, 256)):
        expected, number = min((r["val_error"], r["trial"]) for r in rows if r["width"] == value)
        claim = (
            "Each value's entry must be the smallest error among its trials and, of equal errors, the smallest trial number, for rows in "
            "any order. "
            "To see it: shuffle the rows of an example with equal errors."
        )
        error, trial = returned(table.get(value), "val_error", "trial")
        close(error, expected, rtol=EXACT, what="val_error", claim=claim)
        equal(trial, number, what="trial", claim=claim)


@test_case(points=1, hidden=True)
def values_that_are_close_are_still_different_values(env):
    """0.3 and 0.1 + 0.2 are two arms, as are 1e-9 and 2e-9: values are grouped exactly."""
    isolation_table = function(env, "isolation_table")
    a, b = 0.1 + 0.2, 0.3
    table = isolation_table(rows_of("weight_decay", [(a, 0.5), (b, 0.4), (1e-9, 0.3), (2e-9, 0.2)]), "weight_decay")
    claim = "Values must be grouped exactly, without rounding. To see it: call isolation_table with the values 1e-9 and 2e-9."
    equal(sorted(table), sorted([a, b, 1e-9, 2e-9]), what="the values", claim=claim)


@test_case(points=1, hidden=True)
def both_ends_and_other_settings(env):
    """Of four best trials two lie at each end: both. top_k, frac and the ends of the range are used as given."""
    boundary_flag = function(env, "boundary_flag")
    draw = rng()
    low, width = -1.0 + torch.rand((), generator=draw, dtype=torch.float64).item(), 3.0
    entry = {"scale": "linear", "low": low, "high": low + width}

    def flag(places, **settings):
        errors = [0.1 * (i + 1) for i in range(len(places))]
        return boundary_flag(rows_of("p", [(low + width * u, e) for u, e in zip(places, errors, strict=True)]), "p", entry, **settings)

    claim = (
        "An end is flagged when at least half of the top_k best trials lie in the outermost frac of the range there, and both ends can be. "
        "To see it: take four trials, two at each end, and top_k=4; then change frac."
    )
    for places, settings, expected in (
        ((0.05, 0.95, 0.9, 0.1), {"top_k": 4}, "both"),
        ((0.9, 0.5, 0.5, 0.1), {"top_k": 1}, "high"),
        ((0.5, 0.9, 0.9, 0.9), {"top_k": 1}, "ok"),
        ((0.9, 0.88, 0.5, 0.5), {"frac": 0.05}, "ok"),
        ((0.3, 0.25, 0.5, 0.5), {"frac": 0.35}, "low"),
    ):
        equal(flag(places, **settings), expected, what="the flag", claim=claim)
    claim = (
        "With fewer than top_k feasible trials, half of those that are there are enough for a flag. To see it: try two trials, one of them "
        "at an end, with top_k=3."
    )
    equal(flag((0.9, 0.5)), "high", what="the flag", claim=claim)


@test_case(points=1, hidden=True)
def only_feasible_trials_are_looked_at(env):
    """Infeasible trials at an end do not flag it; equal errors are ranked by trial number; without feasible trials there is no answer."""
    boundary_flag = function(env, "boundary_flag")
    entry = {"scale": "log", "low": 1e-4, "high": 1.0}
    claim = (
        "Only trials with a finite error must be looked at, and ValueError raised if there is none or the scale is another. To see it: "
        "give all "
        "trials near an end the error NaN, inf or -inf."
    )
    nan, inf = math.nan, math.inf
    pairs = [(0.9, nan), (0.8, -inf), (0.02, 0.3), (0.7, inf), (0.01, 0.2), (0.03, 0.25), (0.9, 0.6), (0.95, 0.7)]
    equal(boundary_flag(rows_of("lr", pairs), "lr", entry), "ok", what="the flag", claim=claim)
    raises(ValueError, boundary_flag, rows_of("lr", [(0.9, nan), (0.8, inf)]), "lr", entry, claim=claim)
    raises(ValueError, boundary_flag, rows_of("lr", [(0.9, 0.1)]), "lr", {"scale": "cubic", "low": 0.1, "high": 1.0}, claim=claim)
    tied = rows_of("lr", [(0.9, 0.2), (0.8, 0.2), (0.01, 0.2), (0.02, 0.2), (0.03, 0.2)])
    claim = "Of equal errors, the smallest trial numbers must be looked at first, in whatever order the rows stand."
    for rows in (tied, tied[::-1]):
        equal(boundary_flag(rows, "lr", entry), "high", what="the flag", claim=claim)
