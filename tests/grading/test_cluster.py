"""A class on a cluster: a scheduler and two workers as processes of their own, one of which is killed in the middle."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.content import ContentError, Course
from autograder.grading import gpu
from autograder.grading.batch import plan, run
from autograder.grading.cluster import cluster_pool
from autograder.grading.store import Record, Store
from autograder.grading.uploads import Upload, User
from tests.support import DESCEND, MEAN, ROOT, passed

pytestmark = pytest.mark.slow
SUBMISSIONS = 10


def start(*arguments: str, folder: Path) -> subprocess.Popen[bytes]:
    """A dask process; its log goes to the folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__DIAGNOSTICS__NVML": "False"}
    with open(folder / f"{arguments[0]}-{time.monotonic_ns()}.log", "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--no-dashboard"], stdout=log, stderr=log, cwd=folder, env=environment
        )


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start("scheduler", "--host", "127.0.0.1", "--port", str(port), folder=tmp_path)
    yield f"tcp://127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.fixture
def workers(scheduler: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two that have said that they are there."""
    from distributed import Client

    options = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
    processes = [start("worker", scheduler, *options, folder=tmp_path) for _ in range(2)]
    with Client(scheduler, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
    yield processes
    for process in processes:
        process.terminate()
        process.wait()


def test_a_worker_that_is_killed_loses_nothing_and_nothing_is_graded_twice(
    scheduler: str, workers: list[subprocess.Popen[bytes]], toy: Course, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    work = notebook("import torch", MEAN, DESCEND)
    uploads = [Upload(f"s{n:02}", (User(f"s{n:02}"),), work) for n in range(SUBMISSIONS)]
    arrived: list[Record] = []

    def done(record: Record) -> None:
        arrived.append(record)
        if len(arrived) == 3:
            workers[0].send_signal(signal.SIGKILL)

    with Store(tmp_path / "grades") as store, cluster_pool(scheduler) as (executor, width):
        assignment = toy.assignment("toy")
        run(plan(toy, assignment, uploads, store), store, executor, width=width, done=done)
        records = list(store)
        assert plan(toy, assignment, uploads, store).uploads == ()
    assert workers[0].wait(10) == -signal.SIGKILL
    assert Counter(r.submission for r in arrived) == Counter(u.id for u in uploads)
    assert [r.submission for r in records] == [u.id for u in uploads]
    assert all(len(passed(r.results)) == 5 and not r.problem for r in records)
    survivor = f":{workers[1].pid}"
    assert all(r.worker.endswith(survivor) for r in arrived[6:]) and {r.worker for r in arrived} != {arrived[-1].worker}


def test_a_worker_without_a_gpu_is_named_before_anything_is_graded(scheduler: str, workers: list[subprocess.Popen[bytes]]) -> None:
    if not gpu.problem():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ContentError, match=r"on the worker tcp://127.0.0.1:\d+ torch"), cluster_pool(scheduler, "cuda"):
        pass


def test_a_scheduler_without_workers_is_refused(scheduler: str) -> None:
    with pytest.raises(ContentError, match="has no workers"), cluster_pool(scheduler):
        pass


def test_an_address_where_nobody_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.grading import cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ContentError, match="No dask scheduler answers"), cluster_pool("tcp://127.0.0.1:9"):
        pass
