import torch
from otter.test_files import test_case

from checks import close, equal, function, raises

# Closed forms and short recursions in float64: rounding is below 1e-14.
RTOL = 1e-9


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=1)
def every_schedule_starts_at_eta0(env):
    """The first step has k = 0, and its size is eta0."""
    for name, rest in (("power_schedule", (0.7,)), ("geom_schedule", (0.9,)), ("cosine_schedule", (0.1, 20))):
        schedule = function(env, name)
        close(schedule(0, 0.5, *rest), 0.5, rtol=RTOL, what="the step at k=0", claim=f"{name} must start at eta0: the first step is k = 0.")


@test_case(points=1)
def the_fourth_step_of_a_power_and_of_a_geometric_schedule(env):
    """k = 3: the square root of 4 divides by two, three halvings divide by eight."""
    close(function(env, "power_schedule")(3, 0.8, 0.5), 0.4, rtol=RTOL, what="0.8 / (k + 1)^0.5 at k=3")
    close(function(env, "geom_schedule")(3, 0.8, 0.5), 0.1, rtol=RTOL, what="0.8 * 0.5^k at k=3")


@test_case(points=2)
def the_cosine_passes_through_its_middle(env):
    """At k = K it has arrived at eta_min, at K/2 it is half-way between the two."""
    cosine_schedule = function(env, "cosine_schedule")
    close(cosine_schedule(20, 0.5, 0.1, 20), 0.1, rtol=RTOL, what="the step at k=K")
    close(cosine_schedule(10, 0.5, 0.1, 20), 0.3, rtol=RTOL, what="the step at k=K/2")
    close(cosine_schedule(5, 1.0, 0.0, 20), (1 + 2**-0.5) / 2, rtol=RTOL, what="the step at k=K/4")


@test_case(points=2)
def steps_of_one_over_k_average_the_data(env):
    """With steps 1, 1/2, 1/3, ... the iterate is the plain mean of the draws, so that its error is sigma2 / (k B), whatever the start."""
    mse_schedule = function(env, "mse_schedule")
    etas = 1 / numbers(1.0, 2.0, 3.0, 4.0)
    expected = numbers(9.0, *(2.0 / (5 * k) for k in (1, 2, 3, 4)))
    claim = "With the steps 1, 1/2, 1/3, ... the errors must be e0² and then sigma2 / (k B) for k = 1, 2, 3, ..."
    close(mse_schedule(etas, 2.0, -3.0, B=5), expected, rtol=RTOL, what="the errors with steps 1/(k+1)", claim=claim)


@test_case(points=2)
def three_powers_three_verdicts(env):
    """Steps 1/(k+1) meet both conditions; their squares shrink too fast to get anywhere; their cube roots too slowly to calm down."""
    robbins_monro = function(env, "robbins_monro")
    for p, verdict in ((1.0, (True, True)), (2.0, (False, True)), (1 / 3, (True, False))):
        claim = "robbins_monro(p) must say (the sum of the steps is infinite, the sum of their squares is finite), as two booleans."
        equal(robbins_monro(p), verdict, what=f"the verdict on p={p:.3g}", claim=claim)


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    """Steps start positive, a decay shrinks, and a cosine goes down."""
    for name, wrong in (
        ("power_schedule", (1, 0.0, 0.5)),
        ("geom_schedule", (1, 0.0, 0.5)),
        ("geom_schedule", (1, 0.1, 1.0)),
        ("geom_schedule", (1, 0.1, 0.0)),
        ("cosine_schedule", (1, 0.1, 0.2, 5)),
        ("cosine_schedule", (1, 0.1, -0.1, 5)),
        ("cosine_schedule", (1, 0.0, 0.0, 5)),
        ("cosine_schedule", (0, 0.1, 0.0, 0)),
        ("mse_schedule", (numbers(0.5, -0.1), 1.0, 1.0, 1)),
        ("mse_schedule", (numbers(0.5), -1.0, 1.0, 1)),
        ("mse_schedule", (numbers(0.5), 1.0, 1.0, 0)),
    ):
        raises(ValueError, function(env, name), *wrong)
