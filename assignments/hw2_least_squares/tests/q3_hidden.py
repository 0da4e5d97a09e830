import torch
from otter.test_files import test_case

from checks import StudentError, close, function, probe, rng

# 200 iterations with neighboring eigenvalues in the ratio 0.8 leave an error of 1e-38; ten iterations leave 1e-2. The largest eigenvalue is
# a multiple one where X is drawn: a random start is then never nearly at a right angle to all of its directions.
STEP_RTOL = 1e-4


def with_eigenvalues(draw, n, squares):
    """A random n-by-p matrix X with these eigenvalues of XᵀX."""
    p = len(squares)
    U = torch.linalg.qr(torch.randn(n, p, generator=draw, dtype=torch.float64)).Q
    V = torch.linalg.qr(torch.randn(p, p, generator=draw, dtype=torch.float64)).Q
    return U @ torch.diag(torch.tensor(squares, dtype=torch.float64).sqrt()) @ V.T


@test_case(points=2, hidden=True)
def scaling_x_by_1000_divides_the_step_by_a_million(env):
    """And scaling by 1/1000 multiplies it: two hundred products with numbers of that size must not leave the range of float64."""
    max_stable_step = function(env, "max_stable_step")
    X = with_eigenvalues(rng(), 7, [1.3, 1.3, 1.3, 0.3])
    claim = (
        "The scale is not at fault: the step of X itself is wrong, before it is multiplied by 1000. First mend what the other checks of "
        "this question say."
    )
    close(max_stable_step(X), 2 / 1.3, rtol=STEP_RTOL, what="the step", claim=claim)
    for factor in (1000.0, 0.001):
        claim = (
            f"Scaling X by {factor:g} must divide the step by {factor**2:g}. It does not. "
            f"To see it: compare max_stable_step(X) with max_stable_step({factor:g} * X)."
        )
        close(max_stable_step(factor * X), 2 / (1.3 * factor**2), rtol=STEP_RTOL, what="the step", claim=claim)


@test_case(points=1, hidden=True)
def the_start_has_a_part_in_the_steepest_direction(env):
    """A start that is the same for every X is at a right angle to the steepest direction of some X."""
    max_stable_step = function(env, "max_stable_step")
    equally_steep = torch.tensor([[0.0, 2.0], [-2.0, 0.0]], dtype=torch.float64)
    claim = (
        "The start is not at fault: where all directions are equally steep and any start will do, as for X = diag(2, 2), the step is "
        "wrong too. First mend what the other checks of this question say."
    )
    close(max_stable_step(equally_steep), 2 / 4.0, rtol=STEP_RTOL, what="the step", claim=claim)
    steep_down_the_diagonal = torch.tensor([[2.0, -2.0], [1.0, 1.0]], dtype=torch.float64)
    claim = (
        "The step must be right whatever the steepest direction is, also when it is at a right angle to what looks like a natural start. "
        "To see it: try X = diag(1, 2), X = diag(2, 1) and X = [[2, -2], [1, 1]]."
    )
    last_axis = torch.diag(torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
    for X, lam in ((steep_down_the_diagonal, 8.0), (last_axis, 4.0)):
        close(max_stable_step(X), 2 / lam, rtol=STEP_RTOL, what="the step", claim=claim)


@test_case(points=1, hidden=True)
def the_start_is_drawn_from_a_generator_of_its_own(env):
    """What a notebook draws after a call must be what it would have drawn without it."""
    function(env, "max_stable_step")
    with_call, without = probe(env, "draw_after_max_stable_step", 5)
    claim = (
        "max_stable_step must not seed or use the global random generator. To see it: call torch.manual_seed(0), max_stable_step(...), "
        "torch.rand(1), and compare with the same without max_stable_step."
    )
    close(with_call, without, rtol=0.0, what="the next random numbers", claim=claim)


@test_case(points=2, hidden=True)
def close_eigenvalues_get_all_the_iterations(env):
    """Four steepest directions, and sixteen with 0.8 of their eigenvalue: the iteration needs more than a few rounds."""
    max_stable_step = function(env, "max_stable_step")
    X = with_eigenvalues(rng(), 25, [1.0] * 4 + [0.8] * 16)
    claim = (
        "With many eigenvalues at 80 % of the largest, the step must still be right to four digits after 200 iterations. "
        "To see it: print the estimate of the eigenvalue after every tenth iteration for X = diag(1, 0.9, 0.9, ..., 0.9)."
    )
    close(max_stable_step(X), 2.0, rtol=STEP_RTOL, what="the step", claim=claim)


@test_case(points=2, hidden=True)
def the_step_of_a_wide_matrix_fits_in_memory(env):
    """Eight samples, 60 000 features: X takes 4 MB, and XᵀX would take 28.8 GB."""
    max_stable_step = function(env, "max_stable_step")
    X = torch.linalg.qr(torch.randn(60_000, 8, generator=rng(), dtype=torch.float64)).Q.T.contiguous()
    X[:4] *= 3
    try:
        step = max_stable_step(X)
    except StudentError as error:
        if "memory" not in error.detail.lower() and "allocate" not in error.detail.lower():
            raise
        raise StudentError(
            "max_stable_step ran out of memory on a wide matrix (n = 8, p = 60,000): it asked for more than the grader gives (4 GiB). "
            "XᵀX alone would take 28.8 GB, and power iteration needs only its products with vectors. "
            "To see where it comes from: write the shape of every product beside it.",
            error.detail,
        ) from error
    close(step, 2 / 9, rtol=STEP_RTOL, what="the step", claim="The step of a wide matrix (n = 8, p = 60,000) must be 2/λ_max too.")
