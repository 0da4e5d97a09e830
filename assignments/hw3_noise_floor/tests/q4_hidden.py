import torch
from otter.test_files import test_case

from checks import close, function, rng, unchanged

# Six steps in float64 on numbers of size one.
LONG_RTOL = 1e-9

SEE = "To see it: noise of your own with K = 3, R = 1, d = 1, and a calculator; first without the extras, then with them."


def one_run(alpha, h, c, B, w, noise, beta=0.0, gamma=0.0, p=0.0):
    """The losses of one run, number by number."""
    d = len(h)
    m, average = [0.0] * d, list(w)
    losses = [0.5 * sum(h[i] * average[i] ** 2 for i in range(d))]
    for xi in noise:
        for i in range(d):
            g = h[i] * w[i] + (c[i] / B) ** 0.5 * xi[i]
            m[i] = beta * m[i] + h[i] ** -p * g
            w[i] -= alpha * m[i]
            average[i] = gamma * average[i] + (1 - gamma) * w[i]
        losses.append(0.5 * sum(h[i] * average[i] ** 2 for i in range(d)))
    return losses


def some_problem(draw):
    """Three coordinates with different curvatures and noises, B = 3, three runs of six steps."""
    h, c = 0.5 + 2 * torch.rand(2, 3, generator=draw, dtype=torch.float64)
    w0 = torch.randn(3, generator=draw, dtype=torch.float64)
    return h, c, 3, w0, torch.randn(6, 3, 3, generator=draw, dtype=torch.float64)


def follows_the_loop(env, claim, **settings):
    simulate_nqm = function(env, "simulate_nqm")
    h, c, B, w0, noise = some_problem(rng())
    runs = [one_run(0.3, h.tolist(), c.tolist(), B, w0.tolist(), noise[:, r].tolist(), **settings) for r in range(3)]
    got = simulate_nqm(0.3, h, c, B, w0, noise, **settings)
    close(got, torch.tensor(runs, dtype=torch.float64).T, rtol=LONG_RTOL, what="the losses", claim=f"{claim} {SEE}")


@test_case(points=2, hidden=True)
def plain_runs_follow_their_noise(env):
    """Three runs of six steps, each with its own noise."""
    follows_the_loop(env, "Plain runs must follow the update with noise of their own: step k uses noise[k].")


@test_case(points=2, hidden=True)
def runs_with_momentum_follow_their_noise(env):
    """The noise enters the buffer together with the gradient."""
    claim = "Runs with momentum must follow the update: the noisy gradient as a whole enters the buffer, at full size."
    follows_the_loop(env, claim, beta=0.7)


@test_case(points=1, hidden=True)
def averaged_runs_follow_their_noise(env):
    """Averaging watches the run and does not change it."""
    claim = "Averaged runs must follow the update: the run itself goes on unchanged, and only the point at which the loss is taken differs."
    follows_the_loop(env, claim, gamma=0.6)


@test_case(points=1, hidden=True)
def preconditioned_runs_follow_their_noise(env):
    """A power between 0 and 1."""
    follows_the_loop(env, "Preconditioned runs must follow the update: for p = 1/2 the noisy gradient is divided by the root of h.", p=0.5)


@test_case(points=1, hidden=True)
def everything_at_once_follows_its_noise(env):
    """Momentum, averaging and preconditioning in one run."""
    claim = "With momentum, averaging and preconditioning together, the order must be: gradient, preconditioner, momentum, step, average."
    follows_the_loop(env, claim, beta=0.4, gamma=0.6, p=0.3)


@test_case(points=1, hidden=True)
def arguments_stay_and_types_are_kept(env):
    """w0 and noise keep their values, float32 noise gives float32 losses, and no steps give one row."""
    simulate_nqm = function(env, "simulate_nqm")
    h, c, B, w0, noise = some_problem(rng())
    kept = w0.clone(), noise.clone()
    simulate_nqm(0.3, h, c, B, w0, noise, beta=0.4, gamma=0.5)
    unchanged(kept[0], w0, what="w0")
    unchanged(kept[1], noise, what="noise")
    start = 0.5 * (h * w0**2).sum()
    claim = "With noise of shape (0, R, d) the result must be the one row of the start. To see it: pass noise[:0]."
    close(simulate_nqm(0.3, h, c, B, w0, noise[:0]), start.repeat(1, 3), rtol=LONG_RTOL, what="the losses", claim=claim)
    single = simulate_nqm(0.3, h.float(), c.float(), B, w0.float(), noise[:0].float())
    claim = "The losses must have the dtype of noise. To see it: pass float32 tensors only, and print the dtype of the result."
    close(single, start.float().repeat(1, 3), rtol=1e-5, what="the losses", claim=claim)
