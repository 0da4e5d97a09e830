import torch
from otter.test_files import test_case

from checks import close, function, raises, returned

# Numbers of size one in float64: 1e-9 leaves room for rounding; powers of beta computed in float32 (6e-8) are too coarse.
RTOL = 1e-9


@test_case(points=2)
def the_raw_average_of_ones_starts_low(env):
    """A series of ones: after t values the raw average is 1 - beta^t, the total weight given out so far."""
    ema = function(env, "ema")
    raw, _ = returned(ema(torch.ones(5, dtype=torch.float64), 0.9), "raw", "corrected")
    expected = torch.tensor([1 - 0.9**t for t in (1, 2, 3, 4, 5)], dtype=torch.float64)
    close(raw, expected, rtol=RTOL, what="raw", claim="The raw average of a series of ones must be 1 - beta^t after t values.")


@test_case(points=2)
def the_corrected_average_of_ones_is_one(env):
    """A series of ones: the corrected average is one from the first value on."""
    ema = function(env, "ema")
    _, corrected = returned(ema(torch.ones(5, dtype=torch.float64), 0.9), "raw", "corrected")
    claim = "The corrected average of a series of ones must be one, to nine digits, after every value, also the first."
    close(corrected, torch.ones(5, dtype=torch.float64), rtol=RTOL, what="corrected", claim=claim)


@test_case(points=1)
def a_short_series_by_hand(env):
    """beta = 1/2 and the values 8, 0, 4: raw 4, 2, 3; the weights sum to 1/2, 3/4, 7/8."""
    ema = function(env, "ema")
    raw, corrected = returned(ema(torch.tensor([8.0, 0.0, 4.0], dtype=torch.float64), 0.5), "raw", "corrected")
    hand = torch.tensor([4.0, 2.0, 3.0], dtype=torch.float64)
    weights = torch.tensor([1 / 2, 3 / 4, 7 / 8], dtype=torch.float64)
    close(raw, hand, rtol=RTOL, what="raw", claim="With beta = 1/2, the raw averages of 8, 0, 4 must be 4, 2, 3.")
    claim = "With beta = 1/2, the corrected averages of 8, 0, 4 must be the raw ones divided by 1/2, 3/4, 7/8."
    close(corrected, hand / weights, rtol=RTOL, what="corrected", claim=claim)


@test_case(points=1)
def beta_must_leave_room_for_the_new_value(env):
    """beta lies in [0, 1): at beta = 1 the series would never be looked at; beta = 0 is allowed, and so is a single value."""
    ema = function(env, "ema")
    for beta in (1.0, 1.5, -0.1):
        raises(ValueError, ema, torch.ones(3, dtype=torch.float64), beta, claim="ema must raise ValueError unless 0 <= beta < 1.")
    x = torch.tensor([3.0], dtype=torch.float64)
    raw, corrected = returned(ema(x, 0.0), "raw", "corrected")
    claim = "With beta = 0 nothing is remembered: both averages of a single value must be that value."
    close(raw, x, rtol=RTOL, what="raw", claim=claim)
    close(corrected, x, rtol=RTOL, what="corrected", claim=claim)
