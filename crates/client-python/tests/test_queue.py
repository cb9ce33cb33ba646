"""What `DistributedQueue` does beyond `queue.Queue`: leases, bytes, processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import queue
from datetime import datetime
from typing import Any

import httpx
import pytest

from cluster import Cluster, until
from ferry import DistributedQueue, LeaseLost, Refused, aio


def the_task(cluster: Cluster, name: str) -> Any:
    """The one task of a queue."""
    (task,) = cluster.get(f"/v1/tasks?queue={name}")["tasks"]
    return task


def test_items_are_json_or_bytes(cluster: Cluster, name: str) -> None:
    """What goes in comes out; what JSON has no word for does not go in."""
    items: list[Any] = [None, True, 1.5, "ä\u2028", [1, [2]], {"a": {"b": None}}, b"\x00\xff"]
    with DistributedQueue(name, servers=cluster.servers) as q:
        for item in items:
            q.put(item)
        assert [q.get() for _ in items] == items
        with pytest.raises(TypeError):
            q.put(object())
        with pytest.raises(ValueError, match="JSON compliant"):
            q.put(float("nan"))
        assert q.empty()


def test_a_lease_is_kept(cluster: Cluster, name: str) -> None:
    """What is held longer than a lease is not given to others."""
    with DistributedQueue(name, servers=cluster.servers, lease=1.0) as q:
        q.put("item")
        assert q.get() == "item"
        begin = the_task(cluster, name)["lease"]["expires_at"]

        def was_kept_long() -> bool:
            end = the_task(cluster, name)["lease"]["expires_at"]
            times = [datetime.fromisoformat(time.replace("Z", "+00:00")) for time in (begin, end)]
            return (times[1] - times[0]).total_seconds() > 2

        until(was_kept_long, "the lease is extended")
        assert q.empty()
        q.task_done()
        assert the_task(cluster, name)["state"] == "succeeded"
        assert the_task(cluster, name)["attempt"] == 1


def test_a_lost_lease_is_told(cluster: Cluster, name: str) -> None:
    """Being done with what was called off meanwhile is an error of its own."""
    with DistributedQueue(name, servers=cluster.servers) as q:
        q.put("item")
        q.get()
        task = the_task(cluster, name)["id"]
        httpx.delete(f"{cluster.url(1)}/v1/tasks/{task}").raise_for_status()
        with pytest.raises(LeaseLost):
            q.task_done()
        with pytest.raises(ValueError, match="too many times"):
            q.task_done()


def test_close_gives_back(cluster: Cluster, name: str) -> None:
    """What was not done is with the next one at once, and counts as no attempt."""
    with DistributedQueue(name, servers=cluster.servers) as q:
        q.put("item")
        assert q.get() == "item"
    assert the_task(cluster, name)["state"] == "ready"
    assert the_task(cluster, name)["attempt"] == 0


def test_a_bound_is_kept_among_all(cluster: Cluster, name: str) -> None:
    """Those who name a bound count what everybody has put; who names none has none."""
    with (
        DistributedQueue(name, 2, servers=cluster.servers) as bounded,
        DistributedQueue(name, 2, servers=cluster.servers) as twin,
        DistributedQueue(name, servers=cluster.servers) as free,
    ):
        free.put("free")
        twin.put("twin")
        for q in (bounded, twin):
            assert q.full()
            with pytest.raises(queue.Full):
                q.put_nowait("more")
        assert not free.full()
        free.put_nowait("beyond")
        assert free.qsize() == 3


def test_the_bound_of_the_nodes_holds_too(cluster: Cluster, name: str) -> None:
    """A queue's own `max_tasks` counts unfinished items, and its settings stay as they are."""
    settings = {"lease_ms": 5_000, "max_attempts": 3, "max_tasks": 1}
    url = f"{cluster.url(1)}/v1/queues/{name}"
    httpx.put(url, json=settings).raise_for_status()
    with (
        DistributedQueue(name, 2, servers=cluster.servers) as bounded,
        DistributedQueue(name, servers=cluster.servers) as free,
    ):
        bounded.put("item")
        assert bounded.get() == "item"
        for q in (bounded, free):
            assert q.full()
            with pytest.raises(queue.Full):
                q.put_nowait("more")
            with pytest.raises(queue.Full):
                q.put("more", timeout=0.05)
        bounded.task_done()
        bounded.put("next")
    kept = cluster.get(f"/v1/queues/{name}")["settings"]
    assert {field: kept[field] for field in settings} == settings


def test_a_bound_leaves_one_mark(cluster: Cluster, name: str) -> None:
    """What keeps a bound is one task a queue, however much was put, and looks like no work."""
    with DistributedQueue(name, 5, servers=cluster.servers) as q:
        for item in range(20):
            q.put(item)
            q.get()
    tasks = cluster.get("/v1/tasks?queue=python.bounds&limit=1000")["tasks"]
    (mark,) = [task for task in tasks if task["unique"]["key"] == name]
    assert mark["state"] == "scheduled"


def test_a_bound_survives_the_loss_of_its_mark(cluster: Cluster, name: str) -> None:
    """Should somebody remove it, the next put makes another."""
    with DistributedQueue(name, 1, servers=cluster.servers) as q:
        q.put("first")
        q.get()
        tasks = cluster.get("/v1/tasks?queue=python.bounds&limit=1000")["tasks"]
        (mark,) = [task["id"] for task in tasks if task["unique"]["key"] == name]
        httpx.delete(f"{cluster.url(1)}/v1/tasks/{mark}").raise_for_status()
        q.put_nowait("second")
        with pytest.raises(queue.Full):
            q.put_nowait("third")


def test_refusals_bear_their_code(cluster: Cluster) -> None:
    """What the cluster refuses is told in its words."""
    with (
        DistributedQueue("no/name", servers=cluster.servers) as q,
        pytest.raises(Refused) as refused,
    ):
        q.put(1)
    assert (refused.value.status, refused.value.code) == (400, "invalid_argument")


def test_other_processes(cluster: Cluster, name: str) -> None:
    """A queue goes to another process by pickle and by fork; leases stay where they are."""
    with DistributedQueue(name, servers=cluster.servers) as q:
        q.put("held")
        q.put("work")
        assert q.get() == "held"
        for method in ("fork", "spawn"):
            context: Any = multiprocessing.get_context(method)
            child = context.Process(target=double, args=(q,))
            child.start()
            child.join(60)
            assert child.exitcode == 0
        copy = pickle.loads(pickle.dumps(q))
        with pytest.raises(ValueError, match="too many times"):
            copy.task_done()
        assert copy.get() == "work" * 4
        copy.task_done()
        copy.close()


def double(q: DistributedQueue) -> None:
    """Takes an item and puts it in twice as long."""
    q.put(q.get(timeout=30) * 2)
    q.task_done()
    q.close()


def test_a_get_that_is_cancelled_loses_nothing(cluster: Cluster, name: str) -> None:
    """Items that come while many gets are being cancelled are all there for others."""

    async def run() -> list[int]:
        async with aio.DistributedQueue(name, servers=cluster.servers) as q:
            taken: list[int] = []
            for number in range(10):
                getting = asyncio.create_task(q.get())
                await asyncio.gather(q.put(number), asyncio.sleep(0.001 * number))
                getting.cancel()
                try:
                    taken.append(await getting)
                except asyncio.CancelledError:
                    continue
            while len(taken) < 10:
                taken.append(await q.get(timeout=20))
            for _ in taken:
                await q.task_done()
            return taken

    assert sorted(asyncio.run(run())) == list(range(10))


def test_a_put_that_is_cancelled_while_it_waits(cluster: Cluster, name: str) -> None:
    """It has put nothing, and keeps no one else from putting."""

    async def run() -> None:
        async with aio.DistributedQueue(name, 1, servers=cluster.servers) as q:
            await q.put("first")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(q.put("given up"), 0.1)
            others = [asyncio.create_task(q.put(number)) for number in range(3)]
            assert await q.get() == "first"
            assert sorted([await q.get(timeout=20) for _ in others]) == [0, 1, 2]
            await asyncio.gather(*others)
            assert await q.empty()

    asyncio.run(run())


def test_asyncio_form(cluster: Cluster, name: str) -> None:
    """The calls of asyncio.Queue, awaited, with its exceptions."""

    async def run() -> None:
        async with aio.DistributedQueue(name, 2, servers=cluster.servers) as q:
            await q.put(1)
            await q.put_nowait(2)
            assert await q.full()
            assert await q.qsize() == 2
            for putting in (q.put_nowait(3), q.put(3, timeout=0.05)):
                with pytest.raises(asyncio.QueueFull):
                    await putting
            assert [await q.get(), await q.get_nowait()] == [1, 2]
            assert await q.empty()
            for getting in (q.get_nowait(), q.get(timeout=0.05)):
                with pytest.raises(asyncio.QueueEmpty):
                    await getting
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(q.get(), 0.05)
            joining = asyncio.create_task(q.join())
            await q.task_done()
            assert not joining.done()
            await q.task_done()
            await asyncio.wait_for(joining, 30)
            with pytest.raises(ValueError, match="too many times"):
                await q.task_done()

    asyncio.run(run())


def test_a_blocking_call_on_its_own_loop_is_refused(cluster: Cluster, name: str) -> None:
    """Rather than waiting for itself for ever, it says what to use."""
    with DistributedQueue(name, servers=cluster.servers) as q:

        async def block() -> int:
            return q.qsize()

        with pytest.raises(RuntimeError, match=r"ferry\.aio"):
            q._bridge.run(block())
