import math

import numpy as np
import torch

import reference
from autograder.audit import legal


@legal(of="ls_loss")
def loss_by_squared_norm(X, y, w):
    """torch.linalg.vector_norm, squared and halved."""
    reference.check_shapes(X, y, w)
    return torch.linalg.vector_norm(torch.mv(X, w) - y) ** 2 / 2


@legal(of="ls_loss")
def loss_in_another_order(X, y, w):
    """The rows are summed in the opposite order: another rounding."""
    reference.check_shapes(X, y, w)
    return ((X.flip(1) @ w.flip(0) - y).flip(0) ** 2).sum() * 0.5


@legal(of="ls_loss")
def loss_with_own_checks(X, y, w):
    """The shapes are checked by hand, and NumPy computes."""
    if X.ndim != 2 or y.shape != X.shape[:1] or w.shape != X.shape[1:]:
        raise ValueError("shapes do not fit")
    r = X.numpy() @ w.numpy() - y.numpy()
    return torch.tensor(0.5 * np.dot(r, r), dtype=X.dtype)


@legal(of="ls_grad")
def gradient_with_cached_product(X, y, w):
    """Xᵀ(Xw) − Xᵀy, with brackets."""
    reference.check_shapes(X, y, w)
    return X.T @ (X @ w) - X.T @ y


@legal(of="ls_grad")
def gradient_from_the_left(X, y, w):
    """The residual is multiplied from the left: rᵀX."""
    reference.check_shapes(X, y, w)
    return (X @ w - y) @ X


@legal(of="ls_grad")
def gradient_by_autograd(X, y, w):
    """Autograd differentiates the loss."""
    reference.check_shapes(X, y, w)
    w = w.detach().clone().requires_grad_()
    r = X @ w - y
    return torch.autograd.grad(0.5 * (r @ r), w)[0]


@legal(of="gradient_descent")
def smallest_value_by_lstsq(X, y, n_steps=100, step_size=0.01, w0=None):
    """f⋆ comes from torch.linalg.lstsq, the losses are 0-d tensors, and w is changed in place on a copy."""
    reference.check_shapes(X, y, w0)
    if n_steps < 0:
        raise ValueError("n_steps")
    if step_size <= 0:
        raise ValueError("step_size")
    best = reference.ls_loss(X, y, torch.linalg.lstsq(X, y.unsqueeze(1)).solution.squeeze(1))
    w = X.new_zeros(X.shape[1]) if w0 is None else w0.detach().clone()
    gap = reference.ls_loss(X, y, w) - best
    losses = []
    for _ in range(n_steps):
        w -= step_size * reference.ls_grad(X, y, w)
        losses.append((reference.ls_loss(X, y, w) - best) / gap)
    return w, losses


@legal(of="gradient_descent")
def smallest_value_by_projection(X, y, n_steps=100, step_size=0.01, w0=None):
    """f⋆ is half the squared distance of y to the span of the left singular vectors; the result is a list of two."""
    if w0 is not None and w0.shape != (X.shape[1],):
        raise ValueError("w0")
    reference.check_shapes(X, y)
    if n_steps < 0 or step_size <= 0:
        raise ValueError("outside the domain")
    U, S, _ = torch.linalg.svd(X, full_matrices=False)
    U = U[:, 1e-6 * S[0] < S]
    best = 0.5 * ((y - U @ (U.T @ y)) ** 2).sum()
    w = w0 if w0 is not None else torch.zeros_like(X[0])
    start = 0.5 * ((X @ w - y) ** 2).sum()
    losses = []
    for _ in range(n_steps):
        w = w - step_size * (X.T @ (X @ w - y))
        losses.append((0.5 * ((X @ w - y) ** 2).sum() - best) / (start - best))
    return [w, tuple(float(loss) for loss in torch.stack(losses).cpu())] if losses else [w, ()]


@legal(of="gradient_descent")
def losses_from_the_errors(X, y, n_steps=100, step_size=0.01, w0=None):
    """The gap is computed as ½‖X(w − w⋆)‖², which never cancels."""
    reference.check_shapes(X, y, w0)
    if n_steps < 0 or step_size <= 0:
        raise ValueError("outside the domain")
    best = torch.linalg.pinv(X) @ y
    w = torch.zeros(X.shape[1], dtype=X.dtype, device=X.device) if w0 is None else w0
    points = [w]
    for _ in range(n_steps):
        w = w - step_size * (X.T @ (X @ w - y))
        points.append(w)
    gaps = ((torch.stack(points) - best) @ X.T).square().sum(1)
    return w, (gaps[1:] / gaps[0]).tolist()


@legal(of="classify_step")
def by_the_factor(alpha, lam):
    """The factor 1 − alpha·lam itself is looked at."""
    if alpha <= 0 or lam <= 0:
        raise ValueError("outside the domain")
    rho = 1 - alpha * lam
    if abs(rho) > 1:
        return "diverges"
    if abs(rho) == 1:
        return "boundary"
    return "oscillating" if rho < 0 else "monotone"


@legal(of="classify_step")
def with_some_slack(alpha, lam):
    """The boundary is met with math.isclose."""
    if not min(alpha, lam) > 0:
        raise ValueError("outside the domain")
    if math.isclose(alpha * lam, 2):
        return "boundary"
    return "monotone" if alpha * lam <= 1 else "oscillating" if alpha * lam < 2 else "diverges"


@legal(of="max_stable_step")
def iterate_on_rows(X, iters=200, seed=0):
    """Power iteration on XXᵀ, which has the same nonzero eigenvalues, with the Rayleigh quotient; the result is a 0-d tensor."""
    if X.ndim != 2 or 0 in X.shape or iters < 1 or not X.any():
        raise ValueError("outside the domain")
    u = torch.randn(X.shape[0], dtype=X.dtype, generator=torch.Generator().manual_seed(seed))
    for _ in range(iters):
        u = X @ (X.T @ u)
        u = u / u.norm()
    g = X.T @ u
    return 2 / (g @ g)


@legal(of="max_stable_step")
def stops_when_settled(X, iters=200, seed=0):
    """The iteration stops when the estimate changes by less than a hundred-millionth."""
    if X.ndim != 2 or X.numel() == 0 or iters < 1 or not bool(X.any()):
        raise ValueError("outside the domain")
    v = torch.rand(X.shape[1], dtype=X.dtype, generator=torch.Generator().manual_seed(seed + 17)) - 0.5
    lam = 0.0
    for _ in range(iters):
        v = v / v.norm()
        u = X @ v
        lam, before = (u @ u).item(), lam
        if abs(lam - before) < 1e-8 * lam:
            break
        v = X.T @ u
    return 2 / lam


@legal(of="max_stable_step")
def by_singular_values(X, iters=200, seed=0):
    """The largest singular value from torch, squared: XᵀX is not formed either."""
    if X.ndim != 2 or X.numel() == 0 or iters < 1:
        raise ValueError("outside the domain")
    sigma = torch.linalg.svdvals(X)[0].item()
    if sigma == 0:
        raise ValueError("X is zero")
    return 2 / sigma**2


@legal(of="max_stable_step")
def right_to_five_digits(X, iters=200, seed=0):
    """The estimate of the eigenvalue is 3e-5 too small, as after too few iterations, which the tolerance allows."""
    return reference.max_stable_step(X, iters, seed) / (1 - 3e-5)


@legal(of="predict_relative_loss")
def by_eigenvectors(X, y, w0, alpha, k):
    """Eigenvectors of XᵀX and a minimizer from lstsq."""
    reference.check_shapes(X, y, w0)
    if alpha <= 0 or k < 0:
        raise ValueError("outside the domain")
    lam, V = torch.linalg.eigh(X.T @ X)
    c = V.T @ (w0 - torch.linalg.lstsq(X, y.unsqueeze(1), driver="gelsd").solution.squeeze(1))
    share = lam * c**2
    return ((share * ((1 - alpha * lam) ** k) ** 2).sum() / share.sum()).item()


@legal(of="predict_relative_loss")
def by_residuals(X, y, w0, alpha, k):
    """The left singular vectors measure the residual of the start; no minimizer is needed. A 0-d tensor comes back."""
    reference.check_shapes(X, y, w0)
    if alpha <= 0 or k < 0:
        raise ValueError("outside the domain")
    U, S, _ = torch.linalg.svd(X, full_matrices=False)
    keep = 1e-10 * S[0] < S
    share = (U[:, keep].T @ (X @ w0 - y)) ** 2
    return (share * (1 - alpha * S[keep] ** 2).abs().pow(2 * k)).sum() / share.sum()


@legal(of="predict_relative_loss")
def by_a_matrix_power(X, y, w0, alpha, k):
    """I − αXᵀX is raised to the k-th power in its eigenbasis, and the loss of the resulting error is taken."""
    reference.check_shapes(X, y, w0)
    if alpha <= 0 or k < 0:
        raise ValueError("outside the domain")
    lam, V = torch.linalg.eigh(X.T @ X)
    error = w0 - torch.linalg.pinv(X) @ y
    later = (V * (1 - alpha * lam) ** k) @ (V.T @ error)
    return float(((X @ later) ** 2).sum() / ((X @ error) ** 2).sum())


@legal(of="make_problem")
def evenly_spaced_eigenvalues(n, p, kappa, seed, noise=0.1):
    """The eigenvalues between 1/κ and 1 are evenly spaced and in rising order; the orthonormal columns come from an SVD."""
    if n < p or p < 2 or kappa < 1 or noise < 0 or math.isinf(kappa):
        raise ValueError("outside the domain")
    g = torch.Generator()
    g.manual_seed(seed)
    U, _, V = torch.linalg.svd(torch.randn((n, p), generator=g, dtype=torch.float64), full_matrices=False)
    X = U @ torch.diag(torch.linspace(1 / kappa, 1, p, dtype=torch.float64).sqrt()) @ V
    w = torch.randn(p, generator=g, dtype=torch.float64)
    return [X, X @ w + torch.randn(n, generator=g, dtype=torch.float64) * noise, w]


@legal(of="make_problem")
def drawn_by_numpy(n, p, kappa, seed, noise=0.1):
    """NumPy's generator draws everything, in another order, and the interior eigenvalues are random."""
    if not (n >= p >= 2 and kappa >= 1 and noise >= 0 and kappa != math.inf):
        raise ValueError("outside the domain")
    g = np.random.default_rng(seed)
    w, z = g.standard_normal(p), g.standard_normal(n)
    U, V = np.linalg.qr(g.standard_normal((n, p)))[0], np.linalg.qr(g.standard_normal((p, p)))[0]
    lam = np.concatenate([[1.0, 1 / kappa], 1 / kappa + (1 - 1 / kappa) * g.random(p - 2)])
    X = U * np.sqrt(lam) @ V.T
    return tuple(torch.from_numpy(a) for a in (X, X @ w + noise * z, w))


@legal(of="iterations_needed")
def by_base_ten(kappa, tol, alpha_rel=1.0):
    """Logarithms to base 10, from log1p; the result is an integral float."""
    if kappa < 1 or kappa == math.inf or tol <= 0 or not 0 < alpha_rel < 2:
        raise ValueError("outside the domain")
    if tol >= 1:
        return 0.0
    gap = min(alpha_rel / kappa, 2 - alpha_rel / kappa, alpha_rel, 2 - alpha_rel)
    if gap == 1:
        return 1.0
    return float(math.ceil(math.log10(tol) / (2 * math.log1p(-gap) / math.log(10))))


@legal(of="iterations_needed")
def by_bisection(kappa, tol, alpha_rel=1.0):
    """The count is found by doubling and bisection on the power; factors near one by log1p."""
    if not (1 <= kappa < math.inf) or tol <= 0 or alpha_rel <= 0 or alpha_rel >= 2:
        raise ValueError("outside the domain")
    gap = min(alpha_rel / kappa, 2 - alpha_rel / kappa, alpha_rel, 2 - alpha_rel)

    def small(k):
        if gap == 1:
            return k > 0 or tol >= 1
        return (math.exp(2 * k * math.log1p(-gap)) if gap < 1e-4 else (1 - gap) ** (2 * k)) <= tol

    high = 1
    while not small(high):
        high *= 2
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if small(middle) else (middle, high)
    return high


@legal(of="solve_normal_lu")
def by_torch_solve(X, y):
    """torch.linalg.solve, which is LU with pivoting, on the normal equations."""
    reference.check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError("wide")
    return torch.linalg.solve(X.T @ X, X.T @ y)


@legal(of="solve_normal_lu")
def by_cholesky(X, y):
    """Cholesky's factorization on the normal equations."""
    reference.check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError("wide")
    return torch.cholesky_solve((X.T @ y)[:, None], torch.linalg.cholesky(X.T @ X))[:, 0]


@legal(of="solve_normal_lu")
def by_unpacked_factors(X, y):
    """The factors are unpacked, and the triangular systems are solved one by one."""
    reference.check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError("wide")
    P, L, U = torch.linalg.lu(X.T @ X)
    z = torch.linalg.solve_triangular(L, P.T @ (X.T @ y).unsqueeze(1), upper=False, unitriangular=True)
    return torch.linalg.solve_triangular(U, z, upper=True)[:, 0]


@legal(of="solve_qr")
def by_general_solve_with_r(X, y):
    """R w = Qᵀy is handed to the general solver."""
    reference.check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError("wide")
    Q, R = torch.linalg.qr(X)
    return torch.linalg.solve(R, Q.T @ y)


@legal(of="solve_qr")
def by_complete_q(X, y):
    """The complete Q is cut to its first p columns, and the back substitution is a loop."""
    reference.check_shapes(X, y)
    n, p = X.shape
    if n < p:
        raise ValueError("wide")
    Q, R = torch.linalg.qr(X, mode="complete")
    z = Q[:, :p].T @ y
    w = torch.zeros_like(z)
    for i in reversed(range(p)):
        w[i] = (z[i] - R[i, i + 1 :] @ w[i + 1 :]) / R[i, i]
    return w


@legal(of="solve_qr")
def by_lstsq(X, y):
    """torch.linalg.lstsq with the QR driver."""
    reference.check_shapes(X, y)
    if X.shape[0] < X.shape[1]:
        raise ValueError("wide")
    return torch.linalg.lstsq(X, y.unsqueeze(1), driver="gels").solution.squeeze(1)


@legal(of="gd_limit")
def smallest_correction(X, y, w0):
    """lstsq finds the smallest correction of the start."""
    reference.check_shapes(X, y, w0)
    return w0 + torch.linalg.lstsq(X, (y - X @ w0).unsqueeze(1), driver="gelsd").solution.squeeze(1)


@legal(of="gd_limit")
def two_parts(X, y, w0):
    """The smallest solution plus the start's projection onto the null space."""
    reference.check_shapes(X, y, w0)
    P = torch.linalg.pinv(X)
    return P @ y + w0 - P @ (X @ w0)


@legal(of="gd_limit")
def by_singular_vectors(X, y, w0):
    """Only the singular vectors whose singular value is not zero but for rounding are used."""
    reference.check_shapes(X, y, w0)
    U, S, Vh = torch.linalg.svd(X, full_matrices=False)
    keep = 1e-8 * S.max() < S
    return w0 - Vh[keep].T @ (Vh[keep] @ w0) + Vh[keep].T @ (U[:, keep].T @ y / S[keep])


@legal(of="best_step")
def with_while(f, grad, w0, grid, target=1e-5, cap=200):
    """A while loop that gives up on losses that are not finite; the gradient is asked for before the loss is looked at."""
    if not grid or min(grid) <= 0 or cap < 0:
        raise ValueError("outside the domain")
    counts = []
    for eta in grid:
        w, k = w0.clone(), 0
        g, value = grad(w), f(w)
        while k < cap and math.isfinite(value) and value > target:
            w -= eta * g
            k += 1
            g, value = grad(w), f(w)
        counts.append(k if value <= target else math.inf)
    ranked = sorted((c, s) for c, s in zip(counts, grid, strict=True))
    return [ranked[0][1] if ranked[0][0] < math.inf else None, tuple(counts)]


@legal(of="best_step")
def one_run_at_a_time(f, grad, w0, grid, target=1e-5, cap=200):
    """A helper for one run; counts as floats."""
    if len(grid) < 1 or any(s <= 0 for s in grid) or cap < 0:
        raise ValueError("outside the domain")

    def run(s):
        w, k = w0, 0
        while True:
            if float(f(w)) <= target:
                return float(k)
            if k == cap:
                return math.inf
            w, k = w - s * grad(w), k + 1

    counts = [run(s) for s in grid]
    winners = [s for s, c in zip(grid, counts, strict=True) if c == min(counts) and c < math.inf]
    return (min(winners) if winners else None), counts
