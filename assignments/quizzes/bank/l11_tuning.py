"""Lecture 11: tuning as a process: roles, search spaces, fair comparisons, evidence."""

import math
import statistics

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L11:
    lecture = 11
    edition = "both"


class NuisanceRoles(L11, Literal):
    id = "l11-nuisance-roles"
    source = "2025 notes 11, roles of hyperparameters; 2026 notes 10"
    title = "Roles in a round"
    minutes = 3
    text = """
    A round of tuning asks what `@{goal}` does to the best validation error. Its six trials, column by column:

    ```python
    1  lr           = @{lr}
    2  momentum     = @{momentum}
    3  weight_decay = @{weight_decay}
    4  dropout      = @{dropout}
    5  width        = @{width}
    ```

    Which hyperparameters are nuisance hyperparameters here? Write the list of their numbers, in the order of the table, such as [1, 5].
    """

    VALUES = {
        "lr": (0.001, 0.003, 0.01, 0.03, 0.1),
        "momentum": (0.0, 0.5, 0.8, 0.9, 0.95),
        "weight_decay": (0.0, 0.0001, 0.001, 0.01, 0.1),
        "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
        "width": (32, 64, 128, 256, 512),
    }

    def params(self, draw):
        goal, *rest = draw.sample("roles", tuple(self.VALUES), 5)
        nuisance = rest[: draw.choice("nuisances", (2, 3))]
        columns = {}
        for name, values in self.VALUES.items():
            drawn = draw.sample(f"values of {name}", values, 3)
            if name == goal:
                columns[name] = [drawn[0], drawn[1]] * 3
            elif name in nuisance:
                columns[name] = [x for x in draw.sample(f"order of {name}", drawn, 3) for _ in range(2)]
            else:
                columns[name] = [drawn[0]] * 6
        return {"goal": goal, **columns}

    def numbers(self, names):
        return [i for i, name in enumerate(self.VALUES, start=1) if name in names]

    def answer(self, goal, **columns):
        return self.numbers([name for name in self.VALUES if name != goal and len(set(columns[name])) > 1])

    def check(self, goal, **columns):
        """Nuisance: what still varies among the trials of one value of the goal."""
        arms = [[i for i, x in enumerate(columns[goal]) if x == value] for value in set(columns[goal])]
        return self.numbers({name for name, column in columns.items() for arm in arms if len({column[i] for i in arm}) > 1})

    def distractors(self, goal, **columns):
        fixed = [name for name in self.VALUES if len(set(columns[name])) == 1]
        return [
            Wrong(self.numbers(set(self.VALUES) - set(fixed)), "The scientific hyperparameter is counted among them."),
            Wrong(self.numbers(fixed), "Those are the fixed ones: conclusions hold for their values only."),
            Wrong(self.numbers(set(self.VALUES) - {goal}), "All but the scientific one are given; some of them are fixed."),
        ]

    def why(self, goal, **columns):
        return (
            "`@{goal}` is scientific. What varies within each of its values is optimized over, and so nuisance: @{key}. The rest is fixed."
        )


class GridSize(L11, Numeric):
    id = "l11-grid-size"
    source = "2026 notes 10, grid search; 2025 notes 11, search methods"
    title = "The price of a grid"
    minutes = 1
    atol, rtol = 0.0, 0.0
    text = """
    A grid search tries @{v} values of each of @{d} hyperparameters, in all combinations, with @{s} seeds each. How many trials is that?
    """

    def params(self, draw):
        return {"v": draw.integer("v", 3, 6), "d": draw.integer("d", 3, 4), "s": draw.choice("s", (2, 5))}

    def answer(self, v, d, s):
        return v**d * s

    def check(self, v, d, s):
        import itertools

        return sum(1 for _ in itertools.product(*[range(v)] * d, range(s)))

    def distractors(self, v, d, s):
        return [
            Wrong(v * d * s, "The values are added up, as if one hyperparameter were changed at a time."),
            Wrong(v**d, "The seeds are left out."),
            Wrong((v * s) ** d, "The seeds are counted for each hyperparameter."),
        ]

    def why(self, v, d, s):
        return r"$@{v}^{@{d}}$ combinations with @{s} seeds each: @{key}. The exponent is the number of hyperparameters."


class ShareOfARange(L11, Numeric):
    id = "l11-share-of-a-range"
    source = "2025 notes 11, search spaces; 2026 notes 10"
    title = "Where the draws fall"
    minutes = 2
    rtol = 0.01
    text = r"""
    A learning rate is drawn between $@{low}$ and $@{high}$, uniformly on a @{scale} scale. Which part of the draws lies below
    $@{middle}$? Give three significant digits.
    """

    def params(self, draw):
        exponent = draw.integer("exponent", -5, -3)
        width = draw.choice("width", (3, 4))
        return {
            "low": 10.0**exponent,
            "high": round(10.0 ** (exponent + width), 6),
            "middle": round(10.0 ** (exponent + width - 1), 6),
            "scale": draw.choice("scale", ("linear", "logarithmic")),
        }

    def answer(self, low, high, middle, scale):
        return self.share(low, high, middle, math.log if scale == "logarithmic" else float)

    def share(self, low, high, middle, warp):
        return (warp(middle) - warp(low)) / (warp(high) - warp(low))

    def check(self, low, high, middle, scale):
        """Evenly spaced draws, counted."""
        import numpy as np

        draws = np.geomspace(low, high, 10**5) if scale == "logarithmic" else np.linspace(low, high, 10**5)
        return float((draws < middle).mean())

    def distractors(self, low, high, middle, scale):
        other = self.share(low, high, middle, float if scale == "logarithmic" else math.log)
        return [
            Wrong(other, "The share on the other scale is given."),
            Wrong(1 - self.answer(low, high, middle, scale), "The part above is given."),
            Wrong(0.5, "The middle value is taken for the middle of the range."),
        ]

    def why(self, low, high, middle, scale):
        return (
            "On a linear scale the last factor of ten takes nine tenths of the range, on a logarithmic one the same share as each other "
            "factor of ten. Here: @{key}."
        )


class LogUniform(L11, SelectAll):
    id = "l11-log-uniform"
    source = "2025 notes 11, search spaces; 2026 notes 10"
    title = "Drawn on a logarithmic scale"
    minutes = 2
    text = r"""
    A learning rate is drawn uniformly on a logarithmic scale between $10^{-@{a}}$ and $10^{-@{b}}$. What is true? Select all.
    """

    HALF = "Half of the draws are below $10^{-@{mid}}$."
    EQUAL = r"As many draws lie between $10^{-@{a}}$ and $10^{-@{a1}}$ as between $10^{-@{b1}}$ and $10^{-@{b}}$."
    MEAN = "The mean of the draws is above $10^{-@{mid}}$."
    LINEAR = r"Half of the draws are below $\tfrac12(10^{-@{a}}+10^{-@{b}})$."
    TEN = r"Nine of ten draws lie between $10^{-@{b1}}$ and $10^{-@{b}}$."

    def params(self, draw):
        b = draw.integer("b", 0, 2)
        return {"a": b + draw.choice("width", (4, 6, 8)), "b": b}

    def told(self, template, a, b):
        values = {"mid": (a + b) // 2, "a1": a - 1, "b1": b + 1}
        for name, value in values.items():
            template = template.replace(f"@{{{name}}}", str(value))
        return template

    def answer(self, a, b):
        return [self.told(text, a, b) for text in (self.HALF, self.EQUAL, self.MEAN)]

    def check(self, a, b):
        """Each statement tried on evenly spaced draws."""
        import numpy as np

        x = np.logspace(-a, -b, 100_001)
        middle = 10.0 ** (-(a + b) / 2)
        lowest, highest = np.mean(x < 10.0 ** (1 - a)), np.mean(x > 10.0 ** (-b - 1))
        holds = {
            self.HALF: abs(np.mean(x < middle) - 0.5) < 0.01,
            self.EQUAL: abs(lowest - highest) < 0.01,
            self.MEAN: x.mean() > middle,
            self.LINEAR: abs(np.mean(x < (x[0] + x[-1]) / 2) - 0.5) < 0.01,
            self.TEN: abs(highest - 0.9) < 0.01,
        }
        return [self.told(text, a, b) for text, true in holds.items() if true]

    def distractors(self, a, b):
        return [
            Wrong(self.told(self.LINEAR, a, b), "That holds for draws that are uniform on a linear scale."),
            Wrong(self.told(self.TEN, a, b), "That holds for draws that are uniform on a linear scale."),
        ]

    def why(self, a, b):
        return "The exponent is uniform: every factor of ten gets the same share, and a few large draws lift the mean."


class CrowdedEnd(L11, Choice):
    id = "l11-crowded-end"
    source = "2025 notes 11, boundary check; 2026 notes 10"
    title = "Where the best trials lie"
    minutes = 2
    text = r"""
    A study has drawn the learning rate on a logarithmic scale between $@{low}$ and $@{high}$. The four trials with the lowest
    validation errors have the learning rates $@{best}$. What do they say about the search range?
    """

    OPTIONS = (
        "It should be extended upward, and the study run again.",
        "It should be extended downward, and the study run again.",
        "It holds the best values well inside: nothing speaks against it.",
        "Its ends do not matter: the best trial is known.",
    )

    def params(self, draw):
        low = draw.choice("low", (0.0001, 0.001))
        side = draw.choice("side", (0, 1, 2))
        shares = {0: (0.90, 0.93, 0.97, 0.99), 1: (0.01, 0.03, 0.07, 0.10), 2: (0.38, 0.47, 0.55, 0.62)}[side]
        best = [round(low * 1000**u, 5) for u in draw.sample("order", shares, 4)]
        return {"low": low, "high": round(1000 * low, 6), "best": best}

    def answer(self, low, high, best):
        place = sum(math.log(x / low) / math.log(high / low) for x in best) / 4
        return self.OPTIONS[0 if place > 0.8 else 1 if place < 0.2 else 2]

    def check(self, low, high, best):
        """By ratios: are all within a factor of three of an end?"""
        if all(3 * x > high for x in best):
            return self.OPTIONS[0]
        return self.OPTIONS[1] if all(x < 3 * low for x in best) else self.OPTIONS[2]

    def distractors(self, low, high, best):
        said = (
            "The ends are compared the wrong way, or on a linear scale.",
            "On a linear scale nearly everything seems to lie at the low end; the range is logarithmic.",
            "Being inside the range is taken for being away from its ends.",
            "The best value may lie outside, where no trial was made.",
        )
        return [Wrong(option, why) for option, why in zip(self.OPTIONS, said, strict=True) if option != self.answer(low, high, best)]

    def why(self, low, high, best):
        return "Measure on the range's own scale how far the four lie from both ends. @{key}"


class IsolationTable(L11, Literal):
    id = "l11-isolation-table"
    source = "2025 notes 11, isolation plots; 2026 notes 10"
    title = "An isolation table"
    minutes = 3
    text = """
    The scientific hyperparameter of a study is `momentum`; `lr` is a nuisance hyperparameter. Validation errors of its trials, each at
    its best checkpoint (`None`: the run diverged):

    ```python
    momentum = @{momentum}
    lr       = @{lr}
    error    = @{error}
    ```

    What does the isolation table give for `momentum` 0.0, 0.5 and 0.9? Write a list of three errors, in this order.
    """

    def params(self, draw):
        trials = [(m, lr) for m in (0.0, 0.5, 0.9) for lr in (0.01, 0.1, 1.0)]
        errors = [round(x / 100, 2) for x in draw.sample("errors", range(11, 40), 9)]
        errors[draw.choice("diverged", (5, 8))] = None
        order = draw.sample("order", range(9), 9)
        return {
            "momentum": [trials[i][0] for i in order],
            "lr": [trials[i][1] for i in order],
            "error": [errors[i] for i in order],
        }

    def answer(self, momentum, lr, error):
        return self.table(momentum, error, min)

    def table(self, momentum, error, pick):
        rows = list(zip(momentum, error, strict=True))
        return [round(pick([e for m, e in rows if m == value and e is not None]), 4) for value in (0.0, 0.5, 0.9)]

    def check(self, momentum, lr, error):
        best = {}
        for lowest, value in sorted(((e, m) for e, m in zip(error, momentum, strict=True) if e is not None), reverse=True):
            best[value] = lowest
        return [best[value] for value in sorted(best)]

    def distractors(self, momentum, lr, error):
        right = self.answer(momentum, lr, error)
        wrong = [
            Wrong(self.table(momentum, error, statistics.mean), "The mean over the learning rates counts bad ones against a value."),
            Wrong(self.table(momentum, error, statistics.median), "The median trial is taken for the best."),
            Wrong([min(right)], "Only the best trial of all is given."),
        ]
        return [w for w in wrong if w.value != right]

    def why(self, momentum, lr, error):
        return "For each momentum, the smallest error over all its learning rates; a diverged run is no candidate: @{key}."


class IsolationPlot(L11, Choice):
    id = "l11-isolation-plot"
    source = "2025 notes 11, isolation plots; 2026 notes 10"
    title = "Reading an isolation plot"
    minutes = 2
    text = """
    The figure shows all trials of a study: each dot is one learning rate. The scientific hyperparameter is the weight decay, the
    learning rate is a nuisance hyperparameter. Which weight decay does the isolation plot favor?
    """

    def params(self, draw):
        steady = [0.245, 0.25, 0.255, 0.26]
        wide = [0.21, 0.3, 0.37, 0.44]
        others = [[0.28, 0.29, 0.31, 0.36], [0.235, 0.33, 0.35, 0.39]]
        shift = draw.choice("shift", (0.0, 0.01, 0.02, 0.03))
        columns = [[round(x + shift, 3) for x in column] for column in (steady, wide, *others)]
        return {
            "decays": draw.choice("decays", ([0.0, 0.001, 0.01, 0.1], [0.0, 0.0001, 0.001, 0.01])),
            "errors": draw.sample("order", columns, 4),
        }

    def answer(self, decays, errors):
        return f"`{decays[errors.index(min(errors, key=min))]}`"

    def check(self, decays, errors):
        import numpy as np

        return f"`{decays[int(np.array(errors).min(axis=1).argmin())]}`"

    def distractors(self, decays, errors):
        steady = min(errors, key=sum)
        wrong = []
        for decay, column in zip(decays, errors, strict=True):
            said = "Its trials are the best on average; only the best one counts." if column is steady else "Another dot is lower."
            wrong.append(Wrong(f"`{decay}`", said))
        return [w for w in wrong if w.value != self.answer(decays, errors)]

    def why(self, decays, errors):
        return "The learning rate is optimized away: of each weight decay only the lowest dot counts, and the lowest of all is @{key}."

    def alt(self, decays, errors):
        return "Four columns of dots. For the weight decays @{decays} in turn, the validation errors of the four learning rates: @{errors}."

    def figure(self, axes, decays, errors):
        for i, column in enumerate(errors):
            axes.plot([i] * len(column), column, "o", color="black", markersize=4)
        axes.set(xlabel="weight decay", ylabel="validation error", xlim=(-0.5, 3.5))
        axes.set_xticks(range(4), [str(decay) for decay in decays])


class ReadingCurves(L11, Choice):
    id = "l11-reading-curves"
    source = "2025 notes 11, training curves; 2026 notes 10"
    title = "What the curves say"
    minutes = 2
    text = """
    The figure shows the errors of one trial on the training set and on the validation set at @{n} checkpoints. What do they show?
    """

    OVER = "Overfitting: past some checkpoint, the training error still falls and the validation error rises."
    SHORT = "The run was too short to tell: both errors are still falling at the end."
    LONG = "The run was longer than needed: both errors have been level for the second half."
    NOISY = "The validation error jumps so much late in the run that its last value says little."
    SHAPES = {
        OVER: ([0.50, 0.38, 0.29, 0.22, 0.17, 0.13, 0.10, 0.08], [0.52, 0.42, 0.36, 0.33, 0.33, 0.35, 0.38, 0.41]),
        SHORT: ([0.60, 0.53, 0.47, 0.41, 0.36, 0.31, 0.27, 0.23], [0.62, 0.56, 0.51, 0.46, 0.42, 0.38, 0.34, 0.31]),
        LONG: ([0.50, 0.32, 0.22, 0.18, 0.18, 0.18, 0.18, 0.18], [0.54, 0.38, 0.29, 0.25, 0.25, 0.25, 0.25, 0.25]),
        NOISY: ([0.50, 0.40, 0.33, 0.28, 0.25, 0.23, 0.22, 0.21], [0.54, 0.44, 0.37, 0.29, 0.41, 0.28, 0.43, 0.27]),
    }

    def params(self, draw):
        train, validation = self.SHAPES[draw.choice("shape", tuple(self.SHAPES))]
        lift = draw.choice("lift", (0.0, 0.01, 0.02, 0.03))
        return {"n": 8, "train": [round(x + lift, 2) for x in train], "validation": [round(x + 2 * lift, 2) for x in validation]}

    def answer(self, n, train, validation):
        moves = [b - a for a, b in zip(validation, validation[1:], strict=False)]
        turns = sum(x * y < 0 for x, y in zip(moves, moves[1:], strict=False))
        if turns > 2:
            return self.NOISY
        return self.OVER if validation[-1] > min(validation) else self.LONG if validation[-1] == validation[n // 2] else self.SHORT

    def check(self, n, train, validation):
        """By straight lines through the second half."""
        import numpy as np

        steps = np.arange(n // 2)
        slopes = [np.polyfit(steps, curve[n // 2 :], 1) for curve in (train, validation)]
        scatter = np.std(np.array(validation[n // 2 :]) - np.polyval(slopes[1], steps))
        if scatter > 0.03:
            return self.NOISY
        if slopes[1][0] > 0.005:
            return self.OVER
        return self.SHORT if slopes[1][0] < -0.005 else self.LONG

    def distractors(self, n, train, validation):
        said = {
            self.OVER: "A gap between the two errors is taken for overfitting; the validation error does not turn up.",
            self.SHORT: "The training error alone is looked at, or a level curve is taken for a falling one.",
            self.LONG: "The end of the curve is taken for level.",
            self.NOISY: "A difference between the two curves is taken for noise.",
        }
        return [Wrong(option, said[option]) for option in self.SHAPES if option != self.answer(n, train, validation)]

    def why(self, n, train, validation):
        return "Look at how both errors move in the second half. @{key}"

    def alt(self, n, train, validation):
        return "Two curves over the checkpoints. Training errors, solid: @{train}. Validation errors, dashed: @{validation}."

    def figure(self, axes, n, train, validation):
        axes.plot(range(1, n + 1), train, "o-", color="tab:blue", label="training")
        axes.plot(range(1, n + 1), validation, "s--", color="tab:orange", label="validation")
        axes.set(xlabel="checkpoint", ylabel="error", ylim=(0, None))
        axes.legend(loc="lower left")


class StandardErrorOfAGain(L11, Numeric):
    id = "l11-standard-error-of-a-gain"
    source = "2025 notes 11, trial variance; homework 5"
    title = "How sure is a gain"
    minutes = 3
    rtol = 0.01
    text = r"""
    Two configurations were trained with four seeds each. Their validation errors, in percent, are @{base} and @{new}. The standard
    error of the difference of the two means is $\sqrt{s_1^2/4+s_2^2/4}$, with the sample variances $s^2$ (divisor $n-1$). How large is
    it? Give three significant digits.
    """

    def params(self, draw):
        def scores(name, middle):
            return [round(middle + x / 10, 1) for x in draw.sample(name, (-9, -6, -4, -1, 2, 3, 5, 8), 4)]

        return {"base": scores("base", draw.choice("middle", (12, 14, 18))), "new": scores("new", draw.choice("lower", (9, 10, 11)))}

    def answer(self, base, new):
        return math.sqrt((self.square(base, 3) + self.square(new, 3)) / 4)

    def square(self, scores, divisor):
        mean = sum(scores) / len(scores)
        return sum((x - mean) ** 2 for x in scores) / divisor

    def check(self, base, new):
        import numpy as np

        return float(np.hypot(np.std(base, ddof=1), np.std(new, ddof=1)) / 2)

    def distractors(self, base, new):
        return [
            Wrong(math.sqrt((self.square(base, 4) + self.square(new, 4)) / 4), "The variances are divided by n and not by n - 1."),
            Wrong(2 * self.answer(base, new), "The variances are not divided by the number of seeds: that is the spread of single runs."),
            Wrong(self.answer(base, new) ** 2, "The root is left out."),
        ]

    def why(self, base, new):
        return r"Compute both sample variances, divide each by four, add and take the root: @{key}."


class UpdatesOfABudget(L11, Numeric):
    id = "l11-updates-of-a-budget"
    source = "2025 notes 11, batch size and budgets; 2026 notes 10"
    title = "Two kinds of budgets"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = """
    A data set has @{n} examples. Two runs have the same budget of @{epochs} epochs, with batch sizes @{small} and @{large}. How many
    more updates of the weights does the run with the smaller batches make?
    """

    def params(self, draw):
        small = draw.choice("small", (32, 64))
        large = small * draw.choice("ratio", (4, 8))
        return {
            "n": large * draw.choice("batches", (20, 25, 50)),
            "epochs": draw.choice("epochs", (5, 10, 12)),
            "small": small,
            "large": large,
        }

    def answer(self, n, epochs, small, large):
        return epochs * (n // small - n // large)

    def check(self, n, epochs, small, large):
        from torch.utils.data import BatchSampler

        return epochs * (len(BatchSampler(range(n), small, drop_last=False)) - len(BatchSampler(range(n), large, drop_last=False)))

    def distractors(self, n, epochs, small, large):
        return [
            Wrong(0, "An epoch is taken for a number of updates; it is a number of examples."),
            Wrong(epochs * n // small, "All updates of the run with smaller batches are given."),
            Wrong(epochs * (large - small), "The batch sizes are subtracted."),
        ]

    def why(self, n, epochs, small, large):
        return r"Each run sees $@{epochs}\cdot@{n}$ examples, in batches of @{small} or of @{large}: @{key} updates more."


class EndOfPerfectScaling(L11, Literal):
    id = "l11-end-of-perfect-scaling"
    source = "2025 notes 11, batch size; 2026 notes 10"
    title = "Perfect scaling"
    minutes = 2
    text = """
    With everything tuned for each batch size, a model reaches its target error after these numbers of steps:

    ```python
    batch size = @{sizes}
    steps      = @{steps}
    ```

    Up to which batch size does the scaling stay perfect? Write the batch size.
    """

    def params(self, draw):
        first = draw.choice("first", (16, 32, 64))
        start = draw.choice("start", (32000, 48000, 64000))
        perfect = draw.choice("perfect", (2, 3, 4))
        steps = [start // 2**i for i in range(perfect + 1)]
        for factor in (0.7, 0.9, 1.0):
            steps.append(round(steps[-1] * factor))
        return {"sizes": [first * 2**i for i in range(len(steps))], "steps": steps}

    def answer(self, sizes, steps):
        return next(size for size, now, after in zip(sizes, steps, steps[1:], strict=False) if 2 * after != now)

    def check(self, sizes, steps):
        """Where batch size times steps, the number of examples seen, is still the smallest one."""
        seen = [size * count for size, count in zip(sizes, steps, strict=True)]
        return max(size for size, examples in zip(sizes, seen, strict=True) if examples == min(seen))

    def distractors(self, sizes, steps):
        return [
            Wrong(sizes[sizes.index(self.answer(sizes, steps)) + 1], "The first batch size at which doubling brings less is given."),
            Wrong(sizes[steps.index(min(steps))], "That is where more data parallelism saves no steps at all."),
            Wrong(sizes[0], "Only the smallest batch is taken to be efficient; doubling it costs no more examples here."),
        ]

    def why(self, sizes, steps):
        return (
            "Scaling is perfect while doubling the batch size halves the steps, so that the number of examples seen stays the same: @{key}."
        )


class Diagnosis(L11, FaultChoice):
    """A number from homework 5."""

    homework = "hw5_tuning"

    def why(self, shown, **inputs):
        return "Work out what each mistake would give: only this one gives @{shown}. @{key}"


class WhichMarginBug(Diagnosis):
    id = "l11-which-margin-bug"
    source = "homework 5, question 6"
    title = "Diagnose a margin"
    minutes = 5
    faults = ("standard_deviation_for_standard_error", "biased_variances", "two_whatever_the_seeds", "only_the_new_arm_scatters")
    text = r"""
    A new configuration replaces the baseline if its gain is larger than the margin $t\sqrt{s_1^2/5+s_2^2/5}$, with $t=2.132$ for five
    seeds and the sample variances $s^2$ of the two lists of validation errors, in percent: baseline @{base}, new @{new}. A student's
    function gives the margin $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        def scores(name, middle, spread):
            return [round(middle + spread * x, 1) for x in draw.sample(name, (-4, -3, -1, 2, 4, 5), 5)]

        return {"base": scores("base", draw.choice("middle", (14, 16, 18)), 0.5), "new": scores("new", draw.choice("lower", (11, 12)), 0.3)}

    def run(self, function, base, new):
        return function(base, new)[2]

    def formulas(self, base, new):
        one, two = statistics.variance(base), statistics.variance(new)
        return {
            "standard_deviation_for_standard_error": 2.132 * math.sqrt(one + two),
            "biased_variances": 2.132 * math.sqrt((statistics.pvariance(base) + statistics.pvariance(new)) / 5),
            "two_whatever_the_seeds": 2 * math.sqrt((one + two) / 5),
            "only_the_new_arm_scatters": 2.132 * math.sqrt(two / 5),
        }


class WhichCheckpointBug(Diagnosis):
    id = "l11-which-checkpoint-bug"
    source = "homework 5, question 4"
    title = "Diagnose a checkpoint"
    minutes = 2
    faults = ("the_last_checkpoint", "least_training_loss", "the_worst_checkpoint", "position_for_step")
    text = """
    A run has these checkpoints:

    ```python
    step       = @{steps}
    train_loss = @{train}
    val_error  = @{errors}
    ```

    A student's function gives @{shown} as the step of the best checkpoint. Which mistake did the student make?
    """

    def inputs(self, draw):
        every = draw.choice("every", (20, 50, 100))
        train = [0.9, 0.6, 0.45, 0.3, 0.2, 0.25]
        errors = [0.35, draw.choice("high", (0.41, 0.44)), 0.24, draw.choice("best", (0.15, 0.17)), 0.21, 0.23]
        return {"steps": [every * (i + 1) for i in range(6)], "train": train, "errors": errors}

    def run(self, function, steps, train, errors):
        rows = [{"step": s, "train_loss": t, "val_error": e} for s, t, e in zip(steps, train, errors, strict=True)]
        return function(rows)[0]

    def formulas(self, steps, train, errors):
        return {
            "the_last_checkpoint": steps[-1],
            "least_training_loss": steps[train.index(min(train))],
            "the_worst_checkpoint": steps[errors.index(max(errors))],
            "position_for_step": errors.index(min(errors)),
        }
