import math

from otter.test_files import test_case

from checks import equal, function, raises, that

SPACE = {
    "lr": {"scale": "log", "low": 1e-4, "high": 1.0},
    "dropout": {"scale": "linear", "low": 0.1, "high": 0.6},
    "width": {"scale": "choice", "values": [32, 64, 128]},
}
# exp(log(x)) may differ from x in the last digits.
SLACK = 1e-9


def points_of(sample_trials, space, n, seed):
    points = sample_trials(space, n, seed)
    that(
        isinstance(points, list | tuple) and len(points) == n,
        f"sample_trials must return a list of n = {n} points.",
        f"Returned {type(points).__name__}" + (f" of length {len(points)}." if hasattr(points, "__len__") else "."),
    )
    for point in points:
        that(
            isinstance(point, dict) and set(point) == set(space),
            "Every point must be a dictionary with the hyperparameters of the space as keys.",
            f"Got {point}.",
        )
    return points


def fullest_bin(values, entry, bins):
    """The largest number of values in one of `bins` equal parts of the range, on the range's own scale."""
    warp = math.log if entry["scale"] == "log" else float
    low, high = warp(entry["low"]), warp(entry["high"])
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, int(bins * (warp(value) - low) / (high - low))))] += 1
    return max(counts)


@test_case(points=2)
def points_lie_in_their_ranges(env):
    """Five and sixteen points: each value between low and high, each choice one of the values."""
    sample_trials = function(env, "sample_trials")
    for n in (5, 16):
        for point in points_of(sample_trials, SPACE, n, 0):
            for name in ("lr", "dropout"):
                low, high = SPACE[name]["low"], SPACE[name]["high"]
                inside = isinstance(point[name], int | float) and low * (1 - SLACK) <= point[name] <= high * (1 + SLACK)
                that(inside, f"Every value of {name} must be a number between {low:g} and {high:g}.", f"Got {point[name]}.")
            that(point["width"] in (32, 64, 128), "Every width must be one of the values of the choice.", f"Got {point['width']}.")


@test_case(points=2)
def every_range_is_covered_evenly_on_its_own_scale(env):
    """64 points: of 64 equal parts of each range (equal in the logarithm for a log scale) none holds more than two."""
    sample_trials = function(env, "sample_trials")
    space = {"lr": SPACE["lr"], "dropout": SPACE["dropout"], "decay": {"scale": "log", "low": 0.01, "high": 3.0}}
    for seed in (0, 1):
        points = points_of(sample_trials, space, 64, seed)
        for name, entry in space.items():
            fullest = fullest_bin([p[name] for p in points], entry, 64)
            claim = (
                f"64 points must cover the range of {name} evenly on its {entry['scale']} scale: cut it into 64 parts, and none may hold "
                "more than "
                "two. Independent random draws, grids and the wrong scale do not do that."
            )
            that(fullest <= 2, claim, f"With seed {seed}, one part holds {fullest} of the 64 points.")


@test_case(points=1)
def the_seed_decides(env):
    """The same seed gives the same points again, another seed gives others."""
    sample_trials = function(env, "sample_trials")
    first, again, other = (points_of(sample_trials, SPACE, 8, seed) for seed in (7, 7, 8))
    that(first == again, "Two calls with the same seed must give the same points: use a generator of your own, not the global one.")
    that([p["lr"] for p in first] != [p["lr"] for p in other], "Another seed must give other points.")


@test_case(points=1)
def nonsense_is_refused(env):
    """No points, low and high exchanged, a log scale from zero, an unknown scale."""
    sample_trials = function(env, "sample_trials")
    raises(ValueError, sample_trials, SPACE, 0, 0, claim="sample_trials must raise ValueError for n = 0.")
    for entry in (
        {"scale": "linear", "low": 2.0, "high": 1.0},
        {"scale": "linear", "low": 1.0, "high": 1.0},
        {"scale": "log", "low": 0.0, "high": 1.0},
        {"scale": "quadratic", "low": 0.5, "high": 1.0},
        {"scale": "choice", "values": []},
    ):
        raises(ValueError, sample_trials, {"a": entry}, 4, 0, claim=f"sample_trials must raise ValueError for the range {entry}.")
    equal(len(points_of(sample_trials, SPACE, 1, 0)), 1, what="the number of points for n = 1")
    claim = "A choice of a single value is allowed: every point gets it."
    equal(points_of(sample_trials, {"a": {"scale": "choice", "values": [32]}}, 2, 0), [{"a": 32}] * 2, what="the points", claim=claim)
