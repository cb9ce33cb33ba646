"""The leases that a queue object holds, by who took them."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from ferry.lease import Lease


class Held:
    """Leases in the order in which they were taken, each with its holder: a thread or a task.

    `task_done` does not say which item is done. Most often it is the oldest that its caller took;
    an item that one thread took and another one finishes is found, too.
    """

    def __init__(self) -> None:
        self._next = 0
        self._leases: dict[Hashable, deque[tuple[int, Lease]]] = {}

    def add(self, holder: Hashable, lease: Lease) -> None:
        """`holder` took this one."""
        self._leases.setdefault(holder, deque()).append((self._next, lease))
        self._next += 1

    def take(self, holder: Hashable) -> Lease | None:
        """Removes the oldest of this holder, else the oldest of all, if there is any."""
        if holder not in self._leases:
            if not self._leases:
                return None
            holder = min(self._leases, key=lambda other: self._leases[other][0][0])
        leases = self._leases[holder]
        _, lease = leases.popleft()
        if not leases:
            del self._leases[holder]
        return lease

    def take_all(self) -> list[Lease]:
        """Removes all."""
        everything = [lease for leases in self._leases.values() for _, lease in leases]
        self._leases.clear()
        return everything
