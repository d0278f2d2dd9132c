"""The application server that the `api` fixtures of a session share."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from kailash_testkit.asgi.lifespan import TimeLimits, not_tried_again
from kailash_testkit.asgi.server import AppServer
from kailash_testkit.client import ApiClient, SyncApiClient
from kailash_testkit.concurrency import loops, sync
from kailash_testkit.concurrency.portal import Portal
from kailash_testkit.errors import LifespanFailed
from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.sandboxes import Sandboxes

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

T = TypeVar("T")


class _StartUp:
    """The owner of the rows that one start-up wrote."""

    def __str__(self) -> str:
        return "the application's start-up"


class SharedAppServer(AppServer):
    """Runs the application's lifespan once per event loop: from the first request until the loop closes.

    Rows that start-up writes, and tasks that it starts, live as long as the lifespan, not as the test that
    happened to make the first request.
    """

    def __init__(self, app: Any, sandboxes: Sandboxes, leftovers: Leftovers, limits: TimeLimits) -> None:
        super().__init__(app, limits=limits)
        self.portal = Portal(self._run)
        self._running = threading.RLock()
        self._timed_out: LifespanFailed | None = None
        self._sandboxes = sandboxes
        self._leftovers = leftovers
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._owners: WeakKeyDictionary[asyncio.AbstractEventLoop, _StartUp] = WeakKeyDictionary()

    async def ensure_started(self) -> None:
        loop = asyncio.get_running_loop()
        if loop in self._owners:  # it runs, or somebody else starts it right now
            await super().ensure_started()
            return
        if self._timed_out is not None:
            raise not_tried_again(self._timed_out)
        owner = self._owners[loop] = _StartUp()
        started = self._sandboxes.begin()
        try:
            with self._leftovers.remembering():
                await super().ensure_started()
        except BaseException as error:
            if isinstance(error, LifespanFailed) and error.timed_out:
                self._timed_out = error
            del self._owners[loop]
            self._sandboxes.end(owner)
            raise
        finally:
            self._sandboxes.finish(owner, started)
        if loop not in self._loops:
            self._loops.add(loop)
            loops.on_close(self._stop_for_good)

    async def stop(self) -> None:
        try:
            await super().stop()
        finally:
            owner = self._owners.pop(asyncio.get_running_loop(), None)
            if owner is not None:
                self._sandboxes.end(owner)

    async def _stop_for_good(self) -> None:
        self._loops.discard(asyncio.get_running_loop())
        await self.stop()

    def client(self, kit: Kit) -> ApiClient:
        """A client of the application, whose first request starts it."""
        return ApiClient(self.app, kit=kit, server=self)

    def sync_client(self, kit: Kit) -> SyncApiClient:
        """A synchronous client of the application, whose first request starts it."""
        return SyncApiClient(self.app, kit=kit, server=self)

    def _run(self, awaitable: Awaitable[T], /) -> T:
        """For synchronous clients: in the test's event loop if the application already runs there, as it does when an
        asynchronous fixture called it; else in the kit's own."""
        with self._running:  # threads of a test take turns in a loop that nobody else runs
            loop = self._idle_loop()
            if loop is not None:
                return loop.run_until_complete(_in_a_task(loop, awaitable))
        return sync.run(awaitable)

    def _idle_loop(self) -> asyncio.AbstractEventLoop | None:
        return next((loop for loop in self._owners if not (loop.is_closed() or loop.is_running())), None)

    def begin_test(self, *, asynchronous: bool) -> None:
        """Before a test. asynchronous: it calls the application in an event loop of its own.

        One application runs at a time, so that what its start-up writes is there once.
        """
        if asynchronous:
            self.close()

    def end_test(self, lifespan: str) -> None:
        """After a test's fixtures are torn down. lifespan: "test" shuts the application down."""
        if lifespan == "test":
            self.stop_between_tests()

    def close(self) -> None:
        """Stops the lifespan in the kit's own loop; each other ends with its event loop."""
        if sync.loop() in self._owners:
            sync.run(self.stop())

    def stop_between_tests(self) -> None:
        """Stops the lifespans of loops that no test runs in now, for a lifespan per test."""
        self.close()
        for loop in list(self._loops):
            if not loop.is_closed() and not loop.is_running():
                loop.run_until_complete(self.stop())


def _in_a_task(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[T]) -> asyncio.Task[T]:
    async def wait() -> T:
        return await awaitable

    return loop.create_task(wait(), context=contextvars.copy_context())
