import copy

from otter.test_files import test_case

from checks import equal, function, raises, that

ROLES = ("scientific", "nuisance", "fixed")
GOALS = ("decay-on-off", "decay-strength", "optimizer", "activation", "width", "schedule")


def roles_of(assign_roles, goal):
    roles = assign_roles(goal)
    that(
        isinstance(roles, dict),
        f"assign_roles({goal!r}) must return a dictionary from hyperparameters to roles; it is {type(roles).__name__}.",
    )
    return roles


def sound_plan():
    return {
        "study": "trial run",
        "goal": "Does a cosine schedule lower the validation error?",
        "baseline": {"lr": 0.01, "weight_decay": 0.1, "schedule": "constant", "average": 0.0, "batch_size": 32, "width": 64},
        "scientific": {"schedule": ["constant", "cosine"]},
        "nuisance": ["lr", "width"],
        "fixed": {"weight_decay": 0.1, "average": 0.0, "batch_size": 32},
        "search_space": {"lr": {"scale": "log", "low": 1e-3, "high": 1e-1}, "width": {"scale": "choice", "values": [32, 64, 128]}},
        "trials_per_arm": [12, 12],
        "search_method": "quasi-random",
        "max_train_steps": 240,
        "checkpoint_rule": "best",
        "selection_metric": "val_error",
        "evidence": {"seeds": 5, "complexity_cost": 0.005},
    }


def expect_codes(plan_problems, plan, codes, about):
    """plan_problems must report exactly these codes, each once, in any order."""
    got = plan_problems(plan)
    that(
        isinstance(got, list | tuple) and all(isinstance(code, str) for code in got),
        f"plan_problems must return a list of codes; it is {type(got).__name__}.",
    )
    equal(sorted(got), sorted(codes), what="the problems", claim=about)


@test_case(points=1)
def every_hyperparameter_of_a_goal_has_one_role(env):
    """The keys are the goal's hyperparameters, no more and no fewer, and an unknown goal raises ValueError."""
    assign_roles = function(env, "assign_roles")
    names = {
        "decay-on-off": {"use_weight_decay", "weight_decay", "lr", "activation", "batch_size", "max_train_steps"},
        "optimizer": {"optimizer", "lr", "momentum", "weight_decay", "width", "batch_size", "max_train_steps"},
    }
    for goal, expected in names.items():
        claim = f"assign_roles({goal!r}) must give a role to each hyperparameter that SCENARIOS lists for this goal, and to no other."
        equal(sorted(roles_of(assign_roles, goal)), sorted(expected), what="the hyperparameters", claim=claim)
    raises(ValueError, assign_roles, "world peace", claim="assign_roles must raise ValueError for a goal that SCENARIOS does not hold.")


@test_case(points=1)
def a_round_has_one_scientific_hyperparameter(env):
    """One narrow goal per round: exactly one hyperparameter is scientific, and each role is one of the three."""
    assign_roles = function(env, "assign_roles")
    for goal in GOALS:
        given = list(roles_of(assign_roles, goal).values())
        that(
            all(role in ROLES for role in given),
            f'For {goal!r}, every role must be "scientific", "nuisance" or "fixed".',
            f"Roles: {given}.",
        )
        count = given.count("scientific")
        that(count == 1, f"For {goal!r}, exactly one hyperparameter must be scientific.", f"Scientific: {count}.")


@test_case(points=1)
def steps_are_fixed_and_the_learning_rate_is_searched(env):
    """max_train_steps is fixed for a round, and every arm gets the learning rate that suits it."""
    assign_roles = function(env, "assign_roles")
    for goal in GOALS:
        roles = roles_of(assign_roles, goal)
        equal(
            roles.get("max_train_steps"),
            "fixed",
            what="max_train_steps",
            claim=f"For {goal!r}, max_train_steps must be fixed: it is the budget.",
        )
        claim = f"For {goal!r}, the learning rate must be a nuisance: its best value may differ from arm to arm."
        equal(roles.get("lr"), "nuisance", what="lr", claim=claim)


@test_case(points=2)
def a_sound_plan_has_no_problems(env):
    """The plan of the prompt's form gives an empty list, and comes back unchanged."""
    plan_problems = function(env, "plan_problems")
    plan = sound_plan()
    expect_codes(plan_problems, plan, [], "A sound plan must give an empty list.")
    space = {"lr": {"scale": "linear", "low": 0.0, "high": 0.1}, "width": {"scale": "choice", "values": [32, 64]}}
    expect_codes(plan_problems, {**plan, "search_space": space}, [], "A linear range may begin at 0: this plan is sound too.")
    smallest = {**plan, "trials_per_arm": [1, 1], "max_train_steps": 1}
    expect_codes(plan_problems, smallest, [], "One trial for each arm and one step are few, but a sound plan.")
    equal(plan, sound_plan(), what="the plan after the call", claim="plan_problems must not change the plan.")


@test_case(points=2)
def roles_that_clash_or_lack_are_reported(env):
    """Two roles for one name, no role for another, and a comparison without anything to compare."""
    plan_problems = function(env, "plan_problems")
    plan = sound_plan()
    plan["fixed"]["lr"] = 0.01
    expect_codes(plan_problems, plan, ["two-roles"], 'With lr both nuisance and fixed, the only problem must be "two-roles".')
    plan = sound_plan()
    del plan["fixed"]["average"]
    expect_codes(plan_problems, plan, ["no-role"], 'Without average among the roles, the only problem must be "no-role".')
    plan = sound_plan()
    plan.update(scientific={"schedule": ["cosine"]}, trials_per_arm=[12])
    expect_codes(
        plan_problems, plan, ["not-one-scientific"], 'With a single value to compare, the only problem must be "not-one-scientific".'
    )


@test_case(points=2)
def the_protocol_is_checked(env):
    """Budgets, search method, checkpoint, metric and seeds, one broken at a time."""
    plan_problems = function(env, "plan_problems")
    for field, value, code in (
        ("trials_per_arm", [12, 8], "unequal-budgets"),
        ("trials_per_arm", [0, 0], "unequal-budgets"),
        ("search_method", "grid", "not-quasi-random"),
        ("max_train_steps", 0, "steps-not-fixed"),
        ("checkpoint_rule", "last", "not-best-checkpoint"),
        ("selection_metric", "test_error", "not-validation"),
        ("evidence", {"seeds": 4}, "too-few-seeds"),
    ):
        plan = copy.deepcopy(sound_plan())
        plan[field] = value
        expect_codes(plan_problems, plan, [code], f"With {field} = {value!r}, the only problem must be {code!r}.")
