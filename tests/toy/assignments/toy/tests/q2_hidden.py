import torch
from otter.test_files import test_case

from checks import close, probe, rng, that


@test_case(points=3, hidden=True)
def three_steps_add_up(env):
    w = torch.randn(3, generator=rng(), dtype=torch.float64)
    start = w.clone()
    g = torch.ones(3, dtype=torch.float64)
    got, same = probe(env, "descend_often", w, g, 3)
    that(all(same), "descend must return the tensor that it was given, at every call.")
    close(got, start - 1.5, rtol=1e-12, what="w", claim="Three steps must move w three times as far as one.")
