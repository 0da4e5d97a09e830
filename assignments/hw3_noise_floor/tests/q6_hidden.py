import torch
from otter.test_files import test_case

from checks import close, function, returned, rng

# Means in float64, in any order of summation.
LONG_RTOL = 1e-9


def correlated(draw, n):
    """A positive series whose neighbors resemble each other (correlation 0.95), like the losses of a run."""
    z, values = 0.0, []
    for xi in torch.randn(n, generator=draw, dtype=torch.float64).tolist():
        z = 0.95 * z + (1 - 0.95**2) ** 0.5 * xi
        values.append(1.0 + 2.0 * z * z)
    return torch.tensor(values, dtype=torch.float64)


def block_by_block(losses, burn_in, blocks):
    rest = losses.tolist()[burn_in:]
    length = len(rest) // blocks
    rest = rest[len(rest) - length * blocks :]
    means = [sum(rest[b * length : (b + 1) * length]) / length for b in range(blocks)]
    mean = sum(means) / blocks
    return mean, (sum((m - mean) ** 2 for m in means) / (blocks - 1) / blocks) ** 0.5


@test_case(points=3, hidden=True)
def a_correlated_run_is_judged_by_its_blocks(env):
    """A run of 1013 losses after a transient, with 20 and with 7 blocks."""
    estimate_floor = function(env, "estimate_floor")
    losses = correlated(rng(), 1013)
    losses[:100] += 50.0
    for blocks in (20, 7):
        expected = block_by_block(losses, 100, blocks)
        mean, se = returned(estimate_floor(losses, 100, blocks), "mean", "se")
        claim = "The mean must be the average of the losses in the blocks, without the transient. To see it: 10 losses, 3 blocks, by hand."
        close(mean, expected[0], rtol=LONG_RTOL, what="the mean", claim=claim)
        claim = (
            "The standard error must be that of the average of the block means. It is not. "
            "To see it: estimate_floor of 1, 3, 2, 4, 3, 5, 0, 2 with 4 blocks, by hand."
        )
        close(se, expected[1], rtol=LONG_RTOL, what="the standard error", claim=claim)


@test_case(points=1, hidden=True)
def other_units_change_nothing_but_the_units(env):
    """Ten times the losses give ten times the mean and the error; three more give three more and the same error."""
    estimate_floor = function(env, "estimate_floor")
    losses = correlated(rng(), 200)
    mean, se = returned(estimate_floor(losses, 0), "mean", "se")
    ten, ten_se = returned(estimate_floor(10 * losses, 0), "mean", "se")
    more, more_se = returned(estimate_floor(losses + 3, 0), "mean", "se")
    for value in (mean, se):
        close(value, 0.0, rtol=0.0, atol=float("inf"), what="an entry of (mean, se)")
    claim = "Ten times the losses must give ten times the mean and the standard error. To see it: compare losses with 10 * losses."
    close([ten, ten_se], [10 * float(mean), 10 * float(se)], rtol=LONG_RTOL, what="(mean, se)", claim=claim)
    claim = "Adding 3 to every loss must add 3 to the mean and nothing to the standard error. To see it: compare losses with losses + 3."
    close([more, more_se], [float(mean) + 3, float(se)], rtol=LONG_RTOL, what="(mean, se)", claim=claim)
