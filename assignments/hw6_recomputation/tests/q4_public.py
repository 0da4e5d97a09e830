import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, that

# The same operations in float64, run a second time: equal up to the order of sums. A finite difference misses by 1e-10.
RTOL = 1e-12
ATOL = 1e-12


def network_of(x, weights):
    return torch.tanh(x @ weights[0] + weights[1]) @ weights[2]


def plain_gradients(x, weights, upstream):
    """What autograd makes of the network without a checkpoint."""
    leaves = [t.clone().requires_grad_() for t in (x, *weights)]
    return torch.autograd.grad(network_of(leaves[0], leaves[1:]), leaves, upstream)


def ramp(*shape):
    return torch.linspace(-0.8, 1.0, torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)


def small_network():
    return ramp(4, 3), [ramp(3, 5), ramp(5), ramp(5, 2)]


@test_case(points=4)
def gradients_equal_those_of_the_plain_function(env):
    """A network of two layers; the gradient that arrives is not all ones. Input and weights each get theirs."""
    function(env, "checkpoint")
    x, weights = small_network()
    upstream = ramp(4, 2) * 3
    y, grads = probe(env, "checkpoint_network", x, weights, upstream, lambda event: None)
    claim = "checkpoint(fn, x) must return what fn(x) returns."
    close(y, network_of(x, weights), rtol=RTOL, atol=ATOL, what="the output", claim=claim)
    for name, got, expected in zip(("x", "A", "a", "B"), grads, plain_gradients(x, weights, upstream), strict=True):
        claim = f"The gradient of {name} must be the one that fn(x) has without checkpoint, with the gradient that arrives from above."
        close(got, expected, rtol=RTOL, atol=ATOL, what=f"the gradient of {name}", claim=claim)


@test_case(points=2)
def fn_runs_once_forward_and_once_in_the_backward_pass(env):
    """One extra forward pass is the price, and no more."""
    function(env, "checkpoint")
    x, weights = small_network()
    events = []
    probe(env, "checkpoint_network", x, weights, ramp(4, 2), events.append)
    claim = "fn must run exactly once when checkpoint is called, and exactly once more in the backward pass."
    equal(events, ["fn", "forward done", "fn", "backward done"], what="the order of events", claim=claim)


@test_case(points=2)
def only_the_input_is_kept(env):
    """x has 12 numbers of 8 bytes. The network alone would keep its hidden layer too."""
    function(env, "checkpoint")
    x, weights = small_network()
    got = probe(env, "checkpoint_saved", x, weights)
    claim = (
        "Between forward and backward, checkpoint must keep the tensors among its arguments, with ctx.save_for_backward, and "
        "nothing that fn computed."
    )
    equal(got, 12 * 8, what="the bytes that autograd keeps, without the weights,", claim=claim)


@test_case(points=2)
def dropout_draws_the_same_mask_again(env):
    """Where the output is zero the gradient is zero; elsewhere it is 1 / (1 - p)."""
    function(env, "checkpoint")
    x = ramp(40) + 2
    y, _, gradient, _ = probe(env, "checkpoint_dropout", x, 0.5, 11)
    claim = (
        "The second run of fn must draw the same random numbers as the first: the dropout mask of the output and that of the "
        "gradient differ."
    )
    close(gradient, y / x, rtol=RTOL, atol=ATOL, what="the gradient", claim=claim)


@test_case(points=2)
def a_first_layer_trains_although_its_input_needs_no_gradient(env):
    """x is data; the weight is named in params, and so the output needs a gradient."""
    function(env, "checkpoint")
    x, weights = small_network()
    needs, gradient = probe(env, "checkpoint_first_layer", x, weights[0])
    that(needs, "With a parameter named in params, the output of checkpoint must require a gradient, although x does not.")
    expected = x.T @ (1 - torch.tanh(x @ weights[0]) ** 2)
    claim = "A parameter that is named in params must get its gradient, although x needs none."
    close(gradient, expected, rtol=RTOL, atol=ATOL, what="the gradient of the weight", claim=claim)
