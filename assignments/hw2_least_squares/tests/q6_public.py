import torch
from otter.test_files import test_case

from checks import close, function, raises

# Small integers in float64: both routes are right to 1e-14; a step in float32 (6e-8) is too coarse.
RTOL = 1e-9


def a_line():
    """Times -1, 0, 1, 2 and values 1, 0, 3, 6, and the line through them: intercept and slope from the textbook's formula."""
    t, y = [-1.0, 0.0, 1.0, 2.0], [1.0, 0.0, 3.0, 6.0]
    mean_t, mean_y = sum(t) / 4, sum(y) / 4
    slope = sum((a - mean_t) * (b - mean_y) for a, b in zip(t, y, strict=True)) / sum((a - mean_t) ** 2 for a in t)
    X = torch.tensor([[1.0, a] for a in t], dtype=torch.float64)
    return X, torch.tensor(y, dtype=torch.float64), torch.tensor([mean_y - slope * mean_t, slope], dtype=torch.float64)


@test_case(points=2)
def lu_finds_the_line_through_four_points(env):
    X, y, line = a_line()
    claim = "solve_normal_lu must find intercept and slope of the best line through four points, as a tensor of shape (2,)."
    close(function(env, "solve_normal_lu")(X, y), line, rtol=RTOL, what="w", claim=claim)


@test_case(points=2)
def qr_finds_the_line_through_four_points(env):
    X, y, line = a_line()
    claim = "solve_qr must find intercept and slope of the best line through four points, as a tensor of shape (2,)."
    close(function(env, "solve_qr")(X, y), line, rtol=RTOL, what="w", claim=claim)


@test_case(points=1)
def as_many_rows_as_columns_suffice_and_fewer_are_refused(env):
    square, values = torch.tensor([[2.0, 1.0], [0.0, 4.0]], dtype=torch.float64), torch.tensor([4.0, 8.0], dtype=torch.float64)
    for name in ("solve_normal_lu", "solve_qr"):
        w = function(env, name)(square, values)
        close(w, torch.tensor([1.0, 2.0], dtype=torch.float64), rtol=RTOL, what="w", claim=f"{name} must solve a square system.")
        X, y = torch.ones(2, 3, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
        raises(ValueError, function(env, name), X, y, claim=f"{name} must raise ValueError when X has fewer rows than columns.")
        claim = f"{name} must raise ValueError when the shapes do not fit: call check_shapes first."
        raises(ValueError, function(env, name), X.T.contiguous(), torch.ones(3, 1, dtype=torch.float64), claim=claim)
