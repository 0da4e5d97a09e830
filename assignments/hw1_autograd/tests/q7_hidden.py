# ruff: noqa: F821 - q7_public.py stands before this file and defines the other names.
import torch
from otter.test_files import test_case

from checks import close, rng


@test_case(points=2, hidden=True)
def a_matrix_follows_the_closed_form(env):
    """On ½ Σ h (w − c)² every entry's error is multiplied by 1 − eta·h at each step; eight iterations from a 2×3 matrix."""
    draw = rng()
    h, c, w0 = (torch.rand(2, 3, generator=draw, dtype=torch.float64) + low for low in (0.5, -0.5, 1.0))
    eta, steps = 0.9, 8
    found = descend(env, h, c, w0, eta, steps)
    errors = [(1 - eta * h) ** k * (w0 - c) for k in range(steps + 1)]
    claim = (
        "On ½ Σ h (w − c)² with a matrix w, every entry's error must be multiplied by 1 − eta·h at each of the max_iters steps, "
        "and hist must hold the losses and the gradient norms on the way. To see it: take the 2×2 matrix "
        "w = diag(3, 4), with h = 1, c = 0 and eta = 0.9, by hand."
    )
    close(found["w"], c + errors[-1], rtol=RTOL, atol=ATOL, what="w", claim=claim)
    close(
        found["hist"]["L"],
        [float(0.5 * (h * e**2).sum()) for e in errors[:-1]],
        rtol=RTOL,
        atol=ATOL,
        what='the column hist["L"]',
        claim=claim,
    )
    norms = [float(((h * e) ** 2).sum().sqrt()) for e in errors[:-1]]
    close(found["hist"]["grad_norm"], norms, rtol=RTOL, atol=ATOL, what='the column hist["grad_norm"]', claim=claim)
    found = descend(env, h, c, w0, eta, 0)
    claim = "With max_iters = 0 there are no updates and no entries, and w is the start. To see it: call gd_torch with max_iters = 0."
    close(found["w"], w0, rtol=RTOL, what="w", claim=claim)
    close(found["hist"]["L"], [], rtol=RTOL, what='the column hist["L"]', claim=claim)
