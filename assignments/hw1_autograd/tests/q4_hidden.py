# ruff: noqa: F821 - q4_public.py stands before this file and defines the other names.
import math

import torch
from otter.test_files import test_case

from checks import close, devices, function, on_device, returned, rng, that, unchanged


@test_case(points=1, hidden=True)
def random_scores_with_integer_or_floating_labels(env):
    """Nine scores of size up to 15 with integer labels; two float32 scores with float64 labels; a confident score that is right."""
    draw = rng()
    z = 30 * torch.rand(9, generator=draw, dtype=torch.float64) - 15
    y = torch.randint(2, (9,), generator=draw)
    loss, dz = returned(function(env, "logistic_loss_and_grad")(z, y), "loss", "dz")
    losses = [math.log1p(math.exp(-s if t else s)) for s, t in zip(z.tolist(), y.tolist(), strict=True)]
    slopes = [(1 / (1 + math.exp(-s)) - t) / 9 for s, t in zip(z.tolist(), y.tolist(), strict=True)]
    claim = (
        "For random scores and integer labels, loss and gradient must be those of the mean logistic loss. To see it: "
        "compare with torch.nn.functional.binary_cross_entropy_with_logits and its gradient."
    )
    close(loss, torch.tensor(sum(losses) / 9, dtype=torch.float64), rtol=RTOL, what="loss", claim=claim)
    close(dz, torch.tensor(slopes, dtype=torch.float64), rtol=RTOL, atol=ATOL, what="dz", claim=claim)
    loss, dz = returned(function(env, "logistic_loss_and_grad")(torch.zeros(2), numbers(0.0, 1.0)), "loss", "dz")
    mixed = "For float32 scores and float64 labels, loss and gradient must be those of the mean logistic loss."
    close(loss, torch.tensor(math.log(2)), rtol=1e-6, what="the loss for float32 z and float64 y", claim=mixed)
    close(dz, torch.tensor([0.25, -0.25]), rtol=1e-6, what="the gradient for float32 z and float64 y", claim=mixed)
    loss, dz = returned(function(env, "logistic_loss_and_grad")(numbers(21.0), numbers(1.0)), "loss", "dz")
    small = (
        "A small loss must be exact, too: for the score 21 with label 1 it is log(1 + e⁻²¹), a little below 1e-9. To see it: call "
        "logistic_loss_and_grad for this one example."
    )
    close(loss, number(math.log1p(math.exp(-21.0))), rtol=RTOL, atol=ATOL, what="loss", claim=small)


@test_case(points=1, hidden=True)
def random_rows_agree_with_cross_entropy(env):
    """Seven rows of four scores; a single score; two rows that lie 2000 apart."""
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
    loss, dZ = returned(function(env, "softmax_loss_and_grad")(Z[:1, :1], labels[:1] * 0), "loss", "dZ")
    single = "One example with one class has loss 0 and gradient 0. To see it: call softmax_loss_and_grad with a 1×1 matrix and class 0."
    close(loss, number(0.0), rtol=0.0, atol=ATOL, what="loss", claim=single)
    close(dZ, torch.zeros(1, 1, dtype=torch.float64), rtol=0.0, atol=ATOL, what="dZ", claim=single)
    Z = torch.stack([numbers(1000.0, 1000.0 + math.log(3)), numbers(-1000.0, math.log(3) - 1000.0)])
    loss, dZ = returned(function(env, "softmax_loss_and_grad")(Z, torch.tensor([0, 1])), "loss", "dZ")
    apart = (
        "A row of scores near 1000 and a row near −1000 in one Z must give what the same rows near 0 give. To see it: compare the "
        "results of softmax_loss_and_grad for Z = [[1000, 1001], [-1000, -1001]] and for Z = [[0, 1], [0, -1]]."
    )
    close(loss, number((math.log(4) + math.log(4 / 3)) / 2), rtol=RTOL, what="loss", claim=apart)
    close(dZ, torch.stack([numbers(-3 / 4, 3 / 4), numbers(1 / 4, -1 / 4)]) / 2, rtol=RTOL, what="dZ", claim=apart)


@test_case(points=1, hidden=True)
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
    single = "A row with one entry is normalized to 0, whatever it is: the gradient is 0. To see it: call normalize_vjp with 1×1 matrices."
    got = function(env, "normalize_vjp")(x[:1, :1], g[:1, :1])
    close(got, torch.zeros(1, 1, dtype=torch.float64), rtol=0.0, atol=1e-9, what="the gradient", claim=single)


@test_case(points=1, hidden=True)
def losses_and_gradients_stay_on_the_device_of_the_scores(env):
    """Four rows of three scores on the simulated accelerator, and on a GPU where there is one: the numbers of the CPU, on the device."""
    draw = rng()
    z, Z, x, g = (torch.randn(shape, generator=draw, dtype=torch.float64) for shape in ((4,), (4, 3), (4, 3), (4, 3)))
    y, labels = torch.randint(2, (4,), generator=draw).double(), torch.randint(3, (4,), generator=draw)
    leaves = [t.clone().requires_grad_() for t in (z, Z, x)]
    logistic = torch.nn.functional.binary_cross_entropy_with_logits(leaves[0], y)
    softmax = torch.nn.functional.cross_entropy(leaves[1], labels)
    (logistic + softmax + (g * torch.nn.functional.layer_norm(leaves[2], (3,))).sum()).backward()
    slopes = [leaf.grad for leaf in leaves]
    for name, inputs, parts in (
        ("logistic_loss_and_grad", (z, y), {"loss": logistic.detach(), "dz": slopes[0]}),
        ("softmax_loss_and_grad", (Z, labels), {"loss": softmax.detach(), "dZ": slopes[1]}),
        ("normalize_vjp", (x, g), {"the gradient": slopes[2]}),
    ):
        call = function(env, name)
        for device in ("cpu", *devices()):
            claim = (
                f"For inputs on {device}, {name} must return its results on {device}, with the values of the CPU. To see it: print .device."
            )
            with on_device(device):
                result = call(*(t.to(device, copy=True) for t in inputs))
                results = returned(result, *parts) if len(parts) > 1 else (result,)
                for (what, expected), got in zip(parts.items(), results, strict=True):
                    that(isinstance(got, torch.Tensor) and got.device.type == device, claim)
                    close(got.cpu(), expected, rtol=RTOL, atol=1e-9, what=what, claim=claim)
