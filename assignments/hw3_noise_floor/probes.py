"""What runs beside your code when a check needs more than data: a generator of random numbers. Read it, run it, change a copy of it.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data.
"""

import torch


def draw(env, n, B, K, seed):
    """draw_batches with a new generator of this seed, after torch's global generator was set to something else."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        return env["draw_batches"](n, B, K, torch.Generator().manual_seed(seed))


def draw_twice(env, n, B, K, seed):
    """Two calls of draw_batches with one and the same generator."""
    generator = torch.Generator().manual_seed(seed)
    return env["draw_batches"](n, B, K, generator), env["draw_batches"](n, B, K, generator)
