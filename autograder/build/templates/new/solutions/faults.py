import torch

import reference
from autograder.audit import fault


@fault(of="soft_threshold", loses={"q1"}, hint="What happens to an entry that is larger than lam?")
def hard_threshold(x, lam):
    """Small entries become zero, but large ones keep their size, as with the hard threshold."""
    reference.soft_threshold(x, lam)
    return torch.where(x.abs() > lam, x, torch.zeros_like(x))


@fault(of="soft_threshold", loses={"q1"}, hint="What should become of an entry that is smaller than lam?")
def passes_through_zero(x, lam):
    """Entries move by lam but do not stop at zero: small ones change their sign."""
    reference.soft_threshold(x, lam)
    return x - lam * torch.sign(x)


@fault(of="soft_threshold", loses={"q1"}, hint="Which sign has the result for a negative entry?")
def loses_the_sign(x, lam):
    """The sign is forgotten, so negative entries come back positive."""
    return reference.soft_threshold(x, lam).abs()


@fault(of="soft_threshold", loses={"q1"}, hint="For which lam does the prompt ask for an error?")
def accepts_a_negative_threshold(x, lam):
    """A negative threshold is not refused: it pushes entries away from zero."""
    return torch.sign(x) * (x.abs() - lam).clamp(min=0)


@fault(of="soft_threshold", loses={"q1"}, hint="Is x still what it was after your function ran?")
def works_in_place(x, lam):
    """The result is written into the argument."""
    return x.copy_(reference.soft_threshold(x, lam))


@fault(of="soft_threshold", loses={"q1"}, hint="Which dtype has the result for a float32 tensor?")
def always_float64(x, lam):
    """Everything is converted to float64 and stays there."""
    return reference.soft_threshold(x.double(), lam)
