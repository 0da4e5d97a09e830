import torch
from otter.test_files import test_case

from checks import close, counting, devices, function, on_device, probe, rng, that

# Up to five calls in float64 with numbers of size one; the absolute part is for weights that land near zero.
LONG_RTOL = 1e-9
LONG_ATOL = 1e-9


def scalar_run(w, gradients, settings):
    """Adam for one number, in plain Python: w after the given gradients."""
    m = v = 0.0
    for t, (g, s) in enumerate(zip(gradients, settings, strict=True), start=1):
        m = s["beta1"] * m + (1 - s["beta1"]) * g
        v = s["beta2"] * v + (1 - s["beta2"]) * g * g
        w -= s["lr"] * (m / (1 - s["beta1"] ** t)) / ((v / (1 - s["beta2"] ** t)) ** 0.5 + s["eps"])
    return w


def tensor_run(w, gradients, settings):
    """`scalar_run` for every entry of a tensor."""
    columns = zip(*(g.flatten().tolist() for g in gradients), strict=True)
    out = [scalar_run(w1, column, settings) for w1, column in zip(w.flatten().tolist(), columns, strict=True)]
    return torch.tensor(out, dtype=torch.float64).reshape(w.shape)


def awkward(*lrs):
    return [{"lr": lr, "beta1": 0.6, "beta2": 0.8, "eps": 1e-2} for lr in lrs]


@test_case(points=1, hidden=True)
def parameters_of_one_shape_keep_separate_moments(env):
    """Five calls with a learning rate that changes; two of the three parameters have the same shape."""
    function(env, "adam_update")
    draw = rng()
    params = [torch.randn(s, generator=draw, dtype=torch.float64) for s in ((3,), (3,), (2, 2))]
    grads = [[torch.randn(p.shape, generator=draw, dtype=torch.float64) for p in params] for _ in range(5)]
    settings = awkward(0.2, 0.2, 0.1, 0.05, 0.3)
    after = probe(env, "call_adam_update", params, grads, settings)
    claim = (
        "Over five calls, every parameter must follow its own moments, with the lr of each call. One does not. To see it: run two "
        "parameters of the same shape together, then each alone, and compare."
    )
    for i, p in enumerate(params):
        expected = tensor_run(p, [now[i] for now in grads], settings)
        close(after["params"][i], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what=f"params[{i}]", claim=claim)


@test_case(points=1, hidden=True)
def fresh_lists_start_a_fresh_model(env):
    """The moments live in the lists and nowhere else: a second model with lists of its own knows nothing of the first."""
    function(env, "adam_update")
    draw = rng()
    claim = (
        "A second model with empty lists must behave as if the first had never been. It does not. To see it: run the same "
        "three calls twice, each time from new lists, and compare."
    )
    for _ in range(2):
        p = torch.randn(12, generator=draw, dtype=torch.float64)
        grads = [[torch.randn(12, generator=draw, dtype=torch.float64)] for _ in range(2)]
        after = probe(env, "call_adam_update", [p], grads, awkward(2.0, 1.0))
        expected = tensor_run(p, [now[0] for now in grads], awkward(2.0, 1.0))
        close(after["params"][0], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="params[0]", claim=claim)


@test_case(points=1, hidden=True)
def parameters_that_require_grad_are_updated_without_a_graph(env):
    """Real parameters are leaves that require grad; the update moves them and stays out of autograd."""
    function(env, "adam_update")
    draw = rng()
    p = torch.randn(12, generator=draw, dtype=torch.float64)
    grads = [[torch.randn(12, generator=draw, dtype=torch.float64)] for _ in range(2)]
    after = probe(env, "call_adam_update", [p], grads, awkward(2.0, 1.0), True)
    claim = (
        "Parameters with requires_grad=True must be updated as well, and no tensor may have a grad_fn afterwards. "
        "To see it: call adam_update with torch.ones(3, requires_grad=True)."
    )
    that(after["graphs"] == 0, claim, f"{after['graphs']} tensors have a grad_fn.")
    expected = tensor_run(p, [now[0] for now in grads], awkward(2.0, 1.0))
    close(after["params"][0], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="params[0]", claim=claim)


@test_case(points=1, hidden=True)
def a_parameter_that_joins_later_gets_moments_of_its_own(env):
    """The lists are extended whenever they are too short, not only when they are empty."""
    function(env, "adam_update")
    draw = rng()
    params = [torch.randn(s, generator=draw, dtype=torch.float64) for s in ((12,), (12,))]
    grads = [[torch.randn(p.shape, generator=draw, dtype=torch.float64) for p in params[:n]] for n in (1, 2)]
    after = probe(env, "call_adam_update", params, grads, awkward(2.0, 1.0))
    claim = (
        "State lists that are too short must be extended with zeros, also when they are not empty. To see it: call adam_update with one "
        "parameter, then with two and the same lists."
    )
    joined = tensor_run(params[1], [torch.zeros_like(grads[1][1]), grads[1][1]], awkward(2.0, 1.0))
    first = tensor_run(params[0], [now[0] for now in grads], awkward(2.0, 1.0))
    for i, expected in enumerate((first, joined)):
        close(after["params"][i], expected, rtol=LONG_RTOL, atol=LONG_ATOL, what=f"params[{i}]", claim=claim)


@test_case(points=1, hidden=True)
def parameters_on_a_device_are_updated_there_without_waiting(env):
    """Moments lie beside their parameters, and nothing in the update is read by the processor."""
    adam_update = function(env, "adam_update")
    p, g = torch.randn(2, 3, generator=rng(), dtype=torch.float64)
    for device in ("cpu", *devices()):
        params, m_state, v_state = [p.to(device, copy=True)], [], []
        claim = (
            f"For parameters on {device}, the update must happen there, and the moments must lie there. To see it: print m_state[0].device."
        )
        with on_device(device):
            adam_update(params, [g.to(device, copy=True)], m_state, v_state, lr=0.2, eps=0.5)
            that(len(m_state) == 1 and isinstance(m_state[0], torch.Tensor) and m_state[0].device.type == device, claim)
            close(params[0].cpu(), p - 0.2 * g / (g.abs() + 0.5), rtol=1e-9, atol=1e-12, what="the parameter", claim=claim)
    if "sim" in devices():
        given = [p.to("sim")], [g.to("sim")], [], []
        with on_device("sim"), counting(env) as counts:
            adam_update(*given)
        that(
            counts.synchronizations == 0,
            "adam_update makes the processor wait: a tensor becomes a Python number (.item(), float(x), an `if` on a tensor) "
            "or is copied to the CPU.",
            f"It waited {counts.synchronizations} times.",
        )
