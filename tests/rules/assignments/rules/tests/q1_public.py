import math

import numpy as np
import torch
from otter.test_files import test_case

from checks import CheckFailed, close, counting, devices, equal, function, probe, raises, that


@test_case(points=1)
def plain_values_arrive_as_they_are(env):
    sent = (None, True, 7, -1.5, math.inf, 1 << 80, "text é", [1, [2]], (3,), {"a": 1, 2: "b"})
    got, named = env["echo"](*sent, key=4)
    that(got == sent and named == {"key": 4}, "values must arrive as they were sent", f"{got} {named}")
    that(math.isnan(env["echo"](math.nan)[0][0]), "NaN must arrive as NaN")


@test_case(points=1)
def tensors_arrive_with_dtype_shape_and_requires_grad(env):
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.complex128):
        x = torch.ones(2, 3).to(dtype)
        (got,), _ = env["echo"](x)
        that(got.dtype is dtype and got.shape == (2, 3) and bool((got == x).all()), f"{dtype} must arrive as it is")
    that(env["tracked"](torch.ones(2, requires_grad=True)).requires_grad, "requires_grad must arrive")
    that(env["echo"](torch.empty(0, 3))[0][0].shape == (0, 3), "an empty tensor must keep its shape")


@test_case(points=1)
def a_result_that_is_an_argument_is_that_argument(env):
    x, y = torch.ones(2), torch.ones(2)
    that(env["first"](x, y) is x, "a returned argument must be the very object")
    that(env["add_one_"](x) is x, "an argument changed in place and returned must be the very object")


@test_case(points=1)
def tensors_are_changed_in_place(env):
    x = torch.zeros(3)
    view = x.view(3)
    env["add_one_"](x)
    that(x.tolist() == [1, 1, 1] and view.tolist() == [1, 1, 1], "an in-place change must be seen by the caller and its views")


@test_case(points=1)
def a_leaf_that_requires_grad_is_changed_in_place_and_stays_a_leaf(env):
    w = torch.zeros(2, requires_grad=True)
    env["add_one_"](w)
    that(w.is_leaf and w.requires_grad and w.tolist() == [1, 1], "the parameter must be changed and stay a leaf")


@test_case(points=1)
def lists_are_extended_in_place(env):
    values = [torch.ones(2)]
    first = values[0]
    result = env["extend"](values, 3)
    that(result is values and len(values) == 3, "a list argument must be extended in place")
    that(values[0] is first, "elements that were there must be the same objects")


@test_case(points=1)
def new_objects_keep_their_identity_over_two_calls(env):
    state = []
    env["extend"](state, 1)
    kept = state[0]
    env["add_one_"](kept)
    that(state[0] is kept and kept.tolist() == [1, 1], "a state list must keep its tensors from call to call")


@test_case(points=1)
def dictionaries_are_changed_in_place(env):
    table = {"a": 1}
    env["remember"](table, "x", 2.5)
    that(table == {"a": 1, "x": 2.5}, "a dictionary argument must be changed in place")


@test_case(points=1)
def an_argument_given_twice_is_one_object(env):
    x = torch.zeros(2)
    (a, b), _ = env["echo"](x, x)
    that(a is x and b is x, "the same tensor given twice must be one tensor")


@test_case(points=1)
def an_argument_may_change_its_shape(env):
    x = torch.zeros(2)
    env["reshape_"](x)
    that(x.shape == (4,), "a resized argument must be resized for the caller")


@test_case(points=1)
def built_in_exceptions_are_themselves(env):
    refuse = function(env, "refuse")
    for text, kind in [("value", ValueError), ("type", TypeError), ("zero", ZeroDivisionError), ("index", IndexError)]:
        raises(kind, refuse, text)


@test_case(points=1)
def exceptions_of_the_submissions_own_are_reported_by_name(env):
    try:
        function(env, "strange")()
    except CheckFailed as failure:
        that("Strange" in failure.claim and failure.outcome == "error", "the exception's name must be told", str(failure))
    else:
        that(False, "an exception must not vanish")


@test_case(points=1)
def callables_are_called_back(env):
    seen = []

    def square(x):
        seen.append(x)
        return x * x

    x = torch.tensor([1.0, 2.0])
    close(env["apply"](square, x), torch.tensor([1.0, 4.0]), rtol=1e-6)
    that(len(seen) == 1, "the callable must have been called once")
    equal(env["apply_many"](lambda v: 2 * v, 3), [0.0, 2.0, 4.0])


@test_case(points=1)
def an_exception_of_a_callable_passes_through(env):
    def refuse(x):
        raise ValueError("not this one")

    raises(ValueError, function(env, "apply"), refuse, 1.0)


@test_case(points=1)
def a_callable_may_change_its_argument_in_place(env):
    def clear(x):
        x.zero_()

    got = env["overwrite_through"](clear, torch.ones(2))
    close(got, torch.zeros(2), rtol=0, atol=0)


@test_case(points=1)
def numpy_arrays_arrive_as_arrays(env):
    got = env["array"](3)
    that(isinstance(got, np.ndarray) and got.tolist() == [0, 1, 2], "a NumPy array must arrive as one")
    that(env["echo"](np.float64(2.5))[0][0] == 2.5, "a NumPy number must arrive")


@test_case(points=1)
def several_results_arrive_in_their_container(env):
    left, right = env["halves"](torch.tensor([1.0, 2.0, 3.0]))
    that(left.tolist() == [1.0] and right.tolist() == [2.0, 3.0], "views must arrive with their own values")


@test_case(points=1)
def probes_run_beside_the_submission(env):
    close(probe(env, "gradient", torch.ones(3)), 2 * torch.ones(3), rtol=1e-6)
    equal(probe(env, "object_of_the_submission"), "Strange")


@test_case(points=1)
def a_missing_name_is_invalid_and_says_so(env):
    try:
        function(env, "no_such_function")
    except CheckFailed as failure:
        that(failure.outcome == "invalid" and "not defined" in failure.claim, "a missing name must be told", str(failure))
    else:
        that(False, "a missing name must not be callable")


@test_case(points=1)
def a_name_that_is_no_function_is_invalid(env):
    try:
        function(env, "not_a_function")
    except CheckFailed as failure:
        that(failure.outcome == "invalid" and "int" in failure.claim, "the type must be told", str(failure))
    else:
        that(False, "a number must not be callable")


@test_case(points=1)
def tensors_on_a_device_stay_there(env):
    for device in devices():
        x = torch.tensor([1.0, 2.0], dtype=torch.float64, device=device)
        (got,), _ = env["echo"](x)
        that(got is x, "the same tensor must come back")
        left, right = env["halves"](x)
        that(left.device == x.device and right.cpu().tolist() == [2.0], "results on the device must arrive there")
        env["add_one_"](x)
        that(x.cpu().tolist() == [2.0, 3.0], "an in-place change on the device must be seen")


@test_case(points=1)
def devices_that_meet_are_an_error(env):
    if "sim" in devices():
        x = torch.ones(2, device="sim")
        try:
            function(env, "mixed")(x)
        except CheckFailed as failure:
            that("same device" in failure.detail, "the error must be the one that CUDA raises", str(failure))
        else:
            that(False, "mixing devices must be an error")


@test_case(points=1)
def what_happens_on_the_device_is_counted(env):
    if "sim" in devices():
        x = torch.ones(1000, dtype=torch.float64, device="sim")
        with counting(env) as counts:
            env["read_twice"](x)
        equal(counts.synchronizations, 2)
        that(counts.peak - counts.start >= 8000, "the bytes of a temporary must be counted", str(counts.peak - counts.start))
        with counting(env) as counts:
            env["add_one_"](x)
        equal(counts.synchronizations, 0)


@test_case(points=1)
def memory_of_the_device_can_be_limited(env):
    if "sim" in devices():
        x = torch.ones(1000, dtype=torch.float64, device="sim")
        try:
            with counting(env, capacity=12_000):
                function(env, "read_twice")(x)
        except CheckFailed as failure:
            that("OutOfMemory" in failure.claim, "the error must say so", str(failure))
        else:
            that(False, "more memory than there is must be an error")
