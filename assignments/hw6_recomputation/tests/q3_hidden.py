import torch
from otter.test_files import test_case

from checks import close, function, probe, rng, that

# Third derivatives of numbers of size one in float64: a few more roundings than the formula itself.
RTOL_HIDDEN = 1e-10
ATOL_HIDDEN = 1e-10


@test_case(points=2, hidden=True)
def the_upstream_gradient_can_be_differentiated_too(env):
    """A penalty on the gradient, as for a regularized network: its derivatives with respect to the weights and to x."""
    function(env, "Swish")
    draw = rng()
    x, w = torch.randn(2, 6, generator=draw, dtype=torch.float64)
    beta = 0.5 + float(torch.rand((), generator=draw, dtype=torch.float64))
    sigma = torch.sigmoid(beta * x)
    first = sigma + beta * x * sigma * (1 - sigma)
    second = beta * sigma * (1 - sigma) * (2 + beta * x * (1 - 2 * sigma))
    got = probe(env, "swish_penalty", w, x, beta)
    claim = (
        "The sum of squares of the gradient of sum(w * swish(x)) must have the right derivatives with respect to w and to x. To see it: "
        "torch.autograd.gradgradcheck(lambda x: swish(x, 0.7), x) with x in float64."
    )
    for name, g, expected in zip(("w", "x"), got, (2 * w * first**2, 2 * w**2 * first * second), strict=True):
        that(g is not None, claim, f"The gradient that came back does not depend on {name}.")
        close(g, expected, rtol=RTOL_HIDDEN, atol=ATOL_HIDDEN, what=f"the derivative with respect to {name}", claim=claim)


@test_case(points=1, hidden=True)
def derivatives_go_on_to_the_third(env):
    """With PyTorch's own composition for comparison."""
    function(env, "Swish")
    x = torch.randn(6, generator=rng(), dtype=torch.float64)
    found = probe(env, "swish_derivatives", x, 0.7, torch.ones_like(x), 3)
    plain = x.clone().requires_grad_()
    value = (plain * torch.sigmoid(0.7 * plain)).sum()
    for _ in range(3):
        (gradient,) = torch.autograd.grad(value, plain, create_graph=True)
        value = gradient.sum()
    claim = (
        "The third derivative must agree with that of x * torch.sigmoid(beta * x). To see it: apply torch.autograd.grad three "
        "times with create_graph=True."
    )
    that(found[3] is not None, claim, "A derivative before the third does not depend on x any more.")
    close(found[3], gradient.detach(), rtol=RTOL_HIDDEN, atol=ATOL_HIDDEN, what="the third derivative", claim=claim)


@test_case(points=1, hidden=True)
def large_arguments_give_finite_numbers(env):
    """At ±1000, swish is 1000 and 0, with slopes 1 and 0."""
    function(env, "Swish")
    x = torch.tensor([1000.0, -1000.0], dtype=torch.float64) * (1 + torch.rand(2, generator=rng(), dtype=torch.float64))
    value, slope = probe(env, "swish_derivatives", x, 1.0, torch.ones_like(x), 1)
    claim = (
        "Far from zero, swish must be x on the right and 0 on the left, with slopes 1 and 0, and never NaN. To see it: "
        "swish(torch.tensor([1000., -1000.]))."
    )
    close(value, x.clamp(min=0.0), rtol=RTOL_HIDDEN, atol=ATOL_HIDDEN, what="swish(x)", claim=claim)
    close(slope, (x > 0).double(), rtol=RTOL_HIDDEN, atol=ATOL_HIDDEN, what="the gradient", claim=claim)
    that(bool(torch.isfinite(slope).all()), claim)
