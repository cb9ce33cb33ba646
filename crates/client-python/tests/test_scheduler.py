"""Tasks that are scheduled here and run by workers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cluster import Cluster, until
from ferry import DistributedTaskScheduler, TaskFailed, TaskOptions, aio

ran: list[str] = []


@pytest.fixture
def scheduler(cluster: Cluster, name: str) -> Iterator[DistributedTaskScheduler]:
    """A scheduler with a queue of its own."""
    ran.clear()
    with DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
        yield scheduler


def note(what: str) -> int:
    """Notes that it ran; tells how often so far."""
    ran.append(what)
    return ran.count(what)


def fail_at_first(what: str) -> str:
    """Succeeds at the second call."""
    if note(what) == 1:
        raise OSError(what)
    return what


def test_wait(scheduler: DistributedTaskScheduler) -> None:
    """Wait gives what is done and what is not, of given tasks or of all."""
    first = scheduler.schedule_task(note, "first")
    later = scheduler.schedule_task(note, "later", options=TaskOptions(delay=3600))
    assert scheduler.wait(timeout=0.1) == (set(), {first, later})
    worker = scheduler.start_worker(slots=2)
    assert scheduler.wait([first], timeout=30).done == {first}
    assert first.result() == 1
    assert scheduler.wait(timeout=0.1) == ({first}, {later})
    assert later.cancel()
    assert scheduler.wait(timeout=30) == ({first, later}, set())
    scheduler.stop()
    worker.result(30)


def test_a_worker_until_idle(scheduler: DistributedTaskScheduler) -> None:
    """A worker runs what is there, in order, and returns when nothing is unfinished."""
    for what in ("low", "high", "middle"):
        priority = {"low": 1, "high": 9, "middle": 4}[what]
        scheduler.schedule_task(note, what, options=TaskOptions(priority=priority))
    scheduler.run_worker(until_idle=True)
    assert ran == ["high", "middle", "low"]
    # Both sides agree: what has run is known to have ended.
    assert len(scheduler.wait(timeout=30).not_done) == 0


def test_a_function_that_raises(scheduler: DistributedTaskScheduler) -> None:
    """It is tried once, or as often as its task says."""
    once = scheduler.schedule_task(fail_at_first, "once")
    twice = scheduler.schedule_task(fail_at_first, "twice", options=TaskOptions(max_attempts=2))
    scheduler.run_worker(until_idle=True)
    assert isinstance(once.exception(30), OSError)
    assert twice.result(30) == "twice"
    assert ran == ["once", "twice", "twice"]


def test_dependencies(scheduler: DistributedTaskScheduler) -> None:
    """A task runs after those that it depends on, and not if one has failed."""
    failing = scheduler.schedule_task(fail_at_first, "failing")
    fine = scheduler.schedule_task(note, "fine")
    after_failing = scheduler.schedule_task(
        note, "never", options=TaskOptions(depends_on=[failing])
    )
    after_fine = scheduler.schedule_task(note, "after", options=TaskOptions(depends_on=[fine]))
    scheduler.run_worker(until_idle=True)
    assert after_fine.result(30) == 1
    with pytest.raises(concurrent.futures.CancelledError):
        after_failing.result(30)
    assert ran == ["failing", "fine", "after"]


def test_a_task_that_is_called_off_or_expires(
    cluster: Cluster, scheduler: DistributedTaskScheduler
) -> None:
    """Whoever waits is told how it ended, though nobody ran it."""
    called_off = scheduler.schedule_task(note, "called off")
    expiring = scheduler.schedule_task(note, "expiring", options=TaskOptions(ttl=0.2))
    httpx.delete(f"{cluster.url(1)}/v1/tasks/{called_off.task_id}").raise_for_status()
    with pytest.raises(concurrent.futures.CancelledError):
        called_off.result(30)
    assert isinstance(expiring.exception(30), TaskFailed)
    assert ran == []


def test_tasks_of_other_clients(cluster: Cluster, scheduler: DistributedTaskScheduler) -> None:
    """A task without arguments' envelope is a call with the payload; its type is the function."""
    scheduler.register(note, "tell")
    url = f"{cluster.url(1)}/v1/queues/{scheduler.queue}/tasks"
    httpx.post(url, json={"type": "tell", "payload": "plain"}).raise_for_status()
    scheduler.run_worker(until_idle=True)
    assert ran == ["plain"]


def test_modules_bound_what_may_be_called(cluster: Cluster, name: str) -> None:
    """A worker with a list of modules imports nothing else, and runs what is registered."""
    with DistributedTaskScheduler(name, servers=cluster.servers, modules=["math"]) as scheduler:
        allowed = scheduler.schedule_task("math:factorial", 5)
        forbidden = scheduler.schedule_task("os:getcwd")
        scheduler.register(note)
        registered = scheduler.schedule_task(note, "registered")
        scheduler.run_worker(until_idle=True)
        assert allowed.result(30) == 120
        assert registered.result(30) == 1
        assert isinstance(forbidden.exception(30), LookupError)


def test_a_worker_outlives_its_queue(cluster: Cluster, scheduler: DistributedTaskScheduler) -> None:
    """A queue that somebody deletes comes back with the next task, which is run."""
    worker = scheduler.start_worker()
    assert scheduler.schedule_task(note, "before").result(30) == 1
    url = f"{cluster.url(1)}/v1/queues/{scheduler.queue}"
    httpx.delete(url, params={"force": "true"}).raise_for_status()
    assert scheduler.schedule_task(note, "after").result(30) == 1
    scheduler.stop()
    worker.result(30)
    assert ran == ["before", "after"]


def test_stop_finishes_what_runs(scheduler: DistributedTaskScheduler) -> None:
    """A worker that is stopped settles what it has begun and leaves the rest."""
    gate = threading.Event()
    scheduler.register(gate.wait, "gate")
    running = scheduler.schedule_task("gate", 60)
    worker = scheduler.start_worker()
    until(running.running, "it runs")
    left = scheduler.schedule_task(note, "left")
    scheduler.stop()
    gate.set()
    worker.result(30)
    assert running.result(30) is True
    assert not left.done()
    assert ran == []


def test_an_added_worker_works(scheduler: DistributedTaskScheduler) -> None:
    """A worker that was added runs tasks with the slots that it was added with."""
    gate = threading.Barrier(2)
    scheduler.register(gate.wait, "both")
    both = [scheduler.schedule_task("both", 60) for _ in range(2)]
    scheduler.add_worker(f"{scheduler.queue}-worker", slots=2, labels={"zone": "a"})
    scheduler.run_worker(f"{scheduler.queue}-worker", until_idle=True)
    assert sorted(future.result(30) for future in both) == [0, 1]


def test_asyncio_form(cluster: Cluster, name: str) -> None:
    """The same calls, awaited; coroutine functions run on the loop."""
    ran.clear()

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def run() -> None:
        async with aio.DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
            scheduler.register(double)
            tasks = [await scheduler.schedule_task(double, number) for number in range(10)]
            failing = await scheduler.schedule_task(divmod, 1, 0)
            waiting: Any = await scheduler.schedule_task(
                note, "late", options=TaskOptions(delay=60)
            )
            with pytest.raises(TimeoutError):
                await tasks[0].result(0.05)
            worker = asyncio.create_task(scheduler.run_worker(slots=4))
            assert await asyncio.gather(*tasks) == [2 * number for number in range(10)]
            with pytest.raises(ZeroDivisionError):
                await failing
            assert await waiting.cancel()
            assert not await tasks[0].cancel()
            done, not_done = await scheduler.wait(timeout=30)
            assert (len(done), len(not_done)) == (12, 0)
            with pytest.raises(asyncio.CancelledError):
                await waiting
            scheduler.stop()
            await worker

    asyncio.run(run())
    assert ran == []
