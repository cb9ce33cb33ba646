"""An executor of `concurrent.futures` whose workers may be on any machine."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from ferry.exit import Ending
from ferry.future import TaskFuture
from ferry.scheduler import DistributedTaskScheduler

F = TypeVar("F", bound=Callable[..., Any])


class Executor(concurrent.futures.Executor):
    """Runs calls as tasks of a queue, by workers of this process and of all others on the queue.

    Functions are found by their importable name, or are registered; arguments and results are what
    JSON has words for. A call whose worker dies is made again by another one. A process whose
    executor has workers does not end before the calls that it has submitted.
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
        # Also holds a future for each submission that is under way.
        self._pending: set[concurrent.futures.Future[Any]] = set()
        self._is_shut_down = False
        self._ending: Ending | None = None

    def register(self, function: F, name: str | None = None) -> F:
        """Offers a function under a name; usable as a decorator."""
        return self._scheduler.register(function, name)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Schedules a call; TypeError for a function without a name or an argument no JSON has."""
        submitting: concurrent.futures.Future[None] = concurrent.futures.Future()
        with self._lock:
            if self._is_shut_down or (self._ending and self._ending.is_asked_for()):
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._ending is None:
                self._begin()
            self._pending.add(submitting)
        try:
            future = self._scheduler.schedule_call(fn, args, kwargs)
            self._pending.add(future)
        finally:
            self._pending.discard(submitting)
            submitting.set_result(None)
        future.add_done_callback(self._pending.discard)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more calls; with `wait`, returns once those it has taken have ended."""
        with self._lock:
            self._is_shut_down = True
            ending = self._ending
        if cancel_futures:
            for future in self._pending.copy():
                future.cancel()
        if ending is None:
            return
        ending.begin()
        if wait:
            ending.wait()

    def _begin(self) -> None:
        if self._max_workers > 0:
            self._scheduler.start_worker(slots=self._max_workers)
        self._ending = Ending(self, partial(end, self._scheduler, self._pending))


def end(scheduler: DistributedTaskScheduler, pending: set[concurrent.futures.Future[Any]]) -> None:
    """Waits for calls, then for the workers that ran them."""
    while waited := pending.copy():
        concurrent.futures.wait(waited)
    scheduler.close()
