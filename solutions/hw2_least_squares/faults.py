import math

import torch

import reference
from autograder.audit import fault

# Question 1: the loss and its gradient.


@fault(of="ls_loss", loses={"q1"}, hint="The loss here is a sum over the samples. By what do you divide?")
def mean_in_place_of_sum(X, y, w):
    """The loss is averaged over the n samples, as torch's MSE loss is, where the course sums."""
    reference.check_shapes(X, y, w)
    return 0.5 * ((X @ w - y) ** 2).mean()


@fault(of="ls_loss", loses={"q1"}, hint="What stands in front of the squared norm?")
def half_is_missing(X, y, w):
    """The factor ½ is missing, so the loss is twice as large."""
    return 2 * reference.ls_loss(X, y, w)


@fault(of="ls_loss", loses={"q1"}, hint="Is the norm squared?")
def norm_is_not_squared(X, y, w):
    """Half the norm of the residual is returned, not half its square."""
    reference.check_shapes(X, y, w)
    return 0.5 * torch.linalg.vector_norm(X @ w - y)


@fault(of="ls_loss", loses={"q1"}, hint="Which type does the prompt ask for, and where does that value live when X is on a GPU?")
def loss_as_a_python_number(X, y, w):
    """The loss is turned into a Python number with .item(), which makes the device wait and loses the dtype."""
    return reference.ls_loss(X, y, w).item()


@fault(of="ls_loss", loses={"q1"}, hint="What is the shape of X @ w - y when y is a column?")
def loss_without_a_shape_check(X, y, w):
    """The shapes are not checked: a column y is broadcast against a row, and the loss sums n² numbers."""
    return 0.5 * ((X @ w - y) ** 2).sum()


@fault(of="ls_loss", loses={"q1"}, hint="How many digits of each of the three terms cancel when the fit is good?")
def loss_from_expanded_squares(X, y, w):
    """The square is expanded into three terms, which cancel when the fit is good: the loss keeps no digit."""
    reference.check_shapes(X, y, w)
    Xw = X @ w
    return 0.5 * (Xw @ Xw) - y @ Xw + 0.5 * (y @ y)


@fault(of="ls_loss", loses={"q1"}, hint="Which factors are multiplied first, and what is the shape of that product?", only_limited=True)
def loss_through_the_gram_matrix(X, y, w):
    """The loss is computed from the quadratic form wᵀ(XᵀX)w, which forms a p-by-p matrix."""
    reference.check_shapes(X, y, w)
    return 0.5 * (w @ ((X.T @ X) @ w)) - y @ (X @ w) + 0.5 * (y @ y)


@fault(of="ls_loss", loses={"q1"}, hint="In which dtype does each of your steps compute?")
def loss_computed_in_float32(X, y, w):
    """The data are rounded to float32 on the way, which keeps seven of sixteen digits."""
    return reference.ls_loss(X.float(), y.float(), w.float()).to(X.dtype)


@fault(of="ls_grad", loses={"q1"}, hint="Does the derivative of ½r² have a factor 2?")
def gradient_with_factor_two(X, y, w):
    """The 2 from the square is kept although the loss has a ½ that cancels it."""
    return 2 * reference.ls_grad(X, y, w)


@fault(of="ls_grad", loses={"q1"}, hint="The loss here is a sum over the samples. By what do you divide?")
def gradient_of_the_mean(X, y, w):
    """The gradient is divided by the number of samples, as for a mean loss."""
    return reference.ls_grad(X, y, w) / X.shape[0]


@fault(of="ls_grad", loses={"q1"}, hint="Does the loss grow or fall in the direction that you return?")
def gradient_points_downhill(X, y, w):
    """The direction of descent −∇f is returned where the gradient is asked for."""
    return -reference.ls_grad(X, y, w)


@fault(of="ls_grad", loses={"q1"}, hint="What is the gradient when y is not zero?")
def gradient_forgets_y(X, y, w):
    """Only the quadratic term is differentiated: y does not enter."""
    return reference.ls_grad(X, torch.zeros_like(y), w)


@fault(of="ls_grad", loses={"q1"}, hint="What is the shape of X @ w - y when y is a column?")
def gradient_without_a_shape_check(X, y, w):
    """The shapes are not checked: a column y is broadcast, and a matrix comes back."""
    return X.T @ (X @ w - y)


@fault(of="ls_grad", loses={"q1"}, hint="Python multiplies from left to right. Where do you need brackets?", only_limited=True)
def gradient_through_the_gram_matrix(X, y, w):
    """X.T @ X @ w is computed from left to right, which forms the p-by-p matrix XᵀX."""
    reference.check_shapes(X, y, w)
    return X.T @ X @ w - X.T @ y


@fault(of="ls_grad", loses={"q1"}, hint="How large is the error of a difference quotient with a step h?")
def gradient_by_forward_differences(X, y, w):
    """The gradient is a difference quotient, right to about six digits."""
    h = 1e-6
    base = reference.ls_loss(X, y, w)
    columns = torch.eye(w.numel(), dtype=w.dtype, device=w.device) if w.numel() < 100 else []
    return torch.stack([(reference.ls_loss(X, y, w + h * e) - base) / h for e in columns]) if len(columns) else reference.ls_grad(X, y, w)


@fault(of="ls_grad", loses={"q1"}, hint="Which dtype has your result when X is float32?")
def gradient_always_in_float64(X, y, w):
    """Everything is converted to float64, and the result stays there."""
    return reference.ls_grad(X.double(), y.double(), w.double())


# Question 2: gradient descent with a history.


def descend(X, y, n_steps, step_size, w0, *, f_star=None, scale=None, gradient=None, log_before=False):
    """The reference's loop with parts to replace."""
    reference.check_shapes(X, y, w0)
    if n_steps < 0 or not step_size > 0:
        raise ValueError("outside the domain")
    w = torch.zeros(X.shape[1], dtype=X.dtype, device=X.device) if w0 is None else w0.clone()
    gradient = gradient or reference.ls_grad
    best = reference.ls_loss(X, y, torch.linalg.pinv(X) @ y) if f_star is None else f_star
    start = reference.ls_loss(X, y, w) - best if scale is None else scale(reference.ls_loss(X, y, w))
    losses = []
    for _ in range(n_steps):
        before = reference.ls_loss(X, y, w)
        w = w - step_size * gradient(X, y, w)
        losses.append(((before if log_before else reference.ls_loss(X, y, w)) - best) / start)
    return w, torch.stack(losses).tolist() if losses else []


@fault(of="gradient_descent", loses={"q2"}, hint="Is the loss of the start one of the entries?")
def logs_before_the_step(X, y, n_steps=100, step_size=0.01, w0=None):
    """The loss is recorded before the step, so the first entry is always 1 and the last loss is missing."""
    return descend(X, y, n_steps, step_size, w0, log_before=True)


@fault(of="gradient_descent", loses={"q2"}, hint="How many entries has the history of n_steps steps?")
def logs_the_start_too(X, y, n_steps=100, step_size=0.01, w0=None):
    """The start is recorded as well, so the history has one entry too many."""
    w, losses = descend(X, y, n_steps, step_size, w0)
    return w, [1.0, *losses]


@fault(of="gradient_descent", loses={"q2"}, hint="Can the loss always fall to zero?")
def smallest_value_taken_as_zero(X, y, n_steps=100, step_size=0.01, w0=None):
    """f⋆ is taken to be zero, which is wrong when the data cannot be fitted perfectly."""
    return descend(X, y, n_steps, step_size, w0, f_star=0.0)


@fault(of="gradient_descent", loses={"q2"}, hint="In which unit does the prompt measure the gap?")
def divides_by_the_first_loss(X, y, n_steps=100, step_size=0.01, w0=None):
    """The gap f − f⋆ is divided by f(w_0) and not by the gap at the start."""
    return descend(X, y, n_steps, step_size, w0, scale=lambda f: f)


@fault(of="gradient_descent", loses={"q2"}, hint="Where do the weights go if every step is taken uphill?")
def steps_uphill(X, y, n_steps=100, step_size=0.01, w0=None):
    """The step goes along the gradient and not against it."""
    return descend(X, y, n_steps, step_size, w0, gradient=lambda X, y, w: -reference.ls_grad(X, y, w))


@fault(of="gradient_descent", loses={"q2"}, hint="The loss here is a sum over the samples. By what do you divide?")
def descends_on_the_mean(X, y, n_steps=100, step_size=0.01, w0=None):
    """The gradient is that of the mean loss, so every step is n times too short."""
    return descend(X, y, n_steps, step_size, w0, gradient=lambda X, y, w: reference.ls_grad(X, y, w) / X.shape[0])


@fault(of="gradient_descent", loses={"q2"}, hint="Which tensor do you change when you write w = w0 and then w -= ...?")
def changes_the_start_in_place(X, y, n_steps=100, step_size=0.01, w0=None):
    """The start is not copied and the updates are made in place, so the caller's w0 moves."""
    w, losses = descend(X, y, n_steps, step_size, w0)
    return (w, losses) if w0 is None else (w0.copy_(w), losses)


@fault(of="gradient_descent", loses={"q2"}, hint="From where does the run start when w0 is given?")
def always_starts_at_zero(X, y, n_steps=100, step_size=0.01, w0=None):
    """The argument w0 is ignored."""
    return descend(X, y, n_steps, step_size, None)


@fault(of="gradient_descent", loses={"q2"}, hint="Where does the run start when w0 is None?")
def starts_at_ones(X, y, n_steps=100, step_size=0.01, w0=None):
    """Without w0 the run starts at the vector of ones, as in the experiment of the lecture."""
    return descend(X, y, n_steps, step_size, torch.ones(X.shape[1], dtype=X.dtype) if w0 is None else w0)


@fault(of="gradient_descent", loses={"q2"}, hint="What does XᵀX lack when X has more columns than rows?")
def smallest_value_by_inverting_the_gram_matrix(X, y, n_steps=100, step_size=0.01, w0=None):
    """f⋆ is found with the inverse of XᵀX, which does not exist when there are more weights than samples."""
    return descend(X, y, n_steps, step_size, w0, f_star=reference.ls_loss(X, y, torch.linalg.inv(X.T @ X) @ (X.T @ y)))


@fault(of="gradient_descent", loses={"q2"}, hint="What does your code stack when there are no steps?")
def stacks_an_empty_list(X, y, n_steps=100, step_size=0.01, w0=None):
    """The history is stacked without asking whether there is any: n_steps = 0 raises an error."""
    w, losses = descend(X, y, n_steps, step_size, w0)
    return w, torch.stack([torch.tensor(x, dtype=torch.float64) for x in losses]).tolist()


@fault(of="gradient_descent", loses={"q2"}, hint="Which values of n_steps and step_size does the prompt exclude?")
def accepts_every_argument(X, y, n_steps=100, step_size=0.01, w0=None):
    """Neither the shapes nor the numbers are checked: a negative step climbs, and nothing complains."""
    w = torch.zeros(X.shape[1], dtype=X.dtype) if w0 is None else w0.clone()
    start, best = ((X @ w - y) ** 2).sum(), ((X @ (torch.linalg.pinv(X) @ y) - y) ** 2).sum()
    losses = []
    for _ in range(n_steps):
        w = w - step_size * (X.T @ (X @ w - y))
        losses.append(float((((X @ w - y) ** 2).sum() - best) / (start - best)))
    return w, losses


@fault(of="gradient_descent", loses={"q2"}, hint="When is a list made that is a default argument?")
def history_kept_between_calls(X, y, n_steps=100, step_size=0.01, w0=None, history=[]):  # noqa: B006
    """The history is a default argument, which is made once: a second call adds to the first one's."""
    w, losses = descend(X, y, n_steps, step_size, w0)
    history.extend(losses)
    return w, list(history)


@fault(of="gradient_descent", loses={"q2"}, hint="Which point does the prompt ask for, if the loss grows?")
def returns_the_best_point(X, y, n_steps=100, step_size=0.01, w0=None):
    """The run stops when the loss grows, where the prompt asks for all the steps."""
    for k in range(1, n_steps + 1):
        losses = descend(X, y, k, step_size, w0)[1]
        if losses[-1] > ([1.0] + losses)[-2]:
            return descend(X, y, k - 1, step_size, w0)[0], [min(1.0, *losses)] * n_steps
    return descend(X, y, n_steps, step_size, w0)


@fault(of="gradient_descent", loses={"q2"}, hint="Which dtype have zeros that you make without saying?")
def starts_at_zeros_of_a_fixed_dtype(X, y, n_steps=100, step_size=0.01, w0=None):
    """The zeros at the start are float64 whatever X is, and float32 data do not fit them."""
    return descend(X, y, n_steps, step_size, torch.zeros(X.shape[1], dtype=torch.float64) if w0 is None else w0)


@fault(of="gradient_descent", loses={"q2"}, hint="Which line of your loop turns a tensor into a Python number?")
def reads_each_loss_in_the_loop(X, y, n_steps=100, step_size=0.01, w0=None):
    """Each loss is read as a Python number in the loop, and the processor waits for the device at every step."""
    w, losses = (torch.zeros_like(X[0]) if w0 is None else w0), []
    reference.gradient_descent(X, y, n_steps, step_size, w0)
    best = reference.ls_loss(X, y, torch.linalg.pinv(X) @ y)
    start = reference.ls_loss(X, y, w)
    for _ in range(n_steps):
        w = w - step_size * reference.ls_grad(X, y, w)
        losses.append(((reference.ls_loss(X, y, w) - best) / (start - best)).item())
    return w, losses


@fault(of="gradient_descent", loses={"q2"}, hint="Which line of yours makes Python decide something at every step?")
def asks_at_every_step_whether_the_run_diverged(X, y, n_steps=100, step_size=0.01, w0=None):
    """An `if` on a tensor in the loop looks whether the weights are still finite: the processor waits at every step."""
    w = torch.zeros_like(X[0]) if w0 is None else w0
    for _ in range(n_steps):
        w = w - step_size * reference.ls_grad(X, y, w)
        if not torch.isfinite(w).all():
            break
    return reference.gradient_descent(X, y, n_steps, step_size, w0)


@fault(of="gradient_descent", loses={"q2"}, hint="On which device does torch.zeros(p) lie?")
def starts_on_the_cpu(X, y, n_steps=100, step_size=0.01, w0=None):
    """The zeros at the start are made without a device, and so on the CPU."""
    return descend(X, y, n_steps, step_size, torch.zeros(X.shape[1], dtype=X.dtype) if w0 is None else w0)


@fault(of="gradient_descent", loses={"q2"}, hint="Where does the caller expect the weights for data on a GPU?")
def brings_the_weights_to_the_cpu(X, y, n_steps=100, step_size=0.01, w0=None):
    """The weights come back on the CPU, wherever the data are."""
    w, losses = descend(X, y, n_steps, step_size, w0)
    return w.cpu(), losses


@fault(of="gradient_descent", loses={"q2"}, hint="Can a tensor on a GPU become a NumPy array?")
def descends_in_numpy(X, y, n_steps=100, step_size=0.01, w0=None):
    """The loop runs in NumPy, which knows no tensor on a device."""
    start = None if w0 is None else torch.from_numpy(w0.numpy())
    return descend(torch.from_numpy(X.numpy()), torch.from_numpy(y.numpy()), n_steps, step_size, start)


# Question 3: which steps are stable.


@fault(of="classify_step", loses={"q3"}, hint="At alpha = 2/lam, does the error get any smaller?")
def boundary_taken_for_convergence(alpha, lam):
    """A step of 2/λ is counted as convergent, although the error keeps its size forever."""
    found = reference.classify_step(alpha, lam)
    return "oscillating" if found == "boundary" else found


@fault(of="classify_step", loses={"q3"}, hint="Which product decides: is alpha alone enough?")
def the_eigenvalue_does_not_enter(alpha, lam):
    """alpha is compared with 1 and 2 although the factor is 1 − alpha·lam."""
    reference.classify_step(alpha, lam)
    return reference.classify_step(alpha, 1.0)


@fault(of="classify_step", loses={"q3"}, hint="What is the size of a factor of -2?")
def absolute_value_is_missing(alpha, lam):
    """A negative factor is called smaller than one without taking its absolute value, so nothing ever diverges."""
    found = reference.classify_step(alpha, lam)
    return "oscillating" if found in ("boundary", "diverges") else found


@fault(of="classify_step", loses={"q3"}, hint="Does the error change its sign when the factor is zero?")
def factor_zero_called_oscillating(alpha, lam):
    """A factor of exactly zero is put with the negative ones."""
    return "oscillating" if alpha * lam == 1 else reference.classify_step(alpha, lam)


@fault(of="classify_step", loses={"q3"}, hint="Which arguments does the prompt exclude?")
def classifies_any_numbers(alpha, lam):
    """Steps and eigenvalues that are zero or negative get a class, where the prompt excludes them."""
    rho = 1 - alpha * lam
    return "boundary" if abs(rho) == 1 else "diverges" if abs(rho) > 1 else "oscillating" if rho < 0 else "monotone"


def lambda_max(X, iters=200, seed=0):
    return 2 / reference.max_stable_step(X, iters, seed)


@fault(of="max_stable_step", loses={"q3"}, hint="Is the number you found a singular value of X or an eigenvalue of XᵀX?")
def sigma_in_place_of_lambda(X, iters=200, seed=0):
    """The largest singular value of X stands where the largest eigenvalue of XᵀX belongs; one is the square of the other."""
    return 2 / math.sqrt(lambda_max(X, iters, seed))


@fault(of="max_stable_step", loses={"q3"}, hint="At which step does the factor 1 − αλ become −1?")
def one_over_lambda(X, iters=200, seed=0):
    """1/λ_max is returned: a good step, but not the largest stable one."""
    return 1 / lambda_max(X, iters, seed)


@fault(of="max_stable_step", loses={"q3"}, hint="Is the sum of all eigenvalues the largest of them?")
def trace_in_place_of_lambda(X, iters=200, seed=0):
    """The sum of the squared entries, which is the sum of all eigenvalues, is taken for the largest one: a safe bound, but no more."""
    reference.max_stable_step(X, iters, seed)
    return 2 / float((X**2).sum())


@fault(of="max_stable_step", loses={"q3"}, hint="Which direction is the first to become unstable?")
def smallest_eigenvalue(X, iters=200, seed=0):
    """The smallest eigenvalue is used, as if the flattest direction were the first to become unstable."""
    reference.max_stable_step(X, iters, seed)
    return 2 / float(torch.linalg.svdvals(X)[-1] ** 2)


@fault(of="max_stable_step", loses={"q3"}, hint="How often does your loop run?")
def one_power_step(X, iters=200, seed=0):
    """A single product with XᵀX stands for the whole iteration."""
    return reference.max_stable_step(X, 1, seed)


@fault(of="max_stable_step", loses={"q3"}, hint="How often does your loop run?")
def ten_power_steps(X, iters=200, seed=0):
    """Ten iterations are made whatever iters says: enough for a picture, not for four digits."""
    return reference.max_stable_step(X, min(iters, 10), seed)


@fault(of="max_stable_step", loses={"q3"}, hint="How far from the limit can a sequence be whose terms change by one percent?")
def stops_at_one_percent(X, iters=200, seed=0):
    """The iteration stops when the estimate changes by less than one percent, far from four digits."""
    last = lambda_max(X, 1, seed)
    for k in range(2, iters + 1):
        now = lambda_max(X, k, seed)
        if abs(now - last) < 0.01 * now:
            return 2 / now
        last = now
    return reference.max_stable_step(X, iters, seed)


@fault(of="max_stable_step", loses={"q3"}, hint="For which X is the vector of ones at a right angle to the steepest direction?")
def starts_from_ones(X, iters=200, seed=0):
    """The iteration starts from the vector of ones, which for some X has no part in the steepest direction."""
    reference.max_stable_step(X, iters, seed)
    v = torch.ones(X.shape[1], dtype=X.dtype)
    for _ in range(iters):
        v = X.T @ (X @ (v / torch.linalg.vector_norm(v)))
    return 2 / float(torch.linalg.vector_norm(v))


@fault(of="max_stable_step", loses={"q3"}, hint="For which X does the first coordinate vector never see the steepest direction?")
def starts_from_the_first_axis(X, iters=200, seed=0):
    """The iteration starts from the first coordinate vector, which for a diagonal X is an eigenvector already."""
    reference.max_stable_step(X, iters, seed)
    v = torch.zeros(X.shape[1], dtype=X.dtype)
    v[0] = 1.0
    for _ in range(iters):
        v = X.T @ (X @ (v / torch.linalg.vector_norm(v)))
    return 2 / float(torch.linalg.vector_norm(v))


@fault(of="max_stable_step", loses={"q3"}, hint="Which generator do torch.manual_seed and torch.randn use?")
def seeds_the_global_generator_for_the_start(X, iters=200, seed=0):
    """torch.manual_seed is called to draw the start, which changes what everyone else draws afterwards."""
    torch.manual_seed(seed)
    return reference.max_stable_step(X, iters, seed)


@fault(of="max_stable_step", loses={"q3"}, hint="What happens to a number that is multiplied by a million two hundred times?")
def never_normalizes(X, iters=200, seed=0):
    """The vector is never scaled back, so it leaves the range of floating-point numbers."""
    reference.max_stable_step(X, iters, seed)
    v = torch.randn(X.shape[1], generator=torch.Generator().manual_seed(seed), dtype=X.dtype)
    for _ in range(iters):
        before, v = v, X.T @ (X @ v)
    return 2 / float(v.abs().max() / before.abs().max())


@fault(of="max_stable_step", loses={"q3"}, hint="How many numbers does XᵀX hold when p is 60 000?", only_limited=True)
def eigenvalues_of_the_gram_matrix(X, iters=200, seed=0):
    """XᵀX is formed and all its eigenvalues are computed."""
    reference.max_stable_step(X, iters, seed)
    return 2 / float(torch.linalg.eigvalsh(X.T @ X)[-1])


@fault(of="max_stable_step", loses={"q3"}, hint="What is the largest stable step when X is zero?")
def accepts_a_zero_matrix(X, iters=200, seed=0):
    """A zero X gives inf or NaN where an error is asked for."""
    if X.dim() != 2 or X.numel() == 0 or iters < 1:
        raise ValueError("outside the domain")
    return reference.max_stable_step(X, iters, seed) if bool((X != 0).any()) else math.inf


# Question 4: the loss after k steps, without a step.


def parts(X, y, w0, alpha, k):
    """Eigenvalues of XᵀX and the error of the start in the eigenvectors' coordinates."""
    reference.predict_relative_loss(X, y, w0, alpha, k)
    _, S, Vh = torch.linalg.svd(X, full_matrices=False)
    return S**2, Vh @ (w0 - torch.linalg.pinv(X) @ y)


@fault(of="predict_relative_loss", loses={"q4"}, hint="The error shrinks by a factor. By which factor does its square shrink?")
def exponent_k_in_place_of_2k(X, y, w0, alpha, k):
    """The factor enters k times, as for the error, although the loss is a square of errors."""
    lam, c = parts(X, y, w0, alpha, k)
    return float((lam * c**2 * (1 - alpha * lam).abs() ** k).sum() / (lam * c**2).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="How much loss is there per squared error in a flat and in a steep direction?")
def eigenvalues_do_not_weigh(X, y, w0, alpha, k):
    """The squared errors are added without their eigenvalues: that is the distance to the minimizer and not the loss."""
    lam, c = parts(X, y, w0, alpha, k)
    return float((c**2 * (1 - alpha * lam) ** (2 * k)).sum() / (c**2).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="Do all of the directions start with the same share of the loss?")
def worst_factor_only(X, y, w0, alpha, k):
    """The slowest factor is applied to the whole loss: a bound, where the exact value is asked for."""
    lam, _ = parts(X, y, w0, alpha, k)
    lam = lam[lam > 1e-12 * lam.max()]
    return float((1 - alpha * lam).abs().max() ** (2 * k))


@fault(of="predict_relative_loss", loses={"q4"}, hint="What is the largest of the factors, and does it depend on alpha?")
def rate_of_the_textbook(X, y, w0, alpha, k):
    """The rate (1 − 1/κ)^(2k) of the step 1/λ_max is used whatever alpha is."""
    lam, _ = parts(X, y, w0, alpha, k)
    lam = lam[lam > 1e-12 * lam.max()]
    return float((1 - lam.min() / lam.max()) ** (2 * k))


@fault(of="predict_relative_loss", loses={"q4"}, hint="What is squared: each error, or their sum?")
def errors_are_not_squared(X, y, w0, alpha, k):
    """The sizes of the errors are added and not their squares."""
    lam, c = parts(X, y, w0, alpha, k)
    return float((lam * c.abs() * (1 - alpha * lam) ** (2 * k)).sum() / (lam * c.abs()).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="Is the number in your factor a singular value of X or an eigenvalue of XᵀX?")
def singular_values_in_the_factor(X, y, w0, alpha, k):
    """The factor is 1 − ασ with the singular values of X, where their squares belong."""
    lam, c = parts(X, y, w0, alpha, k)
    return float((lam * c**2 * (1 - alpha * lam.sqrt()) ** (2 * k)).sum() / (lam * c**2).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="From which point is the error measured?")
def measures_from_zero(X, y, w0, alpha, k):
    """The error is measured from zero and not from the minimizer: y does not enter."""
    return reference.predict_relative_loss(X, torch.zeros_like(y), w0 if bool((w0 != 0).any()) else w0 + 1, alpha, k)


@fault(of="predict_relative_loss", loses={"q4"}, hint="What must come out for k = 0?")
def counts_like_the_history(X, y, w0, alpha, k):
    """k is taken as an index into the history of gradient_descent, whose entry 0 is after the first step."""
    reference.predict_relative_loss(X, y, w0, alpha, k)
    return reference.predict_relative_loss(X, y, w0, alpha, k + 1)


@fault(of="predict_relative_loss", loses={"q4"}, hint="By what is the gap divided?")
def gap_is_not_relative(X, y, w0, alpha, k):
    """The gap f(w_k) − f⋆ itself is returned."""
    lam, c = parts(X, y, w0, alpha, k)
    return float(0.5 * (lam * c**2 * (1 - alpha * lam) ** (2 * k)).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="In which coordinates do the factors act one by one?")
def forgets_to_rotate(X, y, w0, alpha, k):
    """The eigenvalues are combined with the coordinates of the error itself, as if the eigenvectors were the axes."""
    lam, c = parts(X, y, w0, alpha, k)
    c = (w0 - torch.linalg.pinv(X) @ y)[: len(lam)]
    return float((lam * c**2 * (1 - alpha * lam) ** (2 * k)).sum() / (lam * c**2).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="What is log(0), and what is 0 times it?")
def works_with_logarithms(X, y, w0, alpha, k):
    """The power is computed as exp(2k·log|1 − αλ|), which is NaN for a factor of zero at k = 0."""
    lam, c = parts(X, y, w0, alpha, k)
    return float((lam * c**2 * torch.exp(2 * k * torch.log((1 - alpha * lam).abs()))).sum() / (lam * c**2).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="What does the loss do when the step is too large?")
def never_above_one(X, y, w0, alpha, k):
    """The result is cut off at one, as if the loss could not grow."""
    return min(1.0, reference.predict_relative_loss(X, y, w0, alpha, k))


@fault(of="predict_relative_loss", loses={"q4"}, hint="Can XᵀX always be inverted?")
def minimizer_by_solving_normal_equations(X, y, w0, alpha, k):
    """The minimizer is found by solving with XᵀX, which is singular when columns depend on each other."""
    parts(X, y, w0, alpha, k)
    lam, V = torch.linalg.eigh(X.T @ X)
    c = V.T @ (w0 - torch.linalg.inv(X.T @ X) @ (X.T @ y))
    return float((lam * c**2 * (1 - alpha * lam) ** (2 * k)).sum() / (lam * c**2).sum())


@fault(of="predict_relative_loss", loses={"q4"}, hint="Does your code take steps, and how many for k = 10**9?")
def simulates_at_most_a_thousand_steps(X, y, w0, alpha, k):
    """Gradient descent is run and cut off after a thousand steps, where a closed form is asked for."""
    parts(X, y, w0, alpha, k)
    best = reference.ls_loss(X, y, torch.linalg.pinv(X) @ y)
    w = w0
    for _ in range(min(k, 1000)):
        w = w - alpha * reference.ls_grad(X, y, w)
    return float((reference.ls_loss(X, y, w) - best) / (reference.ls_loss(X, y, w0) - best))


@fault(of="predict_relative_loss", loses={"q4"}, hint="Which values of alpha and k does the prompt exclude?")
def predicts_for_any_argument(X, y, w0, alpha, k):
    """A negative k or a step of zero gives a number, where the prompt excludes them."""
    reference.check_shapes(X, y, w0)
    _, S, Vh = torch.linalg.svd(X, full_matrices=False)
    c = Vh @ (w0 - torch.linalg.pinv(X) @ y)
    return float((S**2 * c**2 * (1 - alpha * S**2) ** (2 * k)).sum() / (S**2 * c**2).sum())


# Question 5: the price of a condition number.


def problem(n, p, kappa, seed, noise, power=0.5, U=None, V=None):
    """The reference's problem with other singular values or vectors."""
    reference.make_problem(n, p, kappa, seed, noise)
    g = torch.Generator().manual_seed(seed)
    A, B = torch.randn(n, p, generator=g, dtype=torch.float64), torch.randn(p, p, generator=g, dtype=torch.float64)
    w_true, z = torch.randn(p, generator=g, dtype=torch.float64), torch.randn(n, generator=g, dtype=torch.float64)
    U = torch.linalg.qr(A).Q if U is None else U(A)
    V = torch.linalg.qr(B).Q if V is None else V(B)
    X = (U * torch.logspace(0, -power * math.log10(kappa), p, dtype=torch.float64)) @ V.T
    return X, X @ w_true + noise * z, w_true


@fault(of="make_problem", loses={"q5"}, hint="If the singular values of X run from 1 to s, what do the eigenvalues of XᵀX run through?")
def kappa_of_x(n, p, kappa, seed, noise=0.1):
    """The singular values run from 1 to 1/κ, so X has condition number κ and XᵀX has κ²: as in the code of the lecture's experiment."""
    return problem(n, p, kappa, seed, noise, power=1.0)


@fault(of="make_problem", loses={"q5"}, hint="What is UᵀU?")
def columns_of_u_are_not_orthonormal(n, p, kappa, seed, noise=0.1):
    """U is a normalized Gaussian matrix, whose columns are only nearly orthonormal."""
    return problem(n, p, kappa, seed, noise, U=lambda A: A / A.norm(dim=0))


@fault(of="make_problem", loses={"q5"}, hint="Which eigenvalue of XᵀX is 1 in your problem?")
def smallest_eigenvalue_is_one(n, p, kappa, seed, noise=0.1):
    """The eigenvalues run from 1 up to κ, so the largest is κ and not 1."""
    X, y, w_true = problem(n, p, kappa, seed, noise)
    return X * math.sqrt(kappa), X @ w_true * math.sqrt(kappa) + (y - X @ w_true), w_true


@fault(of="make_problem", loses={"q5"}, hint="What are the eigenvectors of XᵀX when V is missing?")
def only_scales_the_columns(n, p, kappa, seed, noise=0.1):
    """The factor V is left out, so XᵀX is diagonal and every coordinate is a problem of its own."""
    return problem(n, p, kappa, seed, noise, V=lambda B: torch.eye(len(B), dtype=B.dtype))


@fault(of="make_problem", loses={"q5"}, hint="Does noise multiply a standard deviation or a variance?")
def noise_taken_as_a_variance(n, p, kappa, seed, noise=0.1):
    """The noise is multiplied by the square root of `noise`, as if that were a variance."""
    return problem(n, p, kappa, seed, math.sqrt(noise) if noise > 0 else noise)


@fault(of="make_problem", loses={"q5"}, hint="Which generator do torch.manual_seed and torch.randn use?")
def seeds_the_global_generator(n, p, kappa, seed, noise=0.1):
    """torch.manual_seed is called, which changes what everyone else draws afterwards."""
    torch.manual_seed(seed)
    return reference.make_problem(n, p, kappa, seed, noise)


@fault(of="make_problem", loses={"q5"}, hint="What is the first number that each of your generators draws?")
def a_new_generator_for_every_draw(n, p, kappa, seed, noise=0.1):
    """Each draw has a new generator with the same seed, so all of them begin with the same numbers: a square problem has U = V."""
    X, _, _ = problem(n, p, kappa, seed, noise, V=lambda B: torch.linalg.qr(drawn_first(seed, p, p)).Q)
    w_true = drawn_first(seed, p)
    return X, X @ w_true + noise * drawn_first(seed, n), w_true


@fault(of="make_problem", loses={"q5"}, hint="What is the first number that each of your generators draws?")
def noise_that_repeats_the_weights(n, p, kappa, seed, noise=0.1):
    """A generator of its own with the same seed draws the noise, so it begins with the numbers of w_true."""
    X, _, _ = problem(n, p, kappa, seed, noise)
    w_true = drawn_first(seed, p)
    return X, X @ w_true + noise * drawn_first(seed, n), w_true


def drawn_first(seed, *shape):
    """The first numbers of a new generator."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@fault(of="make_problem", loses={"q5"}, hint="What changes between two calls with the same seed?", by_chance=True)
def ignores_the_seed(n, p, kappa, seed, noise=0.1):
    """A fresh seed is drawn at each call, so no result can be repeated."""
    return reference.make_problem(n, p, kappa, int.from_bytes(__import__("os").urandom(4), "little"), noise)


@fault(of="make_problem", loses={"q5"}, hint="What changes between two calls with different seeds?")
def the_same_problem_for_every_seed(n, p, kappa, seed, noise=0.1):
    """The seed is a constant in the code, so all problems are one."""
    return reference.make_problem(n, p, kappa, 0, noise)


@fault(of="make_problem", loses={"q5"}, hint="What is y when noise is zero?")
def y_without_w_true(n, p, kappa, seed, noise=0.1):
    """y is made from another vector than the w_true that is returned."""
    X, y, w_true = problem(n, p, kappa, seed, noise)
    return X, y, w_true.flip(0)


@fault(of="make_problem", loses={"q5"}, hint="Which arguments does the prompt exclude?")
def makes_a_problem_of_anything(n, p, kappa, seed, noise=0.1):
    """Negative noise, an infinite condition number or a single column are not refused."""
    try:
        return reference.make_problem(n, p, kappa, seed, noise)
    except ValueError:
        return reference.make_problem(max(n, p, 2), max(p, 2), min(max(kappa, 1.0), 1e8), seed, abs(noise))


def steps(kappa, tol, alpha_rel, rho=None, factor=2.0, rounded=math.ceil, log=math.log):
    """The reference's count with parts to replace."""
    reference.iterations_needed(kappa, tol, alpha_rel)
    rho = max(abs(1 - alpha_rel / kappa), abs(1 - alpha_rel)) if rho is None else rho
    if tol > 1:
        return 0
    return rounded(log(tol) / (factor * math.log(rho))) if 0 < rho < 1 else 1


@fault(of="iterations_needed", loses={"q5"}, hint="The error shrinks by a factor. By which factor does its square shrink?")
def counts_for_the_error(kappa, tol, alpha_rel=1.0):
    """The factor enters once per step, as for the error, although the loss is a square of errors."""
    return steps(kappa, tol, alpha_rel, factor=1.0)


@fault(of="iterations_needed", loses={"q5"}, hint="Is the loss below tol after the number of steps that you return?")
def rounds_down(kappa, tol, alpha_rel=1.0):
    """The quotient of logarithms is cut off, so the last step is missing."""
    return steps(kappa, tol, alpha_rel, rounded=math.floor)


@fault(of="iterations_needed", loses={"q5"}, hint="Is the loss below tol after the number of steps that you return?")
def rounds_to_the_nearest(kappa, tol, alpha_rel=1.0):
    """The quotient of logarithms is rounded to the nearest integer, which is too small half of the time."""
    return steps(kappa, tol, alpha_rel, rounded=round)


@fault(of="iterations_needed", loses={"q5"}, hint="How many steps are needed when tol is 1?")
def one_more_to_be_safe(kappa, tol, alpha_rel=1.0):
    """One is added to the rounded-down quotient: a step is taken where none is needed."""
    return steps(kappa, tol, alpha_rel, rounded=lambda x: math.floor(x) + 1)


@fault(of="iterations_needed", loses={"q5"}, hint="Do both logarithms have the same base?")
def mixes_logarithms(kappa, tol, alpha_rel=1.0):
    """log10(tol) is divided by a natural logarithm."""
    return steps(kappa, tol, alpha_rel, log=math.log10)


@fault(of="iterations_needed", loses={"q5"}, hint="Whose condition number is kappa: that of X or that of XᵀX?")
def squares_the_condition_number(kappa, tol, alpha_rel=1.0):
    """κ is taken for the condition number of X and squared."""
    return steps(kappa, tol, alpha_rel, rho=max(abs(1 - alpha_rel / kappa**2), abs(1 - alpha_rel)))


@fault(of="iterations_needed", loses={"q5"}, hint="Which method has a rate with the square root of the condition number?")
def root_of_the_condition_number(kappa, tol, alpha_rel=1.0):
    """√κ stands where κ belongs, as for accelerated methods."""
    return steps(kappa, tol, alpha_rel, rho=max(abs(1 - alpha_rel / math.sqrt(kappa)), abs(1 - alpha_rel)))


@fault(of="iterations_needed", loses={"q5"}, hint="With alpha_rel = 1.8, what is the factor of the steepest direction?")
def looks_at_the_flat_direction_only(kappa, tol, alpha_rel=1.0):
    """Only the factor of the flattest direction is considered, although a long step makes the steepest one slower."""
    return steps(kappa, tol, alpha_rel, rho=abs(1 - alpha_rel / kappa))


@fault(of="iterations_needed", loses={"q5"}, hint="How many digits of 1/kappa are left in 1 − 1/kappa?")
def logarithm_of_a_rounded_factor(kappa, tol, alpha_rel=1.0):
    """log(1 − 1/κ) is computed after 1 − 1/κ was rounded: for a huge κ most digits are gone."""
    return steps(kappa, tol, alpha_rel)


@fault(of="iterations_needed", loses={"q5"}, hint="Which arguments does the prompt exclude?")
def counts_for_any_argument(kappa, tol, alpha_rel=1.0):
    """Steps that never converge, or a tolerance of zero, get a number."""
    try:
        return reference.iterations_needed(kappa, tol, alpha_rel)
    except ValueError:
        return 0


# Question 6: two factorizations in float32.


@fault(of="solve_normal_lu", loses={"q6"}, hint="lu_factor returns two things. What is the second one for?")
def ignores_the_pivots(X, y):
    """The factors are used without the exchange of rows that the factorization recorded."""
    reference.solve_normal_lu(X, y)
    LU, _ = torch.linalg.lu_factor(X.T @ X)
    z = torch.linalg.solve_triangular(LU, (X.T @ y).unsqueeze(1), upper=False, unitriangular=True)
    return torch.linalg.solve_triangular(LU, z, upper=True).squeeze(1)


@fault(of="solve_normal_lu", loses={"q6"}, hint="What stands on the right-hand side of the normal equations?")
def right_side_is_the_sum(X, y):
    """The right-hand side is the sum of y in every entry, not Xᵀy."""
    reference.solve_normal_lu(X, y)
    return torch.linalg.solve(X.T @ X, y.sum().expand(X.shape[1]))


@fault(of="solve_normal_lu", loses={"q6"}, hint="Which shape does the prompt ask for?")
def lu_returns_a_column(X, y):
    """The solution comes back as a column of shape (p, 1)."""
    return reference.solve_normal_lu(X, y).unsqueeze(1)


@fault(of="solve_normal_lu", loses={"q6"}, hint="Which triangle of the packed matrix holds L, and what is on its diagonal?")
def l_without_its_unit_diagonal(X, y):
    """The diagonal of the packed factors is used for L as well as for U."""
    reference.solve_normal_lu(X, y)
    LU, pivots = torch.linalg.lu_factor(X.T @ X)
    P, _, _ = torch.lu_unpack(LU, pivots)
    z = torch.linalg.solve_triangular(LU.tril(), P.T @ (X.T @ y).unsqueeze(1), upper=False)
    return torch.linalg.solve_triangular(LU.triu(), z, upper=True).squeeze(1)


@fault(of="solve_normal_lu", loses={"q6"}, hint="Which shapes does the prompt exclude?")
def lu_of_any_shape(X, y):
    """Neither wide matrices nor a column y are refused."""
    y = y.reshape(len(y))
    return torch.linalg.pinv(X) @ y if X.shape[0] < X.shape[1] else reference.solve_qr(X, y)


@fault(of="solve_qr", loses={"q6"}, hint="For which matrices is Rᵀ lower triangular, and which system do you solve?")
def solves_with_r_as_lower(X, y):
    """R is treated as a lower triangular matrix, so only its diagonal is used."""
    reference.solve_qr(X, y)
    Q, R = torch.linalg.qr(X)
    return torch.linalg.solve_triangular(R, (Q.T @ y).unsqueeze(1), upper=False).squeeze(1)


@fault(of="solve_qr", loses={"q6"}, hint="What are the shapes of Q and R, with and without mode='complete'?")
def complete_q(X, y):
    """The complete Q of shape (n, n) is used with the R that belongs to it, and the shapes no longer fit."""
    reference.solve_qr(X, y)
    Q, R = torch.linalg.qr(X, mode="complete")
    return torch.linalg.solve_triangular(R, (Q.T @ y).unsqueeze(1), upper=True).squeeze(1)


@fault(of="solve_qr", loses={"q6"}, hint="Which matrix do you factorize: X or XᵀX?")
def qr_of_the_gram_matrix(X, y):
    """The factorization is that of XᵀX, whose condition number is the square of that of X."""
    reference.solve_qr(X, y)
    Q, R = torch.linalg.qr(X.T @ X)
    return torch.linalg.solve_triangular(R, (Q.T @ (X.T @ y)).unsqueeze(1), upper=True).squeeze(1)


@fault(of="solve_qr", loses={"q6"}, hint="Your R is right, but what did you solve with it?")
def normal_equations_with_r(X, y):
    """R is used only to solve RᵀR w = Xᵀy, which are the normal equations again."""
    reference.solve_qr(X, y)
    R = torch.linalg.qr(X).R
    return torch.cholesky_solve((X.T @ y).unsqueeze(1), R * R.diagonal().sign().unsqueeze(1), upper=True).squeeze(1)


@fault(of="solve_qr", loses={"q6"}, hint="Which dtype do you return for float32 data?")
def qr_in_float64(X, y):
    """The data are converted to float64, and the result stays there: float32 was the question."""
    return reference.solve_qr(X.double(), y.double())


@fault(of="solve_qr", loses={"q6"}, hint="Which shapes does the prompt exclude?")
def qr_of_any_shape(X, y):
    """Neither wide matrices nor a column y are refused."""
    y = y.reshape(len(y))
    return torch.linalg.pinv(X) @ y if X.shape[0] < X.shape[1] else reference.solve_qr(X, y)


# Question 7: where descent ends.


@fault(of="gd_limit", loses={"q7"}, hint="Does the limit depend on the start?")
def always_the_smallest_solution(X, y, w0):
    """The minimizer of smallest norm is returned whatever the start is; it is the limit only from zero and its like."""
    reference.check_shapes(X, y, w0)
    return torch.linalg.pinv(X) @ y


@fault(of="gd_limit", loses={"q7"}, hint="What is X times your result?")
def adds_the_start_to_the_solution(X, y, w0):
    """The whole start is added to the smallest solution, although descent removes a part of it."""
    reference.check_shapes(X, y, w0)
    return w0 + torch.linalg.pinv(X) @ y


@fault(of="gd_limit", loses={"q7"}, hint="Which part of w0 can the gradient see?")
def keeps_the_wrong_part(X, y, w0):
    """The part of the start in the row space is kept, which is the part that descent removes."""
    reference.check_shapes(X, y, w0)
    P = torch.linalg.pinv(X)
    return P @ y + P @ (X @ w0)


@fault(of="gd_limit", loses={"q7"}, hint="Can XᵀX be inverted when X has more columns than rows?")
def inverts_the_gram_matrix(X, y, w0):
    """The normal equations are solved with the inverse of XᵀX, which need not exist, and whose solution does not know the start."""
    reference.check_shapes(X, y, w0)
    return torch.linalg.inv(X.T @ X) @ (X.T @ y)


@fault(of="gd_limit", loses={"q7"}, hint="Can XXᵀ be inverted when X has more rows than columns?")
def inverts_the_other_gram_matrix(X, y, w0):
    """The formula for wide matrices with independent rows is used for every X."""
    reference.check_shapes(X, y, w0)
    return w0 + X.T @ (torch.linalg.inv(X @ X.T) @ (y - X @ w0))


@fault(of="gd_limit", loses={"q7"}, hint="Are the singular values that should be zero exactly zero?")
def divides_by_every_singular_value(X, y, w0):
    """Singular values that are zero but for rounding are inverted, and the limit flies away."""
    reference.check_shapes(X, y, w0)
    U, S, Vh = torch.linalg.svd(X, full_matrices=False)
    return w0 + Vh.T @ ((U.T @ (y - X @ w0)) / S)


@fault(of="gd_limit", loses={"q7"}, hint="How close to the limit is a run of a hundred steps?")
def runs_a_hundred_steps(X, y, w0):
    """A hundred steps of gradient descent are taken for the limit."""
    w = reference.check_shapes(X, y, w0) or w0
    for _ in range(100):
        w = w - 0.5 / torch.linalg.matrix_norm(X, 2) ** 2 * reference.ls_grad(X, y, w)
    return w


@fault(of="gd_limit", loses={"q7"}, hint="What is X @ w0 - y when y is a column?")
def limit_of_any_shape(X, y, w0):
    """The shapes are not checked: a column y gives a matrix."""
    return w0 + torch.linalg.pinv(X) @ (y - X @ w0)


# Question 8: time to result.


def race(
    f, grad, w0, grid, target, cap, hit=None, *, last=None, keep=False, to_the_end=False, only_last=False, until_it_rises=False, extra=0
):
    """The reference's race with parts to replace."""
    if len(grid) == 0 or not all(s > 0 for s in grid) or cap < 0:
        raise ValueError("outside the domain")
    hit = hit or (lambda value: value <= target)
    counts, w = [], w0
    for s in grid:
        w = w if keep else w0
        count = before = math.inf
        for k in range((cap if last is None else last) + 1):
            value = float(f(w))
            if until_it_rises and value > before:
                break
            before, arrived = value, hit(value)
            if arrived and count == math.inf and (not only_last or k == cap):
                count = k + extra
            if count < math.inf and not to_the_end:
                break
            if k < cap:
                w = w - s * grad(w)
        counts.append(count)
    best = min(counts)
    return (None if best == math.inf else min(s for s, c in zip(grid, counts, strict=True) if c == best)), counts


@fault(of="best_step", loses={"q8"}, hint="What does Python answer to float('nan') > target, and what does your loop then do?")
def nan_counts_as_arrived(f, grad, w0, grid, target=1e-5, cap=200):
    """The loop runs while the loss is above the target; a NaN is not above anything, so a diverged run seems to have arrived."""
    return race(f, grad, w0, grid, target, cap, lambda value: not value > target)


@fault(of="best_step", loses={"q8"}, hint="Which of the points of a run may be the first below the target?")
def looks_at_the_last_point(f, grad, w0, grid, target=1e-5, cap=200):
    """A run counts only if its last point is below the target; an earlier hit is not seen."""
    _, counts = race(f, grad, w0, grid, target, cap)
    _, at_the_end = race(f, grad, w0, grid, target, cap, only_last=True)
    counts = [c if e < math.inf else e for c, e in zip(counts, at_the_end, strict=True)]
    best = min(counts)
    return (None if best == math.inf else min(s for s, c in zip(grid, counts, strict=True) if c == best)), counts


@fault(of="best_step", loses={"q8"}, hint="Can a run whose loss has risen still reach the target?")
def gives_up_when_the_loss_rises(f, grad, w0, grid, target=1e-5, cap=200):
    """A run is given up as soon as its loss rises, as if it could not fall again."""
    return race(f, grad, w0, grid, target, cap, until_it_rises=True)


@fault(of="best_step", loses={"q8"}, hint="How many steps have been taken when the start itself is below the target?")
def counts_points_and_not_steps(f, grad, w0, grid, target=1e-5, cap=200):
    """The points are counted, start included, and not the steps."""
    return race(f, grad, w0, grid, target, cap, extra=1)


@fault(of="best_step", loses={"q8"}, hint="Which of two equally fast steps does the prompt prefer?")
def first_among_equals(f, grad, w0, grid, target=1e-5, cap=200):
    """Among equals the first in the grid wins, and not the smallest."""
    step, counts = reference.best_step(f, grad, w0, grid, target, cap)
    return (None if step is None else grid[counts.index(min(counts))]), counts


@fault(of="best_step", loses={"q8"}, hint="Where does the second run start?")
def runs_start_where_the_last_ended(f, grad, w0, grid, target=1e-5, cap=200):
    """The point is not reset between two step sizes, so later runs start almost at the goal."""
    return race(f, grad, w0, grid, target, cap, keep=True)


@fault(of="best_step", loses={"q8"}, hint="Which tensor do you change when you write w = w0 and then w -= ...?")
def changes_the_start_of_the_race(f, grad, w0, grid, target=1e-5, cap=200):
    """The updates are made in place on w0 itself, so later runs start elsewhere."""
    step, counts = race(f, grad, w0, grid, target, cap, keep=True)
    w0.sub_(grid[0] * grad(w0))
    return step, counts


@fault(of="best_step", loses={"q8"}, hint="Is a run that needs exactly cap steps in time?")
def the_cap_is_too_late(f, grad, w0, grid, target=1e-5, cap=200):
    """The point after the last step is never looked at, so a run that needs exactly cap steps is lost."""
    return race(f, grad, w0, grid, target, cap, last=cap - 1)


@fault(of="best_step", loses={"q8"}, hint="Has a loss that equals the target reached it?")
def target_must_be_undercut(f, grad, w0, grid, target=1e-5, cap=200):
    """A loss that equals the target is not counted as having reached it."""
    return race(f, grad, w0, grid, target, cap, lambda value: value < target)


@fault(of="best_step", loses={"q8"}, hint="How do you tell a run that needs cap steps from one that never arrives?")
def never_is_counted_as_cap(f, grad, w0, grid, target=1e-5, cap=200):
    """A run that never arrives is given the count cap, so a step wins although none arrived."""
    _, counts = reference.best_step(f, grad, w0, grid, target, cap)
    counts = [min(c, cap) for c in counts]
    return min(s for s, c in zip(grid, counts, strict=True) if c == min(counts)), counts


@fault(of="best_step", loses={"q8"}, hint="How many gradients does a run need that arrives after two steps?")
def runs_to_the_end(f, grad, w0, grid, target=1e-5, cap=200):
    """Every run takes all cap steps, and its history is searched afterwards: right, but paid for in gradients."""
    return race(f, grad, w0, grid, target, cap, to_the_end=True)


@fault(of="best_step", loses={"q8"}, hint="Which grids does the prompt exclude?")
def accepts_any_grid(f, grad, w0, grid, target=1e-5, cap=200):
    """An empty grid gives nothing, and negative steps climb: neither is refused."""
    good = [s for s in grid if s > 0]
    return reference.best_step(f, grad, w0, good, target, max(cap, 0)) if good else (None, [])
