"""Registered workers: what they have bounds what they get, and their end moves their tasks on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cluster import Cluster, until
from ferry import DistributedTaskScheduler, TaskOptions

PUSH_POLICIES: list[Any] = ["least_loaded", "best_fit", {"spread": "zone"}]

gate = threading.Event()
running: list[str] = []


@pytest.fixture(autouse=True)
def closed_gate() -> Iterator[None]:
    """The gate is shut when a test begins, and nobody is left behind it."""
    gate.clear()
    running.clear()
    yield
    gate.set()


def pass_gate(what: str) -> str:
    """Runs until the test opens the gate."""
    running.append(what)
    assert gate.wait(60), "nobody opened the gate"
    return what


def add_one(number: int) -> int:
    """A short task."""
    return number + 1


def assign(cluster: Cluster, queue: str, policy: Any) -> None:
    """Has the cluster assign the tasks of a queue."""
    url = f"{cluster.url(1)}/v1/queues/{queue}"
    httpx.put(url, json={"assign": policy}).raise_for_status()


def load(cluster: Cluster, worker: str) -> Any:
    """What a worker's leases use of it."""
    return cluster.get(f"/v1/workers/{worker}")["load"]


@pytest.mark.parametrize("policy", ["pull", *PUSH_POLICIES])
def test_resources_bound_what_runs(cluster: Cluster, name: str, policy: Any) -> None:
    """Of tasks that need a GPU each, a worker with two GPUs runs two, though it has more slots."""
    assign(cluster, name, policy)
    with DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
        plain = scheduler.schedule_task(pass_gate, "plain")
        gpu = TaskOptions(resources={"gpu": 1}, selector={"zone": "a"})
        tasks = [
            scheduler.schedule_task(pass_gate, f"gpu {number}", options=gpu) for number in range(3)
        ]
        elsewhere = scheduler.schedule_task(
            pass_gate, "elsewhere", options=TaskOptions(selector={"zone": "b"})
        )
        scheduler.add_worker(name, slots=8, resources={"gpu": 2}, labels={"zone": "a"})
        worker = scheduler.start_worker(name)
        until(lambda: len(running) == 3, "three run")
        assert sorted(running) == ["gpu 0", "gpu 1", "plain"]
        assert load(cluster, name) == {"slots": 3, "resources": {"gpu": 2}}
        gate.set()
        results = [task.result(30) for task in [*tasks, plain]]
        assert results == ["gpu 0", "gpu 1", "gpu 2", "plain"]
        assert not elsewhere.done()
        assert elsewhere.cancel()
        scheduler.stop()
        worker.result(30)
    # A worker that has stopped takes its leave.
    assert httpx.get(f"{cluster.url(1)}/v1/workers/{name}").status_code == 404


def test_the_policy_decides(cluster: Cluster, name: str) -> None:
    """Tasks that are assigned go to the worker with the least load, whoever is first to ask."""
    assign(cluster, name, "least_loaded")
    with DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
        workers = [f"{name}-{number}" for number in range(3)]
        for worker in workers:
            scheduler.add_worker(worker, slots=8)
            scheduler.start_worker(worker)
        for number in range(12):
            scheduler.schedule_task(pass_gate, f"task {number}")
        until(lambda: len(running) == 12, "twelve run")
        assert [load(cluster, worker)["slots"] for worker in workers] == [4, 4, 4]
        gate.set()
        assert scheduler.wait(timeout=30).not_done == set()


@pytest.mark.parametrize("policy", PUSH_POLICIES)
def test_assignments_outlive_the_leader(mortal: Cluster, name: str, policy: Any) -> None:
    """Tasks go on being assigned under the next leader, and each completes once."""
    assign(mortal, name, policy)
    with DistributedTaskScheduler(name, servers=mortal.servers) as scheduler:
        for number in range(3):
            labels = {"zone": "ab"[number % 2]}
            scheduler.add_worker(f"{name}-{number}", slots=2, labels=labels)
            scheduler.start_worker(f"{name}-{number}")
        futures = [scheduler.schedule_task(add_one, number) for number in range(30)]
        until(lambda: sum(future.done() for future in futures) > 10, "some are done")
        mortal.kill_leader()
        futures += [scheduler.schedule_task(add_one, number) for number in range(30, 90)]
        assert [future.result(60) for future in futures] == list(range(1, 91))
        counts = mortal.get(f"/v1/queues/{name}")["counts"]
        assert counts["succeeded"] == sum(counts.values()) == 90


def test_a_session_is_kept(cluster: Cluster, name: str) -> None:
    """A task may run longer than a session lasts: the worker shows that it lives."""
    with DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
        scheduler.add_worker(name, session=1.0)
        session = cluster.get(f"/v1/workers/{name}")["session"]
        worker = scheduler.start_worker(name)
        long = scheduler.schedule_task(pass_gate, "long")
        until(long.running, "it runs")
        begin = cluster.get(f"/v1/tasks/{long.task_id}")["started_at"]
        # Replicated time goes on while nothing else happens.
        timer = scheduler.schedule_task(add_one, 1, options=TaskOptions(delay=3, key="later"))
        until(lambda: cluster.get(f"/v1/tasks/{timer.task_id}")["state"] == "ready", "3 s are over")
        assert cluster.get(f"/v1/workers/{name}")["session"] == session
        assert cluster.get(f"/v1/tasks/{long.task_id}")["started_at"] == begin
        gate.set()
        assert long.result(30) == "long"
        scheduler.stop()
        worker.result(30)


def test_a_stop_keeps_the_session_until_the_last_task_has_ended(
    cluster: Cluster, name: str
) -> None:
    """A worker that was told to stop finishes what runs, however long that takes."""
    assign(cluster, name, "least_loaded")
    with DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
        scheduler.add_worker(name, session=1.0)
        worker = scheduler.start_worker(name)
        long = scheduler.schedule_task(pass_gate, "long")
        until(long.running, "it runs")
        scheduler.stop()
        until(lambda: bool(cluster.get(f"/v1/workers/{name}")["draining"]), "it is told")
        timer = scheduler.schedule_task(add_one, 1, options=TaskOptions(delay=4, key="later"))
        until(lambda: cluster.get(f"/v1/tasks/{timer.task_id}")["state"] == "ready", "4 s are over")
        assert load(cluster, name)["slots"] == 1
        gate.set()
        assert long.result(30) == "long"
        worker.result(30)
    task = cluster.get(f"/v1/tasks/{long.task_id}")
    assert (task["state"], task["attempt"]) == ("succeeded", 1)


@pytest.mark.parametrize("policy", ["pull", "least_loaded"])
def test_a_stop_under_load_burns_no_attempt(cluster: Cluster, name: str, policy: Any) -> None:
    """What comes while a worker stops goes back as if it had never come."""
    url = f"{cluster.url(1)}/v1/queues/{name}"
    httpx.put(url, json={"assign": policy, "max_attempts": 1}).raise_for_status()
    tasks = [{"type": "add_one", "payload": number} for number in range(1_000)]
    httpx.post(f"{url}/tasks", json={"tasks": tasks}).raise_for_status()

    def count(state: str) -> int:
        return int(cluster.get(f"/v1/queues/{name}")["counts"][state])

    for _ in range(4):
        with DistributedTaskScheduler(name, servers=cluster.servers) as scheduler:
            scheduler.register(add_one, "add_one")
            scheduler.add_worker(name, slots=16)
            done = count("succeeded")
            worker = scheduler.start_worker(name)
            until(lambda done=done: count("succeeded") >= done + 20, "some are done")  # type: ignore[misc]
            scheduler.stop()
            worker.result(30)
        assert count("ready") + count("succeeded") == 1_000
        assert count("ready") > 0, "a stop without load shows nothing"


WORKER = """
import sys, threading
from ferry import DistributedTaskScheduler
queue, servers = sys.argv[1:]
scheduler = DistributedTaskScheduler(queue, servers=servers)
def hold():
    print("begun", flush=True)
    threading.Event().wait()
scheduler.register(hold)
scheduler.add_worker(queue + "-mortal", session=1.0)
scheduler.run_worker(queue + "-mortal")
"""


def test_tasks_of_a_dead_worker_move_on(cluster: Cluster, name: str) -> None:
    """When a worker is killed its session ends, and its task is with another one long before its
    lease would have run out.
    """
    with DistributedTaskScheduler(name, servers=cluster.servers, lease=600.0) as scheduler:
        scheduler.register(lambda: "held", "hold")
        held = scheduler.schedule_task("hold")
        command = [sys.executable, "-c", WORKER, name, ",".join(cluster.servers)]
        mortal = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert mortal.stdout is not None
        assert mortal.stdout.readline() == "begun\n"
        os.kill(mortal.pid, signal.SIGKILL)
        mortal.communicate()
        scheduler.start_worker()
        assert held.result(30) == "held"
