import torch
from otter.test_files import test_case

from checks import close, equal, function, raises

EXACT = 1e-12  # whole numbers below 2^53: an integer and a float of the same value both pass


@test_case(points=2)
def one_block_of_gpt3_keeps_2_9_billion_bytes(env):
    """s = 2048, b = 1, h = 12288, a = 96: the table's rows are added one by one here."""
    activation_bytes = function(env, "activation_bytes")
    sbh, core = 2048 * 12288, 96 * 2048 * 2048
    attention = 2 * sbh + 4 * sbh + 2 * core + core + 2 * core + 2 * sbh + 2 * sbh + sbh
    mlp = 2 * sbh + 8 * sbh + 8 * sbh + sbh
    expected = attention + mlp + 2 * (2 * sbh)
    close(activation_bytes(2048, 1, 12288, 96, 1, "none"), expected, rtol=EXACT, what="the number of bytes")


@test_case(points=2)
def each_way_to_recompute_keeps_less(env):
    """s = 4, b = 3, h = 12, a = 2, two blocks: 144 numbers in a block's input, 96 in its attention scores."""
    activation_bytes = function(env, "activation_bytes")
    for mode, each in (("none", 34 * 144 + 5 * 96), ("selective", 34 * 144), ("full", 2 * 144)):
        close(activation_bytes(4, 3, 12, 2, 2, mode), 2 * each, rtol=EXACT, what=f"the number of bytes for '{mode}'")


@test_case(points=2)
def parameters_are_counted_like_the_modules(env):
    """V = 11, h = 6, one block: the same matrices, made of PyTorch's modules and counted."""
    param_count = function(env, "param_count")
    h, d_ff = 6, 24
    maps = [torch.nn.Linear(h, 3 * h, bias=False), torch.nn.Linear(h, h, bias=False)]
    maps += [torch.nn.Linear(h, d_ff, bias=False), torch.nn.Linear(d_ff, h, bias=False)]
    modules = [torch.nn.Embedding(11, h), *maps, *(torch.nn.LayerNorm(h) for _ in range(3))]
    equal(param_count(11, h, 1), sum(p.numel() for m in modules for p in m.parameters()), what="the number of parameters")


@test_case(points=1)
def sizes_outside_the_domain_are_refused(env):
    """No heads that do not divide the width, no empty sequence, no unknown mode; sizes of one are welcome."""
    activation_bytes = function(env, "activation_bytes")
    param_count, step_flops = function(env, "param_count"), function(env, "step_flops")
    claim = "activation_bytes must raise ValueError when h is not divisible by a."
    raises(ValueError, activation_bytes, 4, 1, 8, 3, 1, "none", claim=claim)
    raises(ValueError, activation_bytes, 0, 1, 8, 2, 1, "none", claim="activation_bytes must raise ValueError when a size is not positive.")
    raises(ValueError, activation_bytes, 4, 1, 8, 2, 1, "some", claim="activation_bytes must raise ValueError for an unknown mode.")
    for V, h, L, d_ff in ((0, 4, 1, 8), (5, 0, 1, 8), (5, 4, -1, 8), (5, 4, 1, 0)):
        claim = "param_count must raise ValueError when V, h or d_ff is not positive, or L is negative."
        raises(ValueError, param_count, V, h, L, d_ff, claim=claim)
    close(param_count(1, 1, 0), 1 + 2, rtol=EXACT, what="the number of parameters of an embedding and a LayerNorm")
    for s, mode in ((0, "none"), (4, "some")):
        claim = "step_flops must raise ValueError when a size is not positive, and for an unknown mode."
        raises(ValueError, step_flops, s, 1, 8, 1, mode, claim=claim)
    close(step_flops(1, 1, 1, 1, "none"), 3 * (24 + 4), rtol=EXACT, what="the number of operations")
