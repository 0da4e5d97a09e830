import torch
from otter.test_files import test_case

from checks import close, function, raises, unchanged

# One subtraction in float64 on numbers of size one.
RTOL = 1e-12


@test_case(points=25)
def entries_move_towards_zero_and_stop_there(env):
    """Threshold 1: 3 becomes 2, −2.5 becomes −1.5, and what lies between −1 and 1 becomes 0."""
    soft_threshold = function(env, "soft_threshold")
    x = torch.tensor([3.0, -2.5, 0.5, -0.25, 1.0], dtype=torch.float64)
    expected = torch.tensor([3.0 - 1, -2.5 + 1, 0.0, 0.0, 0.0], dtype=torch.float64)
    close(soft_threshold(x, 1.0), expected, rtol=RTOL, claim="Entries must move towards zero by lam, and stop there.")


@test_case(points=10)
def the_argument_keeps_its_values(env):
    soft_threshold = function(env, "soft_threshold")
    x = torch.tensor([3.0, -2.5], dtype=torch.float64)
    before = x.clone()
    soft_threshold(x, 1.0)
    unchanged(before, x, what="x")


@test_case(points=10)
def a_negative_threshold_is_refused(env):
    soft_threshold = function(env, "soft_threshold")
    raises(ValueError, soft_threshold, torch.ones(2), -0.5)
