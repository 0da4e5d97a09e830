import torch
from otter.test_files import test_case

from checks import close, function, rng

# Columns of size 1, 10 and 100 in float64: the normal equations are right to about 1e-10; rows that are not exchanged back are wrong in
# the first digit.
PIVOT_TOLERANCE = 1e-6
# float32 rounds to 6e-8. At a condition number of 3000 for X, QR keeps errors below 2e-3; the normal equations square it, and err by 0.1.
FLOAT32_TOLERANCE = 1e-2


@test_case(points=2, hidden=True)
def columns_of_different_size_make_lu_exchange_rows(env):
    """The first column of XᵀX then has its largest entry at the bottom, and the factorization starts there."""
    draw = rng()
    X = torch.randn(12, 3, generator=draw, dtype=torch.float64)
    X[:, 1] += X[:, 0]
    X[:, 2] += 2 * X[:, 0]
    X = X * torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
    w_true = torch.randn(3, generator=draw, dtype=torch.float64) + 3.0
    claim = (
        "solve_normal_lu must be right when the columns of X have sizes 1, 10 and 100: LU then works with exchanged rows. "
        "To see it: compare with torch.linalg.lstsq for such an X, and print the second result of torch.linalg.lu_factor."
    )
    close(function(env, "solve_normal_lu")(X, X @ w_true), w_true, rtol=0.0, atol=PIVOT_TOLERANCE, what="w", claim=claim)


@test_case(points=3, hidden=True)
def qr_survives_nearly_collinear_columns_in_float32(env):
    """Five problems whose X has condition number 3000, so that XᵀX has nine million; the data fit up to rounding."""
    solve_qr = function(env, "solve_qr")
    draw = rng()
    for _ in range(5):
        U = torch.linalg.qr(torch.randn(60, 4, generator=draw, dtype=torch.float64)).Q
        V = torch.linalg.qr(torch.randn(4, 4, generator=draw, dtype=torch.float64)).Q
        X = ((U * torch.tensor([1.0, 0.5, 0.1, 1 / 3000], dtype=torch.float64)) @ V.T).float()
        w_true = V[:, 3] + V[:, 0]
        y = (X.double() @ w_true).float()
        # The exact answer for the rounded data, in float64.
        U, S, Vh = torch.linalg.svd(X.double(), full_matrices=False)
        exact = Vh.T @ (U.T @ y.double() / S)
        claim = (
            "In float32, with a condition number of 3000 for X, solve_qr must keep two digits: it may lose what X itself loses, "
            "but not the square of it. To see it: run the experiment below this question."
        )
        close(solve_qr(X, y), exact.float(), rtol=0.0, atol=FLOAT32_TOLERANCE, what="w", claim=claim)
