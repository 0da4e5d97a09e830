import math

import torch
from otter.test_files import test_case
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from checks import close, counting, devices, equal, function, on_device, probe, rng, that

# Nine steps in float64; see the public file.
HIDDEN_RTOL = 1e-8
# A step needs one number from the device, to see whether the loss is finite; the prompt leaves room for two more.
WAITS_PER_STEP = 3


def drawn_problem(draw, n=11):
    """n examples in three classes, eight for validation, and weights for Tiny: 3 inputs, 4 hidden units, 3 outputs."""
    x = torch.randn(n, 3, generator=draw, dtype=torch.float64)
    y = torch.randint(3, (n,), generator=draw)
    val = torch.randn(8, 3, generator=draw, dtype=torch.float64), torch.randint(3, (8,), generator=draw)
    weights = [torch.randn(s, generator=draw, dtype=torch.float64) for s in ((3, 4), (4,), (4, 3), (3,))]
    return (x, y), val, weights


def drawn_config(draw, **changes):
    seed = int(torch.randint(1000, (), generator=draw))
    return {"lr": 0.1, "weight_decay": 0.4, "batch_size": 4, "schedule": "constant", "average": 0.0, "steps": 9, "seed": seed, **changes}


def curves(weights, train, val, config, eval_every):
    """The training and validation losses at the checkpoints: AdamW with schedule and average, written out."""
    a = {"weights": [w.clone() for w in weights], "average": None}
    moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in weights]
    generator = torch.Generator().manual_seed(config["seed"])
    loader = DataLoader(range(len(train[1])), batch_size=config["batch_size"], shuffle=True, generator=generator)
    train_losses, val_losses, losses, k = [], [], [], 0

    def forward(w, x):
        return torch.tanh(x @ w[0] + w[1]) @ w[2] + w[3]

    while k < config["steps"]:
        for chosen in loader:
            leaves = [w.requires_grad_() for w in a["weights"]]
            each = cross_entropy(forward(leaves, train[0][chosen]), train[1][chosen], reduction="none")
            grads = torch.autograd.grad(each.mean(), leaves)
            losses += each.tolist()
            lr = config["lr"]
            if config["schedule"] == "cosine":
                lr = 0.5 * lr * (1 + math.cos(math.pi * k / config["steps"]))
            k += 1
            for i, (w, g) in enumerate(zip(leaves, grads, strict=True)):
                m, v = moments[i]
                moments[i] = m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                move = (m / (1 - 0.9**k)) / ((v / (1 - 0.999**k)).sqrt() + 1e-8)
                a["weights"][i] = (w * (1 - lr * config["weight_decay"]) - lr * move).detach()
            gamma = config["average"]
            old = a["average"] or a["weights"]
            a["average"] = [gamma * o + (1 - gamma) * w for o, w in zip(old, a["weights"], strict=True)]
            if k % eval_every == 0 or k == config["steps"]:
                train_losses.append(sum(losses) / len(losses))
                val_losses.append(cross_entropy(forward(a["average"], val[0]), val[1]).item())
                losses = []
            if k == config["steps"]:
                break
    return train_losses, val_losses


def entries(history, key):
    that(
        isinstance(history, list | tuple) and all(isinstance(h, dict) and key in h for h in history),
        f'train_one must return a list of dictionaries, one per checkpoint, each with the key "{key}".',
    )
    return [h[key] for h in history]


@test_case(points=2, hidden=True)
def the_cosine_schedule_goes_by_steps(env):
    """Step k = 0, 1, ... uses the learning rate lr (1 + cos(pi k / steps)) / 2."""
    function(env, "train_one")
    draw = rng()
    train, val, weights = drawn_problem(draw)
    config = drawn_config(draw, schedule="cosine")
    _, expected = curves(weights, train, val, config, 2)
    got = entries(probe(env, "train", weights, train, val, config, 2), "val_loss")
    claim = (
        "With the cosine schedule, step k (the first is k = 0) must use lr (1 + cos(pi k / steps)) / 2. To see it: print the optimizer's "
        "learning "
        "rate before each optimizer.step() for steps=4; it must go through lr times 1, 0.854, 0.5, 0.146."
    )
    close(got, expected, rtol=HIDDEN_RTOL, what='"val_loss"', claim=claim)


@test_case(points=2, hidden=True)
def the_averaged_weights_are_evaluated(env):
    """The average is updated at every step, begins as a copy of the weights after the first step, and is what validation sees."""
    function(env, "train_one")
    draw = rng()
    train, val, weights = drawn_problem(draw)
    config = drawn_config(draw, average=0.6)
    _, expected = curves(weights, train, val, config, 2)
    got = entries(probe(env, "train", weights, train, val, config, 2), "val_loss")
    claim = (
        "The validation loss must be that of the weight average: a copy of the weights after step 1, and then after every step gamma "
        "times the old "
        "average plus (1 - gamma) times the new weights. To see it: take steps=2 and compute the average of the two weights by hand."
    )
    close(got, expected, rtol=HIDDEN_RTOL, what='"val_loss"', claim=claim)


@test_case(points=1, hidden=True)
def the_average_only_watches(env):
    """Training itself does not depend on gamma: with and without the average, the training losses are the same."""
    function(env, "train_one")
    draw = rng()
    train, val, weights = drawn_problem(draw)
    config = drawn_config(draw)
    plain, again, averaged = (
        entries(probe(env, "train", weights, train, val, {**config, "average": gamma}, 3), "train_loss") for gamma in (0.0, 0.0, 0.9)
    )
    that(len(plain) == 3, "With steps=9 and eval_every=3, there must be three checkpoints.", f"There are {len(plain)}.")
    claim = (
        "The same configuration and the same starting weights must give the same training losses again. To see it: call train_one "
        "twice, each time with a new network from the same seed, and compare the histories."
    )
    close(again, plain, rtol=HIDDEN_RTOL, what='"train_loss"', claim=claim)
    claim = (
        "The training losses must not depend on config['average']. To see it: compare the histories for average 0 and 0.9, each from the "
        "same starting weights."
    )
    close(averaged, plain, rtol=HIDDEN_RTOL, what='"train_loss"', claim=claim)


@test_case(points=1, hidden=True)
def a_run_ends_where_the_loss_is_not_finite(env):
    """One example of five is spoiled by NaN: training ends at its batch, and the checkpoints before it come back."""
    function(env, "train_one")
    draw = rng()
    train, val, weights = drawn_problem(draw, n=5)
    config = drawn_config(draw, batch_size=1, steps=8)
    order = [int(i) for i in DataLoader(range(5), shuffle=True, generator=torch.Generator().manual_seed(config["seed"]))]
    for bad in (0, 3):
        x = train[0].clone()
        x[order[bad]] = torch.nan
        got = entries(probe(env, "train", weights, (x, train[1]), val, config, 1), "step")
        claim = (
            "When the loss of a batch is infinite or NaN, training must end before that step and return the checkpoints so far, a list "
            "that may be "
            "empty. To see it: put NaN into one example, set batch_size=1, and call train_one with eval_every=1."
        )
        equal(list(got), list(range(1, bad + 1)), what='the "step" of the checkpoints', claim=claim)


@test_case(points=1, hidden=True)
def settings_outside_their_domain_are_refused(env):
    """Another schedule, gamma outside [0, 1), no steps, no checkpoints."""
    function(env, "train_one")
    draw = rng()
    train, val, weights = drawn_problem(draw)
    for changes, every in (({"schedule": "linear"}, 2), ({"average": 1.0}, 2), ({"average": -0.1}, 2), ({"steps": 0}, 2), ({}, 0)):
        refused = probe(env, "train_refuses", weights, train, val, drawn_config(draw, **changes), every)
        claim = (
            "train_one must raise ValueError for a schedule that is neither constant nor cosine, an average outside [0, 1), steps < 1 and "
            "eval_every < 1. To see it: try each of them."
        )
        that(refused, claim, f"No ValueError for {changes or {'eval_every': 0}}.")


@test_case(points=1, hidden=True)
def training_stays_on_its_device(env):
    """With weights and data on a device, the run gives the same curve, leaves the weights there, and asks for few numbers in a step."""
    function(env, "train_one")
    draw = rng()
    train, val, weights = drawn_problem(draw)
    config = drawn_config(draw, schedule="cosine", average=0.6, steps=4)
    _, expected = curves(weights, train, val, config, 2)
    for device in ("cpu", *devices()):
        there = moved([weights, train, val], device)
        claim = (
            f"When the network and the data are on {device}, the losses must be the same as on the CPU. To see it: run the set-up cell, "
            f'move both with .to("{device}"), and call train_one.'
        )
        with on_device(device):
            after = probe(env, "train_there", *there, config, 2)
            close(entries(after["history"], "val_loss"), expected, rtol=HIDDEN_RTOL, what='"val_loss"', claim=claim)
            stays = all(place.partition(":")[0] == device for place in after["devices"])
            that(stays, f"train_one must leave the network where it is, on {device}, and must not choose a device of its own.")
    if "sim" in devices():
        waits = {}
        for steps in (2, 6):
            there = moved([weights, train, val], "sim")
            with on_device("sim"), counting(env) as counts:
                probe(env, "train_there", *there, {**config, "steps": steps}, steps)
            waits[steps] = counts.synchronizations
        claim = (
            f"On a device, a step may make the processor wait for at most {WAITS_PER_STEP} numbers. Each .item(), .cpu(), .tolist(), "
            "float(x) and `if` on a tensor is one. To see it: accelerator.measure() and synchronized_by, for two runs of different length."
        )
        that(waits[6] - waits[2] <= 4 * WAITS_PER_STEP, claim, f"Four more steps waited {waits[6] - waits[2]} times more.")


def moved(values, device):
    """Nested lists and tuples of tensors, copied to a device."""
    return values.to(device, copy=True) if isinstance(values, torch.Tensor) else type(values)(moved(v, device) for v in values)
