# ruff: noqa: F821 - q2_public.py stands before this file and defines the other names.
import torch
from otter.test_files import test_case

from checks import close, function, rng


@test_case(points=2, hidden=True)
def tall_wide_single_row_and_single_column_problems(env):
    """7×3, 3×7, 1×4 and 5×1, each entry from a loop."""
    draw = rng()
    for n, p in ((7, 3), (3, 7), (1, 4), (5, 1)):
        X = torch.randn(n, p, generator=draw, dtype=torch.float64)
        y, w = (torch.randn(k, generator=draw, dtype=torch.float64) for k in (n, p))
        result = passed(function(env, "lstsq_backward"), X, y, w)
        residual = [sum(a * b for a, b in zip(row, w.tolist(), strict=True)) - t for row, t in zip(X.tolist(), y.tolist(), strict=True)]
        grad = [sum(X[i, j].item() * residual[i] for i in range(n)) for j in range(p)]
        claim = (
            "For tall, wide, single-row and single-column X, the residual, the loss, both rows and the gradient must have the values "
            "and shapes of the table in the question. To see it: compare grad and its shape with w.grad after f.backward(), for a 3×7 "
            "and for a 5×1 matrix X."
        )
        close(result["z1"], torch.tensor(residual, dtype=torch.float64), rtol=1e-9, atol=1e-12, what="z1", claim=claim)
        close(result["f"], torch.tensor(sum(r * r for r in residual) / 2, dtype=torch.float64), rtol=1e-9, what="f", claim=claim)
        for key, shape in (("df_dw", (1, p)), ("grad", (p,))):
            expected = torch.tensor(grad, dtype=torch.float64).reshape(shape)
            close(result[key], expected, rtol=1e-9, atol=1e-12, what=key, claim=claim)
        close(result["df_dz1"], torch.tensor([residual], dtype=torch.float64), rtol=1e-9, atol=1e-12, what="df_dz1", claim=claim)
