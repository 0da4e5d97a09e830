import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, raises, rng, that, unchanged

# Nine steps in float64, numbers of size one; the absolute part is for runs that pass near zero.
LONG_RTOL = 1e-9
LONG_ATOL = 1e-9

# The one statistical case. N draws over n values, each with probability 1/n. Hoeffding: |count / N - 1/n| exceeds t with probability
# at most 2 exp(-2 N t²) for one value, so for any of the n with at most 2 n exp(-2 N t²). MAX_DEVIATION sets this to 9e-7.
# An index that never comes is off by 1/n = 0.25, rounded floats are off by 0.083 at both ends: 40 and 13 times MAX_DEVIATION.
# A batch of 20 out of 20 has no repeat with probability 20!/20^20 = 2.3e-8. Together a correct answer fails with probability below 1e-6.
VALUES, STEPS, BATCH = 4, 100, 2000
MAX_DEVIATION = math.sqrt(math.log(2 * VALUES / 9e-7) / (2 * STEPS * BATCH))


@test_case(points=1, hidden=True)
def a_run_is_a_weighted_sum_of_its_draws(env):
    """w_k = (1 - eta)^k w_0 + eta times the sum of (1 - eta)^(k-1-j) times the mean of batch j; also for steps above one and two."""
    sgd_mean = function(env, "sgd_mean")
    draw = rng()
    x = torch.randn(7, generator=draw, dtype=torch.float64)
    idx = torch.randint(0, 7, (9, 3), generator=draw)
    claim = (
        "A run of nine steps with batches of three must follow the update exactly. It does not. To see it: make a run with "
        "eta = 0.3 and batches of three, and follow it step by step with a calculator."
    )
    for eta in (0.3, 1.4, 2.5):
        w = sgd_mean(x, idx, -2.0, eta)
        means = [sum(x[i].item() for i in row) / 3 for row in idx.tolist()]
        expected = [(1 - eta) ** k * -2.0 + sum(eta * (1 - eta) ** (k - 1 - j) * means[j] for j in range(k)) for k in range(10)]
        close(w, torch.tensor(expected, dtype=torch.float64), rtol=LONG_RTOL, atol=LONG_ATOL, what="the run", claim=claim)


@test_case(points=1, hidden=True)
def a_run_without_steps_is_its_start(env):
    """No draws give the one entry w0, and the arguments keep their values."""
    sgd_mean = function(env, "sgd_mean")
    draw = rng()
    x = torch.randn(5, generator=draw, dtype=torch.float64)
    kept, idx = x.clone(), torch.randint(0, 5, (4, 2), generator=draw)
    claim = "With no draws the run must be the single entry w0. To see it: call sgd_mean with idx = torch.empty(0, dtype=torch.int64)."
    for empty in ((0,), (0, 3)):
        w = sgd_mean(x, torch.empty(empty, dtype=torch.int64), 1.5, 0.2)
        close(w, torch.tensor([1.5], dtype=torch.float64), rtol=LONG_RTOL, what="the run", claim=claim)
    sgd_mean(x, idx, 1.5, 0.2)
    unchanged(kept, x, what="x")


@test_case(points=1, hidden=True)
def draws_are_uniform_and_with_replacement(env):
    """200,000 draws over four values; a batch of twenty out of twenty."""
    function(env, "draw_batches")
    seed = int(torch.randint(0, 2**31, (), generator=rng()))
    idx = probe(env, "draw", VALUES, BATCH, STEPS, seed)
    that(isinstance(idx, torch.Tensor), "draw_batches must return a tensor.", f"It returned {type(idx).__name__}.")
    claim = "A batch may be larger than the data, since points may repeat. To see it: the shape of draw_batches(4, 50, 3, ...)."
    equal(tuple(idx.shape), (STEPS, BATCH), what="the shape", claim=claim)
    shares = torch.bincount(idx.long().flatten().clamp(0, VALUES - 1), minlength=VALUES).double() / idx.numel()
    worst = float((shares - 1 / VALUES).abs().max())
    claim = "Every index must come equally often. To see it: draw 100,000 times with n = 4 and count each index with torch.bincount."
    that(worst <= MAX_DEVIATION, claim, f"The share of one index is {worst:.4f} away from 1/{VALUES}; chance allows {MAX_DEVIATION:.4f}.")
    row = probe(env, "draw", 20, 20, 1, seed)[0]
    claim = "A point may be drawn again at once: a batch of 20 out of 20 points repeats some. To see it: draw_batches(20, 20, 1, ...)."
    that(len(row.unique()) < 20, claim)


@test_case(points=1, hidden=True)
def the_generator_alone_decides_the_draws(env):
    """The same seed gives the same batches, the next call gives others, and so does the next row."""
    draw_batches = function(env, "draw_batches")
    seed = int(torch.randint(0, 2**31, (), generator=rng()))
    first, second = probe(env, "draw_twice", 20, 20, 3, seed)
    claim = "Two generators with the same seed must give the same batches: draw from the generator, not from torch's global one."
    equal(probe(env, "draw", 20, 20, 3, seed).tolist(), first.tolist(), what="the draws of the same seed", claim=claim)
    that(not torch.equal(first, second), "A second call with the same generator must go on in its stream and give new batches.")
    claim = "Every step must have a batch of its own. To see it: print draw_batches(20, 20, 3, generator)."
    that(not torch.equal(first[0], first[1]), claim)
    claim = "One point, batches of one, and no batches at all are inside the domain. To see it: draw_batches(1, 1, 0, generator)."
    for K in (0, 2):
        equal(probe(env, "draw", 1, 1, K, seed).tolist(), [[0]] * K, what="the draws from one point", claim=claim)
    for wrong in ((0, 1, 1), (3, 0, 1), (3, 1, -1)):
        raises(ValueError, draw_batches, *wrong, None, claim="draw_batches must raise ValueError unless n >= 1, B >= 1 and K >= 0.")
