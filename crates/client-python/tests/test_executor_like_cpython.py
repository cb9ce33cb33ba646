"""What CPython checks of `concurrent.futures.Executor`, asked of `Executor`."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Iterator

import pytest

from cluster import Cluster, until
from ferry import Executor, RemoteTraceback, TaskFailed


@pytest.fixture
def executor(cluster: Cluster, name: str) -> Iterator[Executor]:
    """An executor with five threads."""
    with Executor(name, 5, servers=cluster.servers) as executor:
        yield executor


@pytest.fixture
def remote(cluster: Cluster, name: str) -> Iterator[Executor]:
    """An executor on the same queue without workers of its own."""
    with Executor(name, 0, servers=cluster.servers) as remote:
        yield remote
        remote.shutdown(cancel_futures=True)


class OwnError(Exception):
    """An exception with more than a text."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text, number)
        self.number = number


def capture(*args: object, **kwargs: object) -> list[object]:
    """Gives back what it is given."""
    return [list(args), kwargs]


def fail_with_own(number: int) -> None:
    """Raises an exception of this module."""
    raise OwnError("own", number)


def leave() -> None:
    """Ends, as a script would."""
    raise SystemExit("left")


async def add_slowly(a: int, b: int) -> int:
    """A coroutine function."""
    return a + b


def give_a_set() -> set[int]:
    """A result that JSON has no word for."""
    return {1}


def rest(seconds: float) -> float:
    """Takes its time: what a test waits for, not how it waits."""
    threading.Event().wait(seconds)
    return seconds


gate = threading.Event()


@pytest.fixture(autouse=True)
def closed_gate() -> Iterator[None]:
    """The gate is shut when a test begins, and nobody is left behind it."""
    gate.clear()
    yield
    gate.set()


def pass_gate() -> str:
    """Waits until the test opens the gate."""
    assert gate.wait(60), "nobody opened the gate"
    return "passed"


def test_submit(executor: Executor) -> None:
    """A future gives the result."""
    future = executor.submit(pow, 2, 8)
    assert future.result(30) == 256
    assert future.done()
    assert future.exception() is None
    assert not future.cancel()


def test_submit_keyword(executor: Executor) -> None:
    """Arguments arrive by place and by name, whatever the names are."""
    future = executor.submit(capture, 1, self=2, fn=3)
    assert future.result(30) == [[1], {"self": 2, "fn": 3}]


def test_map_keeps_the_order(executor: Executor) -> None:
    """Results come in the order of the arguments, not of the ends."""
    assert list(executor.map(pow, range(10), range(10))) == list(map(pow, range(10), range(10)))
    assert list(executor.map(rest, [0.3, 0.0, 0.1])) == [0.3, 0.0, 0.1]


def test_map_exception(executor: Executor) -> None:
    """Results come until the one that is an exception."""
    results = executor.map(divmod, [1, 1, 1, 1], [2, 3, 0, 5])
    assert next(results) == [0, 1]
    assert next(results) == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_map_timeout(executor: Executor) -> None:
    """What is not there in time is a TimeoutError; what was in time is given."""
    results = []
    with pytest.raises(concurrent.futures.TimeoutError):
        for result in executor.map(rest, [0, 0, 6], timeout=3):
            results.append(result)
    assert results == [0, 0]


def test_exceptions(executor: Executor) -> None:
    """An exception comes back as itself, with the worker's traceback as its cause."""
    future = executor.submit(fail_with_own, 7)
    error = future.exception(30)
    assert type(error) is OwnError
    assert error.args == ("own", 7)
    assert isinstance(error.__cause__, RemoteTraceback)
    assert "fail_with_own" in str(error.__cause__)
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result(30)
    # A worker outlives what its functions do.
    assert isinstance(executor.submit(leave).exception(30), TaskFailed)
    assert isinstance(executor.submit(give_a_set).exception(30), TypeError)
    assert executor.submit(pow, 2, 2).result(30) == 4


def test_result_timeout(executor: Executor) -> None:
    """A future whose task runs on says so at the timeout."""
    future = executor.submit(rest, 1)
    with pytest.raises(concurrent.futures.TimeoutError):
        future.result(0.1)
    assert future.result(30) == 1


def test_functions_need_a_name(executor: Executor) -> None:
    """A lambda is refused at once; registered, it is called by its name."""
    with pytest.raises(TypeError, match="registered"):
        executor.submit(lambda: 1)
    with pytest.raises(TypeError, match="JSON serializable"):
        executor.submit(capture, object())
    negate = executor.register(lambda number: -number, "negate")
    assert executor.submit(negate, 5).result(30) == -5
    assert executor.submit(add_slowly, 2, 3).result(30) == 5


def test_unknown_functions(executor: Executor, remote: Executor) -> None:
    """A worker that does not know a function says which."""
    remote.register(OwnError, "nowhere")
    unknown = remote.submit(OwnError, "a", 1)
    # The other one has begun its workers with its first call.
    assert executor.submit(pow, 2, 2).result(30) == 4
    error = unknown.exception(30)
    assert isinstance(error, LookupError) and "nowhere" in str(error)


def test_wait_and_as_completed(executor: Executor) -> None:
    """The functions of concurrent.futures take these futures."""
    slow, fast = executor.submit(rest, 0.5), executor.submit(rest, 0)
    first = concurrent.futures.wait([slow, fast], return_when=concurrent.futures.FIRST_COMPLETED)
    assert first.done == {fast}
    assert set(concurrent.futures.as_completed([slow, fast], timeout=30)) == {slow, fast}


def test_running_and_cancel(executor: Executor) -> None:
    """What runs cannot be cancelled; what waits can, and is not run."""
    running = [executor.submit(pass_gate) for _ in range(5)]
    until(lambda: all(future.running() for future in running), "five run")
    waiting = executor.submit(rest, 0)
    assert not running[0].cancel()
    assert waiting.cancel()
    assert waiting.cancelled()
    assert concurrent.futures.wait([waiting], 30).done == {waiting}
    with pytest.raises(concurrent.futures.CancelledError):
        waiting.result()
    gate.set()
    assert [future.result(30) for future in running] == ["passed"] * 5


def test_callbacks_may_submit(executor: Executor) -> None:
    """A callback may call the executor, as with threads."""
    chained: list[concurrent.futures.Future[object]] = []
    first = executor.submit(pow, 2, 2)
    first.add_done_callback(lambda done: chained.append(executor.submit(pow, done.result(), 2)))
    until(lambda: bool(chained), "the callback has run")
    assert chained[0].result(30) == 16


def test_after_shutdown(cluster: Cluster, name: str) -> None:
    """Shutdown waits for what was submitted; afterwards nothing is taken."""
    executor = Executor(name, 1, servers=cluster.servers)
    futures = [executor.submit(rest, 0.1) for _ in range(3)]
    executor.shutdown()
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(pow, 2, 2)
    executor.shutdown()


def test_shutdown_without_waiting(cluster: Cluster, name: str) -> None:
    """What was submitted runs on after a shutdown that does not wait."""
    executor = Executor(name, 1, servers=cluster.servers)
    futures = [executor.submit(pass_gate) for _ in range(2)]
    executor.shutdown(wait=False)
    assert not any(future.done() for future in futures)
    gate.set()
    assert [future.result(30) for future in futures] == ["passed"] * 2


def test_shutdown_cancels_futures(cluster: Cluster, name: str) -> None:
    """With cancel_futures what has not begun is cancelled, and what runs is finished."""
    executor = Executor(name, 1, servers=cluster.servers)
    futures = [executor.submit(pass_gate) for _ in range(10)]
    until(futures[0].running, "the first runs")
    executor.shutdown(wait=False, cancel_futures=True)
    gate.set()
    executor.shutdown()
    assert futures[0].result() == "passed"
    assert all(future.cancelled() for future in futures[1:])


def test_other_processes_run_calls(executor: Executor, remote: Executor) -> None:
    """An executor without workers has its calls run by the queue's other ones."""
    remote_result = remote.submit(os.getpid)
    # The other one has begun its workers with its first call.
    assert executor.submit(os.getpid).result(30) == remote_result.result(30) == os.getpid()


def test_max_workers(cluster: Cluster, name: str) -> None:
    """There is no negative number of workers."""
    with pytest.raises(ValueError, match="negative"):
        Executor(name, -1, servers=cluster.servers)
