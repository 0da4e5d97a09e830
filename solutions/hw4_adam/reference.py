import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


def adam_step(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    alpha: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of Adam as a pure function: the new weights and the new moments, (w, m, v).

    w, g, m, v: tensors of one shape, dtype and device. g is the gradient at w; m and v are the
    moments before this step, not corrected.
    t: the number of this step; the first step is t = 1.
    Returns new tensors of the same shape, dtype and device; m and v are not bias-corrected. The
    arguments keep their values.
    Raises ValueError if t < 1.
    Lecture 9; Kingma and Ba (2015), Algorithm 1.
    """
    # BEGIN SOLUTION
    if t < 1:
        raise ValueError(f"The first step is t = 1; t is {t}.")
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - alpha * m_hat / (v_hat.sqrt() + eps)
    return w, m, v
    # END SOLUTION


def adam_update(
    params: list[Tensor],
    grads: list[Tensor],
    m_state: list[Tensor],
    v_state: list[Tensor],
    lr: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    t: int = 1,
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """One Adam step for a list of parameters, in place; the lists themselves come back, (params,
    m_state, v_state).

    params, grads: as many gradients as parameters; each gradient has the shape of its parameter.
    Shapes may differ between parameters.
    m_state, v_state: the moments, one tensor per parameter, not bias-corrected. A list that is too
    short is extended with zeros.
    t: the number of this step, counted from 1 by the caller.
    The tensors in params, m_state and v_state are changed in place, without recording a graph;
    grads keep their values.
    Raises ValueError unless params and grads have the same length.
    Lecture 9.
    """
    # BEGIN SOLUTION
    if len(params) != len(grads):
        raise ValueError(f"There are {len(params)} parameters and {len(grads)} gradients.")
    with torch.no_grad():
        for i, p in enumerate(params):
            g = grads[i]
            if i >= len(m_state):
                m_state.append(torch.zeros_like(p))
            if i >= len(v_state):
                v_state.append(torch.zeros_like(p))
            m, v = m_state[i], v_state[i]
            m.mul_(beta1).add_(g, alpha=1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            m_hat = m / (1 - beta1**t)
            v_hat = v / (1 - beta2**t)
            p.sub_(lr * m_hat / (v_hat.sqrt() + eps))
    return params, m_state, v_state
    # END SOLUTION


class MyAdam(torch.optim.Optimizer):
    """Adam as a PyTorch optimizer, without weight decay.

    What the base class brings: `self.param_groups`, a list of dictionaries with the keys "params",
    "lr", "betas" and "eps"; `self.state`, in which every parameter finds a dictionary of its own,
    empty at first; `zero_grad`; and `state_dict` and `load_state_dict`, which save and restore
    exactly what stands in those two.
    Lecture 9; torch.optim.Optimizer in the documentation of PyTorch.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        """Hand the parameters and the defaults of their groups to the base class.

        params: parameters, or dictionaries {"params": ..., "lr": ...} that define groups; any
        iterable, also a generator.
        Raises ValueError if lr < 0, eps < 0, or a beta lies outside [0, 1).
        """
        # BEGIN SOLUTION
        if lr < 0 or eps < 0 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"lr and eps must not be negative and betas must lie in [0, 1): lr={lr}, betas={betas}, eps={eps}.")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        # END SOLUTION

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient by one Adam step.

        A parameter whose .grad is None is left alone: it does not move, and its own step count
        stands still.
        closure: if given, it is called once before the update, to compute the gradients, and its
        value is returned. Otherwise returns None.
        """
        # BEGIN SOLUTION
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.param_groups:
                beta1, beta2 = group["betas"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    if not state:
                        state["t"] = 0
                        state["m"] = torch.zeros_like(p)
                        state["v"] = torch.zeros_like(p)
                    state["t"] += 1
                    m, v, t = state["m"], state["v"], state["t"]
                    m.mul_(beta1).add_(p.grad, alpha=1 - beta1)
                    v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                    m_hat = m / (1 - beta1**t)
                    v_hat = v / (1 - beta2**t)
                    p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))
        return loss
        # END SOLUTION


def ema(x: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """Exponential moving averages of a series: as they come, and corrected for their start at zero,
    (raw, corrected).

    x: (T, ...) with T >= 1, floating point; x[0] is the first value of the series. Every entry of
    "..." is a series of its own.
    Returns two tensors of x's shape, dtype and device; row k holds the averages after k + 1 values.
    Cost: O(T) row operations.
    Raises ValueError unless 0 <= beta < 1.
    Lecture 9, exponential moving averages; Kingma and Ba (2015), section 3.
    """
    # BEGIN SOLUTION
    if not 0 <= beta < 1:
        raise ValueError(f"beta must lie in [0, 1); it is {beta}.")
    average = torch.zeros_like(x[0])
    raw, corrected = [], []
    for t, value in enumerate(x, start=1):
        average = beta * average + (1 - beta) * value
        raw.append(average)
        corrected.append(average / (1 - beta**t))
    return torch.stack(raw), torch.stack(corrected)
    # END SOLUTION


def adamw_step(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    alpha: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    lam: float = 0.01,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of AdamW, with decoupled weight decay, as a pure function: the new weights and the
    new moments, (w, m, v).

    Arguments and results are those of adam_step, with t counted from 1. lam: the decay; a step
    multiplies w by 1 - alpha * lam.
    Lecture 9; Loshchilov and Hutter (2019); torch.optim.AdamW has the same convention.
    """
    # BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = (1 - alpha * lam) * w - alpha * m_hat / (v_hat.sqrt() + eps)
    return w, m, v
    # END SOLUTION


def adam_l2_step(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    alpha: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    lam: float = 0.01,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of Adam on the loss plus lam / 2 times the squared norm of w, as a pure function,
    (w, m, v).

    Arguments and results are those of adam_step, with t counted from 1; g is the gradient of the
    loss alone.
    lam: the weight of the penalty.
    Lecture 9; `weight_decay` of torch.optim.Adam has the same convention.
    """
    # BEGIN SOLUTION
    g = g + lam * w
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - alpha * m_hat / (v_hat.sqrt() + eps)
    return w, m, v
    # END SOLUTION


def rotated_quadratic(h: Tensor, angle: float) -> tuple[Tensor, Tensor]:
    """A valley and a starting point, turned together: the matrix R diag(h) Rᵀ and the point R (1,
    1)ᵀ, as (H, w0).

    h: (2,) positive curvatures, floating point. angle: in radians; R = [[cos, -sin], [sin, cos]]
    turns counterclockwise.
    Returns H of shape (2, 2) and w0 of shape (2,), with h's dtype and device.
    """
    # BEGIN SOLUTION
    c, s = math.cos(angle), math.sin(angle)
    R = torch.tensor([[c, -s], [s, c]], dtype=h.dtype, device=h.device)
    return R @ torch.diag(h) @ R.T, R @ torch.ones_like(h)
    # END SOLUTION


def steps_to_tol(
    update: Callable[[Tensor, Tensor, int], Tensor], H: Tensor, w0: Tensor, tol: float = 1e-6, cap: int = 10_000
) -> int | None:
    """The number of updates after which the loss f(w) = ½ wᵀHw has fallen to tol * f(w0) or below;
    None if `cap` updates do not suffice.

    update: called as update(w, g, t) with the current weights, their gradient Hw and t = 1, 2, ...;
    returns the new weights.
    H: (p, p), symmetric and positive definite. w0: (p,). Calls update exactly as often as the
    number that it returns, or cap times.
    """
    # BEGIN SOLUTION
    target = tol * (w0 @ H @ w0)
    w, steps = w0, 0
    while not w @ H @ w <= target:  # not ">": NaN has not arrived
        if steps == cap:
            return None
        steps += 1
        w = update(w, H @ w, steps)
    return steps
    # END SOLUTION


def find_bug(step: Callable[..., tuple[Tensor, Tensor, Tensor]]) -> bool:
    """Whether `step`, which claims to be adam_step of Question 1, has a bug.

    step: called like adam_step, with float64 tensors of any shape, t >= 1 and any settings with eps
    > 0; it is pure and never raises.
    Returns True if a result differs from the formula of Question 1 by more than rounding, else
    False. At most 200 calls of step.
    """
    # BEGIN SOLUTION
    alpha, beta1, beta2, eps = 0.2, 0.6, 0.8, 0.1
    w = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    gradients = [[0.3, -1.0, 0.0, 2.0], [-0.5, -0.2, 0.0, 0.7], [0.9, 0.0, 1.5, -3.0], [0.1, 0.4, -0.8, 0.05]]
    for t, values in enumerate(gradients, start=1):
        g = torch.tensor(values, dtype=torch.float64)
        new_m = beta1 * m + (1 - beta1) * g
        new_v = beta2 * v + (1 - beta2) * g**2
        new_w = w - alpha * (new_m / (1 - beta1**t)) / ((new_v / (1 - beta2**t)).sqrt() + eps)
        got = step(w, g, m, v, t, alpha=alpha, beta1=beta1, beta2=beta2, eps=eps)
        for theirs, ours in zip(got, (new_w, new_m, new_v), strict=True):
            if not torch.allclose(theirs, ours, rtol=1e-9, atol=1e-12):  # also when a result is NaN
                return True
        w, m, v = new_w, new_m, new_v
    return False
    # END SOLUTION
