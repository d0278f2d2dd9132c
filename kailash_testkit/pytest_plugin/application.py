"""The application under test, served for the `api` fixtures of a session."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any

from kailash_testkit.errors import LifespanFailed
from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.settings import Settings

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient, SyncApiClient
    from kailash_testkit.kit import Kit
    from kailash_testkit.pytest_plugin.app_server import SharedAppServer
    from kailash_testkit.pytest_plugin.live_server import SharedLiveServer
    from kailash_testkit.pytest_plugin.sandboxes import Sandboxes


class Application:
    """Starts the application when the first client is asked for, in this process or under uvicorn.

    kits: the session's, which may become more. sandboxes: their databases. close_in_loop: closes what belongs
    to the running event loop.
    """

    def __init__(
        self,
        settings: Settings,
        leftovers: Leftovers,
        kits: list[Kit],
        sandboxes: Sandboxes,
        close_in_loop: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._leftovers = leftovers
        self._kits = kits
        self._sandboxes = sandboxes
        self._close_in_loop = close_in_loop
        self._server: SharedAppServer | SharedLiveServer | None = None

    def client(self, app: Any, kit: Kit) -> ApiClient:
        """An `ApiClient` on the application, which is started once per event loop."""
        client = self._server_of(app).client(kit)
        self._leftovers.add_client(client)
        return client

    def sync_client(self, app: Any, kit: Kit) -> SyncApiClient:
        """A `SyncApiClient` on the same application."""
        client = self._server_of(app).sync_client(kit)
        self._leftovers.add_client(client)
        return client

    def _server_of(self, app: Any) -> SharedAppServer | SharedLiveServer:
        from kailash_testkit.internals.nexus import forget_records

        if self._server is None or self._server.app is not app:
            self.close()
            for each in self._kits:
                each.sandbox.add_tables(each.dataflow)  # of models that came with the application
            self._server = self._new_server(app)
        forget_records(app)  # of earlier tests' requests, whose rows are gone
        return self._server

    def _new_server(self, app: Any) -> SharedAppServer | SharedLiveServer:
        from kailash_testkit.asgi import TimeLimits

        limits = TimeLimits(self._settings.startup_timeout, self._settings.shutdown_timeout)
        if self._settings.live:
            from kailash_testkit.pytest_plugin.live_server import SharedLiveServer

            return SharedLiveServer(app, self._sandboxes, self._leftovers, self._close_in_loop, limits)
        from kailash_testkit.pytest_plugin.app_server import SharedAppServer

        return SharedAppServer(app, self._sandboxes, self._leftovers, limits)

    def begin_test(self, fixtures: Collection[str]) -> None:
        """Before a test and its fixtures, and before the state that it begins with is restored."""
        if self._server is not None:
            self._server.begin_test(asynchronous="api" in fixtures)

    def end_test(self) -> None:
        """After a test's fixtures are torn down."""
        if self._server is not None:
            self._server.end_test(self._settings.lifespan)

    def close(self) -> None:
        """Stops what runs. A shutdown without end is reported; it shall not keep the rest from being cleaned up."""
        if self._server is None:
            return
        try:
            self._server.close()
        except LifespanFailed as failed:
            sys.stderr.write(f"kailash-testkit: {failed}\n")
