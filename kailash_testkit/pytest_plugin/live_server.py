"""The uvicorn that the `api` fixtures of a session share under ``--testkit-live``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from kailash_testkit.asgi.lifespan import TimeLimits, not_tried_again
from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.client import ApiClient, SyncApiClient
from kailash_testkit.client.targets import UrlTarget
from kailash_testkit.errors import LeftRunning, LifespanFailed
from kailash_testkit.pytest_plugin.leftovers import GRACE, Leftovers
from kailash_testkit.pytest_plugin.sandboxes import Sandboxes

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit


class SharedLiveServer:
    """Serves the application from the first `api` fixture to the end of the session, or of the test.

    Rows that start-up writes live as long as the server.

    close_in_loop: closes what belongs to the running event loop.
    """

    def __init__(
        self,
        app: Any,
        sandboxes: Sandboxes,
        leftovers: Leftovers,
        close_in_loop: Callable[[], Awaitable[None]],
        limits: TimeLimits,
    ) -> None:
        self.app = app
        self._sandboxes = sandboxes
        self._leftovers = leftovers
        self._close_in_loop = close_in_loop
        self._limits = limits
        self._server: LiveServer | None = None
        self._timed_out: LifespanFailed | None = None

    def __str__(self) -> str:
        return "the application's start-up"

    def client(self, kit: Kit) -> ApiClient:
        """A client of the server, which is started if it does not run. Raises `LifespanFailed`."""
        return ApiClient(self._target(), kit=kit)

    def sync_client(self, kit: Kit) -> SyncApiClient:
        """A synchronous client of the server; see `client`."""
        return SyncApiClient(self._target(), kit=kit)

    def _target(self) -> UrlTarget:
        if self._timed_out is not None:
            raise not_tried_again(self._timed_out)
        if self._server is None or not self._server.is_running:
            server = LiveServer(self.app, on_stop=self._close_in_loop, limits=self._limits)
            started = self._sandboxes.begin()
            try:
                with self._leftovers.remembering():
                    server.start()
            except LifespanFailed as failed:
                self._timed_out = failed if failed.timed_out else None
                raise
            finally:
                self._sandboxes.finish(self, started)
            self._server = server
        return UrlTarget(self._server.url, app=self.app, server=self._server)

    def begin_test(self, *, asynchronous: bool) -> None:
        """Nothing: the server has an event loop of its own."""

    def end_test(self, lifespan: str) -> None:
        """Before a test's changes are undone: lets its requests end. Raises `LeftRunning` when they do not.

        lifespan: "test" shuts the application down, too.
        """
        if self._server is None:
            return
        idle = self._server.wait_until_idle(GRACE)
        if lifespan == "test" or not idle:
            self.close()
        if not idle:
            raise LeftRunning(
                "the test left a request running in the server that --testkit-live started",
                why=f"it did not end within {GRACE:g} s, and what it writes would turn up in later tests",
                do="read the response to its end, or let the request's background task end",
            )

    def close(self) -> None:
        """Stops the server."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.stop()
            finally:
                self._sandboxes.end(self)
