import math

from otter.test_files import test_case

from checks import close, equal, function, raises, returned, that

LOG = {"scale": "log", "low": 1e-4, "high": 1.0}
LINEAR = {"scale": "linear", "low": 0.0, "high": 1.0}
# Errors are handed through, not computed; the room is for a detour through another type of number.
EXACT = 1e-12


def trials(hp, *entries):
    """Trials numbered from 1: pairs of the hyperparameter's value and the error."""
    return [{"trial": i, hp: value, "val_error": error} for i, (value, error) in enumerate(entries, start=1)]


def entry_of(table, value):
    that(isinstance(table, dict), f"isolation_table must return a dictionary; it is {type(table).__name__}.")
    that(value in table, f"The table must have an entry for the value {value!r}.", f"Its values: {list(table)}.")
    return returned(table[value], "val_error", "trial")


@test_case(points=2)
def each_value_is_judged_by_its_best_trial(env):
    """Two values, three trials each: the best error of each, and which trial reached it."""
    isolation_table = function(env, "isolation_table")
    table = isolation_table(trials("average", (0.0, 0.30), (0.9, 0.25), (0.0, 0.20), (0.9, 0.60), (0.9, 0.22), (0.0, 0.28)), "average")
    equal(sorted(table), [0.0, 0.9], what="the values", claim="The keys of the table must be the values of the scientific hyperparameter.")
    for value, best, number in ((0.0, 0.20, 3), (0.9, 0.22, 5)):
        error, trial = entry_of(table, value)
        close(
            error, best, rtol=EXACT, what=f"the error for {value}", claim="The entry of a value must be the smallest error of its trials."
        )
        equal(
            trial, number, what=f"the trial for {value}", claim="The entry of a value must name the trial that reached the smallest error."
        )


@test_case(points=1)
def infeasible_trials_count_but_never_win(env):
    """NaN and inf are skipped; a value without a feasible trial gets (inf, None)."""
    isolation_table = function(env, "isolation_table")
    rows = trials("schedule", ("cosine", math.nan), ("cosine", 0.4), ("constant", math.inf), ("constant", math.nan))
    table = isolation_table(rows, "schedule")
    error, trial = entry_of(table, "cosine")
    close(error, 0.4, rtol=EXACT, what="the error for cosine", claim="A trial whose error is NaN must be skipped.")
    equal(trial, 2, what="the trial for cosine", claim="A trial whose error is NaN must be skipped.")
    error, trial = entry_of(table, "constant")
    close(error, math.inf, rtol=EXACT, what="the error for constant", claim="A value without a feasible trial must get (inf, None).")
    equal(trial, None, what="the trial for constant", claim="A value without a feasible trial must get (inf, None).")


@test_case(points=1)
def unequal_budgets_are_refused(env):
    """Three trials against two is no comparison, and no trials are none either."""
    isolation_table = function(env, "isolation_table")
    rows = trials("width", (32, 0.3), (32, 0.2), (64, 0.3), (64, 0.2), (64, 0.1))
    raises(
        ValueError,
        isolation_table,
        rows,
        "width",
        claim="isolation_table must raise ValueError when one value has more trials than another.",
    )
    raises(ValueError, isolation_table, [], "width", claim="isolation_table must raise ValueError when there are no trials.")


@test_case(points=2)
def the_best_trials_tell_which_end_is_crowded(env):
    """On a linear range from 0 to 1 with frac = 0.2: the three best of six at the upper end, at the lower end, or inside."""
    boundary_flag = function(env, "boundary_flag")
    for values, flag in (
        ((0.95, 0.9, 0.5, 0.1, 0.4, 0.3), "high"),
        ((0.05, 0.6, 0.1, 0.9, 0.95, 0.99), "low"),
        ((0.5, 0.95, 0.4, 0.9, 0.98, 0.05), "ok"),
        ((0.3, 0.25, 0.75, 0.0, 0.1, 1.0), "ok"),
        ((0.05, 0.5, 0.4, 0.1, 0.0, 0.02), "ok"),
    ):
        rows = trials("p", *zip(values, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), strict=True))
        claim = f"With the three best trials at {values[:3]} of a range from 0 to 1, the flag must be {flag!r} (frac is 0.2, top_k is 3)."
        equal(boundary_flag(rows, "p", LINEAR), flag, what="the flag", claim=claim)
    for place, flag in ((0.25, "low"), (0.75, "high")):
        rows = trials("p", (place, 0.1), (place, 0.2), (0.5, 0.3))
        claim = f"A trial exactly at {place} of a range from 0 to 1 lies at its end when frac is 0.25."
        equal(boundary_flag(rows, "p", LINEAR, frac=0.25), flag, what="the flag", claim=claim)


@test_case(points=2)
def nearness_is_measured_on_the_ranges_own_scale(env):
    """On a log range from 1e-4 to 1, the upper fifth begins at 10^-0.8 = 0.158 and the lower one ends at 10^-3.2 = 0.00063."""
    boundary_flag = function(env, "boundary_flag")
    for values, flag in (((0.3, 0.2, 0.01), "high"), ((5e-4, 0.01, 2e-4), "low"), ((1e-3, 2e-3, 0.1), "ok")):
        rows = trials("lr", *zip(values, (0.1, 0.2, 0.3), strict=True))
        claim = (
            f"With the three best trials at {values} on a log scale from 1e-4 to 1, the flag must be {flag!r}: distances count in the "
            "logarithm."
        )
        equal(boundary_flag(rows, "lr", LOG), flag, what="the flag", claim=claim)
