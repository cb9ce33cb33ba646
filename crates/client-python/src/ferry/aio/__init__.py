"""The asyncio form: the same queue and scheduler, awaited."""

from ferry.aio.queue import DistributedQueue
from ferry.aio.scheduler import DistributedTaskScheduler
from ferry.aio.task import Task

__all__ = ["DistributedQueue", "DistributedTaskScheduler", "Task"]
