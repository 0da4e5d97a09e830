import torch
from otter.test_files import test_case
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from checks import close, equal, function, probe, returned, that

# Seven steps in float64: other orders of summation stay below 1e-12. A forgotten short batch or a step too many changes the second digit.
RTOL = 1e-8

CONFIG = {"lr": 0.05, "weight_decay": 0.5, "batch_size": 4, "schedule": "constant", "average": 0.0, "steps": 7, "seed": 3}


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def small_problem():
    """Ten examples in two classes and starting weights for the network Tiny of probes.py: 2 inputs, 3 hidden units, 2 outputs."""
    x = torch.linspace(-1.0, 1.0, 20, dtype=torch.float64).reshape(10, 2).mul(7.0).sin()
    y = (x[:, 0] > 0).long()
    shapes = ((2, 3), (3,), (3, 2), (2,))
    weights = [torch.linspace(-0.6, 0.9, torch.Size(s).numel(), dtype=torch.float64).reshape(s) for s in shapes]
    return (x, y), (x[:6] + 0.3, y[:6]), weights


def logits_of(weights, x):
    a, b, c, d = weights
    return torch.tanh(x @ a + b) @ c + d


def train_by_hand(weights, train, val, config, checkpoints):
    """Constant learning rate, no average: AdamW written out. Batches come from a DataLoader over the examples' numbers."""
    generator = torch.Generator().manual_seed(config["seed"])
    loader = DataLoader(range(len(train[1])), batch_size=config["batch_size"], shuffle=True, generator=generator)
    weights = [w.clone() for w in weights]
    moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in weights]
    history, losses, step = [], [], 0
    while step < config["steps"]:
        for chosen in loader:
            leaves = [w.requires_grad_() for w in weights]
            each = cross_entropy(logits_of(leaves, train[0][chosen]), train[1][chosen], reduction="none")
            grads = torch.autograd.grad(each.mean(), leaves)
            losses += each.tolist()
            step += 1
            for i, (w, g) in enumerate(zip(leaves, grads, strict=True)):
                m, v = moments[i]
                moments[i] = m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                move = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
                weights[i] = (w * (1 - config["lr"] * config["weight_decay"]) - config["lr"] * move).detach()
            if step in checkpoints:
                logits = logits_of(weights, val[0])
                wrong = (logits.argmax(dim=1) != val[1]).double().mean().item()
                history.append((sum(losses) / len(losses), cross_entropy(logits, val[1]).item(), wrong))
                losses = []
            if step == config["steps"]:
                break
    return history


def column(history, key):
    """One entry of every checkpoint of a history that train_one returned."""
    that(
        isinstance(history, list | tuple) and all(isinstance(h, dict) and key in h for h in history),
        f'train_one must return a list of dictionaries, one per checkpoint, each with the key "{key}".',
    )
    return [h[key] for h in history]


@test_case(points=2)
def the_reader_is_linear_relu_linear(env):
    """With weights set by hand: the logits are B relu(A x + a) + b, and no softmax follows."""
    function(env, "Reader")
    weights = [
        numbers([1.0, 0.0], [0.0, -1.0], [1.0, 1.0]),
        numbers(0.0, 0.5, -2.0),
        numbers([1.0, 2.0, 3.0], [0.0, -1.0, 1.0]),
        numbers(0.25, 0.0),
    ]
    x = numbers([1.0, 2.0], [-1.0, -0.5])
    got = probe(env, "read", (2, 3, 2), weights, x)
    equal(
        got["shapes"],
        [tuple(w.shape) for w in weights],
        what="the shapes of the parameters of Reader(2, 3, 2)",
        claim="Reader must have two nn.Linear layers with bias: inputs to width, then width to outputs.",
    )
    expected = (x @ weights[0].T + weights[1]).clamp(min=0) @ weights[2].T + weights[3]
    close(
        got["out"],
        expected,
        rtol=RTOL,
        atol=1e-12,
        what="the logits",
        claim="Reader must compute linear, ReLU, linear, and nothing after that.",
    )


@test_case(points=2)
def every_example_counts_once_in_evaluate(env):
    """Five examples in batches of 2, 2 and 1: the loss and the error are means over the five, whatever the batches."""
    function(env, "evaluate")
    logits = numbers([2.0, 0.0], [0.0, 1.0], [3.0, -1.0], [0.5, 0.25], [-4.0, 4.0])
    y = torch.tensor([0, 0, 0, 0, 0])
    for batch_size in (2, 5, 256):
        got = probe(env, "evaluate_logits", logits, y, batch_size)
        loss, error = returned(got["returned"], "loss", "error")
        expected = (logits.logsumexp(dim=1) - logits[:, 0]).sum().item() / 5
        claim = f"The loss must be the mean over all 5 examples, each with the same weight, also with batch_size={batch_size}."
        close(loss, expected, rtol=RTOL, what="loss", claim=claim)
        claim = (
            f"The error must be the fraction of wrong answers among all 5 examples, also with batch_size={batch_size}: 2 of 5 are wrong."
        )
        close(error, 2 / 5, rtol=RTOL, what="error", claim=claim)
        that(not got["recorded"], "evaluate must call the model where no gradient is recorded: inside torch.no_grad().")


@test_case(points=1)
def checkpoints_come_every_eval_every_steps_and_at_the_end(env):
    """Seven steps with eval_every=3: checkpoints after steps 3, 6 and 7."""
    function(env, "train_one")
    train, val, weights = small_problem()
    history = probe(env, "train", weights, train, val, CONFIG, 3)
    claim = "With steps=7 and eval_every=3, the checkpoints must come after the steps 3, 6 and 7. One step is one batch."
    equal(column(history, "step"), [3, 6, 7], what='the "step" of the checkpoints', claim=claim)


@test_case(points=3)
def the_weights_follow_adamw_through_short_batches(env):
    """Ten examples in batches of 4, 4 and 2, seven steps: the validation loss at each checkpoint is that of AdamW written out."""
    function(env, "train_one")
    train, val, weights = small_problem()
    history = probe(env, "train", weights, train, val, CONFIG, 3)
    expected = train_by_hand(weights, train, val, CONFIG, (3, 6, 7))
    claim = (
        "With a constant learning rate and average=0, the weights must be those of AdamW, fed by one shuffling DataLoader whose "
        "generator starts "
        "from the seed and which also hands out the short last batch."
    )
    close(column(history, "val_loss"), [v for _, v, _ in expected], rtol=RTOL, what='"val_loss"', claim=claim)
    claim = "The validation error at a checkpoint must be the fraction of wrong answers on the validation set."
    close(column(history, "val_error"), [e for _, _, e in expected], rtol=RTOL, what='"val_error"', claim=claim)


@test_case(points=2)
def the_training_loss_is_a_mean_over_examples(env):
    """A batch of two examples counts half as much as one of four, and every checkpoint starts counting anew."""
    function(env, "train_one")
    train, val, weights = small_problem()
    history = probe(env, "train", weights, train, val, CONFIG, 3)
    expected = train_by_hand(weights, train, val, CONFIG, (3, 6, 7))
    claim = "train_loss must be the mean over the examples that were used since the checkpoint before, each example with the same weight."
    close(column(history, "train_loss"), [t for t, _, _ in expected], rtol=RTOL, what='"train_loss"', claim=claim)
