"""Lecture 2: linear regression by direct methods, their cost and their accuracy."""

import functools
import itertools
import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L2:
    lecture = 2
    edition = "2025"


def matrix_with(values, rows=None):
    """A float64 matrix with these singular values and random singular vectors, and its thin decomposition (X, U, V)."""
    import torch

    generator = torch.Generator().manual_seed(0)
    p = len(values)
    U = torch.linalg.qr(torch.randn(rows or p + 2, p, generator=generator, dtype=torch.float64)).Q
    V = torch.linalg.qr(torch.randn(p, p, generator=generator, dtype=torch.float64)).Q
    return U @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ V.T, U, V


class ConditionOfGram(L2, Numeric):
    id = "l02-condition-of-gram"
    source = "2025 notes 2, the condition number"
    title = "What forming the Gram matrix does"
    minutes = 1
    rtol = 0.001
    text = r"""
    $X$ has the singular values $@{s}$. What is the condition number of $X^\top X$?
    """

    def params(self, draw):
        return {"s": [draw.choice("large", (20, 30, 50, 80)), draw.integer("middle", 6, 9), draw.choice("small", (0.2, 0.4, 0.5))]}

    def answer(self, s):
        return (s[0] / s[-1]) ** 2

    def check(self, s):
        import torch

        X, _, _ = matrix_with(s)
        return torch.linalg.cond(X.T @ X).item()

    def distractors(self, s):
        return [
            Wrong(s[0] / s[-1], "That is the condition number of X; forming the Gram matrix squares it."),
            Wrong(s[0] ** 2, "That is the largest eigenvalue; the condition number divides it by the smallest."),
            Wrong(2 * s[0] / s[-1], "The condition number is taken to double."),
        ]

    def why(self, s):
        return rf"The eigenvalues of $X^\top X$ are the squares of the singular values, so $\kappa=({s[0]}/{s[-1]})^2$: @{{key}}."


class FormingAgainstSolving(L2, Numeric):
    id = "l02-forming-against-solving"
    source = "2025 notes 2, cost of the normal equations"
    title = "Which part costs more"
    minutes = 2
    rtol = 0.02
    text = r"""
    For $n=@{n}$ samples and $p=@{p}$ features, count $np^2$ operations to form $X^\top X$ and $\tfrac23p^3$ to eliminate. How many times as
    much work is forming as eliminating?
    """

    def params(self, draw):
        return {"n": draw.choice("n", (1000, 2000, 5000, 8000)), "p": draw.choice("p", (200, 250, 400, 500))}

    def answer(self, n, p):
        return 3 * n / (2 * p)

    def check(self, n, p):
        """Elimination counted step by step: at every pivot, a product and a difference for each entry to its lower right."""
        forming = sum(n for _ in itertools.product(range(p), repeat=2))
        eliminating = sum(2 * (p - k) ** 2 for k in range(1, p))
        return forming / eliminating

    def distractors(self, n, p):
        return [
            Wrong(n / p, "The factor 2/3 is left out."),
            Wrong(2 * n / (3 * p), "The factor 2/3 is multiplied by, where it is divided by."),
            Wrong(2 * p / (3 * n), "The ratio is turned around."),
        ]

    def why(self, n, p):
        return r"$np^2\big/\tfrac23p^3=\dfrac{3n}{2p}$: @{key}. Forming dominates whenever $n$ is well above $p$."


@functools.cache
def solves_without_factoring(n, p):
    """The lines of NewTargets that give the right weights and in which torch factors nothing."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recorder(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            operations.append(str(func))
            return func(*args, **(kwargs or {}))

    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(n, p, generator=generator, dtype=torch.float64), torch.randn(n, generator=generator, dtype=torch.float64)
    LU, pivots = torch.linalg.lu_factor(X.T @ X)
    best = torch.linalg.lstsq(X, y.unsqueeze(1)).solution
    found = []
    for line in (NewTargets.RIGHT, *NewTargets.WRONG):
        operations: list[str] = []
        try:
            with Recorder():
                w = eval(line.strip("`"), {"torch": torch, "X": X, "y": y, "LU": LU, "pivots": pivots})
        except RuntimeError:
            continue
        factored = any(name in operation for operation in operations for name in ("lstsq", "solve_ex", "inv_ex"))
        if not factored and w.shape == best.shape and torch.allclose(w, best):
            found.append(line)
    return found


class NewTargets(L2, Choice):
    id = "l02-new-targets"
    source = "2025 notes 2, reusing a factorization"
    title = "New targets every day"
    minutes = 2
    text = """
    `X` of shape `(@{n}, @{p})` stays the same, and every day brings a new `y` of shape `(@{n},)`. On the first day you computed
    `LU, pivots = torch.linalg.lu_factor(X.T @ X)`. Which line gives the new least-squares weights, as a column, with the least work?
    """

    RIGHT = "`torch.linalg.lu_solve(LU, pivots, X.T @ y.unsqueeze(1))`"
    WRONG = {
        "`torch.linalg.solve(X.T @ X, X.T @ y.unsqueeze(1))`": "Right weights, but the Gram matrix is formed and factored again.",
        "`torch.linalg.lu_solve(LU, pivots, y.unsqueeze(1))`": "The right-hand side of the normal equations is Xᵀy and not y.",
        "`torch.linalg.inv(LU) @ X.T @ y.unsqueeze(1)`": "LU is two triangular factors packed in one matrix, not a matrix to invert.",
        "`torch.linalg.lstsq(X, y.unsqueeze(1)).solution`": "Right weights, but X is factored anew every day.",
    }

    def params(self, draw):
        return {"n": draw.choice("n", (100, 120, 150, 200)), "p": draw.choice("p", (10, 20, 30, 40))}

    def answer(self, n, p):
        return self.RIGHT

    def check(self, n, p):
        (line,) = solves_without_factoring(n, p)
        return line

    def distractors(self, n, p):
        return [Wrong(line, misconception) for line, misconception in self.WRONG.items()]

    def why(self, n, p):
        return r"Only $X^\top y$ changes. With the factors at hand two triangular solves remain, of the order of $p^2$ operations."


class MovedByNoise(L2, Numeric):
    id = "l02-moved-by-noise"
    source = "2025 notes 2, sensitivity and singular values"
    title = "A small change of the targets"
    minutes = 2
    text = r"""
    $X$ has the singular values $@{s}$ and more rows than columns. The targets $y$ change by a vector of length $@{d}$ along the left
    singular vector of the *smallest* singular value. How far does the least-squares solution move?
    """

    def params(self, draw):
        s = [draw.choice("large", (20, 40, 80)), draw.integer("middle", 6, 9), draw.choice("small", (0.02, 0.05, 0.1))]
        return {"s": s, "d": draw.choice("d", (0.01, 0.03, 0.06))}

    def answer(self, s, d):
        return d / s[-1]

    def check(self, s, d):
        import torch

        X, U, _ = matrix_with(s, rows=7)
        y = torch.linspace(-1, 1, 7, dtype=torch.float64)
        before, after = (torch.linalg.lstsq(X, t.unsqueeze(1)).solution for t in (y, y + d * U[:, 2]))
        return torch.linalg.norm(after - before).item()

    def distractors(self, s, d):
        return [
            Wrong(d, "A small change of y is taken to be an equally small change of w."),
            Wrong(d / s[0], "The largest singular value is used; the change lies along the smallest."),
            Wrong(d / s[-1] ** 2, "The change is divided by an eigenvalue of the Gram matrix, as if Xᵀ did not multiply it first."),
        ]

    def why(self, s, d):
        return r"In singular coordinates $w_i=u_i^\top y/\sigma_i$, so the change is divided by the smallest $\sigma$: @{key}."


@functools.cache
def digits_lost(k):
    """log10 of the relative errors of QR and of the normal equations at κ(X) = 10^k, means over several matrices; y = Xw exactly."""
    import torch

    errors = []
    for seed in range(8):
        generator = torch.Generator().manual_seed(seed)
        U = torch.linalg.qr(torch.randn(30, 5, generator=generator, dtype=torch.float64)).Q
        V = torch.linalg.qr(torch.randn(5, 5, generator=generator, dtype=torch.float64)).Q
        X = U @ torch.diag(torch.logspace(0, -k, 5, dtype=torch.float64)) @ V.T
        w = torch.ones(5, 1, dtype=torch.float64)
        y = X @ w
        Q, R = torch.linalg.qr(X)
        by_qr = torch.linalg.solve_triangular(R, Q.T @ y, upper=True)
        by_normal = torch.linalg.solve(X.T @ X, X.T @ y)
        errors.append([math.log10(((found - w).norm() / w.norm()).item()) for found in (by_qr, by_normal)])
    return [sum(column) / len(errors) for column in zip(*errors, strict=True)]


class DigitsLost(L2, Choice):
    id = "l02-digits-lost"
    source = "2025 notes 2, QR and the condition number"
    title = "How many digits are left"
    minutes = 3
    text = r"""
    $X$ has the condition number $10^{@{k}}$, and $y=Xw$ exactly, so that the residual is zero. $w$ is computed in float64, with about 16
    digits, by QR and by the normal equations. About how large are the relative errors?
    """

    def params(self, draw):
        return {"k": draw.integer("k", 4, 6)}

    def options(self, k):
        """Exponents of the errors (QR, normal equations), the right pair first."""
        return [(k - 16, 2 * k - 16), (-16, 2 * k - 16), (-16, k - 16), (k - 16, k - 16), (2 * k - 16, k - 16)]

    def told(self, pair):
        return rf"$10^{{{pair[0]}}}$ by QR, $10^{{{pair[1]}}}$ by the normal equations"

    def answer(self, k):
        return self.told((k - 16, 2 * k - 16))

    def check(self, k):
        measured = digits_lost(k)
        return self.told(min(self.options(k), key=lambda pair: sum((a - b) ** 2 for a, b in zip(pair, measured, strict=True))))

    def distractors(self, k):
        mistakes = (
            "QR is taken to remove the ill-conditioning; it only avoids squaring it.",
            "Both are taken to lose one factor of κ less than they do.",
            "Forming XᵀX is taken to be harmless; it squares the condition number.",
            "The two methods are exchanged.",
        )
        return [Wrong(self.told(pair), mistake) for pair, mistake in zip(self.options(k)[1:], mistakes, strict=True)]

    def why(self, k):
        return r"QR works on $X$ and loses about @{k} digits; the normal equations work on $X^\top X$ and lose twice as many."


class OneFeature(L2, Numeric):
    id = "l02-one-feature"
    source = "2025 notes 2, regression with one feature"
    title = "One feature, no intercept"
    minutes = 2
    rtol = 0.01
    text = r"""
    The model is $y\approx wx$ with one weight and no intercept. The data are $x=@{x}$ and $y=@{y}$. Which $w$ minimizes the sum of squared
    errors?
    """

    def params(self, draw):
        return {"x": draw.sample("x", (1, 2, 3, 4), 3), "y": draw.sample("y", (5, 6, 8, 10, 12), 3)}

    def answer(self, x, y):
        return sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)

    def check(self, x, y):
        import torch

        column, target = (torch.tensor(v, dtype=torch.float64).unsqueeze(1) for v in (x, y))
        return torch.linalg.lstsq(column, target).solution.item()

    def distractors(self, x, y):
        right = self.answer(x, y)
        xy, ratios = sum(a * b for a, b in zip(x, y, strict=True)), [b / a for a, b in zip(x, y, strict=True)]
        known = [
            Wrong(xy, "The product Xᵀy is not divided by XᵀX."),
            Wrong(xy / sum(b * b for b in y), "x is regressed on y."),
            Wrong(sum(y) / sum(x), "The sums are divided: that line makes the errors add up to zero."),
            Wrong(sum(ratios) / len(ratios), "The slopes of the single points are averaged."),
        ]
        return [w for i, w in enumerate(known) if all(abs(w.value - v) > 0.05 * abs(v) for v in (right, *(k.value for k in known[:i])))]

    def why(self, x, y):
        return r"The normal equation is $x^\top x\,w=x^\top y$, so $w=x^\top y/x^\top x$: @{key}."


class PossibleResiduals(L2, SelectAll):
    id = "l02-possible-residuals"
    source = "2025 notes 2, the normal equations and the residual"
    title = "What is left over"
    minutes = 3
    text = r"""
    A line is fitted to three points at $0$, $@{a}$ and $@{b}$, so $X$ has the columns $(1,1,1)$ and $(0,@{a},@{b})$. Which of these vectors
    can be the residual at the least-squares solution, for some $y$? Select all.
    """

    def params(self, draw):
        return {"a": draw.integer("a", 2, 4), "b": draw.integer("b", 6, 9)}

    def candidates(self, a, b):
        return [
            (b - a, -b, a),
            (2 * (a - b), 2 * b, -2 * a),
            (0, 0, 0),
            (a, -a, 0),
            (1, b, -a),
            (0, a, b),
        ]

    def answer(self, a, b):
        return self.candidates(a, b)[:3]

    def check(self, a, b):
        """A vector is a residual if fitting it leaves it as it is."""
        import torch

        X = torch.tensor([[1, 0], [1, a], [1, b]], dtype=torch.float64)
        found = []
        for candidate in self.candidates(a, b):
            y = torch.tensor(candidate, dtype=torch.float64).unsqueeze(1)
            if torch.allclose(X @ torch.linalg.lstsq(X, y).solution, torch.zeros_like(y), atol=1e-9):
                found.append(candidate)
        return found

    def distractors(self, a, b):
        mistakes = (
            "Only the sum is looked at; the residual is orthogonal to the second column, too.",
            "Only the second column is looked at; the residual is orthogonal to the first, too, so it adds up to zero.",
            "The residual is taken to lie in the column space; it is orthogonal to it.",
        )
        return [Wrong(vector, mistake) for vector, mistake in zip(self.candidates(a, b)[3:], mistakes, strict=True)]

    def why(self, a, b):
        return r"$X^\top r=0$: the entries add up to zero, and so do their products with $(0,@{a},@{b})$. The zero vector is a perfect fit."


class ThinQ(L2, Literal):
    id = "l02-thin-q"
    source = "2025 notes 2, QR; documentation of torch.linalg.qr"
    title = "The shape of Q"
    minutes = 1
    text = """
    `X` has shape `(@{n}, @{p})`, and `Q, R = torch.linalg.qr(X)` with the default mode. What is the shape of `Q`? Write a tuple.
    """

    def params(self, draw):
        return {"n": draw.integer("n", 30, 90), "p": draw.integer("p", 3, 9)}

    def answer(self, n, p):
        return (n, p)

    def check(self, n, p):
        import torch

        return tuple(torch.linalg.qr(torch.ones(n, p)).Q.shape)

    def distractors(self, n, p):
        return [
            Wrong((n, n), "That is the complete Q; the default is the thin one."),
            Wrong((p, p), "That is the shape of R."),
        ]

    def why(self, n, p):
        return r"The thin $Q$ has one orthonormal column for each column of $X$: @{key}."


class SolveWithSvd(L2, Numeric):
    id = "l02-solve-with-svd"
    source = "2025 notes 2, puzzle at the end"
    title = "Solving with a decomposition at hand"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = r"""
    The decomposition $A=U\Sigma V^\top$ of an invertible $@{n}\times@{n}$ matrix is known. How many multiplications and divisions does
    $x=V\Sigma^{-1}U^\top b$ take, computed from right to left? (Additions are not counted.)
    """

    def params(self, draw):
        return {"n": 10 * draw.integer("n", 2, 30)}

    def answer(self, n):
        return 2 * n * n + n

    def check(self, n):
        """Counted loop by loop."""
        count = 0
        for _ in range(n):  # entries of Uᵀb
            count += n
        for _ in range(n):  # divided by the singular values
            count += 1
        for _ in range(n):  # entries of the product with V
            count += n
        return count

    def distractors(self, n):
        return [
            Wrong(2 * n**3 + n * n, "The matrices are multiplied with each other first."),
            Wrong(n * n, "One product of a matrix and a vector is counted; there are two and a division by the singular values."),
            Wrong(3 * n * n, "The diagonal matrix is treated as a full one."),
        ]

    def why(self, n):
        return r"$U^\top b$ takes $n^2$, the diagonal $n$, and the product with $V$ again $n^2$: @{key}."


class RootMeanSquare(L2, Numeric):
    id = "l02-root-mean-square"
    source = "2025 notes 2, RMSE of the house prices"
    title = "One number for the errors"
    minutes = 1
    rtol = 0.01
    text = r"""
    A model's predictions of four prices miss by $@{r}$ thousand dollars. What is the root mean squared error, in thousand dollars?
    """

    def params(self, draw):
        sizes = draw.sample("r", (3, 6, 10, 15, 25, 40), 4)
        return {"r": [-size if i % 2 else size for i, size in enumerate(sizes)]}

    def answer(self, r):
        return math.sqrt(sum(x * x for x in r) / len(r))

    def check(self, r):
        import torch

        errors = torch.tensor(r, dtype=torch.float64)
        return torch.nn.functional.mse_loss(errors, torch.zeros_like(errors)).sqrt().item()

    def distractors(self, r):
        return [
            Wrong(sum(x * x for x in r), "The sum of squares is given, without mean and root."),
            Wrong(math.sqrt(sum(x * x for x in r)), "The squares are not divided by their number."),
            Wrong(sum(map(abs, r)) / len(r), "The sizes are averaged without squaring."),
        ]

    def why(self, r):
        return r"$\sqrt{\tfrac14\sum r_i^2}$ is @{key}. Large errors weigh more than in the mean of the sizes."


class LastPivot(L2, Numeric):
    id = "l02-last-pivot"
    source = "2025 notes 2, Gaussian elimination and LU"
    title = "One step of elimination"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = r"""
    Gaussian elimination without exchanging rows turns $\begin{pmatrix}@{a}&@{b}\\@{c}&@{d}\end{pmatrix}$ into $LU$. What is the lower right
    entry of $U$?
    """

    def params(self, draw):
        a = draw.choice("a", (2, 4, 5))
        return {"a": a, "b": draw.integer("b", 2, 9), "c": a * draw.integer("multiplier", 2, 5), "d": 60 + draw.integer("d", 1, 9)}

    def answer(self, a, b, c, d):
        return d - c // a * b

    def check(self, a, b, c, d):
        """The determinant is the product of the pivots, and the first pivot is a."""
        import torch

        return (torch.linalg.det(torch.tensor([[a, b], [c, d]], dtype=torch.float64)) / a).item()

    def distractors(self, a, b, c, d):
        return [
            Wrong(d + c // a * b, "The multiple of the first row is added, where it is subtracted."),
            Wrong(d, "The entry is taken to stay: only the first column is changed."),
            Wrong(d - a / c * b, "The multiplier is turned around: it is the entry to remove over the pivot."),
        ]

    def why(self, a, b, c, d):
        return (
            r"The multiplier is $@{c}/@{a}$, and the second row loses that many first rows: $@{d}-\tfrac{@{c}}{@{a}}\cdot@{b}$ is @{key}."
        )


STYLES = {"solid": "-", "dashed": "--", "dash-dotted": "-.", "dotted": ":"}


class ReadingAFit(L2, Choice):
    id = "l02-reading-a-fit"
    source = "2025 notes 2, the normal equations"
    title = "Which line is the least-squares line"
    minutes = 3
    text = """
    The figure shows four points and four lines. Which of the lines minimizes the sum of squared vertical errors?
    """

    def params(self, draw):
        y = [draw.integer("y0", 1, 3), draw.integer("y1", 3, 6), draw.integer("y2", 4, 6), draw.integer("y3", 5, 8)]
        if abs(y[1] + y[2] - y[0] - y[3]) < 2:  # the line through the ends would be almost the best
            y[2] += 3
        slope = sum((x - 1.5) * v for x, v in enumerate(y)) / 5
        mean = sum(y) / 4
        lines = {
            "fit": [round(mean - 1.5 * slope, 2), round(slope, 2)],
            "ends": [y[0], round((y[3] - y[0]) / 3, 2)],
            "flat": [mean, 0],
            "high": [round(mean - 1.5 * slope + 1, 2), round(slope, 2)],
        }
        return {"y": y, "lines": [lines[name] for name in draw.sample("lines", list(lines), 4)]}

    def answer(self, y, lines):
        slope = sum((x - 1.5) * v for x, v in enumerate(y)) / 5
        intercept = sum(y) / 4 - 1.5 * slope
        best = min(range(4), key=lambda i: math.hypot(lines[i][0] - intercept, lines[i][1] - slope))
        return f"The {list(STYLES)[best]} line"

    def check(self, y, lines):
        """The sums of squares of all four."""
        sums = [sum((a + b * x - v) ** 2 for x, v in enumerate(y)) for a, b in lines]
        return f"The {list(STYLES)[sums.index(min(sums))]} line"

    def distractors(self, y, lines):
        wrong = []
        for name, (intercept, slope) in zip(STYLES, lines, strict=True):
            text = f"The {name} line"
            if text == self.answer(y, lines):
                continue
            if slope == 0:
                mistake = "The mean of the targets is taken for the best line; it is the best only among flat ones."
            elif intercept == y[0]:
                mistake = "The line is drawn through the first and the last point; the others count as much."
            else:
                mistake = "The slope is right, but the errors do not add up to zero: the line is too high."
            wrong.append(Wrong(text, mistake))
        return wrong

    def why(self, y, lines):
        return "At the minimum the errors add up to zero, and so do the errors times $x$. Only this line does both: @{key}."

    def alt(self, y, lines):
        return (
            "Four points at x = 0, 1, 2, 3 with the heights @{y}, and four straight lines. Their intercepts and slopes, in the order "
            "solid, dashed, dash-dotted, dotted: @{lines}."
        )

    def figure(self, axes, y, lines):
        axes.plot(range(4), y, "o", color="tab:red", markersize=8)
        for (name, style), (intercept, slope) in zip(STYLES.items(), lines, strict=True):
            axes.plot([-0.3, 3.3], [intercept - 0.3 * slope, intercept + 3.3 * slope], style, color="black", label=name)
        axes.set(xlabel="x", ylabel="y")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


class WhichSolverBug(L2, FaultChoice):
    id = "l02-which-solver-bug"
    source = "homework 2, question 6"
    title = "Diagnose a solver"
    minutes = 8
    homework = "hw2_least_squares"
    faults = ("ignores_the_pivots", "right_side_is_the_sum", "l_without_its_unit_diagonal", "solves_with_r_as_lower")
    text = r"""
    A student solves least squares for the matrix $X$ with the rows $@{X}$ and for $y=@{y}$, either by LU of $X^\top X$, with an exchange of
    rows, or by QR of $X$. The first weight comes out as $@{shown}$, which is wrong. Which mistake did the student make?
    """

    def inputs(self, draw):
        X = [[1, draw.integer("b", 4, 6)], [draw.integer("c", 0, 1), draw.integer("d", 2, 3)], [1, draw.integer("f", 1, 3)]]
        return {"X": X, "y": [draw.integer(f"y{k}", 2, 9) for k in range(3)]}

    def run(self, function, X, y):
        import torch

        return function(torch.tensor(X, dtype=torch.float64), torch.tensor(y, dtype=torch.float64))[0].item()

    def formulas(self, X, y):
        a, b, c = (sum(row[i] * row[j] for row in X) for i, j in ((0, 0), (0, 1), (1, 1)))
        r1, r2 = (sum(row[i] * t for row, t in zip(X, y, strict=True)) for i in (0, 1))
        m, pivot = a / b, b - a * c / b  # rows exchanged: (b, c) first, and a/b of it subtracted from (a, b)

        def first(z1, z2):
            return (z1 - c * z2 / pivot) / b

        return {
            "ignores_the_pivots": first(r1, r2 - m * r1),
            "right_side_is_the_sum": sum(y) * (c - b) / (a * c - b * b),
            "l_without_its_unit_diagonal": first(r2 / b, (r1 - m * r2 / b) / pivot),
            "solves_with_r_as_lower": r1 / a,
        }

    def why(self, X, y, shown):
        return r"$X^\top X$ and $X^\top y$ are small enough to try each mistake by hand or in a cell; only one gives $@{shown}$. @{key}"
