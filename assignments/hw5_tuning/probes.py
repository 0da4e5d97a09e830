"""What runs beside your code when a check needs a network or a training run. Read it, run it, change a copy of it.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data.
"""

import torch
from torch import nn


class Tiny(nn.Module):
    """tanh(x A + a) B + b, with given weights: a small network for checks of train_one."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(w.detach().clone()) for w in weights])

    def forward(self, x):
        a, b, c, d = self.weights
        return torch.tanh(x @ a + b) @ c + d


def read(env, sizes, weights, x):
    """Make Reader(*sizes) in float64, set its parameters in the order of parameters() to `weights`, and return its output for x."""
    model = env["Reader"](*sizes).double()
    shapes = [tuple(p.shape) for p in model.parameters()]
    if shapes != [tuple(w.shape) for w in weights]:
        return {"shapes": shapes, "out": None}
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights, strict=True):
            p.copy_(w)
        return {"shapes": shapes, "out": model(x)}


class Through(nn.Module):
    """Hands its input through, and remembers whether a gradient would have been recorded."""

    recorded = False

    def forward(self, x):
        self.recorded |= torch.is_grad_enabled()
        return x


def evaluate_logits(env, logits, y, batch_size):
    """evaluate() of a model that hands its input through, so that the data's x are the logits; and whether a gradient was recorded."""
    model = Through()
    return {"returned": env["evaluate"](model, (logits, y), batch_size), "recorded": model.recorded}


def train(env, weights, train, val, config, eval_every):
    """The history of train_one for the network Tiny with these weights."""
    return env["train_one"](Tiny(weights), train, val, config, eval_every)


def train_there(env, weights, train, val, config, eval_every):
    """As `train`, wherever the weights and the data are; also tells on which device each weight is after the run."""
    model = Tiny(weights)
    history = env["train_one"](model, train, val, config, eval_every)
    return {"history": history, "devices": [str(p.device) for p in model.parameters()]}


def train_refuses(env, weights, train, val, config, eval_every):
    """Whether train_one raises ValueError for this configuration."""
    try:
        env["train_one"](Tiny(weights), train, val, config, eval_every)
    except ValueError:
        return True
    return False


def rerun(env, config):
    """The validation errors of one trial of the study, run again from its seed on the CPU in float64."""
    return [h["val_error"] for h in env["run_trial"](config)]
