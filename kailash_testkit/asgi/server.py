"""An application that is started at most once per event loop."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any

from kailash_testkit.asgi.applications import asgi_app
from kailash_testkit.asgi.lifespan import Lifespan, TimeLimits
from kailash_testkit.concurrency import contexts
from kailash_testkit.concurrency.portal import Portal
from kailash_testkit.errors import LifespanFailed


class AppServer:
    """Owns an application's lifespan: one per event loop in which it is used.

    Connections, locks and tasks that startup makes belong to the loop that ran it; another loop needs its
    own.

    app: the ASGI application, or a Nexus.
    limits: how long startup and shutdown may take.

    ``context`` has what the application's import set; its lifespan and each request start from copies.

    Raises `ConfigurationError` for what is neither.

    >>> async def app(scope, receive, send): ...
    >>> async def main():
    ...     server = AppServer(app)
    ...     await server.ensure_started()
    ...     print(server.is_started)
    ...     await server.stop()
    ...     print(server.is_started)
    >>> asyncio.run(main())
    True
    False
    """

    def __init__(self, app: Any, /, *, limits: TimeLimits | None = None) -> None:
        self.app = app
        self.limits = limits or TimeLimits()
        self.context = contexts.of_application()
        self.portal = Portal()
        """Leads synchronous clients into the event loop in which they run the application."""
        self.asgi = asgi_app(app)
        # Weak, and never keyed by id(loop), which repeats. A lifespan's task refers to its loop, so that
        # weakness alone would keep both: `_forget_dead_loops` drops what a loop that was closed without
        # `stop()` left here.
        self._lifespans: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Lifespan] = weakref.WeakKeyDictionary()

    @property
    def is_started(self) -> bool:
        """Whether the application runs in the current event loop."""
        lifespan = self._current()
        return lifespan is not None and lifespan.running

    @property
    def state(self) -> dict[str, Any]:
        """What the application's startup put into its lifespan state, in the current event loop."""
        lifespan = self._current()
        return {} if lifespan is None else lifespan.state

    @property
    def running_state(self) -> dict[str, Any] | None:
        """`state` while the application runs in the current event loop, else None."""
        lifespan = self._current()
        return lifespan.state if lifespan is not None and lifespan.running else None

    async def ensure_started(self) -> None:
        """Start the application in the current event loop, unless it runs; concurrent callers share that.

        Raises `LifespanFailed` when startup fails; a later call tries again.
        """
        loop = asyncio.get_running_loop()
        self._forget_dead_loops()
        lifespan = self._lifespans.get(loop)
        if lifespan is not None and lifespan.ending:
            await self._wait_for_end(lifespan)
            lifespan = self._lifespans.get(loop)
        if lifespan is None or lifespan.ending:
            lifespan = self._lifespans[loop] = Lifespan(self.asgi, context=self.context, limits=self.limits)
        try:
            await lifespan.startup()
        except LifespanFailed:
            self._forget(loop, lifespan)
            raise

    async def stop(self) -> None:
        """Shut the application down in the current event loop; nothing happens when it does not run.

        Raises `LifespanFailed` when shutdown fails; the application counts as stopped all the same.
        """
        loop = asyncio.get_running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            return
        try:
            await lifespan.shutdown()
        except LifespanFailed:
            self._forget(loop, lifespan)
            raise
        self._forget(loop, lifespan)  # not after a cancellation: a later call still has to wait for the end

    async def _wait_for_end(self, lifespan: Lifespan) -> None:
        try:
            await lifespan.shutdown()
        except LifespanFailed:
            return  # whoever called stop() is told

    def _current(self) -> Lifespan | None:
        try:
            return self._lifespans.get(asyncio.get_running_loop())
        except RuntimeError:  # no loop is running
            return None

    def _forget(self, loop: asyncio.AbstractEventLoop, lifespan: Lifespan) -> None:
        if self._lifespans.get(loop) is lifespan:
            del self._lifespans[loop]

    def _forget_dead_loops(self) -> None:
        for loop in [loop for loop in self._lifespans if loop.is_closed()]:
            del self._lifespans[loop]
