"""The nodes of a cluster as a client knows them: any of them takes any request."""

from __future__ import annotations

import os
from collections.abc import Iterable

SERVER_DEFAULT = "http://127.0.0.1:7101"


class Servers:
    """Some nodes' URLs, and which of them answered last."""

    def __init__(self, servers: str | Iterable[str] | None = None) -> None:
        """`servers` are URLs, or one text with commas; else `FERRY_SERVER`, else the local node."""
        if servers is None:
            servers = os.environ.get("FERRY_SERVER") or SERVER_DEFAULT
        parts = servers.split(",") if isinstance(servers, str) else list(servers)
        self.urls = [part.strip().rstrip("/") for part in parts if part.strip()]
        if not self.urls:
            raise ValueError("at least one server is needed")
        self.good = 0

    def at(self, place: int) -> str:
        """The URL at a place that counts on over the end."""
        return self.urls[place % len(self.urls)]

    def remember(self, place: int) -> None:
        """The node at this place answered, so it is asked first from here on."""
        self.good = place % len(self.urls)

    def __len__(self) -> int:
        return len(self.urls)
