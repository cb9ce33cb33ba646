"""Schedules calls of functions on whichever worker is free, and runs workers; all awaited."""

from __future__ import annotations

import asyncio
import secrets
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from ferry.aio.task import Task
from ferry.client import Client
from ferry.ends import Ends, Watch
from ferry.functions import Functions
from ferry.options import TaskOptions
from ferry.queue_state import QueueState
from ferry.registration import Registration
from ferry.worker import Worker

F = TypeVar("F", bound=Callable[..., Any])


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
        self.functions = Functions(modules)
        self._lease = lease
        self._client = Client(servers, timeout=timeout)
        self._state = QueueState(self._client, queue, {"lease_ms": int(lease * 1000)})
        self._ends = Ends(self._client, queue)
        self._tasks: weakref.WeakSet[Task] = weakref.WeakSet()
        self._workers: dict[str, Registration] = {}
        self._stops: set[asyncio.Event] = set()
        self._runs: set[asyncio.Task[None]] = set()

    def register(self, function: F, name: str | None = None) -> F:
        """Offers a function under a name; usable as a decorator."""
        return self.functions.register(function, name)

    async def add_worker(
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
        await self._state.ensure()
        settings = {
            "queues": [self.queue] if queues is None else list(queues),
            "slots": slots,
            "resources": resources or {},
            "labels": labels or {},
            "session_ms": int(session * 1000),
        }
        registration = Registration(self._client, name, settings)
        await registration.enter()
        self._workers[name] = registration

    async def schedule_task(
        self,
        function: Callable[..., Any] | str,
        /,
        *args: Any,
        options: TaskOptions | None = None,
        **kwargs: Any,
    ) -> Task:
        """Schedules a call; once this returns, it outlives any node's death."""
        return await self.schedule_call(function, args, kwargs, options)

    async def schedule_call(
        self,
        function: Callable[..., Any] | str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        options: TaskOptions | None = None,
    ) -> Task:
        """The same for arguments of whatever names."""
        await self._state.ensure()
        fields = (options or TaskOptions()).fields()
        payload = {"args": list(args), "kwargs": dict(kwargs)}
        body = {"type": self.functions.name_of(function), "payload": payload, **fields}
        answer = await self._client.write("POST", "queues", self.queue, "tasks", body=body)
        task = Task(self._client, answer.document)
        watch = Watch(lambda: task.on_started(), task.end)
        self._ends.watch(answer.document, watch)
        self._tasks.add(task)
        return task

    async def run_worker(
        self, name: str | None = None, *, slots: int = 1, until_idle: bool = False
    ) -> None:
        """Runs tasks until `stop`, or until no task is unfinished if asked to.

        A worker that was added has the slots, queues and resources that it was added with.
        Coroutine functions run on this loop, others in threads.
        """
        await self._state.ensure()
        registration = None if name is None else self._workers.get(name)
        name = name or f"worker-{secrets.token_hex(8)}"
        queues = [self.queue]
        if registration is not None:
            slots, queues = registration.settings["slots"], registration.settings["queues"]
        worker = Worker(
            self._client, self.functions, queues, name, slots, self._lease, registration
        )
        stop = asyncio.Event()
        self._stops.add(stop)
        watching = asyncio.ensure_future(self._stop_when_idle(stop)) if until_idle else None
        run = asyncio.ensure_future(worker.run(stop))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        try:
            await run
        finally:
            self._stops.discard(stop)
            if watching is not None:
                watching.cancel()

    def stop(self) -> None:
        """Has the workers that run here take nothing more, finish what they have, and return."""
        for stop in self._stops:
            stop.set()

    async def wait(
        self, tasks: Iterable[Task] | None = None, timeout: float | None = None
    ) -> tuple[set[Task], set[Task]]:
        """Waits for tasks, by default all that were scheduled here; gives (done, not done)."""
        waited = set(self._tasks if tasks is None else tasks)
        ends = {task.ended for task in waited}
        if ends:
            await asyncio.wait(ends, timeout=timeout)
        done = {task for task in waited if task.done()}
        return done, waited - done

    async def aclose(self) -> None:
        """Stops the workers that run here, which finish what they have; waits for no other task."""
        self.stop()
        if self._runs:
            await asyncio.wait(self._runs)
        await self._ends.aclose()
        await self._client.aclose()

    async def __aenter__(self) -> DistributedTaskScheduler:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _stop_when_idle(self, stop: asyncio.Event) -> None:
        while not await self._state.finished(60.0):
            pass
        stop.set()
