import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, returned

# A product of three 2 × 2 matrices in float64: 1e-9 leaves room for rounding; a rotation kept in float32 (3e-8) is too coarse.
# The absolute part is for entries that are zero.
RTOL = 1e-9
ATOL = 1e-9


@test_case(points=2)
def the_valley_and_the_start_turn_together(env):
    """Curvatures 5 and 1: not turned, turned by 45 degrees (H has 3 on the diagonal and 2 beside it), and by 30 degrees."""
    rotated_quadratic = function(env, "rotated_quadratic")
    for degrees in (0, 45, 30):
        H, w0 = returned(rotated_quadratic(torch.tensor([5.0, 1.0], dtype=torch.float64), math.radians(degrees)), "H", "w0")
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        hand = torch.tensor([[5 * c * c + s * s, 4 * c * s], [4 * c * s, 5 * s * s + c * c]], dtype=torch.float64)
        claim = f"For curvatures 5 and 1 and {degrees} degrees, H must be R diag(5, 1) Rᵀ."
        close(H, hand, rtol=RTOL, atol=ATOL, what=f"H at {degrees} degrees", claim=claim)
        claim = f"For {degrees} degrees, the start w0 must be R (1, 1)ᵀ: it turns with the valley."
        close(w0, torch.tensor([c - s, s + c], dtype=torch.float64), rtol=RTOL, atol=ATOL, what=f"w0 at {degrees} degrees", claim=claim)


@test_case(points=2)
def gradient_descent_is_counted_exactly(env):
    """H = diag(4, 1), w0 = (1, 1), alpha = 1/4: the first step removes the first coordinate, then the loss shrinks by 0.75² each step."""
    steps_to_tol = function(env, "steps_to_tol")
    H, w0 = torch.diag(torch.tensor([4.0, 1.0], dtype=torch.float64)), torch.ones(2, dtype=torch.float64)

    def gradient_descent(w, g, t):
        return w - 0.25 * g

    for tol in (0.3, 0.01, 1e-6):
        steps = next(k for k in range(1, 100) if 0.5 * 0.75 ** (2 * k) <= tol * 2.5)
        claim = f"With tol = {tol:g}, steps_to_tol must return the first number of updates after which f(w) <= tol * f(w0)."
        equal(steps_to_tol(gradient_descent, H, w0, tol=tol), steps, what=f"the count for tol = {tol:g}", claim=claim)


@test_case(points=1)
def what_never_arrives_gives_none(env):
    """An update that does nothing, with a cap of three; and one that grows until the loss is no number any more."""
    steps_to_tol = function(env, "steps_to_tol")
    H, w0 = torch.eye(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)

    def rest(w, g, t):
        return w

    claim = "steps_to_tol must return None when cap updates do not suffice."
    equal(steps_to_tol(rest, H, w0, cap=3), None, what="the count", claim=claim)

    def explode(w, g, t):
        return 1e200 * w

    claim = "steps_to_tol must return None for a run that diverges, also when the loss has become inf or NaN."
    equal(steps_to_tol(explode, H, w0, cap=5), None, what="the count", claim=claim)
