"""Takes leases from queues under a name of its own, so that none is forgotten.

1. A take that is cancelled loses nothing: what it is still given is given back.
2. On closing, whatever the cluster counts as held under the name is given back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from ferry.client import Client
from ferry.errors import FerryError
from ferry.lease import Lease


class Taker:
    """Dequeues and holds what it is given."""

    def __init__(self, client: Client, name: str, seconds: float) -> None:
        """Leases last so many seconds, unless they are extended."""
        self._client = client
        self.name = name
        self.seconds = seconds
        self._late: set[asyncio.Task[Any]] = set()

    async def take(self, queues: Sequence[str], most: int, wait: float) -> list[Lease]:
        """Up to `most` leases of these queues, tried in order; waits so long for the first."""
        asking = asyncio.get_running_loop().create_task(self._ask(queues, most, wait))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            self._late.add(asking)
            asking.add_done_callback(self._give_back_late)
            raise

    def hold(self, task: dict[str, Any], on_lost: Callable[[], None] | None = None) -> Lease:
        """Begins to extend the lease of a task that has come under this name."""
        return Lease(self._client, task, self.seconds, on_lost)

    async def give_back(self, leases: Sequence[Lease]) -> None:
        """Gives tasks back, to their places."""
        for lease in leases:
            # If this is cut short, the rest runs out by itself.
            lease.drop()
        for lease in leases:
            with contextlib.suppress(FerryError):
                await lease.release()

    async def aclose(self) -> None:
        """Gives back what nobody has asked for any more, though the cluster counts it as held."""
        late = list(self._late)
        for asking in late:
            asking.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if not late:
            return
        query = {"worker": self.name, "state": "leased"}
        try:
            tasks = (await self._client.read("tasks", query=query)).document["tasks"]
        except FerryError:
            return
        await self.give_back([self.hold(task) for task in tasks])

    async def _ask(self, queues: Sequence[str], most: int, wait: float) -> list[Lease]:
        body = {
            "queues": list(queues),
            "max": most,
            "wait_ms": int(wait * 1000),
            "lease_ms": int(self.seconds * 1000),
            "worker": self.name,
        }
        answer = await self._client.write("POST", "dequeue", body=body, wait=wait)
        return [self.hold(task) for task in answer.document["tasks"]]

    def _give_back_late(self, asking: asyncio.Task[list[Lease]]) -> None:
        self._late.discard(asking)
        if asking.cancelled() or asking.exception() is not None or not asking.result():
            return
        giving = asyncio.get_running_loop().create_task(self.give_back(asking.result()))
        self._late.add(giving)
        giving.add_done_callback(self._late.discard)
