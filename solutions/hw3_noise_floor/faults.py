import math

import torch

import reference
from autograder.audit import fault


def checked_run(alpha, h, c, B, beta=0.0, gamma=0.0):
    """The domain of simulate_nqm, checked as the reference does."""
    reference.simulate_nqm(alpha, h, c, B, h, torch.zeros(0, 1, len(h), dtype=h.dtype, device=h.device), beta=beta, gamma=gamma)


def run(alpha, h, c, B, w0, noise, beta, gamma, p, *, scale=None, direction=None, average=None, loss=None, order="after", start=None):
    """simulate_nqm with parts that a fault replaces: direction(m, g) gives the new buffer and the step, average(a, w) the new average."""
    checked_run(alpha, h, c, B, beta, gamma)
    scale = (c / B).sqrt() if scale is None else scale
    direction = direction or (lambda m, g: (beta * m + g, beta * m + g))
    average = average or (lambda a, w: gamma * a + (1 - gamma) * w)
    loss = loss or (lambda v: 0.5 * (h * v**2).sum(dim=-1))
    w = w0.expand(noise.shape[1:])
    a, m = w if start is None else start * w, torch.zeros_like(w)
    losses = [loss(w)]
    for k in range(len(noise)):
        m, step = direction(m, (h * w + scale * noise[k]) / h**p)
        old, w = w, w - alpha * step
        a = average(a, w if order == "after" else old)
        losses.append(loss(a))
    return torch.stack(losses)


# Question 1


@fault(of="draw_batches", loses={"q1"}, hint="Does the upper end of torch.randint belong to its range?")
def never_the_last_point(n, B, K, generator):
    """The upper end of randint is taken to be included, so that the last point is never drawn."""
    reference.draw_batches(n, B, max(K, 0) if K >= 0 else K, torch.Generator())
    return torch.randint(0, max(n - 1, 1), (K, B), generator=generator)


@fault(of="draw_batches", loses={"q1"}, hint="May a point come twice in one batch?")
def distinct_points_in_a_batch(n, B, K, generator):
    """Each batch is the beginning of a permutation, drawn without replacement."""
    reference.draw_batches(n, B, K, torch.Generator())
    return torch.stack([torch.randperm(n, generator=generator)[:B] for _ in range(K)])


@fault(of="draw_batches", loses={"q1"}, hint="How many draws does your function make for K batches?")
def one_batch_for_every_step(n, B, K, generator):
    """One batch is drawn and used at every step."""
    reference.draw_batches(n, B, K, torch.Generator())
    return torch.randint(0, n, (1, B), generator=generator).repeat(K, 1)


@fault(of="draw_batches", loses={"q1"}, hint="Which interval is rounded to 0, and which to 1? Are they equally long?")
def rounded_floats(n, B, K, generator):
    """Uniform floats between 0 and n - 1 are rounded, which gives both ends half of their share."""
    reference.draw_batches(n, B, K, torch.Generator())
    return (torch.rand(K, B, generator=generator) * (n - 1)).round().long()


@fault(of="draw_batches", loses={"q1"}, hint="Where does your function use its argument generator?")
def draws_from_the_global_generator(n, B, K, generator):
    """The generator is ignored and torch's global one is used."""
    reference.draw_batches(n, B, K, torch.Generator())
    return torch.randint(0, n, (K, B))


@fault(of="draw_batches", loses={"q1"}, hint="Must every point have been used before one comes again?")
def shuffled_epochs(n, B, K, generator):
    """The data are shuffled and passed through in epochs, so that no point comes again before all others have come."""
    reference.draw_batches(n, B, K, torch.Generator())
    epochs = [torch.randperm(n, generator=generator) for _ in range(-(-K * B // n))]
    return torch.cat([torch.empty(0, dtype=torch.int64), *epochs])[: K * B].reshape(K, B)


@fault(of="draw_batches", loses={"q1"}, hint="What does a second call with the same generator give?")
def starts_the_stream_over(n, B, K, generator):
    """The generator is reseeded at every call, so that all calls give the same batches."""
    reference.draw_batches(n, B, K, torch.Generator())
    return torch.randint(0, n, (K, B), generator=torch.Generator().manual_seed(generator.initial_seed()))


@fault(of="draw_batches", loses={"q1"}, hint="Is a row a step or a position in the batch?")
def columns_are_batches(n, B, K, generator):
    """Rows and columns are exchanged: the result has the shape (B, K)."""
    reference.draw_batches(n, B, K, torch.Generator())
    return torch.randint(0, n, (B, K), generator=generator)


@fault(of="draw_batches", loses={"q1"}, hint="What should happen for B = 0?")
def draws_nothing_without_complaint(n, B, K, generator):
    """Sizes outside the domain are not refused: a batch of size zero comes back empty."""
    return torch.randint(0, max(n, 1), (max(K, 0), max(B, 0)), generator=generator)


@fault(of="sgd_mean", loses={"q1"}, hint="Toward the point, or away from it?")
def climbs(x, idx, w0, eta):
    """The step goes along the gradient w - x and not against it."""
    reference.sgd_mean(x, idx, w0, eta)
    w = [w0]
    for i in idx:
        w.append(w[-1] + eta * (w[-1] - x[i].mean()))
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in w])


@fault(of="sgd_mean", loses={"q1"}, hint="Which points does step k see?")
def full_gradient(x, idx, w0, eta):
    """Every step uses the mean of all the data, so that nothing is random."""
    reference.sgd_mean(x, idx, w0, eta)
    w = [w0]
    for _ in idx:
        w.append((1 - eta) * w[-1] + eta * x.mean())
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in w])


@fault(of="sgd_mean", loses={"q1"}, hint="How many iterates do K steps make, counting the start?")
def forgets_the_start(x, idx, w0, eta):
    """Only the iterates after each step are kept, K of them."""
    return reference.sgd_mean(x, idx, w0, eta)[1:]


@fault(of="sgd_mean", loses={"q1"}, hint="Does the step grow with the batch?")
def sums_the_batch(x, idx, w0, eta):
    """The gradients of a batch are added up and not averaged."""
    reference.sgd_mean(x, idx, w0, eta)
    B = 1 if idx.dim() == 1 else idx.shape[1]
    w = [w0]
    for i in idx:
        w.append(w[-1] - eta * (B * w[-1] - x[i].sum()))
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in w])


@fault(of="sgd_mean", loses={"q1"}, hint="By how much do you shrink w before you add the drawn point?")
def step_applied_twice(x, idx, w0, eta):
    """The step is multiplied in twice, once in the gradient and once in the update."""
    reference.sgd_mean(x, idx, w0, eta)
    return reference.sgd_mean(x, idx, w0, eta * eta)


@fault(of="sgd_mean", loses={"q1"}, hint="Is w_k still in the update of w_{k+1}?")
def does_not_shrink_the_iterate(x, idx, w0, eta):
    """The point is added with weight eta, but the iterate is not scaled by 1 - eta."""
    reference.sgd_mean(x, idx, w0, eta)
    w = [w0]
    for i in idx:
        w.append(w[-1] + eta * x[i].mean())
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in w])


@fault(of="sgd_mean", loses={"q1"}, hint="What is the dtype of the tensor in which you collect the run?")
def run_in_float32(x, idx, w0, eta):
    """The run is collected in a float32 tensor and converted at the end."""
    return reference.sgd_mean(x.float(), idx, w0, eta).to(x.dtype)


@fault(of="sgd_mean", loses={"q1"}, hint="If a point is drawn twice, how often does it count?")
def counts_each_point_once(x, idx, w0, eta):
    """A point that is drawn twice in a batch counts once."""
    reference.sgd_mean(x, idx, w0, eta)
    w = [w0]
    for i in idx:
        w.append((1 - eta) * w[-1] + eta * x[i.unique()].mean())
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in w])


@fault(of="sgd_mean", loses={"q1"}, hint="Is the first step of the same size as the last?")
def shrinks_the_step(x, idx, w0, eta):
    """The step is divided by k + 1, although it is constant here."""
    reference.sgd_mean(x, idx, w0, eta)
    w = [w0]
    for k, i in enumerate(idx):
        w.append((1 - eta / (k + 1)) * w[-1] + eta / (k + 1) * x[i].mean())
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in w])


@fault(of="sgd_mean", loses={"q1"}, hint="What does your function do to x?")
def centers_the_data_in_place(x, idx, w0, eta):
    """The data are centered in place, which changes the caller's tensor."""
    w = reference.sgd_mean(x, idx, w0, eta)
    x -= x.mean()
    return w


@fault(of="sgd_mean", loses={"q1"}, hint="What remains of a run when there are no draws?")
def empty_without_draws(x, idx, w0, eta):
    """Without draws an empty tensor comes back, without the start."""
    w = reference.sgd_mean(x, idx, w0, eta)
    return w if len(idx) else w[:0]


@fault(of="sgd_mean", loses={"q1"}, hint="Which arguments does the table call outside the domain?")
def takes_any_step(x, idx, w0, eta):
    """Steps that are not positive are not refused."""
    return reference.sgd_mean(x, idx, w0, eta) if eta > 0 else torch.full((len(idx) + 1,), w0, dtype=x.dtype)


@fault(of="sgd_mean", loses={"q1"}, hint="What is the mean of no points?")
def takes_any_indices(x, idx, w0, eta):
    """Indices of any shape are taken; the mean of an empty batch is NaN."""
    return reference.sgd_mean(x, idx, w0, eta) if idx.dim() < 3 and idx.numel() else torch.full((len(idx) + 1,), w0, dtype=x.dtype)


@fault(of="sgd_mean", loses={"q1"}, hint="Is there anything wrong with eta = 1.4?")
def refuses_steps_above_one(x, idx, w0, eta):
    """Steps above 1 are refused, although the iteration settles for every step below 2."""
    if eta > 1:
        raise ValueError("eta must be at most 1")
    return reference.sgd_mean(x, idx, w0, eta)


@fault(of="sgd_mean", loses={"q1"}, hint="What does the prompt say about a step above 2?")
def refuses_steps_above_two(x, idx, w0, eta):
    """Steps above 2 are refused, although a run that moves away is still a run."""
    if eta > 2:
        raise ValueError("eta must be at most 2")
    return reference.sgd_mean(x, idx, w0, eta)


# Question 2


@fault(of="mse_mean", loses={"q2"}, hint="Is eta sigma2 / B the floor, or a bound of it?")
def bound_for_the_floor(k, eta, sigma2, e0, B=1):
    """The simple bound eta sigma2 / B stands where the floor belongs."""
    return reference.mse_mean(k, eta, sigma2 * (2 - eta), e0, B)


@fault(of="mse_mean", loses={"q2"}, hint="Is the noise at its full height after one step?")
def floor_from_the_first_step(k, eta, sigma2, e0, B=1):
    """The floor is added at full height from the start, without the factor that lets it rise."""
    return reference.mse_mean(k, eta, 0.0, e0, B) + reference.floor_mean(eta, sigma2, B)


@fault(of="mse_mean", loses={"q2"}, hint="The error is squared. By what is it multiplied at each step?")
def mean_instead_of_square(k, eta, sigma2, e0, B=1):
    """The squared error is made to shrink by 1 - eta per step, as the error itself does."""
    reference.mse_mean(k, eta, sigma2, e0, B)
    kept = (1 - eta) ** k
    return kept * e0**2 + (1 - kept) * reference.floor_mean(eta, sigma2, B)


@fault(of="mse_mean", loses={"q2"}, hint="What is the squared error before the first step?")
def start_not_squared(k, eta, sigma2, e0, B=1):
    """The first error enters as it is, and not squared."""
    return reference.mse_mean(k, eta, sigma2, abs(e0) ** 0.5, B)


@fault(of="mse_mean", loses={"q2"}, hint="What is the variance of a mean of B independent draws?")
def batch_size_squared(k, eta, sigma2, e0, B=1):
    """The variance of a batch is divided by B twice."""
    return reference.mse_mean(k, eta, sigma2 / B if B else sigma2, e0, B)


@fault(of="mse_mean", loses={"q2"}, hint="Where does B enter?")
def batch_size_ignored(k, eta, sigma2, e0, B=1):
    """The noise of a batch is taken to be that of one draw."""
    reference.mse_mean(k, eta, sigma2, e0, B)
    return reference.mse_mean(k, eta, sigma2, e0)


@fault(of="mse_mean", loses={"q2"}, hint="Is sigma2 the standard deviation or its square?")
def variance_squared(k, eta, sigma2, e0, B=1):
    """sigma2 is taken for the standard deviation and squared once more."""
    reference.mse_mean(k, eta, sigma2, e0, B)
    return reference.mse_mean(k, eta, sigma2**2, e0, B)


@fault(of="mse_mean", loses={"q2"}, hint="What is the dtype of 0.9 ** torch.arange(3)?")
def powers_of_integer_tensors(k, eta, sigma2, e0, B=1):
    """k is made an integer tensor: torch then computes the power in float32."""
    if not isinstance(k, torch.Tensor):
        return reference.mse_mean(k, eta, sigma2, e0, B)
    kept = ((1 - eta) ** (2 * k.long())).to(k.dtype)
    return kept * e0**2 + (1 - kept) * reference.floor_mean(eta, sigma2, B)


@fault(of="mse_mean", loses={"q2"}, hint="Is an error of the mean (bias) all the error that a run has?")
def bias_only(k, eta, sigma2, e0, B=1):
    """Only the squared error of the expected iterate is returned, without the variance of the runs."""
    return reference.mse_mean(k, eta, 0.0 * sigma2, e0, B) if sigma2 >= 0 else reference.mse_mean(k, eta, sigma2, e0, B)


@fault(of="mse_mean", loses={"q2"}, hint="Where does the start enter?")
def variance_only(k, eta, sigma2, e0, B=1):
    """Only the variance of the iterate is returned, without the squared bias."""
    return reference.mse_mean(k, eta, sigma2, 0.0 * e0, B)


@fault(of="mse_mean", loses={"q2"}, hint="For which steps does the error settle?")
def mse_for_any_step(k, eta, sigma2, e0, B=1):
    """Steps outside (0, 2) are not refused."""
    kept = ((1 - eta) ** 2) ** k
    return kept * e0**2 + (1 - kept) * (eta / (2 - eta + 1e-300)) * sigma2 / max(B, 1)


@fault(of="mse_mean", loses={"q2"}, hint="The factor is (1 - eta)². What is it at eta = 1.5?")
def mse_refuses_above_one(k, eta, sigma2, e0, B=1):
    """Steps above 1 are refused, although the analysis holds below 2."""
    if eta > 1:
        raise ValueError("eta must be at most 1")
    return reference.mse_mean(k, eta, sigma2, e0, B)


@fault(of="floor_mean", loses={"q2"}, hint="Is eta sigma2 / B the floor, or a bound of it?")
def floor_is_the_bound(eta, sigma2, B=1):
    """The simple bound eta sigma2 / B is returned."""
    return reference.floor_mean(eta, sigma2, B) * (2 - eta)


@fault(of="floor_mean", loses={"q2"}, hint="Put eta = 1 into your formula: what is the variance of a single draw?")
def half_the_step(eta, sigma2, B=1):
    """eta / 2 stands where eta / (2 - eta) belongs: half of the data's variance at eta = 1, as one sentence of the notes has it."""
    return reference.floor_mean(eta, sigma2, B) * (2 - eta) / 2


@fault(of="floor_mean", loses={"q2"}, hint="What is the variance of a mean of B independent draws?")
def floor_over_batch_squared(eta, sigma2, B=1):
    """The variance of a batch is divided by B twice."""
    return reference.floor_mean(eta, sigma2, B) / B


@fault(of="floor_mean", loses={"q2"}, hint="Where does B enter?")
def floor_without_batch(eta, sigma2, B=1):
    """The batch size is ignored."""
    return reference.floor_mean(eta, sigma2, B) * B


@fault(of="floor_mean", loses={"q2"}, hint="Is the floor a squared distance or a distance?")
def floor_as_a_distance(eta, sigma2, B=1):
    """The root of the floor is returned: a distance, not a squared one."""
    return reference.floor_mean(eta, sigma2, B) ** 0.5


@fault(of="floor_mean", loses={"q2"}, hint="Is sigma2 the standard deviation or its square?")
def floor_with_variance_squared(eta, sigma2, B=1):
    """sigma2 is taken for the standard deviation and squared once more."""
    return reference.floor_mean(eta, sigma2, B) * sigma2


@fault(of="floor_mean", loses={"q2"}, hint="For which steps is there a floor?")
def floor_for_any_step(eta, sigma2, B=1):
    """Arguments outside the domain are not refused."""
    return eta / (2 - eta + 1e-300) * sigma2 / max(B, 1)


@fault(of="floor_mean", loses={"q2"}, hint="Is there a floor at eta = 1.5?")
def floor_refuses_above_one(eta, sigma2, B=1):
    """Steps above 1 are refused, although the analysis holds below 2."""
    if eta > 1:
        raise ValueError("eta must be at most 1")
    return reference.floor_mean(eta, sigma2, B)


# Question 3


@fault(of="power_schedule", loses={"q3"}, hint="What is the number of the first step here, 0 or 1?")
def power_counts_from_one(k, eta0, p):
    """The schedule is eta0 / k^p, which divides by zero at the first step."""
    return reference.power_schedule(k - 1, eta0, p)


@fault(of="power_schedule", loses={"q3"}, hint="What is raised to the power p?")
def power_of_the_whole_step(k, eta0, p):
    """eta0 is raised to the power p, too."""
    reference.power_schedule(k, eta0, p)
    return (eta0 / (k + 1)) ** p


@fault(of="power_schedule", loses={"q3"}, hint="What multiplies k in the formula, and what is its exponent?")
def one_over_one_plus_pk(k, eta0, p):
    """The schedule is eta0 / (1 + p k): p multiplies where it should be an exponent."""
    reference.power_schedule(k, eta0, p)
    return eta0 / (1 + p * k)


@fault(of="power_schedule", loses={"q3"}, hint="Does your formula accept a step of zero?")
def power_of_any_step(k, eta0, p):
    """A first step that is not positive is not refused."""
    return eta0 / (k + 1) ** p


@fault(of="geom_schedule", loses={"q3"}, hint="How large is the first step?")
def decays_before_the_first_step(k, eta0, decay):
    """The first step is already multiplied by the decay."""
    return reference.geom_schedule(k + 1, eta0, decay)


@fault(of="geom_schedule", loses={"q3"}, hint="How does exp(-decay k) compare with decay^k?")
def exponential_of_the_decay(k, eta0, decay):
    """exp(-decay k) stands where decay^k belongs."""
    reference.geom_schedule(k, eta0, decay)
    return eta0 * math.exp(-decay) ** k


@fault(of="geom_schedule", loses={"q3"}, hint="Does a decay of 1 decay?")
def geom_of_any_decay(k, eta0, decay):
    """Arguments outside the domain are not refused."""
    return eta0 * decay**k


@fault(of="cosine_schedule", loses={"q3"}, hint="What is the argument of the cosine at k = K, and where does the cosine end up?")
def whole_period(k, eta0, eta_min, K):
    """The cosine runs through a whole period and is back at eta0 at the end."""
    reference.cosine_schedule(k, eta0, eta_min, K)
    return reference.cosine_schedule(2 * k, eta0, eta_min, K)


@fault(of="cosine_schedule", loses={"q3"}, hint="In which unit does the cosine want its angle?")
def degrees(k, eta0, eta_min, K):
    """The angle is given in degrees."""
    reference.cosine_schedule(k, eta0, eta_min, K)
    return reference.cosine_schedule(180 * k / math.pi, eta0, eta_min, K)


@fault(of="cosine_schedule", loses={"q3"}, hint="How large is the first step?")
def amplitude_with_the_minimum(k, eta0, eta_min, K):
    """The amplitude is eta0 and not eta0 - eta_min, so that the schedule starts above eta0."""
    return reference.cosine_schedule(k, eta0, eta_min, K) + eta_min * (reference.cosine_schedule(k, 1.0, 0.0, max(K, 1)))


@fault(of="cosine_schedule", loses={"q3"}, hint="Where does the schedule end?")
def minimum_forgotten(k, eta0, eta_min, K):
    """The schedule goes down to zero and not to eta_min."""
    reference.cosine_schedule(k, eta0, eta_min, K)
    return reference.cosine_schedule(k, eta0, 0.0, K)


@fault(of="cosine_schedule", loses={"q3"}, hint="Is the slope at the start the same as in the middle?")
def straight_line(k, eta0, eta_min, K):
    """The step goes down in a straight line, which agrees at both ends and in the middle."""
    reference.cosine_schedule(k, eta0, eta_min, K)
    return eta0 + (eta_min - eta0) * k / K


@fault(of="cosine_schedule", loses={"q3"}, hint="At which k is eta_min reached?")
def one_step_short(k, eta0, eta_min, K):
    """The minimum is placed at k = K - 1."""
    reference.cosine_schedule(k, eta0, eta_min, K)
    return reference.cosine_schedule(k * K / (K - 1), eta0, eta_min, K)


@fault(of="cosine_schedule", loses={"q3"}, hint="Which of eta0 and eta_min must be the larger?")
def cosine_of_anything(k, eta0, eta_min, K):
    """Arguments outside the domain are not refused."""
    return reference.cosine_schedule(k, eta0, eta_min, K) if 0 <= eta_min <= eta0 and K > 0 else eta0


@fault(of="cosine_schedule", loses={"q3"}, hint="May eta_min be equal to eta0?")
def constant_cosine_refused(k, eta0, eta_min, K):
    """eta_min = eta0 is refused, although it is inside the domain: the schedule is a constant."""
    if eta_min == eta0:
        raise ValueError("eta_min must be below eta0")
    return reference.cosine_schedule(k, eta0, eta_min, K)


@fault(of="cosine_schedule", loses={"q3"}, hint="Is a schedule of a single step inside the domain?")
def cosine_over_one_step_refused(k, eta0, eta_min, K):
    """K = 1 is refused, although it is inside the domain."""
    if K <= 1:
        raise ValueError("K must exceed 1")
    return reference.cosine_schedule(k, eta0, eta_min, K)


@fault(of="mse_schedule", loses={"q3"}, hint="How many errors do K steps make, counting the start?")
def errors_without_the_start(etas, sigma2, e0, B=1):
    """Only the errors after each step are returned."""
    return reference.mse_schedule(etas, sigma2, e0, B)[1:]


@fault(of="mse_schedule", loses={"q3"}, hint="By what is the variance of a draw multiplied when the draw is multiplied by eta?")
def noise_with_the_plain_step(etas, sigma2, e0, B=1):
    """The noise enters with eta and not with eta²."""
    errors = reference.mse_schedule(etas, sigma2, e0, B)[:1].tolist()
    for eta in etas.tolist():
        errors.append((1 - eta) ** 2 * errors[-1] + eta * sigma2 / B)
    return torch.tensor(errors, dtype=etas.dtype)


@fault(of="mse_schedule", loses={"q3"}, hint="Which step leads from A_0 to A_1?")
def next_step_instead(etas, sigma2, e0, B=1):
    """The steps are off by one: step k uses the size of step k + 1."""
    return reference.mse_schedule(torch.cat([etas[1:], etas[-1:]]), sigma2, e0, B)


@fault(of="mse_schedule", loses={"q3"}, hint="What is the squared error before the first step?")
def schedule_start_not_squared(etas, sigma2, e0, B=1):
    """The first error enters as it is, and not squared."""
    return reference.mse_schedule(etas, sigma2, abs(e0) ** 0.5, B)


@fault(of="mse_schedule", loses={"q3"}, hint="Where does B enter?")
def schedule_without_batch(etas, sigma2, e0, B=1):
    """The batch size is ignored."""
    reference.mse_schedule(etas, sigma2, e0, B)
    return reference.mse_schedule(etas, sigma2, e0)


@fault(of="mse_schedule", loses={"q3"}, hint="Does the closed form for a constant step know which steps came before?")
def constant_formula_with_the_current_step(etas, sigma2, e0, B=1):
    """The closed form for a constant step is used with the current step, as if all earlier ones had been equal to it."""
    reference.mse_schedule(etas, sigma2, e0, B)
    errors = [e0**2]
    for k, eta in enumerate(etas.tolist(), start=1):
        kept = (1 - eta) ** (2 * k)
        errors.append(kept * e0**2 + (1 - kept) * eta / (2 - eta) * sigma2 / B)
    return torch.tensor(errors, dtype=etas.dtype)


@fault(of="mse_schedule", loses={"q3"}, hint="What happens to noise that came in earlier when a later step shrinks the error?")
def noise_never_forgotten(etas, sigma2, e0, B=1):
    """The noise of all steps is added up, and later steps do not shrink it."""
    start = reference.mse_schedule(etas, 0.0 * sigma2 if sigma2 > 0 else sigma2, e0, B)
    return start + torch.cat([start[:1] * 0, (etas**2).cumsum(0)]) * sigma2 / B


@fault(of="mse_schedule", loses={"q3"}, hint="Should a negative step pass?")
def schedule_of_any_steps(etas, sigma2, e0, B=1):
    """Arguments outside the domain are not refused."""
    return reference.mse_schedule(etas.abs(), abs(sigma2), e0, max(B, 1))


@fault(of="mse_schedule", loses={"q3"}, hint="Which steps does the table exclude?")
def schedule_refuses_large_steps(etas, sigma2, e0, B=1):
    """Steps of 2 and more are refused, although the recursion holds for them, too."""
    if bool((etas >= 2).any()):
        raise ValueError("etas must lie below 2")
    return reference.mse_schedule(etas, sigma2, e0, B)


@fault(of="robbins_monro", loses={"q3"}, hint="Is the sum of 1/k finite?")
def half_is_enough(p):
    """At p = 1/2 the squares are 1/(k+1), whose sum is taken for finite."""
    return p <= 1, p >= 0.5


@fault(of="robbins_monro", loses={"q3"}, hint="Is the sum of 1/k finite?")
def one_is_too_much(p):
    """At p = 1 the sum of the steps is taken for finite."""
    return p < 1, p > 0.5


@fault(of="robbins_monro", loses={"q3"}, hint="Which condition stands first in the result?")
def conditions_exchanged(p):
    """The two conditions come in the wrong order."""
    return p > 0.5, p <= 1


@fault(of="robbins_monro", loses={"q3"}, hint="The second condition is about squares. What is the exponent of (1/(k+1)^p)²?")
def squares_not_squared(p):
    """The second condition is put to the steps themselves, and not to their squares."""
    return p <= 1, p > 1


@fault(of="robbins_monro", loses={"q3"}, hint="How many conditions are there?")
def one_verdict(p):
    """Only the conjunction of the two conditions is returned."""
    return 0.5 < p <= 1


@fault(of="robbins_monro", loses={"q3"}, hint="What is the sum of infinitely many equal steps?")
def constant_steps_excluded(p):
    """Constant and growing steps are said not to have an infinite sum, because they are no decaying schedule."""
    return 0 < p <= 1, p > 0.5


# Question 4


@fault(of="simulate_nqm", loses={"q4"}, hint="c/B is a variance. By what do you multiply a standard normal number?")
def variance_as_deviation(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The noise is multiplied by the variance c/B and not by its root."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, scale=c / max(B, 1))


@fault(of="simulate_nqm", loses={"q4"}, hint="Where does B enter?")
def noise_of_one_example(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The noise is not reduced by the batch size."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, scale=c.abs().sqrt())


@fault(of="simulate_nqm", loses={"q4"}, hint="How does the standard deviation of a mean fall with B?")
def deviation_over_B(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The standard deviation is divided by B and not by its root."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, scale=c.abs().sqrt() / max(B, 1))


@fault(of="simulate_nqm", loses={"q4"}, hint="Is there a factor in front of g in the buffer of lecture 7?")
def buffer_is_an_average(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The gradient enters the buffer with 1 - beta, as in Adam."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, direction=lambda m, g: (beta * m + (1 - beta) * g,) * 2)


@fault(of="simulate_nqm", loses={"q4"}, hint="Which buffer moves the weights, the old or the new one?")
def step_with_the_old_buffer(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The buffer is updated after the step, so that the weights move along the old one."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, direction=lambda m, g: (beta * m + g, beta * m + (g if beta == 0 else 0)))


@fault(of="simulate_nqm", loses={"q4"}, hint="Along what do the weights move, the buffer or something that looks ahead?")
def nesterov(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The step is g + beta m, as in Nesterov's momentum, and not m."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, direction=lambda m, g: (beta * m + g, g + beta * (beta * m + g)))


@fault(of="simulate_nqm", loses={"q4"}, hint="What does beta = 0.5 change in your function?")
def momentum_ignored(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """beta is checked and never used."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, direction=lambda m, g: (g, g))


@fault(of="simulate_nqm", loses={"q4"}, hint="Which weights enter the average, those before the step or after it?")
def average_before_the_step(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The average is updated before the step, with the old weights."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, order="before" if gamma > 0 else "after")


@fault(of="simulate_nqm", loses={"q4"}, hint="Which of gamma and 1 - gamma belongs to the old average?")
def decay_exchanged(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """gamma and 1 - gamma are exchanged in the average."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, average=lambda a, w: (1 - gamma) * a + gamma * w if gamma else w)


@fault(of="simulate_nqm", loses={"q4"}, hint="Where does the average start?")
def average_from_zero(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The average starts at zero and not at w0."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, start=0.0)


@fault(of="simulate_nqm", loses={"q4"}, hint="What is averaged, the weights or the losses?")
def losses_averaged(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The losses are averaged, and not the weights."""
    losses = run(alpha, h, c, B, w0, noise, beta, gamma, p, average=lambda a, w: w)
    for k in range(len(noise)):
        losses[k + 1] = gamma * losses[k] + (1 - gamma) * losses[k + 1]
    return losses


@fault(of="simulate_nqm", loses={"q4"}, hint="Does the run notice that you average?")
def run_continues_from_the_average(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The average is put back into the run, so that averaging changes the trajectory."""
    checked_run(alpha, h, c, B, beta, gamma)
    w, m = w0.expand(noise.shape[1:]), 0.0
    losses = [0.5 * (h * w**2).sum(dim=-1)]
    for xi in noise:
        m = beta * m + (h * w + (c / B).sqrt() * xi) / h**p
        w = gamma * w + (1 - gamma) * (w - alpha * m)
        losses.append(0.5 * (h * w**2).sum(dim=-1))
    return torch.stack(losses)


@fault(of="simulate_nqm", loses={"q4"}, hint="Does a steep coordinate get a larger or a smaller step?")
def preconditioner_inverted(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The gradient is multiplied by h^p and not divided by it."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, -p)


@fault(of="simulate_nqm", loses={"q4"}, hint="Which part of the gradient can an optimizer scale by itself?")
def noise_not_preconditioned(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """Only the true gradient is preconditioned, and not the noise that comes with it."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, scale=(c.abs() / max(B, 1)).sqrt() * h.abs() ** p)


@fault(of="simulate_nqm", loses={"q4"}, hint="What does p = 1 do to a coordinate with h = 4?")
def root_of_the_preconditioner(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The gradient is divided by h^(p/2)."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p / 2)


@fault(of="simulate_nqm", loses={"q4"}, hint="What is the loss of a coordinate with h = 1 at w = 1?")
def loss_without_the_half(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The factor 1/2 of the loss is forgotten."""
    return 2 * reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="Is your second factor the loss or the squared distance?")
def distance_instead_of_loss(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The curvature is left out of the loss: half of the squared distance is returned."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, loss=lambda v: 0.5 * (v**2).sum(dim=-1))


@fault(of="simulate_nqm", loses={"q4"}, hint="A loss adds up over coordinates. Does yours?")
def mean_over_coordinates(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The losses of the coordinates are averaged and not added."""
    return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p) / len(h)


@fault(of="simulate_nqm", loses={"q4"}, hint="Which entry of noise does step 2 use?")
def same_noise_at_every_step(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """Every step uses the noise of the first."""
    return reference.simulate_nqm(alpha, h, c, B, w0, noise[:1].expand(noise.shape), beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="Do two runs with different noise have the same losses?")
def same_noise_in_every_run(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """All runs use the noise of the first."""
    return reference.simulate_nqm(alpha, h, c, B, w0, noise[:, :1].expand(noise.shape), beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="How many losses do K steps make, counting the start?")
def losses_without_the_start(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The loss at w0 is left out."""
    return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)[1:]


@fault(of="simulate_nqm", loses={"q4"}, hint="Does noise belong to the gradient or to the loss?")
def mean_over_runs(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The runs are averaged; one column is returned for each run all the same."""
    losses = reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)
    return losses.mean(dim=1, keepdim=True).expand(losses.shape)


@fault(of="simulate_nqm", loses={"q4"}, hint="Is the noise in the caller's hands the same after the call?")
def scales_the_noise_in_place(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The caller's noise is multiplied by its standard deviation in place."""
    losses = reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)
    noise *= (c / B).sqrt()
    return losses


@fault(of="simulate_nqm", loses={"q4"}, hint="What is the dtype of the tensor in which you collect the losses?")
def collects_in_float32(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The losses are collected in a float32 tensor and converted at the end."""
    return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p).float().to(noise.dtype)


@fault(of="simulate_nqm", loses={"q4"}, hint="What is the dtype of the losses when the noise is float32?")
def always_float64(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The result is float64 whatever the dtype of the noise."""
    return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p).double()


@fault(of="simulate_nqm", loses={"q4"}, hint="Where is the noise added, in the gradient or behind the step?")
def noise_on_the_weights(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The noise is added to the weights and not to the gradient: the step size does not scale it."""
    return run(alpha, h, c, B, w0, noise, beta, gamma, p, scale=(c.abs() / max(B, 1)).sqrt() / alpha if alpha > 0 else None)


@fault(of="simulate_nqm", loses={"q4"}, hint="Which arguments does the table call outside the domain?")
def simulates_anything(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """Arguments outside the domain are not refused."""
    try:
        return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)
    except ValueError:
        return noise.new_zeros(len(noise) + 1, noise.shape[1])


@fault(of="simulate_nqm", loses={"q4"}, hint="What does the table say about unstable steps?")
def refuses_unstable_steps(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """Unstable steps are refused, although a run may blow up."""
    checked_run(alpha, h, c, B, beta, gamma)
    if bool((alpha * h ** (1 - p) >= 2 * (1 + beta)).any()):
        raise ValueError("unstable")
    return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="Where do the losses lie when the noise lies on a GPU?")
def losses_on_the_cpu(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The arguments are brought to the CPU and the losses stay there."""
    return reference.simulate_nqm(alpha, h.cpu(), c.cpu(), B, w0.cpu(), noise.cpu(), beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="On which device does a tensor lie that you make without naming one?")
def buffer_without_a_device(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The buffer is made without a device, and so on the CPU."""
    m = torch.zeros(w0.shape, dtype=w0.dtype)
    return reference.simulate_nqm(alpha, h, c, B, w0 + m, noise, beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="What does a NumPy array know of a GPU?")
def simulates_in_numpy(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """The arithmetic is done by NumPy, which knows no tensor on a device."""
    h, c, w0, noise = (torch.from_numpy(x.numpy()) for x in (h, c, w0, noise))
    return reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)


@fault(of="simulate_nqm", loses={"q4"}, hint="How often does your loop make a Python number from a tensor?")
def losses_read_at_every_step(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """Each loss is read as a Python number when it is computed, for which the processor waits at every step."""
    losses = reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)
    return torch.tensor([row.tolist() for row in losses], dtype=noise.dtype, device=noise.device)


@fault(of="simulate_nqm", loses={"q4"}, hint="What does an `if` on a tensor ask of the device?")
def looks_for_a_run_that_blew_up(alpha, h, c, B, w0, noise, beta=0.0, gamma=0.0, p=0.0):
    """After every step an `if` asks whether the losses are still finite, for which the processor waits."""
    losses = reference.simulate_nqm(alpha, h, c, B, w0, noise, beta, gamma, p)
    for row in losses:
        if row.isnan().any():
            break
    return losses


# Question 5


@fault(of="nqm_floor", loses={"q5"}, hint="Is it the variance of w that is asked for, or the loss?")
def variance_of_the_weights(alpha, h, c, B):
    """The variance of the weights is returned: the factor h/2 that makes it a loss is missing."""
    reference.nqm_floor(alpha, h, c, B)
    return float((alpha * c / (B * h * (2 - alpha * h))).sum())


@fault(of="nqm_floor", loses={"q5"}, hint="What is subtracted from 2?")
def two_minus_h(alpha, h, c, B):
    """2 - h stands where 2 - alpha h belongs."""
    reference.nqm_floor(alpha, h, c, B)
    return float((alpha * c / (2 * B * (2 - h + 1e-300))).sum())


@fault(of="nqm_floor", loses={"q5"}, hint="Halve alpha, with alpha h small. By what is the floor divided?")
def step_squared(alpha, h, c, B):
    """alpha enters squared, as in the noise of a single step."""
    return alpha * reference.nqm_floor(alpha, h, c, B)


@fault(of="nqm_floor", loses={"q5"}, hint="Is c a variance or a standard deviation?")
def noise_variance_squared(alpha, h, c, B):
    """c is taken for a standard deviation and squared."""
    reference.nqm_floor(alpha, h, c, B)
    return reference.nqm_floor(alpha, h, c * c, B)


@fault(of="nqm_floor", loses={"q5"}, hint="Which curvature belongs to the second coordinate?")
def largest_curvature_everywhere(alpha, h, c, B):
    """The largest curvature is used for every coordinate."""
    reference.nqm_floor(alpha, h, c, B)
    return reference.nqm_floor(alpha, h.max().expand(h.shape), c, B)


@fault(of="nqm_floor", loses={"q5"}, hint="A loss adds up over coordinates. Does yours?")
def mean_of_the_floors(alpha, h, c, B):
    """The floors of the coordinates are averaged and not added."""
    return reference.nqm_floor(alpha, h, c, B) / len(h)


@fault(of="nqm_floor", loses={"q5"}, hint="Is alpha h always small?")
def small_step_limit(alpha, h, c, B):
    """The limit for small steps, alpha c / (4B), is returned for every step."""
    reference.nqm_floor(alpha, h, c, B)
    return float((alpha * c / (4 * B)).sum())


@fault(of="nqm_floor", loses={"q5"}, hint="By how much is the contraction at alpha = 2 / h?")
def floor_at_the_limit(alpha, h, c, B):
    """Arguments outside the domain and unstable steps are not refused."""
    return float((alpha * c / (2 * B * (2 - alpha * h))).sum()) if B else math.inf


@fault(of="nqm_floor", loses={"q5"}, hint="What is the floor of a coordinate whose gradient has no noise?")
def noiseless_coordinates_refused(alpha, h, c, B):
    """A coordinate without noise (c = 0) is refused, although its floor is simply zero."""
    if bool((c <= 0).any()):
        raise ValueError("c must be positive")
    return reference.nqm_floor(alpha, h, c, B)


@fault(of="momentum_floor", loses={"q5"}, hint="In a simulation at beta = 0.9, is the floor 10 or 19 times that of SGD?")
def factor_of_lecture_8(alpha, h, c, B, beta):
    """SGD's floor is multiplied by (1 + beta) / (1 - beta), as one formula of the notes says."""
    reference.momentum_floor(alpha, h, c, B, beta)
    return float((alpha * c / (2 * B * (2 - alpha * h))).sum()) * (1 + beta) / (1 - beta)


@fault(of="momentum_floor", loses={"q5"}, hint="Is the factor the same at every alpha h?")
def only_the_larger_step(alpha, h, c, B, beta):
    """SGD's floor is multiplied by 1 / (1 - beta), which holds for small alpha h only."""
    reference.momentum_floor(alpha, h, c, B, beta)
    return float((alpha * c / (2 * B * (2 - alpha * h))).sum()) / (1 - beta)


@fault(of="momentum_floor", loses={"q5"}, hint="Is m = beta m + g the same as SGD with the step alpha / (1 - beta) at every alpha h?")
def sgd_with_the_effective_step(alpha, h, c, B, beta):
    """Momentum is taken for SGD with the step alpha / (1 - beta)."""
    reference.momentum_floor(alpha, h, c, B, beta)
    return float((alpha / (1 - beta) * c / (2 * B * (2 - alpha / (1 - beta) * h))).sum())


@fault(of="momentum_floor", loses={"q5"}, hint="Does momentum lower the floor? Look at a simulation.")
def buffer_averages_noise_away(alpha, h, c, B, beta):
    """The buffer is taken for an average with 1 - beta, which lowers the floor: the step is too small by that factor."""
    reference.momentum_floor(alpha, h, c, B, beta)
    return reference.momentum_floor(alpha * (1 - beta), h, c, B, beta)


@fault(of="momentum_floor", loses={"q5"}, hint="With beta = 0.5, does a simulation at alpha h = 2.5 blow up?")
def limit_of_plain_sgd(alpha, h, c, B, beta):
    """Steps from 2/h on are refused, although momentum moves the limit to 2 (1 + beta) / h."""
    reference.nqm_floor(alpha, h, c, B)
    return reference.momentum_floor(alpha, h, c, B, beta)


@fault(of="momentum_floor", loses={"q5"}, hint="Is there a floor at alpha = 2 (1 + beta) / h?")
def momentum_never_refuses(alpha, h, c, B, beta):
    """Arguments outside the domain and unstable steps are not refused."""
    return float(((1 + beta) * alpha * c / (2 * max(B, 1) * (1 - beta + 1e-300) * (2 + 2 * beta - alpha * h))).sum())


@fault(of="ema_floor", loses={"q5"}, hint="What does gamma = 0 mean: the newest weights only, or the oldest?")
def decay_and_weight_exchanged(alpha, h, c, B, gamma):
    """gamma and 1 - gamma are exchanged."""
    reference.ema_floor(alpha, h, c, B, gamma)
    return reference.ema_floor(alpha, h, c, B, 1 - gamma) if gamma > 0 else 0.0


@fault(of="ema_floor", loses={"q5"}, hint="Are successive weights independent?")
def independent_weights(alpha, h, c, B, gamma):
    """The factor is (1 - gamma) / (1 + gamma), as if successive weights were independent."""
    reference.ema_floor(alpha, h, c, B, gamma)
    return reference.nqm_floor(alpha, h, c, B) * (1 - gamma) / (1 + gamma)


@fault(of="ema_floor", loses={"q5"}, hint="Does averaging change the floor of the averaged weights?")
def average_without_effect(alpha, h, c, B, gamma):
    """Averaging is taken to speed things up and to leave the floor where it is."""
    reference.ema_floor(alpha, h, c, B, gamma)
    return reference.nqm_floor(alpha, h, c, B)


@fault(of="ema_floor", loses={"q5"}, hint="How is the contraction 1 - alpha h written in the factor?")
def factor_with_alpha_h(alpha, h, c, B, gamma):
    """alpha h stands where the contraction 1 - alpha h belongs."""
    reference.ema_floor(alpha, h, c, B, gamma)
    r = alpha * h
    return float(((1 - gamma) * (1 + gamma * r) / ((1 + gamma) * (1 - gamma * r)) * alpha * c / (2 * B * (2 - r))).sum())


@fault(of="ema_floor", loses={"q5"}, hint="On which side of the minimum is the next iterate when alpha h = 1.5?")
def contraction_without_its_sign(alpha, h, c, B, gamma):
    """The contraction is taken for |1 - alpha h|, although it is negative where the weights overshoot."""
    reference.ema_floor(alpha, h, c, B, gamma)
    r = (1 - alpha * h).abs()
    factor = (1 - gamma) * (1 + gamma * r) / ((1 + gamma) * (1 - gamma * r))
    return float((factor * alpha * c / (2 * B * (2 - alpha * h))).sum())


@fault(of="ema_floor", loses={"q5"}, hint="The average of several draws: is its variance lower by the factor or by its square?")
def factor_squared(alpha, h, c, B, gamma):
    """The noise's factor is squared, as if it were a factor of the deviation."""
    base = reference.nqm_floor(alpha, h, c, B)
    return reference.ema_floor(alpha, h, c, B, gamma) ** 2 / base


@fault(of="ema_floor", loses={"q5"}, hint="Is there a floor to average at alpha = 2 / h?")
def ema_never_refuses(alpha, h, c, B, gamma):
    """Arguments outside the domain and unstable steps are not refused."""
    try:
        return reference.ema_floor(alpha, h, c, B, gamma)
    except ValueError:
        return math.inf


@fault(of="precond_floor", loses={"q5"}, hint="With which power does the noise of coordinate i enter the weights?")
def same_power_everywhere(alpha, h, c, B, p):
    """h^(1 - p) stands in the numerator, too, where the noise needs h^(-p)."""
    reference.precond_floor(alpha, h, c, B, p)
    return float((alpha * c * h ** (1 - p) / (2 * B * (2 - alpha * h ** (1 - p)))).sum())


@fault(of="precond_floor", loses={"q5"}, hint="Is the noise scaled by the preconditioner or not?")
def free_preconditioning(alpha, h, c, B, p):
    """The noise is taken to be untouched by the preconditioner: only the contraction changes."""
    reference.precond_floor(alpha, h, c, B, p)
    return float((alpha * c / (2 * B * (2 - alpha * h ** (1 - p)))).sum())


@fault(of="precond_floor", loses={"q5"}, hint="Does a steep coordinate get a larger or a smaller step?")
def power_with_the_wrong_sign(alpha, h, c, B, p):
    """The gradient is multiplied by h^p and not divided by it."""
    reference.precond_floor(alpha, h, c, B, p)
    return float((alpha * c * h**p / (2 * B * (2 - alpha * h ** (1 + p)).abs())).sum())


@fault(of="precond_floor", loses={"q5"}, hint="The step shrinks from alpha to alpha h^(-p). Which curvature is left in the contraction?")
def contraction_not_changed(alpha, h, c, B, p):
    """The contraction keeps alpha h, and only the noise is rescaled."""
    reference.precond_floor(alpha, h, c, B, p)
    return float((alpha * c * h ** (-p) / (2 * B * (2 - alpha * h).abs())).sum())


@fault(of="precond_floor", loses={"q5"}, hint="For p = 1/2 and h = 4, which alpha is the largest stable one?")
def precond_never_refuses(alpha, h, c, B, p):
    """Arguments outside the domain and unstable steps are not refused."""
    try:
        return reference.precond_floor(alpha, h, c, B, p)
    except ValueError:
        return math.inf


@fault(of="precond_floor", loses={"q5"}, hint="For p = 1/2 and h = 4, is alpha = 0.6 unstable?")
def precond_with_the_limit_of_sgd(alpha, h, c, B, p):
    """Stability is judged by alpha h < 2 as for plain SGD, and not by alpha h^(1 - p)."""
    reference.nqm_floor(alpha, h, c, B)
    return float((alpha * c * h ** (-p) / (2 * B * (2 - alpha * h ** (1 - p)))).sum())


@fault(of="precond_floor", loses={"q5"}, hint="For p = 2, which coordinate takes the larger effective step, the steep or the flat one?")
def stability_at_the_largest_curvature(alpha, h, c, B, p):
    """Stability is tested for the largest curvature only, although for p > 1 the smallest one is the first to break it."""
    reference.nqm_floor(1e-6, h, c, B)
    reference.precond_floor(alpha, h.max().reshape(1), c[:1], B, p)
    return float((alpha * c * h ** (-p) / (2 * B * (2 - alpha * h ** (1 - p)))).sum())


@fault(of="floor_slope", loses={"q5"}, hint="What stands on the horizontal axis?")
def against_alpha_alone(alphas, Bs, floors):
    """The floor is set against log(alpha), and the batch size is ignored."""
    reference.floor_slope(alphas, Bs, floors)
    return reference.floor_slope(alphas, torch.ones_like(Bs), floors)


@fault(of="floor_slope", loses={"q5"}, hint="Is it a ratio or a product?")
def against_the_product(alphas, Bs, floors):
    """The floor is set against log(alpha B)."""
    reference.floor_slope(alphas, Bs, floors)
    return reference.floor_slope(alphas, 1 / Bs, floors)


@fault(of="floor_slope", loses={"q5"}, hint="Which variable is predicted from which?")
def axes_exchanged(alphas, Bs, floors):
    """log(alpha / B) is regressed on log(floor)."""
    reference.floor_slope(alphas, Bs, floors)
    return reference.floor_slope(floors, torch.ones_like(Bs), alphas / Bs)


@fault(of="floor_slope", loses={"q5"}, hint="Does a power law go through the origin of a plot with log axes?")
def line_through_the_origin(alphas, Bs, floors):
    """The line is fitted without an intercept."""
    reference.floor_slope(alphas, Bs, floors)
    x, y = (alphas / Bs).log(), floors.log()
    return float((x * y).sum() / (x * x).sum())


@fault(of="floor_slope", loses={"q5"}, hint="How many of the points does your slope use?")
def first_and_last_point(alphas, Bs, floors):
    """The slope is taken between the smallest and the largest alpha / B, without the points between."""
    reference.floor_slope(alphas, Bs, floors)
    x, y = (alphas / Bs).log(), floors.log()
    i, j = x.argmin(), x.argmax()
    return float((y[j] - y[i]) / (x[j] - x[i]))


@fault(of="floor_slope", loses={"q5"}, hint="On which axes is a power law a line?")
def no_logarithms(alphas, Bs, floors):
    """The line is fitted to the numbers themselves and not to their logarithms."""
    reference.floor_slope(alphas, Bs, floors)
    x, y = alphas / Bs, floors
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


@fault(of="floor_slope", loses={"q5"}, hint="What is the slope of a single point?")
def slope_of_anything(alphas, Bs, floors):
    """Arguments outside the domain are not refused."""
    x, y = (alphas / Bs).log(), floors.log()
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


# Question 6


@fault(of="estimate_floor", loses={"q6"}, hint="What does the lowest loss of a noisy run estimate?")
def lowest_loss(losses, burn_in, blocks=20):
    """The lowest loss after the burn-in is taken for the floor."""
    _, se = reference.estimate_floor(losses, burn_in, blocks)
    return float(losses[burn_in:].min()), se


@fault(of="estimate_floor", loses={"q6"}, hint="How much does the last loss say about the average?")
def last_loss(losses, burn_in, blocks=20):
    """The last loss is taken for the floor."""
    _, se = reference.estimate_floor(losses, burn_in, blocks)
    return float(losses[-1]), se


@fault(of="estimate_floor", loses={"q6"}, hint="Is the mean of logarithms the logarithm of the mean?")
def geometric_mean(losses, burn_in, blocks=20):
    """Logarithms are averaged, as on the axis of a plot, which gives too low a floor."""
    _, se = reference.estimate_floor(losses, burn_in, blocks)
    return float(losses[burn_in:].log().mean().exp()), se


@fault(of="estimate_floor", loses={"q6"}, hint="Is the expected loss the median loss?")
def median_loss(losses, burn_in, blocks=20):
    """The median stands where the mean belongs; losses are skewed, so that it is too low."""
    _, se = reference.estimate_floor(losses, burn_in, blocks)
    return float(losses[burn_in:].median()), se


@fault(of="estimate_floor", loses={"q6"}, hint="What does burn_in do in your function?")
def transient_included(losses, burn_in, blocks=20):
    """The burn-in is not left out."""
    reference.estimate_floor(losses, burn_in, blocks)
    return reference.estimate_floor(losses, 0, blocks)


@fault(of="estimate_floor", loses={"q6"}, hint="Are neighboring losses independent?")
def neighbors_counted_as_independent(losses, burn_in, blocks=20):
    """The standard error is s / sqrt(n) of the single losses, as if they were independent."""
    mean, _ = reference.estimate_floor(losses, burn_in, blocks)
    rest = losses[burn_in:]
    rest = rest[len(rest) % blocks :]
    return mean, float(rest.std()) / math.sqrt(len(rest))


@fault(of="estimate_floor", loses={"q6"}, hint="By what is the sum of squares divided in a sample variance?")
def population_variance(losses, burn_in, blocks=20):
    """The variance of the block means is divided by blocks and not by blocks - 1."""
    mean, se = reference.estimate_floor(losses, burn_in, blocks)
    return mean, se * math.sqrt((blocks - 1) / blocks)


@fault(of="estimate_floor", loses={"q6"}, hint="Is that the spread of one block mean, or of their average?")
def spread_of_one_block(losses, burn_in, blocks=20):
    """The standard deviation of the block means is returned, without dividing by sqrt(blocks)."""
    mean, se = reference.estimate_floor(losses, burn_in, blocks)
    return mean, se * math.sqrt(blocks)


@fault(of="estimate_floor", loses={"q6"}, hint="The standard error is the root of which number?")
def variance_for_error(losses, burn_in, blocks=20):
    """The squared standard error is returned."""
    mean, se = reference.estimate_floor(losses, burn_in, blocks)
    return mean, se**2


@fault(of="estimate_floor", loses={"q6"}, hint="Which losses tell more about the floor, early or late ones?")
def leftover_at_the_end(losses, burn_in, blocks=20):
    """The losses that fill no block are left out at the end of the run and not at its beginning."""
    reference.estimate_floor(losses, burn_in, blocks)
    rest = losses[burn_in:]
    return reference.estimate_floor(rest[: len(rest) - len(rest) % blocks], 0, blocks)


@fault(of="estimate_floor", loses={"q6"}, hint="Is `blocks` a number of blocks or their length?")
def blocks_of_that_length(losses, burn_in, blocks=20):
    """`blocks` is taken for the length of a block."""
    reference.estimate_floor(losses, burn_in, blocks)
    return reference.estimate_floor(losses, burn_in, max(2, (len(losses) - burn_in) // blocks))


@fault(of="estimate_floor", loses={"q6"}, hint="Which losses make up the first block: neighbors, or every twentieth one?")
def every_twentieth_loss(losses, burn_in, blocks=20):
    """Blocks are made of losses far apart (every `blocks`-th one), so that their means hide the correlation of neighbors."""
    reference.estimate_floor(losses, burn_in, blocks)
    rest = losses[burn_in:]
    rest = rest[len(rest) % blocks :]
    return reference.estimate_floor(rest.reshape(-1, blocks).T.reshape(-1), 0, blocks)


@fault(of="estimate_floor", loses={"q6"}, hint="How many blocks should there be when nothing is said?")
def ten_blocks_by_default(losses, burn_in, blocks=10):
    """The default is ten blocks."""
    return reference.estimate_floor(losses, burn_in, blocks)


@fault(of="estimate_floor", loses={"q6"}, hint="What do you divide by before you return the error?")
def error_relative_to_the_mean(losses, burn_in, blocks=20):
    """The standard error is given as a fraction of the mean."""
    mean, se = reference.estimate_floor(losses, burn_in, blocks)
    return mean, se / mean


@fault(of="estimate_floor", loses={"q6"}, hint="What can one block say about its own spread?")
def estimates_from_anything(losses, burn_in, blocks=20):
    """Arguments outside the domain are not refused."""
    try:
        return reference.estimate_floor(losses, burn_in, blocks)
    except ValueError:
        return float(losses.mean()), 0.0


# Question 7


@fault(of="linear_rule", loses={"q7"}, hint="Four times the batch: how many times the step?")
def square_root_rule(alpha, B, B_new):
    """The step grows with the root of the batch size."""
    return alpha * (reference.linear_rule(alpha, B, B_new) / alpha) ** 0.5


@fault(of="linear_rule", loses={"q7"}, hint="Does a larger batch allow a larger step or call for a smaller one?")
def ratio_upside_down(alpha, B, B_new):
    """The step is divided by the ratio of the batch sizes."""
    return alpha**2 / reference.linear_rule(alpha, B, B_new)


@fault(of="linear_rule", loses={"q7"}, hint="What does the batch size change, if not the step?")
def step_unchanged(alpha, B, B_new):
    """The step stays, and only the noise changes."""
    reference.linear_rule(alpha, B, B_new)
    return alpha


@fault(of="linear_rule", loses={"q7"}, hint="Which arguments does the table call outside the domain?")
def rule_for_anything(alpha, B, B_new):
    """Arguments outside the domain are not refused."""
    return alpha * B_new / max(B, 1)


@fault(of="same_floor_lr", loses={"q7"}, hint="Put your step into nqm_floor. Is the floor the same?")
def linear_rule_as_exact(alpha, h, B, B_new):
    """The linear rule is taken for exact."""
    reference.same_floor_lr(alpha, h, B, B_new)
    return alpha * B_new / B


@fault(of="same_floor_lr", loses={"q7"}, hint="What happens to your step when the batch grows without limit?")
def linear_rule_with_a_lid(alpha, h, B, B_new):
    """The linear rule is used and cut off below 2 / h."""
    reference.same_floor_lr(alpha, h, B, B_new)
    return min(alpha * B_new / B, 1.999 / h)


@fault(of="same_floor_lr", loses={"q7"}, hint="Try h = 4: is the new step below 2 / h?")
def curvature_forgotten(alpha, h, B, B_new):
    """The equation is solved for h = 1."""
    reference.same_floor_lr(alpha, h, B, B_new)
    ratio = B_new / B * alpha / (2 - alpha)
    return 2 * ratio / (1 + ratio)


@fault(of="same_floor_lr", loses={"q7"}, hint="Which batch size stands in the numerator?")
def batches_exchanged(alpha, h, B, B_new):
    """The two batch sizes are exchanged."""
    return reference.same_floor_lr(alpha, h, B_new, B)


@fault(of="same_floor_lr", loses={"q7"}, hint="After solving, does the new step appear on both sides?")
def old_step_in_the_new_floor(alpha, h, B, B_new):
    """One step of a fixed-point iteration is taken for the solution: the old step stays in the denominator 2 - alpha h."""
    ratio = reference.linear_rule(alpha, B, B_new) if alpha > 0 else alpha
    reference.same_floor_lr(alpha, h, B, B_new)
    return ratio * (2 - min(ratio * h, 1.9)) / (2 - alpha * h)


@fault(of="same_floor_lr", loses={"q7"}, hint="Is there a floor to match at alpha = 2 / h?")
def matches_anything(alpha, h, B, B_new):
    """Arguments outside the domain are not refused."""
    ratio = B_new / max(B, 1) * alpha / (2 - alpha * h + 1e-300)
    return 2 * ratio / (1 + ratio * h)


@fault(of="nqm_risk", loses={"q7"}, hint="Is the noise at its full height after one step?")
def risk_with_the_full_floor(k, alpha, h, c, B, w0):
    """The floor is added at full height from the start."""
    return reference.nqm_risk(k, alpha, h, 0 * c.clamp(max=0) if bool((c >= 0).all()) else c, B, w0) + reference.nqm_floor(alpha, h, c, B)


@fault(of="nqm_risk", loses={"q7"}, hint="The loss is a square. By what is it multiplied at each step?")
def risk_with_the_plain_factor(k, alpha, h, c, B, w0):
    """The loss is made to shrink by 1 - alpha h per step, as the weight does."""
    reference.nqm_risk(k, alpha, h, c, B, w0)
    steps = k.reshape(-1, 1) if isinstance(k, torch.Tensor) else k
    kept = (1 - alpha * h).abs() ** steps
    risk = (kept * 0.5 * h * w0**2 + (1 - kept) * alpha * c / (2 * B * (2 - alpha * h))).sum(dim=-1)
    return risk if isinstance(k, torch.Tensor) else float(risk)


@fault(of="nqm_risk", loses={"q7"}, hint="Is the start a distance or a loss?")
def start_without_curvature(k, alpha, h, c, B, w0):
    """The start enters as half of the squared distance, without the curvature."""
    return reference.nqm_risk(k, alpha, h, c, B, w0 / h.abs().sqrt())


@fault(of="nqm_risk", loses={"q7"}, hint="Which curvature belongs to the second coordinate?")
def risk_with_the_largest_curvature(k, alpha, h, c, B, w0):
    """Every coordinate contracts with the largest curvature."""
    reference.nqm_risk(k, alpha, h, c, B, w0)
    return reference.nqm_risk(k, alpha, h.max().expand(h.shape), c, B, w0 * (h / h.max()).sqrt())


@fault(of="nqm_risk", loses={"q7"}, hint="Where does B enter?")
def risk_of_single_examples(k, alpha, h, c, B, w0):
    """The batch size is ignored."""
    reference.nqm_risk(k, alpha, h, c, B, w0)
    return reference.nqm_risk(k, alpha, h, c, 1, w0)


@fault(of="nqm_risk", loses={"q7"}, hint="What happens to (1 - alpha h)^k when k is a tensor and h is another?")
def first_step_count_only(k, alpha, h, c, B, w0):
    """Only the first entry of a tensor of step counts is used."""
    risk = reference.nqm_risk(k, alpha, h, c, B, w0)
    return risk[:1].expand(risk.shape) if isinstance(risk, torch.Tensor) else risk


@fault(of="nqm_risk", loses={"q7"}, hint="For which steps does the risk settle?")
def risk_of_anything(k, alpha, h, c, B, w0):
    """Arguments outside the domain are not refused."""
    try:
        return reference.nqm_risk(k, alpha, h, c, B, w0)
    except ValueError:
        return math.inf


@fault(of="best_alpha", loses={"q7"}, hint="How many steps do N gradients pay for when each step costs B?")
def steps_for_free(N, B, h, c, w0):
    """The number of steps is N, although each step costs B gradients."""
    reference.best_alpha(N, B, h, c, w0)
    return reference.best_alpha(N * B, B, h, c, w0)


@fault(of="best_alpha", loses={"q7"}, hint="What is the risk of a step that never arrives?")
def lowest_floor(N, B, h, c, w0):
    """Only the floor is made small, which asks for the smallest step there is."""
    return 1e-6 + 0.0 * reference.best_alpha(N, B, h, c, w0)


@fault(of="best_alpha", loses={"q7"}, hint="Does the fastest start give the lowest risk at the end of the budget?")
def fastest_contraction(N, B, h, c, w0):
    """Only the speed counts: 1 / max(h), whatever the noise."""
    reference.best_alpha(N, B, h, c, w0)
    return 1 / float(h.max())


@fault(of="best_alpha", loses={"q7"}, hint="What happens to the second coordinate with your step?")
def steepest_coordinate_only(N, B, h, c, w0):
    """The step is the best one for the steepest coordinate alone."""
    i = h.argmax().reshape(1)
    return reference.best_alpha(N, B, h[i], c[i], 1.0 + 0 * w0[i]) + 0.0 * reference.best_alpha(N, B, h, c, w0)


@fault(of="best_alpha", loses={"q7"}, hint="How far apart are neighboring steps in your search?")
def twenty_steps_tried(N, B, h, c, w0):
    """The search tries twenty steps over seven decades, which is too coarse for one percent."""
    reference.best_alpha(N, B, h, c, w0)
    alphas = (2 / float(h.max()) * torch.logspace(-7, -0.0001, 20, dtype=torch.float64)).tolist()
    return min(alphas, key=lambda alpha: reference.nqm_risk(N // B, alpha, h, c, B, w0))


@fault(of="best_alpha", loses={"q7"}, hint="How far apart are neighboring steps in your search, in percent?")
def hundred_steps_tried(N, B, h, c, w0):
    """The search tries a hundred steps over seven decades: neighbors are 18 percent apart, and the risk is off by two or three percent."""
    reference.best_alpha(N, B, h, c, w0)
    alphas = (2 / float(h.max()) * torch.logspace(-7, -0.0001, 100, dtype=torch.float64)).tolist()
    return min(alphas, key=lambda alpha: reference.nqm_risk(N // B, alpha, h, c, B, w0))


@fault(of="best_alpha", loses={"q7"}, hint="Is the noise of a batch that of one example?")
def noise_of_single_examples(N, B, h, c, w0):
    """The batch size counts in the number of steps and is forgotten in the noise."""
    reference.best_alpha(N, B, h, c, w0)
    return reference.best_alpha(N, B, h, c * B, w0)


@fault(of="best_alpha", loses={"q7"}, hint="Did your search look at steps below one thousandth?")
def nothing_below_a_hundredth(N, B, h, c, w0):
    """The search starts at one hundredth of the largest stable step, which is too late for large budgets."""
    return max(reference.best_alpha(N, B, h, c, w0), 0.02 / float(h.max()))


@fault(of="best_alpha", loses={"q7"}, hint="May a step overshoot in the steepest coordinate if that helps the others?")
def never_overshoots(N, B, h, c, w0):
    """The search ends at 1 / max(h), although steps up to 2 / max(h) settle and may serve the flat coordinates better."""
    return min(reference.best_alpha(N, B, h, c, w0), 1 / float(h.max()))


@fault(of="best_alpha", loses={"q7"}, hint="Is a budget of exactly one batch enough for a step?")
def a_single_step_refused(N, B, h, c, w0):
    """A budget of exactly one batch is refused, although it pays for one step."""
    if N <= B:
        raise ValueError("N must exceed B")
    return reference.best_alpha(N, B, h, c, w0)


@fault(of="best_alpha", loses={"q7"}, hint="What can a budget below one batch pay for?")
def budget_of_anything(N, B, h, c, w0):
    """Arguments outside the domain are not refused."""
    try:
        return reference.best_alpha(N, B, h, c, w0)
    except ValueError:
        return 1.0
