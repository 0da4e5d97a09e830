"""The device has to be registered before the first backward pass of the process, so it is imported before any test."""

import pytest
import torch

from autograder import accelerator


@pytest.fixture(autouse=True)
def fresh_state():
    """The device is there also on a machine with CUDA, and every test starts from the same seed."""
    accelerator.register()
    torch.manual_seed(0)


@pytest.fixture
def measured():
    """A ledger that is open during the test."""
    with accelerator.measure() as ledger:
        yield ledger


def pytest_terminal_summary(terminalreporter):
    if not torch.cuda.is_available():
        terminalreporter.write_line("NO CUDA DEVICE: sim has not been compared with a real accelerator", yellow=True, bold=True)
