import torch
from otter.test_files import test_case

from checks import close, function, raises, rng

# Closed forms against a linear solve for the stationary covariance; its conditioning costs at most three of fifteen digits here.
LONG_RTOL = 1e-9


def at_rest(alpha, h, c, B, beta=0.0, gamma=0.0, p=0.0):
    """Expected loss of one coordinate when the covariance S of (w, m, average) rests: S = F S F' + v v', a linear system in S."""
    d, root = h**-p, (c / B) ** 0.5
    m = [d * h, beta, 0.0]
    w = [1 - alpha * m[0], -alpha * beta, 0.0]
    average = [(1 - gamma) * w[0], (1 - gamma) * w[1], gamma]
    F = torch.tensor([w, m, average], dtype=torch.float64)
    v = root * d * torch.tensor([-alpha, 1.0, -(1 - gamma) * alpha], dtype=torch.float64)
    S = torch.linalg.solve(torch.eye(9, dtype=torch.float64) - torch.kron(F, F), torch.kron(v, v))
    return 0.5 * h * S[8].item()


def some_problem(draw):
    """Three coordinates of different curvature and noise, alpha h between 0.1 and 1.5."""
    h, c = 0.5 + 2 * torch.rand(2, 3, generator=draw, dtype=torch.float64)
    return 0.2 + 0.4 * torch.rand((), generator=draw, dtype=torch.float64).item(), h, c, 3


def rests_at(env, name, key, values, see):
    draw = rng()
    floor = function(env, name)
    for value in values:
        alpha, h, c, B = some_problem(draw)
        expected = sum(at_rest(alpha, h_i, c_i, B, **{key: value}) for h_i, c_i in zip(h.tolist(), c.tolist(), strict=True))
        claim = f"The floor must be the expected loss at which the run rests, for every stable step. It is not. To see it: {see}"
        close(floor(alpha, h, c, B, value), expected, rtol=LONG_RTOL, what="the floor", claim=claim)


@test_case(points=1, hidden=True)
def sgd_rests_at_its_floor(env):
    """Three coordinates, against the covariance that one more step leaves as it is."""
    floor = function(env, "nqm_floor")
    alpha, h, c, B = some_problem(rng())
    expected = sum(at_rest(alpha, h_i, c_i, B) for h_i, c_i in zip(h.tolist(), c.tolist(), strict=True))
    claim = (
        "The floor must be the expected loss at which SGD rests, the sum over coordinates of different curvature and noise. It is not. "
        "To see it: compare with the mean of the last losses of simulate_nqm, one coordinate at a time."
    )
    close(floor(alpha, h, c, B), expected, rtol=LONG_RTOL, what="the floor", claim=claim)


@test_case(points=1, hidden=True)
def momentum_rests_at_its_floor(env):
    """Two coefficients, against the covariance of (w, m)."""
    rests_at(env, "momentum_floor", "beta", (0.3, 0.9), "compare with the last losses of simulate_nqm, also at large alpha h.")


@test_case(points=1, hidden=True)
def the_average_rests_at_its_floor(env):
    """Two decays, against the covariance of (w, average); one coordinate that overshoots."""
    see = "compare with the last losses of simulate_nqm for gamma = 0.3 and 0.9, with alpha h below and above 1."
    rests_at(env, "ema_floor", "gamma", (0.3, 0.9), see)
    one = torch.ones(1, dtype=torch.float64)
    claim = (
        "The floor must be right for every stable step, also where the weights overshoot (alpha h between 1 and 2). It is not. "
        "To see it: compare with the last losses of simulate_nqm for alpha h = 1.5 and gamma = 0.5."
    )
    expected = at_rest(1.5, 1.0, 1.0, 2, gamma=0.5)
    close(function(env, "ema_floor")(1.5, one, one, 2, 0.5), expected, rtol=LONG_RTOL, what="the floor", claim=claim)


@test_case(points=1, hidden=True)
def preconditioned_sgd_rests_at_its_floor(env):
    """Powers below, at and above one half, with curvatures on both sides of one."""
    rests_at(env, "precond_floor", "p", (0.3, 1.0), "compare with the last losses of simulate_nqm for curvatures below and above 1.")


@test_case(points=1, hidden=True)
def the_limits_of_stability_are_their_own(env):
    """Momentum has a floor between 2 / h and 2 (1 + beta) / h, preconditioning up to alpha h^(1-p) = 2 in every coordinate."""
    momentum_floor = function(env, "momentum_floor")
    one = torch.ones(1, dtype=torch.float64)
    claim = "With beta = 1/2, steps up to 3 / h have a floor. To see it: simulate_nqm with alpha h = 2.5 and beta = 0.5 does not blow up."
    close(momentum_floor(2.5, one, one, 2, 0.5), at_rest(2.5, 1.0, 1.0, 2, beta=0.5), rtol=LONG_RTOL, what="the floor", claim=claim)
    precond_floor = function(env, "precond_floor")
    claim = "With p = 1/2 and h = 4, steps up to 1 have a floor. To see it: simulate_nqm with alpha = 0.8 does not blow up."
    close(precond_floor(0.8, 4 * one, one, 2, 0.5), at_rest(0.8, 4.0, 1.0, 2, p=0.5), rtol=LONG_RTOL, what="the floor", claim=claim)
    h = torch.tensor([1.0, 0.1], dtype=torch.float64)
    claim = "precond_floor must raise ValueError if a single coordinate is unstable. To see it: h = (1, 0.1), p = 2, alpha = 0.5."
    raises(ValueError, precond_floor, 0.5, h, torch.ones_like(h), 2, 2.0, claim=claim)


@test_case(points=2, hidden=True)
def the_slope_is_the_least_squares_line(env):
    """Scattered points, steps and batch sizes that vary together: the line through all of them, with an intercept."""
    floor_slope = function(env, "floor_slope")
    draw = rng()
    alphas = 10 ** -(1 + torch.rand(9, generator=draw, dtype=torch.float64))
    Bs = torch.randint(1, 50, (9,), generator=draw).double()
    floors = alphas / Bs * (1 + torch.rand(9, generator=draw, dtype=torch.float64))
    x, y = (alphas / Bs).log(), floors.log()
    A = torch.stack([x, torch.ones_like(x)], dim=1)
    expected = torch.linalg.lstsq(A, y.reshape(-1, 1)).solution[0].item()
    claim = (
        "The slope must be the least-squares one over all points, with an intercept, of log(floor) against log(alpha / B). It is not. "
        "To see it: scatter a few points and compare with torch.linalg.lstsq on the columns (log(alpha / B), 1)."
    )
    close(floor_slope(alphas, Bs, floors), expected, rtol=LONG_RTOL, what="the slope", claim=claim)
