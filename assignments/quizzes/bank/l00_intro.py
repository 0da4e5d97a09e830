"""Lecture 0: a spam classifier, its loss, and the loop that trains it."""

import functools
import itertools
import math

from autograder.quiz import Choice, Literal, Numeric, SelectAll, Wrong, printed


class L0:
    lecture = 0
    edition = "both"


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def torch_loss(p, spam):
    """torch's cross entropy of one email."""
    import torch

    values = torch.tensor([p, float(spam)], dtype=torch.float64)
    return torch.nn.functional.binary_cross_entropy(values[:1], values[1:]).item()


class LossOfOneEmail(L0, Numeric):
    id = "l00-loss-of-one-email"
    source = "2025 notes 0, cross entropy; 2026 notes 0"
    title = "The loss of one email"
    minutes = 1
    rtol = 0.01
    near = (0.03, 0.5)
    text = r"""
    A classifier says that an email is spam with probability $@{p}$. The email is @{label}. What is its cross-entropy loss (natural
    logarithm)?
    """

    def params(self, draw):
        return {"p": draw.choice("p", (0.2, 0.25, 0.3, 0.4, 0.6, 0.7, 0.75, 0.8)), "label": draw.choice("label", ("spam", "not spam"))}

    def answer(self, p, label):
        return -math.log(p if label == "spam" else 1 - p)

    def check(self, p, label):
        return torch_loss(p, label == "spam")

    def distractors(self, p, label):
        right = p if label == "spam" else 1 - p
        return [
            Wrong(-math.log(1 - right), "The branch of the other label is used."),
            Wrong(1 - right, "The loss is taken to be the probability of the wrong label, without a logarithm."),
            Wrong(-math.log10(right), "The logarithm is taken to base 10."),
        ]

    def why(self, p, label):
        formula = r"-\log p" if label == "spam" else r"-\log(1-p)"
        return rf"The loss is minus the logarithm of the probability given to the true label, here ${formula}$: @{{key}}."


class ProbabilityOfSpam(L0, Numeric):
    id = "l00-probability-of-spam"
    source = "2025 notes 0, the model; 2026 notes 0"
    title = "From features to a probability"
    minutes = 2
    rtol = 0.01
    text = r"""
    An email has the features $x=@{x}$, and the classifier has the weights $w=@{w}$. With which probability does it call the email spam?
    Give three decimals.
    """

    def params(self, draw):
        x = [draw.integer(f"x{i}", 1, 4) for i in range(3)]
        signs = draw.choice("signs", ((1, -1, 1), (1, 1, -1), (-1, 1, 1), (-1, 1, -1)))
        weights = draw.sample("w", (0.2, 0.3, 0.4, 0.5, 0.7, 0.9), 3)
        w = [s * b for s, b in zip(signs, weights, strict=True)]
        while abs(sum(a * b for a, b in zip(x, w, strict=True))) < 0.8:  # below it, mistakes give nearly equal numbers
            x[signs.index(1)] += 1
        return {"x": x, "w": w}

    def answer(self, x, w):
        return sigmoid(sum(a * b for a, b in zip(x, w, strict=True)))

    def check(self, x, w):
        import torch

        model = torch.nn.Sequential(torch.nn.Linear(3, 1, bias=False), torch.nn.Sigmoid()).double()
        model[0].weight.data = torch.tensor([w], dtype=torch.float64)
        return model(torch.tensor(x, dtype=torch.float64)).item()

    def distractors(self, x, w):
        score = sum(a * b for a, b in zip(x, w, strict=True))
        known = [
            Wrong(score, "The score is given; the sigmoid makes a probability of it."),
            Wrong(sigmoid(-score), "The sign in the exponent is lost: that is the probability of not spam."),
            Wrong(math.exp(score), "exp(z) is the odds; the probability is the odds divided by one plus the odds."),
        ]
        return [w for w in known if abs(w.value - sigmoid(score)) > 0.03]

    def why(self, x, w):
        return r"The score is $x^\top w$, and the probability is $\sigma(x^\top w)=1/(1+e^{-x^\top w})$: @{key}."


class GradientOfOneEmail(L0, Literal):
    id = "l00-gradient-of-one-email"
    edition = "2025"
    source = "2025 notes 0, the loss; the gradient stands in 2025 notes 8"
    title = "The gradient of one email's loss"
    minutes = 3
    text = r"""
    An email has the features $x=@{x}$ and is @{label}. The classifier gives it the probability $\sigma(x^\top w)=@{p}$ of spam. What is the
    gradient of its cross-entropy loss in $w$? Write a list.
    """

    def params(self, draw):
        return {
            "x": draw.sample("x", (2, 4, 6, 8, 10, 12), 3),
            "label": draw.choice("label", ("spam", "not spam")),
            "p": draw.choice("p", (0.25, 0.75)),
        }

    def answer(self, x, label, p):
        return [(p - (label == "spam")) * a for a in x]

    def check(self, x, label, p):
        """Autograd at weights that give this probability."""
        import torch

        features = torch.tensor(x, dtype=torch.float64)
        w = (math.log(p / (1 - p)) / features.dot(features) * features).requires_grad_()
        target = torch.tensor(float(label == "spam"), dtype=torch.float64)
        torch.nn.functional.binary_cross_entropy_with_logits(features @ w, target).backward()
        return [round(g, 6) for g in w.grad.tolist()]

    def distractors(self, x, label, p):
        error = p - (label == "spam")
        return [
            Wrong([-error * a for a in x], "The error is taken as y - p: that is the direction of descent."),
            Wrong([error * p * (1 - p) * a for a in x], "The slope of the sigmoid is kept; the logarithm cancels it."),
            Wrong([p * (1 - p) * a for a in x], "That is the gradient of the probability and not of the loss."),
        ]

    def why(self, x, label, p):
        return r"The slope of the sigmoid and the derivative of the logarithm cancel, and $(\sigma(x^\top w)-y)\,x$ is left: @{key}."


class WhatASmallStepGains(L0, Numeric):
    id = "l00-what-a-small-step-gains"
    edition = "2026"
    source = "2026 notes 0, gradient descent"
    title = "What a small step gains"
    minutes = 2
    rtol = 0.002
    text = r"""
    At the current weights the loss is $@{loss}$ and its gradient has the norm $@{norm}$. By the linear approximation, what is the loss
    after one step of gradient descent with $\eta=@{eta}$? Give three decimals.
    """

    def params(self, draw):
        return {
            "loss": draw.choice("loss", (0.9, 1.2, 1.5)),
            "norm": draw.choice("norm", (1.5, 2.0, 2.5, 3.0)),
            "eta": draw.choice("eta", (0.02, 0.03, 0.05)),
        }

    def answer(self, loss, norm, eta):
        return loss - eta * norm**2

    def check(self, loss, norm, eta):
        """torch's step on a function that is its own linear approximation."""
        import torch

        slope = norm * torch.tensor([0.6, -0.8], dtype=torch.float64)
        w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        (loss + slope @ w).backward()
        torch.optim.SGD([w], lr=eta).step()
        return (loss + slope @ w).item()

    def distractors(self, loss, norm, eta):
        return [
            Wrong(loss - eta * norm, "The loss is taken to fall by the length of the step; it falls by that length times the slope."),
            Wrong(loss - eta, "The loss is taken to fall by the learning rate."),
            Wrong(loss + eta * norm**2, "The step is taken uphill."),
        ]

    def why(self, loss, norm, eta):
        return r"$L(w-\eta\nabla L)\approx L-\eta\lVert\nabla L\rVert^2=@{loss}-@{eta}\cdot@{norm}^2$, which is @{key}."


class WithoutZero(L0, Numeric):
    id = "l00-without-zero"
    source = "2025 notes 0, the training loop; 2026 notes 0"
    title = "A loop that forgets to clear"
    minutes = 3
    text = """
    The line that clears the gradient is missing from this loop. What is `w.item()` afterwards?

    ```python
    w = torch.tensor(@{w}.0, requires_grad=True)
    for _ in range(@{k}):
        (@{a} * w).backward()
        with torch.no_grad():
            w -= @{eta} * w.grad
    ```
    """

    def params(self, draw):
        return {
            "w": draw.integer("w", 40, 60),
            "k": draw.integer("k", 4, 6),
            "a": draw.integer("a", 3, 7),
            "eta": draw.choice("eta", (0.1, 0.2)),
        }

    def answer(self, w, k, a, eta):
        return w - eta * a * k * (k + 1) / 2

    def check(self, w, k, a, eta):
        import torch

        leaf = torch.tensor(float(w), requires_grad=True)
        for _ in range(k):
            (a * leaf).backward()
            with torch.no_grad():
                leaf -= eta * leaf.grad
        return leaf.item()

    def distractors(self, w, k, a, eta):
        return [
            Wrong(w - eta * a * k, "Each step is taken to use its own gradient alone, as if the gradient were cleared."),
            Wrong(w - eta * a * k * k, "Every step is taken to use all the gradients, those of later steps too."),
            Wrong(w - eta * a * k * (k - 1) / 2, "The first gradient is taken to be zero."),
        ]

    def why(self, w, k, a, eta):
        return (
            r"Step number $j$ uses the sum of $j$ gradients, $@{a}j$; all together, $@{eta}\cdot@{a}\cdot(1+\dots+@{k})$ downhill: @{key}."
        )


class SquareOfASquare(L0, Numeric):
    id = "l00-square-of-a-square"
    edition = "2026"
    source = "2026 notes 0, gradient descent in one dimension"
    title = "One step towards a square root"
    minutes = 2
    rtol = 0.001
    text = r"""
    Gradient descent on $f(x)=(x^2-@{y})^2$ with $\eta=@{eta}$ stands at $x=@{x}$. Where is it after one step?
    """

    def params(self, draw):
        x = draw.integer("x", 2, 5)
        return {"x": x, "y": x * x - draw.choice("gap", (1, 3)), "eta": draw.choice("eta", (0.02, 0.03, 0.05))}

    def answer(self, x, y, eta):
        return x - eta * 4 * x * (x * x - y)

    def check(self, x, y, eta):
        import torch

        leaf = torch.tensor(float(x), dtype=torch.float64, requires_grad=True)
        ((leaf**2 - y) ** 2).backward()
        torch.optim.SGD([leaf], lr=eta).step()
        return leaf.item()

    def distractors(self, x, y, eta):
        gap = x * x - y
        return [
            Wrong(x - eta * 2 * gap, "The derivative of the inner square is left out."),
            Wrong(x + eta * 4 * x * gap, "The step climbs."),
            Wrong(x - eta * gap**2, "The value of f is used in place of its derivative."),
        ]

    def why(self, x, y, eta):
        return r"$f'(x)=2(x^2-@{y})\cdot2x$, so the step leads from $@{x}$ to @{key}."


class LogOfARoundedProbability(L0, Choice):
    id = "l00-log-of-a-rounded-probability"
    edition = "2026"
    source = "2026 cheat sheet 0, the loss from logits"
    title = "Two ways to compute one loss"
    minutes = 2
    text = """
    An email that is not spam has the score `z`. Its loss is computed in two ways. What do the two lines print?

    ```python
    z, y = torch.tensor(@{z}.0), torch.tensor(0.0)
    print(-torch.log(1 - torch.sigmoid(z)))
    print(torch.nn.functional.binary_cross_entropy_with_logits(z, y))
    ```
    """

    def params(self, draw):
        return {"z": draw.integer("z", 20, 80)}

    def answer(self, z):
        return "`tensor(inf)` and `tensor(@{z}.)`"

    def check(self, z):
        start = f"import torch\nz, y = torch.tensor({z}.0), torch.tensor(0.0)\n"
        lines = "print(-torch.log(1 - torch.sigmoid(z)))", "print(torch.nn.functional.binary_cross_entropy_with_logits(z, y))"
        first, second = (printed(start + line) for line in lines)
        return f"`{first}` and `{second}`"

    def distractors(self, z):
        return [
            Wrong("`tensor(@{z}.)` and `tensor(@{z}.)`", "Rounding is forgotten: in float32 the sigmoid of this score is exactly 1."),
            Wrong("`tensor(inf)` and `tensor(inf)`", "Both are taken to go through the probability; the second never forms it."),
            Wrong("`tensor(nan)` and `tensor(@{z}.)`", "The logarithm of zero is minus infinity and not undefined."),
            Wrong("`tensor(@{z}.)` and `tensor(0.)`", "The branch of the other label is used for the second value."),
        ]

    def why(self, z):
        return r"In float32 $\sigma(@{z})$ rounds to 1, and $-\log 0=\infty$. From the score, the loss is $\log(1+e^{@{z}})\approx@{z}$."


@functools.cache
def memorized():
    """30 emails, 60 features, labels without any pattern: training accuracies after 500 and 1000 steps, test accuracy, and the share of
    spam among new emails that get a probability above 0.99."""
    import torch

    generator = torch.Generator().manual_seed(0)
    x, x_new = torch.randn(30, 60, generator=generator), torch.randn(1000, 60, generator=generator)
    y, y_new = torch.randint(0, 2, (30,), generator=generator), torch.randint(0, 2, (1000,), generator=generator)
    w = torch.zeros(60, requires_grad=True)
    optimizer, accuracies = torch.optim.SGD([w], lr=1.0), []
    for step in range(1000):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(x @ w, y.float()).backward()
        optimizer.step()
        if step in (499, 999):
            accuracies.append((((x @ w) > 0) == y).float().mean().item())
    score = x_new @ w
    return (*accuracies, ((score > 0) == y_new).float().mean().item(), y_new[torch.sigmoid(score) > 0.99].float().mean().item())


class TrainAndTest(L0, SelectAll):
    id = "l00-train-and-test"
    source = "2025 notes 0, training and test accuracy; 2026 notes 0"
    title = "Two accuracies"
    minutes = 2
    text = """
    A classifier is right on all @{n} emails that it was trained on and on @{m} of @{total} new ones. Which statements follow from
    these numbers? Select all.
    """

    LEARNED = "The optimizer found weights that classify every training email correctly."
    TOO_HIGH = "The training accuracy overstates how often new emails are classified correctly."
    MORE_STEPS = "More steps on the same emails can still raise the training accuracy."
    SAME = "About the same share of new emails as of training emails is classified correctly."
    CERTAIN = "A new email that gets a probability near 1 is certain to be spam."

    def params(self, draw):
        total = draw.choice("total", (200, 300, 400))
        return {"n": draw.choice("n", (50, 80, 120, 150)), "m": total * draw.choice("share", (55, 60, 65)) // 100, "total": total}

    def answer(self, n, m, total):
        return [self.LEARNED, self.TOO_HIGH]

    def check(self, n, m, total):
        """A classifier of the same kind, made here, decides what can be said."""
        early, late, new, spam_near_one = memorized()
        truth = {
            self.LEARNED: late == 1,
            self.TOO_HIGH: late > new + 0.2,
            self.MORE_STEPS: late > early,
            self.SAME: abs(late - new) < 0.1,
            self.CERTAIN: spam_near_one == 1,
        }
        return [text for text, holds in truth.items() if holds]

    def distractors(self, n, m, total):
        return [
            Wrong(self.MORE_STEPS, "The gap is taken for unfinished optimization; the training accuracy is 1 already."),
            Wrong(self.SAME, "Training accuracy is taken for accuracy on new emails."),
            Wrong(self.CERTAIN, "The output of a sigmoid is taken for a calibrated probability."),
        ]

    def why(self, n, m, total):
        return r"On the training emails all is right, so optimization did its work; on new ones only $@{m}/@{total}$ is: overfitting."


class Threshold(L0, Literal):
    id = "l00-threshold"
    source = "2025 notes 0, the model; 2026 notes 0"
    title = "Where the decision falls"
    minutes = 1
    text = r"""
    Emails with the scores $z=@{z}$ are called spam (1) if $\sigma(z)>0.5$ and not spam (0) otherwise. Write the list of decisions.
    """

    def params(self, draw):
        unsure, sure = draw.choice("unsure", (0.1, 0.2, 0.3, 0.4)), draw.choice("sure", (0.7, 0.9, 1.6, 2.5))
        low, lower = draw.choice("low", (-0.1, -0.3, -0.4)), draw.choice("lower", (-0.8, -1.2, -2.3))
        return {"z": draw.sample("order", (unsure, sure, low, lower), 4)}

    def answer(self, z):
        return [int(score > 0) for score in z]

    def check(self, z):
        import torch

        return (torch.sigmoid(torch.tensor(z)) > 0.5).int().tolist()

    def distractors(self, z):
        return [
            Wrong([int(score > 0.5) for score in z], "The scores are compared with 0.5, where their sigmoids should be."),
            Wrong([int(score < 0) for score in z], "A low score is taken for a high probability."),
        ]

    def why(self, z):
        return r"$\sigma(0)=0.5$, so a probability above one half is a score above zero: @{key}."


class OrderOfLosses(L0, Literal):
    id = "l00-order-of-losses"
    source = "2025 notes 0, cross entropy; 2026 notes 0"
    title = "From the cheapest to the dearest"
    minutes = 2
    text = r"""
    Four emails and the probability of spam that a classifier gives them: (1) spam, $@{a}$; (2) spam, $@{b}$; (3) not spam, $@{c}$;
    (4) not spam, $@{d}$. Write the numbers of the emails in a list, from the smallest to the largest cross-entropy loss.
    """

    def params(self, draw):
        trust = draw.sample("trust", (0.95, 0.85, 0.6, 0.3, 0.1), 4)
        return {"a": trust[0], "b": trust[1], "c": round(1 - trust[2], 2), "d": round(1 - trust[3], 2)}

    def answer(self, a, b, c, d):
        trust = {1: a, 2: b, 3: 1 - c, 4: 1 - d}
        return sorted(trust, key=lambda email: -trust[email])

    def check(self, a, b, c, d):
        losses = {1: torch_loss(a, True), 2: torch_loss(b, True), 3: torch_loss(c, False), 4: torch_loss(d, False)}
        return sorted(losses, key=lambda email: losses[email])

    def distractors(self, a, b, c, d):
        right = self.answer(a, b, c, d)
        spam = {1: a, 2: b, 3: c, 4: d}
        known = [
            Wrong(right[::-1], "The order runs from the largest loss to the smallest."),
            Wrong(sorted(spam, key=lambda email: -spam[email]), "Every email is treated as spam: the label is not looked at."),
        ]
        return [wrong for wrong in known if wrong.value != right]

    def why(self, a, b, c, d):
        return "The loss falls with the probability of the true label: for an email that is not spam, one minus the shown number: @{key}."


class WhichWeightsMove(L0, Choice):
    id = "l00-which-weights-move"
    source = "2025 notes 0, the training loop; 2026 notes 0"
    title = "One email, one step"
    minutes = 2
    text = r"""
    An email has the features $x=@{x}$ and is @{label}. Gradient descent makes one step on the loss of this email alone. What happens to
    the three weights?
    """

    GROW = "The weights of the features that are not zero grow; the other one stays."
    SHRINK = "The weights of the features that are not zero shrink; the other one stays."
    ALL_GROW = "All three weights grow."
    ALL_SHRINK = "All three weights shrink."

    def params(self, draw):
        x = draw.sample("order", (0, *draw.sample("x", (1, 2, 3, 4, 5, 6), 2)), 3)
        return {"x": x, "label": draw.choice("label", ("spam", "not spam"))}

    def answer(self, x, label):
        return self.GROW if label == "spam" else self.SHRINK

    def check(self, x, label):
        """Autograd at several weights: the signs of the steps agree."""
        import torch

        features, target = torch.tensor(x).double(), torch.tensor(float(label == "spam"), dtype=torch.float64)
        found = set()
        for weights in itertools.product((-0.5, 0.5), repeat=3):
            w = torch.tensor(weights, dtype=torch.float64, requires_grad=True)
            torch.nn.functional.binary_cross_entropy_with_logits(features @ w, target).backward()
            found.add(tuple((-w.grad).sign().int().tolist()))
        (signs,) = found
        moved = {sign for sign, feature in zip(signs, x, strict=True) if feature}
        rests = all(sign == 0 for sign, feature in zip(signs, x, strict=True) if not feature)
        return {(1, True): self.GROW, (-1, True): self.SHRINK}.get((moved.pop(), rests), "another")

    def distractors(self, x, label):
        right, other = (self.GROW, self.SHRINK) if label == "spam" else (self.SHRINK, self.GROW)
        return [
            Wrong(other, "The step is taken along the gradient, so that the loss of this email rises."),
            Wrong(self.ALL_GROW, "Every weight is taken to move; the gradient of a weight is a multiple of its own feature."),
            Wrong(self.ALL_SHRINK, "Every weight is taken to move, as if the step were weight decay."),
        ]

    def why(self, x, label):
        sign = r"negative for spam, since $\sigma<1$" if label == "spam" else r"positive here, since $\sigma>0$"
        return rf"The gradient is $(\sigma(x^\top w)-y)\,x$, and its factor is {sign}. A feature that is zero gives its weight no gradient."


class ReadingTheLoss(L0, SelectAll):
    id = "l00-reading-the-loss"
    source = "2026 cheat sheet 0, the two branches of the loss; 2025 notes 0"
    title = "Which emails are spam"
    minutes = 2
    text = """
    The figure shows the cross-entropy loss of an email as a function of the probability of spam that it is given, one curve for each
    label. Four emails are marked. Which of them are spam? Select all.
    """

    def params(self, draw):
        names = draw.sample("names", "ABCD", 4)
        count = draw.integer("count", 1, 3)
        falling, rising = sorted(names[:count]), sorted(names[count:])
        p = draw.sample("p", (0.15, 0.25, 0.35, 0.65, 0.75, 0.85), 4)
        return {"p": p, "falling": " and ".join(falling), "rising": " and ".join(rising)}

    def answer(self, p, falling, rising):
        return [f"Email {name}" for name in falling.split(" and ")]

    def check(self, p, falling, rising):
        """The heights of the dots against torch's loss with both labels."""
        found = []
        for name, probability in zip("ABCD", p, strict=True):
            height = -math.log(probability) if name in falling.split(" and ") else -math.log(1 - probability)
            if math.isclose(height, torch_loss(probability, True)):
                found.append(f"Email {name}")
        return found

    def distractors(self, p, falling, rising):
        return [
            Wrong(f"Email {name}", "The rising curve is taken for that of spam: there a high probability of spam costs most.")
            for name in rising.split(" and ")
        ]

    def why(self, p, falling, rising):
        return r"The loss of a spam email is $-\log p$: it falls as the probability of spam rises. On the falling curve lie: @{key}."

    def alt(self, p, falling, rising):
        return (
            "Two curves over the probability of spam, from 0 to 1. The solid curve falls from large values to 0, the dashed curve rises "
            "from 0 to large values; they cross at probability 0.5. The emails A, B, C and D are at the probabilities @{p}. "
            "On the solid curve: @{falling}. On the dashed curve: @{rising}."
        )

    def figure(self, axes, p, falling, rising):
        grid = [k / 100 for k in range(3, 98)]
        axes.plot(grid, [-math.log(x) for x in grid], "-", color="black")
        axes.plot(grid, [-math.log(1 - x) for x in grid], "--", color="tab:blue")
        for name, x in zip("ABCD", p, strict=True):
            y = -math.log(x) if name in falling.split(" and ") else -math.log(1 - x)
            axes.plot([x], [y], "o", color="tab:red")
            axes.annotate(name, (x, y), xytext=(0, 7), textcoords="offset points", ha="center")
        axes.set(xlabel="probability of spam", ylabel="loss", ylim=(0, 3))
