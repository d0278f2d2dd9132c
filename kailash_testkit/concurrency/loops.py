"""What must be closed in the event loop it was made in.

Runtimes, connection pools and lifespans belong to one loop and cannot be closed from another, or
after it. `on_close` registers a closer with the running loop; `close_resources` runs them, newest
first: the pytest plugin calls it before a loop's runner closes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

Closer = Callable[[], Awaitable[None]]

_closers: WeakKeyDictionary[asyncio.AbstractEventLoop, list[Closer]] = WeakKeyDictionary()


def on_close(closer: Closer) -> None:
    """Registers ``closer`` to be awaited in the running loop before that loop closes."""
    _closers.setdefault(asyncio.get_running_loop(), []).append(closer)


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
