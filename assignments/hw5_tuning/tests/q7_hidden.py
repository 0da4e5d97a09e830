import math

import torch
from otter.test_files import test_case

from checks import close, function, rng, that

FINE = 1e-9


def drawn_times(draw, algorithms=4, workloads=7):
    """Whole steps, some never, with NaN in the first algorithm too: the last workload is never solved by anybody."""
    steps = torch.randint(1, 9, (algorithms, workloads), generator=draw).mul(50).tolist()
    times = {f"algorithm {i}": {f"workload {j}": float(t) for j, t in enumerate(row)} for i, row in enumerate(steps)}
    for i, row in enumerate(times.values()):
        row[f"workload {i}"] = (math.nan, math.inf)[i % 2]
        row[f"workload {workloads - 1}"] = math.inf
    return times


def fraction_by_hand(times, name, tau):
    """One algorithm, one tau, workload by workload."""
    solved = 0
    for workload, time in times[name].items():
        rivals = [row[workload] for row in times.values() if row[workload] < math.inf]
        if rivals and time < math.inf and time <= tau * min(rivals):
            solved += 1
    return solved / len(times[name])


@test_case(points=1, hidden=True)
def any_table_gives_its_profile(env):
    """Tables drawn afresh, with inf, NaN and a workload that nobody solves; times may be smaller than 1."""
    performance_profile = function(env, "performance_profile")
    draw = rng()
    taus = [1.0, 1.3, 2.5, 7.7, 100.0]
    for unit in (1.0, 2.0**-10, 1.0):
        times = {name: {w: unit * t for w, t in row.items()} for name, row in drawn_times(draw).items()}
        profile = performance_profile(times, taus)
        that(isinstance(profile, dict), "performance_profile must return a dictionary.")
        for name in times:
            claim = (
                "A profile must be the fraction of all workloads solved within tau times the best time of any algorithm; inf and NaN are "
                "never solved, "
                "however large tau is. To see it: work out a table of two algorithms and three workloads by hand, with an inf and a NaN "
                "in it."
            )
            close(profile.get(name), [fraction_by_hand(times, name, tau) for tau in taus], rtol=FINE, what="the profile", claim=claim)


@test_case(points=1, hidden=True)
def the_score_adds_up_rectangles(env):
    """The area is computed between the jumps of the profile, and nothing beyond tau_max counts."""
    profile_score = function(env, "profile_score")
    draw = rng()
    for tau_max in (1.7, 3.3, 12.0):
        times = drawn_times(draw)
        ratios = sorted({a[w] / b[w] for a in times.values() for b in times.values() for w in a if a[w] < math.inf and b[w] < math.inf})
        edges = [1.0, *[r for r in ratios if 1 < r < tau_max], tau_max]
        scores = profile_score(times, tau_max)
        that(isinstance(scores, dict), "profile_score must return a dictionary.")
        for name in times:
            area = sum((b - a) * fraction_by_hand(times, name, (a + b) / 2) for a, b in zip(edges, edges[1:], strict=False))
            claim = (
                "The score must be the exact area under the profile from 1 to tau_max, divided by tau_max - 1. To see it: compare with a "
                "sum over a very "
                "fine grid of tau; it must come closer and closer to your number."
            )
            close(scores.get(name), area / (tau_max - 1), rtol=FINE, what="the score", claim=claim)
