"""An event loop with a clock of its own, which does not run: it jumps to the next time that a task waits for.

Tests of time limits take no time on it, and a busy machine cannot make them fail: whatever can run has run
before the clock moves.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")


class OwnClockLoop(asyncio.SelectorEventLoop):
    """Where `asyncio` would wait until some time, its clock is set to that time instead."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self._wait))

    def time(self) -> float:
        return self._now

    def _wait(self, seconds: float) -> None:
        self._now += seconds


class _Selector(selectors.DefaultSelector):
    def __init__(self, wait: Callable[[float], None]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        self._wait(max(timeout, 0.0))
        return super().select(0)


def own_clock(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs an asynchronous test in such a loop."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=OwnClockLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
