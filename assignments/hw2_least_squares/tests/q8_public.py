import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, raises, returned


def quadratic(w):
    """Half the squared distance to 1."""
    return 0.5 * ((w - 1.0) ** 2).sum()


def quadratic_grad(w):
    return w - 1.0


def double_well(w):
    return 0.5 * ((w**2 - 1.0) ** 2).sum()


def double_well_grad(w):
    return 2.0 * w * (w**2 - 1.0)


def first_hit(distance, factor, target, cap):
    """The count on the quadratic, where each step multiplies the distance by the factor."""
    for k in range(cap + 1):
        if 0.5 * distance**2 <= target:
            return k
        distance *= factor
    return math.inf


RTOL = 1e-12  # the step is a number of the grid


@test_case(points=2)
def on_a_quadratic_the_step_one_wins(env):
    """From w = 5 each step multiplies the distance to 1 by 1 − step: one step suffices for step 1, and step 3 never arrives."""
    best_step = function(env, "best_step")
    grid = [0.1, 0.5, 1.0, 1.8, 3.0]
    w0 = torch.tensor([5.0], dtype=torch.float64)
    step, counts = returned(best_step(quadratic, quadratic_grad, w0, grid, target=1e-5, cap=100), "step", "counts")
    expected = [first_hit(4.0, 1 - s, 1e-5, 100) for s in grid]
    claim = "On the quadratic the counts must be those that counting by hand gives, each run from w0."
    equal(counts, expected, what="counts", claim=claim)
    close(step, 1.0, rtol=RTOL, what="the step", claim="On the quadratic the step 1 must win: it arrives after one step.")


@test_case(points=1)
def among_equals_the_smallest_step_wins(env):
    """The factors 1 − 1.5 and 1 − 0.5 have the same size."""
    best_step = function(env, "best_step")
    w0 = torch.tensor([5.0], dtype=torch.float64)
    step, _ = returned(best_step(quadratic, quadratic_grad, w0, [1.75, 1.5, 0.5, 0.25], target=1e-5, cap=100), "step", "counts")
    close(step, 0.5, rtol=RTOL, what="the step", claim="When two steps need equally many iterations, the smaller of them must win.")


@test_case(points=1)
def a_run_that_leaves_the_numbers_never_arrives(env):
    """On the double well with step 5 the iterates grow to inf and then to NaN, which compares as false with everything."""
    best_step = function(env, "best_step")
    w0 = torch.tensor([2.0], dtype=torch.float64)
    _, counts = returned(best_step(double_well, double_well_grad, w0, [5.0, 0.05], target=1e-5, cap=100), "step", "counts")
    claim = "A run whose loss becomes inf or NaN has not reached the target: its count must be math.inf."
    equal(counts[0], math.inf, what="the count of the step 5", claim=claim)


@test_case(points=1)
def an_empty_or_negative_grid_is_refused(env):
    best_step = function(env, "best_step")
    w0 = torch.tensor([5.0], dtype=torch.float64)
    for grid, cap, problem in (([], 10, "the grid is empty"), ([0.5, 0.0], 10, "a step is zero"), ([-0.5], 10, "a step is negative")):
        claim = f"best_step must raise ValueError when {problem}."
        raises(ValueError, best_step, quadratic, quadratic_grad, w0, grid, cap=cap, claim=claim)
    claim = "best_step must raise ValueError when cap is negative."
    raises(ValueError, best_step, quadratic, quadratic_grad, w0, [0.5], cap=-1, claim=claim)
