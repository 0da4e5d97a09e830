import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def check_shapes(X: Tensor, y: Tensor, w: Tensor | None = None) -> None:
    """Raise ValueError unless X is a nonempty matrix (n, p), y has shape (n,) and w, if given,
    shape (p,)."""
    if X.dim() != 2 or X.numel() == 0:
        raise ValueError(f"X must be a matrix with at least one entry; its shape is {tuple(X.shape)}.")
    n, p = X.shape
    if y.shape != (n,):
        raise ValueError(f"X has {n} rows, so y must have shape ({n},); its shape is {tuple(y.shape)}.")
    if w is not None and w.shape != (p,):
        raise ValueError(f"X has {p} columns, so w must have shape ({p},); its shape is {tuple(w.shape)}.")


def ls_loss(X: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """The least-squares loss ½‖Xw − y‖², a 0-d tensor with the dtype and device of X.

    X: (n, p), y: (n,), w: (p,), floating point, of one dtype and device.
    Cost: O(n p) operations and O(n) memory besides the arguments.
    Raises ValueError if the shapes do not fit (`check_shapes`).
    Lecture 3.
    """
    # BEGIN SOLUTION
    check_shapes(X, y, w)
    r = X @ w - y
    return 0.5 * (r @ r)
    # END SOLUTION


def ls_grad(X: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """The gradient of the least-squares loss, Xᵀ(Xw − y), of shape (p,), with the dtype and device
    of X.

    X: (n, p), y: (n,), w: (p,), floating point, of one dtype and device.
    Cost: O(n p) operations and O(n + p) memory besides the arguments; XᵀX is never formed.
    Raises ValueError if the shapes do not fit (`check_shapes`).
    Lecture 3.
    """
    # BEGIN SOLUTION
    check_shapes(X, y, w)
    return X.T @ (X @ w - y)
    # END SOLUTION


def gradient_descent(
    X: Tensor, y: Tensor, n_steps: int = 100, step_size: float = 0.01, w0: Tensor | None = None
) -> tuple[Tensor, list[float]]:
    """Gradient descent with a constant step on ½‖Xw − y‖²: the last point and the relative losses,
    (w, losses).

    X: (n, p), y: (n,), with n above, at or below p, and of any rank.
    w0: (p,), the start; zeros if None; it keeps its values.
    losses[k] is (f(w_{k+1}) − f⋆) / (f(w_0) − f⋆) for k = 0, ..., n_steps − 1, a Python float.
    f⋆ is the smallest value of f; f(w_0) > f⋆ is assumed.
    With n_steps = 0 the result is the start and an empty list.
    Raises ValueError if the shapes do not fit (`check_shapes`), n_steps < 0, or step_size is not
    positive.
    Lecture 3.
    """
    # BEGIN SOLUTION
    check_shapes(X, y, w0)
    if n_steps < 0 or not step_size > 0:
        raise ValueError(f"n_steps must not be negative and step_size must be positive; they are {n_steps} and {step_size}.")
    r_star = X @ (torch.linalg.pinv(X) @ y) - y
    f_star = 0.5 * (r_star @ r_star)
    w = torch.zeros(X.shape[1], dtype=X.dtype, device=X.device) if w0 is None else w0.clone()
    r = X @ w - y
    f_start = 0.5 * (r @ r)
    values = []
    for _ in range(n_steps):
        w = w - step_size * (X.T @ r)
        r = X @ w - y
        values.append(0.5 * (r @ r))
    if not values:
        return w, []
    losses = (torch.stack(values) - f_star) / (f_start - f_star)
    return w, losses.tolist()
    # END SOLUTION


def classify_step(alpha: float, lam: float) -> str:
    """What a step alpha does to an error along an eigenvector of XᵀX with eigenvalue lam.

    Each step multiplies the error by 1 − alpha·lam. Returns one of four strings:
    "monotone": the error shrinks and keeps its sign, or is gone after one step;
    "oscillating": it shrinks and changes its sign;
    "boundary": it changes its sign and keeps its size;
    "diverges": it grows.
    Raises ValueError unless alpha and lam are positive.
    Lecture 3.
    """
    # BEGIN SOLUTION
    if not (alpha > 0 and lam > 0):
        raise ValueError(f"alpha and lam must be positive; they are {alpha} and {lam}.")
    product = alpha * lam
    if product <= 1:
        return "monotone"
    if product < 2:
        return "oscillating"
    return "boundary" if product == 2 else "diverges"
    # END SOLUTION


def max_stable_step(X: Tensor, iters: int = 200, seed: int = 0) -> float:
    """The step below which gradient descent on ½‖Xw − y‖² converges, 2 / λ_max(XᵀX), by power
    iteration.

    X: (n, p), floating point, any device. iters: how often X and Xᵀ are applied, each once per
    iteration.
    seed: of the random start.
    Cost: O(n p) operations per iteration and O(n + p) memory; XᵀX is never formed.
    Raises ValueError unless iters ≥ 1 and X is a matrix with at least one entry that is not zero.
    Lecture 3; power iteration: Golub and Van Loan, Matrix Computations, section 8.2.
    """
    # BEGIN SOLUTION
    if X.dim() != 2 or X.numel() == 0 or iters < 1:
        raise ValueError(f"X must be a matrix and iters at least 1; X has shape {tuple(X.shape)} and iters is {iters}.")
    v = torch.randn(X.shape[1], generator=torch.Generator().manual_seed(seed), dtype=X.dtype).to(X.device)
    for _ in range(iters):
        v = X.T @ (X @ (v / torch.linalg.vector_norm(v)))
    lam = float(torch.linalg.vector_norm(v))
    if not lam > 0:
        raise ValueError("X is zero: every step is stable.")
    return 2 / lam
    # END SOLUTION


def predict_relative_loss(X: Tensor, y: Tensor, w0: Tensor, alpha: float, k: int) -> float:
    """The relative loss (f(w_k) − f⋆) / (f(w_0) − f⋆) after k steps of gradient descent from w0; no
    step is taken.

    X: (n, p) of any shape and rank, small enough for a singular value decomposition; y: (n,); w0:
    (p,).
    k counts steps: the value at k = 0 is 1.
    Returns a Python float. f(w_0) > f⋆ is assumed. The cost does not depend on k.
    Raises ValueError if the shapes do not fit (`check_shapes`), alpha is not positive, or k < 0.
    Derived in the notebook; not in the course notes.
    """
    # BEGIN SOLUTION
    check_shapes(X, y, w0)
    if not alpha > 0 or k < 0:
        raise ValueError(f"alpha must be positive and k must not be negative; they are {alpha} and {k}.")
    _, S, Vh = torch.linalg.svd(X, full_matrices=False)
    lam = S**2
    c = Vh @ (w0 - torch.linalg.pinv(X) @ y)
    start = lam * c**2
    return float((start * (1 - alpha * lam) ** (2 * k)).sum() / start.sum())
    # END SOLUTION


def make_problem(n: int, p: int, kappa: float, seed: int, noise: float = 0.1) -> tuple[Tensor, Tensor, Tensor]:
    """A random problem (X, y, w_true) whose XᵀX has the largest eigenvalue 1 and the condition
    number kappa.

    Returns float64 tensors:
    X (n, p) = U diag(σ) Vᵀ, with random orthonormal columns U (n, p), a random orthogonal V (p, p),
    and σ² from 1 down to 1/kappa;
    y (n,) = X w_true + noise · z, with z standard normal;
    w_true (p,), standard normal. X, w_true and z do not depend on `noise`.
    The same seed gives the same numbers; the global random generator is left alone.
    Raises ValueError unless n ≥ p ≥ 2, 1 ≤ kappa < ∞ and noise ≥ 0.
    Lecture 3, where the condition number in the experiment's code is that of X and not of XᵀX.
    """
    # BEGIN SOLUTION
    if not (n >= p >= 2 and 1 <= kappa < math.inf and noise >= 0):
        raise ValueError(f"n >= p >= 2, 1 <= kappa < inf and noise >= 0 are needed; got n={n}, p={p}, kappa={kappa}, noise={noise}.")
    generator = torch.Generator().manual_seed(seed)
    U = torch.linalg.qr(torch.randn(n, p, generator=generator, dtype=torch.float64)).Q
    V = torch.linalg.qr(torch.randn(p, p, generator=generator, dtype=torch.float64)).Q
    w_true = torch.randn(p, generator=generator, dtype=torch.float64)
    z = torch.randn(n, generator=generator, dtype=torch.float64)
    sigma = torch.logspace(0, -0.5 * math.log10(kappa), p, dtype=torch.float64)
    X = (U * sigma) @ V.T
    return X, X @ w_true + noise * z, w_true
    # END SOLUTION


def iterations_needed(kappa: float, tol: float, alpha_rel: float = 1.0) -> int:
    """The smallest k ≥ 0 with ρ^(2k) ≤ tol: the relative loss after k steps is at most tol,
    whatever the start.

    kappa: condition number of XᵀX. alpha_rel: the step in units of 1/λ_max.
    ρ = max(|1 − alpha_rel/kappa|, |1 − alpha_rel|): the factors of the flattest and the steepest
    direction.
    The cost does not depend on k, and kappa may be as large as 1e12.
    Raises ValueError unless 1 ≤ kappa < ∞, tol > 0 and 0 < alpha_rel < 2.
    Derived in the notebook; not in the course notes.
    """
    # BEGIN SOLUTION
    if not (1 <= kappa < math.inf and tol > 0 and 0 < alpha_rel < 2):
        raise ValueError(f"1 <= kappa < inf, tol > 0 and 0 < alpha_rel < 2 are needed; got {kappa}, {tol} and {alpha_rel}.")
    if tol >= 1:
        return 0
    steep = abs(1 - alpha_rel)
    if 1 - alpha_rel / kappa > steep:
        log_rho = math.log1p(-alpha_rel / kappa)
    elif steep > 0:
        log_rho = math.log(steep)
    else:
        return 1
    return math.ceil(math.log(tol) / (2 * log_rho))
    # END SOLUTION


def solve_normal_lu(X: Tensor, y: Tensor) -> Tensor:
    """The least-squares solution through the normal equations XᵀX w = Xᵀy and a pivoted LU
    factorization.

    X: (n, p) with n ≥ p and independent columns (not checked), y: (n,).
    Returns w of shape (p,), with the dtype and device of X.
    Raises ValueError if the shapes do not fit (`check_shapes`) or n < p.
    Lecture 2; torch.linalg.lu_factor, torch.linalg.lu_solve.
    """
    # BEGIN SOLUTION
    check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError(f"X has fewer rows than columns: {tuple(X.shape)}.")
    LU, pivots = torch.linalg.lu_factor(X.T @ X)
    w: Tensor = torch.linalg.lu_solve(LU, pivots, (X.T @ y).unsqueeze(1)).squeeze(1)
    return w
    # END SOLUTION


def solve_qr(X: Tensor, y: Tensor) -> Tensor:
    """The least-squares solution through the thin factorization X = QR: R w = Qᵀy. XᵀX is never
    formed.

    X: (n, p) with n ≥ p and independent columns (not checked), y: (n,).
    Returns w of shape (p,), with the dtype and device of X.
    Raises ValueError if the shapes do not fit (`check_shapes`) or n < p.
    Lecture 2; torch.linalg.qr, torch.linalg.solve_triangular.
    """
    # BEGIN SOLUTION
    check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError(f"X has fewer rows than columns: {tuple(X.shape)}.")
    Q, R = torch.linalg.qr(X)
    w: Tensor = torch.linalg.solve_triangular(R, (Q.T @ y).unsqueeze(1), upper=True).squeeze(1)
    return w
    # END SOLUTION


def gd_limit(X: Tensor, y: Tensor, w0: Tensor) -> Tensor:
    """The point to which gradient descent with a stable step converges from w0, computed without
    iterating.

    X: (n, p) of any shape and rank, y: (n,), w0: (p,).
    Returns the minimizer nearest to w0, of shape (p,), with the dtype and device of X.
    Raises ValueError if the shapes do not fit (`check_shapes`).
    Derived in the notebook; not in the course notes. torch.linalg.pinv.
    """
    # BEGIN SOLUTION
    check_shapes(X, y, w0)
    correction: Tensor = torch.linalg.pinv(X) @ (y - X @ w0)
    return w0 + correction
    # END SOLUTION


def best_step(
    f: Callable[[Tensor], Tensor],
    grad: Callable[[Tensor], Tensor],
    w0: Tensor,
    grid: Sequence[float],
    target: float = 1e-5,
    cap: int = 200,
) -> tuple[float | None, list[float]]:
    """Gradient descent from w0 with every step of the grid: the one that arrives first, and all
    counts, (step, counts).

    f, grad: the loss (a number) and its gradient (the shape of w) at a tensor w.
    w0: the start of every run, of any shape; it keeps its values.
    counts[i]: the smallest k in 0, ..., cap with f(w_k) ≤ target for the step grid[i], where w_k is
    the point after k steps; math.inf if there is none, also when the run leaves the numbers (inf or
    NaN).
    A run stops at its first hit.
    step: the entry of the grid with the smallest count; among equals, the smallest step; None if no
    run arrives.
    Raises ValueError if the grid is empty, one of its entries is not positive, or cap < 0.
    Lecture 3.
    """
    # BEGIN SOLUTION
    if len(grid) == 0 or not all(step > 0 for step in grid) or cap < 0:
        raise ValueError(f"The grid must hold positive steps and cap must not be negative; got {list(grid)} and {cap}.")
    counts: list[float] = []
    for step in grid:
        w = w0
        count = math.inf
        for k in range(cap + 1):
            if float(f(w)) <= target:
                count = k
                break
            if k < cap:
                w = w - step * grad(w)
        counts.append(count)
    fewest = min(counts)
    if fewest == math.inf:
        return None, counts
    return min(step for step, count in zip(grid, counts, strict=True) if count == fewest), counts
    # END SOLUTION
