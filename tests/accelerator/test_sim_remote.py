"""With its memory in a process of its own the device gives the same results, and no code beside it changes a count."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("remote_cases.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the grader forks processes")


@pytest.fixture(scope="module")
def outcomes():
    process = subprocess.run(
        [sys.executable, CASES],
        capture_output=True,
        text=True,
        timeout=300,
        env={"PYTHONPATH": ":".join(sys.path), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
    )
    assert process.returncode == 0, process.stderr
    return dict(map(json.loads, process.stdout.splitlines()))


def test_the_grader_counts_what_the_student_does(outcomes):
    """64 floats read once, two tensors of 256 bytes at a time, and one that is left."""
    assert outcomes["honest"] == {
        "value": [[1.0] * 8] * 8,
        "synchronized_by": {"item": 1, "copy to host": 1},
        "to_host": 1,
        "peak": 512,
        "live": 256,
    }


@pytest.mark.parametrize(
    "name",
    [
        "patches_the_module",
        "resets_its_ledger",
        "works_in_a_thread",
        "walks_frames_and_garbage",
        "reads_through_numpy",
        "reads_the_address",
        "sends_frames_of_its_own",
    ],
)
def test_forging_changes_nothing(outcomes, name):
    assert outcomes[name] == outcomes["honest"]


def test_switching_dispatch_off_hides_no_copy(outcomes):
    forged, honest = outcomes["switches_dispatch_off"], outcomes["honest"]
    assert forged["to_host"] >= honest["to_host"]
    assert {**forged, "to_host": 0, "synchronized_by": 0} == {**honest, "to_host": 0, "synchronized_by": 0}


@pytest.mark.parametrize("name", ["makes_a_device_of_its_own", "names_a_handle_that_it_does_not_have"])
def test_a_result_that_is_not_on_the_device_is_no_result_and_reading_the_input_was_counted(outcomes, name):
    assert outcomes[name]["value"] is None
    assert outcomes[name]["synchronized_by"] == {"item": 1, "copy to host": 1}


@pytest.mark.parametrize("name", ["trains", "trains_with_checkpoints", "indexes_and_writes", "draws", "decomposes"])
def test_results_equal_those_of_the_device_in_the_process(outcomes, name):
    assert outcomes[name] is True


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mixed", "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, sim:0 and cpu!"),
        ("memory", "OutOfMemoryError: sim out of memory. Tried to allocate 1.00 GiB."),
        ("shape", "RuntimeError: mat1 and mat2 shapes cannot be multiplied (8x8 and 3x3)"),
        ("not allowed", "NotImplementedError: the operation special_airy_ai is not served by the graded device"),
        ("out of range", "IndexError: index out of range"),
        ("freed", "RuntimeError: the device does not understand the request"),
    ],
)
def test_errors_cross_the_connection(outcomes, name, message):
    assert outcomes["errors"][name].startswith(message)


def test_the_device_goes_on_after_errors(outcomes):
    assert outcomes["errors"]["goes on"]


def test_an_operation_beyond_its_deadline_ends_the_device_and_the_grader_is_told(outcomes):
    assert outcomes["too_long"]["value"] == "DeviceError: the connection to the device is closed"
    assert outcomes["too_long"]["stopped"] == "the connection to the device is closed"
