import torch
from otter.test_files import test_case

from checks import close, equal, function, raises, returned, that

# Singular values down to 1e-3 of the largest one carry a relative rounding of 1e-12 in float64.
RTOL = 1e-8


def count_steps(rho, tol):
    """The smallest k with rho^(2k) <= tol, by counting."""
    k, loss = 0, 1.0
    while loss > tol:
        k, loss = k + 1, loss * rho * rho
    return k


@test_case(points=2)
def the_condition_number_is_that_of_the_gram_matrix(env):
    """The eigenvalues of XᵀX are the squared singular values of X: the largest is 1, the smallest 1/kappa."""
    make_problem = function(env, "make_problem")
    for kappa in (1.0, 2.0, 50.0, 1e6):
        X, _, _ = returned(make_problem(30, 6, kappa, seed=3), "X", "y", "w_true")
        close(X, torch.zeros(30, 6, dtype=torch.float64), rtol=0.0, atol=1.0 + RTOL, what="X", claim="No entry of X can exceed σ_max = 1.")
        eigenvalues = torch.linalg.svdvals(X) ** 2
        claim = "The largest eigenvalue of XᵀX must be 1."
        close(float(eigenvalues.max()), 1.0, rtol=RTOL, what="the largest eigenvalue of XᵀX", claim=claim)
        claim = f"For kappa = {kappa:g} the condition number of XᵀX (not of X) must be {kappa:g}."
        close(float(eigenvalues.max() / eigenvalues.min()), kappa, rtol=RTOL, what="the condition number of XᵀX", claim=claim)


@test_case(points=1)
def without_noise_the_data_are_fitted_perfectly(env):
    make_problem = function(env, "make_problem")
    X, y, w_true = returned(make_problem(12, 5, 10.0, seed=1, noise=0.0), "X", "y", "w_true")
    claim = "w_true must have one standard normal entry per column."
    close(w_true, torch.zeros(5, dtype=torch.float64), rtol=0.0, atol=100.0, what="w_true", claim=claim)
    close(y, X @ w_true, rtol=RTOL, atol=1e-10, what="y", claim="With noise=0, y must equal X @ w_true, of shape (n,).")


@test_case(points=1)
def a_problem_outside_the_domain_is_refused(env):
    make_problem = function(env, "make_problem")
    for n, p, kappa, noise in ((4, 5, 2.0, 0.1), (5, 1, 2.0, 0.1), (5, 3, 0.5, 0.1), (5, 3, float("inf"), 0.1), (5, 3, 2.0, -0.1)):
        claim = "make_problem must raise ValueError unless n ≥ p ≥ 2, 1 ≤ kappa < ∞ and noise ≥ 0."
        raises(ValueError, make_problem, n, p, kappa, seed=0, noise=noise, claim=claim)
    X, _, _ = returned(make_problem(2, 2, 1.0, seed=0, noise=0.0), "X", "y", "w_true")
    that(X.shape == (2, 2), "make_problem must accept n = p = 2, kappa = 1 and noise = 0.")


@test_case(points=2)
def some_counts_by_counting(env):
    """With the step 1/λ_max the flattest direction has the factor 1 − 1/kappa."""
    iterations_needed = function(env, "iterations_needed")
    for kappa, tol in ((10.0, 1e-6), (2.0, 0.05), (1.0, 1e-3), (1.0, 1.0), (7.0, 1.0), (7.0, 1.5)):
        claim = f"For kappa = {kappa:g} and tol = {tol:g}, count the factors (1 − 1/kappa)² that it takes to fall to tol or below."
        equal(iterations_needed(kappa, tol), count_steps(1 - 1 / kappa, tol), what="the number of steps", claim=claim)


@test_case(points=1)
def the_steepest_direction_can_be_the_slower_one(env):
    """With alpha_rel = 1.8 the steepest direction has the factor −0.8, whatever kappa is."""
    iterations_needed = function(env, "iterations_needed")
    for kappa in (2.0, 5.0, 30.0):
        rho = max(abs(1 - 1.8 / kappa), 0.8)
        claim = f"For kappa = {kappa:g} and alpha_rel = 1.8 the slowest direction decides: look at the factors of both ends."
        equal(iterations_needed(kappa, 1e-6, alpha_rel=1.8), count_steps(rho, 1e-6), what="the number of steps", claim=claim)


@test_case(points=1)
def a_count_outside_the_domain_is_refused(env):
    iterations_needed = function(env, "iterations_needed")
    wrong_kappa, wrong_tol, wrong_step = ((0.5, 0.1, 1.0), (float("inf"), 0.1, 1.0)), ((2.0, 0.0, 1.0),), ((2.0, 0.1, 0.0), (2.0, 0.1, 2.0))
    for kappa, tol, alpha_rel in (*wrong_kappa, *wrong_tol, *wrong_step):
        claim = "iterations_needed must raise ValueError unless 1 ≤ kappa < ∞, tol > 0 and 0 < alpha_rel < 2."
        raises(ValueError, iterations_needed, kappa, tol, alpha_rel=alpha_rel, claim=claim)
