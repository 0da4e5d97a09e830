import math

from otter.test_files import test_case

from checks import close, equal, function, raises, returned

# Means and roots of a few numbers in float64; the t quantile is given with four digits and taken as it is.
RTOL = 1e-9
ATOL = 1e-12


def verdict(should_launch, base, new, **settings):
    return returned(should_launch(base, new, **settings), "launch", "gain", "margin")


@test_case(points=2)
def the_gain_must_exceed_its_margin(env):
    """Three seeds a side, by hand: gain 0.1, standard error 0.01 sqrt(2/3), t = 2.920."""
    should_launch = function(env, "should_launch")
    launch, gain, margin = verdict(should_launch, [0.31, 0.30, 0.29], [0.21, 0.20, 0.19])
    close(
        gain,
        0.1,
        rtol=RTOL,
        atol=ATOL,
        what="gain",
        claim="The gain must be the mean of base minus the mean of new: errors are better when lower.",
    )
    expected = 2.920 * math.sqrt(1e-4 / 3 + 1e-4 / 3)
    claim = "The margin must be t times the root of var(base)/n + var(new)/n, with unbiased variances (here 1e-4 each) and t for n - 1 = 2."
    close(margin, expected, rtol=RTOL, what="margin", claim=claim)
    equal(launch, True, what="launch", claim="A gain of 0.1 with a margin of 0.024 must launch.")
    launch, _, _ = verdict(should_launch, [0.35, 0.30, 0.25], [0.28, 0.27, 0.26])
    equal(launch, False, what="launch", claim="A gain of 0.03 with a margin of 0.085 must not launch.")
    launch, _, _ = verdict(should_launch, [0.21, 0.20, 0.19], [0.31, 0.30, 0.29])
    equal(launch, False, what="launch", claim="If the new errors are higher, the answer must be no.")
    launch, _, margin = verdict(should_launch, [0.5, 0.5], [0.5, 0.5])
    close(margin, 0.0, rtol=0.0, what="margin", claim="Two seeds a side are enough for a margin, and with equal scores it is 0.")
    equal(launch, False, what="launch", claim="A gain of 0 does not exceed a margin of 0: the answer must be no.")


@test_case(points=1)
def a_gain_must_be_worth_its_complexity(env):
    """Certain but small: a gain of 0.01 that is far above its margin, against costs of 0.005 and 0.02."""
    should_launch = function(env, "should_launch")
    base, new = [0.3000, 0.3001, 0.3002, 0.2999], [0.2900, 0.2901, 0.2902, 0.2899]
    for cost, expected in ((0.005, True), (0.02, False)):
        launch, _, _ = verdict(should_launch, base, new, complexity_cost=cost)
        equal(launch, expected, what="launch", claim=f"With a certain gain of 0.01 and complexity_cost={cost}, launch must be {expected}.")
    launch, _, _ = verdict(should_launch, [0.5, 0.5], [0.25, 0.25], complexity_cost=0.25)
    equal(launch, True, what="launch", claim="A gain of exactly the complexity_cost is worth it: launch must be True.")


@test_case(points=1)
def one_seed_is_no_evidence(env):
    """With a single seed on either side the margin is inf, and the answer no; nonsense raises ValueError."""
    should_launch = function(env, "should_launch")
    for base, new in (([0.5], [0.1, 0.1]), ([0.5, 0.5], [0.1])):
        launch, _, margin = verdict(should_launch, base, new)
        close(margin, math.inf, rtol=0.0, what="margin", claim="With one seed on a side, the margin must be inf: its variance is unknown.")
        equal(launch, False, what="launch", claim="With one seed on a side, the answer must be no.")
    for wrong in (([], [0.1]), ([0.1], []), ([0.1, math.nan], [0.1, 0.2]), ([0.1, 0.2], [0.1, math.inf])):
        raises(
            ValueError,
            should_launch,
            *wrong,
            claim="should_launch must raise ValueError for an empty list and for scores that are not finite.",
        )
    raises(ValueError, should_launch, [0.1, 0.2], [0.1, 0.2], -0.1, claim="should_launch must raise ValueError for complexity_cost < 0.")
