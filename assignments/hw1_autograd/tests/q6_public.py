import torch
from otter.test_files import test_case

from checks import close, equal, function, probe, raises

# A few operations on numbers of size one in float64.
RTOL, ATOL = 1e-9, 1e-12


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


TABLE = numbers(1.0, 2.0, 3.0, 4.0, 5.0, 6.0).reshape(2, 3)


def run(env, recipe, inputs, seed):
    """The value and the gradients that Var finds."""
    function(env, "Var")
    return probe(env, "engine", recipe, inputs, seed)


def torch_operation(kind, a, rest):
    if kind in ("add", "sub", "mul", "div", "matmul"):
        return getattr(torch, kind)(a, rest)
    if kind in ("pow", "plus", "times", "from", "over"):
        return {
            "pow": lambda: a**rest,
            "plus": lambda: rest + a,
            "times": lambda: rest * a,
            "from": lambda: rest - a,
            "over": lambda: rest / a,
        }[kind]()
    return getattr(torch, kind)(a)


def by_torch(recipe, inputs, seed):
    """The same recipe with torch's own tensors and autograd."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    values = list(leaves)
    for kind, i, *rest in recipe:
        other = rest[0] if rest else None
        values.append(torch_operation(kind, values[i], values[other] if kind in ("add", "sub", "mul", "div", "matmul") else other))
    values[-1].backward(seed)
    return {"value": values[-1].detach(), "grads": [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]}


def agree(got, expected, claim):
    close(got["value"], expected["value"], rtol=RTOL, atol=ATOL, what="the value", claim=claim)
    for i, (mine, theirs) in enumerate(zip(got["grads"], expected["grads"], strict=True)):
        close(mine, theirs, rtol=RTOL, atol=ATOL, what=f"the gradient of input {i}", claim=claim)


@test_case(points=2)
def what_was_stretched_is_summed(env):
    """A gradient of shape (2, 3) for operands of six shapes; g = (1 2 3; 4 5 6)."""
    unbroadcast = function(env, "unbroadcast")
    for shape, expected in (
        ((2, 3), TABLE),
        ((3,), numbers(5.0, 7.0, 9.0)),
        ((1, 3), numbers(5.0, 7.0, 9.0).reshape(1, 3)),
        ((2, 1), numbers(6.0, 15.0).reshape(2, 1)),
        ((1,), numbers(21.0)),
        ((), torch.tensor(21.0, dtype=torch.float64)),
    ):
        claim = f"unbroadcast(g, {shape}) must have the shape {shape} and hold sums over the axes that were stretched."
        close(unbroadcast(TABLE, shape), expected, rtol=RTOL, what="the result", claim=claim)


@test_case(points=1)
def operations_without_meaning_are_refused(env):
    """A shape that does not broadcast, a matrix times a vector, a Var as exponent, the logarithm of 0."""
    raises(
        ValueError,
        function(env, "unbroadcast"),
        TABLE,
        (2,),
        claim="unbroadcast must raise ValueError for (2,) and (2, 3): they do not broadcast.",
    )
    longer = "unbroadcast must raise ValueError for (1, 3) and (3,): a tensor with more axes is not stretched to one with fewer."
    raises(ValueError, function(env, "unbroadcast"), numbers(1.0, 2.0, 3.0), (1, 3), claim=longer)
    vector = numbers(1.0, 0.0, 2.0)
    function(env, "Var")
    for recipe, what in (
        ([("matmul", 0, 1)], "A matrix @ a vector"),
        ([("matmul", 0, 0)], "A 2×3 matrix @ a 2×3 matrix"),
        ([("power", 1, 1)], "A Var as exponent"),
        ([("log", 1)], "The logarithm of a vector with an entry 0"),
    ):
        (found,) = probe(env, "refusals", [recipe], [TABLE, vector])
        equal(found, "ValueError", what=f"the exception for: {what.lower()}", claim=f"{what} must raise ValueError.")


@test_case(points=2)
def sums_and_products_of_equal_and_unequal_shapes(env):
    """(a + b) · a with two vectors, and with a 2×3 matrix a and a row b; the seed is not all ones."""
    b = numbers(0.5, -1.0, 4.0)
    for a, seed, shapes in (
        (numbers(1.0, 2.0, -3.0), numbers(1.0, 10.0, -2.0), "two vectors"),
        (TABLE, numbers(1.0, 10.0, -2.0, 0.0, 3.0, 1.0).reshape(2, 3), "a 2×3 matrix a and a row b"),
    ):
        got = run(env, [("add", 0, 1), ("mul", 2, 0)], [a, b], seed)
        close(
            got["value"],
            (a + b) * a,
            rtol=RTOL,
            what="the value",
            claim=f"(a + b)·a must have the value that it has for tensors: {shapes}.",
        )
        claim = f"For (a + b)·a with {shapes}, a must get seed·(2a + b), and b must get seed·a, summed over the rows that b was used for."
        share = (seed * a).reshape(-1, 3).sum(dim=0)
        close(got["grads"], [seed * (2 * a + b), share], rtol=RTOL, what="the gradient of input", claim=claim)


@test_case(points=2)
def a_product_of_matrices(env):
    """A 2×3 matrix times a 3×2 matrix."""
    A, B, seed = TABLE, numbers(1.0, 0.0, -1.0, 2.0, 0.5, 3.0).reshape(3, 2), numbers(1.0, -2.0, 0.0, 3.0).reshape(2, 2)
    got = run(env, [("matmul", 0, 1)], [A, B], seed)
    left = [[sum(seed[i, j].item() * B[k, j].item() for j in range(2)) for k in range(3)] for i in range(2)]
    right = [[sum(A[i, k].item() * seed[i, j].item() for i in range(2)) for j in range(2)] for k in range(3)]
    claim = (
        "For A @ B with the gradient G at the product, the gradient of A_ik must be Σ_j G_ij B_kj, and that of B_kj must be Σ_i A_ik G_ij."
    )
    close(got["value"], A @ B, rtol=RTOL, atol=ATOL, what="the value", claim="A @ B must be the product of the matrices.")
    close(got["grads"][0], numbers(*left), rtol=RTOL, atol=ATOL, what="the gradient of A", claim=claim)
    close(got["grads"][1], numbers(*right), rtol=RTOL, atol=ATOL, what="the gradient of B", claim=claim)


@test_case(points=2)
def one_operation_at_a_time(env):
    """exp, log, tanh, relu (also at 0), powers, sum and mean, each with a seed that is not all ones."""
    x, seed = numbers(0.5, 2.0, 1.5), numbers(3.0, -1.0, 2.0)
    signs = numbers(-1.0, 0.0, 2.0)
    for kind, point, slope in (
        ("exp", x, x.exp()),
        ("log", x, 1 / x),
        ("tanh", signs, 1 / torch.cosh(signs) ** 2),
        ("relu", signs, numbers(0.0, 0.0, 1.0)),
    ):
        got = run(env, [(kind, 0)], [point], seed)
        close(got["value"], getattr(torch, kind)(point), rtol=RTOL, atol=ATOL, what=f"the value of {kind}")
        claim = f"The gradient of {kind} must be seed times its derivative at the input" + (", which is 0 at 0." if kind == "relu" else ".")
        close(got["grads"][0], seed * slope, rtol=RTOL, atol=ATOL, what=f"the gradient of {kind}", claim=claim)
    for exponent in (3, -1.0, 0.5):
        got = run(env, [("pow", 0, exponent)], [x], seed)
        claim = f"The gradient of x ** {exponent} must be seed times {exponent} · x ** {exponent - 1}."
        close(
            got["value"],
            x**exponent,
            rtol=RTOL,
            what="the value of x ** exponent",
            claim=f"x ** {exponent} must be the power of each entry.",
        )
        close(got["grads"][0], seed * exponent * x ** (exponent - 1), rtol=RTOL, what="the gradient of x ** exponent", claim=claim)
    seed = torch.tensor(5.0, dtype=torch.float64)
    for kind, slope in (("sum", 1.0), ("mean", 1 / 6)):
        got = run(env, [(kind, 0)], [TABLE], seed)
        claim = f"For the {kind} of a 2×3 matrix, every entry must get the seed" + (" divided by 6." if kind == "mean" else ".")
        close(got["grads"][0], torch.full((2, 3), 5.0 * slope, dtype=torch.float64), rtol=RTOL, what=f"the gradient of {kind}", claim=claim)
