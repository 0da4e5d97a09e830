"""Lecture 10: comparing optimizers: time to result, performance profiles, tuning protocols."""

import functools
import itertools
import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L10:
    lecture = 10
    edition = "both"


def best_times(*rows):
    """Of each workload the shortest time; None means that the target was never reached."""
    return [min((t for t in column if t is not None), default=None) for column in zip(*rows, strict=True)]


def solved_within(row, best, tau):
    """How many workloads an algorithm solves within tau times the best time."""
    return sum(t is not None and t <= tau * b for t, b in zip(row, best, strict=True))


def by_fractions(row, rows, tau):
    """The same count by another route: exact slowdowns, sorted, and a search for tau."""
    from bisect import bisect_right
    from fractions import Fraction

    columns = zip(row, *rows, strict=True)
    slowdowns = sorted(Fraction(own, min(t for t in times if t is not None)) for own, *times in columns if own is not None)
    return bisect_right(slowdowns, Fraction(str(tau)))


class TimeToResult(L10, Literal):
    id = "l10-time-to-result"
    source = "2025 notes 10, time to result; 2026 notes 9"
    title = "Time to result"
    minutes = 1
    text = """
    A run is evaluated every @{every} steps, for the first time at step @{every}. Its validation errors are, in order, @{errors}. The
    target is @{target}. What is its time to result, in steps? Write a whole number.
    """

    def params(self, draw):
        target = draw.choice("target", (0.20, 0.22, 0.24))
        above = [round(target + x, 2) for x in sorted(draw.sample("above", (0.03, 0.05, 0.08, 0.11, 0.15), 3), reverse=True)]
        cross = round(target - 0.01, 2)
        after = [
            round(target + 0.02, 2),
            round(target - draw.choice("dip", (0.05, 0.06)), 2),
            round(target - 0.02, 2),
            round(target + 0.01, 2),
        ]
        first = draw.choice("first", (1, 2, 3))
        return {"every": draw.choice("every", (50, 100, 200, 250)), "errors": [*above[:first], cross, *after], "target": target}

    def answer(self, every, errors, target):
        return next(every * (i + 1) for i, error in enumerate(errors) if error <= target)

    def check(self, every, errors, target):
        lowest = list(itertools.accumulate(errors, min))
        return every * (1 + sum(error > target for error in lowest))

    def distractors(self, every, errors, target):
        reached = [every * (i + 1) for i, error in enumerate(errors) if error <= target]
        return [
            Wrong(
                every * (1 + errors.index(min(errors))), "The step of the lowest error is given; the first that reaches the target counts."
            ),
            Wrong(reached[-1], "The last step below the target is given."),
            Wrong(reached[0] // every, "The number of the evaluation is given, and not its step."),
        ]

    def why(self, every, errors, target):
        return "The first evaluation with an error of at most @{target} decides, whatever comes after it: @{key}."


class Slowdowns(L10, Literal):
    id = "l10-slowdowns"
    source = "2025 notes 10, performance profiles; 2026 notes 9"
    title = "How many times slower"
    minutes = 2
    text = """
    Times to result, in minutes, of three algorithms on the same four workloads:

    ```python
    A = @{a}
    B = @{b}
    C = @{c}
    ```

    By which factor is B slower than the fastest algorithm on each workload? Write the list of four numbers.
    """

    def params(self, draw):
        rows = [[], [], []]
        for i in range(4):
            fastest = draw.choice(f"fastest {i}", (10, 20, 30, 40))
            factors = draw.sample(f"factors {i}", (1, 1.5, 2, 2.5, 3), 2)
            for row, factor in zip(rows, draw.sample(f"order {i}", [1, max(factors), 4], 3), strict=True):
                row.append(round(fastest * factor))
        return dict(zip("abc", rows, strict=True))

    def answer(self, a, b, c):
        return [t / fastest for t, fastest in zip(b, best_times(a, b, c), strict=True)]

    def check(self, a, b, c):
        import numpy as np

        return (np.array(b) / np.array([a, b, c]).min(axis=0)).tolist()

    def distractors(self, a, b, c):
        wrong = [
            Wrong([round(fastest / t, 4) for t, fastest in zip(b, best_times(a, b, c), strict=True)], "The ratio is turned upside down."),
            Wrong([round(t / min(b), 4) for t in b], "B is compared with its own fastest workload."),
            Wrong(
                [t - fastest for t, fastest in zip(b, best_times(a, b, c), strict=True)], "Differences are taken; a slowdown is a ratio."
            ),
        ]
        return [w for w in wrong if w.value != self.answer(a, b, c)]

    def why(self, a, b, c):
        return "On each workload, divide the time of B by the shortest of the three times: @{key}. It is 1 where B is the fastest."


class ProfilePoint(L10, Numeric):
    id = "l10-profile-point"
    source = "2025 notes 10, performance profiles; 2026 notes 9"
    title = "A point of a performance profile"
    minutes = 3
    text = r"""
    Times to result, in hours, of three algorithms on the same five workloads; `None` means that the target was not reached:

    ```python
    A = @{a}
    B = @{b}
    C = @{c}
    ```

    How high is the performance profile of A at $\tau=@{tau}$? Give a decimal number between 0 and 1.
    """

    def params(self, draw):
        rows = {"a": [], "b": [], "c": []}
        ratios = draw.sample("ratios", (1.0, 1.2, 1.4, 1.8, 2.6), 4)
        for i, ratio in enumerate([*ratios, None]):
            fastest = draw.choice(f"fastest {i}", (10, 20, 30, 50))
            others = [fastest * draw.choice(f"other {i}", (3, 4)), fastest]
            rows["a"].append(None if ratio is None else round(fastest * ratio))
            for name, time in zip("bc", draw.sample(f"who {i}", others, 2), strict=True):
                rows[name].append(time)
        order = draw.sample("workloads", range(5), 5)
        return {name: [row[i] for i in order] for name, row in rows.items()} | {"tau": draw.choice("tau", (1.25, 1.5, 2.0))}

    def answer(self, a, b, c, tau):
        return solved_within(a, best_times(a, b, c), tau) / 5

    def check(self, a, b, c, tau):
        return by_fractions(a, (a, b, c), tau) / 5

    def distractors(self, a, b, c, tau):
        best = best_times(a, b, c)
        right = solved_within(a, best, tau)
        fastest = solved_within(a, best, 1)
        wrong = [
            Wrong(right / sum(t is not None for t in a), "The fraction is taken of the workloads that A solves, and not of all five."),
            Wrong(float(right), "The workloads are counted; a profile shows their fraction."),
        ]
        if fastest != right:
            wrong.append(Wrong(fastest / 5, "Only the workloads on which A is the fastest are counted, as at τ = 1."))
        return wrong

    def why(self, a, b, c, tau):
        return (
            r"Count the workloads on which A needs at most $@{tau}$ times the shortest of the three times, and divide by all five: @{key}."
        )


class ProfileLimit(L10, Numeric):
    id = "l10-profile-limit"
    source = "2025 notes 10, performance profiles; 2026 notes 9"
    title = "The far end of a profile"
    minutes = 1
    text = r"""
    A benchmark has @{n} workloads. An algorithm is the fastest of all on @{fast} of them, reaches the target on @{slow} others, and
    never reaches it on the rest. How high is its performance profile for very large $\tau$? Give a decimal number.
    """

    def params(self, draw):
        fast = draw.integer("fast", 1, 3)
        return {"n": draw.choice("n", (10, 16, 20)), "fast": fast, "slow": fast + draw.integer("more", 1, 3)}

    def answer(self, n, fast, slow):
        return (fast + slow) / n

    def check(self, n, fast, slow):
        row = [1] * fast + [1000] * slow + [None] * (n - fast - slow)
        return by_fractions(row, (row, [1] * n), 10**6) / n

    def distractors(self, n, fast, slow):
        return [
            Wrong(1.0, "Every profile is taken to reach 1; unsolved workloads stay below for ever."),
            Wrong(fast / n, "That is the height at τ = 1."),
            Wrong(slow / n, "The workloads on which it is the fastest are left out."),
        ]

    def why(self, n, fast, slow):
        return r"Given enough time it solves $@{fast}+@{slow}$ of @{n} workloads, and no slowdown adds another: @{key}."


class MedianOfStudies(L10, Numeric):
    id = "l10-median-of-studies"
    source = "2025 cheat sheet 10, external tuning; 2026 notes 9"
    title = "Scoring five studies"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = """
    A workload is tuned in five studies of three trials each. A study scores the time to result of its best trial, and the algorithm
    scores the median over the studies. The times, in minutes, are:

    ```python
    studies = @{studies}
    ```

    What is the algorithm's score, in minutes?
    """

    def params(self, draw):
        times = draw.sample("times", range(41, 99), 15)
        return {"studies": [times[i : i + 3] for i in range(0, 15, 3)]}

    def answer(self, studies):
        return sorted(min(study) for study in studies)[2]

    def check(self, studies):
        import numpy as np

        return int(np.median(np.array(studies).min(axis=1)))

    def distractors(self, studies):
        best = min(map(min, studies))
        middle = sorted(itertools.chain(*studies))[7]
        medians = sorted(sorted(study)[1] for study in studies)[0]
        wrong = {
            best: "The single best trial of all studies is given.",
            middle: "The median of all fifteen trials is given.",
            medians: "The best of the studies' medians is given: median and minimum are exchanged.",
        }
        return [Wrong(value, said) for value, said in wrong.items() if value != self.answer(studies)]

    def why(self, studies):
        return "The best trials of the five studies, sorted, have @{key} in the middle."


class ChanceOfABudget(L10, Numeric):
    id = "l10-chance-of-a-budget"
    source = "2025 notes 10, tuning budgets"
    title = "Two search spaces, one budget"
    minutes = 3
    rtol = 0.01
    text = r"""
    An optimizer has @{d} hyperparameters. For each of them a part $@{p}$ of the search range is good, and a trial succeeds if all of
    them lie in their good parts. Trials draw every hyperparameter uniformly and independently. What is the chance that at least one of
    @{n} trials succeeds? Give three significant digits.
    """

    def params(self, draw):
        return {
            "d": draw.choice("d", (2, 3)),
            "p": draw.choice("p", (0.3, 0.4, 0.5)),
            "n": draw.choice("n", (6, 8, 12)),
        }

    def answer(self, d, p, n):
        return 1 - (1 - p**d) ** n

    def check(self, d, p, n):
        """The binomial sum over one and more successes."""
        q = p**d
        return sum(math.comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(1, n + 1))

    def distractors(self, d, p, n):
        return [
            Wrong(1 - (1 - p) ** n, "One hyperparameter is taken to decide; all of them must be good at once."),
            Wrong(p**d, "That is the chance of a single trial."),
            Wrong((1 - p**d) ** n, "That is the chance that all trials fail."),
        ]

    def why(self, d, p, n):
        return (
            r"A trial succeeds with probability $@{p}^{@{d}}$, and all @{n} fail with $(1-@{p}^{@{d}})^{@{n}}$; the rest is @{key}. "
            "More hyperparameters need more trials."
        )


GRADIENT_DESCENT = {
    r"`SGD(lr=@{lr}, momentum=0.0)`": lambda torch, w, lr: torch.optim.SGD([w], lr=lr, momentum=0.0),
    r"`SGD(lr=@{lr}, weight_decay=0.0)`": lambda torch, w, lr: torch.optim.SGD([w], lr=lr, weight_decay=0.0),
    r"`Adam(lr=@{lr}, betas=(0.0, 0.0), eps=1e-12)`": lambda torch, w, lr: torch.optim.Adam([w], lr=lr, betas=(0.0, 0.0), eps=1e-12),
    r"`Adagrad(lr=@{lr}, lr_decay=0.0)`": lambda torch, w, lr: torch.optim.Adagrad([w], lr=lr, lr_decay=0.0),
    r"`AdamW(lr=@{lr}, weight_decay=0.0)`": lambda torch, w, lr: torch.optim.AdamW([w], lr=lr, weight_decay=0.0),
}


class WhichIsGradientDescent(L10, SelectAll):
    id = "l10-which-is-gradient-descent"
    source = "2025 notes 10, inclusion; torch.optim"
    title = "Inclusion"
    minutes = 2
    text = r"""
    An optimizer contains another one if some values of its hyperparameters make it do the same. Which of these optimizers of
    `torch.optim` make exactly the steps $w\leftarrow w-@{lr}\,\nabla L(w)$? Select all.
    """

    def params(self, draw):
        return {"lr": draw.choice("lr", (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5))}

    def answer(self, lr):
        return [text for text in GRADIENT_DESCENT if text.startswith("`SGD")]

    def check(self, lr):
        import torch

        found = []
        for text, make in GRADIENT_DESCENT.items():
            weight = torch.tensor([1.0, -3.0], dtype=torch.float64, requires_grad=True)
            plain = weight.detach().clone()
            optimizer = make(torch, weight, lr)
            for _ in range(3):
                weight.grad = torch.tensor([0.5, 2.0], dtype=torch.float64) * weight.detach()
                plain -= lr * torch.tensor([0.5, 2.0], dtype=torch.float64) * plain
                optimizer.step()
            if torch.allclose(weight.detach(), plain):
                found.append(text)
        return found

    def distractors(self, lr):
        said = {
            "`Adam(": "Without memory Adam divides by |g|: it is sign descent and not gradient descent.",
            "`Adagrad": "Adagrad divides by the root of its sum, with or without a decay of the rate.",
            "`AdamW": "Without decay AdamW is Adam.",
        }
        return [Wrong(text, sentence) for text in GRADIENT_DESCENT for start, sentence in said.items() if text.startswith(start)]

    def why(self, lr):
        return "Momentum and weight decay contain gradient descent: set them to zero. The others divide by a root of squares in any case."


@functools.cache
def counterexamples():
    """Of four claims about momentum (which contains SGD) those that a quadratic disproves, tried on grids of steps."""
    curvatures, rates, betas = (1.0, 0.3), (0.05, 0.3, 1.0, 1.9), (0.0, 0.5, 0.9)

    def loss(alpha, beta):
        total = 0.0
        for h in curvatures:
            w, m = 1.0, 0.0
            for _ in range(12):
                m = beta * m + h * w
                w -= alpha * m
            total += 0.5 * h * w * w
        return total

    best = {beta: min(loss(alpha, beta) for alpha in rates) for beta in betas}
    both = min(best.values())
    few = min(loss(alpha, beta) for alpha, beta in ((0.05, 0.9), (1.9, 0.9)))
    return {
        "tuned": both > best[0.0],
        "fixed": best[0.9] > best[0.0],
        "every": any(loss(alpha, 0.9) > loss(alpha, 0.0) for alpha in rates),
        "budget": few > min(loss(alpha, 0.0) for alpha in rates[2:]),
    }


class WhatInclusionSays(L10, Choice):
    id = "l10-what-inclusion-says"
    source = "2025 notes 10, inclusion and tuning budgets; 2026 notes 9"
    title = "What inclusion says"
    minutes = 2
    text = r"""
    SGD with momentum contains SGD: it is SGD at $\beta=0$. Both are to be compared on the same workload after @{steps} steps. Which
    claim follows from the inclusion?
    """

    CLAIMS = {
        "tuned": r"With $\alpha$ and $\beta$ tuned without limit, the best result with momentum is at least as good as the best without.",
        "fixed": r"At $\beta=0.9$, with $\alpha$ tuned without limit, the best result is at least as good as the best without momentum.",
        "every": r"For every $\alpha$, the result at $\beta=0.9$ is at least as good as the result at $\beta=0$.",
        "budget": r"With 20 random trials for each, the best result with momentum is at least as good as the best without.",
    }

    def params(self, draw):
        return {"steps": draw.choice("steps", (500, 1000, 2000, 5000, 8000, 10000, 20000, 50000))}

    def answer(self, steps):
        return self.CLAIMS["tuned"]

    def check(self, steps):
        (left,) = [name for name, disproved in counterexamples().items() if not disproved]
        return self.CLAIMS[left]

    def distractors(self, steps):
        return [
            Wrong(self.CLAIMS["fixed"], "Tuning only the learning rate does not reach β = 0."),
            Wrong(self.CLAIMS["every"], "Inclusion is about the best setting, and not about each one."),
            Wrong(self.CLAIMS["budget"], "A finite budget must cover one hyperparameter more, and may miss what the smaller space finds."),
        ]

    def why(self, steps):
        return "The larger family can copy the smaller one's best setting, if tuning finds it. That is all that inclusion says."


class WhoIsFaster(L10, Choice):
    id = "l10-who-is-faster"
    source = "2025 notes 10, curves that cross; 2026 notes 9"
    title = "Two curves that cross"
    minutes = 2
    text = r"""
    The figure shows the validation errors of two runs, evaluated every 100 steps. Measured by the time to the target error $@{target}$,
    which run is faster?
    """

    OPTIONS = ("Run P", "Run Q", "Both are equally fast", "Neither reaches the target")

    def params(self, draw):
        fast = [0.42, 0.33, 0.29, 0.27, 0.26, 0.255, 0.25, 0.25]
        slow = [0.55, 0.46, 0.38, 0.31, 0.25, 0.21, 0.18, 0.17]
        lift = draw.choice("lift", (0.0, 0.02, 0.04, 0.06))
        runs = draw.sample("runs", [[round(x + lift, 3) for x in fast], [round(x + lift, 3) for x in slow]], 2)
        return {"target": round(draw.choice("target", (0.34, 0.3, 0.22, 0.19)) + lift, 2), "P": runs[0], "Q": runs[1]}

    def answer(self, target, P, Q):
        first = [next((i for i, error in enumerate(run) if error <= target), math.inf) for run in (P, Q)]
        return self.OPTIONS[self.verdict(*first)]

    def check(self, target, P, Q):
        below = [sum(error > target for error in itertools.accumulate(run, min)) for run in (P, Q)]
        return self.OPTIONS[self.verdict(*(math.inf if n == len(P) else n for n in below))]

    def verdict(self, p, q):
        return 3 if p == q == math.inf else 2 if p == q else 0 if p < q else 1

    def distractors(self, target, P, Q):
        said = {
            "Run P": "The lower curve at another moment is looked at; the first step at the target decides.",
            "Run Q": "The lower curve at another moment is looked at; the first step at the target decides.",
            "Both are equally fast": "Where the curves cross is taken for where they reach the target.",
            "Neither reaches the target": "The last errors are compared with each other, and not with the target.",
        }
        return [Wrong(option, said[option]) for option in self.OPTIONS if option != self.answer(target, P, Q)]

    def why(self, target, P, Q):
        return "Follow the line at @{target} from the left; the first curve to reach it decides: @{key}."

    def alt(self, target, P, Q):
        return "Two falling curves that cross once. Validation errors after 100, 200, … steps. Run P, solid: @{P}. Run Q, dashed: @{Q}."

    def figure(self, axes, target, P, Q):
        steps = [100 * (i + 1) for i in range(len(P))]
        axes.plot(steps, P, "o-", color="tab:blue", label="P")
        axes.plot(steps, Q, "s--", color="tab:orange", label="Q")
        axes.axhline(target, color="black", linewidth=0.8, linestyle=":")
        axes.text(steps[-1], target, " target", ha="right", va="bottom")
        axes.set(xlabel="steps", ylabel="validation error")
        axes.legend()


class ReadingProfiles(L10, Choice):
    id = "l10-reading-profiles"
    source = "2025 notes 10, performance profiles; 2026 notes 9"
    title = "Reading performance profiles"
    minutes = 2
    text = r"""
    The figure shows the performance profiles of four algorithms on ten workloads. Which algorithm @{asked}?
    """

    ASKED = {"is the fastest on the most workloads": 0, "solves the most workloads within four times the best time": 2}
    NAMES = "PQRS"
    STYLES = {"P": "-", "Q": "--", "R": ":", "S": "-."}

    def params(self, draw):
        heights = [[0.5, 0.6, 0.6], [0.2, 0.6, 0.9], [0.3, 0.7, 0.8], [0.0, 0.3, 0.7]]
        return {"asked": draw.choice("asked", tuple(self.ASKED)), "heights": draw.sample("order", heights, 4)}

    def answer(self, asked, heights):
        column = self.ASKED[asked]
        return max(self.NAMES, key=lambda name: heights[self.NAMES.index(name)][column])

    def check(self, asked, heights):
        """The profiles computed from ten times each that have these heights."""
        tau = (1, 2, 4)[self.ASKED[asked]]
        counts = {name: sum(t <= tau for t in self.slowdowns(row)) for name, row in zip(self.NAMES, heights, strict=True)}
        return max(counts, key=lambda name: counts[name])

    def slowdowns(self, row):
        """Ten slowdowns, so that the profile has these heights at 1, 2 and 4."""
        one, two, four = (round(10 * height) for height in row)
        middle = [1.2 + 0.8 * i / (two - one) for i in range(two - one)]
        late = [2.3 + 1.6 * i / (four - two) for i in range(four - two)]
        return [1.0] * one + middle + late + [math.inf] * (10 - four)

    def distractors(self, asked, heights):
        said = {
            0: "The profile is read at its right end; how often an algorithm is the fastest stands at τ = 1.",
            2: "The profile is read at its left end; within four times the best time means τ = 4.",
        }
        return [Wrong(name, said[self.ASKED[asked]]) for name in self.NAMES if name != self.answer(asked, heights)]

    def why(self, asked, heights):
        return r"Being the fastest is read at $\tau=1$, what is solved within a factor of four at $\tau=4$: @{key}."

    def alt(self, asked, heights):
        return r"Four rising staircases. For the algorithms P, Q, R and S in turn, the heights at τ = 1, τ = 2 and τ = 4: @{heights}."

    def figure(self, axes, asked, heights):
        for (name, style), row in zip(self.STYLES.items(), heights, strict=True):
            taus = [1 + i / 100 for i in range(301)]
            axes.plot(taus, [sum(t <= tau for t in self.slowdowns(row)) / 10 for tau in taus], style, color="black", label=name)
        axes.set(xlabel="τ", ylabel="part of the workloads", ylim=(-0.03, 1.03))
        axes.legend(loc="lower right")


class Diagnosis(L10, FaultChoice):
    """A number from homework 5."""

    homework = "hw5_tuning"

    def why(self, shown, **inputs):
        return "Work out what each mistake would give: only this one gives @{shown}. @{key}"


class WhichTimeBug(Diagnosis):
    id = "l10-which-time-bug"
    source = "homework 5, question 4"
    title = "Diagnose a time to result"
    minutes = 3
    faults = ("last_crossing", "counts_checkpoints", "interpolates", "time_of_the_minimum")
    text = r"""
    A run is evaluated every @{every} steps, for the first time at step @{every}; its validation errors are @{errors}, in order. For the
    target $@{target}$ a student's function gives the time to result $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        target = draw.choice("target", (0.2, 0.25, 0.3))
        steps = (draw.choice("start", (0.12, 0.16)), draw.choice("before", (0.03, 0.04)), -0.01, -0.03, -0.05, -0.02, 0.03)
        return {"every": draw.choice("every", (40, 50, 100, 200)), "errors": [round(target + x, 2) for x in steps], "target": target}

    def run(self, function, every, errors, target):
        return function([{"step": every * (i + 1), "val_error": error} for i, error in enumerate(errors)], target)

    def formulas(self, every, errors, target):
        reached = [i for i, error in enumerate(errors, start=1) if error <= target]
        first = reached[0]
        before, at = errors[first - 2], errors[first - 1]
        return {
            "last_crossing": every * max(reached),
            "counts_checkpoints": first - 1,
            "interpolates": every * (first - 1 + (before - target) / (before - at)),
            "time_of_the_minimum": every * (errors.index(min(errors)) + 1),
        }


class WhichScoreBug(Diagnosis):
    id = "l10-which-score-bug"
    source = "homework 5, question 7"
    title = "Diagnose the score of a profile"
    minutes = 5
    faults = ("area_not_normalized", "divided_by_tau_max", "negative_contributions", "height_at_the_end")
    text = r"""
    Two algorithms have these times to result on the same three workloads:

    ```python
    A = @{a}
    B = @{b}
    ```

    The score of A is the area under its performance profile between $\tau=1$ and $\tau=@{tau}$, divided by $@{tau}-1$. A student's
    function gives $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        fast, slow, late = (draw.choice(name, (10.0, 20.0, 40.0)) for name in ("fast", "slow", "late"))
        return {
            "a": [fast, slow * draw.choice("behind", (1.2, 1.5)), late * draw.choice("far", (4.5, 5.0))],
            "b": [fast * 2, slow, late],
            "tau": draw.choice("tau", (3.0, 4.0)),
        }

    def run(self, function, a, b, tau):
        return function({"A": dict(enumerate(a)), "B": dict(enumerate(b))}, tau)["A"]

    def formulas(self, a, b, tau):
        slowdowns = [x / min(x, y) for x, y in zip(a, b, strict=True)]
        area = sum(tau - s for s in slowdowns if s < tau) / 3
        return {
            "area_not_normalized": area,
            "divided_by_tau_max": area / tau,
            "negative_contributions": sum(tau - s for s in slowdowns) / 3 / (tau - 1),
            "height_at_the_end": sum(s <= tau for s in slowdowns) / 3,
        }


class WhichProfileBug(Diagnosis):
    id = "l10-which-profile-bug"
    source = "homework 5, question 7"
    title = "Diagnose a performance profile"
    minutes = 5
    faults = ("fraction_of_the_solved", "unsolved_workloads_left_out", "nobody_means_everybody", "strictly_within_tau")
    text = r"""
    Two algorithms have these times to result on the same workloads; `None` means that the target was not reached:

    ```python
    A = @{a}
    B = @{b}
    ```

    The height of A's performance profile at $\tau=@{tau}$ is a part of all workloads; one that nobody solves counts for nobody. A
    student's function gives $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        best = [draw.choice(f"best {i}", (10, 20, 30, 40)) for i in range(7)]
        tau = draw.choice("tau", (2, 3))
        factors = [1, 1, tau, tau + 2, tau + 1, None, None]
        a = [None if f is None else f * b for f, b in zip(factors, best, strict=True)]
        b = [2 * best[0], 2 * best[1], best[2], best[3], best[4], best[5], None]
        order = draw.sample("order", range(7), 7)
        return {"a": [a[i] for i in order], "b": [b[i] for i in order], "tau": tau}

    def run(self, function, a, b, tau):
        rows = {name: {i: math.inf if t is None else float(t) for i, t in enumerate(row)} for name, row in (("A", a), ("B", b))}
        return function(rows, [float(tau)])["A"][0]

    def formulas(self, a, b, tau):
        best = best_times(a, b)
        right = solved_within(a, best, tau)
        return {
            "fraction_of_the_solved": right / sum(t is not None for t in a),
            "unsolved_workloads_left_out": right / sum(t is not None for t in best),
            "nobody_means_everybody": (right + sum(t is None for t in best)) / len(a),
            "strictly_within_tau": sum(t is not None and t < tau * s for t, s in zip(a, best, strict=True)) / len(a),
        }
