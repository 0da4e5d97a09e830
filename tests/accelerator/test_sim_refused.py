"""What the device does not serve is refused by name, and no error ends the process."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

REFUSED = {
    "autocast": lambda: autocast(lambda: torch.ones(3, device="sim") * 2),
    "nn.LSTM": lambda: nn.LSTM(3, 4).to("sim")(torch.ones(5, 2, 3, device="sim")),
    "nn.GRU": lambda: nn.GRU(3, 4).to("sim")(torch.ones(5, 2, 3, device="sim")),
    "pinned memory": lambda: torch.ones(3).pin_memory(),
    "torch.sparse_coo tensors": lambda: torch.ones(3, device="sim").to_sparse(),
    "shared memory": lambda: torch.ones(3, device="sim").share_memory_(),
    "DLPack": lambda: torch.from_dlpack(torch.ones(3, device="sim")),
    "access to storages": lambda: torch.ones(3, device="sim").set_(torch.ones(3).untyped_storage()),
}


def autocast(function):
    with torch.autocast("sim", dtype=torch.bfloat16):
        return function()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name):
    with pytest.raises(NotImplementedError) as caught:
        REFUSED[name]()
    assert str(caught.value) == f"{name}: not served by the simulated accelerator (sim). Use the CPU for it, or a real accelerator."


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_quantized_tensors_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="quantized tensors: not served"):
        torch.quantize_per_tensor(torch.ones(3, device="sim"), 0.1, 1, torch.quint8)


def test_a_data_loader_with_pinned_memory_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="pinned memory: not served"):
        next(iter(DataLoader(TensorDataset(torch.ones(2)), pin_memory=True)))


def test_creating_in_pinned_memory_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="pinned memory: not served"):
        torch.zeros(3, device="sim", pin_memory=True)


def test_there_are_no_generators_of_the_device():
    with pytest.raises(NotImplementedError, match="getNewGenerator"):  # PyTorch's own words, before it asks the backend
        torch.Generator("sim")


@pytest.mark.parametrize(
    "draw",
    [
        lambda generator: torch.randn(3, device="sim", generator=generator),
        lambda generator: torch.randperm(3, device="sim", generator=generator),
        lambda generator: torch.zeros(3, device="sim").normal_(generator=generator),
        lambda generator: torch.multinomial(torch.ones(3, device="sim"), 2, generator=generator),
    ],
)
def test_a_generator_of_the_cpu_is_refused_as_by_cuda(draw):
    with pytest.raises(RuntimeError, match="Expected a 'sim' device type for generator but found 'cpu'"):
        draw(torch.Generator())


def test_autocast_that_is_disabled_does_nothing():
    with torch.autocast("sim", enabled=False):
        assert (torch.ones(3, device="sim") * 2).tolist() == [2.0, 2.0, 2.0]


IN_BACKWARD = """
import json, torch
from torch.utils.checkpoint import checkpoint
from autograder import accelerator

x = torch.ones(3, device="sim", requires_grad=True)

def fail(*_):
    raise KeyError("mine")

def tensor_hook():
    y = (x * x).sum()
    y.register_hook(fail)
    return y

def accumulation_hook():
    z = x.detach().requires_grad_()
    z.register_post_accumulate_grad_hook(fail)
    return (z * z).sum()

def unpack_hook():
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, fail):
        return (x * x).sum()

class Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2
    @staticmethod
    def backward(ctx, gradient):
        return fail()

def custom_function():
    return Function.apply(x).sum()

class Mixed(Function):
    @staticmethod
    def backward(ctx, gradient):
        return gradient + torch.ones(3)

def mixed_devices():
    return Mixed.apply(x).sum()

def recomputation(reentrant):
    calls = []
    def segment(x):
        calls.append(x)
        return x.exp() if len(calls) == 1 else fail()
    return checkpoint(segment, x, use_reentrant=reentrant).sum()

def out_of_memory():
    return (x.exp() * x.exp()).sum()

def out_of_memory_in_recomputation(reentrant):
    return checkpoint(lambda x: x.exp().exp() * x, x, use_reentrant=reentrant).sum()

cases = {f.__name__: f for f in (tensor_hook, accumulation_hook, unpack_hook, custom_function, mixed_devices, out_of_memory)}
for mode in (True, False):
    cases[f"recomputation_{mode}"] = lambda mode=mode: recomputation(mode)
    cases[f"out_of_memory_in_recomputation_{mode}"] = lambda mode=mode: out_of_memory_in_recomputation(mode)

def outcome(case):
    loss = case()
    capacity = torch.sim.memory_allocated() + 8 if "memory" in name else None
    try:
        with accelerator.measure(capacity):
            loss.backward()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

for name, case in cases.items():
    print(json.dumps([name, outcome(case)]), flush=True)
    x.grad = None
    before = torch.sim.memory_allocated()
    outcome(case)
    x.grad = None
    print(json.dumps([name + " leaves no memory behind", torch.sim.memory_allocated() - before]), flush=True)
    (x * x).sum().backward()
    print(json.dumps([name + " and goes on", x.grad.tolist()]), flush=True)
    x.grad = None
"""

MINE = "KeyError: 'mine'"
OUTCOMES = {
    "tensor_hook": MINE,
    "accumulation_hook": MINE,
    "unpack_hook": MINE,
    "custom_function": MINE,
    "recomputation_True": MINE,
    "recomputation_False": MINE,
    "mixed_devices": "RuntimeError: Expected all tensors to be on the same device",
    "out_of_memory": "OutOfMemoryError: sim out of memory",
    "out_of_memory_in_recomputation_True": "OutOfMemoryError: sim out of memory",
    "out_of_memory_in_recomputation_False": "OutOfMemoryError: sim out of memory",
}


@pytest.fixture(scope="module")
def outcomes():
    process = subprocess.run(
        [sys.executable, "-c", IN_BACKWARD],
        capture_output=True,
        text=True,
        timeout=300,
        env={"PYTHONPATH": ":".join(sys.path), "CUDA_VISIBLE_DEVICES": ""},
    )
    assert process.returncode == 0, f"the process died with {process.returncode} after:\n{process.stdout}\n{process.stderr[-500:]}"
    return dict(map(json.loads, process.stdout.splitlines()))


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_exception_in_backward_reaches_the_caller(outcomes, name):
    assert outcomes[name].startswith(OUTCOMES[name])


@pytest.mark.parametrize("name", OUTCOMES)
def test_after_an_exception_in_backward_the_process_goes_on(outcomes, name):
    assert outcomes[f"{name} and goes on"] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_exception_in_backward_leaves_no_memory_behind(outcomes, name):
    assert outcomes[f"{name} leaves no memory behind"] == 0
