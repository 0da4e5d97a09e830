import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, raises, that

# A few steps in float64 on numbers of size one to ten: rounding is below 1e-14; a run kept in float32 (6e-8) is too coarse.
RTOL = 1e-9


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=2)
def a_step_goes_part_of_the_way_to_the_drawn_point(env):
    """With eta = 1/4, each step covers a quarter of the way: from 2 toward 10, then from 4 toward 0."""
    sgd_mean = function(env, "sgd_mean")
    w = sgd_mean(numbers(0.0, 10.0, 4.0), torch.tensor([1, 0]), 2.0, 0.25)
    claim = "The run must start with w0 and then go a fraction eta of the way to the drawn point, once for each entry of idx."
    close(w, numbers(2.0, 4.0, 3.0), rtol=RTOL, what="the run", claim=claim)


@test_case(points=2)
def a_batch_acts_as_the_mean_of_its_points(env):
    """With batches, a point that is drawn twice counts twice."""
    sgd_mean = function(env, "sgd_mean")
    x = numbers(0.0, 10.0, 4.0)
    w = sgd_mean(x, torch.tensor([[0, 1, 2, 2], [2, 1, 1, 1]]), 2.0, 0.5)
    first = 0.5 * 2.0 + 0.5 * (0.0 + 10.0 + 4.0 + 4.0) / 4
    claim = "With idx of shape (K, B), step k must go a fraction eta of the way to the mean of the B points x[idx[k]]."
    close(w, numbers(2.0, first, 0.5 * first + 0.5 * 34.0 / 4), rtol=RTOL, what="the run", claim=claim)


@test_case(points=1)
def batches_have_the_promised_shape_and_range(env):
    """Five batches of three points out of four: a (5, 3) tensor of integers from 0 to 3."""
    function(env, "draw_batches")
    idx = probe(env, "draw", 4, 3, 5, 0)
    that(isinstance(idx, torch.Tensor), "draw_batches must return a tensor.", f"It returned {type(idx).__name__}.")
    equal(tuple(idx.shape), (5, 3), what="the shape for n=4, B=3, K=5", claim="draw_batches must return K rows of B entries.")
    that(idx.dtype == torch.int64, "Indices must be int64, as x[idx] wants them.", f"The dtype is {idx.dtype}.")
    inside = bool(((idx >= 0) & (idx < 4)).all())
    that(inside, "Every index must be one of 0, ..., n - 1.", f"The entries lie between {int(idx.min())} and {int(idx.max())}; n is 4.")


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """A step that is not positive, idx with three dimensions, an empty batch."""
    sgd_mean = function(env, "sgd_mean")
    x = numbers(1.0, 2.0)
    for eta in (0.0, -0.1):
        raises(ValueError, sgd_mean, x, torch.tensor([0, 1]), 0.0, eta, claim="sgd_mean must raise ValueError unless eta is positive.")
    claim = "sgd_mean must raise ValueError unless idx has the shape (K,) or (K, B) with B >= 1."
    raises(ValueError, sgd_mean, x, torch.zeros(2, 2, 2, dtype=torch.int64), 0.0, 0.5, claim=claim)
    raises(ValueError, sgd_mean, x, torch.zeros(2, 0, dtype=torch.int64), 0.0, 0.5, claim=claim)
