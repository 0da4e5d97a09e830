"""A simulated accelerator for PyTorch: device ``sim``, which computes on the CPU and counts like a GPU.

``sim`` is a device backend of its own, not a mock: tensors live on it, modules move to it, autograd runs on it, and mixing its tensors
with the CPU's raises the error that CUDA raises. Behind every tensor stands a CPU tensor, so that results equal the CPU's, and behind
every operation stands a ledger, which counts what costs time and memory on a real accelerator::

    import accelerator

    device = accelerator.best()  # cuda if there is one, else sim
    with accelerator.measure(capacity=4 * 2**20) as ledger:  # bytes; beyond it OutOfMemoryError is raised
        loss = model(inputs.to(device)).sum()
        loss.backward()
    ledger.peak              # most bytes of storage alive at one time
    ledger.synchronizations  # times that the host had to wait for the device: .item(), .cpu(), `if tensor:` ...
    ledger.transfers         # copies between host and device, and their bytes
    ledger.history           # (operation, bytes alive after it), to plot memory over time

Importing this module registers the device, unless CUDA is available: PyTorch takes a registered device for *the* accelerator of
the process, so where there is a real one, call :func:`register` if you want both.

What is counted. Memory is counted by storage: views and in-place operations cost nothing, and memory is given back in the moment in
which the last tensor that uses it goes away. Scratch memory inside one operation is not counted. Copies to the host and reads of a
tensor's value on the host are synchronizations; copies to the device are not. ``sim`` draws random numbers from the CPU's generator, so
the same seed gives the same numbers on both.

Not served, by a clear error: autocast, ``torch.Generator("sim")``, pinned memory, ``nn.LSTM``, ``nn.GRU``, sparse, quantized and nested
tensors.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
import threading
import types
import warnings
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
import torch.utils.backend_registration as _registration

__all__ = ["Ledger", "OutOfMemoryError", "SimTensor", "Transfers", "best", "ledger", "measure", "register"]

_NAME = "sim"
_HOST = torch.device("cpu")
_TOO_OLD = f"The simulated accelerator needs torch 2.11 or newer; this is torch {torch.__version__}."
_ALIGNMENT = 512  # bytes between simulated addresses, as in CUDA's allocator

# The operations that move data between devices, and the only ones that accept tensors of two devices.
_COPIES = frozenset({"_to_copy", "copy_", "_foreach_copy_"})
_INDEXING = frozenset({"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put"})
# Elsewhere a number in a 0-d CPU tensor is taken along as an argument of the kernel; these read a tensor of the device.
_NO_HOST_NUMBERS = frozenset(
    ["embedding", "gather", "index_add", "index_add_", "index_copy", "index_copy_", "index_select", "nll_loss_forward"]
    + ["scatter", "scatter_", "scatter_add", "scatter_add_", "take"]
)
# Operations whose result has a shape or a Python value that depends on the data, so that the host waits for it.
_SYNCHRONIZING = {
    "_local_scalar_dense": "item",
    "nonzero": "nonzero",
    "masked_select": "masked_select",
    "_unique": "unique",
    "_unique2": "unique",
    "unique_dim": "unique",
    "unique_consecutive": "unique_consecutive",
    "bincount": "bincount",
    "repeat_interleave": "repeat_interleave",
    "allclose": "allclose",
    "equal": "equal",
    "_linalg_check_errors": "linalg error check",
}
_REFUSED = {
    "_thnn_fused_lstm_cell": "nn.LSTM",
    "_thnn_fused_gru_cell": "nn.GRU",
    "_cudnn_rnn": "nn.RNN",
    "_pin_memory": "pinned memory",
    "record_stream": "Tensor.record_stream",
}


class OutOfMemoryError(torch.OutOfMemoryError):
    """The device's capacity would be exceeded; ``except torch.OutOfMemoryError`` catches it, as it does CUDA's.

    Attributes: ``requested``, ``capacity`` and ``live``, in bytes.
    """

    def __init__(self, requested: int, capacity: int, live: int) -> None:
        self.requested, self.capacity, self.live = requested, capacity, live
        super().__init__(
            f"{_NAME} out of memory. Tried to allocate {_size(requested)}. {_NAME}:0 has a total capacity of {_size(capacity)} of which "
            f"{_size(max(capacity - live, 0))} is free. {_size(live)} is in use by tensors that are still alive."
        )

    def __reduce__(self) -> tuple[type[OutOfMemoryError], tuple[int, int, int]]:
        return type(self), (self.requested, self.capacity, self.live)


@dataclass
class Transfers:
    """Copies between host and device: how many, and how many bytes."""

    to_device: int = 0
    to_device_bytes: int = 0
    to_host: int = 0
    to_host_bytes: int = 0


class Ledger:
    """What happened on the device since this ledger was opened.

    Attributes:
        start: bytes alive when the ledger was opened or reset.
        peak: most bytes alive at one time since then; ``peak - start`` is what the measured code needed on top.
        operations: operations run. Their number depends on the version of PyTorch; the other counts do not.
        synchronized_by: how often the host waited for the device, by cause ("item", "copy to host", "nonzero", ...).
        transfers: copies between host and device, see :class:`Transfers`.
        history: one pair (name of the operation, bytes alive after it) per operation, for ledgers opened by :func:`measure`.
    """

    def __init__(self, device: _Device, keep_history: bool = True) -> None:
        self._device = device
        self._keep_history = keep_history
        self._final: int | None = None
        self._previous_capacity: int | None = None
        self.reset()

    def reset(self) -> None:
        """Start again from here."""
        self.start = self.peak = self._device.live
        self.operations = 0
        self.synchronized_by: Counter[str] = Counter()
        self.transfers = Transfers()
        self.history: list[tuple[str, int]] = []

    @property
    def live(self) -> int:
        """Bytes alive now, or when the ledger was closed."""
        return self._device.live if self._final is None else self._final

    @property
    def synchronizations(self) -> int:
        """How often the host waited for the device."""
        return sum(self.synchronized_by.values())

    def __repr__(self) -> str:
        moved = self.transfers
        return (
            f"Ledger(live={_size(self.live)}, peak={_size(self.peak)}, synchronizations={self.synchronizations}, "
            f"transfers={moved.to_device} to the device and {moved.to_host} to the host, operations={self.operations})"
        )


class _Block(weakref.ref[torch.UntypedStorage]):
    """A booked storage: a weak reference that knows the storage's size and simulated address."""

    __slots__ = ("address", "key", "nbytes")

    key: int
    nbytes: int
    address: int


class _Device:
    """The memory of the device and its books. It sees CPU tensors only; :func:`_dispatch` wraps and unwraps them."""

    def __init__(self) -> None:
        self.capacity: int | None = None
        self.ledgers: list[Ledger] = []
        self._blocks: dict[int, _Block] = {}
        self._freed: deque[int] = deque()
        self._booked = 0
        self._next_address = _ALIGNMENT
        self._lock = threading.Lock()

    @property
    def live(self) -> int:
        """Bytes of storage alive."""
        with self._lock:
            return self._settle()

    def _settle(self) -> int:
        # Storages die at any moment, also in the middle of a line of this class. Their finalizers only append to a deque, which is
        # atomic; the sum is settled here, under the lock.
        while self._freed:
            self._booked -= self._freed.popleft()
        return self._booked

    def _release(self, block: _Block) -> None:
        self._blocks.pop(block.key, None)
        self._freed.append(block.nbytes)

    def run(self, plan: _Plan, args: Sequence[Any], kwargs: dict[str, Any], on_device: bool) -> Any:
        """Run an operation on CPU tensors and return its result, booked as memory of the device if it stays there."""
        try:
            result = plan.function(*args, **kwargs)
        except RuntimeError as error:
            if (request := re.search(r"DefaultCPUAllocator.* (\d+) bytes", str(error))) is None:
                raise
            self.foresee(int(request[1]))
            raise MemoryError(f"The host, on which {_NAME} computes, is out of memory: {error}") from error
        if on_device and not plan.is_view:
            if isinstance(result, torch.Tensor):
                self._book(result)
            elif isinstance(result, (list, tuple)):
                for item in result:
                    if isinstance(item, torch.Tensor):
                        self._book(item)
        live = self.live
        for opened in self.ledgers:
            opened.operations += 1
            if opened._keep_history:
                opened.history.append((plan.name, live))
        return result

    def _book(self, raw: torch.Tensor) -> None:
        if raw.layout is not torch.strided or raw.is_quantized:
            _refuse("quantized tensors" if raw.is_quantized else f"{raw.layout} tensors")
        storage = raw.untyped_storage()
        nbytes = storage.nbytes()
        block = self._blocks.get(storage._cdata)
        if block is not None and block.nbytes == nbytes:
            return
        growth = nbytes if block is None else nbytes - block.nbytes
        with self._lock:
            live = self._settle()
            if self.capacity is not None and growth > 0 and live + growth > self.capacity:
                raise OutOfMemoryError(growth, self.capacity, live)
            self._booked += growth
            if block is None:
                block = _Block(storage, self._release)
                block.key = storage._cdata
                block.address = self._next_address
                self._next_address += max(1, -(-nbytes // _ALIGNMENT)) * _ALIGNMENT
                self._blocks[block.key] = block
            block.nbytes = nbytes
        for opened in self.ledgers:
            opened.peak = max(opened.peak, live + growth)

    def foresee(self, nbytes: int) -> None:
        """Raise :class:`OutOfMemoryError` if ``nbytes`` more do not fit, before anything is allocated on the host."""
        live = self.live
        if self.capacity is not None and live + nbytes > self.capacity:
            raise OutOfMemoryError(nbytes, self.capacity, live)

    def address(self, raw: torch.Tensor) -> int:
        """The simulated address of a tensor's first element: equal for equal memory, and of no use to the host."""
        self._book(raw)
        block = self._blocks[raw.untyped_storage()._cdata]
        return block.address + int(raw.storage_offset()) * raw.element_size()

    def open(self, capacity: int | None) -> Ledger:
        """Open a ledger, which limits the memory to ``capacity`` while it is open."""
        opened = Ledger(self)
        opened._previous_capacity = self.capacity
        if capacity is not None:
            self.capacity = capacity if self.capacity is None else min(capacity, self.capacity)
        self.ledgers.append(opened)
        return opened

    def close(self, opened: Ledger) -> None:
        """Close a ledger: its numbers stay what they are now."""
        self.ledgers.remove(opened)
        self.capacity = opened._previous_capacity
        opened._final = self.live

    def get_rng_state(self) -> torch.Tensor:
        return torch.get_rng_state()

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.set_rng_state(state)

    def manual_seed(self, seed: int) -> None:
        torch.default_generator.manual_seed(seed)

    def synchronized(self, cause: str) -> None:
        for opened in self.ledgers:
            opened.synchronized_by[cause] += 1

    def transferred(self, to_host: bool, nbytes: int) -> None:
        for opened in self.ledgers:
            if to_host:
                opened.transfers.to_host += 1
                opened.transfers.to_host_bytes += nbytes
                opened.synchronized_by["copy to host"] += 1
            else:
                opened.transfers.to_device += 1
                opened.transfers.to_device_bytes += nbytes


class _Plan:
    """What has to be known about an operation to run it, read from its schema once."""

    __slots__ = ("function", "indexing", "is_copy", "is_view", "name", "names", "reshapes", "results", "synchronizes", "written")

    def __init__(self, function: torch._ops.OpOverload) -> None:
        schema = function._schema
        self.function: Callable[..., Any] = function
        self.name: str = function.overloadpacket.__name__
        self.names: list[str] = [argument.name for argument in schema.arguments]
        self.is_copy = self.name in _COPIES
        self.indexing = self.name in _INDEXING
        self.synchronizes = _SYNCHRONIZING.get(self.name)
        written = [argument for argument in schema.arguments if argument.alias_info is not None and argument.alias_info.is_write]
        self.written: frozenset[str] = frozenset(argument.name for argument in written)
        # Each result that *is* an argument (in-place operations, out=) by the name of that argument, and None for new tensors.
        owners = {alias: argument.name for argument in written for alias in argument.alias_info.before_set}  # type: ignore[union-attr]
        self.results: list[str | None] = [
            next((owners[alias] for alias in result.alias_info.before_set if alias in owners), None)
            if result.alias_info is not None and result.alias_info.is_write
            else None
            for result in schema.returns
        ]
        self.is_view = bool(schema.returns) and all(
            result.alias_info is not None and not result.alias_info.is_write for result in schema.returns
        )
        self.reshapes = (
            any(argument.is_out for argument in written)
            or torch.Tag.inplace_view in function.tags
            or self.name in {"resize_", "resize_as_", "set_", "_resize_output_"}
        )
        # These three are marks on a tensor that a wrapper would hide from PyTorch, which then crashes. They become values.
        if self.name == "_efficientzerotensor":
            self.function = lambda size, **options: torch.zeros((), **options).expand(size)
        elif self.name in ("_conj", "_neg_view"):
            self.function = torch.conj_physical if self.name == "_conj" else torch.neg
            self.is_view = False
        if refused := _REFUSED.get(self.name):
            _refuse(refused)

    def argument(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The value of the argument called ``name``, or None."""
        if name in kwargs:
            return kwargs[name]
        position = self.names.index(name)
        return args[position] if position < len(args) else None

    def tensors(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
        """The tensors among the arguments, each with the name of its argument."""
        for name, value in [*zip(self.names, args, strict=False), *kwargs.items()]:
            for item in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(item, torch.Tensor):
                    yield name, item


_device = _Device()
# Where the grader keeps the device in a process of its own, this sends operations there.
_elsewhere: Callable[[_Plan, Any, Sequence[Any], dict[str, Any]], Any] | None = None
_plans: dict[torch._ops.OpOverload, _Plan] = {}
_libraries: list[torch.library.Library] = []

ledger = Ledger(_device, keep_history=False)
"""The ledger of the process, open since this module was imported (without a history); ``ledger.reset()`` starts it again."""
_device.ledgers.append(ledger)


@contextlib.contextmanager
def measure(capacity: int | None = None) -> Iterator[Ledger]:
    """Open a ledger for the code inside the ``with`` block.

    Args:
        capacity: bytes that may be alive on the device inside the block, counting what was alive before; None for no limit
            other than that of a surrounding block.

    Raises:
        OutOfMemoryError: inside the block, from the operation that would exceed ``capacity``.
    """
    opened = _device.open(capacity)
    try:
        yield opened
    finally:
        _device.close(opened)


class _Storage:
    """The part of ``torch.UntypedStorage`` that makes sense on a device: size and identity."""

    def __init__(self, raw: torch.Tensor) -> None:
        self._storage = raw.untyped_storage()
        self._address = _device.address(raw) - int(raw.storage_offset()) * raw.element_size()

    @property
    def device(self) -> torch.device:
        return torch.device(_NAME, 0)

    def nbytes(self) -> int:
        """Bytes, those outside of the view included."""
        return self._storage.nbytes()

    size = __len__ = nbytes

    def data_ptr(self) -> int:
        """The simulated address: equal for tensors that share memory, different for others that are alive."""
        return self._address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Storage) and self._address == other._address

    def __hash__(self) -> int:
        return hash(self._address)


_grad: Any = torch._C.TensorBase.grad


class SimTensor(torch.Tensor):
    """A tensor on ``sim:0``. Make one with ``.to("sim")`` or ``device="sim"``, as for every device."""

    _raw: torch.Tensor

    @staticmethod
    def __new__(cls, raw: torch.Tensor) -> SimTensor:
        self = torch.Tensor._make_wrapper_subclass(
            cls, raw.shape, raw.stride(), raw.storage_offset(), None, raw.dtype, torch.strided, torch.device(_NAME, 0)
        )
        self._raw = raw
        return self

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return _dispatch(func, args, kwargs or {})

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        suffix = f", device='{self.device}'"
        if self.grad_fn is not None:
            suffix += f", grad_fn=<{self.grad_fn.name()}>"
        elif self.requires_grad:
            suffix += ", requires_grad=True"
        text = f"{repr(self.detach().cpu())[:-1]}{suffix})"
        return f"Parameter containing:\n{text}" if isinstance(self, torch.nn.Parameter) else text

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.dim() == 0 else object.__format__(self, spec)

    def tolist(self) -> Any:
        return self.detach().cpu().tolist()

    def numpy(self, *, force: bool = False) -> Any:
        if force:
            return self.detach().cpu().numpy(force=True)
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
        )

    def __array__(self, dtype: Any = None) -> Any:
        return self.numpy()

    def __dlpack__(self, **_: Any) -> NoReturn:
        _refuse("DLPack")

    def __dlpack_device__(self) -> NoReturn:
        _refuse("DLPack")

    def pin_memory(self, device: Any = None) -> NoReturn:
        raise RuntimeError(f"cannot pin '{self.type()}' only dense CPU tensors can be pinned")

    def share_memory_(self) -> NoReturn:
        _refuse("shared memory")

    def data_ptr(self) -> int:
        return _device.address(self._raw)

    def _set_grad(self, value: torch.Tensor | None) -> None:
        if isinstance(value, torch.Tensor) and value.device != self.device:
            raise RuntimeError("assigned grad has data located on a different device")
        _grad.__set__(self, value)

    grad = property(_grad.__get__, _set_grad, lambda self: self._set_grad(None))

    def untyped_storage(self) -> Any:
        return _Storage(self._raw)

    def __deepcopy__(self, memo: dict[int, Any]) -> SimTensor:
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        if not self.is_leaf:
            raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment")
        twin: Any = self.detach().clone().requires_grad_(self.requires_grad)
        memo[id(self)] = twin
        if self.grad is not None:
            twin.grad = deepcopy(self.grad, memo)
        twin.__dict__.update(deepcopy({key: value for key, value in self.__dict__.items() if key != "_raw"}, memo))
        return twin  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        plain = (
            torch._utils._rebuild_device_tensor_from_cpu_tensor,
            (self.detach().cpu(), self.dtype, str(self.device), self.requires_grad),
        )
        if not isinstance(self, torch.nn.Parameter):
            return plain
        return torch._utils._rebuild_parameter, (self.detach(), self.requires_grad, {})


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(f"{what}: not served by the simulated accelerator ({_NAME}). Use the CPU for it, or a real accelerator.")


def _size(nbytes: int) -> str:
    """``nbytes`` as CUDA's messages write it: "512 bytes", "1.50 KiB", "2.00 GiB"."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if nbytes >= unit:
            return f"{nbytes / unit:.2f} {name}"
    return f"{nbytes} bytes"


def _wrap(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return SimTensor(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_wrap(item) for item in value)
    return value


_ATOMS = frozenset({int, float, bool, complex, str, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format})


def _unwrap(value: Any, ours: list[SimTensor], host: list[torch.Tensor]) -> Any:
    kind = type(value)
    if kind is SimTensor:
        ours.append(value)
        return value._raw
    if kind in _ATOMS:
        return value
    if kind is list or kind is tuple:
        return [_unwrap(item, ours, host) for item in value]
    if isinstance(value, torch.Tensor):
        host.append(value)
    elif isinstance(value, torch.UntypedStorage):
        _refuse("access to storages")
    return value


def _dispatch(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Run one operation of PyTorch, of which an argument lies on the device or the result shall."""
    if torch.is_autocast_enabled(_NAME):
        _refuse("autocast")
    plan = _plans.get(func)
    if plan is None:
        plan = _plans[func] = _Plan(func)
    if plan.name == "_has_compatible_shallow_copy_type":
        return True
    if plan.is_view and torch.is_inference_mode_enabled() and not args[0].is_inference():
        with torch.inference_mode(False):  # a view of an ordinary tensor is an ordinary tensor
            return _dispatch(func, args, kwargs)
    if _elsewhere is not None:
        return _elsewhere(plan, func, args, kwargs)

    ours: list[SimTensor] = []
    host: list[torch.Tensor] = []
    raw_args = [_unwrap(value, ours, host) for value in args]
    raw_kwargs = {name: _unwrap(value, ours, host) for name, value in kwargs.items()} if kwargs else kwargs

    on_device = bool(ours)
    if kwargs and (device := kwargs.get("device")) is not None:
        on_device = device.type == _NAME
        if on_device:
            _check_creation(device, plan, args, kwargs)
            raw_kwargs["device"] = _HOST
    if on_device and kwargs and kwargs.get("generator") is not None:
        raise RuntimeError(
            f"Expected a '{_NAME}' device type for generator but found 'cpu'. torch.manual_seed seeds {_NAME}; with a generator, draw on "
            f"the CPU and copy the result."
        )
    if plan.is_copy:
        if plan.name == "_foreach_copy_" and host:
            for target, source in zip(args[0], args[1], strict=True):
                target.copy_(source)
            return None
        _book_copy(plan, args, kwargs, ours, host)
    elif host and ours:
        _check_devices(plan, args, kwargs)
    if plan.synchronizes is not None:
        _device.synchronized(plan.synchronizes)
    elif plan.indexing and _reads_mask(args):
        _device.synchronized("index with a mask")

    result = _device.run(plan, raw_args, raw_kwargs, on_device)

    if plan.reshapes:
        _refresh(plan, args, kwargs)
    if not plan.written:
        return _wrap(result) if on_device else result
    if not plan.results:
        return None
    if len(plan.results) == 1:
        name = plan.results[0]
        return _wrap(result) if name is None else plan.argument(name, args, kwargs)
    return tuple(
        _wrap(item) if name is None else plan.argument(name, args, kwargs) for name, item in zip(plan.results, result, strict=True)
    )


def _check_creation(device: torch.device, plan: _Plan, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    if device.index not in (None, 0):
        raise RuntimeError(f"{_NAME} error: invalid device ordinal: there is {_NAME}:0 and no {device}")
    if kwargs.get("pin_memory"):
        _refuse("pinned memory")
    if plan.names[0] == "size":
        dtype = kwargs.get("dtype") or torch.get_default_dtype()
        nbytes = dtype.itemsize
        for extent in args[0]:
            nbytes *= extent
        _device.foresee(nbytes)


def _check_devices(plan: _Plan, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Refuse what CUDA refuses: tensors of two devices in one operation, unless one is a number or an index."""
    if plan.indexing:
        subject, indices, *values = args
        if not isinstance(subject, SimTensor) and any(isinstance(index, SimTensor) for index in indices):
            raise RuntimeError(f"indices should be either on cpu or on the same device as the indexed tensor ({subject.device})")
        for index in indices:
            if isinstance(index, torch.Tensor) and not isinstance(index, SimTensor):
                _device.transferred(to_host=False, nbytes=index.nbytes)
        tensors = [("self", subject), ("values", values[0])] if values else []
    else:
        tensors = list(plan.tensors(args, kwargs))
    for name, tensor in tensors:
        if isinstance(tensor, SimTensor) or (tensor.dim() == 0 and name not in plan.written and plan.name not in _NO_HOST_NUMBERS):
            continue
        first, second = (f"{_NAME}:0", tensor.device) if isinstance(tensors[0][1], SimTensor) else (tensor.device, f"{_NAME}:0")
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {first} and {second}! "
            f"(when checking argument for argument {name} in method {plan.name})"
        )


def _book_copy(plan: _Plan, args: Sequence[Any], kwargs: dict[str, Any], ours: list[SimTensor], host: list[torch.Tensor]) -> None:
    if plan.name == "copy_":
        target, source = args[0], args[1]
        if host and isinstance(target, SimTensor):
            _device.transferred(to_host=False, nbytes=source.nbytes)
        elif host:
            _device.transferred(to_host=True, nbytes=target.nbytes)
    elif plan.name == "_to_copy":
        device = kwargs.get("device")
        if host:
            _device.transferred(to_host=False, nbytes=host[0].nbytes)
        elif device is not None and device.type != _NAME:
            dtype = kwargs.get("dtype") or ours[0].dtype
            _device.transferred(to_host=True, nbytes=ours[0].numel() * dtype.itemsize)


def _reads_mask(args: Sequence[Any]) -> bool:
    """Whether an indexing operation has to look for the true elements of a mask, as opposed to filling them with one number."""
    if not any(isinstance(index, torch.Tensor) and index.dtype in (torch.bool, torch.uint8) for index in args[1]):
        return False
    return len(args) < 3 or args[2].numel() != 1


def _refresh(plan: _Plan, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Give tensors that an operation reshaped in place (``out=``, ``resize_``, ``squeeze_``) their new shape on the outside."""
    for name, tensor in plan.tensors(args, kwargs):
        if name in plan.written and isinstance(tensor, SimTensor):
            raw = tensor._raw
            _device._book(raw)
            if tensor.shape != raw.shape or tensor.stride() != raw.stride() or tensor.storage_offset() != raw.storage_offset():
                _set_data(tensor, SimTensor(raw))


_get_data = torch._C.TensorBase.data.__get__  # type: ignore[attr-defined]
_set_data = torch._C.TensorBase.data.__set__  # type: ignore[attr-defined]


def _assign_data(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """``tensor.data = value``, where either may be on the device; like CUDA's, the tensor stays the same Python object."""
    if type(value) is SimTensor and type(tensor) is SimTensor:
        _set_data(tensor, value)
        tensor._raw = value._raw
    elif type(value) is SimTensor or type(tensor) is SimTensor:
        gradient, tensor.grad = tensor.grad, None
        new = value.detach()
        if isinstance(tensor, torch.nn.Parameter):
            new = torch.nn.Parameter(new)
        new.requires_grad_(tensor.requires_grad)
        _exchange(tensor, new)
        if gradient is not None:
            tensor.grad = gradient.to(tensor.device)
    else:
        _set_data(tensor, value)


def _exchange(tensor: torch.Tensor, new: torch.Tensor) -> None:
    """Let the Python object ``tensor`` be ``new`` from now on. Graphs that were built with it keep the old tensor, and know it."""

    def stale(_: Any) -> NoReturn:
        raise RuntimeError("A tensor was moved to another device between forward and backward. Run the forward pass again.")

    if tensor.requires_grad and tensor.is_leaf:
        torch.autograd.graph.get_gradient_edge(tensor).node.register_prehook(stale)
    attributes = {name: value for name, value in tensor.__dict__.items() if name not in ("_raw", "_is_param")}
    tensor.__class__, new.__class__ = new.__class__, tensor.__class__
    tensor.__dict__, new.__dict__ = {**attributes, **new.__dict__}, tensor.__dict__
    torch._C._swap_tensor_impl(tensor, new)  # type: ignore[attr-defined]


class _DeviceGuard(torch._C._acc.DeviceGuard):
    """What PyTorch asks for the type of the device, also while an exception travels through the C++ of a backward pass.

    CPython forbids calling Python with an exception set, and PyTorch, which does so here, aborts the process. So the exception is put
    aside, and :class:`_Engine` raises it again where backward returns to Python.
    """

    _fetch = ctypes.pythonapi.PyErr_Fetch
    _slots = (ctypes.py_object(), ctypes.py_object(), ctypes.py_object())
    _pointers = tuple(map(ctypes.byref, _slots))

    def type_(self) -> Any:
        # With an exception set, this call has to come first: every other one would fail.
        self._fetch(*self._pointers)
        if self._slots[0]:
            self._put_aside()
        return torch._C._autograd.DeviceType.PrivateUse1

    def _put_aside(self) -> None:
        kind: Any
        value: Any
        trace: Any
        kind, value, trace = (slot.value if slot else None for slot in self._slots)
        if not isinstance(value, BaseException):  # raised in C, and not normalized yet
            value = kind() if value is None else kind(*value) if isinstance(value, tuple) else kind(value)
        _Engine.interrupted = value.with_traceback(trace)
        for slot in self._slots:
            if slot:
                ctypes.pythonapi.Py_DecRef(slot)


class _Engine(torch._C._ImperativeEngine):
    """PyTorch's autograd engine, in one thread, which lets the exceptions through that :class:`_DeviceGuard` put aside."""

    interrupted: BaseException | None = None

    def run_backward(self, *args: Any, **kwargs: Any) -> Any:
        try:
            # In one thread: other threads would be a pool whose size PyTorch fixes at the first backward of the process.
            with torch.autograd.set_multithreading_enabled(False):
                return super().run_backward(*args, **kwargs)
        except SystemError:
            exception, _Engine.interrupted = _Engine.interrupted, None
            if exception is None:
                raise
        try:
            raise exception
        finally:
            del exception


class _Backend(types.ModuleType):
    """``torch.sim``, what PyTorch and device-independent code expect of ``torch.<device>``."""

    accelerator = sys.modules[__name__]

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def _is_in_bad_fork(self) -> bool:
        return False

    def device_count(self) -> int:
        return 1

    def current_device(self) -> int:
        return 0

    def set_device(self, device: Any) -> None:
        _device_index(device)

    def device(self, device: Any) -> contextlib.AbstractContextManager[None]:
        _device_index(device)
        return contextlib.nullcontext()

    def get_device_name(self, device: Any = None) -> str:
        return "simulated accelerator"

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]

    def get_rng_state(self, device: Any = None) -> torch.Tensor:
        return _device.get_rng_state()

    def set_rng_state(self, new_state: torch.Tensor, device: Any = None) -> None:
        _device.set_rng_state(new_state)

    def manual_seed(self, seed: int) -> None:
        _device.manual_seed(seed)

    manual_seed_all = manual_seed

    def synchronize(self, device: Any = None) -> None:
        _device.synchronized("synchronize")

    def empty_cache(self) -> None:
        pass

    def memory_allocated(self, device: Any = None) -> int:
        return _device.live

    def max_memory_allocated(self, device: Any = None) -> int:
        return ledger.peak

    def reset_peak_memory_stats(self, device: Any = None) -> None:
        ledger.peak = _device.live


def _device_index(device: Any) -> int:
    index = device if isinstance(device, int) else torch.device(device).index or 0
    if index > 0:
        raise RuntimeError(f"{_NAME} error: invalid device ordinal: there is {_NAME}:0 and no {_NAME}:{index}")
    return index


def register() -> None:
    """Register device ``sim`` with PyTorch; does nothing the second time.

    Importing the module calls this, except where CUDA is available. Do it before the first ``backward()`` of the
    process: not every version of PyTorch finds the device later.

    Raises:
        RuntimeError: PyTorch is older than 2.11, or another backend has taken the place.
    """
    if hasattr(torch, _NAME):
        return
    if not _supported():
        raise RuntimeError(_TOO_OLD)
    if (taken := torch._C._get_privateuse1_backend_name()) != "privateuseone":
        raise RuntimeError(f"PyTorch has room for one device backend written in Python, and '{taken}' has taken it.")
    _registration._setup_privateuseone_for_python_backend(_NAME, backend_module=_Backend(f"torch.{_NAME}"), device_guard=_DeviceGuard())
    torch.autograd.Variable._execution_engine = _Engine()
    everything: Any = torch.library.Library("_", "IMPL")  # type: ignore[no-untyped-call]
    everything.fallback(lambda op, *args, **kwargs: _dispatch(op, args, kwargs), "PrivateUse1")
    everything.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    aten: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    # torch.tensor(..., device="sim") copies with wrapper subclasses switched off, where the fallback is not found.
    for name in ("copy_", "_to_copy", "_has_compatible_shallow_copy_type"):
        function = getattr(torch.ops.aten, name).default
        aten.impl(name, lambda *args, function=function, **kwargs: _dispatch(function, args, kwargs), "PrivateUse1")
    aten.impl("_pin_memory", lambda *args: _refuse("pinned memory"), "CPU")
    _libraries.extend((everything, aten))
    torch.Tensor.data = property(_get_data, _assign_data)  # type: ignore[assignment]


def best() -> torch.device:
    """The device to compute on: ``cuda`` if there is one, else ``sim``, and the CPU where PyTorch is too old for ``sim``.

    Raises:
        RuntimeError: this module was imported too late for the device to work.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if not _supported():
        warnings.warn(f"{_TOO_OLD} Using the CPU.", stacklevel=2)
        return _HOST
    register()
    device = torch.device(_NAME)
    ledgers, _device.ledgers = _device.ledgers, []
    try:
        with torch.enable_grad():
            probe = torch.ones(2, device=device, requires_grad=True)
            torch.autograd.backward((probe * probe).sum())
    except RuntimeError as error:
        raise RuntimeError(
            f"The simulated accelerator ({_NAME}) was imported too late, after a backward pass: "
            f"restart the session and run the set-up cell first."
        ) from error
    finally:
        _device.ledgers = ledgers
    return device


def _supported() -> bool:
    return hasattr(_registration, "_setup_privateuseone_for_python_backend")


if hasattr(torch, _NAME) and hasattr(getattr(torch, _NAME), "accelerator"):
    # The same file under a second name (the package's and the students'): there is one device, so hand out the module that owns it.
    sys.modules[__name__] = getattr(torch, _NAME).accelerator
elif _supported() and not torch.cuda.is_available():
    register()
