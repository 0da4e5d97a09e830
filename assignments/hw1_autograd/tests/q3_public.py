import torch
from otter.test_files import test_case

from checks import close, function, probe, raises, returned, that

# Sums of a few products in float64: any order of summation agrees to 1e-14.
RTOL, ATOL = 1e-9, 1e-12


def matrix(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def change_of_gram(W, V):
    """Entry (i, j) of WᵀW is Σ_k W[k, i] W[k, j]; the product rule changes it by the sum over k of the two mixed products."""
    n, m = W.shape
    W, V = W.tolist(), V.tolist()
    return matrix(*([sum(W[k][i] * V[k][j] + V[k][i] * W[k][j] for k in range(n)) for j in range(m)] for i in range(m)))


def change_of_outer(U, V, H, K):
    """The same for UVᵀ, whose entry (i, j) is Σ_k U[i, k] V[j, k]."""
    U, V, H, K = U.tolist(), V.tolist(), H.tolist(), K.tolist()
    return matrix(
        *([sum(h * b + a * q for h, b, a, q in zip(H[i], V[j], U[i], K[j], strict=True)) for j in range(len(V))] for i in range(len(U)))
    )


def adjoint(change, shape, G):
    """The adjoint from its definition: entry (a, b) is ⟨G, change(E)⟩ with E zero except for a one at (a, b)."""
    out = torch.zeros(shape, dtype=torch.float64)
    for a in range(shape[0]):
        for b in range(shape[1]):
            E = torch.zeros(shape, dtype=torch.float64)
            E[a, b] = 1.0
            out[a, b] = (G * change(E)).sum()
    return out


W = matrix([1.0, 2.0], [0.0, -1.0], [3.0, 1.0])
DIRECTION = matrix([1.0, 0.0], [2.0, 1.0], [0.0, -1.0])
LOPSIDED = matrix([1.0, 4.0], [-2.0, 0.0])
U, V = matrix([1.0, 2.0], [0.0, 1.0], [-1.0, 3.0]), matrix([2.0, 0.0], [1.0, -1.0])
H, K = matrix([0.0, 1.0], [1.0, 1.0], [2.0, 0.0]), matrix([1.0, 1.0], [0.0, 3.0])
G = matrix([1.0, 0.0], [2.0, -1.0], [0.0, 3.0])


@test_case(points=2)
def forward_through_the_gram_matrix(env):
    """A 3×2 matrix W and a direction V, against the product rule entry by entry."""
    got = function(env, "jvp_gram")(W, DIRECTION)
    claim = "jvp_gram(W, V) must be what is linear in V in (W + V)ᵀ(W + V), and all of it."
    close(got, change_of_gram(W, DIRECTION), rtol=RTOL, atol=ATOL, what="the 2×2 result", claim=claim)


@test_case(points=2)
def backward_through_the_gram_matrix(env):
    """A G that is not symmetric, against the definition of the adjoint."""
    got = function(env, "vjp_gram")(W, LOPSIDED)
    expected = adjoint(lambda E: change_of_gram(W, E), W.shape, LOPSIDED)
    claim = "vjp_gram(W, G) must satisfy ⟨vjp_gram(W, G), V⟩ = ⟨G, DF(W)[V]⟩ for every V, also when G is not symmetric."
    close(got, expected, rtol=RTOL, atol=ATOL, what="the 3×2 result", claim=claim)


@test_case(points=1)
def forward_through_the_outer_product(env):
    """U is 3×2 and V is 2×2."""
    got = function(env, "jvp_outer")(U, V, H, K)
    claim = "jvp_outer must be what is linear in (H, K) in (U + H)(V + K)ᵀ."
    close(got, change_of_outer(U, V, H, K), rtol=RTOL, atol=ATOL, what="the 3×2 result", claim=claim)


@test_case(points=2)
def backward_through_the_outer_product(env):
    """Two results, with the shapes of U and of V."""
    A, B = returned(function(env, "vjp_outer")(U, V, G), "A", "B")
    claim = "vjp_outer must satisfy ⟨A, H⟩ + ⟨B, K⟩ = ⟨G, jvp_outer(U, V, H, K)⟩ for every H and K: A belongs to U, B to V."
    zero_U, zero_V = torch.zeros_like(U), torch.zeros_like(V)
    close(A, adjoint(lambda E: change_of_outer(U, V, E, zero_V), U.shape, G), rtol=RTOL, atol=ATOL, what="A", claim=claim)
    close(B, adjoint(lambda E: change_of_outer(U, V, zero_U, E), V.shape, G), rtol=RTOL, atol=ATOL, what="B", claim=claim)


@test_case(points=1)
def shapes_that_do_not_fit_are_refused(env):
    """A row of V for a whole matrix, a vector for W, a G of the wrong size: broadcasting or a later error must not decide."""
    row, wide = matrix([1.0, 2.0]), matrix([1.0, 0.0, 2.0], [0.0, 1.0, 1.0])
    for name, args in (
        ("jvp_gram", (W, matrix([1.0], [1.0], [1.0]))),
        ("jvp_gram", (W[0], DIRECTION[0])),
        ("vjp_gram", (W, row)),
        ("vjp_gram", (W[0], LOPSIDED)),
        ("jvp_outer", (U, V, row, K)),
        ("jvp_outer", (U, wide, H, wide)),
        ("vjp_outer", (U, V, matrix([1.0, 2.0, 3.0]))),
        ("vjp_outer", (U, wide, G)),
    ):
        raises(ValueError, function(env, name), *args)


@test_case(points=1)
def all_four_maps_are_made_by_hand(env):
    """No call of torch's own derivatives."""
    for name, args in (
        ("jvp_gram", (W, DIRECTION)),
        ("vjp_gram", (W, LOPSIDED)),
        ("jvp_outer", (U, V, H, K)),
        ("vjp_outer", (U, V, G)),
    ):
        function(env, name)
        used = probe(env, "by_hand", name, *args)
        that(not used, f"This question is by hand; {name} used {', '.join(used)}.")
