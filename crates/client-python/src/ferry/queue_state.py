"""A queue on the nodes: created when it is missing, and what its document says."""

from __future__ import annotations

import asyncio
from typing import Any

from ferry.client import Client
from ferry.errors import Refused

WAITING = ("ready", "scheduled", "retrying", "blocked")


class QueueState:
    """One queue by its name."""

    def __init__(self, client: Client, name: str, settings: dict[str, Any]) -> None:
        """`settings` are those of the queue if it has to be created."""
        self.name = name
        self._client = client
        self._settings = settings
        self._opening = asyncio.Lock()
        self._open = False

    async def ensure(self) -> None:
        """Creates the queue if it is missing; looks once."""
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

    async def is_full(self, most: float) -> bool:
        """Whether `most` tasks wait, if that is above 0, or the queue's own bound is reached."""
        document = await self.document()
        counts = document["counts"]
        waiting = sum(counts[state] for state in WAITING)
        max_tasks = document["settings"].get("max_tasks")
        return 0 < most <= waiting or (
            max_tasks is not None and waiting + counts["leased"] >= max_tasks
        )

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
        try:
            await self._client.read("queues", self.name)
        except Refused as refused:
            if refused.code != "queue_not_found":
                raise
            await self._client.write("PUT", "queues", self.name, body=self._settings)
