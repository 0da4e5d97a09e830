import torch
from otter.test_files import test_case

from checks import close, function, rng

# Eigenvalues from 0.09 to 2 in float64: rounding stays below 1e-13.
LIMIT_RTOL = 1e-9
LIMIT_ATOL = 1e-10


@test_case(points=2, hidden=True)
def the_limit_is_right_for_every_shape_and_rank(env):
    """Tall with full rank, tall without, wide, square and singular; data that cannot be fitted."""
    gd_limit = function(env, "gd_limit")
    draw = rng()
    for n, p, rank in ((8, 3, 3), (8, 5, 3), (3, 7, 3), (6, 6, 3)):
        U = torch.linalg.qr(torch.randn(n, rank, generator=draw, dtype=torch.float64)).Q
        V = torch.linalg.qr(torch.randn(p, rank, generator=draw, dtype=torch.float64)).Q
        S = torch.tensor([1.4, 0.9, 0.3], dtype=torch.float64)
        y, w0 = torch.randn(n, generator=draw, dtype=torch.float64), torch.randn(p, generator=draw, dtype=torch.float64)
        expected = V @ (U.T @ y / S) + w0 - V @ (V.T @ w0)
        shape = f"n = {n}, p = {p}" + ("" if rank == min(n, p) else f" and only {rank} independent columns")
        claim = (
            f"With {shape}, the limit must be a minimizer whose part in the null space of X is that of w0. To see it: "
            "compare with the last point of gradient_descent(X, y, n_steps=5000, step_size=0.9 * max_stable_step(X), w0=w0)."
        )
        got = gd_limit((U * S) @ V.T, y, w0)
        close(got, expected, rtol=LIMIT_RTOL, atol=LIMIT_ATOL, what="the limit", claim=claim)
