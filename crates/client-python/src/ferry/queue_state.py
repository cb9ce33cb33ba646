"""A queue on the nodes: created when it is missing, and what its document says."""

from __future__ import annotations

import asyncio
from typing import Any

from ferry.client import Client
from ferry.errors import Refused

WAITING = ("ready", "scheduled", "retrying", "blocked")
UNFINISHED = (*WAITING, "leased")


class QueueState:
    """One queue by its name."""

    def __init__(self, client: Client, name: str, max_tasks: int | None, lease_ms: int) -> None:
        """A bound of None leaves the queue's own as it is."""
        self.name = name
        self._client = client
        self._max_tasks = max_tasks
        self._lease_ms = lease_ms
        self._opening = asyncio.Lock()
        self._open = False

    async def ensure(self) -> None:
        """Creates the queue, or gives it the bound that was asked for; once."""
        if self._open:
            return
        async with self._opening:
            if not self._open:
                await self._create()
                self._open = True

    async def counts(self) -> dict[str, int]:
        """How many tasks are in which state; linearizable."""
        document = await self.document()
        counts: dict[str, int] = document["counts"]
        return counts

    async def waiting(self) -> int:
        """Tasks that nobody has taken."""
        counts = await self.counts()
        return sum(counts[state] for state in WAITING)

    async def unfinished(self) -> int:
        """Tasks that have not ended: those that wait and those that somebody holds."""
        counts = await self.counts()
        return sum(counts[state] for state in UNFINISHED)

    async def is_full(self) -> bool:
        """Whether an enqueue would be refused by the bound."""
        document = await self.document()
        bound = document["settings"].get("max_tasks")
        unfinished = sum(document["counts"][state] for state in UNFINISHED)
        return bound is not None and unfinished >= bound

    async def document(self) -> dict[str, Any]:
        """The queue's settings and counts."""
        await self.ensure()
        answer = await self._client.read("queues", self.name)
        document: dict[str, Any] = answer.document
        return document

    async def finished(self, wait: float) -> bool:
        """Whether no task is unfinished; if one is, waits up to `wait` seconds for one's end."""
        counts = await self.counts()
        # What is held ends first, most often.
        for state in ("leased", *WAITING):
            if counts[state] == 0:
                continue
            query = {"queue": self.name, "state": state}
            tasks = (await self._client.read("tasks", query=query)).document["tasks"]
            if tasks:
                await self.wait_for(tasks[-1]["id"], wait)
            return False
        return True

    async def wait_for(self, task: str, seconds: float) -> None:
        """Waits for the end of a task, up to 60 seconds."""
        whole = max(0, min(60, int(seconds + 0.999)))
        headers = {"prefer": f"wait={whole}"}
        try:
            await self._client.read("tasks", task, "result", headers=headers, wait=whole)
        except Refused as refused:
            # Deleted with its queue, or purged.
            if refused.code != "task_not_found":
                raise

    async def _create(self) -> None:
        settings: dict[str, Any] = {}
        try:
            answer = await self._client.read("queues", self.name)
            settings = answer.document["settings"]
            if self._max_tasks in (None, settings.get("max_tasks")):
                return
        except Refused as refused:
            if refused.code != "queue_not_found":
                raise
            settings = {"lease_ms": self._lease_ms}
        if self._max_tasks is not None:
            settings["max_tasks"] = self._max_tasks
        await self._client.write("PUT", "queues", self.name, body=settings)
