import torch
from otter.test_files import test_case

from checks import close, function, raises

RTOL = 1e-12  # one rounding per addition, float64


@test_case(points=2)
def the_mean_of_1_and_3_is_2(env):
    mean = function(env, "mean")
    close(mean(torch.tensor([1.0, 3.0], dtype=torch.float64)), torch.tensor(2.0, dtype=torch.float64), rtol=RTOL)


@test_case(points=1)
def an_empty_tensor_is_refused(env):
    raises(ValueError, function(env, "mean"), torch.empty(0))
