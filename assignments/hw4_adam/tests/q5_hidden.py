import torch
from otter.test_files import test_case

from checks import close, function, returned, rng

# Five steps in float64 with numbers of size one; the absolute part is for weights that land near zero.
LONG_RTOL = 1e-9
LONG_ATOL = 1e-9


def torch_run(kind, w, gradients, lam):
    """The same run by an optimizer of PyTorch."""
    w = w.clone().requires_grad_()
    optimizer = kind([w], lr=0.2, betas=(0.6, 0.8), eps=1e-2, weight_decay=lam)
    for g in gradients:
        w.grad = g.clone()
        optimizer.step()
    return w.detach()


def student_run(step, w, gradients, lam):
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        w, m, v = returned(step(w, g, m, v, t, alpha=0.2, beta1=0.6, beta2=0.8, eps=1e-2, lam=lam), "w", "m", "v")
    return w


@test_case(points=2, hidden=True)
def adamw_follows_torch_adamw(env):
    """Five steps with random gradients and a large decay."""
    step = function(env, "adamw_step")
    w, *gradients = torch.randn(6, 12, generator=rng(), dtype=torch.float64)
    claim = (
        "Five steps of adamw_step must end where torch.optim.AdamW ends. To see it: run both on three gradients of your own, with "
        "alpha=0.2, beta1=0.6, beta2=0.8, eps=0.01, lam=0.7."
    )
    expected = torch_run(torch.optim.AdamW, w, gradients, 0.7)
    close(student_run(step, w, gradients, 0.7), expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="w", claim=claim)


@test_case(points=3, hidden=True)
def adam_l2_follows_torch_adam(env):
    """Five steps with random gradients and a large penalty."""
    step = function(env, "adam_l2_step")
    w, *gradients = torch.randn(6, 12, generator=rng(), dtype=torch.float64)
    claim = (
        "Five steps of adam_l2_step must end where torch.optim.Adam with weight_decay ends. To see it: run both on three gradients of your "
        "own, with alpha=0.2, beta1=0.6, beta2=0.8, eps=0.01, lam=0.7."
    )
    expected = torch_run(torch.optim.Adam, w, gradients, 0.7)
    close(student_run(step, w, gradients, 0.7), expected, rtol=LONG_RTOL, atol=LONG_ATOL, what="w", claim=claim)
