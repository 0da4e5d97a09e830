import math

import torch
from torch import Tensor


def draw_batches(n: int, B: int, K: int, generator: torch.Generator) -> Tensor:
    """Indices of K batches of B points each, drawn with replacement, an int64 tensor of shape
    (K, B).

    Every entry is one of 0, ..., n - 1, each with probability 1/n, independently of all other
    entries (also within a batch).
    generator: a CPU generator, the only source of randomness, so that the same seed gives the same
    batches.
    Raises ValueError unless n >= 1, B >= 1 and K >= 0.
    Lecture 6.
    """
    # BEGIN SOLUTION
    if n < 1 or B < 1 or K < 0:
        raise ValueError(f"n and B must be at least 1 and K must not be negative: n={n}, B={B}, K={K}.")
    return torch.randint(0, n, (K, B), generator=generator)
    # END SOLUTION


def sgd_mean(x: Tensor, idx: Tensor, w0: float, eta: float) -> Tensor:
    """The run w_0, ..., w_K of SGD on the mean of x, with supplied draws: a tensor of shape
    (K + 1,), dtype and device of x.

    x: (n,), floating point, the data. idx: int64, (K,) for one point per step or (K, B) for a batch
    of B points per step.
    Step k goes from w_k to w_{k+1} = (1 - eta) w_k + eta * (mean of the points x[idx[k]]); the
    first entry is w0.
    Raises ValueError if eta <= 0, if idx does not have one or two dimensions, or if a batch is
    empty. x and idx keep their values.
    Lecture 6.
    """
    # BEGIN SOLUTION
    if eta <= 0:
        raise ValueError(f"The step size must be positive; eta is {eta}.")
    if idx.dim() not in (1, 2) or (idx.dim() == 2 and idx.shape[1] == 0):
        raise ValueError(f"idx must have the shape (K,) or (K, B) with B >= 1; it has {tuple(idx.shape)}.")
    points = x[idx] if idx.dim() == 1 else x[idx].mean(dim=1)
    w = [x.new_tensor(w0)]
    for point in points:
        w.append((1 - eta) * w[-1] + eta * point)
    return torch.stack(w)
    # END SOLUTION


def mse_mean(k: float | Tensor, eta: float, sigma2: float, e0: float, B: int = 1) -> float | Tensor:
    """The mean squared error E (w_k - mu)² of SGD on the mean after k steps, over all draws.

    k: a number of steps (a float comes back), or a float64 tensor of them (a float64 tensor of the
    same shape comes back).
    sigma2: population variance of the data (divided by n). e0: the first error w_0 - mu. B: batch
    size, drawn with replacement.
    Raises ValueError unless 0 < eta < 2, sigma2 >= 0 and B >= 1.
    Lecture 6.
    """
    # BEGIN SOLUTION
    if not 0 < eta < 2 or sigma2 < 0 or B < 1:
        raise ValueError(f"Outside the domain: eta={eta}, sigma2={sigma2}, B={B}.")
    kept = ((1 - eta) ** 2) ** k
    return kept * e0**2 + (1 - kept) * eta / (2 - eta) * sigma2 / B
    # END SOLUTION


def floor_mean(eta: float, sigma2: float, B: int = 1) -> float:
    """The noise floor of SGD on the mean: the limit of E (w_k - mu)² as k grows, a float.

    sigma2: population variance of the data. B: batch size, drawn with replacement.
    Raises ValueError unless 0 < eta < 2, sigma2 >= 0 and B >= 1.
    Lecture 6.
    """
    # BEGIN SOLUTION
    if not 0 < eta < 2 or sigma2 < 0 or B < 1:
        raise ValueError(f"Outside the domain: eta={eta}, sigma2={sigma2}, B={B}.")
    return eta / (2 - eta) * sigma2 / B
    # END SOLUTION


def power_schedule(k: float | Tensor, eta0: float, p: float) -> float | Tensor:
    """The step eta0 / (k + 1)^p, for k = 0, 1, 2, ...

    k: a number (a float comes back), or a float64 tensor (a float64 tensor of the same shape comes
    back).
    Raises ValueError unless eta0 > 0.
    Lecture 8.
    """
    # BEGIN SOLUTION
    if eta0 <= 0:
        raise ValueError(f"The first step must be positive; eta0 is {eta0}.")
    return eta0 / (k + 1) ** p
    # END SOLUTION


def geom_schedule(k: float | Tensor, eta0: float, decay: float) -> float | Tensor:
    """The step eta0 * decay^k, for k = 0, 1, 2, ...

    k: a number (a float comes back), or a float64 tensor (a float64 tensor of the same shape comes
    back).
    Raises ValueError unless eta0 > 0 and 0 < decay < 1.
    Lecture 8, where the decay is called gamma.
    """
    # BEGIN SOLUTION
    if eta0 <= 0 or not 0 < decay < 1:
        raise ValueError(f"Outside the domain: eta0={eta0}, decay={decay}.")
    return eta0 * decay**k
    # END SOLUTION


def cosine_schedule(k: float | Tensor, eta0: float, eta_min: float, K: int) -> float | Tensor:
    """Half a cosine from eta0 at k = 0 down to eta_min at k = K.

    k: a number in [0, K] (a float comes back), or a float64 tensor of them (a float64 tensor of the
    same shape comes back).
    Raises ValueError unless 0 <= eta_min <= eta0, eta0 > 0 and K >= 1.
    Lecture 8.
    """
    # BEGIN SOLUTION
    if eta0 <= 0 or not 0 <= eta_min <= eta0 or K < 1:
        raise ValueError(f"Outside the domain: eta0={eta0}, eta_min={eta_min}, K={K}.")
    cosine = torch.cos(math.pi * k / K) if isinstance(k, Tensor) else math.cos(math.pi * k / K)
    return eta_min + (eta0 - eta_min) * (1 + cosine) / 2
    # END SOLUTION


def mse_schedule(etas: Tensor, sigma2: float, e0: float, B: int = 1) -> Tensor:
    """The mean squared errors A_0, ..., A_K of SGD on the mean with the K steps in etas: shape
    (K + 1,).

    etas: (K,), floating point; step k goes from A_k to A_{k+1} with etas[k]. The result has its
    dtype and device, and begins with e0².
    sigma2, e0, B: as in mse_mean. Raises ValueError if an entry of etas is negative, if sigma2 < 0
    or if B < 1.
    Lecture 6 (one step of the recursion), lecture 8 (schedules).
    """
    # BEGIN SOLUTION
    if bool((etas < 0).any()) or sigma2 < 0 or B < 1:
        raise ValueError(f"Steps and variance must not be negative and B must be at least 1: sigma2={sigma2}, B={B}.")
    errors = [etas.new_tensor(e0**2)]
    for eta in etas:
        errors.append((1 - eta) ** 2 * errors[-1] + eta**2 * sigma2 / B)
    return torch.stack(errors)
    # END SOLUTION


def robbins_monro(p: float) -> tuple[bool, bool]:
    """Which of the two Robbins-Monro conditions the steps 1 / (k + 1)^p meet: (their sum is
    infinite, the sum of their squares is finite).

    p: any real number.
    Lecture 8; Robbins and Monro (1951).
    """
    # BEGIN SOLUTION
    return p <= 1, 2 * p > 1
    # END SOLUTION


def simulate_nqm(
    alpha: float,
    h: Tensor,
    c: Tensor,
    B: int,
    w0: Tensor,
    noise: Tensor,
    beta: float = 0.0,
    gamma: float = 0.0,
    p: float = 0.0,
) -> Tensor:
    """The losses of R runs of K steps on the noisy quadratic model, with supplied noise: shape
    (K + 1, R), dtype and device of noise.

    h, c, w0: (d,), curvatures, variances of the gradient noise of one example, and the start of
    every run. B: batch size.
    noise: (K, R, d), standard normal numbers; step k of run r uses noise[k, r].
    beta: momentum. gamma: decay of the average of the weights. p: power of the preconditioner. At
    0, each of them is switched off.
    Row k is the loss 0.5 * sum_i h_i v_i², where v is the average of the weights after k steps (at
    gamma = 0 the weights themselves).
    Row 0 belongs to w0, where the average starts as well.
    Raises ValueError unless alpha > 0, B >= 1, all h > 0, all c >= 0, 0 <= beta < 1 and
    0 <= gamma < 1. The arguments keep their values.
    Lecture 7; Zhang et al. (2019).
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or bool((h <= 0).any()) or bool((c < 0).any()):
        raise ValueError(f"alpha and h must be positive, c not negative, and B at least 1: alpha={alpha}, B={B}.")
    if not 0 <= beta < 1 or not 0 <= gamma < 1:
        raise ValueError(f"beta and gamma must lie in [0, 1): beta={beta}, gamma={gamma}.")
    w = w0.expand(noise.shape[1:])
    average, m = w, torch.zeros_like(w)
    losses = [0.5 * (h * average**2).sum(dim=1)]
    for z in noise:
        g = h * w + (c / B).sqrt() * z
        m = beta * m + g / h**p
        w = w - alpha * m
        average = gamma * average + (1 - gamma) * w
        losses.append(0.5 * (h * average**2).sum(dim=1))
    return torch.stack(losses)
    # END SOLUTION


def nqm_floor(alpha: float, h: Tensor, c: Tensor, B: int) -> float:
    """The floor of the expected loss of SGD on the noisy quadratic model, summed over the
    coordinates, a float.

    h, c: (d,), curvatures and variances of the gradient noise of one example. B: batch size.
    Raises ValueError unless alpha > 0, B >= 1, all h > 0, all c >= 0 and alpha < 2 / h_i for every
    i.
    Lecture 7.
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or bool((h <= 0).any()) or bool((c < 0).any()) or bool((alpha * h >= 2).any()):
        raise ValueError(f"Outside the domain, or unstable: alpha={alpha}, B={B}, largest h {float(h.max())}.")
    return float((alpha * c / (2 * B * (2 - alpha * h))).sum())
    # END SOLUTION


def momentum_floor(alpha: float, h: Tensor, c: Tensor, B: int, beta: float) -> float:
    """The floor of SGD with momentum (m = beta m + g, w = w - alpha m) on the noisy quadratic
    model, summed over the coordinates, a float.

    h, c, B: as in nqm_floor. beta: in [0, 1).
    Raises ValueError unless alpha > 0, B >= 1, all h > 0, all c >= 0, 0 <= beta < 1 and
    alpha < 2 (1 + beta) / h_i for every i.
    Lecture 7.
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or bool((h <= 0).any()) or bool((c < 0).any()) or not 0 <= beta < 1:
        raise ValueError(f"Outside the domain: alpha={alpha}, B={B}, beta={beta}.")
    if bool((alpha * h >= 2 * (1 + beta)).any()):
        raise ValueError(f"Unstable: alpha={alpha} with the largest h {float(h.max())} and beta={beta}.")
    return float(((1 + beta) * alpha * c / (2 * B * (1 - beta) * (2 + 2 * beta - alpha * h))).sum())
    # END SOLUTION


def ema_floor(alpha: float, h: Tensor, c: Tensor, B: int, gamma: float) -> float:
    """The floor of the loss at the averaged weights of SGD on the noisy quadratic model, summed
    over the coordinates, a float.

    h, c, B: as in nqm_floor. gamma: decay of the average, in [0, 1).
    Raises ValueError unless alpha > 0, B >= 1, all h > 0, all c >= 0, 0 <= gamma < 1 and
    alpha < 2 / h_i for every i.
    Lecture 7.
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or bool((h <= 0).any()) or bool((c < 0).any()) or bool((alpha * h >= 2).any()) or not 0 <= gamma < 1:
        raise ValueError(f"Outside the domain, or unstable: alpha={alpha}, B={B}, gamma={gamma}.")
    r = 1 - alpha * h
    factor = (1 - gamma) * (1 + gamma * r) / ((1 + gamma) * (1 - gamma * r))
    return float((factor * alpha * c / (2 * B * (2 - alpha * h))).sum())
    # END SOLUTION


def precond_floor(alpha: float, h: Tensor, c: Tensor, B: int, p: float) -> float:
    """The floor of preconditioned SGD (w_i = w_i - alpha h_i^(-p) g_i) on the noisy quadratic
    model, summed over the coordinates, a float.

    h, c, B: as in nqm_floor. p: any real number; 0 is SGD.
    Raises ValueError unless alpha > 0, B >= 1, all h > 0, all c >= 0 and alpha h_i^(1 - p) < 2 for
    every i.
    Lecture 7.
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or bool((h <= 0).any()) or bool((c < 0).any()) or bool((alpha * h ** (1 - p) >= 2).any()):
        raise ValueError(f"Outside the domain, or unstable: alpha={alpha}, B={B}, p={p}.")
    return float((alpha * c * h ** (-p) / (2 * B * (2 - alpha * h ** (1 - p)))).sum())
    # END SOLUTION


def floor_slope(alphas: Tensor, Bs: Tensor, floors: Tensor) -> float:
    """The slope of log(floor) against log(alpha / B), by least squares over the points (alphas[j] /
    Bs[j], floors[j]), a float.

    alphas, Bs, floors: (m,), floating point, paired entry by entry.
    Raises ValueError unless the three have one shape (m,), every entry is positive, and alpha / B
    takes at least two different values.
    Least squares for a line with an intercept: lecture 2.
    """
    # BEGIN SOLUTION
    if alphas.dim() != 1 or alphas.shape != Bs.shape or alphas.shape != floors.shape:
        raise ValueError("alphas, Bs and floors must be vectors of the same length.")
    if not bool(((alphas > 0) & (Bs > 0) & (floors > 0)).all()):
        raise ValueError("Every step, batch size and floor must be positive.")
    ratio = alphas / Bs
    if bool((ratio == ratio[:1]).all()):
        raise ValueError("A line needs two different values of alpha / B.")
    x = ratio.log() - ratio.log().mean()
    return float((x * floors.log()).sum() / (x * x).sum())
    # END SOLUTION


def estimate_floor(losses: Tensor, burn_in: int, blocks: int = 20) -> tuple[float, float]:
    """The floor that one run has reached, (mean, standard error), two floats.

    losses: (T,), the losses of one run in order. burn_in: how many of the first losses are left
    out.
    The rest is cut into `blocks` blocks of equal length, as long as possible; what fills no block
    is left out right after the burn-in.
    mean: the average of the losses in the blocks. standard error: sqrt(s² / blocks), where s² is
    the sample variance of the block means (divided by blocks - 1).
    Raises ValueError if burn_in < 0, if blocks < 2, or if the rest has fewer losses than blocks.
    Batch means: beyond the course notes; for example Flegal and Jones (2010).
    """
    # BEGIN SOLUTION
    if burn_in < 0 or blocks < 2 or len(losses) - burn_in < blocks:
        raise ValueError(f"Nothing to estimate: {len(losses)} losses, burn_in={burn_in}, blocks={blocks}.")
    length = (len(losses) - burn_in) // blocks
    means = losses[len(losses) - blocks * length :].reshape(blocks, length).mean(dim=1)
    return float(means.mean()), float(means.std()) / math.sqrt(blocks)
    # END SOLUTION


def linear_rule(alpha: float, B: int, B_new: int) -> float:
    """The step for batch size B_new that keeps alpha / B, a float.

    Raises ValueError unless alpha > 0, B >= 1 and B_new >= 1.
    Lecture 6.
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or B_new < 1:
        raise ValueError(f"Outside the domain: alpha={alpha}, B={B}, B_new={B_new}.")
    return alpha * B_new / B
    # END SOLUTION


def same_floor_lr(alpha: float, h: float, B: int, B_new: int) -> float:
    """The step for batch size B_new at which SGD on a coordinate of curvature h has exactly the
    floor that (alpha, B) has, a float.

    Raises ValueError unless h > 0, 0 < alpha < 2 / h, B >= 1 and B_new >= 1. The result lies in
    (0, 2 / h) too.
    Solved from the floor of lecture 7; the exact rule itself is beyond the course notes.
    """
    # BEGIN SOLUTION
    if h <= 0 or not 0 < alpha < 2 / h or B < 1 or B_new < 1:
        raise ValueError(f"Outside the domain: alpha={alpha}, h={h}, B={B}, B_new={B_new}.")
    ratio = B_new / B * alpha / (2 - alpha * h)
    return 2 * ratio / (1 + ratio * h)
    # END SOLUTION


def nqm_risk(k: float | Tensor, alpha: float, h: Tensor, c: Tensor, B: int, w0: Tensor) -> float | Tensor:
    """The expected loss of SGD on the noisy quadratic model after k steps from w0, summed over the
    coordinates.

    k: a number of steps (a float comes back), or a float64 tensor of shape (m,) (a float64 tensor
    of shape (m,) comes back).
    h, c, w0: (d,). Raises ValueError unless alpha > 0, B >= 1, all h > 0, all c >= 0 and
    alpha < 2 / h_i for every i.
    Lecture 7.
    """
    # BEGIN SOLUTION
    if alpha <= 0 or B < 1 or bool((h <= 0).any()) or bool((c < 0).any()) or bool((alpha * h >= 2).any()):
        raise ValueError(f"Outside the domain, or unstable: alpha={alpha}, B={B}, largest h {float(h.max())}.")
    steps = k.reshape(-1, 1) if isinstance(k, Tensor) else k
    kept = ((1 - alpha * h) ** 2) ** steps
    risk = (kept * 0.5 * h * w0**2 + (1 - kept) * alpha * c / (2 * B * (2 - alpha * h))).sum(dim=-1)
    return risk.reshape(k.shape) if isinstance(k, Tensor) else float(risk)
    # END SOLUTION


def best_alpha(N: int, B: int, h: Tensor, c: Tensor, w0: Tensor) -> float:
    """A constant step whose expected loss at the end of the budget is within 1 % of the lowest that
    any constant step reaches, a float.

    N: the budget, in gradients of single examples; a step costs B of them, so that there are N // B
    steps (the rest is not spent).
    h, c, w0: (d,), as in nqm_risk. The result lies strictly between 0 and 2 / max(h). Any method,
    any helper.
    Raises ValueError unless N >= B >= 1, all h > 0, all c > 0 and some w0_i is not zero.
    Lecture 7.
    """
    # BEGIN SOLUTION
    if not N >= B >= 1 or bool((h <= 0).any()) or bool((c <= 0).any()) or bool((w0 == 0).all()):
        raise ValueError(f"Outside the domain: N={N}, B={B}.")
    fractions = torch.logspace(-7, 0, 3000, dtype=h.dtype, device=h.device)[:-1]
    alphas = (2 / h.max() * fractions).reshape(-1, 1)
    kept = ((1 - alphas * h) ** 2) ** (N // B)
    risks = (kept * 0.5 * h * w0**2 + (1 - kept) * alphas * c / (2 * B * (2 - alphas * h))).sum(dim=1)
    return float(alphas[risks.argmin(), 0])
    # END SOLUTION
