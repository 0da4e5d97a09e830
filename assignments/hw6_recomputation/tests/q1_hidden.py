import torch
from otter.test_files import test_case

from checks import close, function, rng

EXACT_HIDDEN = 1e-12  # whole numbers below 2^53


def some_sizes():
    """s, b, d, a, L: small, and no two of them equal in general; the width is a times d."""
    draw = rng()
    return [int(torch.randint(low, high, (), generator=draw)) for low, high in ((30, 60), (2, 7), (8, 15), (3, 6), (16, 29))]


@test_case(points=2, hidden=True)
def the_sizes_of_numbers_and_masks_count_separately(env):
    """Numbers of 4 and masks of 4 bytes, as float32 on the CPU; numbers of 8 and masks of 1."""
    activation_bytes = function(env, "activation_bytes")
    s, b, d, a, L = some_sizes()
    h = a * d
    claim = (
        "value_bytes must be the size of every stored number and mask_bytes that of every entry of the three dropout masks, in "
        "every mode. To see it: "
        "print activation_bytes for one block with (value_bytes, mask_bytes) = (2, 1), (3, 1) and (2, 2), and compare the differences "
        "with the table's entries."
    )
    for v, m in ((4, 4), (8, 1)):
        numbers = {"none": 16 * s * b * h + 2 * a * s * s * b, "selective": 16 * s * b * h, "full": s * b * h}
        masks = {"none": 2 * s * b * h + a * s * s * b, "selective": 2 * s * b * h, "full": 0}
        for mode in numbers:
            got = activation_bytes(s, b, h, a, L, mode, value_bytes=v, mask_bytes=m)
            close(got, L * (v * numbers[mode] + m * masks[mode]), rtol=EXACT_HIDDEN, what=f"bytes for '{mode}'", claim=claim)


@test_case(points=1, hidden=True)
def a_wider_mlp_and_an_untied_head_add_their_matrices(env):
    """d_ff and tied each change one term."""
    param_count = function(env, "param_count")
    _, _, h, V, L = some_sizes()
    claim = (
        "param_count must add 2h for each unit of d_ff in every block, and V h once more when the head is not tied. To see it: "
        "compare two calls that differ in d_ff or tied alone."
    )
    tied = L * (4 * h * h + 2 * h * 50 + 4 * h) + 2 * h + V * h
    close(param_count(V, h, L, d_ff=50), tied, rtol=EXACT_HIDDEN, what="the number of parameters", claim=claim)
    close(param_count(V, h, L, d_ff=50, tied=False), tied + V * h, rtol=EXACT_HIDDEN, what="the number of parameters", claim=claim)


@test_case(points=2, hidden=True)
def work_is_three_forwards_and_what_is_recomputed(env):
    """Every matrix product of a block, one by one: twice the product of its three extents, for each of them."""
    step_flops = function(env, "step_flops")
    s, b, d, a, L = some_sizes()
    h = a * d
    core = b * a * (2 * s * d * s + 2 * s * s * d)
    maps = b * s * (2 * h * 3 * h + 2 * h * h + 2 * h * 4 * h + 2 * 4 * h * h)
    claim = (
        "A step must cost three forward passes of the matrix products, plus the recomputed ones: all of them for 'full', those "
        "of softmax(q kᵀ) v for "
        "'selective'. To see it: for L = 1 and b = 1, list the products of a block with their shapes and add them up."
    )
    for mode, again in (("none", 0), ("selective", core), ("full", maps + core)):
        close(
            step_flops(s, b, h, L, mode),
            L * (3 * (maps + core) + again),
            rtol=EXACT_HIDDEN,
            what=f"operations for '{mode}'",
            claim=claim,
        )
