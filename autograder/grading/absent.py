"""Code that names ``cuda`` where there is none: it computes on the CPU, so that a hard-coded device costs the device cases alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _device


class CudaOnCpu(TorchFunctionMode):
    """Function mode in which a request for a CUDA device is a request for the CPU. In force once its constructor returns."""

    def __init__(self) -> None:
        super().__init__()
        self._honest = False
        context = _device.DeviceContext
        plain = context.__init__

        def init(this: Any, device: Any) -> None:
            plain(this, self._elsewhere(device))

        context.__init__ = init  # type: ignore[method-assign,assignment]
        self.__enter__()  # type: ignore[no-untyped-call]

    @contextmanager
    def honest(self) -> Iterator[None]:
        """Within it ``cuda`` is what it is here: absent, with PyTorch's own error. For calls on a device."""
        self._honest = True
        try:
            yield
        finally:
            self._honest = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if self._honest:
            return func(*args, **kwargs)
        if func is torch.Tensor.cuda:
            func, args, kwargs = torch.Tensor.to, (args[0], "cpu"), {}
        return func(*map(self._elsewhere, args), **{name: self._elsewhere(value) for name, value in kwargs.items()})

    def _elsewhere(self, value: Any) -> Any:
        named = isinstance(value, str) and value.partition(":")[0] == "cuda"
        there = isinstance(value, torch.device) and value.type == "cuda"
        return torch.device("cpu") if (named or there) and not self._honest else value


def stand_in_for_cuda(source: str) -> CudaOnCpu | None:
    """A mode in force when the cell names ``cuda`` and there is no such device; else None, at no cost."""
    return CudaOnCpu() if "cuda" in source and not torch.cuda.is_available() else None
