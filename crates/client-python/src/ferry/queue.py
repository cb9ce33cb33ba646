"""The queue of all machines with the interface of `queue.Queue`."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from ferry import aio
from ferry.background import Bridge


class DistributedQueue:
    """A first-in first-out queue that every thread of every machine may use under its name.

    Items are what JSON has words for, or bytes. `get` takes a lease, which is extended while this
    process lives, and `task_done` acknowledges; an item whose process died comes again. `timeout`
    counts the wait for an item or for room, not a wait for the cluster.
    """

    def __init__(
        self,
        name: str,
        maxsize: int = 0,
        *,
        servers: str | Iterable[str] | None = None,
        lease: float = 30.0,
        timeout: float = 30.0,
    ) -> None:
        """`maxsize` bounds the items that wait, whoever has put them; 0 or less bounds nothing.

        `lease` is how long, in seconds, an item stays with a process that has died. `timeout` is
        how long a call tries to reach the cluster.
        """
        self.name = name
        self.maxsize = maxsize
        servers = servers if servers is None or isinstance(servers, str) else tuple(servers)
        self._options = (servers, lease, timeout)
        self._bridge = Bridge(self._make)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Puts an item in. Waits for room; raises Full if it may not wait, or no more."""
        core = self._core()
        try:
            self._bridge.run(core._put(item, patience(block, timeout)))
        except asyncio.QueueFull:
            raise queue.Full from None

    def put_nowait(self, item: Any) -> None:
        """Puts an item in, or raises Full."""
        self.put(item, block=False)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Takes the next item. Waits for one; raises Empty if it may not wait, or no more."""
        core, holder = self._bridge.get(), threading.get_ident()
        try:
            return self._bridge.run(core._get(holder, patience(block, timeout)))
        except asyncio.QueueEmpty:
            raise queue.Empty from None

    def get_nowait(self) -> Any:
        """Takes the next item, or raises Empty."""
        return self.get(block=False)

    def task_done(self) -> None:
        """Acknowledges the oldest item that this thread took, else the oldest of this object.

        Raises ValueError if this object holds none, and LeaseLost if the cluster has given the
        item to others meanwhile.
        """
        self._bridge.run(self._bridge.get()._task_done(threading.get_ident()))

    def join(self) -> None:
        """Returns once every item, of whichever process, has been acknowledged."""
        self._bridge.run(self._bridge.get().join())

    def qsize(self) -> int:
        """How many items nobody has taken."""
        size: int = self._bridge.run(self._bridge.get().qsize())
        return size

    def empty(self) -> bool:
        """Whether there is no item that nobody has taken."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether a `put` would have to wait."""
        is_full: bool = self._bridge.run(self._core().full())
        return is_full

    def close(self) -> None:
        """Gives back at once what was taken and not acknowledged."""
        self._bridge.run(self._bridge.get().aclose())

    def __enter__(self) -> DistributedQueue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to use the same queue; leases stay with their process."""
        return {"name": self.name, "maxsize": self.maxsize, "_options": self._options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bridge = Bridge(self._make)

    def _core(self) -> aio.DistributedQueue:
        core = self._bridge.get()
        # The attribute may be written, as that of queue.Queue.
        core.maxsize = self.maxsize
        return core

    def _make(self) -> aio.DistributedQueue:
        servers, lease, timeout = self._options
        return aio.DistributedQueue(
            self.name, self.maxsize, servers=servers, lease=lease, timeout=timeout
        )


def patience(block: bool, timeout: float | None) -> float | None:
    """How long a call may wait: None is without end."""
    if not block:
        return 0.0
    if timeout is not None and timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")
    return timeout
