import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from autograder.audit import legal


@legal(of="activation_bytes")
def row_by_row(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """The table is added up row by row, and the result is a float."""
    if mode not in ("none", "selective", "full") or h % a or min(s, b, h, a, L) <= 0:
        raise ValueError("outside the domain")
    numbers = {"norms": 2, "qkv": 1, "q and k": 2, "v": 1, "out": 1, "up": 1, "gelu": 4, "down": 4}
    if mode == "full":
        return float(L * b * s * h * value_bytes)
    one = s * b * h * (sum(numbers.values()) * value_bytes + 2 * mask_bytes)
    scores = a * s * s * b * (2 * value_bytes + mask_bytes)
    return float(L * (one + scores * (mode == "none")))


@legal(of="activation_bytes")
def by_the_paper(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """s b h (c + d a s / h) with a floating-point quotient, rounded at the end."""
    if mode not in ("none", "selective", "full") or h % a or min(s, b, h, a, L) <= 0:
        raise ValueError("outside the domain")
    c = {"none": 16 * value_bytes + 2 * mask_bytes, "selective": 16 * value_bytes + 2 * mask_bytes, "full": value_bytes}[mode]
    d = 2 * value_bytes + mask_bytes if mode == "none" else 0
    return round(L * s * b * h * (c + d * a * s / h))


@legal(of="param_count")
def twelve_h_squared(V, h, L, d_ff=None, tied=True):
    """12 h² for the usual block, and the difference of the MLP on top."""
    if V < 1 or h < 1 or L < 0 or (d_ff is not None and d_ff < 1):
        raise ValueError("outside the domain")
    extra = 0 if d_ff is None else 2 * h * (d_ff - 4 * h)
    return V * h * (1 if tied else 2) + L * (12 * h**2 + extra) + 2 * h * (2 * L + 1)


@legal(of="step_flops")
def product_by_product(s, b, h, L, mode):
    """Every product's extents are listed; the result is a float."""
    if mode not in ("none", "selective", "full") or min(s, b, h, L) < 1:
        raise ValueError("outside the domain")
    maps = 2.0 * b * s * h * (3 * h + h + 4 * h + 4 * h)
    core = 2.0 * b * (s * s * h + s * s * h)
    return L * ((4 if mode == "full" else 3) * (maps + core) + (core if mode == "selective" else 0))


@legal(of="saved_bytes")
def with_sets(fn, *inputs, exclude=()):
    """(address, bytes) pairs in a set; the result of fn is kept until the end."""
    seen = set()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (seen.add(pair(t)), t)[1], lambda t: t):
        result = fn(*inputs)
    total = sum(size for _, size in seen - {pair(t) for t in exclude})
    del result
    return total


def pair(tensor):
    storage = tensor.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


@legal(of="saved_bytes")
def by_detached_copies(fn, *inputs, exclude=()):
    """The hook packs a detached tensor, and storages are told apart by their C++ object."""
    storages = {}

    def pack(tensor):
        storages[tensor.untyped_storage()._cdata] = tensor.untyped_storage()
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        fn(*inputs)
    for tensor in exclude:
        storages.pop(tensor.untyped_storage()._cdata, None)
    return sum(len(s) for s in storages.values())


@legal(of="Swish")
class FromValueAndSigma(torch.autograd.Function):
    """The slope is written as beta y + σ (1 − beta y), with y recomputed; setup_context is used in place of ctx in forward."""

    @staticmethod
    def forward(x: Tensor, beta: float) -> Tensor:
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Tensor) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.beta = inputs[1]

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        y = ctx.beta * x * sigma
        return (y + sigma * (1 - y)) * grad_output, None


@legal(of="Swish")
class SlopeByAutograd(torch.autograd.Function):
    """backward differentiates the composition with torch.autograd.grad and create_graph=True."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            y = x * torch.sigmoid(ctx.beta * x)
            return torch.autograd.grad(y, x, grad_output, create_graph=True)[0], None


@legal(of="Checkpoint")
class WithoutDetach(torch.autograd.Function):
    """The inputs are not detached: torch.autograd.grad stops at them. fork_rng guards the random state."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        ctx.fn, ctx.count, ctx.state = fn, count, torch.get_rng_state()
        ctx.tensor = [isinstance(v, Tensor) for v in values]
        ctx.rest = [v for v in values if not isinstance(v, Tensor)]
        ctx.save_for_backward(*(v for v in values if isinstance(v, Tensor)))
        with torch.no_grad():
            return fn(*values[:count])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        tensors, rest = iter(ctx.saved_tensors), iter(ctx.rest)
        values = [next(tensors) if is_tensor else next(rest) for is_tensor in ctx.tensor]
        with torch.random.fork_rng(), torch.enable_grad():
            torch.set_rng_state(ctx.state)
            outputs = ctx.fn(*values[: ctx.count])
        outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        needs = [isinstance(v, Tensor) and v.requires_grad for v in values]
        found = iter(torch.autograd.grad(outputs, [v for v, n in zip(values, needs, strict=True) if n], grads, allow_unused=True))
        return (None, None, *(next(found) if n else None for n in needs))


@legal(of="Checkpoint")
class ByBackwardOnDetached(torch.autograd.Function):
    """Arguments are detached and differentiated by torch.autograd.backward with a list of inputs; parameters stay attributes of ctx."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        ctx.fn, ctx.params, ctx.state = fn, values[count:], torch.get_rng_state()
        ctx.args = [None if isinstance(v, Tensor) else v for v in values[:count]]
        ctx.where = [i for i, v in enumerate(values[:count]) if isinstance(v, Tensor)]
        ctx.save_for_backward(*(values[i] for i in ctx.where))
        return fn(*values[:count])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        args = list(ctx.args)
        for i, t in zip(ctx.where, ctx.saved_tensors, strict=True):
            args[i] = t.detach()
            args[i].requires_grad = t.requires_grad
        after = torch.get_rng_state()
        torch.set_rng_state(ctx.state)
        with torch.enable_grad():
            outputs = ctx.fn(*args)
        torch.set_rng_state(after)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        leaves = [a for a in args if isinstance(a, Tensor) and a.requires_grad]
        before = [p.grad for p in ctx.params]
        for p in ctx.params:
            p.grad = None
        torch.autograd.backward(outputs, grads, inputs=[*leaves, *(p for p in ctx.params if p.requires_grad)])
        new = [p.grad for p in ctx.params]
        for p, g in zip(ctx.params, before, strict=True):
            p.grad = g
        return None, None, *(a.grad if isinstance(a, Tensor) else None for a in args), *new


@legal(of="run_segments")
def longer_ones_last(layers, x, k, ckpt=None):
    """The longer segments come last, layers are joined by nn.Sequential, and params is a generator."""
    if k < 1 or k > len(layers):
        raise ValueError("k is outside its domain")
    size, extra = divmod(len(layers), k)
    start = 0
    for i in range(k):
        stop = start + size + (i >= k - extra)
        segment = torch.nn.Sequential(*layers[start:stop])
        x = ckpt(segment, x, params=segment.parameters())
        start = stop
    return x


@legal(of="run_segments")
def by_default_argument(layers, x, k, ckpt=None):
    """The segment is bound as a default argument of a function made in the loop; the longer segments come first."""
    if not 0 < k <= len(layers):
        raise ValueError("k is outside its domain")
    rest = list(layers)
    for left in range(k, 0, -1):
        size = math.ceil(len(rest) / left)
        segment, rest = rest[:size], rest[size:]

        def run(value, segment=tuple(segment)):
            for layer in segment:
                value = layer(value)
            return value

        x = ckpt(run, x, params=tuple(p for layer in segment for p in layer.parameters()))
    return x


@legal(of="peak_activations")
def by_math_ceil(n, k):
    """math.ceil of the quotient."""
    if k < 1 or k > n:
        raise ValueError("k is outside its domain")
    return k + math.ceil(n / k)


@legal(of="best_k")
def root_rounded_down(n):
    """⌊√n⌋, which is also optimal for every n."""
    if n < 1:
        raise ValueError("n is outside its domain")
    return math.isqrt(n)


@legal(of="best_k")
def root_rounded_up(n):
    """⌈√n⌉, which is also optimal for every n."""
    if n < 1:
        raise ValueError("n is outside its domain")
    return math.isqrt(n - 1) + 1


@legal(of="max_batch")
def one_more_until_it_does_not_fit(capacity, static, per_sequence):
    """Sequences are added as long as they fit."""
    if capacity < 0 or static < 0 or per_sequence <= 0:
        raise ValueError("outside the domain")
    batch = 0
    while static + (batch + 1) * per_sequence <= capacity:
        batch += 1
    return batch


@legal(of="accumulate")
def divided_at_the_end(model, loss_fn, batches):
    """Sums over the micro-batches' samples are accumulated, and everything is divided by the number of samples at the end."""
    if not batches or any(len(x) == 0 for x, _ in batches):
        raise ValueError("outside the domain")
    for p in model.parameters():
        p.grad = None
    total, n = 0.0, 0
    for x, y in batches:
        loss = loss_fn(model(x), y) * len(x)
        loss.backward()
        total, n = total + loss.detach(), n + len(x)
    for p in model.parameters():
        if p.grad is not None:
            p.grad /= n
    return total / n


@legal(of="accumulate")
def loss_of_a_second_pass(model, loss_fn, batches):
    """The loss that comes back is computed again, under no_grad, in front of each backward pass or after it."""
    n = sum(len(x) for x, _ in batches)
    if n == 0 or any(len(x) == 0 for x, _ in batches):
        raise ValueError("outside the domain")
    model.zero_grad()
    total = 0.0
    for i, (x, y) in enumerate(batches):
        if i % 2:
            with torch.no_grad():
                total += loss_fn(model(x), y).item() * len(x) / n
        (loss_fn(model(x), y) * len(x) / n).backward()
        if i % 2 == 0:
            with torch.no_grad():
                total += loss_fn(model(x), y).item() * len(x) / n
    return total


@legal(of="blocks_to_recompute")
def by_division(n, capacity, static, block, boundary):
    """The missing bytes divided by what one recomputed block saves, rounded up."""
    if n < 1 or boundary < 0 or boundary > block:
        raise ValueError("outside the domain")
    missing = static + n * block - capacity
    if missing <= 0:
        return 0
    r = math.ceil(missing / (block - boundary)) if block > boundary else n
    if r > n - 1:
        raise ValueError("it does not fit")
    return r


@legal(of="train")
def by_torch_optim(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """torch.optim.SGD takes the steps; the mean is written out; losses are moved to the host as one tensor."""
    if recompute not in range(len(blocks) + 1) or steps <= 0:
        raise ValueError("outside the domain")
    stack = torch.nn.ModuleList(blocks).to(device)
    optimizer = torch.optim.SGD(stack.parameters(), lr=lr)
    x, y = x.to(device), y.to(device)
    losses = torch.zeros(steps, dtype=x.dtype, device=device)
    for step in range(steps):
        h = x
        for i, block in enumerate(stack):
            h = ckpt(block, h, params=block.parameters()) if i < recompute else block(h)
        loss = (h - y).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses[step] = loss.detach()
    return losses.cpu().tolist()


@legal(of="train")
def keeps_losses_with_their_graphs(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """The losses are kept with their graphs, which hold no activations any more once backward has run."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        h = x
        for block in blocks[:recompute]:
            h = ckpt(block, h, params=tuple(block.parameters()))
        for block in blocks[recompute:]:
            h = block(h)
        losses.append(F.mse_loss(h, y))
        losses[-1].backward()
        for block in blocks:
            for p in block.parameters():
                p.data -= lr * p.grad
                p.grad = None
    return [float(loss) for loss in torch.stack(losses).detach().cpu()]


@legal(of="train")
def by_torch_autograd_grad(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """torch.autograd.grad in place of .backward(): nothing is ever in p.grad."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    params = [p for block in blocks for p in block.parameters()]
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        h = x
        for i, block in enumerate(blocks):
            h = ckpt(block, h, params=block.parameters()) if i < recompute else block(h)
        loss = (h - y).square().mean()
        del h
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, grad in zip(params, grads, strict=True):
                p -= lr * grad
        del grads, grad
        losses.append(loss.detach())
    return torch.stack(losses).tolist()
