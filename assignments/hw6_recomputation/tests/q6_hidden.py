import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, raises, rng, that


def random_batches(sizes):
    draw = rng()
    w = torch.randn(3, generator=draw, dtype=torch.float64)
    xs = [torch.randn(n, 3, generator=draw, dtype=torch.float64) for n in sizes]
    return w, xs, [torch.randn(n, generator=draw, dtype=torch.float64) for n in sizes]


@test_case(points=2, hidden=True)
def each_graph_is_gone_before_the_next_micro_batch(env):
    """Otherwise all micro-batches are in memory together, and nothing is saved."""
    function(env, "accumulate")
    events = []
    w, xs, ys = random_batches((2, 3, 1))
    probe(env, "accumulate_linear", w, xs, ys, events.append)
    claim = (
        "Every micro-batch must run forward once and backward once before the next one runs. To see it: print a line in the "
        "model's forward, "
        "and in a hook of its output."
    )
    equal(events, ["forward", "backward"] * 3, what="the order of passes", claim=claim)


@test_case(points=1, hidden=True)
def gradients_from_before_are_discarded(env):
    """accumulate adds over its own micro-batches and to nothing else."""
    function(env, "accumulate")
    w, xs, ys = random_batches((4, 1, 2))
    _, gradient = probe(env, "accumulate_linear", w, xs, ys, lambda event: None, torch.ones(3, dtype=torch.float64))
    x, y = torch.cat(xs), torch.cat(ys)
    claim = "Gradients that were there before the call must not enter the result. To see it: call accumulate twice and compare p.grad."
    close(gradient, 2 * x.T @ (x @ w - y) / 7, rtol=1e-12, atol=1e-12, what="the gradient", claim=claim)


@test_case(points=1, hidden=True)
def nothing_fits_is_zero_and_nonsense_is_refused(env):
    """Static memory above the capacity gives 0; negative bytes, empty micro-batches and none at all raise ValueError."""
    max_batch = function(env, "max_batch")
    claim = "max_batch must be 0 when the static memory alone does not fit. To see it: max_batch(100, 250, 90)."
    equal(max_batch(100, 250, 90), 0, claim=claim)
    claim = "max_batch must raise ValueError when per_sequence is not positive or other bytes are negative. To see it: try each."
    for capacity, static, each in ((100, 10, 0), (-1, 10, 5), (100, -1, 5)):
        raises(ValueError, max_batch, capacity, static, each, claim=claim)
    function(env, "accumulate")
    for sizes in ((), (2, 0)):
        claim = "accumulate must raise ValueError for no micro-batches, and for one without samples. To see it: try both."
        that(probe(env, "accumulate_refuses", sizes), claim)
