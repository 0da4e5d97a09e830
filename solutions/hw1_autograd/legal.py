import math

import numpy as np
import torch

import reference
from autograder.audit import legal


@legal(of="add")
def added_by_numpy(a, b):
    """NumPy adds; the shapes are compared as tuples."""
    if tuple(a.shape) != tuple(b.shape):
        raise ValueError("no")
    return torch.from_numpy(np.add(a.numpy(), b.numpy()))


@legal(of="remainders")
def derivative_of_the_scaled_direction(F, derivative, x, v, ts):
    """The derivative is linear, so it is applied to t·v."""
    reference.require(x.shape == v.shape and F(x).shape == derivative(v).shape, "shapes")
    reference.require(ts.dim() == 1 and len(ts) > 0 and float(ts.min()) > 0, "ts")
    out = torch.empty_like(ts)
    for i, t in enumerate(ts.tolist()):
        out[i] = (F(x + t * v) - F(x) - derivative(t * v)).square().sum().sqrt()
    return out


@legal(of="remainders")
def flattened_norm(F, derivative, x, v, ts):
    """The norm is that of the flattened remainder, in another order of operations."""
    reference.require(x.shape == v.shape and ts.dim() == 1 and len(ts) > 0 and bool((ts > 0).all()), "arguments")
    start, change = F(x), derivative(v)
    reference.require(start.shape == change.shape, "shapes")
    return torch.stack([(F(x + t * v) - (start + t * change)).flatten().norm() for t in ts])


@legal(of="loglog_slope")
def slope_by_polyfit(ts, values):
    """numpy.polyfit of the base-10 logarithms."""
    t, r = ts.numpy(), values.numpy()
    if t.shape != r.shape or t.ndim != 1 or len(set(t.tolist())) < 2 or t.min() <= 0 or r.min() <= 0:
        raise ValueError("no line")
    return float(np.polyfit(np.log10(t), np.log10(r), 1)[0])


@legal(of="loglog_slope")
def slope_by_lstsq(ts, values):
    """torch.linalg.lstsq with a column of ones; the slope is a NumPy number."""
    reference.loglog_slope(ts, values)
    A = torch.stack([torch.ones_like(ts), ts.log2()], dim=1)
    return np.float64(torch.linalg.lstsq(A, values.log2().reshape(-1, 1)).solution[1].item())


@legal(of="grad_check")
def perturbed_in_a_copy(f, grad, x, h=1e-5):
    """A copy is changed in place, and every entry is written back."""
    if not h > 0 or x.numel() == 0:
        raise ValueError("h or x")
    g, z = grad(x), x.clone()
    if g.shape != x.shape:
        raise ValueError("shape")
    worst = 0.0
    for index in np.ndindex(*x.shape):
        old = z[index].item()
        step = h * max(1.0, abs(old))
        z[index] = old + step
        up = float(f(z))
        z[index] = old - step
        down = float(f(z))
        z[index] = old
        d = (up - down) / (2 * step)
        error = abs(g[index].item() - d) / max(1.0, abs(g[index].item()), abs(d))
        worst = math.inf if not math.isfinite(error) else max(worst, error)
    return worst


@legal(of="grad_check")
def perturbed_by_rows_of_a_matrix(f, grad, x, h=1e-5):
    """All perturbed points are made at once, and the exact distance of the two points is used."""
    if h <= 0 or x.numel() == 0 or grad(x).shape != x.shape:
        raise ValueError("arguments")
    steps = torch.diag(h * x.flatten().abs().clamp(min=1.0))
    up, down = x.flatten() + steps, x.flatten() - steps
    d = torch.tensor([float(f(u.reshape(x.shape))) - float(f(v.reshape(x.shape))) for u, v in zip(up, down, strict=True)], dtype=x.dtype)
    d = d / (up - down).diagonal()
    g = grad(x).flatten()
    return ((g - d).abs() / torch.stack([g.abs(), d.abs(), torch.ones_like(g)]).amax(dim=0)).max().item()


@legal(of="lstsq_backward")
def gradient_by_the_transpose(X, y, w):
    """The gradient is Xᵀz1, and the rows are made of it."""
    if X.dim() != 2 or y.shape != X.shape[:1] or w.shape != X.shape[1:]:
        raise ValueError("shapes")
    z1 = torch.mv(X, w).sub(y)
    grad = X.T @ z1
    z2 = z1.dot(z1)
    half = torch.tensor(0.5, dtype=X.dtype)
    return {"grad": grad, "df_dw": grad[None], "df_dz1": z1[None, :], "df_dz2": half, "f": half * z2, "z2": z2, "z1": z1}


@legal(of="jvp_gram")
def gram_by_einsum(W, V):
    """Two sums of products by einsum."""
    if W.dim() != 2 or W.shape != V.shape:
        raise ValueError("shapes")
    return torch.einsum("ki,kj->ij", W, V) + torch.einsum("ki,kj->ij", V, W)


@legal(of="vjp_gram")
def gram_adjoint_in_two_products(W, G):
    """WG + WGᵀ, two products."""
    if W.dim() != 2 or tuple(G.shape) != (W.shape[1], W.shape[1]):
        raise ValueError("shapes")
    return W @ G + W @ G.T


@legal(of="jvp_outer")
def outer_in_one_product(U, V, H, K):
    """(H U)(V K)ᵀ: one product of wider matrices."""
    if H.shape != U.shape or K.shape != V.shape or U.dim() != 2 or V.dim() != 2 or U.shape[1] != V.shape[1]:
        raise ValueError("shapes")
    return torch.cat([H, U], dim=1) @ torch.cat([V, K], dim=1).T


@legal(of="vjp_outer")
def outer_adjoint_as_a_list(U, V, G):
    """A list by einsum."""
    if U.dim() != 2 or V.dim() != 2 or G.shape != (len(U), len(V)) or U.shape[1] != V.shape[1]:
        raise ValueError("shapes")
    return [torch.einsum("ij,jk->ik", G, V), torch.einsum("ij,ik->jk", G, U)]


@legal(of="logistic_loss_and_grad")
def by_softplus_of_the_margin(z, y):
    """logaddexp(0, −z) for label 1 and logaddexp(0, z) for label 0."""
    if z.dim() != 1 or z.shape != y.shape or len(z) == 0 or not set(y.tolist()) <= {0, 1}:
        raise ValueError("arguments")
    sign = 2 * y.to(z.dtype) - 1
    return torch.logaddexp(torch.zeros_like(z), -sign * z).mean(), -sign * torch.sigmoid(-sign * z) / len(z)


@legal(of="logistic_loss_and_grad")
def by_logaddexp_minus_the_score(z, y):
    """logaddexp(0, z) − y·z, exact to the rounding of z."""
    if z.dim() != 1 or z.shape != y.shape or len(z) == 0 or not set(y.tolist()) <= {0, 1}:
        raise ValueError("arguments")
    y = y.to(z.dtype)
    return (torch.logaddexp(torch.zeros_like(z), z) - y * z).mean(), (torch.sigmoid(z) - y) / len(z)


@legal(of="logistic_loss_and_grad")
def by_torchs_loss(z, y):
    """torch's own loss function, and the gradient by its formula."""
    if z.dim() != 1 or z.shape != y.shape or len(z) == 0 or bool(((y != 0) & (y != 1)).any()):
        raise ValueError("arguments")
    y = y.to(z.dtype)
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y), (1 / (1 + torch.exp(-z)) - y) / len(z)


@legal(of="softmax_loss_and_grad")
def shifted_by_the_maximum(Z, labels):
    """The maximum of each row is subtracted, and the one-hot matrix is made."""
    if Z.dim() != 2 or Z.numel() == 0 or labels.shape != (len(Z),) or int(labels.min()) < 0 or int(labels.max()) >= Z.shape[1]:
        raise ValueError("arguments")
    shifted = Z - Z.max(dim=1, keepdim=True).values
    total = shifted.exp().sum(dim=1, keepdim=True)
    one = torch.nn.functional.one_hot(labels, Z.shape[1]).to(Z.dtype)
    loss = (total.log().squeeze(1) - (shifted * one).sum(dim=1)).mean()
    return loss, (shifted.exp() / total - one) / len(Z)


@legal(of="normalize_vjp")
def by_the_jacobian_of_each_row(x, g, eps=1e-5):
    """The d×d Jacobian of each row is formed."""
    if x.dim() != 2 or x.shape != g.shape or x.numel() == 0 or eps <= 0:
        raise ValueError("arguments")
    out = []
    for row, weight in zip(x, g, strict=True):
        d = len(row)
        c = row - row.mean()
        v = c.square().mean() + eps
        J = (torch.eye(d, dtype=x.dtype, device=x.device) - 1 / d) / v.sqrt() - torch.outer(c, c) / (d * v**1.5)
        out.append(J.T @ weight)
    return torch.stack(out)


@legal(of="topo_order")
def kahn(root):
    """Kahn's algorithm: a node is taken when all that need it are taken; the order is then reversed."""
    users, stack, nodes = {id(root): 0}, [root], []
    while stack:
        node = stack.pop()
        nodes.append(node)
        for parent in node.parents:
            if id(parent) not in users:
                users[id(parent)] = 0
                stack.append(parent)
            users[id(parent)] += 1
    ready, order = [root], []
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in node.parents:
            users[id(parent)] -= 1
            if users[id(parent)] == 0:
                ready.append(parent)
    return order[::-1]


@legal(of="topo_order")
def iterative_depth_first(root):
    """Depth first with a stack of its own, parents in the other order; a tuple is returned."""
    order, done, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents if parent not in done)
    return tuple(order)


@legal(of="topo_order")
def membership_in_a_list(root):
    """Visited nodes are looked up in the list itself."""
    order, open_ones = [], []

    def visit(node):
        if node not in order and node not in open_ones:
            open_ones.append(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order


@legal(of="backprop")
def gradients_in_a_dictionary(root):
    """The gradients of this call are collected in a dictionary and written down at the end."""
    order = reference.topo_order(root)
    found = {id(node): 0.0 for node in order}
    found[id(root)] = 1.0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            found[id(parent)] += local * found[id(node)]
    for node in order:
        node.grad = found[id(node)] + (0.0 if node.parents else node.grad)


@legal(of="unbroadcast")
def axis_by_axis(g, shape):
    """Axes are padded with ones and summed one at a time."""
    padded = (1,) * (g.dim() - len(shape)) + tuple(shape)
    if len(padded) != g.dim() or any(s not in (1, have) for s, have in zip(padded, g.shape, strict=True)):
        raise ValueError("shape")
    for i, s in enumerate(padded):
        if s != g.shape[i]:
            g = g.sum(dim=i, keepdim=True)
    return g.reshape(shape)


@legal(of="unbroadcast")
def by_sum_to_size(g, shape):
    """torch's own sum_to_size; its RuntimeError becomes a ValueError."""
    try:
        return g.sum_to_size(tuple(shape))
    except RuntimeError as error:
        raise ValueError(str(error)) from error


@legal(of="Var")
class OtherFormulas(reference.Var):
    """Other forms of the rules: a quotient for tanh, the output for relu, a power through multiplication, a stored mask."""

    def tanh(self):
        a = self.data
        e = (2 * a).exp()
        return self.new((e - 1) / (e + 1), (self,), lambda g: (g / torch.cosh(a) ** 2,))

    def relu(self):
        out = torch.relu(self.data)
        return self.new(out, (self,), lambda g: (torch.where(out > 0, g, torch.zeros_like(g)),))

    def sum(self):
        shape = self.data.shape
        return self.new(self.data.sum(), (self,), lambda g: (g * torch.ones(shape, dtype=g.dtype),))

    def log(self):
        if not bool((self.data > 0).all()):
            raise ValueError("log")
        return self.new(self.data.log(), (self,), lambda g: (g * self.data**-1,))

    def __matmul__(self, other):
        other = self.lift(other)
        a, b = self.data, other.data
        if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
            raise ValueError("matmul")
        return self.new(torch.mm(a, b), (self, other), lambda g: ((b @ g.T).T, (g.T @ a).T))


@legal(of="gd_torch")
def backward_and_zero(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """backward(), .data for the update, and grad.zero_(); the history holds zero-dimensional tensors without a graph."""
    if not eta > 0 or max_iters < 0:
        raise ValueError("arguments")
    w = w0.clone().detach().requires_grad_(True)
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        if w.grad is not None:
            w.grad.zero_()
        loss = L_fn(w)
        loss.backward()
        hist["k"].append(k)
        hist["L"].append(loss.detach())
        hist["grad_norm"].append(w.grad.square().sum().sqrt())
        if hist["grad_norm"][-1] <= eps_grad:
            break
        w.data = w.data - eta * w.grad
    return w.data, hist


@legal(of="gd_torch")
def by_torch_sgd(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """torch.optim.SGD makes the update."""
    if eta <= 0 or max_iters < 0:
        raise ValueError("arguments")
    w = torch.nn.Parameter(w0.detach().clone())
    optimizer = torch.optim.SGD([w], lr=eta)
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        optimizer.zero_grad()
        loss = L_fn(w)
        loss.backward()
        hist["k"].append(k)
        hist["L"].append(float(loss))
        hist["grad_norm"].append(float(torch.linalg.vector_norm(w.grad)))
        if hist["grad_norm"][-1] <= eps_grad:
            break
        optimizer.step()
    return w.detach().clone(), hist


@legal(of="gd_torch")
def a_fresh_leaf_each_time(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """Every iteration makes a new leaf."""
    if eta <= 0 or max_iters < 0:
        raise ValueError("arguments")
    w = w0.detach().clone()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        w = w.detach().requires_grad_()
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        hist["k"].append(k)
        hist["L"].append(loss.item())
        hist["grad_norm"].append(g.norm().item())
        if g.norm() <= eps_grad:
            break
        w = (w - eta * g).detach()
    return w.detach(), hist
