"""Whether this machine's GPUs can be shown to students' code: asked of the driver, without a CUDA context."""

from __future__ import annotations

import os

from autograder.content import ContentError

NVML = "PYTORCH_NVML_BASED_CUDA_CHECK"
"""With this variable torch asks the driver's library for management, and leaves CUDA as it is: a process may fork after it."""


def problem() -> str:
    """Why ``cuda`` would not be there; empty when it would."""
    import torch

    if torch.version.cuda is None:
        return f"torch {torch.__version__} is a build for the CPU alone, so no code here can use a GPU. Install a CUDA build of it."
    os.environ.setdefault(NVML, "1")
    if not torch.cuda.is_available():
        return "torch finds no NVIDIA GPU here. Look at nvidia-smi, and at CUDA_VISIBLE_DEVICES, which may hide it."
    return ""


def check(device: str) -> None:
    """Raises `ContentError` when the device is ``cuda`` and this machine has none."""
    if device == "cuda" and (said := problem()):
        raise ContentError(f"--device cuda: {said}")
