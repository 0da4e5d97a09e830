import torch
from otter.test_files import test_case
from torch import nn
from torch.nn import functional as F

from checks import close, devices, equal, function, probe, raises, returned, that

# Three steps in float64; on `sim`, attention may be computed by another route, which differs in the last bits (1e-15 for each operation).
RTOL = 1e-9
ATOL = 1e-9


def block_of(h, heads):
    return nn.TransformerEncoderLayer(h, heads, 4 * h, dropout=0.0, batch_first=True, dtype=torch.float64)


def small_stack(n, h, heads, draw):
    """The weights of n transformer blocks, with entries of size 0.3, and norms that scale by about one."""
    shapes = [(name, p.shape) for name, p in block_of(h, heads).named_parameters()]
    return [
        [
            (1.0 if name.startswith("norm") and name.endswith("weight") else 0.0)
            + 0.3 * torch.randn(s, generator=draw, dtype=torch.float64)
            for name, s in shapes
        ]
        for _ in range(n)
    ]


def plain_training(weights, heads, x, y, steps, lr):
    """The same training on the CPU, without recomputation."""
    blocks = nn.ModuleList(block_of(x.shape[-1], heads) for _ in weights)
    with torch.no_grad():
        for block, values in zip(blocks, weights, strict=True):
            for p, w in zip(block.parameters(), values, strict=True):
                p.copy_(w)
    parameters = list(blocks.parameters())
    losses = []
    for _ in range(steps):
        h = x
        for block in blocks:
            h = block(h)
        loss = F.mse_loss(h, y)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, gradient in zip(parameters, gradients, strict=True):
                p -= lr * gradient
        losses.append(loss.item())
    return losses, [[p.detach() for p in block.parameters()] for block in blocks]


def small_task():
    draw = torch.Generator().manual_seed(4)
    x, y = torch.randn(2, 2, 5, 8, generator=draw, dtype=torch.float64)
    return small_stack(3, 8, 2, draw), x, y


@test_case(points=2)
def as_few_blocks_as_the_capacity_allows(env):
    """Four blocks of 100 bytes with inputs of 10 beside 50 static bytes: 450, 360, 270 or 180 bytes for r = 0, 1, 2, 3."""
    blocks_to_recompute = function(env, "blocks_to_recompute")
    for capacity, expected in ((450, 0), (449, 1), (360, 1), (359, 2), (180, 3)):
        equal(blocks_to_recompute(4, capacity, 50, 100, 10), expected, what="the number of blocks")
    for boundary in (0, 100):
        equal(blocks_to_recompute(1, 150, 50, 100, boundary), 0, what="the number of blocks")
    claim = "blocks_to_recompute must raise ValueError when no number of blocks fits."
    raises(ValueError, blocks_to_recompute, 4, 179, 50, 100, 10, claim=claim)
    for n, boundary in ((0, 10), (4, -1), (4, 101)):
        claim = "blocks_to_recompute must raise ValueError unless n >= 1 and 0 <= boundary <= block."
        raises(ValueError, blocks_to_recompute, n, 1000, 50, 100, boundary, claim=claim)


@test_case(points=2)
def training_gives_the_same_numbers_on_every_device(env):
    """Three steps, the first two of three blocks recomputed: losses and weights as on the CPU without recomputation."""
    function(env, "train")
    weights, x, y = small_task()
    losses, after = plain_training(weights, 2, x, y, 3, 0.1)
    for device in ("cpu", *devices()):
        result = probe(env, "train_on_device", weights, 2, x, y, 3, 0.1, 2, device, lambda number: None)
        got, got_weights = returned(result, "losses", "weights")
        claim = f"On {device}, the loss before each step must be that of plain gradient descent without recomputation."
        close(got, losses, rtol=RTOL, atol=ATOL, what="losses", claim=claim)
        claim = f"On {device}, the weights after three steps must be those of plain gradient descent without recomputation."
        for i, expected in enumerate(after):
            close(got_weights[i], expected, rtol=RTOL, atol=ATOL, what=f"weights of block {i}", claim=claim)


@test_case(points=2)
def the_first_blocks_run_twice_and_the_others_once(env):
    """Two steps with recompute = 2 of three blocks: blocks 0 and 1 run four times, block 2 twice."""
    function(env, "train")
    weights, x, y = small_task()
    runs = []
    probe(env, "train_on_device", weights, 2, x, y, 2, 0.1, 2, "cpu", runs.append)
    claim = "In each step, a recomputed block must run exactly twice and any other exactly once; the recomputed ones are the first."
    equal([runs.count(i) for i in range(3)], [4, 4, 2], what="how often each block ran in two steps", claim=claim)


@test_case(points=1)
def none_or_all_of_the_blocks_may_be_recomputed(env):
    """And one step is enough. A negative number of blocks, more than there are, and no step at all are refused."""
    function(env, "train")
    for recompute, steps in ((0, 1), (2, 1)):
        claim = f"train must accept recompute = {recompute} for two blocks, and {steps} step."
        that(not probe(env, "train_refuses", recompute, steps), claim)
    for recompute, steps in ((-1, 1), (3, 1), (1, 0)):
        claim = "train must raise ValueError unless 0 <= recompute <= len(blocks) and steps >= 1."
        that(probe(env, "train_refuses", recompute, steps), claim)
