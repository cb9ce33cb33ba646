"""A stream that goes on at another node when its own has died."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable

import httpx

from ferry.client import PAUSE_FIRST, PAUSE_MAX
from ferry.errors import FerryError
from ferry.servers import Servers

log = logging.getLogger("ferry.stream")


async def follow(servers: Servers, read: Callable[[str], Awaitable[None]]) -> None:
    """Has the stream of one node after the other read to its end, for as long as this runs.

    `read` is given the node's URL. The pauses grow while no stream lasts.
    """
    pause = PAUSE_FIRST
    for place in itertools.count(servers.good):
        begun = time.monotonic()
        try:
            await read(servers.at(place))
        except (httpx.TransportError, FerryError, ValueError) as error:
            log.debug("a stream ended: %s", error)
        if time.monotonic() - begun > PAUSE_MAX:
            pause = PAUSE_FIRST
        await asyncio.sleep(pause)
        pause = min(pause * 2, PAUSE_MAX)
