import torch
from otter.test_files import test_case

from checks import close, function, returned, unchanged

# One to three steps in float64: 1e-9 leaves room for rounding; a coefficient kept in float32 (3e-8) is too coarse.
RTOL = 1e-9


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=2)
def without_gradients_adamw_shrinks_the_weights_geometrically(env):
    """With zero gradients only the decay acts: every step multiplies w by 1 - alpha lam = 0.9."""
    adamw_step = function(env, "adamw_step")
    w, zero = numbers(1.0, -4.0), numbers(0.0, 0.0)
    m, v = zero, zero
    for t in (1, 2, 3):
        w, m, v = returned(adamw_step(w, zero, m, v, t, alpha=0.5, lam=0.2), "w", "m", "v")
    claim = "With zero gradients, every step of AdamW must multiply the weights by 1 - alpha * lam."
    close(w, numbers(1.0, -4.0) * (1 - 0.5 * 0.2) ** 3, rtol=RTOL, what="w after three steps", claim=claim)


@test_case(points=2)
def adamw_shrinks_the_old_weights_and_not_the_step(env):
    """One step from zero moments with alpha = lam = 0.5: (1 - 0.25) w - 0.5 g / (|g| + eps)."""
    adamw_step = function(env, "adamw_step")
    w, g, zero = numbers(2.0, 2.0), numbers(3.0, -0.1), numbers(0.0, 0.0)
    moved, m, v = returned(adamw_step(w, g, zero, zero, 1, alpha=0.5, beta1=0.5, beta2=0.75, eps=0.1, lam=0.5), "w", "m", "v")
    claim = "AdamW must multiply the old w by 1 - alpha * lam and subtract the whole step of Adam."
    close(moved, 0.75 * w - 0.5 * g / (g.abs() + 0.1), rtol=RTOL, what="w", claim=claim)
    claim = "In AdamW, the moments must average the gradient alone; the decay must not enter them."
    close(m, 0.5 * g, rtol=RTOL, what="m", claim=claim)
    close(v, 0.25 * g * g, rtol=RTOL, what="v", claim=claim)


@test_case(points=2)
def the_penalty_of_adam_l2_passes_through_both_moments(env):
    """One step from zero moments: m and v average g + lam w, and the step has length alpha. Here g = -1 and g + lam w = 1."""
    adam_l2_step = function(env, "adam_l2_step")
    w, g, zero = numbers(4.0, 4.0), numbers(-1.0, 2.0), numbers(0.0, 0.0)
    moved, m, v = returned(adam_l2_step(w, g, zero, zero, 1, alpha=0.25, beta1=0.5, beta2=0.75, lam=0.5), "w", "m", "v")
    total = g + 0.5 * w
    close(m, 0.5 * total, rtol=RTOL, what="m", claim="In Adam with L2, m must average g + lam * w.")
    close(v, 0.25 * total * total, rtol=RTOL, what="v", claim="In Adam with L2, v must average the square of g + lam * w.")
    claim = "The first step of Adam with L2 must have length alpha, against the sign of g + lam * w."
    close(moved, w - 0.25 * total / (total.abs() + 1e-8), rtol=RTOL, what="w", claim=claim)


@test_case(points=1)
def both_steps_leave_their_arguments_alone(env):
    """Both functions are pure; adding lam w to the gradient must not change the caller's gradient."""
    for name in ("adamw_step", "adam_l2_step"):
        step = function(env, name)
        values = {key: numbers(1.0, 2.0) for key in ("w", "g", "m", "v")}
        given = {key: x.clone() for key, x in values.items()}
        returned(step(given["w"], given["g"], given["m"], given["v"], 2, lam=0.5), "w", "m", "v")
        for key, x in values.items():
            unchanged(x, given[key], what=key)
