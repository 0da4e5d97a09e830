from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def activation_bytes(s: int, b: int, h: int, a: int, L: int, mode: str, value_bytes: int = 2, mask_bytes: int = 1) -> int:
    """Bytes of activations that L transformer blocks keep for the backward pass.

    s, b, h, a, L: sequence length, sequences per batch, width, attention heads, blocks: positive
    integers, with h divisible by a.
    mode: "none" keeps every tensor of the table, "selective" keeps all but the attention core's,
    "full" keeps only each block's input.
    value_bytes: size of a stored number. mask_bytes: size of an entry of a dropout mask.
    Returns a whole number of bytes. Raises ValueError outside this domain, also for any other mode.
    Beyond the lecture notes: Korthikanti et al. 2022 (arXiv 2205.05198), section 4.1.
    """
    # BEGIN SOLUTION
    if min(s, b, h, a, L) < 1 or h % a != 0:
        raise ValueError(f"Sizes must be positive and h divisible by a: s={s}, b={b}, h={h}, a={a}, L={L}.")
    if mode not in ("none", "selective", "full"):
        raise ValueError(f"mode must be 'none', 'selective' or 'full'; it is {mode!r}.")
    if mode == "full":
        return L * s * b * h * value_bytes
    linear = s * b * h * (16 * value_bytes + 2 * mask_bytes)
    core = a * s * s * b * (2 * value_bytes + mask_bytes)
    return L * (linear + (core if mode == "none" else 0))
    # END SOLUTION


def param_count(V: int, h: int, L: int, d_ff: int | None = None, tied: bool = True) -> int:
    """Number of parameters of a transformer with L blocks, a token embedding and an output head.

    V: tokens in the vocabulary; h: width; L: blocks; d_ff: width inside the MLP, 4h if None:
    positive integers (L may be 0).
    tied: the output head reuses the embedding's matrix. Linear maps have no biases; a LayerNorm has
    a scale and a shift, and there are two in every block and one after the last. No position
    embedding. Raises ValueError outside this domain.
    Lecture 12 gives the orders of growth, O(V h + L h²).
    """
    # BEGIN SOLUTION
    d_ff = 4 * h if d_ff is None else d_ff
    if min(V, h, d_ff) < 1 or L < 0:
        raise ValueError(f"V, h and d_ff must be positive and L must not be negative: V={V}, h={h}, d_ff={d_ff}, L={L}.")
    block = 4 * h * h + 2 * h * d_ff + 2 * (2 * h)
    embeddings = V * h if tied else 2 * V * h
    return embeddings + L * block + 2 * h
    # END SOLUTION


def step_flops(s: int, b: int, h: int, L: int, mode: str) -> int:
    """Floating-point operations of one training step of L blocks with MLP width 4h: the forward,
    the backward, and what is recomputed.

    Only matrix products count, and one multiply-add is two operations. s, b, h, L: positive
    integers. mode: as in `activation_bytes`.
    Returns an integer. Raises ValueError outside this domain.
    Beyond the lecture notes, which say "roughly one extra forward pass".
    """
    # BEGIN SOLUTION
    if min(s, b, h, L) < 1 or mode not in ("none", "selective", "full"):
        raise ValueError(f"Sizes must be positive and mode one of the three: s={s}, b={b}, h={h}, L={L}, mode={mode!r}.")
    core = 4 * b * s * s * h
    forward = 24 * b * s * h * h + core
    recomputed = {"none": 0, "selective": core, "full": forward}[mode]
    return L * (3 * forward + recomputed)
    # END SOLUTION


class Block(nn.Module):
    """A transformer block, x + attention(norm(x)) and then x + mlp(norm(x)), without biases in the
    linear maps.

    The attention is written out, so that every tensor of the table exists; there is no causal mask.
    x: (b, s, h).
    `core` can be replaced for one call, for example by a function that recomputes it.
    """

    def __init__(self, h: int, a: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.dropout = a, dropout
        self.norm1, self.norm2 = nn.LayerNorm(h), nn.LayerNorm(h)
        self.qkv = nn.Linear(h, 3 * h, bias=False)
        self.out = nn.Linear(h, h, bias=False)
        self.up = nn.Linear(h, 4 * h, bias=False)
        self.down = nn.Linear(4 * h, h, bias=False)

    def core(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """softmax(q kᵀ / √d), dropout, times v: the part with s² numbers for each head."""
        weights = torch.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, dim=-1)
        return F.dropout(weights, self.dropout) @ v

    def forward(self, x: Tensor, core: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None) -> Tensor:
        b, s, h = x.shape
        parts = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (part.reshape(b, s, self.heads, h // self.heads).transpose(1, 2) for part in parts)
        mixed = (core or self.core)(q, k, v).transpose(1, 2).reshape(b, s, h)
        x = x + F.dropout(self.out(mixed), self.dropout)
        return x + F.dropout(self.down(F.gelu(self.up(self.norm2(x)))), self.dropout)


def saved_bytes(fn: Callable[..., Any], *inputs: Any, exclude: Iterable[Tensor] = ()) -> int:
    """Bytes of memory that autograd keeps for the backward pass of one call fn(*inputs), by
    storage.

    fn: any function; it is called once, and nothing is differentiated. exclude: tensors
    (parameters, say) whose storages do not count.
    Every storage that holds a saved tensor counts once and whole: two views of one storage are one
    storage, and a small view keeps all of its storage alive. Returns an integer. CPU and CUDA; for
    `sim`, the accelerator's ledger counts.
    torch.autograd.graph.saved_tensors_hooks in the documentation of PyTorch.
    """
    # BEGIN SOLUTION
    left_out = {tensor.untyped_storage().data_ptr() for tensor in exclude}
    storages = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in left_out:
            storages[storage.data_ptr()] = storage
        return tensor

    def unpack(tensor: Tensor) -> Tensor:
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        fn(*inputs)
    return sum(storage.nbytes() for storage in storages.values())
    # END SOLUTION


class Swish(torch.autograd.Function):
    """x · σ(beta · x), elementwise, which saves x and nothing else for the backward pass.

    The backward pass is itself differentiable, any number of times.
    Beyond the lecture notes; "Extending PyTorch" and "Double backward with custom functions" in the
    documentation of PyTorch.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        """Compute x · σ(beta · x) and put on ctx what backward needs.

        x: floating point, any shape and device. beta: a Python number, which has no gradient.
        """
        # BEGIN SOLUTION
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)
        # END SOLUTION

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients with respect to x and beta, given the gradient with respect to the output.
        The one for beta is None."""
        # BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        return grad_output * (sigma + ctx.beta * x * sigma * (1 - sigma)), None
        # END SOLUTION


def swish(x: Tensor, beta: float = 1.0) -> Tensor:
    """x · σ(beta · x): a Function is called through its `apply`, by position."""
    return Swish.apply(x, beta)


def random_state(values: Iterable[Any]) -> tuple[Tensor, dict[int, Tensor]]:
    """The states of the random generators that a function of `values` may use: the CPU's, and that
    of each CUDA device among them.

    The simulated accelerator draws from the CPU's generator.
    """
    devices = {v.get_device() for v in values if isinstance(v, Tensor) and v.is_cuda}
    return torch.get_rng_state(), {d: torch.cuda.get_rng_state(d) for d in devices}


def set_random_state(state: tuple[Tensor, dict[int, Tensor]]) -> None:
    """Put the generators into a state that `random_state` returned."""
    torch.set_rng_state(state[0])
    for device, cuda in state[1].items():
        torch.cuda.set_rng_state(cuda, device)


class Checkpoint(torch.autograd.Function):
    """fn(*args), of which only the arguments are kept; the backward pass calls fn again.

    Chen et al. 2016 (arXiv 1604.06174); `torch.autograd.Function` in the documentation of PyTorch.
    """

    @staticmethod
    def forward(ctx: Any, fn: Callable[..., Any], count: int, *values: Any) -> Any:
        """Call fn on the first `count` of `values` and return what it returns; put on ctx what
        backward needs.

        values: the arguments of fn (tensors of any kind, and anything else), then the parameters
        that fn uses.
        PyTorch switches gradients off in here, so fn builds no graph.
        """
        # BEGIN SOLUTION
        ctx.fn, ctx.count = fn, count
        ctx.random = random_state(values)
        ctx.places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        ctx.others = [None if isinstance(value, Tensor) else value for value in values]
        ctx.save_for_backward(*(values[i] for i in ctx.places))
        return fn(*values[:count])
        # END SOLUTION

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """One gradient, or None, for each argument of forward after ctx: for fn, for count, and for
        every one of values.

        grads: the gradient with respect to each output of fn. PyTorch switches gradients off in
        here too (once_differentiable).
        """
        # BEGIN SOLUTION
        values = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            values[i] = tensor.detach().requires_grad_(tensor.requires_grad) if i < ctx.count else tensor
        now = random_state(values)
        set_random_state(ctx.random)
        with torch.enable_grad():
            outputs = ctx.fn(*values[: ctx.count])
        set_random_state(now)
        wanted = [i for i in ctx.places if values[i].requires_grad]
        found = torch.autograd.grad(
            outputs if isinstance(outputs, tuple) else (outputs,), [values[i] for i in wanted], grads, allow_unused=True
        )
        gradients: list[Tensor | None] = [None] * len(values)
        for i, gradient in zip(wanted, found, strict=True):
            gradients[i] = gradient
        return None, None, *gradients
        # END SOLUTION


def checkpoint(fn: Callable[..., Any], *args: Any, params: Iterable[Tensor] = ()) -> Any:
    """fn(*args), without keeping what fn computes on the way: the backward pass calls fn a second
    time.

    fn returns a tensor or a tuple of tensors. params: the parameters that fn uses without receiving
    them as arguments; only those that are named here get gradients.
    """
    return Checkpoint.apply(fn, len(args), *args, *params)


def run_segments(layers: Sequence[nn.Module], x: Tensor, k: int, ckpt: Callable[..., Tensor] = checkpoint) -> Tensor:
    """layers[-1](... layers[1](layers[0](x))), in k segments of neighboring layers, each of them
    run by one call of ckpt.

    The lengths of the segments differ by at most one. ckpt(fn, x, params=...) is called with a
    function of one tensor that runs the segment, the segment's input, and all parameters of the
    segment's layers; also for the last segment.
    Raises ValueError unless 1 <= k <= len(layers).
    Chen et al. 2016 (arXiv 1604.06174), section 3.
    """
    # BEGIN SOLUTION
    n = len(layers)
    if not 1 <= k <= n:
        raise ValueError(f"There are {n} layers; k must lie between 1 and {n}, and is {k}.")

    def runner(segment: Sequence[nn.Module]) -> Callable[[Tensor], Tensor]:
        def run(value: Tensor) -> Tensor:
            for layer in segment:
                value = layer(value)
            return value

        return run

    for i in range(k):
        segment = layers[i * n // k : (i + 1) * n // k]
        x = ckpt(runner(segment), x, params=[p for layer in segment for p in layer.parameters()])
    return x
    # END SOLUTION


def peak_activations(n: int, k: int) -> int:
    """Most activations alive at one time when n layers run in k segments, in units of one layer's
    activation.

    The k inputs of the segments are kept all the time; in the backward pass the longest segment
    adds one activation per layer.
    n, k: integers with 1 <= k <= n; otherwise raises ValueError.
    """
    # BEGIN SOLUTION
    if not 1 <= k <= n:
        raise ValueError(f"k must lie between 1 and n = {n}; it is {k}.")
    return k + -(-n // k)
    # END SOLUTION


def best_k(n: int) -> int:
    """A number of segments between 1 and n with the smallest peak; any of them if there are
    several. Raises ValueError if n < 1."""
    # BEGIN SOLUTION
    if n < 1:
        raise ValueError(f"n must be at least 1; it is {n}.")
    return min(range(1, n + 1), key=lambda k: k - (-n // k))
    # END SOLUTION


def max_batch(capacity: int, static: int, per_sequence: int) -> int:
    """Largest number of sequences whose activations fit beside the static memory; 0 if none fits.

    capacity, static, per_sequence: bytes of the device, of what is always there (parameters,
    gradients, optimizer state) and of one sequence's activations. static may exceed capacity.
    Raises ValueError if capacity or static is negative or per_sequence is not positive.
    """
    # BEGIN SOLUTION
    if capacity < 0 or static < 0 or per_sequence <= 0:
        raise ValueError(f"Bytes must not be negative, and per_sequence positive: {capacity}, {static}, {per_sequence}.")
    return max(0, int((capacity - static) // per_sequence))
    # END SOLUTION


def accumulate(model: nn.Module, loss_fn: Callable[[Tensor, Tensor], Tensor], batches: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Leave in .grad of the model's parameters the gradient of the mean loss over all samples, and
    return that mean loss.

    batches: pairs (x, y) of micro-batches; their first dimension counts samples and may differ from
    pair to pair.
    loss_fn(model(x), y): the mean loss over the samples of one micro-batch. Gradients that were
    there before are discarded.
    The graph of a micro-batch is gone before the next one is run. Raises ValueError for no
    micro-batches, or one without samples.
    Lecture 12, gradient accumulation.
    """
    # BEGIN SOLUTION
    sizes = [len(x) for x, _ in batches]
    if not sizes or min(sizes) == 0:
        raise ValueError(f"Every micro-batch needs a sample, and there must be one; the sizes are {sizes}.")
    model.zero_grad()
    total = 0.0
    for (x, y), size in zip(batches, sizes, strict=True):
        loss = loss_fn(model(x), y) * (size / sum(sizes))
        loss.backward()
        total += loss.item()
    return total
    # END SOLUTION


def blocks_to_recompute(n: int, capacity: int, static: int, block: int, boundary: int) -> int:
    """Fewest blocks, of n, that must be recomputed so that a training step fits into `capacity`
    bytes.

    static: bytes that are always there. block: bytes that a block keeps when it is not recomputed,
    its input included.
    boundary: bytes of a block's input alone, which is what a recomputed block keeps until its turn
    comes in the backward pass.
    The first blocks are recomputed, the others are not. Equality fits.
    Raises ValueError if n < 1, unless 0 <= boundary <= block, and if no number of recomputed blocks
    fits.
    Beyond the lecture notes: "checkpoint only some layers", Korthikanti et al. 2022 (arXiv
    2205.05198), section 5.
    """
    # BEGIN SOLUTION
    if n < 1 or not 0 <= boundary <= block:
        raise ValueError(f"There must be a block, and its input is a part of it: n={n}, block={block}, boundary={boundary}.")
    for r in range(n):
        if static + r * boundary + (n - r) * block <= capacity:
            return r
    raise ValueError(f"A step needs at least {static + (n - 1) * boundary + block} bytes; there are {capacity}.")
    # END SOLUTION


def train(
    blocks: Sequence[nn.Module],
    x: Tensor,
    y: Tensor,
    steps: int,
    lr: float,
    recompute: int,
    device: torch.device | str,
    ckpt: Callable[..., Tensor] = checkpoint,
) -> list[float]:
    """Train a stack of blocks on `device` by gradient descent on the mean squared error over all
    entries; the loss before each step.

    blocks, x, y: wherever they are, they are brought to the device; the blocks stay there
    (nn.Module.to works in place).
    recompute: how many blocks, from the first, are run by ckpt(block, h, params=...), one call for
    each; the others are run directly.
    lr: w becomes w - lr · gradient. steps: at least 1.
    The host reads no number from the device before the last step is done. No graph and no gradient
    is kept from step to step.
    Raises ValueError unless 0 <= recompute <= len(blocks) and steps >= 1.
    """
    # BEGIN SOLUTION
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError(f"There are {len(blocks)} blocks: recompute is {recompute}, steps is {steps}.")
    for block in blocks:
        block.to(device)
    params = [p for block in blocks for p in block.parameters()]
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        value = x
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        loss = (value - y).square().mean()
        del value
        loss.backward()
        with torch.no_grad():
            for p in params:
                if p.grad is not None:
                    p.sub_(lr * p.grad)
                p.grad = None
        losses.append(loss.detach())
    return torch.stack(losses).tolist()
    # END SOLUTION
