import math

import torch
from otter.test_files import test_case

from checks import function, rng, that


def drawn_space(draw):
    """A log range over two to four decades and a linear one that may be negative."""
    a, b, c = torch.rand(3, generator=draw, dtype=torch.float64).tolist()
    low = 10 ** (-4 + a)
    return {
        "log range": {"scale": "log", "low": low, "high": low * 10 ** (2 + 2 * b)},
        "linear range": {"scale": "linear", "low": -3 + 2 * c, "high": 1 + 2 * b},
    }


def unit(value, entry):
    """The place of a value in its range, between 0 and 1, on the range's own scale."""
    warp = math.log if entry["scale"] == "log" else float
    return (warp(value) - warp(entry["low"])) / (warp(entry["high"]) - warp(entry["low"]))


@test_case(points=2, hidden=True)
def the_points_do_not_lie_on_a_line(env):
    """Two hyperparameters must not move together: their places in their ranges are nearly uncorrelated."""
    sample_trials = function(env, "sample_trials")
    draw = rng()
    space = drawn_space(draw)
    seed = int(torch.randint(1000, (), generator=draw))
    for names in (list(space), list(reversed(space))):
        points = sample_trials({name: space[name] for name in names}, 64, seed)
        places = torch.tensor([[unit(p[name], space[name]) for name in names] for p in points], dtype=torch.float64)
        correlation = abs(torch.corrcoef(places.T)[0, 1].item())
        # A Latin hypercube of 64 points has a correlation of 0.125 in the mean square: 0.8 is more than six times as much.
        claim = (
            "Two hyperparameters must not follow each other: with 64 points, the correlation of their places in their ranges must stay "
            "below 0.8 in absolute value. To see it: plot one against the other."
        )
        that(not correlation > 0.8, claim, f"Correlation {correlation:.2f}.")


@test_case(points=1, hidden=True)
def choices_get_equal_shares(env):
    """192 points of a choice of three: 64 for each, give or take three."""
    sample_trials = function(env, "sample_trials")
    seed = int(torch.randint(1000, (), generator=rng()))
    # Sobol points and Latin hypercubes miss an equal share by at most one or two; independent draws miss it by six or seven.
    for offset in range(4):
        drawn = [p["kind"] for p in sample_trials({"kind": {"scale": "choice", "values": ["a", "b", "c"]}}, 192, seed + offset)]
        claim = (
            "The values of a choice must get equal shares, up to three trials of 192. To see it: count them; rounding to the nearest "
            "value, for "
            "example, gives the first and the last only half of their share."
        )
        that(all(abs(drawn.count(value) - 64) <= 3 for value in "abc"), claim, f"Shares: {[drawn.count(v) for v in 'abc']}.")


@test_case(points=1, hidden=True)
def any_range_is_covered_from_end_to_end(env):
    """Ranges drawn afresh: of 256 points none leaves its range, and the lowest and the highest eighth hold about 32 each."""
    sample_trials = function(env, "sample_trials")
    draw = rng()
    # Even points miss 32 by one to three; the number of independent draws in an eighth scatters by more than five.
    for _ in range(8):
        space = drawn_space(draw)
        points = sample_trials(space, 256, int(torch.randint(1000, (), generator=draw)))
        for name, entry in space.items():
            places = [unit(p[name], entry) for p in points]
            claim = (
                f"256 points of a {name} must stay in it and reach both ends: 28 to 36 of them in the lowest and in the highest eighth. "
                "To see it: sample a range of your own, also one with a negative end, and sort the values."
            )
            inside = all(-1e-9 <= u <= 1 + 1e-9 for u in places)
            ends = sum(u < 1 / 8 for u in places), sum(u > 7 / 8 for u in places)
            that(inside and all(28 <= count <= 36 for count in ends), claim, f"In the outer eighths: {ends}.")
