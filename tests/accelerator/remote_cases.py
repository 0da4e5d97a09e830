"""Student's code on a device process: each case runs in a process of its own, and the grader's counts are printed as JSON lines.

Run by ``test_sim_remote.py`` in a fresh interpreter, because a process that has run a backward pass cannot fork one that does.
"""

import contextlib
import ctypes
import gc
import json
import os
import sys
import threading
import time

import numpy
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from autograder import accelerator
from autograder.grading import device

HONEST, FORGED, FEATURES = {}, {}, {}


def case(table):
    return lambda function: table.setdefault(function.__name__, function)


def reads_twice(x):
    """What every forger would hide: two synchronizations, one transfer, some memory."""
    x.sum().item()
    x.cpu()
    return (x * 2).exp()


@case(HONEST)
def honest(x):
    return reads_twice(x)


@case(FORGED)
def patches_the_module(x):
    accelerator._device.synchronized = lambda *_: None
    accelerator.Ledger.synchronizations = property(lambda self: 0)
    accelerator._SYNCHRONIZING.clear()
    accelerator._plans.clear()
    accelerator.measure = None
    return reads_twice(x)


@case(FORGED)
def resets_its_ledger(x):
    y = reads_twice(x)
    with contextlib.suppress(NotImplementedError):
        accelerator.ledger.reset()
    accelerator.ledger.__dict__.update(peak=0, synchronized_by={})
    return y


@case(FORGED)
def switches_dispatch_off(x):
    with torch._C._DisableTorchDispatch(), contextlib.suppress(BaseException):
        x.cpu()
    return reads_twice(x)


@case(FORGED)
def works_in_a_thread(x):
    results = []
    thread = threading.Thread(target=lambda: results.append(reads_twice(x)))
    thread.start()
    thread.join()
    return results[0]


@case(FORGED)
def walks_frames_and_garbage(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, accelerator.Ledger):
                value.__dict__["_closed"] = {}
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is accelerator.Ledger:
            thing.reset()
    return reads_twice(x)


@case(FORGED)
def reads_through_numpy(x):
    for convert in (numpy.asarray, lambda t: t.numpy(), lambda t: t.untyped_storage().tolist(), torch.utils.dlpack.to_dlpack):
        with contextlib.suppress(BaseException):
            convert(x)
    x.sum().item()
    numpy.asarray(x.cpu())
    return (x * 2).exp()


@case(FORGED)
def reads_the_address(x):
    with open("/proc/self/maps") as maps:
        mapped = [tuple(int(end, 16) for end in line.split()[0].split("-")) for line in maps]
    if any(low <= x.data_ptr() < high for low, high in mapped):
        ctypes.string_at(x.data_ptr(), 4)
    return reads_twice(x)


@case(FORGED)
def sends_frames_of_its_own(x):
    client = accelerator._device
    for request in (
        ["close", 1],
        ["close", 10**6],
        ["read"],
        ["nonsense"],
        ["get", 1],
        ["put"],
        ["call", "from_file", "default"],
        ["open", {}],
    ):
        with contextlib.suppress(Exception):
            client.ask(*request)
    return reads_twice(x)


@case(FORGED)
def makes_a_device_of_its_own(x):
    """Computing beside the device needs the values, and reading them is counted; the result is not where the grader looks for it."""
    x.sum().item()
    private = x.cpu()
    accelerator._elsewhere = None
    accelerator._device = accelerator._Device()
    return accelerator.SimTensor((private * 2).exp())


def step(x, run):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8)).to("sim")
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        run(model, x).square().mean().backward()
        optimizer.step()
    return model(x).detach()


@case(FEATURES)
def trains(x):
    return step(x, lambda model, x: model(x))


@case(FEATURES)
def trains_with_checkpoints(x):
    return step(x, lambda model, x: checkpoint(model, x, use_reentrant=False))


@case(FEATURES)
def indexes_and_writes(x):
    x = x.clone()
    x[0] = 5.0
    x[x > 1] = 0.5
    x.view(-1)[2:5].add_(1)
    values, indices = x.max(dim=1)
    out = torch.empty(0, device="sim")
    torch.mul(values, 2.0, out=out)
    return torch.cat([out, indices.float(), x.t().reshape(-1)])


@case(FEATURES)
def draws(x):
    torch.manual_seed(3)
    return torch.nn.functional.dropout(x, 0.5) + torch.randn(8, 8, device="sim")


@case(FEATURES)
def decomposes(x):
    return torch.linalg.svd(x @ x.T + torch.eye(8, device="sim")).S


def fails(function):
    try:
        function()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def errors(x):
    return {
        "mixed": fails(lambda: x + torch.ones(8, 8)),
        "memory": fails(lambda: torch.zeros(1 << 28, device="sim")),
        "shape": fails(lambda: x @ torch.ones(3, 3, device="sim")),
        "not allowed": fails(lambda: torch.special.airy_ai(x)),
        "out of range": fails(lambda: torch.ops.aten.embedding_dense_backward(x, torch.tensor([99], device="sim"), 4, -1, False)),
        "freed": fails(lambda: accelerator._device.find(99)),
        "goes on": x.sum().item() == 64.0,
    }


def run(function, x, seconds: float = 10.0, capacity: int = 1 << 20) -> dict:
    """Run ``function`` in a student's process on an input that lies on the device; what the grader knows afterwards."""
    graded = device.start(capacity, seconds)
    number = graded.put(x)
    graded.open()
    up, down = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            client = device.connect(*graded.student)
            result = function(client.find(number))
            answer = {"handle": device.handle_of(result)} if isinstance(result, torch.Tensor) else {"value": result}
            if "value" not in answer:
                client.flush()
            os.write(down, json.dumps(answer).encode())
            os.close(down)
            time.sleep(60)  # a student's process outlives its answer: what it holds is still alive on the device
        finally:
            os._exit(0)
    os.close(down)
    for descriptor in graded.student:
        os.close(descriptor)
    answer = b""
    while piece := os.read(up, 65536):
        answer += piece
    reply = json.loads(answer) if answer else {}
    value = reply.get("value")
    try:
        if reply.get("handle"):
            with contextlib.suppress(LookupError):
                value = graded.get(reply["handle"]).tolist()
        counts = graded.close()
        known = {
            "synchronized_by": counts.synchronized_by,
            "to_host": counts.transfers.to_host,
            "peak": counts.peak - counts.start,
            "live": counts.live - counts.start,
        }
    except device.DeviceError as error:
        known = {"stopped": str(error)}
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    graded.stop()
    return {"value": value, **known}


@case(FORGED)
def names_a_handle_that_it_does_not_have(x):
    y = reads_twice(x)
    y._raw.number = 10**6
    return y


def too_long(x):
    """Seconds of work in one operation."""
    y = torch.ones(1800, 1800, device="sim")
    return fails(lambda: torch.linalg.svd(y + torch.randn(1800, 1800, device="sim")))


def main() -> None:
    for name, function in {**HONEST, **FORGED}.items():
        print(json.dumps([name, run(function, torch.zeros(8, 8))]), flush=True)
    for name, function in FEATURES.items():
        x = torch.arange(64.0).reshape(8, 8).sin()
        graded = run(function, x)
        reference, child = os.pipe()
        if (pid := os.fork()) == 0:
            os.write(child, json.dumps(function(x.to("sim")).tolist()).encode())
            os._exit(0)
        os.close(child)
        local = json.loads(os.read(reference, 1 << 20))
        os.waitpid(pid, 0)
        print(json.dumps([name, graded["value"] == local]), flush=True)
    print(json.dumps(["errors", run(errors, torch.ones(8, 8))["value"]]), flush=True)
    print(json.dumps(["too_long", run(too_long, torch.ones(1), seconds=0.5, capacity=1 << 28)]), flush=True)


if __name__ == "__main__":
    main()
