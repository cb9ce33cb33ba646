"""One request: its tries at the nodes, and what each says about the outcome.

1. A write goes out under an idempotency key and is repeated under the same key only, so it is done
   once, however often it is sent.
2. A refusal is raised at once; what was not decided is tried at the next node, with growing pauses.
3. Refused, not written and unknown are different errors.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from ferry.errors import LeaseLost, NotWritten, OutcomeUnknown, Refused
from ferry.servers import Servers

PAUSE_FIRST = 0.05
PAUSE_MAX = 0.5
# How long one node is given before the next is asked, in seconds.
PATIENCE = 5.0
# What an answer may take on the way, beyond the time that the node was given.
TRAVEL = 0.5

NOT_WRITTEN = {"no_leader", "shutting_down", "too_many_connections", "request_timeout"}
# A read that came too early, and a write of ours that an earlier try has brought on its way.
UNDECIDED = {"outcome_unknown", "idempotency_in_flight", "index_not_reached"}


@dataclass
class Answer:
    """What a node answered: a document, and the log index that it reflects."""

    document: Any
    index: int


class Undecided(Exception):
    """One try came to nothing; `maybe_done` tells whether it may have been written."""

    def __init__(self, cause: str, maybe_done: bool) -> None:
        self.maybe_done = maybe_done
        super().__init__(cause)


class Client:
    """Asks the nodes of a cluster, from one event loop."""

    def __init__(
        self, servers: str | Iterable[str] | None = None, *, timeout: float = 30.0
    ) -> None:
        """All tries of a request may take `timeout` seconds, besides what it waits for."""
        self.servers = Servers(servers)
        self.timeout = timeout
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        self.http = httpx.AsyncClient(limits=limits)
        self._prefix = f"p{secrets.token_hex(16)}"
        self._numbers = itertools.count(1)

    def fresh_key(self) -> str:
        """An idempotency key that nobody has used."""
        return f"{self._prefix}.{next(self._numbers)}"

    async def read(
        self,
        *path: str,
        query: dict[str, Any] | None = None,
        wait: float = 0.0,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """A GET, repeated freely; `wait` is how long the node may hold it, in seconds."""
        url = address(path, query)
        return await self._call("GET", url, None, dict(headers or {}), wait, None)

    async def write(
        self,
        method: str,
        *path: str,
        body: Any = None,
        wait: float = 0.0,
        query: dict[str, Any] | None = None,
    ) -> Answer:
        """A write, done once however often it is sent."""
        key = self.fresh_key()
        headers = {"idempotency-key": key}
        content = None if body is None else encode(body)
        return await self._call(method, address(path, query), content, headers, wait, key)

    async def beat(self, *path: str) -> Answer:
        """A POST that may be repeated freely and bears no key, as it leaves nothing in the log."""
        return await self._call("POST", address(path, None), None, {}, 0.0, None)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self.http.aclose()

    async def _call(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        wait: float,
        key: str | None,
    ) -> Answer:
        deadline = time.monotonic() + self.timeout
        pause = PAUSE_FIRST
        first = self.servers.good
        maybe_done = False
        if content is not None:
            headers["content-type"] = "application/json"
        for place in itertools.count(first):
            left = max(deadline - time.monotonic(), 0.001)
            try:
                answer = await self._try(method, place, url, content, headers, left, wait)
            except Undecided as undecided:
                maybe_done = maybe_done or undecided.maybe_done
                cause = str(undecided)
            except Refused:
                self.servers.remember(place)
                raise
            else:
                self.servers.remember(place)
                return answer
            rest = 0.0
            if (place + 1 - first) % len(self.servers) == 0:
                rest, pause = pause, min(pause * 2, PAUSE_MAX)
            if time.monotonic() + rest >= deadline:
                if key is not None and maybe_done:
                    raise OutcomeUnknown(cause, key)
                raise NotWritten(cause)
            await asyncio.sleep(rest)
        raise AssertionError("the places do not end")

    async def _try(
        self,
        method: str,
        place: int,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        left: float,
        wait: float,
    ) -> Answer:
        server = self.servers.at(place)
        patience = min(left, PATIENCE)
        headers["ferry-timeout-ms"] = str(max(int(patience * 1000), 1))
        timeout = httpx.Timeout(patience + TRAVEL, read=patience + wait + TRAVEL)
        try:
            response = await self.http.request(
                method, server + url, content=content, headers=headers, timeout=timeout
            )
        # The connection was never there, so nothing was sent over it.
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Undecided(f"{server}: {told(error)}", maybe_done=False) from error
        except httpx.TransportError as error:
            raise Undecided(f"{server}: {told(error)}", maybe_done=True) from error
        if response.is_success:
            document = response.json() if response.content else None
            return Answer(document, int(response.headers.get("ferry-index", 0)))
        raise judge(server, response)


def judge(server: str, response: httpx.Response) -> Exception:
    """What an answer without success says: a refusal, or that another try is due."""
    try:
        problem = response.json()
        code = problem["code"]
    except (ValueError, KeyError, TypeError):
        cause = f"{server}: status {response.status_code} without a problem document"
        return Undecided(cause, maybe_done=True)
    if code in NOT_WRITTEN or code in UNDECIDED:
        cause = f"{server}: {code}: {problem.get('detail', '')}"
        return Undecided(cause, maybe_done=code in UNDECIDED)
    if code in ("lease_lost", "lease_not_found"):
        return LeaseLost(problem)
    return Refused(problem)


def address(path: Iterable[str], query: dict[str, Any] | None) -> str:
    """The path below a server, with every segment and value escaped."""
    url = "/v1/" + "/".join(quote(segment, safe="") for segment in path)
    return f"{url}?{httpx.QueryParams(query)}" if query else url


def encode(value: Any) -> bytes:
    """JSON as the nodes take it; raises TypeError or ValueError for what JSON has no word for."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def told(error: Exception) -> str:
    """What an exception says, or its name if it says nothing."""
    return str(error) or type(error).__name__
