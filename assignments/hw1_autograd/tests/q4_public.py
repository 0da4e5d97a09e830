import math

import torch
from otter.test_files import test_case

from checks import close, function, probe, raises, returned, that

# Sums of a few terms of size one in float64; the absolute part is for gradients that are zero.
RTOL, ATOL = 1e-9, 1e-12

# A central difference with h = 1e-5: h² f'''/6 and rounding 1e-16/h are both below 1e-9.
DIFFERENCE = 1e-7


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def number(value):
    return torch.tensor(value, dtype=torch.float64)


def normalized(row, eps):
    """One row of N(x), in plain Python."""
    mean = sum(row) / len(row)
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    return [(x - mean) / math.sqrt(variance + eps) for x in row]


@test_case(points=2)
def three_scores_with_known_probabilities(env):
    """Scores 0, log 3 and −log 3 have probabilities 1/2, 3/4 and 1/4; the labels are 0, 1, 1."""
    z, y = numbers(0.0, math.log(3), -math.log(3)), numbers(0.0, 1.0, 1.0)
    loss, dz = returned(function(env, "logistic_loss_and_grad")(z, y), "loss", "dz")
    expected = (math.log(2) + math.log(4 / 3) + math.log(4)) / 3
    close(
        loss,
        number(expected),
        rtol=RTOL,
        what="loss",
        claim="The loss must be the mean of −log σ(z) (label 1) and −log(1 − σ(z)) (label 0).",
    )
    claim = "dz must be the gradient of the mean loss in each score. To see which entries are off, put loss and gradient into grad_check."
    close(dz, numbers(1 / 2, -1 / 4, -3 / 4) / 3, rtol=RTOL, atol=ATOL, what="dz", claim=claim)


@test_case(points=2)
def confident_scores_keep_an_exact_loss(env):
    """One example at a time: −log(1 − σ(800)) is 800, although 1 − σ(800) is 0 in floating point."""
    call = function(env, "logistic_loss_and_grad")
    for z, y, expected, slope in ((800.0, 0.0, 800.0, 1.0), (-1000.0, 1.0, 1000.0, -1.0), (800.0, 1.0, 0.0, 0.0), (30.0, 0.0, 30.0, 1.0)):
        loss, dz = returned(call(numbers(z), numbers(y)), "loss", "dz")
        claim = (
            f"For the score {z:g} with label {y:g} the loss must be {expected:g}, not infinite, NaN or rounded away on the way through σ."
        )
        close(loss, number(expected), rtol=RTOL, atol=ATOL, what="loss", claim=claim)
        close(
            dz,
            numbers(slope),
            rtol=RTOL,
            atol=ATOL,
            what="dz",
            claim=f"For the score {z:g} with label {y:g} the gradient must be {slope:g}.",
        )


@test_case(points=2)
def two_rows_with_known_probabilities(env):
    """Rows with probabilities (1, 2, 5)/8 and (3, 1, 1)/5; the labels are 2 and 1."""
    Z = torch.stack([numbers(0.0, math.log(2), math.log(5)), numbers(math.log(3), 0.0, 0.0)])
    loss, dZ = returned(function(env, "softmax_loss_and_grad")(Z, torch.tensor([2, 1])), "loss", "dZ")
    expected = (math.log(8 / 5) + math.log(5)) / 2
    close(loss, number(expected), rtol=RTOL, what="loss", claim="The loss must be the mean over the rows of −log P[i, labels[i]].")
    claim = "dZ must be the gradient of the mean loss in each score. To see which entries are off, put loss and gradient into grad_check."
    slopes = torch.stack([numbers(1 / 8, 2 / 8, 5 / 8 - 1), numbers(3 / 5, 1 / 5 - 1, 1 / 5)]) / 2
    close(dZ, slopes, rtol=RTOL, atol=ATOL, what="dZ", claim=claim)


@test_case(points=1)
def large_scores_do_not_overflow(env):
    """Adding 1000 to a row changes nothing, and scores 1000 and −1000 give a loss of 2000 for the second class."""
    call = function(env, "softmax_loss_and_grad")
    loss, dZ = returned(call(numbers(1000.0, 1000.0 + math.log(3)).reshape(1, 2), torch.tensor([0])), "loss", "dZ")
    claim = (
        "Scores of 1000 must give what the same scores minus 1000 give: exp(1000) is infinite in floating point, and need not be computed."
    )
    close(loss, number(math.log(4)), rtol=RTOL, what="loss", claim=claim)
    close(dZ, numbers(-3 / 4, 3 / 4).reshape(1, 2), rtol=RTOL, what="dZ", claim=claim)
    loss, dZ = returned(call(numbers(1000.0, -1000.0).reshape(1, 2), torch.tensor([1])), "loss", "dZ")
    close(loss, number(2000.0), rtol=RTOL, what="loss", claim="For the scores (1000, −1000) and the second class, the loss must be 2000.")


@test_case(points=2)
def normalization_agrees_with_central_differences(env):
    """Two rows, eps = 0.5, so large that it matters where it stands."""
    x, g, eps, h = [[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]], [[1.0, 0.0, -2.0], [3.0, 1.0, 1.0]], 0.5, 1e-5
    expected = torch.zeros(2, 3, dtype=torch.float64)
    for i in range(2):
        for j in range(3):
            up, down = list(x[i]), list(x[i])
            up[j] += h
            down[j] -= h
            changes = [a - b for a, b in zip(normalized(up, eps), normalized(down, eps), strict=True)]
            expected[i, j] = sum(w * change for w, change in zip(g[i], changes, strict=True)) / (2 * h)
    got = function(env, "normalize_vjp")(numbers(*sum(x, [])).reshape(2, 3), numbers(*sum(g, [])).reshape(2, 3), eps)
    claim = (
        "normalize_vjp must be the gradient of ⟨g, N(x)⟩, with eps under the root, here 0.5, and with all three paths: directly, "
        "through μ and through s²."
    )
    close(got, expected, rtol=0.0, atol=DIFFERENCE, what="the gradient", claim=claim)


@test_case(points=1)
def moving_a_whole_row_changes_nothing(env):
    """N(x + constant) = N(x), so the entries of every row of the gradient add up to 0."""
    x, g = numbers(1.0, 5.0, 2.0, 0.0, 1.0, 0.5).reshape(2, 3), numbers(1.0, 2.0, 4.0, -1.0, 0.0, 3.0).reshape(2, 3)
    got = function(env, "normalize_vjp")(x, g)
    that(isinstance(got, torch.Tensor) and got.shape == x.shape, "normalize_vjp must return a tensor of the shape of x.")
    sums = [sum(row) for row in got.tolist()]
    claim = "N does not change when a constant is added to a row; so the entries of each row of the gradient must add up to 0."
    close(sums, [0.0, 0.0], rtol=0.0, atol=1e-9, what="the sum of row", claim=claim)


@test_case(points=1)
def what_does_not_fit_is_refused(env):
    """A column of labels, a label of 2, a class that does not exist, one label for two rows, no examples, a g of another shape, eps = 0."""
    logistic, softmax, normalize = (function(env, name) for name in ("logistic_loss_and_grad", "softmax_loss_and_grad", "normalize_vjp"))
    z, Z = numbers(1.0, 2.0), numbers(1.0, 2.0, 3.0, 4.0).reshape(2, 2)
    column = "logistic_loss_and_grad must raise ValueError when y is a column (2, 1): σ(z) − y would be a 2×2 table."
    raises(ValueError, logistic, z, numbers(0.0, 1.0).reshape(2, 1), claim=column)
    raises(ValueError, logistic, z, numbers(0.0, 2.0), claim="logistic_loss_and_grad must raise ValueError for a label of 2.")
    raises(
        ValueError,
        softmax,
        Z,
        torch.tensor([0, 2]),
        claim="softmax_loss_and_grad must raise ValueError for class 2 of two classes 0 and 1.",
    )
    raises(ValueError, softmax, Z, torch.tensor([0, -1]), claim="softmax_loss_and_grad must raise ValueError for class −1.")
    raises(ValueError, softmax, Z, torch.tensor([0]), claim="softmax_loss_and_grad must raise ValueError for one label and two rows.")
    for call, empty in ((logistic, (Z[0, :0], Z[0, :0])), (softmax, (Z[:0], torch.tensor([0])[:0])), (normalize, (Z[:0], Z[:0]))):
        raises(ValueError, call, *empty, claim=f"{call.name} must raise ValueError when there are no examples.")
    raises(ValueError, normalize, Z, z, claim="normalize_vjp must raise ValueError when g has another shape than x.")
    raises(ValueError, normalize, Z, Z, 0.0, claim="normalize_vjp must raise ValueError for eps = 0.")


@test_case(points=1)
def all_three_gradients_are_made_by_hand(env):
    """No call of torch's own derivatives."""
    Z = numbers(1.0, 2.0, 3.0, 5.0).reshape(2, 2)
    for name, args in (
        ("logistic_loss_and_grad", (numbers(1.0, 2.0), numbers(0.0, 1.0))),
        ("softmax_loss_and_grad", (Z, torch.tensor([0, 1]))),
        ("normalize_vjp", (Z, Z.T.contiguous())),
    ):
        function(env, name)
        used = probe(env, "by_hand", name, *args)
        that(not used, f"This question is by hand; {name} used {', '.join(used)}.")
