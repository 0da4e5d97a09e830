"""Lecture 3: gradient descent, on least squares and in one dimension."""

import functools
import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L3:
    lecture = 3
    edition = "2025"


def gram_with(values):
    """A symmetric float64 matrix XᵀX, where X has these singular values."""
    import torch

    generator = torch.Generator().manual_seed(0)
    V = torch.linalg.qr(torch.randn(len(values), len(values), generator=generator, dtype=torch.float64)).Q
    return V @ torch.diag(torch.tensor(values, dtype=torch.float64) ** 2) @ V.T


@functools.cache
def error_left(largest, alpha):
    """The largest entry of w - w⋆ after 4000 steps from an error of ones, where X has this largest singular value, and 1."""
    import torch

    gram, error = gram_with([largest, 1]), torch.ones(2, dtype=torch.float64)
    for _ in range(4000):
        error = error - alpha * (gram @ error)
    return error.abs().max().item()


class LargestStep(L3, Numeric):
    id = "l03-largest-step"
    source = "2025 notes 3, which steps converge"
    title = "How long may a step be"
    minutes = 1
    text = r"""
    $X$ has the singular values $@{s}$. Gradient descent on $\tfrac12\lVert Xw-y\rVert^2$ converges for all steps below which number?
    """

    def params(self, draw):
        return {"s": sorted(draw.sample("s", (3, 4, 5, 6, 7, 8), 3), reverse=True)}

    def answer(self, s):
        return 2 / s[0] ** 2

    def check(self, s):
        """Bisection on the spectral radius of I - αXᵀX."""
        import torch

        gram, low, high = gram_with(s), 0.0, 2.0
        for _ in range(40):
            middle = (low + high) / 2
            radius = torch.linalg.eigvalsh(torch.eye(3, dtype=torch.float64) - middle * gram).abs().max()
            low, high = (middle, high) if radius < 1 else (low, middle)
        return low

    def distractors(self, s):
        return [
            Wrong(2 / s[0], "A singular value of X stands where the eigenvalue of XᵀX, its square, belongs."),
            Wrong(1 / s[0] ** 2, "That is a good step, but not the bound."),
            Wrong(2 / s[-1] ** 2, "The flattest direction is taken to be the first to become unstable; it is the last."),
        ]

    def why(self, s):
        return rf"The bound is $2/\lambda_{{\max}}(X^\top X)=2/\sigma_{{\max}}^2=2/{s[0]}^2$: @{{key}}."


class WhichStepsConverge(L3, SelectAll):
    id = "l03-which-steps-converge"
    source = "2025 notes 3, which steps converge"
    title = "Steps that converge"
    minutes = 2
    text = r"""
    The columns of $X$ are independent, and its largest singular value is $@{s}$. For which of these constant steps does gradient descent on
    $\tfrac12\lVert Xw-y\rVert^2$ converge from every start? Select all.
    """

    def params(self, draw):
        return {"s": draw.choice("s", (2, 4, 5, 8, 10))}

    def steps(self, s):
        """The bound times 0.25, 0.9, 1 and 1.25, and what is got from the singular value itself."""
        bound = 2 / s**2
        return [0.25 * bound, 0.9 * bound, bound, 1.25 * bound, 1.8 / s]

    def answer(self, s):
        return self.steps(s)[:2]

    def check(self, s):
        return [alpha for alpha in self.steps(s) if error_left(s, alpha) < 1e-3]

    def distractors(self, s):
        mistakes = (
            "At the bound itself the error keeps its size and changes its sign for ever.",
            "Steps a little above the bound diverge, too.",
            "The bound is taken to be 2/σ, with a singular value in place of its square.",
        )
        return [Wrong(alpha, mistake) for alpha, mistake in zip(self.steps(s)[2:], mistakes, strict=True)]

    def why(self, s):
        return rf"The step must be below $2/\sigma_{{\max}}^2=2/{s}^2={2 / s**2:g}$, and not equal to it."


class WhatAStepDoes(L3, Choice):
    id = "l03-what-a-step-does"
    edition = "both"
    source = "2025 notes 3, convergence; 2026 notes 1, step sizes on a quadratic"
    title = "What a step does to the error"
    minutes = 1
    text = r"""
    Gradient descent with the step $\alpha=@{alpha}$ runs on $f(w)=\tfrac{@{lam}}{2}w^2$ from $w_0=1$. What happens to $w_k$?
    """

    SHRINKS = "It shrinks towards 0 and keeps its sign."
    SWINGS = "It shrinks towards 0 and changes its sign at every step."
    BOUNDARY = "It keeps its size and changes its sign at every step."
    GROWS = "It grows without bound and changes its sign at every step."
    CLIMBS = "It grows without bound and keeps its sign."

    def params(self, draw):
        alpha = draw.choice("alpha", (0.125, 0.25, 0.5))
        return {"alpha": alpha, "lam": round(draw.choice("product", (0.5, 1.5, 2, 2.5, 3)) / alpha)}

    def answer(self, alpha, lam):
        product = alpha * lam
        return self.SHRINKS if product < 1 else self.SWINGS if product < 2 else self.BOUNDARY if product == 2 else self.GROWS

    def check(self, alpha, lam):
        import torch

        w = torch.ones(1, dtype=torch.float64, requires_grad=True)
        optimizer, path = torch.optim.SGD([w], lr=alpha), [1.0]
        for _ in range(2):
            optimizer.zero_grad()
            (lam / 2 * w**2).sum().backward()
            optimizer.step()
            path.append(w.item())
        sizes = [abs(x) for x in path]
        if path[1] > 0:
            return self.SHRINKS if sizes[2] < sizes[1] < sizes[0] else self.CLIMBS
        return self.SWINGS if sizes[2] < sizes[1] < 1 else self.BOUNDARY if sizes == [1.0] * 3 else self.GROWS

    def distractors(self, alpha, lam):
        mistakes = {
            self.SHRINKS: "Every positive step is taken to approach the minimum from one side, as only steps below 1/λ do.",
            self.SWINGS: "A change of sign is taken to go with a decrease; the factor is 1 - αλ, and its size decides.",
            self.BOUNDARY: "The factor is taken to be exactly -1; that is so for αλ = 2.",
            self.GROWS: "The size of the factor 1 - αλ is taken to be above one.",
            self.CLIMBS: "The step is taken uphill, with the factor 1 + αλ.",
        }
        return [Wrong(text, mistake) for text, mistake in mistakes.items() if text != self.answer(alpha, lam)]

    def why(self, alpha, lam):
        return rf"Every step multiplies $w$ by $1-\alpha\lambda=1-@{{alpha}}\cdot@{{lam}}={1 - alpha * lam:g}$."


class StepsNeeded(L3, Numeric):
    id = "l03-steps-needed"
    source = "2025 notes 3, the condition number; 2025 notes 7, the rate at the step 1/h"
    title = "The price of a condition number"
    minutes = 3
    atol, rtol = 1.0, 0.0
    text = r"""
    Along an eigenvector of $X^\top X$ with eigenvalue $\lambda$, a step multiplies the error by $1-\alpha\lambda$. The condition number of
    $X^\top X$ is $@{kappa}$, and $\alpha=1/\lambda_{\max}$. After how many steps is the relative *loss* at most $10^{-@{digits}}$ if the
    whole error lies along the flattest direction? (One step more or less is accepted.)
    """

    def params(self, draw):
        return {"kappa": draw.choice("kappa", (20, 40, 50, 80, 100)), "digits": draw.integer("digits", 3, 6)}

    def answer(self, kappa, digits):
        return math.ceil(-digits * math.log(10) / (2 * math.log(1 - 1 / kappa)))

    def check(self, kappa, digits):
        """Steps on the flattest direction, counted."""
        error, steps = 1.0, 0
        while error * error > 10.0**-digits:
            error -= error / kappa
            steps += 1
        return steps

    def distractors(self, kappa, digits):
        rate = math.log(1 - 1 / kappa)
        return [
            Wrong(math.ceil(-digits * math.log(10) / rate), "The loss is taken to shrink like the error; it shrinks like its square."),
            Wrong(math.ceil(-digits / (2 * rate)), "A logarithm to base 10 is divided by a natural one."),
            Wrong(
                math.ceil(-digits * math.log(10) / (2 * math.log(1 - 1 / math.sqrt(kappa)))),
                "The root of the condition number is used: that is the condition number of X.",
            ),
        ]

    def why(self, kappa, digits):
        return r"The loss shrinks by $(1-1/@{kappa})^2$ a step, so $k\ge@{digits}\ln10\,/\,(-2\ln(1-1/@{kappa}))$: @{key}."


class MemoryOfGram(L3, Numeric):
    id = "l03-memory-of-gram"
    source = "2025 notes 3, the memory wall"
    title = "The matrix that does not fit"
    minutes = 2
    text = r"""
    $X$ has $@{n}$ rows and $@{p}$ columns in float64. How much memory does $X^\top X$ take, in GB of $10^9$ bytes?
    """

    def params(self, draw):
        return {"n": draw.choice("n", (500, 1000, 2000)), "p": draw.choice("p", (20000, 30000, 40000, 50000, 100000))}

    def answer(self, n, p):
        return 8 * p * p / 1e9

    def check(self, n, p):
        import torch

        X = torch.empty(n, p, dtype=torch.float64, device="meta")
        gram = X.T @ X
        return gram.numel() * gram.element_size() / 1e9

    def distractors(self, n, p):
        return [
            Wrong(8 * n * p / 1e9, "That is the memory of X itself."),
            Wrong(4 * p * p / 1e9, "Four bytes a number are counted, as in float32."),
            Wrong(8 * p * p / 2**30, "GiB of 2³⁰ bytes are given, where GB of 10⁹ were asked for."),
            Wrong(p * p / 1e9, "Numbers are counted and not bytes."),
        ]

    def why(self, n, p):
        return r"$X^\top X$ has $p^2$ numbers of 8 bytes: $8\cdot@{p}^2/10^9$ is @{key}. The number of rows does not matter."


class Brackets(L3, Numeric):
    id = "l03-brackets"
    source = "2025 notes 3, computing the gradient"
    title = "What two brackets save"
    minutes = 2
    rtol = 0.01
    text = r"""
    $X$ has shape $@{n}\times@{p}$. How many times as many multiplications does `X.T @ X @ w`, computed from left to right, take as
    `X.T @ (X @ w)`?
    """

    def params(self, draw):
        return {"n": draw.choice("n", (200, 300, 500)), "p": draw.choice("p", (1000, 2000, 4000, 5000))}

    def answer(self, n, p):
        return (n * p * p + p * p) / (2 * n * p)

    def check(self, n, p):
        """torch counts both, on tensors without memory."""
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        X, w = torch.empty(n, p, device="meta"), torch.empty(p, 1, device="meta")
        counts = []
        for product in (lambda: X.T @ X @ w, lambda: X.T @ (X @ w)):
            with FlopCounterMode(display=False) as counter:
                product()
            counts.append(counter.get_total_flops())
        return counts[0] / counts[1]

    def distractors(self, n, p):
        return [
            Wrong(p, "The product Xw is left out of the count of the second version."),
            Wrong(n / 2, "Rows and columns are exchanged: the Gram matrix is p by p."),
            Wrong(1, "Equal results are taken to cost the same."),
        ]

    def why(self, n, p):
        return (
            r"From left to right: $np^2$ for $X^\top X$ and $p^2$ for the vector. With brackets: $2np$. The ratio is about $p/2$: @{key}."
        )


class SteepestDirection(L3, Literal):
    id = "l03-steepest-direction"
    edition = "both"
    source = "2025 notes 3, steepest descent; 2026 notes 3, section 2"
    title = "The direction of steepest descent"
    minutes = 1
    text = r"""
    At a point the gradient of $f$ is $@{g}$. Which vector $v$ of length 1 makes the slope $\nabla f^\top v$ as small as possible? Write a
    list with one decimal for each entry.
    """

    def params(self, draw):
        a, b = draw.choice("g", ((3, 4), (4, 3), (6, 8), (8, 6), (9, 12), (12, 9)))
        return {"g": [a * draw.choice("s", (-1, 1)), b * draw.choice("t", (-1, 1))]}

    def answer(self, g):
        return [round(-x / math.hypot(*g), 1) for x in g]

    def check(self, g):
        """A search over all directions, in steps of a tenth of a degree."""
        angles = (math.radians(k / 10) for k in range(3600))
        v = min(([math.cos(t), math.sin(t)] for t in angles), key=lambda v: g[0] * v[0] + g[1] * v[1])
        return [round(x, 1) for x in v]

    def distractors(self, g):
        return [
            Wrong([-x for x in self.answer(g)], "That is the direction of steepest ascent."),
            Wrong([-x for x in g], "The direction is right, but its length is not 1."),
            Wrong([-1.0 if x > 0 else 1.0 for x in g], "The sign of every entry is taken; that vector is longer than 1."),
        ]

    def why(self, g):
        return r"By the Cauchy-Schwarz inequality the minimum is $-\lVert\nabla f\rVert$, at $v=-\nabla f/\lVert\nabla f\rVert$: @{key}."


class LargestGradient(L3, Numeric):
    id = "l03-largest-gradient"
    source = "2025 notes 3, level sets and the gradient"
    title = "How steep can a level set be"
    minutes = 2
    rtol = 0.01
    text = r"""
    $f(w)=\tfrac12\lVert Xw-y\rVert^2$ has the minimum value 0, and the eigenvalues of $X^\top X$ are $@{large}$ and $@{small}$. What is the
    largest norm of $\nabla f$ at a point where $f(w)=@{c}$?
    """

    def params(self, draw):
        return {
            "large": draw.choice("large", (8, 9, 12, 20, 30)),
            "small": draw.choice("small", (1, 2, 3)),
            "c": draw.choice("c", (3, 5, 10)),
        }

    def answer(self, large, small, c):
        return math.sqrt(2 * large * c)

    def check(self, large, small, c):
        """The maximum along the ellipse f = c, in small steps."""
        angles = (k * math.pi / 500 for k in range(500))
        points = ((math.sqrt(2 * c / large) * math.cos(t), math.sqrt(2 * c / small) * math.sin(t)) for t in angles)
        return max(math.hypot(large * u, small * v) for u, v in points)

    def distractors(self, large, small, c):
        return [
            Wrong(math.sqrt(2 * small * c), "That is the smallest gradient on the level set, in the flattest direction."),
            Wrong(math.sqrt(large * c), "The half in front of the loss is left out."),
            Wrong(2 * large * c, "The root is missing: that is the square of the norm."),
        ]

    def why(self, large, small, c):
        return r"Along the steepest eigenvector $f=\tfrac12\lambda t^2$ and $\lVert\nabla f\rVert=\lambda t=\sqrt{2\lambda c}$: @{key}."


class ReadingALevelSet(L3, Numeric):
    id = "l03-reading-a-level-set"
    source = "2025 notes 3, level sets and the condition number"
    title = "A condition number in a picture"
    minutes = 2
    text = r"""
    The figure shows a level set of $f(w)=\tfrac12\lVert Xw-y\rVert^2$ and the lengths of its two half-axes. What is the condition number of
    $X^\top X$?
    """

    def params(self, draw):
        return {
            "long": draw.choice("long", (6, 8, 9, 10)),
            "short": draw.choice("short", (1, 2, 3, 4)),
            "angle": draw.choice("angle", (15, 30, 50)),
        }

    def answer(self, long, short, angle):
        return (long / short) ** 2

    def check(self, long, short, angle):
        """The Hessian whose quadratic form is 1 at the ends of both half-axes."""
        import torch

        t = math.radians(angle)
        axes = torch.tensor([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]], dtype=torch.float64)
        ends = axes * torch.tensor([long, short], dtype=torch.float64)
        inverse = torch.linalg.inv(ends)
        return torch.linalg.cond(inverse.T @ inverse).item()

    def distractors(self, long, short, angle):
        return [
            Wrong(long / short, "The ratio of the axes is the root of the condition number."),
            Wrong(math.sqrt(long / short), "The root is taken, where the square belongs."),
            Wrong((long / short) ** 4, "The ratio of the axes is taken for a condition number of XᵀX already and squared once too often."),
        ]

    def why(self, long, short, angle):
        return r"A half-axis is $\sqrt{2c/\lambda}$, so $\lambda_{\max}/\lambda_{\min}$ is the square of the ratio of the axes: @{key}."

    def alt(self, long, short, angle):
        return "An ellipse around the minimizer, its long axis turned by @{angle} degrees. The half-axes have lengths @{long} and @{short}."

    def figure(self, axes, long, short, angle):
        t = math.radians(angle)
        grid = [2 * math.pi * k / 200 for k in range(201)]
        ellipse = [(long * math.cos(s), short * math.sin(s)) for s in grid]
        turned = [(u * math.cos(t) - v * math.sin(t), u * math.sin(t) + v * math.cos(t)) for u, v in ellipse]
        axes.plot(*zip(*turned, strict=True), color="black")
        for length, direction, style in ((long, t, "-"), (short, t + math.pi / 2, "--")):
            x, y = length * math.cos(direction), length * math.sin(direction)
            axes.plot([0, x], [0, y], style, color="tab:blue")
            axes.text(x / 2, y / 2, f"{length}", ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 2})
        axes.plot([0], [0], "o", color="black")
        axes.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal")


class ReadingARate(L3, Numeric):
    id = "l03-reading-a-rate"
    source = "2025 notes 3, convergence plots; 2026 notes 1, linear rates"
    edition = "both"
    title = "A straight line on a logarithmic axis"
    minutes = 2
    atol, rtol = 0.5, 0.0
    text = r"""
    The figure shows the relative loss of gradient descent, with two points marked. If the curve goes on like this, after how many
    iterations is the relative loss $10^{-@{target}}$?
    """

    def params(self, draw):
        first, second = draw.integer("first", 2, 3), draw.integer("second", 5, 6)
        start, pace, offset = first - 1, draw.choice("pace", (5, 10, 15, 20)), draw.integer("offset", 1, 4)
        return {
            "k1": offset + pace * start,
            "d1": first,
            "k2": offset + pace * (start + second - first),
            "d2": second,
            "target": draw.integer("target", 9, 12),
        }

    def answer(self, k1, d1, k2, d2, target):
        return k1 + (k2 - k1) * (target - d1) / (d2 - d1)

    def check(self, k1, d1, k2, d2, target):
        """One factor for every iteration, applied until the loss is there."""
        factor = 10 ** ((d1 - d2) / (k2 - k1))
        loss, k = 10.0**-d1, k1
        while loss > 10.0**-target * 1.0001:
            loss *= factor
            k += 1
        return k

    def distractors(self, k1, d1, k2, d2, target):
        right = self.answer(k1, d1, k2, d2, target)
        known = [
            Wrong(k2 * target / d2, "The line is taken to start at iteration 0 with the loss 1."),
            Wrong(k2 * 2 ** (target - d2), "Every further digit is taken to need twice as many iterations."),
            Wrong(k2 + target - d2, "Every further digit is taken to need one iteration."),
        ]
        return [wrong for wrong in known if abs(wrong.value - right) > 1]

    def why(self, k1, d1, k2, d2, target):
        return (
            r"On a logarithmic axis a straight line loses the same number of digits in the same number of iterations: $@{d2}-@{d1}$ digits "
            r"in $@{k2}-@{k1}$ iterations. So the loss gets there after @{key}."
        )

    def alt(self, k1, d1, k2, d2, target):
        return (
            "A falling straight line; the vertical axis, the relative loss, is logarithmic. Marked points: at iteration @{k1} the loss is "
            "10 to the power -@{d1}, at iteration @{k2} it is 10 to the power -@{d2}."
        )

    def figure(self, axes, k1, d1, k2, d2, target):
        slope = (d2 - d1) / (k2 - k1)
        ends = [k1 // 2, k2 + (k2 - k1) // 3]
        axes.semilogy(ends, [10 ** (-d1 - slope * (k - k1)) for k in ends], color="black")
        axes.semilogy([k1, k2], [10.0**-d1, 10.0**-d2], "o", color="tab:red")
        for k, d in ((k1, d1), (k2, d2)):
            axes.annotate(f"({k}, $10^{{-{d}}}$)", (k, 10.0**-d), xytext=(-8, -4), textcoords="offset points", ha="right", va="top")
        axes.set(xlabel="iteration", ylabel="relative loss", xlim=(0, None))
        axes.grid(axis="y")


class ShiftedParabola(L3, Numeric):
    id = "l03-shifted-parabola"
    edition = "both"
    source = "2025 notes 3, the update; 2026 notes 1, the shifted quadratic"
    title = "A few steps on a parabola"
    minutes = 2
    rtol = 0.002
    text = r"""
    Gradient descent with $\alpha=@{alpha}$ runs on $f(w)=\tfrac{@{lam}}{2}(w-@{c})^2$ from $w_0=@{w0}$. What is $w_@{k}$?
    """

    def params(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.1, 0.2, 0.3)),
            "lam": draw.integer("lam", 2, 4),
            "c": draw.integer("c", 1, 3),
            "w0": draw.integer("w0", 7, 12),
            "k": draw.integer("k", 2, 4),
        }

    def answer(self, alpha, lam, c, w0, k):
        return c + (1 - alpha * lam) ** k * (w0 - c)

    def check(self, alpha, lam, c, w0, k):
        import torch

        w = torch.tensor(float(w0), dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=alpha)
        for _ in range(k):
            optimizer.zero_grad()
            (lam / 2 * (w - c) ** 2).backward()
            optimizer.step()
        return w.item()

    def distractors(self, alpha, lam, c, w0, k):
        return [
            Wrong((1 - alpha * lam) ** k * w0, "The factor is applied to w itself; it multiplies the distance to the minimizer."),
            Wrong(c + (1 - alpha) ** k * (w0 - c), "The curvature is left out of the factor."),
            Wrong(c + (1 + alpha * lam) ** k * (w0 - c), "The steps climb."),
        ]

    def why(self, alpha, lam, c, w0, k):
        return r"$w_{k+1}-@{c}=(1-@{alpha}\cdot@{lam})\,(w_k-@{c})$, applied $@{k}$ times to $@{w0}-@{c}$: @{key}."


class StationaryPoints(L3, SelectAll):
    id = "l03-stationary-points"
    edition = "2026"
    source = "2026 notes 1, the double well"
    title = "Where gradient descent can rest"
    minutes = 1
    text = r"""
    Which of these points are stationary points of $L(w)=\tfrac12(w^2-@{s})^2$? Select all.
    """

    def params(self, draw):
        return {"s": draw.integer("root", 2, 12) ** 2}

    def answer(self, s):
        root = math.isqrt(s)
        return [-root, 0, root]

    def check(self, s):
        import torch

        found = []
        for point in (-s, -math.isqrt(s), 0, 1, math.isqrt(s), s):
            w = torch.tensor(float(point), dtype=torch.float64, requires_grad=True)
            (0.5 * (w**2 - s) ** 2).backward()
            if w.grad == 0:
                found.append(point)
        return found

    def distractors(self, s):
        return [
            Wrong(s, "The root is forgotten: the wells are where the square of w is that number."),
            Wrong(-s, "The root is forgotten, on the other side."),
            Wrong(1, "The wells are taken to lie at ±1, as in the example of the lecture."),
        ]

    def why(self, s):
        return r"$L'(w)=2w(w^2-@{s})$ is zero in the two wells and on the hill between them: @{key}."


class WhichGradientBug(L3, FaultChoice):
    id = "l03-which-gradient-bug"
    source = "homework 2, question 1"
    title = "Diagnose a gradient"
    minutes = 4
    homework = "hw2_least_squares"
    faults = ("gradient_with_factor_two", "gradient_of_the_mean", "gradient_points_downhill", "gradient_forgets_y")
    text = r"""
    The loss is $\tfrac12\lVert Xw-y\rVert^2$, where $X$ has the rows $@{X}$, $y=@{y}$ and $w=@{w}$. The first entry of a student's gradient
    is $@{shown}$, which is wrong. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "X": [[draw.integer(f"x{i}{j}", 1, 4) for j in range(2)] for i in range(3)],
            "y": [draw.integer(f"y{i}", 1, 6) for i in range(3)],
            "w": [draw.integer(f"w{j}", 1, 3) for j in range(2)],
        }

    def run(self, function, X, y, w):
        import torch

        return function(*(torch.tensor(value, dtype=torch.float64) for value in (X, y, w)))[0].item()

    def formulas(self, X, y, w):
        fitted = [sum(a * b for a, b in zip(row, w, strict=True)) for row in X]
        with_y = sum(row[0] * (f - t) for row, f, t in zip(X, fitted, y, strict=True))
        return {
            "gradient_with_factor_two": 2 * with_y,
            "gradient_of_the_mean": with_y / 3,
            "gradient_points_downhill": -with_y,
            "gradient_forgets_y": sum(row[0] * f for row, f in zip(X, fitted, strict=True)),
        }

    def why(self, X, y, w, shown):
        return r"Compute the right entry, $X^\top(Xw-y)$, and then what each mistake makes of it; only one gives $@{shown}$. @{key}"


class WhichStepBug(L3, FaultChoice):
    id = "l03-which-step-bug"
    source = "homework 2, question 3"
    title = "Diagnose a largest step"
    minutes = 3
    homework = "hw2_least_squares"
    faults = ("sigma_in_place_of_lambda", "one_over_lambda", "trace_in_place_of_lambda", "smallest_eigenvalue")
    text = r"""
    For $X=\operatorname{diag}(@{a},@{b})$ a student's function returns $@{shown}$ as the largest stable step of gradient descent on
    $\tfrac12\lVert Xw-y\rVert^2$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {"a": draw.integer("a", 4, 9), "b": draw.integer("b", 2, 3)}

    def run(self, function, a, b):
        import torch

        return function(torch.tensor([[a, 0.0], [0.0, b]], dtype=torch.float64), 20)

    def formulas(self, a, b):
        return {
            "sigma_in_place_of_lambda": 2 / a,
            "one_over_lambda": 1 / a**2,
            "trace_in_place_of_lambda": 2 / (a**2 + b**2),
            "smallest_eigenvalue": 2 / b**2,
        }

    def why(self, a, b, shown):
        return r"Right is $2/@{a}^2$. Put each mistake in numbers: only one gives $@{shown}$. @{key}"


class WhichForecastBug(L3, FaultChoice):
    id = "l03-which-forecast-bug"
    source = "homework 2, question 4"
    title = "Diagnose a forecast"
    minutes = 6
    homework = "hw2_least_squares"
    faults = (
        "exponent_k_in_place_of_2k",
        "eigenvalues_do_not_weigh",
        "worst_factor_only",
        "singular_values_in_the_factor",
        "counts_like_the_history",
    )
    text = r"""
    $X=\operatorname{diag}(@{a},1)$, $y=0$ and $w_0=@{w}$, so the minimizer is 0. A student's formula for the relative loss after $k=@{k}$
    steps of gradient descent with $\alpha=@{alpha}$ gives $@{shown}$, which is wrong. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "a": draw.integer("a", 2, 3),
            "w": [draw.integer("w0", 1, 2), draw.integer("w1", 2, 5)],
            "k": draw.integer("k", 2, 3),
            "alpha": draw.choice("alpha", (0.05, 0.1, 0.15)),
        }

    def run(self, function, a, w, k, alpha):
        import torch

        X, y = torch.tensor([[a, 0.0], [0.0, 1.0]], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
        return function(X, y, torch.tensor(w, dtype=torch.float64), alpha, k)

    def formulas(self, a, w, k, alpha):
        steep, flat = 1 - alpha * a**2, 1 - alpha

        def weighted(one, two, by=a * a):
            share = by * w[0] ** 2 / (by * w[0] ** 2 + w[1] ** 2)
            return share * one + (1 - share) * two

        return {
            "exponent_k_in_place_of_2k": weighted(abs(steep) ** k, flat**k),
            "eigenvalues_do_not_weigh": weighted(steep ** (2 * k), flat ** (2 * k), by=1),
            "worst_factor_only": max(abs(steep), flat) ** (2 * k),
            "singular_values_in_the_factor": weighted((1 - alpha * a) ** (2 * k), flat ** (2 * k)),
            "counts_like_the_history": weighted(steep ** (2 * k + 2), flat ** (2 * k + 2)),
        }

    def why(self, a, w, k, alpha, shown):
        return (
            r"Right is $\dfrac{\sum\lambda_ic_i^2(1-\alpha\lambda_i)^{2k}}{\sum\lambda_ic_i^2}$ with $\lambda=(@{a}^2,1)$ and $c=w_0$. "
            r"Only one of the mistakes gives $@{shown}$. @{key}"
        )


class WhichCountBug(L3, FaultChoice):
    id = "l03-which-count-bug"
    source = "homework 2, question 5"
    title = "Diagnose a number of steps"
    minutes = 4
    homework = "hw2_least_squares"
    faults = ("counts_for_the_error", "mixes_logarithms", "squares_the_condition_number", "root_of_the_condition_number")
    text = r"""
    $X^\top X$ has the condition number $@{kappa}$, and gradient descent takes steps of $1/\lambda_{\max}$. A student's function says that
    $@{shown}$ steps bring the relative loss below $@{tol}$ from every start. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {"kappa": draw.choice("kappa", (25, 36, 49, 64, 100)), "tol": draw.choice("tol", (0.02, 0.01, 0.005, 0.001, 0.0001))}

    def run(self, function, kappa, tol):
        return function(float(kappa), tol)

    def formulas(self, kappa, tol):
        def steps(condition, per_step=2, log=math.log):
            return math.ceil(log(tol) / (per_step * math.log1p(-1 / condition)))

        return {
            "counts_for_the_error": steps(kappa, per_step=1),
            "mixes_logarithms": steps(kappa, log=math.log10),
            "squares_the_condition_number": steps(kappa**2),
            "root_of_the_condition_number": steps(math.sqrt(kappa)),
        }

    def why(self, kappa, tol, shown):
        return r"Right is the smallest $k$ with $(1-1/@{kappa})^{2k}\le@{tol}$. Only one of the mistakes gives $@{shown}$. @{key}"
