import torch
from torch import Tensor


def soft_threshold(x: Tensor, lam: float) -> Tensor:
    """Move every entry of x towards zero by lam, and stop at zero: sign(x) · max(|x| − lam, 0).

    x: any shape, floating point. Returns a new tensor of the shape and dtype of x.
    Raises ValueError if lam is negative.
    Source: the proximal operator of lam · ‖x‖₁ (Parikh and Boyd, Proximal Algorithms, section 6.5.2).
    """
    # BEGIN SOLUTION
    if lam < 0:
        raise ValueError(f"lam must not be negative; it is {lam}.")
    return torch.sign(x) * (x.abs() - lam).clamp(min=0)
    # END SOLUTION
