"""Memory is counted by storage, to the byte, and given back at once."""

import copy
import gc

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from autograder import accelerator

KIB = 1024


def used(ledger) -> int:
    """Bytes alive that were allocated since the ledger was opened."""
    return ledger.live - ledger.start


@pytest.mark.parametrize(
    ("dtype", "itemsize"),
    [(torch.bool, 1), (torch.bfloat16, 2), (torch.float32, 4), (torch.float64, 8), (torch.int64, 8), (torch.complex64, 8)],
)
def test_a_tensor_costs_its_elements_times_their_size(measured, dtype, itemsize):
    kept = torch.zeros(3, 5, dtype=dtype, device="sim")
    assert used(measured) == 15 * itemsize
    del kept


def test_a_copy_to_the_device_costs_its_bytes(measured):
    kept = torch.ones(256, device="cpu").to("sim")
    assert used(measured) == KIB
    del kept


def test_a_copy_to_the_host_costs_nothing_on_the_device(measured):
    kept = torch.ones(256, device="sim")
    on_host = kept.cpu()
    assert used(measured) == KIB
    del kept, on_host


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:3],
        lambda x: x.t(),
        lambda x: x.reshape(-1),
        lambda x: x.unsqueeze(0).expand(7, -1, -1),
        lambda x: x.detach(),
        lambda x: x.data,
        lambda x: x.diagonal(),
        lambda x: x.chunk(2),
        lambda x: x.unbind(),
        lambda x: x.contiguous(),
        lambda x: x.to("sim"),
        lambda x: x.narrow(0, 1, 2),
        lambda x: x.as_strided((2, 2), (1, 1)),
    ],
    ids=["slice", "t", "reshape", "expand", "detach", "data", "diagonal", "chunk", "unbind", "contiguous", "to", "narrow", "as_strided"],
)
def test_a_view_costs_nothing(measured, view):
    base = torch.zeros(16, 16, device="sim")
    kept = view(base)
    assert used(measured) == KIB
    del kept


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1),
        lambda x: x.mul_(x),
        lambda x: x.zero_(),
        lambda x: x.copy_(torch.ones(16, 16)),
        lambda x: x.t_(),
        lambda x: x.squeeze_(),
        lambda x: torch.exp(x, out=x),
        lambda x: torch._foreach_mul_([x], 2.0),
    ],
    ids=["add_", "mul_", "zero_", "copy_", "t_", "squeeze_", "out", "foreach"],
)
def test_an_inplace_operation_costs_nothing(measured, change):
    kept = torch.ones(16, 16, device="sim")
    change(kept)
    assert used(measured) == KIB
    assert measured.peak - measured.start == KIB


def test_indexing_with_tensors_makes_a_copy(measured):
    base = torch.zeros(16, 16, device="sim")
    index = torch.tensor([0, 3], device="sim")
    kept = base[index]
    assert used(measured) == KIB + 2 * 8 + 2 * 16 * 4
    del kept


def test_every_result_of_an_operation_is_counted(measured):
    base = torch.zeros(16, 16, device="sim")
    values, indices = base.max(dim=1)
    assert used(measured) == KIB + 16 * 4 + 16 * 8
    del values, indices


def test_memory_is_given_back_with_the_last_tensor_that_uses_it(measured):
    base = torch.zeros(256, device="sim")
    view = base[10:20]
    del base
    assert used(measured) == KIB, "a view keeps all of its storage"
    del view
    assert used(measured) == 0


def test_memory_in_a_reference_cycle_is_given_back_by_the_garbage_collector():
    gc.collect()
    with accelerator.measure() as ledger:
        cycle = [torch.zeros(256, device="sim")]
        cycle.append(cycle)
        del cycle
        assert used(ledger) == KIB
        gc.collect()
        assert used(ledger) == 0


def test_out_grows_the_storage_of_its_target(measured):
    target = torch.empty(0, device="sim")
    torch.mul(torch.ones(256, device="sim"), 2.0, out=target)
    assert used(measured) == KIB
    assert target.shape == (256,)


def test_resize_counts_the_new_size(measured):
    kept = torch.zeros(4, device="sim")
    kept.resize_(256)
    assert used(measured) == KIB


def test_the_peak_counts_a_temporary_the_live_bytes_do_not(measured):
    base = torch.ones(256, device="sim")
    total = (base * 2).sum()
    assert measured.peak - measured.start == 2 * KIB + 4
    assert used(measured) == KIB + 4
    del total


def test_a_chain_holds_two_tensors_at_a_time_without_autograd(measured):
    x = torch.ones(256, device="sim")
    for _ in range(10):
        x = x * 1.5
    assert measured.peak - measured.start == 2 * KIB
    assert used(measured) == KIB


def test_autograd_keeps_what_backward_needs_and_no_more(measured):
    x = torch.ones(256, device="sim", requires_grad=True)
    y = x.exp()  # saves its result
    assert used(measured) == 2 * KIB
    y = y * 2.0  # saves nothing; the exponential is still saved
    assert used(measured) == 3 * KIB
    z = y.sum()
    del y  # nothing needs the product any more
    assert used(measured) == 2 * KIB + 4
    z.backward()
    del z
    assert used(measured) == 2 * KIB, "x and its gradient"
    assert x.grad.shape == (256,)


def test_no_grad_keeps_nothing(measured):
    x = torch.ones(256, device="sim", requires_grad=True)
    with torch.no_grad():
        total = x.exp().sin().sum()
    assert used(measured) == KIB + 4
    del total


def test_a_linear_layer_saves_its_input_alone(measured):
    layer = nn.Linear(16, 32, bias=False).to("sim")
    x = torch.ones(8, 16, device="sim")
    y = layer(x)
    assert used(measured) == 4 * (16 * 32 + 8 * 16 + 8 * 32)
    del x
    assert used(measured) == 4 * (16 * 32 + 8 * 16 + 8 * 32), "the graph holds the input"
    del y
    assert used(measured) == 4 * 16 * 32


def test_gradients_cost_as_much_as_parameters_and_adam_twice_that(measured):
    layer = nn.Linear(16, 16).to("sim")
    parameters = 4 * (16 * 16 + 16)
    assert used(measured) == parameters
    layer(torch.ones(2, 16, device="sim")).sum().backward()
    assert used(measured) == 2 * parameters
    optimizer = torch.optim.Adam(layer.parameters())
    optimizer.step()
    assert used(measured) == 4 * parameters, "the step counters lie on the host"
    optimizer.zero_grad()
    assert used(measured) == 3 * parameters


def test_a_gradient_is_accumulated_in_place(measured):
    weight = torch.ones(256, device="sim", requires_grad=True)
    (2 * weight).sum().backward()
    gradient = weight.grad
    (2 * weight).sum().backward()
    assert weight.grad is gradient
    assert used(measured) == 2 * KIB


@pytest.mark.parametrize("reentrant", [False, True], ids=["nonreentrant", "reentrant"])
def test_checkpointing_keeps_the_inputs_of_segments_and_recomputes_the_rest(reentrant):
    """Eight exponentials in segments of four: without checkpoints eight results are kept, with them the last one of each segment."""

    def segment(x):
        for _ in range(4):
            x = (x * 0.5).exp()
        return x

    def kept(run) -> int:
        x = torch.ones(256, device="sim", requires_grad=True)
        with accelerator.measure() as ledger:
            y = run(run(x, segment), segment)
            held = ledger.live - ledger.start
            y.sum().backward()
        assert x.grad is not None
        return held

    assert kept(lambda x, function: function(x)) == 8 * KIB
    assert kept(lambda x, function: checkpoint(function, x, use_reentrant=reentrant)) == 2 * KIB


def test_saved_tensor_hooks_move_activations_to_the_host(measured):
    x = torch.ones(256, device="sim", requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.cpu(), lambda t: t.to("sim")):
        total = x.exp().sum()
    assert used(measured) == KIB + 4
    total.backward()
    assert torch.equal(x.grad.cpu(), torch.ones(256).exp())


def test_a_saved_tensor_shows_the_bytes_of_its_storage():
    seen = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: seen.append(t.untyped_storage().nbytes()) or t, lambda t: t):
        torch.ones(16, 16, device="sim", requires_grad=True)[:2].exp()
    assert seen == [2 * 16 * 4]


def test_views_share_an_address_and_others_do_not():
    base = torch.zeros(4, 4, device="sim")
    assert base[1:].untyped_storage().data_ptr() == base.untyped_storage().data_ptr()
    assert base[1:].data_ptr() == base.data_ptr() + 16
    assert base[1:].untyped_storage().nbytes() == 64
    assert base.clone().data_ptr() != base.data_ptr()
    assert {base.untyped_storage(), base.t().untyped_storage()} == {base.untyped_storage()}


def test_a_deep_copy_costs_as_much_as_the_original(measured):
    layer = nn.Linear(16, 16, bias=False).to("sim")
    twin = copy.deepcopy(layer)
    assert used(measured) == 2 * KIB
    del twin
    assert used(measured) == KIB


def test_moving_a_module_to_the_host_gives_its_memory_back(measured):
    layer = nn.Linear(16, 16).to("sim")
    layer.cpu()
    assert used(measured) == 0


def test_an_expanded_number_costs_one_element(measured):
    kept = torch.ones((), device="sim").expand(1000)
    assert used(measured) == 4
    del kept


def test_the_gradient_of_a_sum_is_an_expanded_number(measured):
    x = torch.ones(256, device="sim", requires_grad=True)
    (gradient,) = torch.autograd.grad(x.sum(), x)
    assert used(measured) == KIB + 4
    del gradient


def test_torch_sim_answers_as_torch_cuda_does():
    kept = torch.zeros(256, device="sim")
    torch.sim.reset_peak_memory_stats()
    before = torch.sim.memory_allocated()
    torch.zeros(512, device="sim")
    assert torch.sim.memory_allocated() == before
    assert torch.sim.max_memory_allocated() == before + 2 * KIB
    del kept
