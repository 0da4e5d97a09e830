import torch
from otter.test_files import test_case

from checks import close, equal, function, raises, returned, that, unchanged

# A few steps in float64 with numbers of size one: rounding stays below 1e-14; a step in float32 (6e-8) is too coarse.
RTOL = 1e-9
ATOL = 1e-12


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=3)
def two_directions_by_hand(env):
    """X = diag(2, 1), y = (2, 1), step 1/4: the first weight is right after one step, the second error shrinks by 3/4 per step."""
    gradient_descent = function(env, "gradient_descent")
    w, losses = returned(gradient_descent(torch.diag(numbers(2.0, 1.0)), numbers(2.0, 1.0), n_steps=3, step_size=0.25), "w", "losses")
    claim = "Three steps from zero must end where three steps by hand end."
    close(w, numbers(1.0, 1.0 - 0.75**3), rtol=RTOL, what="w", claim=claim)
    start = (2.0**2 + 1.0**2) / 2
    expected = [(0.75**k) ** 2 / 2 / start for k in (1, 2, 3)]
    claim = "losses must hold one relative loss for each step, taken after the step: three steps by hand give three numbers."
    close(losses, expected, rtol=RTOL, what="losses", claim=claim)


@test_case(points=2)
def the_losses_are_measured_from_the_smallest_value(env):
    """The third sample cannot be fitted: f starts at 4.5 and cannot fall below 2. Half the error remains after each step."""
    gradient_descent = function(env, "gradient_descent")
    X, y = torch.eye(3, 2, dtype=torch.float64), numbers(1.0, 2.0, 2.0)
    _, losses = returned(gradient_descent(X, y, n_steps=4, step_size=0.5), "w", "losses")
    claim = "losses must measure from the smallest value f⋆, in units of f(w_0) − f⋆, also when the data cannot be fitted perfectly."
    close(losses, [0.25, 0.25**2, 0.25**3, 0.25**4], rtol=RTOL, what="losses", claim=claim)


@test_case(points=1)
def no_steps_give_the_start_and_an_empty_list(env):
    gradient_descent = function(env, "gradient_descent")
    X, y, w0 = torch.eye(2, dtype=torch.float64), numbers(1.0, 2.0), numbers(3.0, -4.0)
    w, losses = returned(gradient_descent(X, y, n_steps=0, step_size=0.5, w0=w0), "w", "losses")
    close(w, w0, rtol=0.0, what="w", claim="With n_steps=0 the point must be the start.")
    that(isinstance(losses, list | tuple), "With n_steps=0 losses must be an empty list.", f"It is {type(losses).__name__}.")
    equal(len(losses), 0, what="the length of losses", claim="With n_steps=0 losses must be an empty list.")


@test_case(points=1)
def the_start_keeps_its_values(env):
    gradient_descent = function(env, "gradient_descent")
    X, y, w0 = torch.diag(numbers(2.0, 1.0)), numbers(2.0, 1.0), numbers(3.0, -4.0)
    given = w0.clone()
    gradient_descent(X, y, n_steps=3, step_size=0.25, w0=given)
    unchanged(w0, given, what="w0")


@test_case(points=1)
def arguments_outside_the_domain_are_refused(env):
    gradient_descent = function(env, "gradient_descent")
    X, y = torch.eye(2, dtype=torch.float64), numbers(1.0, 2.0)
    for settings, problem in (
        ({"n_steps": -1, "step_size": 0.5}, "n_steps is negative"),
        ({"n_steps": 2, "step_size": 0.0}, "step_size is zero"),
        ({"n_steps": 2, "step_size": -0.5}, "step_size is negative"),
    ):
        raises(ValueError, gradient_descent, X, y, claim=f"gradient_descent must raise ValueError when {problem}.", **settings)
    claim = "gradient_descent must raise ValueError when the shapes do not fit: call check_shapes first."
    raises(ValueError, gradient_descent, X, y.reshape(2, 1), claim=claim)
