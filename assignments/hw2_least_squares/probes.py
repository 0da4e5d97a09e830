"""What runs beside your code when a check needs more than one call. Read it, run it, change a copy of it.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data.
"""

import torch


def draw_after_make_problem(env, seed):
    """Random numbers drawn after seeding the global generator: with a call of make_problem in between, and without."""
    torch.manual_seed(seed)
    env["make_problem"](6, 3, 2.0, seed=7)
    with_call = torch.rand(4)
    torch.manual_seed(seed)
    return with_call, torch.rand(4)
