import torch
from otter.test_files import test_case

from checks import close, function, raises

# Closed form against closed form in float64: rounding stays below 1e-13; an eigenvalue kept in float32 (6e-8) is too coarse.
RTOL = 1e-9


def diagonal_problem():
    """XᵀX = diag(4, 1), minimizer (1, 1), start (0, 3): the errors are -1 and 2, and the loss is 2 in each direction."""
    X = torch.diag(torch.tensor([2.0, 1.0], dtype=torch.float64))
    return X, torch.tensor([2.0, 1.0], dtype=torch.float64), torch.tensor([0.0, 3.0], dtype=torch.float64)


def by_hand(alpha, k):
    return (4 * (-1.0 * (1 - 4 * alpha) ** k) ** 2 + 1 * (2.0 * (1 - alpha) ** k) ** 2) / (4 * 1.0 + 1 * 4.0)


@test_case(points=3)
def two_directions_by_hand(env):
    """Half of the loss at the start lies in the steep direction, half in the flat one."""
    predict = function(env, "predict_relative_loss")
    for alpha, k in ((0.25, 1), (0.25, 3), (0.4, 2)):
        claim = f"For X = diag(2, 1), alpha = {alpha}, k = {k}, each direction's share of the loss must shrink by its own factor, 2k times."
        close(predict(*diagonal_problem(), alpha, k), by_hand(alpha, k), rtol=RTOL, what="the relative loss", claim=claim)


@test_case(points=1)
def before_the_first_step_the_relative_loss_is_one(env):
    """Also when one of the factors is zero, as for alpha = 1/4 here."""
    predict = function(env, "predict_relative_loss")
    for alpha in (0.25, 0.3):
        claim = "At k = 0 the relative loss must be 1."
        close(predict(*diagonal_problem(), alpha, 0), 1.0, rtol=RTOL, what="the relative loss", claim=claim)


@test_case(points=1)
def too_large_a_step_makes_the_loss_grow(env):
    """With alpha = 0.6 the steep factor is −1.4."""
    predict = function(env, "predict_relative_loss")
    claim = "A step above 2/λ_max makes the loss grow: the prediction must grow with it."
    for k in (1, 10):
        close(predict(*diagonal_problem(), 0.6, k), by_hand(0.6, k), rtol=RTOL, what="the relative loss", claim=claim)


@test_case(points=1)
def a_prediction_outside_the_domain_is_refused(env):
    predict = function(env, "predict_relative_loss")
    X, y, w0 = diagonal_problem()
    for alpha, k in ((0.0, 3), (-0.1, 3), (0.1, -1)):
        claim = "predict_relative_loss must raise ValueError unless alpha is positive and k is not negative."
        raises(ValueError, predict, X, y, w0, alpha, k, claim=claim)
    claim = "predict_relative_loss must raise ValueError when the shapes do not fit: call check_shapes first."
    raises(ValueError, predict, X, y.reshape(2, 1), w0, 0.1, 3, claim=claim)
