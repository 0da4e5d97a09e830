import torch
from otter.test_files import test_case

from checks import close, function, rng

# The recursion and the closed form agree to a few roundings per step.
LONG_RTOL = 1e-9


def uniform(draw, low, high):
    return low + (high - low) * torch.rand((), generator=draw, dtype=torch.float64).item()


@test_case(points=2, hidden=True)
def the_errors_obey_the_recursion(env):
    """A_{k+1} = (1 - eta)² A_k + eta² sigma2 / B for eight steps, with eta below and above one."""
    mse_mean = function(env, "mse_mean")
    draw = rng()
    claim = (
        "The errors must satisfy A_{k+1} = (1 - eta)² A_k + eta² sigma2 / B, for every eta in (0, 2) and every B. They do not. "
        "To see it: compare mse_mean for k = 1, 2, 3 with three turns of that recursion."
    )
    for low, high in ((0.1, 0.6), (1.1, 1.8)):
        eta, sigma2, e0, B = uniform(draw, low, high), uniform(draw, 0.5, 3.0), uniform(draw, 1.5, 3.0), 3
        errors = [e0**2]
        for _ in range(8):
            errors.append((1 - eta) ** 2 * errors[-1] + eta**2 * sigma2 / B)
        k = torch.arange(9, dtype=torch.float64)
        close(mse_mean(k, eta, sigma2, e0, B), torch.tensor(errors, dtype=torch.float64), rtol=LONG_RTOL, what="the errors", claim=claim)
        close(mse_mean(5, eta, sigma2, -e0, B), errors[5], rtol=LONG_RTOL, what="the error after 5 steps", claim=claim)


@test_case(points=2, hidden=True)
def the_floor_stays_where_it_is(env):
    """One more step leaves the floor unchanged: it is the fixed point of the recursion."""
    floor_mean = function(env, "floor_mean")
    draw = rng()
    claim = (
        "A run that stands at the floor must stay there: floor = (1 - eta)² floor + eta² sigma2 / B. It does not. "
        "To see it: put your floor into the right-hand side, for B = 1 and for B = 8."
    )
    for low, high in ((0.05, 0.9), (1.1, 1.9)):
        eta, sigma2, B = uniform(draw, low, high), uniform(draw, 0.5, 3.0), 8
        close(floor_mean(eta, sigma2, B), eta**2 * sigma2 / B / (1 - (1 - eta) ** 2), rtol=LONG_RTOL, what="the floor", claim=claim)


@test_case(points=1, hidden=True)
def the_edges_of_the_domain_are_served(env):
    """No noise means no floor, one step at eta = 1 forgets the start, and large steps below 2 are fine."""
    mse_mean, floor_mean = function(env, "mse_mean"), function(env, "floor_mean")
    claim = "Without noise (sigma2 = 0) the floor must be 0 and the error must shrink by (1 - eta)² per step. To see it: sigma2 = 0."
    close(floor_mean(0.5, 0.0, 2), 0.0, rtol=LONG_RTOL, what="the floor", claim=claim)
    close(mse_mean(2, 0.5, 0.0, 3.0), 9.0 / 16, rtol=LONG_RTOL, what="the error", claim=claim)
    claim = "At eta = 1 the first step must forget the start: only the noise of one draw is left. To see it: mse_mean(1, 1.0, 2.0, 7.0)."
    close(mse_mean(1, 1.0, 2.0, 7.0), 2.0, rtol=LONG_RTOL, what="the error", claim=claim)
    claim = "The floor must be right for steps up to 2. To see it: eta = 1.9."
    close(floor_mean(1.9, 1.0), 19.0, rtol=LONG_RTOL, what="the floor", claim=claim)
