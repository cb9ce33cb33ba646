"""One request and its tries, against a node that follows a script; and how failures travel."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ferry import NotWritten, OutcomeUnknown, Refused, TaskFailed
from ferry.background import BackgroundLoop
from ferry.client import Client
from ferry.functions import ERROR_BYTES_MAX, Functions, describe, rebuild
from ferry.servers import Servers

# What the node does with the requests that come: answers a problem, drops the connection, or obeys.
DROP = "drop"
OBEY = "obey"


@contextmanager
def node(script: list[str]) -> Iterator[tuple[str, list[str | None]]]:
    """A node that follows a script, and the idempotency keys that it has seen."""
    keys: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers.get("idempotency-key"))
            self.rfile.read(int(self.headers.get("content-length", 0)))
            step = script.pop(0)
            if step == DROP:
                self.close_connection = True
                return
            statuses = {OBEY: 200, "no_leader": 503, "outcome_unknown": 504}
            status = statuses.get(step, 409)
            body = json.dumps({"status": status, "code": step, "detail": "why"}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", keys
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write(servers: str | list[str], timeout: float = 30.0) -> Any:
    """Writes something to these servers."""

    async def run() -> Any:
        client = Client(servers, timeout=timeout)
        try:
            return (await client.write("POST", "leases", "l1.1", "ack", body={})).document
        finally:
            await client.aclose()

    return asyncio.run(run())


# Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


def test_a_write_is_repeated_under_its_key() -> None:
    """Whatever was not decided is asked again, of the next node, under the same key."""
    with node(["no_leader", DROP, "outcome_unknown", "idempotency_in_flight", OBEY]) as (url, keys):
        assert write([NOWHERE, url])["code"] == OBEY
    assert len(keys) == 5
    assert len(set(keys)) == 1 and keys[0]


def test_a_refusal_is_not_repeated() -> None:
    """The first refusal is the answer."""
    with node(["wrong_state"]) as (url, keys), pytest.raises(Refused) as refused:
        write(url)
    assert refused.value.code == "wrong_state"
    assert len(keys) == 1


def test_not_written_and_unknown_differ() -> None:
    """Only if no try can have been done is it certain that nothing was written."""
    with pytest.raises(NotWritten):
        write(NOWHERE, timeout=0.2)
    with node(["no_leader"] * 100) as (url, _), pytest.raises(NotWritten, match="no_leader"):
        write(url, timeout=0.2)
    with (
        node([DROP] + ["no_leader"] * 100) as (url, keys),
        pytest.raises(OutcomeUnknown) as unknown,
    ):
        write(url, timeout=0.2)
    assert unknown.value.key == keys[0]


def test_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, a text with commas, the environment's, or the local node."""
    assert Servers(["http://a/", "http://b"]).urls == ["http://a", "http://b"]
    assert Servers("http://a, http://b").urls == ["http://a", "http://b"]
    monkeypatch.setenv("FERRY_SERVER", "http://c,http://d")
    assert Servers().urls == ["http://c", "http://d"]
    monkeypatch.delenv("FERRY_SERVER")
    assert Servers().urls == ["http://127.0.0.1:7101"]
    with pytest.raises(ValueError, match="at least one"):
        Servers([])


def raised(error: Exception) -> Exception:
    """An exception with a traceback."""
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    "error",
    [
        ValueError("short"),
        ValueError("x" * 10_000),
        KeyError("ä" * 3_000),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bytes are no JSON"),
        OSError(object()),
    ],
)
def test_failures_fit_and_come_back(error: Exception) -> None:
    """However long it is, what a node keeps of a failure is enough to tell its kind."""
    text = describe(raised(error))
    assert len(text.encode()) <= ERROR_BYTES_MAX
    rebuilt = rebuild({"id": "t1", "state": "dead", "last_error": text})
    # A type that cannot be made from a text is told by its name.
    assert type(rebuilt) is type(error) or type(error).__name__ in str(rebuilt)
    assert "test_client" in str(rebuilt.__cause__)


@pytest.mark.parametrize("text", ["plain words", '{"exception": 1}', '["a"]', "{}", '"text"'])
def test_failures_of_other_clients(text: str) -> None:
    """What did not come from a Python worker is told as it stands."""
    rebuilt = rebuild({"id": "t1", "state": "dead", "last_error": text})
    assert isinstance(rebuilt, TaskFailed)
    assert text in str(rebuilt)


def test_only_exceptions_are_made() -> None:
    """A failure names a type; nothing else of that name is called."""
    told = {"exception": "os:getcwd", "args": [], "message": "m", "traceback": ""}
    rebuilt = rebuild({"id": "t1", "state": "dead", "last_error": json.dumps(told)})
    assert isinstance(rebuilt, TaskFailed)


def test_names_of_functions() -> None:
    """A function's name is found only if it leads back to the function."""
    functions = Functions()
    assert functions.name_of(json.dumps) == "json:dumps"
    assert functions.name_of("any:thing") == "any:thing"
    # A method is another object each time it is looked up.
    assert functions.name_of(BackgroundLoop.shared) == "ferry.background:BackgroundLoop.shared"
    told: list[str] = []
    functions.register(told.append)
    assert functions.name_of(told.append) == "append"
    with pytest.raises(TypeError):
        functions.name_of(lambda: None)
    for name in ("json:nothing", "no.such.module:f", "nothing", "", "json:"):
        with pytest.raises(LookupError):
            functions.resolve(name)
