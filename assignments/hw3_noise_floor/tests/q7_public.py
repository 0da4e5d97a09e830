import torch
from otter.test_files import test_case

from checks import close, function, raises, that

# Closed forms in float64: rounding is below 1e-13.
RTOL = 1e-9

# The prompt allows 1 %. A search whose steps are 5 % apart loses at most 0.4 %; with steps that are 18 % apart (100 over seven decades) it
# loses up to 3 %, and 2 % in the public case.
MARGIN = 1.01


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def risk(k, alpha, h, c, B, w0):
    """The expected loss after k steps, for one step size or a column of them."""
    kept = (1 - alpha * h).abs() ** (2.0 * k)
    return (kept * 0.5 * h * w0**2 + (1 - kept) * alpha * c / (2 * B * (2 - alpha * h))).sum(dim=-1)


def lowest(k, h, c, B, w0):
    """The lowest expected loss over 40,000 steps between 0 and 2 / max(h)."""
    fractions = torch.cat([torch.logspace(-8, -1, 20000, dtype=torch.float64), torch.linspace(0.1, 1.0, 20001, dtype=torch.float64)[:-1]])
    return float(risk(k, (2 / h.max() * fractions).reshape(-1, 1), h, c, B, w0).min())


def is_best(alpha, N, B, h, c, w0, claim):
    """alpha lies in its interval, and its risk is within MARGIN of the lowest."""
    close(alpha, 1.0, rtol=0.0, atol=float("inf"), what="the step")  # any number
    alpha = float(alpha)
    limit = 2 / float(h.max())
    that(0 < alpha < limit, "best_alpha must lie strictly between 0 and 2 / max(h).", f"It is {alpha:.6g}; 2 / max(h) is {limit:.6g}.")
    got, best = float(risk(N // B, alpha, h, c, B, w0)), lowest(N // B, h, c, B, w0)
    that(got <= MARGIN * best, claim, f"At your step {alpha:.4g} the risk after {N // B} steps is {got:.4g}; the lowest is {best:.4g}.")


@test_case(points=1)
def the_linear_rule_keeps_alpha_over_B(env):
    """Four times the batch, four times the step."""
    linear_rule = function(env, "linear_rule")
    close(linear_rule(0.05, 8, 32), 0.2, rtol=RTOL, what="the step for B=32")
    close(linear_rule(0.05, 8, 1), 0.00625, rtol=RTOL, what="the step for B=1")
    close(linear_rule(0.05, 1, 8), 0.4, rtol=RTOL, what="the step for B=8")


@test_case(points=2)
def the_same_floor_at_another_batch_size(env):
    """h = 1, alpha = 1: the floor is c / (2B). With twice the batch, alpha / (2 - alpha) must be 2: alpha is 4/3."""
    same_floor_lr = function(env, "same_floor_lr")
    close(same_floor_lr(1.0, 1.0, 4, 8), 4 / 3, rtol=RTOL, what="the step for twice the batch")
    close(same_floor_lr(1.0, 1.0, 8, 4), 2 / 3, rtol=RTOL, what="the step for half the batch")
    close(same_floor_lr(0.25, 4.0, 1, 2), (4 / 3) / 4, rtol=RTOL, what="the step for h=4, twice the batch")


@test_case(points=2)
def the_risk_before_and_after_one_step(env):
    """At k = 0 it is the loss at w0; one step keeps (1 - alpha h)² of it and adds alpha² h c / (2B) for each coordinate."""
    nqm_risk = function(env, "nqm_risk")
    h, c, w0 = numbers(2.0, 0.5, 1.0), numbers(3.0, 1.0, 0.0), numbers(1.0, -2.0, 0.0)
    for B in (1, 2):
        close(nqm_risk(0, 0.4, h, c, B, w0), 0.5 * (2.0 + 0.5 * 4.0), rtol=RTOL, what=f"the risk after 0 steps, B={B}")
        one = 0.5 * (2.0 * 0.2**2 + 0.5 * 4.0 * 0.8**2) + 0.5 * 0.4**2 * (2.0 * 3.0 + 0.5 * 1.0) / B
        close(nqm_risk(1, 0.4, h, c, B, w0), one, rtol=RTOL, what=f"the risk after 1 step, B={B}")


@test_case(points=2)
def the_best_step_for_one_coordinate(env):
    """100 gradients in batches of 10 are ten steps; too small a step has not arrived, too large a step stands on a high floor."""
    best_alpha = function(env, "best_alpha")
    one = numbers(1.0)
    claim = "The risk after the steps that the budget pays for must be within 1 % of the lowest that any constant step reaches."
    is_best(best_alpha(100, 10, one, one, one), 100, 10, one, one, one, claim)


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """Unstable steps, a budget below one batch, a problem that is solved at the start."""
    one, zero = numbers(1.0), numbers(0.0)
    for wrong in ((0.0, 1, 2), (0.1, 0, 2), (0.1, 2, 0)):
        raises(ValueError, function(env, "linear_rule"), *wrong)
    for wrong in ((0.5, 4.0, 1, 2), (0.0, 1.0, 1, 2), (-0.5, -1.0, 1, 2), (0.1, 0.0, 1, 2), (0.1, 1.0, 0, 2), (0.1, 1.0, 2, 0)):
        raises(ValueError, function(env, "same_floor_lr"), *wrong)
    for alpha, h, c, B in ((0.0, one, one, 1), (0.5, 4 * one, one, 1), (0.1, zero, one, 1), (0.1, one, -one, 1), (0.1, one, one, 0)):
        raises(ValueError, function(env, "nqm_risk"), 3, alpha, h, c, B, one)
    for wrong in ((9, 10, one, one, one), (9, 0, one, one, one), (9, 1, zero, one, one), (9, 1, one, zero, one), (9, 1, one, one, zero)):
        raises(ValueError, function(env, "best_alpha"), *wrong)
