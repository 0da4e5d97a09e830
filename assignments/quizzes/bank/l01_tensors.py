"""Lecture 1: tensors, shapes, memory, and the singular value decomposition."""

import functools
import math

from autograder.quiz import Choice, Literal, Numeric, SelectAll, Wrong, printed


class L1:
    lecture = 1
    edition = "both"


class MeanShape(L1, Literal):
    id = "l01-mean-shape"
    source = "2025 notes 1, mean over a dimension; 2026 notes 3, section 4"
    title = "The dimension that disappears"
    minutes = 1
    text = """
    `A` is a tensor of shape `@{shape}`. What is the shape of `A.mean(dim=@{dim})`? Write a tuple.
    """

    def params(self, draw):
        return {"shape": tuple(draw.sample("shape", range(2, 10), 3)), "dim": draw.integer("dim", 0, 2)}

    def answer(self, shape, dim):
        return shape[:dim] + shape[dim + 1 :]

    def check(self, shape, dim):
        import torch

        return tuple(torch.zeros(shape).mean(dim=dim).shape)

    def distractors(self, shape, dim):
        return [
            Wrong((shape[dim],), "dim is taken for the one dimension that stays."),
            Wrong((*shape[:dim], 1, *shape[dim + 1 :]), "The dimension is taken to stay with length 1, as with keepdim=True."),
        ]

    def why(self, shape, dim):
        return "The mean runs over dimension @{dim} and collapses it; the others stay: @{key}."


class BroadcastShape(L1, Literal):
    id = "l01-broadcast-shape"
    source = "2025 notes 1, broadcasting; 2026 notes 3, section 4"
    title = "Two shapes meet"
    minutes = 2
    text = """
    `A` has shape `@{a}` and `B` has shape `@{b}`. What is the shape of `A + B`? Write a tuple.
    """

    def params(self, draw):
        i, j, k = draw.sample("lengths", range(2, 10), 3)
        return draw.choice(
            "pair",
            ({"a": (i, 1, k), "b": (1, j, k)}, {"a": (i, 1, k), "b": (j, 1)}, {"a": (i, j, 1), "b": (k,)}, {"a": (j, k), "b": (i, 1, 1)}),
        )

    def answer(self, a, b):
        a, b = ((1,) * (3 - len(shape)) + shape for shape in (a, b))
        return tuple(map(max, a, b))

    def check(self, a, b):
        import torch

        return tuple((torch.zeros(a) + torch.zeros(b)).shape)

    def distractors(self, a, b):
        return [
            Wrong(max(a, b, key=len), "The result is taken to have the shape of the operand with more dimensions."),
            Wrong("RuntimeError", "Different lengths are taken for an error; a length of 1 is stretched."),
        ]

    def why(self, a, b):
        return "Aligned from the right, each dimension of length 1 (or missing) is stretched to the other's length: @{key}."


class ResidualTrap(L1, Literal):
    id = "l01-residual-trap"
    source = "2025 notes 1, broadcasting; 2026 notes 3, section 4"
    title = "A column among the targets"
    minutes = 2
    text = """
    Predictions `p` have shape `(@{n},)`, and targets `y` were read from a file as a column of shape `(@{n}, 1)`. Over how many numbers
    does `((p - y) ** 2).mean()` average? Write an integer.
    """

    def params(self, draw):
        return {"n": draw.integer("n", 6, 60)}

    def answer(self, n):
        return n * n

    def check(self, n):
        import torch

        return (torch.zeros(n) - torch.zeros(n, 1)).numel()

    def distractors(self, n):
        return [
            Wrong(n, "A vector and a column of equal length are taken to be subtracted entry by entry."),
            Wrong(2 * n, "The entries of both are counted."),
            Wrong(1, "The number of results is given; the mean is one number, made from many."),
        ]

    def why(self, n):
        return r"The row is stretched down and the column across: the difference is a table of $@{n}\times@{n}$ numbers, @{key} in all."


class StarOrAt(L1, Literal):
    id = "l01-star-or-at"
    source = "2025 notes 1, matrix operations and broadcasting; 2026 notes 3"
    title = "A matrix, a star and a vector"
    minutes = 2
    text = """
    What is `(A * v).tolist()`? Write a list of lists.

    ```python
    A = torch.tensor(@{A})
    v = torch.tensor(@{v})
    ```
    """

    def params(self, draw):
        a, b, c, d = draw.sample("A", range(1, 10), 4)
        return {"A": [[a, b], [c, d]], "v": draw.sample("v", range(2, 8), 2)}

    def answer(self, A, v):
        return [[row[0] * v[0], row[1] * v[1]] for row in A]

    def check(self, A, v):
        import torch

        return (torch.tensor(A) * torch.tensor(v)).tolist()

    def distractors(self, A, v):
        return [
            Wrong([row[0] * v[0] + row[1] * v[1] for row in A], "The star is taken for the matrix product, which is written @."),
            Wrong([[x * s for x in row] for row, s in zip(A, v, strict=True)], "The vector is taken for a column: rows are scaled."),
        ]

    def why(self, A, v):
        return r"The vector is a row for broadcasting, so $(A*v)_{ij}=a_{ij}v_j$ and each *column* is scaled: @{key}."


class Cosine(L1, Numeric):
    id = "l01-cosine"
    edition = "2025"
    source = "2025 notes 1, inner products"
    title = "The angle between two days"
    minutes = 2
    rtol = 0.01
    text = r"""
    What is the cosine of the angle between $x=@{x}$ and $y=@{y}$?
    """

    def params(self, draw):
        return {"x": draw.sample("x", range(1, 6), 3), "y": draw.sample("y", (0, 1, 6, 7, 8, 9), 3)}

    def answer(self, x, y):
        return sum(a * b for a, b in zip(x, y, strict=True)) / math.sqrt(sum(a * a for a in x) * sum(b * b for b in y))

    def check(self, x, y):
        import torch

        return torch.nn.functional.cosine_similarity(torch.tensor(x).double(), torch.tensor(y).double(), dim=0).item()

    def distractors(self, x, y):
        dot = sum(a * b for a, b in zip(x, y, strict=True))
        xx, yy = sum(a * a for a in x), sum(b * b for b in y)
        return [
            Wrong(dot, "The inner product is given, without the lengths of the vectors."),
            Wrong(dot / (xx * yy), "The squares of the lengths are divided by, without the roots."),
            Wrong(dot / math.sqrt(xx), "Only one of the two lengths is divided by."),
        ]

    def why(self, x, y):
        return r"$\cos\theta=\dfrac{x\cdot y}{\lVert x\rVert\,\lVert y\rVert}$, which is @{key}."


class WhoShares(L1, SelectAll):
    id = "l01-who-shares"
    edition = "2026"
    source = "2026 notes 3, section 4: views and copies"
    title = "Who sees the change"
    minutes = 3
    text = """
    `w` has shape `(@{r}, @{c})` and requires a gradient. For which of these does `v.data[0] = 9` also change an entry of `w`? Select all.
    """

    SHARE = ("`v = w.detach()`", "`v = w.view(-1)`", "`v = w.t()`", "`v = w[1]`")
    COPY = {
        "`v = w.clone()`": "clone() is taken for a second name; it copies, and only the graph stays connected.",
        "`v = w.detach().clone()`": "The copy at the end is overlooked.",
        "`v = w + 0`": "Arithmetic is taken to change nothing when the numbers stay the same; it writes to new memory.",
        "`v = w.t().reshape(-1)`": "reshape is taken never to copy; a transpose cannot be read as one run of memory.",
    }

    def params(self, draw):
        r, c = draw.sample("shape", range(2, 10), 2)
        return {"r": r, "c": c}

    def answer(self, r, c):
        return list(self.SHARE)

    def check(self, r, c):
        import torch

        found = []
        for text in (*self.SHARE, *self.COPY):
            names = {"w": torch.zeros(r, c, requires_grad=True)}
            exec(f"{text.strip('`')}\nv.data[0] = 9", names)
            if names["w"].detach().any():
                found.append(text)
        return found

    def distractors(self, r, c):
        return [Wrong(text, misconception) for text, misconception in self.COPY.items()]

    def why(self, r, c):
        return "`detach`, `view`, `t` and indexing with a number give the same memory under another name; the others write to new memory."


class Stride(L1, Literal):
    id = "l01-stride"
    edition = "2026"
    source = "2026 notes 3, section 4: strides"
    title = "Steps through memory"
    minutes = 2
    text = """
    What is `torch.zeros(@{r}, @{c}).t().stride()`? Write a tuple.
    """

    def params(self, draw):
        r, c = draw.sample("shape", range(2, 12), 2)
        return {"r": r, "c": c}

    def answer(self, r, c):
        return (1, c)

    def check(self, r, c):
        import torch

        return torch.zeros(r, c).t().stride()

    def distractors(self, r, c):
        return [
            Wrong((c, 1), "The strides of the matrix before the transpose are given."),
            Wrong((r, 1), "The transpose is taken to be copied into rows of its own."),
            Wrong((1, r), "Steps are counted in columns of the wrong length; a row of the stored matrix has c entries."),
        ]

    def why(self, r, c):
        return r"Stored by rows, the $@{r}\times@{c}$ matrix has the strides $(@{c},1)$; the transpose exchanges them: @{key}."


class ProductOrder(L1, Numeric):
    id = "l01-product-order"
    edition = "2026"
    source = "2026 notes 3, section 4: the order of products"
    title = "Where the brackets go"
    minutes = 3
    atol, rtol = 0.0, 0.0
    text = r"""
    $A$ is $@{m}\times@{n}$, $B$ is $@{n}\times@{p}$ and $C$ is $@{p}\times@{q}$. A product of an $a\times b$ and a $b\times c$ matrix takes
    $abc$ multiplications. How many multiplications does $ABC$ take with the better choice of brackets?
    """

    def params(self, draw):
        m, n, q = draw.sample("large", (100, 200, 300, 400), 3)
        return {"m": m, "n": n, "p": draw.choice("p", (2, 4, 5, 8)), "q": q}

    def answer(self, m, n, p, q):
        return min(m * n * p + m * p * q, n * p * q + m * n * q)

    def check(self, m, n, p, q):
        """torch counts what both orders do, on tensors without memory."""
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        a, b, c = (torch.empty(shape, device="meta") for shape in ((m, n), (n, p), (p, q)))
        counts = []
        for product in (lambda: (a @ b) @ c, lambda: a @ (b @ c)):
            with FlopCounterMode(display=False) as counter:
                product()
            counts.append(counter.get_total_flops() // 2)
        return min(counts)

    def distractors(self, m, n, p, q):
        left, right = m * n * p + m * p * q, n * p * q + m * n * q
        return [
            Wrong(max(left, right), "That is the other order: it forms the large product of the inner matrices first."),
            Wrong(m * n * p * q, "All four lengths are multiplied."),
            Wrong(m * n * p, "Only the first product is counted."),
        ]

    def why(self, m, n, p, q):
        return r"$(AB)C$ takes $mnp+mpq$, and $A(BC)$ takes $npq+mnq$. With the small $p=@{p}$ the first is less: @{key}."


class FactorsOfTheSvd(L1, Choice):
    id = "l01-factors-of-the-svd"
    edition = "2025"
    source = "2025 notes 1, singular value decomposition; what the third output is: documentation of torch.linalg.svd"
    title = "Putting a matrix together again"
    minutes = 2
    text = """
    `A` is a @{n} by @{n} matrix, and `U, S, W = torch.linalg.svd(A)`. Which expression gives `A` back, up to rounding?
    """

    OPTIONS = {
        "`U @ torch.diag(S) @ W.T`": "The third output is taken for V; it is Vᵀ already.",
        "`W.T @ torch.diag(S) @ U`": "The factors are taken in the opposite order, which is a decomposition of another matrix.",
        "`U @ S @ W`": "S is taken for a matrix; it is the vector of the singular values.",
        "`U.T @ torch.diag(S) @ W`": "The columns of U are the left singular vectors; nothing has to be transposed.",
    }

    def params(self, draw):
        return {"n": draw.integer("n", 3, 12)}

    def answer(self, n):
        return "`U @ torch.diag(S) @ W`"

    def check(self, n):
        import torch

        A = torch.randn(n, n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
        U, S, W = torch.linalg.svd(A)
        found = []
        for text in (self.answer(n), *self.OPTIONS):
            result = eval(text.strip("`"), {"torch": torch, "U": U, "S": S, "W": W})
            if result.shape == A.shape and torch.allclose(result, A):
                found.append(text)
        (right,) = found
        return right

    def distractors(self, n):
        return [Wrong(text, misconception) for text, misconception in self.OPTIONS.items()]

    def why(self, n):
        return r"`torch.linalg.svd` returns $U$, the vector of singular values, and $V^\top$, with right singular vectors as rows: @{key}."


@functools.cache
def rank_two_error(values):
    """Relative Frobenius error of torch's best approximation of rank 2 to a matrix with these singular values."""
    import torch

    generator = torch.Generator().manual_seed(0)
    n = len(values)
    left, right = (torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64)).Q for _ in range(2))
    A = left @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ right.T
    U, S, Vt = torch.linalg.svd(A)
    return (torch.linalg.norm(A - U[:, :2] @ torch.diag(S[:2]) @ Vt[:2]) / torch.linalg.norm(A)).item()


class RankTwoError(L1, Numeric):
    id = "l01-rank-two-error"
    edition = "2025"
    source = "2025 notes 1, low-rank approximation"
    title = "What rank two leaves out"
    minutes = 3
    rtol = 0.01
    near = (0.03, 0.5)
    text = r"""
    The figure shows the singular values of a $4\times4$ matrix $A$. $A_2$ is its best approximation of rank 2. What is the relative error
    $\lVert A-A_2\rVert_F/\lVert A\rVert_F$? Give two significant digits or more.
    """

    def params(self, draw):
        return {
            "s": sorted(draw.sample("high", (7, 8, 9, 10), 2), reverse=True) + sorted(draw.sample("low", (2, 3, 4, 5), 2), reverse=True)
        }

    def answer(self, s):
        return math.sqrt(sum(x * x for x in s[2:]) / sum(x * x for x in s))

    def check(self, s):
        return rank_two_error(tuple(s))

    def distractors(self, s):
        energy = sum(x * x for x in s[2:]) / sum(x * x for x in s)
        return [
            Wrong(energy, "That is the share of the energy; the error is its root."),
            Wrong(math.sqrt(1 - energy), "That is what rank two keeps, and not what it leaves out."),
            Wrong(sum(s[2:]) / sum(s), "Singular values are added without squares."),
            Wrong(s[2] / s[0], "That is the relative error in the spectral norm."),
        ]

    def why(self, s):
        return (
            r"$\lVert A-A_2\rVert_F^2=\sigma_3^2+\sigma_4^2$, and $\lVert A\rVert_F^2$ has all four squares. The root of the ratio: @{key}."
        )

    def alt(self, s):
        return "A bar chart of the four singular values, from the largest to the smallest: @{s}."

    def figure(self, axes, s):
        bars = axes.bar(range(1, 5), s, color="lightgray", edgecolor="black")
        axes.bar_label(bars)
        axes.set(xlabel="index", ylabel="singular value", xticks=range(1, 5), ylim=(0, 11.5))


class EnergyOfRankOne(L1, Choice):
    id = "l01-energy-of-rank-one"
    edition = "2025"
    source = "2025 notes 1, energy of a singular value"
    title = "Energy and error"
    minutes = 2
    text = r"""
    A matrix has only two singular values that are not zero, $@{a}$ and $@{b}$. What share of the energy $\lVert A\rVert_F^2$ does its best
    approximation of rank 1 capture?
    """

    def params(self, draw):
        a, b = sorted(draw.sample("s", (100, 200, 300, 400, 500, 600), 2), reverse=True)
        return {"a": a, "b": b}

    def answer(self, a, b):
        return a * a / (a * a + b * b)

    def check(self, a, b):
        """1 minus the squared error of the best rank-1 matrix that a search over directions finds: a direction v gives (Av)vᵀ."""
        angles = (k * math.pi / 720 for k in range(720))
        lost = min((a * math.sin(t)) ** 2 + (b * math.cos(t)) ** 2 for t in angles)
        return 1 - lost / (a * a + b * b)

    def distractors(self, a, b):
        return [
            Wrong(a / (a + b), "The singular values are added without squares."),
            Wrong(b * b / (a * a + b * b), "That is the energy that is left out."),
            Wrong(a / math.hypot(a, b), "That is the root of the share: norms in place of squared norms."),
            Wrong(1.0, "The largest singular value is taken to hold everything."),
        ]

    def why(self, a, b):
        return r"$\lVert A\rVert_F^2=\sigma_1^2+\sigma_2^2$, and rank 1 keeps $\sigma_1^2$: @{key}."


class DefaultDtypes(L1, SelectAll):
    id = "l01-default-dtypes"
    source = "2025 notes 1, creating tensors; 2026 notes 3, dtypes"
    title = "Which of these are floats"
    minutes = 2
    text = """
    With `n = @{n}` and PyTorch's default settings, which of these tensors have the dtype `torch.float32`? Select all.
    """

    RIGHT = ("`torch.zeros(n)`", "`torch.tensor([n, 0.5])`", "`torch.tensor([n, 1]) / 2`")
    WRONG = {
        "`torch.tensor([n, 1])`": "Python integers are taken to become floats; they become int64.",
        "`torch.arange(n)`": "arange is taken to make floats; from integers it makes int64.",
        "`torch.tensor([n, 1]) * 2`": "Multiplying is taken to make floats, as dividing does.",
        "`torch.tensor([n, 0.5]).double()`": "double() is taken for the default; it makes float64.",
    }

    def params(self, draw):
        return {"n": draw.integer("n", 2, 20)}

    def answer(self, n):
        return list(self.RIGHT)

    def check(self, n):
        texts = (*self.RIGHT, *self.WRONG)
        code = "import torch\nn = {}\nprint(({}).dtype)"
        return [text for text in texts if printed(code.format(n, text.strip("`"))) == "torch.float32"]

    def distractors(self, n):
        return [Wrong(text, misconception) for text, misconception in self.WRONG.items()]

    def why(self, n):
        return "Integers stay `int64`; one float in a list, a constructor such as `zeros`, or a division gives `float32`."


class HalfPrecisions(L1, SelectAll):
    id = "l01-half-precisions"
    edition = "2026"
    source = "2026 notes 3, floating-point formats"
    title = "Two kinds of sixteen bits"
    minutes = 3
    text = """
    Which of these are true for `big = torch.tensor(@{big}.0)` and `near = torch.tensor(@{near})`? Select all.
    """

    RIGHT = ("`big.half()` is infinite.", "`near.bfloat16()` equals 1.")
    WRONG = {
        "`big.bfloat16()` is infinite.": "bfloat16 is taken to have float16's range; it has the exponent of float32.",
        "`near.half()` equals 1.": "float16 is taken to be as coarse near 1 as bfloat16; it has three more bits.",
        "`near` equals 1.": "float32 is taken to have only three digits.",
    }

    def params(self, draw):
        return {"big": 1000 * draw.integer("big", 66, 99), "near": draw.choice("near", (1.001, 1.002, 1.003))}

    def answer(self, big, near):
        return list(self.RIGHT)

    def check(self, big, near):
        import torch

        big, near = torch.tensor(float(big)), torch.tensor(near)
        truth = [big.half().isinf(), near.bfloat16() == 1, big.bfloat16().isinf(), near.half() == 1, near == 1]
        return [text for text, holds in zip((*self.RIGHT, *self.WRONG), truth, strict=True) if holds]

    def distractors(self, big, near):
        return [Wrong(text, misconception) for text, misconception in self.WRONG.items()]

    def why(self, big, near):
        return (
            "float16 has 5 bits of exponent and 10 of fraction: it ends at 65504. bfloat16 has 8 and 7: it reaches as far as float32, "
            r"and its next number after 1 is $1+2^{-7}$."
        )
