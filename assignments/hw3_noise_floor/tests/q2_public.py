import torch
from otter.test_files import test_case

from checks import close, function, raises

# Closed forms in float64: rounding is below 1e-14; powers taken in float32 (6e-8) are too coarse.
RTOL = 1e-9
FLOAT32 = 1e-5  # a larger gap is not a matter of float32


@test_case(points=1)
def before_the_first_step_the_error_is_the_start(env):
    """After zero steps nothing random has happened: the squared error is e0²."""
    mse_mean = function(env, "mse_mean")
    close(mse_mean(0, 0.3, 4.0, -5.0, B=2), 25.0, rtol=RTOL, what="the error after 0 steps")


@test_case(points=2)
def one_step_by_hand(env):
    """With eta = 1/2: half of the error stays, half of the noise comes in, and both are squared."""
    mse_mean = function(env, "mse_mean")
    for B in (1, 4):
        expected = 0.5**2 * 3.0**2 + 0.5**2 * 2.0 / B
        claim = "One step must give (1 - eta)² e0² + eta² sigma2 / B, since w_1 - mu = (1 - eta) (w_0 - mu) + eta (batch mean - mu)."
        close(mse_mean(1, 0.5, 2.0, 3.0, B=B), expected, rtol=RTOL, what=f"the error after 1 step with B={B}", claim=claim)


@test_case(points=2)
def a_step_of_one_has_the_variance_of_the_data(env):
    """With eta = 1 the iterate *is* the last batch mean, and so its error is that mean's variance; with eta = 1/2 it is a third of that."""
    floor_mean = function(env, "floor_mean")
    for B in (1, 5):
        close(floor_mean(1.0, 4.0, B=B), 4.0 / B, rtol=RTOL, what=f"the floor at eta=1, B={B}")
        close(floor_mean(0.5, 4.0, B=B), 4.0 / 3 / B, rtol=RTOL, what=f"the floor at eta=1/2, B={B}")


@test_case(points=1)
def many_step_counts_at_once(env):
    """k may be a float64 tensor: the errors come back in a float64 tensor of its shape."""
    mse_mean = function(env, "mse_mean")
    k = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    errors = [1.0]
    for _ in range(2):
        errors.append(0.9**2 * errors[-1] + 0.1**2 * 3.0)
    got, expected = mse_mean(k, 0.1, 3.0, 1.0), torch.tensor(errors, dtype=torch.float64)
    claim = "A float64 tensor k must give a float64 tensor of errors: for each entry of k, the error after so many steps."
    close(got, expected, rtol=FLOAT32, what="the errors after 0, 1, 2 steps", claim=claim)
    claim = "The errors must be exact to nine digits (powers of integer tensors are exact to seven)."
    close(got, expected, rtol=RTOL, what="the errors after 0, 1, 2 steps", claim=claim)


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """The analysis holds for 0 < eta < 2; a variance is not negative; a batch has a point."""
    mse_mean, floor_mean = function(env, "mse_mean"), function(env, "floor_mean")
    for eta, sigma2, B in ((0.0, 1.0, 1), (2.0, 1.0, 1), (2.5, 1.0, 1), (0.5, -1.0, 1), (0.5, 1.0, 0)):
        raises(ValueError, mse_mean, 3, eta, sigma2, 1.0, B)
        raises(ValueError, floor_mean, eta, sigma2, B)
