"""Ends in good order what still runs when the process ends.

While the interpreter ends, its pools of threads take no more work, so a call that a worker took
then would fail. Everything here is ended before: first the calls are waited for that this process
has promised to run, then its workers finish what they have and take nothing more.
"""

from __future__ import annotations

import atexit

# Its pools are ended by a hook that is set when this is imported, and has to be set before ours.
import concurrent.futures.thread
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, ClassVar


class Ending:
    """Ends something once, in a thread of its own.

    That is when it is asked to, when the owner is gone, or before the process ends.
    """

    _open: ClassVar[set[Ending]] = set()

    def __init__(self, owner: object, end: Callable[[], None]) -> None:
        """`end` must not hold the owner, which would never be gone."""
        self._end = end
        self._asked = threading.Lock()
        self._ended = threading.Event()
        self._open.add(self)
        weakref.finalize(owner, self.begin).atexit = False

    def begin(self) -> None:
        """Has it end, without waiting for that."""
        if self in self._open and self._asked.acquire(blocking=False):
            threading.Thread(target=self._run, name="ferry-shutdown").start()

    def is_asked_for(self) -> bool:
        """Whether it has begun."""
        return self._asked.locked()

    def wait(self) -> None:
        """Returns when it has ended."""
        if self in self._open:
            self._ended.wait()

    def _run(self) -> None:
        try:
            self._end()
        finally:
            self._open.discard(self)
            self._ended.set()

    @classmethod
    def all_of_them(cls) -> None:
        """Ends everything that is open."""
        endings = list(cls._open)
        for ending in endings:
            ending.begin()
        for ending in endings:
            ending.wait()

    @classmethod
    def forget(cls) -> None:
        """What a forked child has inherited is its parent's to end."""
        cls._open.clear()


# The workers that run, each with what stops it.
workers: dict[concurrent.futures.Future[Any], Callable[[], None]] = {}


def stop_before_exit(worker: concurrent.futures.Future[Any], stop: Callable[[], None]) -> None:
    """Has a worker stopped, and waited for, before the process ends."""
    workers[worker] = stop
    worker.add_done_callback(lambda ended: workers.pop(ended, None))


def before_exit() -> None:
    """Called once the main thread has ended, while threads may still be started."""
    Ending.all_of_them()
    running = workers.copy()
    for stop in running.values():
        stop()
    concurrent.futures.wait(running)


def forget() -> None:
    """A forked child has none of the threads that do what its memory tells of."""
    Ending.forget()
    workers.clear()


# The hook of `concurrent.futures`. There is no public one that is called early enough; of these,
# the last to be set is the first to be called.
getattr(threading, "_register_atexit", atexit.register)(before_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
