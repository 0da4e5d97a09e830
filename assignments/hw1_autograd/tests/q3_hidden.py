# ruff: noqa: F821 - q3_public.py stands before this file and defines the other names.
import torch
from otter.test_files import test_case

from checks import close, function, returned, rng


@test_case(points=2, hidden=True)
def random_gram_matrices_forward_and_backward(env):
    """Wide, tall and square W."""
    draw = rng()
    for n, m in ((2, 4), (5, 3), (3, 3)):
        W, V = torch.randn(2, n, m, generator=draw, dtype=torch.float64)
        G = torch.randn(m, m, generator=draw, dtype=torch.float64)
        claim = (
            "For random W, wide, tall or square, jvp_gram must agree with the product rule and vjp_gram with its adjoint. To see it: "
            "compare (G * jvp_gram(W, V)).sum() with (vjp_gram(W, G) * V).sum() for a G that is not symmetric."
        )
        close(function(env, "jvp_gram")(W, V), change_of_gram(W, V), rtol=RTOL, atol=ATOL, what="the result of jvp_gram", claim=claim)
        expected = adjoint(lambda E, W=W: change_of_gram(W, E), (n, m), G)
        close(function(env, "vjp_gram")(W, G), expected, rtol=RTOL, atol=ATOL, what="the result of vjp_gram", claim=claim)


@test_case(points=3, hidden=True)
def random_outer_products_forward_and_backward(env):
    """All sizes equal once: then a wrong transpose keeps the shapes."""
    draw = rng()
    for n, m, r in ((2, 4, 3), (3, 3, 3), (4, 2, 1)):
        U, H = torch.randn(2, n, r, generator=draw, dtype=torch.float64)
        V, K = torch.randn(2, m, r, generator=draw, dtype=torch.float64)
        G = torch.randn(n, m, generator=draw, dtype=torch.float64)
        claim = (
            "For random U and V, also square ones, jvp_outer must agree with the product rule and vjp_outer with its adjoint. "
            "To see it: compare (G * jvp_outer(U, V, H, K)).sum() with (A * H).sum() + (B * K).sum() for 3×3 matrices."
        )
        close(
            function(env, "jvp_outer")(U, V, H, K),
            change_of_outer(U, V, H, K),
            rtol=RTOL,
            atol=ATOL,
            what="the result of jvp_outer",
            claim=claim,
        )
        A, B = returned(function(env, "vjp_outer")(U, V, G), "A", "B")
        none_U, none_V = torch.zeros_like(U), torch.zeros_like(V)
        left = adjoint(lambda E, U=U, V=V, z=none_V: change_of_outer(U, V, E, z), (n, r), G)
        right = adjoint(lambda E, U=U, V=V, z=none_U: change_of_outer(U, V, z, E), (m, r), G)
        close(A, left, rtol=RTOL, atol=ATOL, what="A", claim=claim)
        close(B, right, rtol=RTOL, atol=ATOL, what="B", claim=claim)
