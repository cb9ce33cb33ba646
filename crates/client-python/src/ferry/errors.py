"""What can go wrong, by who must act: refused, not written and unknown are three answers."""

from __future__ import annotations

from typing import Any


class FerryError(Exception):
    """The root of what this package raises, besides the standard exceptions of the interfaces."""


class Refused(FerryError):
    """A node understood the request and says no; repeating it unchanged does not help."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        self.status: int = problem.get("status", 0)
        self.code: str = problem.get("code", "")
        super().__init__(f"{self.code}: {problem.get('detail', '')}")


class LeaseLost(Refused):
    """The lease ran out or its task was called off: drop the work, others may have it by now."""


class NotWritten(FerryError):
    """No node could take the request in time, and nothing was written; ask again later."""


class OutcomeUnknown(FerryError):
    """The request may have been done: `key` is its idempotency key, under which to ask again."""

    def __init__(self, cause: str, key: str) -> None:
        self.key = key
        super().__init__(f"{cause}; the write may have been done (idempotency key {key})")


class TaskFailed(FerryError):
    """A task ended without success, and its failure is no exception that can be raised here."""


class RemoteTraceback(Exception):
    """The cause of an exception that was raised by a function at a worker: where it came from."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'
