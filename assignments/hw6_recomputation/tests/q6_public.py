import torch
from otter.test_files import test_case

from checks import close, equal, function, probe

# Sums of a few numbers in float64; the weights of the micro-batches round once each.
RTOL = 1e-12
ATOL = 1e-12


def least_squares(w, x, y):
    """The mean squared error of x @ w and its gradient, by the formula."""
    residual = x @ w - y
    return float((residual**2).mean()), 2 * x.T @ residual / len(x)


@test_case(points=2)
def as_many_sequences_as_fit(env):
    """1000 bytes, of which 100 are taken, 90 for each sequence: ten fit exactly, and with one byte less only nine."""
    max_batch = function(env, "max_batch")
    for capacity, static, each, expected in (
        (1000, 100, 90, 10),
        (999, 100, 90, 9),
        (100, 100, 90, 0),
        (189, 100, 90, 0),
        (190, 100, 90, 1),
        (3, 0, 1, 3),
        (0, 0, 1, 0),
    ):
        claim = "max_batch must be the largest number of sequences whose bytes, with the static ones, do not exceed the capacity."
        equal(max_batch(capacity, static, each), expected, what="the number of sequences", claim=claim)


@test_case(points=3)
def three_samples_and_one_sample_give_the_gradient_of_all_four(env):
    """The micro-batch of three counts three times as much as the one of one."""
    function(env, "accumulate")
    w = torch.tensor([1.0, -1.0], dtype=torch.float64)
    x = torch.tensor([[1.0, 2.0], [0.0, 1.0], [3.0, 1.0], [-4.0, 2.0]], dtype=torch.float64)
    y = torch.tensor([1.0, 0.0, -1.0, 2.0], dtype=torch.float64)
    _, gradient = probe(env, "accumulate_linear", w, [x[:3], x[3:]], [y[:3], y[3:]], lambda event: None)
    claim = "With micro-batches of three samples and of one, the gradient must be that of the mean over all four samples."
    close(gradient, least_squares(w, x, y)[1], rtol=RTOL, atol=ATOL, what="the gradient", claim=claim)


@test_case(points=1)
def the_mean_loss_over_all_samples_comes_back(env):
    """Samples weigh the same, whichever micro-batch they are in."""
    function(env, "accumulate")
    w = torch.tensor([2.0], dtype=torch.float64)
    x, y = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64), torch.tensor([1.0, 4.0, 0.0], dtype=torch.float64)
    loss, _ = probe(env, "accumulate_linear", w, [x[:2], x[2:]], [y[:2], y[2:]], lambda event: None)
    claim = "accumulate must return the mean loss over all samples."
    close(loss, least_squares(w, x, y)[0], rtol=RTOL, what="the loss", claim=claim)
