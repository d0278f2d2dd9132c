"""The applications under test, served for the `api` fixtures of a session."""

from __future__ import annotations

import importlib
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
    """Starts an application when the first client of it is asked for, in this process or under uvicorn.

    sandboxes: the databases under test. add_tables: makes those of models that came with the application.
    close_in_loop: closes what belongs to the running event loop.
    """

    def __init__(
        self,
        settings: Settings,
        leftovers: Leftovers,
        sandboxes: Sandboxes,
        add_tables: Callable[[], None],
        close_in_loop: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._leftovers = leftovers
        self._sandboxes = sandboxes
        self._add_tables = add_tables
        self._close_in_loop = close_in_loop
        self._servers: list[SharedAppServer | SharedLiveServer] = []

    def start(self) -> None:
        """Before tests: the client of a real server takes httpx as it is now, before a test mocks outgoing HTTP."""
        if self._settings.live:
            importlib.import_module("kailash_testkit.client")

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

        server = next((server for server in self._servers if server.app is app), None)
        if server is None:
            self._add_tables()
            server = self._new_server(app)
            self._servers.append(server)
        forget_records(app)  # of earlier tests' requests, whose rows are gone
        return server

    def _new_server(self, app: Any) -> SharedAppServer | SharedLiveServer:
        from kailash_testkit.asgi.lifespan import TimeLimits

        limits = TimeLimits(self._settings.startup_timeout, self._settings.shutdown_timeout)
        if self._settings.live:
            from kailash_testkit.pytest_plugin.live_server import SharedLiveServer

            return SharedLiveServer(app, self._sandboxes, self._leftovers, self._close_in_loop, limits)
        from kailash_testkit.pytest_plugin.app_server import SharedAppServer

        return SharedAppServer(app, self._sandboxes, self._leftovers, limits)

    def begin_test(self, fixtures: Collection[str]) -> None:
        """Before a test and its fixtures, and before the state that it begins with is restored."""
        for server in self._servers:
            server.begin_test(asynchronous="api" in fixtures)

    def end_test(self) -> None:
        """After a test's fixtures are torn down."""
        for server in self._servers:
            server.end_test(self._settings.lifespan)

    def close(self) -> None:
        """Stops what runs. A shutdown without end is reported; it shall not keep the rest from being cleaned up."""
        for server in self._servers:
            try:
                server.close()
            except LifespanFailed as failed:
                sys.stderr.write(f"kailash-testkit: {failed}\n")
