"""The leader is killed in the middle: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sized

import pytest

from cluster import Cluster, until
from ferry import DistributedQueue, Executor, aio

ITEMS = 150
CONSUMERS = 3

calls: Counter[int] = Counter()
calling = threading.Lock()


def square(number: int) -> int:
    """Counts how often it is called."""
    with calling:
        calls[number] += 1
    return number * number


def test_queue(mortal: Cluster, name: str) -> None:
    """Producers and consumers go on while two leaders die."""
    taken: list[int] = []
    with DistributedQueue(name, servers=mortal.servers) as q:

        def produce(first: int) -> None:
            for item in range(first, first + ITEMS):
                q.put(item)

        def consume() -> None:
            while (item := q.get()) is not None:
                taken.append(item)
                q.task_done()
            q.task_done()

        producers = [threading.Thread(target=produce, args=(first,)) for first in (0, ITEMS)]
        consumers = [threading.Thread(target=consume) for _ in range(CONSUMERS)]
        for thread in producers + consumers:
            thread.start()
        until(lambda: len(taken) > ITEMS // 4, "work goes on")
        mortal.start(mortal.kill_leader())
        before = len(taken)
        until(lambda: len(taken) > before + 10, "work goes on under the next leader")
        mortal.kill_leader()
        for thread in producers:
            thread.join(60)
        for _ in consumers:
            q.put(None)
        q.join()
        for thread in consumers:
            thread.join(60)
            assert not thread.is_alive()
    assert Counter(taken) == Counter(range(2 * ITEMS))
    counts = mortal.get(f"/v1/queues/{name}")["counts"]
    assert counts["succeeded"] == 2 * ITEMS + CONSUMERS
    assert sum(counts.values()) == counts["succeeded"]


def test_executor(mortal: Cluster, name: str) -> None:
    """Each call is made once, and all results arrive, in their order."""
    calls.clear()
    numbers = range(ITEMS)
    with Executor(name, 4, servers=mortal.servers) as executor:
        threading.Thread(target=kill_when, args=(mortal, calls)).start()
        assert list(executor.map(square, numbers)) == [number * number for number in numbers]
    assert calls == Counter(numbers)
    assert mortal.get(f"/v1/queues/{name}")["counts"]["succeeded"] == ITEMS


def kill_when(mortal: Cluster, done: Sized) -> None:
    """Kills the leader once a third is done."""
    until(lambda: len(done) > ITEMS // 3, "a third is done")
    mortal.kill_leader()


def test_bound(mortal: Cluster, name: str) -> None:
    """No more items wait than may, ever, though processes race and leaders die; none is lost."""
    room = 5
    taken: list[int] = []
    accepted: list[int] = []
    with contextlib.ExitStack() as stack:
        queues = [
            stack.enter_context(DistributedQueue(name, room, servers=mortal.servers))
            for _ in range(4)
        ]
        # No two of them share anything but the cluster, as in processes of their own.
        filled = threading.Barrier(len(queues) + 1)

        def produce(q: DistributedQueue, first: int) -> None:
            for item in range(first, first + 20):
                with contextlib.suppress(queue.Full):
                    q.put_nowait(item)
                    accepted.append(item)
            filled.wait(60)
            for item in range(first + 20, first + 40):
                q.put(item)
                accepted.append(item)

        producers = [
            threading.Thread(target=produce, args=(q, 40 * number))
            for number, q in enumerate(queues)
        ]
        for thread in producers:
            thread.start()
        filled.wait(60)
        assert len(accepted) == room
        for _ in range(2):
            taken += [queues[0].get(timeout=30) for _ in range(25)]
            mortal.start(mortal.kill_leader())
        taken += [queues[0].get(timeout=30) for _ in range(room + 20 * len(queues) - len(taken))]
        for thread in producers:
            thread.join(60)
        with pytest.raises(queue.Empty):
            queues[0].get_nowait()
        most = most_waiting(mortal, name)
    assert sorted(taken) == sorted(accepted)
    assert most == room


def most_waiting(cluster: Cluster, name: str) -> int:
    """How many tasks of a queue waited after any log entry, at most, by their histories."""
    balance: Counter[int] = Counter()
    for task in cluster.get(f"/v1/tasks?queue={name}&limit=1000")["tasks"]:
        for change in cluster.get(f"/v1/tasks/{task['id']}/history")["history"]:
            balance[change["index"]] += {"ready": 1, "leased": -1}.get(change["state"], 0)
    return max(itertools.accumulate(balance[index] for index in sorted(balance)))


def test_asyncio(mortal: Cluster, name: str) -> None:
    """The same for the asyncio form: many gets and puts at once."""

    async def run() -> list[int]:
        taken: list[int] = []
        async with aio.DistributedQueue(name, servers=mortal.servers) as q:

            async def consume() -> None:
                while True:
                    taken.append(await q.get())
                    await q.task_done()

            killer = threading.Thread(target=kill_when, args=(mortal, taken))
            killer.start()
            consumers = [asyncio.create_task(consume()) for _ in range(8)]
            await asyncio.gather(*(q.put(item) for item in range(ITEMS)))
            await q.join()
            killer.join()
            for consumer in consumers:
                consumer.cancel()
            ended = await asyncio.gather(*consumers, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ended)
            assert await q.empty()
        return taken

    assert Counter(asyncio.run(run())) == Counter(range(ITEMS))


HOLDER = """
import sys
from ferry import DistributedQueue
q = DistributedQueue(sys.argv[1], servers=sys.argv[2], lease=1.0)
print(q.get(), flush=True)
sys.stdin.read()
"""


def test_items_of_a_dead_process_come_again(cluster: Cluster, name: str) -> None:
    """What a process held when it was killed is taken by the next one, and before later items."""
    with DistributedQueue(name, servers=cluster.servers) as q:
        q.put("first")
        q.put("second")
        command = [sys.executable, "-c", HOLDER, name, ",".join(cluster.servers)]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == "first\n"
        assert q.qsize() == 1
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
        until(lambda: q.qsize() == 2, "the lease has run out")
        assert [q.get(), q.get()] == ["first", "second"]
        q.task_done()
        q.task_done()
        with pytest.raises(queue.Empty):
            q.get_nowait()
