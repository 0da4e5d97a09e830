"""Where results lie, the errors for mixed devices, and how the device comes into the process."""

import subprocess
import sys
import textwrap

import numpy
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder import accelerator


@pytest.fixture
def x():
    return torch.ones(3, 3, device="sim")


@pytest.mark.parametrize(
    "mix",
    [
        lambda x: x + torch.ones(3, 3),
        lambda x: torch.ones(3, 3) + x,
        lambda x: x.add_(torch.ones(3, 3)),
        lambda x: torch.ones(3, 3).add_(x),
        lambda x: x @ torch.ones(3, 3),
        lambda x: torch.ones(3) @ x,
        lambda x: torch.cat([x, torch.ones(3, 3)]),
        lambda x: torch.stack([torch.ones(3, 3), x]),
        lambda x: torch.where(x > 0, x, torch.ones(3, 3)),
        lambda x: torch.add(x, x, out=torch.empty(3, 3)),
        lambda x: torch.tensor(1.0).add_(x.sum()),
        lambda x: nn.Linear(3, 3)(x),
        lambda x: nn.Linear(3, 3).to("sim")(torch.ones(3, 3)),
        lambda x: F.mse_loss(x, torch.ones(3, 3)),
        lambda x: F.cross_entropy(x, torch.zeros(3, dtype=torch.long)),
        lambda x: F.embedding(torch.tensor([0, 1]), x),
        lambda x: F.embedding(torch.tensor(0), x),
        lambda x: x.gather(0, torch.zeros(1, 3, dtype=torch.long)),
        lambda x: x.index_select(0, torch.tensor([0])),
        lambda x: x.masked_fill(torch.ones(3, 3, dtype=torch.bool), 0.0),
        lambda x: x.__setitem__(0, x[0] + torch.ones(3)),
        lambda x: x.index_put_((torch.tensor([0, 1], device="sim"),), torch.ones(2, 3)),
        lambda x: torch.linalg.solve(x, torch.ones(3)),
        lambda x: torch._foreach_add([x], [torch.ones(3, 3)]),
        lambda x: torch.einsum("ij,j->i", x, torch.ones(3)),
    ],
)
def test_two_devices_in_one_operation_are_the_error_that_cuda_raises(x, mix):
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device, but found at least two devices"):
        mix(x)


def test_the_message_names_both_devices_the_argument_and_the_operation(x):
    with pytest.raises(RuntimeError) as caught:
        x @ torch.ones(3, 3)
    assert str(caught.value) == (
        "Expected all tensors to be on the same device, but found at least two devices, sim:0 and cpu! "
        "(when checking argument for argument mat2 in method mm)"
    )
    with pytest.raises(RuntimeError, match="two devices, cpu and sim:0!"):
        torch.ones(3, 3) @ x


def test_a_host_tensor_indexed_with_a_device_tensor_is_an_error():
    with pytest.raises(RuntimeError, match=r"indices should be either on cpu or on the same device as the indexed tensor \(cpu\)"):
        torch.ones(3)[torch.tensor([0], device="sim")]


@pytest.mark.parametrize(
    "mix",
    [
        lambda x: x * torch.tensor(2.0),
        lambda x: torch.tensor(2.0) - x,
        lambda x: x.add_(torch.tensor(1.0)),
        lambda x: torch.where(x > 0, x, torch.tensor(0.0)),
        lambda x: x.clamp(min=torch.tensor(0.0)),
        lambda x: x.masked_fill(x > 0, torch.tensor(0.0)),
        lambda x: x[torch.tensor([0, 2])],
        lambda x: x.index_put_((torch.tensor([0, 2]),), torch.tensor(5.0)),
        lambda x: torch._foreach_mul([x], torch.tensor(2.0))[0],
        lambda x: x.to(torch.float64),
        lambda x: torch.zeros_like(x),
        lambda x: x.copy_(torch.ones(3, 3)),
    ],
)
def test_numbers_and_indices_of_the_host_are_accepted_as_by_cuda(x, mix):
    assert mix(x).device == torch.device("sim", 0)


def test_results_lie_where_their_inputs_lie(x):
    assert torch.linalg.svd(x).S.device == x.device
    assert torch.zeros(3).sum().device.type == "cpu"
    assert torch.zeros_like(x, device="cpu").device.type == "cpu"
    assert x.cpu().device.type == "cpu"


def test_a_device_tensor_is_not_converted_to_numpy_silently(x):
    for convert in (lambda: x.numpy(), lambda: numpy.asarray(x), lambda: numpy.sin(x)):
        with pytest.raises(TypeError, match="can't convert sim:0 device type tensor to numpy. Use Tensor.cpu()"):
            convert()


def test_there_is_one_device():
    assert torch.sim.device_count() == 1
    for make in (lambda: torch.zeros(3, device="sim:1"), lambda: torch.tensor(1.0, device="sim:1"), lambda: torch.ones(3).to("sim:1")):
        with pytest.raises(RuntimeError, match="sim error: invalid device ordinal"):
            make()


def test_assigning_a_gradient_of_another_device_is_an_error():
    leaf = torch.ones(3, device="sim", requires_grad=True)
    with pytest.raises(RuntimeError, match="assigned grad has data located on a different device"):
        leaf.grad = torch.ones(3)


def test_a_gradient_of_another_device_is_an_error_where_it_is_used():
    """CUDA raises in ``backward``, which PyTorch does not do for devices written in Python; the optimizer does."""
    leaf = torch.ones(3, device="sim", requires_grad=True)
    (leaf * 2).backward(torch.ones(3))
    assert leaf.grad.device.type == "cpu"
    with pytest.raises(RuntimeError, match="same device"):
        torch.optim.SGD([leaf]).step()


def test_registering_again_does_nothing():
    accelerator.register()
    accelerator.register()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device, which is better")
def test_the_best_device_without_cuda_is_sim():
    operations = accelerator.ledger.operations
    with torch.no_grad():
        assert accelerator.best() == torch.device("sim")
    assert accelerator.ledger.operations == operations, "the trial is not counted"


def test_the_best_device_is_cuda_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert accelerator.best() == torch.device("cuda")


def test_on_an_old_torch_the_best_device_is_the_cpu_with_a_warning(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(accelerator, "_supported", lambda: False)
    with pytest.warns(UserWarning, match=r"needs torch 2\.11 or newer; this is torch .* Using the CPU"):
        assert accelerator.best() == torch.device("cpu")


def test_if_backward_does_not_work_best_says_what_to_do(monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("device_ready_queues_ INTERNAL ASSERT FAILED")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.autograd, "backward", broken)
    with pytest.raises(RuntimeError, match="too late, after a backward pass: restart the session and run the set-up cell first"):
        accelerator.best()


def run(code: str) -> str:
    """What ``code`` prints in a process of its own, in which the device is not registered."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=300,
        env={"PYTHONPATH": ":".join(sys.path), "CUDA_VISIBLE_DEVICES": ""},
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


def test_imported_after_a_backward_pass_the_device_works():
    assert (
        run("""
        import torch
        x = torch.ones(3, requires_grad=True)
        (x * 2).sum().backward()
        from autograder import accelerator
        print(accelerator.best())
        y = torch.ones(3, device="sim", requires_grad=True)
        (y * 2).sum().backward()
        print(y.grad.tolist())
    """)
        == "sim\n[2.0, 2.0, 2.0]"
    )


def test_the_file_under_a_second_name_is_the_same_device():
    """Students import ``accelerator``, the grader ``autograder.accelerator``."""
    assert (
        run("""
        import importlib.util, sys
        from autograder import accelerator as first
        spec = importlib.util.spec_from_file_location("accelerator", first.__file__)
        sys.path.insert(0, first.__file__.rpartition("/")[0])
        import accelerator as second
        print(first is second)
    """)
        == "True"
    )


def test_where_cuda_is_available_the_import_does_not_register():
    assert (
        run("""
        import torch
        torch.cuda.is_available = lambda: True
        from autograder import accelerator
        print(hasattr(torch, "sim"))
        accelerator.register()
        print(torch.ones(3, device="sim").device)
    """)
        == "False\nsim:0"
    )


def test_registering_after_another_backend_says_so():
    assert "'other' has taken it" in run("""
        import torch
        torch.utils.rename_privateuse1_backend("other")
        torch.cuda.is_available = lambda: True
        from autograder import accelerator
        try:
            accelerator.register()
        except RuntimeError as error:
            print(error)
    """)


def test_a_fork_after_registering_can_run_backward():
    """The grader registers the device once and forks a process per submission."""
    assert (
        run("""
        import os, torch
        from autograder import accelerator
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                x = torch.ones(3, device="sim", requires_grad=True)
                (x * 2).sum().backward()
                os._exit(int(x.grad.sum().item()))
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
        == "6\n6"
    )


def test_importing_it_imports_nothing_that_torch_has_not():
    said = run("""
        import sys, torch
        before = set(sys.modules)
        from autograder import accelerator
        print(sorted(set(sys.modules) - before))
    """)
    assert said == "['autograder', 'autograder.accelerator', 'torch.sim']"
