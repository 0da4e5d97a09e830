"""Lecture 13: returns and values, Q-learning, policy gradients, clipped and preference objectives."""

import math

from autograder.quiz import Choice, Literal, Numeric, SelectAll, Wrong


class L13:
    lecture = 13
    edition = "2025"


class DiscountedReturn(L13, Numeric):
    id = "l13-discounted-return"
    source = "2025 notes 13, goals and objectives"
    title = "A discounted return"
    minutes = 2
    rtol = 0.001
    text = r"""
    An episode gives the rewards $r_1,\dots,r_4=@{rewards}$ and ends. What is the return $G_0$ with $\gamma=@{gamma}$?
    """

    def params(self, draw):
        return {
            "rewards": sorted(float(x) for x in draw.sample("rewards", (1, 2, 3, 5, 6, 8), 4)),
            "gamma": draw.choice("gamma", (0.5, 0.6, 0.8, 0.9)),
        }

    def answer(self, rewards, gamma):
        return sum(r * gamma**k for k, r in enumerate(rewards))

    def check(self, rewards, gamma):
        total = 0.0
        for r in reversed(rewards):
            total = r + gamma * total
        return total

    def distractors(self, rewards, gamma):
        return [
            Wrong(gamma * self.answer(rewards, gamma), "The first reward is discounted as well; it has the weight one."),
            Wrong(sum(rewards), "Nothing is discounted."),
            Wrong(sum(r * gamma**k for k, r in enumerate(reversed(rewards))), "The order is turned around: late rewards weigh most."),
        ]

    def why(self, rewards, gamma):
        return r"$G_0=r_1+\gamma r_2+\gamma^2r_3+\gamma^3r_4$ is @{key}."


class ValueOfStaying(L13, Numeric):
    id = "l13-value-of-staying"
    source = "2025 notes 13, Bellman equations"
    title = "A Bellman equation with one state"
    minutes = 3
    rtol = 0.005
    text = r"""
    In the state $s$ every step gives the reward @{r}. With probability @{p} the next state is $s$ again; otherwise the episode ends,
    with the value zero. What is $V(s)$ with $\gamma=@{gamma}$? Give three significant digits.
    """

    def params(self, draw):
        return {
            "r": draw.integer("r", 2, 9),
            "p": draw.choice("p", (0.5, 0.6, 0.75)),
            "gamma": draw.choice("gamma", (0.8, 0.9, 0.95)),
        }

    def answer(self, r, p, gamma):
        return r / (1 - gamma * p)

    def check(self, r, p, gamma):
        """The expected return, episode length by episode length."""
        total, discounted = 0.0, 0.0
        for length in range(1, 400):
            discounted += r * gamma ** (length - 1)
            total += p ** (length - 1) * (1 - p) * discounted
        return total

    def distractors(self, r, p, gamma):
        return [
            Wrong(r / (1 - gamma), "The episode is taken to go on for ever."),
            Wrong(r / (1 - p), "The future is not discounted."),
            Wrong(r + gamma * p * r, "The recursion is followed for one step only."),
        ]

    def why(self, r, p, gamma):
        return r"$V=@{r}+@{gamma}\cdot@{p}\,V$, so $V=@{r}/(1-@{gamma}\cdot@{p})$: @{key}."


class TwoPaths(L13, Numeric):
    id = "l13-two-paths"
    source = "2025 notes 13, Bellman optimality equations"
    title = "The better of two paths"
    minutes = 3
    rtol = 0.002
    text = r"""
    The figure shows a deterministic decision process: an arrow is an action, the number on it the reward. What is $V^*(s)$ with
    $\gamma=@{gamma}$?
    """

    def params(self, draw):
        now, later = draw.sample("order", ((8, 1), (2, 12)), 2)
        bonus = draw.integer("bonus", 0, 3)
        return {
            "gamma": draw.choice("gamma", (0.3, 0.4, 0.8, 0.9)),
            "a": now[0] + bonus,
            "b": now[1],
            "c": later[0],
            "d": later[1] + bonus,
        }

    def answer(self, gamma, a, b, c, d):
        return max(a + gamma * b, c + gamma * d)

    def check(self, gamma, a, b, c, d):
        """Value iteration on the graph."""
        rewards = {("s", "u"): a, ("u", "end"): b, ("s", "v"): c, ("v", "end"): d}
        value = dict.fromkeys("suv", 0.0) | {"end": 0.0}
        for _ in range(4):
            for state in "suv":
                value[state] = max(r + gamma * value[target] for (start, target), r in rewards.items() if start == state)
        return value["s"]

    def distractors(self, gamma, a, b, c, d):
        return [
            Wrong(min(a + gamma * b, c + gamma * d), "The worse path is taken."),
            Wrong(max(a + b, c + d), "The second reward is not discounted."),
            Wrong((a + c + gamma * (b + d)) / 2, "The paths are averaged, as if the policy were random."),
        ]

    def why(self, gamma, a, b, c, d):
        return r"The paths are worth $@{a}+@{gamma}\cdot@{b}$ and $@{c}+@{gamma}\cdot@{d}$; the larger is @{key}."

    def alt(self, gamma, a, b, c, d):
        return "A graph of four states, with rewards on its arrows: s to u @{a}, u to the end @{b}, s to v @{c}, v to the end @{d}."

    def figure(self, axes, gamma, a, b, c, d):
        places = {"s": (0, 0), "u": (1.5, 0.8), "v": (1.5, -0.8), "end": (3, 0)}
        for start, end, reward in (("s", "u", a), ("u", "end", b), ("s", "v", c), ("v", "end", d)):
            axes.annotate("", places[end], places[start], arrowprops={"arrowstyle": "-|>", "shrinkA": 16, "shrinkB": 18, "color": "black"})
            (x0, y0), (x1, y1) = places[start], places[end]
            above = "u" in (start, end)
            axes.text((x0 + x1) / 2, (y0 + y1) / 2 + (0.12 if above else -0.12), str(reward), ha="center", va="bottom" if above else "top")
        for name, (x, y) in places.items():
            axes.text(x, y, name if name == "end" else f"${name}$", ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
        axes.set(xlim=(-0.4, 3.5), ylim=(-1.2, 1.2))
        axes.axis("off")


class QLearningStep(L13, Numeric):
    id = "l13-q-learning-step"
    source = "2025 notes 13, Q-learning"
    title = "One step of Q-learning"
    minutes = 2
    rtol = 0.001
    text = r"""
    Q-learning with $\alpha=@{alpha}$ and $\gamma=@{gamma}$ takes the action $a$ in $s$, gets the reward @{r} and arrives in $s'$, where
    it then takes the action 2 to explore. Before the step, $Q(s,a)=@{q}$, $Q(s',1)=@{q1}$ and $Q(s',2)=@{q2}$. What is $Q(s,a)$
    afterwards?
    """

    def params(self, draw):
        q2 = draw.integer("q2", 1, 4)
        return {
            "alpha": draw.choice("alpha", (0.05, 0.1, 0.15)),
            "gamma": draw.choice("gamma", (0.5, 0.8, 0.9)),
            "r": draw.integer("r", 1, 5),
            "q": draw.choice("q", (12, 15, 20)),
            "q1": q2 + draw.integer("more", 3, 6),
            "q2": q2,
        }

    def answer(self, alpha, gamma, r, q, q1, q2):
        return q + alpha * (r + gamma * max(q1, q2) - q)

    def check(self, alpha, gamma, r, q, q1, q2):
        """A step of gradient descent on half of the squared distance to the target."""
        import torch

        value = torch.tensor(float(q), dtype=torch.float64, requires_grad=True)
        target = r + gamma * torch.tensor([q1, q2], dtype=torch.float64).max()
        (0.5 * (target - value) ** 2).backward()
        return (value - alpha * value.grad).item()

    def distractors(self, alpha, gamma, r, q, q1, q2):
        return [
            Wrong(
                q + alpha * (r + gamma * q2 - q),
                "The action taken in s' is used, as an on-policy method does; Q-learning takes the best one.",
            ),
            Wrong(r + gamma * q1, "The target replaces the old value; α = 1 would do that."),
            Wrong(q + alpha * (r + gamma * q1), "The old value is not subtracted from the target."),
        ]

    def why(self, alpha, gamma, r, q, q1, q2):
        return (
            r"The target is $@{r}+@{gamma}\cdot@{q1}$, whatever is done in $s'$, and $Q$ moves by the part $@{alpha}$ towards it: @{key}."
        )


class GreedyPolicy(L13, Literal):
    id = "l13-greedy-policy"
    source = "2025 notes 13, optimal value functions"
    title = "A policy from values"
    minutes = 2
    text = """
    The optimal action values of three states (rows) and three actions 0, 1, 2 (columns) are

    ```python
    Q = @{Q}
    ```

    Which actions does the optimal policy take in the three states? Write a list.
    """

    def params(self, draw):
        numbers = draw.sample("numbers", range(1, 40), 9)
        return {"Q": [numbers[i : i + 3] for i in (0, 3, 6)]}

    def answer(self, Q):
        return [row.index(max(row)) for row in Q]

    def check(self, Q):
        import numpy as np

        return np.argmax(np.array(Q), axis=1).tolist()

    def distractors(self, Q):
        columns = [list(column) for column in zip(*Q, strict=True)]
        wrong = [
            Wrong([row.index(min(row)) for row in Q], "The smallest values are taken, as if they were costs."),
            Wrong(
                [column.index(max(column)) for column in columns],
                "The best state for each action is given.",
            ),
            Wrong([max(row) for row in Q], "Those are the values of the states, not the actions."),
        ]
        return [w for w in wrong if w.value != self.answer(Q)]

    def why(self, Q):
        return "In each row, the column of the largest number: @{key}."


class ReinforceStep(L13, Numeric):
    id = "l13-reinforce-step"
    source = "2025 notes 13, policy gradients"
    title = "A step of REINFORCE"
    minutes = 3
    rtol = 0.005
    text = r"""
    A policy over three actions is the softmax of $\theta\in\mathbb R^3$, with the probabilities $@{p}$ now. The first action is drawn
    and earns the return @{G}. By how much does one step $\theta\leftarrow\theta+@{alpha}\,G\,\nabla_\theta\log\pi_\theta(a)$ change
    $\theta_1$?
    """

    def params(self, draw):
        return {
            "p": draw.choice("p", ([0.2, 0.5, 0.3], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5], [0.4, 0.4, 0.2])),
            "G": draw.integer("G", 2, 9),
            "alpha": draw.choice("alpha", (0.1, 0.2, 0.5)),
        }

    def answer(self, p, G, alpha):
        return alpha * G * (1 - p[0])

    def check(self, p, G, alpha):
        import torch

        theta = torch.tensor(p, dtype=torch.float64).log().requires_grad_()
        torch.log_softmax(theta, dim=0)[0].backward()
        return (alpha * G * theta.grad[0]).item()

    def distractors(self, p, G, alpha):
        return [
            Wrong(alpha * G, "The softmax's normalization is left out of the derivative."),
            Wrong(alpha * G * (1 - p[0]) * p[0], "The probability is differentiated, and not its logarithm."),
            Wrong(-alpha * G * p[0], "That is the change of another action with this probability."),
        ]

    def why(self, p, G, alpha):
        return r"$\partial\log\pi(1)/\partial\theta_1=1-\pi(1)$, so the change is $@{alpha}\cdot@{G}\,(1-\pi(1))$: @{key}."


class WhatIsDifferentiated(L13, Choice):
    id = "l13-what-is-differentiated"
    source = "2025 notes 13, policy gradients"
    title = "What REINFORCE differentiates"
    minutes = 1
    text = """
    A language model writes programs; the reward is the number of @{n} unit tests that pass, found by running them. REINFORCE updates
    the model from @{B} programs per step. What does it differentiate?
    """

    POLICY = "The logarithm of the probability that the model gives to each program"
    REWARD = "The number of passed tests, with respect to the program"
    ENVIRONMENT = "The probability of the tests' results, given the program"
    BOTH = "The product of probability and reward, so the reward must be differentiable"

    def params(self, draw):
        return {"n": draw.choice("n", (5, 8, 10, 20)), "B": draw.choice("B", (16, 32, 64, 128))}

    def answer(self, n, B):
        return self.POLICY

    def check(self, n, B):
        """With a reward that has no derivative, the score gives the gradient of the expected reward."""
        import torch

        theta = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
        rewards = torch.arange(3, dtype=torch.float64).mul(n / 2).floor()  # counts: no derivative
        exact = torch.autograd.grad((torch.softmax(theta, dim=0) * rewards).sum(), theta)[0]
        logs = torch.log_softmax(theta, dim=0)
        score = sum(logs[i].exp().detach() * rewards[i] * torch.autograd.grad(logs[i], theta, retain_graph=True)[0] for i in range(3))
        return self.POLICY if torch.allclose(exact, score) else self.BOTH

    def distractors(self, n, B):
        return [
            Wrong(self.REWARD, "The reward is taken for a loss; it enters as a number."),
            Wrong(self.ENVIRONMENT, "The environment does not depend on the parameters, and drops out of the derivative."),
            Wrong(self.BOTH, "The log-derivative trick moves the derivative onto the probability; the reward is only multiplied in."),
        ]

    def why(self, n, B):
        return r"$\nabla\,\mathbb E[R]=\mathbb E[R\,\nabla\log\pi_\theta]$: the reward is a factor and may come from any program."


class Baselines(L13, SelectAll):
    id = "l13-baselines"
    source = "2025 notes 13, baselines"
    title = "Which baselines are allowed"
    minutes = 3
    text = r"""
    REINFORCE uses $\nabla\log\pi_\theta(a\mid s)\,(G-b)$, where $G$ is the return. For which $b$ is its expectation the same as with
    $b=0$? Select all. Here $c=@{c}$.
    """

    CONSTANT = "$b=c$, a constant"
    VALUE = r"$b=V(s)$, the expected return in $s$"
    COIN = "$b=c$ or $b=0$, by a coin that is thrown independently of $a$"
    OWN = r"$b=\tfrac12G$"
    ACTION = r"$b=Q(s,a)$, the expected return after the action"
    PROBABILITY = r"$b=c\,\pi_\theta(a\mid s)$"

    def params(self, draw):
        return {"c": draw.integer("c", 2, 12)}

    def answer(self, c):
        return [self.CONSTANT, self.VALUE, self.COIN]

    def check(self, c):
        """The exact expectation over three actions with known returns."""
        import torch

        theta = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
        returns = torch.tensor([1.0, 4.0, 2.0], dtype=torch.float64)
        logs = torch.log_softmax(theta, dim=0)
        policy = logs.exp().detach()
        scores = torch.stack([torch.autograd.grad(logs[i], theta, retain_graph=True)[0] for i in range(3)])

        def expected(baseline):
            return (policy * (returns - baseline)) @ scores

        baselines = {
            self.CONSTANT: [torch.full((3,), float(c), dtype=torch.float64)],
            self.VALUE: [(policy @ returns).expand(3)],
            self.COIN: [torch.full((3,), float(x), dtype=torch.float64) for x in (0, c)],
            self.OWN: [returns / 2],
            self.ACTION: [returns],
            self.PROBABILITY: [c * policy],
        }
        plain = expected(torch.zeros(3, dtype=torch.float64))
        return [text for text, cases in baselines.items() if torch.allclose(sum(expected(b) for b in cases) / len(cases), plain)]

    def distractors(self, c):
        return [
            Wrong(self.OWN, "It depends on the action through the return, and halves the gradient."),
            Wrong(self.ACTION, "It depends on the action, and takes the whole signal away."),
            Wrong(self.PROBABILITY, "It depends on the action, so it does not drop out of the expectation."),
        ]

    def why(self, c):
        return r"$\mathbb E[\nabla\log\pi(a)\,b]=0$ when $b$ does not depend on the action: the probabilities add up to one."


class ClippedObjective(L13, Numeric):
    id = "l13-clipped-objective"
    source = "2025 notes 13, PPO"
    title = "The clipped objective"
    minutes = 2
    rtol = 0.002
    text = r"""
    PPO's objective for one action is $\min(\rho\hat A,\ \operatorname{clip}(\rho,1-\epsilon,1+\epsilon)\,\hat A)$. What is it for
    $\epsilon=@{eps}$, $\rho=@{rho}$ and $\hat A=@{A}$?
    """

    def params(self, draw):
        return {
            "eps": draw.choice("eps", (0.1, 0.2)),
            "rho": draw.choice("rho", (0.5, 0.6, 1.5, 1.6, 1.8)),
            "A": draw.choice("A", (-4, -3, -2, 2, 3, 4)),
        }

    def answer(self, eps, rho, A):
        return min(rho * A, min(max(rho, 1 - eps), 1 + eps) * A)

    def check(self, eps, rho, A):
        import torch

        ratio = torch.tensor(rho, dtype=torch.float64)
        return torch.minimum(ratio * A, ratio.clamp(1 - eps, 1 + eps) * A).item()

    def distractors(self, eps, rho, A):
        right = self.answer(eps, rho, A)
        wrong = [
            Wrong(
                max(rho * A, min(max(rho, 1 - eps), 1 + eps) * A),
                "The larger of the two is taken, or clipping is taken to act in all cases.",
            ),
            Wrong(float(A), "The ratio is left out."),
        ]
        return [w for w in wrong if abs(w.value - right) > 0.01]

    def why(self, eps, rho, A):
        return "The smaller of the two products counts. A ratio is cut only where it would make the objective larger: @{key}."


class WhereTheGradientVanishes(L13, SelectAll):
    id = "l13-where-the-gradient-vanishes"
    source = "2025 notes 13, PPO"
    title = "Where clipping stops the learning"
    minutes = 3
    text = r"""
    PPO's objective for one action is $\min(\rho\hat A,\ \operatorname{clip}(\rho,1-\epsilon,1+\epsilon)\,\hat A)$, with
    $\epsilon=@{eps}$. An action has become likelier ($\rho=@{high}$) or rarer ($\rho=@{low}$), or is as likely as before. For which of
    these pairs does the objective's derivative with respect to $\rho$ vanish? Select all.
    """

    def params(self, draw):
        return {
            "eps": draw.choice("eps", (0.1, 0.2, 0.3)),
            "high": draw.choice("high", (1.4, 1.5, 1.7)),
            "low": draw.choice("low", (0.3, 0.5, 0.6)),
        }

    PAIRS = {
        r"$\rho=@{high}$, $\hat A=2$": ("high", 2),
        r"$\rho=@{high}$, $\hat A=-2$": ("high", -2),
        r"$\rho=@{low}$, $\hat A=2$": ("low", 2),
        r"$\rho=@{low}$, $\hat A=-2$": ("low", -2),
        r"$\rho=1$, $\hat A=2$": ("one", 2),
    }

    def answer(self, eps, high, low):
        return [r"$\rho=@{high}$, $\hat A=2$", r"$\rho=@{low}$, $\hat A=-2$"]

    def check(self, eps, high, low):
        import torch

        found = []
        for text, (where, A) in self.PAIRS.items():
            ratio = torch.tensor({"high": high, "low": low, "one": 1.0}[where], dtype=torch.float64, requires_grad=True)
            torch.minimum(ratio * A, ratio.clamp(1 - eps, 1 + eps) * A).backward()
            if ratio.grad.item() == 0:
                found.append(text)
        return found

    def distractors(self, eps, high, low):
        return [
            Wrong(
                r"$\rho=@{high}$, $\hat A=-2$",
                "A bad action that has become likelier is still pushed down: the smaller product is the unclipped one.",
            ),
            Wrong(
                r"$\rho=@{low}$, $\hat A=2$",
                "A good action that has become rarer is still pushed up: the smaller product is the unclipped one.",
            ),
            Wrong(r"$\rho=1$, $\hat A=2$", "Inside the interval nothing is clipped."),
        ]

    def why(self, eps, high, low):
        return "Clipping stops what has gone far enough in the wanted direction: good actions already likelier, bad ones already rarer."


class TdError(L13, Numeric):
    id = "l13-td-error"
    source = "2025 notes 13, actor-critic"
    title = "The critic's error"
    minutes = 2
    rtol = 0.002
    text = r"""
    A critic estimates $V(s)=@{v}$ and $V(s')=@{w}$. An action in $s$ gives the reward @{r} and leads to $s'$; $\gamma=@{gamma}$. Which
    advantage does the temporal-difference error give to this action?
    """

    def params(self, draw):
        return {
            "v": draw.integer("v", 10, 14),
            "w": draw.integer("w", 3, 8),
            "r": draw.integer("r", 1, 3),
            "gamma": draw.choice("gamma", (0.5, 0.6, 0.8)),
        }

    def answer(self, v, w, r, gamma):
        return r + gamma * w - v

    def check(self, v, w, r, gamma):
        """The negative derivative of half of the squared distance between estimate and target."""
        import torch

        estimate = torch.tensor(float(v), dtype=torch.float64, requires_grad=True)
        (0.5 * (r + gamma * w - estimate) ** 2).backward()
        return -estimate.grad.item()

    def distractors(self, v, w, r, gamma):
        return [
            Wrong(v - r - gamma * w, "The sign is turned around: positive means better than expected."),
            Wrong(r + w - v, "The next value is not discounted."),
            Wrong(r + gamma * (w - v), "The value of the state is discounted as well."),
        ]

    def why(self, v, w, r, gamma):
        return r"$\delta=r+\gamma V(s')-V(s)=@{r}+@{gamma}\cdot@{w}-@{v}$ is @{key}."


class PenalizedPolicy(L13, Numeric):
    id = "l13-penalized-policy"
    source = "2025 notes 13, the optimal policy under a KL penalty"
    title = "Reward against distance"
    minutes = 3
    rtol = 0.01
    text = r"""
    For a prompt there are two answers with the rewards @{r1} and @{r2}; the reference policy gives them the probabilities $@{q}$ and
    $1-@{q}$. Which probability does the first answer have under the policy that maximizes the expected reward minus
    $\beta\,D_{KL}(\pi\,\Vert\,\pi_{ref})$, with $\beta=@{beta}$? Give three significant digits.
    """

    def params(self, draw):
        r2 = draw.integer("r2", 0, 2)
        return {
            "r1": r2 + draw.choice("more", (1, 2)),
            "r2": r2,
            "q": draw.choice("q", (0.1, 0.2, 0.25)),
            "beta": draw.choice("beta", (1, 2, 4)),
        }

    def answer(self, r1, r2, q, beta):
        first, second = q * math.exp(r1 / beta), (1 - q) * math.exp(r2 / beta)
        return first / (first + second)

    def check(self, r1, r2, q, beta):
        """The maximum of the objective by golden-section search."""

        def objective(p):
            return p * r1 + (1 - p) * r2 - beta * (p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q)))

        low, high, ratio = 1e-9, 1 - 1e-9, (math.sqrt(5) - 1) / 2
        for _ in range(80):
            a, b = high - ratio * (high - low), low + ratio * (high - low)
            low, high = (low, b) if objective(a) > objective(b) else (a, high)
        return (low + high) / 2

    def distractors(self, r1, r2, q, beta):
        return [
            Wrong(math.exp(r1 / beta) / (math.exp(r1 / beta) + math.exp(r2 / beta)), "The reference policy is left out."),
            Wrong(q, "The reward is taken to change nothing."),
            Wrong(1.0, "The penalty is ignored: all goes to the better answer."),
        ]

    def why(self, r1, r2, q, beta):
        return r"$\pi^*\propto\pi_{ref}\,e^{r/\beta}$; normalized over the two answers, the first gets @{key}."


class PreferenceLoss(L13, Numeric):
    id = "l13-preference-loss"
    source = "2025 notes 13, DPO"
    title = "A preference loss"
    minutes = 3
    rtol = 0.01
    text = r"""
    Compared with the reference policy, the log-probability of the preferred answer has risen by @{up}, and that of the other answer has
    fallen by @{down}. What is the DPO loss of this pair with $\beta=@{beta}$? Give three significant digits.
    """

    def params(self, draw):
        return {
            "up": draw.choice("up", (0.5, 1.0, 1.5, 2.0)),
            "down": draw.choice("down", (1.0, 2.0, 3.0)),
            "beta": draw.choice("beta", (0.1, 0.2, 0.5)),
        }

    def answer(self, up, down, beta):
        return math.log1p(math.exp(-beta * (up + down)))

    def check(self, up, down, beta):
        import torch

        margin = torch.tensor(beta * up, dtype=torch.float64) - torch.tensor(-beta * down, dtype=torch.float64)
        return -torch.nn.functional.logsigmoid(margin).item()

    def distractors(self, up, down, beta):
        return [
            Wrong(math.log(2), "That is the loss where the policy still equals the reference."),
            Wrong(math.log1p(math.exp(beta * (up + down))), "The sign of the margin is turned around: the wrong answer is preferred."),
        ]

    def why(self, up, down, beta):
        return r"The margin is $@{beta}\,(@{up}+@{down})$, and the loss $-\log\sigma$ of it: @{key}."
