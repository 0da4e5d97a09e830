import torch

import reference
from autograder.audit import fault


@fault(of="mean", loses={"q1"}, hint="By what do you divide the sum?")
def forgets_to_divide(x):
    """The sum is returned without dividing by the number of entries."""
    if x.numel() == 0:
        raise ValueError("x is empty")
    return x.sum()


@fault(of="mean", loses={"q1"}, hint="How many entries does x have?")
def divides_by_n_minus_one(x):
    """The sum is divided by n - 1, as for a sample variance."""
    if x.numel() == 0:
        raise ValueError("x is empty")
    return x.sum() / (x.numel() - 1)


@fault(of="descend", loses={"q2"}, hint="Which way does the loss fall?")
def climbs(w, g, lr):
    """The step goes along the gradient and not against it."""
    return reference.descend(w, -g, lr)


@fault(of="descend", loses={"q2"}, hint="Is the returned tensor the one that came in?")
def returns_a_copy(w, g, lr):
    """A new tensor is returned and w stays as it was."""
    return w - lr * g


@fault(of="descend", loses={"q2"}, hint="Does your loop end?", only_limited=True)
def never_ends(w, g, lr):
    """The loop has no exit."""
    while True:
        torch.ones(1)
