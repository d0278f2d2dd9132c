"""The real time, also while a test has frozen or moved it with freezegun or time-machine.

freezegun replaces `time.monotonic` and `time.perf_counter` in every module, and with them the clocks of event loops:
a deadline measured with them is never reached. It leaves `time.clock_gettime` alone, and time-machine leaves the
monotonic clock alone (tried with freezegun 1.5 and time-machine 3.6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final, TypeVar

F = TypeVar("F", bound="asyncio.Future[Any]")

_MONOTONIC: Final[int | None] = getattr(time, "CLOCK_MONOTONIC", None)  # None on Windows
_TICK: Final = 0.0002  # seconds in which a running clock moves on
_LOOK_AGAIN: Final = 0.002  # seconds


def now() -> float:
    """Seconds on a clock that nobody freezes, from an arbitrary beginning."""
    return time.monotonic() if _MONOTONIC is None else time.clock_gettime(_MONOTONIC)


async def wait(tasks: Iterable[F], seconds: float) -> set[F]:
    """Waits for tasks, at most so many real seconds, and returns those that are not done.

    `asyncio.wait` waits for ever in a loop whose clock stands still.
    """
    pending = {task for task in tasks if not task.done()}
    if not pending:
        return pending
    if not _stands_still(asyncio.get_running_loop()):
        _, pending = await asyncio.wait(pending, timeout=seconds)
        return pending
    deadline = now() + seconds
    while pending and now() < deadline:
        await asyncio.sleep(0)
        time.sleep(_LOOK_AGAIN)  # noqa: ASYNC251 - the loop has no clock to sleep by
        pending = {task for task in pending if not task.done()}
    return pending


def _stands_still(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the loop goes by a clock that is frozen; one with a clock of its own moves on when it waits."""
    before, deadline = (loop.time(), time.monotonic()), now() + _TICK
    while now() <= deadline:
        if loop.time() != before[0] or time.monotonic() != before[1]:
            return False
    return True
