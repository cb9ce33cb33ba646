"""The leader is killed while calls wait: each of them gets, once, what it waits for."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Sized
from typing import Any

from cluster import Cluster, until
from ferry import DistributedQueue, Executor, aio

CALLS = 90


def waiting(call: Callable[[], Any]) -> concurrent.futures.Future[Any]:
    """Makes a call in a thread of its own, and checks that it waits."""
    outcome: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    assert not concurrent.futures.wait([outcome], 0.2).done, "the call does not wait"
    return outcome


def test_blocking_calls(mortal: Cluster, name: str) -> None:
    """Every call that may wait: get, put, join, and the result of a call that runs or is queued."""
    gate = threading.Event()
    calls: list[str] = []

    def pass_gate(what: str) -> str:
        calls.append(what)
        assert gate.wait(60), "nobody opened the gate"
        return what

    # All ask the node that is going to die.
    leader = mortal.url(mortal.get("/v1/cluster")["leader"])
    servers = [leader, *(server for server in mortal.servers if server != leader)]
    with contextlib.ExitStack() as stack:

        def queue(role: str, maxsize: int = 0) -> DistributedQueue:
            q = DistributedQueue(f"{name}-{role}", maxsize, servers=servers)
            return stack.enter_context(q)

        empty, full, held = queue("empty"), queue("full", 1), queue("held")
        executor = stack.enter_context(Executor(f"{name}-calls", 1, servers=servers))
        executor.register(pass_gate)
        stack.callback(gate.set)
        full.put("first")
        held.put("item")
        assert held.get() == "item"
        gets = [waiting(empty.get) for _ in range(2)]
        put, join = waiting(lambda: full.put("second")), waiting(held.join)
        results = [executor.submit(pass_gate, what) for what in ("runs", "queued")]
        until(results[0].running, "the call runs")
        mortal.kill_leader()
        empty.put("for one")
        empty.put("for the other")
        assert sorted(get.result(30) for get in gets) == ["for one", "for the other"]
        assert full.get() == "first"
        put.result(30)
        assert full.get(timeout=30) == "second"
        assert not join.done()
        held.task_done()
        join.result(30)
        gate.set()
        assert [result.result(30) for result in results] == ["runs", "queued"]
        assert calls == ["runs", "queued"]
        assert [q.qsize() for q in (empty, full, held)] == [0, 0, 0]


def kill_when(mortal: Cluster, calls: Sized, most: int) -> None:
    """Kills the leader, and starts it again, once there are more calls than that."""
    until(lambda: len(calls) > most, "calls go on")
    mortal.start(mortal.kill_leader())


def test_asyncio_tasks(mortal: Cluster, name: str) -> None:
    """Tasks that are scheduled, run and awaited across two deaths are each run once."""
    calls: Counter[int] = Counter()

    async def square(number: int) -> int:
        calls[number] += 1
        await asyncio.sleep(0)
        return number * number

    async def run() -> None:
        async with aio.DistributedTaskScheduler(name, servers=mortal.servers) as scheduler:
            scheduler.register(square)
            worker = asyncio.create_task(scheduler.run_worker(slots=4))

            async def call(number: int) -> int:
                result: int = await (await scheduler.schedule_task(square, number))
                return result

            async def calls_from(first: int) -> list[int]:
                # One after the other, so that the deaths come in the middle.
                return [await call(number) for number in range(first, CALLS, 3)]

            rows = [asyncio.create_task(calls_from(first)) for first in range(3)]
            for part in (CALLS // 4, CALLS // 2):
                await asyncio.to_thread(kill_when, mortal, calls, part)
            for first, row in enumerate(await asyncio.gather(*rows)):
                assert row == [number * number for number in range(first, CALLS, 3)]
            done, not_done = await scheduler.wait(timeout=30)
            assert not not_done and all(task.done() for task in done)
            scheduler.stop()
            await worker

    asyncio.run(run())
    assert calls == Counter(range(CALLS))
    counts = mortal.get(f"/v1/queues/{name}")["counts"]
    assert counts["succeeded"] == sum(counts.values()) == CALLS
