import math

import torch
from otter.test_files import test_case

from checks import equal, function, returned, rng, that


@test_case(points=1, hidden=True)
def the_first_hit_counts_and_not_the_last_point(env):
    """A loss that passes below the target and rises again: the gradient is constant, so w walks past the minimum."""
    best_step = function(env, "best_step")
    w0 = torch.tensor([8.0 + int(torch.randint(4, (1,), generator=rng()))], dtype=torch.float64)

    def valley(w):
        return w.abs().sum()

    def slope(w):
        return torch.ones_like(w)

    _, counts = returned(best_step(valley, slope, w0, [1.0, 0.5], target=0.25, cap=30), "step", "counts")
    claim = (
        "The count must be the first k at which the loss is at most the target, even if the loss rises again later. To see it: use "
        "f = lambda w: w.abs().sum() with a gradient that is always 1, which walks past the minimum."
    )
    equal(counts, [int(w0), 2 * int(w0)], what="counts", claim=claim)

    def waves(w):
        return (1.0 - w.cos()).sum()

    def slope_of_waves(w):
        return w.sin()

    # From 2 the step 5 goes to -2.5, which is higher up the other side, and from there to 0.26, near the bottom.
    top = torch.tensor([2.0], dtype=torch.float64)
    _, counts = returned(best_step(waves, slope_of_waves, top, [5.0], target=0.05), "step", "counts")
    claim = (
        "A loss that rises is no reason to give a run up: it may still arrive. To see it: use f = lambda w: (1 - w.cos()).sum() with "
        "the gradient w.sin(), w0 = 2, the step 5 and the target 0.05, and print the loss at every step."
    )
    equal(counts, [2], what="counts", claim=claim)


@test_case(points=1, hidden=True)
def the_cap_itself_still_counts(env):
    """The loss is 2^−k exactly: with the target 2^−6 and the cap 6 the run arrives at the last moment, with the cap 5 it does not."""
    best_step = function(env, "best_step")
    w0 = torch.ones(1, dtype=torch.float64)

    def size(w):
        return w.abs().sum()

    def itself(w):
        return w

    claim = (
        "Counts run from 0 to cap, both included, and a loss equal to the target has reached it; where no run does, the step must be None "
        "and its count math.inf. To see it: with f = w.abs().sum(), gradient w, w0 = 1 and step 0.5 the loss after k steps is 2**-k."
    )
    for cap, target, expected in ((6, 2.0**-6, (0.5, [6])), (5, 2.0**-6, (None, [math.inf])), (0, 1.0, (0.5, [0]))):
        step, counts = returned(best_step(size, itself, w0, [0.5], target=target, cap=cap), "step", "counts")
        equal(counts, expected[1], what=f"counts with cap = {cap}", claim=claim)
        equal(step, expected[0], what=f"the step with cap = {cap}", claim=claim)


@test_case(points=1, hidden=True)
def a_run_stops_when_it_arrives(env):
    """Gradients are the price of a run: they are counted here, in the functions that are handed over."""
    best_step = function(env, "best_step")
    calls = []

    def size(w):
        return w.abs().sum()

    def itself(w):
        calls.append(1)
        return w

    w0 = torch.full((3,), 2.0, dtype=torch.float64)
    _, counts = returned(best_step(size, itself, w0, [0.5, 0.75], target=6 * 0.25, cap=40), "step", "counts")
    equal(counts, [2, 1], what="counts", claim="With loss w.abs().sum() and gradient w, each step must multiply the loss by 1 − step.")
    claim = (
        "A run must stop when it reaches the target: it may ask for at most one gradient more than its count. "
        "To see it: let the gradient function you pass print something."
    )
    that(len(calls) <= 5, claim, f"The counts are {counts}, and the gradient was asked for {len(calls)} times.")
