from otter.test_files import test_case

from checks import equal, function, that

# The prompt's rule, as one line per goal: the scientific hyperparameter, then those that the budget allows to search; the rest is fixed.
KEY = {
    "decay-on-off": ("use_weight_decay", ("weight_decay", "lr"), ("activation", "batch_size", "max_train_steps")),
    "decay-strength": ("weight_decay", ("lr", "dropout"), ("activation", "batch_size", "max_train_steps")),
    "optimizer": ("optimizer", ("lr", "momentum", "weight_decay"), ("width", "batch_size", "max_train_steps")),
    "activation": ("activation", ("lr", "weight_decay"), ("width", "batch_size", "max_train_steps")),
    "width": ("width", ("lr", "weight_decay", "dropout"), ("activation", "max_train_steps")),
    "schedule": ("schedule", ("lr", "weight_decay"), ("optimizer", "batch_size", "max_train_steps")),
}


CHOICE = {"scale": "choice", "values": [16, 32]}


def healthy_plan(**changes):
    plan = {
        "study": "second round",
        "goal": "Is a wider network better?",
        "baseline": {"lr": 0.03, "weight_decay": 0.3, "schedule": "cosine", "average": 0.9, "batch_size": 16, "width": 32},
        "scientific": {"width": [32, 64, 256]},
        "nuisance": ["weight_decay", "lr"],
        "fixed": {"schedule": "cosine", "average": 0.9, "batch_size": 16},
        "search_space": {"lr": {"scale": "log", "low": 1e-4, "high": 1e-1}, "weight_decay": {"scale": "linear", "low": 0.0, "high": 2.0}},
        "trials_per_arm": [16, 16, 16],
        "search_method": "quasi-random",
        "max_train_steps": 120,
        "checkpoint_rule": "best",
        "selection_metric": "val_loss",
        "evidence": {"seeds": 8, "complexity_cost": 0.0},
    }
    return {**plan, **changes}


def codes_must_be(plan_problems, plan, codes, claim):
    got = plan_problems(plan)
    that(isinstance(got, list | tuple) and all(isinstance(code, str) for code in got), "plan_problems must return a list of codes.")
    equal(sorted(got), sorted(codes), what="the problems", claim=claim)


@test_case(points=2, hidden=True)
def the_roles_follow_from_the_goal_and_the_budget(env):
    """What the goal compares is scientific, what the budget allows to search is a nuisance, and all else is fixed."""
    assign_roles = function(env, "assign_roles")
    for goal, (scientific, nuisance, fixed) in KEY.items():
        roles = assign_roles(goal)
        that(isinstance(roles, dict), "assign_roles must return a dictionary.")
        claim = (
            f"The roles for {goal!r} do not follow from the prompt's three rules. To see it: for each hyperparameter ask in this order "
            "whether the goal "
            "compares its values, and whether the budget allows to search it."
        )
        expected = {scientific: "scientific", **dict.fromkeys(nuisance, "nuisance"), **dict.fromkeys(fixed, "fixed")}
        equal(roles, expected, what=f"the roles for {goal!r}", claim=claim)


@test_case(points=1, hidden=True)
def ranges_must_exist_and_make_sense(env):
    """A nuisance without a range; low and high exchanged; a log scale from zero; a choice of one; a bad range for a fixed name."""
    plan_problems = function(env, "plan_problems")
    lr = {"scale": "log", "low": 1e-4, "high": 1e-1}
    codes_must_be(
        plan_problems,
        healthy_plan(search_space={"lr": lr}),
        ["no-range"],
        'A nuisance hyperparameter without an entry in search_space must be reported as "no-range", and a sound entry must not be blamed.',
    )
    for entry in (
        {"scale": "log", "low": 0.0, "high": 1.0},
        {"scale": "linear", "low": 1.0, "high": 1.0},
        {"scale": "log", "low": 1.0, "high": 0.1},
        {"scale": "choice", "values": [0.1, 0.1]},
        {"scale": "cubic", "low": 0.1, "high": 1.0},
        {"scale": "log", "low": 0.1},
    ):
        codes_must_be(
            plan_problems,
            healthy_plan(search_space={"lr": lr, "weight_decay": entry}),
            ["bad-range"],
            'An entry of search_space that is no range must be reported as "bad-range". To see it: go through the rule for "bad-range" '
            "with a log "
            "scale from 0, low = high, low > high, a choice with one distinct value, an unknown scale, a missing end.",
        )
    codes_must_be(
        plan_problems,
        healthy_plan(search_space={**healthy_plan()["search_space"], "batch_size": {"scale": "log", "low": 0.0, "high": 64.0}}),
        ["bad-range"],
        'Every entry of search_space must be looked at. To see it: give a fixed name an entry that is no range; "bad-range" must be the '
        "only problem.",
    )


@test_case(points=1, hidden=True)
def several_problems_are_all_reported_and_a_missing_field_alone(env):
    """Each code once, whatever else is wrong; any two roles clash, and a range is none; with a field missing nothing else is looked at."""
    plan_problems = function(env, "plan_problems")
    plan = healthy_plan(
        search_method="grid", checkpoint_rule="last", trials_per_arm=[16, 16], nuisance=["weight_decay", "lr", "width", "batch_size"]
    )
    claim = (
        'Every problem of a plan must be reported, and each code once. To see it: give "trials_per_arm" too few entries and a name two '
        "roles."
    )
    codes_must_be(plan_problems, plan, ["not-quasi-random", "not-best-checkpoint", "unequal-budgets", "two-roles", "no-range"], claim)
    clashes = (
        {"fixed": {**healthy_plan()["fixed"], "width": 32}},
        {"nuisance": ["weight_decay", "lr", "width"], "search_space": {**healthy_plan()["search_space"], "width": CHOICE}},
        {"fixed": {**healthy_plan()["fixed"], "lr": 0.01}},
    )
    for changes in clashes:
        claim = (
            'A name in any two of scientific, nuisance and fixed must be reported as "two-roles", and be the only problem of a plan that '
            "is sound otherwise. To see it: try each of the three pairs."
        )
        codes_must_be(plan_problems, healthy_plan(**changes), ["two-roles"], claim)
    ranges = {**healthy_plan()["search_space"], "batch_size": CHOICE}
    unnamed = healthy_plan(fixed={"schedule": "cosine", "average": 0.9}, search_space=ranges)
    claim = (
        'A hyperparameter that stands in search_space and in none of scientific, nuisance and fixed must be reported as "no-role", '
        "and be the only problem of a plan that is sound otherwise. To see it: delete a nuisance name, but not its range."
    )
    codes_must_be(plan_problems, unnamed, ["no-role"], claim)
    del plan["baseline"]
    codes_must_be(
        plan_problems,
        plan,
        ["missing-field"],
        'If a field is absent, the result must be ["missing-field"] alone. To see it: delete "baseline".',
    )


@test_case(points=1, hidden=True)
def the_number_of_steps_is_never_searched(env):
    """max_train_steps in the search space or as a comparison is a problem, and so is half a step."""
    plan_problems = function(env, "plan_problems")
    plan = healthy_plan()
    steps = {"scale": "linear", "low": 100, "high": 200}
    claim = (
        'With "max_train_steps" among what is searched, "steps-not-fixed" must be reported. To see it: add a range for it to search_space.'
    )
    codes_must_be(plan_problems, {**plan, "search_space": {**plan["search_space"], "max_train_steps": steps}}, ["steps-not-fixed"], claim)
    plan = healthy_plan(scientific={"width": [32, 64, 256], "max_train_steps": [100, 200]})
    claim = (
        "Two scientific hyperparameters are one too many, and their budgets are then not judged. To see it: add max_train_steps to "
        "scientific."
    )
    codes_must_be(plan_problems, plan, ["not-one-scientific", "steps-not-fixed"], claim)
    claim = 'A number of steps that is not whole must be reported as "steps-not-fixed". To see it: set max_train_steps to 240.5.'
    codes_must_be(plan_problems, healthy_plan(max_train_steps=240.5), ["steps-not-fixed"], claim)
