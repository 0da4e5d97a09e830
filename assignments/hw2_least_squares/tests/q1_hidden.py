import torch
from otter.test_files import test_case

from checks import StudentError, close, function, rng

# Sums of at most 63 products of numbers of size one in float64: rounding stays below 1e-13, whatever the order of the sums.
FRESH_RTOL = 1e-10
FRESH_ATOL = 1e-12
# The residual of a nearly perfect fit (1e-7) is what remains of numbers of size 30 with rounding 1e-14: seven digits of it are right.
FIT_RTOL = 1e-5
# Sums of 60 000 products: rounding stays below 1e-12 of the largest entry.
WIDE_RTOL = 1e-9


def residuals(X, y, w):
    """Row by row, in plain Python."""
    return [sum(a * b for a, b in zip(row, w.tolist(), strict=True)) - t for row, t in zip(X.tolist(), y.tolist(), strict=True)]


def within_memory(call, *args):
    """The result of a call that must stay within the limit; an attempt to go beyond is reported as that."""
    try:
        return call(*args)
    except StudentError as error:
        if "memory" not in error.detail.lower() and "allocate" not in error.detail.lower():
            raise
        n, p = args[0].shape
        raise StudentError(
            f"{call.name} ran out of memory on a wide problem (n = {n}, p = {p:,}): it asked for more than the grader gives (4 GiB). "
            f"A p-by-p matrix alone would take {8 * p**2 / 1e9:.1f} GB. To see where it comes from: put brackets into your expression "
            "and write the shape of every product beside it.",
            error.detail,
        ) from error


@test_case(points=2, hidden=True)
def a_fresh_problem_gives_the_loss_and_gradient_of_the_formula(env):
    """Nine samples, seven features, numbers with many digits."""
    ls_loss, ls_grad = function(env, "ls_loss"), function(env, "ls_grad")
    draw = rng()
    X, y, w = (torch.randn(*shape, generator=draw, dtype=torch.float64) for shape in ((9, 7), (9,), (7,)))
    r = residuals(X, y, w)
    loss = torch.tensor(sum(a * a for a in r) / 2, dtype=torch.float64)
    gradient = torch.tensor([sum(a * b for a, b in zip(r, column, strict=True)) for column in X.T.tolist()], dtype=torch.float64)
    claim = (
        "On a random float64 problem the {} must agree with the formula to ten digits. To see it: compare your function with two "
        "nested Python loops on torch.randn(9, 7, dtype=torch.float64)."
    )
    close(ls_loss(X, y, w), loss, rtol=FRESH_RTOL, atol=FRESH_ATOL, what="the loss", claim=claim.format("loss"))
    close(ls_grad(X, y, w), gradient, rtol=FRESH_RTOL, atol=FRESH_ATOL, what="the gradient", claim=claim.format("gradient"))


@test_case(points=1, hidden=True)
def float32_stays_float32(env):
    """Small integers are exact in float32 too, so only the dtype is at stake."""
    draw = rng()
    X, y, w = (torch.randint(-3, 4, shape, generator=draw).float() for shape in ((5, 3), (5,), (3,)))
    r = residuals(X, y, w)
    loss = torch.tensor(sum(a * a for a in r) / 2)
    gradient = torch.tensor([sum(a * b for a, b in zip(r, column, strict=True)) for column in X.T.tolist()])
    for name, expected in (("ls_loss", loss), ("ls_grad", gradient)):
        claim = f"{name} must return the formula's value for float32 inputs too. To see it: call it with X.float(), y.float(), w.float()."
        close(function(env, name)(X, y, w), expected, rtol=1e-6, what="the result for float32 inputs", claim=claim)


@test_case(points=1, hidden=True)
def a_nearly_perfect_fit_has_an_accurate_loss(env):
    """Residuals of 1e-7 beside values of size ten: the squares must not be expanded."""
    ls_loss = function(env, "ls_loss")
    draw = rng()
    X = torch.randn(20, 5, generator=draw, dtype=torch.float64)
    w = 10 * torch.randn(5, generator=draw, dtype=torch.float64)
    signs = torch.randint(0, 2, (20,), generator=draw) * 2.0 - 1.0
    y = X @ w + 1e-7 * signs.double()
    claim = (
        "Near a perfect fit the loss must keep its leading digits. To see it: take y = X @ w + 1e-7 and compare your loss with n/2 * 1e-14."
    )
    close(ls_loss(X, y, w), torch.tensor(10 * 1e-14, dtype=torch.float64), rtol=FIT_RTOL, what="the loss", claim=claim)


@test_case(points=2, hidden=True)
def a_wide_problem_fits_in_memory(env):
    """With 40 samples and 60 000 features X takes 19 MB, and a p-by-p matrix 28.8 GB."""
    ls_loss, ls_grad = function(env, "ls_loss"), function(env, "ls_grad")
    draw = rng()
    X = torch.randn(40, 60_000, generator=draw, dtype=torch.float64)
    y = torch.randn(40, generator=draw, dtype=torch.float64)
    w = torch.randn(60_000, generator=draw, dtype=torch.float64)
    r = (X * w).sum(1) - y
    gradient = sum(r[i] * X[i] for i in range(40))
    claim = "On a wide problem (n = 40, p = 60,000) the {} must be the one of the formula."
    close(within_memory(ls_loss, X, y, w), (r * r).sum() / 2, rtol=WIDE_RTOL, what="the loss", claim=claim.format("loss"))
    atol = WIDE_RTOL * float(gradient.abs().max())
    close(within_memory(ls_grad, X, y, w), gradient, rtol=WIDE_RTOL, atol=atol, what="the gradient", claim=claim.format("gradient"))
