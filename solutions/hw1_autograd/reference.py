from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def require(condition: bool, message: str) -> None:
    """Raise ValueError with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def add(a: Tensor, b: Tensor) -> Tensor:
    """The sum of two tensors of the same shape, entry by entry.

    Raises ValueError if the shapes differ: nothing is stretched to fit.
    Lecture 1, broadcasting.
    """
    # BEGIN SOLUTION
    require(a.shape == b.shape, f"The shapes differ: {tuple(a.shape)} and {tuple(b.shape)}.")
    # END SOLUTION
    return a + b


def remainders(
    F: Callable[[Tensor], Tensor],
    derivative: Callable[[Tensor], Tensor],
    x: Tensor,
    v: Tensor,
    ts: Tensor,
) -> Tensor:
    """What the linear approximation of F at x misses in the direction v: ‖F(x + t v) − F(x) − t ·
    derivative(v)‖ for every t in ts.

    F: takes a tensor of the shape of x and returns a tensor of any shape. derivative: the proposed
    derivative of F at x, a linear map that takes a direction and returns a tensor of the shape of
    F(x).
    x, v: tensors of one shape. ts: (k,), positive. All of one floating dtype, on one device.
    Returns a (k,) tensor like ts. The norm is the square root of the sum of the squares of all
    entries, whatever the shape.
    Raises ValueError if x and v, or F(x) and derivative(v), differ in shape, or unless ts is 1-D,
    not empty, with positive entries.
    Lecture 5.
    """
    # BEGIN SOLUTION
    require(x.shape == v.shape, f"x has shape {tuple(x.shape)} and v has shape {tuple(v.shape)}.")
    require(ts.dim() == 1 and ts.numel() > 0 and bool((ts > 0).all()), "ts must be a vector of positive numbers.")
    start, change = F(x), derivative(v)
    require(start.shape == change.shape, f"F(x) has shape {tuple(start.shape)}, its derivative {tuple(change.shape)}.")
    return torch.stack([torch.linalg.vector_norm(F(x + t * v) - start - t * change) for t in ts])
    # END SOLUTION


def loglog_slope(ts: Tensor, values: Tensor) -> float:
    """The slope of the least-squares line through the points (log t, log value).

    ts, values: (k,) tensors with positive entries and at least two different t.
    Raises ValueError otherwise.
    """
    # BEGIN SOLUTION
    require(ts.dim() == 1 and ts.shape == values.shape, "ts and values must be vectors of one length.")
    require(bool((ts > 0).all()) and bool((values > 0).all()), "Only positive numbers have a logarithm.")
    require(len(set(ts.tolist())) > 1, "A line needs two different t.")
    a = ts.log() - ts.log().mean()
    return float((a * values.log()).sum() / (a * a).sum())
    # END SOLUTION


def grad_check(f: Callable[[Tensor], Tensor], grad: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-5) -> float:
    """The largest relative error between grad(x) and central differences of f, over all entries of
    x.

    f: takes a tensor of the shape of x, returns a number (a 0-d tensor or a float). grad: returns a
    tensor of the shape of x.
    x: floating tensor of any shape; keeps its values. h: the step, used as h · max(1, |x_i|) in
    entry i.
    With g_i the entry of grad(x) and D_i the central difference, the error of entry i is |g_i −
    D_i| / max(1, |g_i|, |D_i|).
    A gradient with a NaN must not pass: the result is then NaN or infinite.
    Raises ValueError if h is not positive, x is empty, or grad(x) has another shape than x.
    Lecture 5.
    """
    # BEGIN SOLUTION
    require(h > 0 and x.numel() > 0, "h must be positive and x must have entries.")
    g = grad(x)
    require(g.shape == x.shape, f"x has shape {tuple(x.shape)}, its gradient {tuple(g.shape)}.")
    errors = []
    for i in range(x.numel()):
        x_i, g_i = float(x.flatten()[i]), float(g.flatten()[i])
        h_i = h * max(1.0, abs(x_i))
        e = torch.zeros_like(x).flatten()
        e[i] = h_i
        e = e.reshape(x.shape)
        d_i = (float(f(x + e)) - float(f(x - e))) / (2 * h_i)
        errors.append(abs(g_i - d_i) / max(1.0, abs(g_i), abs(d_i)))
    return float(torch.tensor(errors, dtype=torch.float64).max())  # unlike Python's max, this one hands a NaN on
    # END SOLUTION


def lstsq_backward(X: Tensor, y: Tensor, w: Tensor) -> dict[str, Tensor]:
    """Forward and backward pass of f = ½ z2 with z1 = X w − y and z2 = ‖z1‖², with every
    intermediate derivative.

    X: (n, p). y: (n,). w: (p,). One floating dtype, one device.
    Returns a dictionary; derivatives of a number in a vector are rows:
    z1 (n,), z2 (), f (), df_dz2 (), df_dz1 (1, n), df_dw (1, p), and the gradient grad (p,), the
    row df_dw as a vector.
    Raises ValueError if the shapes do not fit; in particular y must not be a column (n, 1).
    Lecture 4.
    """
    # BEGIN SOLUTION
    fits = y.dim() == 1 and w.dim() == 1 and X.shape == (len(y), len(w))
    require(fits, f"X, y, w must be (n, p), (n,), (p,); got {tuple(X.shape)}, {tuple(y.shape)}, {tuple(w.shape)}.")
    z1 = X @ w - y
    z2 = (z1**2).sum()
    f = z2 / 2
    df_dz2 = torch.full_like(z2, 0.5)
    df_dz1 = df_dz2 * 2 * z1.unsqueeze(0)
    df_dw = df_dz1 @ X
    return {"z1": z1, "z2": z2, "f": f, "df_dz2": df_dz2, "df_dz1": df_dz1, "df_dw": df_dw, "grad": df_dw.squeeze(0)}
    # END SOLUTION


def jvp_gram(W: Tensor, V: Tensor) -> Tensor:
    """The derivative of F(W) = WᵀW at W, applied to the direction V.

    W, V: (n, m). Returns an (m, m) tensor. Raises ValueError unless W and V are matrices of one
    shape.
    Lecture 5.
    """
    # BEGIN SOLUTION
    require(W.dim() == 2 and W.shape == V.shape, f"W and V must be matrices of one shape; got {tuple(W.shape)}, {tuple(V.shape)}.")
    half = W.T @ V
    return half + half.T
    # END SOLUTION


def vjp_gram(W: Tensor, G: Tensor) -> Tensor:
    """The adjoint of the derivative of F(W) = WᵀW at W, applied to G: the A with ⟨A, V⟩ = ⟨G,
    jvp_gram(W, V)⟩ for every V.

    W: (n, m). G: (m, m), not necessarily symmetric. Returns an (n, m) tensor. Raises ValueError if
    the shapes do not fit.
    Lecture 5.
    """
    # BEGIN SOLUTION
    fits = W.dim() == 2 and G.shape == (W.shape[1], W.shape[1])
    require(fits, f"W must be (n, m) and G (m, m); got {tuple(W.shape)}, {tuple(G.shape)}.")
    return W @ (G + G.T)
    # END SOLUTION


def jvp_outer(U: Tensor, V: Tensor, H: Tensor, K: Tensor) -> Tensor:
    """The derivative of F(U, V) = UVᵀ at (U, V), applied to the direction (H, K).

    U, H: (n, r). V, K: (m, r). Returns an (n, m) tensor. Raises ValueError if the shapes do not
    fit.
    Lecture 5, exercise.
    """
    # BEGIN SOLUTION
    require(U.dim() == 2 and V.dim() == 2 and U.shape[1] == V.shape[1], "U and V must be matrices with equally many columns.")
    require(H.shape == U.shape and K.shape == V.shape, "H must have the shape of U, and K the shape of V.")
    return H @ V.T + U @ K.T
    # END SOLUTION


def vjp_outer(U: Tensor, V: Tensor, G: Tensor) -> tuple[Tensor, Tensor]:
    """The adjoint of the derivative of F(U, V) = UVᵀ at (U, V), applied to G.

    It is the pair (A, B) with ⟨A, H⟩ + ⟨B, K⟩ = ⟨G, jvp_outer(U, V, H, K)⟩ for all H and K.
    U: (n, r). V: (m, r). G: (n, m). Returns (A, B) with the shapes of U and V. Raises ValueError if
    the shapes do not fit.
    Lecture 5, exercise.
    """
    # BEGIN SOLUTION
    require(U.dim() == 2 and V.dim() == 2 and U.shape[1] == V.shape[1], "U and V must be matrices with equally many columns.")
    require(G.shape == (U.shape[0], V.shape[0]), f"G must have the shape of UVᵀ; it has {tuple(G.shape)}.")
    return G @ V, G.T @ U
    # END SOLUTION


def logistic_loss_and_grad(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean logistic loss of the scores z and its gradient in z.

    z: (n,) scores (logits), floating. y: (n,) labels, every entry 0 or 1, of any dtype. The loss of
    one example is −log σ(z) if y = 1 and −log(1 − σ(z)) if y = 0, with σ(z) = 1 / (1 + exp(−z)); it
    is averaged over the n examples.
    Returns (loss, dz): a 0-d tensor and an (n,) tensor, both of the dtype of z. Exact to rounding
    for scores of any size, also ±1000.
    Raises ValueError unless z and y are nonempty vectors of one shape and y is made of 0 and 1.
    Lectures 0 and 4.
    """
    # BEGIN SOLUTION
    fits = z.dim() == 1 and z.shape == y.shape and z.numel() > 0
    require(fits, f"z and y must be vectors of one length; they have shapes {tuple(z.shape)} and {tuple(y.shape)}.")
    require(bool(((y == 0) | (y == 1)).all()), "Labels are 0 or 1.")
    y = y.to(z.dtype)
    losses = z.clamp(min=0) - y * z + torch.log1p(torch.exp(-z.abs()))
    return losses.mean(), (torch.sigmoid(z) - y) / z.numel()
    # END SOLUTION


def softmax_loss_and_grad(Z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean softmax cross entropy of the scores Z and its gradient in Z.

    Z: (n, c) scores, floating; row i belongs to example i. labels: (n,) integers in 0, ..., c − 1.
    The loss of example i is −log P[i, labels[i]] with P[i, j] = exp(Z[i, j]) / Σ_k exp(Z[i, k]); it
    is averaged over the n examples.
    Returns (loss, dZ): a 0-d tensor and an (n, c) tensor, both of the dtype of Z. Exact to rounding
    for scores of any size, also ±1000.
    Raises ValueError unless Z is a nonempty matrix and labels has one class number of its columns
    for every row.
    Lecture 4; the case of c classes goes beyond the notes.
    """
    # BEGIN SOLUTION
    require(Z.dim() == 2 and Z.numel() > 0 and labels.shape == Z.shape[:1], "Z must be a matrix with one label for every row.")
    n, c = Z.shape
    require(bool(((labels >= 0) & (labels < c)).all()), f"Labels are at least 0 and below {c}.")
    log_p = Z - Z.logsumexp(dim=1, keepdim=True)
    chosen = torch.nn.functional.one_hot(labels, c).to(Z.dtype)
    return -(chosen * log_p).sum() / n, (log_p.exp() - chosen) / n
    # END SOLUTION


def normalize_vjp(x: Tensor, g: Tensor, eps: float = 1e-5) -> Tensor:
    """Gradient in x of ⟨g, N(x)⟩, where N makes every row of x have mean 0 and variance about 1.

    N(x) = (x − μ) / √(s² + eps) row by row, with μ the mean of the row and s² the mean of (x − μ)²
    (divided by d, not d − 1).
    x, g: (n, d). Returns an (n, d) tensor. Raises ValueError unless x and g are nonempty matrices
    of one shape and eps > 0.
    This is layer normalization (Ba, Kiros and Hinton, 2016) without its scale and shift; beyond the
    notes.
    """
    # BEGIN SOLUTION
    require(x.dim() == 2 and x.numel() > 0 and x.shape == g.shape, "x and g must be matrices of one shape.")
    require(eps > 0, "eps must be positive.")
    centered = x - x.mean(dim=1, keepdim=True)
    scale = torch.sqrt((centered**2).mean(dim=1, keepdim=True) + eps)
    out = centered / scale
    return (g - g.mean(dim=1, keepdim=True) - out * (g * out).mean(dim=1, keepdim=True)) / scale
    # END SOLUTION


class Node:
    """One number in a computation, with what it was computed from. Supplied.

    value: the number. parents: the nodes it was computed from, possibly the same one twice; () for
    an input.
    local_grads: for each parent the partial derivative of value in that parent. grad: an
    accumulator, 0.0 at first.
    """

    def __init__(self, value: float, parents: tuple["Node", ...] = (), local_grads: tuple[float, ...] = ()) -> None:
        if len(parents) != len(local_grads):
            raise ValueError("A node needs one local derivative for each parent.")
        self.value = value
        self.parents = parents
        self.local_grads = local_grads
        self.grad = 0.0


def topo_order(root: Node) -> list[Node]:
    """The root and everything it was computed from, each node once, every node after all of its
    parents; so the root comes last.

    Nodes are told apart by identity: two nodes with equal values are two nodes. The graph has no
    cycles, by construction.
    Lecture 4.
    """
    # BEGIN SOLUTION
    order: list[Node] = []
    seen: set[int] = set()

    def visit(node: Node) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        for parent in node.parents:
            visit(parent)
        order.append(node)

    visit(root)
    return order
    # END SOLUTION


def backprop(root: Node) -> None:
    """Put into every node's .grad the derivative of the root's value in that node's value.

    Inputs (nodes without parents) accumulate: a call adds to the .grad that an input has from
    earlier calls. All other nodes belong to this call: what their .grad held before it is
    forgotten.
    Lecture 4.
    """
    # BEGIN SOLUTION
    order = topo_order(root)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad += 1.0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += local * node.grad
    # END SOLUTION


def unbroadcast(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum g over the axes along which a tensor of this shape was stretched by broadcasting, so that
    the result has exactly this shape.

    g: a gradient with the shape of the result of an operation. shape: the shape of an operand;
    broadcasting it gives the shape of g.
    Raises ValueError if a tensor of this shape does not broadcast to the shape of g.
    Lecture 1 for broadcasting; its backward rule goes beyond the notes.
    """
    # BEGIN SOLUTION
    missing = g.dim() - len(shape)
    fits = missing >= 0 and all(s in (1, g.shape[missing + i]) for i, s in enumerate(shape))
    require(fits, f"A tensor of shape {tuple(shape)} does not broadcast to {tuple(g.shape)}.")
    stretched = [i for i in range(g.dim()) if i < missing or shape[i - missing] != g.shape[i]]
    return g.sum(dim=stretched).reshape(shape) if stretched else g
    # END SOLUTION


class Var:
    """A tensor that remembers how it was computed, so that backward() can find gradients.

    data: the value. grad: the accumulated gradient, of the shape of data, zeros at first. parents:
    the Vars it was computed from.
    pull: a function that takes the gradient at this Var and returns a tuple with one gradient for
    each parent, of that parent's shape.
    tape: all computed Vars in the order in which they were made; shared by the class, emptied by
    backward().
    """

    tape: list["Var"] = []

    def __init__(
        self,
        data: Any,
        parents: tuple["Var", ...] = (),
        pull: Callable[[Tensor], tuple[Tensor, ...]] | None = None,
    ) -> None:
        self.data = data if isinstance(data, Tensor) else torch.tensor(data, dtype=torch.float64)
        self.grad = torch.zeros_like(self.data)
        self.parents = parents
        self.pull = pull or (lambda g: ())
        if parents:
            self.tape.append(self)

    def new(self, data: Tensor, parents: tuple["Var", ...], pull: Callable[[Tensor], tuple[Tensor, ...]]) -> "Var":
        """The result of an operation. Supplied."""
        return type(self)(data, parents, pull)

    def lift(self, other: Any) -> "Var":
        """`other` itself if it is a Var; a number or tensor becomes one. Supplied."""
        if isinstance(other, type(self)):
            return other
        return type(self)(torch.as_tensor(other, dtype=self.data.dtype, device=self.data.device))

    def backward(self, seed: Tensor | None = None) -> None:
        """Add to every .grad the gradient that this Var, weighted by `seed`, has there, and empty
        the tape. Supplied.

        seed: the gradient at this Var, of its shape; for a single number it may be left out, and is
        then 1. As with torch's y.backward(v), the inputs receive the vector-Jacobian product with
        seed. The tape, read backward, is an order that works.
        """
        is_number = self.data.numel() == 1
        require(seed is not None or is_number, f"A result of shape {tuple(self.data.shape)} needs a seed.")
        steps = self.tape[::-1]
        self.tape.clear()
        self.grad = torch.ones_like(self.data) if seed is None else seed
        for var in steps:
            for parent, g in zip(var.parents, var.pull(var.grad), strict=True):
                shapes = f"A gradient of shape {tuple(g.shape)} for a parent of shape {tuple(parent.data.shape)}."
                require(g.shape == parent.data.shape, shapes)
                parent.grad = parent.grad + g

    def __add__(self, other: Any) -> "Var":
        """self + other, with broadcasting."""
        other = self.lift(other)
        # BEGIN SOLUTION
        a, b = self.data, other.data
        return self.new(a + b, (self, other), lambda g: (unbroadcast(g, a.shape), unbroadcast(g, b.shape)))
        # END SOLUTION

    def __mul__(self, other: Any) -> "Var":
        """self * other, entry by entry, with broadcasting."""
        other = self.lift(other)
        # BEGIN SOLUTION
        a, b = self.data, other.data
        return self.new(a * b, (self, other), lambda g: (unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape)))
        # END SOLUTION

    def __matmul__(self, other: Any) -> "Var":
        """self @ other for matrices (n, k) and (k, m). Raises ValueError for other shapes."""
        other = self.lift(other)
        # BEGIN SOLUTION
        a, b = self.data, other.data
        require(a.dim() == 2 and b.dim() == 2 and a.shape[1] == b.shape[0], f"No product of {tuple(a.shape)} and {tuple(b.shape)}.")
        return self.new(a @ b, (self, other), lambda g: (g @ b.T, a.T @ g))
        # END SOLUTION

    def __pow__(self, exponent: float) -> "Var":
        """self ** exponent, entry by entry. Raises ValueError unless the exponent is a number (int
        or float)."""
        # BEGIN SOLUTION
        require(isinstance(exponent, int | float), "The exponent must be a number.")
        a = self.data
        return self.new(a**exponent, (self,), lambda g: (g * exponent * a ** (exponent - 1),))
        # END SOLUTION

    def sum(self) -> "Var":
        """The sum of all entries, a 0-d result."""
        # BEGIN SOLUTION
        a = self.data
        return self.new(a.sum(), (self,), lambda g: (g.expand(a.shape),))
        # END SOLUTION

    def exp(self) -> "Var":
        """The exponential, entry by entry."""
        # BEGIN SOLUTION
        out = self.data.exp()
        return self.new(out, (self,), lambda g: (g * out,))
        # END SOLUTION

    def log(self) -> "Var":
        """The natural logarithm, entry by entry. Raises ValueError unless all entries are
        positive."""
        # BEGIN SOLUTION
        a = self.data
        require(bool((a > 0).all()), "The logarithm needs positive entries.")
        return self.new(a.log(), (self,), lambda g: (g / a,))
        # END SOLUTION

    def tanh(self) -> "Var":
        """The hyperbolic tangent, entry by entry."""
        # BEGIN SOLUTION
        out = self.data.tanh()
        return self.new(out, (self,), lambda g: (g * (1 - out**2),))
        # END SOLUTION

    def relu(self) -> "Var":
        """max(0, entry), entry by entry; the derivative at 0 is taken as 0."""
        # BEGIN SOLUTION
        a = self.data
        return self.new(a.clamp(min=0), (self,), lambda g: (g * (a > 0),))
        # END SOLUTION

    # What follows is supplied: it is made of the operations above.

    def __neg__(self) -> "Var":
        return self * -1.0

    def __sub__(self, other: Any) -> "Var":
        return self + self.lift(other) * -1.0

    def __truediv__(self, other: Any) -> "Var":
        return self * self.lift(other) ** -1.0

    def __radd__(self, other: Any) -> "Var":
        return self.lift(other) + self

    def __rmul__(self, other: Any) -> "Var":
        return self.lift(other) * self

    def __rsub__(self, other: Any) -> "Var":
        return self.lift(other) - self

    def __rtruediv__(self, other: Any) -> "Var":
        return self.lift(other) / self

    def mean(self) -> "Var":
        return self.sum() * (1.0 / self.data.numel())


def gd_torch(
    L_fn: Callable[[Tensor], Tensor], w0: Tensor, eta: float, max_iters: int, eps_grad: float = 1e-8
) -> tuple[Tensor, dict[str, list[Any]]]:
    """Gradient descent w ← w − eta ∇L(w) from w0, with gradients by loss.backward() or
    torch.autograd.grad.

    L_fn: takes a tensor like w0, returns the loss, a 0-d tensor. w0: floating, any shape; keeps its
    values.
    Iteration k = 0, 1, ..., max_iters − 1: compute the loss and the gradient at w, in one call of
    L_fn; write k, the loss and the norm of the gradient down; stop if that norm is at most
    eps_grad; otherwise update w.
    Returns (w, hist): the last w, without requires_grad, and hist = {"k": [...], "L": [...],
    "grad_norm": [...]}, with one entry for each iteration, numbers without a graph.
    Raises ValueError unless eta > 0 and max_iters >= 0.
    Lecture 4.
    """
    # BEGIN SOLUTION
    require(eta > 0 and max_iters >= 0, "eta must be positive and max_iters must not be negative.")
    w = w0.detach().clone().requires_grad_()
    hist: dict[str, list[Any]] = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        size = float(g.norm())
        hist["k"].append(k)
        hist["L"].append(loss.item())
        hist["grad_norm"].append(size)
        if size <= eps_grad:
            break
        with torch.no_grad():
            w -= eta * g
    return w.detach(), hist
    # END SOLUTION
