import math

from otter.test_files import test_case

from checks import close, equal, function, raises, that

# Counts divided by counts, and areas of rectangles, in float64.
RTOL = 1e-12

TIMES = {
    "A": {"digits": 100.0, "letters": 400.0, "signs": 90.0, "faces": math.inf},
    "B": {"digits": 200.0, "letters": 100.0, "signs": 90.0, "faces": math.inf},
    "C": {"digits": 150.0, "letters": math.nan, "signs": 270.0, "faces": math.inf},
}


def row_of(table, name):
    that(isinstance(table, dict) and name in table, f"The result must be a dictionary with an entry for algorithm {name}.")
    return table[name]


@test_case(points=1)
def the_profile_counts_workloads_within_tau_of_the_best(env):
    """Three algorithms, four workloads, one of which nobody solves: it stays in the denominator."""
    profile = function(env, "performance_profile")(TIMES, [1.0, 1.5, 2.0, 3.0, 4.0])
    expected = {"A": [0.5, 0.5, 0.5, 0.5, 0.75], "B": [0.5, 0.5, 0.75, 0.75, 0.75], "C": [0.0, 0.25, 0.25, 0.5, 0.5]}
    for name, fractions in expected.items():
        claim = (
            f"The profile of {name} at tau = 1, 1.5, 2, 3, 4 must be the fraction of all four workloads with time <= tau times the best "
            "time."
        )
        close(row_of(profile, name), fractions, rtol=RTOL, what=f"the profile of {name}", claim=claim)
    equal(sorted(profile), ["A", "B", "C"], what="the algorithms", claim="The profile must have one entry for each algorithm.")


@test_case(points=1)
def tables_with_holes_are_refused(env):
    """Missing workloads, times that are not positive, tau below 1, and an empty table raise ValueError."""
    performance_profile = function(env, "performance_profile")
    one = {"A": {"x": 1.0, "y": 2.0}, "B": {"x": 1.0, "y": 2.0}}
    for times, taus in (
        ({**one, "C": {"x": 1.0}}, [1.0]),
        ({**one, "C": {"x": 0.0, "y": 1.0}}, [1.0]),
        (one, [0.9, 2.0]),
        ({}, [1.0]),
        ({"A": {}}, [1.0]),
    ):
        claim = "performance_profile must raise ValueError for a missing workload, a time <= 0, a tau < 1, and no algorithms or workloads."
        raises(ValueError, performance_profile, times, taus, claim=claim)


@test_case(points=2)
def the_score_is_the_exact_area(env):
    """Between tau = 1 and 4: A is at 0.5 throughout, B at 0.5 up to 2 and then at 0.75, C at 0, 0.25 from 1.5 and 0.5 from 3."""
    profile_score = function(env, "profile_score")
    scores = profile_score(TIMES, 4.0)
    expected = {"A": 0.5, "B": (0.5 * 1 + 0.75 * 2) / 3, "C": (0.25 * 1.5 + 0.5 * 1) / 3}
    for name, score in expected.items():
        claim = (
            f"The score of {name} must be the area under its profile from 1 to 4 divided by 3. The profile is a step function: add up "
            "rectangles."
        )
        close(row_of(scores, name), score, rtol=RTOL, what=f"the score of {name}", claim=claim)
    raises(ValueError, profile_score, TIMES, 1.0, claim="profile_score must raise ValueError for tau_max = 1.")
