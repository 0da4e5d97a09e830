import torch
from otter.test_files import test_case

from checks import close, function, raises

# A handful of additions and products in float64: rounding stays below 1e-14; a step in float32 (6e-8) is too coarse.
RTOL = 1e-10


def small_problem():
    """Three samples, two features; at w = (1, 1) the residual is (1, 2, -2)."""
    X = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([0.0, 0.0, 4.0], dtype=torch.float64)
    return X, y, torch.tensor([1.0, 1.0], dtype=torch.float64)


@test_case(points=2)
def the_loss_is_half_the_sum_of_squares(env):
    """The residual at w = (1, 1) is (1, 2, -2)."""
    ls_loss = function(env, "ls_loss")
    expected = torch.tensor((1**2 + 2**2 + (-2) ** 2) / 2, dtype=torch.float64)
    claim = "The loss must be half the sum of the squared residuals, as a 0-d tensor."
    close(ls_loss(*small_problem()), expected, rtol=RTOL, what="the loss", claim=claim)


@test_case(points=2)
def the_gradient_weighs_each_row_with_its_residual(env):
    """The gradient is the sum of the rows of X, each times its residual."""
    ls_grad = function(env, "ls_grad")
    X, y, w = small_problem()
    expected = 1.0 * X[0] + 2.0 * X[1] - 2.0 * X[2]
    claim = "The gradient must be the sum of the rows of X, each times its residual."
    close(ls_grad(X, y, w), expected, rtol=RTOL, what="the gradient", claim=claim)


@test_case(points=2)
def shapes_that_do_not_fit_are_refused(env):
    """Without a check, y of shape (n, 1) turns the residual into an n-by-n table, and nothing complains."""
    X, y, w = small_problem()
    for name in ("ls_loss", "ls_grad"):
        call = function(env, name)
        claim = f"{name} must raise ValueError when X, y and w do not fit together: call check_shapes first."
        raises(ValueError, call, X, y.reshape(3, 1), w, claim=claim)
        raises(ValueError, call, X, y, w.reshape(2, 1), claim=claim)
        raises(ValueError, call, X, y[:2], w, claim=claim)
