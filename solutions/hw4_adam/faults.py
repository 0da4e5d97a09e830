import math

import torch

import reference
from autograder.audit import fault

# q1: one step


@fault(of="adam_step", loses={"q1"}, hint="Is eps under the square root or beside it?")
def epsilon_inside_the_root(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Epsilon is added under the square root, where it acts on the squared scale, and not after it."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt(), m, v


@fault(of="adam_step", loses={"q1"}, hint="Which comes first in the formula, the correction of v or the addition of eps?")
def epsilon_before_the_correction(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Epsilon is added to the root of the uncorrected v, so the correction rescales epsilon as well."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (v.sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="For a gradient as small as eps, what does the denominator of the formula amount to?")
def epsilon_as_a_lower_bound(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Epsilon is a lower bound for the denominator and is not added to it."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / (v / (1 - beta2**t)).sqrt().clamp(min=eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="What is m after one step from zero, compared with the gradient?")
def no_correction(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The moments are used without bias correction."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (v.sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Both moments start at zero. Do you correct both?")
def only_m_is_corrected(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Only the first moment is corrected."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / (v.sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Both moments start at zero. Do you correct both?")
def only_v_is_corrected(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Only the second moment is corrected."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="At t = 1, how many gradients are in m? Which power of beta is then missing from its weights?")
def time_counted_from_zero(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The correction uses the power t + 1, as if steps were counted from zero."""
    if t < 1:
        raise ValueError("t")
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1 ** (t + 1)) / ((v / (1 - beta2 ** (t + 1))).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Does your correction become weaker from step to step?")
def correction_of_the_first_step_forever(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The correction of the first step, 1 - beta, is used at every step."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1) / ((v / (1 - beta2)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Is t an exponent in your correction, or a factor?")
def correction_linear_in_time(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The correction divides by 1 - beta * t, where beta to the power t belongs."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1 * t) / ((v / (1 - beta2 * t)).abs().sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Which of the two averages has the longer memory?")
def betas_swapped(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """beta1 is used for v and beta2 for m."""
    return reference.adam_step(w, g, m, v, t, alpha, beta2, beta1, eps)


@fault(of="adam_step", loses={"q1"}, hint="With beta1 = 0.9, how much of the old average should survive a step?")
def weights_of_the_average_swapped(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The new gradient gets the weight beta1 and the old average 1 - beta1."""
    _, _, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    m = (1 - beta1) * m + beta1 * g
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="For a constant gradient, which number should m approach?")
def momentum_without_averaging(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """m is the momentum of SGD, beta1 * m + g, and not an average: the factor 1 - beta1 is missing."""
    _, _, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    m = beta1 * m + g
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="What is averaged in v: the gradient's size, or its square?")
def v_averages_the_absolute_value(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """v averages the absolute value of the gradient where its square belongs."""
    _, m, _ = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    v = beta2 * v + (1 - beta2) * g.abs()
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Which quantity is squared in the line for v?")
def v_averages_the_square_of_m(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """v averages the square of the new m where the square of the gradient belongs."""
    _, m, _ = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    v = beta2 * v + (1 - beta2) * m**2
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="v is an average around zero. Is anything subtracted before squaring?")
def v_is_a_variance(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """v averages the squared distance of the gradient from its mean, a variance, where the uncentered square belongs."""
    _, new_m, _ = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    v = beta2 * v + (1 - beta2) * (g - m) ** 2
    return w - alpha * new_m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), new_m, v


@fault(of="adam_step", loses={"q1"}, hint="If one coordinate's gradient doubles, should the step of another coordinate change?")
def one_scale_for_all_coordinates(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """All coordinates share one second moment, the mean of their squares, where each has its own."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / ((v.mean() / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="If all gradients become ten times as large, what should happen to the step?")
def no_root(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The step divides by v_hat itself; the square root is missing."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="Does a positive gradient make the weight larger or smaller?")
def climbs(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The step has the wrong sign: it climbs."""
    return reference.adam_step(w, g, m, v, t, -alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="Is the gradient of this step already in the moments that you divide?")
def step_with_the_old_moments(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The step uses the moments before they take in this gradient."""
    _, new_m, new_v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), new_m, new_v


@fault(of="adam_step", loses={"q1"}, hint="Which numerator stands in the formula, the gradient or its average?")
def gradient_in_the_numerator(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The gradient itself is divided, as in RMSProp; the first moment is kept and never used."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * g / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_step", loses={"q1"}, hint="The next step corrects again. What must it start from?")
def returns_the_corrected_moments(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The corrected moments are returned, so the next step corrects them a second time."""
    w, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w, m / (1 - beta1**t), v / (1 - beta2**t)


@fault(of="adam_step", loses={"q1"}, hint="What do m and v hold after the call, where the caller made them?")
def moments_changed_in_place(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The moments are updated in place, so the caller's tensors change."""
    w, new_m, new_v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w, m.copy_(new_m), v.copy_(new_v)


@fault(of="adam_step", loses={"q1"}, hint="What does w hold after the call, where the caller made it?")
def weights_changed_in_place(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The weights are updated in place, so the caller's tensor changes."""
    new_w, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w.copy_(new_w), m, v


@fault(of="adam_step", loses={"q1"}, hint="What is 1 - beta**0?")
def step_zero_is_accepted(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step zero is computed, with a division by zero, and not refused."""
    if t == 0:
        return w * torch.nan, m, v
    return reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="The function has a parameter t. Who counts the steps?")
def counts_its_own_calls(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The function counts its calls in a global variable and does not use t."""
    if t < 1:
        raise ValueError("t")
    reference.calls = getattr(reference, "calls", 0) + 1
    return reference.adam_step(w, g, m, v, reference.calls, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="Which dtype does torch.tensor(0.9) have?")
def coefficients_in_float32(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The betas are made float32 tensors, which round them in the eighth digit."""
    beta1, beta2 = torch.tensor(beta1, dtype=torch.float32).item(), torch.tensor(beta2, dtype=torch.float32).item()
    return reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="What dtype does a float32 network get back?")
def everything_in_float64(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """All tensors are converted to float64, so a float32 network changes its type."""
    return reference.adam_step(w.double(), g.double(), m.double(), v.double(), t, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="What is the shape of w when it is a single number, and what is yours?")
def numbers_become_vectors(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A weight that is a single number comes back as a vector of length one."""
    return tuple(torch.atleast_1d(x) for x in reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps))


# q2: the update of the lecture


@fault(of="adam_update", loses={"q2"}, hint="Does `p = p - ...` change the tensor, or the name?")
def parameters_rebound(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """`p = p - ...` gives the name to a new tensor; the parameter itself never moves."""
    before = [p.detach().clone() for p in params]
    reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)
    moved = [p.detach().clone() for p in params]
    with torch.no_grad():
        for p, old in zip(params, before, strict=True):
            p.copy_(old)
    return moved, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="Whose list is it that you fill? Look at the caller's list after the call.")
def state_lists_rebound(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """An empty state list is replaced by a new list, so the caller's stays empty and every call starts from zero."""
    if not m_state:
        m_state, v_state = [torch.zeros_like(p) for p in params], [torch.zeros_like(p) for p in params]
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)


@fault(of="adam_update", loses={"q2"}, hint="After the call, does the caller's list hold the new m or the old one?")
def moments_never_stored(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The new moments are computed and used, and never written back into the lists."""
    while len(m_state) < len(params):
        m_state.append(torch.zeros_like(params[len(m_state)]))
        v_state.append(torch.zeros_like(params[len(v_state)]))
    reference.adam_update(params, grads, [m.clone() for m in m_state], [v.clone() for v in v_state], lr, beta1, beta2, eps, t)
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="Two parameters may have the same shape. Do they then share a moment?")
def moments_shared_by_shape(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """Parameters of the same shape share one pair of moments."""
    for p in params[len(m_state) :]:
        twin = next((i for i in range(len(m_state)) if m_state[i].shape == p.shape), None)
        m_state.append(torch.zeros_like(p) if twin is None else m_state[twin])
        v_state.append(torch.zeros_like(p) if twin is None else v_state[twin])
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)


@fault(of="adam_update", loses={"q2"}, hint="Two models call your function. Where does each keep its moments?")
def moments_in_a_global(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The moments live in a global variable, by position, and a second model finds those of the first."""
    memory = reference.__dict__.setdefault("memory", {})
    for i, p in enumerate(params):
        key = (i, p.shape)
        if i >= len(m_state):
            m_state.append(memory.setdefault(("m", *key), torch.zeros_like(p)))
            v_state.append(memory.setdefault(("v", *key), torch.zeros_like(p)))
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)


@fault(of="adam_update", loses={"q2"}, hint="On the first call, is m a new tensor, or another name of the gradient?")
def moment_is_the_gradients_own_tensor(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The first moment starts as the gradient's own tensor, so the next in-place update changes the gradient."""
    _check(params, grads)
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if i >= len(m_state):
                v_state.append((1 - beta2) * g * g)
                m_state.append(g.mul_(1 - beta1))
            else:
                m_state[i].mul_(beta1).add_((1 - beta1) * g)
                v_state[i].mul_(beta2).add_((1 - beta2) * g * g)
            p.sub_(lr * m_state[i] / (1 - beta1**t) / ((v_state[i] / (1 - beta2**t)).sqrt() + eps))
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="The caller may still need the gradients. What do they hold after the call?")
def gradients_used_as_scratch(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The gradients are scaled in place on the way into the moments, so the caller loses them."""
    result = reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)
    for g in grads:
        g.mul_(1 - beta1)
    return result


@fault(of="adam_update", loses={"q2"}, hint="Is t the number of the step or the number of the parameter?")
def time_runs_over_the_parameters(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """t is raised for every parameter, inside the loop, where one call is one step."""
    _check(params, grads)
    _extend(params, m_state, v_state)
    for i in range(len(params)):
        one = slice(i, i + 1)
        reference.adam_update(params[one], grads[one], m_state[one], v_state[one], lr, beta1, beta2, eps, t + i)
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="Does your correction become weaker from call to call?")
def time_stands_still(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """t is not used: every call is corrected as if it were the first."""
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, 1)


@fault(of="adam_update", loses={"q2"}, hint="Is eps under the square root or beside it?")
def epsilon_inside_the_root_in_place(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """Epsilon is added under the square root and not after it."""
    before = [p.detach().clone() for p in params]
    reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)
    with torch.no_grad():
        for p, old, m, v in zip(params, before, m_state, v_state, strict=False):
            p.copy_(old - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt())
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="What does autograd say when a leaf that requires grad is changed in place?")
def graph_not_switched_off(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The update runs with autograd on, so it fails for parameters that require grad."""
    _check(params, grads)
    _extend(params, m_state, v_state)
    for p, g, m, v in zip(params, grads, m_state, v_state, strict=False):
        m.mul_(beta1).add_((1 - beta1) * g)
        v.mul_(beta2).add_((1 - beta2) * g * g)
        p.sub_(lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps))
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="When a list of length one meets two parameters, what should happen?")
def only_empty_lists_are_extended(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """State is made only when the list is empty, so a parameter that joins later has none and is dropped."""
    _check(params, grads)
    if not m_state:
        _extend(params, m_state, v_state)
    n = len(m_state)
    reference.adam_update(params[:n], grads[:n], m_state, v_state, lr, beta1, beta2, eps, t)
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="What does zip do with lists of different lengths?")
def missing_gradients_go_unnoticed(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """zip stops at the shorter list, so parameters without a gradient are left out in silence."""
    n = min(len(params), len(grads))
    _extend(params, m_state, v_state)
    reference.adam_update(params[:n], grads[:n], m_state, v_state, lr, beta1, beta2, eps, t)
    return params, m_state, v_state


@fault(of="adam_update", loses={"q2"}, hint="Compare `result[0][0] is params[0]` with what you expect.")
def copies_are_returned(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The parameters are updated, and copies of them are returned."""
    reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)
    return [p.clone() for p in params], list(m_state), list(v_state)


@fault(of="adam_update", loses={"q2"}, hint="Which dtype does torch.tensor(0.9) have?")
def coefficients_in_float32_in_place(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The betas are made float32 tensors, which round them in the eighth digit."""
    beta1, beta2 = torch.tensor(beta1, dtype=torch.float32).item(), torch.tensor(beta2, dtype=torch.float32).item()
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)


def _check(params, grads):
    if len(params) != len(grads):
        raise ValueError("lengths")


def _extend(params, m_state, v_state):
    for p in params[len(m_state) :]:
        m_state.append(torch.zeros_like(p))
        v_state.append(torch.zeros_like(p))


# q3: the optimizer


class _Adam(reference.MyAdam):
    """The reference with places to change: what is read, and how a parameter moves."""

    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if self.skips(p):
                        continue
                    self.move(p, p.grad, self.memory(p), self.settings(group))
        return loss

    def skips(self, p):
        return p.grad is None

    def settings(self, group):
        return group

    def memory(self, p):
        state = self.state[p]
        if not state:
            state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
        return state

    def move(self, p, g, state, group):
        state["t"] += 1
        (beta1, beta2), t = group["betas"], state["t"]
        state["m"].mul_(beta1).add_((1 - beta1) * g)
        state["v"].mul_(beta2).add_((1 - beta2) * g * g)
        p.sub_(group["lr"] * (state["m"] / (1 - beta1**t)) / ((state["v"] / (1 - beta2**t)).sqrt() + group["eps"]))


@fault(of="MyAdam", loses={"q3"}, hint="What does autograd say when a leaf that requires grad is changed in place?")
class StepWithGraphOn(_Adam):
    """The update runs with autograd on, so PyTorch refuses to change the parameters in place."""

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, self.memory(p), group)


@fault(of="MyAdam", loses={"q3"}, hint="Does `p = p - ...` change the parameter, or the name?")
class ParameterRebound(_Adam):
    """`p = p - ...` gives the name to a new tensor; the network's own parameter never moves."""

    def move(self, p, g, state, group):
        super().move(p.clone(), g, state, group)


@fault(of="MyAdam", loses={"q3"}, hint="How often can a generator be read?")
class GeneratorReadTwice(_Adam):
    """The parameters are collected into a list first; a generator is then empty when the base class reads it."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.mine = list(params)
        super().__init__(self.mine if self.mine and isinstance(self.mine[0], dict) else params, lr, betas, eps)


@fault(of="MyAdam", loses={"q3"}, hint="A parameter that rested for two steps takes its first. Which t does its correction use?")
class OneClockForAll(_Adam):
    """One step count serves all parameters, so one that had no gradient comes back with a t that is too large."""

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["t"] = self.state[p].get("t", 0) + 1
        return super().step(closure)

    def memory(self, p):
        state = self.state[p]
        if "m" not in state:
            state.update(m=torch.zeros_like(p), v=torch.zeros_like(p))
        state["t"] -= 1
        return state


@fault(of="MyAdam", loses={"q3"}, hint="Is a missing gradient the same as a gradient of zeros?")
class NoneTreatedAsZero(_Adam):
    """A missing gradient is replaced by zeros, so momentum moves the parameter and its step count runs on."""

    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    self.move(p, torch.zeros_like(p) if p.grad is None else p.grad, self.memory(p), group)
        return loss


@fault(of="MyAdam", loses={"q3"}, hint="If the first parameter has no gradient, what happens to the second?")
class StopsAtTheFirstNone(_Adam):
    """The loop ends at the first parameter without gradient, where it should go on with the next."""

    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        return loss
                    self.move(p, p.grad, self.memory(p), group)
        return loss


@fault(of="MyAdam", loses={"q3"}, hint="Which gradients mean that a parameter took no part?")
class ZeroGradientSkipped(_Adam):
    """A gradient of zeros is skipped like a missing one, so the moments do not fade."""

    def skips(self, p):
        return p.grad is None or not p.grad.any()


@fault(of="MyAdam", loses={"q3"}, hint="How many entries does self.param_groups have?")
class OnlyTheFirstGroup(_Adam):
    """Only the first parameter group is updated."""

    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for p in self.param_groups[0]["params"]:
                if p.grad is not None:
                    self.move(p, p.grad, self.memory(p), self.param_groups[0])
        return loss


@fault(of="MyAdam", loses={"q3"}, hint="Two groups may have different settings. From which one do you read?")
class SettingsOfTheFirstGroup(_Adam):
    """The settings of the first group are used for all groups."""

    def settings(self, group):
        return self.param_groups[0]


@fault(of="MyAdam", loses={"q3"}, hint="Two groups may have different settings. Which of the three do you read from the group?")
class BetasOfTheDefaults(_Adam):
    """The betas and epsilon come from the constructor's defaults; only the learning rate is read from the group."""

    def settings(self, group):
        return {**self.defaults, "lr": group["lr"]}


@fault(of="MyAdam", loses={"q3"}, hint="A scheduler writes the new learning rate into the group. When do you read it?")
class LearningRateFrozen(_Adam):
    """The learning rate is copied when the optimizer is made, so a scheduler has no effect."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, betas, eps)
        self.rates = [group["lr"] for group in self.param_groups]

    def settings(self, group):
        place = next(i for i, g in enumerate(self.param_groups) if g is group)
        return {**group, "lr": self.rates[place]}


@fault(of="MyAdam", loses={"q3"}, hint="What does state_dict() save? Is your state among it?")
class StateInAnOwnDictionary(_Adam):
    """The moments are kept in a dictionary beside self.state, so state_dict does not save them."""

    def memory(self, p):
        own = self.__dict__.setdefault("own", {})
        return own.setdefault(p, {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)})


@fault(of="MyAdam", loses={"q3"}, hint="After load_state_dict, which t does the next step use?")
class ClockNotSaved(_Adam):
    """The step counts are kept beside self.state; after loading they start from one again, with moments that are old."""

    def memory(self, p):
        clocks = self.__dict__.setdefault("clocks", {})
        state = super().memory(p)
        state["t"] = clocks.get(p, 0)
        clocks[p] = state["t"] + 1
        return state


@fault(of="MyAdam", loses={"q3"}, hint="Two parameters may have the same shape. Do they then share a moment?")
class StateByShape(_Adam):
    """State is kept by the parameter's shape, so parameters of the same shape share their moments."""

    def memory(self, p):
        shapes = self.__dict__.setdefault("shapes", {})
        if not self.state[p] and p.shape in shapes:
            self.state[p] = shapes[p.shape]
        shapes[p.shape] = super().memory(p)
        return shapes[p.shape]


@fault(of="MyAdam", loses={"q3"}, hint="Does m remember how the gradient was computed? Look at m.requires_grad.")
class MomentsKeepTheGraph(_Adam):
    """The moments are computed with autograd on, so where gradients have a graph it grows with every step."""

    def step(self, closure=None):
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for p in group["params"]:
                if not self.skips(p):
                    self.move(p, p.grad, self.memory(p), group)
        return loss

    def memory(self, p):
        with torch.no_grad():
            return super().memory(p)

    def move(self, p, g, state, group):
        state["t"] += 1
        (beta1, beta2), t = group["betas"], state["t"]
        state["m"] = beta1 * state["m"] + (1 - beta1) * g
        state["v"] = beta2 * state["v"] + (1 - beta2) * g**2
        p.data -= group["lr"] * (state["m"] / (1 - beta1**t)).detach() / ((state["v"] / (1 - beta2**t)).sqrt() + group["eps"]).detach()


@fault(of="MyAdam", loses={"q3"}, hint="What does p.grad hold after step()?")
class GradientScaledInPlace(_Adam):
    """The gradient is scaled in place on its way into m, so p.grad is changed."""

    def move(self, p, g, state, group):
        super().move(p, g, state, group)
        g.mul_(1 - group["betas"][0])


@fault(of="MyAdam", loses={"q3"}, hint="Who needs p.grad after step()? Whose task is it to clear it?")
class GradientsCleared(_Adam):
    """step() clears the gradients at its end, which is the task of zero_grad."""

    def step(self, closure=None):
        loss = super().step(closure)
        self.zero_grad()
        return loss


@fault(of="MyAdam", loses={"q3"}, hint="Who calls the closure, and where does its value go?")
class ClosureIgnored(_Adam):
    """The closure is accepted and never called."""

    def step(self, closure=None):
        return super().step()


@fault(of="MyAdam", loses={"q3"}, hint="Which gradients does the step use: those before or after the closure?")
class ClosureAfterTheUpdate(_Adam):
    """The closure is called after the update, so the step uses the gradients from before."""

    def step(self, closure=None):
        super().step()
        return None if closure is None else closure()


@fault(of="MyAdam", loses={"q3"}, hint="What does step() return when it was given a closure?")
class LossNotReturned(_Adam):
    """The closure is called, and its value is not returned."""

    def step(self, closure=None):
        super().step(closure)


@fault(of="MyAdam", loses={"q3"}, hint="What happens for MyAdam(params, lr=-1)?")
class NothingRefused(_Adam):
    """Settings outside their domain are accepted."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps})


@fault(of="MyAdam", loses={"q3"}, hint="Is beta = 1 a possible weight of an average that should ever learn?")
class BetaOneAccepted(_Adam):
    """A beta of exactly one is accepted; the correction then divides by zero."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        if lr < 0 or eps < 0 or not all(0 <= beta <= 1 for beta in betas):
            raise ValueError("settings")
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps})


@fault(of="MyAdam", loses={"q3"}, hint="A warm-up starts with a learning rate of zero. Does your constructor allow it?")
class ZeroRefused(_Adam):
    """A learning rate of zero is refused, with which many schedules begin."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        if lr <= 0:
            raise ValueError("lr")
        super().__init__(params, lr, betas, eps)


@fault(of="MyAdam", loses={"q3"}, hint="Is eps under the square root or beside it?")
class EpsilonInsideTheRoot(_Adam):
    """Epsilon is added under the square root and not after it."""

    def move(self, p, g, state, group):
        old = p.clone()
        super().move(p, g, state, group)
        (beta1, beta2), t = group["betas"], state["t"]
        p.copy_(old - group["lr"] * state["m"] / (1 - beta1**t) / (state["v"] / (1 - beta2**t) + group["eps"]).sqrt())


@fault(of="MyAdam", loses={"q3"}, hint="Which dtype does torch.tensor(0.9) have?")
class CoefficientsInFloat32(_Adam):
    """The betas are made float32 tensors, which round them in the eighth digit."""

    def settings(self, group):
        return {**group, "betas": tuple(torch.tensor(beta, dtype=torch.float32).item() for beta in group["betas"])}


# q4: bias correction


def _averages(x, beta, start, divide):
    average, raw, corrected = start, [], []
    for t, value in enumerate(x, start=1):
        average = beta * average + (1 - beta) * value
        raw.append(average)
        corrected.append(divide(average, t))
    return torch.stack(raw), torch.stack(corrected)


def _in_range(beta):
    if not 0 <= beta < 1:
        raise ValueError("beta")


@fault(of="ema", loses={"q4"}, hint="What is the average before any value has been seen?")
def starts_at_the_first_value(x, beta):
    """The average starts at the first value and not at zero, and is then corrected for a bias that it does not have."""
    _in_range(beta)
    return _averages(x, beta, x[0], lambda average, t: average / (1 - beta**t))


@fault(of="ema", loses={"q4"}, hint="Which of the two averages does the next step continue?")
def correction_fed_back(x, beta):
    """The corrected average is carried on, so every step corrects it again."""
    _in_range(beta)
    average, raw, corrected = torch.zeros_like(x[0]), [], []
    for t, value in enumerate(x, start=1):
        average = beta * average + (1 - beta) * value
        raw.append(average)
        average = average / (1 - beta**t)
        corrected.append(average)
    return torch.stack(raw), torch.stack(corrected)


@fault(of="ema", loses={"q4"}, hint="After t values, is the missing weight t times beta or a power of beta?")
def linear_correction(x, beta):
    """The correction divides by 1 - beta * t, where beta to the power t belongs."""
    _in_range(beta)
    return _averages(x, beta, torch.zeros_like(x[0]), lambda average, t: average / (1 - beta * t))


@fault(of="ema", loses={"q4"}, hint="After the first value, which total weight has been given out?")
def power_one_too_high(x, beta):
    """The power of beta in the correction is one too high, as if steps were counted from zero."""
    _in_range(beta)
    return _averages(x, beta, torch.zeros_like(x[0]), lambda average, t: average / (1 - beta ** (t + 1)))


@fault(of="ema", loses={"q4"}, hint="Does the correction fade with time?")
def correction_that_never_fades(x, beta):
    """Every average is divided by 1 - beta, the correction of the first."""
    _in_range(beta)
    return _averages(x, beta, torch.zeros_like(x[0]), lambda average, t: average / (1 - beta))


@fault(of="ema", loses={"q4"}, hint="With beta near one, should the average follow the newest value closely, or hardly?")
def old_and_new_swapped(x, beta):
    """The new value gets the weight beta and the old average 1 - beta."""
    _in_range(beta)
    raw, _ = _averages(x, 1 - beta, torch.zeros_like(x[0]), lambda average, t: average)
    return raw, torch.stack([average / (1 - beta**t) for t, average in enumerate(raw, start=1)])


@fault(of="ema", loses={"q4"}, hint="For a series of ones, what should the sum of all weights approach?")
def accumulation(x, beta):
    """The values are accumulated with full weight, as in momentum; the factor 1 - beta is missing."""
    _in_range(beta)
    raw, corrected = reference.ema(x, beta)
    return raw / (1 - beta), corrected


@fault(of="ema", loses={"q4"}, hint="Do old values fade in your corrected average?")
def corrected_is_the_plain_mean(x, beta):
    """The corrected average is the plain mean of all values so far, in which nothing fades."""
    raw, _ = reference.ema(x, beta)
    return raw, torch.stack([x[: t + 1].mean(dim=0) for t in range(len(x))])


@fault(of="ema", loses={"q4"}, hint="Compare your two results with each other.")
def nothing_corrected(x, beta):
    """The corrected average is the raw one."""
    raw, _ = reference.ema(x, beta)
    return raw, raw.clone()


@fault(of="ema", loses={"q4"}, hint="Which dtype does 0.9 ** torch.arange(3) have?")
def powers_in_float32(x, beta):
    """The powers of beta come from a Python number and an integer tensor, which PyTorch computes in float32."""
    raw, _ = reference.ema(x, beta)
    weight = 1 - beta ** torch.arange(1, len(x) + 1)
    return raw, raw / weight.reshape(-1, *[1] * (x.dim() - 1))


@fault(of="ema", loses={"q4"}, hint="What does your function return for a float32 series?")
def averages_in_float64(x, beta):
    """The averages are computed and returned in float64, whatever came in."""
    return reference.ema(x.double(), beta)


@fault(of="ema", loses={"q4"}, hint="If x has two columns, may one influence the other?")
def columns_mixed(x, beta):
    """All entries of a row are averaged together before they enter the series."""
    raw, corrected = reference.ema(x.reshape(len(x), -1).mean(dim=1), beta)
    shape = (len(x), *[1] * (x.dim() - 1))
    return raw.reshape(shape).expand_as(x).clone(), corrected.reshape(shape).expand_as(x).clone()


@fault(of="ema", loses={"q4"}, hint="What does your function do for beta = 1?")
def any_beta_accepted(x, beta):
    """A beta outside [0, 1) is not refused."""
    return _averages(x, beta, torch.zeros_like(x[0]), lambda average, t: average / (1 - beta**t + 1e-300))


# q5: weight decay


@fault(of="adamw_step", loses={"q5"}, hint="If the learning rate is halved, what happens to the decay of one step?")
def decay_without_learning_rate(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The decay multiplies by 1 - lam; the learning rate is missing."""
    return reference.adamw_step((1 - lam) * w / (1 - alpha * lam), g, m, v, t, alpha, beta1, beta2, eps, lam)


@fault(of="adamw_step", loses={"q5"}, hint="What exactly is multiplied by 1 - alpha * lam?")
def decay_after_the_step(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The decay is applied after the step and shrinks the step as well."""
    w, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return (1 - alpha * lam) * w, m, v


@fault(of="adamw_step", loses={"q5"}, hint="Which average does the decay pass through in AdamW?")
def decay_in_the_gradient(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """AdamW is written as Adam with L2: lam * w is added to the gradient."""
    return reference.adam_l2_step(w, g, m, v, t, alpha, beta1, beta2, eps, lam)


@fault(of="adamw_step", loses={"q5"}, hint="Do the moments of AdamW know of the decay?")
def decay_in_both_places(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The weights are shrunk, and lam * w is added to the gradient as well."""
    return reference.adamw_step(w, g + lam * w, m, v, t, alpha, beta1, beta2, eps, lam)


@fault(of="adamw_step", loses={"q5"}, hint="Is the decay divided by the root of v?")
def decay_scaled_like_the_step(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """lam * w is added to m_hat, so the decay is divided by the root of v as well."""
    _, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w - alpha * (m / (1 - beta1**t) + lam * w) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adamw_step", loses={"q5"}, hint="With zero gradients, do the weights shrink?")
def weights_grow(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The decay has the wrong sign: the weights grow."""
    return reference.adamw_step(w, g, m, v, t, alpha, beta1, beta2, eps, -lam)


@fault(of="adamw_step", loses={"q5"}, hint="Which of the arguments does your function not use?")
def decay_forgotten(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """lam is not used: this is Adam."""
    return reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)


@fault(of="adamw_step", loses={"q5"}, hint="What does w hold after the call, where the caller made it?")
def decay_in_place(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The weights are shrunk in place, so the caller's tensor changes."""
    result = reference.adamw_step(w, g, m, v, t, alpha, beta1, beta2, eps, lam)
    w.mul_(1 - alpha * lam)
    return result


@fault(of="adamw_step", loses={"q5"}, hint="Does the correction become weaker from step to step?")
def adamw_time_stands_still(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The correction of the first step is used at every step."""
    return reference.adamw_step(w, g, m, v, 1, alpha, beta1, beta2, eps, lam)


@fault(of="adam_l2_step", loses={"q5"}, hint="What is squared in the line for v?")
def penalty_missing_in_v(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The penalty enters m and not v."""
    _, m, _ = reference.adam_step(w, g + lam * w, m, v, t, alpha, beta1, beta2, eps)
    v = beta2 * v + (1 - beta2) * g**2
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_l2_step", loses={"q5"}, hint="In which lines of Adam does the gradient appear, and which gradient stands there?")
def penalty_missing_in_m(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The penalty enters v and not m."""
    _, _, v = reference.adam_step(w, g + lam * w, m, v, t, alpha, beta1, beta2, eps)
    m = beta1 * m + (1 - beta1) * g
    return w - alpha * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@fault(of="adam_l2_step", loses={"q5"}, hint="In which of the two methods does the decay bypass the moments?")
def decoupled_instead(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """Adam with L2 is written as AdamW: the weights are shrunk and the gradient stays as it is."""
    return reference.adamw_step(w, g, m, v, t, alpha, beta1, beta2, eps, lam)


@fault(of="adam_l2_step", loses={"q5"}, hint="What is the gradient of lam / 2 times the squared norm of w?")
def factor_two_in_the_penalty(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The penalty's gradient is taken as 2 * lam * w."""
    return reference.adam_l2_step(w, g, m, v, t, alpha, beta1, beta2, eps, 2 * lam)


@fault(of="adam_l2_step", loses={"q5"}, hint="With zero gradients, which way should the penalty pull?")
def penalty_pushes_away(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """lam * w is subtracted from the gradient, so the penalty pushes the weights away from zero."""
    return reference.adam_l2_step(w, g, m, v, t, alpha, beta1, beta2, eps, -lam)


@fault(of="adam_l2_step", loses={"q5"}, hint="Does the penalty's gradient contain the learning rate?")
def penalty_times_learning_rate(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """alpha * lam * w is added to the gradient, where lam * w belongs."""
    return reference.adam_l2_step(w, g, m, v, t, alpha, beta1, beta2, eps, alpha * lam)


@fault(of="adam_l2_step", loses={"q5"}, hint="What does the caller's gradient hold after the call?")
def penalty_added_in_place(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The penalty is added to the gradient in place, so the caller's gradient changes."""
    g += lam * w
    return reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)


@fault(of="adam_l2_step", loses={"q5"}, hint="Does the correction become weaker from step to step?")
def adam_l2_time_stands_still(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The correction of the first step is used at every step."""
    return reference.adam_l2_step(w, g, m, v, 1, alpha, beta1, beta2, eps, lam)


@fault(of="adam_l2_step", loses={"q5"}, hint="Which dtype does torch.tensor(0.9) have?")
def adam_l2_in_float32(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The coefficients are made float32 tensors, which round them in the eighth digit."""
    beta1, beta2, lam = (torch.tensor(x, dtype=torch.float32).item() for x in (beta1, beta2, lam))
    return reference.adam_l2_step(w, g, m, v, t, alpha, beta1, beta2, eps, lam)


@fault(of="adamw_step", loses={"q5"}, hint="Which dtype does torch.tensor(0.9) have?")
def adamw_in_float32(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The coefficients are made float32 tensors, which round them in the eighth digit."""
    beta1, beta2, lam = (torch.tensor(x, dtype=torch.float32).item() for x in (beta1, beta2, lam))
    return reference.adamw_step(w, g, m, v, t, alpha, beta1, beta2, eps, lam)


# q6: the valley


def _turn(angle, h):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, -s], [s, c]], dtype=h.dtype)


@fault(of="rotated_quadratic", loses={"q6"}, hint="The valley turns. Does the start turn with it?")
def start_stays_behind(h, angle):
    """The start stays at (1, 1) while the valley turns; at 45 degrees it then lies on an eigenvector."""
    H, _ = reference.rotated_quadratic(h, angle)
    return H, torch.ones_like(h)


@fault(of="rotated_quadratic", loses={"q6"}, hint="Where does R send the first axis for a small positive angle?")
def turned_clockwise(h, angle):
    """Valley and start are turned clockwise."""
    return reference.rotated_quadratic(h, -angle)


@fault(of="rotated_quadratic", loses={"q6"}, hint="Is it R D Rᵀ or Rᵀ D R that has the eigenvectors R e1 and R e2?")
def transposes_exchanged(h, angle):
    """H is Rᵀ D R, so the valley turns one way and the start the other."""
    R = _turn(angle, h)
    return R.T @ torch.diag(h) @ R, R @ torch.ones_like(h)


@fault(of="rotated_quadratic", loses={"q6"}, hint="Is your H symmetric?")
def one_transpose_missing(h, angle):
    """H is R D R, which is not even symmetric."""
    R = _turn(angle, h)
    return R @ torch.diag(h) @ R, R @ torch.ones_like(h)


@fault(of="rotated_quadratic", loses={"q6"}, hint="What unit does math.cos expect, and what unit is angle in?")
def angle_in_degrees(h, angle):
    """The angle is taken for degrees."""
    return reference.rotated_quadratic(h, math.radians(angle))


@fault(of="rotated_quadratic", loses={"q6"}, hint="Turn only one way at a time: does h[0] belong to the direction (cos, sin)?")
def curvatures_exchanged(h, angle):
    """The two curvatures have changed places."""
    return reference.rotated_quadratic(h.flip(0), angle)


@fault(of="rotated_quadratic", loses={"q6"}, hint="Which dtype does torch.tensor of Python numbers have by default?")
def rotation_in_float32(h, angle):
    """The rotation is made in float32 and converted afterwards."""
    R = _turn(angle, h.float()).to(h.dtype)
    return R @ torch.diag(h) @ R.T, R @ torch.ones_like(h)


@fault(of="steps_to_tol", loses={"q6"}, hint="If w0 is good enough, how many updates were needed?")
def counts_from_one(update, H, w0, tol=1e-6, cap=10_000):
    """The count is one too high: the start is counted as a step."""
    steps = reference.steps_to_tol(update, H, w0, tol, cap)
    return None if steps is None else steps + 1


@fault(of="steps_to_tol", loses={"q6"}, hint="Is tol a loss, or a fraction of the loss at the start?")
def absolute_tolerance(update, H, w0, tol=1e-6, cap=10_000):
    """The loss is compared with tol itself, and not with tol times the loss at the start."""
    return reference.steps_to_tol(update, H, w0, tol / float(0.5 * w0 @ H @ w0), cap)


@fault(of="steps_to_tol", loses={"q6"}, hint="Which quantity must fall, the loss or the distance?")
def distance_in_place_of_loss(update, H, w0, tol=1e-6, cap=10_000):
    """The distance to the minimum is measured, and not the loss."""
    w = w0
    for steps in range(cap + 1):
        if w.norm() <= tol * w0.norm():
            return steps
        if steps < cap:
            w = update(w, H @ w, steps + 1)
    return None


@fault(of="steps_to_tol", loses={"q6"}, hint="At which point is the gradient of the third update taken?", only_limited=True)
def gradient_at_the_start(update, H, w0, tol=1e-6, cap=10_000):
    """Every update gets the gradient at the start."""
    g = H @ w0
    return reference.steps_to_tol(lambda w, _, t: update(w, g, t), H, w0, tol, cap)


@fault(of="steps_to_tol", loses={"q6"}, hint="Which t does the first step of Adam have?")
def time_from_zero(update, H, w0, tol=1e-6, cap=10_000):
    """The first update is called with t = 0."""
    return reference.steps_to_tol(lambda w, g, t: update(w, g, t - 1), H, w0, tol, cap)


@fault(of="steps_to_tol", loses={"q6"}, hint="What is the gradient of ½ wᵀHw?")
def half_of_the_gradient(update, H, w0, tol=1e-6, cap=10_000):
    """The gradient is taken as ½ Hw."""
    return reference.steps_to_tol(lambda w, g, t: update(w, 0.5 * g, t), H, w0, tol, cap)


@fault(of="steps_to_tol", loses={"q6"}, hint="With cap = 5, how many updates are allowed?")
def last_update_not_looked_at(update, H, w0, tol=1e-6, cap=10_000):
    """The loss after the last allowed update is not looked at."""
    return reference.steps_to_tol(update, H, w0, tol, cap - 1)


@fault(of="steps_to_tol", loses={"q6"}, hint="With cap = 4, is a fifth update allowed?")
def one_update_too_many(update, H, w0, tol=1e-6, cap=10_000):
    """One more update than cap is allowed."""
    return reference.steps_to_tol(update, H, w0, tol, cap + 1)


@fault(of="steps_to_tol", loses={"q6"}, hint="How can a reader tell a run that arrived at the last moment from one that did not arrive?")
def cap_returned(update, H, w0, tol=1e-6, cap=10_000):
    """A run that does not arrive gives cap, which looks like a result."""
    steps = reference.steps_to_tol(update, H, w0, tol, cap)
    return cap if steps is None else steps


@fault(of="steps_to_tol", loses={"q6"}, hint="What is the value of `float('nan') > 1.0`, and what does your loop make of it?")
def nan_has_arrived(update, H, w0, tol=1e-6, cap=10_000):
    """The loop goes on while the loss is above the target, so a loss of NaN ends it like a success."""
    target, w, steps = tol * (w0 @ H @ w0), w0, 0
    while w @ H @ w > target:
        if steps == cap:
            return None
        steps += 1
        w = update(w, H @ w, steps)
    return steps


@fault(of="steps_to_tol", loses={"q6"}, hint="With cap = 4, how often is update called before your function gives up?")
def one_call_after_the_last(update, H, w0, tol=1e-6, cap=10_000):
    """update is called once more after the last allowed step, and its result is thrown away."""
    steps = reference.steps_to_tol(update, H, w0, tol, cap)
    if steps is None:
        update(w0, H @ w0, cap + 1)
    return steps


@fault(of="steps_to_tol", loses={"q6"}, hint="Does a loss that equals the target count as arrived?")
def start_not_looked_at(update, H, w0, tol=1e-6, cap=10_000):
    """The loss is looked at after updates only, so the count is never zero."""
    target, w = tol * (w0 @ H @ w0), w0
    for steps in range(1, cap + 1):
        w = update(w, H @ w, steps)
        if w @ H @ w <= target:
            return steps
    return None


@fault(of="steps_to_tol", loses={"q6"}, hint="How many times does your function call update for a count of five?")
def update_called_twice(update, H, w0, tol=1e-6, cap=10_000):
    """update is called once to look and once to move, so an optimizer with a memory is advanced twice."""

    def twice(w, g, t):
        update(w, g, t)
        return update(w, g, t)

    return reference.steps_to_tol(twice, H, w0, tol, cap)


# q8: tests


def _expected(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    return reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)


_VALUES = [[0.3, -1.0, 0.0, 2.0], [-0.5, -0.2, 0.0, 0.7], [0.9, 0.0, 1.5, -3.0], [0.1, 0.4, -0.8, 0.05]]
_AWKWARD = {"alpha": 0.2, "beta1": 0.6, "beta2": 0.8, "eps": 0.1}


def _differs(got, expected, rtol=1e-9):
    return not all(torch.allclose(a, b, rtol=rtol, atol=1e-12) for a, b in zip(got, expected, strict=True))


def _any_difference(step, gradients=_VALUES, start=1, differs=_differs, **changed):
    """Whether a run of `step` differs from the formula: the frame of the tests below, each of which looks at less than it should."""
    settings = {**_AWKWARD, **changed}
    w = torch.linspace(1.0, 2.0, len(gradients[0]), dtype=torch.float64)
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    found = False
    for t, values in enumerate(gradients, start=start):
        g = torch.tensor(values, dtype=torch.float64)
        expected = _expected(w, g, m, v, t, **settings)
        found = found or differs(step(w, g, m, v, t, **settings), expected)
        w, m, v = expected
    return found


@fault(of="find_bug", loses={"q8"}, hint="What does find_bug say about your own adam_step?")
def always_suspicious(step):
    """Every step is called wrong."""
    return True


@fault(of="find_bug", loses={"q8"}, hint="Call find_bug on a copy of adam_step that climbs. What does it say?")
def always_satisfied(step):
    """Every step is called correct."""
    return False


@fault(of="find_bug", loses={"q8"}, hint="Read your return statement aloud: True if ...?")
def verdict_turned_around(step):
    """True is returned for correct steps and False for wrong ones."""
    return not reference.find_bug(step)


@fault(of="find_bug", loses={"q8"}, hint="How large is epsilon in your tests, compared with the gradients?")
def epsilon_too_small_to_matter(step):
    """Epsilon keeps its default while the gradients are of size one, so its place cannot be seen."""
    return _any_difference(step, eps=1e-8, differs=lambda a, b: _differs(a, b, rtol=1e-6))


@fault(of="find_bug", loses={"q8"}, hint="Does a correct step have to round as yours does?")
def every_bit_must_agree(step):
    """Results are compared exactly, so a correct step that rounds otherwise is called wrong."""
    return _any_difference(step, differs=lambda a, b: not all(torch.equal(x, y) for x, y in zip(a, b, strict=True)))


@fault(of="find_bug", loses={"q8"}, hint="Which of the three results does your test look at?")
def only_the_weights_compared(step):
    """Only w is compared, each step starting from correct moments, so wrong moments in the result go unnoticed."""
    return _any_difference(step, differs=lambda a, b: _differs(a[:1], b[:1]))


@fault(of="find_bug", loses={"q8"}, hint="At t = 1, what can you learn about the dependence on t?")
def only_the_first_step(step):
    """Only the first step is tested, at which a correction that never fades looks right."""
    return _any_difference(step, gradients=_VALUES[:1])


@fault(of="find_bug", loses={"q8"}, hint="What is the value of `float('nan') > 1e-6`?")
def nan_passes(step):
    """The test asks whether a difference is too large, and for NaN the answer is no."""
    return _any_difference(step, differs=lambda a, b: any(bool(((x - y).abs() > 1e-9).any()) for x, y in zip(a, b, strict=True)))


@fault(of="find_bug", loses={"q8"}, hint="How many coordinates do the weights in your tests have?")
def one_coordinate_at_a_time(step):
    """All tests use a single weight, so what coordinates do to each other cannot be seen."""
    runs = [[[row[i]] for row in _VALUES] for i in range(4)]
    return any(_any_difference(step, gradients=run) for run in runs)


@fault(of="find_bug", loses={"q8"}, hint="Which signs do the gradients in your tests have?")
def positive_gradients_only(step):
    """All gradients in the tests are positive or zero, so a lost sign cannot be seen."""
    return _any_difference(step, gradients=[[abs(x) for x in row] for row in _VALUES])


@fault(of="find_bug", loses={"q8"}, hint="For a constant gradient, what do m_hat and v_hat depend on?")
def constant_gradients(step):
    """The gradient is the same at every step and only w is compared: m_hat and v_hat are then the same for all betas."""
    return _any_difference(step, gradients=[_VALUES[0]] * 4, differs=lambda a, b: _differs(a[:1], b[:1])) or _any_difference(
        step, gradients=_VALUES[:1]
    )


@fault(of="find_bug", loses={"q8"}, hint="If beta1 equals beta2, what can be told apart?")
def equal_betas(step):
    """Both betas have the same value in the tests, so nobody sees when they change places."""
    return _any_difference(step, beta1=0.7, beta2=0.7)


@fault(of="find_bug", loses={"q8"}, hint="Which wrong places for epsilon agree when epsilon is far larger than the gradient?")
def epsilon_overwhelming(step):
    """Epsilon is far larger than every gradient, so a lower bound and a sum look alike within the tolerance."""
    return _any_difference(step, eps=1e5, differs=lambda a, b: _differs(a, b, rtol=1e-4) or bool((a[0] - b[0]).isnan().any()))


@fault(of="find_bug", loses={"q8"}, hint="How far does rounding take two correct steps apart, and how far does your test allow?")
def tolerance_too_generous(step):
    """Results may differ by a fifth, which hides all but the gross mistakes."""
    return _any_difference(step, differs=lambda a, b: _differs(a, b, rtol=0.2))


@fault(of="find_bug", loses={"q8"}, hint="Is there a weight in your tests whose gradients have all been zero?")
def no_zero_gradients(step):
    """No gradient in the tests is zero, so what happens to a weight at rest is never seen."""
    return _any_difference(step, gradients=[[x or 0.25 for x in row] for row in _VALUES])


@fault(of="find_bug", loses={"q8"}, hint="How often does your function call step?")
def tests_without_end(step):
    """Hundreds of steps are tried where a few well-chosen ones would do."""
    return _any_difference(step, gradients=_VALUES * 75)


@fault(of="find_bug", loses={"q8"}, hint="Only that the first step has length alpha is tested. What else does Adam promise?")
def one_property_only(step):
    """Only the length of the first step is tested, which many wrong steps get right."""
    w, g = torch.zeros(4, dtype=torch.float64), torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64)
    moved, _, _ = step(w, g, w, w, 1, alpha=0.5)
    return not torch.allclose(moved, -0.5 * g.sign(), rtol=1e-6)


# devices: right numbers in the wrong place, or at the wrong price


@fault(of="adam_step", loses={"q1"}, hint="Can a tensor on a GPU become a NumPy array?")
def arithmetic_in_numpy(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The arithmetic is done by NumPy, which knows no tensor on a device."""
    parts = reference.adam_step(*(torch.from_numpy(x.numpy()) for x in (w, g, m, v)), t, alpha, beta1, beta2, eps)
    return tuple(part.to(w.dtype) for part in parts)


@fault(of="adam_step", loses={"q1"}, hint="Where do the results lie when w lies on a GPU?")
def results_on_the_cpu(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The inputs are brought to the CPU and the results stay there."""
    return reference.adam_step(*(x.cpu() for x in (w, g, m, v)), t, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="What does a trip to the CPU and back cost at every step?")
def through_the_cpu_and_back(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The step is computed on the CPU and brought back to the device, which waits meanwhile."""
    return tuple(x.to(w.device) for x in reference.adam_step(*(x.cpu() for x in (w, g, m, v)), t, alpha, beta1, beta2, eps))


@fault(of="adam_step", loses={"q1"}, hint="On which device does a tensor lie that you make without naming one?")
def zeros_without_a_device(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A helper tensor is made without a device, and so on the CPU."""
    w, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w + torch.zeros(w.shape, dtype=w.dtype), m, v


@fault(of="adam_step", loses={"q1"}, hint="Does a function know better than its inputs where to compute?")
def device_from_a_global(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The device is chosen by a global, cuda or else cpu, and not taken from the inputs."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return reference.adam_step(*(x.to(device) for x in (w, g, m, v)), t, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="What becomes of your code on a machine without CUDA?", only_limited=True)
def hard_coded_cuda(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The step moves everything to the device cuda by name, wherever the inputs lie."""
    return reference.adam_step(*(x.to("cuda") for x in (w, g, m, v)), t, alpha, beta1, beta2, eps)


@fault(of="adam_step", loses={"q1"}, hint="What does an `if` on a tensor ask of the device?")
def looks_at_the_gradient_first(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The step looks whether the gradient is finite with an `if`, for which the processor waits at every step."""
    if not torch.isfinite(g).all() and t < 0:
        return w, m, v
    return reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)


@fault(of="adam_update", loses={"q2"}, hint="On which device does torch.zeros(p.shape) lie?")
def moments_without_a_device(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """New moments are made without a device, and so on the CPU."""
    for state in (m_state, v_state):
        state.extend(torch.zeros(p.shape, dtype=p.dtype) for p in params[len(state) :])
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)


@fault(of="adam_update", loses={"q2"}, hint="Which line of yours makes a Python number from a tensor?")
def zero_gradients_looked_for(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The update prints nothing but still reads the size of each gradient as a Python number, for which the processor waits."""
    sizes = [g.abs().sum().item() for g in grads]
    assert len(sizes) == len(grads)
    return reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)


@fault(of="MyAdam", loses={"q3"}, hint="Where is the parameter at the first step, and where was it when the optimizer was made?")
class StateMadeTooEarly(reference.MyAdam):
    """The moments are made in __init__, where the parameters then lie, and stay behind when the model moves to a device."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, betas, eps)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))


@fault(of="MyAdam", loses={"q3"}, hint="On which device does torch.zeros(p.shape) lie?")
class MomentsOnTheCpu(reference.MyAdam):
    """The moments are made without a device, and so on the CPU."""

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None and not self.state[p]:
                    self.state[p].update(t=0, m=torch.zeros(p.shape, dtype=p.dtype), v=torch.zeros(p.shape, dtype=p.dtype))
        return super().step(closure)


@fault(of="MyAdam", loses={"q3"}, hint="What happens when a count that lies on the device is needed as a Python number?")
class CountOnTheDevice(reference.MyAdam):
    """The step count is a tensor on the device and is read back at every step."""

    def step(self, closure=None):
        result = super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    count = torch.tensor(float(self.state[p]["t"]), device=p.device)
                    self.state[p]["t"] = int(count.item())
        return result
