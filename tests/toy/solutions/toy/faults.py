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


@fault(of="mean", loses={"q1"}, hint="Does every entry count?")
def first_and_last_only(x):
    """The middle of the smallest and largest entry stands for the mean of all."""
    if x.numel() == 0:
        raise ValueError("x is empty")
    return (x.min() + x.max()) / 2


@fault(of="mean", loses={"q1"}, hint="What should an empty tensor give?")
def accepts_nothing(x):
    """The empty tensor is not refused: its mean is NaN."""
    return x.sum() / x.numel()


@fault(of="descend", loses={"q2"}, hint="What is multiplied by lr?")
def forgets_lr(w, g, lr):
    """The gradient is subtracted whole, without the learning rate."""
    return reference.descend(w, g, 1.0)
