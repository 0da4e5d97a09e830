# ruff: noqa: F821 - q4_public.py stands before this file and defines the other names.
import math

import torch
from otter.test_files import test_case

from checks import close, function, returned, rng, unchanged


@test_case(points=1, hidden=True)
def random_scores_and_integer_labels(env):
    """Nine scores of size up to 15; the labels are integers."""
    draw = rng()
    z = 30 * torch.rand(9, generator=draw, dtype=torch.float64) - 15
    y = torch.randint(2, (9,), generator=draw)
    loss, dz = returned(function(env, "logistic_loss_and_grad")(z, y), "loss", "dz")
    losses = [math.log1p(math.exp(-s if t else s)) for s, t in zip(z.tolist(), y.tolist(), strict=True)]
    slopes = [(1 / (1 + math.exp(-s)) - t) / 9 for s, t in zip(z.tolist(), y.tolist(), strict=True)]
    claim = (
        "For random scores and integer labels, loss and gradient must be those of the mean logistic loss, in the dtype of z. To see it: "
        "compare with torch.nn.functional.binary_cross_entropy_with_logits and its gradient."
    )
    close(loss, torch.tensor(sum(losses) / 9, dtype=torch.float64), rtol=RTOL, what="loss", claim=claim)
    close(dz, torch.tensor(slopes, dtype=torch.float64), rtol=RTOL, atol=ATOL, what="dz", claim=claim)


@test_case(points=1, hidden=True)
def random_rows_agree_with_cross_entropy(env):
    """Seven rows of four scores."""
    draw = rng()
    Z = 3 * torch.randn(7, 4, generator=draw, dtype=torch.float64)
    labels = torch.randint(4, (7,), generator=draw)
    before = Z.clone()
    loss, dZ = returned(function(env, "softmax_loss_and_grad")(Z, labels), "loss", "dZ")
    claim = (
        "For random rows, loss and gradient must be those of the mean cross entropy, and Z must keep its values. To see it: compare with "
        "torch.nn.functional.cross_entropy and its gradient for a 7×4 matrix."
    )
    leaf = before.clone().requires_grad_()
    expected = torch.nn.functional.cross_entropy(leaf, labels)
    expected.backward()
    close(loss, expected.detach(), rtol=RTOL, what="loss", claim=claim)
    close(dZ, leaf.grad, rtol=RTOL, atol=ATOL, what="dZ", claim=claim)
    unchanged(before, Z, what="Z")


@test_case(points=2, hidden=True)
def random_rows_agree_with_layer_norm(env):
    """Rows of size one with a large eps, and rows of size a thousandth with the default eps, which then still matters."""
    draw = rng()
    for size, settings in ((1.0, {"eps": 0.3}), (1e-3, {})):
        x = size * (torch.randn(4, 5, generator=draw, dtype=torch.float64) + 1)
        g = torch.randn(4, 5, generator=draw, dtype=torch.float64)
        leaf = x.clone().requires_grad_()
        torch.nn.functional.layer_norm(leaf, (5,), **settings).backward(g)
        claim = (
            "For random rows, the gradient must be that of layer normalization, for every eps. To see it: compare with "
            "torch.nn.functional.layer_norm(x, (5,), eps=0.3) and its backward(g) for a 4×5 matrix x."
        )
        got = function(env, "normalize_vjp")(x, g, **settings)
        close(got, leaf.grad, rtol=RTOL, atol=1e-9, what="the gradient", claim=claim)
