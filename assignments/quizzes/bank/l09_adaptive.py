"""Lecture 9: Adagrad, RMSProp, Adam, AdamW and their relatives."""

import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L9:
    lecture = 9
    edition = "both"


class FirstAdamStep(L9, Numeric):
    id = "l09-first-adam-step"
    source = "2025 notes 9, Adam; 2026 notes 8, section 4"
    title = "The first step of Adam"
    minutes = 2
    rtol = 0.01
    text = r"""
    Adam starts with $\alpha=@{alpha}$, $\beta_1=@{beta1}$, $\beta_2=0.999$ and a negligible $\epsilon$. The first gradient of a weight is
    $@{g}$. By how much does this weight change, with its sign?
    """

    def params(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.001, 0.002, 0.005, 0.01)),
            "beta1": draw.choice("beta1", (0.8, 0.9, 0.95)),
            "g": draw.choice("g", (-400, -25, -0.03, 0.02, 30, 500)),
        }

    def answer(self, alpha, beta1, g):
        return -alpha if g > 0 else alpha

    def check(self, alpha, beta1, g):
        import torch

        w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        w.grad = torch.full_like(w, g)
        torch.optim.Adam([w], lr=alpha, betas=(beta1, 0.999), eps=1e-12).step()
        return w.item()

    def distractors(self, alpha, beta1, g):
        return [
            Wrong(-alpha * g, "The learning rate is taken for a factor of the gradient, as in gradient descent."),
            Wrong(-alpha * (1 - beta1) * math.copysign(1, g) / math.sqrt(0.001), "The averages are used without bias correction."),
            Wrong(-alpha * (1 - beta1) * math.copysign(1, g), "Only the second moment is corrected for its start at zero."),
            Wrong(alpha * math.copysign(1, g), "The step has the gradient's sign: it climbs."),
        ]

    def why(self, alpha, beta1, g):
        return (
            r"After the correction $\hat m=g$ and $\hat v=g^2$, so the step is $-\alpha\,g/|g|$, whatever the size of the gradient: @{key}."
        )


class CorrectedMoment(L9, Numeric):
    id = "l09-corrected-moment"
    source = "2025 notes 9, bias correction"
    title = "An average that starts at zero"
    minutes = 3
    text = r"""
    Adam's first moment starts at $m_0=0$ with $\beta_1=@{beta}$. The first two gradients of a weight are $g_1=@{g1}$ and $g_2=@{g2}$.
    What is the corrected moment $\hat m_2$?
    """

    def params(self, draw):
        g1, g2 = draw.sample("g", range(2, 12), 2)
        return {"beta": draw.choice("beta", (0.5, 0.6, 0.8)), "g1": g1, "g2": g2}

    def answer(self, beta, g1, g2):
        return (beta * g1 + g2) / (1 + beta)

    def check(self, beta, g1, g2):
        m = 0.0
        for g in (g1, g2):
            m = beta * m + (1 - beta) * g
        return m / (1 - beta**2)

    def distractors(self, beta, g1, g2):
        m = (1 - beta) * (beta * g1 + g2)
        known = [
            Wrong(m, "The moment is not corrected."),
            Wrong(m / (1 - beta), "The correction of the first step is used at the second."),
            Wrong(m / (1 - beta**3), "The correction counts steps from zero, so its power is one too high."),
        ]
        return known

    def why(self, beta, g1, g2):
        return r"$m_2=\beta_1(1-\beta_1)g_1+(1-\beta_1)g_2$ has weights that sum to $1-\beta_1^2$; dividing by that sum gives @{key}."


class AdagradRate(L9, Numeric):
    id = "l09-adagrad-rate"
    source = "2025 notes 9, Adagrad; 2026 notes 8, section 4"
    title = "How Adagrad slows down"
    minutes = 2
    text = r"""
    Adagrad with $\alpha=@{alpha}$ and a negligible $\epsilon$ sees the gradient $@{g}$ of a weight at every step. How long is its step
    number $@{t}$ (this step's gradient is counted)?
    """

    def params(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.1, 0.2, 0.3, 0.5)),
            "g": draw.choice("g", (3, 6, 7, 8, 9)),
            "t": draw.choice("t", (4, 16, 25, 100)),
        }

    def answer(self, alpha, g, t):
        return alpha / math.sqrt(t)

    def check(self, alpha, g, t):
        import torch

        w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.Adagrad([w], lr=alpha)
        for _ in range(t):
            before = w.item()
            w.grad = torch.full_like(w, g)
            optimizer.step()
        return before - w.item()

    def distractors(self, alpha, g, t):
        return [
            Wrong(alpha / t, "The square root is missing: the rate falls like 1/√t and not like 1/t."),
            Wrong(alpha, "The sum is taken for an average, as in RMSProp, so the rate stays constant."),
            Wrong(alpha / (g * math.sqrt(t)), "That is the effective rate; the step is the rate times the gradient."),
        ]

    def why(self, alpha, g, t):
        return r"$G_t=t\,g^2$, so the step is $\alpha\,g/(|g|\sqrt t)=\alpha/\sqrt{@{t}}$: @{key}."


class DecayWithoutGradient(L9, Numeric):
    id = "l09-decay-without-gradient"
    source = "2025 notes 9, AdamW (the convention of PyTorch)"
    title = "AdamW where the gradient is zero"
    minutes = 2
    rtol = 0.0005
    text = r"""
    `torch.optim.AdamW` runs with learning rate $@{alpha}$ and weight decay $@{lam}$. The gradient of a weight is zero from the start. The
    weight is $@{w}$; what is it after $@{t}$ steps? Give four significant digits.
    """

    def params(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.1, 0.2)),
            "lam": draw.choice("lam", (0.1, 0.2, 0.3)),
            "w": draw.choice("w", (2, 4, 5, 8)),
            "t": draw.integer("t", 3, 5),
        }

    def answer(self, alpha, lam, w, t):
        return w * (1 - alpha * lam) ** t

    def check(self, alpha, lam, w, t):
        import torch

        weight = torch.full((1,), float(w), dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.AdamW([weight], lr=alpha, weight_decay=lam)
        for _ in range(t):
            weight.grad = torch.zeros_like(weight)
            optimizer.step()
        return weight.item()

    def distractors(self, alpha, lam, w, t):
        return [
            Wrong(w, "Without a gradient the weight is taken to rest; the decay does not go through the gradient."),
            Wrong(w * (1 - lam) ** t, "The decay is not multiplied by the learning rate."),
            Wrong(w - alpha * t, "The decay goes through the moments, as with an L2 penalty: every step then has length α."),
        ]

    def why(self, alpha, lam, w, t):
        return (
            r"Each step multiplies the weight by $1-\alpha\lambda$ and does nothing else: $@{w}\,(1-@{alpha}\cdot@{lam})^{@{t}}$ is @{key}."
        )


class NoMemory(L9, Choice):
    id = "l09-no-memory"
    source = "2025 notes 9, Adam; 2026 notes 8, section 4"
    title = "Adam without memory"
    minutes = 2
    text = r"""
    Adam runs with $\beta_1=\beta_2=0$ and $\epsilon=10^{-@{k}}$, with gradients much larger than $\epsilon$ and $\alpha=@{alpha}$. Which
    method is it?
    """

    SIGN = r"Sign descent: $w\leftarrow w-@{alpha}\,\operatorname{sign}(g)$"
    GRADIENT = r"Gradient descent: $w\leftarrow w-@{alpha}\,g$"

    def params(self, draw):
        return {"k": draw.integer("k", 8, 12), "alpha": draw.choice("alpha", (0.01, 0.02, 0.05, 0.1))}

    def answer(self, k, alpha):
        return self.SIGN

    def check(self, k, alpha):
        import torch

        g = torch.tensor([-30.0, 0.5, 2.0], dtype=torch.float64)
        w = torch.zeros_like(g).requires_grad_()
        w.grad = g
        torch.optim.Adam([w], lr=alpha, betas=(0.0, 0.0), eps=10.0**-k).step()
        return self.SIGN if torch.allclose(w.detach(), -alpha * g.sign()) else self.GRADIENT

    def distractors(self, k, alpha):
        return [
            Wrong(self.GRADIENT, "Without memory the division by √v is taken to disappear; it divides by |g|."),
            Wrong(
                r"Normalized gradient descent: $w\leftarrow w-@{alpha}\,g/\lVert g\rVert$", "All coordinates are taken to share a scale."
            ),
            Wrong("Adagrad, because the square root remains", "Adagrad sums all squares; here only the newest one counts."),
            Wrong("No method: bias correction divides by zero", "The factors 1 - β are one here, not zero."),
        ]

    def why(self, k, alpha):
        return r"$m=g$ and $v=g^2$, so every coordinate moves by $-\alpha\,g/(|g|+\epsilon)$, which is $-\alpha$ times the sign."


class WhyNotL2(L9, Choice):
    id = "l09-why-not-l2"
    source = "2025 notes 9, AdamW"
    title = "Two meanings of weight decay"
    minutes = 2
    text = r"""
    Two weights both equal $@{w}$. The gradients of the first are about $@{c}$ times as large as those of the second. Under Adam with an L2
    penalty $\tfrac{\lambda}{2}w^2$ (small beside both gradients), which weight does the penalty pull harder towards zero?
    """

    FIRST = "The first, about @{c} times as hard"
    SECOND = "The second, about @{c} times as hard"
    BOTH = r"Both equally, by $\alpha\lambda w$ a step"

    def params(self, draw):
        return {"w": draw.integer("w", 2, 9), "c": draw.choice("c", (10, 20, 50, 100))}

    def answer(self, w, c):
        return self.SECOND

    def check(self, w, c):
        """Adam with and without the penalty, side by side: the difference is the pull."""
        import torch

        ends = []
        for decay in (0.0, 1e-3):
            weights = torch.full((2,), float(w), dtype=torch.float64, requires_grad=True)
            optimizer = torch.optim.Adam([weights], lr=1e-3, weight_decay=decay)
            for step in range(60):
                weights.grad = torch.tensor([c, 1.0], dtype=torch.float64) * (1 if step % 2 else -1)
                optimizer.step()
            ends.append(weights.detach())
        pull = ends[0] - ends[1]
        ratio = (pull[1] / pull[0]).item()
        return self.SECOND if abs(ratio / c - 1) < 0.2 else self.FIRST if ratio < 1 / 2 else self.BOTH

    def distractors(self, w, c):
        return [
            Wrong(self.FIRST, "Large gradients are taken to carry a large pull; they enlarge the divisor."),
            Wrong(self.BOTH, "That is AdamW, whose decay is not divided by √v̂."),
            Wrong(
                r"Neither: the division by $\sqrt{\hat v}$ cancels the penalty", "The division scales the penalty and does not remove it."
            ),
        ]

    def why(self, w, c):
        return r"The penalty's gradient $\lambda w$ is divided by $\sqrt{\hat v}$ too, so a weight with small gradients is pulled harder."


class SignSgdStalls(L9, Literal):
    id = "l09-signsgd-stalls"
    edition = "2026"
    source = "2026 notes 8, SignSGD"
    title = "SignSGD near the minimum"
    minutes = 3
    text = r"""
    SignSGD, $w\leftarrow w-@{eta}\,\operatorname{sign}(f'(w))$, minimizes $f(w)=w^2$ from $w_0=@{w0}$. Write the two values between which
    it ends up alternating, the smaller one first, as a list with two decimals.
    """

    def params(self, draw):
        eta = draw.choice("eta", (0.4, 0.5, 0.8))
        return {"eta": eta, "w0": round(eta * draw.integer("steps", 2, 5) + draw.choice("rest", (0.1, 0.15, 0.25)), 2)}

    def answer(self, eta, w0):
        rest = round(w0 - eta * math.floor(w0 / eta), 2)
        return [round(rest - eta, 2), rest]

    def check(self, eta, w0):
        path = [w0]
        for _ in range(30):
            path.append(path[-1] - math.copysign(eta, path[-1]))
        return sorted(round(w, 2) for w in path[-2:])

    def distractors(self, eta, w0):
        return [
            Wrong([0.0, 0.0], "The steps are taken to shrink with the gradient, as in gradient descent."),
            Wrong([-eta, eta], "The steps are taken to jump across zero by a whole step on both sides."),
        ]

    def why(self, eta, w0):
        return "Every step has length @{eta}, however close the minimum is. Walking from @{w0} it stops making progress at @{key}."


class WhoForgets(L9, SelectAll):
    id = "l09-who-forgets"
    source = "2025 notes 9; 2026 notes 8, section 4"
    title = "Which methods can forget"
    minutes = 2
    text = r"""
    The gradients of a weight are near $@{big}$ for the first $@{t}$ steps and near $1$ ever after. For which methods does the factor that
    multiplies the gradient recover, in the long run, to what it would be if all gradients had been near $1$? Select all.
    """

    OPTIONS = {
        r"Adam ($\beta_1=0$, $\beta_2=0.99$)": 0.99,
        r"Adam ($\beta_1=0$, $\beta_2=0.9$)": 0.9,
        r"AdamW ($\beta_1=0$, $\beta_2=0.99$)": 0.99,
        "Adagrad": None,
        r"Adagrad with ten times the learning rate": None,
    }

    def params(self, draw):
        return {"big": draw.choice("big", (50, 100, 200)), "t": draw.choice("t", (10, 20, 40))}

    def answer(self, big, t):
        return [text for text in self.OPTIONS if not text.startswith("Adagrad")]

    def check(self, big, t):
        return [text for text, beta in self.OPTIONS.items() if self.recovers(beta, big, t)]

    def recovers(self, beta, big, t):
        """Whether 2000 steps after the large gradients the factor is within 5 percent of what it is without them, by the recursions."""
        squares = {"with": 0.0, "without": 0.0}
        for case in squares:
            for step in range(2000 + t):
                g2 = big**2 if case == "with" and step < t else 1.0
                squares[case] = squares[case] + g2 if beta is None else beta * squares[case] + (1 - beta) * g2
        return abs(math.sqrt(squares["without"] / squares["with"]) - 1) < 0.05

    def distractors(self, big, t):
        return [
            Wrong("Adagrad", "Adagrad's sum never shrinks: a few large gradients lower its rate for good."),
            Wrong(
                "Adagrad with ten times the learning rate",
                "A larger rate scales the factor and the comparison alike; the old squares stay in the sum.",
            ),
        ]

    def why(self, big, t):
        return "An exponential average forgets the large squares at the rate β; a sum keeps them."


class MuonStep(L9, Choice):
    id = "l09-muon-step"
    edition = "2026"
    source = "2026 notes 8, Muon"
    title = "What Muon keeps of a gradient"
    minutes = 2
    text = r"""
    The averaged gradient of a $3\times3$ weight matrix has the singular values $@{s}$. Muon steps by $-\eta$ times a matrix. What is
    the Frobenius norm of this matrix?
    """

    def params(self, draw):
        return {"s": draw.sample("s", (0.5, 2, 4, 5, 6, 7), 3)}

    def answer(self, s):
        return math.sqrt(3)

    def check(self, s):
        import torch

        generator = torch.Generator().manual_seed(0)
        u, _, vt = torch.linalg.svd(torch.randn(3, 3, generator=generator, dtype=torch.float64))
        g = u @ torch.diag(torch.tensor(s, dtype=torch.float64)) @ vt
        for _ in range(100):  # Newton's iteration for the orthogonal polar factor
            g = (g + torch.linalg.inv(g).T) / 2
        return torch.linalg.norm(g).item()

    def distractors(self, s):
        return [
            Wrong(math.sqrt(sum(x * x for x in s)), "The gradient itself is stepped along, as in gradient descent."),
            Wrong(1.0, "The gradient is divided by its norm; Muon sets every singular value to one."),
            Wrong(float(max(s)), "The spectral norm of the gradient is given."),
            Wrong(3.0, "The sign of each of the nine entries is taken, as in SignSGD."),
        ]

    def why(self, s):
        return r"Muon replaces every singular value by one, so the norm is $\sqrt{1+1+1}$, whatever the values were: @{key}."


class ReadingBiasCorrection(L9, Choice):
    id = "l09-reading-averages"
    source = "2025 notes 9, bias correction (figure)"
    title = "Three averages of a constant"
    minutes = 2
    text = r"""
    The figure shows exponential averages of the constant series $@{c},@{c},\dots$, starting at zero: one corrected, three not. Which
    $\beta$ belongs to the curve that stands at $@{value}$ after $@{t}$ values?
    """

    BETAS = (0.8, 0.9, 0.95, 0.98)

    def params(self, draw):
        c, t = draw.integer("c", 2, 6), draw.choice("t", (8, 10, 12))
        beta = draw.choice("beta", self.BETAS[:3])
        return {"c": c, "t": t, "value": round(c * (1 - beta**t), 3)}

    def answer(self, c, t, value):
        return min(self.BETAS, key=lambda beta: abs(c * (1 - beta**t) - value))

    def check(self, c, t, value):
        ends = {}
        for beta in self.BETAS:
            average = 0.0
            for _ in range(t):
                average = beta * average + (1 - beta) * c
            ends[beta] = average
        return min(ends, key=lambda beta: abs(ends[beta] - value))

    def distractors(self, c, t, value):
        right = self.answer(c, t, value)
        return [
            Wrong(beta, "A longer memory is taken to rise faster." if beta > right else "A shorter memory is taken to rise more slowly.")
            for beta in self.BETAS
            if beta != right
        ]

    def why(self, c, t, value):
        return r"After $t$ values the average is $c\,(1-\beta^t)$; only $\beta=$ @{key} gives $@{value}$."

    def alt(self, c, t, value):
        return (
            "Four curves over 40 values. The corrected average is at @{c} from the start. Three others rise from zero towards @{c}, "
            "at different speeds; a dot marks the height @{value} at @{t} values."
        )

    def figure(self, axes, c, t, value):
        steps = range(1, 41)
        for beta, style in zip(self.BETAS[:3], ("-", "--", ":"), strict=True):
            axes.plot(steps, [c * (1 - beta**k) for k in steps], style, color="black")
        axes.plot(steps, [c] * len(steps), "-.", color="tab:blue", label="corrected")
        axes.plot([t], [value], "o", color="tab:red", label="the point of the question")
        axes.set(xlabel="values seen", ylabel="average")
        axes.legend(loc="lower right")


class WhichAdamBug(L9, FaultChoice):
    id = "l09-which-adam-bug"
    source = "homework 4, question 1"
    title = "Diagnose a first step"
    minutes = 4
    homework = "hw4_adam"
    faults = ("no_correction", "only_m_is_corrected", "only_v_is_corrected", "no_root", "momentum_without_averaging")
    text = r"""
    Adam with $\alpha=@{alpha}$, $\beta_1=@{beta1}$, $\beta_2=@{beta2}$ and $\epsilon=0$ takes its first step, from moments of zero, with
    the gradient $@{g}$. A correct step has length $@{alpha}$. A student's step has length $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.1, 0.2, 0.3)),
            "beta1": draw.choice("beta1", (0.6, 0.7)),
            "beta2": draw.choice("beta2", (0.95, 0.96, 0.98)),
            "g": draw.integer("g", 6, 9),
        }

    def run(self, function, alpha, beta1, beta2, g):
        import torch

        zero = torch.zeros(1, dtype=torch.float64)
        w, _, _ = function(zero, torch.full_like(zero, g), zero, zero, 1, alpha, beta1, beta2, 0.0)
        return -w.item()

    def formulas(self, alpha, beta1, beta2, g):
        return {
            "no_correction": alpha * (1 - beta1) / math.sqrt(1 - beta2),
            "only_m_is_corrected": alpha / math.sqrt(1 - beta2),
            "only_v_is_corrected": alpha * (1 - beta1),
            "no_root": alpha / g,
            "momentum_without_averaging": alpha / (1 - beta1),
        }

    def why(self, alpha, beta1, beta2, g, shown):
        return "Put the formula of each mistake in numbers: only this one gives @{shown}. @{key}"


class WhichEpsilonBug(L9, FaultChoice):
    id = "l09-which-epsilon-bug"
    source = "homework 4, question 1"
    title = "Diagnose a place for epsilon"
    minutes = 4
    homework = "hw4_adam"
    faults = ("epsilon_inside_the_root", "epsilon_before_the_correction", "epsilon_as_a_lower_bound", "no_correction")
    text = r"""
    Adam with $\alpha=@{alpha}$, $\beta_1=@{beta1}$, $\beta_2=@{beta2}$ and $\epsilon=@{eps}$ takes its first step, from moments of
    zero, with the gradient $@{g}$. A correct step has length $\alpha g/(g+\epsilon)$. A student's step has length $@{shown}$. Which
    mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.1, 0.2, 0.3)),
            "beta1": draw.choice("beta1", (0.6, 0.7)),
            "beta2": draw.choice("beta2", (0.9, 0.95)),
            "eps": draw.choice("eps", (0.1, 0.2)),
            "g": draw.choice("g", (0.5, 0.6, 0.8)),
        }

    def run(self, function, alpha, beta1, beta2, eps, g):
        import torch

        zero = torch.zeros(1, dtype=torch.float64)
        w, _, _ = function(zero, torch.full_like(zero, g), zero, zero, 1, alpha, beta1, beta2, eps)
        return -w.item()

    def formulas(self, alpha, beta1, beta2, eps, g):
        return {
            "epsilon_inside_the_root": alpha * g / math.sqrt(g * g + eps),
            "epsilon_before_the_correction": alpha * g / (g + eps / math.sqrt(1 - beta2)),
            "epsilon_as_a_lower_bound": alpha,
            "no_correction": alpha * (1 - beta1) * g / (math.sqrt(1 - beta2) * g + eps),
        }

    def why(self, alpha, beta1, beta2, eps, g, shown):
        return "Put the formula of each mistake in numbers: only this one gives @{shown}. @{key}"


class WhichDecayBug(L9, FaultChoice):
    id = "l09-which-decay-bug"
    source = "homework 4, question 5"
    title = "Diagnose a weight decay"
    minutes = 4
    homework = "hw4_adam"
    faults = (
        "decay_without_learning_rate",
        "decay_after_the_step",
        "decay_in_the_gradient",
        "decay_scaled_like_the_step",
        "weights_grow",
    )
    text = r"""
    AdamW with $\alpha=@{alpha}$, $\lambda=@{lam}$ and $\epsilon=0$ takes its first step, from moments of zero. The weight is $@{w}$ and
    its gradient $@{g}$. A correct step gives $(1-\alpha\lambda)w-\alpha$. A student's function gives $@{shown}$. Which mistake did the
    student make?
    """

    def inputs(self, draw):
        return {
            "alpha": draw.choice("alpha", (0.2, 0.4)),
            "lam": draw.choice("lam", (0.3, 0.4, 0.5)),
            "w": draw.choice("w", (4.0, 5.0, 6.0)),
            "g": draw.choice("g", (1.5, 2.0, 2.5)),
        }

    def run(self, function, alpha, lam, w, g):
        import torch

        zero = torch.zeros(1, dtype=torch.float64)
        moved, _, _ = function(zero + w, zero + g, zero, zero, 1, alpha, 0.9, 0.999, 0.0, lam)
        return moved.item()

    def formulas(self, alpha, lam, w, g):
        return {
            "decay_without_learning_rate": (1 - lam) * w - alpha,
            "decay_after_the_step": (1 - alpha * lam) * (w - alpha),
            "decay_in_the_gradient": w - alpha,
            "decay_scaled_like_the_step": w - alpha * (g + lam * w) / g,
            "weights_grow": (1 + alpha * lam) * w - alpha,
        }

    def why(self, alpha, lam, w, g, shown):
        return "Put the formula of each mistake in numbers: only this one gives @{shown}. @{key}"


class WhichAverageBug(L9, FaultChoice):
    id = "l09-which-average-bug"
    source = "homework 4, question 4"
    title = "Diagnose a corrected average"
    minutes = 4
    homework = "hw4_adam"
    faults = (
        "linear_correction",
        "power_one_too_high",
        "correction_that_never_fades",
        "corrected_is_the_plain_mean",
        "nothing_corrected",
    )
    text = r"""
    An exponential average with $\beta=@{beta}$ starts at zero, sees the values $@{x1}$ and $@{x2}$, and is then corrected for its
    start. A student's function gives $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "beta": draw.choice("beta", (0.2, 0.3, 0.4)),
            "x1": draw.choice("x1", (2.0, 3.0, 4.0)),
            "x2": draw.choice("x2", (7.0, 8.0, 9.0)),
        }

    def run(self, function, beta, x1, x2):
        import torch

        _, corrected = function(torch.tensor([x1, x2], dtype=torch.float64), beta)
        return corrected[-1].item()

    def formulas(self, beta, x1, x2):
        raw = beta * (1 - beta) * x1 + (1 - beta) * x2
        return {
            "linear_correction": raw / (1 - 2 * beta),
            "power_one_too_high": raw / (1 - beta**3),
            "correction_that_never_fades": raw / (1 - beta),
            "corrected_is_the_plain_mean": (x1 + x2) / 2,
            "nothing_corrected": raw,
        }

    def why(self, beta, x1, x2, shown):
        return "Put the formula of each mistake in numbers: only this one gives @{shown}. @{key}"
