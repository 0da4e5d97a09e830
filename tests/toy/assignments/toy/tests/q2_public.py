import torch
from otter.test_files import test_case

from checks import close, function, that


@test_case(points=3)
def one_step_moves_against_the_gradient(env):
    descend = function(env, "descend")
    w = torch.tensor([1.0, 2.0])
    result = descend(w, torch.tensor([2.0, 2.0]), 0.5)
    that(result is w, "descend must return the tensor that it was given, changed in place.")
    close(w, torch.tensor([0.0, 1.0]), rtol=1e-6, what="w")
