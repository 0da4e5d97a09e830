import torch
from otter.test_files import test_case

from checks import Invalid, close, function, probe, raises, that

# A handful of sums and products in float64.
RTOL = 1e-12
KEYS = ("z1", "z2", "f", "df_dz2", "df_dz1", "df_dw", "grad")


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def passed(call, *args):
    """The dictionary that came back, after a look at its keys."""
    result = call(*args)
    if not isinstance(result, dict) or set(KEYS) - set(result):
        missing = [key for key in KEYS if key not in result] if isinstance(result, dict) else list(KEYS)
        raise Invalid(f"lstsq_backward must return a dictionary with the keys {', '.join(KEYS)}; missing: {', '.join(missing)}.")
    return result


def example():
    return numbers(1.0, 2.0, 3.0, 4.0, 5.0, 6.0).reshape(3, 2), numbers(1.0, 0.0, 2.0), numbers(1.0, -1.0)


@test_case(points=2)
def forward_the_residual_its_square_and_half_of_it(env):
    """X = (1 2; 3 4; 5 6), y = (1, 0, 2), w = (1, −1): the residual is (−2, −1, −3)."""
    result = passed(function(env, "lstsq_backward"), *example())
    close(result["z1"], numbers(-2.0, -1.0, -3.0), rtol=RTOL, what="z1", claim="z1 must be Xw − y.")
    close(
        result["z2"],
        torch.tensor(14.0, dtype=torch.float64),
        rtol=RTOL,
        what="z2",
        claim="z2 must be the sum of the squares of z1: 14 here.",
    )
    close(
        result["f"],
        torch.tensor(7.0, dtype=torch.float64),
        rtol=RTOL,
        what="f",
        claim="f must be half of z2, a sum and not a mean: 7 here.",
    )


@test_case(points=3)
def backward_rows_and_then_the_gradient(env):
    """The derivatives in z1 and in w are rows, 1×3 and 1×2; the gradient is a vector."""
    result = passed(function(env, "lstsq_backward"), *example())
    close(
        result["df_dz2"], torch.tensor(0.5, dtype=torch.float64), rtol=RTOL, what="df_dz2", claim="∂f/∂z2 must be ½, a tensor of shape ()."
    )
    claim = "∂f/∂z1 must be the row ½ · 2 z1ᵀ = z1ᵀ."
    close(result["df_dz1"], numbers(-2.0, -1.0, -3.0).reshape(1, 3), rtol=RTOL, what="df_dz1", claim=claim)
    expected = numbers(-2.0 - 3.0 - 15.0, -4.0 - 4.0 - 18.0)
    close(result["df_dw"], expected.reshape(1, 2), rtol=RTOL, what="df_dw", claim="∂f/∂w must be the row z1ᵀX.")
    close(result["grad"], expected, rtol=RTOL, what="grad", claim="grad must be the row df_dw as a vector.")


@test_case(points=1)
def a_column_of_targets_is_refused(env):
    """With y of shape (3, 1), Xw − y would be a 3×3 table; also w must have one entry for each column of X."""
    X, y, w = example()
    call = function(env, "lstsq_backward")
    claim = "lstsq_backward must raise ValueError when y is a column (3, 1): Xw − y would be a 3×3 table of differences."
    raises(ValueError, call, X, y.reshape(3, 1), w, claim=claim)
    raises(ValueError, call, X, y, w.reshape(2, 1), claim="lstsq_backward must raise ValueError when w is a column (2, 1).")
    raises(ValueError, call, X, y, numbers(1.0, 2.0, 3.0), claim="lstsq_backward must raise ValueError when w does not fit X.")


@test_case(points=1)
def the_least_squares_gradient_is_made_by_hand(env):
    """No call of torch's own derivatives."""
    function(env, "lstsq_backward")
    used = probe(env, "by_hand", "lstsq_backward", *example())
    that(not used, f"This question is by hand; lstsq_backward used {', '.join(used)}.")
