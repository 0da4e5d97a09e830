from contextlib import suppress

import torch
from otter.test_files import test_case

from checks import DeviceMistake, close, counting, devices, function, on_device, probe, raises, rng, that

# At most eight steps in float64 with numbers of size one; the absolute part is for weights that land near zero.
LONG_RTOL = 1e-9
LONG_ATOL = 1e-9

AWKWARD = {"lr": 1.0, "betas": (0.6, 0.8), "eps": 1e-2}


def formula(params, grads, lr, betas, eps, decay=1.0):
    """Adam on a list of tensors, every gradient given; `decay` multiplies lr after each step."""
    params = [p.clone() for p in params]
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in params]
    for t, now in enumerate(grads, start=1):
        for i, g in enumerate(now):
            m, v = moments[i]
            moments[i] = m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
            rate = lr * decay ** (t - 1)
            params[i] = params[i] - rate * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + eps)
    return params


def some_run(draw, steps, shapes=((3,), (3,), (2, 2))):
    params = [torch.randn(s, generator=draw, dtype=torch.float64) for s in shapes]
    return params, [[torch.randn(s, generator=draw, dtype=torch.float64) for s in shapes] for _ in range(steps)]


@test_case(points=2, hidden=True)
def a_scheduler_steers_the_learning_rate(env):
    """The learning rate is read from the group at every step, because schedulers change it there."""
    function(env, "MyAdam")
    params, grads = some_run(rng(), 4)
    after = probe(env, "run_my_adam", [{"params": params, **AWKWARD}], grads, 0.5)
    claim = (
        "A scheduler that halves the learning rate after every step must halve the steps. To see it: change "
        "optimizer.param_groups[0]['lr'] between two steps and look at how far the weights move."
    )
    expected = formula(params, grads, **AWKWARD, decay=0.5)
    close(after["params"], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="parameters", claim=claim)


@test_case(points=2, hidden=True)
def a_resumed_run_equals_an_uninterrupted_one(env):
    """state_dict holds all that the optimizer remembers: the moments and the step counts."""
    function(env, "MyAdam")
    params, grads = some_run(rng(), 5)
    got = probe(env, "save_and_resume", params, grads, 3, AWKWARD)
    claim = (
        "A run that is saved with state_dict() and resumed with load_state_dict() in a new optimizer must end where the uninterrupted run "
        "ends. To see it: print optimizer.state_dict()['state'] after a step."
    )
    close(got, formula(params, grads, **AWKWARD), rtol=LONG_RTOL, atol=LONG_ATOL, what="parameters", claim=claim)


@test_case(points=1, hidden=True)
def no_graph_grows_from_step_to_step(env):
    """Moments that carried a graph would keep every past step alive in memory."""
    function(env, "MyAdam")
    draw = rng()
    weights = [torch.randn(s, generator=draw, dtype=torch.float64) for s in ((2, 3), (3,), (3, 1), (1,))]
    x, y = torch.randn(5, 2, generator=draw, dtype=torch.float64), torch.randn(5, 1, generator=draw, dtype=torch.float64)
    left = probe(env, "graphs_left_behind", weights, x, y)
    claim = (
        "After a step, parameters must still be leaves and no tensor of the state may require grad. To see it: set p.grad to a tensor with "
        "requires_grad=True, call step(), and look at requires_grad of the tensors in optimizer.state[p]."
    )
    that(left["weights"] == 0, claim, f"{left['weights']} of 4 parameters are no longer leaves.")
    that(left["state"] == 0, claim, f"{left['state']} tensors of the state require grad.")


@test_case(points=1, hidden=True)
def a_zero_gradient_is_a_gradient(env):
    """Where the gradient is zero, the moments fade and momentum still moves the weights; only None means skip."""
    function(env, "MyAdam")
    params, grads = some_run(rng(), 4)
    grads[1] = grads[2] = [torch.zeros_like(g) for g in grads[0]]
    after = probe(env, "run_my_adam", [{"params": params, **AWKWARD}], grads)
    claim = (
        "A gradient of zeros must count as a step: moments fade and momentum moves the weights. To see it: take one step "
        "with a gradient of ones, one with zeros, and print the weights after each."
    )
    close(after["params"], formula(params, grads, **AWKWARD), rtol=LONG_RTOL, atol=LONG_ATOL, what="parameters", claim=claim)


@test_case(points=1, hidden=True)
def gradients_are_read_and_not_changed(env):
    """After step(), p.grad has the values that backward put there."""
    function(env, "MyAdam")
    params, grads = some_run(rng(), 2)
    after = probe(env, "run_my_adam", [{"params": params, **AWKWARD}], grads)
    claim = "step() must leave p.grad as it is. To see it: keep a clone of p.grad, call step() twice, and compare."
    close(after["grads"], grads[-1], rtol=0.0, what="gradients", claim=claim)


@test_case(points=1, hidden=True)
def settings_outside_their_domain_are_refused(env):
    """lr and eps must not be negative, and betas lie in [0, 1)."""
    my_adam = function(env, "MyAdam")
    w = torch.zeros(1, dtype=torch.float64)
    for wrong in ({"lr": -1.0}, {"eps": -1e-8}, {"betas": (1.0, 0.9)}, {"betas": (0.9, 1.0)}, {"betas": (-0.1, 0.9)}):
        claim = "MyAdam must raise ValueError for a negative lr, a negative eps and a beta outside [0, 1). To see it: try each of them."
        raises(ValueError, my_adam, [w], claim=claim, **wrong)
    params, grads = some_run(rng(), 2)
    after = probe(env, "run_my_adam", [{"params": params, "lr": 0.0, "betas": (0.0, 0.0), "eps": 0.0}], grads)
    claim = "lr = 0, eps = 0 and betas of 0 are allowed, and with lr = 0 nothing moves. To see it: make such an optimizer and take a step."
    close(after["params"], params, rtol=LONG_RTOL, what="parameters", claim=claim)


@test_case(points=1, hidden=True)
def a_model_may_move_to_a_device_before_its_first_step(env):
    """State is made at the first step, where the parameter is then; a group may live on another device than its neighbor."""
    function(env, "MyAdam")
    params, grads = some_run(rng(), 3)
    expected = formula(params, grads, **AWKWARD)
    claim = (
        "A model that is moved to a device after its optimizer was made must train there, moments beside their parameter. "
        "To see it: make MyAdam(net.parameters()), then net.to('sim'), then take a step."
    )
    for device in ("cpu", *devices()):
        groups = [{"params": [params[0]], **AWKWARD}, {"params": [p.to(device) for p in params[1:]], **AWKWARD}]
        split = [[now[0], *(g.to(device) for g in now[1:])] for now in grads]
        both = f"Two groups, one on the CPU and one on {device}, must both train, each where it is."
        with on_device(device):
            got = probe(env, "move_then_step", params, grads, AWKWARD, device)
            that(all(place.startswith(device) for place in got["state"]), claim, f"The state lies on {sorted(set(got['state']))}.")
            close([p.cpu() for p in got["params"]], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="parameters", claim=claim)
            after = probe(env, "run_my_adam", groups, split)
            close([p.cpu() for p in after["params"]], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="parameters", claim=both)


@test_case(points=1, hidden=True)
def a_step_of_the_optimizer_never_waits_for_the_device(env):
    """A training loop is as fast as the device only if nothing in it is read by the processor."""
    function(env, "MyAdam")
    if "sim" in devices():
        params, grads = some_run(rng(), 2)
        groups = [{"params": [p.to("sim") for p in params], **AWKWARD}]
        moved = [[g.to("sim") for g in now] for now in grads]
        with counting(env) as counts, suppress(DeviceMistake), on_device("sim"):  # the case above charges it
            probe(env, "run_my_adam", groups, moved)
        that(
            counts.synchronizations == 0,
            "MyAdam.step makes the processor wait: a tensor becomes a Python number (.item(), float(x), an `if` on a tensor) "
            "or is copied to the CPU. Keep step counts as Python numbers or on the CPU.",
            f"It waited {counts.synchronizations} times in two steps.",
        )
