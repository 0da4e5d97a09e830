"""Lecture 8: SGD in PyTorch: batches, schedules, momentum, weight decay, averages."""

import functools
import itertools
import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L8:
    lecture = 8
    edition = "2025"


class ConditionAfterDecay(L8, Numeric):
    id = "l08-condition-after-decay"
    source = "2025 notes 8, weight decay"
    title = "Weight decay and the condition number"
    minutes = 1
    rtol = 0.01
    text = r"""
    $L(w)=\tfrac12(@{h1}\,w_1^2+@{h2}\,w_2^2)$ gets the penalty $\tfrac{\lambda}{2}\lVert w\rVert^2$ with $\lambda=@{lam}$. What is the
    condition number of the sum? Give three significant digits.
    """

    def params(self, draw):
        return {
            "h1": draw.choice("h1", (5, 8, 10, 20)),
            "h2": draw.choice("h2", (0.1, 0.2, 0.5)),
            "lam": draw.choice("lam", (0.8, 1.5, 2)),
        }

    def answer(self, h1, h2, lam):
        return (h1 + lam) / (h2 + lam)

    def check(self, h1, h2, lam):
        import torch

        def loss(w):
            return 0.5 * (h1 * w[0] ** 2 + h2 * w[1] ** 2) + lam / 2 * (w * w).sum()

        hessian = torch.autograd.functional.hessian(loss, torch.zeros(2, dtype=torch.float64))
        return torch.linalg.cond(hessian).item()

    def distractors(self, h1, h2, lam):
        return [
            Wrong(h1 / h2, "The penalty is taken to shift the minimum and to leave the curvature alone."),
            Wrong(
                (h1 + lam / 2) / (h2 + lam / 2), "The penalty's curvature is taken for λ/2; the half goes when it is differentiated twice."
            ),
            Wrong(h1 / (h2 + lam), "λ is added to the small curvature alone."),
        ]

    def why(self, h1, h2, lam):
        return r"The penalty adds $\lambda$ to every curvature: $(@{h1}+@{lam})/(@{h2}+@{lam})$ is @{key}."


class CosineValue(L8, Numeric):
    id = "l08-cosine-value"
    source = "2025 notes 8, cosine annealing; 2026 notes 8, schedules"
    edition = "both"
    title = "A value of the cosine schedule"
    minutes = 2
    text = r"""
    A cosine schedule (half a period, no warmup) goes from $\alpha_0=@{start}$ at $k=0$ to $\alpha_{\min}=@{end}$ at $k=@{K}$. What is
    the learning rate at $k=@{k}$? Give three significant digits.
    """

    def params(self, draw):
        quarter = draw.choice("quarter", (30, 50, 100, 250))
        return {
            "start": draw.choice("start", (0.1, 0.15, 0.2)),
            "end": draw.choice("end", (0.02, 0.03)),
            "K": 4 * quarter,
            "k": draw.choice("k", (1, 3)) * quarter,
        }

    def answer(self, start, end, K, k):
        return end + 0.5 * (start - end) * (1 + math.cos(math.pi * k / K))

    def check(self, start, end, K, k):
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1)], lr=start)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=K, eta_min=end)
        for _ in range(k):
            optimizer.step()
            scheduler.step()
        return scheduler.get_last_lr()[0]

    def distractors(self, start, end, K, k):
        return [
            Wrong(start + (end - start) * k / K, "The rate is taken to fall in a straight line."),
            Wrong(end + 0.5 * (start - end), "The cosine is taken to run through a whole period; at a quarter of it, it is zero."),
            Wrong(0.5 * start * (1 + math.cos(math.pi * k / K)), "The schedule is taken to end at zero."),
        ]

    def why(self, start, end, K, k):
        return r"$\alpha_{\min}+\tfrac12(\alpha_0-\alpha_{\min})(1+\cos(\pi\cdot@{k}/@{K}))$ is @{key}."


class StepSchedule(L8, Numeric):
    id = "l08-step-schedule"
    source = "2025 notes 8, step decay"
    title = "A step schedule"
    minutes = 2
    rtol = 0.001
    text = r"""
    The step schedule $\alpha_k=\alpha_0\gamma^{\lfloor k/s\rfloor}$ has $\alpha_0=@{start}$, $\gamma=@{gamma}$ and $s=@{s}$. What is
    $\alpha_{@{k}}$?
    """

    def params(self, draw):
        s = draw.choice("s", (20, 30, 40, 50))
        return {
            "start": draw.choice("start", (0.4, 0.8, 1.6)),
            "gamma": draw.choice("gamma", (0.1, 0.2, 0.5)),
            "s": s,
            "k": draw.choice("turns", (3, 4)) * s - draw.choice("early", (1, 2, 5)),
        }

    def answer(self, start, gamma, s, k):
        return start * gamma ** (k // s)

    def check(self, start, gamma, s, k):
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1)], lr=start)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=s, gamma=gamma)
        for _ in range(k):
            optimizer.step()
            scheduler.step()
        return scheduler.get_last_lr()[0]

    def distractors(self, start, gamma, s, k):
        return [
            Wrong(start * gamma ** (k // s + 1), "The drop is taken to come before it is due: the quotient is rounded up."),
            Wrong(start * gamma ** (k / s), "The quotient is not rounded, as in exponential decay."),
            Wrong(start * gamma * (k // s), "γ is multiplied by the number of drops, where it is raised to it."),
        ]

    def why(self, start, gamma, s, k):
        return rf"$\lfloor @{{k}}/@{{s}}\rfloor={k // s}$, so the rate has dropped {'twice' if k // s == 2 else 'three times'}: @{{key}}."


class BatchesOfAnEpoch(L8, Literal):
    id = "l08-batches-of-an-epoch"
    source = "2025 notes 8, DataLoader"
    title = "The batches of an epoch"
    minutes = 2
    text = """
    A `DataLoader` has a data set of @{n} examples, `batch_size=@{B}` and `drop_last=@{drop}`. How many batches does an epoch have, and
    how many examples are in its last batch? Write a tuple (batches, examples in the last one).
    """

    def params(self, draw):
        B = draw.choice("B", (16, 32, 64))
        return {"n": B * draw.integer("full", 5, 20) + draw.integer("rest", 2, 13), "B": B, "drop": draw.choice("drop", (True, False))}

    def answer(self, n, B, drop):
        return (n // B, B) if drop else (n // B + 1, n % B)

    def check(self, n, B, drop):
        from torch.utils.data import BatchSampler

        batches = list(BatchSampler(range(n), B, drop_last=drop))
        return len(batches), len(batches[-1])

    def distractors(self, n, B, drop):
        other = self.answer(n, B, not drop)
        return [
            Wrong(other, "drop_last is read the wrong way round: True leaves out the batch that is not full."),
            Wrong((n // B + 1, B) if not drop else (n // B, n % B), "The size of the other kind of last batch is given."),
        ]

    def why(self, n, B, drop):
        return rf"$@{{n}}={n // B}\cdot@{{B}}+{n % B}$; the batch of {n % B} is {'left out' if drop else 'an ordinary batch'}: @{{key}}."


class ShuffledEpoch(L8, SelectAll):
    id = "l08-shuffled-epoch"
    source = "2025 notes 8, sampling without replacement"
    title = "What shuffling means"
    minutes = 2
    text = """
    `DataLoader(data, batch_size=@{B}, shuffle=True)` runs over a data set of @{n} examples for @{epochs} epochs. What is true? Select
    all.
    """

    ONCE = "Every example comes exactly once in each epoch."
    FRESH = "The order is drawn anew for each epoch."
    BATCHES = "Each epoch has @{count} batches."
    TWICE = "An example can come twice in one epoch."
    KEPT = "The order is drawn once and kept for all epochs."
    INSIDE = "Only the order inside each batch is drawn; which examples are together stays."

    def params(self, draw):
        B = draw.choice("B", (3, 4, 5, 6))
        return {"B": B, "n": B * draw.integer("count", 6, 14), "epochs": draw.integer("epochs", 2, 4)}

    def answer(self, B, n, epochs):
        return [self.ONCE, self.FRESH, self.BATCHES.replace("@{count}", str(n // B))]

    def check(self, B, n, epochs):
        import torch
        from torch.utils.data import DataLoader

        loader = DataLoader(range(n), batch_size=B, shuffle=True, generator=torch.Generator().manual_seed(0))
        seen = [[batch.tolist() for batch in loader] for _ in range(epochs)]
        orders = [list(itertools.chain(*batches)) for batches in seen]
        together = [{frozenset(batch) for batch in batches} for batches in seen]
        return [
            self.ONCE if all(sorted(order) == list(range(n)) for order in orders) else self.TWICE,
            self.KEPT if orders[0] == orders[1] else self.INSIDE if together[0] == together[1] else self.FRESH,
            self.BATCHES.replace("@{count}", str(len(seen[0]))),
        ]

    def distractors(self, B, n, epochs):
        return [
            Wrong(self.TWICE, "Shuffling is taken for drawing with replacement."),
            Wrong(self.KEPT, "The sampler is taken to draw once; it draws at the beginning of every epoch."),
            Wrong(self.INSIDE, "Batches are taken for fixed groups; they are cut from the shuffled order."),
        ]

    def why(self, B, n, epochs):
        return "Each epoch draws a permutation of all examples and cuts it into batches: drawing without replacement, anew each time."


class OrderOfCalls(L8, Literal):
    id = "l08-order-of-calls"
    source = "2025 notes 8, the training loop"
    title = "One pass of a training loop"
    minutes = 2
    text = """
    A learning rate changes after every batch. Each pass of the loop begins with `optimizer.zero_grad()` and then makes these four
    calls:

    - A: `@{a}`
    - B: `@{b}`
    - C: `@{c}`
    - D: `@{d}`

    In which order must they stand, so that the first step uses the first learning rate? Write four letters without spaces, such as
    ABCD.
    """

    CALLS = ("loss = loss_fn(model(x), y)", "loss.backward()", "optimizer.step()", "scheduler.step()")

    def params(self, draw):
        return dict(zip("abcd", draw.sample("calls", self.CALLS, 4), strict=True))

    def answer(self, a, b, c, d):
        return self.letters(self.CALLS, a, b, c, d)

    def check(self, a, b, c, d):
        return self.letters(working_order(self.CALLS), a, b, c, d)

    def letters(self, order, *calls):
        return "".join("ABCD"[calls.index(call)] for call in order)

    def distractors(self, a, b, c, d):
        forward, backward, step, schedule = self.CALLS
        return [
            Wrong(
                self.letters((forward, backward, schedule, step), a, b, c, d),
                "The scheduler moves before the step: the first rate is lost.",
            ),
            Wrong(self.letters((forward, step, backward, schedule), a, b, c, d), "The step is made before there is a gradient."),
        ]

    def why(self, a, b, c, d):
        return "Loss, then its gradient, then the step with it, and last the next learning rate: @{key}."


@functools.cache
def working_order(calls):
    """The one order of all that moves a weight as two steps of gradient descent with rates 0.5 and 0.25 do, tried in PyTorch."""
    import warnings

    import torch

    found = []
    for order in itertools.permutations(calls):
        weight = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=0.5)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        names = {
            "optimizer": optimizer,
            "scheduler": scheduler,
            "model": lambda x, w=weight: w * x,
            "loss_fn": lambda y, t: 0.5 * (y - t) ** 2,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                for _ in range(2):
                    exec("\n".join(["optimizer.zero_grad()", *order]), names | {"x": 1.0, "y": 0.0}, names)
            except NameError:
                continue
        if abs(weight.item() - 0.5 * 0.75) < 1e-12:
            found.append(order)
    (order,) = found
    return order


class VelocityOfPytorch(L8, Numeric):
    id = "l08-velocity-of-pytorch"
    source = "2025 notes 8, momentum; torch.optim.SGD"
    title = "Three steps with momentum"
    minutes = 3
    rtol = 0.001
    text = r"""
    `torch.optim.SGD` runs with `lr=@{lr}` and `momentum=@{mu}`. A weight starts at $0$, and its first three gradients are $@{g}$. What
    is the weight after these three steps?
    """

    def params(self, draw):
        return {
            "lr": draw.choice("lr", (0.1, 0.2, 0.5)),
            "mu": draw.choice("mu", (0.75, 0.8, 0.9)),
            "g": [float(x) for x in draw.sample("g", (1, 2, 3, 4, 5, 6), 3)],
        }

    def answer(self, lr, mu, g):
        return -lr * (g[0] * (1 + mu + mu**2) + g[1] * (1 + mu) + g[2])

    def check(self, lr, mu, g):
        import torch

        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=lr, momentum=mu)
        for gradient in g:
            weight.grad = torch.full_like(weight, gradient)
            optimizer.step()
        return weight.item()

    def distractors(self, lr, mu, g):
        return [
            Wrong(-lr * sum(g), "The momentum is left out."),
            Wrong((1 - mu) * self.answer(lr, mu, g), "The gradient enters the buffer with 1 - μ, as in Adam; PyTorch's does not."),
            Wrong(-self.answer(lr, mu, g), "The sign of the step is lost."),
            Wrong(-lr * (g[0] * mu**2 + g[1] * mu + g[2]), "Only the last of the three steps is counted."),
        ]

    def why(self, lr, mu, g):
        return r"$v_1=g_1$, $v_2=\mu v_1+g_2$, $v_3=\mu v_2+g_3$, and the weight is $-@{lr}\,(v_1+v_2+v_3)$: @{key}."


class DecayThroughTheBuffer(L8, Numeric):
    id = "l08-decay-through-the-buffer"
    source = "2025 notes 8, weight decay; torch.optim.SGD"
    title = "Weight decay meets momentum"
    minutes = 3
    rtol = 0.0005
    text = r"""
    `torch.optim.SGD` runs with `lr=0.1`, `momentum=@{mu}` and `weight_decay=@{lam}`; it adds $\lambda w$ to the gradient before the
    gradient enters the buffer. The loss itself has the gradient zero. A weight is $@{w}$; what is it after two steps? Give four
    significant digits.
    """

    def params(self, draw):
        return {
            "mu": draw.choice("mu", (0.5, 0.8, 0.9)),
            "lam": draw.choice("lam", (0.2, 0.3, 0.5)),
            "w": draw.choice("w", (10, 20, 40, 50)),
        }

    def answer(self, mu, lam, w):
        first = w - 0.1 * lam * w
        return first - 0.1 * (mu * lam * w + lam * first)

    def check(self, mu, lam, w):
        import torch

        weight = torch.full((1,), float(w), dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=0.1, momentum=mu, weight_decay=lam)
        for _ in range(2):
            weight.grad = torch.zeros_like(weight)
            optimizer.step()
        return weight.item()

    def distractors(self, mu, lam, w):
        return [
            Wrong(w * (1 - 0.1 * lam) ** 2, "The decay is taken to act on the weight alone; here it goes through the buffer as well."),
            Wrong(w, "Without a gradient the weight is taken to rest."),
            Wrong(w * (1 - lam) ** 2, "The decay is not multiplied by the learning rate."),
        ]

    def why(self, mu, lam, w):
        return (
            r"The first step subtracts $0.1\cdot\lambda w$; the second subtracts $0.1\,(\mu\lambda w+\lambda w_1)$, because the buffer "
            "remembers the first: @{key}."
        )


class AverageAfterAJump(L8, Numeric):
    id = "l08-average-after-a-jump"
    source = "2025 notes 8, exponential moving average"
    title = "How fast an average follows"
    minutes = 2
    text = r"""
    An exponential average of a weight, $\tilde w\leftarrow@{gamma}\,\tilde w+(1-@{gamma})\,w$, has settled at $@{a}$. Then the weight
    jumps to $@{b}$ and stays there. What is the average after $@{t}$ updates? Give three significant digits.
    """

    def params(self, draw):
        return {
            "gamma": draw.choice("gamma", (0.8, 0.9, 0.95)),
            "a": draw.integer("a", 2, 5),
            "b": draw.integer("b", 10, 15),
            "t": draw.choice("t", (3, 5, 8, 10)),
        }

    def answer(self, gamma, a, b, t):
        return b + gamma**t * (a - b)

    def check(self, gamma, a, b, t):
        import torch

        average, weight = torch.tensor(float(a), dtype=torch.float64), torch.tensor(float(b), dtype=torch.float64)
        for _ in range(t):
            average = torch.lerp(average, weight, 1 - gamma)
        return average.item()

    def distractors(self, gamma, a, b, t):
        return [
            Wrong(a + gamma**t * (b - a), "γ is taken for the weight of the new value."),
            Wrong(b * (1 - gamma**t), "The average is taken to start at zero."),
        ]

    def why(self, gamma, a, b, t):
        return r"Every update multiplies the distance to @{b} by @{gamma}: $@{b}-@{gamma}^{@{t}}\cdot(@{b}-@{a})$ is @{key}."


class AverageBesideTheRun(L8, Choice):
    id = "l08-average-beside-the-run"
    source = "2025 notes 8, exponential moving average"
    title = "What an average changes"
    minutes = 1
    text = r"""
    Two runs of SGD have the same seed, data, batch size and learning rate. The second one also keeps an exponential average of the
    weights with $\gamma=@{gamma}$, as `update_ema(model, ema_model)` after each of its @{k} steps. How do the weights of `model` differ
    at the end?
    """

    SAME = "They do not differ: the average is kept beside the run."
    LATE = "Those of the second run lag behind by about @{lag} steps."
    SMOOTH = "Those of the second run have less noise."
    SMALL = "Those of the second run are smaller by a factor of @{gamma} per step."

    def params(self, draw):
        return {"gamma": draw.choice("gamma", (0.9, 0.95, 0.98, 0.99)), "k": draw.choice("k", (200, 300, 500))}

    def answer(self, gamma, k):
        return self.SAME

    def check(self, gamma, k):
        return self.SAME if run_with_average(gamma) == run_with_average(None) else "another"

    def distractors(self, gamma, k):
        lag = str(round(gamma / (1 - gamma)))
        return [
            Wrong(self.LATE.replace("@{lag}", lag), "The average lags; the run that it follows does not."),
            Wrong(self.SMOOTH, "The average has less noise; it is never copied back."),
            Wrong(self.SMALL, "The decay of the average is taken for weight decay."),
        ]

    def why(self, gamma, k):
        return "`update_ema` reads the model and writes to the copy. Training never reads the copy; only evaluation does."


@functools.cache
def run_with_average(gamma):
    """The weights after fifty steps of SGD with momentum, with an average beside it or (None) without one."""
    import copy

    import torch

    generator = torch.Generator().manual_seed(0)
    data = torch.randn(50, 4, 3, generator=generator, dtype=torch.float64)
    model = torch.nn.Linear(3, 1, dtype=torch.float64)
    with torch.no_grad():
        model.weight.fill_(0.5), model.bias.zero_()
    shadow = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x in data:
        optimizer.zero_grad()
        (model(x) - x[:, :1]).square().mean().backward()
        optimizer.step()
        if gamma is not None:
            with torch.no_grad():
                for kept, new in zip(shadow.parameters(), model.parameters(), strict=True):
                    kept.mul_(gamma).add_((1 - gamma) * new)
    return model.weight.tolist() + model.bias.tolist()


def apart(one, two):
    return sum(abs(a - b) for a, b in zip(one, two, strict=True))


class ReadingSchedules(L8, Choice):
    id = "l08-reading-schedules"
    source = "2025 notes 8, learning rate schedules"
    title = "Four schedules in a figure"
    minutes = 2
    text = r"""
    The figure shows four schedules of 100 steps that start at $\alpha_0=@{start}$. Which curve is $@{formula}$?
    """

    STYLES = {"solid": "-", "dashed": "--", "dotted": ":", "dash-dotted": "-."}
    SCHEDULES = {
        r"\alpha_k=\alpha_0\cdot 0.5^{\lfloor k/30\rfloor}": lambda k: 0.5 ** (k // 30),
        r"\alpha_k=\alpha_0\cdot 0.97^k": lambda k: 0.97**k,
        r"\alpha_k=\alpha_0/(1+0.05\,k)": lambda k: 1 / (1 + 0.05 * k),
        r"\alpha_k=\tfrac12\alpha_0(1+\cos(\pi k/100))": lambda k: 0.5 * (1 + math.cos(math.pi * k / 100)),
    }

    def params(self, draw):
        start = draw.choice("start", (0.1, 0.2, 0.4, 0.8))
        shapes = draw.sample("order", tuple(self.SCHEDULES.values()), 4)
        values = [[round(start * shape(k), 4) for k in (20, 50, 100)] for shape in shapes]
        return {"start": start, "formula": draw.choice("formula", tuple(self.SCHEDULES)), "values": values}

    def answer(self, start, formula, values):
        return tuple(self.STYLES)[[self.formula_of(start, points) for points in values].index(formula)]

    def formula_of(self, start, points):
        """The formula of the curve that goes through three points, at the steps 20, 50 and 100."""
        return min(self.SCHEDULES, key=lambda formula: apart([start * self.SCHEDULES[formula](k) for k in (20, 50, 100)], points))

    def check(self, start, formula, values):
        rates = [start * rate for rate in self.in_pytorch(formula)]
        return tuple(self.STYLES)[min(range(4), key=lambda i: apart(rates, values[i]))]

    def in_pytorch(self, formula):
        """The schedule at steps 20, 50 and 100 as PyTorch runs it, from the rate 1."""
        import torch

        scheduler = torch.optim.lr_scheduler
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        kinds = (
            lambda: scheduler.StepLR(optimizer, 30, gamma=0.5),
            lambda: scheduler.ExponentialLR(optimizer, 0.97),
            lambda: scheduler.LambdaLR(optimizer, lambda k: 1 / (1 + 0.05 * k)),
            lambda: scheduler.CosineAnnealingLR(optimizer, T_max=100),
        )
        run = kinds[tuple(self.SCHEDULES).index(formula)]()
        rates = [1.0]
        for _ in range(100):
            optimizer.step()
            run.step()
            rates.append(run.get_last_lr()[0])
        return [rates[k] for k in (20, 50, 100)]

    def distractors(self, start, formula, values):
        looks = ("falls in three jumps", "loses the same part at every step", "falls steeply at first", "is flat at both ends")
        look = dict(zip(self.SCHEDULES, looks, strict=True))
        kinds = {style: self.formula_of(start, points) for style, points in zip(self.STYLES, values, strict=True)}
        return [Wrong(style, f"This curve {look[kind]}: its formula is another.") for style, kind in kinds.items() if kind != formula]

    def why(self, start, formula, values):
        return "Put $k=20$, $50$ and $100$ into the formula and compare: the curve is @{key}."

    def alt(self, start, formula, values):
        return (
            "Four falling curves over 100 steps from the same start. For the solid, the dashed, the dotted and the dash-dotted curve in "
            "turn, the learning rates after 20, 50 and 100 steps: @{values}."
        )

    def figure(self, axes, start, formula, values):
        for (name, style), points in zip(self.STYLES.items(), values, strict=True):
            shape = self.SCHEDULES[self.formula_of(start, points)]
            axes.plot([start * shape(k) for k in range(101)], style, color="black", label=name)
        axes.set(xlabel="steps", ylabel="learning rate")
        axes.legend()


class WhichScheduleBug(L8, FaultChoice):
    id = "l08-which-schedule-bug"
    source = "homework 3, question 3"
    title = "Diagnose a plotted schedule"
    minutes = 3
    homework = "hw3_noise_floor"
    faults = ("whole_period", "degrees", "amplitude_with_the_minimum", "minimum_forgotten", "straight_line")
    text = r"""
    A cosine schedule is to go from $\eta_0=@{start}$ at $k=0$ to $\eta_{\min}=@{end}$ at $k=@{K}$, as
    $\eta_{\min}+\tfrac12(\eta_0-\eta_{\min})(1+\cos(\pi k/@{K}))$. The figure shows a student's schedule; three quarters of the way it
    stands at $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "start": draw.choice("start", (0.5, 0.8, 1.0)),
            "end": draw.choice("end", (0.05, 0.1)),
            "K": draw.choice("K", (40, 60, 80)),
        }

    def run(self, function, start, end, K):
        return function(3 * K / 4, start, end, K)

    def formulas(self, start, end, K):
        half = (start - end) / 2
        return {
            "whole_period": end + half,
            "degrees": end + half * (1 + math.cos(135)),
            "amplitude_with_the_minimum": end + start / 2 * (1 - math.sqrt(0.5)),
            "minimum_forgotten": start / 2 * (1 - math.sqrt(0.5)),
            "straight_line": start - (start - end) * 3 / 4,
        }

    def curve(self, start, end, K, shown):
        function = self._fault(self._culprit(self._numbers({"start": start, "end": end, "K": K}), shown)).call
        return [float(function(float(k), start, end, K)) for k in range(K + 1)]

    def why(self, start, end, K, shown):
        return "Compare the two ends and the shape in between with the formula. @{key}"

    def alt(self, start, end, K, shown):
        rates = self.curve(start, end, K, shown)
        told = ", ".join(f"{rates[K * i // 4]:.4g}" for i in (0, 1, 2, 4))
        return (
            f"A curve over {K} steps. At the start, a quarter of the way, half of the way and at the end it stands at {told}; a dot "
            "marks its value three quarters of the way."
        )

    def figure(self, axes, start, end, K, shown):
        axes.plot(self.curve(start, end, K, shown), color="black")
        axes.plot([3 * K / 4], [shown], "o", color="tab:red")
        axes.set(xlabel="k", ylabel="learning rate", ylim=(0, None))
