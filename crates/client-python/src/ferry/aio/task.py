"""A task that was scheduled, for whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from ferry.client import Client
from ferry.errors import Refused
from ferry.functions import rebuild

WAITING = {"scheduled", "blocked", "ready", "retrying"}


class Task:
    """One task: await it for what its function returned, or to have raised what it raised."""

    def __init__(self, client: Client, document: dict[str, Any]) -> None:
        self.task_id: str = document["id"]
        self.ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.on_started: Callable[[], None] = lambda: None
        self._client = client

    def __await__(self) -> Generator[Any, None, Any]:
        return self.result().__await__()

    async def result(self, timeout: float | None = None) -> Any:
        """What the function returned; raises what it raised, CancelledError, or TimeoutError."""
        try:
            document = await asyncio.wait_for(asyncio.shield(self.ended), timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"task {self.task_id} has not ended in time") from None
        if document["state"] == "succeeded":
            return document.get("result")
        if document["state"] == "cancelled":
            raise asyncio.CancelledError
        raise rebuild(document)

    def done(self) -> bool:
        """Whether its end is known here."""
        return self.ended.done()

    async def state(self) -> str:
        """Where it is in its life, asked of the cluster."""
        document = (await self._client.read("tasks", self.task_id)).document
        state: str = document["state"]
        return state

    async def cancel(self) -> bool:
        """Calls it off unless a worker has it or it has ended; tells whether that was so."""
        while True:
            state = await self.state()
            if state not in WAITING:
                return state == "cancelled"
            # Only if nobody has taken it meanwhile.
            require = {"require": {"task": self.task_id, "state": state}}
            operations = [require, {"cancel": {"task": self.task_id}}]
            try:
                await self._client.write("POST", "transactions", body={"operations": operations})
            except Refused as refused:
                if refused.code not in ("precondition_failed", "wrong_state"):
                    raise
            else:
                return True

    def end(self, document: dict[str, Any]) -> None:
        """Its end has become known."""
        if not self.ended.done():
            self.ended.set_result(document)
