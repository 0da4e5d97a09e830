import torch
from otter.test_files import test_case

from checks import equal, function, probe


def saved_of(env, name, tensors, excluded=()):
    return probe(env, "measure_saved_bytes", name, tensors, excluded)["bytes"]


@test_case(points=4)
def each_operation_keeps_what_its_derivative_needs(env):
    """1000 numbers of 4 bytes: sums keep nothing, a product its factors, exp and relu one tensor."""
    function(env, "saved_bytes")
    x = torch.linspace(-1.0, 1.0, 1000)
    for name, expected in (("x + 1", 0), ("x.sum()", 0), ("x * x", 4000), ("x.exp()", 4000), ("x.relu()", 4000)):
        claim = f"Of {name} with 1000 float32 numbers, autograd keeps {expected} bytes."
        equal(saved_of(env, name, [x]), expected, what=f"bytes kept by {name}", claim=claim)


@test_case(points=2)
def two_views_of_one_storage_count_once(env):
    """x.T * x keeps x and its transpose: two tensors, one memory."""
    function(env, "saved_bytes")
    x = torch.eye(10, dtype=torch.float64)
    claim = "x.T * x keeps two views of one storage: 100 numbers of 8 bytes, once."
    equal(saved_of(env, "x.T * x", [x]), 800, what="bytes kept by x.T * x", claim=claim)


@test_case(points=2)
def excluded_parameters_do_not_count(env):
    """x @ w keeps both factors; w is a parameter and there anyway."""
    function(env, "saved_bytes")
    x, w = torch.ones(5, 3, dtype=torch.float64), torch.ones(3, 7, dtype=torch.float64)
    claim = "x @ w keeps both factors; a tensor in `exclude` does not count."
    equal(saved_of(env, "x @ w", [x, w]), 8 * (15 + 21), what="bytes kept by x @ w", claim=claim)
    equal(saved_of(env, "x @ w", [x, w], [1]), 8 * 15, what="bytes kept by x @ w, without w", claim=claim)
