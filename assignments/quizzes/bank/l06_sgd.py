"""Lecture 6: stochastic gradient descent, its noise floor, and how step and batch size set it."""

import functools
import itertools
import math

from autograder.quiz import Choice, Literal, Numeric, SelectAll, Wrong


class L6:
    lecture = 6
    edition = "2025"


def floor(eta, variance, batch=1):
    """The mean squared error that SGD on mean estimation ends up with, in the closed form of the notes."""
    return eta * variance / (batch * (2 - eta))


@functools.cache
def simulated_error(eta, variance, batch, steps, start):
    """Mean squared error after some steps, by the recursion of mean and variance that one noisy step makes."""
    bias, spread = start, 0.0
    for _ in range(steps):
        bias, spread = bias - eta * bias, (1 - eta) ** 2 * spread + eta**2 * variance / batch
    return bias**2 + spread


class NoiseFloor(L6, Numeric):
    id = "l06-noise-floor"
    source = "2025 notes 6, mean estimation and mini-batches"
    title = "Where the error stops falling"
    minutes = 2
    rtol = 0.01
    text = r"""
    SGD estimates a mean: $w_{k+1}=w_k-\eta\,(w_k-\bar x_k)$, where $\bar x_k$ is the mean of a fresh batch of $B=@{B}$ samples of variance
    $\sigma^2=@{variance}$, drawn with replacement. With $\eta=@{eta}$, to which value does $\mathbb E(w_k-\mu)^2$ converge?
    """

    def params(self, draw):
        return {
            "B": draw.choice("B", (2, 4, 5, 8, 10)),
            "variance": draw.choice("variance", (3, 4, 9, 16)),
            "eta": draw.choice("eta", (0.1, 0.2, 0.4, 0.5)),
        }

    def answer(self, B, variance, eta):
        return floor(eta, variance, B)

    def check(self, B, variance, eta):
        return simulated_error(eta, variance, B, 500, 5.0)

    def distractors(self, B, variance, eta):
        return [
            Wrong(eta * variance / B, "That is the simpler upper bound; the limit divides by 2 - η."),
            Wrong(floor(eta, variance), "The batch is left out: its mean has a smaller variance."),
            Wrong(0, "The error is taken to go to zero because every step is unbiased."),
        ]

    def why(self, B, variance, eta):
        return r"The limit solves $A=(1-\eta)^2A+\eta^2\sigma^2/B$, so $A=\dfrac{\eta\,\sigma^2}{B(2-\eta)}$: @{key}."


class ExpectedPath(L6, Numeric):
    id = "l06-expected-path"
    source = "2025 notes 6, the mean of the iterates"
    title = "Where the average run is"
    minutes = 2
    text = r"""
    SGD on mean estimation, $w_{k+1}=(1-\eta)w_k+\eta x_{i_k}$, starts at $w_0=@{w0}$ with $\eta=@{eta}$; the data have the mean $@{mu}$.
    What is $\mathbb E[w_@{k}]$?
    """

    def params(self, draw):
        return {
            "w0": draw.integer("w0", 9, 15),
            "eta": draw.choice("eta", (0.1, 0.2, 0.3)),
            "mu": draw.integer("mu", 2, 4),
            "k": draw.integer("k", 2, 4),
        }

    def answer(self, w0, eta, mu, k):
        return mu + (1 - eta) ** k * (w0 - mu)

    def check(self, w0, eta, mu, k):
        """The mean over all sequences of draws from two samples."""
        ends = []
        for draws in itertools.product((mu - 1, mu + 1), repeat=k):
            w = w0
            for x in draws:
                w = (1 - eta) * w + eta * x
            ends.append(w)
        return sum(ends) / len(ends)

    def distractors(self, w0, eta, mu, k):
        return [
            Wrong((1 - eta) ** k * w0, "The factor is applied to w itself; it multiplies the distance to the mean."),
            Wrong(mu, "Unbiased steps are taken to mean that every iterate has the right mean."),
            Wrong(mu + (1 - eta) ** k * (mu - w0), "The sign of the distance is turned around, so the path starts on the other side."),
        ]

    def why(self, w0, eta, mu, k):
        return r"Each step multiplies the expected distance to the mean by $1-\eta$: $@{mu}+(1-@{eta})^@{k}\,(@{w0}-@{mu})$ is @{key}."


class FullStep(L6, Choice):
    id = "l06-full-step"
    source = "2025 notes 6, the error formula at η = 1"
    title = "A step size of one"
    minutes = 2
    text = r"""
    SGD on mean estimation, $w_{k+1}=(1-\eta)w_k+\eta x_{i_k}$, runs with $\eta=1$ on the data $@{x}$, drawn with replacement. What is
    $\mathbb E(w_k-\mu)^2$ for every $k\ge1$?
    """

    def params(self, draw):
        base, gap = draw.integer("base", 1, 9), draw.integer("gap", 1, 6)
        return {"x": [base, base + gap, base + 2 * gap]}

    def answer(self, x):
        mean = sum(x) / len(x)
        return sum((v - mean) ** 2 for v in x) / len(x)

    def check(self, x):
        """The mean over all sequences of three draws."""
        mean, errors = sum(x) / len(x), []
        for draws in itertools.product(x, repeat=3):
            w = 0.0
            for v in draws:
                w = w - 1.0 * (w - v)
            errors.append((w - mean) ** 2)
        return sum(errors) / len(errors)

    def distractors(self, x):
        variance = self.answer(x)
        return [
            Wrong(variance / 2, "The limit of small steps, ησ²/2, is used where η is not small."),
            Wrong(variance * 3 / 2, "The sum of squares is divided by n - 1; the variance of the data set is divided by n."),
            Wrong(0.0, "A full step is taken to reach the minimum, as for gradient descent on the whole data."),
        ]

    def why(self, x):
        return (
            r"With $\eta=1$ the iterate *is* the sample drawn last, so its squared error is $\sigma^2$, as $\eta/(2-\eta)=1$ says: @{key}."
        )


class KeepTheFloor(L6, Numeric):
    id = "l06-keep-the-floor"
    source = "2025 notes 6, mini-batches"
    title = "A larger batch for the same floor"
    minutes = 3
    rtol = 0.01
    text = r"""
    SGD on mean estimation has the floor $\dfrac{\eta\,\sigma^2}{B(2-\eta)}$. It runs with $\eta=@{eta}$ and $B=@{B}$. The batch becomes
    $@{c}$ times as large. Which $\eta$ gives *exactly* the same floor?
    """

    def params(self, draw):
        return {"eta": draw.choice("eta", (0.2, 0.3, 0.4, 0.5)), "B": draw.choice("B", (1, 2, 5)), "c": draw.choice("c", (3, 4, 6, 8))}

    def answer(self, eta, B, c):
        return 2 * c * eta / (2 - eta + c * eta)

    def check(self, eta, B, c):
        """Bisection on the simulated floor."""
        wanted, low, high = simulated_error(eta, 1.0, B, 300, 1.0), 0.0, 1.99
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if simulated_error(middle, 1.0, c * B, 300, 1.0) < wanted else (low, middle)
        return low

    def distractors(self, eta, B, c):
        return [
            Wrong(c * eta, "The linear rule is used, which is right for small steps only."),
            Wrong(math.sqrt(c) * eta, "The step is scaled with the root of the batch."),
            Wrong(eta, "The batch is taken to leave the floor as it is."),
        ]

    def why(self, eta, B, c):
        return r"Solve $\dfrac{\eta'}{@{c}\,(2-\eta')}=\dfrac{@{eta}}{2-@{eta}}$: @{key}. For small steps it is nearly $@{c}\,\eta$."


class WhichSchedules(L6, SelectAll):
    id = "l06-which-schedules"
    edition = "2026"
    source = "2026 notes 2, step sizes that decay"
    title = "Neither too fast nor too slow"
    minutes = 2
    text = r"""
    Which of these step sizes, with $\eta_0=@{eta}$, satisfy both $\sum_k\eta_k=\infty$ and $\sum_k\eta_k^2<\infty$? Select all.
    """

    OPTIONS = {
        r"$\eta_0/(k+1)$": (lambda k: 1 / (k + 1), ""),
        r"$\eta_0/(k+1)^{0.6}$": (lambda k: (k + 1) ** -0.6, ""),
        r"$\eta_0/\sqrt{k+1}$": (lambda k: (k + 1) ** -0.5, "Its squares are the harmonic series, which diverges."),
        r"$\eta_0\cdot0.99^k$": (lambda k: 0.99**k, "It decays so fast that its sum is finite: the run freezes."),
        r"$\eta_0/(k+1)^2$": (lambda k: (k + 1) ** -2.0, "Its sum is finite, so the run can only go a bounded distance."),
        r"$\eta_0$, constant": (lambda k: 1.0, "The noise is never averaged out: the squares do not have a finite sum."),
    }

    def params(self, draw):
        return {"eta": draw.choice("eta", (0.05, 0.1, 0.2, 0.3, 0.5))}

    def answer(self, eta):
        return [text for text, (_, mistake) in self.OPTIONS.items() if not mistake]

    def check(self, eta):
        return list(self.measured())

    @staticmethod
    @functools.cache
    def measured():
        """Sums over blocks that double: a series converges if each block is by a fixed factor smaller than the one before."""

        def converges(term):
            blocks = [sum(term(k) for k in range(2**j, 2 ** (j + 1))) for j in (13, 14)]
            return blocks[1] < 0.95 * blocks[0]

        options = WhichSchedules.OPTIONS
        return tuple(t for t, (eta, _) in options.items() if not converges(eta) and converges(lambda k, eta=eta: eta(k) ** 2))

    def distractors(self, eta):
        return [Wrong(text, mistake) for text, (_, mistake) in self.OPTIONS.items() if mistake]

    def why(self, eta):
        return r"$\sum(k+1)^{-p}$ is infinite for $p\le1$, and $\sum(k+1)^{-2p}$ is finite for $p>\tfrac12$; $\eta_0$ changes neither."


class NoiselessLabels(L6, Choice):
    id = "l06-noiseless-labels"
    edition = "2026"
    source = "2026 notes 2, interpolation"
    title = "When every sample agrees"
    minutes = 2
    text = r"""
    The labels have no noise: $y_i=@{w}\,x_i$ for all samples, with $|x_i|\le1$ and not all $x_i$ zero. SGD with batches of
    one sample and the constant step $\eta=@{eta}$ minimizes $\tfrac12(y_i-wx_i)^2$. What happens to $|w_k-@{w}|$ in the long run?
    """

    CONVERGES = "It goes to 0, although the step stays constant."
    FLOOR = r"It fluctuates around a level that grows with $\eta$."
    DECAY = "It goes to 0 only if the step decays; with a constant step it keeps its size."
    DIVERGES = "It grows without bound."

    def params(self, draw):
        return {"w": draw.integer("w", 2, 9), "eta": draw.choice("eta", (0.1, 0.2, 0.3, 0.5, 0.8))}

    def answer(self, w, eta):
        return self.CONVERGES

    def check(self, w, eta):
        """A run on random samples."""
        import random

        source, value = random.Random(0), 0.0
        for _ in range(2000):
            x = source.uniform(-1, 1)
            value -= eta * (value * x - w * x) * x
        gap = abs(value - w)
        return self.CONVERGES if gap < 1e-9 else self.DIVERGES if gap > 10 * w else self.FLOOR

    def distractors(self, w, eta):
        return [
            Wrong(
                self.FLOOR,
                "Every constant step is taken to have a floor; it comes from gradients that do not vanish at the minimizer.",
            ),
            Wrong(self.DECAY, "Decay is taken to be necessary; it is where samples disagree."),
            Wrong(self.DIVERGES, "The step is taken to be unstable; it is far below 2, and no sample has a curvature above 1."),
        ]

    def why(self, w, eta):
        return r"At $w=@{w}$ the gradient of *every* sample is zero: a step multiplies the error by $1-\eta x_i^2$ and adds no noise."


class MoreData(L6, Choice):
    id = "l06-more-data"
    source = "2025 notes 6, independence of n"
    title = "Ten times the data"
    minutes = 1
    text = r"""
    SGD on mean estimation runs with $\eta=@{eta}$, $B=@{B}$ on $@{n}$ samples, drawn with replacement. The data set grows to $@{m}$ times
    as many samples of the same mean and variance. What happens to the floor of $\mathbb E(w_k-\mu)^2$?
    """

    SAME = "It stays as it is."

    def params(self, draw):
        return {
            "eta": draw.choice("eta", (0.1, 0.2, 0.5)),
            "B": draw.choice("B", (1, 5, 10)),
            "n": draw.choice("n", (500, 1000, 4000)),
            "m": draw.choice("m", (4, 9, 16, 25)),
        }

    def options(self, m):
        """Each factor and how it is told; the right one first."""
        return {
            1.0: self.SAME,
            1 / m: f"It is divided by {m}.",
            1 / math.sqrt(m): f"It is divided by {math.isqrt(m)}.",
            m: f"It is multiplied by {m}.",
        }

    def answer(self, eta, B, n, m):
        return self.SAME

    def check(self, eta, B, n, m):
        """Both data sets made, and their floors computed from their own variances."""
        import torch

        few = torch.linspace(-1, 1, n, dtype=torch.float64)
        floors = [simulated_error(eta, x.var(correction=0).item(), B, 300, 1.0) for x in (few, few.repeat(m))]
        options = self.options(m)
        return options[min(options, key=lambda factor: abs(factor - floors[1] / floors[0]))]

    def distractors(self, eta, B, n, m):
        mistakes = (
            "More data are taken to make each step more exact; a step sees B samples in any case.",
            "The error of the sample mean is taken for the floor, which is measured from the mean of the given data.",
            "The floor is taken to add up over samples.",
        )
        return [Wrong(text, mistake) for text, mistake in zip(list(self.options(m).values())[1:], mistakes, strict=True)]

    def why(self, eta, B, n, m):
        return r"The floor is $\eta\sigma^2/(B(2-\eta))$: the number of samples does not occur."


class SameWorkSamePath(L6, Literal):
    id = "l06-same-work-same-path"
    source = "2025 notes 6, one large batch against many small ones"
    title = "One large batch or many small ones"
    minutes = 2
    text = r"""
    SGD on mean estimation ran with $B=@{B}$ and $\eta=@{eta}$ for $@{k}$ steps. For small steps, which $\eta$ and which number of steps
    with $B=1$ bring nearly the same error after the same number of samples? Write a list [step size, number of steps].
    """

    def params(self, draw):
        return {"B": draw.choice("B", (2, 5, 10)), "eta": draw.choice("eta", (0.05, 0.1)), "k": draw.choice("k", (20, 30, 40))}

    def answer(self, B, eta, k):
        return [round(eta / B, 4), k * B]

    def check(self, B, eta, k):
        """Among some candidates with the same number of samples, the one whose error stays nearest on the way."""

        def distance(step):
            points = [k // 4, k // 2, k, 4 * k]
            errors = [(simulated_error(eta, 4.0, B, j, 5.0), simulated_error(step, 4.0, 1, B * j, 5.0)) for j in points]
            return max(abs(math.log(a / b)) for a, b in errors)

        return [round(min((eta, eta / B, eta / math.sqrt(B), min(1.0, eta * B)), key=distance), 4), k * B]

    def distractors(self, B, eta, k):
        return [
            Wrong([eta, k * B], "The step is kept: then the floor is B times as high."),
            Wrong([round(eta * B, 4), k * B], "The step is scaled the wrong way: a noisier gradient needs a smaller step."),
            Wrong([round(eta / B, 4), k], "The number of steps is kept: then only a part of the samples is used."),
        ]

    def why(self, B, eta, k):
        return r"The floors agree if $\eta/B$ does, and $(1-\eta/B)^{2kB}\approx(1-\eta)^{2k}$: @{key}."


class TypicalDistance(L6, Numeric):
    id = "l06-typical-distance"
    source = "2025 notes 6, the floor of the squared error"
    title = "How far from the mean"
    minutes = 2
    rtol = 0.01
    text = r"""
    SGD on mean estimation, $w_{k+1}=(1-\eta)w_k+\eta x_{i_k}$, has run for a long time with $\eta=@{eta}$ on data with the *standard
    deviation* $\sigma=@{sigma}$. What is the root mean squared distance of $w_k$ from the mean?
    """

    def params(self, draw):
        return {"eta": draw.choice("eta", (0.05, 0.1, 0.2, 0.3)), "sigma": draw.choice("sigma", (4, 6, 7, 8))}

    def answer(self, eta, sigma):
        return math.sqrt(floor(eta, sigma**2))

    def check(self, eta, sigma):
        """An old iterate is a weighted sum of independent samples: the squares of the weights, added up."""
        return math.sqrt(sum((sigma * eta * (1 - eta) ** j) ** 2 for j in range(2000)))

    def distractors(self, eta, sigma):
        return [
            Wrong(floor(eta, sigma**2), "That is the mean squared distance; the root is missing."),
            Wrong(math.sqrt(floor(eta, sigma)), "The standard deviation stands where its square, the variance, belongs."),
            Wrong(eta * sigma, "One step's noise is given; the noise of earlier steps has not died out."),
        ]

    def why(self, eta, sigma):
        return r"$\sqrt{\eta/(2-\eta)}\;\sigma$: @{key}. A step four times as small makes the distance about half as large."


class OneBatchStep(L6, Numeric):
    id = "l06-one-batch-step"
    edition = "both"
    source = "2025 notes 6, mini-batches; 2026 notes 2"
    title = "One step with a small batch"
    minutes = 2
    text = r"""
    With $\ell_i(w)=\tfrac12(x_i-w)^2$, SGD stands at $w=@{w}$ and draws the batch $@{x}$. Where does a step with the *mean* gradient of the
    batch and $\eta=@{eta}$ lead?
    """

    def params(self, draw):
        return {
            "w": draw.integer("w", 20, 30),
            "x": draw.sample("x", range(2, 16), 4),
            "eta": draw.choice("eta", (0.1, 0.2, 0.4)),
        }

    def answer(self, w, x, eta):
        return w - eta * (w - sum(x) / len(x))

    def check(self, w, x, eta):
        import torch

        leaf = torch.tensor(float(w), dtype=torch.float64, requires_grad=True)
        (0.5 * (torch.tensor(x, dtype=torch.float64) - leaf) ** 2).mean().backward()
        torch.optim.SGD([leaf], lr=eta).step()
        return leaf.item()

    def distractors(self, w, x, eta):
        return [
            Wrong(w - eta * sum(w - v for v in x), "The gradients of the batch are added and not averaged."),
            Wrong(w + eta * (w - sum(x) / len(x)), "The step goes away from the samples: the sign of the gradient is lost."),
            Wrong(w - eta * (w - sum(x) / len(x)) / len(x), "The mean is divided by the size of the batch once more."),
        ]

    def why(self, w, x, eta):
        return r"The mean gradient is $w-\bar x$, so $w$ moves to $(1-@{eta})\cdot@{w}+@{eta}\,\bar x$: @{key}."


class WhatLowersTheFloor(L6, SelectAll):
    id = "l06-what-lowers-the-floor"
    source = "2025 notes 6, the error formula and mini-batches"
    title = "What lowers the floor"
    minutes = 2
    text = r"""
    SGD on mean estimation runs with the constant step $\eta=@{eta}$ and batches of $B=@{B}$, drawn with replacement. Which changes lower
    the value to which $\mathbb E(w_k-\mu)^2$ converges? Select all.
    """

    CHANGES = {
        r"Half the step size": ({"eta": 0.5}, ""),
        "Batches twice as large": ({"batch": 2}, ""),
        "Ten times as many steps": ({"steps": 10}, "More steps forget the start; the noise of the last steps stays."),
        "A start that is closer to the mean": ({"start": 0.1}, "The start is forgotten anyway; it enters only the part that decays."),
        "Batches and step both twice as large": (
            {"eta": 2, "batch": 2},
            "The two are taken to cancel to a gain; doubling both leaves η/B as it is, and 2 - η gets smaller.",
        ),
    }

    def params(self, draw):
        return {"eta": draw.choice("eta", (0.1, 0.2, 0.3, 0.4)), "B": draw.choice("B", (1, 2, 5, 10))}

    def answer(self, eta, B):
        return [text for text, (_, mistake) in self.CHANGES.items() if not mistake]

    def check(self, eta, B):
        found, before = [], simulated_error(eta, 4.0, B, 1000, 10.0)
        for text, (change, _) in self.CHANGES.items():
            step, batch = eta * change.get("eta", 1), B * change.get("batch", 1)
            after = simulated_error(step, 4.0, batch, 1000 * change.get("steps", 1), 10.0 * change.get("start", 1))
            if after < before * (1 - 1e-6):
                found.append(text)
        return found

    def distractors(self, eta, B):
        return [Wrong(text, mistake) for text, (_, mistake) in self.CHANGES.items() if mistake]

    def why(self, eta, B):
        return (
            r"The floor $\eta\sigma^2/(B(2-\eta))$ rises with $\eta$ and falls with $B$; neither the start nor the number of steps occurs."
        )


class SamplesLookedAt(L6, Numeric):
    id = "l06-samples-looked-at"
    edition = "2026"
    source = "2026 notes 2, run_sgd and eval_every"
    title = "The price of watching"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = r"""
    SGD makes $@{steps}$ steps with batches of $@{B}$ on $@{n}$ samples. The loss over *all* samples is computed every $@{every}$ steps,
    for a plot. How many times is a sample looked at, for gradients and plot together?
    """

    def params(self, draw):
        return {
            "steps": draw.choice("steps", (1000, 2000, 4000)),
            "B": draw.choice("B", (1, 4, 8)),
            "n": draw.choice("n", (5000, 6000, 20000)),
            "every": draw.choice("every", (10, 20, 50)),
        }

    def answer(self, steps, B, n, every):
        return steps * B + steps // every * n

    def check(self, steps, B, n, every):
        """The loop, counting."""
        count = 0
        for step in range(1, steps + 1):
            count += len(range(B))
            if step % every == 0:
                count += len(range(n))
        return count

    def distractors(self, steps, B, n, every):
        return [
            Wrong(steps * B, "Only the gradients are counted; the plot costs more."),
            Wrong(steps * (B + n), "The loss is taken to be computed after every step."),
            Wrong(steps * B + n, "The loss is taken to be computed once."),
        ]

    def why(self, steps, B, n, every):
        return r"$@{steps}\cdot@{B}$ for the gradients, and $@{steps}/@{every}$ times $@{n}$ for the plot: @{key}. The plot costs most."


class ReadingTheFloor(L6, Choice):
    id = "l06-reading-the-floor"
    source = "2025 notes 6, the error formula (figure)"
    title = "Which step made this curve"
    minutes = 3
    text = r"""
    The figure shows $\mathbb E(w_k-\mu)^2$ of SGD on mean estimation with $B=1$ for three step sizes; the data have the variance
    $\sigma^2=@{variance}$. The solid curve levels off at $@{level}$. Which step size does it belong to?
    """

    ETAS = (0.4, 0.2, 0.1, 0.05)
    STEPS = 60

    def params(self, draw):
        variance, eta = draw.choice("variance", (2, 4, 9, 16)), draw.choice("eta", self.ETAS[:3])
        return {"variance": variance, "level": round(floor(eta, variance), 3)}

    def answer(self, variance, level):
        return min(self.ETAS, key=lambda eta: abs(floor(eta, variance) - level))

    def check(self, variance, level):
        return min(self.ETAS, key=lambda eta: abs(simulated_error(eta, float(variance), 1, 500, 0.0) - level))

    def distractors(self, variance, level):
        right = self.answer(variance, level)
        return [
            Wrong(eta, "A larger step has a higher floor than this." if eta > right else "A smaller step has a lower floor than this.")
            for eta in self.ETAS
            if eta != right
        ]

    def why(self, variance, level):
        return r"Solve $\eta\sigma^2/(2-\eta)=@{level}$ for $\eta$: @{key}. A larger step starts faster and has a higher floor."

    def alt(self, variance, level):
        return (
            "Three curves over 60 steps on a logarithmic axis, all falling from the same height: solid, dashed and dotted. The lower a "
            "curve ends, the more slowly it falls at first. The solid one levels off at @{level}; the variance of the data is @{variance}."
        )

    def figure(self, axes, variance, level):
        right, start = self.answer(variance, level), math.sqrt(5.0 * variance)
        others = [eta for eta in self.ETAS[:3] if eta != right]
        steps = range(self.STEPS + 1)
        for eta, style in zip((right, *others), ("-", "--", ":"), strict=True):
            errors = [simulated_error(eta, float(variance), 1, k, start) for k in steps]
            axes.semilogy(steps, errors, style, color="black")
        axes.set(xlabel="step", ylabel="mean squared error")
        axes.grid(axis="y", which="both", alpha=0.4)
