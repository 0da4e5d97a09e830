"""What runs beside your code when a check needs more than one call: small training loops. Read them, run them, change a copy of them.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data.
"""

import copy

import torch


def call_adam_update(env, params, grads, settings, requires_grad=False):
    """Call adam_update once for each entry of `grads`, with state lists that start empty. Its return value is not used: it works in place.

    grads: a list of gradients for each call; a call gets as many parameters as it has gradients.
    settings: lr, beta1, beta2 and eps of each call.
    """
    params = [p.clone().requires_grad_(requires_grad) for p in params]
    grads = [[g.clone() for g in now] for now in grads]
    m_state, v_state = [], []
    for t, (now, setting) in enumerate(zip(grads, settings, strict=True), start=1):
        env["adam_update"](params[: len(now)], now, m_state, v_state, t=t, **setting)
    return {
        "params": [p.detach().clone() for p in params],
        "m_state": [x.detach().clone() for x in m_state],
        "v_state": [x.detach().clone() for x in v_state],
        "grads": grads,
        "graphs": sum(x.grad_fn is not None for x in [*params, *m_state, *v_state]),
    }


def run_my_adam(env, groups, grads, decay=1.0):
    """Make MyAdam of parameter groups and call step() once for each entry of `grads`: the gradients (or None) of all parameters in order.

    groups: dictionaries with "params" and settings. decay: after each step a scheduler (ExponentialLR) multiplies the learning rates by it.
    Returns the parameters and their gradients after the last step.
    """
    groups = [{**group, "params": [_parameter(p) for p in group["params"]]} for group in groups]
    params = [p for group in groups for p in group["params"]]
    optimizer = env["MyAdam"](groups, **{key: value for key, value in groups[0].items() if key != "params"})
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, decay)
    for now in grads:
        _set_gradients(params, now)
        optimizer.step()
        scheduler.step()
    return {"params": [p.detach().clone() for p in params], "grads": [p.grad for p in params]}


def move_then_step(env, params, grads, settings, device):
    """Make MyAdam for a model on the CPU, move the model to `device`, then call step() once for each entry of `grads`.

    Returns the parameters on the device, and the devices of all tensors of the state but 0-d counters.
    """
    net = torch.nn.ParameterList([torch.nn.Parameter(p.clone()) for p in params])
    optimizer = env["MyAdam"](net.parameters(), **settings)
    net.to(device)
    for now in grads:
        _set_gradients(list(net), [g.to(device) for g in now])
        optimizer.step()
    state = [t for held in optimizer.state.values() for t in held.values() if isinstance(t, torch.Tensor) and t.dim() > 0]
    return {"params": [p.detach().clone() for p in net], "state": [str(t.device) for t in state]}


def train_network(env, weights, x, y, steps, settings):
    """Train the network tanh(x A + a) B + b on the mean squared error with MyAdam. Returns the loss before each step, and the weights."""
    weights = [_parameter(p) for p in weights]
    optimizer = env["MyAdam"]((p for p in weights), **settings)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = _loss(weights, x, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "weights": [p.detach().clone() for p in weights]}


def step_with_closure(env, w):
    """One step() with a closure that computes the gradient of the sum of w². Returns what step returned, how often it called, and w."""
    w = _parameter(w)
    optimizer = env["MyAdam"]([w], lr=0.5)
    calls = []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss.item()

    returned = optimizer.step(closure)
    return {"returned": returned, "calls": len(calls), "w": w.detach().clone()}


def save_and_resume(env, params, grads, saved_after, settings):
    """Run MyAdam for `saved_after` steps, save weights and state_dict, and finish the run with a new optimizer that loads them."""
    first = [_parameter(p) for p in params]
    optimizer = env["MyAdam"](first, **settings)
    for now in grads[:saved_after]:
        _set_gradients(first, now)
        optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    second = [_parameter(p) for p in first]
    optimizer = env["MyAdam"](second, **settings)
    optimizer.load_state_dict(saved)
    for now in grads[saved_after:]:
        _set_gradients(second, now)
        optimizer.step()
    return [p.detach().clone() for p in second]


def graphs_left_behind(env, weights, x, y):
    """Two steps of MyAdam with gradients that carry a graph themselves (create_graph=True). Counts what keeps a graph."""
    weights = [_parameter(p) for p in weights]
    optimizer = env["MyAdam"](weights)
    for _ in range(2):
        for p, g in zip(weights, torch.autograd.grad(_loss(weights, x, y), weights, create_graph=True), strict=True):
            p.grad = g
        optimizer.step()
    state = [value for of_one in optimizer.state.values() for value in of_one.values() if isinstance(value, torch.Tensor)]
    return {"weights": sum(not p.is_leaf for p in weights), "state": sum(x.requires_grad for x in state)}


def _loss(weights, x, y):
    a, b, c, d = weights
    return ((torch.tanh(x @ a + b) @ c + d - y) ** 2).mean()


def _parameter(p):
    return p.detach().clone().requires_grad_()


def _set_gradients(params, grads):
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else g.clone()
