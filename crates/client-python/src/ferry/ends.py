"""Hears of tasks' ends through the change feed of one queue: one connection, however many tasks.

1. The feed begins before the enqueue of every task that is watched, or the task is looked at.
2. It goes on where it was after a node has died, at another node.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from ferry.client import Client
from ferry.errors import FerryError, Refused
from ferry.stream import follow

ENDED = {"succeeded", "dead", "cancelled", "expired"}
# The nodes give a sign of life every 15 seconds.
SILENCE_MAX = 20.0
# How many results are fetched at a time.
FETCHES = 16
# How many tasks are looked at when the feed has been silent, in case its node is cut off.
LOOKS = 32


@dataclass
class Watch:
    """Who wants to know about a task."""

    on_started: Callable[[], None]
    on_ended: Callable[[dict[str, Any]], None]


class Ends:
    """The tasks of a queue that somebody waits for."""

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue
        self._watched: dict[str, Watch] = {}
        self._position: int | None = None
        self._feed: asyncio.Task[None] | None = None
        self._fetching: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(FETCHES)

    def watch(self, task: dict[str, Any], watch: Watch) -> None:
        """Tells of a task that has just been enqueued."""
        self._watched[task["id"]] = watch
        if self._position is None:
            # A parked dequeue may have taken it in the very entry of its enqueue.
            self._position = task["index"] - 1
        if self._position >= task["index"]:
            # The feed may have told of it before anybody asked.
            self._look(task["id"])
        if self._feed is None or self._feed.done():
            self._feed = asyncio.get_running_loop().create_task(
                follow(self._client.servers, self._stream)
            )

    def look_at_all(self) -> None:
        """Fetches what has become of every task that is watched."""
        for task in list(self._watched):
            self._look(task)

    async def aclose(self) -> None:
        """Watches no more."""
        loops = [loop for loop in (self._feed, *self._fetching) if loop is not None]
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    async def _stream(self, server: str) -> None:
        """Reads one connection to its end."""
        query = {"queue": self._queue, "after_index": str(self._position)}
        timeout = httpx.Timeout(5.0, read=SILENCE_MAX)
        url = server + "/v1/events"
        async with self._client.http.stream("GET", url, params=query, timeout=timeout) as answer:
            if answer.status_code == httpx.codes.GONE:
                # What was missed is looked up; from the present on, the feed tells.
                self._position = (await self._client.read("queues", self._queue)).index
                self.look_at_all()
            if not answer.is_success:
                return
            async for line in answer.aiter_lines():
                self._take(line)

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            self._position = int(value)
        elif name == "data":
            for change in json.loads(value)["changes"]:
                self._change(change["task"], change["state"])
        elif line == ": alive":
            for task in list(itertools.islice(self._watched, LOOKS)):
                self._look(task)

    def _change(self, task: str, state: str) -> None:
        watch = self._watched.get(task)
        if watch is not None and state == "leased":
            watch.on_started()
        elif watch is not None and state in ENDED:
            self._look(task)

    def _look(self, task: str) -> None:
        fetching = asyncio.get_running_loop().create_task(self._fetch(task))
        self._fetching.add(fetching)
        fetching.add_done_callback(self._fetching.discard)

    async def _fetch(self, task: str) -> None:
        async with self._slots:
            try:
                document = (await self._client.read("tasks", task)).document
            except Refused as refused:
                if refused.code != "task_not_found":
                    return
                document = {"id": task, "state": "expired", "last_error": "it was removed"}
            except FerryError:
                # Asked again at the feed's next sign of life.
                return
        if task not in self._watched:
            return
        if document["state"] == "leased":
            self._watched[task].on_started()
        elif document["state"] in ENDED:
            self._watched.pop(task).on_ended(document)
