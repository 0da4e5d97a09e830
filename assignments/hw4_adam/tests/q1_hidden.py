from contextlib import suppress

import torch
from otter.test_files import test_case

from checks import DeviceMistake, close, counting, devices, function, on_device, returned, rng, that

# Six steps in float64 with numbers of size one: rounding stays below 1e-14. The absolute part is for weights that land near zero.
LONG_RTOL = 1e-9
LONG_ATOL = 1e-9


def scalar_adam(w, g, m, v, t, alpha, beta1, beta2, eps):
    """The step for one number, in plain Python."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return w - alpha * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)) ** 0.5 + eps), m, v


@test_case(points=2, hidden=True)
def a_run_that_starts_in_the_middle_follows_the_formula(env):
    """Steps t = 4 to 9 from moments that are not zero, with hyperparameters at which every term counts."""
    adam_step = function(env, "adam_step")
    draw = rng()
    settings = {"alpha": 0.2, "beta1": 0.6, "beta2": 0.8, "eps": 1e-2}
    w, m = torch.randn(2, 5, generator=draw, dtype=torch.float64)
    v = torch.rand(5, generator=draw, dtype=torch.float64) + 0.5
    numbers = list(zip(w.tolist(), m.tolist(), v.tolist(), strict=True))
    for t in range(4, 10):
        g = torch.randn(5, generator=draw, dtype=torch.float64)
        numbers = [scalar_adam(w1, g1, m1, v1, t, **settings) for (w1, m1, v1), g1 in zip(numbers, g.tolist(), strict=True)]
        w, m, v = returned(adam_step(w, g, m, v, t, **settings), "w", "m", "v")
    claim = (
        "A run from t = 4 to t = 9 must follow the formula coordinate by coordinate. It does not. To see it: take a weight, a gradient "
        "and moments of your own, alpha=0.2, beta1=0.6, beta2=0.8, eps=0.01, and compare one step with a calculator."
    )
    for name, got, expected in zip(("w", "m", "v"), (w, m, v), zip(*numbers, strict=True), strict=True):
        close(got, torch.tensor(expected, dtype=torch.float64), rtol=LONG_RTOL, atol=LONG_ATOL, what=name, claim=claim)


@test_case(points=2, hidden=True)
def any_shape_and_floating_type_goes_through(env):
    """A number, a matrix and a three-way array; what is float32 stays float32."""
    adam_step = function(env, "adam_step")
    draw = rng()
    for shape in ((), (2, 3), (2, 3, 4)):
        for dtype in (torch.float32, torch.float64):
            w, g, m = torch.randn(3, *shape, generator=draw, dtype=dtype)
            parts = returned(adam_step(w, g, m, g**2, 2), "w", "m", "v")
            for name, part in zip(("w", "m", "v"), parts, strict=True):
                that(
                    isinstance(part, torch.Tensor) and part.shape == w.shape and part.dtype == dtype,
                    f"{name} must come back with the shape and dtype of w, also for numbers, matrices and float32. "
                    f"To see it: print the shape and dtype of what adam_step returns for w = torch.ones(2, 3).",
                    f"{name} is {getattr(part, 'dtype', type(part).__name__)} of shape {tuple(getattr(part, 'shape', ()))}.",
                )


SOME_SETTINGS = {"alpha": 0.2, "beta1": 0.6, "beta2": 0.8, "eps": 1e-2}


@test_case(points=1, hidden=True)
def results_stay_on_the_device_of_the_inputs(env):
    """What comes from a device goes back there: on the simulated accelerator, and on a GPU where there is one."""
    adam_step = function(env, "adam_step")
    w, g, m = torch.randn(3, 4, generator=rng(), dtype=torch.float64)
    columns = zip(
        *(scalar_adam(*numbers, 2, **SOME_SETTINGS) for numbers in zip(*(x.tolist() for x in (w, g, m, g**2)), strict=True)), strict=True
    )
    expected = [torch.tensor(column, dtype=torch.float64) for column in columns]
    for device in ("cpu", *devices()):
        with on_device(device):
            given = [x.to(device, copy=True) for x in (w, g, m, g**2)]
            parts = returned(adam_step(*given, 2, **SOME_SETTINGS), "w", "m", "v")
            for name, part, value in zip(("w", "m", "v"), parts, expected, strict=True):
                claim = (
                    f"For inputs on {device}, {name} must come back on {device}, with the values of the formula. "
                    "To see it: print its .device."
                )
                that(isinstance(part, torch.Tensor) and part.device.type == device, claim)
                close(part.cpu(), value, rtol=LONG_RTOL, atol=LONG_ATOL, what=name, claim=claim)


@test_case(points=1, hidden=True)
def a_step_never_waits_for_the_device(env):
    """A Python number made from a tensor makes the processor wait until the device has caught up."""
    adam_step = function(env, "adam_step")
    if "sim" in devices():
        w, g, m = (x.to("sim") for x in torch.randn(3, 4, generator=rng(), dtype=torch.float64))
        with counting(env) as counts, suppress(DeviceMistake), on_device("sim"):  # the case above charges it
            returned(adam_step(w, g, m, g**2, 2), "w", "m", "v")
        that(
            counts.synchronizations == 0,
            "adam_step makes the processor wait: a tensor becomes a Python number (.item(), float(x), an `if` on a tensor) or "
            "is copied to the CPU. To see it: with accelerator.measure() as ledger: adam_step(...) on tensors on 'sim', then print "
            "ledger.synchronized_by.",
            f"It waited {counts.synchronizations} times.",
        )
