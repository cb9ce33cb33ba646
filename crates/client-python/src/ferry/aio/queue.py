"""The queue of all machines with the interface of `asyncio.Queue`, every call awaited.

1. `get` takes a lease, which is extended while the process lives; `task_done` acknowledges. What a
   process held that dies goes back to its place when its leases run out.
2. An item is in the queue once `put` has returned, whatever node dies then.
3. A `get` that is cancelled loses nothing: what it might still be given is given back.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Hashable, Iterable
from types import TracebackType
from typing import Any

from ferry.bound import Bound
from ferry.client import Client
from ferry.errors import Refused
from ferry.held import Held
from ferry.lease import payload_field
from ferry.queue_state import QueueState
from ferry.taker import Taker

# How long one dequeue waits at the nodes before it is asked again, in seconds.
DEQUEUE_WAIT = 5.0
# How often a full queue is looked at: first, and at most, in seconds.
LOOK_FIRST = 0.01
LOOK_MAX = 0.2


class DistributedQueue:
    """A first-in first-out queue that every process of every machine may use under its name."""

    def __init__(
        self,
        name: str,
        maxsize: int = 0,
        *,
        servers: str | Iterable[str] | None = None,
        lease: float = 30.0,
        timeout: float = 30.0,
    ) -> None:
        """`maxsize` bounds the items that wait, whoever has put them; 0 or less bounds nothing.

        `lease` is how long, in seconds, an item stays with a process that has died. `timeout` is
        how long a call tries to reach the cluster.
        """
        self.name = name
        self.maxsize = maxsize
        self._client = Client(servers, timeout=timeout)
        self._state = QueueState(self._client, name, {"lease_ms": int(lease * 1000)})
        self._bound = Bound(self._client, self._state)
        self._held = Held()
        worker = f"queue-{secrets.token_hex(8)}"
        self._taker = Taker(self._client, worker, lease)

    async def put(self, item: Any, timeout: float | None = None) -> None:
        """Puts an item in; while the queue is full, waits, and raises QueueFull at the timeout."""
        await self._put(item, timeout)

    async def put_nowait(self, item: Any) -> None:
        """Puts an item in, or raises QueueFull."""
        await self._state.ensure()
        body = payload_field(item)
        try:
            if self.maxsize <= 0:
                await self._client.write("POST", "queues", self.name, "tasks", body=body)
            elif not await self._bound.put(body, self.maxsize):
                raise asyncio.QueueFull
        except Refused as refused:
            # The queue has a bound of its own, `max_tasks`.
            if refused.code == "queue_full":
                raise asyncio.QueueFull from None
            raise

    async def get(self, timeout: float | None = None) -> Any:
        """Takes the next item; waits for one, and raises QueueEmpty at the timeout."""
        return await self._get(asyncio.current_task(), timeout)

    async def get_nowait(self) -> Any:
        """Takes the next item, or raises QueueEmpty."""
        return await self._get(asyncio.current_task(), 0.0)

    async def task_done(self) -> None:
        """Acknowledges the oldest item that this task took, else the oldest of this object.

        Raises ValueError if this object holds none, and LeaseLost if the cluster has given the
        item to others meanwhile.
        """
        await self._task_done(asyncio.current_task())

    async def join(self) -> None:
        """Returns once every item, of whichever process, has been acknowledged."""
        while not await self._state.finished(60.0):
            pass

    async def qsize(self) -> int:
        """How many items nobody has taken."""
        return await self._state.waiting()

    async def empty(self) -> bool:
        """Whether there is no item that nobody has taken."""
        return await self._state.waiting() == 0

    async def full(self) -> bool:
        """Whether a `put` would have to wait."""
        return await self._state.is_full(self.maxsize)

    async def aclose(self) -> None:
        """Gives back at once what was taken and not acknowledged."""
        await self._taker.give_back(self._held.take_all())
        await self._taker.aclose()
        await self._client.aclose()

    async def __aenter__(self) -> DistributedQueue:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _put(self, item: Any, timeout: float | None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return await self.put_nowait(item)
            except asyncio.QueueFull:
                if deadline is not None and time.monotonic() >= deadline:
                    raise
            await self._until_room(deadline)

    async def _until_room(self, deadline: float | None) -> None:
        # A look leaves nothing in the log: so a full queue is looked at.
        pause = LOOK_FIRST
        while await self._state.is_full(self.maxsize):
            left = LOOK_MAX if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise asyncio.QueueFull
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, LOOK_MAX)

    async def _get(self, holder: Hashable, timeout: float | None) -> Any:
        await self._state.ensure()
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = DEQUEUE_WAIT if deadline is None else max(deadline - time.monotonic(), 0.0)
            leases = await self._taker.take([self.name], 1, min(left, DEQUEUE_WAIT))
            if leases:
                self._held.add(holder, leases[0])
                return leases[0].payload
            if deadline is not None and time.monotonic() >= deadline:
                raise asyncio.QueueEmpty

    async def _task_done(self, holder: Hashable) -> None:
        lease = self._held.take(holder)
        if lease is None:
            raise ValueError("task_done() called too many times")
        await lease.ack()
