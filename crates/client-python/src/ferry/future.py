"""A future of `concurrent.futures` whose work is a task of the cluster."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any

from ferry.aio.task import Task
from ferry.background import BackgroundLoop
from ferry.functions import rebuild


class TaskFuture(concurrent.futures.Future[Any]):
    """Knows its task's id; is running once a worker has the task."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task_id = task.task_id
        self._task = task
        # What becomes of the task is told by several threads. Held while callbacks run, too.
        self._telling = threading.RLock()

    def cancel(self) -> bool:
        """Calls the task off unless a worker has it or it has ended."""
        if self.cancelled():
            return True
        if self.running() or self.done():
            return False
        if not BackgroundLoop.shared().run(self._task.cancel()):
            return False
        return super().cancel()

    def started(self) -> None:
        """A worker has the task."""
        with self._telling:
            if not self.running() and not self.done():
                self.set_running_or_notify_cancel()

    def end(self, document: dict[str, Any]) -> None:
        """The task has ended."""
        with self._telling:
            if document["state"] == "cancelled":
                self._end_cancelled()
            elif self.done():
                return
            elif document["state"] == "succeeded":
                self.started()
                self.set_result(document.get("result"))
            else:
                self.started()
                self.set_exception(rebuild(document))

    def _end_cancelled(self) -> None:
        if self.running():
            self.set_exception(concurrent.futures.CancelledError())
        elif self.cancelled() or super().cancel():
            # So that whoever waits for several futures hears of it, too.
            self.set_running_or_notify_cancel()


def future_of(task: Task, finisher: concurrent.futures.Executor) -> TaskFuture:
    """The future of a task. Its callbacks run in `finisher`, where they may block."""
    future = TaskFuture(task)

    def tell(what: Callable[..., None], *facts: Any) -> None:
        try:
            finisher.submit(what, *facts)
        except RuntimeError:
            # The main thread has ended, and the pools of threads with it. Others may still wait.
            what(*facts)

    task.on_started = lambda: tell(future.started)
    task.ended.add_done_callback(lambda ended: tell(future.end, ended.result()))
    return future
