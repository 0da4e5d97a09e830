"""What homework code does with a device works on ``sim``, and gives the CPU's numbers, forward and backward."""

import copy
import io
import threading
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint, checkpoint_sequential
from torch.utils.data import DataLoader, TensorDataset


def same(on_device, on_host):
    """Assert that results agree in structure, device, dtype, strides and every bit."""
    if isinstance(on_host, torch.Tensor):
        assert on_device.device == torch.device("sim", 0)
        assert on_device.dtype == on_host.dtype
        assert on_device.stride() == on_host.stride()
        assert torch.equal(on_device.detach().cpu(), on_host.detach())
    elif isinstance(on_host, (list, tuple)):
        for left, right in zip(on_device, on_host, strict=True):
            same(left, right)
    else:
        assert on_device == on_host


def spd(n: int) -> torch.Tensor:
    a = torch.randn(n, n)
    return a @ a.T + torch.eye(n)


FUNCTIONS = {
    # linear algebra
    "solve": (torch.linalg.solve, torch.randn(4, 4), torch.randn(4, 2)),
    "svd": (lambda a: torch.linalg.svd(a, full_matrices=False), torch.randn(4, 3)),
    "qr": (torch.linalg.qr, torch.randn(4, 3)),
    "eigh": (torch.linalg.eigh, spd(4)),
    "cholesky": (torch.linalg.cholesky, spd(4)),
    "lu_factor": (torch.linalg.lu_factor, torch.randn(4, 4)),
    "inv": (torch.linalg.inv, spd(3)),
    "det": (torch.linalg.det, spd(3)),
    "slogdet": (torch.linalg.slogdet, spd(3)),
    "matrix_exp": (torch.linalg.matrix_exp, torch.randn(3, 3)),
    "vector_norm": (torch.linalg.vector_norm, torch.randn(7)),
    "frobenius": (torch.linalg.matrix_norm, torch.randn(4, 3)),
    "matmul": (torch.matmul, torch.randn(2, 3, 4), torch.randn(4, 5)),
    "einsum": (lambda a, b: torch.einsum("bij,jk->bik", a, b), torch.randn(2, 3, 4), torch.randn(4, 5)),
    "outer": (torch.outer, torch.randn(3), torch.randn(4)),
    # reductions, sorting, indexing
    "sum": (lambda x: x.sum(0), torch.randn(4, 3)),
    "mean": (lambda x: x.mean(-1, keepdim=True), torch.randn(4, 3)),
    "std": (torch.std, torch.randn(5)),
    "var_mean": (torch.var_mean, torch.randn(5)),
    "logsumexp": (lambda x: x.logsumexp(1), torch.randn(4, 3)),
    "max": (lambda x: x.max(1), torch.randn(4, 3)),
    "sort": (torch.sort, torch.randn(5)),
    "topk": (lambda x: x.topk(2), torch.randn(5)),
    "argmax": (torch.argmax, torch.randn(5)),
    "cumsum": (lambda x: x.cumsum(0), torch.randn(5)),
    "unique": (torch.unique, torch.tensor([2, 1, 2])),
    "nonzero": (torch.nonzero, torch.tensor([0.0, 1.0, 2.0])),
    "bincount": (torch.bincount, torch.tensor([1, 2, 2])),
    "histc": (torch.histc, torch.randn(9)),
    "where": (lambda x: torch.where(x > 0, x, 0.0), torch.randn(5)),
    "gather": (lambda x: x.gather(1, x.argsort(1)), torch.randn(4, 3)),
    "index an integer": (lambda x: x[1], torch.randn(4, 3)),
    "index a slice": (lambda x: x[1:, ::2], torch.randn(4, 3)),
    "index a tensor": (lambda x, i: x[i], torch.randn(4, 3), torch.tensor([0, 2])),
    "index two tensors": (lambda x, i: x[i, i], torch.randn(4, 3), torch.tensor([0, 2])),
    "index a host tensor": (lambda x: x[torch.tensor([0, 2])], torch.randn(4, 3)),
    "index a list": (lambda x: x[[0, 2]], torch.randn(4, 3)),
    "index a mask": (lambda x: x[x > 0], torch.randn(4, 3)),
    "cat and stack": (lambda x: torch.stack([torch.cat([x, x]), torch.cat([x, -x])]), torch.randn(3)),
    "split": (lambda x: x.split(2), torch.randn(5)),
    "fft": (lambda x: torch.fft.fft(x).abs(), torch.randn(8)),
    "complex conjugate": (lambda x: torch.view_as_real(x.conj() * 1j), torch.randn(3, dtype=torch.complex64)),
    "hfft": (torch.fft.hfft, torch.randn(6)),
    "foreach": (lambda x, y: torch._foreach_add([x, y], [y, x], alpha=2.0), torch.randn(3), torch.randn(3)),
    # functional
    "softmax": (lambda x: x.softmax(-1), torch.randn(4, 3)),
    "cross_entropy": (F.cross_entropy, torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])),
    "binary cross entropy": (F.binary_cross_entropy_with_logits, torch.randn(5), torch.rand(5)),
    "mse": (F.mse_loss, torch.randn(5), torch.randn(5)),
    "huber": (F.huber_loss, torch.randn(5), torch.randn(5)),
    "kl_div": (lambda x, y: F.kl_div(x.log_softmax(-1), y.softmax(-1)), torch.randn(2, 5), torch.randn(2, 5)),
    "conv2d": (F.conv2d, torch.randn(1, 1, 8, 8), torch.randn(2, 1, 3, 3)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2), torch.randn(1, 1, 8, 8)),
    "unfused attention": (
        lambda q, k, v: (
            ((q @ k.mT / q.shape[-1] ** 0.5).masked_fill(torch.ones(4, 4, device=q.device).triu(1) > 0, -torch.inf)).softmax(-1) @ v
        ),
        *torch.randn(3, 1, 2, 4, 8),
    ),
}


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    function, *inputs = FUNCTIONS[name]
    results, gradients = [], []
    for device in ("cpu", "sim"):
        leaves = [x.detach().clone().to(device).requires_grad_(x.is_floating_point() or x.is_complex()) for x in inputs]
        result = function(*leaves)
        results.append(result)
        outputs = [y for y in (result if isinstance(result, (list, tuple)) else [result]) if y.requires_grad]
        wanted = [x for x in leaves if x.requires_grad]
        gradients.append(torch.autograd.grad([y.abs().sum() for y in outputs], wanted) if outputs else ())
    same(results[1], results[0])
    same(gradients[1], gradients[0])


MODULES = {
    "linear": (lambda: nn.Linear(4, 3), torch.randn(2, 4)),
    "mlp": (lambda: nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 1)), torch.randn(2, 4)),
    "embedding": (lambda: nn.Embedding(10, 4), torch.tensor([1, 2, 1])),
    "batch norm": (lambda: nn.BatchNorm1d(4), torch.randn(6, 4)),
    "group norm": (lambda: nn.GroupNorm(2, 4), torch.randn(6, 4)),
    "rms norm": (lambda: nn.RMSNorm(4), torch.randn(6, 4)),
    "conv": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()), torch.randn(2, 1, 8, 8)),
    "dropout": (lambda: nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5)), torch.randn(5, 4)),
    "rnn": (lambda: nn.RNN(3, 4), torch.randn(5, 2, 3)),
    "transformer layer without dropout": (lambda: nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), torch.randn(2, 4, 8)),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), torch.randn(2, 4)),
    "spectral norm": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)), torch.randn(2, 4)),
}


@pytest.mark.parametrize("name", MODULES)
def test_module(name):
    build, inputs = MODULES[name]
    on_host = build()
    on_device = copy.deepcopy(on_host).to("sim")
    results = []
    for module, x in ((on_host, inputs), (on_device, inputs.to("sim"))):
        torch.manual_seed(1)
        y = module(x)
        y = y[0] if isinstance(y, tuple) else y
        y.square().sum().backward()
        results.append(y)
    if name in ("transformer layer without dropout", "rnn"):  # fused on the CPU
        torch.testing.assert_close(results[1].cpu(), results[0], rtol=1e-5, atol=1e-6)
    else:
        same(results[1], results[0])
        same([p.grad for p in on_device.parameters()], [p.grad for p in on_host.parameters()])


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("gradients", [True, False], ids=["grad", "no_grad"])
def test_multi_head_attention(training, gradients):
    attention = nn.MultiheadAttention(8, 2, batch_first=True).train(training)
    x = torch.randn(2, 4, 8)
    with torch.set_grad_enabled(gradients):
        expected = attention(x, x, x, need_weights=False)[0]
        attention.to("sim")
        x = x.to("sim")
        torch.testing.assert_close(attention(x, x, x, need_weights=False)[0].cpu(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_scaled_dot_product_attention(causal):
    q = torch.randn(1, 2, 4, 8)
    results = []
    for device in ("cpu", "sim"):
        x = q.clone().to(device).requires_grad_()
        y = F.scaled_dot_product_attention(x, x, x, is_causal=causal)
        y.square().sum().backward()
        results.append((y.detach().cpu(), x.grad.cpu()))
    torch.testing.assert_close(results[1], results[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("foreach", [False, True], ids=["single", "foreach"])
@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (torch.optim.SGD, {}),
        (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
        (torch.optim.Adam, {}),
        (torch.optim.Adam, {"amsgrad": True, "weight_decay": 0.1}),
        (torch.optim.AdamW, {}),
        (torch.optim.Adagrad, {}),
        (torch.optim.RMSprop, {"momentum": 0.9, "centered": True}),
        (torch.optim.Adadelta, {}),
        (torch.optim.NAdam, {}),
    ],
    ids=lambda value: getattr(value, "__name__", "+".join(value) if isinstance(value, dict) else None),
)
def test_optimizer(optimizer, options, foreach):
    on_host = nn.Linear(3, 2)
    on_device = copy.deepcopy(on_host).to("sim")
    x = torch.randn(5, 3)
    for module, inputs in ((on_host, x), (on_device, x.to("sim"))):
        step = optimizer(module.parameters(), lr=0.1, foreach=foreach, **options)
        for _ in range(3):
            step.zero_grad()
            module(inputs).square().sum().backward()
            step.step()
    same(list(on_device.parameters()), list(on_host.parameters()))


def test_fused_adam():
    weight = torch.ones(3, device="sim", requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=0.1, fused=True)
    weight.sum().backward()
    optimizer.step()
    assert torch.allclose(weight, torch.full((3,), 0.9, device="sim"))


def test_optimizer_state_can_be_saved_and_loaded():
    layer = nn.Linear(2, 2).to("sim")
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2, device="sim")).sum().backward()
    optimizer.step()
    other = torch.optim.Adam(layer.parameters())
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    other.step()
    assert other.state[layer.weight]["exp_avg"].device.type == "sim"


def test_clip_grad_norm():
    on_host = nn.Linear(3, 2)
    on_device = copy.deepcopy(on_host).to("sim")
    for module in (on_host, on_device):
        module(torch.ones(4, 3, device=module.weight.device)).sum().backward()
        nn.utils.clip_grad_norm_(module.parameters(), 0.5)
    same(on_device.weight.grad, on_host.weight.grad)


def test_learning_rate_schedule_and_averaged_model():
    layer = nn.Linear(2, 2).to("sim")
    average = torch.optim.swa_utils.AveragedModel(layer)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
    for _ in range(2):
        layer(torch.ones(1, 2, device="sim")).sum().backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(layer)
    assert next(average.parameters()).device.type == "sim"


def test_vector_and_parameters_convert_into_each_other():
    layer = nn.Linear(2, 2).to("sim")
    vector = nn.utils.parameters_to_vector(layer.parameters())
    nn.utils.vector_to_parameters(vector * 2, layer.parameters())
    same(nn.utils.parameters_to_vector(layer.parameters()), vector.cpu() * 2)


RANDOM = {
    "rand": lambda d: torch.rand(5, device=d),
    "randn": lambda d: torch.randn(5, device=d),
    "randint": lambda d: torch.randint(0, 100, (5,), device=d),
    "randperm": lambda d: torch.randperm(5, device=d),
    "randn_like": lambda d: torch.randn_like(torch.zeros(5, device=d)),
    "normal": lambda d: torch.normal(torch.zeros(5, device=d), 1.0),
    "normal_": lambda d: torch.empty(5, device=d).normal_(),
    "bernoulli": lambda d: torch.bernoulli(torch.full((5,), 0.5, device=d)),
    "multinomial": lambda d: torch.multinomial(torch.ones(3, device=d), 2),
    "dropout": lambda d: F.dropout(torch.ones(100, device=d), 0.5),
    "kaiming": lambda d: nn.init.kaiming_normal_(torch.empty(3, 3, device=d)),
    "orthogonal": lambda d: nn.init.orthogonal_(torch.empty(3, 3, device=d)),
}


@pytest.mark.parametrize("name", RANDOM)
def test_the_same_seed_draws_the_same_numbers_as_on_the_cpu(name):
    torch.manual_seed(3)
    expected = RANDOM[name]("cpu")
    torch.manual_seed(3)
    same(RANDOM[name]("sim"), expected)


def test_the_state_of_the_random_numbers_can_be_saved_and_restored():
    state = torch.sim.get_rng_state()
    first = torch.randn(5, device="sim")
    torch.sim.set_rng_state(state)
    assert torch.equal(torch.randn(5, device="sim"), first)


CREATION = {
    "zeros": lambda d: torch.zeros(2, 3, device=d),
    "ones": lambda d: torch.ones(2, 3, device=d, dtype=torch.float64),
    "full": lambda d: torch.full((2, 3), 7, device=d),
    "arange": lambda d: torch.arange(5, device=d),
    "linspace": lambda d: torch.linspace(0, 1, 5, device=d),
    "eye": lambda d: torch.eye(3, device=d),
    "tensor": lambda d: torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=d),
    "number": lambda d: torch.tensor(2, device=d),
    "tensor with gradient": lambda d: torch.tensor([1.0], device=d, requires_grad=True),
    "as_tensor": lambda d: torch.as_tensor([1, 2], device=d),
    "new_ones": lambda d: torch.zeros(3, device=d).new_ones(2),
    "new_tensor": lambda d: torch.zeros(3, device=d).new_tensor([1, 2]),
    "zeros_like": lambda d: torch.zeros_like(torch.ones(3, device=d)),
    "full_like": lambda d: torch.full_like(torch.ones(3, device=d), 2),
    "tril_indices": lambda d: torch.tril_indices(3, 3, device=d),
    "like a host tensor": lambda d: torch.zeros_like(torch.ones(3), device=d),
}


@pytest.mark.parametrize("name", CREATION)
def test_creation(name):
    same(CREATION[name]("sim"), CREATION[name]("cpu"))


def test_a_default_device_is_respected():
    torch.set_default_device("sim")
    try:
        assert torch.zeros(3).device.type == "sim"
    finally:
        torch.set_default_device(None)
    with torch.device("sim"):
        assert nn.Linear(2, 2).weight.device.type == "sim"


INPLACE = {
    "add_": lambda x: x.add_(1),
    "view": lambda x: x.view(-1)[2:5].add_(1),
    "transpose": lambda x: x.t()[0].mul_(3),
    "row": lambda x: x.__setitem__(1, 0.0),
    "column": lambda x: x.__setitem__((slice(None), 2), torch.ones(4, device=x.device)),
    "mask": lambda x: x.__setitem__(x > 0, 5.0),
    "tensor": lambda x: x.__setitem__(torch.tensor([0, 2], device=x.device), torch.ones(3, device=x.device)),
    "index_add_": lambda x: x.index_add_(0, torch.tensor([0, 0], device=x.device), torch.ones(2, 3, device=x.device)),
    "scatter_": lambda x: x.scatter_(1, torch.zeros(4, 1, dtype=torch.long, device=x.device), 9.0),
    "fill": lambda x: x.fill_diagonal_(2.0),
    "unsqueeze_": lambda x: x.unsqueeze_(0),
    "t_": lambda x: x.t_(),
    "resize_": lambda x: x.resize_(2, 3),
    "out": lambda x: torch.exp(x, out=x),
    "foreach": lambda x: torch._foreach_add_([x], [x], alpha=0.5),
    "augmented": lambda x: x.__iadd__(x),
    "swap halves": lambda x: x.copy_(x.flip(0)),
}


@pytest.mark.parametrize("name", INPLACE)
def test_inplace(name):
    on_host = torch.randn(4, 3)
    on_device = on_host.to("sim")
    INPLACE[name](on_device)
    INPLACE[name](on_host)
    assert on_device.shape == on_host.shape
    same(on_device, on_host)


def test_an_inplace_operation_returns_its_tensor():
    x = torch.zeros(3, device="sim")
    assert x.add_(1) is x


def test_out():
    out = torch.empty(3, device="sim")
    assert torch.add(torch.ones(3, device="sim"), 1.0, out=out) is out
    same(out, torch.full((3,), 2.0))


def test_out_with_two_results():
    x = torch.randn(3, 4)
    values, indices = torch.empty(3, device="sim"), torch.empty(3, dtype=torch.long, device="sim")
    result = torch.max(x.to("sim"), 1, out=(values, indices))
    assert result[0] is values and result[1] is indices
    same((values, indices), tuple(x.max(1)))


def test_out_of_linear_algebra():
    a = torch.randn(4, 3)
    q, r = torch.empty(0, device="sim"), torch.empty(0, device="sim")
    torch.linalg.qr(a.to("sim"), out=(q, r))
    same((q, r), tuple(torch.linalg.qr(a)))


def test_out_takes_the_shape_of_the_result():
    out = torch.empty(0, device="sim")
    torch.mul(torch.ones(3, device="sim"), 2.0, out=out)
    assert out.shape == (3,)


def test_writing_through_a_view_reaches_the_base_and_the_gradient():
    x = torch.ones(4, device="sim", requires_grad=True)
    y = x * 2
    y[1:3].mul_(3)
    y.sum().backward()
    same(x.grad, torch.tensor([2.0, 6.0, 6.0, 2.0]))


def test_changing_a_saved_tensor_is_an_error_in_backward():
    y = torch.ones(4, device="sim", requires_grad=True).exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_double_backward():
    x = torch.tensor([1.0, 2.0], device="sim", requires_grad=True)
    (gradient,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    gradient.sum().backward()
    same(x.grad, torch.tensor([6.0, 12.0]))


def test_gradcheck():
    x = torch.randn(3, dtype=torch.float64, device="sim", requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: (x**3).sum(), (x,))


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


def test_custom_function():
    x = torch.tensor([1.0, 3.0], device="sim", requires_grad=True)
    Square.apply(x).sum().backward()
    same(x.grad, torch.tensor([2.0, 6.0]))


def test_hooks_of_tensors_and_modules():
    layer = nn.Linear(2, 2).to("sim")
    seen = []
    layer.register_forward_hook(lambda module, args, output: seen.append(output.device.type))
    layer.weight.register_hook(lambda gradient: seen.append(gradient.device.type))
    layer(torch.ones(1, 2, device="sim")).sum().backward()
    assert seen == ["sim", "sim"]


def test_saved_tensor_hooks():
    packed = []
    x = torch.ones(3, device="sim", requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or len(packed) - 1, lambda i: packed[i]):
        y = x.exp().sum()
    y.backward()
    assert len(packed) == 1
    same(x.grad, torch.ones(3).exp())


@pytest.mark.parametrize("reentrant", [False, True], ids=["nonreentrant", "reentrant"])
def test_checkpointing_gives_the_same_gradients_with_dropout(reentrant):
    layers = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 3)).to("sim")
    x = torch.randn(2, 3).to("sim").requires_grad_()
    gradients = []
    for run in (layers, lambda x: checkpoint(layers, x, use_reentrant=reentrant)):
        layers.zero_grad()
        torch.manual_seed(5)
        run(x).sum().backward()
        gradients.append([p.grad.cpu() for p in layers.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_sequential_checkpointing():
    layers = nn.Sequential(*[nn.Linear(3, 3) for _ in range(4)]).to("sim")
    checkpoint_sequential(layers, 2, torch.ones(2, 3, device="sim", requires_grad=True), use_reentrant=False).sum().backward()
    assert layers[0].weight.grad.device.type == "sim"


@pytest.fixture
def forward_mode():
    """PyTorch compiles its rules for forward mode with torch.jit.script, against which it warns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.script", category=DeprecationWarning)
        yield


def cube(x):
    return (x**3).sum()


@pytest.mark.parametrize(
    "transform",
    [
        lambda x: torch.func.grad(cube)(x),
        lambda x: torch.func.vmap(torch.func.grad(cube))(x[None].expand(4, -1)),
        lambda x: torch.func.jvp(cube, (x,), (x,)),
        lambda x: torch.func.vjp(cube, x)[1](torch.ones((), device=x.device)),
        lambda x: torch.func.jacrev(torch.sin)(x),
        lambda x: torch.func.jacfwd(torch.sin)(x),
        lambda x: torch.func.hessian(cube)(x),
        lambda x: torch.autograd.functional.hessian(cube, x),
        lambda x: torch.func.vmap(lambda v: torch.func.vjp(torch.sin, x)[1](v)[0])(torch.eye(3, device=x.device)),
    ],
    ids=["grad", "vmap", "jvp", "vjp", "jacrev", "jacfwd", "hessian", "functional-hessian", "vmap-vjp"],
)
def test_function_transforms(forward_mode, transform):
    x = torch.randn(3)
    same(transform(x.to("sim")), transform(x))


def test_functional_call():
    layer = nn.Linear(2, 2)
    x = torch.ones(1, 2)
    expected = layer(x)
    layer.to("sim")
    same(torch.func.functional_call(layer, dict(layer.named_parameters()), (x.to("sim"),)), expected)


def test_forward_mode(forward_mode):
    x = torch.tensor([1.0, 2.0], device="sim")
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones(2, device="sim"))
        same(forward_ad.unpack_dual(dual * dual).tangent, torch.tensor([2.0, 4.0]))


def test_inference_mode():
    layer = nn.Linear(2, 2).to("sim")
    with torch.inference_mode():
        assert not layer(torch.ones(1, 2, device="sim")).requires_grad


def test_views_in_inference_mode_are_what_they_are_on_the_cpu():
    for make in (lambda x: x.detach(), lambda x: x[0], lambda x: x.view(-1), lambda x: x.T, lambda x: x.split(2)[1]):
        for device in ("cpu", "sim"):
            x = torch.arange(6.0).reshape(3, 2).to(device)
            with torch.inference_mode():
                assert not make(x).is_inference() and make(x * 2).is_inference()
                assert make(x).cpu().tolist() == make(x.cpu()).tolist()


def test_data_loader_with_copy_to_device():
    loader = DataLoader(TensorDataset(torch.randn(6, 2), torch.arange(6)), batch_size=4)
    assert [inputs.to("sim", non_blocking=True).shape for inputs, _ in loader] == [(4, 2), (2, 2)]


def test_deepcopy_of_a_tensor():
    x = torch.randn(3).to("sim").requires_grad_()
    x.grad = torch.ones(3, device="sim")
    twin = copy.deepcopy(x)
    same((twin, twin.grad), (x.cpu(), x.grad.cpu()))
    assert twin.requires_grad and twin.data_ptr() != x.data_ptr()


def test_deepcopy_of_a_module_keeps_parameters_and_ties():
    layer = nn.Linear(2, 2).to("sim")
    layer.tied = layer.weight
    twin = copy.deepcopy(layer)
    assert isinstance(twin.weight, nn.Parameter) and twin.tied is twin.weight


def test_deepcopy_of_a_result_is_refused_as_everywhere():
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(torch.ones(3, device="sim", requires_grad=True) * 2)


@pytest.mark.parametrize(("source", "target"), [("sim", "sim"), ("cpu", "sim"), ("sim", "cpu")])
def test_state_dict_can_be_loaded_across_devices(source, target):
    layer, other = nn.Linear(2, 2).to(source), nn.Linear(2, 2).to(target)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.weight.cpu(), layer.weight.cpu())
    assert other.weight.device.type == target


@pytest.mark.parametrize("map_location", [None, "cpu"])
def test_save_and_load(map_location):
    layer = nn.Linear(2, 2).to("sim")
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    loaded = torch.load(file, map_location=map_location)
    assert torch.equal(loaded["weight"].cpu(), layer.weight.cpu())
    assert loaded["weight"].device.type == (map_location or "sim")


def test_save_and_load_of_a_module():
    file = io.BytesIO()
    torch.save(nn.Linear(2, 2).to("sim"), file)
    file.seek(0)
    layer = torch.load(file, weights_only=False)
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.device.type == "sim"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: torch.tensor([1.0, 2.0], device="sim"), "tensor([1., 2.], device='sim:0')"),
        (lambda: torch.tensor([1, 2], device="sim"), "tensor([1, 2], device='sim:0')"),
        (lambda: torch.ones(1, device="sim", requires_grad=True), "tensor([1.], device='sim:0', requires_grad=True)"),
        (lambda: torch.ones(1, device="sim", requires_grad=True) * 2, "tensor([2.], device='sim:0', grad_fn=<MulBackward0>)"),
        (
            lambda: nn.Parameter(torch.ones(1, device="sim")),
            "Parameter containing:\ntensor([1.], device='sim:0', requires_grad=True)",
        ),
    ],
)
def test_printing(make, text):
    assert repr(make()) == str(make()) == text


def test_formatting():
    assert f"{torch.tensor(1.25, device='sim'):.1f}" == "1.2"
    assert f"{torch.tensor([1.0], device='sim')}" == "tensor([1.], device='sim:0')"


def test_python_numbers():
    x = torch.tensor(3.0, device="sim")
    assert (x.item(), float(x), int(x), bool(x > 2), x.tolist()) == (3.0, 3.0, 3, True, 3.0)
    assert torch.stack([x, x]).tolist() == [3.0, 3.0]
    assert [int(v) for v in torch.arange(3, device="sim")] == [0, 1, 2]


def test_a_number_on_the_host_is_an_operand():
    same(torch.ones(3, device="sim") * torch.tensor(2.0), torch.full((3,), 2.0))


def test_assigning_data():
    parameter = nn.Parameter(torch.zeros(3, device="sim"))
    parameter.data = torch.ones(3, device="sim")
    same(parameter * 2, torch.full((3,), 2.0))
    parameter.data -= 0.5
    same(parameter.data, torch.full((3,), 0.5))
    parameter.data = torch.zeros(2, 2, device="sim")
    assert parameter.shape == (2, 2) and parameter.requires_grad


@pytest.mark.parametrize(("source", "target"), [("cpu", "sim"), ("sim", "cpu")])
def test_assigning_data_of_the_other_device(source, target):
    parameter = nn.Parameter(torch.zeros(3, device=source))
    same_object = parameter
    parameter.data = torch.ones(3, device=target)
    assert same_object.device.type == target
    assert isinstance(same_object, nn.Parameter) and same_object.requires_grad
    (same_object * 3).sum().backward()
    assert same_object.grad.tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(("source", "target"), [("cpu", "sim"), ("sim", "cpu")])
def test_a_module_moves_with_its_parameters_staying_the_same_objects(source, target):
    """As with CUDA: an optimizer made before the move steps the moved parameters."""
    layer = nn.Linear(2, 2).to(source)
    layer(torch.ones(1, 2, device=source)).sum().backward()
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    before, weight = layer.weight.detach().cpu().clone(), layer.weight
    layer.to(target)
    assert layer.weight is weight
    assert (weight.device.type, weight.grad.device.type) == (target, target)
    optimizer.step()
    assert torch.equal(weight.detach().cpu(), before - 1.0)


def test_a_module_moves_while_a_graph_that_uses_it_is_alive_which_then_cannot_run_backward():
    layer = nn.Linear(2, 2)
    layer.weight.note = "kept"
    loss = layer(torch.ones(1, 2)).sum()
    layer.to("sim")
    assert layer.weight.note == "kept"
    with pytest.raises(RuntimeError, match="moved to another device between forward and backward"):
        loss.backward()


def test_conversion():
    x = torch.randn(3)
    y = x.to("sim")
    assert y.to("sim") is y
    same(y.double(), x.double())
    same(x.to(y), x)
    same(x.sim(), x)
    assert y.is_sim and not x.is_sim
    assert y.to("cpu", torch.float64).dtype == torch.float64


def test_gradients_flow_through_copies_between_devices():
    x = torch.ones(3, requires_grad=True)
    (x.to("sim") * 2).cpu().sum().backward()
    assert torch.equal(x.grad, torch.full((3,), 2.0))


def test_disabled_gradient_scaler():
    assert torch.amp.GradScaler("sim", enabled=False).scale(torch.ones(1, device="sim")).item() == 1.0


def test_threads():
    results = []

    def work():
        x = torch.ones(3, device="sim", requires_grad=True)
        for _ in range(5):
            (x * 2).sum().backward()
        results.append(x.grad.tolist())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[10.0, 10.0, 10.0]] * 3


def test_function_transforms_in_a_thread(forward_mode):
    """One thread at a time: PyTorch's forward mode keeps its levels for the whole process."""
    results = []
    thread = threading.Thread(target=lambda: results.append(torch.func.hessian(cube)(torch.ones(2, device="sim")).tolist()))
    thread.start()
    thread.join()
    assert results == [[[6.0, 0.0], [0.0, 6.0]]]
