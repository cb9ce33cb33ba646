"""Runs `ferry dev`: three nodes on free ports of this machine, in a folder that goes away."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

NODES = 3
# How long a cluster may take to do anything, in seconds.
PATIENCE = 30.0
# Ports below the range from which the kernel gives outgoing connections theirs.
PORT_FIRST = 30_000
PORT_BLOCKS = 20


class Cluster:
    """A running cluster."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ferry-python-"))
        self.guard, self.port = claim_ports()
        self.log = (self.folder / "dev.log").open("w")
        command = [binary(), "dev", "--nodes", str(NODES), "--http-port", str(self.port)]
        command += ["--data-dir", str(self.folder / "data")]
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, start_new_session=True
        )
        for node in range(1, NODES + 1):
            until(lambda node=node: self.is_ready(node), f"node {node} serves")  # type: ignore[misc]

    @property
    def servers(self) -> list[str]:
        """The URLs of the nodes."""
        return [self.url(node) for node in range(1, NODES + 1)]

    def url(self, node: int) -> str:
        """The URL of a node, from 1."""
        return f"http://127.0.0.1:{self.port + node - 1}"

    def is_ready(self, node: int) -> bool:
        """Whether a node serves."""
        try:
            return httpx.get(f"{self.url(node)}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def get(self, path: str) -> Any:
        """What the first node that answers says."""
        for server in self.servers:
            try:
                answer = httpx.get(server + path, timeout=10)
            except httpx.TransportError:
                continue
            if answer.is_success:
                return answer.json()
        raise AssertionError(f"no node answers {path}")

    def kill_leader(self) -> int:
        """Kills the node that leads, as kill -9 does, and returns its id."""
        status = self.get("/v1/cluster")
        leader: int = status["leader"]
        pid = next(node["pid"] for node in status["nodes"] if node["id"] == leader)
        os.kill(pid, signal.SIGKILL)
        return leader

    def start(self, node: int) -> None:
        """Starts a node again and waits until it serves."""
        command = [binary(), "dev", "start", str(node), "--data-dir", str(self.folder / "data")]
        # The parent must have seen the death before it starts the node again.
        until(lambda: subprocess.run(command, capture_output=True).returncode == 0, "it starts")
        until(lambda: self.is_ready(node), f"node {node} serves")

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.guard.close()
        shutil.rmtree(self.folder)


def binary() -> str:
    """The `ferry` to test, from FERRY_BIN."""
    path = os.environ.get("FERRY_BIN")
    assert path, "FERRY_BIN names the ferry to test"
    return path


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Waits until a condition holds; the one place where the tests poll."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not in {patience} s: {what}"
        time.sleep(0.01)


def claim_ports() -> tuple[socket.socket, int]:
    """Finds a block of free ports; whoever holds the guard owns the block."""
    for block in range(PORT_BLOCKS):
        first = PORT_FIRST + ((os.getpid() + block) % PORT_BLOCKS) * 128
        guard = socket.socket()
        try:
            guard.bind(("127.0.0.1", first))
        except OSError:
            guard.close()
            continue
        nodes = range(1, NODES + 1)
        if all(is_free(first + node) and is_free(first + 100 + node) for node in nodes):
            return guard, first + 1
        guard.close()
    raise AssertionError("no block of free ports")


def is_free(port: int) -> bool:
    """Whether nobody listens on a port."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
