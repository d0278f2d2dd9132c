"""From synchronous code into the event loop that something belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, Protocol, TypeVar

from kailash_testkit.concurrency import sync
from kailash_testkit.errors import InsideEventLoop

P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """Awaits in some event loop, and returns the result."""

    def __call__(self, awaitable: Awaitable[T], /) -> T: ...


class Portal:
    """Calls async functions from synchronous code; ``portal(function, argument)``.

    run: says in which event loop; the kit's own, in a thread of its own, unless given.
    """

    def __init__(self, run: Run = sync.run) -> None:
        self._run = run

    def __call__(self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of the function. Raises `InsideEventLoop` where one runs that this call would block."""
        require_no_loop()
        return self._run(function(*args, **kwargs))


def require_no_loop() -> None:
    """Raises `InsideEventLoop` in code that an event loop runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise InsideEventLoop(
        "a synchronous client was called inside a running event loop",
        why="the call would block that loop, and with it all that it waits for",
        do="use the fixture api, or `async with ApiClient(app) as api`, and `await api.get(...)`; "
        "or make the test, or the fixture, a plain def",
    )
