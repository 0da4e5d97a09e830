import torch
from otter.test_files import test_case

from checks import equal, function, rng, that

CALLS_ALLOWED = 200


def adam_of_the_formula(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return w - alpha * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def varied(change):
    """A step made of a correct one by `change`, which gets everything at once."""

    def step(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        _, new_m, new_v = adam_of_the_formula(w, g, m, v, t, alpha, beta1, beta2, eps)
        return change(w=w, g=g, m=new_m, v=new_v, old_m=m, old_v=v, t=t, a=alpha, b1=beta1, b2=beta2, eps=eps)

    return step


def descent(w, m_hat, v_hat, a, eps):
    return w - a * m_hat / (v_hat.sqrt() + eps)


@varied
def corrected_moments_returned(w, m, v, t, a, b1, b2, eps, **_):
    m, v = m / (1 - b1**t), v / (1 - b2**t)
    return descent(w, m, v, a, eps), m, v


@varied
def only_v_returned_corrected(w, m, v, t, a, b1, b2, eps, **_):
    return descent(w, m / (1 - b1**t), v / (1 - b2**t), a, eps), m, v / (1 - b2**t)


@varied
def first_correction_forever(w, m, v, a, b1, b2, eps, **_):
    return descent(w, m / (1 - b1), v / (1 - b2), a, eps), m, v


@varied
def one_step_late(w, m, v, t, a, b1, b2, eps, **_):
    return descent(w, m / (1 - b1 ** (t + 1)), v / (1 - b2 ** (t + 1)), a, eps), m, v


@varied
def nan_where_nothing_happened(w, m, v, t, a, b1, b2, eps, **_):
    inverse = (v / (1 - b2**t)).rsqrt()
    return w - a * m / (1 - b1**t) * inverse / (1 + eps * inverse), m, v


@varied
def shared_scale(w, m, v, t, a, b1, b2, eps, **_):
    return descent(w, m / (1 - b1**t), v.mean() / (1 - b2**t), a, eps), m, v


@varied
def eps_before_correction(w, m, v, t, a, b1, b2, eps, **_):
    return w - a * m / (1 - b1**t) / ((v.sqrt() + eps) / (1 - b2**t) ** 0.5), m, v


@varied
def eps_as_floor(w, m, v, t, a, b1, b2, eps, **_):
    return w - a * m / (1 - b1**t) / (v / (1 - b2**t)).sqrt().clamp(min=eps), m, v


@varied
def sign_lost(w, g, m, v, t, a, b1, b2, eps, old_m, **_):
    m = b1 * old_m + (1 - b1) * g.abs()
    return descent(w, m / (1 - b1**t), v / (1 - b2**t), a, eps), m, v


@varied
def gradient_as_numerator(w, g, m, v, t, a, b2, eps, **_):
    return descent(w, g, v / (1 - b2**t), a, eps), m, v


def judge(env, wrong, claim):
    """find_bug must say True to each of `wrong` and False to a correct step, in an order drawn anew."""
    find_bug = function(env, "find_bug")
    candidates = [(step, True) for step in wrong] + [(adam_of_the_formula, False)]
    for i in torch.randperm(len(candidates), generator=rng()).tolist():
        chosen, is_wrong = candidates[i]
        calls = 0

        def step(*args, chosen=chosen, **settings):
            nonlocal calls
            calls += 1
            return chosen(*args, **settings)

        verdict = find_bug(step)
        that(calls <= CALLS_ALLOWED, f"find_bug must decide after at most {CALLS_ALLOWED} calls of step.")
        correct = "find_bug must return False for a step that follows the formula. To see it: call find_bug(adam_step)."
        equal(verdict, is_wrong, what="the verdict", claim=claim if is_wrong else correct)


@test_case(points=1, hidden=True)
def mistakes_in_the_returned_moments_are_caught(env):
    """The step of the weights is right; what is handed to the next step is not."""
    claim = (
        "find_bug misses a mistake in what step returns for the next step, while w is right. To see it: change only the returned moments "
        "in a copy of adam_step, and call find_bug on the copy."
    )
    judge(env, [corrected_moments_returned, only_v_returned_corrected], claim)


@test_case(points=1, hidden=True)
def mistakes_in_time_are_caught(env):
    """The correction uses the wrong power, or the step does not look back at all."""
    claim = (
        "find_bug misses a mistake in how the step depends on t or on earlier gradients. To see it: change the power in the corrections "
        "of a copy of adam_step, or put g in the place of m_hat, and call find_bug on the copy."
    )
    judge(env, [first_correction_forever, one_step_late, gradient_as_numerator], claim)


@test_case(points=1, hidden=True)
def nan_at_rest_is_caught(env):
    """Right everywhere but where a weight has not had any gradient yet."""
    claim = (
        "find_bug misses a step that returns NaN for a weight whose gradients have all been zero. To see it: is NaN > 1e-6? "
        "And does any of your tests contain a gradient of zero?"
    )
    judge(env, [nan_where_nothing_happened], claim)


@test_case(points=1, hidden=True)
def mistakes_across_coordinates_and_signs_are_caught(env):
    """Coordinates that share their scale, and signs that are lost."""
    claim = (
        "find_bug misses a mistake that shows only for several coordinates, or only for gradients of both signs. To see it: write a copy "
        "of adam_step that uses v.mean() in the place of v, and one that uses g.abs() in the place of g."
    )
    judge(env, [shared_scale, sign_lost], claim)


@test_case(points=1, hidden=True)
def every_misplaced_epsilon_is_caught(env):
    """Epsilon is outside the root, and still in the wrong place."""
    claim = (
        "find_bug misses an epsilon in the wrong place. There are more wrong places than under the root. To see it: make eps as large as "
        "the gradients, and move it around in a copy of adam_step."
    )
    judge(env, [eps_before_correction, eps_as_floor], claim)
