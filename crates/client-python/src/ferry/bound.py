"""Keeps how many items may wait in a queue, exactly, for all who put with a bound.

A queue of Python has room again once an item is taken, whereas `max_tasks` of a queue on the nodes
counts what is taken until it is done. So those who put keep the bound among themselves:

1. A queue has one mark: a task that nobody works on. Every put replaces the mark in the log entry
   that enqueues the item, and only if the mark is the one that the put has seen.
2. The items that wait are counted after the mark was seen. If it still stands, no other put came
   between, so there is still room.
3. A put is one log entry and holds nothing: whichever dies, client or leader, it is done or not.

Items that come back, because their process died or gave them back, come on top: they have their
places, and count for whoever puts next.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from ferry.client import Client
from ferry.errors import Refused
from ferry.queue_state import QueueState

# The queue of marks. One that was replaced is of no use, so it is not kept.
MARKS = "python.bounds"
MARKS_SETTINGS = {"result_retention_ms": 0}
# A mark is not due for a year at a time, so that it looks like work to nobody.
MARK_DELAY_MS = 365 * 24 * 3_600_000
# The longest pause after somebody else has put first, in seconds: at the first time, and at most.
PAUSE_FIRST = 0.005
PAUSE_MAX = 0.1
# How the replacement of a mark is refused that others have replaced.
REPLACED = {"task_not_found", "wrong_state"}


class Bound:
    """The bound of one queue."""

    def __init__(self, client: Client, state: QueueState) -> None:
        self._client = client
        self._state = state
        self._marks = QueueState(client, MARKS, MARKS_SETTINGS)
        self._mark: str | None = None
        # The puts of one object need not get in each other's way.
        self._putting = asyncio.Lock()

    async def put(self, item: dict[str, Any], most: float) -> bool:
        """Enqueues a task unless `most` wait already; tells whether it did."""
        pause = PAUSE_FIRST
        async with self._putting:
            while True:
                mark, self._mark = self._mark or await self._seen_mark(), None
                if await self._state.waiting() >= most:
                    self._mark = mark
                    return False
                try:
                    self._mark = await self._replace(mark, item)
                except Refused as refused:
                    if refused.code not in REPLACED:
                        raise
                else:
                    return True
                await asyncio.sleep(random.uniform(0, pause))
                pause = min(pause * 2, PAUSE_MAX)

    async def _replace(self, mark: str, item: dict[str, Any]) -> str:
        operations = [
            {"cancel": {"task": mark}},
            {"enqueue": {"queue": MARKS, **self._new_mark()}},
            {"enqueue": {"queue": self._state.name, **item}},
        ]
        body = {"operations": operations}
        answer = await self._client.write("POST", "transactions", body=body)
        replaced: str = answer.document["results"][1]["id"]
        return replaced

    async def _seen_mark(self) -> str:
        """The mark that stands; the first one is made."""
        await self._marks.ensure()
        try:
            body = self._new_mark()
            answer = await self._client.write("POST", "queues", MARKS, "tasks", body=body)
        except Refused as refused:
            if refused.code != "already_exists":
                raise
            standing: str = refused.problem["task"]
            return standing
        first: str = answer.document["id"]
        return first

    def _new_mark(self) -> dict[str, Any]:
        unique = {"key": self._state.name}
        return {"payload": None, "delay_ms": MARK_DELAY_MS, "unique": unique}
