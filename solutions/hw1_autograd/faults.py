import math
from collections import deque

import torch

import reference
from autograder.audit import fault

# q0


@fault(of="add", loses={"q0"}, hint="What are the shapes of a, of b, and of the result?")
def adds_whatever_broadcasts(a, b):
    """Shapes that differ are stretched by broadcasting and not refused."""
    return a + b


@fault(of="add", loses={"q0"}, hint="Does equal length mean equal shape?")
def compares_the_numbers_of_entries(a, b):
    """The numbers of entries are compared and not the shapes."""
    if a.numel() != b.numel():
        raise ValueError("sizes differ")
    return a + b


@fault(of="add", loses={"q0"}, hint="What kind of error does the prompt ask for?")
def another_exception(a, b):
    """Shapes that differ raise a RuntimeError and not a ValueError."""
    if a.shape != b.shape:
        raise RuntimeError("shapes differ")
    return a + b


@fault(of="add", loses={"q0"}, hint="What should the function hand back?")
def prints_and_returns_nothing(a, b):
    """The sum is printed and not returned."""
    if a.shape != b.shape:
        raise ValueError("shapes differ")
    print(a + b)


@fault(of="add", loses={"q0"}, hint="Try it with a matrix.")
def vectors_only(a, b):
    """Only the first row of a matrix is added."""
    if a.shape != b.shape:
        raise ValueError("shapes differ")
    return a + b if a.dim() == 1 else a[0] + b[0]


# q1


@fault(of="remainders", loses={"q1"}, hint="How far does the linear approximation go when the point moves by t v?")
def change_without_t(F, derivative, x, v, ts):
    """The derivative is applied to v and not multiplied by t."""
    reference.remainders(F, derivative, x, v, ts)
    return torch.stack([torch.linalg.vector_norm(F(x + t * v) - F(x) - derivative(v)) for t in ts])


@fault(of="remainders", loses={"q1"}, hint="Is it the remainder itself that you return, or a quotient?")
def divided_by_t(F, derivative, x, v, ts):
    """The remainder is divided by t, so that its slope is one less."""
    return reference.remainders(F, derivative, x, v, ts) / ts


@fault(of="remainders", loses={"q1"}, hint="Which norm do you take of a vector: is there a root?")
def squared_norm(F, derivative, x, v, ts):
    """The sum of squares is returned without the root."""
    return reference.remainders(F, derivative, x, v, ts) ** 2


@fault(of="remainders", loses={"q1"}, hint="Which norm does torch.linalg.norm(…, 2) or matrix_norm take of a matrix?")
def spectral_norm(F, derivative, x, v, ts):
    """Matrices are measured by their largest singular value."""
    reference.remainders(F, derivative, x, v, ts)
    return torch.stack([torch.linalg.norm(F(x + t * v) - F(x) - t * derivative(v), 2) for t in ts])


@fault(of="remainders", loses={"q1"}, hint="Do all entries of the remainder count?")
def largest_entry(F, derivative, x, v, ts):
    """The largest entry is returned and not the root of the sum of squares."""
    reference.remainders(F, derivative, x, v, ts)
    return torch.stack([(F(x + t * v) - F(x) - t * derivative(v)).abs().max() for t in ts])


@fault(of="remainders", loses={"q1"}, hint="Where does the derivative enter?")
def difference_only(F, derivative, x, v, ts):
    """The change of F is measured, and the linear part is never subtracted."""
    reference.remainders(F, derivative, x, v, ts)
    return torch.stack([torch.linalg.vector_norm(F(x + t * v) - F(x)) for t in ts])


@fault(of="remainders", loses={"q1"}, hint="Where is x after your loop?")
def walks_away(F, derivative, x, v, ts):
    """The point is moved in place and not moved back."""
    start, change = F(x), derivative(v)
    reference.remainders(F, derivative, x, v, ts)
    out = []
    for t in ts:
        x += t * v
        out.append(torch.linalg.vector_norm(F(x) - start - t * change))
    return torch.stack(out)


@fault(of="remainders", loses={"q1"}, hint="In which precision do you compute the small difference of two large numbers?")
def single_precision(F, derivative, x, v, ts):
    """The computation runs in float32, where the remainder drowns in rounding."""
    reference.remainders(F, derivative, x, v, ts)
    x, v = x.float(), v.float()
    values = [(F(x + float(t) * v) - F(x) - float(t) * derivative(v)).float() for t in ts]
    return torch.stack([torch.linalg.vector_norm(r) for r in values]).double()


@fault(of="remainders", loses={"q1"}, hint="What happens when F(x) is a vector and derivative(v) is a column?")
def no_shape_check(F, derivative, x, v, ts):
    """Shapes are not compared, and broadcasting makes a table of differences."""
    return torch.stack([torch.linalg.vector_norm(F(x + t * v) - F(x) - t * derivative(v)) for t in ts])


@fault(of="remainders", loses={"q1"}, hint="Is there a remainder at t = 0?")
def any_t(F, derivative, x, v, ts):
    """t = 0 and negative t are accepted."""
    out = reference.remainders(F, derivative, x, v, torch.where(ts > 0, ts, torch.ones_like(ts)))
    return torch.where(ts > 0, out, torch.zeros_like(out))


@fault(of="remainders", loses={"q1"}, hint="Can a point move by a direction of another shape?")
def any_direction(F, derivative, x, v, ts):
    """A direction of another shape than x is stretched."""
    return reference.remainders(F, derivative, x, v.expand(x.shape), ts)


@fault(of="remainders", loses={"q1"}, hint="What happens when F(x) is a vector and derivative(v) is a column?")
def any_shape_of_the_derivative(F, derivative, x, v, ts):
    """derivative(v) is brought to the shape of F(x) without a word."""
    return reference.remainders(F, lambda d: derivative(d).reshape(F(x).shape), x, v, ts)


@fault(of="loglog_slope", loses={"q1"}, hint="Which axes are logarithmic?")
def slope_without_logarithms(ts, values):
    """The line is fitted to the values and not to their logarithms."""
    reference.loglog_slope(ts, values)
    a, b = ts - ts.mean(), values - values.mean()
    return float((a * b).sum() / (a * a).sum())


@fault(of="loglog_slope", loses={"q1"}, hint="Does every point count?")
def first_and_last_point(ts, values):
    """The slope is taken from the first and the last point alone."""
    reference.loglog_slope(ts, values)
    return float((values[-1].log() - values[0].log()) / (ts[-1].log() - ts[0].log()))


@fault(of="loglog_slope", loses={"q1"}, hint="Does your line have an intercept?")
def through_the_origin(ts, values):
    """The line is forced through the origin."""
    reference.loglog_slope(ts, values)
    a, b = ts.log(), values.log()
    return float((a * b).sum() / (a * a).sum())


@fault(of="loglog_slope", loses={"q1"}, hint="Which variable is on which axis?")
def axes_exchanged(ts, values):
    """log t is fitted as a function of log value."""
    reference.loglog_slope(ts, values)
    b, a = ts.log(), values.log()
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (a * a).sum())


@fault(of="loglog_slope", loses={"q1"}, hint="What does your formula divide by when all t are equal?")
def no_domain(ts, values):
    """Zeros and equal ts go through and give NaN or infinity."""
    a, b = ts.log(), values.log()
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (a * a).sum())


@fault(of="loglog_slope", loses={"q1"}, hint="What is the slope of a line through points above each other?")
def zero_for_equal_ts(ts, values):
    """When all t are equal, 0 is returned."""
    return 0.0 if len(ts) == len(values) and bool((values > 0).all()) and bool((ts == ts[0]).all()) else reference.loglog_slope(ts, values)


@fault(of="loglog_slope", loses={"q1"}, hint="Does zip or broadcasting hide that there are too few values?")
def vectors_of_two_lengths(ts, values):
    """A single value is stretched over all ts."""
    return reference.loglog_slope(ts, values.expand(ts.shape)) if values.shape != ts.shape else reference.loglog_slope(ts, values)


def differences(f, x, h, low, high, scaled=True):
    """(f(x + high h_i e_i) − f(x + low h_i e_i)) / ((high − low) h_i) for every entry."""
    out = []
    for i, x_i in enumerate(x.flatten().tolist()):
        h_i = h * max(1.0, abs(x_i)) if scaled else h
        e = torch.zeros_like(x).flatten()
        e[i] = h_i
        e = e.reshape(x.shape)
        out.append((float(f(x + high * e)) - float(f(x + low * e))) / ((high - low) * h_i))
    return torch.tensor(out, dtype=x.dtype).reshape(x.shape)


def checked(f, grad, x, h):
    """grad(x), after the reference's look at the arguments."""
    reference.grad_check(f, grad, x, h)
    return grad(x)


def relative(g, d):
    return (g - d).abs() / torch.maximum(torch.ones_like(g), torch.maximum(g.abs(), d.abs()))


@fault(of="grad_check", loses={"q1"}, hint="How fast does the error of your difference quotient fall with h?")
def forward_differences(f, grad, x, h=1e-5):
    """Forward differences are used, whose error is of first order in h."""
    return float(relative(checked(f, grad, x, h), differences(f, x, h, 0, 1)).max())


@fault(of="grad_check", loses={"q1"}, hint="How far apart are the two points of a central difference?")
def divided_by_h(f, grad, x, h=1e-5):
    """The central difference is divided by h and not by 2h."""
    return float(relative(checked(f, grad, x, h), 2 * differences(f, x, h, -1, 1)).max())


@fault(of="grad_check", loses={"q1"}, hint="What is left of x + 1e-5 when x is a million, and of the difference of two f?")
def step_of_one_size(f, grad, x, h=1e-5):
    """The step is h for every entry, however large, and rounding takes over."""
    return float(relative(checked(f, grad, x, h), differences(f, x, h, -1, 1, scaled=False)).max())


@fault(of="grad_check", loses={"q1"}, hint="Is an error of 0.5 large when the derivative is 20?")
def absolute_error(f, grad, x, h=1e-5):
    """The difference is not divided by anything."""
    return float((checked(f, grad, x, h) - differences(f, x, h, -1, 1)).abs().max())


@fault(of="grad_check", loses={"q1"}, hint="Which entries can your maximum see?")
def skips_zero_derivatives(f, grad, x, h=1e-5):
    """Entries where the function has derivative zero are left out, to avoid a division by zero."""
    g, d = checked(f, grad, x, h), differences(f, x, h, -1, 1)
    keep = d.abs() > 1e-9
    return float(relative(g, d)[keep].max()) if bool(keep.any()) else 0.0


@fault(of="grad_check", loses={"q1"}, hint="Is the error in your formula the largest one or the average?")
def average_error(f, grad, x, h=1e-5):
    """The average of the errors is returned and not the largest."""
    return float(relative(checked(f, grad, x, h), differences(f, x, h, -1, 1)).mean())


@fault(of="grad_check", loses={"q1"}, hint="What does your formula say of an entry that is too small?")
def signed_error(f, grad, x, h=1e-5):
    """The sign is kept, so that entries that are too small pass."""
    g, d = checked(f, grad, x, h), differences(f, x, h, -1, 1)
    return float(((g - d) / torch.maximum(torch.ones_like(g), torch.maximum(g.abs(), d.abs()))).max())


@fault(of="grad_check", loses={"q1"}, hint="What is max(0.0, float('nan')) in Python?")
def forgets_nan(f, grad, x, h=1e-5):
    """Python's max drops a NaN, and a gradient full of NaN passes."""
    worst = 0.0
    for error in relative(checked(f, grad, x, h), differences(f, x, h, -1, 1)).flatten().tolist():
        worst = max(worst, error)
    return worst


@fault(of="grad_check", loses={"q1"}, hint="Is x the same to the last bit when you have added and subtracted h?")
def moves_back_by_arithmetic(f, grad, x, h=1e-5):
    """x is changed in place and restored by arithmetic, which leaves rounding behind."""
    g = checked(f, grad, x, h)
    worst = []
    for i, x_i in enumerate(x.flatten().tolist()):
        h_i = h * max(1.0, abs(x_i))
        flat = x.view(-1)
        flat[i] += h_i
        up = float(f(x))
        flat[i] -= 2 * h_i
        down = float(f(x))
        flat[i] += h_i
        d = torch.tensor((up - down) / (2 * h_i), dtype=x.dtype)
        worst.append(float(relative(g.flatten()[i], d)))
    return float(torch.tensor(worst).double().max())


@fault(of="grad_check", loses={"q1"}, hint="What is the denominator of a tiny derivative in the formula of the prompt?")
def purely_relative(f, grad, x, h=1e-5):
    """The denominator has no 1 in it, so that derivatives near zero give errors near one."""
    g, d = checked(f, grad, x, h), differences(f, x, h, -1, 1)
    return float(((g - d).abs() / torch.maximum(g.abs(), d.abs()).clamp(min=1e-300)).max())


@fault(of="grad_check", loses={"q1"}, hint="Which entries do you check?")
def first_row_only(f, grad, x, h=1e-5):
    """Only the first row of a matrix is checked."""
    g, d = checked(f, grad, x, h), differences(f, x, h, -1, 1)
    return float(relative(g, d)[0].max())


@fault(of="grad_check", loses={"q1"}, hint="What is the shape of a vector minus a column?")
def column_gradient_goes_through(f, grad, x, h=1e-5):
    """The shape of the gradient is not compared with the shape of x."""
    if not h > 0 or x.numel() == 0:
        raise ValueError("h must be positive and x must have entries.")
    return float(relative(grad(x), differences(f, x, h, -1, 1)).max())


@fault(of="grad_check", loses={"q1"}, hint="What is divided by 2h when h is 0?")
def any_step(f, grad, x, h=1e-5):
    """h = 0 is accepted and gives NaN."""
    return reference.grad_check(f, grad, x, h) if h else math.nan


@fault(of="grad_check", loses={"q1"}, hint="What did you check when x has no entries?")
def nothing_is_right(f, grad, x, h=1e-5):
    """An empty x passes with the error 0."""
    return reference.grad_check(f, grad, x, h) if x.numel() else 0.0


@fault(of="grad_check", loses={"q1"}, hint="In which precision do you compute the difference?")
def differences_in_single_precision(f, grad, x, h=1e-5):
    """The values of f are rounded to float32 before they are subtracted."""
    g = checked(f, grad, x, h)
    return float(relative(g, differences(lambda z: torch.as_tensor(f(z)).float(), x, h, -1, 1)).max())


# q2


@fault(of="lstsq_backward", loses={"q2"}, hint="Is the loss a sum or a mean?")
def mean_loss(X, y, w):
    """The loss is averaged over the rows."""
    out = reference.lstsq_backward(X, y, w)
    n = len(y)
    return {key: value if key in ("z1", "z2", "df_dz2") else value / n for key, value in out.items()}


@fault(of="lstsq_backward", loses={"q2"}, hint="Where is the one half of the loss?")
def without_the_half(X, y, w):
    """The loss is ‖Xw − y‖², and all derivatives are doubled."""
    out = reference.lstsq_backward(X, y, w)
    return {key: value if key in ("z1", "z2") else 2 * value for key, value in out.items()}


@fault(of="lstsq_backward", loses={"q2"}, hint="Which way round is the residual?")
def residual_reversed(X, y, w):
    """The residual is y − Xw, and its sign is lost on the way to the gradient."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "z1": -out["z1"], "df_dz1": -out["df_dz1"]}


@fault(of="lstsq_backward", loses={"q2"}, hint="Of what shape is the derivative of a number in a vector?")
def columns_for_rows(X, y, w):
    """Derivatives of numbers in vectors are given as columns."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "df_dz1": out["df_dz1"].T, "df_dw": out["df_dw"].T}


@fault(of="lstsq_backward", loses={"q2"}, hint="Of what shape is the gradient, a vector?")
def gradient_stays_a_row(X, y, w):
    """The gradient is the row itself, of shape (1, p)."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "grad": out["df_dw"]}


@fault(of="lstsq_backward", loses={"q2"}, hint="Which derivative does df_dz2 name?")
def local_derivative_for_total(X, y, w):
    """df_dz1 holds the local derivative of z2, 2 z1ᵀ, and not the derivative of f."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "df_dz1": 2 * out["df_dz1"]}


@fault(of="lstsq_backward", loses={"q2"}, hint="What is the shape of Xw − y when y is a column?")
def column_of_targets_goes_through(X, y, w):
    """y of shape (n, 1) is accepted and flattened."""
    return reference.lstsq_backward(X, y.reshape(-1), w)


@fault(of="lstsq_backward", loses={"q2"}, hint="Is torch's own error the one that the prompt asks for?")
def leaves_w_to_torch(X, y, w):
    """The shape of w is not checked, and torch raises a RuntimeError."""
    return reference.lstsq_backward(X, y, w) if w.shape == X.shape[1:] else {"z1": X @ w - y}


@fault(of="lstsq_backward", loses={"q2"}, hint="What is the precision of what you return, and of what you compute?")
def least_squares_in_single_precision(X, y, w):
    """The computation runs in float32."""
    return {key: value.double() for key, value in reference.lstsq_backward(X.float(), y.float(), w.float()).items()}


@fault(of="lstsq_backward", loses={"q2"}, hint="What happens for a matrix that is not square, with X in the place of its transpose?")
def product_from_the_wrong_side(X, y, w):
    """The gradient is X z1 where Xᵀ z1 belongs: it exists for square X only."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "grad": X @ out["z1"], "df_dw": (X @ out["z1"]).reshape(1, -1)}


@fault(of="lstsq_backward", loses={"q2"}, hint="Is this still by hand?")
def lets_torch_do_it(X, y, w):
    """The gradient comes from torch.autograd."""
    out = reference.lstsq_backward(X, y, w)
    leaf = w.clone().requires_grad_()
    (grad,) = torch.autograd.grad(0.5 * ((X @ leaf - y) ** 2).sum(), leaf)
    return {**out, "grad": grad}


@fault(of="lstsq_backward", loses={"q2"}, hint="What is the shape of the gradient when X has a single column?")
def squeezes_the_gradient_to_a_number(X, y, w):
    """squeeze() without an axis turns the row into a number when X has a single column."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "grad": out["df_dw"].squeeze()}


@fault(of="lstsq_backward", loses={"q2"}, hint="Try a matrix with a single row.")
def squeezes_everything(X, y, w):
    """squeeze() removes more than it should when X has a single row."""
    out = reference.lstsq_backward(X, y, w)
    return {**out, "z1": out["z1"].squeeze()}


# q3


@fault(of="jvp_gram", loses={"q3"}, hint="Is the change of a symmetric matrix symmetric?")
def twice_one_half(W, V):
    """2WᵀV: the two mixed products are taken to be equal, which they are for numbers."""
    reference.jvp_gram(W, V)
    return 2 * W.T @ V


@fault(of="jvp_gram", loses={"q3"}, hint="W stands twice in WᵀW. Which W moves?")
def only_one_factor_moves(W, V):
    """Only the second factor is differentiated."""
    reference.jvp_gram(W, V)
    return W.T @ V


@fault(of="jvp_gram", loses={"q3"}, hint="Is your result linear in V?")
def keeps_the_second_order(W, V):
    """The term VᵀV, which is of second order, is kept."""
    return reference.jvp_gram(W, V) + V.T @ V


@fault(of="jvp_gram", loses={"q3"}, hint="Which matrix stands transposed, and on which side?")
def products_of_the_other_kind(W, V):
    """WVᵀ + VWᵀ: the derivative of WWᵀ."""
    reference.jvp_gram(W, V)
    return W @ V.T + V @ W.T


@fault(of="vjp_gram", loses={"q3"}, hint="What if G is not symmetric?")
def takes_g_for_symmetric(W, G):
    """2WG, which is right for a symmetric G only."""
    reference.vjp_gram(W, G)
    return 2 * W @ G


@fault(of="vjp_gram", loses={"q3"}, hint="W stands twice in WᵀW: how many terms has the adjoint?")
def half_of_the_adjoint(W, G):
    """WG: the other factor's share is missing."""
    reference.vjp_gram(W, G)
    return W @ G


@fault(of="vjp_gram", loses={"q3"}, hint="Of what shape is a gradient in W?")
def transposed_adjoint(W, G):
    """The result is transposed, (m, n)."""
    return reference.vjp_gram(W, G).T


@fault(of="vjp_gram", loses={"q3"}, hint="Is this still by hand?")
def vjp_by_torch(W, G):
    """The product comes from torch.func.vjp."""
    reference.vjp_gram(W, G)
    return torch.func.vjp(lambda A: A.T @ A, W)[1](G)[0]


@fault(of="vjp_gram", loses={"q3"}, hint="What if G is a row?")
def row_for_a_matrix(W, G):
    """The shape of G is not checked, and a row is stretched."""
    return W @ (G + G.T)


@fault(of="jvp_outer", loses={"q3"}, hint="Which factors move?")
def both_move_at_once(U, V, H, K):
    """HKᵀ: the second-order term stands for the derivative."""
    reference.jvp_outer(U, V, H, K)
    return H @ K.T


@fault(of="jvp_outer", loses={"q3"}, hint="Does V move as well?")
def second_factor_stands_still(U, V, H, K):
    """HVᵀ: the share of K is missing."""
    reference.jvp_outer(U, V, H, K)
    return H @ V.T


@fault(of="jvp_outer", loses={"q3"}, hint="Is your result linear in (H, K)?")
def whole_difference(U, V, H, K):
    """The whole change (U + H)(V + K)ᵀ − UVᵀ is returned, with its second-order term."""
    return reference.jvp_outer(U, V, H, K) + H @ K.T


@fault(of="vjp_outer", loses={"q3"}, hint="Which of the two results has the shape of U?")
def results_exchanged(U, V, G):
    """The share of V comes first."""
    A, B = reference.vjp_outer(U, V, G)
    return B, A


@fault(of="vjp_outer", loses={"q3"}, hint="Take all matrices 3×3 and look at the transposes again.")
def no_transpose_when_square(U, V, G):
    """GU stands for GᵀU, which goes unnoticed for square G."""
    A, B = reference.vjp_outer(U, V, G)
    return (A, G @ U) if G.shape[0] == G.shape[1] else (A, B)


@fault(of="vjp_outer", loses={"q3"}, hint="How many arguments has UVᵀ?")
def only_the_first_share(U, V, G):
    """Only the gradient in U is returned."""
    return reference.vjp_outer(U, V, G)[0]


@fault(of="vjp_outer", loses={"q3"}, hint="Of what shape are the gradients?")
def flattened_shares(U, V, G):
    """The gradients come back as vectors."""
    A, B = reference.vjp_outer(U, V, G)
    return A.flatten(), B.flatten()


@fault(of="jvp_gram", loses={"q3"}, hint="Is this still by hand?")
def jvp_by_torch(W, V):
    """The product comes from torch.func.jvp."""
    reference.jvp_gram(W, V)
    return torch.func.jvp(lambda A: A.T @ A, (W,), (V,))[1]


@fault(of="jvp_gram", loses={"q3"}, hint="Does a direction of another shape make sense?")
def stretched_direction(W, V):
    """A direction with a single column is stretched."""
    return reference.jvp_gram(W, V.expand(W.shape))


@fault(of="vjp_gram", loses={"q3"}, hint="In which precision do you multiply?")
def adjoint_in_single_precision(W, G):
    """The products are made in float32."""
    return reference.vjp_gram(W.float(), G.float()).double()


@fault(of="jvp_outer", loses={"q3"}, hint="Is this still by hand?")
def outer_jvp_by_torch(U, V, H, K):
    """The product comes from torch.func.jvp."""
    reference.jvp_outer(U, V, H, K)
    return torch.func.jvp(lambda A, B: A @ B.T, (U, V), (H, K))[1]


@fault(of="jvp_outer", loses={"q3"}, hint="Does a direction of another shape make sense?")
def one_row_for_all(U, V, H, K):
    """A direction with a single row is stretched."""
    return reference.jvp_outer(U, V, H.expand(U.shape), K.expand(V.shape))


@fault(of="vjp_outer", loses={"q3"}, hint="Is this still by hand?")
def outer_vjp_by_torch(U, V, G):
    """The gradients come from torch.autograd.grad."""
    reference.vjp_outer(U, V, G)
    leaves = U.clone().requires_grad_(), V.clone().requires_grad_()
    return torch.autograd.grad(leaves[0] @ leaves[1].T, leaves, G)


@fault(of="vjp_outer", loses={"q3"}, hint="Is torch's own error the one that the prompt asks for?")
def leaves_shapes_to_torch(U, V, G):
    """Nothing is checked, and torch raises a RuntimeError."""
    return G @ V, G.T @ U


# q4


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Sum or mean?")
def sum_of_logistic_losses(z, y):
    """Loss and gradient are summed over the examples."""
    loss, dz = reference.logistic_loss_and_grad(z, y)
    return loss * len(z), dz * len(z)


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="By how much does a mean change when one example changes?")
def gradient_without_n(z, y):
    """The loss is a mean, but its gradient is not divided by n."""
    loss, dz = reference.logistic_loss_and_grad(z, y)
    return loss, dz * len(z)


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="What is log(1 − σ(800)) in floating point?")
def through_the_probability(z, y):
    """The loss is computed from σ(z), which rounds to 1."""
    _, dz = reference.logistic_loss_and_grad(z, y)
    p = torch.sigmoid(z)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean(), dz


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="How large can your loss become?")
def clamped_probability(z, y):
    """σ(z) is clamped away from 0 and 1, which makes the loss finite and wrong."""
    _, dz = reference.logistic_loss_and_grad(z, y)
    p = torch.sigmoid(z).clamp(1e-12, 1 - 1e-12)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean(), dz


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="What is exp(1000)?")
def overflowing_exponential(z, y):
    """log(1 + exp(z)) is computed as written and overflows."""
    _, dz = reference.logistic_loss_and_grad(z, y)
    return (torch.log(1 + torch.exp(z)) - y * z).mean(), dz


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="What does F.softplus(z) − z give at z = 19, and at z = 21?")
def softplus_minus_the_score(z, y):
    """The loss is F.softplus(z) − y·z, and above its threshold of 20 torch's softplus returns z itself."""
    _, dz = reference.logistic_loss_and_grad(z, y)
    return (torch.nn.functional.softplus(z) - y.to(z.dtype) * z).mean(), dz


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Which dtype has the sum of a float32 and a float64 tensor?")
def dtype_of_the_labels(z, y):
    """The labels are not brought to the dtype of z, and float64 labels make float64 results."""
    return reference.logistic_loss_and_grad(z.to(torch.promote_types(z.dtype, y.dtype)), y)


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Which way does the loss rise when the label is 1?")
def gradient_reversed(z, y):
    """The gradient is (y − σ(z)) / n."""
    loss, dz = reference.logistic_loss_and_grad(z, y)
    return loss, -dz


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Of which loss is this the gradient? Multiply the two local derivatives.")
def derivative_of_sigma_left_in(z, y):
    """The gradient has another factor σ(1 − σ), as for the squared error."""
    loss, dz = reference.logistic_loss_and_grad(z, y)
    p = torch.sigmoid(z)
    return loss, dz * p * (1 - p)


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="What is the shape of σ(z) − y when y is a column?")
def labels_unchecked(z, y):
    """Any y is accepted, and a column makes a table of differences."""
    losses = z.clamp(min=0) - y * z + torch.log1p(torch.exp(-z.abs()))
    return losses.mean(), (torch.sigmoid(z) - y) / z.numel()


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Is this still by hand?")
def logistic_by_torch(z, y):
    """The gradient comes from backward()."""
    reference.logistic_loss_and_grad(z, y)
    leaf = z.clone().requires_grad_()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(leaf, y.to(z.dtype))
    loss.backward()
    return loss.detach(), leaf.grad


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="Is the gradient that of a sum or of a mean?")
def softmax_gradient_without_n(Z, labels):
    """The gradient is not divided by the number of rows."""
    loss, dZ = reference.softmax_loss_and_grad(Z, labels)
    return loss, dZ * len(Z)


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="By what is a mean over examples divided?")
def mean_over_all_entries(Z, labels):
    """Loss and gradient are divided by n·c."""
    loss, dZ = reference.softmax_loss_and_grad(Z, labels)
    return loss / Z.shape[1], dZ / Z.shape[1]


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="What is exp(1000)?")
def exponentials_as_written(Z, labels):
    """exp(Z) is computed without a shift and overflows."""
    reference.softmax_loss_and_grad(Z, labels)
    n = len(Z)
    P = Z.exp() / Z.exp().sum(dim=1, keepdim=True)
    one = torch.nn.functional.one_hot(labels, Z.shape[1])
    return -P[torch.arange(n), labels].log().mean(), (P - one) / n


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="Is the number that you subtract right for every row of Z?")
def one_maximum_for_all_rows(Z, labels):
    """One maximum, that of the whole matrix, is subtracted from all rows, and rows far below it underflow."""
    reference.softmax_loss_and_grad(Z, labels)
    shifted = Z - Z.max()
    total = shifted.exp().sum(dim=1, keepdim=True)
    one = torch.nn.functional.one_hot(labels, Z.shape[1]).to(Z.dtype)
    loss = (total.log().squeeze(1) - (shifted * one).sum(dim=1)).mean()
    return loss, (shifted.exp() / total - one) / len(Z)


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="What is log(0)? Does the loss need P, or log P?")
def logarithm_of_a_rounded_probability(Z, labels):
    """The probabilities are computed with a shift, but then their logarithm is taken, of 0 too."""
    _, dZ = reference.softmax_loss_and_grad(Z, labels)
    return -torch.softmax(Z, dim=1)[torch.arange(len(Z)), labels].log().mean(), dZ


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="Over which axis do probabilities add up to one?")
def softmax_over_the_examples(Z, labels):
    """The probabilities are normalized over the rows and not over the classes."""
    reference.softmax_loss_and_grad(Z, labels)
    n = len(Z)
    log_p = torch.log_softmax(Z, dim=0)
    one = torch.nn.functional.one_hot(labels, Z.shape[1])
    return -log_p[torch.arange(n), labels].mean(), (log_p.exp() - one) / n


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="What happens to the scores of the other classes?")
def gradient_at_the_label_only(Z, labels):
    """The gradient of the other classes is left at zero."""
    loss, dZ = reference.softmax_loss_and_grad(Z, labels)
    return loss, dZ * torch.nn.functional.one_hot(labels, Z.shape[1])


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="Is Z the same after the call?")
def shifts_in_place(Z, labels):
    """The maximum is subtracted from Z in place."""
    out = reference.softmax_loss_and_grad(Z, labels)
    Z -= Z.max(dim=1, keepdim=True).values
    return out


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="What is Z[0, -1] in Python?")
def negative_labels_count_from_the_end(Z, labels):
    """A label of −1 is taken for the last class."""
    return reference.softmax_loss_and_grad(Z, labels % Z.shape[1])


@fault(of="normalize_vjp", loses={"q4"}, hint="Do μ and s depend on x?")
def constant_statistics(x, g, eps=1e-5):
    """Mean and variance are treated as constants."""
    reference.normalize_vjp(x, g, eps)
    return g / torch.sqrt(x.var(dim=1, keepdim=True, correction=0) + eps)


@fault(of="normalize_vjp", loses={"q4"}, hint="By how much does the variance change with x?")
def constant_variance(x, g, eps=1e-5):
    """Only the mean's dependence on x is differentiated."""
    reference.normalize_vjp(x, g, eps)
    return (g - g.mean(dim=1, keepdim=True)) / torch.sqrt(x.var(dim=1, keepdim=True, correction=0) + eps)


@fault(of="normalize_vjp", loses={"q4"}, hint="By how much does the mean change with x?")
def constant_mean(x, g, eps=1e-5):
    """Only the variance's dependence on x is differentiated."""
    reference.normalize_vjp(x, g, eps)
    scale = torch.sqrt(x.var(dim=1, keepdim=True, correction=0) + eps)
    out = (x - x.mean(dim=1, keepdim=True)) / scale
    return (g - out * (g * out).mean(dim=1, keepdim=True)) / scale


@fault(of="normalize_vjp", loses={"q4"}, hint="By d or by d − 1?")
def sample_variance(x, g, eps=1e-5):
    """The variance is divided by d − 1, torch's default."""
    reference.normalize_vjp(x, g, eps)
    scale = torch.sqrt(x.var(dim=1, keepdim=True) + eps)
    out = (x - x.mean(dim=1, keepdim=True)) / scale
    return (g - g.mean(dim=1, keepdim=True) - out * (g * out).mean(dim=1, keepdim=True)) / scale


@fault(of="normalize_vjp", loses={"q4"}, hint="Is eps added before or after the root?")
def eps_after_the_root(x, g, eps=1e-5):
    """eps is added to the standard deviation and not to the variance."""
    reference.normalize_vjp(x, g, eps)
    centered = x - x.mean(dim=1, keepdim=True)
    s = torch.sqrt((centered**2).mean(dim=1, keepdim=True))
    d = s + eps
    return (g - g.mean(dim=1, keepdim=True)) / d - centered * (g * centered).mean(dim=1, keepdim=True) / (s * d**2)


@fault(of="normalize_vjp", loses={"q4"}, hint="Where does ε stand in N(x): inside the root or beside it?")
def scale_with_eps_outside_the_root(x, g, eps=1e-5):
    """The scale is √(s²) + eps where √(s² + eps) belongs."""
    reference.normalize_vjp(x, g, eps)
    centered = x - x.mean(dim=1, keepdim=True)
    scale = torch.sqrt((centered**2).mean(dim=1, keepdim=True)) + eps
    out = centered / scale
    return (g - g.mean(dim=1, keepdim=True) - out * (g * out).mean(dim=1, keepdim=True)) / scale


@fault(of="normalize_vjp", loses={"q4"}, hint="Does eps come into the backward pass?")
def eps_forgotten(x, g, eps=1e-5):
    """eps is left out."""
    reference.normalize_vjp(x, g, eps)
    return reference.normalize_vjp(x, g, 1e-300)


@fault(of="normalize_vjp", loses={"q4"}, hint="Along which axis is the mean taken?")
def normalized_over_the_batch(x, g, eps=1e-5):
    """Columns are normalized, as in batch normalization."""
    return reference.normalize_vjp(x.T, g.T, eps).T


@fault(of="normalize_vjp", loses={"q4"}, hint="What is asked for: N(x), or a gradient?")
def forward_only(x, g, eps=1e-5):
    """The normalized rows times g are returned."""
    reference.normalize_vjp(x, g, eps)
    return g * (x - x.mean(dim=1, keepdim=True)) / torch.sqrt(x.var(dim=1, keepdim=True, correction=0) + eps)


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Which labels exist?")
def any_label(z, y):
    """Every label but 0 counts as 1."""
    return reference.logistic_loss_and_grad(z, (y != 0).to(z.dtype))


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="Is torch's own error the one that the prompt asks for?")
def classes_left_to_torch(Z, labels):
    """The upper end of the labels is not checked, and indexing raises an IndexError."""
    return reference.softmax_loss_and_grad(Z, labels) if int(labels.max()) < Z.shape[1] else Z[0, labels]


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="Is this still by hand?")
def softmax_by_torch(Z, labels):
    """The gradient comes from backward()."""
    reference.softmax_loss_and_grad(Z, labels)
    leaf = Z.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(leaf, labels)
    loss.backward()
    return loss.detach(), leaf.grad


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="In which precision do you compute?")
def softmax_in_single_precision(Z, labels):
    """The computation runs in float32."""
    loss, dZ = reference.softmax_loss_and_grad(Z.float(), labels)
    return loss.double(), dZ.double()


@fault(of="normalize_vjp", loses={"q4"}, hint="Is this still by hand?")
def normalization_by_torch(x, g, eps=1e-5):
    """The gradient comes from torch.func.vjp of layer_norm."""
    reference.normalize_vjp(x, g, eps)
    return torch.func.vjp(lambda z: torch.nn.functional.layer_norm(z, x.shape[1:], eps=eps), x)[1](g)[0]


@fault(of="normalize_vjp", loses={"q4"}, hint="What is the shape of g?")
def any_g(x, g, eps=1e-5):
    """A g of another shape is stretched."""
    return reference.normalize_vjp(x, g.expand(x.shape), eps)


@fault(of="normalize_vjp", loses={"q4"}, hint="What happens to a row of equal entries when eps is 0?")
def any_eps(x, g, eps=1e-5):
    """eps = 0 is accepted."""
    return reference.normalize_vjp(x, g, eps or 1e-300)


@fault(of="normalize_vjp", loses={"q4"}, hint="In which precision do you compute?")
def normalization_in_single_precision(x, g, eps=1e-5):
    """The computation runs in float32."""
    return reference.normalize_vjp(x.float(), g.float(), eps).double()


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="Where does the gradient lie when the scores lie on a GPU?")
def logistic_results_on_the_cpu(z, y):
    """Scores and labels are brought to the CPU and the results stay there."""
    return reference.logistic_loss_and_grad(z.cpu(), y.cpu())


@fault(of="logistic_loss_and_grad", loses={"q4"}, hint="On which device does a tensor lie that you make from a number?")
def logistic_loss_as_a_new_tensor(z, y):
    """The loss is read as a number and becomes a new tensor, which lies on the CPU."""
    loss, dz = reference.logistic_loss_and_grad(z, y)
    return torch.tensor(loss.item(), dtype=z.dtype), dz


@fault(of="softmax_loss_and_grad", loses={"q4"}, hint="On which device does torch.eye(c) lie?")
def one_hot_without_a_device(Z, labels):
    """The one-hot matrix is made without a device, and so on the CPU."""
    loss, _ = reference.softmax_loss_and_grad(Z, labels)
    one_hot = torch.eye(Z.shape[1], dtype=Z.dtype)[labels.cpu()]
    return loss, (torch.softmax(Z, dim=1) - one_hot) / len(Z)


@fault(of="normalize_vjp", loses={"q4"}, hint="What does a NumPy array know of a GPU?")
def normalized_by_numpy(x, g, eps=1e-5):
    """The arithmetic is done by NumPy, which knows no tensor on a device."""
    return reference.normalize_vjp(torch.from_numpy(x.numpy()), torch.from_numpy(g.numpy()), eps)


@fault(of="normalize_vjp", loses={"q4"}, hint="Does a function know better than its inputs where to compute?")
def device_from_a_global(x, g, eps=1e-5):
    """The device is chosen by a global, cuda or else cpu, and not taken from the inputs."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return reference.normalize_vjp(x.to(device), g.to(device), eps)


# q5


@fault(of="topo_order", loses={"q5"}, hint="When is a node appended: before or after its parents?")
def appended_before_its_parents(root):
    """Depth first, but a node is written down when it is entered; the reverse is not an order either."""
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            order.append(node)
            for parent in node.parents:
                visit(parent)

    visit(root)
    return order[::-1]


@fault(of="topo_order", loses={"q5"}, hint="Does distance from the root give an order? Draw u = x², d = 2u, f = u + d.")
def breadth_first(root):
    """Nodes are ordered by their distance from the root."""
    order, seen, queue = [], {id(root)}, deque([root])
    while queue:
        node = queue.popleft()
        order.append(node)
        for parent in node.parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                queue.append(parent)
    return order[::-1]


@fault(of="topo_order", loses={"q5"}, hint="How often do you visit a node that is used twice?")
def without_memory(root):
    """Nodes that were visited are visited again on every path."""
    order = []

    def visit(node):
        for parent in node.parents:
            visit(parent)
        if all(node is not other for other in order):
            order.append(node)

    visit(root)
    return order


@fault(of="topo_order", loses={"q5"}, hint="Can a node stand twice in your list?")
def one_entry_for_each_path(root):
    """A node that is used twice stands twice in the order."""
    return [node for parent in root.parents for node in reference.topo_order(parent)] + [root]


@fault(of="topo_order", loses={"q5"}, hint="Which end of the list should the root be at?")
def root_first(root):
    """The order is reversed."""
    return reference.topo_order(root)[::-1]


@fault(of="topo_order", loses={"q5"}, hint="Are two nodes with the value 3 the same node?")
def equal_values_are_one_node(root):
    """Visited nodes are recognized by their value."""
    order, seen = [], set()

    def visit(node):
        if node.value not in seen:
            seen.add(node.value)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order


@fault(of="topo_order", loses={"q5"}, hint="Are inputs nodes, too?")
def without_inputs(root):
    """Nodes without parents are left out."""
    return [node for node in reference.topo_order(root) if node.parents]


def backprop_along(order, root):
    """Backward along an order from the root to the inputs."""
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += local * node.grad


@fault(of="backprop", loses={"q5"}, hint="Had the node heard from all of its users when it passed on its gradient?")
def backward_in_preorder(root):
    """Nodes pass on their gradient in depth-first preorder, some before they are complete."""
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            order.append(node)
            for parent in node.parents:
                visit(parent)

    visit(root)
    backprop_along(order, root)


@fault(of="backprop", loses={"q5"}, hint="Is the node nearest to the root always complete first?")
def backward_in_breadth_first_order(root):
    """Nodes pass on their gradient in order of their distance from the root."""
    order, seen, queue = [], {id(root)}, deque([root])
    while queue:
        node = queue.popleft()
        order.append(node)
        for parent in node.parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                queue.append(parent)
    backprop_along(order, root)


@fault(of="backprop", loses={"q5"}, hint="What happens at a node that is used twice?")
def overwrites(root):
    """A gradient replaces what had arrived before."""
    root.grad = 1.0
    for node in reversed(reference.topo_order(root)):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad = local * node.grad


@fault(of="backprop", loses={"q5"}, hint="What is the derivative of the root in itself?")
def no_seed(root):
    """The root's own gradient is left at zero, and so are all others."""
    for node in reversed(reference.topo_order(root)):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += local * node.grad


@fault(of="backprop", loses={"q5"}, hint="What do the intermediate nodes hold when the second call begins?")
def intermediates_accumulate(root):
    """What the intermediate nodes hold from an earlier call is sent on once more."""
    root.grad += 1.0
    for node in reversed(reference.topo_order(root)):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += local * node.grad


@fault(of="backprop", loses={"q5"}, hint="Which nodes forget at the beginning of a call, and which accumulate?")
def inputs_forget(root):
    """Inputs are reset at every call, like all other nodes."""
    for node in reference.topo_order(root):
        node.grad = 0.0
    reference.backprop(root)


@fault(of="backprop", loses={"q5"}, hint="How many paths lead from y to x after thirty doublings?")
def along_every_path(root):
    """Every path is followed separately: right, and exponential in the depth."""
    for node in reference.topo_order(root):
        if node.parents:
            node.grad = 0.0

    def send(node, gradient):
        node.grad += gradient
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            send(parent, gradient * local)

    send(root, 1.0)


@fault(of="backprop", loses={"q5"}, hint="What if a node is its child's parent twice, as in x·x?")
def parents_as_a_dictionary(root):
    """A parent that occurs twice is served once."""
    order = reference.topo_order(root)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = 1.0
    for node in reversed(order):
        for parent, local in dict(zip(node.parents, node.local_grads, strict=True)).items():
            parent.grad += local * node.grad


@fault(of="backprop", loses={"q5"}, hint="Multiply the incoming gradient by what?")
def adds_where_it_should_multiply(root):
    """Local derivatives are added along a path and not multiplied."""
    order = reference.topo_order(root)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = 1.0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += local + node.grad - 1.0


# q6


@fault(of="unbroadcast", loses={"q6"}, hint="Which axes can be stretched: only new ones, or also axes of length 1?")
def leading_axes_only(g, shape):
    """Only the axes that broadcasting put in front are summed, not those of length 1."""
    reference.unbroadcast(g, shape)
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    return g


@fault(of="unbroadcast", loses={"q6"}, hint="Does (1, 3) equal (3,)?")
def loses_axes_of_length_one(g, shape):
    """Axes of length 1 are summed away."""
    return reference.unbroadcast(g, shape).squeeze()


@fault(of="unbroadcast", loses={"q6"}, hint="A number that was used six times: is its gradient a sum or an average?")
def averages_what_was_stretched(g, shape):
    """The gradient is averaged over the stretched axes and not summed."""
    out = reference.unbroadcast(g, shape)
    return out * (out.numel() / g.numel())


@fault(of="unbroadcast", loses={"q6"}, hint="Which entries of g belong to the operand's first entry?")
def cuts_to_shape(g, shape):
    """The first entries are taken and the others dropped."""
    reference.unbroadcast(g, shape)
    for _ in range(g.dim() - len(shape)):
        g = g[0]
    for i, s in enumerate(shape):
        g = g.narrow(i, 0, s)
    return g


@fault(of="unbroadcast", loses={"q6"}, hint="Does (2,) broadcast to (2, 3)? Where are shapes aligned?")
def sums_until_it_fits(g, shape):
    """Shapes are not checked: trailing axes are summed as well when that makes the shape fit."""
    if tuple(g.shape[: len(shape)]) == tuple(shape):
        return g.reshape(*shape, -1).sum(dim=-1) if len(shape) < g.dim() else g
    return reference.unbroadcast(g, shape)


@fault(of="unbroadcast", loses={"q6"}, hint="Does the gradient have the shape of its operand?")
def hands_it_on_unsummed(g, shape):
    """Nothing is summed."""
    reference.unbroadcast(g, shape)
    return g


@fault(of="Var", loses={"q6"}, hint="In a·b, which operand is the derivative of which?")
class ProductRuleExchanged(reference.Var):
    """Each factor of a product gets the gradient times itself."""

    def __mul__(self, other):
        other = self.lift(other)
        a, b = self.data, other.data
        return self.new(a * b, (self, other), lambda g: (reference.unbroadcast(g * a, a.shape), reference.unbroadcast(g * b, b.shape)))


@fault(of="Var", loses={"q6"}, hint="What does your rule do when operands have different shapes?")
class SumWithoutBroadcasting(reference.Var):
    """The gradients of a sum are not brought to the operands' shapes."""

    def __add__(self, other):
        other = self.lift(other)
        return self.new(self.data + other.data, (self, other), lambda g: (g, g))


@fault(of="Var", loses={"q6"}, hint="Which factor is transposed, and on which side does it stand?")
class MatrixProductUntransposed(reference.Var):
    """The transposes in the backward pass of a matrix product are missing where shapes allow it."""

    def __matmul__(self, other):
        other = self.lift(other)
        out = reference.Var.__matmul__(self, other)
        pull, b = out.pull, other.data
        out.pull = lambda g: (g @ b, pull(g)[1]) if b.shape[0] == b.shape[1] else pull(g)
        return out


@fault(of="Var", loses={"q6"}, hint="Which factor's gradient has which shape?")
class MatrixGradientsExchanged(reference.Var):
    """The gradients of the two factors of a matrix product change places."""

    def __matmul__(self, other):
        out = reference.Var.__matmul__(self, other)
        pull = out.pull
        out.pull = lambda g: pull(g)[::-1]
        return out


@fault(of="Var", loses={"q6"}, hint="Of what does the inner dimension have to be checked?")
class InnerDimensionUnchecked(reference.Var):
    """Two matrices whose inner dimensions differ are left to torch, which raises a RuntimeError."""

    def __matmul__(self, other):
        other = self.lift(other)
        if self.data.dim() == other.data.dim() == 2:
            self.data @ other.data
        return reference.Var.__matmul__(self, other)


@fault(of="Var", loses={"q6"}, hint="In which precision do you compute?")
class TanhInSinglePrecision(reference.Var):
    """tanh and its derivative are computed in float32."""

    def tanh(self):
        out = self.data.float().tanh().double()
        return self.new(out, (self,), lambda g: (g * (1 - out**2),))


@fault(of="Var", loses={"q6"}, hint="Is torch's own error the one that the prompt asks for?")
class MatrixProductUnchecked(reference.Var):
    """Whatever torch multiplies is accepted, also a matrix times a vector."""

    def __matmul__(self, other):
        other = self.lift(other)
        a, b = self.data, other.data
        return self.new(a @ b, (self, other), lambda g: (g @ b.T, a.T @ g))


@fault(of="Var", loses={"q6"}, hint="Is the derivative 1 − tanh² a function of the input or of the output?")
class TanhOfTheInput(reference.Var):
    """The derivative of tanh is computed as 1 − x² from the input."""

    def tanh(self):
        a = self.data
        return self.new(a.tanh(), (self,), lambda g: (g * (1 - a**2),))


@fault(of="Var", loses={"q6"}, hint="Does the sign of the gradient matter, or that of the input? And at 0?")
class ReluCountsZero(reference.Var):
    """The derivative of relu at 0 is 1."""

    def relu(self):
        a = self.data
        return self.new(a.clamp(min=0), (self,), lambda g: (g * (a >= 0),))


@fault(of="Var", loses={"q6"}, hint="Does the sign of the gradient matter, or that of the input?")
class ReluOfTheGradient(reference.Var):
    """Negative gradients are cut off, whatever the input."""

    def relu(self):
        a = self.data
        return self.new(a.clamp(min=0), (self,), lambda g: (g.clamp(min=0) * (a > 0),))


@fault(of="Var", loses={"q6"}, hint="What is the derivative of x³?")
class PowerKeepsItsExponent(reference.Var):
    """The exponent is not lowered by one."""

    def __pow__(self, exponent):
        reference.Var.__pow__(self, exponent)
        a = self.data
        return self.new(a**exponent, (self,), lambda g: (g * exponent * a**exponent,))


@fault(of="Var", loses={"q6"}, hint="What happens to the gradient that arrives?")
class ExpIgnoresTheGradient(reference.Var):
    """exp sends back its own derivative without the incoming gradient."""

    def exp(self):
        out = self.data.exp()
        return self.new(out, (self,), lambda g: (out,))


@fault(of="Var", loses={"q6"}, hint="What is the derivative of exp, in terms of its output?")
class ExpOfTheInput(reference.Var):
    """The derivative of exp is taken to be its input."""

    def exp(self):
        a = self.data
        return self.new(a.exp(), (self,), lambda g: (g * a,))


@fault(of="Var", loses={"q6"}, hint="Divide by the input or by the output?")
class LogDividesByItsOutput(reference.Var):
    """The gradient of log is divided by the logarithm."""

    def log(self):
        out = reference.Var.log(self)
        out.pull = lambda g: (g / out.data,)
        return out


@fault(of="Var", loses={"q6"}, hint="What is log(0)?")
class LogOfAnything(reference.Var):
    """The logarithm of zero or of a negative number goes through."""

    def log(self):
        a = self.data
        return self.new(a.log(), (self,), lambda g: (g / a,))


@fault(of="Var", loses={"q6"}, hint="What shape has the gradient of x when x.sum() is a single number?")
class SumSendsANumber(reference.Var):
    """sum hands the single number back and not a gradient of the input's shape."""

    def sum(self):
        return self.new(self.data.sum(), (self,), lambda g: (g,))


@fault(of="Var", loses={"q6"}, hint="How much does a sum change when one entry changes by one?")
class SumIgnoresTheGradient(reference.Var):
    """sum sends back ones, whatever gradient arrives."""

    def sum(self):
        return self.new(self.data.sum(), (self,), lambda g: (torch.ones_like(self.data),))


@fault(of="Var", loses={"q6"}, hint="Is the exponent a number?")
class PowerOfAVar(reference.Var):
    """A Var as exponent is accepted and treated as a constant."""

    def __pow__(self, exponent):
        e = exponent.data if isinstance(exponent, reference.Var) else exponent
        a = self.data
        return self.new(a**e, (self,), lambda g: (g * e * a ** (e - 1),))


# q7


@fault(of="gd_torch", loses={"q7"}, hint="What does backward() do to a .grad that is not empty?")
def never_cleared(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The gradient is not cleared, so that every step uses the sum of all gradients so far."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone().requires_grad_()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        loss = L_fn(w)
        loss.backward()
        size = float(w.grad.norm())
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", size)):
            hist[key].append(entry)
        if size <= eps_grad:
            break
        with torch.no_grad():
            w -= eta * w.grad
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="Is w still a leaf after the first update?")
def rebinds_the_leaf(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """w = w - eta * w.grad makes a new tensor, which is no leaf and has no .grad."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone().requires_grad_()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        loss = L_fn(w)
        loss.backward()
        size = float(w.grad.norm())
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", size)):
            hist[key].append(entry)
        if size <= eps_grad:
            break
        w = w - eta * w.grad
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="Is the update itself part of what you differentiate?")
def update_is_recorded(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The update is recorded: the numbers are right, and the graph grows from step to step."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone().requires_grad_()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        size = float(g.norm())
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", size)):
            hist[key].append(entry)
        if size <= eps_grad:
            break
        w = w - eta * g
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="What does the error message say about a leaf and an in-place operation?")
def in_place_on_a_leaf(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """w is changed in place while autograd is watching, which raises an error."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone().requires_grad_()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", float(g.norm()))):
            hist[key].append(entry)
        if hist["grad_norm"][-1] <= eps_grad:
            break
        w -= eta * g
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="Which loss belongs to iteration 0?")
def written_down_after_the_update(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The entries are written after the update, and the first ones are missing."""
    w, hist = reference.gd_torch(L_fn, w0, eta, max_iters + 1, eps_grad)
    w, _ = reference.gd_torch(L_fn, w0, eta, max_iters, eps_grad)
    return w, {"k": hist["k"][:-1], "L": hist["L"][1:], "grad_norm": hist["grad_norm"][1:]}


@fault(of="gd_torch", loses={"q7"}, hint="Does your test of the gradient come before or after the update?")
def one_update_too_many(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The loop stops after the update that follows the small gradient."""
    w, hist = reference.gd_torch(L_fn, w0, eta, max_iters, eps_grad)
    if hist["grad_norm"] and hist["grad_norm"][-1] <= eps_grad:
        w, _ = reference.gd_torch(L_fn, w, eta, 1, -1.0)
    return w, hist


@fault(of="gd_torch", loses={"q7"}, hint="Where does eps_grad come in?")
def never_stops_early(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """All max_iters iterations are run, however small the gradient."""
    return reference.gd_torch(L_fn, w0, eta, max_iters, -1.0)


@fault(of="gd_torch", loses={"q7"}, hint="Does detach() copy?")
def moves_the_start(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """w shares its memory with w0, and the caller's tensor moves."""
    w, hist = reference.gd_torch(L_fn, w0, eta, max_iters, eps_grad)
    w0.data.copy_(w)
    return w, hist


@fault(of="gd_torch", loses={"q7"}, hint="What hangs on a loss tensor that you keep?")
def keeps_the_losses_alive(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """hist keeps the loss tensors, and with them all graphs."""
    w, hist = reference.gd_torch(L_fn, w0, eta, max_iters, eps_grad)
    return w, {**hist, "L": [torch.tensor(entry, dtype=w.dtype, requires_grad=True) for entry in hist["L"]]}


@fault(of="gd_torch", loses={"q7"}, hint="Is the gradient of the returned w still of interest?")
def returns_a_live_tensor(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The returned w still requires grad."""
    w, hist = reference.gd_torch(L_fn, w0, eta, max_iters, eps_grad)
    return w.requires_grad_(), hist


@fault(of="gd_torch", loses={"q7"}, hint="How often do you evaluate the loss in one iteration?")
def evaluates_twice(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The loss is computed a second time for hist."""

    def twice(w):
        L_fn(w)
        return L_fn(w)

    return reference.gd_torch(twice, w0, eta, max_iters, eps_grad)


@fault(of="gd_torch", loses={"q7"}, hint="Which way does the loss fall?")
def climbs_the_gradient(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The update goes along the gradient and not against it."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        w = w.detach().requires_grad_()
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", float(g.norm()))):
            hist[key].append(entry)
        if hist["grad_norm"][-1] <= eps_grad:
            break
        w = w + eta * g
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="Which norm is the norm of a gradient?")
def largest_entry_for_the_norm(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The largest entry of the gradient stands for its norm."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        w = w.detach().requires_grad_()
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", float(g.abs().max()))):
            hist[key].append(entry)
        if hist["grad_norm"][-1] <= eps_grad:
            break
        w = w - eta * g
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="Which norm does torch.linalg.norm(…, 2) or matrix_norm take of a matrix?")
def spectral_norm_of_the_gradient(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """The gradient of a matrix is measured by its largest singular value."""
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    w = w0.detach().clone()
    hist = {"k": [], "L": [], "grad_norm": []}
    for k in range(max_iters):
        w = w.detach().requires_grad_()
        loss = L_fn(w)
        (g,) = torch.autograd.grad(loss, w)
        for key, entry in (("k", k), ("L", loss.item()), ("grad_norm", float(torch.linalg.norm(g, 2)))):
            hist[key].append(entry)
        if hist["grad_norm"][-1] <= eps_grad:
            break
        w = w - eta * g
    return w.detach(), hist


@fault(of="gd_torch", loses={"q7"}, hint="What is a run of −1 iterations?")
def any_number_of_iterations(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """A negative number of iterations counts as none."""
    return reference.gd_torch(L_fn, w0, eta, max(0, max_iters), eps_grad)


@fault(of="gd_torch", loses={"q7"}, hint="In which precision does w move?")
def descends_in_single_precision(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """w is rounded to float32 after every update."""
    w, hist = w0.detach().clone(), {"k": [], "L": [], "grad_norm": []}
    reference.require(eta > 0 and max_iters >= 0, "eta or max_iters")
    for k in range(max_iters):
        moved, entry = reference.gd_torch(L_fn, w, eta, 1, eps_grad)
        w = moved.float().to(w0.dtype)
        for key, value in (("k", k), ("L", entry["L"][0]), ("grad_norm", entry["grad_norm"][0])):
            hist[key].append(value)
        if value <= eps_grad:
            break
    return w, hist


@fault(of="gd_torch", loses={"q7"}, hint="Should a step of length zero be taken in silence?")
def any_step_goes(L_fn, w0, eta, max_iters, eps_grad=1e-8):
    """eta = 0 and a negative number of iterations are accepted."""
    if eta <= 0 or max_iters < 0 or math.isnan(eta):
        return w0.clone(), {"k": [], "L": [], "grad_norm": []}
    return reference.gd_torch(L_fn, w0, eta, max_iters, eps_grad)
