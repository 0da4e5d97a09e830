import torch

from autograder.audit import legal


@legal(of="soft_threshold")
def difference_of_two_ramps(x, lam):
    """max(x − lam, 0) − max(−x − lam, 0), which needs no sign."""
    if lam < 0:
        raise ValueError("lam")
    return torch.relu(x - lam) - torch.relu(-x - lam)
