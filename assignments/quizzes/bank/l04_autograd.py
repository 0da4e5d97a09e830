"""Lecture 4: automatic differentiation, by graph and in PyTorch."""

import functools
import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong, printed


class L4:
    lecture = 4
    edition = "both"


class CubicSlope(L4, Numeric):
    id = "l04-cubic-slope"
    edition = "2025"
    source = "2025 notes 4, running example"
    title = "Two paths to one input"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = r"""
    The graph of $f(x)=x^3-@{c}x$ has two nodes between input and output, $z_1=x^3$ and $z_2=-@{c}x$, and $f=z_1+z_2$.
    The reverse pass runs at $x=@{x}$. What stands in the accumulator of $x$ when it is done?
    """

    def params(self, draw):
        return {"c": draw.integer("c", 2, 9), "x": draw.integer("x", 2, 7)}

    def answer(self, c, x):
        return 3 * x**2 - c

    def check(self, c, x):
        import torch

        leaf = torch.tensor(float(x), dtype=torch.float64, requires_grad=True)
        (leaf**3 - c * leaf).backward()
        return leaf.grad.item()

    def distractors(self, c, x):
        return [
            Wrong(3 * x**2, "Only the path through the cube reaches the input."),
            Wrong(-c, "The second path overwrites the accumulator, where it is added."),
            Wrong(3 * x**2 + c, "The minus sign of the second node is lost in its local derivative."),
        ]

    def why(self, c, x):
        return rf"The paths bring $3x^2={3 * x**2}$ and $-@{{c}}$, and contributions are added: @{{key}}."


class TwoBackwardCalls(L4, Numeric):
    id = "l04-two-backward-calls"
    source = "2026 notes 1, pitfall A; 2025 notes 4, accumulation"
    title = "Two backward calls"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = r"""
    What does the last line print? Give the number inside the tensor.

    ```python
    w = torch.tensor(@{w}.0, requires_grad=True)
    (0.5 * w**2).backward()
    (0.5 * (w - @{a})**2).backward()
    print(w.grad)
    ```
    """

    def params(self, draw):
        return {"w": draw.integer("w", 5, 12), "a": draw.integer("a", 1, 3)}

    def answer(self, w, a):
        return w + (w - a)

    def check(self, w, a):
        import torch

        leaf = torch.tensor(float(w), requires_grad=True)
        (0.5 * leaf**2).backward()
        (0.5 * (leaf - a) ** 2).backward()
        return leaf.grad.item()

    def distractors(self, w, a):
        return [
            Wrong(w - a, "backward() is taken to replace what .grad held; it adds to it."),
            Wrong(w, "The second call is taken to change nothing, because .grad is already set."),
            Wrong(w * (w - a), "The two gradients are multiplied, as if the losses were composed."),
        ]

    def why(self, w, a):
        return rf"Nothing clears `.grad`, so the second gradient is added to the first: $@{{w}}+(@{{w}}-@{{a}})={2 * w - a}$."


class IntermediateGrad(L4, Choice):
    id = "l04-intermediate-grad"
    source = "2025 notes 4, which tensors have .grad"
    title = "The gradient of an intermediate"
    minutes = 1
    text = """
    What does the last line print? (Warnings are not shown.)

    ```python
    x = torch.tensor(@{x}.0, requires_grad=True)
    y = @{c} * x
    (y * y).backward()
    print(y.grad)
    ```
    """

    def params(self, draw):
        return {"x": draw.integer("x", 2, 6), "c": draw.integer("c", 3, 7)}

    def answer(self, x, c):
        return "`None`"

    def check(self, x, c):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = f"import torch\nx = torch.tensor({x}.0, requires_grad=True)\ny = {c} * x\n(y * y).backward()\nprint(y.grad)"
            return f"`{printed(code)}`"

    def distractors(self, x, c):
        return [
            Wrong(f"`tensor({2 * c * x}.)`", "Every tensor of the graph is taken to keep its gradient; only leaves do."),
            Wrong(f"`tensor({2 * c * c * x}.)`", "The gradient of x is read where that of y was asked for."),
            Wrong("`tensor(0.)`", "A gradient that is not kept is taken for zero."),
        ]

    def why(self, x, c):
        return "`y` is no leaf: its gradient is used on the way to `x` and dropped. `y.retain_grad()` before `backward()` would keep it."


class RowOfResiduals(L4, Literal):
    id = "l04-row-of-residuals"
    edition = "2025"
    source = "2025 notes 4, least squares graph"
    title = "The shape of a total derivative"
    minutes = 2
    text = r"""
    Least squares with $X\in\mathbb R^{@{n}\times @{p}}$ has the graph $z_1=Xw-y$, $z_2=\lVert z_1\rVert^2$, $f=\tfrac12 z_2$. The notes
    write total derivatives of a scalar as row matrices. What is the shape of $\partial f/\partial z_1$? Write a tuple (rows, columns).
    """

    def params(self, draw):
        return {"n": draw.integer("n", 20, 90), "p": draw.integer("p", 2, 9)}

    def answer(self, n, p):
        return (1, n)

    def check(self, n, p):
        import torch

        residual = torch.zeros(n, dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda z: 0.5 * (z @ z).reshape(1), residual)
        return tuple(jacobian.shape)

    def distractors(self, n, p):
        return [
            Wrong((n, 1), "The gradient, a column, is written where the derivative, a row, was asked for."),
            Wrong((1, p), "That is the derivative with respect to w."),
            Wrong((n, p), "That is the derivative of the residual with respect to w, which is X."),
        ]

    def why(self, n, p):
        return r"$f$ is a number and $z_1$ has $@{n}$ entries, so the derivative is one row, $z_1^\top$: @{key}."


class ReboundLeaf(L4, Choice):
    id = "l04-rebound-leaf"
    source = "2026 notes 1, pitfall B"
    title = "A step that loses the leaf"
    minutes = 2
    text = """
    A training loop makes this step outside `torch.no_grad()`:

    ```python
    w = torch.tensor(@{w}.0, requires_grad=True)
    (w ** @{p}).backward()
    w = w - 0.1 * w.grad
    (w ** @{p}).backward()
    print(w.grad)
    ```

    What does the last line print? (Warnings are not shown.)
    """

    def params(self, draw):
        return {"w": draw.integer("w", 2, 6), "p": draw.integer("p", 2, 3)}

    def answer(self, w, p):
        return "`None`: `w` is now an intermediate of the graph."

    def check(self, w, p):
        import warnings

        code = f"""
        import torch
        w = torch.tensor({w}.0, requires_grad=True)
        (w ** {p}).backward()
        w = w - 0.1 * w.grad
        (w ** {p}).backward()
        print(w.grad)
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert printed(code) == "None"
        return self.answer(w, p)

    def distractors(self, w, p):
        return [
            Wrong("The gradient at the new `w`.", "Rebinding is taken to keep `w` a leaf."),
            Wrong("The sum of the gradients at the old and at the new `w`.", "The name is taken for the tensor: the old leaf accumulates."),
            Wrong("`tensor(0.)`: the step clears the gradient.", "A new tensor is taken to start with a gradient of zero."),
            Wrong("Nothing: the second `backward()` raises a `RuntimeError`.", "The step is taken for an in-place change of a leaf."),
        ]

    def why(self, w, p):
        return (
            "`w - 0.1 * w.grad` is a new tensor with a history, so the name `w` no longer belongs to a leaf, and only leaves get `.grad`."
        )


class VectorJacobian(L4, Literal):
    id = "l04-vector-jacobian"
    source = "2026 notes 3, backward with a vector"
    title = "Backward with a vector"
    minutes = 2
    text = """
    What is `w.grad.tolist()` after these lines? Write a list.

    ```python
    w = torch.tensor(@{w}, requires_grad=True)
    y = w * w
    y.backward(torch.tensor(@{v}))
    ```
    """

    def params(self, draw):
        return {
            "w": [float(x) for x in draw.sample("w", range(1, 7), 3)],
            "v": [float(10 * x) for x in draw.sample("v", range(1, 7), 3)],
        }

    def answer(self, w, v):
        return [2 * a * b for a, b in zip(w, v, strict=True)]

    def check(self, w, v):
        import torch

        leaf = torch.tensor(w, requires_grad=True)
        (leaf * leaf).backward(torch.tensor(v))
        return leaf.grad.tolist()

    def distractors(self, w, v):
        return [
            Wrong([2 * a for a in w], "The vector is ignored, as if it were all ones."),
            Wrong([a * b for a, b in zip(w, v, strict=True)], "Only one of the two edges from w to y is counted."),
            Wrong(sum(2 * a * b for a, b in zip(w, v, strict=True)), "The products are summed; the result has the shape of w."),
        ]

    def why(self, w, v):
        return r"`backward(v)` computes $J^\top v$, and $J=\operatorname{diag}(2w)$: @{key}."


INPLACE = {
    "`y = 2 * x` and then `y += 1`": "y = 2 * x; y += 1",
    "`y = x + @{c}` and then `y *= 2`": "y = x + 1; y *= 2",
    "`y = x.sqrt()` and then `y += 1`": "y = x.sqrt(); y += 1",
    "`y = x.exp()` and then `y *= @{c}`": "y = x.exp(); y *= 2",
    "`y = x.tanh()` and then `y -= 1`": "y = x.tanh(); y -= 1",
}


class InPlace(L4, SelectAll):
    id = "l04-in-place"
    source = "2025 notes 4, in-place changes"
    title = "Changing what the graph has saved"
    minutes = 3
    text = """
    `x = torch.tensor([@{c}.0, 4.0], requires_grad=True)`. After which of these pairs of lines does `y.sum().backward()` raise a
    `RuntimeError`? Select all.
    """

    def params(self, draw):
        return {"c": draw.integer("c", 2, 9)}

    def answer(self, c):
        return [text for text in INPLACE if any(name in text for name in ("sqrt", "exp", "tanh"))]

    def check(self, c):
        start = f"import torch\nx = torch.tensor([{c}.0, 4.0], requires_grad=True)\n"
        return [text for text, code in INPLACE.items() if printed(f"{start}{code}\ny.sum().backward()") == "RuntimeError"]

    def distractors(self, c):
        texts = [text for text in INPLACE if text not in self.answer(c)]
        return [Wrong(text, "Every in-place change is taken for an error; only one of a value that backward needs is.") for text in texts]

    def why(self, c):
        return "The derivatives of sqrt, exp and tanh need their saved *output*, which the second line changes; the others do not."


@functools.cache
def backward_over_forward():
    """Multiplications of the backward pass through a network, in units of the forward pass, counted by torch."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    network = torch.nn.Sequential(torch.nn.Linear(40, 50), torch.nn.Tanh(), torch.nn.Linear(50, 1))
    x = torch.ones(20, 40)
    with FlopCounterMode(display=False) as forward:
        loss = network(x).sum()
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    return backward.get_total_flops() / forward.get_total_flops()


class ReverseModeCost(L4, Choice):
    id = "l04-reverse-mode-cost"
    source = "2025 notes 4, cost of the algorithm"
    title = "The price of a gradient"
    minutes = 1
    text = r"""
    A network computes one number from @{p} million parameters. One forward pass takes @{t} ms. About how long does the whole gradient take
    by reverse mode?
    """

    def params(self, draw):
        return {"p": draw.integer("p", 2, 60), "t": draw.integer("t", 4, 30)}

    def answer(self, p, t):
        return "A few times as long as the forward pass"

    def check(self, p, t):
        return self.answer(p, t) if 1 < backward_over_forward() < 5 else "another"

    def distractors(self, p, t):
        return [
            Wrong(
                "@{p} million times as long as the forward pass",
                "One pass per input: that is the cost of forward mode or of finite differences.",
            ),
            Wrong(
                "A time that grows with the square of the number of nodes", "Every node is taken to be visited once for every other node."
            ),
            Wrong(
                "No time: the forward pass has already computed the derivatives", "Recording the graph is taken for computing the gradient."
            ),
        ]

    def why(self, p, t):
        return "The reverse pass visits each node once, whatever the number of inputs; its work is a small multiple of the forward pass."


class LinearWeight(L4, Literal):
    id = "l04-linear-weight"
    source = "2026 notes 4, Linear; 2025 notes 4, networks"
    title = "The shape of a layer's weight"
    minutes = 1
    text = """
    What is `tuple(torch.nn.Linear(@{d}, @{k}).weight.shape)`? Write a tuple.
    """

    def params(self, draw):
        return {"d": draw.integer("d", 10, 60), "k": draw.integer("k", 2, 9)}

    def answer(self, d, k):
        return (k, d)

    def check(self, d, k):
        import torch

        return tuple(torch.nn.Linear(d, k).weight.shape)

    def distractors(self, d, k):
        return [
            Wrong((d, k), "The weight is taken to stand on the right as X W; the layer computes X Wᵀ + b."),
            Wrong((k, d + 1), "The bias is taken for a column of the weight; it is a parameter of its own."),
        ]

    def why(self, d, k):
        return r"The layer computes $XW^\top+b$ with inputs of length $@{d}$ and outputs of length $@{k}$, so $W$ has the shape @{key}."


class GraphOfPolynomial(L4, Numeric):
    id = "l04-graph-figure"
    edition = "2025"
    source = "2025 notes 4, reverse topological order"
    title = "Reading a graph"
    minutes = 3
    atol, rtol = 0.0, 0.0
    text = r"""
    The figure shows a graph with the local derivative written on every edge. What is $\partial f/\partial x$?
    """

    def params(self, draw):
        return dict(zip("abcd", draw.sample("edges", (2, 3, 4, 5, 6, 7), 4), strict=True)) | {"e": draw.integer("e", -5, -2)}

    def answer(self, a, b, c, d, e):
        return a * (c + b * d) + e

    def check(self, a, b, c, d, e):
        import torch

        x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        u = a * x
        v = b * u
        return torch.autograd.grad(c * u + d * v + e * x, x)[0].item()

    def distractors(self, a, b, c, d, e):
        return [
            Wrong(a * b * d, "Only the longest path is followed."),
            Wrong(a * (c + b * d), "The direct edge from x to f is left out."),
            Wrong(a + b + c + d + e, "Derivatives along a path are added, where they are multiplied."),
            Wrong(a * b * c * d * e, "All edges are multiplied, where the paths are added."),
        ]

    def why(self, a, b, c, d, e):
        return (
            r"Three paths lead from $x$ to $f$: $@{a}\cdot@{c}$, $@{a}\cdot@{b}\cdot@{d}$ and $@{e}$. "
            "A path multiplies, and paths are added: @{key}."
        )

    def alt(self, a, b, c, d, e):
        return "A directed graph. Edges with their local derivatives: x to u: @{a}; u to v: @{b}; u to f: @{c}; v to f: @{d}; x to f: @{e}."

    def figure(self, axes, a, b, c, d, e):
        places = {"x": (0, 0), "u": (1, 0), "v": (2, 0.9), "f": (3, 0)}
        for start, end, label, bend in (("x", "u", a, 0), ("u", "v", b, 0), ("u", "f", c, 0), ("v", "f", d, 0), ("x", "f", e, 0.35)):
            style = {"arrowstyle": "-|>", "connectionstyle": f"arc3,rad={bend}", "shrinkA": 14, "shrinkB": 14, "color": "black"}
            axes.annotate("", places[end], places[start], arrowprops=style)
            (x0, y0), (x1, y1) = places[start], places[end]
            axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.04 - bend * 1.42, str(label), ha="center", va="bottom")
        for name, (x, y) in places.items():
            axes.text(x, y, f"${name}$", ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
        axes.set(xlim=(-0.3, 3.3), ylim=(-0.9, 1.2))
        axes.axis("off")


class SigmoidNeuron(L4, Numeric):
    id = "l04-sigmoid-neuron"
    source = "2025 notes 4, networks"
    title = "The chain rule through one neuron"
    minutes = 4
    rtol = 0.01
    near = (0.05, 0.5)
    text = r"""
    A neuron computes $h=\tanh(@{w}x)$ and the loss $L=\tfrac12(h-@{y})^2$. At $x=@{x}$, what is $dL/dx$? Give three significant digits.
    """

    def params(self, draw):
        return {
            "w": draw.choice("w", (0.5, 0.8, 1.2, 1.5)),
            "x": draw.choice("x", (0.7, 0.8, 0.9)),
            "y": draw.choice("y", (1.5, 2.0, 3.0)),
        }

    def answer(self, w, x, y):
        h = math.tanh(w * x)
        return (h - y) * (1 - h**2) * w

    def check(self, w, x, y):
        import torch

        leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        (0.5 * (torch.tanh(w * leaf) - y) ** 2).backward()
        return leaf.grad.item()

    def distractors(self, w, x, y):
        h = math.tanh(w * x)
        return [
            Wrong(-self.answer(w, x, y), "The residual is taken as y - h."),
            Wrong((h - y) * (1 - h) * w, "The derivative of tanh is taken as 1 - h; it is 1 - h²."),
            Wrong((h - y) * w, "The derivative of tanh is left out."),
            Wrong(2 * self.answer(w, x, y), "The factor one half of the loss is left out."),
        ]

    def why(self, w, x, y):
        return r"$\frac{dL}{dx}=(h-y)\,(1-h^2)\,w$ with $h=\tanh(wx)$, which is @{key}."


class WhichHaveGrad(L4, SelectAll):
    id = "l04-which-have-grad"
    source = "2025 notes 4, which tensors have .grad"
    title = "Who gets a gradient"
    minutes = 2
    text = """
    Which of these tensors hold a gradient (`.grad` is not `None`) after the last line? Select all.

    ```python
    a = torch.tensor(@{a}.0, requires_grad=True)
    b = torch.tensor(@{b}.0)
    c = torch.tensor(1.0, requires_grad=True)
    d = a * b
    e = d + c.detach()
    e.retain_grad()
    (e * e).backward()
    ```
    """

    def params(self, draw):
        return {"a": draw.integer("a", 2, 9), "b": draw.integer("b", 2, 9)}

    def answer(self, a, b):
        return ["`a`", "`e`"]

    def check(self, a, b):
        import warnings

        import torch

        tensors = {"a": torch.tensor(float(a), requires_grad=True), "b": torch.tensor(float(b))}
        tensors["c"] = torch.tensor(1.0, requires_grad=True)
        tensors["d"] = tensors["a"] * tensors["b"]
        tensors["e"] = tensors["d"] + tensors["c"].detach()
        tensors["e"].retain_grad()
        (tensors["e"] * tensors["e"]).backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [f"`{name}`" for name, tensor in tensors.items() if tensor.grad is not None]

    def distractors(self, a, b):
        return [
            Wrong("`b`", "A tensor that takes part is taken to get a gradient; b does not require one."),
            Wrong("`c`", "detach() is overlooked: the graph does not reach c."),
            Wrong("`d`", "Intermediates are taken to keep their gradients."),
        ]

    def why(self, a, b):
        return "`a` is a leaf that requires a gradient; `e` is an intermediate that was told to keep its own; `detach()` cuts `c` off."


class Node:
    """A number of a computation, as homework 1 has it: what it was computed from, and an accumulator."""

    def __init__(self, value, parents=(), local_grads=()):
        self.value, self.parents, self.local_grads, self.grad = value, parents, local_grads, 0.0


class WhichBackwardBug(L4, FaultChoice):
    id = "l04-which-backward-bug"
    edition = "2025"
    source = "homework 1, question 5"
    title = "Diagnose a backward pass"
    minutes = 4
    homework = "hw1_autograd"
    faults = ("overwrites", "no_seed", "parents_as_a_dictionary", "adds_where_it_should_multiply")
    text = r"""
    A student's backward pass runs over the nodes $u=@{b}x$, $y=u\cdot u$ (both parents are $u$) and $f=y+@{c}x$ at $x=@{x}$, in reverse
    topological order. All accumulators start at 0. In the end $@{shown}$ stands in that of $x$, which is wrong. Which mistake did the
    student make?
    """

    def inputs(self, draw):
        return {"b": draw.integer("b", 2, 4), "c": draw.integer("c", 5, 9), "x": draw.integer("x", 2, 4)}

    def run(self, function, b, c, x):
        leaf = Node(x)
        u = Node(b * x, (leaf,), (b,))
        y = Node(u.value**2, (u, u), (u.value, u.value))
        function(Node(y.value + c * x, (y, leaf), (1, c)))
        return leaf.grad

    def formulas(self, b, c, x):
        u = b * x
        return {
            "overwrites": b * u,
            "no_seed": 0,
            "parents_as_a_dictionary": c + b * u,
            "adds_where_it_should_multiply": c + 2 * u + b - 1,
        }

    def why(self, b, c, x, shown):
        return r"Right is $2\cdot@{b}^2x+@{c}$ at $x=@{x}$. Follow the order $f,y,u,x$ with each mistake; one leaves $@{shown}$. @{key}"
