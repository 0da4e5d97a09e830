"""Every operation of PyTorch's own database gives the CPU's bits, forward and backward; the exceptions are listed with their reason."""

import itertools
import sys
import types
import unittest
from collections.abc import Iterator

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map

if "expecttest" not in sys.modules:
    # The database imports this package for a base class of PyTorch's own tests. Nothing of it is used here.
    sys.modules["expecttest"] = types.ModuleType("expecttest")
    sys.modules["expecttest"].TestCase = unittest.TestCase

from torch.testing._internal.common_methods_invocations import op_db

SAMPLES = 3  # of each operation; they differ in shapes and options

# On the CPU these run one fused kernel, and on devices written in Python a formula of several operations.
A_FEW_ULP = {
    "linalg.lstsq",
    "linalg.lstsq.grad_oriented",
    "masked_fill",
    "nn.functional.mish",
    "nn.functional.scaled_dot_product_attention",
    "nn.functional.silu",
    "prod",
}
OTHER_STRIDES = {"ormqr", "sgn"}
NOT_COMPARABLE = {
    "as_strided.partial_views": "looks at memory outside of its argument, which is not copied to the device",
    "empty_like": "does not initialize its result",
    "empty_permuted": "does not initialize its result",
    "empty_strided": "does not initialize its result",
    "linalg.eig": "has no gradient for the samples, on any device",
    "linspace.tensor_overload": "makes its result on the default device",
    "logspace.tensor_overload": "makes its result on the default device",
    "new_empty": "does not initialize its result",
    "new_empty_strided": "does not initialize its result",
    "sparse.mm.reduce": "sparse",
    "sparse.sampled_addmm": "sparse",
    "tensor_split": "takes its indices on the CPU, on any device",
    "to": "its samples name a device",
    "to_sparse": "sparse",
}


def title(op) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


OPS = {
    title(op): op
    for op in op_db
    if title(op) not in NOT_COMPARABLE and op.supports_dtype(torch.float32, "cpu") and not op.name.startswith("jiterator")
}


def samples_of(op) -> Iterator[tuple]:
    torch.manual_seed(0)
    for sample in itertools.islice(op.sample_inputs("cpu", torch.float32, requires_grad=op.supports_autograd), SAMPLES):
        arguments = (sample.input, sample.args, sample.kwargs)
        if any(isinstance(leaf, torch.Tensor) for leaf in tree_leaves(arguments)):
            yield arguments


def to_device(value):
    return value.detach().to("sim").requires_grad_(value.requires_grad) if isinstance(value, torch.Tensor) else value


def results_and_gradients(function, arguments) -> tuple[list, list]:
    torch.manual_seed(1)
    subject, args, kwargs = arguments
    results = [leaf for leaf in tree_leaves(function(subject, *args, **kwargs)) if isinstance(leaf, torch.Tensor)]
    differentiable = [result for result in results if result.requires_grad]
    inputs = [leaf for leaf in tree_leaves(arguments) if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
    if not differentiable or not inputs:
        return results, []
    weights = [torch.randn(result.shape, dtype=result.dtype).to(result.device) for result in differentiable]
    return results, list(torch.autograd.grad(differentiable, inputs, weights, allow_unused=True))


def assert_same(on_device, on_host, *, ulp: bool = False, strides: bool = True) -> None:
    assert (on_device is None) == (on_host is None)
    if on_host is None:
        return
    on_device, on_host = on_device.detach(), on_host.detach().resolve_conj().resolve_neg()
    assert on_device.device == torch.device("sim", 0)
    assert (on_device.dtype, on_device.shape) == (on_host.dtype, on_host.shape)
    if strides:
        assert on_device.stride() == on_host.stride()
    if ulp:
        torch.testing.assert_close(on_device.cpu(), on_host, rtol=1e-5, atol=1e-5, equal_nan=True)
    else:
        torch.testing.assert_close(on_device.cpu(), on_host, rtol=0, atol=0, equal_nan=True)


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, about operations that it deprecates
@pytest.mark.parametrize("name", OPS)
def test_operation(name):
    op = OPS[name]
    for arguments in samples_of(op):
        expected = results_and_gradients(op.op, arguments)
        actual = results_and_gradients(op.op, tree_map(to_device, arguments))
        for on_device, on_host in zip(actual, expected, strict=True):
            for left, right in zip(on_device, on_host, strict=True):
                assert_same(left, right, ulp=name in A_FEW_ULP, strides=name not in OTHER_STRIDES)


def test_the_database_is_large_enough():
    assert len(OPS) >= 600
    assert OPS.keys() >= A_FEW_ULP | OTHER_STRIDES, "the lists of exceptions name operations that are tested"


def test_listed_decompositions_agree_to_a_few_ulp():
    a = torch.randn(4, 3)
    for function in (torch.linalg.svdvals, torch.linalg.cond, lambda x: torch.linalg.matrix_norm(x, 2)):
        torch.testing.assert_close(function(a.to("sim")).cpu(), function(a), rtol=1e-6, atol=0)


SHAPED = {
    "exp": lambda x, y: x.exp(),
    "tanh": lambda x, y: x.tanh(),
    "product": lambda x, y: x * y,
    "quotient": lambda x, y: x / (y.abs() + 1),
    "sum": lambda x, y: x.sum(-1),
    "norm": lambda x, y: torch.linalg.vector_norm(x),
    "softmax": lambda x, y: x.softmax(-1),
    "matmul": lambda x, y: x @ y.mT,
    "cat": lambda x, y: torch.cat([x, y], dim=-1),
    "transpose": lambda x, y: x.mT * y.mT,
    "maximum": lambda x, y: torch.maximum(x, y),
    "layer norm": lambda x, y: torch.nn.functional.layer_norm(x, x.shape[-1:]),
    "where": lambda x, y: torch.where(x > y, x, y),
    "cumsum": lambda x, y: x.cumsum(0),
    "slices": lambda x, y: x[..., ::2] - y[..., ::2],
}


@pytest.mark.parametrize("name", SHAPED)
def test_random_shapes(name):
    for _ in range(8):
        shape = [*torch.randint(1, 5, (int(torch.randint(0, 3, ())),)).tolist(), *torch.randint(1, 40, (2,)).tolist()]
        on_host = [torch.randn(shape, requires_grad=True) for _ in range(2)]
        on_device = [to_device(x) for x in on_host]
        result, expected = SHAPED[name](*on_device), SHAPED[name](*on_host)
        assert_same(result, expected)
        weight = torch.randn(expected.shape)
        gradients = torch.autograd.grad(result, on_device, weight.to("sim"), allow_unused=True)
        for left, right in zip(gradients, torch.autograd.grad(expected, on_host, weight, allow_unused=True), strict=True):
            assert_same(left, right)
