import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, raises, that

# The same float64 operations in the same order; the gradients add up in another order at most.
RTOL = 1e-12
ATOL = 1e-12


def stack_of(n, width, values):
    """Weights and biases of n layers: no two layers are alike, so their order matters."""
    flat = values(n * width * (width + 1))
    return [*flat[: n * width * width].reshape(n, width, width)], [*flat[n * width * width :].reshape(n, width)]


def ramps(count):
    return torch.linspace(-0.7, 0.9, count, dtype=torch.float64)


def plain_stack(weights, biases, x):
    """The output, and the gradients of its sum with respect to the input and every layer's weight."""
    x = x.clone().requires_grad_()
    weights = [w.clone().requires_grad_() for w in weights]
    y = x
    for w, b in zip(weights, biases, strict=True):
        y = torch.tanh(y @ w.T + b)
    grads = torch.autograd.grad(y.sum(), [x, *weights])
    return y.detach(), grads[0], list(grads[1:])


def lengths_of(events):
    """How many layers ran in each segment of the forward pass."""
    lengths = []
    for event in events[: events.index("backward")]:
        if event == "segment":
            lengths.append(0)
        elif lengths:
            lengths[-1] += 1
    return lengths


@test_case(points=3)
def five_layers_in_two_segments_give_the_plain_result(env):
    """Output and gradients, for a number of layers that two does not divide."""
    function(env, "run_segments")
    weights, biases = stack_of(5, 3, ramps)
    x = torch.tensor([[1.0, -1.0, 0.5]], dtype=torch.float64)
    y, gradient, grads, _ = probe(env, "run_layers", weights, biases, x, 2, lambda event: None)
    expected = plain_stack(weights, biases, x)
    close(y, expected[0], rtol=RTOL, atol=ATOL, what="the output", claim="The output must be that of all layers, one after the other.")
    claim = "The gradient of the input must be that of the plain stack."
    close(gradient, expected[1], rtol=RTOL, atol=ATOL, what="the gradient of the input", claim=claim)
    claim = "Every layer must get the gradient that it has in the plain stack; ckpt gives one only to the parameters that params names."
    that(all(g is not None for g in grads), claim)
    close(grads, expected[2], rtol=RTOL, atol=ATOL, what="gradients of the layers", claim=claim)


@test_case(points=2)
def five_layers_in_two_segments_are_three_and_two(env):
    """ckpt is called once for each segment, and the layers run inside."""
    function(env, "run_segments")
    weights, biases = stack_of(5, 3, ramps)
    events = []
    probe(env, "run_layers", weights, biases, torch.ones(1, 3, dtype=torch.float64), 2, events.append)
    lengths = lengths_of(events)
    claim = "Five layers in two segments must be two calls of ckpt, with three and two layers in some order."
    equal(sorted(lengths), [2, 3], what="the lengths of the segments", claim=claim)


@test_case(points=2)
def peaks_and_best_numbers_at_perfect_squares(env):
    """For n = 16, 25, 64, 100 the best k is the root, with a peak of twice the root; one segment or n segments need n + 1."""
    peak_activations, best_k = function(env, "peak_activations"), function(env, "best_k")
    for root in (4, 5, 8, 10):
        n = root * root
        for k, expected in ((root, 2 * root), (1, n + 1), (n, n + 1)):
            claim = "The peak must be k inputs of segments plus the layers of the longest segment."
            equal(peak_activations(n, k), expected, what="the peak", claim=claim)
        equal(best_k(n), root, what="the best k", claim="For a perfect square n the best number of segments is its root.")


@test_case(points=1)
def more_segments_than_layers_are_refused(env):
    """k lies between 1 and n."""
    peak_activations, best_k = function(env, "peak_activations"), function(env, "best_k")
    for k in (0, 6):
        raises(ValueError, peak_activations, 5, k, claim="peak_activations must raise ValueError unless 1 <= k <= n.")
        claim = "run_segments must raise ValueError unless 1 <= k <= len(layers)."
        raises(ValueError, function(env, "run_segments"), [], torch.ones(1), k, claim=claim)
    raises(ValueError, best_k, 0, claim="best_k must raise ValueError for n < 1.")
