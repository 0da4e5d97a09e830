import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, that

# A handful of operations in float64: 1e-12 leaves four digits for rounding and none for a finite difference (1e-10 at best).
RTOL = 1e-12
ATOL = 1e-12


def sigma_of(beta, x):
    return 1 / (1 + torch.exp(-beta * x))


@test_case(points=3)
def the_value_and_the_first_derivative_follow_the_formula(env):
    """At x = 0: value 0, slope 1/2. An upstream gradient of 3 triples the slope."""
    function(env, "Swish")
    x, upstream = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float64), torch.tensor([3.0, 1.0, -1.0], dtype=torch.float64)
    value, slope = probe(env, "swish_derivatives", x, 1.5, upstream, 1)
    sigma = sigma_of(1.5, x)
    close(value, x * sigma, rtol=RTOL, atol=ATOL, what="swish(x)", claim="swish(x, beta) must be x · σ(beta x).")
    expected = upstream * (sigma + 1.5 * x * sigma * (1 - sigma))
    claim = "The gradient must be the upstream gradient times σ + beta x σ (1 − σ)."
    close(slope, expected, rtol=RTOL, atol=ATOL, what="the gradient", claim=claim)


@test_case(points=3)
def the_second_derivative_follows_the_formula(env):
    """backward is differentiated too: beta σ (1 − σ) (2 + beta x (1 − 2σ)), which is beta/2 at x = 0."""
    function(env, "Swish")
    x = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float64)
    found = probe(env, "swish_derivatives", x, 1.5, torch.ones_like(x), 2)
    sigma = sigma_of(1.5, x)
    expected = 1.5 * sigma * (1 - sigma) * (2 + 1.5 * x * (1 - 2 * sigma))
    claim = (
        "The derivative of the gradient must be beta σ (1 − σ) (2 + beta x (1 − 2σ)): backward must be made of differentiable "
        "operations on x."
    )
    that(found[2] is not None, claim, "The gradient that came back does not depend on the x that swish was given any more.")
    close(found[2], expected, rtol=RTOL, atol=ATOL, what="the second derivative", claim=claim)


@test_case(points=2)
def only_x_is_saved(env):
    """Five numbers of 8 bytes, where x * torch.sigmoid(beta * x) keeps ten."""
    function(env, "Swish")
    x = torch.linspace(-1.0, 1.0, 5, dtype=torch.float64)
    claim = "swish must save x with ctx.save_for_backward, and no other tensor."
    equal(probe(env, "swish_saved", x, 2.0), 5 * 8, what="the bytes that autograd keeps", claim=claim)
