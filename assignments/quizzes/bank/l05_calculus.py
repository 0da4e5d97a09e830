"""Lecture 5: the derivative as the best linear approximation."""

import math

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L5:
    lecture = 5
    edition = "2025"


def product(A, B):
    """The matrix product of lists of rows."""
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*B, strict=True)] for row in A]


def transposed(A):
    return [list(row) for row in zip(*A, strict=True)]


def added(A, B):
    return [[a + b for a, b in zip(r, s, strict=True)] for r, s in zip(A, B, strict=True)]


class DerivativeOfAProduct(L5, Choice):
    id = "l05-derivative-of-a-product"
    source = "2025 notes 5, exercise"
    title = "The derivative of a matrix product"
    minutes = 2
    text = r"""
    $F(U,V)=UV^\top$ with $U\in\mathbb R^{@{n}\times@{r}}$ and $V\in\mathbb R^{@{m}\times@{r}}$. What is the derivative of $F$ at $(U,V)$,
    applied to the direction $(H,K)$?
    """

    OPTIONS = {
        r"$HV^\top+UK^\top$": (lambda U, V, H, K: H @ V.T + U @ K.T, ""),
        r"$HK^\top$": (lambda U, V, H, K: H @ K.T, "Both factors are moved at once; that term is of second order."),
        r"$HV^\top$": (lambda U, V, H, K: H @ V.T, "Only the first factor is moved."),
        r"$HV^\top+UK^\top+HK^\top$": (
            lambda U, V, H, K: H @ V.T + U @ K.T + H @ K.T,
            "The whole change is taken for its linear part: the last term is of second order.",
        ),
        r"$HV^\top+KU^\top$": (
            lambda U, V, H, K: H @ V.T + K @ U.T,
            "The order of the second product is turned around; the shapes differ.",
        ),
    }

    def params(self, draw):
        n, m, r = draw.sample("shape", range(2, 9), 3)
        return {"n": n, "m": m, "r": r}

    def answer(self, n, m, r):
        return next(iter(self.OPTIONS))

    def check(self, n, m, r):
        """torch's forward derivative."""
        import torch

        generator = torch.Generator().manual_seed(0)
        U, V, H, K = (torch.randn(rows, r, generator=generator, dtype=torch.float64) for rows in (n, m, n, m))
        derivative = torch.func.jvp(lambda A, B: A @ B.T, (U, V), (H, K))[1]
        found = []
        for text, (formula, _) in self.OPTIONS.items():
            try:
                value = formula(U, V, H, K)
            except RuntimeError:
                continue
            if torch.allclose(value, derivative):
                found.append(text)
        (right,) = found
        return right

    def distractors(self, n, m, r):
        return [Wrong(text, mistake) for text, (_, mistake) in self.OPTIONS.items() if mistake]

    def why(self, n, m, r):
        return r"$(U+H)(V+K)^\top=UV^\top+(HV^\top+UK^\top)+HK^\top$, and the last term is $o(\lVert(H,K)\rVert)$: @{key}."


class PartialsAreNotEnough(L5, SelectAll):
    id = "l05-partials-are-not-enough"
    source = "2025 notes 5, a function with partial derivatives that is not differentiable"
    title = "Partial derivatives and the derivative"
    minutes = 3
    text = r"""
    $f(x,y)=\dfrac{@{c}\,xy}{x^2+y^2}$ for $(x,y)\ne(0,0)$, and $f(0,0)=0$. Which statements are true? Select all.
    """

    PARTIALS = "Both partial derivatives at the origin exist and are 0."
    DIAGONAL = r"On the line $x=y$, away from the origin, $f$ is constant and not 0."
    DIFFERENTIABLE = "$f$ is differentiable at the origin."
    CONTINUOUS = "$f$ is continuous at the origin."
    LITTLE_O = r"$f(h)=o(\lVert h\rVert)$ as $h\to0$."

    def params(self, draw):
        return {"c": draw.integer("c", 2, 12)}

    def answer(self, c):
        return [self.PARTIALS, self.DIAGONAL]

    def check(self, c):
        """Values of f at small distances, along the axes and along the diagonal."""

        def f(x, y):
            return c * x * y / (x * x + y * y)

        sizes = [10.0**-k for k in range(3, 9)]
        slopes = [f(t, 0) / t for t in sizes] + [f(0, t) / t for t in sizes]
        diagonal = [f(t, t) for t in sizes]
        vanishes = abs(diagonal[-1]) < 1e-3
        beats_distance = abs(diagonal[-1]) / (sizes[-1] * math.sqrt(2)) < 1e-3
        truth = {
            self.PARTIALS: all(slope == 0 for slope in slopes),
            self.DIAGONAL: max(diagonal) - min(diagonal) < 1e-12 and diagonal[0] != 0,
            self.DIFFERENTIABLE: all(slope == 0 for slope in slopes) and beats_distance,
            self.CONTINUOUS: vanishes,
            self.LITTLE_O: beats_distance,
        }
        return [text for text, holds in truth.items() if holds]

    def distractors(self, c):
        return [
            Wrong(self.DIFFERENTIABLE, "Partial derivatives are taken to be enough; the error must be small in every direction."),
            Wrong(self.CONTINUOUS, "Continuity along the axes is taken for continuity."),
            Wrong(self.LITTLE_O, "Only the directions of the axes are looked at; on the diagonal f does not even tend to 0."),
        ]

    def why(self, c):
        return rf"On the axes $f=0$, so both partial derivatives are 0. On the diagonal $f(t,t)={c}/2$ however small $t$ is."


class ShapesInTheChainRule(L5, Literal):
    id = "l05-shapes-in-the-chain-rule"
    source = "2025 notes 5, the chain rule"
    title = "Which shape has which Jacobian"
    minutes = 1
    text = r"""
    $G:\mathbb R^{@{p}}\to\mathbb R^{@{m}}$ and $F:\mathbb R^{@{m}}\to\mathbb R^{@{n}}$ are differentiable. In the chain rule for
    $F\circ G$, what is the shape of the *left* factor of the product of Jacobians? Write a tuple (rows, columns).
    """

    def params(self, draw):
        p, m, n = draw.sample("dims", range(2, 10), 3)
        return {"p": p, "m": m, "n": n}

    def answer(self, p, m, n):
        return (n, m)

    def check(self, p, m, n):
        """Jacobians by torch: the pair whose product in this order is the Jacobian of the composition."""
        import torch

        generator = torch.Generator().manual_seed(0)
        A, B = torch.randn(m, p, generator=generator), torch.randn(n, m, generator=generator)
        x = torch.randn(p, generator=generator)

        def inner(z):
            return torch.tanh(A @ z)

        def outer(z):
            return torch.sin(B @ z)

        jacobian = torch.autograd.functional.jacobian
        left, right = jacobian(outer, inner(x)), jacobian(inner, x)
        assert torch.allclose(left @ right, jacobian(lambda z: outer(inner(z)), x), atol=1e-5)
        return tuple(left.shape)

    def distractors(self, p, m, n):
        return [
            Wrong((m, p), "That is the Jacobian of G, which stands on the right."),
            Wrong((m, n), "Rows and columns are exchanged: a Jacobian has a row for every output."),
            Wrong((n, p), "That is the Jacobian of the composition."),
        ]

    def why(self, p, m, n):
        return r"$J_{F\circ G}(x)=J_F(G(x))\,J_G(x)$; the left factor has $@{n}$ outputs and $@{m}$ inputs: @{key}."


class LittleO(L5, SelectAll):
    id = "l05-little-o"
    source = "2025 notes 5, little-o"
    title = "Smaller than the step"
    minutes = 2
    text = r"""
    With the constant $c=@{c}$, which of these are $o(h)$ as $h\to0$? Select all.
    """

    OPTIONS = {
        r"$c\,h^2$": (lambda h, c: c * h * h, ""),
        r"$|h|^{3/2}$": (lambda h, c: abs(h) ** 1.5, ""),
        r"$h\sin(ch)$": (lambda h, c: h * math.sin(c * h), ""),
        r"$|h|$": (lambda h, c: abs(h), "It goes to 0, but its quotient with h does not."),
        r"$c\,h$": (lambda h, c: c * h, "It goes to 0, but its quotient with h is constant."),
        r"$h^2+h/c$": (lambda h, c: h * h + h / c, "Only the first term is looked at; a sum is as large as its largest term."),
        r"$\sqrt{|h|}$": (lambda h, c: math.sqrt(abs(h)), "A root of a small number is larger than the number."),
    }

    def params(self, draw):
        return {"c": draw.integer("c", 2, 20)}

    def answer(self, c):
        return [text for text, (_, mistake) in self.OPTIONS.items() if not mistake]

    def check(self, c):
        """The quotient with h, at small steps of both signs."""
        steps = [sign * 10.0**-k for k in (6, 9, 12) for sign in (-1, 1)]
        return [text for text, (f, _) in self.OPTIONS.items() if all(abs(f(h, c) / h) < 0.01 for h in steps)]

    def distractors(self, c):
        return [Wrong(text, mistake) for text, (_, mistake) in self.OPTIONS.items() if mistake]

    def why(self, c):
        return r"$r(h)=o(h)$ means $r(h)/h\to0$; going to 0 alone is not enough."


class PassesForAJacobian(L5, Literal):
    id = "l05-passes-for-a-jacobian"
    source = "2025 notes 5, products with the Jacobian"
    title = "How many passes make a Jacobian"
    minutes = 2
    text = r"""
    $F:\mathbb R^{@{d}}\to\mathbb R^{@{m}}$ is given as a program. How many products $u^\top J$ (VJPs), and alternatively how many products
    $Jv$ (JVPs), give its whole Jacobian? Write a list [VJPs, JVPs].
    """

    def params(self, draw):
        d, m = draw.sample("dims", range(3, 40), 2)
        return {"d": d, "m": m}

    def answer(self, d, m):
        return [m, d]

    def check(self, d, m):
        """torch counts its backward passes. A product Jv is a backward pass of the map whose Jacobian is the transpose."""
        import torch

        def passes(J):
            calls = []

            class Counted(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    return J @ x

                @staticmethod
                def backward(ctx, g):
                    calls.append(g)
                    return g @ J

            torch.autograd.functional.jacobian(Counted.apply, torch.zeros(J.shape[1]))
            return len(calls)

        return [passes(torch.ones(m, d)), passes(torch.ones(d, m))]

    def distractors(self, d, m):
        return [
            Wrong([d, m], "The two are exchanged: a VJP gives a row, and there are as many rows as outputs."),
            Wrong([1, 1], "One pass is taken to give all of the Jacobian; that is so for one output or one input."),
            Wrong([d * m, d * m], "Every entry is taken to need a pass of its own."),
        ]

    def why(self, d, m):
        return r"$e_i^\top J$ is a row, and there are $@{m}$; $Je_j$ is a column, and there are $@{d}$: @{key}."


class AlongACurve(L5, Numeric):
    id = "l05-along-a-curve"
    source = "2025 notes 5, the derivative along a curve"
    title = "A function along a curve"
    minutes = 3
    atol, rtol = 0.0, 0.0
    text = r"""
    $f(x)=x_1^2x_2$, and $x(t)=(@{a}t,\;t^2+@{b})$. What is the derivative of $h(t)=f(x(t))$ at $t=@{t}$?
    """

    def params(self, draw):
        return {"a": draw.integer("a", 2, 4), "b": draw.integer("b", 1, 5), "t": draw.integer("t", 2, 4)}

    def answer(self, a, b, t):
        x1, x2 = a * t, t * t + b
        return 2 * x1 * x2 * a + x1**2 * 2 * t

    def check(self, a, b, t):
        import torch

        s = torch.tensor(float(t), dtype=torch.float64, requires_grad=True)
        ((a * s) ** 2 * (s**2 + b)).backward()
        return s.grad.item()

    def distractors(self, a, b, t):
        x1, x2 = a * t, t * t + b
        return [
            Wrong(2 * x1 * x2 + x1**2, "The partial derivatives are added without the velocity of the curve."),
            Wrong(2 * x1 * x2 * a, "Only the first coordinate is taken to move."),
        ]

    def why(self, a, b, t):
        return r"$h'(t)=\nabla f(x(t))\cdot x'(t)$ with $\nabla f=(2x_1x_2,\,x_1^2)$ and $x'=(@{a},\,2t)$: @{key}."


class ProbingAMap(L5, Literal):
    id = "l05-probing-a-map"
    source = "2025 notes 5, probing a linear map with basis vectors"
    title = "A map known by its products"
    minutes = 2
    text = r"""
    A program computes $v\mapsto Jv$ and nothing else. It gives $Je_1=@{first}$, $Je_2=@{second}$ and $Je_3=@{third}$. What is $u^\top J$
    for $u=@{u}$? Write a list.
    """

    def params(self, draw):
        columns = [[draw.integer(f"j{i}{k}", -3, 6) for i in range(2)] for k in range(3)]
        return {"first": columns[0], "second": columns[1], "third": columns[2], "u": [draw.integer("u0", 2, 4), draw.integer("u1", 5, 7)]}

    def answer(self, first, second, third, u):
        return [u[0] * column[0] + u[1] * column[1] for column in (first, second, third)]

    def check(self, first, second, third, u):
        import torch

        J = torch.tensor([first, second, third]).T.double()
        x = torch.zeros(3, dtype=torch.float64)
        return [round(g) for g in torch.func.vjp(lambda z: J @ z, x)[1](torch.tensor(u).double())[0].tolist()]

    def distractors(self, first, second, third, u):
        columns = (first, second, third)
        return [
            Wrong([sum(u) * sum(column) for column in columns], "The entries of a column are added before they are weighed by u."),
            Wrong(
                [u[0] * sum(c[0] for c in columns), u[1] * sum(c[1] for c in columns)],
                "The rows are added; the result has an entry for each column.",
            ),
        ]

    def why(self, first, second, third, u):
        return r"The columns of $J$ are the three products, and entry $j$ of $u^\top J$ is $u^\top(Je_j)$: @{key}."


class GradientOfASquaredNorm(L5, Literal):
    id = "l05-gradient-of-a-squared-norm"
    source = "2025 notes 5, least squares"
    title = "The gradient of a squared norm"
    minutes = 3
    text = r"""
    $f(w)=\lVert Xw\rVert^2$, where $X$ has the rows $@{X}$. What is the gradient of $f$ at $w=@{w}$? Write a list.
    """

    def params(self, draw):
        a, b, c = draw.sample("X", range(1, 5), 3)
        return {"X": [[a, b], [0, c]], "w": draw.sample("w", range(1, 5), 2)}

    def answer(self, X, w):
        image = [sum(a * b for a, b in zip(row, w, strict=True)) for row in X]
        return [2 * sum(row[j] * value for row, value in zip(X, image, strict=True)) for j in range(2)]

    def check(self, X, w):
        import torch

        leaf = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        torch.linalg.vector_norm(torch.tensor(X, dtype=torch.float64) @ leaf).square().backward()
        return [round(g, 6) for g in leaf.grad.tolist()]

    def distractors(self, X, w):
        image = [sum(a * b for a, b in zip(row, w, strict=True)) for row in X]
        twisted = [2 * sum(a * b for a, b in zip(row, image, strict=True)) for row in X]
        right = self.answer(X, w)
        known = [
            Wrong([value // 2 for value in right], "The factor two of the square is left out."),
            Wrong([2 * value for value in image], "The inner derivative, X, is left out."),
            Wrong(twisted, "X stands where its transpose belongs."),
        ]
        return [wrong for wrong in known if wrong.value != right]

    def why(self, X, w):
        return r"$\lVert X(w+h)\rVert^2=\lVert Xw\rVert^2+2(Xw)^\top Xh+o(\lVert h\rVert)$, so $\nabla f=2X^\top Xw$: @{key}."


class TheMiss(L5, Numeric):
    id = "l05-the-miss"
    source = "2025 notes 5, the best linear approximation"
    title = "What the tangent misses"
    minutes = 2
    rtol = 0.01
    text = r"""
    The figure shows $f(x)=@{c}x^2$ and its tangent at $x=@{a}$. How far is the curve above the tangent at $x=@{a}+@{h}$?
    """

    def params(self, draw):
        return {"c": draw.integer("c", 2, 6), "a": draw.integer("a", 1, 3), "h": draw.choice("h", (0.2, 0.3, 0.4, 0.5))}

    def answer(self, c, a, h):
        return c * h * h

    def check(self, c, a, h):
        """Values of f, and the slope by autograd."""
        import torch

        x = torch.tensor(float(a), dtype=torch.float64, requires_grad=True)
        (c * x**2).backward()
        return c * (a + h) ** 2 - (c * a**2 + x.grad.item() * h)

    def distractors(self, c, a, h):
        return [
            Wrong(2 * c * a * h, "That is what the tangent rises by, and not what it misses."),
            Wrong(2 * c * a * h + c * h * h, "That is the whole change of the function."),
            Wrong(c * h, "The miss is taken to be proportional to the step; it is proportional to its square."),
        ]

    def why(self, c, a, h):
        return r"$f(a+h)=f(a)+f'(a)h+@{c}h^2$: the tangent is right up to the last term, $@{c}\cdot@{h}^2$, which is @{key}."

    def alt(self, c, a, h):
        return "A parabola, @{c} times x squared, and its tangent at x = @{a}. At x = @{a} + @{h} a thick line spans the gap between them."

    def figure(self, axes, c, a, h):
        grid = [a + h * (k / 40 - 1) for k in range(101)]
        axes.plot(grid, [c * x * x for x in grid], "-", color="black", label="curve")
        axes.plot(grid, [c * a * a + 2 * c * a * (x - a) for x in grid], "--", color="tab:blue", label="tangent")
        axes.plot([a], [c * a * a], "o", color="black")
        axes.plot([a + h, a + h], [c * a * a + 2 * c * a * h, c * (a + h) ** 2], "-", color="tab:red", linewidth=3, label="gap")
        axes.set(xlabel="x", ylabel="f")
        axes.legend()


class DirectionalDerivative(L5, Numeric):
    id = "l05-directional-derivative"
    source = "2025 notes 5, derivatives of functions of matrices"
    title = "The trace of a square"
    minutes = 3
    atol, rtol = 0.0, 0.0
    text = r"""
    $f(W)=\operatorname{tr}(W^\top W)$. What is the derivative of $f$ at the matrix with the rows $@{W}$, in the direction of the matrix
    with the rows $@{V}$?
    """

    def params(self, draw):
        a, b, c, d = draw.sample("W", range(1, 8), 4)
        return {"W": [[a, b], [c, d]], "V": [[draw.integer("p", 1, 3), 0], [draw.integer("q", 4, 6), draw.integer("r", 1, 3)]]}

    def answer(self, W, V):
        return 2 * sum(w * v for r, s in zip(W, V, strict=True) for w, v in zip(r, s, strict=True))

    def check(self, W, V):
        import torch

        matrices = [torch.tensor(M, dtype=torch.float64) for M in (W, V)]
        return torch.func.jvp(lambda A: torch.trace(A.T @ A), (matrices[0],), (matrices[1],))[1].item()

    def distractors(self, W, V):
        right = self.answer(W, V)
        known = {
            right // 2: "Only one of the two factors is differentiated.",
            2 * (product(W, V)[0][0] + product(W, V)[1][1]): "The transpose is lost: that is twice the trace of WV.",
            2 * (W[0][0] * V[0][0] + W[1][1] * V[1][1]): "Only the diagonals of the matrices are looked at.",
        }
        return [Wrong(value, mistake) for value, mistake in known.items() if value != right]

    def why(self, W, V):
        return r"$f(W)=\sum w_{ij}^2$, so the derivative is $2\sum w_{ij}v_{ij}=2\operatorname{tr}(W^\top V)$: @{key}."


class WhichRemainderBug(L5, FaultChoice):
    id = "l05-which-remainder-bug"
    source = "homework 1, question 1"
    title = "Diagnose a remainder plot"
    minutes = 4
    homework = "hw1_autograd"
    faults = ("change_without_t", "divided_by_t", "squared_norm", "difference_only")
    text = r"""
    A student plots what the linear approximation of $F(x)=@{c}x^2$ at $x=@{x}$ misses in the direction $v=1$, as a function of $t$. The
    figure shows the right curve and the student's, which has the value $@{shown}$ at $t=@{t}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {"c": draw.integer("c", 2, 5), "x": draw.integer("x", 1, 4), "t": draw.choice("t", (0.1, 0.2))}

    def run(self, function, c, x, t):
        import torch

        point = torch.tensor([x], dtype=torch.float64)
        values = function(lambda z: c * z**2, lambda d: 2 * c * x * d, point, torch.ones_like(point), torch.full_like(point, t))
        return values.item()

    def formulas(self, c, x, t):
        return {
            "change_without_t": abs(2 * c * x * t + c * t * t - 2 * c * x),
            "divided_by_t": c * t,
            "squared_norm": c**2 * t**4,
            "difference_only": 2 * c * x * t + c * t * t,
        }

    def why(self, c, x, t, shown):
        return r"Right is $@{c}t^2$. Each mistake changes it in its own way, and only one gives $@{shown}$ at $t=@{t}$. @{key}"

    def alt(self, c, x, t, shown):
        return (
            "Two curves over t from 0.01 to 1, both axes logarithmic. The dotted one is the right remainder, which rises with slope 2. "
            "The solid one is the student's; it goes through the point with t = @{t} and the value @{shown}."
        )

    def figure(self, axes, c, x, t, shown):
        made = self._culprit(self.formulas(c, x, t), shown)
        grid = [10 ** (k / 20 - 2) for k in range(41)]
        axes.loglog(grid, [c * s * s for s in grid], ":", color="black", label="right")
        axes.loglog(grid, [self.formulas(c, x, s)[made] for s in grid], "-", color="tab:blue", label="the student's")
        axes.loglog([t], [shown], "o", color="tab:red")
        axes.set(xlabel="t", ylabel="remainder")
        axes.legend()


class WhichGradientCheckBug(L5, FaultChoice):
    id = "l05-which-gradient-check-bug"
    source = "homework 1, question 1"
    title = "Diagnose a gradient check"
    minutes = 6
    homework = "hw1_autograd"
    faults = ("absolute_error", "average_error", "divided_by_h", "forward_differences")
    text = r"""
    `grad_check` compares a gradient $g$ with central differences $D$, entry by entry, with the step $h\max(1,|x_i|)$, and should return
    the largest $|g_i-D_i|/\max(1,|g_i|,|D_i|)$. For $f(x)=x_1^2+x_2^2$ at $x=@{x}$ with $h=@{h}$ and the wrong gradient $@{g}$, a student's
    version returns $@{shown}$. Which mistake did the student make?
    """

    def inputs(self, draw):
        x = draw.sample("x", range(2, 8), 2)
        return {"x": x, "h": draw.choice("h", (0.25, 0.5)), "g": [2 * x[0], 2 * x[1] + draw.integer("error", 2, 4)]}

    def run(self, function, x, h, g):
        import torch

        point, gradient = torch.tensor(x, dtype=torch.float64), torch.tensor(g, dtype=torch.float64)
        return function(lambda z: (z**2).sum(), lambda z: gradient, point, h)

    def formulas(self, x, h, g):
        def errors(differences):
            return [abs(a - d) / max(1, abs(a), abs(d)) for a, d in zip(g, differences, strict=True)]

        exact = [2 * a for a in x]
        return {
            "absolute_error": max(abs(a - d) for a, d in zip(g, exact, strict=True)),
            "average_error": sum(errors(exact)) / 2,
            "divided_by_h": max(errors([4 * a for a in x])),
            "forward_differences": max(errors([2 * a + h * a for a in x])),
        }

    def why(self, x, h, g, shown):
        return (
            r"Central differences are exact for a parabola: $D=2x$. Forward ones miss by the step, and dividing by $h$ doubles them. "
            r"Only one of the mistakes gives $@{shown}$. @{key}"
        )


class WhichProductBug(L5, FaultChoice):
    id = "l05-which-product-bug"
    source = "homework 1, question 3"
    title = "Diagnose a derivative"
    minutes = 4
    homework = "hw1_autograd"
    faults = ("twice_one_half", "only_one_factor_moves", "keeps_the_second_order", "products_of_the_other_kind")
    text = r"""
    $F(W)=W^\top W$. At the matrix $W$ with the rows $@{W}$, in the direction $V$ with the rows $@{V}$, a student's derivative has
    $@{shown}$ in its upper right corner, which is wrong. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {name: [[draw.integer(f"{name}{i}{j}", 0, 4) for j in range(2)] for i in range(2)] for name in ("W", "V")}

    def run(self, function, W, V):
        import torch

        return function(torch.tensor(W, dtype=torch.float64), torch.tensor(V, dtype=torch.float64))[0, 1].item()

    def formulas(self, W, V):
        half = product(transposed(W), V)
        right = added(half, transposed(half))
        other = added(product(W, transposed(V)), product(V, transposed(W)))
        return {
            "twice_one_half": 2 * half[0][1],
            "only_one_factor_moves": half[0][1],
            "keeps_the_second_order": right[0][1] + product(transposed(V), V)[0][1],
            "products_of_the_other_kind": other[0][1],
        }

    def why(self, W, V, shown):
        return r"Right is $W^\top V+V^\top W$. Compute the upper right entry of each mistake: only one gives $@{shown}$. @{key}"
