import torch
from otter.test_files import test_case

from checks import equal, function, probe, rng, that


def drawn(draw, *shape, dtype=torch.float64):
    return torch.randn(*shape, generator=draw, dtype=torch.float64).to(dtype)


@test_case(points=1, hidden=True)
def an_mlp_keeps_its_input_and_two_hidden_tensors(env):
    """gelu(x @ a) @ b: x for the first product, its result for gelu, gelu's result for the second product."""
    function(env, "saved_bytes")
    draw = rng()
    n, d, m = (int(torch.randint(3, 9, (), generator=draw)) for _ in range(3))
    tensors = [drawn(draw, n, d), drawn(draw, d, m), drawn(draw, m, d)]
    got = probe(env, "measure_saved_bytes", "gelu(x @ a) @ b", tensors, [1, 2])["bytes"]
    claim = (
        "gelu(x @ a) @ b, without its parameters, keeps three tensors: x, x @ a and gelu(x @ a). To see it: write it as three lines, "
        "and measure each line alone."
    )
    equal(got, 8 * (n * d + 2 * n * m), what="the bytes", claim=claim)


@test_case(points=1, hidden=True)
def a_view_keeps_all_of_its_storage(env):
    """Two rows of a tall matrix are saved, and all of its rows stay in memory."""
    function(env, "saved_bytes")
    draw = rng()
    n = int(torch.randint(5, 50, (), generator=draw))
    got = probe(env, "measure_saved_bytes", "x[:2] * y", [drawn(draw, n, 3), drawn(draw, 2, 3)])["bytes"]
    claim = (
        "A saved view must count with all of its storage, which it keeps alive. To see it: measure x[:2] * y for x with 10 rows "
        "and with 1000."
    )
    equal(got, 8 * (3 * n + 6), what="the bytes", claim=claim)


@test_case(points=1, hidden=True)
def constants_count_each_in_its_own_memory(env):
    """What is saved need not require a gradient; and an address is used again when nothing holds what was there."""
    function(env, "saved_bytes")
    draw = rng()
    n = int(torch.randint(5, 50, (), generator=draw))
    got = probe(env, "measure_saved_bytes", "x * x.detach().cos()", [drawn(draw, n)])["bytes"]
    claim = (
        "What autograd saves must count whether or not it requires a gradient itself. To see it: measure x * x.detach().cos(), which "
        "keeps the cosine and nothing else."
    )
    equal(got, 8 * n, what="the bytes of x * x.detach().cos()", claim=claim)
    got = probe(env, "measure_saved_bytes", "four products", [drawn(draw, n)])["bytes"]
    claim = (
        "Four factors that autograd saves one after the other must count four times; memory that nothing holds any more can be used "
        "again, at the same address. To see it: measure nn.Sequential of six nn.Linear(64, 64), each with nn.Tanh() after it, and "
        "compare with a count by hand."
    )
    equal(got, 4 * 8 * n, what="the bytes of four constants", claim=claim)


@test_case(points=1, hidden=True)
def exclusion_is_by_storage(env):
    """x @ w.T saves a view of w, which is another tensor with the same memory."""
    function(env, "saved_bytes")
    draw = rng()
    n, d, m = (int(torch.randint(3, 9, (), generator=draw)) for _ in range(3))
    got = probe(env, "measure_saved_bytes", "x @ w.T", [drawn(draw, n, d), drawn(draw, m, d)], [1])["bytes"]
    claim = (
        "A saved view of an excluded tensor must not count either. To see it: measure an nn.Linear, which saves a transposed view of its "
        "weight, with exclude=layer.parameters()."
    )
    equal(got, 8 * n * d, what="the bytes of x @ w.T without w", claim=claim)


@test_case(points=1, hidden=True)
def every_dtype_counts_with_its_own_size(env):
    """bfloat16 has 2 bytes, and indices are saved as integers of 8 bytes."""
    function(env, "saved_bytes")
    draw = rng()
    n = int(torch.randint(5, 50, (), generator=draw))
    claim = (
        "The bytes must come from the storage itself: 2 for each bfloat16, 8 for each int64. To see it: measure x * x in bfloat16, "
        "and x[index]."
    )
    got = probe(env, "measure_saved_bytes", "x * x", [drawn(draw, n, dtype=torch.bfloat16)])["bytes"]
    equal(got, 2 * n, what="the bytes of x * x in bfloat16", claim=claim)
    index = torch.randint(0, 4, (n,), generator=draw)
    got = probe(env, "measure_saved_bytes", "x[index]", [drawn(draw, 4, dtype=torch.float32), index])["bytes"]
    equal(got, 8 * n, what="the bytes of x[index]", claim=claim)


@test_case(points=1, hidden=True)
def the_function_runs_once_and_is_not_differentiated(env):
    """Measuring is one forward pass. The function may return several tensors."""
    function(env, "saved_bytes")
    calls = []
    got = probe(env, "measure_saved_bytes", "two results", [drawn(rng(), 6)], [], calls.append)
    claim = (
        "saved_bytes must call fn exactly once and run no backward pass, whatever fn returns. To see it: print a line in fn, and "
        "look at x.grad afterwards."
    )
    that(
        len(calls) == 1 and got["differentiated"] == 0, claim, f"fn ran {len(calls)} times; {got['differentiated']} inputs have a gradient."
    )
    equal(got["bytes"], 2 * 6 * 8, what="the bytes", claim=claim)
