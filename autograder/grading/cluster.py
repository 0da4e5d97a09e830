"""Tasks on a dask cluster. Its workers need this package, and the course at the same path; results come back to the caller alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

from autograder.content import ContentError
from autograder.grading import gpu

CONNECT_SECONDS = 30
PER_THREAD = 2
"""Tasks under way for each thread of a worker, so that none waits for its next."""


@contextlib.contextmanager
def cluster_pool(address: str, device: str = "cpu") -> Iterator[tuple[Executor, int]]:
    """The cluster's executor, and how many tasks may be under way. What a lost worker had under way is graded by another.

    Raises `ContentError` when the extra is not installed, no scheduler answers, it has no workers, or one of them lacks the device.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ContentError("--scheduler needs dask.distributed: pip install '.[cluster]' in the course's folder.") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ContentError(f"No dask scheduler answers at {address} ({error}). Start one: dask scheduler.") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ContentError(f"The scheduler at {address} has no workers. Start them: dask worker {address} --nthreads 1.")
        if device == "cuda":
            for worker, problem in client.run(gpu.problem).items():
                if problem:
                    raise ContentError(f"--device cuda: on the worker {worker} {problem}")
        yield client.get_executor(pure=False), PER_THREAD * threads
