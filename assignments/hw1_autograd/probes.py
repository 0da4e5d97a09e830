"""What runs beside your code when a check needs more than one call. Read it, run it, change a copy of it.

A probe takes the notebook's names (`env`, as from globals()) and data, and returns data.
"""

from contextlib import ExitStack
from unittest.mock import patch

import torch

AUTOMATIC = {
    "torch.autograd.grad": (torch.autograd, "grad"),
    "torch.autograd.backward": (torch.autograd, "backward"),
    "Tensor.backward": (torch.Tensor, "backward"),
    "torch.autograd.functional.vjp": (torch.autograd.functional, "vjp"),
    "torch.autograd.functional.jvp": (torch.autograd.functional, "jvp"),
    "torch.autograd.functional.jacobian": (torch.autograd.functional, "jacobian"),
    "torch.func.grad": (torch.func, "grad"),
    "torch.func.grad_and_value": (torch.func, "grad_and_value"),
    "torch.func.vjp": (torch.func, "vjp"),
    "torch.func.jvp": (torch.func, "jvp"),
    "torch.func.jacrev": (torch.func, "jacrev"),
    "torch.func.jacfwd": (torch.func, "jacfwd"),
    "torch.func.linearize": (torch.func, "linearize"),
}


def by_hand(env, name, *args):
    """Call the function of this name, and notice which of torch's own derivatives it uses. Returns their names."""
    used = []

    def noticed(label, original):
        def wrapper(*a, **k):
            used.append(label)
            return original(*a, **k)

        return wrapper

    with ExitStack() as stack:
        for label, (place, attribute) in AUTOMATIC.items():
            stack.enter_context(patch.object(place, attribute, noticed(label, getattr(place, attribute))))
        env[name](*args)
    return sorted(set(used))


MAX_READS = 100
"""How often a traversal may look at the parents of a node, on average, before it is stopped."""


class TooManyReads(Exception):
    pass


def build(env, recipe):
    """Nodes made from a recipe: a list of ("input", value), ("add", i, j), ("mul", i, j) or ("scale", i, factor) with earlier places i, j.

    They count how often their parents are read, all together.
    """
    reads = [0]

    class Counted(env["Node"]):
        @property
        def parents(self):
            reads[0] += 1
            if reads[0] > MAX_READS * len(recipe):
                raise TooManyReads
            return self.kept

        @parents.setter
        def parents(self, value):
            self.kept = value

    nodes = []
    for kind, *rest in recipe:
        if kind == "input":
            nodes.append(Counted(rest[0]))
            continue
        a = nodes[rest[0]]
        if kind == "scale":
            nodes.append(Counted(rest[1] * a.value, (a,), (rest[1],)))
            continue
        b = nodes[rest[1]]
        value, local_grads = (a.value + b.value, (1.0, 1.0)) if kind == "add" else (a.value * b.value, (b.value, a.value))
        nodes.append(Counted(value, (a, b), local_grads))
    return nodes, reads


def order_of(env, recipe, root):
    """The places, in the recipe, of the nodes that topo_order(root) returns; None if it gave up or was stopped."""
    nodes, _ = build(env, recipe)
    try:
        order = env["topo_order"](nodes[root])
    except TooManyReads:
        return None
    if not isinstance(order, list | tuple):
        return type(order).__name__
    return [next((i for i, node in enumerate(nodes) if node is found), -1) for found in order]


def gradients_of(env, recipe, *roots):
    """Call backprop for each root in turn, on one graph. Returns every node's .grad; None if it looked at parents without end.

    Where backprop calls topo_order, it gets the nodes in the order of the recipe, so that a mistake in topo_order is not charged here.
    """
    nodes, _ = build(env, recipe)

    def order_of_the_recipe(root):
        needed = {id(root)}
        for node in reversed(nodes):
            if id(node) in needed:
                needed.update(id(parent) for parent in node.kept)
        return [node for node in nodes if id(node) in needed]

    with patch.dict(env, {"topo_order": order_of_the_recipe}):
        try:
            for root in roots:
                env["backprop"](nodes[root])
        except TooManyReads:
            return None
    return [node.grad for node in nodes]


BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "matmul": lambda a, b: a @ b,
    "power": lambda a, b: a**b,
}
UNARY = {
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "tanh": lambda a: a.tanh(),
    "relu": lambda a: a.relu(),
    "sum": lambda a: a.sum(),
    "mean": lambda a: a.mean(),
    "neg": lambda a: -a,
}
NUMBER = {
    "pow": lambda a, c: a**c,
    "plus": lambda a, c: c + a,
    "times": lambda a, c: c * a,
    "from": lambda a, c: c - a,
    "over": lambda a, c: c / a,
}


def evaluate(recipe, values):
    """All values of a computation: the given ones, and one for each line ("mul", i, j), ("tanh", i) or ("pow", i, number).

    i and j are earlier places. Works for Vars and for torch's tensors alike.
    """
    values = list(values)
    for kind, i, *rest in recipe:
        if kind in BINARY:
            values.append(BINARY[kind](values[i], values[rest[0]]))
        elif kind in UNARY:
            values.append(UNARY[kind](values[i]))
        else:
            values.append(NUMBER[kind](values[i], rest[0]))
    return values


def stretched_backward(g, shape):
    """What unbroadcast(g, shape) should be, from torch's own backward pass through a stretched tensor."""
    x = torch.zeros(shape, dtype=g.dtype, device=g.device, requires_grad=True)
    return torch.autograd.grad(x.expand(g.shape), x, g)[0]


def engine(env, recipe, inputs, seed):
    """Run the recipe on Vars and call backward(seed) of the last result. Returns that result and the gradients of the inputs.

    Where Var calls unbroadcast, it gets torch's own, so that a mistake in unbroadcast is not charged here.
    """
    env["Var"].tape.clear()
    leaves = [env["Var"](x.clone()) for x in inputs]
    with patch.dict(env, {"unbroadcast": stretched_backward}):
        last = evaluate(recipe, leaves)[-1]
        last.backward(seed)
    return {"value": last.data, "grads": [leaf.grad for leaf in leaves]}


def refusals(env, recipes, inputs):
    """For each recipe: the name of the exception that it raises with Vars, or None."""
    names = []
    for recipe in recipes:
        try:
            evaluate(recipe, [env["Var"](x.clone()) for x in inputs])
            names.append(None)
        except NotImplementedError:
            raise
        except ValueError:
            names.append("ValueError")
        except Exception as error:
            names.append(type(error).__name__)
    env["Var"].tape.clear()
    return names


def descend(env, h, c, w0, eta, max_iters, *eps_grad):
    """Call gd_torch on L(w) = ½ Σ h_i (w_i − c_i)², and watch what it does with w."""
    seen = {"calls": 0, "with_history": 0}

    def loss(w):
        seen["calls"] += 1
        seen["with_history"] += w.grad_fn is not None
        return 0.5 * (h * (w - c) ** 2).sum()

    before = w0.clone()
    w, hist = env["gd_torch"](loss, w0, eta, max_iters, *eps_grad)
    entries = [entry for column in hist.values() for entry in column]
    return {
        **seen,
        "w": w,
        "hist": hist,
        "w0_changed": not torch.equal(before, w0.detach()),
        "live": sum(isinstance(entry, torch.Tensor) and entry.requires_grad for entry in entries),
        "w_is_live": bool(w.requires_grad),
    }
