import torch


def gradient(env, w):
    """The gradient of the submission's tracked(w), by a backward pass beside the submission's code."""
    w = w.clone().requires_grad_()
    env["tracked"](w).backward()
    return w.grad


def object_of_the_submission(env):
    return type(env["thing"]()).__name__


def which_torch(env):
    return torch.__version__
