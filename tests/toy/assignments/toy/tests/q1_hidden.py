import torch
from otter.test_files import test_case

from checks import close, function, rng


@test_case(points=1, hidden=True)
def shifting_the_input_shifts_the_mean(env):
    mean = function(env, "mean")
    x = torch.randn(7, generator=rng(), dtype=torch.float64)
    claim = "Adding 10 to every entry must add 10 to the mean. To see it: compare mean(x) with mean(x + 10)."
    close(mean(x + 10), x.sum() / 7 + 10, rtol=1e-12, claim=claim)
