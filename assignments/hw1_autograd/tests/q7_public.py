import torch
from otter.test_files import test_case

from checks import Invalid, close, equal, function, probe, raises, that

# A quadratic in float64: each iteration is one rounding of size 1e-16.
RTOL, ATOL = 1e-9, 1e-12


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def descend(env, *args):
    """gd_torch on L(w) = ½ Σ h (w − c)², after a look at what came back."""
    function(env, "gd_torch")
    found = probe(env, "descend", *args)
    hist = found["hist"]
    lengths = [len(hist[key]) if isinstance(hist, dict) and isinstance(hist.get(key), list) else -1 for key in ("k", "L", "grad_norm")]
    if min(lengths) < 0 or len(set(lengths)) > 1:
        raise Invalid('hist must be {"k": [...], "L": [...], "grad_norm": [...]}, three lists of one length.')
    return found


@test_case(points=2)
def from_five_with_step_one_half_takes_37_entries(env):
    """L = ½w², w0 = 5, eta = ½: w halves, and the 36th update brings the gradient below 1e-10."""
    found = descend(env, numbers(1.0), numbers(0.0), numbers(5.0), 0.5, 80, 1e-10)
    entries = len(found["hist"]["k"])
    equal(
        entries,
        37,
        what="the number of entries",
        claim="From 5 with eta = ½ and eps_grad = 1e-10, hist must have 37 entries: k = 0, ..., 36.",
    )
    equal(list(found["hist"]["k"]), list(range(37)), what='the column hist["k"]', claim='hist["k"] must count 0, 1, 2, ...')
    close(
        found["w"],
        numbers(5 * 0.5**36),
        rtol=RTOL,
        what="w",
        claim="w must be where the iteration stopped, 5 / 2³⁶: no update after the last entry.",
    )


@test_case(points=1)
def each_entry_is_written_before_the_update(env):
    """L = ½ · 2(w − 1)² from w0 = 3 with eta = ¼: w − 1 is 2, then 1, then ½; two iterations."""
    found = descend(env, numbers(2.0), numbers(1.0), numbers(3.0), 0.25, 2)
    close(
        found["hist"]["L"],
        [4.0, 1.0],
        rtol=RTOL,
        what='the column hist["L"]',
        claim='hist["L"] must hold the losses before each update: 4, then 1.',
    )
    claim = 'hist["grad_norm"] must hold the norms of the gradients before each update: 4, then 2.'
    close(found["hist"]["grad_norm"], [4.0, 2.0], rtol=RTOL, what='the column hist["grad_norm"]', claim=claim)
    close(found["w"], numbers(1.5), rtol=RTOL, what="w", claim="After max_iters = 2 iterations w must have been updated twice: 1.5.")
    found = descend(env, numbers(2.0), numbers(1.0), numbers(3.0), 0.25, 9, 2.0)
    claim = "With eps_grad = 2 the loop must stop at the second entry, whose norm is exactly 2, and not update w any more."
    close(found["w"], numbers(2.0), rtol=RTOL, what="w", claim=claim)


@test_case(points=1)
def no_graph_is_dragged_along(env):
    """L_fn is called once in each iteration, with a w that has no history; nothing that comes back has one."""
    found = descend(env, numbers(1.0, 3.0), numbers(0.0, 1.0), numbers(4.0, -2.0), 0.1, 6)
    claim = "In every iteration L_fn must get a w without history: when the update is recorded, the graph grows from step to step."
    that(found["with_history"] == 0, claim, f"{found['with_history']} of {found['calls']} calls had a w with a grad_fn.")
    that(found["calls"] == 6, "L_fn must be called once in each iteration.", f"It was called {found['calls']} times in 6 iterations.")
    claim = "hist must hold plain numbers: a loss tensor keeps its whole graph alive."
    that(found["live"] == 0, claim, f"{found['live']} entries are tensors that require grad.")
    that(not found["w_is_live"], "The returned w must not require grad.")


@test_case(points=1)
def the_start_keeps_its_value(env):
    """The caller's tensor w0 is not the one that moves."""
    found = descend(env, numbers(1.0), numbers(0.0), numbers(5.0), 0.5, 3)
    that(not found["w0_changed"], "gd_torch must leave w0 as it was: detach() alone shares its memory, clone() does not.")


@test_case(points=1)
def steps_without_meaning_are_refused(env):
    """eta = 0 and max_iters = −1."""
    call = function(env, "gd_torch")

    def loss(w):
        return (w**2).sum()

    raises(ValueError, call, loss, numbers(1.0), 0.0, 3, claim="gd_torch must raise ValueError for eta = 0.")
    raises(ValueError, call, loss, numbers(1.0), 0.1, -1, claim="gd_torch must raise ValueError for max_iters = −1.")
