"""A registered worker: what it has, its session, and the stream of what is assigned to it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Container
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from ferry.client import Client
from ferry.errors import FerryError, Refused
from ferry.stream import follow

# How much of a session passes before a heartbeat.
BEAT_AFTER = 1 / 3
# A silent stream gives a sign of life every 3 seconds; beyond this it is dead.
SILENCE_MAX = 10.0
# How long it is remembered which queues assign their tasks, in seconds.
LOOK_AGAIN = 30.0

log = logging.getLogger("ferry.worker")


class Registration:
    """A worker's name and settings at the cluster."""

    def __init__(self, client: Client, name: str, settings: dict[str, Any]) -> None:
        """`settings` are the body of `PUT /v1/workers/{worker}`."""
        self._client = client
        self.name = name
        self.settings = settings
        self._pulled: list[str] = []
        self._looked_at = -LOOK_AGAIN

    async def enter(self) -> bool:
        """Begins a session, or goes on with it; false if the nodes know of no workers."""
        try:
            await self._client.write("PUT", "workers", self.name, body=self.settings)
        except Refused as refused:
            if refused.code == "not_found":
                return False
            raise
        return True

    async def drain(self, begun: Container[str]) -> None:
        """Has nothing more assigned, and gives back the leases that are not among those begun."""
        try:
            await self._client.write("POST", "workers", self.name, "drain")
            held = (await self._client.read("workers", self.name)).document["leases"]
            settle = [
                {"lease": lease["lease"], "action": "release"}
                for lease in held
                if lease["lease"] not in begun
            ]
            if settle:
                await self._client.write("POST", "leases", "settle", body={"settle": settle})
        except FerryError as error:
            log.warning("cannot drain %s: %s", self.name, error)

    async def leave(self) -> None:
        """Ends the session; what is still held goes back at once, as if its lease had run out."""
        try:
            await self._client.write("DELETE", "workers", self.name)
        except FerryError as error:
            # The session ends by itself.
            log.debug("cannot end the session of %s: %s", self.name, error)

    async def pulled(self) -> list[str]:
        """Those of its queues that assign nothing, so that their tasks must be asked for."""
        if time.monotonic() - self._looked_at >= LOOK_AGAIN:
            pulled = []
            for queue in self.settings["queues"]:
                document = (await self._client.read("queues", queue)).document
                if document["settings"].get("assign", "pull") == "pull":
                    pulled.append(queue)
            self._pulled, self._looked_at = pulled, time.monotonic()
        return self._pulled

    async def beat(self) -> None:
        """Shows that the worker lives, for as long as this runs."""
        while True:
            await asyncio.sleep(self.settings["session_ms"] / 1000 * BEAT_AFTER)
            try:
                await self._client.beat("workers", self.name, "heartbeat")
            except Refused as refused:
                if refused.code != "worker_not_found":
                    raise
                await self._enter_again()
            except FerryError as error:
                log.warning("cannot beat: %s", error)

    async def follow(self, assigned: Callable[[dict[str, Any]], None]) -> None:
        """Tells of each task that is assigned, for as long as this runs, whatever node dies."""
        await follow(self._client.servers, partial(self._stream, assigned))

    async def _stream(self, assigned: Callable[[dict[str, Any]], None], server: str) -> None:
        """Reads one connection to its end."""
        url = f"{server}/v1/workers/{quote(self.name, safe='')}/assignments"
        headers = {"accept": "application/x-ndjson"}
        timeout = httpx.Timeout(5.0, read=SILENCE_MAX)
        async with self._client.http.stream("GET", url, headers=headers, timeout=timeout) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                await self._enter_again()
            if not answer.is_success:
                return
            async for line in answer.aiter_lines():
                if line.strip():
                    assigned(json.loads(line))

    async def _enter_again(self) -> None:
        log.warning("the session of %s has ended; a new one begins", self.name)
        await self.enter()
