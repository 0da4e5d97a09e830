"""A limit on memory, and the error beyond it."""

import pickle

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from autograder import accelerator

MIB = 2**20


@pytest.fixture
def room():
    """A function from bytes to a capacity that leaves that much room."""
    return lambda nbytes: torch.sim.memory_allocated() + nbytes


def test_beyond_the_capacity_an_out_of_memory_error_is_raised(room):
    with accelerator.measure(capacity=room(MIB)):
        kept = torch.zeros(MIB // 4, device="sim")
        with pytest.raises(accelerator.OutOfMemoryError):
            torch.zeros(1, device="sim")
        del kept


def test_exactly_the_capacity_fits(room):
    with accelerator.measure(capacity=room(MIB)) as ledger:
        torch.zeros(MIB // 4, device="sim")
    assert ledger.peak - ledger.start == MIB


def test_the_error_is_the_one_that_code_for_cuda_catches(room):
    with accelerator.measure(capacity=room(MIB)), pytest.raises(torch.OutOfMemoryError) as caught:
        torch.zeros(MIB, device="sim")
    assert isinstance(caught.value, RuntimeError)


def test_the_error_tells_the_sizes():
    error = accelerator.OutOfMemoryError(2 * MIB, 8 * MIB, 6 * MIB + 512 * 1024)
    assert str(error) == (
        "sim out of memory. Tried to allocate 2.00 MiB. sim:0 has a total capacity of 8.00 MiB of which 1.50 MiB is free. "
        "6.50 MiB is in use by tensors that are still alive."
    )
    assert (error.requested, error.capacity, error.live) == (2 * MIB, 8 * MIB, 6 * MIB + 512 * 1024)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    "allocate",
    [
        lambda x: x + 1,
        lambda x: x.repeat(4),
        lambda x: torch.ones(MIB).to("sim"),
        lambda x: torch.cat([x, x]),
        lambda x: torch.mul(x, 2.0, out=torch.empty(0, device="sim")),
        lambda x: x.clone(),
        lambda x: x.double(),
        lambda x: x[:1024, None] @ x[None, :1024],
    ],
    ids=["add", "repeat", "copy", "cat", "out", "clone", "convert", "matmul"],
)
def test_every_kind_of_allocation_counts(room, allocate):
    with accelerator.measure(capacity=room(MIB)):
        x = torch.zeros(MIB // 4 - 256, device="sim")[: MIB // 8]
        with pytest.raises(accelerator.OutOfMemoryError):
            allocate(x)


def test_views_and_inplace_operations_fit_always(room):
    with accelerator.measure(capacity=room(MIB)):
        x = torch.zeros(MIB // 4, device="sim")
        x.view(2, -1).t().add_(1)


def test_freed_memory_can_be_used_again(room):
    with accelerator.measure(capacity=room(MIB)):
        for _ in range(5):
            torch.zeros(MIB // 4, device="sim")


def test_work_goes_on_after_the_error(room):
    x = torch.ones(256, device="sim", requires_grad=True)
    with accelerator.measure(capacity=room(512)), pytest.raises(accelerator.OutOfMemoryError):
        x.exp()
    x.exp().sum().backward()
    assert torch.equal(x.grad.cpu(), torch.ones(256).exp())


def test_the_capacity_ends_with_its_block(room):
    with accelerator.measure(capacity=room(4)):
        pass
    torch.zeros(MIB, device="sim")


def test_an_inner_measurement_cannot_exceed_the_outer_capacity(room):
    with accelerator.measure(capacity=room(MIB)), accelerator.measure(capacity=room(2 * MIB)), pytest.raises(accelerator.OutOfMemoryError):
        torch.zeros(MIB, device="sim")


def test_a_huge_request_is_refused_before_the_host_allocates_it(room):
    with accelerator.measure(capacity=room(MIB)), pytest.raises(accelerator.OutOfMemoryError, match="Tried to allocate 3725290.30 GiB"):
        torch.randn(10**15, device="sim")


def test_recomputation_fits_where_keeping_everything_does_not(room):
    def block(x):
        for _ in range(8):
            x = x.sin()
        return x

    def train(run):
        x = torch.ones(MIB // 16, device="sim", requires_grad=True)  # 256 KiB
        with accelerator.measure(capacity=room(4 * MIB)):
            for _ in range(4):
                x = run(x)
            x.sum().backward()

    with pytest.raises(accelerator.OutOfMemoryError):
        train(block)
    train(lambda x: checkpoint(block, x, use_reentrant=False))
