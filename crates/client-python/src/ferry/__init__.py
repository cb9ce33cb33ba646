"""Ferry's queues, tasks and workers behind the interfaces that Python programs know.

`DistributedQueue` is `queue.Queue`, and `Executor` is `concurrent.futures.Executor`, for all
processes of all machines that use the same cluster; `DistributedTaskScheduler` is what both stand
on. `ferry.aio` has the same for asyncio.
"""

from ferry.errors import (
    FerryError,
    LeaseLost,
    NotWritten,
    OutcomeUnknown,
    Refused,
    RemoteTraceback,
    TaskFailed,
)
from ferry.executor import Executor
from ferry.future import TaskFuture
from ferry.options import TaskOptions
from ferry.queue import DistributedQueue
from ferry.scheduler import DistributedTaskScheduler

__all__ = [
    "DistributedQueue",
    "DistributedTaskScheduler",
    "Executor",
    "FerryError",
    "LeaseLost",
    "NotWritten",
    "OutcomeUnknown",
    "Refused",
    "RemoteTraceback",
    "TaskFailed",
    "TaskFuture",
    "TaskOptions",
]
