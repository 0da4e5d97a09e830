# ruff: noqa: F821 (the helpers stand in the public file, which comes before this one)
from contextlib import suppress

import torch
from otter.test_files import test_case
from torch.nn import functional as F
from torch.utils.checkpoint import CheckpointFunction

import accelerator
from checks import DeviceMistake, counting, equal, function, on_device, probe, rng, that


def peak_of_our_own(weights, heads, x, y, recompute):
    """Bytes that two steps need on sim when the first blocks are recomputed one by one and nothing is kept too long."""
    accelerator.register()
    blocks = [block_of(x.shape[-1], heads) for _ in weights]
    with accelerator.measure() as ledger:
        for block, values in zip(blocks, weights, strict=True):
            with torch.no_grad():
                for p, w in zip(block.parameters(), values, strict=True):
                    p.copy_(w)
            block.to("sim")
        x, y = x.to("sim"), y.to("sim")
        for _ in range(2):
            h = x
            for i, block in enumerate(blocks):
                if i < recompute:
                    h = CheckpointFunction.apply(lambda h, *_, block=block: block(h), True, h, *block.parameters())
                else:
                    h = block(h)
            loss = F.mse_loss(h, y)
            del h
            loss.backward()
            for block in blocks:
                for p in block.parameters():
                    p.data.sub_(0.1 * p.grad)
                    p.grad = None
        return ledger.peak - ledger.start


@test_case(points=2, hidden=True)
def training_fits_where_only_two_of_six_blocks_may_keep_everything(env):
    """The device has room for our own loop's peak and one largest activation, and is out of memory beyond that."""
    function(env, "train")
    draw = rng()
    b, s, h, heads = 2, 24, 8, 4
    x, y = torch.randn(2, b, s, h, generator=draw, dtype=torch.float64)
    weights = small_stack(6, h, heads, draw)
    largest = 8 * b * s * max(4 * h, heads * s)
    room = peak_of_our_own(weights, heads, x, y, 4) + largest
    with counting(env) as before:
        probe(env, "settle")
    with counting(env, capacity=before.live + room), on_device("sim"):
        fits = probe(env, "train_fits", weights, heads, x, y, 2, 0.1, 4, "sim")
    claim = (
        "The first blocks must be recomputed one by one, and no graph, gradient or activation may outlive its step: the device ran out of "
        "memory. To see it: plot the history of accelerator.measure()'s ledger over two steps."
    )
    that(fits, claim, f"The device had room for {room} bytes: our own loop's peak and one largest activation.")


@test_case(points=1, hidden=True)
def no_gradient_outlives_its_step(env):
    """Two steps; a gradient that is freed only just before the next backward pass is there during the forward pass."""
    function(env, "train")
    draw = rng()
    x, y = torch.randn(2, 1, 3, 4, generator=draw, dtype=torch.float64)
    left = probe(env, "train_leaves", small_stack(2, 4, 2, draw), 2, x, y, 2, 0.1, 1)
    claim = (
        "Every p.grad must be None after each update, and so when train returns. To see it: look at block.weight.grad after "
        "train([block], ...) with block an nn.Linear."
    )
    that(not left, claim, f"{len(left)} parameters still have a gradient.")


@test_case(points=2, hidden=True)
def the_host_waits_no_more_often_in_a_longer_run(env):
    """Reading a loss in every step makes the host wait in every step."""
    function(env, "train")
    draw = rng()
    x, y = torch.randn(2, 1, 3, 4, generator=draw, dtype=torch.float64)
    weights = small_stack(2, 4, 2, draw)
    claim = (
        "The host must read the losses once, after the last step, and wait no more often for five steps than for two. To see it: "
        "print ledger.synchronized_by for both."
    )
    waits = []
    with suppress(DeviceMistake):  # the public cases charge it
        for steps in (2, 5):
            with on_device("sim"), counting(env) as counts:
                probe(env, "train_on_device", weights, 2, x, y, steps, 0.1, 1, "sim", lambda number: None)
            waits.append(counts.synchronizations)
        that(waits[1] <= waits[0] and waits[0] > 0, claim, f"Waits in 2 steps: {waits[0]}; in 5 steps: {waits[1]}.")


@test_case(points=1, hidden=True)
def one_block_less_would_not_fit(env):
    """For random sizes: the smallest r whose bytes fit, found by trying all."""
    blocks_to_recompute = function(env, "blocks_to_recompute")
    draw = rng()
    for _ in range(8):
        n, static, block = (int(torch.randint(low, high, (), generator=draw)) for low, high in ((2, 20), (0, 500), (50, 300)))
        boundary = int(torch.randint(0, block // 2, (), generator=draw))
        need = [static + r * boundary + (n - r) * block for r in range(n)]
        capacity = int(torch.randint(need[-1], need[0] + 1, (), generator=draw))
        expected = next(r for r in range(n) if need[r] <= capacity)
        claim = (
            "blocks_to_recompute must be the smallest r with static + r boundary + (n − r) block <= capacity. To see it: compute "
            "these bytes for "
            "r = 0, 1, 2 and compare them with the capacity."
        )
        equal(blocks_to_recompute(n, capacity, static, block, boundary), expected, what="the number of blocks", claim=claim)
