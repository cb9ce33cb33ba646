"""An executor of `concurrent.futures` whose workers may be on any machine."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ferry.future import TaskFuture
from ferry.scheduler import DistributedTaskScheduler

F = TypeVar("F", bound=Callable[..., Any])


class Executor(concurrent.futures.Executor):
    """Runs calls as tasks of a queue, by workers of this process and of all others on the queue.

    Functions are found by their importable name, or are registered; arguments and results are what
    JSON has words for. A call whose worker dies is made again by another one.
    """

    def __init__(
        self,
        queue: str = "calls",
        max_workers: int | None = None,
        *,
        servers: str | Iterable[str] | None = None,
        lease: float = 30.0,
        timeout: float = 30.0,
        modules: Iterable[str] | None = None,
    ) -> None:
        """`max_workers` threads of this process run calls; 0 leaves all calls to other processes.

        The other arguments are those of the scheduler.
        """
        if max_workers is None:
            max_workers = min(32, (os.cpu_count() or 1) + 4)
        if max_workers < 0:
            raise ValueError("max_workers must not be negative")
        self._scheduler = DistributedTaskScheduler(
            queue, servers=servers, lease=lease, timeout=timeout, modules=modules
        )
        self._max_workers = max_workers
        self._lock = threading.Lock()
        self._pending: set[TaskFuture] = set()
        self._is_shut_down = False
        self._worker: concurrent.futures.Future[None] | None = None
        self._ending: threading.Thread | None = None

    def register(self, function: F, name: str | None = None) -> F:
        """Offers a function under a name; usable as a decorator."""
        return self._scheduler.register(function, name)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Schedules a call; TypeError for a function without a name or an argument no JSON has."""
        with self._lock:
            if self._is_shut_down:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._worker is None and self._max_workers > 0:
                self._worker = self._scheduler.start_worker(slots=self._max_workers)
        future = self._scheduler.schedule_call(fn, args, kwargs)
        with self._lock:
            self._pending.add(future)
        future.add_done_callback(self._ended)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more calls; with `wait`, returns once those it has taken have ended."""
        with self._lock:
            self._is_shut_down = True
            pending, ending = list(self._pending), self._ending
        if cancel_futures:
            for future in pending:
                future.cancel()
        if ending is None:
            ending = threading.Thread(target=self._end, args=(pending,), name="ferry-shutdown")
            ending.start()
            self._ending = ending
        if wait:
            ending.join()

    def _end(self, pending: list[TaskFuture]) -> None:
        concurrent.futures.wait(pending)
        self._scheduler.stop()
        if self._worker is not None:
            concurrent.futures.wait([self._worker])
        self._scheduler.close()

    def _ended(self, future: concurrent.futures.Future[Any]) -> None:
        with self._lock:
            self._pending.discard(future)
