import torch
from otter.test_files import test_case

from checks import close, function, raises

# Closed forms in float64: rounding is below 1e-13; an approximation that drops alpha h is off by percents.
RTOL = 1e-9


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=2)
def the_floors_of_the_coordinates_add_up(env):
    """alpha = 1/2: for h = 1, c = 2, B = 1 the floor is 0.5 * 2 / (2 * 1.5) = 1/3; for h = 2, c = 3 it is 0.5 * 3 / (2 * 1) = 3/4."""
    nqm_floor = function(env, "nqm_floor")
    close(nqm_floor(0.5, numbers(1.0), numbers(2.0), 1), 1 / 3, rtol=RTOL, what="the floor for h=1, c=2")
    h, c = numbers(1.0, 2.0, 1.0), numbers(2.0, 3.0, 0.0)
    close(nqm_floor(0.5, h, c, 4), (1 / 3 + 3 / 4) / 4, rtol=RTOL, what="the floor of both and a noiseless third, with B=4")


@test_case(points=2)
def switched_off_they_all_are_sgd(env):
    """beta = 0, gamma = 0 and p = 0 leave plain SGD."""
    h, c = numbers(1.0, 2.0, 1.0), numbers(2.0, 3.0, 0.0)
    for name in ("momentum_floor", "ema_floor", "precond_floor"):
        for B in (1, 4):
            close(function(env, name)(0.5, h, c, B, 0.0), (1 / 3 + 3 / 4) / B, rtol=RTOL, what=f"the floor when switched off, with B={B}")


@test_case(points=1)
def momentum_near_its_famous_factor(env):
    """alpha h = 1/2, beta = 1/2, c = 2: iterating the second moments of (w, m) until they rest gives E w² = 1.2, so the floor is 0.6."""
    momentum_floor = function(env, "momentum_floor")
    ww, wm, mm = 0.0, 0.0, 0.0
    for _ in range(400):  # m' = m/2 + w + xi with E xi² = 2, and w' = w - m'/2
        mm_new = mm / 4 + ww + wm + 2.0
        wm_new = wm / 2 + ww - mm_new / 2
        ww = ww - (wm / 2 + ww) + mm_new / 4
        wm, mm = wm_new, mm_new
    claim = "The floor with momentum must be that of m = beta m + g, w = w - alpha m: iterate E w², E wm and E m² until they rest."
    close(momentum_floor(0.5, numbers(1.0), numbers(2.0), 1, 0.5), 0.5 * ww, rtol=RTOL, what="the floor with beta=1/2", claim=claim)


@test_case(points=1)
def averaging_two_neighbors(env):
    """alpha h = 1 makes the weights independent draws of variance alpha² c / B; a decay of 1/2 then leaves a third of it."""
    ema_floor = function(env, "ema_floor")
    close(ema_floor(0.5, numbers(2.0), numbers(3.0), 2, 0.5), 0.5 * 2.0 * 0.25 * 1.5 / 3, rtol=RTOL, what="the floor with gamma=1/2")


@test_case(points=1)
def preconditioning_is_sgd_in_other_units(env):
    """For h = 4 and p = 1/2, the effective step is alpha / 2: the floor is that of SGD with half the step."""
    precond_floor = function(env, "precond_floor")
    expected = 0.2 * 3.0 / (2 * 5 * (2 - 0.2 * 4.0))
    close(precond_floor(0.4, numbers(4.0), numbers(3.0), 5, 0.5), expected, rtol=RTOL, what="the floor with p=1/2")


@test_case(points=1)
def the_slope_of_a_power_law_is_its_exponent(env):
    """Floors of 3 (alpha / B)^1.5 lie on a line of slope 1.5, whatever B does."""
    floor_slope = function(env, "floor_slope")
    alphas, Bs = numbers(0.1, 0.2, 0.4, 0.4), numbers(1.0, 8.0, 2.0, 32.0)
    slope = floor_slope(alphas, Bs, 3 * (alphas / Bs) ** 1.5)
    claim = "The slope must be that of log(floor) against log(alpha / B)."
    close(slope, 1.5, rtol=RTOL, what="the slope", claim=claim)
    close(floor_slope(numbers(1.0, 2.0), numbers(1.0, 1.0), numbers(1.0, 4.0)), 2.0, rtol=RTOL, what="the slope of two points", claim=claim)


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """At alpha = 2 / h the noise is never damped: there is no floor. Momentum moves that limit to 2 (1 + beta) / h."""
    h, c = numbers(4.0, 1.0), numbers(1.0, 1.0)
    limits = {"nqm_floor": (0.5, ()), "momentum_floor": (0.75, (0.5,)), "ema_floor": (0.5, (0.5,)), "precond_floor": (0.125, (-1.0,))}
    for name, (limit, rest) in limits.items():
        floor = function(env, name)
        raises(ValueError, floor, limit, h, c, 1, *rest, claim=f"{name} must raise ValueError at the limit of stability and beyond.")
        raises(ValueError, floor, 1.1 * limit, h, c, 1, *rest, claim=f"{name} must raise ValueError at the limit of stability and beyond.")
        for wrong in ((0.0, h, c, 1), (0.1, -h, c, 1), (0.1, h * c.new_tensor([1.0, 0.0]), c, 1), (0.1, h, -c, 1), (0.1, h, c, 0)):
            raises(ValueError, floor, *wrong, *rest)
    for name in ("momentum_floor", "ema_floor"):
        for outside in (1.0, -0.1):
            raises(ValueError, function(env, name), 0.1, h, c, 1, outside)
    ones = numbers(1.0, 2.0)
    zero = numbers(0.0, 1.0)
    for wrong in ((zero, ones, ones), (1 / ones, zero, ones), (1 / ones, ones, zero), (1 / ones, ones, -ones)):
        raises(ValueError, function(env, "floor_slope"), *wrong)
    for wrong in ((ones, ones, ones), (1 / ones, ones[:1], ones), (ones[:1], ones[:1], ones[:1])):
        raises(ValueError, function(env, "floor_slope"), *wrong)
