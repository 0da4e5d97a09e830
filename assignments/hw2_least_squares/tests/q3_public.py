import torch
from otter.test_files import test_case

from checks import close, equal, function, raises

# Power iteration with a clear gap is right to 1e-10; a few steps too few, or a bound in place of the eigenvalue, are off by 1e-2.
RTOL = 1e-4


@test_case(points=2)
def each_range_of_steps_has_its_class(env):
    """With eigenvalue 4 the factor 1 − 4·alpha is 1/2, −1/2, −1 and −2."""
    classify_step = function(env, "classify_step")
    for alpha, expected in ((0.125, "monotone"), (0.375, "oscillating"), (0.5, "boundary"), (0.75, "diverges")):
        claim = f"With alpha = {alpha} and lam = 4 the error is multiplied by {1 - 4 * alpha:g} at each step: that is '{expected}'."
        equal(classify_step(alpha, 4.0), expected, what="the class", claim=claim)


@test_case(points=1)
def the_edges_belong_to_their_classes(env):
    """Products of exactly 1 and exactly 2, without rounding."""
    classify_step = function(env, "classify_step")
    for alpha, lam in ((0.25, 4.0), (2.0, 0.5)):
        claim = "When alpha·lam is 1 the error is gone after one step and never changes its sign: that is 'monotone'."
        equal(classify_step(alpha, lam), "monotone", what="the class", claim=claim)
    for alpha, lam in ((4.0, 0.5), (0.125, 16.0)):
        claim = "When alpha·lam is 2 the error keeps its size forever: that is 'boundary'."
        equal(classify_step(alpha, lam), "boundary", what="the class", claim=claim)


@test_case(points=1)
def a_class_needs_positive_numbers(env):
    classify_step = function(env, "classify_step")
    for alpha, lam in ((0.0, 1.0), (-0.5, 1.0), (0.5, 0.0), (0.5, -1.0), (-1.0, -1.0)):
        raises(ValueError, classify_step, alpha, lam, claim="classify_step must raise ValueError unless alpha and lam are positive.")


@test_case(points=3)
def the_largest_stable_step_of_diag_3_1(env):
    """The eigenvalues of XᵀX are 9 and 1: the answer to the question that was asked above."""
    max_stable_step = function(env, "max_stable_step")
    X = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    claim = "For X = diag(3, 1) the factor of the steepest direction must be −1 at the returned step."
    close(max_stable_step(X), 2 / 3.0**2, rtol=RTOL, what="the step", claim=claim)
    single = torch.tensor([[2.0]], dtype=torch.float64)
    claim = "For X = [[2]] one iteration must be enough."
    close(max_stable_step(single, iters=1), 2 / 2.0**2, rtol=RTOL, what="the step", claim=claim)


@test_case(points=1)
def a_largest_step_needs_a_matrix_that_is_not_zero(env):
    max_stable_step = function(env, "max_stable_step")
    for X, problem in ((torch.ones(3), "X is a vector"), (torch.ones(0, 3), "X is empty"), (torch.zeros(3, 2), "X is zero")):
        raises(ValueError, max_stable_step, X, claim=f"max_stable_step must raise ValueError when {problem}.")
    claim = "max_stable_step must raise ValueError when X is zero, after one iteration too."
    raises(ValueError, max_stable_step, torch.zeros(3, 2), iters=1, claim=claim)
    raises(ValueError, max_stable_step, torch.ones(3, 2), iters=0, claim="max_stable_step must raise ValueError when iters is 0.")
