import copy
import math
import random

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

import reference
from autograder.audit import fault


def train_variant(model, train, val, config, eval_every=30, **twist):
    """The reference's train_one with one thing done otherwise."""
    steps, gamma = config["steps"], config["average"]
    sound = config["schedule"] in ("constant", "cosine") and 0 <= gamma < 1 and steps >= 1 and eval_every >= 1
    if not sound:
        raise ValueError("outside the domain")
    generator = None if "no_generator" in twist else torch.Generator().manual_seed(config["seed"])

    def new_loader():
        return DataLoader(
            TensorDataset(*train),
            batch_size=config["batch_size"],
            shuffle="unshuffled" not in twist,
            drop_last="drop_last" in twist,
            generator=torch.Generator().manual_seed(config["seed"]) if "same_order" in twist else generator,
        )

    kind = twist.get("optimizer", torch.optim.AdamW)
    optimizer = kind(model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])

    def factor(k):
        k = k + twist.get("shift", 0)
        return 0.5 * (1 + math.cos(math.pi * k / twist.get("period", steps))) if config["schedule"] == "cosine" else 1.0

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    if "average_fn" in twist:
        averaged = AveragedModel(model, multi_avg_fn=twist["average_fn"](gamma))
    else:
        averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(gamma))
    if "from_start" in twist:
        averaged.update_parameters(model)
    history, step, total, seen, loader = [], 0, 0.0, 0, new_loader()
    while True:
        if "same_order" in twist:
            loader = new_loader()
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            if not math.isfinite(loss.item()) and "goes_on" not in twist:
                return history
            if "one_by_one" in twist:
                [each.item() for each in F.cross_entropy(model(x), y, reduction="none")]
            if "accumulates" not in twist:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if "per_epoch" not in twist:
                scheduler.step()
            if "average_rarely" not in twist:
                averaged.update_parameters(model)
            weight = 1 if "batch_means" in twist else len(y)
            step, total, seen = step + 1, total + loss.item() * weight, seen + weight
            last = step == steps and "no_last" not in twist
            if step % eval_every == 0 or last:
                if "average_rarely" in twist:
                    averaged.update_parameters(model)
                if "copy_back" in twist:
                    model.load_state_dict(averaged.module.state_dict())
                judged = model if "raw" in twist else averaged
                val_loss, val_error = reference.evaluate(judged, train if "on_train" in twist else val)
                train_loss = loss.item() if "last_batch" in twist else total / seen
                history.append({"step": step, "train_loss": train_loss, "val_loss": val_loss, "val_error": val_error})
                if "never_reset" not in twist:
                    total, seen = 0.0, 0
            if step == steps:
                return history
        if "per_epoch" in twist:
            scheduler.step()


# q1: one trial


@fault(of="Reader", loses={"q1"}, hint="Without a nonlinearity between them, what do two linear maps amount to?")
class NoNonlinearity(nn.Module):
    """Nothing stands between the two linear layers, so the network is one linear map."""

    def __init__(self, inputs=63, width=64, outputs=10):
        super().__init__()
        self.hidden = nn.Linear(inputs, width)
        self.out = nn.Linear(width, outputs)

    def forward(self, x):
        return self.out(self.hidden(x))


@fault(of="Reader", loses={"q1"}, hint="Does cross_entropy expect probabilities or logits?")
class SoftmaxAtTheEnd(reference.Reader):
    """A softmax follows the last layer; the cross-entropy applies one more."""

    def forward(self, x):
        return super().forward(x).softmax(dim=1)


@fault(of="Reader", loses={"q1"}, hint="What comes after the last layer?")
class ReluAtTheEnd(reference.Reader):
    """A second ReLU follows the last layer, so no logit is negative."""

    def forward(self, x):
        return super().forward(x).relu()


@fault(of="Reader", loses={"q1"}, hint="Count the parameters: where are the biases?")
class NoBias(reference.Reader):
    """The layers have no bias."""

    def __init__(self, inputs=63, width=64, outputs=10):
        super().__init__(inputs, width, outputs)
        self.hidden = nn.Linear(inputs, width, bias=False)
        self.out = nn.Linear(width, outputs, bias=False)


@fault(of="evaluate", loses={"q1"}, hint="How many examples are in the last batch, and how much does it count?")
def mean_of_batch_means(model, data, batch_size=256):
    """The means of the batches are averaged, so an example in a short last batch counts more than the others."""
    losses, errors = [], []
    with torch.no_grad():
        for x, y in DataLoader(TensorDataset(*data), batch_size=batch_size):
            logits = model(x)
            losses.append(F.cross_entropy(logits, y).item())
            errors.append((logits.argmax(dim=1) != y).double().mean().item())
    return sum(losses) / len(losses), sum(errors) / len(errors)


@fault(of="evaluate", loses={"q1"}, hint="An error rate of a perfect network is which number?")
def accuracy_for_error(model, data, batch_size=256):
    """The fraction of right answers is returned where the fraction of wrong ones belongs."""
    loss, error = reference.evaluate(model, data, batch_size)
    return loss, 1 - error


@fault(of="evaluate", loses={"q1"}, hint="Does every example of the data take part?")
def last_batch_left_out(model, data, batch_size=256):
    """A short last batch is dropped, so the examples in it are never evaluated."""
    kept = max(len(data[1]) // batch_size * batch_size, min(len(data[1]), batch_size))
    return reference.evaluate(model, (data[0][:kept], data[1][:kept]), batch_size)


@fault(of="evaluate", loses={"q1"}, hint="By what is the sum of the losses divided?")
def sum_of_losses(model, data, batch_size=256):
    """The loss is a sum over the examples and not their mean."""
    loss, error = reference.evaluate(model, data, batch_size)
    return loss * len(data[1]), error


@fault(of="evaluate", loses={"q1"}, hint="Is your error a fraction between 0 and 1?")
def error_in_percent(model, data, batch_size=256):
    """The error is given in percent where a fraction belongs."""
    loss, error = reference.evaluate(model, data, batch_size)
    return loss, 100 * error


@fault(of="evaluate", loses={"q1"}, hint="In which precision is your loss added up?")
def loss_in_single_precision(model, data, batch_size=256):
    """The logits are converted to float32, which rounds the loss in the eighth digit."""
    with torch.no_grad():
        logits = model(data[0])
    _, error = reference.evaluate(model, data, batch_size)
    return F.cross_entropy(logits.float(), data[1]).item(), error


@fault(of="evaluate", loses={"q1"}, hint="What does PyTorch keep of every forward pass, unless it is told not to?")
def graph_recorded_in_evaluate(model, data, batch_size=256):
    """The forward passes of the validation are recorded for a backward pass that never comes."""
    logits = model(data[0])
    return F.cross_entropy(logits, data[1]).item(), (logits.argmax(dim=1) != data[1]).double().mean().item()


@fault(of="train_one", loses={"q1"}, hint="When is the learning rate changed: after a step, or after an epoch?")
def schedule_by_epochs(model, train, val, config, eval_every=30):
    """The scheduler is stepped once per epoch, so the cosine hardly falls."""
    return train_variant(model, train, val, config, eval_every, per_epoch=1)


@fault(of="train_one", loses={"q1"}, hint="Does config['schedule'] have any effect in your code?")
def schedule_ignored(model, train, val, config, eval_every=30):
    """The learning rate stays constant whatever the schedule."""
    if config["schedule"] not in ("constant", "cosine"):
        raise ValueError("schedule")
    return reference.train_one(model, train, val, {**config, "schedule": "constant"}, eval_every)


@fault(of="train_one", loses={"q1"}, hint="Which learning rate does the very first step use?")
def schedule_one_step_ahead(model, train, val, config, eval_every=30):
    """Step k uses the factor of step k + 1, as if the scheduler were stepped before the optimizer."""
    return train_variant(model, train, val, config, eval_every, shift=1)


@fault(of="train_one", loses={"q1"}, hint="At which k does the cosine reach zero?")
def cosine_ends_one_step_early(model, train, val, config, eval_every=30):
    """The cosine is stretched over steps - 1, so the last step has length zero."""
    return train_variant(model, train, val, config, eval_every, period=max(1, config["steps"] - 1))


@fault(of="train_one", loses={"q1"}, hint="How many batches does an epoch of ten examples in fours have?")
def short_batch_dropped(model, train, val, config, eval_every=30):
    """drop_last=True leaves the short last batch out of every epoch."""
    if config["batch_size"] > len(train[1]):
        raise ValueError("no batch")
    return train_variant(model, train, val, config, eval_every, drop_last=1)


@fault(of="train_one", loses={"q1"}, hint="Which optimizer has the decay beside the gradient, and which inside?")
def adam_with_l2(model, train, val, config, eval_every=30):
    """Adam with weight_decay adds the decay to the gradient, where AdamW shrinks the weights."""
    return train_variant(model, train, val, config, eval_every, optimizer=torch.optim.Adam)


@fault(of="train_one", loses={"q1"}, hint="What does backward() do to gradients that are already there?")
def gradients_accumulate(model, train, val, config, eval_every=30):
    """zero_grad is missing, so every step uses the sum of all gradients so far."""
    return train_variant(model, train, val, config, eval_every, accumulates=1)


@fault(of="train_one", loses={"q1"}, hint="Which weights go into evaluate?")
def raw_weights_evaluated(model, train, val, config, eval_every=30):
    """The average is kept, but validation looks at the weights themselves."""
    return train_variant(model, train, val, config, eval_every, raw=1)


@fault(of="train_one", loses={"q1"}, hint="What is the average after the first step?")
def average_starts_from_the_initial_weights(model, train, val, config, eval_every=30):
    """The average begins at the weights before training, which it then carries along."""
    return train_variant(model, train, val, config, eval_every, from_start=1)


@fault(of="train_one", loses={"q1"}, hint="With gamma = 0.9, how much of the old average survives a step?")
def average_with_gamma_on_the_new_weights(model, train, val, config, eval_every=30):
    """gamma weighs the new weights and 1 - gamma the old average."""
    return train_variant(model, train, val, config, eval_every, average_fn=lambda gamma: get_ema_multi_avg_fn(1 - gamma))


@fault(of="train_one", loses={"q1"}, hint="Does the first step count as much as the last in your average?")
def plain_mean_of_all_weights(model, train, val, config, eval_every=30):
    """All weights count alike in the average; gamma is not used."""
    if not 0 <= config["average"] < 1:
        raise ValueError("average")

    def mean(_):
        def update(averages, news, n):
            for a, new in zip(averages, news, strict=True):
                a.add_((new - a) / (n + 1))

        return update

    if config["average"] == 0:
        return reference.train_one(model, train, val, config, eval_every)
    return train_variant(model, train, val, config, eval_every, average_fn=mean)


@fault(of="train_one", loses={"q1"}, hint="How often is the average updated?")
def average_updated_at_checkpoints_only(model, train, val, config, eval_every=30):
    """The average takes in the weights at the checkpoints and not at every step."""
    return train_variant(model, train, val, config, eval_every, average_rarely=1)


@fault(of="train_one", loses={"q1"}, hint="Does the training loss change when you change gamma?")
def average_copied_into_the_model(model, train, val, config, eval_every=30):
    """At a checkpoint the averaged weights are loaded into the model, and training goes on from there."""
    return train_variant(model, train, val, config, eval_every, copy_back=1)


@fault(of="train_one", loses={"q1"}, hint="How much should a batch of two count beside a batch of four?")
def training_loss_averages_batches(model, train, val, config, eval_every=30):
    """train_loss is the mean of the batches' means, so examples in short batches count more."""
    return train_variant(model, train, val, config, eval_every, batch_means=1)


@fault(of="train_one", loses={"q1"}, hint="Over which examples is train_loss a mean?")
def training_loss_of_the_last_batch(model, train, val, config, eval_every=30):
    """train_loss is the loss of the last batch alone."""
    return train_variant(model, train, val, config, eval_every, last_batch=1)


@fault(of="train_one", loses={"q1"}, hint="Where does the counting for the second checkpoint begin?")
def training_loss_never_reset(model, train, val, config, eval_every=30):
    """train_loss is a mean over all steps since the start, not since the checkpoint before."""
    return train_variant(model, train, val, config, eval_every, never_reset=1)


@fault(of="train_one", loses={"q1"}, hint="Is there a checkpoint at the end if steps is no multiple of eval_every?")
def no_checkpoint_at_the_end(model, train, val, config, eval_every=30):
    """The checkpoint after the last step is missing unless it is a multiple of eval_every."""
    return train_variant(model, train, val, config, eval_every, no_last=1)


@fault(of="train_one", loses={"q1"}, hint="Is a step a batch or a pass over the data?", only_limited=True)
def steps_are_epochs(model, train, val, config, eval_every=30):
    """A pass over the data is counted as one step, so training runs far too long."""
    per_epoch = math.ceil(len(train[1]) / config["batch_size"])
    history = train_variant(model, train, val, {**config, "steps": config["steps"] * per_epoch}, eval_every * per_epoch)
    return [{**h, "step": h["step"] // per_epoch} for h in history]


@fault(of="train_one", loses={"q1"}, hint="Do the batches change from epoch to epoch?")
def the_same_order_in_every_epoch(model, train, val, config, eval_every=30):
    """The loader is made anew with the same seed in every epoch, so the batches repeat."""
    return train_variant(model, train, val, config, eval_every, same_order=1)


@fault(of="train_one", loses={"q1"}, hint="What does DataLoader do without shuffle=True?")
def never_shuffled(model, train, val, config, eval_every=30):
    """The DataLoader hands the examples out in their order."""
    return train_variant(model, train, val, config, eval_every, unshuffled=1)


@fault(of="train_one", loses={"q1"}, hint="From which generator does your DataLoader draw?", by_chance=True)
def order_from_the_global_generator(model, train, val, config, eval_every=30):
    """The DataLoader has no generator of its own: the order comes from the global one, and the seed has no effect."""
    return train_variant(model, train, val, config, eval_every, no_generator=1)


@fault(of="train_one", loses={"q1"}, hint="What does your loop do when the loss is NaN?")
def goes_on_after_nan(model, train, val, config, eval_every=30):
    """Training goes on after the loss has become NaN, and checkpoints without meaning follow."""
    return train_variant(model, train, val, config, eval_every, goes_on=1)


@fault(of="train_one", loses={"q1"}, hint="Who decides where the network is: train_one or its caller?")
def device_from_a_global(model, train, val, config, eval_every=30):
    """Network and data are moved to a device of train_one's own choice, cuda or else cpu."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train, val = (tuple(t.to(device) for t in data) for data in (train, val))
    return reference.train_one(model.to(device), train, val, config, eval_every)


@fault(of="train_one", loses={"q1"}, hint="On which device is a tensor that you make without naming one?")
def running_loss_on_the_cpu(model, train, val, config, eval_every=30):
    """The running loss is a tensor that is made on the CPU, and the losses of the batches are elsewhere."""
    total = torch.zeros(1, dtype=torch.float64)
    with torch.no_grad():
        total += F.cross_entropy(model(train[0][:1]), train[1][:1], reduction="none")
    return reference.train_one(model, train, val, config, eval_every)


@fault(of="train_one", loses={"q1"}, hint="How often does one step ask the device for a number?")
def waits_for_every_example(model, train, val, config, eval_every=30):
    """The loss of every single example is read back at every step."""
    return train_variant(model, train, val, config, eval_every, one_by_one=1)


@fault(of="evaluate", loses={"q1"}, hint="Where do NumPy's arrays lie?")
def counts_in_numpy(model, data, batch_size=256):
    """The wrong answers are counted by NumPy, which knows no tensor on a device."""
    loss, _ = reference.evaluate(model, data, batch_size)
    with torch.no_grad():
        answers = model(data[0]).argmax(dim=1).numpy()
    return loss, float((answers != data[1].numpy()).mean())


@fault(of="train_one", loses={"q1"}, hint="On which data is val_loss computed?")
def validates_on_the_training_set(model, train, val, config, eval_every=30):
    """val_loss and val_error are computed on the training set."""
    return train_variant(model, train, val, config, eval_every, on_train=1)


@fault(of="train_one", loses={"q1"}, hint="What happens for config['schedule'] = 'linear'?")
def unknown_schedules_are_constant(model, train, val, config, eval_every=30):
    """A schedule that is not known is silently taken for constant."""
    known = config["schedule"] if config["schedule"] == "cosine" else "constant"
    return reference.train_one(model, train, val, {**config, "schedule": known}, eval_every)


# q2: roles and plans


@fault(of="assign_roles", loses={"q2"}, hint="Two optimizers: is the best learning rate of one the best of the other?")
def learning_rate_fixed_for_a_fair_comparison(goal):
    """The learning rate is fixed so that all arms share it, which favors the arm that it suits."""
    roles = reference.assign_roles(goal)
    return {hp: "fixed" if hp == "lr" else role for hp, role in roles.items()}


@fault(of="assign_roles", loses={"q2"}, hint="How many hyperparameters does one narrow goal compare?")
def everything_searched_is_scientific(goal):
    """Whatever is varied is called scientific."""
    return {hp: "fixed" if role == "fixed" else "scientific" for hp, role in reference.assign_roles(goal).items()}


@fault(of="assign_roles", loses={"q2"}, hint="If one arm trains longer than another, what does the comparison say?")
def steps_searched(goal):
    """max_train_steps is a nuisance to be searched, and not the budget that is fixed."""
    return {**reference.assign_roles(goal), "max_train_steps": "nuisance"}


@fault(of="assign_roles", loses={"q2"}, hint="What may be searched with the budget of the prompt?")
def batch_size_searched(goal):
    """The batch size is searched like the learning rate, though the budget does not allow it."""
    return {hp: "nuisance" if hp == "batch_size" else role for hp, role in reference.assign_roles(goal).items()}


@fault(of="assign_roles", loses={"q2"}, hint="If only one arm has a momentum, how do you treat that arm fairly?")
def conditional_ones_fixed(goal):
    """Hyperparameters that exist in one arm only (the momentum of SGD, the strength of the decay) are fixed."""
    roles = reference.assign_roles(goal)
    conditional = {"optimizer": "momentum", "decay-on-off": "weight_decay"}.get(goal)
    return {hp: "fixed" if hp == conditional else role for hp, role in roles.items()}


@fault(of="assign_roles", loses={"q2"}, hint="For this goal, is the question whether there is decay, or how much?")
def strength_is_scientific_in_both(goal):
    """The strength of the decay is scientific also where the goal compares its presence."""
    roles = reference.assign_roles(goal)
    if goal == "decay-on-off":
        roles.update(weight_decay="scientific", use_weight_decay="fixed")
    return roles


@fault(of="assign_roles", loses={"q2"}, hint="Which names does the goal list?")
def same_names_for_every_goal(goal):
    """Every goal gets a role for lr and weight_decay and max_train_steps and itself; the other names are left out."""
    roles = reference.assign_roles(goal)
    return {hp: role for hp, role in roles.items() if role != "fixed" or hp == "max_train_steps"}


@fault(of="assign_roles", loses={"q2"}, hint="What should an unknown goal give?")
def unknown_goals_have_no_roles(goal):
    """An unknown goal gives an empty dictionary where it is an error."""
    return reference.assign_roles(goal) if goal in reference.SCENARIOS else {}


def without(code):
    """plan_problems that never reports one code."""
    return lambda plan: [c for c in reference.plan_problems(plan) if c != code]


@fault(of="plan_problems", loses={"q2"}, hint="Can a name stand in two of the three roles without being noticed?")
def overlap_overlooked(plan):
    """A hyperparameter with two roles is not noticed."""
    return without("two-roles")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="Who notices a hyperparameter that nobody mentions?")
def forgotten_ones_overlooked(plan):
    """A hyperparameter without a role is not noticed."""
    return without("no-role")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="How many different values does a comparison need?")
def one_value_is_enough(plan):
    """One value of the scientific hyperparameter is accepted as a comparison."""
    found = reference.plan_problems(plan)
    return found if len(plan.get("scientific", {})) != 1 else [c for c in found if c != "not-one-scientific"]


@fault(of="plan_problems", loses={"q2"}, hint="How many scientific hyperparameters does one goal have?")
def two_scientific_are_fine(plan):
    """Two scientific hyperparameters in one round are accepted."""
    found = reference.plan_problems(plan)
    return found if len(plan.get("scientific", {})) != 2 else [c for c in found if c != "not-one-scientific"]


@fault(of="plan_problems", loses={"q2"}, hint="Where does a sampler find the range of each nuisance hyperparameter?")
def missing_ranges_overlooked(plan):
    """A nuisance hyperparameter without a range is not noticed."""
    return without("no-range")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="Can you take the logarithm of every range with a log scale?")
def log_of_zero_accepted(plan):
    """A log scale that begins at zero is accepted."""
    found = reference.plan_problems(plan)
    zero = any(e.get("scale") == "log" and e.get("low") == 0 for e in plan.get("search_space", {}).values())
    return [c for c in found if c != "bad-range"] if zero else found


@fault(of="plan_problems", loses={"q2"}, hint="Is a range from 1 to 1 a range?")
def empty_range_accepted(plan):
    """A range whose ends are equal is accepted."""
    found = reference.plan_problems(plan)
    flat = any(e.get("low", 0) == e.get("high", 1) for e in plan.get("search_space", {}).values())
    return [c for c in found if c != "bad-range"] if flat else found


@fault(of="plan_problems", loses={"q2"}, hint="May a linear range begin at zero?")
def zero_refused_on_every_scale(plan):
    """A range that begins at zero is refused on a linear scale as well."""
    found = reference.plan_problems(plan)
    zero = any(e.get("low") == 0 for e in plan.get("search_space", {}).values())
    return [*found, "bad-range"] if zero and "bad-range" not in found else found


@fault(of="plan_problems", loses={"q2"}, hint="Whose entries of search_space do you look at?")
def only_ranges_of_nuisance_names(plan):
    """Only the ranges of nuisance names are looked at, so a bad one of another name passes."""
    found = reference.plan_problems(plan)
    if "bad-range" not in found:
        return found
    kept = {name: entry for name, entry in plan["search_space"].items() if name in plan["nuisance"]}
    return found if "bad-range" in reference.plan_problems({**plan, "search_space": kept}) else [c for c in found if c != "bad-range"]


@fault(of="plan_problems", loses={"q2"}, hint="Which pairs can you form of the three roles?")
def scientific_and_fixed_may_overlap(plan):
    """A name that is scientific and fixed at once is not noticed."""
    found = reference.plan_problems(plan)
    others = {*plan.get("scientific", ()), *plan.get("fixed", ())}
    return found if others & set(plan.get("nuisance", ())) else [c for c in found if c != "two-roles"]


@fault(of="plan_problems", loses={"q2"}, hint="Which three fields give a role?")
def scientific_and_nuisance_may_overlap(plan):
    """A name that is scientific and a nuisance at once is not noticed."""
    found = reference.plan_problems(plan)
    others = {*plan.get("scientific", ()), *plan.get("nuisance", ())}
    return found if others & set(plan.get("fixed", ())) else [c for c in found if c != "two-roles"]


@fault(of="plan_problems", loses={"q2"}, hint="Does a range alone say what a hyperparameter is for?")
def a_range_counts_as_a_role(plan):
    """A name that stands in search_space alone counts as one that has a role."""
    found = reference.plan_problems(plan)
    named = {name for field in ("scientific", "nuisance", "fixed", "search_space") for name in plan.get(field, ())}
    return [c for c in found if c != "no-role"] if set(reference.HYPERPARAMETERS) <= named else found


@fault(of="plan_problems", loses={"q2"}, hint="How would you run half a step?")
def steps_need_not_be_whole(plan):
    """Any positive number of steps is accepted, also one that is not whole."""
    steps = plan.get("max_train_steps")
    return reference.plan_problems({**plan, "max_train_steps": math.ceil(steps)} if isinstance(steps, float) else plan)


@fault(of="plan_problems", loses={"q2"}, hint="Twelve trials for one arm, eight for the other: who has the better chance?")
def unequal_budgets_accepted(plan):
    """Arms with different numbers of trials are accepted."""
    return without("unequal-budgets")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="Is there a budget for every value that is compared?")
def one_budget_for_all(plan):
    """Only the equality of the budgets is checked, not that each arm has one."""
    found = reference.plan_problems(plan)
    return [c for c in found if c != "unequal-budgets"] if len(set(plan.get("trials_per_arm", [0]))) == 1 else found


@fault(of="plan_problems", loses={"q2"}, hint="Which search method does a plan for exploration name?")
def any_search_method(plan):
    """A grid is accepted as a search method."""
    return without("not-quasi-random")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="Can the number of steps hide in the search space?")
def steps_looked_up_in_one_place(plan):
    """The number of steps is looked for among the nuisance hyperparameters only."""
    found = reference.plan_problems(plan)
    sound = isinstance(plan.get("max_train_steps"), int) and plan["max_train_steps"] > 0
    return [c for c in found if c != "steps-not-fixed"] if sound and "max_train_steps" not in plan["nuisance"] else found


@fault(of="plan_problems", loses={"q2"}, hint="Can a plan have zero steps?")
def steps_of_any_kind(plan):
    """The value of max_train_steps is not looked at."""
    found = reference.plan_problems(plan)
    searched = "max_train_steps" in {*plan.get("scientific", ()), *plan.get("nuisance", ()), *plan.get("search_space", ())}
    return found if searched else [c for c in found if c != "steps-not-fixed"]


@fault(of="plan_problems", loses={"q2"}, hint="Which checkpoint of a trial is the one to judge?")
def last_checkpoint_accepted(plan):
    """A plan that judges trials by their last checkpoint is accepted."""
    return without("not-best-checkpoint")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="On which set may hyperparameters be selected?")
def selection_on_the_test_set_accepted(plan):
    """A plan that selects on the test set is accepted."""
    return without("not-validation")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="Which metrics begin with val_?")
def only_the_error_may_select(plan):
    """Only val_error is accepted, and val_loss refused."""
    found = reference.plan_problems(plan)
    other = plan.get("selection_metric", "val_error") != "val_error" and "not-validation" not in found
    return [*found, "not-validation"] if other and found != ["missing-field"] else found


@fault(of="plan_problems", loses={"q2"}, hint="Is four fewer than five?")
def four_seeds_are_enough(plan):
    """Four seeds are accepted."""
    return without("too-few-seeds")(plan)


@fault(of="plan_problems", loses={"q2"}, hint="Does your function look for further problems after the first?")
def only_the_first_problem(plan):
    """The search ends with the first problem found."""
    return reference.plan_problems(plan)[:1]


@fault(of="plan_problems", loses={"q2"}, hint="What can be said about a plan that lacks a field?")
def goes_on_without_a_field(plan):
    """With a field missing, the other problems are reported too."""
    absent = [field for field in reference.PLAN_FIELDS if field not in plan]
    filled = {**dict.fromkeys(absent, {}), **plan}
    return ["missing-field"] * bool(absent) + (reference.plan_problems(filled) if absent == ["baseline"] or not absent else [])


@fault(of="plan_problems", loses={"q2"}, hint="What does the caller's plan look like after the call?")
def the_plan_is_emptied(plan):
    """Fields are popped from the plan as they are checked."""
    found = reference.plan_problems(plan)
    if isinstance(plan, dict):
        plan.pop("goal", None)
    return found


# q3: sampling


def warped(space, points):
    """Places in the unit cube, as dictionaries, to values."""
    found = []
    for point in points:
        row = {}
        for name, entry in space.items():
            u = point[name]
            if entry["scale"] == "choice":
                row[name] = entry["values"][min(int(u * len(entry["values"])), len(entry["values"]) - 1)]
            elif entry["scale"] == "linear":
                row[name] = entry["low"] + u * (entry["high"] - entry["low"])
            else:
                row[name] = entry["low"] * (entry["high"] / entry["low"]) ** u
        found.append(row)
    return found


@fault(of="sample_trials", loses={"q3"}, hint="How many of your learning rates lie in the lowest decade?")
def linear_in_the_learning_rate(space, n, seed):
    """Ranges with a log scale are sampled linearly, so nearly all values lie in the highest decade."""
    reference.sample_trials(space, n, seed)
    flat = {name: {**e, "scale": "linear"} if e["scale"] == "log" else e for name, e in space.items()}
    return reference.sample_trials(flat, n, seed)


@fault(of="sample_trials", loses={"q3"}, hint="Which base has your logarithm, and which your power?")
def bases_mixed_up(space, n, seed):
    """The natural logarithm is undone by a power of ten."""
    points = reference.sample_trials(space, n, seed)
    return [{k: 10 ** math.log(v) if space[k]["scale"] == "log" else v for k, v in p.items()} for p in points]


@fault(of="sample_trials", loses={"q3"}, hint="Independent draws leave gaps and clumps. Which methods do not?")
def independent_draws(space, n, seed):
    """Values are drawn independently, which leaves gaps and clumps."""
    reference.sample_trials(space, n, seed)
    draw = random.Random(seed)
    return warped(space, [{name: draw.random() for name in space} for _ in range(n)])


@fault(of="sample_trials", loses={"q3"}, hint="A grid of 64 points in three dimensions: how many different learning rates has it?")
def a_grid(space, n, seed):
    """The points form a grid, so each hyperparameter takes only a few values."""
    reference.sample_trials(space, n, seed)
    side = max(1, round(n ** (1 / max(1, len(space)))))
    shift = random.Random(seed).random()
    return warped(space, [{name: ((i // side**j) % side + shift) / side for j, name in enumerate(space)} for i in range(n)])


@fault(of="sample_trials", loses={"q3"}, hint="Plot one hyperparameter against the other. What do you see?")
def one_column_for_all(space, n, seed):
    """The same coordinate of the quasi-random point is used for every hyperparameter."""
    reference.sample_trials(space, n, seed)
    column = torch.quasirandom.SobolEngine(1, scramble=True, seed=seed).draw(n, dtype=torch.float64)[:, 0].tolist()
    return warped(space, [dict.fromkeys(space, u) for u in column])


@fault(of="sample_trials", loses={"q3"}, hint="Call it twice with one seed. Are the points the same?", by_chance=True)
def seed_ignored_by_the_generator(space, n, seed):
    """The generator is not seeded, so each call gives other points."""
    return reference.sample_trials(space, n, random.SystemRandom().randrange(2**31))


@fault(of="sample_trials", loses={"q3"}, hint="Does another seed give other points?")
def always_the_same_points(space, n, seed):
    """The sequence is not scrambled, so every seed gives the same points."""
    return reference.sample_trials(space, n, 0)


@fault(of="sample_trials", loses={"q3"}, hint="How many values of a choice does rounding favor, and which?")
def choices_by_rounding(space, n, seed):
    """The index of a choice is rounded to the nearest, which halves the shares of the first and the last value."""
    numbers = {}
    for name, e in space.items():
        numbers[name] = {"scale": "linear", "low": 0.0, "high": len(e["values"]) - 1.0} if e["scale"] == "choice" and e["values"] else e
    points = reference.sample_trials(numbers, n, seed)
    return [{k: space[k]["values"][round(v)] if space[k]["scale"] == "choice" else v for k, v in p.items()} for p in points]


@fault(of="sample_trials", loses={"q3"}, hint="Can the last value of a choice be drawn?")
def the_last_choice_is_never_drawn(space, n, seed):
    """The last value of a choice is never drawn: the index stops one too early."""
    cut = {k: {**e, "values": e["values"][:-1]} if e["scale"] == "choice" and len(e["values"]) > 1 else e for k, e in space.items()}
    return reference.sample_trials(cut, n, seed)


@fault(of="sample_trials", loses={"q3"}, hint="How many points come back for n = 5?")
def powers_of_two_only(space, n, seed):
    """n is rounded up to a power of two."""
    reference.sample_trials(space, n, seed)
    return reference.sample_trials(space, 1 << (n - 1).bit_length(), seed)


@fault(of="sample_trials", loses={"q3"}, hint="Where does your range end: at high, or at low + high?")
def high_taken_for_a_width(space, n, seed):
    """Values go from low to low + high: the end of the range is taken for its width."""
    points = reference.sample_trials(space, n, seed)

    def move(e, v):
        return e["low"] + (v - e["low"]) / (e["high"] - e["low"]) * e["high"] if e["scale"] == "linear" else v

    return [{k: move(space[k], v) for k, v in p.items()} for p in points]


@fault(of="sample_trials", loses={"q3"}, hint="Which arguments does the prompt put outside the domain?")
def ranges_exchanged_silently(space, n, seed):
    """low and high are exchanged silently when they stand the wrong way round."""
    turned = {k: {**e, "low": min(e["low"], e["high"]), "high": max(e["low"], e["high"])} if "low" in e else e for k, e in space.items()}
    return reference.sample_trials(turned, n, seed)


@fault(of="sample_trials", loses={"q3"}, hint="What should n = 0 give?")
def nothing_on_request(space, n, seed):
    """n = 0 gives an empty list where it is an error."""
    return reference.sample_trials(space, n, seed) if n else []


@fault(of="sample_trials", loses={"q3"}, hint="Do your values ever come near the ends of the range?")
def only_the_inner_half(space, n, seed):
    """Values are drawn from the middle of each range only."""
    shrunk = {}
    for name, e in space.items():
        if e["scale"] == "linear" and e["low"] < e["high"]:
            quarter = (e["high"] - e["low"]) / 4
            e = {**e, "low": e["low"] + quarter, "high": e["high"] - quarter}
        shrunk[name] = e
    return reference.sample_trials(shrunk, n, seed)


# q4: two numbers from a curve


@fault(of="best_checkpoint", loses={"q4"}, hint="Is the end of a training run its best moment?")
def the_last_checkpoint(history):
    """The last checkpoint is taken, whatever came before."""
    feasible = [h for h in history if math.isfinite(h["val_error"])]
    last = max(feasible, key=lambda h: h["step"], default=None)
    return (last["step"], last["val_error"]) if last else (None, math.inf)


@fault(of="best_checkpoint", loses={"q4"}, hint="Which column of the history decides?")
def least_training_loss(history):
    """The checkpoint with the least training loss is taken."""
    feasible = [h for h in history if math.isfinite(h["val_error"])]
    best = min(feasible, key=lambda h: (h["train_loss"], h["step"]), default=None)
    return (best["step"], best["val_error"]) if best else (None, math.inf)


@fault(of="best_checkpoint", loses={"q4"}, hint="Is a large error good?")
def the_worst_checkpoint(history):
    """The largest error is taken for the best."""
    feasible = [h for h in history if math.isfinite(h["val_error"])]
    worst = max(feasible, key=lambda h: (h["val_error"], -h["step"]), default=None)
    return (worst["step"], worst["val_error"]) if worst else (None, math.inf)


@fault(of="best_checkpoint", loses={"q4"}, hint="Of two equal errors, which step came first?")
def ties_go_to_the_latest(history):
    """Of equal errors the latest step wins."""
    feasible = [h for h in history if math.isfinite(h["val_error"])]
    best = min(feasible, key=lambda h: (h["val_error"], -h["step"]), default=None)
    return (best["step"], best["val_error"]) if best else (None, math.inf)


@fault(of="best_checkpoint", loses={"q4"}, hint="Does your answer depend on the order of the list?")
def ties_go_to_the_first_in_the_list(history):
    """Of equal errors the first in the list wins, though the list may be in any order."""
    feasible = [h for h in history if math.isfinite(h["val_error"])]
    best = min(feasible, key=lambda h: h["val_error"], default=None)
    return (best["step"], best["val_error"]) if best else (None, math.inf)


@fault(of="best_checkpoint", loses={"q4"}, hint="What does min() do when one of the values is NaN?")
def nan_wins(history):
    """A NaN at the start of the list survives every comparison and comes out as the minimum."""
    history = list(history)
    if any(math.isnan(h["val_error"]) for h in history):
        return None, math.nan
    return reference.best_checkpoint(history)


@fault(of="best_checkpoint", loses={"q4"}, hint="What comes back for an empty history?")
def empty_histories_crash(history):
    """An empty history, or one without a finite error, raises an exception."""
    feasible = [(h["val_error"], h["step"]) for h in history if math.isfinite(h["val_error"])]
    error, step = min(feasible)
    return step, error


@fault(of="best_checkpoint", loses={"q4"}, hint="Is the first of the two numbers a step?")
def position_for_step(history):
    """The position in the list is returned where the step belongs."""
    history = list(history)
    step, error = reference.best_checkpoint(history)
    return next((i for i, h in enumerate(history) if h["step"] == step), None), error


@fault(of="time_to_result", loses={"q4"}, hint="Which of the checkpoints below the target counts, the first or the last?")
def last_crossing(history, target):
    """The last step that reaches the target is taken, not the first."""
    return max((h["step"] for h in history if h["val_error"] <= target), default=math.inf)


@fault(of="time_to_result", loses={"q4"}, hint="Does an error equal to the target reach it?")
def strictly_below(history, target):
    """An error equal to the target does not count."""
    return min((h["step"] for h in history if h["val_error"] < target), default=math.inf)


@fault(of="time_to_result", loses={"q4"}, hint="Is your result a step or a position?")
def counts_checkpoints(history, target):
    """The number of the checkpoint is returned, not its step."""
    ordered = sorted(history, key=lambda h: h["step"])
    return next((i for i, h in enumerate(ordered) if h["val_error"] <= target), math.inf)


@fault(of="time_to_result", loses={"q4"}, hint="What is known about the error between two checkpoints?")
def interpolates(history, target):
    """The crossing is interpolated between checkpoints, where nothing was measured."""
    ordered = sorted(history, key=lambda h: h["step"])
    for a, b in zip([None, *ordered], ordered, strict=False):
        if b["val_error"] <= target:
            if a is None:
                return b["step"]
            return a["step"] + (b["step"] - a["step"]) * (a["val_error"] - target) / (a["val_error"] - b["val_error"])
    return math.inf


@fault(of="time_to_result", loses={"q4"}, hint="Does your loop assume that the list is sorted?")
def first_in_the_list(history, target):
    """The first entry of the list that reaches the target is taken, though the list may be in any order."""
    return next((h["step"] for h in history if h["val_error"] <= target), math.inf)


@fault(of="time_to_result", loses={"q4"}, hint="If the target is never reached, how long does it take?")
def never_is_the_last_step(history, target):
    """A target that is never reached gives the last step."""
    history = list(history)
    found = reference.time_to_result(history, target)
    return found if found < math.inf else max((h["step"] for h in history), default=0)


@fault(of="time_to_result", loses={"q4"}, hint="Does the answer depend on the smallest error, or on the target?")
def time_of_the_minimum(history, target):
    """The step of the smallest error is returned if it reaches the target."""
    step, error = reference.best_checkpoint(history)
    return step if step is not None and error <= target else math.inf


@fault(of="best_checkpoint", loses={"q4"}, hint="Which dtype does torch.tensor([0.1, 0.2]) have?")
def errors_in_single_precision(history):
    """The errors go through a float32 tensor and come back rounded."""
    step, error = reference.best_checkpoint(history)
    return step, torch.tensor(error).item()


# q5: isolation and boundary


@fault(of="isolation_table", loses={"q5"}, hint="Does a badly chosen nuisance value count against an arm?")
def mean_over_the_nuisance(trials, hp):
    """The mean over all trials of a value is taken, so bad nuisance values count against it."""
    table = reference.isolation_table(trials, hp)
    found = {}
    for value, (_, trial) in table.items():
        errors = [t["val_error"] for t in trials if t[hp] == value and math.isfinite(t["val_error"])]
        found[value] = (sum(errors) / len(errors) if errors else math.inf, trial)
    return found


@fault(of="isolation_table", loses={"q5"}, hint="Best or typical: what does an isolation plot show?")
def median_over_the_nuisance(trials, hp):
    """The median trial of a value is taken for its best."""
    reference.isolation_table(trials, hp)
    found = {}
    for value in {t[hp]: None for t in trials}:
        errors = sorted((t["val_error"], t["trial"]) for t in trials if t[hp] == value and math.isfinite(t["val_error"]))
        found[value] = errors[len(errors) // 2] if errors else (math.inf, None)
    return found


@fault(of="isolation_table", loses={"q5"}, hint="What is NaN < 0.3?")
def nan_poisons_an_arm(trials, hp):
    """One infeasible trial makes its whole arm infeasible."""
    table = reference.isolation_table(trials, hp)
    bad = {t[hp] for t in trials if not math.isfinite(t["val_error"])}
    return {value: (math.inf, None) if value in bad else entry for value, entry in table.items()}


@fault(of="isolation_table", loses={"q5"}, hint="Where is the arm in which every trial failed?")
def failed_arms_vanish(trials, hp):
    """A value whose trials are all infeasible is left out of the table."""
    return {value: entry for value, entry in reference.isolation_table(trials, hp).items() if entry[1] is not None}


@fault(of="isolation_table", loses={"q5"}, hint="Three draws against two: whose minimum is likely to be lower?")
def unequal_budgets_compared(trials, hp):
    """Arms with different numbers of trials are compared all the same."""
    if not trials:
        raise ValueError("no trials")
    found = {}
    for value in {t[hp]: None for t in trials}:
        found.update(reference.isolation_table([t for t in trials if t[hp] == value], hp))
    return found


@fault(of="isolation_table", loses={"q5"}, hint="Was an infeasible trial paid for?")
def only_feasible_trials_are_counted(trials, hp):
    """Budgets are compared after infeasible trials have been thrown out."""
    return reference.isolation_table([t for t in trials if math.isfinite(t["val_error"])], hp)


@fault(of="isolation_table", loses={"q5"}, hint="What is there to compare without trials?")
def empty_tables_are_fine(trials, hp):
    """No trials give an empty table where it is an error."""
    return reference.isolation_table(trials, hp) if trials else {}


@fault(of="isolation_table", loses={"q5"}, hint="Are 1e-9 and 2e-9 the same weight decay?")
def values_rounded(trials, hp):
    """Values are rounded to six digits before they are grouped, so small ones fall together."""
    return reference.isolation_table([{**t, hp: round(t[hp], 6) if isinstance(t[hp], float) else t[hp]} for t in trials], hp)


@fault(of="isolation_table", loses={"q5"}, hint="Which number names a trial: its own, or its place in the list?")
def place_in_the_list(trials, hp):
    """The trial is named by its place in the list and not by its own number."""
    numbers = {t["trial"]: i for i, t in enumerate(trials)}
    return {value: (error, numbers.get(trial)) for value, (error, trial) in reference.isolation_table(trials, hp).items()}


@fault(of="isolation_table", loses={"q5"}, hint="Two trials with the same error: which one do you name when the rows are shuffled?")
def ties_by_place(trials, hp):
    """Of equal errors the first row of the list wins, whatever its number."""
    table = reference.isolation_table(trials, hp)
    return {
        value: (error, next((t["trial"] for t in trials if t[hp] == value and t["val_error"] == error), None))
        for value, (error, _) in table.items()
    }


@fault(of="isolation_table", loses={"q5"}, hint="Is a higher error better?")
def the_largest_error(trials, hp):
    """The largest feasible error of a value is taken for its best."""
    flipped = [{**t, "val_error": -t["val_error"]} for t in trials]
    return {
        value: (-error if trial is not None else error, trial) for value, (error, trial) in reference.isolation_table(flipped, hp).items()
    }


def flag_variant(trials, hp, entry, top_k=3, frac=0.2, scale=None, need=None, inclusive=True):
    """The reference's boundary_flag with another scale or another count."""
    feasible = sorted((t["val_error"], t["trial"], t[hp]) for t in trials if math.isfinite(t["val_error"]))
    if not feasible or entry["scale"] not in ("linear", "log"):
        raise ValueError("nothing to see")
    best = [v for _, _, v in feasible[:top_k]]
    warp = math.log if (scale or entry["scale"]) == "log" else float
    low, high = warp(entry["low"]), warp(entry["high"])
    places = [(warp(v) - low) / (high - low) for v in best]
    enough = len(best) / 2 if need is None else need(len(best))
    at_low, at_high = sum(u <= frac for u in places) >= enough, sum(u >= 1 - frac for u in places) >= enough
    return {(True, True): "both", (True, False): "low", (False, True): "high", (False, False): "ok"}[at_low, at_high]


@fault(of="boundary_flag", loses={"q5"}, hint="Between 1e-4 and 1, where is the middle of a log scale?")
def linear_distances(trials, hp, entry, top_k=3, frac=0.2):
    """Distances on a log range are measured linearly, so nearly everything seems to lie at the low end."""
    return flag_variant(trials, hp, entry, top_k, frac, scale="linear")


@fault(of="boundary_flag", loses={"q5"}, hint="How many of the best trials does one outlier make up?")
def only_the_best_trial(trials, hp, entry, top_k=3, frac=0.2):
    """Only the single best trial is looked at."""
    return flag_variant(trials, hp, entry, 1, frac)


@fault(of="boundary_flag", loses={"q5"}, hint="How many of the best trials must lie at an end?")
def any_of_the_best(trials, hp, entry, top_k=3, frac=0.2):
    """One of the best trials at an end is enough for a flag."""
    return flag_variant(trials, hp, entry, top_k, frac, need=lambda k: 1)


@fault(of="boundary_flag", loses={"q5"}, hint="How many of the best trials must lie at an end?")
def all_of_the_best(trials, hp, entry, top_k=3, frac=0.2):
    """All of the best trials must lie at an end for a flag."""
    return flag_variant(trials, hp, entry, top_k, frac, need=lambda k: k)


@fault(of="boundary_flag", loses={"q5"}, hint="Half of which number, when only two trials are feasible?")
def half_of_those_asked_for(trials, hp, entry, top_k=3, frac=0.2):
    """At least half of top_k is asked for, also where fewer trials are feasible."""
    return flag_variant(trials, hp, entry, top_k, frac, need=lambda k: top_k / 2)


@fault(of="boundary_flag", loses={"q5"}, hint="Is two of four at least half?")
def more_than_half(trials, hp, entry, top_k=3, frac=0.2):
    """More than half of the best trials must lie at an end, where at least half is enough."""
    return flag_variant(trials, hp, entry, top_k, frac, need=lambda k: k // 2 + 1)


@fault(of="boundary_flag", loses={"q5"}, hint="Which trials are the best, those with high errors or with low ones?")
def the_worst_trials(trials, hp, entry, top_k=3, frac=0.2):
    """The trials with the largest errors are looked at."""
    return flag_variant([{**t, "val_error": -t["val_error"]} for t in trials], hp, entry, top_k, frac)


@fault(of="boundary_flag", loses={"q5"}, hint="Is an error of minus infinity a good one?")
def infeasible_ones_included(trials, hp, entry, top_k=3, frac=0.2):
    """Trials without a finite error are ranked with the others."""
    if not any(math.isfinite(t["val_error"]) for t in trials):
        raise ValueError("none")
    ranked = [{**t, "val_error": -1.0 if not math.isfinite(t["val_error"]) else t["val_error"]} for t in trials]
    return flag_variant(ranked, hp, entry, top_k, frac)


@fault(of="boundary_flag", loses={"q5"}, hint="What is frac a fraction of?")
def fraction_of_the_value(trials, hp, entry, top_k=3, frac=0.2):
    """frac is taken of the end's value and not of the range: above (1 - frac) high, below (1 + frac) low."""
    reference.boundary_flag(trials, hp, entry, top_k, frac)
    ranked = sorted((t["val_error"], t["trial"], t[hp]) for t in trials if math.isfinite(t["val_error"]))
    best = [v for _, _, v in ranked[:top_k]]
    at_low = 2 * sum(v <= entry["low"] * (1 + frac) for v in best) >= len(best)
    at_high = 2 * sum(v >= entry["high"] * (1 - frac) for v in best) >= len(best)
    return {(True, True): "both", (True, False): "low", (False, True): "high", (False, False): "ok"}[at_low, at_high]


@fault(of="boundary_flag", loses={"q5"}, hint="Does the result change when frac changes?")
def a_tenth_whatever_was_asked(trials, hp, entry, top_k=3, frac=0.2):
    """The outermost tenth is looked at, whatever frac says."""
    return flag_variant(trials, hp, entry, top_k, 0.1)


@fault(of="boundary_flag", loses={"q5"}, hint="Is the range the one that was searched, or the one between the trials?")
def ends_of_the_trials(trials, hp, entry, top_k=3, frac=0.2):
    """The smallest and largest value among the trials stand for the ends of the range."""
    reference.boundary_flag(trials, hp, entry, top_k, frac)
    values = [t[hp] for t in trials]
    low, high = min(values), max(values)
    return flag_variant(trials, hp, {**entry, "low": low, "high": high if high > low else low * 2 + 1}, top_k, frac)


@fault(of="boundary_flag", loses={"q5"}, hint="What is wrong when both ends are crowded?")
def never_both(trials, hp, entry, top_k=3, frac=0.2):
    """When both ends are crowded only the low one is named."""
    flag = reference.boundary_flag(trials, hp, entry, top_k, frac)
    return "low" if flag == "both" else flag


@fault(of="boundary_flag", loses={"q5"}, hint="What can be said when no trial worked?")
def no_feasible_trial_is_ok(trials, hp, entry, top_k=3, frac=0.2):
    """Without a feasible trial the answer is ok."""
    if not any(math.isfinite(t["val_error"]) for t in trials):
        return "ok"
    return reference.boundary_flag(trials, hp, entry, top_k, frac)


@fault(of="boundary_flag", loses={"q5"}, hint="Of equal errors, which trials are looked at first?")
def ties_in_the_order_of_the_list(trials, hp, entry, top_k=3, frac=0.2):
    """Of equal errors the first rows of the list are looked at."""
    return reference.boundary_flag([{**t, "trial": i} for i, t in enumerate(trials)], hp, entry, top_k, frac)


# q6: launch


def margin_of(base, new, t, correction=1, both=True):
    def variance(scores):
        mean = sum(scores) / len(scores)
        return sum((s - mean) ** 2 for s in scores) / (len(scores) - correction)

    return t * math.sqrt((variance(base) / len(base) if both else 0.0) + variance(new) / len(new))


def decide(base, new, cost, margin):
    launch, gain, inf = reference.should_launch(base, new, cost)
    if inf == math.inf:
        return launch, gain, inf
    return gain > margin and gain >= cost, gain, margin


@fault(of="should_launch", loses={"q6"}, hint="Is the number of seeds in your margin?")
def standard_deviation_for_standard_error(base, new, complexity_cost=0.0):
    """Variances are not divided by the number of seeds: the spread of single runs stands for the error of their mean."""
    _, _, margin = reference.should_launch(base, new, complexity_cost)
    return decide(base, new, complexity_cost, margin * math.sqrt(min(len(base), len(new))))


@fault(of="should_launch", loses={"q6"}, hint="By n or by n - 1?")
def biased_variances(base, new, complexity_cost=0.0):
    """Variances are divided by n and not by n - 1, which is too small for a few seeds."""
    reference.should_launch(base, new, complexity_cost)
    t = reference.t_quantile(max(1, min(len(base), len(new)) - 1))
    return decide(base, new, complexity_cost, margin_of(base, new, t, correction=0))


@fault(of="should_launch", loses={"q6"}, hint="How many standard errors does a 95 % decision need with three seeds?")
def two_whatever_the_seeds(base, new, complexity_cost=0.0):
    """The margin is two standard errors, however few the seeds."""
    launch, gain, margin = reference.should_launch(base, new, complexity_cost)
    return decide(base, new, complexity_cost, margin_of(base, new, 2.0) if margin < math.inf else margin)


@fault(of="should_launch", loses={"q6"}, hint="Whose scatter enters the margin?")
def only_the_new_arm_scatters(base, new, complexity_cost=0.0):
    """Only the scatter of the new arm enters the margin."""
    launch, gain, margin = reference.should_launch(base, new, complexity_cost)
    t = reference.t_quantile(max(1, min(len(base), len(new)) - 1))
    return decide(base, new, complexity_cost, margin_of(base, new, t, both=False) if margin < math.inf else margin)


@fault(of="should_launch", loses={"q6"}, hint="Are errors better when they are higher?")
def wrong_direction(base, new, complexity_cost=0.0):
    """The gain is new minus base, as if higher errors were better."""
    _, gain, margin = reference.should_launch(base, new, complexity_cost)
    return -gain > margin and -gain >= complexity_cost, -gain, margin


@fault(of="should_launch", loses={"q6"}, hint="Is a large loss a gain?")
def absolute_difference(base, new, complexity_cost=0.0):
    """The absolute difference is taken, so a large loss launches as well."""
    _, gain, margin = reference.should_launch(base, new, complexity_cost)
    return abs(gain) > margin and abs(gain) >= complexity_cost, abs(gain), margin


@fault(of="should_launch", loses={"q6"}, hint="Whose luck does the best seed measure?")
def best_against_best(base, new, complexity_cost=0.0):
    """The best seed of each arm is compared, not the means."""
    _, _, margin = reference.should_launch(base, new, complexity_cost)
    gain = min(base) - min(new)
    return gain > margin and gain >= complexity_cost, gain, margin


@fault(of="should_launch", loses={"q6"}, hint="If it is better by a hair, is it worth the trouble?")
def cost_forgotten(base, new, complexity_cost=0.0):
    """complexity_cost is not looked at."""
    _, gain, margin = reference.should_launch(base, new, complexity_cost)
    return gain > margin, gain, margin


@fault(of="should_launch", loses={"q6"}, hint="Are the two conditions joined by `and`, or added up?")
def cost_added_to_the_margin(base, new, complexity_cost=0.0):
    """The cost is added to the returned margin."""
    _, gain, margin = reference.should_launch(base, new, complexity_cost)
    t = 2 * margin
    return gain > t + complexity_cost, gain, t + complexity_cost


@fault(of="should_launch", loses={"q6"}, hint="Is a better mean enough?")
def mean_alone(base, new, complexity_cost=0.0):
    """A better mean launches, whatever the scatter."""
    _, gain, margin = reference.should_launch(base, new, complexity_cost)
    return gain > 0 and gain >= complexity_cost, gain, margin


@fault(of="should_launch", loses={"q6"}, hint="How large is the scatter of a single run?")
def one_seed_without_scatter(base, new, complexity_cost=0.0):
    """A single seed is taken to have no scatter, so its margin is that of the other arm."""
    launch, gain, margin = reference.should_launch(base, new, complexity_cost)
    return (gain > 0 and gain >= complexity_cost, gain, 0.0) if margin == math.inf else (launch, gain, margin)


@fault(of="should_launch", loses={"q6"}, hint="For which number of seeds is t taken when the arms differ?")
def degrees_of_both_arms(base, new, complexity_cost=0.0):
    """t is taken for the sum of both numbers of seeds minus two."""
    _, _, margin = reference.should_launch(base, new, complexity_cost)
    wrong = reference.t_quantile(max(1, len(base) + len(new) - 2)) / reference.t_quantile(max(1, min(len(base), len(new)) - 1))
    return decide(base, new, complexity_cost, margin * wrong)


@fault(of="should_launch", loses={"q6"}, hint="What is the mean of 0.1 and NaN?")
def nan_passes_through(base, new, complexity_cost=0.0):
    """Scores that are not finite are not refused."""
    if base and new and not all(math.isfinite(s) for s in (*base, *new)):
        return False, math.nan, math.nan
    return reference.should_launch(base, new, complexity_cost)


@fault(of="should_launch", loses={"q6"}, hint="Which dtype does torch.tensor([0.1, 0.2]) have?")
def scores_in_single_precision(base, new, complexity_cost=0.0):
    """The scores become a float32 tensor, which rounds them in the eighth digit."""
    rounded = [torch.tensor(scores).double().tolist() for scores in (base, new)]
    return reference.should_launch(*rounded, complexity_cost)


# q7: performance profiles


@fault(of="performance_profile", loses={"q7"}, hint="Which time is divided by which?")
def ratio_inverted(times, taus):
    """The best time is divided by the own one, so every workload is within any tau."""
    reference.performance_profile(times, taus)
    count = len(next(iter(times.values())))
    return {name: [sum(math.isfinite(t) for t in row.values()) / count for _ in taus] for name, row in times.items()}


@fault(of="performance_profile", loses={"q7"}, hint="Of how many workloads is it a fraction?")
def fraction_of_the_solved(times, taus):
    """Fractions are taken of the workloads that the algorithm itself solved."""
    count = len(next(iter(times.values()), ()))
    profile = reference.performance_profile(times, taus)
    solved = {name: sum(math.isfinite(t) for t in row.values()) for name, row in times.items()}
    return {name: [f * count / solved[name] if solved[name] else 0.0 for f in row] for name, row in profile.items()}


@fault(of="performance_profile", loses={"q7"}, hint="Is a workload that nobody solves in your denominator?")
def unsolved_workloads_left_out(times, taus):
    """A workload that nobody solves is left out of the denominator."""
    reference.performance_profile(times, taus)
    names = next(iter(times.values()))
    kept = [w for w in names if any(math.isfinite(row[w]) for row in times.values())]
    return reference.performance_profile({name: {w: row[w] for w in kept} for name, row in times.items()}, taus)


@fault(of="performance_profile", loses={"q7"}, hint="inf <= tau * inf: is that a solution?")
def nobody_means_everybody(times, taus):
    """A workload that nobody solves counts for everybody, because inf <= tau * inf."""
    profile = reference.performance_profile(times, taus)
    names = next(iter(times.values()))
    extra = {
        name: sum(row[w] == math.inf and all(not math.isfinite(r[w]) for r in times.values()) for w in names) for name, row in times.items()
    }
    return {name: [f + extra[name] / len(names) for f in row] for name, row in profile.items()}


@fault(of="performance_profile", loses={"q7"}, hint="Is the best time of a workload the same for all algorithms?")
def own_best_time(times, taus):
    """Times are compared with the algorithm's own best workload, not with the other algorithms."""
    reference.performance_profile(times, taus)
    found = {}
    for name, row in times.items():
        best = min((t for t in row.values() if math.isfinite(t)), default=math.inf)
        found[name] = [sum(math.isfinite(t) and t <= tau * best for t in row.values()) / len(row) for tau in taus]
    return found


@fault(of="performance_profile", loses={"q7"}, hint="At tau = 1, does the fastest algorithm solve its workload?")
def strictly_within_tau(times, taus):
    """A time equal to tau times the best does not count, so at tau = 1 nobody solves anything."""
    reference.performance_profile(times, taus)
    names = next(iter(times.values()))
    best = {w: min((row[w] for row in times.values() if math.isfinite(row[w])), default=math.inf) for w in names}
    return {
        name: [sum(row[w] < tau * best[w] and math.isfinite(row[w]) for w in names) / len(names) for tau in taus]
        for name, row in times.items()
    }


@fault(of="performance_profile", loses={"q7"}, hint="What does min() give when the first of its values is NaN?")
def nan_may_be_the_best_time(times, taus):
    """The best time is the minimum of all entries, and a NaN that comes first stays the minimum: then nobody solves the workload."""
    profile = reference.performance_profile(times, taus)
    names = next(iter(times.values()))
    best = {w: min(row[w] for row in times.values()) for w in names}
    return {name: [sum(times[name][w] <= tau * best[w] < math.inf for w in names) / len(names) for tau in taus] for name in profile}


@fault(of="performance_profile", loses={"q7"}, hint="What should a table with a hole in it give?")
def holes_are_never_solved(times, taus):
    """A missing workload is silently taken as never solved."""
    if not times:
        raise ValueError("empty")
    names = {w: None for row in times.values() for w in row}
    return reference.performance_profile({name: {w: row.get(w, math.inf) for w in names} for name, row in times.items()}, taus)


@fault(of="performance_profile", loses={"q7"}, hint="May tau be smaller than 1?")
def any_tau(times, taus):
    """A tau below 1 is accepted, where every fraction is zero."""
    return reference.performance_profile(times, [max(1.0, tau) for tau in taus])


@fault(of="profile_score", loses={"q7"}, hint="By what is the area divided?")
def area_not_normalized(times, tau_max):
    """The area is not divided by tau_max - 1."""
    return {name: score * (tau_max - 1) for name, score in reference.profile_score(times, tau_max).items()}


@fault(of="profile_score", loses={"q7"}, hint="Where does the range of tau begin?")
def divided_by_tau_max(times, tau_max):
    """The area is divided by tau_max, though the range begins at 1."""
    return {name: score * (tau_max - 1) / tau_max for name, score in reference.profile_score(times, tau_max).items()}


@fault(of="profile_score", loses={"q7"}, hint="Is the profile a polygon or a staircase?")
def trapezoids_on_a_grid(times, tau_max):
    """The staircase is integrated by trapezoids on a grid of a thousand points, which slants its steps."""
    reference.profile_score(times, tau_max)
    n = 1000
    taus = [1 + (tau_max - 1) * i / n for i in range(n + 1)]
    profile = reference.performance_profile(times, taus)
    return {name: (sum(row) - (row[0] + row[-1]) / 2) / n for name, row in profile.items()}


@fault(of="profile_score", loses={"q7"}, hint="What does min() give when the first of its values is NaN?")
def nan_may_be_the_best_time_in_the_score(times, tau_max):
    """The best time is the minimum of all entries, and a NaN that comes first stays the minimum: the workload adds no area."""
    first = next(iter(times.values()))
    kept = {name: {w: math.inf if math.isnan(first[w]) else t for w, t in row.items()} for name, row in times.items()}
    return reference.profile_score(kept, tau_max)


@fault(of="profile_score", loses={"q7"}, hint="Does a workload beyond tau_max take anything away?")
def negative_contributions(times, tau_max):
    """A workload whose ratio exceeds tau_max takes area away."""
    if not tau_max > 1:
        raise ValueError("tau_max")
    scores = {}
    for name, row in times.items():
        area = 0.0
        for w, t in row.items():
            if math.isfinite(t):
                area += tau_max - t / min(o[w] for o in times.values() if math.isfinite(o[w]))
        scores[name] = area / (tau_max - 1) / len(row)
    return scores


@fault(of="profile_score", loses={"q7"}, hint="Which height has the profile, and where does it end?")
def height_at_the_end(times, tau_max):
    """The height of the profile at tau_max is returned, not its area."""
    if not tau_max > 1:
        raise ValueError("tau_max")
    return {name: row[0] for name, row in reference.performance_profile(times, [tau_max]).items()}


@fault(of="profile_score", loses={"q7"}, hint="How wide is the range for tau_max = 1?")
def no_width_is_fine(times, tau_max):
    """tau_max = 1 gives zero where it is an error."""
    return reference.profile_score(times, tau_max) if tau_max > 1 else dict.fromkeys(times, 0.0)


# q8: the study


def changed_plan(**changes):
    return {**reference.plan(), **changes}


@fault(of="plan", loses={"q8"}, hint="Which hyperparameter has two roles in your plan?")
def wrong_roles():
    """The learning rate is fixed and searched at the same time."""
    plan = reference.plan()
    return {**plan, "fixed": {**plan["fixed"], "lr": 0.003}}


@fault(of="plan", loses={"q8"}, hint="Has every hyperparameter of the study a role?")
def a_forgotten_hyperparameter():
    """The width has no role."""
    plan = reference.plan()
    return {**plan, "fixed": {"schedule": "constant", "batch_size": 32}}


@fault(of="plan", loses={"q8"}, hint="Which number comes out when you evaluate the loss on the test set to choose?")
def selects_on_the_test_set():
    """Trials are selected on the test set."""
    return changed_plan(selection_metric="test_error")


@fault(of="plan", loses={"q8"}, hint="Which search does the playbook recommend while you explore?")
def a_grid_was_planned():
    """The plan names a grid."""
    return changed_plan(search_method="grid")


@fault(of="plan", loses={"q8"}, hint="How many rows of the study does your table have for each arm?")
def more_trials_planned_than_run():
    """The plan has sixteen trials for each arm; the table has twelve."""
    return changed_plan(trials_per_arm=[16, 16])


@fault(of="plan", loses={"q8"}, hint="Is each learning rate of the table inside the planned range?")
def range_of_the_first_study():
    """The plan still has the narrow range of the first study, while the rows come from the wide one."""
    plan = reference.plan()
    return {**plan, "search_space": {**plan["search_space"], "lr": {"scale": "log", "low": 1e-4, "high": 3e-3}}}


@fault(of="plan", loses={"q8"}, hint="How many steps has each trial of the table run?")
def another_number_of_steps():
    """The plan has 200 steps; the trials ran 240."""
    return changed_plan(max_train_steps=200)


@fault(of="plan", loses={"q8"}, hint="With which arm is everything compared?")
def a_baseline_outside_the_comparison():
    """The baseline's average is no value that is compared."""
    plan = reference.plan()
    return {**plan, "baseline": {**plan["baseline"], "average": 0.5}}


@fault(of="plan", loses={"q8"}, hint="How much must an improvement bring to be worth it?")
def too_high_a_price():
    """By the plan's own complexity_cost the gain is too small, yet the claim says launch."""
    return changed_plan(evidence={"seeds": 5, "complexity_cost": 0.05})


@fault(of="plan", loses={"q8"}, hint="How many seeds does the evidence rest on?")
def three_seeds_planned():
    """The plan rests on three seeds."""
    return changed_plan(evidence={"seeds": 3, "complexity_cost": 0.005})


@fault(of="trial_table", loses={"q8"}, hint="How does a number of wrong answers out of 1000 look as a fraction?")
def invented_numbers():
    """The curves are invented: entries that no validation set of 1000 readings can give."""
    draw = random.Random(0)
    return [{**row, "curve": [draw.random() for _ in row["curve"]]} for row in reference.trial_table()]


@fault(of="trial_table", loses={"q8"}, hint="Are all trials of the study in the table, also the bad ones?")
def bad_trials_left_out():
    """The worst trials of the study are left out of the table."""
    return [row for row in reference.trial_table() if row["study"] != "wide" or min(row["curve"]) < 0.3]


@fault(of="trial_table", loses={"q8"}, hint="With which seed was the winner chosen?")
def the_winning_seed_counts_again():
    """The seed with which the winner was chosen stands among the seeds that confirm it."""
    return [{**row, "seed": 0} if row["study"] == "seeds" and row["seed"] == 1 else row for row in reference.trial_table()]


@fault(of="trial_table", loses={"q8"}, hint="Which configuration do the rows of the study seeds repeat?")
def another_configuration_repeated():
    """The study "seeds" repeats another learning rate than the winner's."""
    return [{**row, "lr": 0.05} if row["study"] == "seeds" and row["average"] > 0 else row for row in reference.trial_table()]


@fault(of="trial_table", loses={"q8"}, hint="Is each row a run of its own?")
def rows_copied():
    """Rows are repeated under new trial numbers to look like more seeds."""
    rows = reference.trial_table()
    return [*rows, *({**row, "trial": row["trial"] + 100} for row in rows if row["study"] == "seeds")]


@fault(of="trial_table", loses={"q8"}, hint="Which checkpoints does a run of 240 steps have?")
def curves_of_another_length():
    """The curves have a point for every 20 steps, where a checkpoint comes every 30."""
    return [{**row, "curve": [*row["curve"], *row["curve"][-4:]]} for row in reference.trial_table()]


@fault(of="trial_table", loses={"q8"}, hint="Where does the planned range end?")
def one_value_beyond_the_range():
    """One learning rate lies two percent beyond the end of the planned range."""
    rows = reference.trial_table()
    largest = max((r for r in rows if r["study"] == "wide"), key=lambda r: r["lr"])
    return [{**row, "lr": 0.306} if row["trial"] == largest["trial"] else row for row in rows]


@fault(of="trial_table", loses={"q8"}, hint="Is there a `return` at the end?")
def nothing_comes_back():
    """The rows are written down, and the function returns None."""
    reference.trial_table()


@fault(of="trial_table", loses={"q8"}, hint="May one column of the table vanish?")
def no_seed_column():
    """The column with the seed is missing, so no trial can be repeated."""
    return [{k: v for k, v in row.items() if k != "seed"} for row in reference.trial_table()]


@fault(of="trial_table", loses={"q8"}, hint="Which value did the other arm have in this hyperparameter?")
def batch_size_changed_in_between():
    """One arm was run with another batch size than the plan fixes."""
    return [{**row, "batch_size": 64} if row["average"] > 0 else row for row in reference.trial_table()]


def claims_with(change, **which):
    """The reference's claims, those that match `which` changed."""
    return [{**c, **change} if all(c.get(k) == v for k, v in which.items()) else c for c in copy.deepcopy(reference.claims())]


@fault(of="claims", loses={"q8"}, hint="In which row does this number stand?")
def a_number_that_is_in_no_row():
    """The best error is given as better than any row."""
    return claims_with({"val_error": 0.065}, says="best", arm=0.95)


@fault(of="claims", loses={"q8"}, hint="Is there a better trial in this arm?")
def not_the_best_trial():
    """Another trial than the best is named, with its own number."""
    row = next(r for r in reference.trial_table() if r["trial"] == 38)
    return claims_with({"trial": 38, "val_error": min(row["curve"])}, says="best", arm=0.95)


@fault(of="claims", loses={"q8"}, hint="Which trial is the best of the study that you planned?")
def the_winner_of_another_study():
    """The best trial of the seeds is claimed, not of the planned study."""
    rows = [r for r in reference.trial_table() if r["study"] == "seeds" and r["average"] > 0]
    best = min(rows, key=lambda r: min(r["curve"]))
    return claims_with({"trial": best["trial"], "val_error": min(best["curve"])}, says="best", arm=0.95)


@fault(of="claims", loses={"q8"}, hint="Where in the range do the three best trials lie?")
def boundary_ignored():
    """The best trials crowd at an end of the range, and the claim says ok."""
    return claims_with({"flag": "ok"}, says="boundary", flag="low")


@fault(of="claims", loses={"q8"}, hint="What was done about the crowded end?")
def boundary_without_a_word():
    """The crowded end is seen, and nothing is said about it."""
    return claims_with({"done": ""}, says="boundary", flag="low")


@fault(of="claims", loses={"q8"}, hint="From which rows does the gain come?")
def gain_between_the_winners():
    """The gain is the difference between the two winners of the study, not between the means over the seeds."""
    return claims_with({"gain": 0.008}, says="launch")


@fault(of="claims", loses={"q8"}, hint="How many decimals must a number in a claim have?")
def rounded_to_two_decimals():
    """Gain and margin are rounded to two decimals, which is coarser than the prompt allows."""
    return claims_with({"gain": 0.02, "margin": 0.01}, says="launch")


@fault(of="claims", loses={"q8"}, hint="What does the margin consist of?")
def margin_left_out():
    """The margin is given as zero."""
    return claims_with({"margin": 0.0}, says="launch")


@fault(of="claims", loses={"q8"}, hint="What follows when the gain exceeds margin and cost?")
def the_opposite_decision():
    """The decision contradicts its own numbers."""
    return claims_with({"launch": False}, says="launch")


@fault(of="claims", loses={"q8"}, hint="Is the time the same for a hard and an easy target?")
def two_targets():
    """Each arm is timed at a target of its own."""
    return claims_with({"target": 0.12, "median_step": 90}, says="time", arm=0.95)


@fault(of="claims", loses={"q8"}, hint="Median or fastest?")
def fastest_seed():
    """The fastest seed stands for the median."""
    return claims_with({"median_step": 90}, says="time", arm=0.0)


@fault(of="claims", loses={"q8"}, hint="How many claims does the prompt ask for?")
def one_claim_for_all():
    """Only the winning arm is spoken of."""
    return [c for c in reference.claims() if c["arm"] != 0.0]


@fault(of="claims", loses={"q8"}, hint="Is there a trial that reaches this target?")
def a_target_out_of_reach():
    """Both arms are timed at a target that no trial reaches."""
    return claims_with({"target": 0.01, "median_step": math.inf}, says="time")
