"""What runs beside your code when a check needs a backward pass, a module or a device. Read them, run them, change a copy of them.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data. `note` is a function of the check: what it is told
is counted there.
"""

import contextlib
import ctypes
import gc
import weakref

import torch
import torch.utils.checkpoint
from torch import nn
from torch.nn import functional as F

import accelerator

# Question 2


def in_reused_memory(x):
    """x times four constants, each in memory of its own: a piece that nobody holds any more is used again, at the same address."""
    free = []
    for _ in range(4):
        memory = free.pop() if free else bytearray(x.nbytes)
        window = (ctypes.c_byte * x.nbytes).from_buffer(memory)
        weakref.finalize(window, free.append, memory)
        constant = torch.frombuffer(window, dtype=x.dtype)
        del window
        x = x * constant
        del constant
    return x


FUNCTIONS = {
    "x + 1": lambda x: x + 1,
    "x.sum()": lambda x: x.sum(),
    "x * x": lambda x: x * x,
    "x.relu()": lambda x: x.relu(),
    "x.exp()": lambda x: x.exp(),
    "x @ w": lambda x, w: x @ w,
    "x @ w.T": lambda x, w: x @ w.T,
    "x.T * x": lambda x: x.T * x,
    "x * x.detach().cos()": lambda x: x * x.detach().cos(),
    "four products": in_reused_memory,
    "x[:2] * y": lambda x, y: x[:2] * y,
    "x[index]": lambda x, index: x[index],
    "gelu(x @ a) @ b": lambda x, a, b: F.gelu(x @ a) @ b,
    "two results": lambda x: (x.exp(), x.exp().sum()),
}


def measure_saved_bytes(env, name, tensors, excluded=(), note=None):
    """saved_bytes of one of FUNCTIONS. excluded: positions of the tensors to exclude. Tells `note` of every call of the function."""
    tensors = [t.clone().requires_grad_(t.is_floating_point()) for t in tensors]

    def fn(*inputs):
        if note is not None:
            note("fn")
        return FUNCTIONS[name](*inputs)

    result = env["saved_bytes"](fn, *tensors, exclude=[tensors[i] for i in excluded])
    return {"bytes": result, "differentiated": sum(t.grad is not None for t in tensors)}


# Question 3


def swish_derivatives(env, x, beta, upstream, orders):
    """swish(x, beta), the gradient of sum(upstream * swish) with respect to x, the gradient of that gradient's sum, and so on.

    None where PyTorch cannot differentiate any more.
    """
    x = x.clone().requires_grad_()
    value = env["swish"](x, beta)
    found = [value]
    value = (upstream * value).sum()
    for _ in range(orders):
        if not value.requires_grad:
            break
        (gradient,) = torch.autograd.grad(value, x, create_graph=True, allow_unused=True)
        if gradient is None:
            break
        found.append(gradient)
        value = gradient.sum()
    return [*(f.detach() for f in found), *[None] * (orders + 1 - len(found))]


def swish_penalty(env, w, x, beta):
    """The sum of squares of the gradient of sum(w * swish(x, beta)) with respect to x, differentiated with respect to w and x.

    None where PyTorch finds no dependence.
    """
    w, x = w.clone().requires_grad_(), x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((w * env["swish"](x, beta)).sum(), x, create_graph=True)
    return list(torch.autograd.grad((gradient**2).sum(), [w, x], allow_unused=True)) if gradient.requires_grad else [None, None]


def swish_saved(env, x, beta):
    """Bytes that autograd keeps for swish(x, beta)."""
    x = x.clone().requires_grad_()
    with _saved() as storages:
        y = env["swish"](x, beta)
    del y
    return sum(storages.values())


# Question 4


def checkpoint_network(env, x, weights, upstream, note):
    """A small network behind `checkpoint`: its output and the gradients of its input and weights. Tells `note` what happens when."""
    leaf = x.clone().requires_grad_()
    weights = [w.clone().requires_grad_() for w in weights]

    def fn(h):
        note("fn")
        return torch.tanh(h @ weights[0] + weights[1]) @ weights[2]

    with _without_torch_checkpoint():
        y = env["checkpoint"](fn, leaf * 1.0, params=weights)
        note("forward done")
        grads = torch.autograd.grad(y, [leaf, *weights], upstream, allow_unused=True)
        note("backward done")
    return y.detach(), list(grads)


def checkpoint_saved(env, x, weights):
    """Bytes that autograd keeps for the network behind `checkpoint`, without those of the weights."""
    x = x.clone().requires_grad_()
    weights = [w.clone().requires_grad_() for w in weights]
    with _without_torch_checkpoint(), _saved(weights) as storages:
        y = env["checkpoint"](lambda h: torch.tanh(h @ weights[0] + weights[1]) @ weights[2], x, params=weights)
    del y
    return sum(storages.values())


def checkpoint_dropout(env, x, p, seed):
    """Dropout behind `checkpoint`: its output, random numbers drawn after it, the gradient of its sum, random numbers drawn after that."""
    x = x.clone().requires_grad_()
    torch.manual_seed(seed)
    with _without_torch_checkpoint():
        y = env["checkpoint"](lambda h: F.dropout(h, p), x)
        between = torch.rand(4)
        (gradient,) = torch.autograd.grad(y.sum(), x)
    return y.detach(), between, gradient, torch.rand(4)


def checkpoint_mixed_arguments(env, scale, x, index, name, w):
    """A function of a number, a tensor, integers, a string, None, a tensor without gradient, and one that it does not use.

    Returns its output and the gradient of x.
    """
    x, unused = x.clone().requires_grad_(), x.clone().requires_grad_()

    def fn(scale, x, index, name, nothing, w, unused):
        assert nothing is None
        return scale * getattr(x[index], name)() * w

    with _without_torch_checkpoint():
        y = env["checkpoint"](fn, scale, x, index, name, None, w, unused)
        (gradient,) = torch.autograd.grad(y.sum(), x)
    return y.detach(), gradient


def checkpoint_two_outputs(env, x, upstream):
    """A function with two outputs: both, the gradient with both in use, and the gradient with only the second in use."""
    x = x.clone().requires_grad_()
    with _without_torch_checkpoint():
        first, second = env["checkpoint"](lambda h: (h.sin(), h**3), x)
        (both,) = torch.autograd.grad([first, second], x, upstream, retain_graph=True)
        (one,) = torch.autograd.grad(second, x, upstream[1])
    return first.detach(), second.detach(), both, one


def checkpoint_first_layer(env, x, w):
    """A layer whose input needs no gradient: whether the output has one, and the gradient of the layer's weight."""
    w = w.clone().requires_grad_()
    with _without_torch_checkpoint():
        y = env["checkpoint"](lambda h: torch.tanh(h @ w), x, params=[w])
        gradient = torch.autograd.grad(y.sum(), w, allow_unused=True)[0] if y.requires_grad else None
    return y.requires_grad, gradient


def checkpoint_changed_input(env, x):
    """The input is doubled in place between forward and backward. Returns the gradient, or None if PyTorch refused."""
    x = x.clone().requires_grad_()
    h = x * 1.0
    with _without_torch_checkpoint():
        y = env["checkpoint"](torch.sin, h)
        with torch.no_grad():
            h.mul_(2.0)
        try:
            return torch.autograd.grad(y.sum(), x)[0]
        except NotImplementedError:
            raise
        except RuntimeError:
            return None


def checkpoint_second_derivative(env, x):
    """The second derivative of the sum of sin(x)² + x³, with sin behind `checkpoint`. Returns None if PyTorch refused."""
    x = x.clone().requires_grad_()
    with _without_torch_checkpoint():
        y = env["checkpoint"](torch.sin, x)
        (first,) = torch.autograd.grad((y**2).sum() + (x**3).sum(), x, create_graph=True)
        try:
            first.sum().backward()
            return x.grad
        except NotImplementedError:
            raise
        except RuntimeError:
            return None


# Question 5


class Layer(nn.Module):
    """tanh(weight @ x + bias); it tells `note` its number whenever it runs."""

    def __init__(self, number, weight, bias, note):
        super().__init__()
        self.number, self.note = number, note
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())

    def forward(self, x):
        self.note(self.number)
        return torch.tanh(x @ self.weight.T + self.bias)


def run_layers(env, weights, biases, x, k, note):
    """run_segments on layers, with a checkpoint that tells `note` when it is called.

    Returns the output, the gradients of the input and of each layer, and for each segment the numbers of the layers whose parameters it
    was given.
    """
    layers = [Layer(i, w, b, note) for i, (w, b) in enumerate(zip(weights, biases, strict=True))]
    owner = {id(p): layer.number for layer in layers for p in layer.parameters()}
    given = []
    x = x.clone().requires_grad_()

    def ckpt(fn, h, params=()):
        note("segment")
        params = list(params)
        given.append([owner.get(id(p), -1) for p in params])
        return _recompute(fn, h, params)

    y = env["run_segments"](layers, x, k, ckpt)
    note("backward")
    y.sum().backward()
    return y.detach(), x.grad, [layer.weight.grad for layer in layers], given


# Question 6


class Linear(nn.Module):
    """x @ w, which tells `note` of its forward and its backward passes. One under no_grad keeps nothing, and is not counted."""

    def __init__(self, w, note):
        super().__init__()
        self.w, self.note = nn.Parameter(w.clone()), note

    def forward(self, x):
        y = x @ self.w
        if y.requires_grad:
            self.note("forward")
            y.register_hook(lambda gradient: self.note("backward"))
        return y


def accumulate_linear(env, w, xs, ys, note, old=None):
    """accumulate for a linear model and the mean squared error: what it returned, and the gradient. old: a gradient from before."""
    model = Linear(w, note)
    if old is not None:
        model.w.grad = old.clone()
    loss = env["accumulate"](model, lambda out, y: ((out - y.detach()) ** 2).mean(), list(zip(xs, ys, strict=True)))
    return loss, model.w.grad


def accumulate_refuses(env, sizes):
    """Whether accumulate raises ValueError for micro-batches of these sizes."""
    model = nn.Linear(2, 1)
    try:
        env["accumulate"](model, F.mse_loss, [(torch.ones(n, 2), torch.ones(n, 1)) for n in sizes])
    except ValueError:
        return True
    return False


# Question 7


class WatchedBlock(nn.TransformerEncoderLayer):
    """PyTorch's own transformer block, without dropout; it tells `note` its number whenever it runs."""

    def __init__(self, number, weights, heads, note):
        h = weights[0].shape[1]
        super().__init__(h, heads, 4 * h, dropout=0.0, batch_first=True, dtype=weights[0].dtype)
        self.number, self.note = number, note
        with torch.no_grad():
            for p, w in zip(self.parameters(), weights, strict=True):
                p.copy_(w)

    def forward(self, x):
        self.note(self.number)
        return super().forward(x)


def train_on_device(env, weights, heads, x, y, steps, lr, recompute, device, note):
    """train on a stack of transformer blocks, with a checkpoint of our own in place of yours. Returns the losses and the new weights."""
    if device == "sim":
        accelerator.register()
    blocks = [WatchedBlock(i, w, heads, note) for i, w in enumerate(weights)]
    losses = env["train"](blocks, x, y, steps, lr, recompute, device, lambda fn, h, params=(): _recompute(fn, h, params))
    return losses, [[p.detach().cpu() for p in block.parameters()] for block in blocks]


def train_leaves(env, weights, heads, x, y, steps, lr, recompute):
    """The gradients that are still there, on the CPU, when train has returned."""
    blocks = [WatchedBlock(i, w, heads, lambda number: None) for i, w in enumerate(weights)]
    env["train"](blocks, x, y, steps, lr, recompute, "cpu", lambda fn, h, params=(): _recompute(fn, h, params))
    return [p.grad for block in blocks for p in block.parameters() if p.grad is not None]


def train_fits(env, weights, heads, x, y, steps, lr, recompute, device):
    """Whether training gets through on the device, or runs out of the memory that the check gave it."""
    try:
        train_on_device(env, weights, heads, x, y, steps, lr, recompute, device, lambda number: None)
    except torch.OutOfMemoryError:
        return False
    return True


def train_refuses(env, recompute, steps):
    """Whether train raises ValueError for a stack of two small layers on the CPU."""
    blocks = [nn.Linear(2, 2), nn.Linear(2, 2)]
    try:
        env["train"](blocks, torch.ones(1, 2), torch.ones(1, 2), steps, 0.1, recompute, "cpu", lambda fn, h, params=(): fn(h))
    except ValueError:
        return True
    return False


def settle(env):
    """One small operation on the device, so that what earlier code left behind is given back before the next count begins."""
    accelerator.register()
    gc.collect()
    return torch.ones(1, device="sim").item()


# Helpers


@contextlib.contextmanager
def _saved(excluded=()):
    """Bytes by storage of everything that autograd saves inside the block."""
    left_out = {t.untyped_storage().data_ptr() for t in excluded}
    storages, alive = {}, []

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in left_out:
            storages[storage.data_ptr()] = storage.nbytes()
            alive.append(storage)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield storages


@contextlib.contextmanager
def _without_torch_checkpoint():
    """PyTorch's own checkpoint is switched off inside the block: question 4 is about writing it."""
    module = torch.utils.checkpoint
    names = [n for n in ("checkpoint", "CheckpointFunction", "_checkpoint_without_reentrant_generator") if hasattr(module, n)]
    before = {n: getattr(module, n) for n in names}
    try:
        for n in names:
            setattr(module, n, _Refused())
        yield
    finally:
        for n, value in before.items():
            setattr(module, n, value)


class _Refused:
    def __call__(self, *args, **kwargs):
        raise RuntimeError("torch.utils.checkpoint is not allowed in this question.")

    apply = __call__


class _Recomputed(torch.autograd.Function):
    """fn(x), of which only x is kept. The parameters are among the inputs, so that they get gradients in every way of asking."""

    @staticmethod
    def forward(ctx, fn, x, *params):
        ctx.fn, ctx.params = fn, params
        ctx.save_for_backward(x)
        return fn(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        inputs = [x.detach().requires_grad_(x.requires_grad), *ctx.params]
        with torch.enable_grad():
            y = ctx.fn(inputs[0])
        wanted = [t for t, needed in zip(inputs, ctx.needs_input_grad[1:], strict=True) if needed]
        found = iter(torch.autograd.grad(y, wanted, grad, allow_unused=True))
        return None, *(next(found) if needed else None for needed in ctx.needs_input_grad[1:])


def _recompute(fn, x, params):
    """A checkpoint of a function of one tensor that has no random numbers in it."""
    return _Recomputed.apply(fn, x, *params)
