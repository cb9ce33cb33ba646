"""How executors and workers end: by themselves, with their process, or with what owned them."""

from __future__ import annotations

import gc
import multiprocessing
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from cluster import Cluster, until
from ferry import DistributedQueue, DistributedTaskScheduler, Executor

SCRIPT = """
import atexit, sys, threading
from ferry import Executor
from test_exit import first_may_end, told
queue, servers, how = sys.argv[1:]

@atexit.register
def submit_late():
    try:
        executor.submit(told, "late")
    except RuntimeError as error:
        print(error)

executor = Executor(queue, 1, servers=servers)
futures = [executor.submit(told, f"call {number}") for number in range(3)]
if how == "shutdown":
    executor.shutdown(wait=False)
if how == "cancel":
    # The only thread has the first one.
    assert futures[1].cancel() and futures[2].cancel()
first_may_end.set()
"""

first_may_end = threading.Event()


def told(what: str) -> str:
    """Takes a moment, so that the main thread is at its end before, and tells that it ran."""
    if what == "call 0":
        assert first_may_end.wait(60), "nobody let it end"
    threading.Event().wait(0.2)
    print(what, flush=True)
    return what


@pytest.mark.parametrize("how", ["nothing", "shutdown", "cancel"])
def test_a_process_ends_after_its_calls(cluster: Cluster, name: str, how: str) -> None:
    """A script that has submitted calls and ends is not done before they are; then, none is taken.

    No call is hurt by the end of the process that happens to run it.
    """
    command = [sys.executable, "-c", SCRIPT, name, ",".join(cluster.servers), how]
    here = Path(__file__).parent
    ended = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    ran = 1 if how == "cancel" else 3
    calls = [f"call {number}" for number in range(ran)]
    assert ended.stdout.splitlines() == [*calls, "cannot schedule new futures after shutdown"]
    counts = cluster.get(f"/v1/queues/{name}")["counts"]
    assert counts["succeeded"] == ran
    assert sum(counts.values()) == 3


WORKER = """
import sys
from ferry import DistributedTaskScheduler
queue, servers = sys.argv[1:]
scheduler = DistributedTaskScheduler(queue, servers=servers)
first = scheduler.schedule_task("test_exit:told", "first")
for _ in range(20):
    scheduler.schedule_task("test_exit:told", "more")
scheduler.start_worker()
first.result()
"""


def test_a_process_ends_with_what_its_worker_has_begun(cluster: Cluster, name: str) -> None:
    """A worker finishes what it has when the main thread ends, and leaves the rest to others."""
    command = [sys.executable, "-c", WORKER, name, ",".join(cluster.servers)]
    here = Path(__file__).parent
    ended = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    counts = cluster.get(f"/v1/queues/{name}")["counts"]
    assert counts["succeeded"] == len(ended.stdout.splitlines()) < 21
    assert counts["succeeded"] + counts["ready"] == 21


THREAD = """
import sys, threading
from ferry import DistributedTaskScheduler
queue, servers = sys.argv[1:]
scheduler = DistributedTaskScheduler(queue, servers=servers)
future = scheduler.schedule_task("test_exit:told", "elsewhere")
def wait():
    threading.main_thread().join()
    print("main thread has ended", flush=True)
    print(future.result(30))
threading.Thread(target=wait).start()
"""


def test_a_thread_that_waits_on_is_told(cluster: Cluster, name: str) -> None:
    """A result that comes after the main thread has ended reaches the threads that remain."""
    command = [sys.executable, "-c", THREAD, name, ",".join(cluster.servers)]
    with (
        DistributedTaskScheduler(name, servers=cluster.servers) as scheduler,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it,
    ):
        assert it.stdout is not None
        assert it.stdout.readline() == "main thread has ended\n"
        scheduler.start_worker()
        rest, errors = it.communicate(timeout=60)
        assert (it.returncode, errors, rest) == (0, "", "elsewhere\n")


def test_an_executor_that_is_gone(cluster: Cluster, name: str) -> None:
    """Its calls are made, and then its workers end, as with a shutdown."""
    before = set(threading.enumerate())
    executor = Executor(name, 2, servers=cluster.servers)
    results = executor.map(told, ["a", "b", "c"])
    gone = weakref.ref(executor)
    del executor
    assert list(results) == ["a", "b", "c"]
    del results

    def workers() -> list[str]:
        new = set(threading.enumerate()) - before
        return [thread.name for thread in new if thread.name.startswith("ferry-worker")]

    def is_gone() -> bool:
        gc.collect()
        return gone() is None

    until(is_gone, "nothing holds the executor")
    until(lambda: not workers(), "its workers have ended")


def test_futures_are_let_go(cluster: Cluster, name: str) -> None:
    """What has ended and is held by nobody else is not held by the executor."""
    with Executor(name, 1, servers=cluster.servers) as executor:
        future = executor.submit(pow, 2, 2)
        assert future.result(30) == 4
        held = weakref.ref(future)
        del future

        def is_let_go() -> bool:
            gc.collect()
            return held() is None

        until(is_let_go, "nothing holds the future")


def test_submissions_that_race_with_a_shutdown(cluster: Cluster, name: str) -> None:
    """Each is refused or its call is made; none is left without an end."""
    executor = Executor(name, 4, servers=cluster.servers)
    futures: list[Any] = []
    refused: list[str] = []

    def submit() -> None:
        try:
            while True:
                futures.append(executor.submit(pow, 2, 2))
        except RuntimeError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(futures) > 10, "some are submitted")
    executor.shutdown()
    for thread in threads:
        thread.join(30)
    assert refused == ["cannot schedule new futures after shutdown"] * len(threads)
    assert all(future.done() for future in futures)
    assert {future.result() for future in futures} == {4}


class SlowArgument(dict[str, int]):
    """An argument whose submission takes until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__(one=1)
        self.reached, self.gate = threading.Event(), threading.Event()

    def items(self) -> Any:
        """What the encoder of JSON asks for."""
        self.reached.set()
        assert self.gate.wait(60), "nobody opened the gate"
        return super().items()


def test_a_submission_that_is_under_way(cluster: Cluster, name: str) -> None:
    """A shutdown in the middle of it is not done before that call has ended."""
    executor = Executor(name, 1, servers=cluster.servers)
    argument, futures = SlowArgument(), []
    submitting = threading.Thread(target=lambda: futures.append(executor.submit(len, argument)))
    submitting.start()
    assert argument.reached.wait(30)
    executor.shutdown(wait=False)
    argument.gate.set()
    executor.shutdown()
    submitting.join(30)
    assert [future.result(0) for future in futures] == [1]


def test_a_cancelled_call_does_not_hold_up_a_shutdown(cluster: Cluster, name: str) -> None:
    """Neither does an executor that has had nothing to do."""
    executor = Executor(name, 1, servers=cluster.servers)
    executor.submit(pow, 2, 2).cancel()
    ending = threading.Thread(target=executor.shutdown)
    ending.start()
    ending.join(30)
    assert not ending.is_alive()
    Executor(name, servers=cluster.servers).shutdown()


def use_in_child(q: DistributedQueue) -> None:
    """Does something in a process that has inherited all of its parent's memory."""
    q.put("child")


def test_a_forked_child_ends_nothing_of_its_parent(cluster: Cluster, name: str) -> None:
    """While an executor and a worker run here, a child comes and goes."""
    gate = threading.Event()
    with (
        DistributedQueue(f"{name}-items", servers=cluster.servers) as q,
        DistributedTaskScheduler(f"{name}-tasks", servers=cluster.servers) as scheduler,
        Executor(name, 1, servers=cluster.servers) as executor,
    ):
        scheduler.start_worker()
        executor.register(gate.wait, "gate")
        held = executor.submit(gate.wait, 60)
        until(held.running, "the call runs")
        child = multiprocessing.get_context("fork").Process(target=use_in_child, args=(q,))
        child.start()
        child.join(30)
        assert child.exitcode == 0
        assert q.get(timeout=30) == "child"
        q.task_done()
        gate.set()
        assert held.result(30) is True
        assert scheduler.schedule_task(pow, 2, 2).result(30) == 4
