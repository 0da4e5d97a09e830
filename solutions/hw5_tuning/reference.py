import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)


def draw_digits(n: int, seed: int, noise: float = 0.3) -> tuple[Tensor, Tensor]:
    """n noisy readings of a dot-matrix display: x (n, 63) in float64 and the digits y (n,).

    Each reading is a 5 by 7 digit at one of nine places on a 7 by 9 panel, plus Gaussian noise on
    every dot.
    Everything is drawn from one seed.
    """
    generator = torch.Generator().manual_seed(seed)
    glyphs = torch.tensor([[[float(dot) for dot in line] for line in glyph.split()] for glyph in GLYPHS], dtype=torch.float64)
    y = torch.randint(10, (n,), generator=generator)
    down = torch.randint(3, (n,), generator=generator)
    right = torch.randint(3, (n,), generator=generator)
    panel = torch.zeros(n, 9, 7, dtype=torch.float64)
    for i in range(n):
        panel[i, down[i] : down[i] + 7, right[i] : right[i] + 5] = glyphs[y[i]]
    panel = panel + noise * torch.randn(n, 9, 7, generator=generator, dtype=torch.float64)
    return panel.reshape(n, 63) - 0.25, y


@lru_cache
def load_data() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The training set (500 readings) and the validation set (1000 readings), each a pair (x, y).
    The test set stays in the drawer."""
    return draw_digits(500, seed=1), draw_digits(1000, seed=2)


class Reader(nn.Module):
    """A network with one hidden layer: linear, ReLU, linear. It maps (n, inputs) to (n, outputs)
    logits: no softmax at the end.

    Lectures 4 and 8; torch.nn.Module in the documentation of PyTorch.
    """

    def __init__(self, inputs: int = 63, width: int = 64, outputs: int = 10) -> None:
        """Make the two layers, the hidden one first, as nn.Linear with bias, so that parameters()
        lists their weights in this order."""
        super().__init__()
        # BEGIN SOLUTION
        self.hidden = nn.Linear(inputs, width)
        self.out = nn.Linear(width, outputs)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch, (n, outputs)."""
        # BEGIN SOLUTION
        logits: Tensor = self.out(torch.relu(self.hidden(x)))
        return logits
        # END SOLUTION


def initialize(model: nn.Module, seed: int) -> nn.Module:
    """Make the model float64 and draw its weights from a generator of its own: biases 0, weights of
    variance 1 / fan-in."""
    generator = torch.Generator().manual_seed(seed)
    model.double()
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() < 2:
                p.zero_()
            else:
                p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) / p.shape[1] ** 0.5)
    return model


def evaluate(model: nn.Module, data: tuple[Tensor, Tensor], batch_size: int = 256) -> tuple[float, float]:
    """The mean cross-entropy loss and the fraction of wrong answers over all examples, (loss,
    error), as Python floats.

    data: (x, y) with logits model(x) and classes y (n,). The examples go through the model in
    batches of batch_size; the last batch may be shorter, and the result must not depend on
    batch_size. No gradient is recorded. Lecture 8.
    """
    # BEGIN SOLUTION
    loss, wrong = 0.0, 0
    with torch.no_grad():
        for x, y in DataLoader(TensorDataset(*data), batch_size=batch_size):
            logits = model(x)
            loss += F.cross_entropy(logits, y, reduction="sum").item()
            wrong += int((logits.argmax(dim=1) != y).sum())
    return loss / len(data[1]), wrong / len(data[1])
    # END SOLUTION


def train_one(
    model: nn.Module, train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor], config: Mapping[str, Any], eval_every: int = 30
) -> list[dict[str, Any]]:
    """Train the model for exactly config["steps"] steps of AdamW; returns its history, one
    dictionary per checkpoint.

    train, val: pairs (x, y). The model's weights are the starting point; it is changed.
    config: "lr", "weight_decay", "batch_size", "schedule" ("constant" or "cosine"), "average"
    (gamma, in [0, 1)), "steps", "seed".
    A checkpoint is taken after the steps eval_every, 2 * eval_every, ... and after the last step.
    Its keys: "step"; "train_loss", the mean over the examples used since the checkpoint before;
    "val_loss" and "val_error" of the averaged weights.
    If the loss of a batch is not finite, training ends there, and the checkpoints so far are
    returned.
    Everything happens where the model and the data are, and a step waits for at most three numbers
    from there.
    Raises ValueError for another schedule, gamma outside [0, 1), steps < 1 or eval_every < 1.
    Lecture 8.
    """
    # BEGIN SOLUTION
    steps, gamma = config["steps"], config["average"]
    if config["schedule"] not in ("constant", "cosine") or not 0 <= gamma < 1 or steps < 1 or eval_every < 1:
        raise ValueError(f"outside the domain: {dict(config)}, eval_every={eval_every}")
    generator = torch.Generator().manual_seed(config["seed"])
    loader = DataLoader(TensorDataset(*train), batch_size=config["batch_size"], shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])

    def factor(k: int) -> float:
        return 0.5 * (1 + math.cos(math.pi * k / steps)) if config["schedule"] == "cosine" else 1.0

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(gamma))
    history: list[dict[str, Any]] = []
    step, total, seen = 0, 0.0, 0
    while True:
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            value = loss.item()
            if not math.isfinite(value):
                return history
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            averaged.update_parameters(model)
            step, total, seen = step + 1, total + value * len(y), seen + len(y)
            if step % eval_every == 0 or step == steps:
                val_loss, val_error = evaluate(averaged, val)
                history.append({"step": step, "train_loss": total / seen, "val_loss": val_loss, "val_error": val_error})
                total, seen = 0.0, 0
            if step == steps:
                return history
    # END SOLUTION


SCENARIOS = {
    "decay-on-off": {
        "goal": "Does weight decay help at all? Compare training with it and without it.",
        "hyperparameters": ("use_weight_decay", "weight_decay", "lr", "activation", "batch_size", "max_train_steps"),
    },
    "decay-strength": {
        "goal": "How does the validation error depend on the strength of weight decay?",
        "hyperparameters": ("weight_decay", "lr", "dropout", "activation", "batch_size", "max_train_steps"),
    },
    "optimizer": {
        "goal": "Is AdamW better than SGD with momentum?",
        "hyperparameters": ("optimizer", "lr", "momentum", "weight_decay", "width", "batch_size", "max_train_steps"),
    },
    "activation": {
        "goal": "Is GELU better than ReLU?",
        "hyperparameters": ("activation", "lr", "weight_decay", "width", "batch_size", "max_train_steps"),
    },
    "width": {
        "goal": "Does a network of twice the width make fewer mistakes?",
        "hyperparameters": ("width", "lr", "weight_decay", "dropout", "activation", "max_train_steps"),
    },
    "schedule": {
        "goal": "Is a cosine schedule better than a constant learning rate?",
        "hyperparameters": ("schedule", "lr", "weight_decay", "optimizer", "batch_size", "max_train_steps"),
    },
}


def assign_roles(goal: str) -> dict[str, str]:
    """The role of every hyperparameter of SCENARIOS[goal]: a dictionary from its name to
    "scientific", "nuisance" or "fixed".

    Raises ValueError for a goal that SCENARIOS does not hold. Lecture 11.
    """
    # BEGIN SOLUTION
    if goal not in SCENARIOS:
        raise ValueError(f"unknown goal {goal!r}")
    scientific = {"decay-on-off": "use_weight_decay", "decay-strength": "weight_decay"}.get(goal, goal)
    affordable = ("lr", "weight_decay", "dropout", "momentum")
    roles = {hp: "nuisance" if hp in affordable else "fixed" for hp in SCENARIOS[goal]["hyperparameters"]}
    return {**roles, scientific: "scientific"}
    # END SOLUTION


HYPERPARAMETERS = ("lr", "weight_decay", "schedule", "average", "batch_size", "width")

PLAN_FIELDS = (
    "study",
    "goal",
    "baseline",
    "scientific",
    "nuisance",
    "fixed",
    "search_space",
    "trials_per_arm",
    "search_method",
    "max_train_steps",
    "checkpoint_rule",
    "selection_metric",
    "evidence",
)


def plan_problems(plan: Mapping[str, Any]) -> list[str]:
    """The codes of all that is wrong with a plan, each once, in any order; an empty list for a
    sound plan.

    plan: a dictionary of the form shown in the prompt; it is not changed. The codes and their rules
    stand in the prompt's table.
    If a field of PLAN_FIELDS is absent, the result is ["missing-field"] and nothing else is looked
    at.
    Lecture 11.
    """
    # BEGIN SOLUTION
    if any(field not in plan for field in PLAN_FIELDS):
        return ["missing-field"]
    scientific, nuisance, fixed, space = plan["scientific"], plan["nuisance"], plan["fixed"], plan["search_space"]
    roles = [name for part in (scientific, nuisance, fixed) for name in set(part)]

    def bad(entry: Mapping[str, Any]) -> bool:
        if entry.get("scale") == "choice":
            return len(set(entry.get("values", ()))) < 2
        if entry.get("scale") not in ("linear", "log") or "low" not in entry or "high" not in entry:
            return True
        return bool(entry["low"] >= entry["high"] or (entry["scale"] == "log" and entry["low"] <= 0))

    values = next(iter(scientific.values())) if len(scientific) == 1 else []
    budgets, steps = plan["trials_per_arm"], plan["max_train_steps"]
    searched = {*scientific, *nuisance, *space}
    found = {
        "not-one-scientific": len(scientific) != 1 or len(set(values)) < 2,
        "two-roles": len(roles) != len(set(roles)),
        "no-role": not set(HYPERPARAMETERS) <= set(roles),
        "no-range": not set(nuisance) <= set(space),
        "bad-range": any(bad(entry) for entry in space.values()),
        "unequal-budgets": len(scientific) == 1 and (len(budgets) != len(values) or len(set(budgets)) != 1 or min(budgets) < 1),
        "not-quasi-random": plan["search_method"] != "quasi-random",
        "steps-not-fixed": "max_train_steps" in searched or not isinstance(steps, int) or steps < 1,
        "not-best-checkpoint": plan["checkpoint_rule"] != "best",
        "not-validation": not plan["selection_metric"].startswith("val_"),
        "too-few-seeds": plan["evidence"].get("seeds", 0) < 5,
    }
    return [code for code, holds in found.items() if holds]
    # END SOLUTION


def sample_trials(space: Mapping[str, Mapping[str, Any]], n: int, seed: int) -> list[dict[str, Any]]:
    """n quasi-random points of a search space: a list of n dictionaries with the keys of `space`.

    space: for each hyperparameter {"scale": "linear" or "log", "low": a, "high": b} or {"scale":
    "choice", "values": [...]}.
    Each range is covered evenly on its own scale, and choices get equal shares. The same seed gives
    the same points, another seed others.
    Raises ValueError for n < 1, low >= high, a log scale with low <= 0, another scale, or a choice
    without values.
    Lecture 11; Bergstra and Bengio (2012) on why not a grid.
    """
    # BEGIN SOLUTION
    if n < 1:
        raise ValueError(f"n must be at least 1; it is {n}.")
    for name, entry in space.items():
        if entry["scale"] == "choice":
            sound = len(entry["values"]) > 0
        else:
            sound = entry["scale"] in ("linear", "log") and entry["low"] < entry["high"]
            sound = sound and (entry["scale"] == "linear" or entry["low"] > 0)
        if not sound:
            raise ValueError(f"{name}: {entry} is no range.")

    def place(entry: Mapping[str, Any], u: float) -> Any:
        if entry["scale"] == "choice":
            return entry["values"][min(int(u * len(entry["values"])), len(entry["values"]) - 1)]
        if entry["scale"] == "linear":
            return entry["low"] + u * (entry["high"] - entry["low"])
        return math.exp(math.log(entry["low"]) + u * (math.log(entry["high"]) - math.log(entry["low"])))

    engine = torch.quasirandom.SobolEngine(max(1, len(space)), scramble=True, seed=seed)
    points = engine.draw(n, dtype=torch.float64).tolist()
    return [{name: place(entry, u) for (name, entry), u in zip(space.items(), point, strict=False)} for point in points]
    # END SOLUTION


def best_checkpoint(history: Iterable[Mapping[str, Any]]) -> tuple[int | None, float]:
    """The step and the value of the smallest "val_error" in a history, (step, val_error).

    history: dictionaries with "step" and "val_error", in any order. Of equal values the earliest
    step counts. Checkpoints whose val_error is NaN or infinite are infeasible; if there is no
    other, the result is (None, inf). Lecture 11.
    """
    # BEGIN SOLUTION
    feasible = [(h["val_error"], h["step"]) for h in history if math.isfinite(h["val_error"])]
    if not feasible:
        return None, math.inf
    error, step = min(feasible)
    return step, error
    # END SOLUTION


def time_to_result(history: Iterable[Mapping[str, Any]], target: float) -> float:
    """The first step at which "val_error" is at most `target`, or inf if it never is.

    history: dictionaries with "step" and "val_error", in any order; NaN never reaches a target.
    Lecture 10.
    """
    # BEGIN SOLUTION
    return min((h["step"] for h in history if h["val_error"] <= target), default=math.inf)
    # END SOLUTION


def isolation_table(trials: Sequence[Mapping[str, Any]], hp: str) -> dict[Any, tuple[float, int | None]]:
    """For each value of the scientific hyperparameter `hp`, the best that its trials reach: {value:
    (val_error, trial)}.

    trials: dictionaries with "trial" (a number), "val_error" (at the best checkpoint; NaN or inf if
    infeasible) and `hp`, in any order.
    Of equal errors the smallest trial number counts. A value all of whose trials are infeasible
    gets (inf, None).
    Raises ValueError if there are no trials, or if the values do not have equally many (infeasible
    trials count: they were paid for).
    Lecture 11.
    """
    # BEGIN SOLUTION
    arms: dict[Any, list[Mapping[str, Any]]] = {}
    for trial in trials:
        arms.setdefault(trial[hp], []).append(trial)
    budgets = {value: len(arm) for value, arm in arms.items()}
    if len(set(budgets.values())) != 1:
        raise ValueError(f"There must be trials, and equally many for each value: {budgets}.")
    table: dict[Any, tuple[float, int | None]] = {}
    for value, arm in arms.items():
        feasible = [(t["val_error"], t["trial"]) for t in arm if math.isfinite(t["val_error"])]
        table[value] = min(feasible) if feasible else (math.inf, None)
    return table
    # END SOLUTION


def boundary_flag(trials: Sequence[Mapping[str, Any]], hp: str, entry: Mapping[str, Any], top_k: int = 3, frac: float = 0.2) -> str:
    """Whether the best trials crowd at an end of the range of `hp`: "low", "high", "both" or "ok".

    trials: dictionaries with "trial", "val_error" and `hp`. entry: the range, {"scale": "linear" or
    "log", "low": a, "high": b}.
    Of the top_k best feasible trials (fewer if there are fewer; of equal errors the smallest trial
    number first), an end is flagged when at least half lie in the outermost fraction `frac` of the
    range at that end, measured on the range's own scale.
    Raises ValueError if no trial is feasible, or for another scale.
    Lecture 11.
    """
    # BEGIN SOLUTION
    feasible = sorted((t["val_error"], t["trial"], t[hp]) for t in trials if math.isfinite(t["val_error"]))
    if not feasible or entry["scale"] not in ("linear", "log"):
        raise ValueError(f"no feasible trial, or a scale without ends: {entry}")
    best = [value for _, _, value in feasible[:top_k]]
    warp = math.log if entry["scale"] == "log" else float
    low, high = warp(entry["low"]), warp(entry["high"])
    places = [(warp(value) - low) / (high - low) for value in best]
    at_low = 2 * sum(u <= frac for u in places) >= len(best)
    at_high = 2 * sum(u >= 1 - frac for u in places) >= len(best)
    return {(True, True): "both", (True, False): "low", (False, True): "high", (False, False): "ok"}[at_low, at_high]
    # END SOLUTION


T95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753)


def t_quantile(df: int) -> float:
    """The 95 % point of Student's t distribution with df degrees of freedom (above 15: the value of
    15, on the safe side)."""
    return T95[min(df, len(T95)) - 1]


def should_launch(base: Sequence[float], new: Sequence[float], complexity_cost: float = 0.0) -> tuple[bool, float, float]:
    """Whether to replace the baseline: (launch, gain, margin).

    base, new: validation errors, one per seed; lower is better. gain: mean(base) - mean(new).
    margin: t times the standard error of the gain, with unbiased variances and t = t_quantile(m -
    1), where m is the smaller number of seeds; inf if m = 1.
    launch: gain > margin and gain >= complexity_cost.
    Raises ValueError for an empty list, a score that is not finite, or complexity_cost < 0.
    Lecture 11; the standard error is that of Welch (1947).
    """
    # BEGIN SOLUTION
    if not base or not new or complexity_cost < 0 or not all(math.isfinite(s) for s in (*base, *new)):
        raise ValueError("scores must be finite, and there must be some on both sides; the cost must not be negative")

    def mean(scores: Sequence[float]) -> float:
        return sum(scores) / len(scores)

    def squared_error(scores: Sequence[float]) -> float:
        return sum((s - mean(scores)) ** 2 for s in scores) / (len(scores) - 1) / len(scores)

    gain = mean(base) - mean(new)
    fewest = min(len(base), len(new))
    margin = t_quantile(fewest - 1) * math.sqrt(squared_error(base) + squared_error(new)) if fewest > 1 else math.inf
    return gain > margin and gain >= complexity_cost, gain, margin
    # END SOLUTION


def performance_profile(times: Mapping[str, Mapping[str, float]], taus: Sequence[float]) -> dict[str, list[float]]:
    """For each algorithm, {algorithm: [one fraction per tau]}: how many of all workloads it solves
    within tau times the best time.

    times: {algorithm: {workload: time to result}}; inf or NaN means never solved. The best time of
    a workload is taken over all algorithms.
    A workload that nobody solves stays in the denominator and counts for nobody.
    Raises ValueError for no algorithm, no workload, different workloads, a time <= 0, or a tau < 1.
    Lecture 10; Dolan and More (2002).
    """
    # BEGIN SOLUTION
    workloads = set().union(*(row.keys() for row in times.values()))
    holes = any(set(row) != workloads or any(t <= 0 for t in row.values()) for row in times.values())
    if not workloads or holes or any(tau < 1 for tau in taus):
        raise ValueError("times must be positive and every algorithm must have all workloads; tau is at least 1")
    best = {w: min((row[w] for row in times.values() if math.isfinite(row[w])), default=math.inf) for w in workloads}
    return {
        name: [sum(math.isfinite(row[w]) and row[w] <= tau * best[w] for w in workloads) / len(workloads) for tau in taus]
        for name, row in times.items()
    }
    # END SOLUTION


def profile_score(times: Mapping[str, Mapping[str, float]], tau_max: float) -> dict[str, float]:
    """The exact area under each algorithm's profile between tau = 1 and tau_max, divided by tau_max
    - 1: {algorithm: score}.

    times: as for performance_profile, and valid. Raises ValueError unless tau_max > 1. Lecture 10.
    """
    # BEGIN SOLUTION
    if not tau_max > 1:
        raise ValueError(f"tau_max must be larger than 1; it is {tau_max}.")
    scores: dict[str, float] = {}
    for name, row in times.items():
        area = 0.0
        for workload, time in row.items():
            best = min((other[workload] for other in times.values() if math.isfinite(other[workload])), default=math.inf)
            if math.isfinite(time):
                area += max(0.0, tau_max - time / best)
        scores[name] = area / (tau_max - 1) / len(row)
    return scores
    # END SOLUTION


def log_path(name: str = "hw5_trials.jsonl") -> str:
    """Where the log lives: on Google Drive when it is mounted, else beside the notebook."""
    drive = "/content/drive/MyDrive"
    return os.path.join(drive, name) if os.path.isdir(drive) else name


def read_log(path: str) -> list[dict[str, Any]]:
    """The trials in the log, one JSON line each; a last line that an interruption cut off is left
    out."""
    rows: list[dict[str, Any]] = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as log:
            for line in log:
                try:
                    rows.append(json.loads(line))
                except ValueError:
                    continue
    return rows


def run_trial(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One trial from its seed: a new Reader, its own weights, train_one on the CPU in float64."""
    train, val = load_data()
    model = initialize(Reader(63, config["width"], 10), config["seed"])
    return train_one(model, train, val, config)


def run_study(study: str, configs: Sequence[Mapping[str, Any]], path: str) -> list[dict[str, Any]]:
    """Run those trials of a study that the log does not hold; each is logged as it ends, so an
    interrupted study goes on where it stopped.

    configs: dictionaries with the HYPERPARAMETERS, "steps" and "seed". Returns the study's rows:
    the configuration, "trial", "study" and "history". If you change train_one or Reader, delete the
    log: old lines would stand beside new ones.
    """
    log = read_log(path)
    done = {json.dumps([row["study"], row["config"]], sort_keys=True): row for row in log}
    keys = [json.dumps([study, dict(config)], sort_keys=True) for config in configs]
    number = max((row["trial"] for row in log), default=0)
    print(f"{study}: {len(keys)} trials, {sum(key in done for key in keys)} of them in the log  [", end="", flush=True)
    for key, config in zip(keys, configs, strict=True):
        if key not in done:
            number += 1
            done[key] = {"trial": number, "study": study, "config": dict(config), "history": run_trial(config)}
            with open(path, "a", encoding="utf-8") as out:
                out.write(json.dumps(done[key]) + "\n")
        print("#", end="", flush=True)
    print("]")
    return [{"trial": row["trial"], "study": study, **row["config"], "history": row["history"]} for row in map(done.__getitem__, keys)]


def planned_trials(plan: Mapping[str, Any], seed: int = 0) -> list[dict[str, Any]]:
    """The configurations of a plan's study: the same sampled points for every arm, rounded to three
    digits; all start from seed 0."""
    ((hp, values),) = plan["scientific"].items()
    configs: list[dict[str, Any]] = []
    for value, n in zip(values, plan["trials_per_arm"], strict=True):
        for point in sample_trials(plan["search_space"], n, seed):
            point = {k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in point.items()}
            configs.append({**plan["fixed"], **point, hp: value, "steps": plan["max_train_steps"], "seed": 0})
    return configs


def with_best(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with "step" and "val_error" of their best checkpoint, by your best_checkpoint."""
    found = []
    for row in rows:
        step, error = best_checkpoint(row["history"])
        found.append({**row, "step": step, "val_error": error})
    return found


COLUMNS = (
    "trial",
    "study",
    "average",
    "lr",
    "weight_decay",
    "schedule",
    "batch_size",
    "width",
    "steps",
    "seed",
    "train_loss",
    "curve",
)


def table_text(path: str) -> str:
    """The log as the text of a cell that defines trial_table: one line per trial, raw curves
    only."""
    lines = []
    for row in read_log(path):
        history = row["history"]
        curve = tuple(round(h["val_error"], 6) for h in history)
        train_loss = round(history[-1]["train_loss"], 3) if history else None
        flat = {**row["config"], "trial": row["trial"], "study": row["study"], "train_loss": train_loss, "curve": curve}
        lines.append(f"        {tuple(flat[name] for name in COLUMNS)!r},".replace("'", '"'))
    return "\n".join(
        [
            "def trial_table():",
            '    """All trials of the study; one line of COLUMNS each. Written from the log by write_table_cell(log_path())."""',
            "    rows = [",
            *lines,
            "    ]",
            "    return [dict(zip(COLUMNS, row)) for row in rows]",
        ]
    )


def write_table_cell(path: str) -> None:
    """Replace the cell that calls this by the definition of trial_table; also write it to
    trial_table.py, from where you can copy it."""
    text = table_text(path)
    with open("trial_table.py", "w", encoding="utf-8") as out:
        out.write(text + "\n")
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None and hasattr(shell, "set_next_input"):
        shell.set_next_input(text, replace=True)


def history_of(row: Mapping[str, Any], eval_every: int = 30) -> list[dict[str, Any]]:
    """The history that a row's curve stands for: its "step" and "val_error" at every checkpoint."""
    return [{"step": min(eval_every * (i + 1), row["steps"]), "val_error": error} for i, error in enumerate(row["curve"])]


def plan() -> dict[str, Any]:
    """The plan of the study on which your conclusion rests; the form is that of Question 2. Lecture
    11."""
    # BEGIN SOLUTION
    return {
        "study": "wide",
        "goal": "Does a weight average lower the validation error of the digit reader?",
        "baseline": {"lr": 0.001, "weight_decay": 0.1, "schedule": "constant", "average": 0.0, "batch_size": 32, "width": 64},
        "scientific": {"average": [0.0, 0.95]},
        "nuisance": ["lr", "weight_decay"],
        "fixed": {"schedule": "constant", "batch_size": 32, "width": 64},
        "search_space": {
            "lr": {"scale": "log", "low": 3e-3, "high": 0.3},
            "weight_decay": {"scale": "log", "low": 0.1, "high": 3.0},
        },
        "trials_per_arm": [12, 12],
        "search_method": "quasi-random",
        "max_train_steps": 240,
        "checkpoint_rule": "best",
        "selection_metric": "val_error",
        "evidence": {"seeds": 5, "complexity_cost": 0.005},
    }
    # END SOLUTION


def trial_table() -> list[dict[str, Any]]:
    """All trials of your study: a list of at most 200 dictionaries with the keys COLUMNS. The cell
    below writes it from your log."""
    # BEGIN SOLUTION
    rows = [
        (1, "narrow", 0.0, 0.000503, 0.75, "constant", 32, 64, 240, 0, 1.806, (0.871, 0.827, 0.784, 0.739, 0.687, 0.644, 0.602, 0.565)),
        (2, "narrow", 0.0, 0.000716, 0.113, "constant", 32, 64, 240, 0, 1.506, (0.858, 0.788, 0.726, 0.662, 0.6, 0.548, 0.495, 0.453)),
        (3, "narrow", 0.0, 0.00254, 1.88, "constant", 32, 64, 240, 0, 0.842, (0.676, 0.518, 0.407, 0.339, 0.3, 0.267, 0.256, 0.237)),
        (4, "narrow", 0.0, 0.000151, 0.243, "constant", 32, 64, 240, 0, 2.178, (0.892, 0.877, 0.873, 0.865, 0.853, 0.839, 0.823, 0.815)),
        (5, "narrow", 0.0, 0.000208, 2.75, "constant", 32, 64, 240, 0, 2.134, (0.888, 0.874, 0.861, 0.845, 0.823, 0.811, 0.793, 0.763)),
        (6, "narrow", 0.0, 0.00182, 0.394, "constant", 32, 64, 240, 0, 0.645, (0.748, 0.603, 0.477, 0.395, 0.342, 0.289, 0.258, 0.229)),
        (7, "narrow", 0.0, 0.00125, 1.06, "constant", 32, 64, 240, 0, 1.148, (0.809, 0.677, 0.596, 0.497, 0.444, 0.386, 0.353, 0.325)),
        (8, "narrow", 0.0, 0.000291, 0.18, "constant", 32, 64, 240, 0, 2.013, (0.88, 0.866, 0.839, 0.818, 0.791, 0.758, 0.734, 0.708)),
        (9, "narrow", 0.0, 0.00024, 1.45, "constant", 32, 64, 240, 0, 2.09, (0.882, 0.871, 0.856, 0.83, 0.813, 0.789, 0.762, 0.744)),
        (10, "narrow", 0.0, 0.00103, 0.319, "constant", 32, 64, 240, 0, 1.19, (0.828, 0.733, 0.64, 0.564, 0.488, 0.424, 0.387, 0.352)),
        (11, "narrow", 0.0, 0.00144, 0.563, "constant", 32, 64, 240, 0, 0.905, (0.79, 0.658, 0.55, 0.457, 0.392, 0.345, 0.305, 0.269)),
        (12, "narrow", 0.0, 0.000164, 0.146, "constant", 32, 64, 240, 0, 2.162, (0.889, 0.877, 0.872, 0.857, 0.846, 0.833, 0.818, 0.809)),
        (13, "narrow", 0.95, 0.000503, 0.75, "constant", 32, 64, 240, 0, 1.806, (0.883, 0.858, 0.816, 0.763, 0.716, 0.673, 0.628, 0.589)),
        (14, "narrow", 0.95, 0.000716, 0.113, "constant", 32, 64, 240, 0, 1.506, (0.877, 0.825, 0.765, 0.702, 0.635, 0.581, 0.53, 0.478)),
        (15, "narrow", 0.95, 0.00254, 1.88, "constant", 32, 64, 240, 0, 0.842, (0.797, 0.613, 0.457, 0.38, 0.333, 0.28, 0.261, 0.241)),
        (16, "narrow", 0.95, 0.000151, 0.243, "constant", 32, 64, 240, 0, 2.178, (0.895, 0.885, 0.877, 0.871, 0.859, 0.848, 0.837, 0.822)),
        (17, "narrow", 0.95, 0.000208, 2.75, "constant", 32, 64, 240, 0, 2.134, (0.895, 0.877, 0.871, 0.856, 0.835, 0.819, 0.805, 0.78)),
        (18, "narrow", 0.95, 0.00182, 0.394, "constant", 32, 64, 240, 0, 0.645, (0.835, 0.686, 0.557, 0.435, 0.37, 0.313, 0.271, 0.246)),
        (19, "narrow", 0.95, 0.00125, 1.06, "constant", 32, 64, 240, 0, 1.148, (0.865, 0.755, 0.649, 0.557, 0.475, 0.405, 0.381, 0.339)),
        (20, "narrow", 0.95, 0.000291, 0.18, "constant", 32, 64, 240, 0, 2.013, (0.89, 0.874, 0.857, 0.831, 0.812, 0.773, 0.753, 0.72)),
        (21, "narrow", 0.95, 0.00024, 1.45, "constant", 32, 64, 240, 0, 2.09, (0.893, 0.877, 0.867, 0.849, 0.825, 0.81, 0.778, 0.758)),
        (22, "narrow", 0.95, 0.00103, 0.319, "constant", 32, 64, 240, 0, 1.19, (0.869, 0.79, 0.697, 0.613, 0.535, 0.464, 0.413, 0.371)),
        (23, "narrow", 0.95, 0.00144, 0.563, "constant", 32, 64, 240, 0, 0.905, (0.856, 0.731, 0.622, 0.513, 0.428, 0.38, 0.332, 0.289)),
        (24, "narrow", 0.95, 0.000164, 0.146, "constant", 32, 64, 240, 0, 2.162, (0.895, 0.883, 0.875, 0.867, 0.855, 0.843, 0.827, 0.815)),
        (25, "wide", 0.0, 0.0268, 0.75, "constant", 32, 64, 240, 0, 0.195, (0.293, 0.186, 0.157, 0.152, 0.134, 0.14, 0.149, 0.137)),
        (26, "wide", 0.0, 0.0431, 0.113, "constant", 32, 64, 240, 0, 0.016, (0.227, 0.158, 0.142, 0.125, 0.101, 0.094, 0.096, 0.079)),
        (27, "wide", 0.0, 0.239, 1.88, "constant", 32, 64, 240, 0, 1.225, (0.457, 0.425, 0.397, 0.363, 0.395, 0.386, 0.427, 0.491)),
        (28, "wide", 0.0, 0.00522, 0.243, "constant", 32, 64, 240, 0, 0.103, (0.521, 0.333, 0.231, 0.193, 0.166, 0.16, 0.155, 0.15)),
        (29, "wide", 0.0, 0.00807, 2.75, "constant", 32, 64, 240, 0, 0.921, (0.487, 0.367, 0.344, 0.242, 0.267, 0.238, 0.251, 0.232)),
        (30, "wide", 0.0, 0.153, 0.394, "constant", 32, 64, 240, 0, 0.646, (0.301, 0.252, 0.252, 0.251, 0.274, 0.272, 0.372, 0.295)),
        (31, "wide", 0.0, 0.0915, 1.06, "constant", 32, 64, 240, 0, 0.589, (0.282, 0.27, 0.242, 0.227, 0.235, 0.248, 0.273, 0.271)),
        (32, "wide", 0.0, 0.0128, 0.18, "constant", 32, 64, 240, 0, 0.032, (0.322, 0.185, 0.166, 0.15, 0.135, 0.131, 0.139, 0.133)),
        (33, "wide", 0.0, 0.00984, 1.45, "constant", 32, 64, 240, 0, 0.433, (0.41, 0.283, 0.217, 0.186, 0.187, 0.163, 0.169, 0.156)),
        (34, "wide", 0.0, 0.0706, 0.319, "constant", 32, 64, 240, 0, 0.172, (0.285, 0.213, 0.141, 0.218, 0.173, 0.177, 0.265, 0.16)),
        (35, "wide", 0.0, 0.111, 0.563, "constant", 32, 64, 240, 0, 0.446, (0.278, 0.287, 0.21, 0.183, 0.264, 0.193, 0.269, 0.215)),
        (36, "wide", 0.0, 0.00588, 0.146, "constant", 32, 64, 240, 0, 0.066, (0.49, 0.303, 0.216, 0.179, 0.159, 0.149, 0.15, 0.14)),
        (37, "wide", 0.95, 0.0268, 0.75, "constant", 32, 64, 240, 0, 0.195, (0.297, 0.164, 0.13, 0.107, 0.105, 0.103, 0.112, 0.109)),
        (38, "wide", 0.95, 0.0431, 0.113, "constant", 32, 64, 240, 0, 0.016, (0.252, 0.153, 0.129, 0.109, 0.105, 0.096, 0.094, 0.087)),
        (39, "wide", 0.95, 0.239, 1.88, "constant", 32, 64, 240, 0, 1.225, (0.463, 0.232, 0.205, 0.184, 0.189, 0.195, 0.184, 0.183)),
        (40, "wide", 0.95, 0.00522, 0.243, "constant", 32, 64, 240, 0, 0.103, (0.674, 0.409, 0.269, 0.202, 0.177, 0.166, 0.154, 0.15)),
        (41, "wide", 0.95, 0.00807, 2.75, "constant", 32, 64, 240, 0, 0.921, (0.565, 0.388, 0.329, 0.269, 0.248, 0.235, 0.231, 0.227)),
        (42, "wide", 0.95, 0.153, 0.394, "constant", 32, 64, 240, 0, 0.646, (0.276, 0.119, 0.112, 0.111, 0.096, 0.088, 0.111, 0.094)),
        (43, "wide", 0.95, 0.0915, 1.06, "constant", 32, 64, 240, 0, 0.589, (0.291, 0.125, 0.123, 0.107, 0.108, 0.09, 0.102, 0.082)),
        (44, "wide", 0.95, 0.0128, 0.18, "constant", 32, 64, 240, 0, 0.032, (0.432, 0.208, 0.164, 0.147, 0.145, 0.138, 0.138, 0.133)),
        (45, "wide", 0.95, 0.00984, 1.45, "constant", 32, 64, 240, 0, 0.433, (0.521, 0.287, 0.223, 0.182, 0.169, 0.158, 0.157, 0.153)),
        (46, "wide", 0.95, 0.0706, 0.319, "constant", 32, 64, 240, 0, 0.172, (0.287, 0.137, 0.118, 0.11, 0.096, 0.092, 0.093, 0.081)),
        (47, "wide", 0.95, 0.111, 0.563, "constant", 32, 64, 240, 0, 0.446, (0.256, 0.11, 0.085, 0.071, 0.081, 0.072, 0.073, 0.071)),
        (48, "wide", 0.95, 0.00588, 0.146, "constant", 32, 64, 240, 0, 0.066, (0.641, 0.372, 0.243, 0.186, 0.167, 0.154, 0.152, 0.146)),
        (49, "seeds", 0.0, 0.0431, 0.113, "constant", 32, 64, 240, 1, 0.017, (0.248, 0.191, 0.145, 0.127, 0.126, 0.109, 0.111, 0.105)),
        (50, "seeds", 0.0, 0.0431, 0.113, "constant", 32, 64, 240, 2, 0.018, (0.237, 0.183, 0.143, 0.137, 0.128, 0.119, 0.112, 0.106)),
        (51, "seeds", 0.0, 0.0431, 0.113, "constant", 32, 64, 240, 3, 0.016, (0.224, 0.189, 0.148, 0.158, 0.152, 0.139, 0.102, 0.109)),
        (52, "seeds", 0.0, 0.0431, 0.113, "constant", 32, 64, 240, 4, 0.017, (0.279, 0.175, 0.11, 0.101, 0.106, 0.098, 0.095, 0.089)),
        (53, "seeds", 0.0, 0.0431, 0.113, "constant", 32, 64, 240, 5, 0.017, (0.238, 0.19, 0.143, 0.123, 0.106, 0.093, 0.088, 0.082)),
        (54, "seeds", 0.95, 0.111, 0.563, "constant", 32, 64, 240, 1, 0.583, (0.281, 0.127, 0.103, 0.089, 0.086, 0.076, 0.081, 0.091)),
        (55, "seeds", 0.95, 0.111, 0.563, "constant", 32, 64, 240, 2, 0.441, (0.23, 0.111, 0.107, 0.095, 0.079, 0.078, 0.075, 0.086)),
        (56, "seeds", 0.95, 0.111, 0.563, "constant", 32, 64, 240, 3, 0.514, (0.244, 0.127, 0.098, 0.091, 0.083, 0.072, 0.067, 0.076)),
        (57, "seeds", 0.95, 0.111, 0.563, "constant", 32, 64, 240, 4, 0.473, (0.297, 0.144, 0.105, 0.095, 0.096, 0.091, 0.094, 0.078)),
        (58, "seeds", 0.95, 0.111, 0.563, "constant", 32, 64, 240, 5, 0.445, (0.278, 0.133, 0.104, 0.076, 0.083, 0.086, 0.083, 0.075)),
    ]
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    # END SOLUTION


def claims() -> list[dict[str, Any]]:
    """What you claim, as data: a list of dictionaries of the four forms in the prompt. Numbers may
    be rounded to four decimals."""
    # BEGIN SOLUTION
    smaller = "Left as it is: this arm's winner is not the one that we adopt."
    return [
        {"says": "best", "arm": 0.0, "trial": 26, "val_error": 0.079},
        {"says": "best", "arm": 0.95, "trial": 47, "val_error": 0.071},
        {"says": "boundary", "arm": 0.0, "hp": "lr", "flag": "ok"},
        {"says": "boundary", "arm": 0.95, "hp": "lr", "flag": "ok"},
        {"says": "boundary", "arm": 0.0, "hp": "weight_decay", "flag": "low", "done": smaller},
        {"says": "boundary", "arm": 0.95, "hp": "weight_decay", "flag": "ok"},
        {"says": "launch", "arm": 0.95, "gain": 0.0226, "margin": 0.011, "launch": True},
        {"says": "time", "arm": 0.0, "target": 0.11, "median_step": 180},
        {"says": "time", "arm": 0.95, "target": 0.11, "median_step": 90},
    ]
    # END SOLUTION
