import torch
from otter.test_files import test_case

from checks import close, equal, function, returned, rng

# Textbook values of the one-sided 95 % point of Student's t, for 2 to 7 degrees of freedom.
T = {2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895}
HIDDEN_RTOL = 1e-9


@test_case(points=2, hidden=True)
def the_margin_follows_welch_for_unequal_seeds(env):
    """Four to eight seeds a side, drawn afresh: gain, margin, and the decision on either side of the margin."""
    should_launch = function(env, "should_launch")
    draw = rng()
    for m, n in ((4, 8), (8, 4), (5, 5), (3, 6)):
        base = (0.30 + 0.02 * torch.randn(m, generator=draw, dtype=torch.float64)).tolist()
        new = (0.25 + 0.04 * torch.randn(n, generator=draw, dtype=torch.float64)).tolist()
        b, c = torch.tensor(base, dtype=torch.float64), torch.tensor(new, dtype=torch.float64)
        margin = T[min(m, n) - 1] * (b.var() / m + c.var() / n).sqrt().item()
        for wanted in (0.9 * margin, 1.1 * margin):
            shifted = (c - c.mean() + b.mean() - wanted).tolist()
            launch, gain, got = returned(should_launch(base, shifted), "launch", "gain", "margin")
            claim = (
                "gain and margin must follow the prompt's formula, also for different numbers of seeds: each variance is divided by its "
                "own number "
                "of seeds, and t is taken for the smaller number minus one. To see it: compare with torch.var on two lists of your own."
            )
            close(got, margin, rtol=HIDDEN_RTOL, what="margin", claim=claim)
            close(gain, wanted, rtol=HIDDEN_RTOL, atol=1e-12, what="gain", claim=claim)
            equal(
                launch, wanted > margin, what="launch", claim="launch must be True exactly when the gain exceeds the margin and the cost."
            )
