import torch
from otter.test_files import test_case

from checks import close, function, raises


@test_case(points=0.25)
def two_vectors_are_added_entry_by_entry(env):
    """(1, 2, 3) + (10, 20, 30)."""
    add = function(env, "add")
    a, b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0])
    close(add(a, b), torch.tensor([11.0, 22.0, 33.0]), rtol=1e-6, what="the sum")


@test_case(points=0.5)
def shapes_that_differ_are_refused(env):
    """A vector of 3 numbers and a column of 3 numbers: `+` makes a 3×3 table of them without a word."""
    a = torch.tensor([1.0, 2.0, 3.0])
    claim = (
        "add must raise ValueError when the shapes differ. Here a has shape (3,) and b has shape (3, 1); `+` stretches both to a table "
        "of 3×3 numbers. Compare a.shape with b.shape first, and raise ValueError with a sentence that names both."
    )
    raises(ValueError, function(env, "add"), a, a.reshape(3, 1), claim=claim)
