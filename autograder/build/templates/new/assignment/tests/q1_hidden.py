import torch
from otter.test_files import test_case

from checks import close, function, rng

HIDDEN_RTOL = 1e-12


@test_case(points=25, hidden=True)
def random_matrices_follow_the_formula(env):
    """A matrix, for thresholds from zero on."""
    soft_threshold = function(env, "soft_threshold")
    x = torch.randn(4, 5, generator=rng(), dtype=torch.float64)
    for lam in (0.0, 0.3, 1.1):
        expected = [[(abs(a) - lam) * (1 if a > 0 else -1) if abs(a) > lam else 0.0 for a in row] for row in x.tolist()]
        claim = f"For lam = {lam:g} every entry of a matrix must follow the formula. To see it: compare a few entries with a calculator."
        close(soft_threshold(x, lam), torch.tensor(expected, dtype=torch.float64), rtol=HIDDEN_RTOL, claim=claim)


@test_case(points=10, hidden=True)
def float32_stays_float32(env):
    soft_threshold = function(env, "soft_threshold")
    claim = "The result must have the dtype of x. To see it: pass torch.ones(3) and print the dtype of the result."
    close(soft_threshold(torch.ones(3), 0.25), torch.full((3,), 0.75), rtol=1e-6, claim=claim)
