"""A worker: takes tasks, calls the function of each, and settles it.

1. It takes no more than it has free slots. A registered worker also gets what the cluster assigns
   to it, and shows that it lives.
2. While a function runs, its lease is extended. Once the lease is lost the outcome is dropped, and
   a coroutine is cancelled: somebody else may run the task by then.
3. When it is stopped it takes nothing more, gives back what it has not begun, finishes what it has,
   and settles it. Until then it shows that it lives.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ferry.client import Client, encode
from ferry.errors import FerryError, LeaseLost, Refused
from ferry.functions import Functions, describe
from ferry.lease import Lease
from ferry.registration import LOOK_AGAIN, Registration
from ferry.taker import Taker

# How long one dequeue waits at the nodes before it is asked again, in seconds.
DEQUEUE_WAIT = 5.0
# The pause after the cluster could not be asked, in seconds.
TROUBLE_PAUSE = 0.5
# How many leases that have ended are remembered.
ENDED_MAX = 10_000

log = logging.getLogger("ferry.worker")


class Worker:
    """Runs functions for the tasks of some queues."""

    def __init__(
        self,
        client: Client,
        functions: Functions,
        queues: Sequence[str],
        name: str,
        slots: int,
        seconds: float,
        registration: Registration | None = None,
    ) -> None:
        self._functions = functions
        self._slots = slots
        self._taker = Taker(client, name, seconds)
        self._queues = list(queues)
        self._registration = registration
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=f"ferry-{name}")
        self._living: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._leases: set[str] = set()
        self._ended_leases: dict[str, None] = {}
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set. Raises the first refusal; trouble with the cluster passes."""
        loops: list[Coroutine[Any, Any, None]] = [self._pull(), wait_for(stop)]
        if self._registration is not None and not await self._registration.enter():
            self._registration = None
        if self._registration is not None:
            loops.append(self._registration.follow(self._assigned))
            self._living = asyncio.ensure_future(self._registration.beat())
        taking = {asyncio.ensure_future(loop) for loop in loops}
        living = set() if self._living is None else {self._living}
        try:
            ended, _ = await asyncio.wait(taking | living, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            await end(taking)
            await self._finish()

    async def _finish(self) -> None:
        try:
            if self._registration is not None:
                await self._registration.drain(self._leases | self._ended_leases.keys())
            while self._running:
                await asyncio.wait(self._running)
            await self._taker.aclose()
        except asyncio.CancelledError:
            for handling in self._running:
                handling.cancel()
            raise
        finally:
            self._threads.shutdown(wait=False)
            if self._living is not None:
                # It would register again what leaves.
                await end({self._living})
            if self._registration is not None:
                await self._registration.leave()

    async def _pull(self) -> None:
        while True:
            await self._has_room.wait()
            try:
                leases = await self._dequeue()
            except Refused as refused:
                if refused.code == "queue_not_found":
                    # Somebody has deleted it; the next task brings it back.
                    await asyncio.sleep(TROUBLE_PAUSE)
                elif refused.code == "worker_not_found" and self._registration is not None:
                    await self._registration.enter()
                else:
                    raise
            except FerryError as error:
                log.warning("cannot dequeue: %s", error)
                await asyncio.sleep(TROUBLE_PAUSE)
            else:
                for lease in leases:
                    self._start(lease)

    async def _dequeue(self) -> list[Lease]:
        queues = self._queues
        if self._registration is not None:
            queues = await self._registration.pulled()
            if not queues:
                await asyncio.sleep(LOOK_AGAIN)
                return []
        room = self._slots - len(self._running)
        return await self._taker.take(queues, room, DEQUEUE_WAIT)

    def _assigned(self, task: dict[str, Any]) -> None:
        # After a connection was lost, what is assigned is told again, and perhaps what was settled
        # meanwhile.
        lease = task["lease"]["id"]
        if lease not in self._leases and lease not in self._ended_leases:
            self._start(self._taker.hold(task))

    def _start(self, lease: Lease) -> None:
        if lease.id in self._leases:
            lease.drop()
            return
        handling = asyncio.get_running_loop().create_task(self._handle(lease))
        lease.on_lost = partial(cancel, handling)
        self._leases.add(lease.id)
        self._running.add(handling)
        handling.add_done_callback(partial(self._ended, lease))
        self._look_for_room()

    def _ended(self, lease: Lease, handling: asyncio.Task[None]) -> None:
        lease.drop()
        self._running.discard(handling)
        self._leases.discard(lease.id)
        self._ended_leases[lease.id] = None
        if len(self._ended_leases) > ENDED_MAX:
            del self._ended_leases[next(iter(self._ended_leases))]
        self._look_for_room()
        if not handling.cancelled() and handling.exception() is not None:
            log.error("a task could not be settled", exc_info=handling.exception())

    def _look_for_room(self) -> None:
        if len(self._running) < self._slots:
            self._has_room.set()
        else:
            self._has_room.clear()

    async def _handle(self, lease: Lease) -> None:
        try:
            result = await self._call(lease.task, lease.payload)
            encode(result)
        except (Exception, SystemExit) as error:
            # Without a bound of its own, a task whose function raised is not tried again.
            is_final = "max_attempts" not in lease.task
            settling = lease.nack(describe(error), dead=is_final)
        else:
            settling = lease.ack(result)
        try:
            await settling
        except LeaseLost:
            log.warning("the lease on %s was lost before it was settled", lease.task["id"])
        except FerryError as error:
            log.warning("cannot settle %s: %s", lease.task["id"], error)

    async def _call(self, task: dict[str, Any], payload: Any) -> Any:
        function = self._functions.resolve(task.get("type", ""))
        args, kwargs = [payload], {}
        if isinstance(payload, dict) and payload.keys() == {"args", "kwargs"}:
            args, kwargs = payload["args"], payload["kwargs"]
        if inspect.iscoroutinefunction(function):
            return await function(*args, **kwargs)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *args, **kwargs))


def cancel(handling: asyncio.Task[None]) -> None:
    """Ends what somebody else may do by now."""
    handling.cancel()


async def end(loops: set[asyncio.Task[None]]) -> None:
    """Ends loops, whatever they came to."""
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


async def wait_for(event: asyncio.Event) -> None:
    """Returns when the event is set."""
    await event.wait()
