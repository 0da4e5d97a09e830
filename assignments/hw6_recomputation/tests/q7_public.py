import torch
from otter.test_files import test_case
from torch import nn
from torch.nn import functional as F

from checks import close, devices, equal, function, probe, raises, returned

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
    """The same training on the CPU, without recomputation, by PyTorch's optimizer."""
    blocks = nn.ModuleList(block_of(x.shape[-1], heads) for _ in weights)
    with torch.no_grad():
        for block, values in zip(blocks, weights, strict=True):
            for p, w in zip(block.parameters(), values, strict=True):
                p.copy_(w)
    optimizer = torch.optim.SGD(blocks.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        h = x
        for block in blocks:
            h = block(h)
        loss = F.mse_loss(h, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
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
    claim = "blocks_to_recompute must raise ValueError when no number of blocks fits."
    raises(ValueError, blocks_to_recompute, 4, 179, 50, 100, 10, claim=claim)


@test_case(points=3)
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
    """Two steps with recompute = 2 of three blocks, on sim: blocks 0 and 1 run four times, block 2 twice."""
    function(env, "train")
    weights, x, y = small_task()
    runs = []
    probe(env, "train_on_device", weights, 2, x, y, 2, 0.1, 2, "sim", runs.append)
    claim = "In each step, a recomputed block must run exactly twice and any other exactly once; the recomputed ones are the first."
    equal([runs.count(i) for i in range(3)], [4, 4, 2], what="how often each block ran in two steps", claim=claim)
