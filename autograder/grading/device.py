"""The simulated accelerator in a process of its own, for counts that decide points.

:func:`start` forks a process that holds the tensors and the ledger: the same backend as in students' hands, `autograder.accelerator`, fed
with operations by name. In the student's process :func:`connect` puts handles in the place of tensors, so that code sees device ``sim:0``
as before, while every operation, every read of a value and every copy is a message that the device process counts. Nothing in the
student's process can change a count: patching the module there, switching dispatch off or keeping private copies leaves out messages or
sends more of them, and tensors whose values never left the device are worth nothing elsewhere.

The grader holds a :class:`Device`: it puts inputs on the device without a transfer being counted, hands their handles over, reads results
from the device by their handles, and reads the ledger.

A message is ``<u32 header length><u64 blob length>``, a JSON header, and the bytes of host tensors. Operations come from an allow-list,
sizes are checked before anything is allocated, memory has a capacity and every operation a deadline.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

import torch

from autograder import accelerator
from autograder.accelerator import Ledger, OutOfMemoryError, SimTensor, Transfers, _Plan
from autograder.grading import confine

MAX_HEADER = 1 << 20
MAX_BLOB = 64 << 20
MAX_MESSAGE = 2_000
MAX_HANDLES = 100_000
_PREFIX = struct.Struct("<IQ")
_JSON = json.JSONEncoder(separators=(",", ":"))
_ADDRESS_SPACE = 4 << 30  # bytes that the process may map on top of what it has when it starts and of the device's capacity

# The operations that homework on this device runs. What reads files, storages or memory without checking bounds is not among them.
ALLOWED = frozenset(
    """
    _conj _efficientzerotensor _fft_c2c _fft_c2r _fft_r2c _foreach_abs _foreach_add _foreach_add_ _foreach_addcdiv _foreach_addcdiv_
    _foreach_addcmul _foreach_addcmul_ _foreach_copy_ _foreach_div _foreach_div_ _foreach_lerp _foreach_lerp_ _foreach_maximum
    _foreach_maximum_ _foreach_mul _foreach_mul_ _foreach_neg _foreach_neg_ _foreach_norm _foreach_pow _foreach_reciprocal _foreach_sign
    _foreach_sqrt _foreach_sqrt_ _foreach_sub _foreach_sub_ _foreach_zero_ _fused_adam_ _fused_adamw_ _fused_sgd_ _linalg_check_errors
    _linalg_det _linalg_eigh _linalg_slogdet _linalg_solve_ex _linalg_svd _local_scalar_dense _log_softmax _log_softmax_backward_data
    _native_multi_head_attention _neg_view _reshape_alias _safe_softmax _softmax _softmax_backward_data _to_copy _unique2 _unsafe_view
    _weight_norm_interface _weight_norm_interface_backward abs abs_ acos add add_ addcdiv addcdiv_ addcmul addcmul_ addmm addmv addr alias
    all allclose amax amin aminmax any arange argmax argmin argsort as_strided asin atan atan2 baddbmm bernoulli bernoulli_
    binary_cross_entropy binary_cross_entropy_backward binary_cross_entropy_with_logits bincount bitwise_and bitwise_not bitwise_or
    bitwise_xor bmm bucketize cat ceil ceil_ cholesky_inverse cholesky_solve clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clone
    constant_pad_nd convolution convolution_backward copy_ copysign cos cosh count_nonzero cummax cummin cumprod cumsum detach diag_embed
    diagonal diagonal_copy diagonal_scatter diff digamma dist div div_ dot elu elu_backward embedding empty empty_like empty_strided eq
    equal erf erfc erfinv exp exp2 exp_ expand expm1 eye fill fill_ flip floor floor_ fmod frac full full_like gather ge gelu
    gelu_backward gt hardtanh hardtanh_backward histc huber_loss huber_loss_backward hypot index index_add index_add_ index_copy
    index_copy_ index_fill index_fill_ index_put index_put_ index_select isfinite isin isinf isnan is_same_size kthvalue le leaky_relu
    leaky_relu_backward lerp lerp_ lgamma lift_fresh linalg_cholesky_ex linalg_cross linalg_eig linalg_eigvals linalg_householder_product
    linalg_inv_ex linalg_lstsq linalg_lu linalg_lu_factor_ex linalg_lu_solve linalg_matrix_exp linalg_pinv linalg_qr
    linalg_solve_triangular linalg_vector_norm linear linspace log log10 log1p log2 log_ log_sigmoid_backward log_sigmoid_forward logaddexp
    logical_and logical_not logical_or logical_xor logit logspace logsumexp lt lu_unpack masked_fill masked_fill_ masked_scatter
    masked_select max max_pool2d_with_indices max_pool2d_with_indices_backward maximum mean median min minimum mm mode mse_loss
    mse_loss_backward mul mul_ multinomial mv nan_to_num nansum native_batch_norm native_batch_norm_backward native_dropout
    native_dropout_backward native_group_norm native_group_norm_backward native_layer_norm native_layer_norm_backward ne neg neg_ new_empty
    new_empty_strided new_full new_ones new_zeros nextafter nll_loss_forward nonzero norm normal normal_ ones ones_like permute polar pow
    pow_ prod rand rand_like randint randint_like randn randn_like random_ randperm reciprocal reciprocal_ relu relu_ remainder
    renorm repeat repeat_interleave resize_ roll rot90 round round_ rsqrt rsqrt_ rsub scalar_tensor scatter scatter_ scatter_add
    scatter_add_ scatter_reduce searchsorted select select_backward select_scatter sgn sigmoid sigmoid_ sigmoid_backward sign silu
    silu_backward sin sinc sinh slice slice_backward slice_scatter smooth_l1_loss smooth_l1_loss_backward softplus softplus_backward sort
    split split_with_sizes sqrt sqrt_ square squeeze squeeze_ stack std std_mean sub sub_ sum t t_ tan tanh tanh_ tanh_backward threshold
    threshold_backward topk trace transpose transpose_ tril tril_ tril_indices triu triu_ triu_indices trunc unbind unfold uniform_
    unique_consecutive unique_dim unsqueeze unsqueeze_ var var_mean vdot view view_as_complex view_as_real where xlogy zero_ zeros
    zeros_like embedding_dense_backward nll_loss_backward
    """.split()  # noqa: SIM905 - a list of 400 quoted names is no easier to read
)
# These write where a tensor of indices says, and PyTorch's kernels do not check it, since PyTorch makes the indices itself.
_UNCHECKED_INDICES = {"embedding_dense_backward": ("indices", "num_weights")}

_ERRORS: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (RuntimeError, NotImplementedError, TypeError, ValueError, IndexError, MemoryError, torch.linalg.LinAlgError)  # type: ignore[attr-defined]
}
_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    + (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128)
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_CONSTANTS = {str(value): value for value in (torch.strided, torch.preserve_format, torch.contiguous_format, torch.channels_last)}
_LEDGER_NUMBERS = ("start", "peak", "operations", "live", "synchronized_by", "transfers", "history")


class DeviceError(RuntimeError):
    """The other side broke the rules of the connection, is gone, or did not answer in time."""


class _Connection:
    """Two pipe ends that carry messages."""

    def __init__(self, reader: int, writer: int) -> None:
        self.reader, self.writer = reader, writer
        self._buffer = b""

    def send(self, header: Any, blob: bytes = b"") -> None:
        text = _JSON.encode(header).encode()
        data = _PREFIX.pack(len(text), len(blob)) + text + blob
        try:
            sent = os.write(self.writer, data)
            while sent < len(data):
                sent += os.write(self.writer, memoryview(data)[sent:])
        except OSError as error:
            raise DeviceError("the connection to the device is closed") from error

    def receive(self, seconds: float | None = None) -> tuple[Any, bytes]:
        """The next message. Raises :class:`DeviceError` if the sender is gone, breaks the rules, or is silent for ``seconds``."""
        deadline = None if seconds is None else time.monotonic() + seconds
        header_length, blob_length = _PREFIX.unpack(self._read(_PREFIX.size, deadline))
        if header_length > MAX_HEADER or blob_length > MAX_BLOB:
            raise DeviceError(f"a message of {header_length + blob_length} bytes is too large")
        text = self._read(header_length, deadline)
        blob = self._read(blob_length, deadline) if blob_length else b""
        try:
            return json.loads(text.decode()), blob
        except (ValueError, RecursionError) as error:
            raise DeviceError("a message that is not JSON") from error

    def _read(self, size: int, deadline: float | None) -> bytes:
        data = self._buffer
        if len(data) < size:
            pieces, missing = [data], size - len(data)
            while missing > 0:
                if deadline is not None and not select.select([self.reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise DeviceError("the device did not answer in time")
                piece = os.read(self.reader, max(missing, 1 << 16))
                if not piece:
                    raise DeviceError("the connection to the device is closed")
                pieces.append(piece)
                missing -= len(piece)
            data = b"".join(pieces)
        self._buffer = data[size:]
        return data[:size]

    def close(self) -> None:
        for descriptor in (self.reader, self.writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _pack(tensor: torch.Tensor) -> tuple[list[Any], bytes]:
    """A host tensor as a description [dtype, shape] and its bytes."""
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    if plain.dtype not in _NAMES:
        raise TypeError(f"tensors of {plain.dtype} cannot be copied to the device")
    return [_NAMES[plain.dtype], list(plain.shape)], plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""


def _unpack(description: Any, blob: bytes) -> torch.Tensor:
    name, shape = description
    dtype = _DTYPES[name]
    size = dtype.itemsize
    for extent in shape:
        if type(extent) is not int or extent < 0:
            raise DeviceError("a shape that is none")
        size *= extent
    if size != len(blob):
        raise DeviceError("a tensor of another size than its bytes")
    return torch.frombuffer(bytearray(blob), dtype=dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)


class _Server:
    """The process that holds the tensors and the ledger."""

    def __init__(self, student: _Connection, grader: _Connection, seconds: float) -> None:
        self._student, self._grader, self._seconds = student, grader, seconds
        self._tensors: dict[int, SimTensor] = {}
        self._next = 0
        self._ledgers: list[Ledger] = []
        self._students_ledgers: dict[int, Ledger] = {}
        self._functions: dict[tuple[str, str], tuple[Any, _Plan]] = {}
        self._other_requests: dict[str, Callable[..., tuple[Any, bytes]]] = {
            "find": self._find,
            "flush": self._flush,
            "open": self._open,
            "read": self._read,
            "close": self._close,
            "synchronize": self._synchronize,
            "get_rng_state": self._get_rng_state,
            "set_rng_state": self._set_rng_state,
        }

    def run(self) -> None:
        """Serve both sides until the grader is gone."""
        sources = {self._student.reader: self._student, self._grader.reader: self._grader}
        while True:
            ready = select.select(list(sources), [], [])[0]
            # The grader goes first: a student's process that keeps sending cannot hold it off.
            source = self._grader if self._grader.reader in ready else self._student
            answers = self._grader_request if source is self._grader else self._student_request
            try:
                header, blob = source.receive(self._seconds)
                # While a request runs, the signal's default action ends this process: nothing in Python could interrupt a kernel.
                signal.setitimer(signal.ITIMER_REAL, self._seconds)
                try:
                    source.send(*answers(header, blob))
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except DeviceError:
                if source is self._grader:
                    return
                del sources[source.reader]
                source.close()

    # What the grader asks.

    def _grader_request(self, header: Any, blob: bytes) -> tuple[Any, bytes]:
        kind, *rest = header
        if kind == "put":
            with self._uncounted():
                return self._hold(_unpack(rest[0], blob).to("sim")), b""
        if kind == "get":
            tensor = self._tensors.get(rest[0])
            if tensor is None:
                return None, b""
            with self._uncounted():
                return _pack(tensor.cpu())
        if kind == "release":
            for handle in rest[0]:
                self._tensors.pop(handle, None)
            return None, b""
        if kind == "open":
            self._ledgers.append(accelerator._device.open(rest[0]))
            return None, b""
        if kind == "close":
            ledger = self._ledgers.pop()
            accelerator._device.close(ledger)
            return _numbers(ledger), b""
        raise DeviceError("an unknown request")

    @contextlib.contextmanager
    def _uncounted(self) -> Any:
        """What the grader does here is neither counted nor limited."""
        device = accelerator._device
        (ledgers, device.ledgers), (capacity, device.capacity) = (device.ledgers, []), (device.capacity, None)
        try:
            yield
        finally:
            device.ledgers, device.capacity = ledgers, capacity

    # What the student's process asks.

    def _student_request(self, header: Any, blob: bytes) -> tuple[Any, bytes]:
        try:
            released, seed, kind, *rest = header
            for handle in released:
                self._tensors.pop(handle, None)
            if seed is not None:
                torch.default_generator.manual_seed(seed)
            if kind == "call":
                return self._call(*rest, blob)  # type: ignore[call-arg]
            return self._other_requests[kind](blob, *rest)
        except OutOfMemoryError as error:
            return {"memory": [error.requested, error.capacity, error.live]}, b""
        except (DeviceError, KeyError, AttributeError, AssertionError, RecursionError, OverflowError) as error:
            return {
                "error": ["RuntimeError", f"the device does not understand the request: {type(error).__name__}: {error}"[:MAX_MESSAGE]]
            }, b""
        except Exception as error:
            name = next((base.__name__ for base in type(error).__mro__ if base.__name__ in _ERRORS), "RuntimeError")
            return {"error": [name, str(error)[:MAX_MESSAGE]]}, b""

    def _find(self, _: bytes, handle: int) -> tuple[Any, bytes]:
        return self._hold(self._tensors[handle]), b""  # a second handle: the student's to release, and the first one the grader's

    def _flush(self, _: bytes) -> tuple[Any, bytes]:
        return None, b""

    def _synchronize(self, _: bytes) -> tuple[Any, bytes]:
        accelerator._device.synchronized("synchronize")
        return None, b""

    def _get_rng_state(self, _: bytes) -> tuple[Any, bytes]:
        return _pack(torch.get_rng_state())

    def _set_rng_state(self, blob: bytes, description: Any) -> tuple[Any, bytes]:
        torch.set_rng_state(_unpack(description, blob))
        return None, b""

    def _open(self, _: bytes) -> tuple[Any, bytes]:
        if len(self._students_ledgers) >= 100:
            raise RuntimeError("too many ledgers are open")
        self._next += 1
        ledger = Ledger(accelerator._device)
        accelerator._device.ledgers.append(ledger)
        self._students_ledgers[self._next] = ledger
        return self._next, b""

    def _read(self, _: bytes, number: int) -> tuple[Any, bytes]:
        return _numbers(self._students_ledgers[number]), b""

    def _close(self, _: bytes, number: int) -> tuple[Any, bytes]:
        ledger = self._students_ledgers.pop(number)
        accelerator._device.ledgers.remove(ledger)
        return _numbers(ledger), b""

    def _call(self, name: str, overload: str, args: Any, kwargs: Any, descriptions: Any, blob: bytes) -> tuple[Any, bytes]:
        function, plan = self._functions.get((name, overload)) or self._look_up(name, overload)
        host, start = [], 0
        for description in descriptions:
            end = start + description[2]
            host.append(_unpack(description[:2], blob[start:end]))
            start = end
        args = [self._decode(value, host) for value in args]
        kwargs = {key: self._decode(value, host) for key, value in kwargs.items()}
        if name in _UNCHECKED_INDICES:
            indices, extent = (plan.argument(argument, args, kwargs) for argument in _UNCHECKED_INDICES[name])
            if indices._raw.numel() and not 0 <= int(indices._raw.min()) <= int(indices._raw.max()) < extent:
                raise IndexError("index out of range")
        result = accelerator._dispatch(function, args, kwargs)
        if not plan.written:
            if isinstance(result, torch.Tensor) and type(result) is not SimTensor:
                description, blob = _pack(result)
                return {"tensor": description}, blob
            return {"result": self._encode(result)}, b""
        written = [tensor for key, tensor in plan.tensors(args, kwargs) if key in plan.written]
        if any(type(tensor) is not SimTensor for tensor in written):  # a copy to the host
            description, blob = _pack(written[0])
            return {"host": description}, blob
        reply: dict[str, Any] = {}
        if plan.reshapes:
            handles = {id(tensor): handle for handle, tensor in self._tensors.items()}
            reply["shapes"] = [self._describe(handles[id(tensor)], tensor) for tensor in written]
        if len(plan.results) == 1:
            reply["result"] = None if plan.results[0] else self._encode(result)
        elif plan.results:
            reply["result"] = [None if owner else self._encode(item) for owner, item in zip(plan.results, result, strict=True)]
        return reply, b""

    def _look_up(self, name: str, overload: str) -> tuple[Any, _Plan]:
        if name not in ALLOWED:
            raise NotImplementedError(f"the operation {name} is not served by the graded device")
        function = getattr(getattr(torch.ops.aten, name), overload)
        found = self._functions[name, overload] = function, _Plan(function)
        return found

    def _decode(self, value: Any, host: list[torch.Tensor]) -> Any:
        if isinstance(value, list):
            return [self._decode(item, host) for item in value]
        if not isinstance(value, dict):
            return value
        ((kind, content),) = value.items()
        if kind == "t":
            return self._tensors[content]
        if kind == "h":
            return host[content]
        if kind == "d":
            return _DTYPES[content]
        if kind == "D":
            if content not in ("cpu", "sim", "sim:0"):
                raise RuntimeError(f"sim error: invalid device ordinal: there is sim:0 and no {content}")
            return torch.device(content)
        if kind == "k":
            return _CONSTANTS[content]
        if kind == "c":
            return complex(*content)
        raise DeviceError(f"a value of kind {kind}")

    def _encode(self, value: Any) -> Any:
        if type(value) is SimTensor:
            return self._hold(value)
        if isinstance(value, (list, tuple)):
            return {"list": [self._encode(item) for item in value], "tuple": isinstance(value, tuple)}
        if isinstance(value, complex):
            return {"complex": [value.real, value.imag]}
        return value

    def _hold(self, tensor: Any) -> dict[str, Any]:
        if len(self._tensors) >= MAX_HANDLES:
            raise RuntimeError("too many tensors are alive on the device")
        self._next += 1
        self._tensors[self._next] = tensor
        return self._describe(self._next, tensor)

    def _describe(self, handle: int, tensor: Any) -> dict[str, Any]:
        raw = tensor._raw
        place = [raw.untyped_storage().nbytes(), accelerator._device.address(raw)]
        return {"t": [handle, _NAMES[raw.dtype], list(raw.shape), list(raw.stride()), raw.storage_offset(), *place]}


def _numbers(ledger: Ledger) -> dict[str, Any]:
    numbers = {name: getattr(ledger, name) for name in _LEDGER_NUMBERS}
    return {**numbers, "transfers": asdict(ledger.transfers), "history": ledger.history[-10_000:]}


@dataclass
class Counts:
    """What a closed ledger says; the attributes are those of :class:`autograder.accelerator.Ledger`."""

    start: int
    peak: int
    operations: int
    live: int
    synchronized_by: dict[str, int]
    transfers: Transfers
    history: list[tuple[str, int]] = field(default_factory=list, repr=False)

    @property
    def synchronizations(self) -> int:
        return sum(self.synchronized_by.values())

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Counts:
        history = [(name, live) for name, live in numbers["history"]]
        return cls(**{**numbers, "transfers": Transfers(**numbers["transfers"]), "history": history})


class Device:
    """The grader's end of a device process.

    Attributes: ``student``, two descriptors for :func:`connect` in the student's process, to be closed here once it is forked.
    """

    def __init__(self, pid: int, connection: _Connection, student: tuple[int, int], seconds: float) -> None:
        self.pid, self.student = pid, student
        self._connection, self._seconds = connection, seconds

    @classmethod
    def at(cls, reader: int, writer: int, seconds: float = 10.0) -> Device:
        """A device process that another process started, at the other end of two descriptors."""
        return cls(0, _Connection(reader, writer), (-1, -1), seconds)

    @property
    def ends(self) -> tuple[int, int]:
        """The two descriptors of this end, to hand it over to another process."""
        return self._connection.reader, self._connection.writer

    def disconnect(self) -> None:
        """Close this end; the device process goes on."""
        self._connection.close()

    def _ask(self, *request: Any, blob: bytes = b"") -> tuple[Any, bytes]:
        self._connection.send(request, blob)
        return self._connection.receive(2 * self._seconds)

    def put(self, tensor: torch.Tensor) -> int:
        """Put a host tensor on the device; returns its handle. Not counted."""
        description, blob = _pack(tensor)
        return int(self._ask("put", description, blob=blob)[0]["t"][0])

    def get(self, handle: int) -> torch.Tensor:
        """The value of a tensor on the device, as a host tensor. Not counted.

        Raises:
            LookupError: there is no tensor with this handle on the device.
        """
        description, blob = self._ask("get", handle)
        if description is None:
            raise LookupError(f"there is no tensor with the handle {handle} on the device")
        return _unpack(description, blob)

    def release(self, handles: Sequence[int]) -> None:
        """Forget tensors that were put here; those that the student's process still holds stay."""
        self._ask("release", list(handles))

    def open(self, capacity: int | None = None) -> None:
        """Open a ledger, with a limit of ``capacity`` bytes while it is open."""
        self._ask("open", capacity)

    def close(self) -> Counts:
        """Close the ledger that was opened last, and read it."""
        return Counts.of(self._ask("close")[0])

    def stop(self) -> None:
        """End the device process."""
        self._connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


@functools.cache
def problem() -> str:
    """Why the simulated accelerator does not work with this PyTorch; empty when its self-test holds.

    The test runs in a child, because no process forks after a backward pass.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _self_test()
        except BaseException as error:
            os.write(write, f"torch {torch.__version__}: {type(error).__name__}: {error}"[:MAX_MESSAGE].encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as answer:
        said = answer.read().decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    return said or ("" if status == 0 else f"torch {torch.__version__}: its self-test crashed")


def _self_test() -> None:
    """A forward and a backward pass, with the values of the CPU and a peak that is counted."""
    accelerator.register()
    with accelerator.measure() as ledger:
        x = torch.arange(6.0).reshape(2, 3).to("sim").requires_grad_()
        torch.autograd.backward((x * x).sum())
        gradient = x.grad
    if gradient is None or gradient.device.type != "sim" or gradient.cpu().tolist() != [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]:
        raise RuntimeError("a backward pass gives another gradient than on the CPU")
    if ledger.peak < 2 * 6 * 4:
        raise RuntimeError("the ledger misses storage")


def start(capacity: int = 1 << 30, seconds: float = 10.0, before: Callable[[], None] | None = None) -> Device:
    """Fork a device process from this one, which has run no student's code.

    Args:
        capacity: bytes of the device's memory.
        seconds: deadline of one operation; beyond it the device process ends.
        before: called in the device process before it serves, to take rights away from it.
    """
    accelerator.register()
    student_up, student_down, grader_up, grader_down = os.pipe(), os.pipe(), os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        kept = {0, 1, 2, student_up[0], student_down[1], grader_up[0], grader_down[1]}
        for descriptor in {int(name) for name in os.listdir("/proc/self/fd")} - kept:  # links to the examiner and the supervisor among them
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if before is not None:
            before()
        _serve(_Connection(student_up[0], student_down[1]), _Connection(grader_up[0], grader_down[1]), capacity, seconds)
    for descriptor in (student_up[0], student_down[1], grader_up[0], grader_down[1]):
        os.close(descriptor)
    return Device(pid, _Connection(grader_down[0], grader_up[1]), (student_down[0], student_up[1]), seconds)


def _serve(student: _Connection, grader: _Connection, capacity: int, seconds: float) -> NoReturn:
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        confine.limit_growth(capacity + _ADDRESS_SPACE)
        torch.set_num_threads(1)
        accelerator._device.capacity = capacity
        accelerator._device.ledgers = []
        _Server(student, grader, seconds).run()
    finally:
        os._exit(0)


class _Place:
    """The storage behind a handle, as far as a client knows it."""

    def __init__(self, nbytes: int) -> None:
        self._nbytes = nbytes

    def nbytes(self) -> int:
        return self._nbytes


class _Handle:
    """Stands in a client for the CPU tensor behind a `SimTensor`; when it goes away, the device forgets the tensor."""

    def __init__(self, client: _Client, description: Sequence[Any]) -> None:
        self._client = client
        self.update(description)

    def update(self, description: Sequence[Any]) -> None:
        self.number, dtype, shape, self._stride, self._offset, self._nbytes, self.address = description
        self.dtype, self.shape = _DTYPES[dtype], torch.Size(shape)

    def stride(self) -> list[int]:
        return self._stride  # type: ignore[no-any-return]

    def storage_offset(self) -> int:
        return self._offset  # type: ignore[no-any-return]

    def element_size(self) -> int:
        return self.dtype.itemsize

    def untyped_storage(self) -> _Place:
        return _Place(self._nbytes)

    def __del__(self) -> None:
        self._client.released.append(self.number)


class _RemoteLedger(Ledger):
    """A ledger in the device process; its numbers are fetched when they are read."""

    def __init__(self, client: _Client, number: int) -> None:
        self._client, self._number = client, number

    def __getattribute__(self, name: str) -> Any:
        if name not in _LEDGER_NUMBERS:
            return super().__getattribute__(name)
        numbers = self.__dict__.get("_closed") or self._client.ask("read", self._number)[0]
        return getattr(Counts.of(numbers), name)

    def reset(self) -> None:
        raise NotImplementedError("the ledger of a graded device cannot be reset; open one with measure()")


class _Client:
    """The device in the student's process: it answers as `accelerator._device` does, and sends every operation away."""

    def __init__(self, connection: _Connection, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self.released: list[int] = []  # what the device is to be told goes with the next request
        self._seed: int | None = None
        self.ledgers: list[Ledger] = []  # the counted ones are elsewhere

    def ask(self, *request: Any, blob: bytes = b"") -> tuple[Any, bytes]:
        released, self.released = self.released, []
        seed, self._seed = self._seed, None
        self._connection.send([released, seed, *request], blob)
        reply, blob = self._connection.receive(self._seconds)
        if type(reply) is dict:
            if (memory := reply.get("memory")) is not None:
                raise OutOfMemoryError(*memory)
            if (error := reply.get("error")) is not None:
                raise _ERRORS[error[0]](error[1])
        return reply, blob

    def run(self, plan: _Plan, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run one operation on the device; takes the place of the end of `accelerator._dispatch`."""
        host: list[tuple[list[Any], bytes]] = []
        sent = [self._encode(value, host) for value in args]
        sent_kwargs = {key: self._encode(value, host) for key, value in kwargs.items()}
        descriptions = [[*description, len(data)] for description, data in host]
        blob = b"".join(data for _, data in host)
        reply, blob = self.ask("call", plan.name, func._overloadname, sent, sent_kwargs, descriptions, blob=blob)
        if (description := reply.get("host")) is not None:
            args[0].copy_(_unpack(description, blob))
            return args[0]
        if (description := reply.get("tensor")) is not None:
            return _unpack(description, blob)
        if (shapes := reply.get("shapes")) is not None:
            written = [tensor for name, tensor in plan.tensors(args, kwargs) if name in plan.written]
            for tensor, described in zip(written, shapes, strict=True):
                handle: Any = tensor._raw  # type: ignore[attr-defined]
                handle.update(described["t"])
                if tensor.shape != handle.shape or list(tensor.stride()) != handle.stride():
                    accelerator._set_data(tensor, SimTensor(handle))
        result = reply.get("result")
        if not plan.written:
            return self._decode(result)
        if len(plan.results) == 1:
            return self._decode(result) if plan.results[0] is None else plan.argument(plan.results[0], args, kwargs)
        if not plan.results:
            return None
        return tuple(
            self._decode(item) if name is None else plan.argument(name, args, kwargs)
            for name, item in zip(plan.results, result, strict=True)
        )

    def _encode(self, value: Any, host: list[tuple[list[Any], bytes]]) -> Any:
        kind = type(value)
        if kind is SimTensor:
            return {"t": value._raw.number}
        if kind in (int, float, bool, str) or value is None:
            return value
        if isinstance(value, (list, tuple)):
            return [self._encode(item, host) for item in value]
        if kind is torch.dtype:
            return {"d": str(value).removeprefix("torch.")}
        if kind is torch.device:
            return {"D": str(value)}
        if kind in (torch.layout, torch.memory_format):
            return {"k": str(value)}
        if kind is complex:
            return {"c": [value.real, value.imag]}
        if isinstance(value, torch.Tensor):
            host.append(_pack(value))
            return {"h": len(host) - 1}
        raise TypeError(f"a {kind.__name__} cannot be an argument of an operation on the graded device")

    def _decode(self, value: Any) -> Any:
        if type(value) is not dict:
            return value
        if (description := value.get("t")) is not None:
            return SimTensor(_Handle(self, description))  # type: ignore[arg-type]
        if (number := value.get("complex")) is not None:
            return complex(*number)
        items = [self._decode(item) for item in value["list"]]
        return tuple(items) if value["tuple"] else items

    # What `accelerator` asks of its device besides operations.

    @property
    def live(self) -> int:
        return accelerator.ledger.live

    def address(self, raw: _Handle) -> int:
        return raw.address  # type: ignore[no-any-return]

    def open(self, capacity: int | None) -> Ledger:
        if capacity is not None:
            raise NotImplementedError("the capacity of a graded device is set by the grader")
        return _RemoteLedger(self, self.ask("open")[0])

    def close(self, opened: _RemoteLedger) -> None:
        opened._closed = self.ask("close", opened._number)[0]  # type: ignore[attr-defined]

    def synchronized(self, cause: str) -> None:
        self.ask("synchronize")

    def get_rng_state(self) -> torch.Tensor:
        return _unpack(*self.ask("get_rng_state"))

    def set_rng_state(self, state: torch.Tensor) -> None:
        description, blob = _pack(state)
        self.ask("set_rng_state", description, blob=blob)

    def manual_seed(self, seed: int) -> None:
        self._seed = seed

    def find(self, number: int) -> SimTensor:
        """The tensor that the grader put on the device under this handle."""
        result: SimTensor = self._decode(self.ask("find", number)[0])
        return result

    def flush(self) -> None:
        """Tell the device what was released, before its live bytes are read."""
        self.ask("flush")


def connect(reader: int, writer: int, seconds: float = 20.0) -> _Client:
    """Let device ``sim`` of this process be the device process at the other end of the two descriptors."""
    accelerator.register()
    client = _Client(_Connection(reader, writer), seconds)
    accelerator._device = client  # type: ignore[assignment]
    accelerator._elsewhere = client.run
    accelerator.ledger = client.open(None)
    return client


def handle_of(tensor: torch.Tensor) -> int | None:
    """The handle of a tensor of a connected device, for the grader to read its value; None for other tensors."""
    return getattr(getattr(tensor, "_raw", None), "number", None)
