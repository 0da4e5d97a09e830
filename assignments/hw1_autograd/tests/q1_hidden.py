import math

import torch
from otter.test_files import test_case

from checks import close, function, rng, unchanged


@test_case(points=1, hidden=True)
def a_wrong_derivative_leaves_a_first_order_remainder(env):
    """F is linear, so with the derivative replaced by another linear map the remainder is t times a fixed number."""
    draw = rng()
    A, B = torch.randn(2, 3, 4, generator=draw, dtype=torch.float64)
    x, v = torch.randn(2, 4, generator=draw, dtype=torch.float64)
    ts = torch.tensor([1e-3, 0.1, 0.7], dtype=torch.float64)
    before = x.clone()
    remainders = function(env, "remainders")
    size = math.sqrt(sum(r**2 for r in ((A - B) @ v).tolist()))
    claim = (
        "For F(x) = Ax and the wrong derivative v ↦ Bv, the remainder at t must be t‖(A − B)v‖. To see it: take A = 2 and B = 1 "
        "for a vector with one entry, and v = 1: the remainder is t."
    )
    for some in (ts, ts[:1]):
        close(remainders(lambda z: A @ z, lambda d: B @ d, x, v, some), some * size, rtol=1e-9, what="the remainders", claim=claim)
    unchanged(before, x, what="x")


@test_case(points=1, hidden=True)
def scattered_points_get_the_least_squares_line(env):
    """Values that lie on no line: every point counts."""
    draw = rng()
    ts = torch.logspace(-3, 0, 7, dtype=torch.float64) * (1 + 0.3 * torch.rand(7, generator=draw, dtype=torch.float64))
    values = torch.rand(7, generator=draw, dtype=torch.float64) + 0.1
    a, b = [math.log(t) for t in ts.tolist()], [math.log(r) for r in values.tolist()]
    k, sa, sb = len(a), sum(a), sum(b)
    slope = (k * sum(p * q for p, q in zip(a, b, strict=True)) - sa * sb) / (k * sum(p * p for p in a) - sa * sa)
    claim = (
        "For points that lie on no line, the slope must be that of the least-squares line of log value against log t. To see it: compare "
        "with numpy.polyfit(log t, log value, 1) for three points of your own."
    )
    loglog_slope = function(env, "loglog_slope")
    close(loglog_slope(ts, values), slope, rtol=1e-7, atol=1e-9, what="the slope", claim=claim)
    close(loglog_slope(ts[:2], values[:2]), (b[1] - b[0]) / (a[1] - a[0]), rtol=1e-7, atol=1e-9, what="the slope", claim=claim)


@test_case(points=1, hidden=True)
def a_right_gradient_at_a_large_point_passes(env):
    """½‖x‖² at entries of size a million: a step of 1e-5 would drown in rounding, and so would an absolute error."""
    x = (torch.rand(4, generator=rng(), dtype=torch.float64) + 1) * 1e6
    claim = (
        "A right gradient must pass at large points too: the step of entry i is h·max(1, |x_i|), and the error is relative. "
        "To see it: check ½‖x‖², whose gradient is x, at x = 1000000."
    )
    got = function(env, "grad_check")(lambda z: 0.5 * (z**2).sum(), lambda z: 1.0 * z, x)
    close(got, 0.0, rtol=0.0, atol=1e-7, what="the error of a right gradient", claim=claim)


@test_case(points=1, hidden=True)
def one_wrong_entry_of_a_matrix_is_found(env):
    """Wherever it is, and also where the true derivative is zero."""
    draw = rng()
    x = torch.randn(2, 3, generator=draw, dtype=torch.float64)
    for row in range(2):
        for column in range(3):
            shift = torch.zeros(2, 3, dtype=torch.float64)
            shift[row, column] = -0.25
            mask = torch.ones(2, 3, dtype=torch.float64)
            mask[row, column] = 0.0

            def f(z, m=mask):
                return (m * z.sin()).sum()

            def grad(z, m=mask, s=shift):
                return m * z.cos() + s

            got = function(env, "grad_check")(f, grad, x)
            claim = (
                "An entry of the gradient that is −0.25 where the function does not depend on that entry must give the error 0.25, "
                "for every entry of a matrix. To see it: check f(x) = x₀ with the gradient (1, −0.25)."
            )
            close(got, 0.25, rtol=0.0, atol=1e-7, what="the error", claim=claim)
