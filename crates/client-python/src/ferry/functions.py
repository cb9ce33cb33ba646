"""Functions by name, and exceptions on their way from a worker to whoever waits.

A function travels as the name under which it can be imported, `module:name`, or under the name by
which both sides have registered it. Its arguments and its result travel as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ferry.errors import RemoteTraceback, TaskFailed

F = TypeVar("F", bound=Callable[..., Any])

# The nodes cut a failure's text beyond 4,096 bytes; what is cut is no JSON.
ERROR_BYTES_MAX = 4_096


class Functions:
    """The functions that a process offers and calls by name."""

    def __init__(self, modules: Iterable[str] | None = None) -> None:
        """With `modules`, only functions of these modules are imported; else of any."""
        self._by_name: dict[str, Callable[..., Any]] = {}
        self._modules = None if modules is None else frozenset(modules)

    def register(self, function: F, name: str | None = None) -> F:
        """Offers a function under a name, by default its own."""
        self._by_name[name or function.__name__] = function
        return function

    def name_of(self, function: Callable[..., Any] | str) -> str:
        """The name under which a worker finds this function; TypeError if there is none."""
        if isinstance(function, str):
            return function
        for name, registered in self._by_name.items():
            if registered == function:
                return name
        module = getattr(function, "__module__", None)
        qualified = getattr(function, "__qualname__", None)
        if module and qualified:
            name = f"{module}:{qualified}"
            found = find(name) if module in sys.modules else None
            if found == function:
                return name
        raise TypeError(f"{function!r} can neither be imported by name nor is it registered")

    def resolve(self, name: str) -> Callable[..., Any]:
        """The function of a name; LookupError if this process has none."""
        if name in self._by_name:
            return self._by_name[name]
        module, _, qualified = name.partition(":")
        if not qualified:
            raise LookupError(f"no function is registered as {name}")
        if self._modules is not None and module not in self._modules:
            raise LookupError(f"functions of {module} may not be called here")
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise LookupError(f"cannot import {module}: {error}") from error
        function = find(name)
        if not callable(function):
            raise LookupError(f"{module} has no function {qualified}")
        found: Callable[..., Any] = function
        return found


def find(name: str) -> object:
    """What `module:name` names in a module that is imported, or None."""
    module, _, qualified = name.partition(":")
    found: object = sys.modules.get(module)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    return found


def describe(error: BaseException) -> str:
    """An exception as the text of a failure, short enough to arrive whole."""
    kind = type(error)
    message = cut(str(error), ERROR_BYTES_MAX // 4)
    args: list[Any] = list(error.args)
    try:
        fits = len(json.dumps(args, allow_nan=False)) <= ERROR_BYTES_MAX // 4
    except (TypeError, ValueError):
        fits = False
    told = {
        "exception": f"{kind.__module__}:{kind.__qualname__}",
        "args": args if fits else [message],
        "message": message,
        "traceback": "",
    }
    room = ERROR_BYTES_MAX - len(json.dumps(told))
    frames = "".join(traceback.format_tb(error.__traceback__))
    # The end of a traceback says most.
    told["traceback"] = cut(frames[::-1], room)[::-1]
    return json.dumps(told)


def cut(text: str, most: int) -> str:
    """As much of the beginning of a text as has up to so many bytes of JSON."""
    while text and len(json.dumps(text)) > most:
        text = text[: len(text) * 3 // 4]
    return text


def rebuild(task: dict[str, Any]) -> BaseException:
    """The exception with which a task that is dead or expired ended.

    Only types that this process has imported are made; any other failure is a TaskFailed.
    """
    text = task.get("last_error", "")
    try:
        told = json.loads(text)
        name, args, origin = str(told["exception"]), list(told["args"]), str(told["traceback"])
        message = told["message"]
    except (ValueError, KeyError, TypeError):
        return TaskFailed(f"task {task['id']} is {task['state']}: {text}".removesuffix(": "))
    error: BaseException
    try:
        kind = find(name)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise TypeError("not an exception of this process")
        error = kind(*args)
    except Exception:
        error = TaskFailed(f"{name}: {message}")
    error.__cause__ = RemoteTraceback(f"{origin}{name}: {message}")
    return error
