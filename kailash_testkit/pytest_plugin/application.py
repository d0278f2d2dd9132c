"""The applications under test, served for the `api` fixtures of a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.settings import Settings

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient
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

    def client(self, app: Any, kit: Kit) -> ApiClient:
        """An `ApiClient` on the application, which is started once per event loop."""
        from kailash_testkit.internals.nexus import forget_records

        server = next((server for server in self._servers if server.app is app), None)
        if server is None:
            self._add_tables()
            server = self._new_server(app)
            self._servers.append(server)
        forget_records(app)  # of earlier tests' requests, whose rows are gone
        client = server.client(kit)
        self._leftovers.add_client(client)
        return client

    def _new_server(self, app: Any) -> SharedAppServer | SharedLiveServer:
        if self._settings.live:
            from kailash_testkit.pytest_plugin.live_server import SharedLiveServer

            return SharedLiveServer(app, self._sandboxes, self._leftovers, self._close_in_loop)
        from kailash_testkit.pytest_plugin.app_server import SharedAppServer

        return SharedAppServer(app, self._sandboxes, self._leftovers)

    def end_test(self) -> None:
        """After a test's fixtures are torn down."""
        for server in self._servers:
            server.end_test(self._settings.lifespan)

    def close(self) -> None:
        """Stops what runs."""
        for server in self._servers:
            server.close()
