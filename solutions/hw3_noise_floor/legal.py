import math

import numpy as np
import torch

import reference
from autograder.audit import legal


@legal(of="draw_batches")
def batch_by_batch(n, B, K, generator):
    """Each batch is drawn by a call of its own."""
    if n < 1 or B < 1 or K < 0:
        raise ValueError("sizes")
    rows = [torch.randint(n, (B,), generator=generator) for _ in range(K)]
    return torch.stack(rows) if rows else torch.empty(0, B, dtype=torch.int64)


@legal(of="draw_batches")
def floor_of_uniform_numbers(n, B, K, generator):
    """Uniform float64 numbers times n, rounded down."""
    if min(n, B) < 1 or K < 0:
        raise ValueError("sizes")
    return (torch.rand(K, B, generator=generator, dtype=torch.float64) * n).long()


@legal(of="draw_batches")
def by_multinomial(n, B, K, generator):
    """torch.multinomial with replacement and equal weights."""
    if min(n, B) < 1 or K < 0:
        raise ValueError("sizes")
    if K == 0:
        return torch.empty(0, B, dtype=torch.int64)
    return torch.multinomial(torch.ones(n), K * B, replacement=True, generator=generator).reshape(K, B)


@legal(of="sgd_mean")
def weighted_sums(x, idx, w0, eta):
    """The closed form of every iterate, a sum over the earlier draws in another order."""
    if eta <= 0 or idx.dim() not in (1, 2) or (idx.dim() == 2 and idx.shape[1] == 0):
        raise ValueError("outside the domain")
    batches = x[idx].reshape(len(idx), -1).mean(dim=1) if len(idx) else x[:0]
    w = [x.new_tensor(w0)]
    for k in range(1, len(batches) + 1):
        powers = x.new_tensor([(1 - eta) ** (k - 1 - j) for j in range(k)])
        w.append((1 - eta) ** k * w0 + eta * (powers * batches[:k]).flip(0).sum())
    return torch.stack(w)


@legal(of="sgd_mean")
def gradient_form_in_numpy(x, idx, w0, eta):
    """w minus eta times the gradient, in NumPy; a tensor comes back."""
    if eta <= 0 or idx.ndim not in (1, 2) or 0 in idx.shape[1:]:
        raise ValueError("outside the domain")
    values, w = x.numpy(), [w0]
    for i in idx.numpy():
        w.append(w[-1] - eta * np.mean(w[-1] - values[i]))
    return torch.tensor(w, dtype=x.dtype)


@legal(of="mse_mean")
def by_recursion(k, eta, sigma2, e0, B=1):
    """The recursion, step by step, for every entry of k."""
    if not 0 < eta < 2 or sigma2 < 0 or B < 1:
        raise ValueError("outside the domain")
    if isinstance(k, torch.Tensor):
        return torch.stack([k.new_tensor(by_recursion(int(one), eta, sigma2, e0, B)) for one in k])
    error = e0 * e0
    for _ in range(int(k)):
        error = error - eta * (2 - eta) * error + eta * eta * sigma2 / B
    return error


@legal(of="mse_mean")
def bias_and_variance(k, eta, sigma2, e0, B=1):
    """Squared bias and variance apart, through a tensor in either case: a 0-d tensor comes back for a number."""
    if not 0 < eta < 2 or sigma2 < 0 or B < 1:
        raise ValueError("outside the domain")
    k = torch.as_tensor(k, dtype=torch.float64)
    bias = torch.tensor(1 - eta, dtype=torch.float64) ** k * e0
    variance = sigma2 / B * eta / (2 - eta) * (1 - torch.tensor(1 - eta, dtype=torch.float64) ** (2 * k))
    return bias**2 + variance


@legal(of="floor_mean")
def geometric_series(eta, sigma2, B=1):
    """The noise of one step divided by one minus what remains of it."""
    if not 0 < eta < 2 or sigma2 < 0 or B < 1:
        raise ValueError("outside the domain")
    return eta**2 * sigma2 / B / (1 - (1 - eta) ** 2)


@legal(of="power_schedule")
def power_by_logarithms(k, eta0, p):
    """exp(-p log(k + 1)), in float64 tensors: a 0-d tensor comes back for a number."""
    if eta0 <= 0:
        raise ValueError("eta0")
    return eta0 * torch.exp(-p * torch.log1p(torch.as_tensor(k, dtype=torch.float64)))


@legal(of="geom_schedule")
def geom_by_logarithms(k, eta0, decay):
    """exp(k log(decay)), in float64 tensors."""
    if eta0 <= 0 or not 0 < decay < 1:
        raise ValueError("outside the domain")
    return eta0 * torch.exp(torch.as_tensor(k, dtype=torch.float64) * math.log(decay))


@legal(of="cosine_schedule")
def squared_sine(k, eta0, eta_min, K):
    """eta0 minus the amplitude times the squared sine of half of the angle."""
    if not 0 <= eta_min <= eta0 or eta0 <= 0 or K < 1:
        raise ValueError("outside the domain")
    return eta0 - (eta0 - eta_min) * torch.sin(torch.as_tensor(k, dtype=torch.float64) * (math.pi / 2 / K)) ** 2


@legal(of="mse_schedule")
def plain_numbers(etas, sigma2, e0, B=1):
    """The recursion in Python floats, expanded; a tensor comes back."""
    if any(eta < 0 for eta in etas.tolist()) or sigma2 < 0 or B < 1:
        raise ValueError("outside the domain")
    errors = [e0**2]
    for eta in etas.tolist():
        errors.append(errors[-1] - 2 * eta * errors[-1] + eta**2 * (errors[-1] + sigma2 / B))
    return torch.tensor(errors, dtype=etas.dtype)


@legal(of="robbins_monro")
def a_list_of_numpy_booleans(p):
    """A list comes back, and the comparisons are NumPy's."""
    return [bool(np.less_equal(p, 1.0)), bool(np.greater(p, 0.5))]


@legal(of="simulate_nqm")
def run_by_run(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """One run after the other, with the step inside the buffer, and the preconditioner behind it."""
    if alpha <= 0 or B < 1 or (h <= 0).any() or (c < 0).any() or not (0 <= beta < 1 and 0 <= gamma < 1):
        raise ValueError("outside the domain")
    columns = []
    for r in range(noise.shape[1]):
        w, v, a = w0.clone(), torch.zeros_like(w0), w0.clone()
        losses = [(h * a * a / 2).sum()]
        for xi in noise[:, r]:
            v.mul_(beta).add_(h * w + torch.sqrt(c / B) * xi, alpha=alpha)
            w.sub_(v * h.pow(-p))
            a.lerp_(w, 1 - gamma)
            losses.append((h * a * a / 2).sum())
        columns.append(torch.stack(losses))
    return torch.stack(columns, dim=1)


@legal(of="simulate_nqm")
def heavy_ball_with_two_iterates(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """Polyak's form with the two last iterates, and the losses written into a tensor that is made first."""
    if alpha <= 0 or B < 1 or not bool((h > 0).all()) or not bool((c >= 0).all()) or not (0 <= beta < 1 and 0 <= gamma < 1):
        raise ValueError("outside the domain")
    before = w = a = w0.expand(noise.shape[1:])
    losses = noise.new_empty(len(noise) + 1, noise.shape[1])
    losses[0] = a.square() @ h / 2
    for k in range(len(noise)):
        g = h * w + torch.sqrt(c / B) * noise[k]
        before, w = w, w - alpha * h.pow(-p) * g + beta * (w - before)
        a = a + (1 - gamma) * (w - a)
        losses[k + 1] = a.square() @ h / 2
    return losses


@legal(of="nqm_floor")
def floor_from_one_step(alpha, h, c, B):
    """The loss that one step adds, divided by the part that it takes away; a 0-d tensor comes back."""
    if alpha <= 0 or B < 1 or (h <= 0).any() or (c < 0).any() or (alpha >= 2 / h).any():
        raise ValueError("outside the domain")
    return (0.5 * h * alpha**2 * c / B / (1 - (1 - alpha * h) ** 2)).sum()


@legal(of="momentum_floor")
def floor_from_sgd(alpha, h, c, B, beta):
    """Coordinate by coordinate, in Python floats."""
    if alpha <= 0 or B < 1 or not 0 <= beta < 1:
        raise ValueError("outside the domain")
    total = 0.0
    for a, b in zip(h.tolist(), c.tolist(), strict=True):
        if a <= 0 or b < 0 or alpha * a >= 2 * (1 + beta):
            raise ValueError("outside the domain")
        total += b / (4 * B) * alpha / (1 - beta) / (1 - alpha * a / (2 * (1 + beta)))
    return total


@legal(of="ema_floor")
def floor_of_both(alpha, h, c, B, gamma):
    """SGD's floor coordinate by coordinate, times a factor written in alpha h."""
    if alpha <= 0 or B < 1 or (h <= 0).any() or (c < 0).any() or (alpha * h >= 2).any() or gamma < 0 or gamma >= 1:
        raise ValueError("outside the domain")
    ah = alpha * h
    factor = (1 - gamma) / (1 + gamma) * (1 + gamma - gamma * ah) / (1 - gamma + gamma * ah)
    return (factor * alpha * c / (4 * B - 2 * B * ah)).sum().item()


@legal(of="precond_floor")
def sgd_in_scaled_units(alpha, h, c, B, p):
    """SGD with curvature h^(1-p) and noise c h^(-p)."""
    if alpha <= 0 or B < 1 or (h <= 0).any() or (c < 0).any():
        raise ValueError("outside the domain")
    return reference.nqm_floor(alpha, h ** (1 - p), c * h ** (-p), B)


@legal(of="floor_slope")
def by_polyfit(alphas, Bs, floors):
    """NumPy's polynomial fit of degree one."""
    if alphas.dim() != 1 or not alphas.shape == Bs.shape == floors.shape:
        raise ValueError("shapes")
    if (alphas <= 0).any() or (Bs <= 0).any() or (floors <= 0).any() or len((alphas / Bs).unique()) < 2:
        raise ValueError("values")
    return float(np.polyfit(np.log(alphas.numpy() / Bs.numpy()), np.log(floors.numpy()), 1)[0])


@legal(of="estimate_floor")
def in_numpy(losses, burn_in, blocks=20):
    """NumPy's array_split of the losses that are used, and scalars of NumPy in a list."""
    rest = losses.numpy()[burn_in:] if burn_in >= 0 else np.empty(0)
    if blocks < 2 or len(rest) < blocks:
        raise ValueError("outside the domain")
    means = np.array([b.mean() for b in np.array_split(rest[len(rest) % blocks :], blocks)])
    return [means.mean(), means.std(ddof=1) / np.sqrt(blocks)]


@legal(of="estimate_floor")
def two_passes(losses, burn_in, blocks=20):
    """The mean of all used losses, and the squares about it summed by hand, in tensors."""
    length = (len(losses) - burn_in) // blocks if blocks > 1 and burn_in >= 0 else 0
    if length < 1:
        raise ValueError("outside the domain")
    used = losses[-blocks * length :]
    mean = used.sum() / len(used)
    squares = sum((used[b * length : (b + 1) * length].mean() - mean) ** 2 for b in range(blocks))
    return mean, (squares / (blocks * (blocks - 1))) ** 0.5


@legal(of="linear_rule")
def ratio_first(alpha, B, B_new):
    """The step per example first, and then the new batch."""
    if alpha <= 0 or min(B, B_new) < 1:
        raise ValueError("outside the domain")
    return alpha / B * B_new


@legal(of="same_floor_lr")
def by_bisection(alpha, h, B, B_new):
    """The equation of the two floors, solved by bisection."""
    if h <= 0 or alpha <= 0 or alpha * h >= 2 or min(B, B_new) < 1:
        raise ValueError("outside the domain")
    low, high = 0.0, 2 / h
    for _ in range(200):
        middle = (low + high) / 2
        above = middle * B * (2 - alpha * h) > alpha * B_new * (2 - middle * h)
        low, high = (low, middle) if above else (middle, high)
    return (low + high) / 2


@legal(of="nqm_risk")
def risk_by_recursion(k, alpha, h, c, B, w0):
    """The recursion of the expected losses, step by step."""
    if alpha <= 0 or B < 1 or (h <= 0).any() or (c < 0).any() or (alpha * h >= 2).any():
        raise ValueError("outside the domain")
    if isinstance(k, torch.Tensor):
        return torch.tensor([risk_by_recursion(int(one), alpha, h, c, B, w0) for one in k], dtype=torch.float64)
    second = w0**2
    for _ in range(int(k)):
        second = (1 - alpha * h) ** 2 * second + alpha**2 * c / B
    return float(torch.dot(h, second)) / 2


@legal(of="best_alpha")
def three_hundred_steps_tried(N, B, h, c, w0):
    """A plain search over 330 steps, 5 percent apart, over seven decades: within half a percent."""
    if B < 1 or N < B or (h <= 0).any() or (c <= 0).any() or not w0.any():
        raise ValueError("outside the domain")
    alphas = (2 / float(h.max()) * torch.logspace(-7, -0.0001, 330, dtype=torch.float64)).tolist()
    return min(alphas, key=lambda alpha: reference.nqm_risk(N // B, alpha, h, c, B, w0))


@legal(of="best_alpha")
def zooming_in(N, B, h, c, w0):
    """A coarse search, and then finer ones around its best step."""
    if B < 1 or N < B or (h <= 0).any() or (c <= 0).any() or not w0.any():
        raise ValueError("outside the domain")
    low, high = -8.0, -1e-5
    for _ in range(4):
        exponents = np.linspace(low, high, 81)
        risks = [reference.nqm_risk(N // B, 2 / float(h.max()) * 10**e, h, c, B, w0) for e in exponents]
        best = int(np.argmin(risks))
        low, high = exponents[max(best - 1, 0)], exponents[min(best + 1, 80)]
    return 2 / float(h.max()) * 10 ** exponents[best]
