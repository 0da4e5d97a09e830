# ruff: noqa: F821 (the helpers stand in the public file, which comes before this one)
import math

import torch
from otter.test_files import test_case

from checks import equal, function, probe, rng, that


def random_stack(n):
    draw = rng()
    weights, biases = stack_of(n, 2, lambda count: torch.randn(count, generator=draw, dtype=torch.float64))
    return weights, biases, torch.randn(3, 2, generator=draw, dtype=torch.float64)


@test_case(points=2, hidden=True)
def every_layer_runs_exactly_twice(env):
    """Once forward and once in the backward pass, for any k, also one segment and n segments."""
    function(env, "run_segments")
    for n, k in ((7, 3), (7, 1), (7, 7), (11, 4)):
        events = []
        probe(env, "run_layers", *random_stack(n), k, events.append)
        turn = events.index("backward")
        claim = (
            "Every layer must run once in the forward pass, in order, and once more in the backward pass, the last segment's too. "
            "To see it: put a "
            "print into a layer and run 7 layers in 3 segments."
        )
        equal([e for e in events[:turn] if e != "segment"], list(range(n)), what="the layers in the forward pass", claim=claim)
        equal(sorted(e for e in events[turn + 1 :] if e != "segment"), list(range(n)), what="the layers in the backward pass", claim=claim)


@test_case(points=1, hidden=True)
def there_are_k_segments_of_almost_equal_length(env):
    """n = 9, k = 4 and n = 11, k = 4: slices of equal length either leave a segment out or make the last one too long."""
    function(env, "run_segments")
    for n, k in ((9, 4), (11, 4), (10, 6)):
        events = []
        probe(env, "run_layers", *random_stack(n), k, events.append)
        lengths = lengths_of(events)
        claim = (
            "There must be exactly k segments, and their lengths must differ by at most one. To see it: print the lengths for n = "
            "9, k = 4 and for n = 11, k = 4."
        )
        that(len(lengths) == k and max(lengths) - min(lengths) <= 1, claim, f"n = {n}, k = {k}: lengths {lengths}.")


@test_case(points=1, hidden=True)
def each_segment_names_the_parameters_of_its_own_layers(env):
    """Without them, a first segment on data that needs no gradient would not train."""
    function(env, "run_segments")
    events = []
    _, _, _, given = probe(env, "run_layers", *random_stack(5), 3, events.append)
    bounds = [0]
    for length in lengths_of(events):
        bounds.append(bounds[-1] + length)
    expected = [sorted(2 * list(range(a, b))) for a, b in zip(bounds, bounds[1:], strict=False)]
    claim = (
        "Every call of ckpt must get, as params, all parameters of the layers of its own segment. To see it: print "
        "len(list(params)) in a ckpt of your own."
    )
    equal([sorted(owners) for owners in given], expected, what="the layers whose parameters each segment was given", claim=claim)


@test_case(points=1, hidden=True)
def the_peak_counts_the_longest_segment(env):
    """n and k that do not divide each other."""
    peak_activations = function(env, "peak_activations")
    draw = rng()
    for _ in range(5):
        k = int(torch.randint(2, 8, (), generator=draw))
        n = k * int(torch.randint(2, 9, (), generator=draw)) + 1
        claim = "When k does not divide n, the longest segment decides: it has ceil(n / k) layers. To see it: n = 7, k = 3."
        equal(peak_activations(n, k), k + math.ceil(n / k), what="the peak", claim=claim)


@test_case(points=1, hidden=True)
def no_other_number_of_segments_is_better(env):
    """For n that are no squares: any k with the smallest peak is accepted."""
    best_k = function(env, "best_k")
    draw = rng()
    for n in [1, 2, 3, 7, *(int(torch.randint(8, 300, (), generator=draw)) for _ in range(6))]:
        k = best_k(n)
        claim = "No k may have a smaller peak k + ceil(n / k) than the one that best_k returns. To see it: try all k for n = 7 and n = 50."
        fine = isinstance(k, int) and 1 <= k <= n and k + math.ceil(n / k) == min(j + math.ceil(n / j) for j in range(1, n + 1))
        that(fine, claim, f"best_k({n}) returned {k!r}.")
