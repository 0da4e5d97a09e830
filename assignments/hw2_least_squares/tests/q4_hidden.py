import torch
from otter.test_files import test_case

from checks import close, function, rng

# At most fifty steps of a simulation in float64 against the closed form: rounding stays below 1e-13.
# The absolute part is for losses that vanish.
SIMULATED_RTOL = 1e-9
SIMULATED_ATOL = 1e-12
# 1 − 1e-9 has a rounding of 1e-16, and its power 2e9 of 2e-7.
MANY_STEPS_RTOL = 1e-5


def built_to_order(draw, n, p, squares):
    """X with these eigenvalues of XᵀX (the others are zero), y with a part that cannot be fitted, a start, and the error of the start.

    Last, the eigenvectors, as columns.
    """
    U = torch.linalg.qr(torch.randn(n, len(squares), generator=draw, dtype=torch.float64)).Q
    V = torch.linalg.qr(torch.randn(p, len(squares), generator=draw, dtype=torch.float64)).Q
    X = U @ torch.diag(torch.tensor(squares, dtype=torch.float64).sqrt()) @ V.T
    best = torch.randn(p, generator=draw, dtype=torch.float64)
    rest = torch.randn(n, generator=draw, dtype=torch.float64)
    error = torch.randn(p, generator=draw, dtype=torch.float64)
    return X, X @ best + rest - U @ (U.T @ rest), best + error, error, V


def simulated(X, error, alpha, k):
    """Every step taken, on the error itself."""
    start = float(((X @ error) ** 2).sum())
    for _ in range(k):
        error = error - alpha * (X.T @ (X @ error))
    return float(((X @ error) ** 2).sum()) / start


@test_case(points=3, hidden=True)
def the_prediction_equals_a_simulation(env):
    """Eigenvectors that are not the axes, data that cannot be fitted, steps from small to unstable."""
    predict = function(env, "predict_relative_loss")
    draw = rng()
    X, y, w0, error, _ = built_to_order(draw, 8, 4, [2.5, 1.1, 0.4, 0.1])
    for relative in (0.1, 1.0, 1.8, 2.1):
        for k in (1, 5, 50):
            alpha = relative / 2.5
            claim = (
                f"With alpha = {relative:g}/λ_max and k = {k} the prediction must equal the simulation. To see it: take a random X, y, w0, "
                "run gradient_descent, and compare its last loss with your prediction."
            )
            expected = simulated(X, error, alpha, k)
            got = predict(X, y, w0, alpha, k)
            close(got, expected, rtol=SIMULATED_RTOL, atol=SIMULATED_ATOL, what="the relative loss", claim=claim)


@test_case(points=2, hidden=True)
def directions_without_curvature_do_not_count(env):
    """Matrices without full column rank, tall and wide: along the null space the loss is constant."""
    predict = function(env, "predict_relative_loss")
    draw = rng()
    for n, p in ((7, 5), (3, 6), (6, 6)):
        X, y, w0, error, V = built_to_order(draw, n, p, [1.5, 0.6, 0.2])
        expected = simulated(X, error, 0.9, 6)
        claim = (
            "Directions with eigenvalue zero are not at fault: with full column rank, too, the prediction is wrong. "
            "First mend what the other checks of this question say."
        )
        got = predict(X @ V, y, V.T @ w0, 0.9, 6)  # the same problem in the coordinates of the other directions
        close(got, expected, rtol=SIMULATED_RTOL, atol=SIMULATED_ATOL, what="the relative loss", claim=claim)
        claim = (
            "When XᵀX is singular, the prediction must equal the simulation too: directions with eigenvalue zero contribute nothing. "
            "To see it: take X with two equal columns, or with more columns than rows."
        )
        close(predict(X, y, w0, 0.9, 6), expected, rtol=SIMULATED_RTOL, atol=SIMULATED_ATOL, what="the relative loss", claim=claim)


@test_case(points=1, hidden=True)
def a_billion_steps_cost_no_more_than_one(env):
    """With eigenvalues 1 and 1e-9 and the step 1, the flat direction needs a billion steps for a factor e²."""
    predict = function(env, "predict_relative_loss")
    draw = rng()
    flat = 10**-4.5 * (1 + torch.rand(1, generator=draw, dtype=torch.float64))
    X = torch.diag(torch.cat([torch.ones(1, dtype=torch.float64), flat]))
    y, w0 = torch.zeros(2, dtype=torch.float64), torch.tensor([1.0, 3e4], dtype=torch.float64)
    lam = float(flat) ** 2
    share = lam * 9e8 / (1 + lam * 9e8)
    expected = share * float(torch.exp(2e9 * torch.log1p(torch.tensor(-lam, dtype=torch.float64))))
    claim = (
        "After k = 10**9 steps the prediction must still be the closed form's, at no more cost. "
        "To see it: try X = diag(1, 3e-5), alpha = 1 and k = 10**9."
    )
    close(predict(X, y, w0, 1.0, 10**9), expected, rtol=MANY_STEPS_RTOL, what="the relative loss", claim=claim)
