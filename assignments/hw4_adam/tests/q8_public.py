import torch
from otter.test_files import test_case

from checks import equal, function, rng, that

MOST_CALLS = 200


def pure_adam(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A correct step."""
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return w - alpha * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def corrections_moved_into_alpha(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A correct step: the corrections scale alpha and eps, which rounds otherwise."""
    m, v = torch.lerp(g, m, beta1), torch.lerp(g**2, v, beta2)
    root = (1 - beta2**t) ** 0.5
    return w - (alpha * root / (1 - beta1**t)) * m / (v.sqrt() + eps * root), m, v


def climbing(w, g, m, v, t, alpha=1e-3, **settings):
    """A bug: the wrong sign."""
    return pure_adam(w, g, m, v, t, -alpha, **settings)


def uncorrected(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A bug: no bias correction."""
    _, m, v = pure_adam(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (v.sqrt() + eps), m, v


def eps_inside(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A bug: epsilon under the root."""
    _, m, v = pure_adam(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt(), m, v


def swapped_betas(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A bug: each moment uses the other's beta."""
    return pure_adam(w, g, m, v, t, alpha, beta2, beta1, eps)


def ask(env, candidates, claims):
    """Call find_bug with each candidate, in an order drawn anew, and compare with whether it is wrong."""
    find_bug = function(env, "find_bug")
    for i in torch.randperm(len(candidates), generator=rng()).tolist():
        calls = 0

        def step(*args, chosen=candidates[i][0], **settings):
            nonlocal calls
            calls += 1
            return chosen(*args, **settings)

        verdict = find_bug(step)
        that(calls <= MOST_CALLS, f"find_bug must decide after at most {MOST_CALLS} calls of step.", f"It called step {calls} times.")
        equal(verdict, candidates[i][1], what="the verdict", claim=claims[i])


CORRECT = "find_bug must return False for a step that follows the formula."


@test_case(points=1)
def a_step_that_climbs_is_caught(env):
    """A step with the wrong sign, and a correct one."""
    ask(env, [(climbing, True), (pure_adam, False)], ["find_bug must return True for a step with the wrong sign.", CORRECT])


@test_case(points=1)
def a_step_without_bias_correction_is_caught(env):
    """A step that uses m and v as they are, and a correct one."""
    ask(env, [(uncorrected, True), (pure_adam, False)], ["find_bug must return True for a step without bias correction.", CORRECT])


@test_case(points=1)
def epsilon_under_the_root_is_caught(env):
    """A step that divides by sqrt(v_hat + eps), and a correct one."""
    ask(env, [(eps_inside, True), (pure_adam, False)], ["find_bug must return True for a step that divides by sqrt(v_hat + eps).", CORRECT])


@test_case(points=1)
def swapped_betas_are_caught(env):
    """A step in which beta1 and beta2 have changed places, and a correct one."""
    ask(env, [(swapped_betas, True), (pure_adam, False)], ["find_bug must return True for a step that swaps beta1 and beta2.", CORRECT])


@test_case(points=1)
def another_order_of_operations_is_no_bug(env):
    """A correct step whose corrections are moved into alpha and eps: it differs by rounding only. Beside it a wrong one."""
    claim = "find_bug must return False for a correct step that computes the same formula in another order and rounds otherwise."
    caught = "find_bug must return True for a step without bias correction."
    ask(env, [(corrections_moved_into_alpha, False), (uncorrected, True)], [claim, caught])
