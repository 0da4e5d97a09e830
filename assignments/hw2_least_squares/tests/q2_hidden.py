from contextlib import suppress

import torch
from otter.test_files import test_case

from checks import DeviceMistake, close, counting, devices, function, on_device, returned, rng, that

# Six steps in float64 with numbers of size one. f⋆ carries a rounding of about 1e-15 of f(w_0), whichever way it is found:
# hence the absolute part.
RUN_RTOL = 1e-9
RUN_ATOL = 1e-11


def built(draw, n, squares):
    """X with these eigenvalues of XᵀX, y with a residual that no w can remove, a minimizer, and a start with errors in every direction."""
    p = len(squares)
    U = torch.linalg.qr(torch.randn(n, p, generator=draw, dtype=torch.float64)).Q
    V = torch.linalg.qr(torch.randn(p, p, generator=draw, dtype=torch.float64)).Q
    X = U @ torch.diag(torch.tensor(squares, dtype=torch.float64).sqrt()) @ V.T
    best = torch.randn(p, generator=draw, dtype=torch.float64)
    rest = torch.randn(n, generator=draw, dtype=torch.float64)
    errors = V @ (0.5 + torch.rand(p, generator=draw, dtype=torch.float64))
    return X, X @ best + rest - U @ (U.T @ rest), best, best + errors


def half_square(r):
    return sum(a * a for a in r.tolist()) / 2


@test_case(points=2, hidden=True)
def a_run_from_any_start_follows_the_closed_form(env):
    """The error is multiplied by I − αXᵀX at each step, for a step that converges and for one that does not."""
    gradient_descent = function(env, "gradient_descent")
    draw = rng()
    X, y, best, w0 = built(draw, 9, [2.0, 0.7, 0.3, 0.1])
    for step in (0.65, 1.2):
        w, losses = returned(gradient_descent(X, y, n_steps=6, step_size=step, w0=w0.clone()), "w", "losses")
        M = torch.eye(4, dtype=torch.float64) - step * X.T @ X
        errors = [torch.linalg.matrix_power(M, k) @ (w0 - best) for k in range(7)]
        expected = [half_square(X @ e) / half_square(X @ errors[0]) for e in errors[1:]]
        kind = "stable" if step * 2.0 < 2 else "too large"
        claim = (
            f"From a start w0 of its own and with a step that is {kind}, every step must multiply the error w_k − w⋆ by I − αXᵀX. "
            "To see it: compare w − w⋆ before and after one step, with w⋆ from torch.linalg.lstsq."
        )
        close(w, best + errors[6], rtol=RUN_RTOL, atol=RUN_ATOL, what="w", claim=claim)
        claim = (
            f"From a start w0 of its own and with a step that is {kind}, losses must hold (f(w) − f⋆) / (f(w0) − f⋆) after each step. "
            "To see it: take n_steps=1, and compute the one entry from w0 and the returned w."
        )
        close(losses, expected, rtol=RUN_RTOL, atol=RUN_ATOL, what="losses", claim=claim)


@test_case(points=1, hidden=True)
def more_weights_than_samples_are_no_obstacle(env):
    """Then XᵀX is singular; all data can be fitted, so f⋆ = 0."""
    gradient_descent = function(env, "gradient_descent")
    draw = rng()
    wide, _, _, _ = built(draw, 12, [1.5, 0.8, 0.4, 0.2, 0.1])
    X = wide.T.contiguous()
    y = torch.randn(5, generator=draw, dtype=torch.float64)
    w, expected = torch.zeros(12, dtype=torch.float64), []
    for _ in range(5):
        w = w - 0.9 * sum((X[i] @ w - y[i]) * X[i] for i in range(5))
        expected.append(half_square(X @ w - y) / half_square(y))
    got, losses = returned(gradient_descent(X, y, n_steps=5, step_size=0.9), "w", "losses")
    claim = (
        "With p > n the smallest value f⋆ is zero and XᵀX cannot be inverted; the run and its losses must be right all the same. "
        "To see it: call gradient_descent with X = torch.randn(3, 5, dtype=torch.float64)."
    )
    close(got, w, rtol=RUN_RTOL, atol=RUN_ATOL, what="w", claim=claim)
    close(losses, expected, rtol=RUN_RTOL, atol=RUN_ATOL, what="losses", claim=claim)


@test_case(points=1, hidden=True)
def float32_data_give_float32_weights(env):
    gradient_descent = function(env, "gradient_descent")
    X, y = torch.eye(3, 2), torch.tensor([1.0, 2.0, 2.0])
    w, _ = returned(gradient_descent(X, y, n_steps=2, step_size=0.5), "w", "losses")
    claim = "For float32 data the weights must be right in float32. To see it: call gradient_descent with X.float() and y.float()."
    close(w, 0.75 * y[:2], rtol=1e-5, what="w", claim=claim)


@test_case(points=1, hidden=True)
def a_run_stays_on_the_device_of_the_data(env):
    """Three steps on the simulated accelerator, and on a GPU where there is one: the numbers of the CPU, and w on the device."""
    gradient_descent = function(env, "gradient_descent")
    draw = rng()
    X, y, best, w0 = built(draw, 7, [1.6, 0.6, 0.2])
    M = torch.eye(3, dtype=torch.float64) - 0.8 * X.T @ X
    for start in (None, w0):
        first = -best if start is None else w0 - best
        errors = [torch.linalg.matrix_power(M, k) @ first for k in range(4)]
        expected = [half_square(X @ e) / half_square(X @ errors[0]) for e in errors[1:]]
        for device in ("cpu", *devices()):
            claim = f"For data on {device}, w must come back on {device} and every number be that of the CPU. To see it: print w.device."
            with on_device(device):
                data = X.to(device, copy=True), y.to(device, copy=True)
                given = None if start is None else start.to(device, copy=True)
                w, losses = returned(gradient_descent(*data, n_steps=3, step_size=0.8, w0=given), "w", "losses")
                that(isinstance(w, torch.Tensor) and w.device.type == device, claim)
                close(w.cpu(), best + errors[3], rtol=RUN_RTOL, atol=RUN_ATOL, what="w", claim=claim)
                close(losses, expected, rtol=RUN_RTOL, atol=RUN_ATOL, what="losses", claim=claim)


@test_case(points=1, hidden=True)
def a_longer_run_waits_no_more_often_for_the_device(env):
    """The losses are read once, after the last step. About 150 operations."""
    gradient_descent = function(env, "gradient_descent")
    draw = rng()
    X, y, _, w0 = built(draw, 6, [1.0, 0.4])
    waits = []
    for n_steps in (3, 9):
        with counting(env) as counts, suppress(DeviceMistake), on_device("sim"):  # the case above charges it
            returned(gradient_descent(X.to("sim"), y.to("sim"), n_steps=n_steps, step_size=0.5, w0=w0.to("sim")), "w", "losses")
        waits.append(counts.synchronizations)
    claim = (
        "How often the processor waits for the device must not grow with n_steps: no .item(), float(...) or `if` on a tensor in the loop. "
        "To see it: with accelerator.measure() as ledger: gradient_descent(X.to('sim'), y.to('sim')), then print ledger.synchronized_by."
    )
    that(waits[1] <= waits[0], claim, f"It waited {waits[0]} times in 3 steps and {waits[1]} times in 9.")
