import copy
import math
import statistics

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import reference
from autograder.audit import legal

# Other work may round otherwise. These variants carry relative noise just inside the tolerances of 1e-8 and 1e-9.
NOISE = 1e-10


@legal(of="Reader")
class Sequentially(nn.Module):
    """The layers stand in an nn.Sequential."""

    def __init__(self, inputs=63, width=64, outputs=10):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))

    def forward(self, x):
        return self.layers(x)


@legal(of="Reader")
class ClampedByHand(nn.Module):
    """Other names, F.relu, and a matrix product written out."""

    def __init__(self, inputs=63, width=64, outputs=10):
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.second = nn.Linear(width, outputs)

    def forward(self, x):
        return F.relu(x @ self.first.weight.T + self.first.bias) @ self.second.weight.T + self.second.bias


@legal(of="evaluate")
def slices_for_batches(model, data, batch_size=256):
    """Slices in place of a DataLoader, means weighted by the batch size; tensors come back as numbers."""
    x, y = data
    loss, right = 0.0, 0.0
    with torch.no_grad():
        for i in range(0, len(y), batch_size):
            logits = model(x[i : i + batch_size])
            share = len(logits) / len(y)
            loss += share * F.cross_entropy(logits, y[i : i + batch_size])
            right += share * (logits.argmax(1) == y[i : i + batch_size]).to(torch.float64).mean()
    return [loss.item(), 1 - right.item()]


@legal(of="evaluate")
def all_at_once(model, data, batch_size=256):
    """One batch for all examples; a 0-d tensor and a NumPy number come back."""
    with torch.no_grad():
        logits = model(data[0])
    return F.cross_entropy(logits, data[1]), np.mean((logits.argmax(dim=1) != data[1]).cpu().numpy())


@legal(of="train_one")
def average_by_hand(model, train, val, config, eval_every=30):
    """The average is a copy of the network, updated by hand; the learning rate is set in the parameter group."""
    steps, gamma = config["steps"], config["average"]
    if config["schedule"] not in {"constant", "cosine"} or gamma < 0 or gamma >= 1 or steps <= 0 or eval_every <= 0:
        raise ValueError("config")
    loader = DataLoader(
        list(zip(*train, strict=True)), config["batch_size"], shuffle=True, generator=torch.Generator().manual_seed(config["seed"])
    )
    optimizer = torch.optim.AdamW(model.parameters(), config["lr"], weight_decay=config["weight_decay"], foreach=False)
    shadow = copy.deepcopy(model)
    history, losses, k = [], [], 0
    while k < steps:
        for x, y in loader:
            if config["schedule"] == "cosine":
                optimizer.param_groups[0]["lr"] = config["lr"] * math.cos(math.pi * k / (2 * steps)) ** 2
            each = F.cross_entropy(model(x), y, reduction="none")
            if not bool(torch.isfinite(each.mean())):
                return history
            optimizer.zero_grad(set_to_none=False)
            each.mean().backward()
            optimizer.step()
            k += 1
            with torch.no_grad():
                for a, p in zip(shadow.parameters(), model.parameters(), strict=True):
                    a.copy_(p if k == 1 else gamma * a + (1 - gamma) * p)
            losses.extend(each.tolist())
            if k % eval_every == 0 or k == steps:
                loss, error = reference.evaluate(shadow, val)
                history.append({"step": k, "val_error": error, "val_loss": loss, "train_loss": float(np.mean(losses)), "lr": config["lr"]})
                losses = []
            if k == steps:
                break
    return history


@legal(of="train_one")
def step_by_step_with_an_iterator(model, train, val, config, eval_every=30):
    """A loop over steps draws from an iterator that is made anew when it is exhausted; CosineAnnealingLR; results slightly rounded."""
    if config["schedule"] not in ("constant", "cosine") or not 0 <= config["average"] < 1 or config["steps"] < 1 or eval_every < 1:
        raise ValueError("config")
    generator = torch.Generator()
    generator.manual_seed(config["seed"])
    loader = DataLoader(TensorDataset(*train), batch_size=config["batch_size"], shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])
    end = {"cosine": 0.0, "constant": config["lr"]}[config["schedule"]]
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=config["steps"], eta_min=end)
    average = None
    batches, history, sums = iter(loader), [], [0.0, 0]
    for k in range(1, config["steps"] + 1):
        try:
            x, y = next(batches)
        except StopIteration:
            batches = iter(loader)
            x, y = next(batches)
        loss = F.cross_entropy(model(x), y)
        if torch.isnan(loss) or torch.isinf(loss):
            break
        model.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        now = {name: w.detach().clone() for name, w in model.state_dict().items()}
        gamma = config["average"]
        average = now if average is None else {name: gamma * average[name] + (1 - gamma) * w for name, w in now.items()}
        sums = [sums[0] + loss.item() * x.shape[0], sums[1] + x.shape[0]]
        if k % eval_every == 0 or k == config["steps"]:
            model.load_state_dict(average)
            val_loss, val_error = reference.evaluate(model, val)
            model.load_state_dict(now)
            history.append(
                {"step": k, "train_loss": sums[0] / sums[1] * (1 + NOISE), "val_loss": val_loss * (1 - NOISE), "val_error": val_error}
            )
            sums = [0.0, 0]
    return history


@legal(of="assign_roles")
def one_table(goal):
    """The roles stand in a table; the order of the keys differs."""
    searched = {"lr", "weight_decay", "dropout", "momentum"}
    scientific = {
        "decay-on-off": "use_weight_decay",
        "decay-strength": "weight_decay",
        "optimizer": "optimizer",
        "activation": "activation",
        "width": "width",
        "schedule": "schedule",
    }
    if goal not in scientific:
        raise ValueError(goal)
    names = sorted(reference.SCENARIOS[goal]["hyperparameters"])
    return {n: "scientific" if n == scientific[goal] else ("nuisance" if n in searched else "fixed") for n in names}


@legal(of="plan_problems")
def one_rule_after_the_other(plan):
    """Rules one by one, in another order; a tuple comes back."""
    if set(reference.PLAN_FIELDS) - set(plan):
        return ("missing-field",)
    found = []
    if plan["evidence"].get("seeds", 0) <= 4:
        found.append("too-few-seeds")
    if plan["selection_metric"][:4] != "val_":
        found.append("not-validation")
    if plan["checkpoint_rule"] != "best":
        found.append("not-best-checkpoint")
    if plan["search_method"] != "quasi-random":
        found.append("not-quasi-random")
    parts = [set(plan["scientific"]), set(plan["nuisance"]), set(plan["fixed"])]
    if (
        type(plan["max_train_steps"]) is not int
        or plan["max_train_steps"] <= 0
        or "max_train_steps" in parts[0] | parts[1] | set(plan["search_space"])
    ):
        found.append("steps-not-fixed")
    if parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2]:
        found.append("two-roles")
    if set(reference.HYPERPARAMETERS) - set().union(*parts):
        found.append("no-role")
    if parts[1] - set(plan["search_space"]):
        found.append("no-range")
    for entry in plan["search_space"].values():
        scale = entry.get("scale")
        if scale == "choice":
            sound = len(set(entry.get("values", []))) > 1
        else:
            sound = scale in ("log", "linear") and entry.get("low", 1) < entry.get("high", 0) and (scale != "log" or entry["low"] > 0)
        if not sound:
            found.append("bad-range")
            break
    if len(parts[0]) != 1:
        found.append("not-one-scientific")
    else:
        values = list(plan["scientific"].values())[0]
        if len(set(values)) < 2:
            found.append("not-one-scientific")
        budgets = list(plan["trials_per_arm"])
        if len(budgets) != len(values) or any(b != budgets[0] or b < 1 for b in budgets):
            found.append("unequal-budgets")
    return tuple(found)


def from_cube(space, n, seed, cube):
    """The reference's checks, then places in the unit cube to values."""
    reference.sample_trials(space, n, seed)
    rows = []
    for i in range(n):
        row = {}
        for j, (name, e) in enumerate(space.items()):
            u = float(cube[i][j])
            if e["scale"] == "choice":
                row[name] = e["values"][int(u * len(e["values"]))]
            elif e["scale"] == "linear":
                row[name] = (1 - u) * e["low"] + u * e["high"]
            else:
                row[name] = e["low"] * (e["high"] / e["low"]) ** u
        rows.append(row)
    return rows


@legal(of="sample_trials")
def latin_hypercube(space, n, seed):
    """A Latin hypercube by NumPy: one point in each of n parts of each range, in random order."""
    draw = np.random.default_rng(seed)
    cube = np.stack([(draw.permutation(n) + draw.random(n)) / n for _ in space], axis=1)
    return from_cube(space, n, seed, np.minimum(cube, 1 - 1e-12))


@legal(of="sample_trials")
def halton(space, n, seed):
    """A Halton sequence that begins at a place that the seed decides."""
    reference.sample_trials(space, n, seed)

    def radical_inverse(i, base):
        place, value = 1.0, 0.0
        while i:
            place /= base
            value += place * (i % base)
            i //= base
        return value

    shift = np.random.default_rng(seed).random(len(space))
    cube = [[radical_inverse(i + 1, (2, 3, 5, 7)[j]) for j in range(len(space))] for i in range(n)]
    return from_cube(space, n, seed, [[(u + s) % 1.0 for u, s in zip(row, shift, strict=True)] for row in cube])


@legal(of="sample_trials")
def sobol_after_a_skip(space, n, seed):
    """An unscrambled Sobol sequence without its first point, shifted around the torus by the seed; the points come in a tuple."""
    engine = torch.quasirandom.SobolEngine(max(1, len(space)))
    engine.fast_forward(1)
    shift = torch.rand(max(1, len(space)), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return tuple(from_cube(space, n, seed, ((engine.draw(n, dtype=torch.float64) + shift) % 1.0).tolist()))


@legal(of="best_checkpoint")
def by_a_loop(history):
    """A loop in the order of the steps, with strict comparison; a list comes back."""
    best = [None, math.inf]
    for h in sorted(history, key=lambda h: h["step"]):
        if not math.isnan(h["val_error"]) and h["val_error"] < best[1]:
            best = [h["step"], h["val_error"]]
    return best


@legal(of="best_checkpoint")
def by_numpy(history):
    """NumPy sorts by error and step; NumPy numbers come back."""
    rows = np.array([(h["val_error"], h["step"]) for h in history if math.isfinite(h["val_error"])])
    if len(rows) == 0:
        return None, float("inf")
    error, step = rows[np.lexsort((rows[:, 1], rows[:, 0]))[0]]
    return step, error


@legal(of="time_to_result")
def by_the_running_minimum(history, target):
    """The best error so far, in the order of the steps; the step as a float."""
    best = math.inf
    for h in sorted(history, key=lambda h: h["step"]):
        best = min(best, math.inf if math.isnan(h["val_error"]) else h["val_error"])
        if best <= target:
            return float(h["step"])
    return float("inf")


@legal(of="isolation_table")
def sorted_first(trials, hp):
    """Rows sorted by error and number; the first of each value wins; lists as entries."""
    counts = {}
    for t in trials:
        counts[t[hp]] = counts.get(t[hp], 0) + 1
    if not counts or max(counts.values()) > min(counts.values()):
        raise ValueError("budgets")
    table = {value: [math.inf, None] for value in counts}
    for t in sorted((t for t in trials if math.isfinite(t["val_error"])), key=lambda t: (t["val_error"], t["trial"]), reverse=True):
        table[t[hp]] = [t["val_error"], t["trial"]]
    return table


@legal(of="boundary_flag")
def by_the_thresholds(trials, hp, entry, top_k=3, frac=0.2):
    """Thresholds on the values themselves: powers for a log scale."""
    good = sorted([t for t in trials if math.isfinite(t["val_error"])], key=lambda t: (t["val_error"], t["trial"]))[:top_k]
    low, high = entry["low"], entry["high"]
    if entry["scale"] == "log":
        a, b = low * (high / low) ** frac, low * (high / low) ** (1 - frac)
    elif entry["scale"] == "linear":
        a, b = low + frac * (high - low), high - frac * (high - low)
    else:
        raise ValueError("scale")
    if not good:
        raise ValueError("none")
    ends = [name for name, n in (("low", sum(t[hp] <= a for t in good)), ("high", sum(t[hp] >= b for t in good))) if n >= len(good) / 2]
    return "both" if len(ends) == 2 else (ends or ["ok"])[0]


@legal(of="should_launch")
def by_statistics(base, new, complexity_cost=0.0):
    """The statistics module; a NumPy boolean; gain and margin rounded otherwise."""
    if complexity_cost < 0 or min(len(base), len(new)) == 0 or not np.isfinite([*base, *new]).all():
        raise ValueError("scores")
    gain = np.mean(base) - statistics.fmean(new)
    n = min(len(base), len(new))
    if n == 1:
        return False, gain, float("inf")
    margin = reference.t_quantile(n - 1) * math.hypot(statistics.stdev(base) / len(base) ** 0.5, statistics.stdev(new) / len(new) ** 0.5)
    return [np.bool_(gain > margin and gain >= complexity_cost), gain * (1 + NOISE), margin * (1 - NOISE)]


@legal(of="performance_profile")
def by_ratios(times, taus):
    """Ratios in a NumPy array, with NaN and inf as inf."""
    names = list(times)
    workloads = sorted(times[names[0]]) if names else []
    if not workloads or any(sorted(times[n]) != workloads for n in names) or min(taus, default=1) < 1:
        raise ValueError("table")
    table = np.array([[times[n][w] for w in workloads] for n in names], dtype=float)
    if (table <= 0).any():
        raise ValueError("times")
    table[~np.isfinite(table)] = np.inf
    best = table.min(axis=0)
    ratios = np.where(np.isfinite(best), table / np.where(np.isfinite(best), best, 1.0), np.inf)
    return {n: [float((row <= tau).mean()) for tau in taus] for n, row in zip(names, ratios, strict=True)}


@legal(of="performance_profile")
def against_the_others(times, taus):
    """An algorithm is compared with the best of the others, which is the same for tau >= 1: the fastest is within any tau."""
    reference.performance_profile(times, taus)
    found = {}
    for name, row in times.items():
        best = {w: min((o[w] for n, o in times.items() if n != name and math.isfinite(o[w])), default=math.inf) for w in row}
        found[name] = [sum(math.isfinite(row[w]) and row[w] <= tau * best[w] for w in row) / len(row) for tau in taus]
    return found


@legal(of="profile_score")
def rectangles(times, tau_max):
    """Rectangles between the jumps of all profiles, rounded otherwise."""
    if tau_max <= 1:
        raise ValueError("tau_max")
    best = {}
    for row in times.values():
        for w, t in row.items():
            if math.isfinite(t):
                best[w] = min(t, best.get(w, math.inf))
    jumps = {row[w] / best[w] for row in times.values() for w in row if w in best and math.isfinite(row[w])}
    edges = sorted({1.0, float(tau_max)} | {j for j in jumps if 1 < j < tau_max})
    profile = by_middle(times, best, [(a + b) / 2 for a, b in zip(edges, edges[1:], strict=False)])
    widths = [b - a for a, b in zip(edges, edges[1:], strict=False)]
    return {n: sum(f * w for f, w in zip(row, widths, strict=True)) / (tau_max - 1) * (1 + 1e-14) for n, row in profile.items()}


def by_middle(times, best, taus):
    return {n: [sum(w in best and row[w] <= tau * best[w] for w in row) / len(row) for tau in taus] for n, row in times.items()}


@legal(of="plan")
def with_more_to_say():
    """Tuples for lists, a field more than needed, other words in the goal."""
    plan = reference.plan()
    return {
        **plan,
        "goal": "Is the averaged network better than the last one?",
        "scientific": {"average": (0.0, 0.95)},
        "nuisance": ("weight_decay", "lr"),
        "trials_per_arm": (12, 12),
        "remark": "the first study was too narrow",
    }


@legal(of="trial_table")
def shuffled_rows_with_a_remark():
    """Rows in another order, curves as lists, one more column, and one infeasible trial of the first study."""
    rows = [{**row, "curve": list(row["curve"]), "machine": "laptop"} for row in reversed(reference.trial_table())]
    return [{**row, "curve": [], "train_loss": None} if row["trial"] == 4 else row for row in rows]


@legal(of="trial_table")
def another_machine():
    """Two answers of a thousand differ in curves of the first study, as another machine might give them."""
    return [
        {**row, "curve": [round(e + 0.002, 3) for e in row["curve"]]} if row["study"] == "narrow" else row
        for row in reference.trial_table()
    ]


@legal(of="claims")
def computed_from_the_table():
    """The claims are computed from the table, in another order and without rounding, with another target."""
    plan, rows = reference.plan(), reference.trial_table()
    out = []
    for value in (0.95, 0.0):
        arm = [r for r in rows if r["study"] == plan["study"] and r["average"] == value]
        best = min(arm, key=lambda r: min(r["curve"]))
        out.append({"says": "best", "arm": value, "trial": best["trial"], "val_error": min(best["curve"])})
        scored = [{**r, "val_error": min(r["curve"])} for r in arm]
        for hp, entry in plan["search_space"].items():
            flag = reference.boundary_flag(scored, hp, entry)
            out.append({"says": "boundary", "arm": value, "hp": hp, "flag": flag, "done": "I would widen this range in a third round."})
        again = [r for r in rows if r["study"] == "seeds" and r["average"] == value]
        times = [reference.time_to_result(reference.history_of(r), 0.12) for r in again]
        out.append({"says": "time", "arm": value, "target": 0.12, "median_step": statistics.median(times)})
    base, new = ([min(r["curve"]) for r in rows if r["study"] == "seeds" and r["average"] == value] for value in (0.0, 0.95))
    launch, gain, margin = reference.should_launch(base, new, plan["evidence"]["complexity_cost"])
    return tuple([*out, {"says": "launch", "arm": 0.95, "gain": gain, "margin": margin, "launch": launch}])
