import torch
from otter.test_files import test_case

from checks import close, function, raises

# A few operations in float64 with numbers of size one.
RTOL = 1e-9
ATOL = 1e-12


@test_case(points=3)
def one_equation_with_two_unknowns(env):
    """Along w_1 + w_2 = 2 every point is a minimizer; descent moves in the direction (1, 1) only."""
    gd_limit = function(env, "gd_limit")
    x, y = torch.tensor([1.0, 1.0], dtype=torch.float64), 2.0
    for start in ([0.0, 0.0], [3.0, 1.0], [-1.0, 4.0]):
        w0 = torch.tensor(start, dtype=torch.float64)
        expected = w0 + (y - start[0] - start[1]) / 2 * x
        claim = f"From {tuple(start)} descent on w_1 + w_2 = 2 must end at the nearest point of that line."
        got = gd_limit(x.reshape(1, 2), torch.tensor([y], dtype=torch.float64), w0)
        close(got, expected, rtol=RTOL, atol=ATOL, what="the limit", claim=claim)


@test_case(points=1)
def a_limit_needs_shapes_that_fit(env):
    gd_limit = function(env, "gd_limit")
    X, y, w0 = torch.ones(3, 2, dtype=torch.float64), torch.ones(3, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    for args in ((X, y.reshape(3, 1), w0), (X, y, w0.reshape(2, 1)), (X, y[:2], w0)):
        raises(ValueError, gd_limit, *args, claim="gd_limit must raise ValueError when the shapes do not fit: call check_shapes first.")
