import torch
from otter.test_files import test_case

from checks import close, function, raises, returned, unchanged

# Values of size one in float64: 1e-9 leaves seven digits for rounding, and a coefficient kept in float32 (3e-8) is too coarse.
RTOL = 1e-9


def zeros_like_them(w):
    return torch.zeros_like(w), torch.zeros_like(w)


@test_case(points=2)
def the_first_step_has_length_alpha(env):
    """From zero moments, m_hat = g and v_hat = g², so every weight moves by alpha against the sign of its gradient."""
    adam_step = function(env, "adam_step")
    w, g = torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64), torch.tensor([4.0, -0.5, 100.0], dtype=torch.float64)
    m, v = zeros_like_them(w)
    moved, _, _ = returned(adam_step(w, g, m, v, 1, alpha=0.1), "w", "m", "v")
    expected = w - 0.1 * g / (g.abs() + 1e-8)
    claim = "The first step must move every weight by alpha against the sign of its gradient, whatever the gradient's size."
    close(moved, expected, rtol=RTOL, what="w", claim=claim)


@test_case(points=2)
def the_returned_moments_are_not_corrected(env):
    """m and v come back as the averages themselves; the correction is used for w only."""
    adam_step = function(env, "adam_step")
    w, g = torch.tensor([0.0, 0.0], dtype=torch.float64), torch.tensor([2.0, -3.0], dtype=torch.float64)
    m0, v0 = torch.tensor([1.0, 1.0], dtype=torch.float64), torch.tensor([8.0, 4.0], dtype=torch.float64)
    _, m, v = returned(adam_step(w, g, m0, v0, 3, beta1=0.5, beta2=0.75), "w", "m", "v")
    claim = "The returned m must be beta1 times the old m plus (1 - beta1) times g, without correction."
    close(m, 0.5 * m0 + 0.5 * g, rtol=RTOL, what="m", claim=claim)
    claim = "The returned v must be beta2 times the old v plus (1 - beta2) times g², without correction."
    close(v, 0.75 * v0 + 0.25 * g * g, rtol=RTOL, what="v", claim=claim)


@test_case(points=2)
def the_second_step_remembers_the_first(env):
    """Two steps by hand, with beta1 = 0.5 and beta2 = 0.75: the corrections are 1/2, 1/4 and then 3/4, 7/16."""
    adam_step = function(env, "adam_step")
    settings = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.75, "eps": 0.0}
    w = torch.tensor([1.0], dtype=torch.float64)
    m, v = zeros_like_them(w)
    w, m, v = returned(adam_step(w, torch.tensor([2.0], dtype=torch.float64), m, v, 1, **settings), "w", "m", "v")
    w, m, v = returned(adam_step(w, torch.tensor([1.0], dtype=torch.float64), m, v, 2, **settings), "w", "m", "v")
    m_hat = (0.5 * (0.5 * 2.0) + 0.5 * 1.0) / (3 / 4)
    v_hat = (0.75 * (0.25 * 4.0) + 0.25 * 1.0) / (7 / 16)
    expected = torch.tensor([1.0 - 0.1 - 0.1 * m_hat / v_hat**0.5], dtype=torch.float64)
    close(w, expected, rtol=RTOL, what="w", claim="After the gradients 2 and 1, w must stand where two steps by hand put it.")


@test_case(points=2)
def epsilon_is_added_after_the_root_and_the_correction(env):
    """On the first step from zero moments, the step is alpha g / (|g| + eps): visible when eps is as large as g."""
    adam_step = function(env, "adam_step")
    w, g = torch.tensor([0.0, 0.0], dtype=torch.float64), torch.tensor([0.3, -0.1], dtype=torch.float64)
    m, v = zeros_like_them(w)
    moved, _, _ = returned(adam_step(w, g, m, v, 1, alpha=1.0, eps=0.1), "w", "m", "v")
    claim = "The denominator must be sqrt(v_hat) + eps: the root of the corrected v, and then eps."
    close(moved, -g / (g.abs() + 0.1), rtol=RTOL, what="w", claim=claim)


@test_case(points=1)
def the_arguments_keep_their_values(env):
    """adam_step is pure: it returns new tensors and leaves the ones it was given alone."""
    adam_step = function(env, "adam_step")
    values = {name: torch.tensor([1.0, 2.0], dtype=torch.float64) for name in ("w", "g", "m", "v")}
    given = {name: x.clone() for name, x in values.items()}
    returned(adam_step(given["w"], given["g"], given["m"], given["v"], 2), "w", "m", "v")
    for name, x in values.items():
        unchanged(x, given[name], what=name)


@test_case(points=1)
def steps_are_counted_from_one(env):
    """At t = 0 both corrections would divide by zero."""
    adam_step = function(env, "adam_step")
    w, g = torch.tensor([1.0], dtype=torch.float64), torch.tensor([2.0], dtype=torch.float64)
    raises(ValueError, adam_step, w, g, *zeros_like_them(w), 0, claim="adam_step must raise ValueError for t = 0.")
