import torch
from otter.test_files import test_case

from checks import close, function, rng


@test_case(points=0.25, hidden=True)
def matrices_are_added_as_well(env):
    """Fresh random numbers, as in every hidden check."""
    draw = rng()
    a, b = torch.randn(2, 3, 4, generator=draw, dtype=torch.float64)
    expected = torch.tensor(
        [[p + q for p, q in zip(r, s, strict=True)] for r, s in zip(a.tolist(), b.tolist(), strict=True)], dtype=a.dtype
    )
    claim = "add must work for tensors of any shape. To see it: add two matrices of your own."
    close(function(env, "add")(a, b), expected, rtol=1e-12, what="the sum", claim=claim)
