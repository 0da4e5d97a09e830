import math

import numpy as np
import torch

import reference
from autograder.audit import legal

# Other work may round otherwise. These variants carry relative noise just inside the tolerances of 1e-9.
NOISE = 3e-11


@legal(of="adam_step")
def corrections_in_the_step_size(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Both corrections are moved into the step size, and eps is rescaled so that nothing changes."""
    if t <= 0:
        raise ValueError("t")
    m, v = torch.lerp(g, m, beta1), torch.lerp(g * g, v, beta2)
    root = math.sqrt(1 - beta2**t)
    return w - alpha * root / (1 - beta1**t) * m / (v.sqrt() + eps * root), m, v


@legal(of="adam_step")
def on_clones_in_place(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """The lecture's in-place update, on clones."""
    w, m, v = w.clone(), m.clone(), v.clone()
    if t < 1:
        raise ValueError("t")
    reference.adam_update([w], [g], [m], [v], alpha, beta1, beta2, eps, t)
    return w, m, v


@legal(of="adam_step")
def rounded_otherwise(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Every result carries a relative error of 3e-11, far more than another order of operations makes."""
    w, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return w * (1 + NOISE), m * (1 - NOISE), v * (1 + NOISE)


@legal(of="adam_update")
def through_data(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The update goes through .data, and new moments replace the list's entries."""
    if len(grads) != len(params):
        raise ValueError("lengths")
    while len(m_state) < len(params):
        m_state.append(torch.zeros_like(params[len(m_state)].data))
        v_state.append(torch.zeros_like(params[len(v_state)].data))
    for i, g in enumerate(grads):
        m_state[i] = beta1 * m_state[i] + (1 - beta1) * g
        v_state[i] = beta2 * v_state[i] + (1 - beta2) * g.square()
        params[i].data -= lr * m_state[i] / (1 - beta1**t) / (v_state[i].div(1 - beta2**t).sqrt() + eps)
    return params, m_state, v_state


@legal(of="adam_update")
def a_tuple_of_new_lists(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """The result is a list of tuples that hold the same tensors."""
    return [tuple(part) for part in reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)]


@legal(of="adam_update")
def one_flat_vector(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """All parameters are updated as one long vector and copied back."""
    if len(grads) != len(params):
        raise ValueError("lengths")
    with torch.no_grad():
        for p in params[len(m_state) :]:
            m_state.append(torch.zeros_like(p))
            v_state.append(torch.zeros_like(p))

        def flat(parts):
            return torch.cat([part.reshape(-1) for part in parts])

        n = len(params)
        new = reference.adam_step(flat(params), flat(grads), flat(m_state[:n]), flat(v_state[:n]), t, lr, beta1, beta2, eps)
        for old, vector in zip((params, m_state[:n], v_state[:n]), new, strict=True):
            for part, piece in zip(old, vector.split([part.numel() for part in old]), strict=True):
                part.copy_(piece.reshape(part.shape))
    return params, m_state, v_state


@legal(of="adam_update")
def rounded_otherwise_in_place(params, grads, m_state, v_state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, t=1):
    """Parameters and moments carry a relative error of 3e-11, far more than another order of operations makes."""
    reference.adam_update(params, grads, m_state, v_state, lr, beta1, beta2, eps, t)
    with torch.no_grad():
        for x in [*params, *m_state, *v_state]:
            x.mul_(1 + NOISE)
    return params, m_state, v_state


@legal(of="MyAdam")
class Functional(torch.optim.Optimizer):
    """New moments at every step, the step count as a tensor, torch.no_grad as a decorator, other names in the state."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        if not (lr >= 0 and eps >= 0 and 0 <= betas[0] < 1 and 0 <= betas[1] < 1):
            raise ValueError("settings")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in filter(lambda p: p.grad is not None, group["params"]):
                s = self.state[p]
                t = s["step"] = s.get("step", torch.tensor(0.0, dtype=torch.float64)) + 1
                old = s.get("exp_avg", torch.zeros_like(p)), s.get("exp_avg_sq", torch.zeros_like(p))
                p[...], s["exp_avg"], s["exp_avg_sq"] = reference.adam_step(p, p.grad, *old, t, group["lr"], *group["betas"], group["eps"])
        return loss


@legal(of="MyAdam")
class ThroughTheLecturesUpdate(reference.MyAdam):
    """Every parameter goes through adam_update with lists of length one."""

    def step(self, closure=None):
        loss = closure() if closure else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state[p]
                    state["t"] = state.get("t", 0) + 1
                    m, v = state.setdefault("m", []), state.setdefault("v", [])
                    reference.adam_update([p], [p.grad], m, v, group["lr"], *group["betas"], group["eps"], state["t"])
        return loss


@legal(of="MyAdam")
class DataAndDetach(reference.MyAdam):
    """The update goes through .data and detached gradients, without no_grad."""

    def step(self, closure=None):
        loss = closure() if closure else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state[p]
                    t = state["t"] = state.get("t", 0) + 1
                    old = (state[k] if k in state else torch.zeros_like(p.data) for k in "mv")
                    new = reference.adam_step(p.data, p.grad.detach(), *old, t, group["lr"], *group["betas"], group["eps"])
                    p.data, state["m"], state["v"] = new
        return loss


@legal(of="MyAdam")
class RoundedOtherwise(reference.MyAdam):
    """The weights carry a relative error of 3e-11 after each step, far more than another order of operations makes."""

    def step(self, closure=None):
        loss = super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data.mul_(1 + NOISE)
        return loss


@legal(of="ema")
def one_matrix_of_weights(x, beta):
    """All averages at once, as a lower triangular matrix of weights times the series."""
    if beta < 0 or beta >= 1:
        raise ValueError("beta")
    n = len(x)
    lag = torch.arange(n)[:, None] - torch.arange(n)[None, :]
    weights = (1 - beta) * torch.where(lag >= 0, torch.tensor(beta, dtype=x.dtype) ** lag.clamp(min=0), 0.0).tril().to(x.dtype)
    raw = (weights @ x.reshape(n, -1)).reshape(x.shape)
    return raw, raw / weights.sum(dim=1).reshape(-1, *[1] * (x.dim() - 1))


@legal(of="ema")
def written_into_empty_tensors(x, beta):
    """Updates of the form average += (1 - beta) (x - average), written into tensors made beforehand; a list comes back."""
    if not 0 <= beta < 1:
        raise ValueError("beta")
    raw, corrected, average = torch.empty_like(x), torch.empty_like(x), torch.zeros_like(x[0])
    for t in range(x.shape[0]):
        average += (1 - beta) * (x[t] - average)
        raw[t] = average
        corrected[t] = -average / math.expm1((t + 1) * math.log(beta)) if beta else average
    return [raw, corrected]


@legal(of="ema")
def averages_rounded_otherwise(x, beta):
    """Every average carries a relative error of 3e-11, far more than another order of operations makes."""
    raw, corrected = reference.ema(x, beta)
    return raw * (1 + NOISE), corrected * (1 - NOISE)


@legal(of="adamw_step")
def decay_subtracted_at_the_end(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The step of Adam first, and then alpha * lam times the old weights is subtracted."""
    new, m, v = reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps)
    return new - alpha * lam * w, m, v


@legal(of="adamw_step")
def adam_from_the_shrunk_weights(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The weights are shrunk on a clone, in place, and Adam steps from there; every result carries a relative error of 3e-11."""
    w = w.clone().mul_(1 - alpha * lam)
    return tuple(x * (1 + NOISE) for x in reference.adam_step(w, g, m, v, t, alpha, beta1, beta2, eps))


@legal(of="adam_l2_step")
def penalty_by_autograd(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """The gradient of the penalty comes from autograd."""
    leaf = w.detach().clone().requires_grad_()
    (pull,) = torch.autograd.grad(lam / 2 * leaf.square().sum(), leaf)
    return reference.adam_step(w, g + pull, m, v, t, alpha, beta1, beta2, eps)


@legal(of="adam_l2_step")
def penalty_rounded_otherwise(w, g, m, v, t, alpha=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, lam=0.01):
    """Every result carries a relative error of 3e-11, far more than another order of operations makes."""
    return [x * (1 - NOISE) for x in reference.adam_l2_step(w, g, m, v, t, alpha, beta1, beta2, eps, lam)]


@legal(of="rotated_quadratic")
def entry_by_entry(h, angle):
    """H from double angles, entry by entry, with a relative error of 3e-11; the start as sums of cosine and sine."""
    mean, half = (h[0] + h[1]) / 2, (h[0] - h[1]) / 2
    c, s = math.cos(2 * angle), math.sin(2 * angle)
    H = torch.stack([torch.stack([mean + half * c, half * s]), torch.stack([half * s, mean - half * c])])
    start = [math.cos(angle) - math.sin(angle), math.sin(angle) + math.cos(angle)]
    return [H * (1 + NOISE), torch.tensor(start, dtype=h.dtype)]


@legal(of="rotated_quadratic")
def by_the_matrix_exponential(h, angle):
    """The rotation as exp of the skew matrix."""
    R = torch.matrix_exp(torch.tensor([[0.0, -angle], [angle, 0.0]], dtype=h.dtype))
    return (R * h) @ R.T, R.sum(dim=1)


@legal(of="steps_to_tol")
def quotient_of_losses(update, H, w0, tol=1e-6, cap=10_000):
    """A while loop over the quotient of losses with their factor ½; the gradient from autograd; the count as a tensor."""

    def loss(w):
        return 0.5 * torch.dot(w, torch.mv(H, w))

    w, k, first = w0.clone(), torch.tensor(0), loss(w0).item()
    while not loss(w).item() / first <= tol:
        if k == cap:
            return None
        leaf = w.detach().requires_grad_()
        (g,) = torch.autograd.grad(loss(leaf), leaf)
        k = k + 1
        w = update(w.detach(), g, int(k))
    return k


@legal(of="find_bug")
def compared_with_an_own_step(step):
    """Random inputs from a generator of its own, compared with adam_step, in one and in two dimensions; a 0-d tensor comes back."""
    draw = torch.Generator().manual_seed(4830)
    wrong = torch.tensor(False)
    for shape in ((), (5,), (2, 3)):
        for t in (1, 2, 7):
            w, g, m = torch.randn(3, *shape, generator=draw, dtype=torch.float64)
            v = torch.rand(shape, generator=draw, dtype=torch.float64) * (t > 1)
            m = m * (t > 1)
            if shape:
                g[0] = m[0] = v[0] = 0.0
            settings = dict(alpha=0.3, beta1=0.5, beta2=0.9, eps=0.2)
            for a, b in zip(step(w, g, m, v, t, **settings), reference.adam_step(w, g, m, v, t, **settings), strict=True):
                wrong |= ~torch.isclose(a, b, rtol=1e-7).all()
    return wrong


@legal(of="find_bug")
def compared_with_torch(step):
    """A run of six steps beside torch.optim.Adam, with the moments read from its state; numpy's bool comes back."""
    w = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    theirs = w.clone().requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.1, betas=(0.3, 0.6), eps=0.5)
    m = v = torch.zeros_like(w)
    for t in range(1, 7):
        g = torch.tensor([math.sin(t), math.cos(3 * t) * t, 0.0], dtype=torch.float64)
        theirs.grad = g.clone()
        optimizer.step()
        w, m, v = step(w, g, m, v, t, alpha=0.1, beta1=0.3, beta2=0.6, eps=0.5)
        state = optimizer.state[theirs]
        for a, b in ((w, theirs.detach()), (m, state["exp_avg"]), (v, state["exp_avg_sq"])):
            if not np.allclose(a.numpy(), b.numpy(), rtol=1e-8):
                return np.bool_(True)
    return np.bool_(False)


@legal(of="find_bug")
def properties_and_hand_arithmetic(step):
    """No second implementation: single steps with numbers worked out by hand, called with keywords."""
    one = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)
    zero = torch.zeros_like(one)
    w, m, v = step(w=zero, g=one, m=zero, v=zero, t=1, alpha=1.0, beta1=0.5, beta2=0.75, eps=1.0)
    first = [(w, -0.5 * one), (m, 0.5 * one), (v, 0.25 * one**2)]
    g = torch.tensor([2.0, 0.0, 0.0], dtype=torch.float64)
    w2, m2, v2 = step(w=zero, g=g, m=0.5 * one, v=0.25 * one**2, t=2, alpha=1.0, beta1=0.5, beta2=0.75, eps=1.0)
    m_hat = torch.tensor([1.25, -0.25, 0.0], dtype=torch.float64) / 0.75
    v_hat = torch.tensor([1.1875, 0.1875, 0.0], dtype=torch.float64) / 0.4375
    second = [(w2, -m_hat / (v_hat**0.5 + 1.0)), (m2, 0.75 * m_hat), (v2, 0.4375 * v_hat)]
    single = step(torch.ones(1).double(), torch.ones(1).double(), torch.zeros(1).double(), torch.zeros(1).double(), 1, 0.5)
    return any(not torch.allclose(a, b, rtol=1e-8, atol=1e-12) for a, b in first + second) or not abs(single[0].item() - 0.5) < 1e-6
