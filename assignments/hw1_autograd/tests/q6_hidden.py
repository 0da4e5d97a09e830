# ruff: noqa: F821 - q6_public.py stands before this file and defines the other names.
import torch
from otter.test_files import test_case

from checks import rng


@test_case(points=2, hidden=True)
def broadcasting_in_both_operands(env):
    """Rows, columns and single numbers against matrices, on either side."""
    draw = rng()
    for first, second in (((2, 3), (3,)), ((1, 3), (2, 3)), ((2, 1), (1, 4)), ((), (3, 2)), ((2, 3, 4), (3, 1))):
        for kind in ("add", "mul", "sub", "div"):
            a, b = (torch.rand(s, generator=draw, dtype=torch.float64) + 0.5 for s in (first, second))
            seed = torch.randn(torch.broadcast_shapes(first, second), generator=draw, dtype=torch.float64)
            claim = (
                f"For the operation {kind} on shapes {first} and {second}, the gradients must have the shapes of the operands "
                "and sum over what was stretched. To see it: compare with torch's own tensors of these shapes."
            )
            agree(run(env, [(kind, 0, 1)], [a, b], seed), by_torch([(kind, 0, 1)], [a, b], seed), claim)


@test_case(points=2, hidden=True)
def random_expressions_agree_with_torch(env):
    """Twenty expressions of eight operations on 3×3 matrices, rows and numbers, with results used again."""
    draw = rng()

    def pick(n):
        return int(torch.randint(n, (1,), generator=draw))

    for _ in range(20):
        inputs = [torch.rand(s, generator=draw, dtype=torch.float64) + 0.2 for s in ((3, 3), (3, 3), (3,), ())]
        recipe = []
        for line in range(8):
            last, any_one = 3 + line if line else 0, pick(4 + line)
            choices = (
                [("add", last, any_one), ("add", any_one, last), ("mul", last, any_one), ("sub", any_one, last)],
                [("tanh", last), ("relu", last), ("tanh", last), ("neg", last)],
                [("times", last, 0.3), ("plus", last, 2.0), ("from", last, 1.0), ("pow", last, 2)],
            )
            recipe.append(choices[pick(3)][pick(4)])
            if line % 3 == 2:
                recipe[-1] = ("tanh", last)
        recipe.append(("add", 11, 0))
        recipe.append(("matmul", 12, 1))
        seed = torch.randn(3, 3, generator=draw, dtype=torch.float64)
        claim = (
            "A random expression must have the value and the gradients that torch gives it. To see it: write a few lines that use one "
            "result several times, with minus, a number on the left and a square, once with Var and once with tensors."
        )
        agree(run(env, recipe, inputs, seed), by_torch(recipe, inputs, seed), claim)


@test_case(points=1, hidden=True)
def the_loss_of_a_small_network(env):
    """mean(log(1 + exp(−y · (tanh(XA + a) B + b)))): matrices, biases, and the logistic loss."""
    draw = rng()
    shapes = ((5, 2), (2, 4), (4,), (4, 1), (1,), (5, 1))
    inputs = [torch.randn(s, generator=draw, dtype=torch.float64) for s in shapes]
    recipe = [
        ("matmul", 0, 1),
        ("add", 6, 2),
        ("tanh", 7),
        ("matmul", 8, 3),
        ("add", 9, 4),
        ("mul", 10, 5),
        ("neg", 11),
        ("exp", 12),
        ("plus", 13, 1.0),
        ("log", 14),
        ("mean", 15),
    ]
    seed = torch.tensor(1.0, dtype=torch.float64)
    claim = (
        "The mean logistic loss of a two-layer network must have torch's gradients for weights and biases. To see it: compute "
        "mean(log(1 + exp(−y·(tanh(XA + a)B + b)))) with Var and with tensors."
    )
    agree(run(env, recipe, inputs, seed), by_torch(recipe, inputs, seed), claim)
