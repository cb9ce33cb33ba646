"""A leased task, and the loop that keeps the lease while the process lives."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from ferry.client import Client
from ferry.errors import FerryError, LeaseLost

# How much of a lease passes before it is extended.
EXTEND_AFTER = 1 / 3


class Lease:
    """A task that this process holds until it settles it or loses it."""

    def __init__(
        self,
        client: Client,
        task: dict[str, Any],
        seconds: float,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        """Begins to extend a lease of so many seconds; `on_lost` hears if that fails for good."""
        self.task = task
        self.id: str = task["lease"]["id"]
        self._client = client
        self._seconds = seconds
        self.on_lost = on_lost
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    @property
    def payload(self) -> Any:
        """What the producer put in: JSON, or bytes."""
        return payload_of(self.task)

    async def ack(self, result: Any = None) -> None:
        """The task is done. Raises LeaseLost if others may have it by now."""
        body = {} if result is None else {"result": result}
        await self._settle("ack", body)

    async def nack(self, error: str, *, dead: bool = False) -> None:
        """The attempt failed: the task backs off, or is dead."""
        await self._settle("nack", {"error": error, "dead": dead})

    async def release(self) -> None:
        """Gives the task back, to its place; counts as no attempt."""
        await self._settle("release", None)

    def drop(self) -> None:
        """Stops extending; the lease runs out by itself."""
        self._keeper.cancel()

    async def _settle(self, action: str, body: dict[str, Any] | None) -> None:
        self._keeper.cancel()
        try:
            await self._client.write("POST", "leases", self.id, action, body=body)
        except FerryError as error:
            # Settling what was called off is refused in words of its own.
            if getattr(error, "code", "") == "wrong_state":
                raise LeaseLost(error.problem) from error  # type: ignore[attr-defined]
            raise

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._seconds * EXTEND_AFTER)
            try:
                answer = await self._client.write("POST", "leases", self.id, "extend", body={})
            except LeaseLost:
                break
            except FerryError:
                # The cluster could not be asked; the lease may still be there next time.
                continue
            if answer.document.get("cancelled"):
                break
        if self.on_lost is not None:
            self.on_lost()


def payload_of(task: dict[str, Any]) -> Any:
    """A task's payload: JSON, or bytes."""
    if "payload_base64" in task:
        return base64.b64decode(task["payload_base64"])
    return task.get("payload")


def payload_field(item: Any) -> dict[str, Any]:
    """The field of a new task that carries this payload."""
    if isinstance(item, (bytes, bytearray, memoryview)):
        return {"payload_base64": base64.b64encode(item).decode()}
    return {"payload": item}
