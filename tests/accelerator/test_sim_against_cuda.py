"""``sim`` agrees with a real accelerator on devices, errors, values and the memory that is kept for backward.

Compared without dropout and fused attention, whose kernels keep other things, and after a warm-up, in which CUDA's libraries allocate
their workspaces. CUDA rounds every allocation up to 512 bytes; the sizes here are multiples of it.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from autograder import accelerator

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="NO CUDA DEVICE: sim has not been compared with a real accelerator")

WIDTH = 128


class Attention(nn.Module):
    """Attention in separate operations, as the homeworks write it."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, 3 * WIDTH, bias=False)

    def forward(self, x):
        q, k, v = self.project(x).chunk(3, dim=-1)
        return (q @ k.mT / WIDTH**0.5).softmax(-1) @ v


class Checkpointed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU()) for _ in range(4))

    def forward(self, x):
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False)
        return x


MODELS = {
    "linear": lambda: nn.Linear(WIDTH, WIDTH, bias=False),
    "mlp": lambda: nn.Sequential(*(layer for _ in range(3) for layer in (nn.Linear(WIDTH, WIDTH), nn.GELU()))),
    "relu": lambda: nn.Sequential(*(layer for _ in range(3) for layer in (nn.Linear(WIDTH, WIDTH), nn.ReLU()))),
    "attention": Attention,
    "checkpointed": Checkpointed,
}


def kept_and_peak(model, device: str) -> tuple[int, int]:
    """Bytes kept between forward and backward, and the most bytes alive at one time, both beyond the start of the step."""
    memory = getattr(torch, device)
    model = model.to(device)
    x = torch.ones(4, WIDTH, WIDTH, device=device)
    for measured in (False, True):
        model.zero_grad()
        memory.reset_peak_memory_stats()
        start = memory.memory_allocated()
        y = model(x)
        loss = y.square().mean()
        del y
        kept = memory.memory_allocated() - start
        loss.backward()
        peak = memory.max_memory_allocated() - start
        del loss
        if measured:
            return kept, peak
    raise AssertionError("unreachable")


@pytest.mark.parametrize("name", MODELS)
def test_kept_activations_and_peak_agree_within_rounding(name):
    torch.manual_seed(0)
    expected, actual = kept_and_peak(MODELS[name](), "cuda"), kept_and_peak(MODELS[name](), "sim")
    slack = 512 * 64  # 64 small allocations, rounded
    assert abs(actual[0] - expected[0]) <= slack
    assert abs(actual[1] - expected[1]) <= slack + 0.02 * expected[1]


SNIPPETS = {
    "add": lambda d: torch.ones(3, device=d) + torch.ones(3),
    "add a number": lambda d: torch.ones(3, device=d) + torch.tensor(1.0),
    "add to the host": lambda d: torch.ones(3).add_(torch.ones(3, device=d)),
    "add a device number to the host": lambda d: torch.ones(3) + torch.tensor(1.0, device=d),
    "write to a number": lambda d: torch.tensor(1.0).add_(torch.ones((), device=d)),
    "matmul": lambda d: torch.ones(3, 3, device=d) @ torch.ones(3, 3),
    "cat": lambda d: torch.cat([torch.ones(3, device=d), torch.ones(3)]),
    "where": lambda d: torch.where(torch.ones(3, device=d) > 0, torch.ones(3, device=d), torch.ones(3)),
    "where a number": lambda d: torch.where(torch.ones(3, device=d) > 0, torch.ones(3, device=d), torch.tensor(1.0)),
    "index on the host": lambda d: torch.ones(3, device=d)[torch.tensor([0])],
    "index on the device": lambda d: torch.ones(3)[torch.tensor([0], device=d)],
    "put a number": lambda d: torch.ones(3, device=d).index_put_((torch.tensor([0]),), torch.tensor(1.0)),
    "put": lambda d: torch.ones(3, device=d).index_put_((torch.tensor([0, 1]),), torch.ones(2)),
    "embedding": lambda d: F.embedding(torch.tensor([0]), torch.ones(3, 3, device=d)),
    "embedding of a number": lambda d: F.embedding(torch.tensor(0), torch.ones(3, 3, device=d)),
    "gather": lambda d: torch.ones(3, device=d).gather(0, torch.tensor([0])),
    "index_select": lambda d: torch.ones(3, device=d).index_select(0, torch.tensor(0)),
    "masked_fill": lambda d: torch.ones(3, device=d).masked_fill(torch.ones(3, dtype=torch.bool), 0.0),
    "cross entropy": lambda d: F.cross_entropy(torch.ones(3, 3, device=d), torch.zeros(3, dtype=torch.long)),
    "copy": lambda d: torch.ones(3, device=d).copy_(torch.ones(3)),
    "out": lambda d: torch.add(torch.ones(3, device=d), 1, out=torch.empty(3)),
    "foreach": lambda d: torch._foreach_add([torch.ones(3, device=d)], [torch.ones(3)])[0],
    "clamp": lambda d: torch.ones(3, device=d).clamp(min=torch.tensor(0.0)),
    "numpy": lambda d: torch.ones(3, device=d).numpy(),
    "generator": lambda d: torch.randn(3, device=d, generator=torch.Generator()),
    "zeros_like": lambda d: torch.zeros_like(torch.ones(3, device=d)),
    "new_tensor": lambda d: torch.ones(3, device=d).new_tensor([1.0]),
    "tensor": lambda d: torch.tensor([1.0], device=d),
    "nonzero": lambda d: torch.ones(3, device=d).nonzero(),
    "set data": lambda d: setattr(p := nn.Parameter(torch.ones(3)), "data", torch.ones(3, device=d)) or p,
    "module": lambda d: nn.Linear(3, 3).to(d).weight,
    "second device": lambda d: torch.zeros(3, device=f"{d}:99"),
}


def outcome(snippet, device: str) -> str:
    try:
        return f"a tensor on {snippet(device).device.type.replace(device, 'the device')}"
    except (RuntimeError, TypeError, IndexError) as error:
        return "a RuntimeError" if isinstance(error, RuntimeError) else f"a {type(error).__name__}"


@pytest.mark.parametrize("name", SNIPPETS)
def test_error_or_device_of_the_result_agrees(name):
    assert outcome(SNIPPETS[name], "sim") == outcome(SNIPPETS[name], "cuda")


@pytest.mark.parametrize("name", MODELS)
def test_values_and_gradients_agree(name):
    torch.manual_seed(0)
    model = MODELS[name]()
    x = torch.randn(2, 8, WIDTH)
    results = []
    for device in ("cuda", "sim"):
        model.to(device).zero_grad()
        y = model(x.to(device))
        y.square().mean().backward()
        results.append([y.detach().cpu(), *(p.grad.cpu() for p in model.parameters())])
    torch.testing.assert_close(results[1], results[0], rtol=1e-3, atol=1e-4)


def test_the_error_beyond_the_memory_is_caught_alike():
    for device in ("cuda", "sim"):
        with pytest.raises(torch.OutOfMemoryError, match="out of memory. Tried to allocate"), accelerator.measure(capacity=2**40):
            torch.empty(2**44, device=device)
