import math

import torch
from otter.test_files import test_case

from checks import close, function, raises, that, unchanged

# F(x + tv) - F(x) - t DF[v] subtracts numbers of size 10 to leave t² ≥ 1e-4: rounding reaches 1e-11 of it. A float32 would be off by 1e-3.
REMAINDER_RTOL = 1e-9

# A smooth function of size one: h² f'''/6 is below 1e-9 and rounding 1e-15/h is 1e-10. Forward differences are off by h f''/2, about 5e-6.
RIGHT = 1e-7


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


@test_case(points=2)
def the_remainder_of_the_square_is_t_squared(env):
    """F(x) = x² entry by entry, with derivative v ↦ 2xv: what is left is t²v², and its norm."""
    x, v, ts = numbers(1.0, 2.0), numbers(3.0, -1.0), numbers(0.5, 0.1, 0.01)

    def square(z):
        return z**2

    def derivative(d):
        return 2 * x * d

    got = function(env, "remainders")(square, derivative, x, v, ts)
    claim = "For F(x) = x² the remainder at t must be t² times the norm of v²."
    close(got, ts**2 * math.sqrt(3.0**4 + 1.0**4), rtol=REMAINDER_RTOL, what="the remainders", claim=claim)


@test_case(points=1)
def a_matrix_is_measured_by_all_of_its_entries(env):
    """F(A) = A² for 2×2 matrices, with derivative V ↦ AV + VA; what is left is t²V²."""
    A, V = numbers(1.0, 2.0, -1.0, 3.0).reshape(2, 2), numbers(1.0, 2.0, 1.0, -1.0).reshape(2, 2)
    ts = numbers(0.1, 0.02)

    def square(B):
        return B @ B

    def derivative(D):
        return A @ D + D @ A

    got = function(env, "remainders")(square, derivative, A, V, ts)
    size = math.sqrt(sum(entry**2 for row in (V @ V).tolist() for entry in row))
    claim = "The norm must be the square root of the sum of the squares of all entries, for a matrix as for a vector."
    close(got, ts**2 * size, rtol=REMAINDER_RTOL, what="the remainders", claim=claim)


@test_case(points=1)
def remainders_refuses_what_does_not_fit(env):
    """x and v of different shapes; a derivative of another shape than F; a t that is not positive."""
    call = function(env, "remainders")
    x, ts = numbers(1.0, 2.0), numbers(0.1)

    def square(z):
        return z**2

    def derivative(d):
        return 2 * x * d

    def derivative_as_a_column(d):
        return (2 * x * d).reshape(2, 1)

    shapes = "remainders must raise ValueError when x and v have different shapes."
    raises(ValueError, call, square, derivative, x, numbers(1.0), ts, claim=shapes)
    column = "remainders must raise ValueError when derivative(v) has another shape than F(x), here (2, 1) and (2,)."
    raises(ValueError, call, square, derivative_as_a_column, x, x, ts, claim=column)
    raises(ValueError, call, square, derivative, x, x, numbers(0.1, 0.0), claim="remainders must raise ValueError for t = 0.")
    raises(ValueError, call, square, derivative, x, x, numbers(), claim="remainders must raise ValueError when there is no t.")


@test_case(points=1)
def a_power_law_has_its_exponent_as_slope(env):
    """values = 3 t^2.5: the logarithms lie on a line of slope 2.5 that does not pass through the origin."""
    ts = numbers(1e-3, 1e-2, 0.05, 0.4)
    claim = "For values 3 t^2.5 the slope must be 2.5."
    close(function(env, "loglog_slope")(ts, 3 * ts**2.5), 2.5, rtol=1e-9, what="the slope", claim=claim)


@test_case(points=1)
def loglog_slope_refuses_what_has_no_line(env):
    """Zero has no logarithm; equal ts give no line, and no ts neither."""
    slope = function(env, "loglog_slope")
    zero = "loglog_slope must raise ValueError when a value is 0: it has no logarithm."
    raises(ValueError, slope, numbers(0.1, 0.2), numbers(1.0, 0.0), claim=zero)
    raises(ValueError, slope, numbers(0.0, 0.2), numbers(1.0, 2.0), claim="loglog_slope must raise ValueError when a t is 0.")
    raises(ValueError, slope, numbers(), numbers(), claim="loglog_slope must raise ValueError when there are no points.")
    raises(ValueError, slope, numbers(0.1, 0.1), numbers(1.0, 2.0), claim="loglog_slope must raise ValueError when all t are equal.")
    raises(ValueError, slope, numbers(0.1, 0.2), numbers(1.0), claim="loglog_slope must raise ValueError for vectors of two lengths.")


@test_case(points=1)
def a_right_gradient_gets_a_small_number(env):
    """f(x) = Σ exp(x): central differences agree with exp(x) to far better than 1e-7."""

    def sum_of_exp(z):
        return z.exp().sum()

    def exp(z):
        return z.exp()

    got = function(env, "grad_check")(sum_of_exp, exp, numbers(0.3, -0.7, 1.0))
    claim = "A right gradient must get an error below 1e-7: central differences are that good, forward differences are not."
    close(got, 0.0, rtol=0.0, atol=RIGHT, what="the error of a right gradient", claim=claim)


@test_case(points=1)
def the_step_grows_with_the_entry(env):
    """f(x) = x³ with h = 1/2, at x = 1/2 and at x = −3: the central difference is exactly 3x² + h_i², and h_i is 1/2 and 3/2."""
    grad_check = function(env, "grad_check")

    def cube(z):
        return (z**3).sum()

    def a_tenth_too_small(z):
        return 3 * z**2 - 0.1

    for x, h_i in ((0.5, 0.5), (-3.0, 1.5)):
        expected = (h_i**2 + 0.1) / max(1.0, 3 * x**2 + h_i**2)
        claim = (
            f"At x = {x:g} with h = 0.5 the step must be h·max(1, |x|) = {h_i:g}, so that the central difference of x³ is 3x² + {h_i**2:g}."
        )
        close(grad_check(cube, a_tenth_too_small, numbers(x), 0.5), expected, rtol=1e-9, what="the error", claim=claim)


@test_case(points=1)
def a_wrong_entry_is_reported_with_its_relative_size(env):
    """f(x) = 10 x₀² + x₁ + x₁x₂; one entry of the gradient is off by 0.5 at a time, at different scales."""
    grad_check = function(env, "grad_check")
    x = numbers(1.0, 3.0, -2.0)
    right = [20.0, -1.0, 3.0]

    def f(z):
        return 10 * z[0] ** 2 + z[1] + z[1] * z[2]

    for i in range(3):
        for change in (0.5, -0.5):
            wrong = [g + change * (j == i) for j, g in enumerate(right)]
            expected = 0.5 / max(1.0, abs(wrong[i]), abs(right[i]))

            def wrong_gradient(z, w=tuple(wrong)):
                return numbers(*w)

            got = grad_check(f, wrong_gradient, x)
            claim = (
                f"grad(x) says {wrong[i]} in entry {i}, where the derivative of f is {right[i]}, and is right elsewhere: "
                "the error must be |g − D| / max(1, |g|, |D|)."
            )
            close(got, expected, rtol=0.0, atol=1e-7, what="the error", claim=claim)


@test_case(points=1)
def a_gradient_with_nan_does_not_pass(env):
    """The last entry is right and the first is NaN: grad_check(...) < 1e-7 must be false."""

    def square(z):
        return (z**2).sum()

    def half_nan(z):
        return numbers(math.nan, 2.0)

    got = function(env, "grad_check")(square, half_nan, numbers(1.0, 1.0))
    that(isinstance(got, float), "grad_check must return a float.", f"It returned {type(got).__name__}.")
    claim = "A gradient with a NaN must not pass: the result must be NaN or infinite. (Python's max(0.0, nan) is 0.0.)"
    that(not math.isfinite(got), claim, f"It returned {got}.")


@test_case(points=1)
def the_point_keeps_its_values(env):
    """To the last bit: adding h and subtracting it again does not give back the number."""
    x = numbers(0.1, 0.3, 0.7)
    before = x.clone()

    def square(z):
        return (z**2).sum()

    def double(z):
        return 2 * z

    function(env, "grad_check")(square, double, x)
    unchanged(before, x, what="x")


@test_case(points=1)
def grad_check_refuses_what_does_not_fit(env):
    """A gradient that is a column, a step that is not positive, an empty x."""
    grad_check = function(env, "grad_check")

    def square(z):
        return (z**2).sum()

    def double(z):
        return 2 * z

    def double_as_a_column(z):
        return (2 * z).reshape(-1, 1)

    column = "grad_check must raise ValueError when grad(x) has another shape than x, here (2, 1) and (2,)."
    raises(ValueError, grad_check, square, double_as_a_column, numbers(1.0, 1.0), claim=column)
    raises(ValueError, grad_check, square, double, numbers(1.0), 0.0, claim="grad_check must raise ValueError for h = 0.")
    raises(ValueError, grad_check, square, double, numbers(), claim="grad_check must raise ValueError for an empty x.")
