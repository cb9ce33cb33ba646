"""What a task may ask for besides its function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TaskOptions:
    """How a task is scheduled; what is None is left to the queue."""

    priority: int | None = None
    """0 lowest to 9 highest."""
    delay: float | None = None
    """Seconds until it is due."""
    run_at: str | None = None
    """When it is due, RFC 3339."""
    ttl: float | None = None
    """Seconds in which it must be done once it is due, or it expires."""
    max_attempts: int | None = None
    """Tries when the function raises; None is one. A worker's death is tried again anyhow."""
    key: str | None = None
    """Tasks of one key run in order."""
    labels: dict[str, str] | None = None
    """For browsing."""
    locks: Sequence[str] | None = None
    """Names of which one task at a time may hold each."""
    depends_on: Sequence[Any] | None = None
    """Tasks, futures or task ids that must have succeeded."""
    resources: dict[str, int] | None = None
    """What it takes of a registered worker."""
    selector: dict[str, str] | None = None
    """Labels that its worker must have."""

    def fields(self) -> dict[str, Any]:
        """The fields of a new task."""
        depends_on = None
        if self.depends_on is not None:
            depends_on = [getattr(task, "task_id", task) for task in self.depends_on]
        fields = {
            "priority": self.priority,
            "delay_ms": None if self.delay is None else int(self.delay * 1000),
            "run_at": self.run_at,
            "ttl_ms": None if self.ttl is None else int(self.ttl * 1000),
            "max_attempts": self.max_attempts,
            "key": self.key,
            "labels": self.labels,
            "locks": None if self.locks is None else list(self.locks),
            "depends_on": depends_on,
            "resources": self.resources,
            "selector": self.selector,
        }
        return {name: value for name, value in fields.items() if value is not None}
