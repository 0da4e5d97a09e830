# ruff: noqa: F821 - q5_public.py stands before this file and defines the other names.
import torch
from otter.test_files import test_case

from checks import close, rng


def derivatives(recipe, root):
    """The derivative of the root in every node, from forward passes: nudge one node and carry the change along."""
    values = []
    for kind, *rest in recipe:
        a = values[rest[0]] if kind != "input" else rest[0]
        values.append({"input": a, "scale": a * rest[-1]}.get(kind) if kind in ("input", "scale") else combine(kind, a, values[rest[1]]))
    out = []
    for start in range(len(recipe)):
        change = [0.0] * len(recipe)
        change[start] = 1.0
        for i in range(start + 1, len(recipe)):
            kind, *rest = recipe[i]
            if kind == "scale":
                change[i] = rest[1] * change[rest[0]]
            elif kind == "add":
                change[i] = change[rest[0]] + change[rest[1]]
            elif kind == "mul":
                change[i] = values[rest[1]] * change[rest[0]] + values[rest[0]] * change[rest[1]]
        out.append(change[root])
    return out


def combine(kind, a, b):
    return a + b if kind == "add" else a * b


def random_recipe(draw):
    """Three inputs and twelve operations on earlier results, of which the last one is the root."""

    def pick(n):
        return int(torch.randint(n, (1,), generator=draw))

    recipe = [("input", float(3 * torch.rand(1, generator=draw, dtype=torch.float64) - 1.5)) for _ in range(3)]
    while len(recipe) < 15:
        n = len(recipe)
        kind = ("add", "mul", "scale", "add")[pick(4)]
        recipe.append((kind, pick(n), 0.5 + pick(3)) if kind == "scale" else (kind, n - 1 if pick(2) else pick(n), pick(n)))
    return recipe


@test_case(points=2, hidden=True)
def random_graphs_agree_with_forward_differentiation(env):
    """Ten graphs of fifteen nodes, with many shared intermediates; nodes that the root does not need keep 0."""
    draw = rng()
    claim = (
        "In a random graph of fifteen nodes, every node must get the derivative of the root in it, and nodes that the root does not need "
        "must keep 0. To see it: build small graphs in which results are used several times, and change one input by 1e-6."
    )
    alone = (
        "The derivative of an input in itself is 1, and inputs accumulate: 2 after two calls. To see it: call backprop(Node(3.0)) twice."
    )
    close([float(g) for g in gradients(env, [("input", 3.0)], 0, 0)], [2.0], rtol=1e-9, what="the gradient of node", claim=alone)
    for _ in range(10):
        recipe = random_recipe(draw)
        expected = derivatives(recipe, 14)
        scale = max(1.0, *(abs(e) for e in expected))
        found = gradients(env, recipe, 14)
        close([float(g) for g in found], expected, rtol=1e-9, atol=1e-12 * scale, what="the gradient of node", claim=claim)
