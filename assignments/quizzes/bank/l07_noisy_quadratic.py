"""Lecture 7: the noisy quadratic model; what batch size, momentum, averaging and preconditioning do to speed and floor."""

import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L7:
    lecture = 7
    edition = "2025"


def floor(alpha, h, noise, beta=0.0):
    """The floor of the loss of one coordinate, by the formula of the notes. noise: the variance c/B of its gradient."""
    return (1 + beta) * alpha * noise / (2 * (1 - beta) * (2 + 2 * beta - alpha * h))


def averaging_factor(alpha, h, gamma):
    """What an average with decay gamma multiplies the floor by."""
    r = 1 - alpha * h
    return (1 - gamma) * (1 + gamma * r) / ((1 + gamma) * (1 - gamma * r))


def settled_loss(alpha, h, noise, beta=0.0, gamma=0.0):
    """The floor by another route: the covariance of (weight, buffer, average), carried forward over a million steps."""
    import numpy as np

    keep = (1 - gamma) * np.array([1 - alpha * h, -alpha * beta, 0.0]) + np.array([0.0, 0.0, gamma])
    step = np.array([[1 - alpha * h, -alpha * beta, 0.0], [h, beta, 0.0], keep])
    push = np.array([-alpha, 1.0, -(1 - gamma) * alpha])
    covariance = noise * np.outer(push, push)
    for _ in range(20):
        covariance = covariance + step @ covariance @ step.T
        step = step @ step
    return 0.5 * h * covariance[2, 2].item()


class SgdFloor(L7, Numeric):
    id = "l07-sgd-floor"
    source = "2025 notes 7, SGD"
    title = "The floor of SGD"
    minutes = 2
    rtol = 0.01
    near = (0.05, 0.5)
    text = r"""
    One coordinate of the noisy quadratic model has the loss $\tfrac12 h w^2$ with $h=@{h}$; the gradient of one example has noise of
    variance $c=@{c}$. SGD runs with $\alpha=@{alpha}$ and batches of $B=@{B}$. At which value does the expected loss settle? Give three
    significant digits.
    """

    def params(self, draw):
        return {
            "h": draw.choice("h", (0.8, 3, 5)),
            "c": draw.choice("c", (3, 6, 8, 12)),
            "alpha": draw.choice("alpha", (0.15, 0.2, 0.25, 0.3)),
            "B": draw.choice("B", (4, 6, 10)),
        }

    def answer(self, h, c, alpha, B):
        return floor(alpha, h, c / B)

    def check(self, h, c, alpha, B):
        return settled_loss(alpha, h, c / B)

    def distractors(self, h, c, alpha, B):
        right = self.answer(h, c, alpha, B)
        return [
            Wrong(2 * right / h, "The variance of the weight is given; the loss has a factor h/2."),
            Wrong(right * (2 - alpha * h) / 2, "The limit for small steps, αc/(4B), is taken for every step."),
            Wrong(right * B, "The batch size is left out."),
            Wrong(right * 2, "The factor 1/2 of the loss is left out."),
        ]

    def why(self, h, c, alpha, B):
        return r"In the long run $V=(1-\alpha h)^2V+\alpha^2c/B$, and the loss is $\tfrac12hV=\frac{\alpha c}{2B(2-\alpha h)}$: @{key}."


class LargerBatch(L7, SelectAll):
    id = "l07-larger-batch"
    source = "2025 notes 7, SGD"
    title = "What a larger batch changes"
    minutes = 2
    text = r"""
    SGD on the noisy quadratic model, with curvature $h=@{h}$ and the constant step $\alpha=@{alpha}$. The batch size is multiplied by
    $@{r}$ and nothing else changes. What is true? Select all.
    """

    FLOOR = "The floor of the expected loss falls to $1/@{r}$ of what it was."
    MEAN = "The expected weight shrinks by the same factor at every step as before."
    LIMIT = "The largest stable step is the same as before."
    ROOT = r"The floor of the expected loss falls to $1/\sqrt{@{r}}$ of what it was."
    FASTER = "The expected weight needs fewer steps to fall to a hundredth."
    LARGER = "The largest stable step is $@{r}$ times as large as before."

    def params(self, draw):
        return {
            "h": draw.choice("h", (0.5, 1, 2, 4)),
            "alpha": draw.choice("alpha", (0.05, 0.1, 0.2)),
            "r": draw.choice("r", (3, 5, 8, 10, 12)),
        }

    def answer(self, h, alpha, r):
        return [self.FLOOR, self.MEAN, self.LIMIT]

    def check(self, h, alpha, r):
        ratio = settled_loss(alpha, h, 1.0) / settled_loss(alpha, h, 1 / r)
        shrinks = [self.expected_step(h, alpha, noise) for noise in (1.0, 1 / r)]
        limits = [self.last_stable(h, noise) for noise in (1.0, 1 / r)]
        return [
            self.FLOOR if abs(ratio / r - 1) < 1e-6 else self.ROOT,
            self.MEAN if abs(shrinks[0] - shrinks[1]) < 1e-12 else self.FASTER,
            self.LIMIT if limits[0] == limits[1] else self.LARGER,
        ]

    def expected_step(self, h, alpha, noise):
        """The mean of w after one step from 1, over noise of two equally likely values."""
        return sum(1 - alpha * (h + sign * math.sqrt(noise)) for sign in (-1, 1)) / 2

    def last_stable(self, h, noise):
        """The largest of many steps for which E w² stays bounded, in multiples of 1/h."""
        kept = 0.0
        for tenth in range(1, 40):
            alpha, second = tenth / 10 / h, 1.0
            for _ in range(100):
                second = (1 - alpha * h) ** 2 * second + alpha**2 * noise
            if second < 1e6 * noise:
                kept = tenth
        return kept

    def distractors(self, h, alpha, r):
        return [
            Wrong(self.ROOT, "The floor is a variance, which falls like 1/B; its root, a distance, falls like 1/√B."),
            Wrong(self.FASTER, "Less noise is taken for faster progress; the mean contracts by 1 - αh whatever the noise."),
            Wrong(self.LARGER, "The limit 2/h comes from the curvature alone, and not from the noise."),
        ]

    def why(self, h, alpha, r):
        return (
            r"$B$ enters only through the noise $c/B$: the floor is proportional to it; the contraction $1-\alpha h$ does not contain it."
        )


class MomentumFloor(L7, Numeric):
    id = "l07-momentum-floor"
    source = "2025 notes 7, momentum"
    title = "Momentum and the floor"
    minutes = 3
    rtol = 0.02
    text = r"""
    On one coordinate of the noisy quadratic model, $\alpha h=@{ah}$. SGD without momentum has reached its floor. Then momentum is
    switched on, $m\leftarrow\beta m+g$ and $w\leftarrow w-\alpha m$, with $\beta=@{beta}$ and the same $\alpha$. By which factor does
    the floor of the expected loss change?
    """

    def params(self, draw):
        return {"ah": draw.choice("ah", (0.02, 0.05, 0.1, 0.2)), "beta": draw.choice("beta", (0.5, 0.8, 0.9, 0.95))}

    def answer(self, ah, beta):
        return floor(ah, 1.0, 1.0, beta) / floor(ah, 1.0, 1.0)

    def check(self, ah, beta):
        return settled_loss(ah, 1.0, 1.0, beta) / settled_loss(ah, 1.0, 1.0)

    def distractors(self, ah, beta):
        return [
            Wrong((1 + beta) / (1 - beta), "A formula of lecture 8, (1+β)/(1-β), is used; for small αh the factor is near 1/(1-β)."),
            Wrong(1 - beta, "Momentum is taken to average the noise away."),
            Wrong(1.0, "Momentum is taken to change the speed alone."),
        ]

    def why(self, ah, beta):
        return (
            r"The floors are $\frac{(1+\beta)\alpha c}{2B(1-\beta)(2+2\beta-\alpha h)}$ and $\frac{\alpha c}{2B(2-\alpha h)}$. "
            r"Their ratio is @{key}, near $1/(1-\beta)$ when $\alpha h$ is small."
        )


class AveragingFactor(L7, Numeric):
    id = "l07-averaging-factor"
    source = "2025 notes 7, exponential moving average"
    title = "What averaging the weights gains"
    minutes = 3
    rtol = 0.01
    text = r"""
    SGD on one coordinate of the noisy quadratic model runs with $\alpha h=@{ah}$. Its loss is evaluated at the average
    $\tilde w_{k+1}=@{gamma}\,\tilde w_k+(1-@{gamma})\,w_{k+1}$. By which factor does this change the floor of the expected loss? Give
    three significant digits.
    """

    def params(self, draw):
        return {"ah": draw.choice("ah", (0.05, 0.1, 0.2, 0.4)), "gamma": draw.choice("gamma", (0.8, 0.9, 0.95, 0.98))}

    def answer(self, ah, gamma):
        return averaging_factor(ah, 1.0, gamma)

    def check(self, ah, gamma):
        return settled_loss(ah, 1.0, 1.0, gamma=gamma) / settled_loss(ah, 1.0, 1.0)

    def distractors(self, ah, gamma):
        return [
            Wrong((1 - gamma) / (1 + gamma), "Successive weights are taken for independent; they are alike, since steps are small."),
            Wrong(1.0, "The average is taken to follow the weights and to have their variance."),
            Wrong(averaging_factor(ah, 1.0, gamma) ** 2, "The factor is squared, as if it belonged to the deviation."),
        ]

    def why(self, ah, gamma):
        return (
            r"With the correlation $r=1-\alpha h$ between neighbors, the variance of the average is that of the weights times "
            r"$\frac{(1-\gamma)(1+\gamma r)}{(1+\gamma)(1-\gamma r)}$: @{key}."
        )


class CriticalMomentum(L7, Numeric):
    id = "l07-critical-momentum"
    source = "2025 notes 7, momentum, two regimes"
    title = "Where momentum begins to oscillate"
    minutes = 2
    text = r"""
    Momentum, $m\leftarrow\beta m+g$ and $w\leftarrow w-\alpha m$, runs on a coordinate with $\alpha h=@{ah}$. From which $\beta$ on
    does the expected weight oscillate around zero? Give three significant digits.
    """

    def params(self, draw):
        return {"ah": draw.choice("ah", (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.09, 0.12, 0.16))}

    def answer(self, ah):
        return (1 - math.sqrt(ah)) ** 2

    def check(self, ah):
        """Bisection: the eigenvalues of one step are real below and complex above."""
        import numpy as np

        low, high = 0.0, 1.0
        for _ in range(40):
            beta = (low + high) / 2
            complex_pair = np.iscomplexobj(np.linalg.eigvals(np.array([[1 - ah, -beta], [ah, beta]])))
            low, high = (low, beta) if complex_pair else (beta, high)
        return low

    def distractors(self, ah):
        return [
            Wrong(1 - math.sqrt(ah), "The square is left out."),
            Wrong((1 - ah) ** 2, "αh stands where its root belongs."),
            Wrong(math.sqrt(ah), "The root itself is given; a slow coordinate allows a β close to 1."),
        ]

    def why(self, ah):
        return (
            r"The roots of $z^2-(1-\alpha h+\beta)z+\beta$ are complex when $(1-\alpha h+\beta)^2<4\beta$, that is for "
            r"$\beta>(1-\sqrt{\alpha h})^2$: @{key}."
        )


class OscillatingRate(L7, Numeric):
    id = "l07-oscillating-rate"
    source = "2025 notes 7, momentum, two regimes"
    title = "The rate beyond the boundary"
    minutes = 2
    text = r"""
    Momentum with $\beta=@{beta}$ runs on a coordinate with $\alpha h=@{ah}$, and the expected weight oscillates. By which factor does
    the size of its swings shrink per step? Give three significant digits.
    """

    def params(self, draw):
        return {"beta": draw.choice("beta", (0.7, 0.8, 0.85, 0.9, 0.95)), "ah": draw.choice("ah", (0.12, 0.22, 0.33))}

    def answer(self, beta, ah):
        return math.sqrt(beta)

    def check(self, beta, ah):
        import numpy as np

        roots = np.linalg.eigvals(np.array([[1 - ah, -beta], [ah, beta]]))
        assert np.iscomplexobj(roots)
        return float(abs(roots[0]))

    def distractors(self, beta, ah):
        return [
            Wrong(beta, "The product of the two roots is given; each has the size of its root."),
            Wrong(1 - ah, "That is the factor without momentum."),
            Wrong(1 - ah / (1 - beta), "That approximates the factor below the boundary, where nothing oscillates."),
        ]

    def why(self, beta, ah):
        return r"The two roots are a complex pair whose product is $\beta$, so each has the size $\sqrt{@{beta}}$: @{key}."


class SlowCoordinate(L7, Numeric):
    id = "l07-slow-coordinate"
    source = "2025 notes 7, SGD"
    title = "The price of the condition number"
    minutes = 2
    rtol = 0.01
    text = r"""
    A quadratic has the curvatures $h_1=@{h1}$ and $h_2=@{h2}$. Gradient descent runs without noise, with $\alpha=1/h_1$. By which
    factor has the loss of the second coordinate, $\tfrac12h_2w_2^2$, been multiplied after $@{k}$ steps? Give three significant digits.
    """

    def params(self, draw):
        return {"h1": draw.choice("h1", (10, 20, 50)), "h2": draw.choice("h2", (0.5, 1, 2)), "k": draw.choice("k", (10, 12, 15, 20))}

    def answer(self, h1, h2, k):
        return (1 - h2 / h1) ** (2 * k)

    def check(self, h1, h2, k):
        import torch

        w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        for _ in range(k):
            (slope,) = torch.autograd.grad(0.5 * h2 * w**2, w)
            w = (w - slope / h1).detach().requires_grad_()
        return w.item() ** 2

    def distractors(self, h1, h2, k):
        return [
            Wrong((1 - h2 / h1) ** k, "The weight's factor is given; the loss is its square."),
            Wrong(0.0, "The step is the best one for the first coordinate, and the second is taken to be solved with it."),
            Wrong(1 - h2 / h1, "That is what one step does to the weight."),
        ]

    def why(self, h1, h2, k):
        return r"Each step multiplies $w_2$ by $1-h_2/h_1$, so the loss is multiplied by $(1-@{h2}/@{h1})^{2\cdot@{k}}$: @{key}."


class PreconditionedRate(L7, Numeric):
    id = "l07-preconditioned-rate"
    source = "2025 notes 7, preconditioning"
    title = "A preconditioned step"
    minutes = 2
    rtol = 0.002
    text = r"""
    Preconditioned SGD on the noisy quadratic model steps by $w_i\leftarrow w_i-\alpha\,h_i^{-p}g_i$ with $p=@{p}$ and
    $\alpha=@{alpha}$. By which factor is the expected weight multiplied per step in a coordinate with $h=@{h}$? Give three significant
    digits.
    """

    def params(self, draw):
        return {
            "p": draw.choice("p", (0.5, 1.0)),
            "alpha": draw.choice("alpha", (0.2, 0.3, 0.4, 0.5)),
            "h": draw.choice("h", (0.09, 0.16, 0.25, 0.36)),
        }

    def answer(self, p, alpha, h):
        return 1 - alpha * h ** (1 - p)

    def check(self, p, alpha, h):
        import torch

        w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(0.5 * h * w**2, w)
        return (w - alpha * slope * math.exp(-p * math.log(h))).item()

    def distractors(self, p, alpha, h):
        return [
            Wrong(1 - alpha * h, "The preconditioner is left out."),
            Wrong(1 - alpha * h ** (1 + p), "The gradient is multiplied by the power of h and not divided by it."),
            Wrong(1 - alpha * h**-p, "The gradient's own factor h is forgotten."),
        ]

    def why(self, p, alpha, h):
        return r"$g=hw$ plus noise, so the factor is $1-\alpha h^{1-p}$: @{key}. At $p=1$ it is the same for all coordinates."


class LowerTheFloor(L7, Choice):
    id = "l07-lower-the-floor"
    source = "2025 notes 7, comparison"
    title = "A run that has settled"
    minutes = 2
    text = r"""
    SGD with $\alpha=@{alpha}$ on one coordinate of the noisy quadratic model ($h=@{h}$) has settled at its floor. Batch size and
    $\alpha$ are to stay. Which change lowers the expected loss in the long run?
    """

    AVERAGE = r"Evaluate the loss at an exponential average of the weights with $\gamma=0.99$"
    MOMENTUM = r"Switch on momentum, $m\leftarrow\beta m+g$, with $\beta=0.9$"
    PRECONDITION = "Divide the gradient by the curvature $h$"
    LOSSES = "Report the average of the last hundred losses"
    WAIT = "Run ten times as long"

    def params(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.05, 0.1, 0.2)),
            "h": draw.choice("h", (0.2, 0.4, 0.5)),
        }

    def answer(self, alpha, h):
        return self.AVERAGE

    def check(self, alpha, h):
        settled = settled_loss(alpha, h, 1.0)
        risks = {
            self.AVERAGE: settled_loss(alpha, h, 1.0, gamma=0.99),
            self.MOMENTUM: settled_loss(alpha, h, 1.0, beta=0.9),
            self.PRECONDITION: settled_loss(alpha / h, h, 1.0),
        }
        best = min(risks, key=lambda change: risks[change])
        return best if risks[best] < settled else self.WAIT

    def distractors(self, alpha, h):
        return [
            Wrong(self.MOMENTUM, "Momentum is taken to average noise away; it raises the floor about tenfold."),
            Wrong(self.PRECONDITION, "Preconditioning is taken to be free; dividing by h < 1 enlarges the noise of the step."),
            Wrong(self.LOSSES, "The losses are averaged, and not the weights: their expectation is the floor."),
            Wrong(self.WAIT, "The floor is taken for slow progress."),
        ]

    def why(self, alpha, h):
        return "Noise is averaged out of the weights before the loss is taken, so the floor falls; the run itself goes on as before."


class DivergingCoordinates(L7, Literal):
    id = "l07-diverging-coordinates"
    source = "2025 notes 7, stability"
    title = "Coordinates that diverge"
    minutes = 2
    text = r"""
    SGD with $\alpha=@{alpha}$ runs on a quadratic with the curvatures $@{h}$. In which coordinates does the expected weight grow
    without bound? Write the list of their curvatures, in the order given.
    """

    def params(self, draw):
        alpha = draw.choice("alpha", (0.1, 0.2, 0.25, 0.4, 0.5))
        below = [draw.choice("slow", (0.3, 0.5, 0.8)), draw.choice("fast", (1.3, 1.5, 1.8))]
        products = [*below, *draw.sample("above", (2.2, 2.5, 3.0, 4.0), 2)]
        return {"alpha": alpha, "h": [round(x / alpha, 2) for x in draw.sample("order", products, 4)]}

    def answer(self, alpha, h):
        return [x for x in h if x > 2 / alpha]

    def check(self, alpha, h):
        grown = []
        for x in h:
            w = 1.0
            for _ in range(400):
                w -= alpha * x * w
            grown.append(abs(w) > 1)
        return [x for x, grows in zip(h, grown, strict=True) if grows]

    def distractors(self, alpha, h):
        return [
            Wrong([x for x in h if x > 1 / alpha], "The limit is taken for 1/α, where the weight begins to change its sign."),
            Wrong([max(h)], "Only the largest curvature is looked at."),
            Wrong([x for x in h if x < 2 / alpha], "The coordinates that settle are given."),
        ]

    def why(self, alpha, h):
        return r"Each step multiplies the weight by $1-\alpha h$, which is larger than one in size when $h>2/\alpha$: @{key}."


class OrderOfFloors(L7, Literal):
    id = "l07-order-of-floors"
    source = "2025 notes 7, SGD and momentum"
    title = "Sort four floors"
    minutes = 4
    text = r"""
    Four runs on the same coordinate ($h=c=1$), with momentum $m\leftarrow\beta m+g$:

    - A: @{a}
    - B: @{b}
    - C: @{c}
    - D: @{d}

    Sort them by the floor of their expected loss, lowest first. Write four letters without spaces, such as ABCD.
    """

    RUNS = {
        r"$\alpha=0.1$, batch size $128$, $\beta=0$": (0.1, 128, 0.0),
        r"$\alpha=0.1$, batch size $32$, $\beta=0$": (0.1, 32, 0.0),
        r"$\alpha=0.1$, batch size $8$, $\beta=0$": (0.1, 8, 0.0),
        r"$\alpha=0.3$, batch size $8$, $\beta=0$": (0.3, 8, 0.0),
        r"$\alpha=0.1$, batch size $8$, $\beta=0.9$": (0.1, 8, 0.9),
        r"$\alpha=0.3$, batch size $1$, $\beta=0$": (0.3, 1, 0.0),
    }

    def params(self, draw):
        return dict(zip("abcd", draw.sample("runs", tuple(self.RUNS), 4), strict=True))

    def answer(self, a, b, c, d):
        return self.order(lambda alpha, B, beta: floor(alpha, 1.0, 1 / B, beta), a, b, c, d)

    def check(self, a, b, c, d):
        return self.order(lambda alpha, B, beta: settled_loss(alpha, 1.0, 1 / B, beta), a, b, c, d)

    def order(self, height, *texts):
        return "".join(sorted("ABCD", key=lambda letter: height(*self.RUNS[texts["ABCD".index(letter)]])))

    def distractors(self, a, b, c, d):
        wrong = [Wrong(self.answer(a, b, c, d)[::-1], "The order is turned around.")]
        lowered = self.order(lambda alpha, B, beta: floor(alpha, 1.0, (1 - beta) / B), a, b, c, d)
        if lowered != self.answer(a, b, c, d):
            wrong.append(Wrong(lowered, "Momentum is taken to lower the floor."))
        return wrong

    def why(self, a, b, c, d):
        return (
            r"For small $\alpha h$ the floor is near $\frac{\alpha c}{4B(1-\beta)}$; the four values differ enough to sort by it: @{key}."
        )


class ReadingRuns(L7, Choice):
    id = "l07-reading-runs"
    source = "2025 notes 7, SGD"
    title = "Speed and floor in a figure"
    minutes = 2
    text = r"""
    The figure shows the expected loss of SGD on one coordinate of the noisy quadratic model ($h=1$), from the same start, for the four
    combinations of $\alpha\in\{0.04,0.2\}$ and $B\in\{1,20\}$. Which curve has $\alpha=@{alpha}$ and $B=@{B}$?
    """

    STYLES = {"solid": "-", "dashed": "--", "dotted": ":", "dash-dotted": "-."}
    START, NOISE = 50.0, 5.0
    RUNS = ((0.04, 1), (0.04, 20), (0.2, 1), (0.2, 20))

    def params(self, draw):
        alpha, B = draw.choice("asked", self.RUNS)
        ends = {
            run: [math.ceil(math.log(0.1) / (2 * math.log(1 - run[0]))), round(floor(run[0], 1.0, self.NOISE / run[1]), 4)]
            for run in self.RUNS
        }
        return {"alpha": alpha, "B": B, "curves": [ends[run] for run in draw.sample("curves", self.RUNS, 4)]}

    def answer(self, alpha, B, curves):
        fast = sorted(curves)[:2] if alpha == 0.2 else sorted(curves)[2:]
        wanted = (min if B == 20 else max)(fast, key=lambda curve: curve[1])
        return tuple(self.STYLES)[curves.index(wanted)]

    def check(self, alpha, B, curves):
        end = self.path(alpha, B)[-1]
        near = min(range(4), key=lambda i: abs(math.log(curves[i][1] / end)))
        return tuple(self.STYLES)[near]

    def distractors(self, alpha, B, curves):
        right = self.answer(alpha, B, curves)
        return [
            Wrong(style, "The step sets the speed, and step over batch size the floor; one of them is misread.")
            for style in self.STYLES
            if style != right
        ]

    def why(self, alpha, B, curves):
        return r"Two curves fall at the speed of $\alpha=@{alpha}$; the one with the larger batch has the lower floor: @{key}."

    def path(self, alpha, B, steps=200):
        """The expected loss after 0, 1, … steps, by the recursion of E w²."""
        second = [2 * self.START]
        for _ in range(steps):
            second.append((1 - alpha) ** 2 * second[-1] + alpha**2 * self.NOISE / B)
        return [x / 2 for x in second]

    def alt(self, alpha, B, curves):
        return (
            "Four curves on a logarithmic axis over 200 steps, each falling in a straight line and then level. For the solid, the dashed, "
            "the dotted and the dash-dotted curve in turn, the step at which it has fallen to a tenth of the start and its last level: "
            "@{curves}."
        )

    def figure(self, axes, alpha, B, curves):
        runs = {round(floor(run[0], 1.0, self.NOISE / run[1]), 4): run for run in self.RUNS}
        for (name, style), (_, level) in zip(self.STYLES.items(), curves, strict=True):
            axes.semilogy(self.path(*runs[level]), style, color="black", label=name)
        axes.set(xlabel="steps", ylabel="expected loss")
        axes.legend(loc="upper right")


class FloorFault(L7, FaultChoice):
    """A floor of one coordinate that a student's function returned."""

    homework = "hw3_noise_floor"

    def why(self, shown, **inputs):
        return "Put each mistake in numbers: only this one gives @{shown}. @{key}"

    def number(self, function, h, c, alpha, B, *rest):
        import torch

        return function(alpha, torch.tensor([h], dtype=torch.float64), torch.tensor([c], dtype=torch.float64), B, *rest)

    def setting(self, draw):
        return {
            "h": draw.choice("h", (0.25, 0.5, 3.0, 4.0)),
            "c": draw.choice("c", (3.0, 5.0, 6.0)),
            "alpha": draw.choice("alpha", (0.1, 0.15, 0.2)),
            "B": draw.choice("B", (4, 5, 10)),
        }


class WhichFloorBug(FloorFault):
    id = "l07-which-floor-bug"
    source = "homework 3, question 5"
    title = "Diagnose a floor"
    minutes = 4
    faults = ("variance_of_the_weights", "two_minus_h", "step_squared", "noise_variance_squared")
    text = r"""
    A student's function for the floor of SGD's expected loss on one coordinate of the noisy quadratic model returns $@{shown}$ for
    $h=@{h}$, $c=@{c}$, $\alpha=@{alpha}$ and $B=@{B}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {**self.setting(draw), "h": draw.choice("h", (0.25, 0.5, 0.8, 1.5))}

    def run(self, function, h, c, alpha, B):
        return self.number(function, h, c, alpha, B)

    def formulas(self, h, c, alpha, B):
        return {
            "variance_of_the_weights": alpha * c / (B * h * (2 - alpha * h)),
            "two_minus_h": alpha * c / (2 * B * (2 - h)),
            "step_squared": alpha**2 * c / (2 * B * (2 - alpha * h)),
            "noise_variance_squared": alpha * c**2 / (2 * B * (2 - alpha * h)),
        }


class WhichMomentumBug(FloorFault):
    id = "l07-which-momentum-bug"
    source = "homework 3, question 5"
    title = "Diagnose a floor with momentum"
    minutes = 4
    faults = ("factor_of_lecture_8", "only_the_larger_step", "sgd_with_the_effective_step", "buffer_averages_noise_away")
    text = r"""
    A student's function for the floor of the expected loss of SGD with momentum ($m\leftarrow\beta m+g$, $w\leftarrow w-\alpha m$) on
    one coordinate of the noisy quadratic model returns $@{shown}$ for $h=@{h}$, $c=@{c}$, $\alpha=@{alpha}$, $B=@{B}$ and
    $\beta=@{beta}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {**self.setting(draw), "h": draw.choice("h", (1.0, 1.2, 1.5)), "beta": draw.choice("beta", (0.4, 0.5, 0.6))}

    def run(self, function, h, c, alpha, B, beta):
        return self.number(function, h, c, alpha, B, beta)

    def formulas(self, h, c, alpha, B, beta):
        plain = alpha * c / (2 * B * (2 - alpha * h))
        long = alpha / (1 - beta)
        short = alpha * (1 - beta)
        return {
            "factor_of_lecture_8": plain * (1 + beta) / (1 - beta),
            "only_the_larger_step": plain / (1 - beta),
            "sgd_with_the_effective_step": long * c / (2 * B * (2 - long * h)),
            "buffer_averages_noise_away": settled_loss(short, h, c / B, beta),
        }


class WhichAveragingBug(FloorFault):
    id = "l07-which-averaging-bug"
    source = "homework 3, question 5"
    title = "Diagnose a floor with averaging"
    minutes = 4
    faults = ("decay_and_weight_exchanged", "independent_weights", "average_without_effect", "factor_with_alpha_h", "factor_squared")
    text = r"""
    A student's function for the floor of SGD's expected loss at the average of the weights
    ($\tilde w\leftarrow\gamma\tilde w+(1-\gamma)w$) on one coordinate of the noisy quadratic model returns $@{shown}$ for $h=@{h}$,
    $c=@{c}$, $\alpha=@{alpha}$, $B=@{B}$ and $\gamma=@{gamma}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {**self.setting(draw), "h": draw.choice("h", (1.0, 4.0)), "gamma": draw.choice("gamma", (0.6, 0.7, 0.8))}

    def run(self, function, h, c, alpha, B, gamma):
        return self.number(function, h, c, alpha, B, gamma)

    def formulas(self, h, c, alpha, B, gamma):
        plain = settled_loss(alpha, h, c / B)
        averaged = settled_loss(alpha, h, c / B, gamma=gamma)
        return {
            "decay_and_weight_exchanged": settled_loss(alpha, h, c / B, gamma=1 - gamma),
            "independent_weights": plain * (1 - gamma) / (1 + gamma),
            "average_without_effect": plain,
            "factor_with_alpha_h": plain * (1 - gamma) / (1 + gamma) * (1 + gamma * alpha * h) / (1 - gamma * alpha * h),
            "factor_squared": averaged**2 / plain,
        }


class WhichPreconditioningBug(FloorFault):
    id = "l07-which-preconditioning-bug"
    source = "homework 3, question 5"
    title = "Diagnose a preconditioned floor"
    minutes = 4
    faults = ("same_power_everywhere", "free_preconditioning", "power_with_the_wrong_sign", "contraction_not_changed")
    text = r"""
    A student's function for the floor of the expected loss of preconditioned SGD ($w\leftarrow w-\alpha h^{-p}g$) on one coordinate of
    the noisy quadratic model returns $@{shown}$ for $h=@{h}$, $c=@{c}$, $\alpha=@{alpha}$, $B=@{B}$ and $p=@{p}$. Which mistake did the
    student make?
    """

    def inputs(self, draw):
        return {**self.setting(draw), "h": draw.choice("h", (1.5, 2.0, 2.5)), "p": draw.choice("p", (0.5, 0.75))}

    def run(self, function, h, c, alpha, B, p):
        return self.number(function, h, c, alpha, B, p)

    def formulas(self, h, c, alpha, B, p):
        def part(power, contraction):
            return alpha * c * h**power / (2 * B * (2 - alpha * h**contraction))

        return {
            "same_power_everywhere": part(1 - p, 1 - p),
            "free_preconditioning": part(0, 1 - p),
            "power_with_the_wrong_sign": part(p, 1 + p),
            "contraction_not_changed": part(-p, 1),
        }
