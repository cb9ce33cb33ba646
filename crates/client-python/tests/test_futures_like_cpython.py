"""What CPython checks of futures and of the functions that take several, asked of `TaskFuture`."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from cluster import Cluster, until
from ferry import Executor

gate = threading.Event()


@pytest.fixture
def executor(cluster: Cluster, name: str) -> Iterator[Executor]:
    """An executor with two threads; whoever waits at the gate passes when the test is over."""
    gate.clear()
    with Executor(name, 2, servers=cluster.servers) as executor:
        yield executor
        gate.set()


def pass_gate(what: str = "passed") -> str:
    """Waits until the test opens the gate."""
    assert gate.wait(60), "nobody opened the gate"
    return what


def finished(result: object) -> concurrent.futures.Future[Any]:
    """A plain future that has ended."""
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()
    future.set_result(result)
    return future


def test_wait_for_the_first(executor: Executor) -> None:
    """The first end is enough, of these futures or of plain ones among them."""
    fast, slow = executor.submit(pow, 2, 2), executor.submit(pass_gate)
    first = concurrent.futures.FIRST_COMPLETED
    assert concurrent.futures.wait([fast, slow], 30, first) == ({fast}, {slow})
    plain = finished(1)
    assert concurrent.futures.wait([slow, plain], 30, first) == ({plain}, {slow})


def test_wait_for_the_first_exception(executor: Executor) -> None:
    """An exception ends the wait, a result does not."""
    fine, slow = executor.submit(pow, 2, 2), executor.submit(pass_gate)
    fine.result(30)
    failing = executor.submit(divmod, 1, 0)
    ended = concurrent.futures.wait([fine, slow, failing], 30, concurrent.futures.FIRST_EXCEPTION)
    assert ended == ({fine, failing}, {slow})
    again = concurrent.futures.wait([failing, slow], 30, concurrent.futures.FIRST_EXCEPTION)
    assert again == ({failing}, {slow})


def test_wait_for_all(executor: Executor) -> None:
    """All ends, whichever; one that is named twice counts once; at the timeout, those there are."""
    fine, failing = executor.submit(pow, 2, 2), executor.submit(divmod, 1, 0)
    slow = executor.submit(pass_gate)
    assert concurrent.futures.wait([fine, failing, fine], 30) == ({fine, failing}, set())
    assert concurrent.futures.wait([fine, failing, slow], 0.05) == ({fine, failing}, {slow})
    gate.set()
    assert concurrent.futures.wait([fine, failing, slow], 30) == ({fine, failing, slow}, set())


@pytest.mark.parametrize("timeout", [0, 0.1])
def test_as_completed(executor: Executor, timeout: float) -> None:
    """Futures come as they end, each once; at the timeout it says how many have not."""
    fast, slow, plain = executor.submit(pow, 2, 2), executor.submit(pass_gate), finished(1)
    fast.result(30)
    came: list[object] = []
    with pytest.raises(concurrent.futures.TimeoutError, match=r"1 \(of 3\) futures unfinished"):
        came.extend(concurrent.futures.as_completed([fast, slow, plain, fast], timeout))
    assert set(came) == {fast, plain} and len(came) == 2
    gate.set()
    assert list(concurrent.futures.as_completed([slow, slow, slow], 30)) == [slow]


def test_callbacks(executor: Executor, caplog: pytest.LogCaptureFixture) -> None:
    """They are called with the future at its end, whichever, or at once; one that raises is logged
    and keeps no other one from being called.
    """
    busy = [executor.submit(pass_gate) for _ in range(2)]
    until(lambda: all(future.running() for future in busy), "both threads are taken")
    fine, failing = executor.submit(pow, 2, 3), executor.submit(divmod, 1, 0)
    cancelled = executor.submit(pow, 2, 4)
    futures = {fine, failing, cancelled}
    told: list[object] = []

    def refuse(_: object) -> None:
        raise OSError("a callback of the test")

    for future in futures:
        future.add_done_callback(refuse)
        future.add_done_callback(told.append)
    assert told == []
    assert cancelled.cancel()
    assert told == [cancelled]
    gate.set()
    until(lambda: set(told) == futures, "all are told of")
    assert caplog.text.count("OSError: a callback of the test") == 3
    for future in futures:
        future.add_done_callback(told.append)
    assert len(told) == 6
    assert fine.result(0) == 8
    assert isinstance(failing.exception(0), ZeroDivisionError)


def test_callbacks_may_wait(executor: Executor) -> None:
    """A callback may wait for another call, which is made by the other thread."""
    results: list[int] = []

    def go_on(done: concurrent.futures.Future[Any]) -> None:
        results.append(executor.submit(pow, done.result(), 2).result(10))

    executor.submit(pow, 2, 2).add_done_callback(go_on)
    until(lambda: bool(results), "the callback has its result")
    assert results == [16]


def test_submit_takes_the_function_by_place(executor: Executor) -> None:
    """A keyword is always the function's, so a call without a function is a mistake."""
    submit: Any = executor.submit
    for keywords in ({"fn": pow}, {"arg": 1}, {}):
        with pytest.raises(TypeError):
            submit(**keywords)


def test_map_submits_at_once(executor: Executor, cluster: Cluster) -> None:
    """Calls are made though nobody asks for their results; a chunk size changes nothing."""
    executor.map(pass_gate, ["a", "b", "c"])
    gate.set()
    executor.shutdown()
    queue = executor._scheduler.queue
    assert cluster.get(f"/v1/queues/{queue}")["counts"]["succeeded"] == 3


def test_map_in_chunks(executor: Executor) -> None:
    """A chunk size is taken, and changes nothing; the shortest input ends it."""
    expected = [n**2 for n in range(5)]
    assert list(executor.map(pow, range(5), [2] * 9, chunksize=3)) == expected


def test_map_cancels_what_it_gives_up(executor: Executor) -> None:
    """After a timeout, what has not begun is not run."""
    busy = [executor.submit(pass_gate) for _ in range(2)]
    until(lambda: all(future.running() for future in busy), "both threads are taken")
    results = executor.map(pass_gate, ["x", "y"], timeout=0.01)
    waiting = [future for future in executor._pending if future not in busy]
    with pytest.raises(concurrent.futures.TimeoutError):
        next(iter(results))
    assert len(waiting) == 2
    assert all(future.cancelled() for future in waiting)
    gate.set()
    assert [future.result(30) for future in busy] == ["passed"] * 2


def test_workers_are_saturated(executor: Executor) -> None:
    """As many calls run as there are threads, and the others wait their turn."""
    futures = [executor.submit(pass_gate) for _ in range(6)]
    until(lambda: all(future.running() for future in futures[:2]), "two run")
    assert not any(future.running() or future.done() for future in futures[2:])
    gate.set()
    assert [future.result(30) for future in futures] == ["passed"] * 6


def test_default_workers(cluster: Cluster, name: str) -> None:
    """Unless told otherwise, as many threads as a pool of threads has."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        ours = Executor(name, servers=cluster.servers)
        assert ours._max_workers == threads._max_workers
