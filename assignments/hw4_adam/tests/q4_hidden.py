import torch
from otter.test_files import test_case

from checks import close, function, returned, rng, that

# Positive values, so that nothing cancels: 1e-9 leaves room for any order of sums.
SUM_RTOL = 1e-9


@test_case(points=3, hidden=True)
def the_averages_are_weighted_sums(env):
    """raw is the sum of (1 - beta) beta^(t-j) x_j, and corrected the same sum divided by its weights."""
    ema = function(env, "ema")
    x = torch.rand(12, generator=rng(), dtype=torch.float64) + 0.5
    beta = 0.83
    raw, corrected = returned(ema(x, beta), "raw", "corrected")
    weights = [[(1 - beta) * beta ** (t - j) for j in range(t + 1)] for t in range(12)]
    sums = [sum(weight * value for weight, value in zip(row, x.tolist(), strict=False)) for row in weights]
    totals = [sum(row) for row in weights]
    claim = (
        "raw must be the weighted sum with weights (1 - beta) beta^(t-j). To see it: feed a single one followed by zeros, "
        "and compare with the weights."
    )
    close(raw, torch.tensor(sums, dtype=torch.float64), rtol=SUM_RTOL, what="raw", claim=claim)
    expected = torch.tensor([a / b for a, b in zip(sums, totals, strict=True)], dtype=torch.float64)
    claim = (
        "corrected must be the weighted sum divided by the sum of its weights, and never feed back into raw. To see it: "
        "shift a series of your own by a constant; the corrected averages must shift by that constant."
    )
    close(corrected, expected, rtol=SUM_RTOL, what="corrected", claim=claim)


@test_case(points=1, hidden=True)
def every_column_is_a_series_of_its_own(env):
    """A (T, 2, 3) tensor holds six series; float32 stays float32."""
    ema = function(env, "ema")
    x = torch.rand(6, 2, 3, generator=rng(), dtype=torch.float64) + 0.5
    raw, corrected = returned(ema(x, 0.7), "raw", "corrected")
    claim = (
        "For x of shape (T, 2, 3), every entry of the last two axes must be averaged by itself. To see it: compare the first column of the "
        "result with ema(x[:, 0, 0], beta)."
    )
    expected = x.new_zeros(2, 3)
    for t in range(6):
        expected = expected + 0.3 * (x[t] - expected)
        close(raw[t], expected, rtol=SUM_RTOL, what=f"raw[{t}]", claim=claim)
        close(corrected[t], expected / (1 - 0.7 ** (t + 1)), rtol=SUM_RTOL, what=f"corrected[{t}]", claim=claim)
    for name, part in zip(("raw", "corrected"), returned(ema(x.float(), 0.7), "raw", "corrected"), strict=True):
        got = getattr(part, "dtype", type(part).__name__)
        claim = f"For a float32 series, {name} must be float32. To see it: print the dtypes of ema(torch.ones(3), 0.9)."
        that(got == torch.float32, claim, f"It is {got}.")
