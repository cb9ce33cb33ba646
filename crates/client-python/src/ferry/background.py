"""The event loop behind the blocking interfaces: one thread a process, started when it is needed.

Leases are extended on it while the process's own threads are busy. It ends with the process.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """An event loop in a thread of its own."""

    _shared: ClassVar[BackgroundLoop | None] = None
    _sharing: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="ferry", daemon=True)
        self._thread.start()

    @classmethod
    def shared(cls) -> BackgroundLoop:
        """The loop of this process."""
        with cls._sharing:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    @classmethod
    def forget(cls) -> None:
        """A forked child has its parent's memory and none of its threads."""
        cls._sharing = threading.Lock()
        cls._shared = None

    def start(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Runs a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the loop and waits for what it gives."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("this call would wait for its own thread; use ferry.aio instead")
        running = self.start(work)
        try:
            return running.result()
        except BaseException:
            running.cancel()
            raise


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BackgroundLoop.forget)


class Bridge(Generic[T]):
    """An asyncio object that lives on the process's background loop; a forked child has its own."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._making = threading.Lock()
        self._made: T | None = None
        self._process = 0

    def get(self) -> T:
        """The object, made on the loop at first use."""
        if self._process != os.getpid():
            self._making, self._made, self._process = threading.Lock(), None, os.getpid()
        with self._making:
            if self._made is None:
                self._made = self.run(self._on_loop())
            return self._made

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine on the loop and waits for what it gives."""
        return BackgroundLoop.shared().run(work)

    async def _on_loop(self) -> T:
        return self._make()
