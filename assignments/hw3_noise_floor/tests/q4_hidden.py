from contextlib import suppress

import torch
from otter.test_files import test_case

from checks import DeviceMistake, close, counting, devices, function, on_device, rng, that, unchanged

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


@test_case(points=1, hidden=True)
def plain_runs_follow_their_noise(env):
    """Three runs of six steps, each with its own noise; a run without noise that blows up."""
    follows_the_loop(env, "Plain runs must follow the update with noise of their own: step k uses noise[k].")
    one = torch.ones(1, dtype=torch.float64)
    losses = function(env, "simulate_nqm")(3.0, one, one, 1, one, torch.zeros(3, 1, 1, dtype=torch.float64))
    claim = "An unstable run must go on and blow up. To see it: alpha = 3, h = 1, w0 = 1 and no noise; each step multiplies w by -2."
    expected = torch.tensor([[0.5], [2.0], [8.0], [32.0]], dtype=torch.float64)
    close(losses, expected, rtol=LONG_RTOL, what="the losses", claim=claim)


@test_case(points=1, hidden=True)
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


@test_case(points=1, hidden=True)
def runs_stay_on_the_device_of_their_noise(env):
    """Six steps on the simulated accelerator, and on a GPU where there is one: the numbers of the CPU, and the losses on the device."""
    simulate_nqm = function(env, "simulate_nqm")
    settings = {"beta": 0.4, "gamma": 0.6, "p": 0.3}
    h, c, B, w0, noise = some_problem(rng())
    runs = [one_run(0.3, h.tolist(), c.tolist(), B, w0.tolist(), noise[:, r].tolist(), **settings) for r in range(3)]
    for device in ("cpu", *devices()):
        claim = f"For tensors on {device}, the losses must come back on {device}, with the CPU's values. To see it: print losses.device."
        there = [t.to(device, copy=True) for t in (h, c, w0, noise)]
        with on_device(device):
            losses = simulate_nqm(0.3, there[0], there[1], B, there[2], there[3], **settings)
            that(isinstance(losses, torch.Tensor) and losses.device.type == device, claim)
            close(losses.cpu(), torch.tensor(runs, dtype=torch.float64).T, rtol=LONG_RTOL, what="the losses", claim=claim)


@test_case(points=1, hidden=True)
def a_longer_run_waits_no_more_often_for_the_device(env):
    """The arguments may be looked at once; inside the loop nothing is read. About 150 operations."""
    simulate_nqm = function(env, "simulate_nqm")
    h, c, B, w0, noise = some_problem(rng())
    waits = []
    for K in (2, 6):
        with counting(env) as counts, suppress(DeviceMistake), on_device("sim"):  # the case above charges it
            simulate_nqm(0.3, h.to("sim"), c.to("sim"), B, w0.to("sim"), noise[:K].to("sim"), beta=0.4, gamma=0.6, p=0.3)
        waits.append(counts.synchronizations)
    claim = (
        "How often the processor waits for the device must not grow with K: no .item(), float(...) or `if` on a tensor in the loop. "
        "To see it: with accelerator.measure() as ledger: call simulate_nqm on tensors on 'sim', then print ledger.synchronized_by."
    )
    that(waits[1] <= waits[0], claim, f"It waited {waits[0]} times in 2 steps and {waits[1]} times in 6.")
