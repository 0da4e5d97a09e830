import torch
from otter.test_files import test_case

from checks import close, function, probe, raises, returned, that

# One or two calls in float64: 1e-9 leaves room for rounding; a coefficient kept in float32 (3e-8) is too coarse.
RTOL = 1e-9


def two_parameters():
    """A vector and a matrix, with the gradients of two calls."""
    params = [torch.tensor([1.0, -2.0], dtype=torch.float64), torch.tensor([[0.5, 0.0, 3.0]], dtype=torch.float64)]
    first = [torch.tensor([4.0, -4.0], dtype=torch.float64), torch.tensor([[1.0, -1.0, 0.25]], dtype=torch.float64)]
    second = [torch.tensor([-1.0, 3.0], dtype=torch.float64), torch.tensor([[1.0, 2.0, -1.5]], dtype=torch.float64)]
    return params, first, second


@test_case(points=2)
def one_call_moves_every_parameter_in_place(env):
    """After the first call every weight has moved by lr against the sign of its gradient, in the tensors that were given."""
    adam_update = function(env, "adam_update")
    params, grads, _ = two_parameters()
    before = [p.clone() for p in params]
    adam_update(params, grads, [], [], lr=0.1)
    for i, (p, old, g) in enumerate(zip(params, before, grads, strict=True)):
        claim = f"After the first call, the tensor params[{i}] itself must have moved by lr against the sign of its gradient."
        close(p, old - 0.1 * g / (g.abs() + 1e-8), rtol=RTOL, what=f"params[{i}]", claim=claim)


@test_case(points=2)
def the_lists_that_were_given_hold_the_moments(env):
    """Two calls with the same two lists, empty at first: afterwards they hold the averages of both gradients."""
    function(env, "adam_update")
    params, first, second = two_parameters()
    setting = {"lr": 0.1, "beta1": 0.5, "beta2": 0.75, "eps": 0.0}
    after = probe(env, "call_adam_update", params, [first, second], [setting, setting])
    for name, beta, power in (("m_state", 0.5, 1), ("v_state", 0.75, 2)):
        that(
            len(after[name]) == 2,
            f"After a call with an empty {name}, the same list must hold one tensor for each parameter.",
            f"After two calls with two parameters, {name} has {len(after[name])} entries; expected 2.",
        )
        for i in range(2):
            expected = beta * (1 - beta) * first[i] ** power + (1 - beta) * second[i] ** power
            claim = f"After two calls, {name}[{i}] must hold the moving average over both gradients of parameter {i}, without correction."
            close(after[name][i], expected, rtol=RTOL, what=f"{name}[{i}]", claim=claim)


@test_case(points=1)
def the_same_tensors_come_back(env):
    """The result is (params, m_state, v_state), and its parameters are the given ones, not copies."""
    adam_update = function(env, "adam_update")
    params, grads, _ = two_parameters()
    given = list(params)
    out, m_state, v_state = returned(adam_update(params, grads, [], [], lr=0.1), "params", "m_state", "v_state")
    for name, part in (("params", out), ("m_state", m_state), ("v_state", v_state)):
        that(
            isinstance(part, list | tuple) and len(part) == 2,
            f"adam_update must return the list {name}, with one tensor for each parameter.",
            f"Returned as {name}: {type(part).__name__}" + (f" of length {len(part)}." if hasattr(part, "__len__") else "."),
        )
    that(all(p is q for p, q in zip(out, given, strict=True)), "The returned parameters must be the given tensors themselves, not copies.")


@test_case(points=1)
def the_gradients_keep_their_values(env):
    """Also on the second call: a moment must not be the gradient's own tensor."""
    function(env, "adam_update")
    params, first, second = two_parameters()
    after = probe(env, "call_adam_update", params, [first, second], [{"lr": 0.1}] * 2)
    for call, (now, old) in enumerate(zip(after["grads"], (first, second), strict=True), start=1):
        for i in range(2):
            claim = f"After two calls, the gradient of parameter {i} that call {call} was given must have its old values."
            close(now[i], old[i], rtol=0.0, what=f"grads[{i}] of call {call}", claim=claim)


@test_case(points=1)
def a_missing_gradient_is_an_error(env):
    """Two parameters and one gradient: something was forgotten, and silence would hide it."""
    adam_update = function(env, "adam_update")
    params, grads, _ = two_parameters()
    claim = "adam_update must raise ValueError when params and grads differ in length."
    raises(ValueError, adam_update, params, grads[:1], [], [], claim=claim)
