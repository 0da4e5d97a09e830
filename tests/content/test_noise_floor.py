"""Homework 3 has one statistical case: over ten thousand regrades the reference has the distribution that its tolerance supposes."""

from __future__ import annotations

import runpy

import pytest
import torch

from autograder.content import load_course
from autograder.grading.cases import load_cases

REGRADES = 10_000


@pytest.mark.slow
def test_the_draws_of_the_reference_have_mean_variance_and_extremes_of_uniform_draws() -> None:
    assignment = load_course().assignment("hw3_noise_floor")
    cases = load_cases(assignment.test_source("q1", hidden=True), "tests/q1.py")
    (case,) = (c for c in cases if c.name == "draws_are_uniform_and_with_replacement")
    n, steps, batch, tolerance = (case.body.test_func.__globals__[name] for name in ("VALUES", "STEPS", "BATCH", "MAX_DEVIATION"))
    draw_batches = runpy.run_path(str(assignment.solutions / "reference.py"))["draw_batches"]

    deviations = torch.empty(REGRADES, n, dtype=torch.float64)
    for seed in range(REGRADES):
        idx = draw_batches(n, batch, steps, torch.Generator().manual_seed(seed))
        deviations[seed] = torch.bincount(idx.flatten(), minlength=n).double() / idx.numel() - 1 / n

    variance = 1 / n * (1 - 1 / n) / (steps * batch)
    assert deviations.mean(dim=0).abs().max() < 5 * (variance / REGRADES) ** 0.5
    assert (deviations.var(dim=0) / variance - 1).abs().max() < 5 * (2 / REGRADES) ** 0.5
    assert deviations.abs().max() < 0.8 * tolerance
