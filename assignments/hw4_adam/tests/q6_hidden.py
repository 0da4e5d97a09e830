import math

import torch
from otter.test_files import test_case

from checks import close, equal, function, returned, rng, that

# A product of three 2 × 2 matrices, or of H and w, in float64.
TURN_RTOL = 1e-9
TURN_ATOL = 1e-9


@test_case(points=2, hidden=True)
def turning_changes_directions_and_no_lengths(env):
    """For any angle: the eigenvalues stay h, the eigenvectors turn, and the loss at the start stays the same."""
    rotated_quadratic = function(env, "rotated_quadratic")
    draw = rng()
    for _ in range(4):
        h = torch.rand(2, generator=draw, dtype=torch.float64) + torch.tensor([2.0, 0.5], dtype=torch.float64)
        angle = float(torch.rand((), generator=draw, dtype=torch.float64)) * 2 + 0.4
        H, w0 = returned(rotated_quadratic(h, angle), "H", "w0")
        first = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        second = torch.tensor([-math.sin(angle), math.cos(angle)], dtype=torch.float64)
        claim = (
            "H must have the eigenvalue h[0] in the direction (cos, sin) and h[1] in the direction (-sin, cos). To see it: print "
            "torch.linalg.eigh(H) for an angle of your own."
        )
        expected = h[0] * torch.outer(first, first) + h[1] * torch.outer(second, second)
        close(H, expected, rtol=TURN_RTOL, atol=TURN_ATOL, what="H", claim=claim)
        claim = "w0 must be R (1, 1)ᵀ for every angle. To see it: print w0 @ H @ w0 for several angles; it must not change."
        close(w0, first + second, rtol=TURN_RTOL, atol=TURN_ATOL, what="w0", claim=claim)


@test_case(points=2, hidden=True)
def the_update_sees_the_gradient_where_it_stands(env):
    """update gets the current w, its gradient Hw, and t = 1, 2, 3, ..., as often as steps are counted."""
    steps_to_tol = function(env, "steps_to_tol")
    draw = rng()
    root = torch.randn(3, 3, generator=draw, dtype=torch.float64)
    H, w0 = root @ root.T + 8 * torch.eye(3, dtype=torch.float64), torch.randn(3, generator=draw, dtype=torch.float64)
    w0 = 2 * w0 / w0.norm()  # f(w0) is at least 16: a tolerance that is not relative always shows
    seen = []
    now = [w0.clone()]

    def halve(w, g, t):
        seen.append((w.clone(), g.clone(), t))
        now.append(0.5 * now[-1])
        return now[-1].clone()

    count = steps_to_tol(halve, H, w0, tol=0.5**9)
    claim = (
        "update must be called with the current w, the gradient H @ w at that w, and t = 1, 2, 3, ... To see it: pass an update that "
        "prints its arguments and returns w / 2."
    )
    counted = "Halving w divides the loss by four, and the count must follow. To see it: use the update lambda w, g, t: w / 2."
    equal(count, 5, what="the count", claim=counted)
    called = "update must be called exactly as often as steps are counted. To see it: count the calls in an update of your own."
    that(len(seen) == 5, called, f"{len(seen)} calls for 5 steps.")
    for k, (w, g, t) in enumerate(seen):
        equal(t, k + 1, what="t", claim=claim)
        close(w, now[k], rtol=TURN_RTOL, atol=TURN_ATOL, what="w", claim=claim)
        close(g, H @ now[k], rtol=TURN_RTOL, atol=TURN_ATOL, what="g", claim=claim)


@test_case(points=1, hidden=True)
def the_limits_belong_to_the_count(env):
    """Exactly `cap` updates still count, one fewer gives None, and a start that is good enough takes no update."""
    steps_to_tol = function(env, "steps_to_tol")
    H = torch.diag(torch.rand(2, generator=rng(), dtype=torch.float64) + 4)
    w0 = torch.ones(2, dtype=torch.float64)

    calls = []

    def halve_it(w, g, t):
        calls.append(t)
        return 0.5 * w

    claim = (
        "A run that arrives with exactly cap updates must be counted; with one update fewer allowed, the result is None. To see it: use "
        "the update lambda w, g, t: w / 2 with tol=0.002, and cap=5 or cap=4."
    )
    equal(steps_to_tol(halve_it, H, w0, tol=0.5**9, cap=5), 5, what="the count", claim=claim)
    calls.clear()
    equal(steps_to_tol(halve_it, H, w0, tol=0.5**9, cap=4), None, what="the count", claim=claim)
    called = "update must not be called more than cap times. To see it: count the calls in an update of your own, with cap=4."
    that(len(calls) <= 4, called, f"{len(calls)} calls with cap=4.")
    claim = "With tol = 1 the start itself is good enough, and the count must be 0. To see it: call steps_to_tol with tol=1.0."
    equal(steps_to_tol(halve_it, H, w0, tol=1.0), 0, what="the count", claim=claim)
