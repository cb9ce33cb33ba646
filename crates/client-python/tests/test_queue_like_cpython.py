"""What CPython checks of `queue.Queue`, asked of `DistributedQueue`."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cluster import Cluster, until
from ferry import DistributedQueue

SIZE = 5


@pytest.fixture
def bounded(cluster: Cluster, name: str) -> Iterator[DistributedQueue]:
    """A queue with room for five."""
    with DistributedQueue(name, maxsize=SIZE, servers=cluster.servers) as bounded:
        yield bounded


@pytest.fixture
def unbounded(cluster: Cluster, name: str) -> Iterator[DistributedQueue]:
    """A queue without a bound."""
    with DistributedQueue(name, servers=cluster.servers) as unbounded:
        yield unbounded


def blocks_until(blocking: Callable[[], Any], trigger: Callable[[], Any]) -> Any:
    """Checks that a call blocks until another one is made, and gives what it returns."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(blocking()), daemon=True)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive(), "the call did not block"
    trigger()
    thread.join(10)
    assert not thread.is_alive(), "the trigger did not end the wait"
    return results[0]


def test_simple_queue(bounded: DistributedQueue) -> None:
    """The course of CPython's simple_queue_test: twice, to see that nothing sticks."""
    for _ in range(2):
        simple_queue_test(bounded)


def simple_queue_test(q: DistributedQueue) -> None:
    """Order, bounds and blocking of an empty queue."""
    assert q.qsize() == 0
    assert q.empty()
    assert not q.full()
    for item in (111, 333, 222):
        q.put(item)
    assert [q.get(), q.get(), q.get()] == [111, 333, 222]
    for item in range(SIZE - 1):
        q.put(item)
        assert q.qsize() == item + 1
    assert not q.full()
    q.put("last")
    assert q.full()
    assert not q.empty()
    with pytest.raises(queue.Full):
        q.put("full", block=False)
    with pytest.raises(queue.Full):
        q.put("full", timeout=0.01)
    blocks_until(lambda: q.put("more"), q.get)
    blocks_until(lambda: q.put("more", True, 10), q.get)
    assert [q.get() for _ in range(SIZE)] == [2, 3, "last", "more", "more"]
    assert q.qsize() == 0
    with pytest.raises(queue.Empty):
        q.get(block=False)
    with pytest.raises(queue.Empty):
        q.get(timeout=0.01)
    assert blocks_until(q.get, lambda: q.put("empty")) == "empty"
    assert blocks_until(lambda: q.get(True, 10), lambda: q.put("empty")) == "empty"


def test_task_done_without_an_item(unbounded: DistributedQueue) -> None:
    """Called more often than there were items, task_done raises ValueError."""
    with pytest.raises(ValueError, match="too many times"):
        unbounded.task_done()
    unbounded.put("item")
    unbounded.get()
    unbounded.task_done()
    with pytest.raises(ValueError, match="too many times"):
        unbounded.task_done()


def test_join(unbounded: DistributedQueue) -> None:
    """Join returns when all is done, and may be called again: CPython's queue_join_test, twice.

    There is nothing to wait for where nothing was ever put.
    """
    unbounded.join()
    for _ in range(2):
        total: list[int] = []

        def work(total: list[int] = total) -> None:
            while (item := unbounded.get()) >= 0:
                total.append(item)
                unbounded.task_done()
            unbounded.task_done()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for item in range(100):
            unbounded.put(item)
        unbounded.join()
        assert sum(total) == sum(range(100))
        for _ in threads:
            unbounded.put(-1)
        unbounded.join()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()


def test_join_waits_for_what_is_taken(unbounded: DistributedQueue) -> None:
    """An item that somebody holds is not done."""
    unbounded.put("item")
    unbounded.get()
    assert unbounded.empty()
    # Another thread than the one that took it may say that it is done.
    blocks_until(unbounded.join, unbounded.task_done)


def test_negative_timeout(unbounded: DistributedQueue) -> None:
    """A negative timeout is a mistake."""
    with pytest.raises(ValueError, match="non-negative"):
        unbounded.get(timeout=-1)
    with pytest.raises(ValueError, match="non-negative"):
        unbounded.put(1, timeout=-1)


def test_nowait(bounded: DistributedQueue) -> None:
    """The calls without a wait raise at once."""
    for item in range(SIZE):
        bounded.put_nowait(item)
    with pytest.raises(queue.Full):
        bounded.put_nowait("full")
    for item in range(SIZE):
        assert bounded.get_nowait() == item
    with pytest.raises(queue.Empty):
        bounded.get_nowait()


def test_timeouts_are_kept(bounded: DistributedQueue) -> None:
    """Full and Empty come when the timeout is over, not before and not much later."""
    begin = time.monotonic()
    with pytest.raises(queue.Empty):
        bounded.get(timeout=0.5)
    assert 0.5 <= time.monotonic() - begin < 5
    for item in range(SIZE):
        bounded.put(item)
    begin = time.monotonic()
    with pytest.raises(queue.Full):
        bounded.put("full", timeout=0.5)
    assert 0.5 <= time.monotonic() - begin < 5


def test_room_comes_with_get(bounded: DistributedQueue) -> None:
    """An item that is taken leaves room at once, though it is not done."""
    for item in range(3 * SIZE):
        bounded.put_nowait(item)
        assert bounded.get_nowait() == item
    for item in range(SIZE):
        bounded.put_nowait(item)
    assert bounded.full()
    for _ in range(3 * SIZE):
        bounded.task_done()
    assert bounded.full()
    with pytest.raises(queue.Full):
        bounded.put_nowait("done is not taken")


def test_maxsize_may_change(bounded: DistributedQueue) -> None:
    """The attribute is read at every put, as with queue.Queue: shrunk, grown, a fraction, none."""
    for item in range(SIZE):
        bounded.put(item)
    bounded.maxsize = SIZE - 1
    with pytest.raises(queue.Full):
        bounded.put_nowait("shrunk")
    assert bounded.get() == 0
    assert bounded.full()
    bounded.maxsize = SIZE
    assert not bounded.full()
    bounded.put_nowait("grown")
    assert bounded.full()
    bounded.maxsize = 0
    assert not bounded.full()
    bounded.put_nowait("none")
    assert bounded.qsize() == SIZE + 1


def get_with_a_timeout(q: DistributedQueue) -> Any:
    """Asks again and again, with a short patience."""
    while True:
        try:
            return q.get(timeout=0.01)
        except queue.Empty:
            continue


def get_without_waiting(q: DistributedQueue) -> Any:
    """Asks again and again, with none."""
    while True:
        try:
            return q.get_nowait()
        except queue.Empty:
            time.sleep(0.001)


@pytest.mark.parametrize("take", [DistributedQueue.get, get_with_a_timeout, get_without_waiting])
@pytest.mark.parametrize("maxsize", [0, SIZE])
def test_many_threads(
    cluster: Cluster, name: str, maxsize: int, take: Callable[[DistributedQueue], Any]
) -> None:
    """Several producers and consumers: each item comes out once, in the order of its producer."""
    taken: list[list[list[int]]] = [[], [], []]
    with DistributedQueue(name, maxsize, servers=cluster.servers) as q:

        def produce(producer: int) -> None:
            for number in range(20):
                q.put([producer, number])

        def consume(mine: list[list[int]]) -> None:
            while (item := take(q)) is not None:
                mine.append(item)
                q.task_done()
            q.task_done()

        producers = [threading.Thread(target=produce, args=(number,)) for number in range(3)]
        consumers = [threading.Thread(target=consume, args=(mine,)) for mine in taken]
        for thread in producers + consumers:
            thread.start()
        for thread in producers:
            thread.join(60)
        for _ in consumers:
            q.put(None)
        for thread in consumers:
            thread.join(60)
        until(q.empty, "the queue is empty")
    together = [item for mine in taken for item in mine]
    assert sorted(together) == [[p, n] for p in range(3) for n in range(20)]
    for mine in taken:
        for producer in range(3):
            numbers = [n for p, n in mine if p == producer]
            assert numbers == sorted(numbers)
