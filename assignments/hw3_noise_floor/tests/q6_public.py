import torch
from otter.test_files import test_case

from checks import close, function, raises, returned

# Means and one square root in float64: rounding is below 1e-14.
RTOL = 1e-9


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=2)
def four_blocks_by_hand(env):
    """Block means 2, 3, 4, 1: their average is 2.5, their sample variance is 5/3, and the standard error is sqrt(5/3 / 4)."""
    estimate_floor = function(env, "estimate_floor")
    losses = numbers(90.0, 70.0, 40.0, 20.0, 1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 0.0, 2.0)
    mean, se = returned(estimate_floor(losses, 4, blocks=4), "mean", "se")
    close(mean, 2.5, rtol=RTOL, what="the mean of the losses after the burn-in")
    claim = "The standard error must come from the spread of the block means, divided by the root of their number."
    close(se, (5 / 3 / 4) ** 0.5, rtol=RTOL, what="the standard error", claim=claim)
    pair = returned(estimate_floor(numbers(1.0, 3.0), 0, blocks=2), "mean", "se")
    close(pair, [2.0, 1.0], rtol=RTOL, what="(mean, se) of two losses in two blocks")


@test_case(points=1)
def what_fills_no_block_is_left_out_right_after_the_burn_in(env):
    """Eight losses and three blocks: blocks of two, and the first two losses join the burn-in."""
    estimate_floor = function(env, "estimate_floor")
    losses = numbers(50.0, 30.0, 20.0, 1.0, 3.0, 4.0, 4.0, 2.0, 4.0)
    mean, se = returned(estimate_floor(losses, 1, blocks=3), "mean", "se")
    claim = "Losses that fill no block must be left out right after the burn-in, so that the last losses count."
    close(mean, 3.0, rtol=RTOL, what="the mean", claim=claim)
    claim = "The standard error must be sqrt(s² / blocks), where s² is the sample variance of the means of the same blocks."
    close(se, (1 / 3) ** 0.5, rtol=RTOL, what="the standard error", claim=claim)


@test_case(points=1)
def repeating_each_loss_is_no_new_information(env):
    """Each loss ten times over: ten times as many numbers, the same knowledge, the same standard error."""
    estimate_floor = function(env, "estimate_floor")
    losses = numbers(2.0, 3.0, 4.0, 1.0)
    mean, se = returned(estimate_floor(losses.repeat_interleave(10), 0, blocks=4), "mean", "se")
    close(mean, 2.5, rtol=RTOL, what="the mean")
    claim = "The standard error must come from the means of the four blocks, 2, 3, 4 and 1, however often each loss is repeated."
    close(se, (5 / 3 / 4) ** 0.5, rtol=RTOL, what="the standard error", claim=claim)


@test_case(points=1)
def twenty_blocks_unless_told_otherwise(env):
    """Forty losses that alternate between 0 and 2, shifted by 0, 1, ..., 19 from pair to pair."""
    estimate_floor = function(env, "estimate_floor")
    losses = torch.arange(20, dtype=torch.float64).repeat_interleave(2) + numbers(0.0, 2.0).repeat(20)
    mean, se = returned(estimate_floor(losses, 0), "mean", "se")
    close(mean, 10.5, rtol=RTOL, what="the mean")
    close(se, (35 / 20) ** 0.5, rtol=RTOL, what="the standard error of twenty blocks with means 1, ..., 20")


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """A negative burn-in, a single block, fewer losses than blocks."""
    estimate_floor = function(env, "estimate_floor")
    losses = torch.ones(10, dtype=torch.float64)
    for burn_in, blocks in ((-1, 4), (0, 1), (0, 0), (7, 4), (20, 4)):
        raises(ValueError, estimate_floor, losses, burn_in, blocks)
