import math
import statistics

from otter.test_files import test_case

from checks import Invalid, close, equal, function, that

HYPER = ("lr", "weight_decay", "schedule", "average", "batch_size", "width")
FIELDS = (
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
ROW_KEYS = {"trial", "study", *HYPER, "steps", "curve"}
EVAL_EVERY = 30
N_VAL = 1000
MAX_ROWS = 200
# Numbers in claims may be rounded to four decimals.
ROUNDING = 6e-5
# Sampled values may be rounded to three significant digits, which can carry them over the end of a range by half a percent.
RANGE_SLACK = 6e-3
T_95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753)


def the_plan(env):
    """The plan, if it has the fields that a plan needs."""
    plan = function(env, "plan")()
    if not isinstance(plan, dict):
        raise Invalid(f"plan() must return a dictionary; it is {type(plan).__name__}.")
    absent = [field for field in FIELDS if field not in plan]
    if absent:
        raise Invalid(f"The plan lacks the fields {', '.join(absent)}.")
    kinds = {"baseline": dict, "scientific": dict, "fixed": dict, "search_space": dict, "evidence": dict, "nuisance": (list, tuple)}
    for field, kind in {**kinds, "trials_per_arm": (list, tuple), "max_train_steps": int}.items():
        if not isinstance(plan[field], kind):
            raise Invalid(f"The plan's field {field!r} has the wrong type ({type(plan[field]).__name__}).")
    if len(plan["scientific"]) != 1 or not isinstance(next(iter(plan["scientific"].values())), list | tuple):
        raise Invalid("The plan's field 'scientific' must name one hyperparameter and list its values.")
    return plan


def arms_of(plan):
    """The scientific hyperparameter and its values."""
    ((hp, values),) = plan["scientific"].items()
    return hp, list(values)


def the_rows(env, *more):
    """The trial table, if its rows can be read; they must also have the keys `more`."""
    rows = function(env, "trial_table")()
    if not isinstance(rows, list | tuple) or not all(isinstance(row, dict) for row in rows):
        raise Invalid("trial_table() must return a list of dictionaries, one per trial.")
    for row in rows:
        absent = (ROW_KEYS | set(more)) - set(row)
        if absent:
            raise Invalid(f"Trial {row.get('trial')} of the table lacks {', '.join(sorted(absent))}.")
        if not isinstance(row["curve"], list | tuple) or not all(isinstance(e, int | float) for e in row["curve"]):
            raise Invalid(f"Trial {row['trial']}: 'curve' must be a list of numbers.")
        if not isinstance(row["steps"], int) or not 1 <= row["steps"] <= 300:
            raise Invalid(f"Trial {row['trial']}: 'steps' must be a number from 1 to 300.")
    return list(rows)


def best_error(row):
    return min((e for e in row["curve"] if math.isfinite(e)), default=math.inf)


def studied(plan, rows, value):
    """The rows of the planned study in one arm."""
    hp, _ = arms_of(plan)
    found = [row for row in rows if row["study"] == plan["study"] and row[hp] == value]
    if not any(best_error(row) < math.inf for row in found):
        raise Invalid(f"The table has no feasible trial of the study {plan['study']!r} with {hp} = {value!r}.")
    return found


def repeated(plan, rows, value):
    """The rows of the study "seeds" in one arm."""
    hp, _ = arms_of(plan)
    found = [row for row in rows if row["study"] == "seeds" and row[hp] == value]
    if not found:
        raise Invalid(f'The table has no trial of the study "seeds" with {hp} = {value!r}.')
    return found


def the_claim(env, says, keys, **which):
    """The claim that says this about these things, and its place in the list for messages."""
    claims = function(env, "claims")()
    if not isinstance(claims, list | tuple) or not all(isinstance(c, dict) for c in claims):
        raise Invalid("claims() must return a list of dictionaries.")
    found = [(i, c) for i, c in enumerate(claims) if c.get("says") == says and all(c.get(k) == v for k, v in which.items())]
    about = ", ".join([f'"says": "{says}"', *(f'"{k}": {v!r}' for k, v in which.items())])
    that(len(found) == 1, f"There must be exactly one claim with {about}; there are {len(found)}.")
    place, claim = found[0]
    name = f"claims()[{place}] ({about})"
    absent = [k for k in keys if k not in claim]
    that(not absent, f"{name} lacks {', '.join(absent)}.")
    return name, claim


def numbers_of(rows):
    return ", ".join(str(row["trial"]) for row in rows)


@test_case(points=1)
def the_plan_gives_each_hyperparameter_one_role(env):
    """One goal, one scientific hyperparameter with two values or more, and every other either searched in a sound range or fixed."""
    plan = the_plan(env)
    hp, values = arms_of(plan)
    that(isinstance(plan["goal"], str) and len(plan["goal"].split()) >= 4, "The plan's goal must be a sentence.")
    that(len(set(values)) >= 2, f"The scientific hyperparameter {hp} must have at least two different values to compare.")
    roles = [hp, *plan["nuisance"], *plan["fixed"]]
    for name in HYPER:
        that(roles.count(name) == 1, f"{name} must have exactly one role in the plan; it stands in {roles.count(name)} places.")
    that(
        set(roles) <= set(HYPER),
        f"The plan gives roles to {', '.join(sorted(set(roles) - set(HYPER)))}, which are no hyperparameters of the study.",
    )
    equal(
        sorted(plan["search_space"]),
        sorted(plan["nuisance"]),
        what="the names",
        claim="search_space must have one range for each nuisance name.",
    )
    for name, entry in plan["search_space"].items():
        if entry.get("scale") == "choice":
            sound = len(set(entry.get("values", ()))) >= 2
        else:
            low, high = entry.get("low", 0), entry.get("high", 0)
            sound = entry.get("scale") in ("linear", "log") and low < high and (entry["scale"] == "linear" or low > 0)
        that(sound, f"The range of {name} must be a sound one, as in Question 3.", f"Got {entry}.")
    that(set(plan["baseline"]) == set(HYPER), "The baseline must give a value to each of the six hyperparameters, and to nothing else.")
    that(plan["baseline"][hp] in values, f"The baseline's {hp} must be one of the values that are compared.")


@test_case(points=1)
def the_plan_is_a_fair_protocol(env):
    """Equal budgets, quasi-random search, a fixed number of steps, the best checkpoint, the validation set, and enough seeds."""
    plan = the_plan(env)
    hp, values = arms_of(plan)
    budgets = list(plan["trials_per_arm"])
    fair = len(budgets) == len(values) and len(set(budgets)) == 1 and budgets[0] >= 8
    that(fair, "Each arm must get the same number of trials, at least 8.", f"trials_per_arm: {budgets}.")
    equal(plan["search_method"], "quasi-random", what="search_method", claim="In exploration, the search method must be quasi-random.")
    that(1 <= plan["max_train_steps"] <= 300, "max_train_steps must be a number from 1 to 300.", f"It is {plan['max_train_steps']}.")
    equal(plan["checkpoint_rule"], "best", what="checkpoint_rule", claim='The checkpoint rule must be "best": chosen in retrospect.')
    that(
        str(plan["selection_metric"]).startswith("val_"),
        "Trials must be selected on the validation set.",
        f"Metric: {plan['selection_metric']}.",
    )
    that(plan["evidence"].get("seeds", 0) >= 5, "The plan's evidence must rest on at least five seeds.", f"evidence: {plan['evidence']}.")
    that(plan["evidence"].get("complexity_cost", -1) >= 0, "The plan's evidence must name a complexity_cost of at least 0.")


@test_case(points=1)
def every_row_is_one_trial(env):
    """At most 200 rows, each with its own trial number; a curve has one error per checkpoint, in thousandths: 1000 validation readings."""
    rows = the_rows(env, "seed", "train_loss")
    that(1 <= len(rows) <= MAX_ROWS, f"The table must have between 1 and {MAX_ROWS} rows; it has {len(rows)}.")
    numbers = [row["trial"] for row in rows]
    that(len(set(numbers)) == len(numbers), "Every row must have a trial number of its own.")
    configurations = {}
    for row in rows:
        name = f"Trial {row['trial']}"
        checkpoints = math.ceil(row["steps"] / EVAL_EVERY)
        that(
            len(row["curve"]) <= checkpoints,
            f"{name}: {row['steps']} steps have {checkpoints} checkpoints, but the curve has {len(row['curve'])}.",
        )
        for error in row["curve"]:
            thousandths = error * N_VAL
            sound = 0 <= error <= 1 and abs(thousandths - round(thousandths)) < 1e-6
            that(sound, f"{name}: every entry of the curve must be an error rate on the {N_VAL} validation readings; {error!r} is none.")
        that(not any("test" in key for key in row), f"{name}: the test set must stay unused.")
        key = (row["study"], *(row[k] for k in HYPER), row["steps"], row["seed"])
        that(key not in configurations, f"{name} repeats trial {configurations.get(key)}: the same study, configuration and seed.")
        configurations[key] = row["trial"]


@test_case(points=1)
def the_study_was_run_as_planned(env):
    """The rows of the planned study: the planned number in each arm, searched values in their ranges, all else fixed."""
    plan, rows = the_plan(env), the_rows(env)
    hp, values = arms_of(plan)
    own = [row for row in rows if row["study"] == plan["study"]]
    for value, planned in zip(values, plan["trials_per_arm"], strict=False):
        there = [row for row in own if row[hp] == value]
        claim = f"The plan has {planned} trials with {hp} = {value!r} in the study {plan['study']!r}; the table has {len(there)}."
        that(len(there) == planned, claim, f"Rows: {numbers_of(there)}.")
    for row in own:
        name = f"Trial {row['trial']}"
        that(row[hp] in values, f"{name} has {hp} = {row[hp]!r}, which the plan does not compare.")
        that(row["steps"] == plan["max_train_steps"], f"{name} ran {row['steps']} steps; the plan has {plan['max_train_steps']}.")
        for key, fixed in plan["fixed"].items():
            if key in plan["nuisance"] or key == hp:
                continue  # two roles: that is another check's affair
            that(row.get(key) == fixed, f"{name} has {key} = {row.get(key)!r}; the plan fixes {fixed!r}.")
        for key, entry in plan["search_space"].items():
            if entry.get("scale") == "choice":
                that(row.get(key) in entry["values"], f"{name} has {key} = {row.get(key)!r}, which is not among the plan's values.")
            else:
                slack = RANGE_SLACK * max(abs(entry["low"]), abs(entry["high"]) if entry["scale"] == "linear" else 0.0)
                inside = entry["low"] - slack <= row[key] <= entry["high"] * (1 + RANGE_SLACK)
                that(inside, f"{name} has {key} = {row[key]:g}, outside the plan's range from {entry['low']:g} to {entry['high']:g}.")


@test_case(points=1)
def the_winners_were_run_again_with_fresh_seeds(env):
    """The study "seeds": in each arm the configuration of its best trial, with as many new seeds as planned, the same in each arm."""
    plan, rows = the_plan(env), the_rows(env, "seed")
    hp, values = arms_of(plan)
    used = []
    for value in values:
        arm, again = studied(plan, rows, value), repeated(plan, rows, value)
        least = min(map(best_error, arm))
        winners = [row for row in arm if best_error(row) == least]
        keys = (*HYPER, "steps")
        for row in again:
            claim = (
                f'Trial {row["trial"]} of the study "seeds" must repeat the best trial with {hp} = {value!r} (trial '
                f"{numbers_of(winners)}) in "
                "everything but the seed."
            )
            that(any(all(row[k] == winner[k] for k in keys) for winner in winners), claim)
        seeds = {row["seed"] for row in again}
        enough = len(seeds) >= max(5, plan["evidence"].get("seeds", 5))
        that(
            enough,
            f'The study "seeds" needs at least {plan["evidence"].get("seeds", 5)} different seeds with {hp} = {value!r}; it has '
            f"{len(seeds)}.",
        )
        claim = (
            f"The winner with {hp} = {value!r} was chosen by its error with its own seed: that run is no fresh evidence and must not "
            "count again."
        )
        that(not seeds & {winner["seed"] for winner in winners}, claim, f"Rows: {numbers_of(again)}.")
        used.append(seeds)
    that(all(seeds == used[0] for seeds in used), 'Every arm of the study "seeds" must use the same seeds.')


@test_case(points=1)
def claims_about_the_best_trials_hold(env):
    """One claim for each arm: its best trial in the planned study, and that trial's error at its best checkpoint."""
    plan, rows = the_plan(env), the_rows(env)
    hp, values = arms_of(plan)
    for value in values:
        name, claim = the_claim(env, "best", ("trial", "val_error"), arm=value)
        arm = studied(plan, rows, value)
        least = min(map(best_error, arm))
        chosen = [row for row in arm if row["trial"] == claim["trial"]]
        that(bool(chosen), f"{name} names trial {claim['trial']}, which is no row of the study {plan['study']!r} with {hp} = {value!r}.")
        better = [row for row in arm if best_error(row) < best_error(chosen[0])]
        that(not better, f"{name} names trial {claim['trial']}, but the rows {numbers_of(better)} are better.")
        value = claim["val_error"]
        agrees = isinstance(value, int | float) and abs(value - least) <= ROUNDING
        that(agrees, f"{name}: the number must be the least error in that row's curve.", f"Got {value!r}; it is {least:g}.")


@test_case(points=2)
def claims_about_the_boundaries_hold(env):
    """One claim for each arm and each searched range: where its three best trials lie, and, where they crowd at an end, what was done."""
    plan, rows = the_plan(env), the_rows(env)
    _, values = arms_of(plan)
    for value in values:
        for key, entry in plan["search_space"].items():
            if entry.get("scale") == "choice":
                continue
            name, claim = the_claim(env, "boundary", ("flag",), arm=value, hp=key)
            warp = math.log if entry["scale"] == "log" else float
            low, high = warp(entry["low"]), warp(entry["high"])
            best = sorted((best_error(r), r["trial"], r[key]) for r in studied(plan, rows, value) if best_error(r) < math.inf)[:3]
            places = [(warp(v) - low) / (high - low) for _, _, v in best]
            crowded = 2 * sum(u <= 0.2 for u in places) >= len(places), 2 * sum(u >= 0.8 for u in places) >= len(places)
            flag = {(True, True): "both", (True, False): "low", (False, True): "high", (False, False): "ok"}[crowded]
            where = ", ".join(f"trial {trial} at {v:g}" for _, trial, v in best)
            ends = f"from {entry['low']:g} to {entry['high']:g}"
            another = f"{name}: by Question 5 the flag is another. The range goes {ends}; the best are {where}."
            equal(claim["flag"], flag, what="flag", claim=another)
            said = isinstance(claim.get("done"), str) and len(claim["done"].split()) >= 5
            that(
                flag == "ok" or said,
                f'{name}: the best trials crowd at an end. Say under "done", in five words or more, what you did or why you left it.',
            )


@test_case(points=1)
def the_launch_decision_follows_from_the_seeds(env):
    """One claim for each arm but the baseline's: gain and margin by Question 6, and the decision by the plan's complexity_cost."""
    plan, rows = the_plan(env), the_rows(env)
    hp, values = arms_of(plan)
    today = plan["baseline"].get(hp)
    today = today if today in values else values[0]
    base = [best_error(row) for row in repeated(plan, rows, today)]
    for value in values:
        if value == today:
            continue
        name, claim = the_claim(env, "launch", ("gain", "margin", "launch"), arm=value)
        new = [best_error(row) for row in repeated(plan, rows, value)]
        if len(base) < 2 or len(new) < 2 or math.inf in (*base, *new):
            raise Invalid(f"{name}: each arm needs at least two feasible trials in the study 'seeds'.")
        gain = statistics.fmean(base) - statistics.fmean(new)
        error = math.sqrt(statistics.variance(base) / len(base) + statistics.variance(new) / len(new))
        margin = T_95[min(len(base), len(new), len(T_95) + 1) - 2] * error
        close(
            claim["gain"],
            gain,
            rtol=0.0,
            atol=ROUNDING,
            what="gain",
            claim=f"{name}: the gain is not that of the rows of the study 'seeds'.",
        )
        close(
            claim["margin"],
            margin,
            rtol=0.0,
            atol=ROUNDING,
            what="margin",
            claim=f"{name}: the margin is not that of the rows of the study 'seeds'.",
        )
        launch = gain > margin and gain >= plan["evidence"].get("complexity_cost", 0.0)
        equal(
            claim["launch"],
            launch,
            what="launch",
            claim=f"{name}: the decision does not follow from gain, margin and the plan's complexity_cost.",
        )


@test_case(points=1)
def the_time_to_result_is_compared_at_one_target(env):
    """One claim for each arm: the median over the seeds of the first step at which the error is at most the target, one for all arms."""
    plan, rows = the_plan(env), the_rows(env)
    _, values = arms_of(plan)
    targets = []
    for value in values:
        name, claim = the_claim(env, "time", ("target", "median_step"), arm=value)
        that(isinstance(claim["target"], int | float), f"{name}: the target must be a number.")
        times = []
        for row in repeated(plan, rows, value):
            steps = [min(EVAL_EVERY * (i + 1), row["steps"]) for i, e in enumerate(row["curve"]) if e <= claim["target"]]
            times.append(float(min(steps, default=math.inf)))
        close(
            claim["median_step"],
            statistics.median(times),
            rtol=0.0,
            atol=ROUNDING,
            what="median_step",
            claim=f"{name}: the number must be the median of the times to the target {claim['target']:g} in the rows of the study 'seeds'.",
        )
        targets.append((claim["target"], min(times)))
    that(len({target for target, _ in targets}) == 1, "All arms must be timed at the same target.", f"Targets: {[t for t, _ in targets]}.")
    that(any(first < math.inf for _, first in targets), "The target must be one that at least one trial of the study 'seeds' reaches.")
