from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

import reference
from autograder.audit import fault

# Question 1


@fault(of="activation_bytes", loses={"q1"}, hint="How many attention scores does one sequence have, with several heads?")
def scores_without_heads(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """The attention scores are counted for one head only."""
    with_heads = reference.activation_bytes(s, b, h, a, L, mode, value_bytes, mask_bytes)
    core = L * s * s * b * (2 * value_bytes + mask_bytes)
    return with_heads - (a - 1) * core if mode == "none" else with_heads


@fault(of="activation_bytes", loses={"q1"}, hint="In which of s and h does the number of attention scores grow?")
def scores_grow_with_the_width(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """The attention scores are counted as a s h per sequence, where they are a s²."""
    plain = reference.activation_bytes(s, b, h, a, L, "selective" if mode == "none" else mode, value_bytes, mask_bytes)
    return plain + (L * a * s * h * b * (2 * value_bytes + mask_bytes) if mode == "none" else 0)


@fault(of="activation_bytes", loses={"q1"}, hint="How many blocks does the model have?")
def one_block_only(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """The number of blocks is left out."""
    return reference.activation_bytes(s, b, h, a, L, mode, value_bytes, mask_bytes) // L


@fault(of="activation_bytes", loses={"q1"}, hint="Is the sum of the table's rows already in bytes?")
def bytes_counted_twice(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """The formula's bytes are multiplied by two bytes once more."""
    return 2 * reference.activation_bytes(s, b, h, a, L, mode, value_bytes, mask_bytes)


@fault(of="activation_bytes", loses={"q1"}, hint="What is an entry of a dropout mask stored in?")
def masks_as_large_as_values(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """The dropout masks are counted with the size of the numbers."""
    return reference.activation_bytes(s, b, h, a, L, mode, value_bytes, value_bytes)


@fault(of="activation_bytes", loses={"q1"}, hint="Where do 34 and 5 come from, when a number has 4 bytes?")
def only_for_two_bytes(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """34 and 5 are written into the formula, which then holds for two-byte numbers and one-byte masks only."""
    return reference.activation_bytes(s, b, h, a, L, mode)


@fault(of="activation_bytes", loses={"q1"}, hint="Which rows of the table belong to the attention core?")
def selective_drops_all_attention(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """Selective recomputation drops all of attention's tensors, not only those with s² numbers."""
    found = reference.activation_bytes(s, b, h, a, L, mode, value_bytes, mask_bytes)
    return found - L * s * b * h * (5 * value_bytes + mask_bytes) if mode == "selective" else found


@fault(of="activation_bytes", loses={"q1"}, hint="When a whole block is recomputed, what does it start from?")
def full_keeps_nothing(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """With full recomputation nothing is kept, not even the inputs from which to recompute."""
    found = reference.activation_bytes(s, b, h, a, L, mode, value_bytes, mask_bytes)
    return 0 if mode == "full" else found


@fault(of="activation_bytes", loses={"q1"}, hint="Where does a division lose its remainder?")
def heads_by_integer_division(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """5 a s / h is computed by integer division."""
    found = reference.activation_bytes(s, b, h, a, L, mode, value_bytes, mask_bytes)
    if mode != "none":
        return found
    return L * s * b * h * (16 * value_bytes + 2 * mask_bytes + (2 * value_bytes + mask_bytes) * a * s // h)


@fault(of="activation_bytes", loses={"q1"}, hint="What should happen for sizes that no transformer can have?")
def activation_sizes_unchecked(s, b, h, a, L, mode, value_bytes=2, mask_bytes=1):
    """Sizes and modes outside the domain get a number."""
    if mode == "full":
        return L * s * b * h * value_bytes
    core = a * s * s * b * (2 * value_bytes + mask_bytes) if mode == "none" else 0
    return L * (s * b * h * (16 * value_bytes + 2 * mask_bytes) + core)


@fault(of="param_count", loses={"q1"}, hint="What happens to the heads' results after they are put side by side?")
def without_output_projection(V, h, L, d_ff=None, tied=True):
    """The projection after attention is forgotten."""
    return reference.param_count(V, h, L, d_ff, tied) - L * h * h


@fault(of="param_count", loses={"q1"}, hint="Does the output head have a matrix of its own?")
def head_always_counted(V, h, L, d_ff=None, tied=True):
    """The output head is counted although it shares the embedding's matrix."""
    return reference.param_count(V, h, L, d_ff, False)


@fault(of="param_count", loses={"q1"}, hint="How many LayerNorms are there, and what does each of them learn?")
def without_final_norm(V, h, L, d_ff=None, tied=True):
    """The LayerNorm after the last block is forgotten."""
    return reference.param_count(V, h, L, d_ff, tied) - 2 * h


@fault(of="param_count", loses={"q1"}, hint="How many vectors does one LayerNorm learn?")
def norms_without_shift(V, h, L, d_ff=None, tied=True):
    """A LayerNorm is counted with its scale and without its shift."""
    return reference.param_count(V, h, L, d_ff, tied) - h * (2 * L + 1)


@fault(of="param_count", loses={"q1"}, hint="Which terms change when the MLP is wider than 4h?")
def mlp_width_ignored(V, h, L, d_ff=None, tied=True):
    """d_ff is ignored: the MLP is always 4h wide."""
    return reference.param_count(V, h, L, None, tied)


@fault(of="param_count", loses={"q1"}, hint="How many parameters has a network of negative depth?")
def parameter_sizes_unchecked(V, h, L, d_ff=None, tied=True):
    """Sizes outside the domain are put into the formula."""
    d_ff = 4 * h if d_ff is None else d_ff
    return V * h * (1 if tied else 2) + L * (4 * h * h + 2 * h * d_ff + 4 * h) + 2 * h


@fault(of="step_flops", loses={"q1"}, hint="What does your function return for a mode that does not exist?")
def an_unknown_mode_recomputes_nothing(s, b, h, L, mode):
    """Every mode but two is taken for "none", misspelled ones too."""
    return reference.step_flops(s, b, h, L, mode if mode in ("selective", "full") else "none")


@fault(of="step_flops", loses={"q1"}, hint="A backward pass differentiates each product with respect to how many factors?")
def backward_costs_one_forward(s, b, h, L, mode):
    """The backward pass is counted like one forward pass, where it has two products for each."""
    return reference.step_flops(s, b, h, L, mode) - L * (24 * b * s * h * h + 4 * b * s * s * h)


@fault(of="step_flops", loses={"q1"}, hint="How often is a block run forward when it is recomputed?")
def recomputed_twice(s, b, h, L, mode):
    """What is recomputed is added twice."""
    return 2 * reference.step_flops(s, b, h, L, mode) - reference.step_flops(s, b, h, L, "none")


@fault(of="step_flops", loses={"q1"}, hint="How many operations is a multiply-add?")
def multiply_add_is_one(s, b, h, L, mode):
    """A multiply-add is counted as one operation."""
    return reference.step_flops(s, b, h, L, mode) // 2


@fault(of="step_flops", loses={"q1"}, hint="Which products have no weights in them?")
def attention_products_forgotten(s, b, h, L, mode):
    """The two products of attention, without weights, are forgotten."""
    forward = 24 * b * s * h * h * L
    return 3 * forward + (forward if mode == "full" else 0)


# Question 2


def collected(fn, inputs, exclude, key, size):
    """What the hooks of a student would collect: `size` of each packed tensor, once for each `key`."""
    left_out = {key(t) for t in exclude}
    found, alive = {}, []

    def pack(tensor):
        alive.append(tensor)
        if key(tensor) not in left_out:
            found[key(tensor)] = size(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = fn(*inputs)
    del result
    return sum(found.values())


@fault(of="saved_bytes", loses={"q2"}, hint="How large is one entry of the tensor?")
def entries_not_bytes(fn, *inputs, exclude=()):
    """Entries are counted, and not their bytes."""
    return collected(fn, inputs, exclude, lambda t: t.untyped_storage().data_ptr(), lambda t: t.numel())


@fault(of="saved_bytes", loses={"q2"}, hint="Is every entry a float32?")
def always_four_bytes(fn, *inputs, exclude=()):
    """Every entry is taken for four bytes."""
    return collected(
        fn, inputs, exclude, lambda t: t.untyped_storage().data_ptr(), lambda t: 4 * (t.untyped_storage().nbytes() // t.itemsize)
    )


@fault(of="saved_bytes", loses={"q2"}, hint="x * x saves x twice. How much memory is that?")
def every_saved_tensor_counts(fn, *inputs, exclude=()):
    """A storage that is saved twice is counted twice."""
    total = []
    left_out = {t.untyped_storage().data_ptr() for t in exclude}

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in left_out:
            total.append(tensor.untyped_storage().nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        fn(*inputs)
    return sum(total)


@fault(of="saved_bytes", loses={"q2"}, hint="Two tensors can be two windows on one memory. How do you recognize it?")
def tensors_instead_of_storages(fn, *inputs, exclude=()):
    """Tensors are told apart by id() of the Python object, so that two views of one storage count twice."""
    left_out = {id(t) for t in exclude}
    return collected(fn, inputs, [], id, lambda t: 0 if id(t) in left_out else t.untyped_storage().nbytes())


@fault(of="saved_bytes", loses={"q2"}, hint="What stays in memory while two rows of a large matrix are saved?")
def bytes_of_the_view(fn, *inputs, exclude=()):
    """A saved view counts with its own entries, though it keeps all of its storage alive."""
    return collected(fn, inputs, exclude, lambda t: t.untyped_storage().data_ptr(), lambda t: t.numel() * t.itemsize)


@fault(of="saved_bytes", loses={"q2"}, hint="What is the argument exclude for?")
def parameters_count_too(fn, *inputs, exclude=()):
    """exclude is ignored, so parameters count as activations."""
    return reference.saved_bytes(fn, *inputs)


@fault(of="saved_bytes", loses={"q2"}, hint="Does the sum of a tensor need its values in the backward pass?")
def inputs_and_outputs(fn, *inputs, exclude=()):
    """All inputs and outputs are counted, whether or not autograd saves them."""
    results = fn(*inputs)
    tensors = [*inputs, *(results if isinstance(results, tuple) else (results,))]
    left_out = {t.untyped_storage().data_ptr() for t in exclude}
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return sum(n for p, n in storages.items() if p not in left_out)


@fault(of="saved_bytes", loses={"q2"}, hint="How often does your function call fn?")
def runs_fn_to_warm_up(fn, *inputs, exclude=()):
    """fn is run once without hooks and once with them."""
    fn(*inputs)
    return reference.saved_bytes(fn, *inputs, exclude=exclude)


@fault(of="saved_bytes", loses={"q2"}, hint="When does PyTorch call the pack hook: in the forward pass or in the backward pass?")
def counts_in_the_backward_pass(fn, *inputs, exclude=()):
    """A backward pass is run to see what is unpacked, and leaves gradients behind."""
    left_out = {t.untyped_storage().data_ptr() for t in exclude}
    storages = {}

    def unpack(tensor):
        if tensor.untyped_storage().data_ptr() not in left_out:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, unpack):
        results = fn(*inputs)
        sum(r.sum() for r in (results if isinstance(results, tuple) else (results,))).backward()
    return sum(storages.values())


@fault(of="saved_bytes", loses={"q2"}, hint="What holds a tensor alive after pack has returned, and what may come to lie at its address?")
def only_addresses_remembered(fn, *inputs, exclude=()):
    """Only addresses are kept, so that memory which was freed and used again meanwhile counts once."""
    left_out = {t.untyped_storage().data_ptr() for t in exclude}
    found = {}

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in left_out:
            found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        fn(*inputs)
    return sum(found.values())


@fault(of="saved_bytes", loses={"q2"}, hint="Is a view of an excluded tensor the same object? Is it the same memory?")
def excludes_objects(fn, *inputs, exclude=()):
    """Excluded tensors are recognized as Python objects, so that views of them count."""
    left_out = list(exclude)
    storages = {}

    def pack(tensor):
        if not any(tensor is t for t in left_out):
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        fn(*inputs)
    return sum(s.nbytes() for s in storages.values())


@fault(of="saved_bytes", loses={"q2"}, hint="Which saved tensors need no gradient themselves? Think of an index and of a dropout mask.")
def only_what_requires_a_gradient(fn, *inputs, exclude=()):
    """Only saved tensors that require a gradient themselves are counted."""
    left_out = {t.untyped_storage().data_ptr() for t in exclude}
    storages = {}

    def pack(tensor):
        if tensor.requires_grad and tensor.untyped_storage().data_ptr() not in left_out:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        fn(*inputs)
    return sum(s.nbytes() for s in storages.values())


# Question 3


@fault(of="Swish", loses={"q3"}, hint="Does your backward know how σ(beta x) depends on x?")
class SigmaFromForward(torch.autograd.Function):
    """σ is kept on ctx from the forward pass, where nothing is recorded, so backward cannot be differentiated."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.beta, ctx.sigma = beta, torch.sigmoid(beta * x)
        return x * ctx.sigma

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return grad_output * (ctx.sigma + ctx.beta * x * ctx.sigma * (1 - ctx.sigma)), None


@fault(of="Swish", loses={"q3"}, hint="Which of the tensors that you save can be computed from another?")
class SavesSigmaToo(torch.autograd.Function):
    """x and σ are both saved, which is what the composition does anyway."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        sigma = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, sigma)
        ctx.beta = beta
        return x * sigma

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        x, _ = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        return grad_output * (sigma + ctx.beta * x * sigma * (1 - sigma)), None


class WithBackward(torch.autograd.Function):
    """The right forward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)


@fault(of="Swish", loses={"q3"}, hint="What does the chain rule do with the gradient that arrives?")
class IgnoresUpstream(WithBackward):
    """The gradient that arrives from above is not multiplied in."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        return sigma + ctx.beta * x * sigma * (1 - sigma), None


@fault(of="Swish", loses={"q3"}, hint="x · σ(beta x) is a product: how many terms does its derivative have?")
class OnlyOneTerm(WithBackward):
    """The product rule is applied to one factor only."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(ctx.beta * x), None


@fault(of="Swish", loses={"q3"}, hint="What is the derivative of σ(beta x) with respect to x?")
class ForgetsBeta(WithBackward):
    """The inner derivative beta is missing."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        return grad_output * (sigma + x * sigma * (1 - sigma)), None


@fault(of="Swish", loses={"q3"}, hint="In which precision is each of your numbers?")
class SigmaInSinglePrecision(torch.autograd.Function):
    """σ is computed in float32, whatever the precision of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid((beta * x).float()).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid((ctx.beta * x).float()).to(x.dtype)
        return grad_output * (sigma + ctx.beta * x * sigma * (1 - sigma)), None


@fault(of="Swish", loses={"q3"}, hint="Does the graph of your backward lead back to the x that forward was given?")
class BackwardWithoutGraph(WithBackward):
    """backward's result is cut off from x: by detach in forward or backward, or by no_grad in backward."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        with torch.no_grad():
            sigma = torch.sigmoid(ctx.beta * x)
            slope = sigma + ctx.beta * x * sigma * (1 - sigma)
        return grad_output * slope, None


@fault(of="Swish", loses={"q3"}, hint="Can the gradient that arrives depend on something?")
class UpstreamDetached(WithBackward):
    """The gradient that arrives is detached, so what it depends on gets no derivative."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        return grad_output.detach() * (sigma + ctx.beta * x * sigma * (1 - sigma)), None


@fault(of="Swish", loses={"q3"}, hint="How many arguments does forward have after ctx, and how many gradients does backward return?")
class OneGradientTooFew(WithBackward):
    """backward returns one gradient for two arguments."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        sigma = torch.sigmoid(ctx.beta * x)
        return grad_output * (sigma + ctx.beta * x * sigma * (1 - sigma))


@fault(of="Swish", loses={"q3"}, hint="What is exp(1000), and what is infinity divided by infinity?")
class OverflowingSigmoid(torch.autograd.Function):
    """σ is computed as exp(z) / (1 + exp(z)), which is NaN for large z."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.beta = beta
        power = torch.exp(beta * x)
        return x * power / (1 + power)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        power = torch.exp(ctx.beta * x)
        sigma = power / (1 + power)
        return grad_output * (sigma + ctx.beta * x * sigma * (1 - sigma)), None


@fault(
    of="Swish",
    loses={"q3"},
    hint="What is the derivative of your second-order term? Is your backward a formula in x, or is another Function hidden in it?",
)
class SecondDerivativeStops(WithBackward):
    """backward calls a Function whose own backward cannot be differentiated, so the third derivative is lost."""

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        (x,) = ctx.saved_tensors

        class Slope(torch.autograd.Function):
            @staticmethod
            def forward(inner: Any, x: Tensor, beta: float) -> Tensor:
                inner.save_for_backward(x)
                inner.beta = beta
                sigma = torch.sigmoid(beta * x)
                return sigma + beta * x * sigma * (1 - sigma)

            @staticmethod
            def backward(inner: Any, g: Tensor) -> Any:
                (x,) = inner.saved_tensors
                sigma = torch.sigmoid(inner.beta * x.detach())
                return g * inner.beta * sigma * (1 - sigma) * (2 + inner.beta * x.detach() * (1 - 2 * sigma)), None

        return grad_output * Slope.apply(x, ctx.beta), None


# Question 4


class Base(torch.autograd.Function):
    """A right checkpoint whose parts the faults replace: how it starts, how it reruns fn, what it hands back."""

    @staticmethod
    def keep(ctx: Any, fn: Any, count: int, values: Any) -> None:
        ctx.fn, ctx.count = fn, count
        ctx.random = reference.random_state(values)
        ctx.places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        ctx.others = [None if isinstance(value, Tensor) else value for value in values]
        ctx.save_for_backward(*(values[i] for i in ctx.places))

    @staticmethod
    def kept(ctx: Any) -> list[Any]:
        values = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            values[i] = tensor.detach().requires_grad_(tensor.requires_grad) if i < ctx.count else tensor
        return values

    @staticmethod
    def rerun(ctx: Any, values: list[Any]) -> Any:
        now = reference.random_state(values)
        reference.set_random_state(ctx.random)
        with torch.enable_grad():
            outputs = ctx.fn(*values[: ctx.count])
        reference.set_random_state(now)
        return outputs

    @staticmethod
    def gradients(ctx: Any, values: list[Any], outputs: Any, grads: Any) -> Any:
        wanted = [i for i in ctx.places if values[i].requires_grad]
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        found = torch.autograd.grad(outputs, [values[i] for i in wanted], grads, allow_unused=True)
        result: list[Any] = [None] * len(values)
        for i, gradient in zip(wanted, found, strict=True):
            result[i] = gradient
        return None, None, *result

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        Base.keep(ctx, fn, count, values)
        return fn(*values[:count])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        return Base.gradients(ctx, values, Base.rerun(ctx, values), grads)


@fault(of="Checkpoint", loses={"q4"}, hint="What is the gradient of an argument that fn does not use?")
class UnusedArgumentsFail(Base):
    """torch.autograd.grad is asked for the gradient of every argument, and raises an error for one that fn does not use."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        outputs = Base.rerun(ctx, values)
        wanted = [value for value in values if isinstance(value, Tensor) and value.requires_grad]
        found = iter(torch.autograd.grad(outputs, wanted, grads if isinstance(outputs, tuple) else grads[0]))
        return None, None, *(next(found) if isinstance(v, Tensor) and v.requires_grad else None for v in values)


@fault(of="Checkpoint", loses={"q4"}, hint="Is anything recorded while backward runs?")
class RerunWithoutGrad(Base):
    """fn is run again while gradients are switched off, so there is no graph to go back through."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        return Base.gradients(ctx, values, ctx.fn(*values[: ctx.count]), grads)


@fault(of="Checkpoint", loses={"q4"}, hint="What does backward do with the gradients that it is given?")
class ArrivingGradientIgnored(Base):
    """The gradient that arrives is taken for all ones."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        return Base.gradients(ctx, values, Base.rerun(ctx, values), [torch.ones_like(g) for g in grads])


@fault(of="Checkpoint", loses={"q4"}, hint="From which random state does the second run of fn start?")
class RandomStateNotRestored(Base):
    """The second run of fn draws new random numbers, so that dropout drops other entries."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        with torch.enable_grad():
            outputs = ctx.fn(*values[: ctx.count])
        return Base.gradients(ctx, values, outputs, grads)


@fault(
    of="Checkpoint",
    loses={"q4"},
    hint="Where does the random generator stand after your backward, and where would it stand without checkpoint?",
)
class RandomStateNotPutBack(Base):
    """The generator is rewound for the second run and stays there, so later random numbers repeat."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        reference.set_random_state(ctx.random)
        with torch.enable_grad():
            outputs = ctx.fn(*values[: ctx.count])
        return Base.gradients(ctx, values, outputs, grads)


@fault(of="Checkpoint", loses={"q4"}, hint="When is the random state read: before fn has drawn from it, or after?")
class RandomStateReadTooLate(Base):
    """The random state is read after fn has run, and so the second run continues where the first one ended."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        outputs = fn(*values[:count])
        Base.keep(ctx, fn, count, values)
        return outputs


@fault(of="Checkpoint", loses={"q4"}, hint="How often does fn run in your forward?")
class RunsTwiceForward(Base):
    """fn is run twice in the forward pass: once with and once without a graph."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        Base.keep(ctx, fn, count, values)
        state = reference.random_state(values)
        fn(*values[:count])
        reference.set_random_state(state)
        return fn(*values[:count])


@fault(of="Checkpoint", loses={"q4"}, hint="What is still in memory between forward and backward?")
class KeepsTheGraph(Base):
    """The forward pass builds fn's graph and keeps it on ctx: nothing is recomputed and nothing is saved."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        Base.keep(ctx, fn, count, values)
        ctx.values = [
            v.detach().requires_grad_(v.requires_grad) if isinstance(v, Tensor) and i < count else v for i, v in enumerate(values)
        ]
        with torch.enable_grad():
            ctx.outputs = fn(*ctx.values[:count])
        outputs = ctx.outputs if isinstance(ctx.outputs, tuple) else (ctx.outputs,)
        detached = tuple(o.detach() for o in outputs)
        return detached if isinstance(ctx.outputs, tuple) else detached[0]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        outputs = ctx.outputs if isinstance(ctx.outputs, tuple) else (ctx.outputs,)
        wanted = [i for i in ctx.places if ctx.values[i].requires_grad]
        found = torch.autograd.grad(outputs, [ctx.values[i] for i in wanted], grads, allow_unused=True, retain_graph=True)
        result: list[Any] = [None] * len(ctx.values)
        for i, gradient in zip(wanted, found, strict=True):
            result[i] = gradient
        return None, None, *result


@fault(of="Checkpoint", loses={"q4"}, hint="Does the backward pass need the output of fn?")
class SavesTheOutputToo(Base):
    """The output is saved besides the arguments."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        Base.keep(ctx, fn, count, values)
        outputs = fn(*values[:count])
        more = outputs if isinstance(outputs, tuple) else (outputs,)
        ctx.save_for_backward(*(values[i] for i in ctx.places), *more)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=False):
            values[i] = tensor.detach().requires_grad_(tensor.requires_grad) if i < ctx.count else tensor
        return Base.gradients(ctx, values, Base.rerun(ctx, values), grads)


@fault(of="Checkpoint", loses={"q4"}, hint="For which tensors of values do you ask a gradient, and does fn use those very tensors?")
class ParametersForgotten(Base):
    """Parameters get None: they were left out of the gradients, or detached like the arguments."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        found = Base.gradients(ctx, values, Base.rerun(ctx, values), grads)
        return tuple(g if i < ctx.count + 2 else None for i, g in enumerate(found))


@fault(of="Checkpoint", loses={"q4"}, hint="Which of the arguments are not tensors, and where do they stand in fn's call?")
class TensorsFirst(Base):
    """The second run gets the tensors first and everything else after them, whatever their order was."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        args = values[: ctx.count]
        shuffled = [a for a in args if isinstance(a, Tensor)] + [a for a in args if not isinstance(a, Tensor)]
        with torch.random.fork_rng(), torch.enable_grad():
            reference.set_random_state(ctx.random)
            outputs = ctx.fn(*shuffled)
        return Base.gradients(ctx, values, outputs, grads)


@fault(of="Checkpoint", loses={"q4"}, hint="Can an index have a gradient?")
class EverythingRequiresGrad(Base):
    """Every tensor argument is made to require a gradient, also integers."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            values[i] = tensor.detach().requires_grad_() if i < ctx.count else tensor
        return Base.gradients(ctx, values, Base.rerun(ctx, values), grads)


@fault(of="Checkpoint", loses={"q4"}, hint="What does backward receive when fn has two outputs?")
class OnlyTheFirstOutput(Base):
    """Only the first output's gradient is passed on."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        outputs = Base.rerun(ctx, values)
        return Base.gradients(ctx, values, outputs[0] if isinstance(outputs, tuple) else outputs, grads[:1])


@fault(of="Checkpoint", loses={"q4"}, hint="Does PyTorch notice if a tensor changes that you keep as an attribute of ctx?")
class InputsAsAttributes(Base):
    """The inputs are put on ctx as attributes, where nothing notices that they change."""

    @staticmethod
    def forward(ctx: Any, fn: Any, count: int, *values: Any) -> Any:
        Base.keep(ctx, fn, count, values)
        ctx.save_for_backward()
        ctx.values = values
        return fn(*values[:count])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = [
            v.detach().requires_grad_(v.requires_grad) if isinstance(v, Tensor) and i < ctx.count else v for i, v in enumerate(ctx.values)
        ]
        return Base.gradients(ctx, values, Base.rerun(ctx, values), grads)


@fault(of="Checkpoint", loses={"q4"}, hint="What does your backward return when somebody asks for create_graph=True?")
class SecondDerivativeSilent(Base):
    """Without once_differentiable, a second derivative leaves this function's share out and says nothing."""

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        values = Base.kept(ctx)
        return Base.gradients(ctx, values, Base.rerun(ctx, values), grads)


@fault(of="Checkpoint", loses={"q4"}, hint="If backward is called inside backward, where does that second backward stop?")
class BackwardThroughTheInputs(Base):
    """torch.autograd.backward is called on the saved tensors themselves: it runs on into the network below and adds to .grad there."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:
        values = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            values[i] = tensor
        outputs = Base.rerun(ctx, values)
        torch.autograd.backward(outputs if isinstance(outputs, tuple) else (outputs,), grads)
        return None, None, *(v.grad if isinstance(v, Tensor) and v.is_leaf else None for v in values)


@fault(of="Checkpoint", loses={"q4"}, hint="The question is to write it. Which module does your checkpoint come from?")
class PyTorchsOwn:
    """PyTorch's own checkpoint does the work."""

    @staticmethod
    def apply(fn: Any, count: int, *values: Any) -> Any:
        from torch.utils.checkpoint import checkpoint

        return checkpoint(fn, *values[:count], use_reentrant=False)


# Question 5


def in_order(segment):
    """A function that runs the layers of one segment."""

    def run(value):
        for layer in segment:
            value = layer(value)
        return value

    return run


def parameters_of(segment):
    return [p for layer in segment for p in layer.parameters()]


def checked(layers, k):
    if not 1 <= k <= len(layers):
        raise ValueError("k must lie between 1 and the number of layers")


@fault(of="run_segments", loses={"q5"}, hint="When does the function that you give to ckpt look up its layers?")
def late_binding(layers, x, k, ckpt=None):
    """The function made in the loop looks its segment up when it is called: in the backward pass all of them run the last one."""
    checked(layers, k)
    n = len(layers)
    for i in range(k):
        segment = layers[i * n // k : (i + 1) * n // k]

        def run(value):
            for layer in segment:  # noqa: B023
                value = layer(value)
            return value

        x = ckpt(run, x, params=parameters_of(segment))
    return x


@fault(of="run_segments", loses={"q5"}, hint="Which layers run when k does not divide n?")
def remainder_dropped(layers, x, k, ckpt=None):
    """Each segment has n // k layers, and what is left over does not run."""
    checked(layers, k)
    size = len(layers) // k
    for i in range(k):
        segment = layers[i * size : (i + 1) * size]
        x = ckpt(in_order(segment), x, params=parameters_of(segment))
    return x


@fault(of="run_segments", loses={"q5"}, hint="How long is your last segment for n = 11 and k = 4?")
def remainder_in_the_last(layers, x, k, ckpt=None):
    """Each segment has n // k layers, and the last one takes all that is left over."""
    checked(layers, k)
    size = len(layers) // k
    for i in range(k):
        segment = layers[i * size : (i + 1) * size if i < k - 1 else len(layers)]
        x = ckpt(in_order(segment), x, params=parameters_of(segment))
    return x


@fault(of="run_segments", loses={"q5"}, hint="How many segments do you get for n = 9 and k = 4?")
def slices_rounded_up(layers, x, k, ckpt=None):
    """Each segment has ⌈n/k⌉ layers, which can give fewer than k segments."""
    checked(layers, k)
    size = -(-len(layers) // k)
    for i in range(0, len(layers), size):
        segment = layers[i : i + size]
        x = ckpt(in_order(segment), x, params=parameters_of(segment))
    return x


@fault(of="run_segments", loses={"q5"}, hint="Which convention does the table name for the last segment?")
def last_segment_kept(layers, x, k, ckpt=None):
    """The last segment is not recomputed, as in PyTorch's checkpoint_sequential; here every segment is."""
    checked(layers, k)
    n = len(layers)
    for i in range(k):
        segment = layers[i * n // k : (i + 1) * n // k]
        x = ckpt(in_order(segment), x, params=parameters_of(segment)) if i < k - 1 else in_order(segment)(x)
    return x


@fault(of="run_segments", loses={"q5"}, hint="Which parameters does this segment use?")
def all_parameters_for_each(layers, x, k, ckpt=None):
    """Every segment is given the parameters of the whole network."""
    checked(layers, k)
    n = len(layers)
    for i in range(k):
        x = ckpt(in_order(layers[i * n // k : (i + 1) * n // k]), x, params=parameters_of(layers))
    return x


@fault(of="run_segments", loses={"q5"}, hint="How does ckpt learn which parameters a segment uses?")
def parameters_not_named(layers, x, k, ckpt=None):
    """ckpt is called without the parameters."""
    checked(layers, k)
    n = len(layers)
    for i in range(k):
        x = ckpt(in_order(layers[i * n // k : (i + 1) * n // k]), x)
    return x


@fault(of="run_segments", loses={"q5"}, hint="How many layers does one call of ckpt run?")
def one_call_for_each_layer(layers, x, k, ckpt=None):
    """Every layer is recomputed by itself, so that n inputs are kept and not k."""
    checked(layers, k)
    for layer in layers:
        x = ckpt(layer, x, params=list(layer.parameters()))
    return x


@fault(of="run_segments", loses={"q5"}, hint="What happens for k = 0, and for more segments than layers?")
def any_number_of_segments(layers, x, k, ckpt=None):
    """k outside its domain is accepted."""
    n = len(layers)
    k = max(1, min(k, n))
    for i in range(k):
        segment = layers[i * n // k : (i + 1) * n // k]
        x = ckpt(in_order(segment), x, params=parameters_of(segment))
    return x


@fault(of="peak_activations", loses={"q5"}, hint="Are all segments equally long?")
def peak_rounded_down(n, k):
    """The longest segment is taken for n // k layers."""
    return reference.peak_activations(n, k) - (-(-n // k)) + n // k


@fault(of="peak_activations", loses={"q5"}, hint="What is kept of the other segments while one is recomputed?")
def without_the_checkpoints(n, k):
    """The inputs of the segments are not counted."""
    return reference.peak_activations(n, k) - k


@fault(of="peak_activations", loses={"q5"}, hint="Are the activations of all segments there at the same time?")
def all_segments_at_once(n, k):
    """The activations of all segments are counted together."""
    return reference.peak_activations(n, k) - (-(-n // k)) + n


@fault(of="peak_activations", loses={"q5"}, hint="For which k is there no such plan?")
def peak_for_any_k(n, k):
    """k outside its domain gets a number."""
    return k + -(-n // max(k, 1))


@fault(of="best_k", loses={"q5"}, hint="Which term of k + n/k do you make small, and what does the other one do?")
def as_many_as_possible(n):
    """The segments are made as short as possible."""
    reference.best_k(n)
    return n


@fault(of="best_k", loses={"q5"}, hint="Is half of n a root of n?")
def half_of_n(n):
    """k is n / 4, which is the root for n = 16 alone."""
    reference.best_k(n)
    return max(1, n // 4)


@fault(of="best_k", loses={"q5"}, hint="What does log₂ have to do with the minimum of k + n/k?")
def logarithm(n):
    """k is the logarithm of n."""
    reference.best_k(n)
    return n.bit_length()


@fault(of="best_k", loses={"q5"}, hint="Try your answer for n = 3 and n = 7: is no other k better?")
def root_plus_one_off_squares(n):
    """Off the perfect squares, the root is rounded up and one is added."""
    reference.best_k(n)
    root = round(n**0.5)
    return root if root * root == n else int(n**0.5) + 2


# Question 6


@fault(of="max_batch", loses={"q6"}, hint="May half a sequence lie outside the memory?")
def rounded_to_the_nearest(capacity, static, per_sequence):
    """The quotient is rounded to the nearest whole number, so the last sequence may not fit."""
    reference.max_batch(capacity, static, per_sequence)
    return max(0, round((capacity - static) / per_sequence))


@fault(of="max_batch", loses={"q6"}, hint="What else is in the memory besides activations?")
def static_ignored(capacity, static, per_sequence):
    """Parameters, gradients and optimizer state are not subtracted."""
    return reference.max_batch(capacity, 0, per_sequence)


@fault(of="max_batch", loses={"q6"}, hint="If the bytes are equal, does it fit?")
def equality_does_not_fit(capacity, static, per_sequence):
    """A batch that fills the memory exactly is refused."""
    reference.max_batch(capacity, static, per_sequence)
    return max(0, (capacity - static - 1) // per_sequence)


@fault(of="max_batch", loses={"q6"}, hint="What is your answer when the static memory alone is too large?")
def negative_batches(capacity, static, per_sequence):
    """When the static memory alone does not fit, the result is negative."""
    reference.max_batch(capacity, static, per_sequence)
    return (capacity - static) // per_sequence


@fault(of="max_batch", loses={"q6"}, hint="Which arguments make no sense?")
def batch_of_nonsense(capacity, static, per_sequence):
    """Arguments outside the domain get a number."""
    return max(0, (capacity - static) // per_sequence) if per_sequence else 0


@fault(of="accumulate", loses={"q6"}, hint="How much does a sample in the small micro-batch weigh?")
def mean_of_means(model, loss_fn, batches):
    """Every micro-batch weighs the same, however many samples it has (the notes' formula, read literally)."""
    model.zero_grad()
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) / len(batches)
        loss.backward()
        total += loss.item()
    return total


@fault(of="accumulate", loses={"q6"}, hint="Is the gradient that of a mean or of a sum?")
def sum_of_means(model, loss_fn, batches):
    """The gradients of the micro-batches' means are added up and not weighted."""
    model.zero_grad()
    for x, y in batches:
        loss_fn(model(x), y).backward()
    with torch.no_grad():
        return sum(loss_fn(model(x), y).item() * len(x) for x, y in batches) / sum(len(x) for x, _ in batches)


@fault(of="accumulate", loses={"q6"}, hint="When are gradients cleared, and what is lost when that happens inside the loop?")
def cleared_in_the_loop(model, loss_fn, batches):
    """Gradients are cleared before every micro-batch, so only the last one counts."""
    n = sum(len(x) for x, _ in batches)
    total = 0.0
    for x, y in batches:
        model.zero_grad()
        loss = loss_fn(model(x), y) * (len(x) / n)
        loss.backward()
        total += loss.item()
    return total


@fault(of="accumulate", loses={"q6"}, hint="How many micro-batches' graphs are alive when backward begins?")
def one_backward_at_the_end(model, loss_fn, batches):
    """The losses are added up and differentiated together, so all graphs are in memory at once."""
    model.zero_grad()
    n = sum(len(x) for x, _ in batches)
    total = sum(loss_fn(model(x), y) * (len(x) / n) for x, y in batches)
    total.backward()
    return total.item()


@fault(of="accumulate", loses={"q6"}, hint="Whose gradients are in .grad before the first micro-batch?")
def old_gradients_kept(model, loss_fn, batches):
    """The gradients of the step before are still there and are added to."""
    n = sum(len(x) for x, _ in batches)
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) * (len(x) / n)
        loss.backward()
        total += loss.item()
    return total


@fault(of="accumulate", loses={"q6"}, hint="What is the mean over no samples?")
def no_samples_have_the_mean_zero(model, loss_fn, batches):
    """No micro-batches, and empty ones, are passed over without a word."""
    batches = [(x, y) for x, y in batches if len(x)]
    if batches:
        return reference.accumulate(model, loss_fn, batches)
    model.zero_grad()
    return 0.0


@fault(of="accumulate", loses={"q6"}, hint="Which samples enter the number that you return?")
def last_loss_returned(model, loss_fn, batches):
    """The loss of the last micro-batch is returned."""
    reference.accumulate(model, loss_fn, batches[:-1]) if len(batches) > 1 else model.zero_grad()
    n, last = sum(len(x) for x, _ in batches), batches[-1]
    for p in model.parameters():
        if p.grad is not None:
            p.grad.mul_((n - len(last[0])) / n)
    loss = loss_fn(model(last[0]), last[1])
    (loss * (len(last[0]) / n)).backward()
    return loss.item()


# Question 7


def loop(blocks, x, y, steps, lr, recompute, device, ckpt, forward):
    """The reference's loop, around another forward pass."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    params = [p for block in blocks for p in block.parameters()]
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(forward(x), y)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p.sub_(lr * p.grad)
                p.grad = None
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="train", loses={"q7"}, hint="Which end of the stack does the backward pass reach first?")
def recomputes_the_last_blocks(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """The last blocks are recomputed, whose activations would be needed first, and the first ones are kept all the time."""

    def forward(value):
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i >= len(blocks) - recompute else block(value)
        return value

    return loop(blocks, x, y, steps, lr, recompute, device, ckpt, forward)


@fault(of="train", loses={"q7"}, hint="Where does your loop use recompute?")
def recomputes_nothing(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """Every block runs directly and keeps everything."""

    def forward(value):
        for block in blocks:
            value = block(value)
        return value

    return loop(blocks, x, y, steps, lr, recompute, device, ckpt, forward)


@fault(of="train", loses={"q7"}, hint="How many blocks were to be recomputed?")
def recomputes_everything(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """Every block is recomputed, also where there is room."""

    def forward(value):
        for block in blocks:
            value = ckpt(block, value, params=list(block.parameters()))
        return value

    return loop(blocks, x, y, steps, lr, recompute, device, ckpt, forward)


@fault(of="train", loses={"q7"}, hint="How many blocks does one call of ckpt bring back into memory?")
def recomputed_blocks_in_one_segment(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """The recomputed blocks are one segment, so the backward pass brings all of them back at once."""

    def first(value):
        for block in blocks[:recompute]:
            value = block(value)
        return value

    def forward(value):
        value = ckpt(first, value, params=[p for block in blocks[:recompute] for p in block.parameters()])
        for block in blocks[recompute:]:
            value = block(value)
        return value

    return loop(blocks, x, y, steps, lr, recompute, device, ckpt, forward)


@fault(of="train", loses={"q7"}, hint="Does the first block's input need a gradient?")
def train_without_parameters(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """ckpt is not told the parameters, and the first block, whose input is data, does not train."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")

    def forward(value):
        for i, block in enumerate(blocks):
            value = ckpt(block, value) if i < recompute else block(value)
        return value

    for block in blocks:
        for p in block.parameters():
            p.grad = torch.zeros_like(p)
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(forward(x), y)
        loss.backward()
        with torch.no_grad():
            for p in (p for block in blocks for p in block.parameters()):
                if p.grad is not None:
                    p.sub_(lr * p.grad)
                    p.grad = None
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="train", loses={"q7"}, hint="What is in p.grad when the second step begins?")
def gradients_pile_up(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """Gradients are never cleared, so each step uses the sum of all before."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        value = x
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        loss = F.mse_loss(value, y)
        loss.backward()
        with torch.no_grad():
            for p in (p for block in blocks for p in block.parameters()):
                p.sub_(lr * p.grad)
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="train", loses={"q7"}, hint="How often does the host ask the device for a number?")
def reads_every_loss(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """loss.item() in every step makes the host wait in every step."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        value = x
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        loss = F.mse_loss(value, y)
        loss.backward()
        with torch.no_grad():
            for p in (p for block in blocks for p in block.parameters()):
                p.sub_(lr * p.grad)
                p.grad = None
        losses.append(loss.item())
    return losses


@fault(of="train", loses={"q7"}, hint="Who still holds the graph of the last step when the next one begins?")
def graph_retained(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """retain_graph=True keeps the activations of a step alive while the next one builds its own."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        value = x
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        loss = F.mse_loss(value, y)
        loss.backward(retain_graph=True)
        with torch.no_grad():
            for p in (p for block in blocks for p in block.parameters()):
                p.sub_(lr * p.grad)
                p.grad = None
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="train", loses={"q7"}, hint="What memory does a gradient of zeros need?")
def gradients_zeroed_in_place(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """Gradients are set to zero and not freed: they take their memory in the forward pass too."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        value = x
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        loss = F.mse_loss(value, y)
        loss.backward()
        with torch.no_grad():
            for p in (p for block in blocks for p in block.parameters()):
                p.sub_(lr * p.grad)
                p.grad.zero_()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="train", loses={"q7"}, hint="Where are the gradients of a step while the next forward pass fills the memory?")
def gradients_freed_before_backward(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """Gradients are set to None just before the next backward pass, and so take their memory in the forward pass too."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)
    x, y = x.to(device), y.to(device)
    losses = []
    for _ in range(steps):
        value = x
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        loss = F.mse_loss(value, y)
        del value
        for p in (p for block in blocks for p in block.parameters()):
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in (p for block in blocks for p in block.parameters()):
                p.sub_(lr * p.grad)
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="train", loses={"q7"}, hint="Which loss is this: a sum or a mean over the entries?")
def sum_of_squares(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """The squared errors are added and not averaged."""
    return [loss * y.numel() for loss in reference.train(blocks, x, y, steps, lr * y.numel(), recompute, device, ckpt)]


@fault(of="train", loses={"q7"}, hint="How many of two blocks can be recomputed?")
def recomputes_as_many_as_there_are(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """A number of blocks outside the domain is moved into it, and no error is raised."""
    return reference.train(blocks, x, y, steps, lr, min(max(recompute, 0), len(blocks)), device, ckpt)


@fault(of="train", loses={"q7"}, hint="On which device does each of the operands lie?")
def data_left_on_the_host(blocks, x, y, steps, lr, recompute, device, ckpt=None):
    """The blocks move to the device and the data does not."""
    if not 0 <= recompute <= len(blocks) or steps < 1:
        raise ValueError("outside the domain")
    for block in blocks:
        block.to(device)

    def forward(value):
        for i, block in enumerate(blocks):
            value = ckpt(block, value, params=list(block.parameters())) if i < recompute else block(value)
        return value

    losses = []
    for _ in range(steps):
        loss = F.mse_loss(forward(x), y)
        loss.backward()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


@fault(of="blocks_to_recompute", loses={"q7"}, hint="What does a recomputed block still keep?")
def recomputed_blocks_are_free(n, capacity, static, block, boundary):
    """The inputs of the recomputed blocks are not counted."""
    return reference.blocks_to_recompute(n, capacity, static, block - boundary, 0)


@fault(of="blocks_to_recompute", loses={"q7"}, hint="Is the smallest number that fits rounded up or down?")
def one_block_too_few(n, capacity, static, block, boundary):
    """The number of blocks is rounded down, and the step does not fit."""
    return max(0, reference.blocks_to_recompute(n, capacity, static, block, boundary) - 1)


@fault(of="blocks_to_recompute", loses={"q7"}, hint="If the bytes are equal, does the step fit?")
def a_full_memory_is_too_full(n, capacity, static, block, boundary):
    """A step that fills the memory exactly is taken not to fit."""
    return reference.blocks_to_recompute(n, capacity - 1, static, block, boundary)


@fault(of="blocks_to_recompute", loses={"q7"}, hint="What else is in the memory besides the blocks' activations?")
def static_bytes_forgotten(n, capacity, static, block, boundary):
    """Parameters, gradients and data are not counted."""
    return reference.blocks_to_recompute(n, capacity, 0, block, boundary)


@fault(of="blocks_to_recompute", loses={"q7"}, hint="Can a block's input be larger than all that the block keeps?")
def any_boundary_accepted(n, capacity, static, block, boundary):
    """An input larger than what the block keeps, or of negative size, is accepted."""
    if n < 1 or static + min(n * block, (n - 1) * boundary + block) > capacity:
        raise ValueError("no number of blocks fits")
    return next(r for r in range(n) if static + r * boundary + (n - r) * block <= capacity)


@fault(of="blocks_to_recompute", loses={"q7"}, hint="What should the caller learn when even full recomputation does not fit?")
def recomputes_all_when_nothing_fits(n, capacity, static, block, boundary):
    """When no number of recomputed blocks fits, n is returned and no error raised."""
    try:
        return reference.blocks_to_recompute(n, capacity, static, block, boundary)
    except ValueError:
        return n
