import torch
from torch import Tensor


def mean(x: Tensor) -> Tensor:
    """Mean of the entries of x, a 0-d tensor of the same dtype. Raises ValueError when x is empty."""
    # BEGIN SOLUTION
    if x.numel() == 0:
        raise ValueError("x is empty")
    total = x.sum()
    return total / x.numel()
    # END SOLUTION


def descend(w: Tensor, g: Tensor, lr: float) -> Tensor:
    """Change w in place by -lr * g and return w."""
    # BEGIN SOLUTION
    with torch.no_grad():
        w.sub_(lr * g)
    return w
    # END SOLUTION
