"""Synchronizations, transfers, operations and the history of a measurement."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from autograder import accelerator


@pytest.fixture
def x():
    return torch.tensor([1.0, 0.0, 3.0], device="sim")


@pytest.mark.parametrize(
    ("cause", "wait"),
    [
        ("item", lambda x: x[0].item()),
        ("item", lambda x: float(x.sum())),
        ("item", lambda x: int(x[2])),
        ("item", lambda x: bool(x[0] > 0)),
        ("item", lambda x: 1 if x[0] > 0 else 2),
        ("item", lambda x: f"{x.sum():.2f}"),
        ("allclose", lambda x: torch.allclose(x, x)),
        ("item", lambda x: max(0.0, x.sum())),
        ("copy to host", lambda x: x.cpu()),
        ("copy to host", lambda x: x.to("cpu")),
        ("copy to host", lambda x: x.tolist()),
        ("copy to host", lambda x: x.numpy(force=True)),
        ("copy to host", lambda x: repr(x)),
        ("copy to host", lambda x: torch.zeros(3).copy_(x)),
        ("nonzero", lambda x: x.nonzero()),
        ("unique", lambda x: x.unique()),
        ("masked_select", lambda x: x.masked_select(x > 0)),
        ("index with a mask", lambda x: x[x > 0]),
        ("index with a mask", lambda x: x.index_put_((x > 0,), torch.ones(2, device="sim"))),
        ("bincount", lambda x: x.long().bincount()),
        ("equal", lambda x: torch.equal(x, x)),
        ("linalg error check", lambda x: torch.linalg.inv(x.diag() + 1)),
        ("synchronize", lambda x: torch.sim.synchronize()),
    ],
)
def test_waiting_for_the_device_is_counted_with_its_cause(x, measured, cause, wait):
    wait(x)
    assert measured.synchronized_by == {cause: 1}
    assert measured.synchronizations == 1


@pytest.mark.parametrize(
    "work",
    [
        lambda x: x * 2 + x.sum(),
        lambda x: torch.where(x > 0, x, 0.0),
        lambda x: x.masked_fill(x > 0, 5.0),
        lambda x: x.clone().__setitem__(x > 0, 5.0),
        lambda x: x.clamp_(min=0.5),
        lambda x: x.to(torch.float64),
        lambda x: x[torch.tensor([0, 2], device="sim")],
        lambda x: x.clone().copy_(x),
        lambda x: x.shape[0] + x.dim() + x.numel() + len(x),
        lambda x: x.topk(2),
        lambda x: x * torch.tensor(2.0),
        lambda x: torch.nn.utils.clip_grad_norm_([x.clone().requires_grad_()], 1.0),
    ],
)
def test_work_on_the_device_does_not_wait(x, measured, work):
    work(x)
    assert measured.synchronizations == 0


def test_training_steps_of_the_optimizers_do_not_wait():
    for optimizer in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad, torch.optim.RMSprop):
        for foreach in (False, True):
            weight = torch.ones(3, device="sim", requires_grad=True)
            step = optimizer([weight], lr=0.1, foreach=foreach)
            weight.grad = torch.ones(3, device="sim")
            step.step()
            with accelerator.measure() as ledger:
                step.step()
            assert (optimizer.__name__, ledger.synchronized_by) == (optimizer.__name__, {})
            assert ledger.transfers == accelerator.Transfers()


def test_copies_to_the_device_are_counted_with_their_bytes(measured):
    torch.ones(10).to("sim")
    torch.zeros(10, device="sim").copy_(torch.ones(10))
    torch.tensor([1.0, 2.0], device="sim")
    assert measured.transfers == accelerator.Transfers(to_device=3, to_device_bytes=40 + 40 + 8)
    assert measured.synchronizations == 0


def test_copies_to_the_host_are_counted_with_their_bytes(measured):
    x = torch.ones(10, device="sim")
    x.cpu()
    torch.zeros(10).copy_(x)
    assert measured.transfers == accelerator.Transfers(to_host=2, to_host_bytes=80)


def test_a_copy_with_conversion_sends_the_bytes_that_cuda_sends(measured):
    """To the device the source travels, to the host the result: the device converts."""
    torch.ones(10).to("sim", torch.float64).to("cpu", torch.float32)
    assert measured.transfers == accelerator.Transfers(1, 40, 1, 40)


def test_making_a_tensor_on_the_device_is_no_transfer(measured):
    torch.zeros(3, device="sim")
    torch.randn(3, device="sim")
    torch.arange(3, device="sim")
    torch.ones_like(torch.zeros(3, device="sim"))
    assert measured.transfers == accelerator.Transfers()


def test_an_index_on_the_host_is_sent_to_the_device(x, measured):
    x[torch.tensor([0, 2])]
    assert measured.transfers == accelerator.Transfers(to_device=1, to_device_bytes=16)


def test_a_data_loader_sends_every_batch_once(measured):
    for inputs, targets in DataLoader(TensorDataset(torch.randn(6, 2), torch.arange(6)), batch_size=2):
        inputs.to("sim", non_blocking=True)
        targets.to("sim")
    assert measured.transfers == accelerator.Transfers(to_device=6, to_device_bytes=6 * 2 * 4 + 6 * 8)


def test_operations_are_counted(x, measured):
    before = measured.operations
    ((x + 1) * 2).sum()
    assert measured.operations - before == 3


def test_the_history_tells_each_operation_and_the_bytes_alive_after_it():
    x = torch.zeros(256, device="sim")
    with accelerator.measure() as ledger:
        y = x + 1
        y.mul_(2)
        del y
        z = x.double()
    assert [(name, live - ledger.start) for name, live in ledger.history] == [("add", 1024), ("mul_", 1024), ("_to_copy", 2048)]
    del z


def test_a_ledger_is_closed_with_its_block():
    with accelerator.measure() as ledger:
        kept = torch.zeros(256, device="sim")
    operations, live = ledger.operations, ledger.live
    other = kept + 1
    assert (ledger.operations, ledger.live, ledger.peak) == (operations, live, live)
    del other


def test_nested_measurements_count_what_happens_inside():
    with accelerator.measure() as outer:
        torch.zeros(256, device="sim").sum().item()
        with accelerator.measure() as inner:
            torch.zeros(256, device="sim").sum().item()
    assert (inner.synchronizations, outer.synchronizations) == (1, 2)
    assert inner.operations * 2 == outer.operations


def test_a_measurement_ends_with_an_exception():
    with pytest.raises(ZeroDivisionError), accelerator.measure() as ledger:
        raise ZeroDivisionError
    torch.zeros(1, device="sim")
    assert ledger.operations == 0


def test_the_ledger_of_the_process_counts_without_being_opened():
    accelerator.ledger.reset()
    torch.zeros(3, device="sim").sum().item()
    assert accelerator.ledger.synchronizations == 1
    assert accelerator.ledger.history == []


def test_a_ledger_is_readable():
    with accelerator.measure() as ledger:
        torch.ones(3).to("sim").cpu()
    assert repr(ledger).endswith("synchronizations=1, transfers=1 to the device and 1 to the host, operations=2)")
