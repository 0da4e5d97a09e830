import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, rng

# Eight steps of the recursion against products and sums; the absolute part is for errors that pass near zero.
LONG_RTOL = 1e-9
LONG_ATOL = 1e-12


@test_case(points=1, hidden=True)
def schedules_take_a_tensor_of_steps(env):
    """All three, at random settings, entry by entry."""
    draw = rng()
    a, b = torch.rand(2, generator=draw, dtype=torch.float64).tolist()
    eta0, p, decay, eta_min, K = 0.4 + a, 0.3 + b, 0.5 + 0.4 * a, 0.05 + 0.1 * b, 11
    for name, rest, formula in (
        ("power_schedule", (p,), lambda k: eta0 * math.exp(-p * math.log(k + 1))),
        ("geom_schedule", (decay,), lambda k: eta0 * math.exp(k * math.log(decay))),
        ("cosine_schedule", (eta_min, K), lambda k: eta0 - (eta0 - eta_min) * math.sin(math.pi * k / K / 2) ** 2),
    ):
        schedule = function(env, name)
        got = schedule(torch.arange(12, dtype=torch.float64), eta0, *rest)
        expected = torch.tensor([formula(k) for k in range(12)], dtype=torch.float64)
        claim = f"{name} must follow its formula at every k from 0 to 11, and take a tensor of them. To see it: plot it over these k."
        close(got, expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="the steps", claim=claim)


@test_case(points=1, hidden=True)
def a_cosine_may_be_constant_and_may_take_one_step(env):
    """eta_min = eta0 gives the same step at every k; with K = 1 the end comes right after the start."""
    cosine_schedule = function(env, "cosine_schedule")
    claim = "With eta_min = eta0 the cosine must be that step at every k. To see it: cosine_schedule(3, 0.5, 0.5, 10)."
    close(cosine_schedule(3, 0.5, 0.5, 10), 0.5, rtol=LONG_RTOL, what="the step", claim=claim)
    claim = "With K = 1 the cosine must go from eta0 at k = 0 to eta_min at k = 1. To see it: cosine_schedule(1, 0.5, 0.2, 1)."
    close(cosine_schedule(0, 0.5, 0.2, 1), 0.5, rtol=LONG_RTOL, what="the step at k=0", claim=claim)
    close(cosine_schedule(1, 0.5, 0.2, 1), 0.2, rtol=LONG_RTOL, what="the step at k=1", claim=claim)


@test_case(points=2, hidden=True)
def every_step_scales_the_noise_that_came_before_it(env):
    """A_K = e0² prod (1 - eta_j)² + sigma2 / B sum_j eta_j² prod_{i > j} (1 - eta_i)², for random steps."""
    mse_schedule = function(env, "mse_schedule")
    draw = rng()
    etas = 1.5 * torch.rand(8, generator=draw, dtype=torch.float64)
    e0, sigma2, B = 2.5, 3.0, 4
    rows = etas.tolist()
    expected = []
    for k in range(9):
        start = e0**2 * math.prod((1 - eta) ** 2 for eta in rows[:k])
        noise = sum(rows[j] ** 2 * math.prod((1 - eta) ** 2 for eta in rows[j + 1 : k]) for j in range(k))
        expected.append(start + sigma2 / B * noise)
    claim = (
        "Step k must turn A_k into (1 - eta_k)² A_k + eta_k² sigma2 / B, and the result must begin with e0². "
        "To see it: mse_schedule of three different steps, by hand."
    )
    got = mse_schedule(etas, sigma2, e0, B)
    close(got, torch.tensor(expected, dtype=torch.float64), rtol=LONG_RTOL, atol=LONG_ATOL, what="the errors", claim=claim)
    no_noise = mse_schedule(torch.tensor([0.0, 0.5], dtype=torch.float64), 0.0, 2.0)
    claim = "Steps of zero and sigma2 = 0 are inside the domain: the error stays, or shrinks. To see it: etas = (0, 0.5)."
    close(no_noise, torch.tensor([4.0, 4.0, 1.0], dtype=torch.float64), rtol=LONG_RTOL, what="the errors without noise", claim=claim)
    large = mse_schedule(torch.tensor([2.5, 0.1], dtype=torch.float64), 3.0, 2.0)
    claim = "Steps of 2 and more are inside the domain: the recursion goes on, and the error grows. To see it: etas = (2.5, 0.1)."
    expected_large = torch.tensor([4.0, 27.75, 22.5075], dtype=torch.float64)
    close(large, expected_large, rtol=LONG_RTOL, what="the errors with a large step", claim=claim)
    claim = "Without steps, only the start e0² is left. To see it: mse_schedule of an empty tensor."
    close(mse_schedule(etas[:0], sigma2, e0, B), torch.tensor([e0**2], dtype=torch.float64), rtol=LONG_RTOL, what="no steps", claim=claim)


@test_case(points=1, hidden=True)
def the_conditions_at_their_edges(env):
    """p = 1/2, p = 1 and their neighbors; constant and growing steps."""
    robbins_monro = function(env, "robbins_monro")
    claim = (
        "The verdict must be right at and next to the powers where a sum changes from finite to infinite, and for constant steps. "
        "To see it: for which s is the sum of 1/(k+1)^s finite? Use s = p for the steps and the right s for their squares."
    )
    for p in (0.5, 1.0, 0.51, 0.49, 1.01, 0.99, 0.0, -1.0):
        equal(robbins_monro(p), (not p > 1.0, p > 0.5), what=f"the verdict on p={p}", claim=claim)
