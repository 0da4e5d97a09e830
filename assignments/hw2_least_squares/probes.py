"""What runs beside your code when a check needs more than one call. Read it, run it, change a copy of it.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data.
"""

import torch


def draw_after_make_problem(env, seed):
    """Random numbers drawn after seeding the global generator: with a call of make_problem in between, and without."""
    return _draw_after(lambda: env["make_problem"](6, 3, 2.0, seed=7), seed)


def draw_after_max_stable_step(env, seed):
    """The same with a call of max_stable_step in between."""
    return _draw_after(lambda: env["max_stable_step"](torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64)), seed=7), seed)


def _draw_after(call, seed):
    torch.manual_seed(seed)
    call()
    with_call = torch.rand(4)
    torch.manual_seed(seed)
    return with_call, torch.rand(4)
