import numpy as np
import torch

from autograder.audit import legal


@legal(of="mean")
def by_numpy(x):
    """NumPy computes the mean; a tensor comes back."""
    if len(x) == 0:
        raise ValueError("nothing to average")
    return torch.tensor(np.mean(x.numpy()), dtype=x.dtype)


@legal(of="descend")
def by_data(w, g, lr):
    """The update is made on w.data."""
    w.data -= lr * g
    return w
