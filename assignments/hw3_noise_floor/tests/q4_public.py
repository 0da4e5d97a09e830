import torch
from otter.test_files import test_case

from checks import close, function, raises

# Two steps in float64 on numbers of size one: rounding is below 1e-14; work in float32 (6e-8) is too coarse.
RTOL = 1e-9


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def column(*losses):
    """Expected losses of a single run."""
    return numbers(*losses).reshape(-1, 1)


@test_case(points=2)
def without_noise_every_coordinate_decays_at_its_own_rate(env):
    """The weight i is multiplied by 1 - alpha h_i at every step, and the loss is the sum of h_i w_i² / 2."""
    simulate_nqm = function(env, "simulate_nqm")
    h, w0 = numbers(2.0, 0.5), numbers(1.0, -2.0)
    losses = simulate_nqm(0.4, h, numbers(0.0, 3.0), 1, w0, torch.zeros(2, 1, 2, dtype=torch.float64))
    expected = column(*(0.5 * (2.0 * (0.2**k) ** 2 + 0.5 * (-2.0 * 0.8**k) ** 2) for k in range(3)))
    claim = "Without noise, row k must hold the loss 0.5 * sum h_i w_i² after k steps of w_i = (1 - alpha h_i) w_i; row 0 belongs to w0."
    close(losses, expected, rtol=RTOL, what="the losses", claim=claim)


@test_case(points=2)
def the_noise_of_a_batch_has_variance_c_over_B(env):
    """From w0 = 0, one step moves the weight i by -alpha sqrt(c_i / B) times its noise."""
    simulate_nqm = function(env, "simulate_nqm")
    noise = numbers(1.0, 0.0, -2.0, 3.0).reshape(1, 2, 2)
    losses = simulate_nqm(0.5, numbers(1.0, 2.0), numbers(8.0, 1.0), 4, numbers(0.0, 0.0), noise)
    expected = torch.stack([numbers(0.0, 0.0), 0.5 * 0.25 / 4 * numbers(1.0 * 8.0 * 1.0, 1.0 * 8.0 * 4.0 + 2.0 * 1.0 * 9.0)])
    claim = "The gradient's noise must be sqrt(c_i / B) times noise[k], with a column of losses for each run."
    close(losses, expected, rtol=RTOL, what="the losses of two runs", claim=claim)


@test_case(points=2)
def momentum_adds_up_gradients(env):
    """From w = 1 with alpha = 0.1, beta = 0.5: m is 1, then 0.5 + 0.9, so that w is 0.9, then 0.76."""
    simulate_nqm = function(env, "simulate_nqm")
    zeros = torch.zeros(2, 1, 1, dtype=torch.float64)
    losses = simulate_nqm(0.1, numbers(1.0), numbers(1.0), 1, numbers(1.0), zeros, beta=0.5)
    claim = "Momentum must be m = beta m + g from m = 0, and then w = w - alpha m with the new m."
    close(losses, column(0.5, 0.5 * 0.9**2, 0.5 * 0.76**2), rtol=RTOL, what="the losses", claim=claim)


@test_case(points=2)
def the_average_follows_the_weights(env):
    """The weights are 1, 1/2, 1/4; with gamma = 3/4 the average is 1, 7/8, 23/32, and the loss is that of the average."""
    simulate_nqm = function(env, "simulate_nqm")
    zeros = torch.zeros(2, 1, 1, dtype=torch.float64)
    losses = simulate_nqm(0.5, numbers(1.0), numbers(1.0), 1, numbers(1.0), zeros, gamma=0.75)
    claim = "The average must start at w0 and become gamma times itself plus (1 - gamma) times the new weights; its loss is returned."
    close(losses, column(0.5, 0.5 * 0.875**2, 0.5 * 0.71875**2), rtol=RTOL, what="the losses", claim=claim)


@test_case(points=1)
def preconditioning_scales_the_whole_gradient(env):
    """With p = 1 every coordinate contracts by 1 - alpha, and its noise is divided by its curvature, too."""
    simulate_nqm = function(env, "simulate_nqm")
    h, c, noise = numbers(4.0, 0.5), numbers(1.0, 1.0), torch.ones(1, 1, 2, dtype=torch.float64)
    losses = simulate_nqm(0.5, h, c, 1, numbers(1.0, 2.0), 0 * noise, p=1.0)
    claim = "With p = 1, every coordinate must be multiplied by 1 - alpha: the step is alpha h_i^(-p) g_i."
    close(losses, column(3.0, 3.0 * 0.25), rtol=RTOL, what="the losses without noise", claim=claim)
    losses = simulate_nqm(0.5, h, c, 1, numbers(0.0, 0.0), noise, p=1.0)
    claim = "The preconditioner must scale the noise as well: it multiplies the gradient that arrives, and that one is noisy."
    close(losses, column(0.0, 0.5 * 0.25 * (1 / 4 + 1 / 0.5)), rtol=RTOL, what="the losses from w0 = 0", claim=claim)


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """Steps and curvatures are positive, variances are not negative, beta and gamma lie in [0, 1)."""
    simulate_nqm = function(env, "simulate_nqm")
    noise = torch.zeros(1, 1, 1, dtype=torch.float64)
    one = numbers(1.0)
    for alpha, h, c, B in ((0.0, one, one, 1), (0.1, 0 * one, one, 1), (0.1, one, -one, 1), (0.1, one, one, 0)):
        raises(ValueError, simulate_nqm, alpha, h, c, B, one, noise)
    for wrong in ({"beta": 1.0}, {"beta": -0.1}, {"gamma": 1.0}, {"gamma": -0.1}):
        raises(ValueError, simulate_nqm, 0.1, one, one, 1, one, noise, **wrong)
