"""What runs beside your code when a check needs more than one call: small training loops. You may read and run everything here.

A probe takes the notebook's names (`env`) and data, and returns data.
"""

import copy

import torch


def call_adam_update(env, params, grads, settings, requires_grad=False):
    """Call adam_update once for each entry of `grads`, with state lists that start empty. Its return value is not used: it works in place.

    grads: a list of gradients for each call; a call gets as many parameters as it has gradients. settings: lr, beta1, beta2, eps of each call.
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
    """
    groups = [{**group, "params": [_parameter(p) for p in group["params"]]} for group in groups]
    params = [p for group in groups for p in group["params"]]
    optimizer = env["MyAdam"](groups)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, decay)
    for now in grads:
        _set(params, now)
        optimizer.step()
        scheduler.step()
    return [p.detach().clone() for p in params], [None if p.grad is None else p.grad.clone() for p in params]


def save_and_resume(env, params, grads, at, settings):
    """As run_my_adam with one group, but after `at` steps the weights and the optimizer's state_dict go to new ones, which finish the run."""
    for part in (grads[:at], grads[at:]):
        params = [_parameter(p) for p in params]
        optimizer = env["MyAdam"](iter(params), **settings)
        if part is not grads[:at] and at and len(part) == len(grads) - at and "saved" in locals():
            optimizer.load_state_dict(saved)
        for now in part:
            _set(params, now)
            optimizer.step()
        saved = copy.deepcopy(optimizer.state_dict())
    return [p.detach().clone() for p in params]


def _parameter(p):
    return p.detach().clone().requires_grad_()


def _set(params, grads):
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else g.clone()
