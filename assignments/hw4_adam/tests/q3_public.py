import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, that

# A few steps in float64 against torch.optim.Adam: rounding is below 1e-14; a coefficient kept in float32 (3e-8) is too coarse.
RTOL = 1e-9
ATOL = 1e-9


def torch_adam(groups, grads):
    """What torch.optim.Adam makes of the same groups and gradients."""
    groups = [{**group, "params": [p.clone().requires_grad_() for p in group["params"]]} for group in groups]
    params = [p for group in groups for p in group["params"]]
    optimizer = torch.optim.Adam(groups)
    for now in grads:
        for p, g in zip(params, now, strict=True):
            p.grad = None if g is None else g.clone()
        optimizer.step()
    return [p.detach() for p in params]


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=3)
def the_first_step_moves_the_parameters_by_lr(env):
    """Two parameters, one step: every weight moves by lr against the sign of its gradient."""
    function(env, "MyAdam")
    params, grads = [numbers(1.0, -1.0), numbers(5.0)], [numbers(10.0, -0.5), numbers(3.0)]
    after = probe(env, "run_my_adam", [{"params": params, "lr": 0.25}], [grads])
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        claim = "The first step() must move every weight of every parameter by lr against the sign of its gradient."
        close(after["params"][i], p - 0.25 * g / (g.abs() + 1e-8), rtol=RTOL, what=f"parameter {i} after one step", claim=claim)


@test_case(points=4)
def a_small_network_trains_like_with_torch_adam(env):
    """Five steps of zero_grad, backward and step, on fixed data; the parameters are given as a generator."""
    function(env, "MyAdam")
    x = torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).reshape(6, 2)
    y = (x[:, :1] * 2.0).sin()
    shapes = ((2, 3), (3,), (3, 1), (1,))
    weights = [torch.linspace(-0.5, 0.7, torch.Size(s).numel(), dtype=torch.float64).reshape(s) for s in shapes]
    settings = {"lr": 0.05, "betas": (0.6, 0.8), "eps": 1e-2}
    after = probe(env, "train_network", weights, x, y, 5, settings)

    a, b, c, d = theirs = [p.clone().requires_grad_() for p in weights]
    optimizer = torch.optim.Adam(theirs, **settings)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = ((torch.tanh(x @ a + b) @ c + d - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    claim = "Five training steps of a small network must give the losses and weights that torch.optim.Adam gives."
    close(after["losses"], losses, rtol=RTOL, atol=ATOL, what="losses", claim=claim)
    for name, got, expected in zip(("A", "a", "B", "b"), after["weights"], theirs, strict=True):
        close(got, expected.detach(), rtol=RTOL, atol=ATOL, what=f"{name} after five steps", claim=claim)


@test_case(points=2)
def every_group_has_its_own_settings(env):
    """Two groups that differ in lr, betas and eps, four steps."""
    function(env, "MyAdam")
    groups = [
        {"params": [numbers(1.0, 2.0)], "lr": 0.1, "betas": (0.6, 0.8), "eps": 1e-2},
        {"params": [numbers(1.0, 2.0)], "lr": 0.4, "betas": (0.3, 0.5), "eps": 1e-1},
    ]
    grads = [[numbers(1.0, -2.0), numbers(1.0, -2.0)], [numbers(0.5, 1.0)] * 2, [numbers(-3.0, 0.1)] * 2, [numbers(0.2, 0.2)] * 2]
    after = probe(env, "run_my_adam", groups, grads)
    for i, expected in enumerate(torch_adam(groups, grads)):
        claim = "Every parameter group must be updated, each with its own lr, betas and eps."
        close(after["params"][i], expected, rtol=RTOL, atol=ATOL, what=f"the parameter of group {i} after four steps", claim=claim)


@test_case(points=2)
def a_parameter_without_gradient_is_skipped_and_not_counted(env):
    """The first parameter gets its first gradient at the third step of the run: for it, that is t = 1, and it moves by lr."""
    function(env, "MyAdam")
    params = [numbers(1.0), numbers(1.0)]
    grads = [[None, numbers(2.0)], [None, numbers(-1.0)], [numbers(8.0), numbers(0.5)], [numbers(-2.0), numbers(1.0)]]
    group = {"params": params, "lr": 0.2, "betas": (0.6, 0.8), "eps": 1e-2}
    for steps in (2, 3, 4):
        after = probe(env, "run_my_adam", [group], grads[:steps])
        expected = torch_adam([group], grads[:steps])
        claim = "A parameter whose gradient is None must not move, and its own step count must stand still until it has a gradient."
        close(after["params"], expected, rtol=RTOL, atol=ATOL, what=f"parameters after {steps} steps", claim=claim)


@test_case(points=1)
def a_closure_is_called_once_and_its_value_returned(env):
    """step(closure) lets the closure compute loss and gradients, and hands its value back; then it updates."""
    function(env, "MyAdam")
    after = probe(env, "step_with_closure", numbers(3.0, -4.0))
    equal(after["calls"], 1, what="the number of calls of the closure", claim="step(closure) must call the closure exactly once.")
    that(after["returned"] is not None, "step(closure) must return the value of the closure; it returned None.")
    claim = "step(closure) must return the value of the closure."
    close(after["returned"], 25.0, rtol=RTOL, what="the value of step(closure)", claim=claim)
    claim = "step(closure) must use the gradients that the closure computes."
    expected = numbers(3.0 - 0.5 * 6.0 / (6.0 + 1e-8), -4.0 + 0.5 * 8.0 / (8.0 + 1e-8))
    close(after["w"], expected, rtol=RTOL, what="w after step(closure)", claim=claim)
