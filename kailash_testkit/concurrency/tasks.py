"""Tasks that run in an event loop beside a test: whose they are, and which of them are expected to."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

Task = asyncio.Task[Any]

ENDLESS: Final = re.compile("loop|monitor|health|heartbeat|worker|handle_messages")
"""Names of the libraries' own tasks and functions that run until the end."""

EXPECTED: Final[WeakSet[Task]] = WeakSet()
"""Tasks that outlive a test with good reason: a wider fixture or the application's start-up began them."""


def unexpected(loop: asyncio.AbstractEventLoop) -> set[Task]:
    """The tasks of a loop that are neither expected nor a library's housekeeping; the caller's own is among them."""
    return {task for task in asyncio.all_tasks(loop) if task not in EXPECTED and not _is_housekeeping(task)}


def is_of_test(task: Task) -> bool:
    """Whether a test, or an operation of the kit that a test began, runs in the task: no application does."""
    coroutine = task.get_coro()
    code = getattr(coroutine, "cr_code", None)
    is_of_kit = type(coroutine).__module__.startswith("kailash_testkit.")
    return is_of_kit or str(getattr(code, "co_name", "")).startswith("test")


def described(task: Task) -> str:
    """The task's function, and where it is."""
    frames = task.get_stack(limit=1)
    name = getattr(task.get_coro(), "__qualname__", repr(task.get_coro()))
    return f"{name} at {frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else str(name)


def _is_housekeeping(task: Task) -> bool:
    """Whether the kit, anyio, Kailash or DataFlow made the task for itself: a lifespan, a pool's health check.

    But not an operation that the application started without awaiting it: ``create_task(db.express.create(...))``.
    """
    coroutine = task.get_coro()
    code = getattr(coroutine, "cr_code", None)
    file = Path(getattr(code, "co_filename", ""))
    ours, theirs = _folders("kailash_testkit", "anyio"), _folders("kailash", "dataflow")  # anyio's: runs its tests
    if any(file.is_relative_to(folder) for folder in ours):
        return True
    name = str(getattr(code, "co_name", ""))
    return ENDLESS.search(name) is not None and any(file.is_relative_to(folder) for folder in theirs)


def _folders(*names: str) -> list[Path]:
    modules = [sys.modules.get(name) for name in names]
    return [Path(module.__file__).parent for module in modules if module is not None and module.__file__]
