"""The student's process: runs the notebook's cells, then answers calls, one at a time. Nothing secret ever enters it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder import accelerator, checks
from autograder.grading import device, wire
from autograder.grading.absent import CudaOnCpu, stand_in_for_cuda


class _Handles:
    """The graded device as the student's process sees it: tensors on it are known by their handles."""

    def __init__(self, client: device._Client) -> None:
        self._client = client

    def put(self, tensor: torch.Tensor) -> int | None:
        return device.handle_of(tensor)

    def get(self, handle: int) -> torch.Tensor:
        return self._client.find(handle)

    def flush(self) -> None:
        """Tell the device what was released."""
        self._client.flush()


def serve(read: int, write: int, graded_device: tuple[int, int] | None = None) -> NoReturn:
    """Answer requests until the examiner closes its end. Never returns: the process ends here, whatever the cells left behind."""
    Shell.instance().move_in()
    place = _Handles(device.connect(*graded_device)) if graded_device else None
    worker = Worker(wire.Channel(read, write, blocking=True), place=place)
    os.dup2(1, 2)
    try:
        worker.serve()
    finally:
        os._exit(0)


class OtterStub(types.ModuleType):
    """``otter`` for the cells: checks do nothing here, the examiner runs them."""

    class Notebook:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            pass

        def check(self, *args: Any, **kwargs: Any) -> None:
            pass

        check_all = export = to_pdf = check


class Worker:
    """One namespace of cells and the requests on it."""

    def __init__(self, channel: wire.Channel, shell: Any = None, place: _Handles | None = None) -> None:
        self.channel = channel
        self.place = place
        self.shell = shell or Shell.instance()
        self.namespace: dict[str, Any] = self.shell.user_ns
        self.probes = types.ModuleType("probes")
        self.cuda: CudaOnCpu | None = None
        sys.modules["otter"] = OtterStub("otter")
        sys.modules["checks"] = checks
        sys.modules["accelerator"] = accelerator
        sys.modules["probes"] = self.probes

    def serve(self) -> None:
        handlers: dict[str, Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]] = {
            "probes": self._probes,
            "cell": self._cell,
            "names": self._names,
            "call": self._call,
            "flush": self._flush,
        }
        while True:
            try:
                header, blob = self.channel.receive()
            except wire.Closed:
                return
            answer, data = handlers[header["do"]](header, blob)
            answer["id"] = header["id"]
            try:
                self.channel.send(answer, data)
            except wire.WireError as error:
                self.channel.send({"id": header["id"], **_error(ValueError(f"the returned value cannot be sent: {error}"))})

    def _probes(self, header: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
        exec(compile(header["source"], "probes.py", "exec"), self.probes.__dict__)
        return {}, b""

    def _cell(self, header: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
        self.cuda = self.cuda or stand_in_for_cuda(header["source"])
        result = self.shell.run_cell(header["source"], store_history=False)
        sys.stdout.flush()
        error = result.error_before_exec or result.error_in_exec
        return (_error(error) if error is not None else {}), b""

    def _names(self, header: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
        hidden = self.shell.user_ns_hidden
        return {"names": {n: _kind(v) for n, v in self.namespace.items() if n not in hidden and not n.startswith("_")}}, b""

    def _flush(self, header: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
        gc.collect()
        if self.place is not None:
            self.place.flush()
        return {}, b""

    def _call(self, header: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
        args, kwargs, objects = wire.decode_call(header, blob, self._callback(header["id"]), self.place)
        _restore(header["seed"])
        try:
            with self.cuda.honest() if self.cuda is not None and header["on_device"] else contextlib.nullcontext():
                if header["probe"]:
                    result = getattr(self.probes, header["name"])(self.namespace, *args)
                else:
                    result = self.namespace[header["name"]](*args, **kwargs)
            torch.set_grad_enabled(True)
            return wire.encode_reply(result, objects, self.place)
        except wire.Closed:
            raise
        except BaseException as error:
            return _error(error), b""

    def _callback(self, call: int) -> Callable[[int, str], Callable[..., Any]]:
        """For each handle a function that asks the examiner."""

        def make(handle: int, name: str) -> Callable[..., Any]:
            def remote(*args: Any, **kwargs: Any) -> Any:
                fields, blob, objects = wire.encode_call(args, kwargs, [], self.place)
                self.channel.send({"id": call, "callback": handle, **fields}, blob)
                header, data = self.channel.receive()
                if "error" in header:
                    raise wire.remote_error(*header["error"])
                return wire.decode_reply(header, data, objects, self.place)

            remote.__name__ = remote.__qualname__ = name
            return remote

        return make


class Shell(InteractiveShell):  # type: ignore[misc]
    """Cells with magics mean what they mean in a notebook; lines for the system's shell do nothing here."""

    def move_in(self) -> None:
        """Be as if made in this process's folder: that of the one which made it is closed to students."""
        here = Path.cwd()
        self.home_dir = self.starting_dir = str(here)
        self.user_ns["_dh"][:] = [here]
        self.db: dict[str, Any] = {}  # what magics such as %cd and %bookmark keep for later sessions

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def system(self, cmd: str) -> None:
        self.user_ns["_exit_code"] = 0

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> list[str]:
        return []


def make_shell(folder: Path) -> Shell:
    """The process's shell, without history, configuration files or colors. folder: for what IPython makes at its start."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell: Shell = Shell.instance(config=config, ipython_dir=str(folder / ".ipython"))
    return shell


def _kind(value: object) -> str:
    return "callable" if callable(value) else type(value).__name__


def _restore(seed: int) -> None:
    """Undo what a cell or an earlier call may have left switched on."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.autograd.set_detect_anomaly(False)
    # Not torch.manual_seed, which takes a stack trace for every kind of accelerator that is absent: longer than most calls.
    torch.default_generator.manual_seed(seed)
    torch.random._seed_custom_device(seed)  # type: ignore[no-untyped-call]
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)


def _error(error: BaseException) -> dict[str, Any]:
    bases = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
    message = str(error) if not isinstance(error, SystemExit) else "the code called exit()"
    if isinstance(error, SyntaxError):
        message = error.msg  # without the name of the file, which is not the student's
    line = ""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.startswith("<ipython-input"):
            line = f"line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError) and error.lineno:
        line = f"line {error.lineno}"
    return {"error": [type(error).__name__, bases, message[: wire.MAX_TEXT]], "line": line}
