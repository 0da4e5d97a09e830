import torch
from otter.test_files import test_case
from torch.nn import functional as F

from checks import close, function, probe, rng

# As in the public cases: the same float64 operations, run a second time.
SAME = 1e-12
# Random numbers in float32: the room is that of its rounding, and other numbers differ by far more.
SAME_DRAWS = 1e-6


def numbers(draw, *shape):
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


@test_case(points=2, hidden=True)
def later_random_numbers_are_those_of_the_plain_run(env):
    """The backward pass rewinds the generator for fn, and then puts it back to where it was."""
    function(env, "checkpoint")
    draw = rng()
    x, seed = numbers(draw, 9), int(torch.randint(0, 10_000, (), generator=draw))
    y, between, _, after = probe(env, "checkpoint_dropout", x, 0.3, seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        expected = [F.dropout(x, 0.3), torch.rand(4), torch.rand(4)]
    claim = (
        "Random numbers drawn after a backward pass must be the ones that follow without checkpoint. To see it: seed, call, "
        "backward, print "
        "torch.rand(2); and then the same with fn(x) in place of checkpoint(fn, x)."
    )
    for name, got, e in zip(
        ("dropout's output", "torch.rand before backward", "torch.rand after backward"), (y, between, after), expected, strict=True
    ):
        close(got, e, rtol=SAME if e.dtype == torch.float64 else SAME_DRAWS, what=name, claim=claim)


@test_case(points=2, hidden=True)
def arguments_of_any_kind_reach_fn_in_order(env):
    """A number, a tensor, integers, a string, None, a tensor without gradient, and one that fn does not use."""
    function(env, "checkpoint")
    draw = rng()
    x, w, index = numbers(draw, 5), numbers(draw, 3), torch.randperm(5, generator=draw)[:3]
    y, gradient = probe(env, "checkpoint_mixed_arguments", 1.7, x, index, "sin", w)
    claim = (
        "Arguments that are no tensors, integer tensors, tensors without gradient and tensors that fn does not use must reach fn in their "
        "places, in both runs. To see it: checkpoint(lambda c, x, i, z: c * x[i], 2.0, x, torch.tensor([0]), x.exp())."
    )
    close(y, 1.7 * torch.sin(x[index]) * w, rtol=SAME, atol=SAME, what="the output", claim=claim)
    expected = torch.zeros(5, dtype=torch.float64)
    expected[index] = 1.7 * torch.cos(x[index]) * w
    close(gradient, expected, rtol=SAME, atol=SAME, what="the gradient", claim=claim)


@test_case(points=2, hidden=True)
def every_output_brings_its_own_gradient(env):
    """Two outputs with different upstream gradients; then only the second of them is used."""
    function(env, "checkpoint")
    draw = rng()
    x, up = numbers(draw, 4), [numbers(draw, 4), numbers(draw, 4)]
    first, second, both, one = probe(env, "checkpoint_two_outputs", x, up)
    claim = (
        "A function that returns a tuple must give a tuple, and its gradient must be the sum over the outputs, each with its own upstream "
        "gradient. To see it: a, b = checkpoint(lambda x: (x.sin(), x**3), x), and differentiate (2 * a + 3 * b).sum()."
    )
    close([first, second], [torch.sin(x), x**3], rtol=SAME, atol=SAME, what="outputs", claim=claim)
    close(both, up[0] * torch.cos(x) + up[1] * 3 * x**2, rtol=SAME, atol=SAME, what="the gradient of both", claim=claim)
    close(one, up[1] * 3 * x**2, rtol=SAME, atol=SAME, what="the gradient of the second", claim=claim)


@test_case(points=1, hidden=True)
def an_input_that_was_changed_in_place_is_noticed(env):
    """What is saved with ctx.save_for_backward is watched by PyTorch, what is put on ctx as an attribute is not."""
    function(env, "checkpoint")
    x = numbers(rng(), 4)
    gradient = probe(env, "checkpoint_changed_input", x)
    claim = (
        "If the input changes in place between forward and backward, the gradient must be refused with an error (or be right), "
        "never wrong. To see it: "
        "h = x * 1, y = checkpoint(torch.sin, h), change h under torch.no_grad(), call backward."
    )
    if gradient is not None:
        close(gradient, torch.cos(x), rtol=SAME, atol=SAME, what="the gradient", claim=claim)


@test_case(points=1, hidden=True)
def a_second_derivative_is_refused_or_right(env):
    """backward runs without a graph; a second .backward() must say so, not leave a term out."""
    function(env, "checkpoint")
    x = numbers(rng(), 4)
    second = probe(env, "checkpoint_second_derivative", x)
    claim = (
        "A second .backward() through checkpoint must be refused with an error (or be right), never be silently incomplete. To see it: "
        "take g = torch.autograd.grad((checkpoint(torch.sin, x)**2 + x**3).sum(), x, create_graph=True)[0], and call g.sum().backward()."
    )
    if second is not None:
        close(second, 2 * torch.cos(2 * x) + 6 * x, rtol=SAME, atol=SAME, what="the second derivative", claim=claim)
