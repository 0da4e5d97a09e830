import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, returned, rng, that

# Differences of vectors of size one in float64.
NOISE_RTOL = 1e-9
NOISE_ATOL = 1e-12
# Numbers that should be independent of each other agree to this only if one is a copy of the other.
COPIED = 1e-3
# ln(1 − 1/kappa) with 1 − 1/kappa rounded is wrong by 2e-5 at kappa = 1e12; log1p is right to 1e-16.
HUGE_RTOL = 1e-9


@test_case(points=1, hidden=True)
def the_seed_decides_the_numbers(env):
    make_problem = function(env, "make_problem")
    seed = int(torch.randint(1000, (1,), generator=rng()))
    first = returned(make_problem(8, 3, 4.0, seed=seed), "X", "y", "w_true")
    again = returned(make_problem(8, 3, 4.0, seed=seed), "X", "y", "w_true")
    other = returned(make_problem(8, 3, 4.0, seed=seed + 1), "X", "y", "w_true")
    for name, a, b, c in zip(("X", "y", "w_true"), first, again, other, strict=True):
        claim = f"The same seed must give the same {name}. To see it: call make_problem twice and compare with torch.equal."
        close(b, a, rtol=0.0, what=f"{name} of the second call", claim=claim)
        claim = f"Another seed must give another {name}. To see it: call make_problem with seed=1 and seed=2."
        that(a.shape == c.shape and float((a - c).abs().max()) > 1e-6, claim)


@test_case(points=1, hidden=True)
def the_global_generator_is_left_alone(env):
    """What a notebook draws after a call must be what it would have drawn without it."""
    function(env, "make_problem")
    with_call, without = probe(env, "draw_after_make_problem", 5)
    claim = (
        "make_problem must not seed or use the global random generator. To see it: call torch.manual_seed(0), make_problem(...), "
        "torch.rand(1), and compare with the same without make_problem."
    )
    close(with_call, without, rtol=0.0, what="the next random numbers", claim=claim)


@test_case(points=1, hidden=True)
def noise_is_the_standard_deviation(env):
    """With the seed fixed, X, w_true and z are fixed: y moves along a straight line as noise grows."""
    make_problem = function(env, "make_problem")
    X, y0, w_true = returned(make_problem(40, 3, 4.0, seed=5, noise=0.0), "X", "y", "w_true")
    parts = [returned(make_problem(40, 3, 4.0, seed=5, noise=noise), "X", "y", "w_true") for noise in (0.5, 2.0)]
    for name, fixed, place in (("X", X, 0), ("w_true", w_true, 2)):
        for part in parts:
            claim = f"{name} must not depend on noise. To see it: call make_problem with the same seed and noise=0 and noise=1."
            close(part[place], fixed, rtol=NOISE_RTOL, atol=NOISE_ATOL, what=name, claim=claim)
    claim = (
        "With the same seed, noise = 2 must put y four times as far from X @ w_true as noise = 0.5. "
        "To see it: compare y - X @ w_true for the two."
    )
    small, large = (y - y0 for _, y, _ in parts)
    claim_of_size = (
        "y - X @ w_true must be noise times standard normal numbers. To see it: divide it by noise for n = 1000, and compute the mean "
        "of the squares."
    )
    # Forty standard normal numbers have a mean square outside (1/4, 4) with probability 1e-8; one fixed seed decides.
    that(1 / 4 < float((small / 0.5).square().mean()) < 4, claim_of_size)
    close(large, 4 * small, rtol=NOISE_RTOL, atol=NOISE_ATOL, what="y with noise = 2, minus y without noise,", claim=claim)


@test_case(points=1, hidden=True)
def every_part_is_drawn_and_none_is_drawn_twice(env):
    """A diagonal XᵀX would be a collection of one-dimensional problems; with U = V or z = w_true a problem is a special one."""
    make_problem = function(env, "make_problem")
    seed = int(torch.randint(1000, (1,), generator=rng()))
    X, _, _ = returned(make_problem(20, 4, 50.0, seed=seed), "X", "y", "w_true")
    gram = X.T @ X
    off = float((gram - torch.diag(gram.diagonal())).abs().max())
    claim = "XᵀX must not be diagonal: V must be a random orthogonal matrix. To see it: print X.T @ X for a problem with p = 4."
    that(off > 1e-6, claim, f"The largest entry of XᵀX off the diagonal is {off:.3g}.")
    square, _, _ = returned(make_problem(4, 4, 50.0, seed=seed), "X", "y", "w_true")
    close(square, torch.zeros(4, 4, dtype=torch.float64), rtol=0.0, atol=2.0, what="X", claim="No entry of X can exceed σ_max = 1.")
    claim = (
        "U and V must be drawn independently of each other. To see it: make a problem with n = p = 4, where X is symmetric if they are "
        "the same, and print X - X.T."
    )
    that(float((square - square.T).abs().max()) > 1e-6, claim, "X is symmetric.")
    X, y, w_true = returned(make_problem(12, 5, 4.0, seed=seed, noise=0.5), "X", "y", "w_true")
    claim = "w_true must have one standard normal entry per column."
    close(w_true, torch.zeros(5, dtype=torch.float64), rtol=0.0, atol=100.0, what="w_true", claim=claim)
    close(y, torch.zeros(12, dtype=torch.float64), rtol=0.0, atol=1e3, what="y", claim="y must be X @ w_true + noise * z, of shape (n,).")
    z = (y - X @ w_true) / 0.5
    claim = (
        "z and w_true must be drawn independently of each other. To see it: for n = 12 and p = 5, compare the first five entries of "
        "(y - X @ w_true) / noise with w_true."
    )
    that(float((z[:5] - w_true).abs().max()) > COPIED, claim, "The first entries of z are those of w_true.")


@test_case(points=1, hidden=True)
def the_count_is_the_smallest(env):
    """Condition numbers from 3 to 40: rounding down and rounding to the nearest are wrong for some of them."""
    iterations_needed = function(env, "iterations_needed")
    for kappa in range(3, 41):
        tol, k = 3e-5, 0
        while (1 - 1 / kappa) ** (2 * k) > tol:
            k += 1
        claim = (
            "The count must be the smallest k at which the relative loss is at most tol. To see it: for your k, compute "
            "(1 - 1/kappa)**(2*k) and (1 - 1/kappa)**(2*(k-1)) and compare both with tol."
        )
        equal(iterations_needed(float(kappa), tol), k, what=f"the number of steps for kappa = {kappa}", claim=claim)


@test_case(points=1, hidden=True)
def a_huge_condition_number_keeps_its_digits(env):
    """At kappa = 1e12 the factor 1 − 1/kappa has lost most of what distinguishes it from 1."""
    iterations_needed = function(env, "iterations_needed")
    kappa = 1e12 * (1 + 0.5 * float(torch.rand(1, generator=rng(), dtype=torch.float64)))
    x = 0.7 / kappa
    expected = math.log(1e6) / 2 / (x + x * x / 2)
    claim = (
        "For a condition number around 1e12 the count must be right to nine digits, and found without counting. "
        "To see it: print 1 - 1/kappa with 20 digits for kappa = 1e12."
    )
    close(iterations_needed(kappa, 1e-6, alpha_rel=0.7), expected, rtol=HUGE_RTOL, what="the number of steps", claim=claim)
