"""Schedules calls of functions on whichever worker of whichever machine is free."""

from __future__ import annotations

import concurrent.futures
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from ferry import aio
from ferry.background import BackgroundLoop, Bridge
from ferry.exit import stop_before_exit
from ferry.functions import Functions
from ferry.future import TaskFuture, future_of
from ferry.options import TaskOptions

F = TypeVar("F", bound=Callable[..., Any])

# How many callbacks run at a time.
CALLBACKS_MAX = 16


class DistributedTaskScheduler:
    """Calls of functions as tasks of one queue: scheduled here, run by any worker of the queue.

    A task runs at least once and completes exactly once; a function that raises is tried again only
    if its task's options say so.
    """

    def __init__(
        self,
        queue: str = "calls",
        *,
        servers: str | Iterable[str] | None = None,
        lease: float = 30.0,
        timeout: float = 30.0,
        modules: Iterable[str] | None = None,
    ) -> None:
        """With `modules`, workers of this object import functions of these modules only.

        `lease` is how long, in seconds, a task stays with a process that has died. `timeout` is how
        long a call tries to reach the cluster.
        """
        self.queue = queue
        self._functions = Functions(modules)
        self._options = (servers, lease, timeout)
        self._bridge = Bridge(self._make)
        # Callbacks of futures run here, so that they may call this package, too, and wait for other
        # futures.
        self._finisher = concurrent.futures.ThreadPoolExecutor(
            CALLBACKS_MAX, thread_name_prefix="ferry-ends"
        )
        self._futures: weakref.WeakSet[TaskFuture] = weakref.WeakSet()

    def register(self, function: F, name: str | None = None) -> F:
        """Offers a function under a name; usable as a decorator."""
        return self._functions.register(function, name)

    def add_worker(
        self,
        name: str,
        *,
        queues: Iterable[str] | None = None,
        slots: int = 1,
        resources: dict[str, int] | None = None,
        labels: dict[str, str] | None = None,
        session: float = 10.0,
    ) -> None:
        """Registers a worker with what it has; `run_worker` of the same name makes it work.

        `session` is after how many seconds without a sign of life its tasks move on.
        """
        adding = self._bridge.get().add_worker(
            name, queues=queues, slots=slots, resources=resources, labels=labels, session=session
        )
        self._bridge.run(adding)

    def schedule_task(
        self,
        function: Callable[..., Any] | str,
        /,
        *args: Any,
        options: TaskOptions | None = None,
        **kwargs: Any,
    ) -> TaskFuture:
        """Schedules a call; once this returns, it outlives any node's death."""
        return self.schedule_call(function, args, kwargs, options)

    def schedule_call(
        self,
        function: Callable[..., Any] | str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        options: TaskOptions | None = None,
    ) -> TaskFuture:
        """The same for arguments of whatever names."""
        core = self._bridge.get()

        async def schedule() -> TaskFuture:
            task = await core.schedule_call(function, args, kwargs, options)
            return future_of(task, self._finisher)

        future: TaskFuture = self._bridge.run(schedule())
        self._futures.add(future)
        return future

    def run_worker(
        self, name: str | None = None, *, slots: int = 1, until_idle: bool = False
    ) -> None:
        """Runs tasks until `stop`, or until no task is unfinished if asked to.

        A worker that was added has the slots, queues and resources that it was added with.
        Functions run in threads, coroutine functions on a loop that they must not block.
        """
        core = self._bridge.get()
        running = self.start_worker(name, slots=slots, until_idle=until_idle)
        try:
            running.result()
        except BaseException:
            # Ctrl-C: what runs is finished and settled first.
            stop_soon(core)
            concurrent.futures.wait([running])
            raise

    def start_worker(
        self, name: str | None = None, *, slots: int = 1, until_idle: bool = False
    ) -> concurrent.futures.Future[None]:
        """The same as `run_worker`, without waiting for its end."""
        core = self._bridge.get()
        work = core.run_worker(name, slots=slots, until_idle=until_idle)
        running = BackgroundLoop.shared().start(work)
        stop_before_exit(running, partial(stop_soon, core))
        return running

    def stop(self) -> None:
        """Has the workers that run here take nothing more, finish what they have, and return."""
        stop_soon(self._bridge.get())

    def wait(
        self,
        futures: Iterable[concurrent.futures.Future[Any]] | None = None,
        timeout: float | None = None,
    ) -> concurrent.futures._base.DoneAndNotDoneFutures[Any]:
        """Waits for tasks, by default all that were scheduled here; gives (done, not_done)."""
        waited = list(self._futures) if futures is None else list(futures)
        return concurrent.futures.wait(waited, timeout)

    def close(self) -> None:
        """Stops the workers that run here, which finish what they have; waits for no other task."""
        self._bridge.run(self._bridge.get().aclose())
        self._finisher.shutdown(wait=False)

    def __enter__(self) -> DistributedTaskScheduler:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self) -> aio.DistributedTaskScheduler:
        servers, lease, timeout = self._options
        core = aio.DistributedTaskScheduler(
            self.queue, servers=servers, lease=lease, timeout=timeout
        )
        core.functions = self._functions
        return core


def stop_soon(core: aio.DistributedTaskScheduler) -> None:
    """Has the workers of a scheduler on the background loop stop, without waiting for that."""
    BackgroundLoop.shared().loop.call_soon_threadsafe(core.stop)
