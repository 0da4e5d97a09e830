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

    w, g, m, v: tensors of one shape, dtype and device. g is the gradient at w; m and v are the moments before this step, not bias-corrected.
    t: the number of this step; the first step is t = 1.
    Returns new tensors of the same shape, dtype and device; m and v are not bias-corrected. The arguments keep their values.
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
    """One Adam step for a list of parameters, in place; the lists themselves come back, (params, m_state, v_state).

    params, grads: as many gradients as parameters; each gradient has the shape of its parameter. Shapes may differ between parameters.
    m_state, v_state: the moments, one tensor per parameter, not bias-corrected. A list that is too short is extended with zeros.
    t: the number of this step, counted from 1 by the caller.
    The tensors in params, m_state and v_state are changed in place, without recording a graph; grads keep their values.
    Raises ValueError unless params and grads have the same length.
    Lecture 9.
    """
    # BEGIN SOLUTION
    if len(params) != len(grads):
        raise ValueError(f"There are {len(params)} parameters and {len(grads)} gradients.")
    with torch.no_grad():
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
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

    What the base class brings: `self.param_groups`, a list of dictionaries with the keys "params", "lr", "betas" and "eps"; `self.state`, which
    gives every parameter an own dictionary, empty at first; `zero_grad`, `state_dict` and `load_state_dict`, which save and restore exactly
    what stands in those two.
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

        params: parameters, or dictionaries {"params": ..., "lr": ...} that define groups; any iterable, also a generator.
        Raises ValueError if lr < 0, eps < 0, or a beta lies outside [0, 1).
        """
        # BEGIN SOLUTION
        if lr < 0 or eps < 0 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"lr and eps must not be negative and betas must lie in [0, 1): lr={lr}, betas={betas}, eps={eps}.")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        # END SOLUTION

    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Move every parameter that has a gradient by one Adam step.

        A parameter whose .grad is None is left alone: it does not move, and its own step count stands still.
        closure: if given, it is called once before the update (it computes the gradients), and its value is returned. Otherwise returns None.
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
