"""What must be closed in the event loop it was made in.

Runtimes, connection pools and lifespans belong to one loop and cannot be closed from another, or
after it. `on_close` registers a closer with the running loop; `close_resources` runs them, newest
first. Whoever keeps a loop calls it before the loop closes: the kit for its own, the pytest plugin for
pytest-asyncio's, and `watching_runners` for each `asyncio.Runner` (anyio's plugin, `asyncio.run`,
`unittest.IsolatedAsyncioTestCase`, uvloop, starlette's TestClient). What a loop that was closed in
another way left behind is known from `abandoned`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from kailash_testkit.errors import ConfigurationError

Loop = asyncio.AbstractEventLoop
Closer = Callable[[], Awaitable[None]]

# Loops are held, not referred to weakly: one that was closed with closers left is to be found afterwards.
_closers: dict[Loop, list[Closer]] = {}


def running_loop() -> Loop:
    """The running event loop. Raises `ConfigurationError` under trio, which is no event loop of asyncio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_run():
            raise needs_asyncio("this code runs under trio") from None
        raise


def needs_asyncio(what: str) -> ConfigurationError:
    """The error for what uses the kit under trio."""
    return ConfigurationError(
        f"{what}, and the kit works under asyncio only",
        why="Kailash, DataFlow and their database drivers are written for asyncio",
        do='let a fixture anyio_backend return "asyncio" in the conftest.py of these tests',
    )


def on_close(closer: Closer) -> None:
    """Registers ``closer`` to be awaited in the running loop before that loop closes."""
    _closers.setdefault(running_loop(), []).append(closer)


async def close_resources() -> None:
    """Closes what was registered in the running loop. All closers run; their failures are raised together."""
    closers = _closers.pop(asyncio.get_running_loop(), [])
    failures: list[Exception] = []
    while closers:
        try:
            await closers.pop()()
        except Exception as error:  # raised below, after the other closers ran
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise ExceptionGroup("closing what belongs to this event loop", failures)


def abandoned() -> list[Loop]:
    """The loops that were closed with closers left, which nothing can run any more. Told once."""
    found = [loop for loop in list(_closers) if loop.is_closed()]
    for loop in found:
        _closers.pop(loop, None)
    return found


def in_use() -> list[Loop]:
    """The loops that something was registered with, and that are open."""
    return [loop for loop in list(_closers) if not loop.is_closed()]


@contextlib.contextmanager
def watching_runners(before_close: Callable[[Loop], None]) -> Generator[None, None, None]:
    """In the block, a runner whose loop has closers calls ``before_close`` while the loop can still run.

    That is before asyncio cancels the loop's tasks, among which are the application's lifespan and pools.
    """
    runners: Any = asyncio.Runner
    close = runners.close

    def close_after_resources(runner: asyncio.Runner) -> None:
        loop: Loop | None = getattr(runner, "_loop", None)  # get_loop() would make one
        try:
            if loop in _closers and not loop.is_closed() and not loop.is_running():
                before_close(loop)
        finally:
            close(runner)

    runners.close = close_after_resources
    try:
        yield
    finally:
        runners.close = close
