"""What a client calls: an application in this process, or a server at a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.lifespan import TimeLimits
from kailash_testkit.asgi.server import AppServer
from kailash_testkit.asgi.transport import AppTransport
from kailash_testkit.client.url_transport import UrlTransport
from kailash_testkit.concurrency import loops
from kailash_testkit.concurrency.portal import Portal
from kailash_testkit.errors import ConfigurationError, KitError
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.asgi.live import LiveServer

_DEFAULT_CLIENT: Final = ("127.0.0.1", 50_000)
_DEFAULT_LIMITS: Final = TimeLimits()


class AppTarget:
    """An application in this process.

    app: the application, as it was given.
    server: runs it; without one, this target starts and stops it.
    limits: how long startup and shutdown may take, where this target does it.
    client, root_path: what the application sees of them.
    """

    base_url = "http://testserver"

    def __init__(
        self,
        app: Any,
        server: AppServer | None,
        *,
        raise_app_exceptions: bool,
        limits: TimeLimits,
        client: tuple[str, int] | None,
        root_path: str,
    ) -> None:
        if server is not None and server.app is not app:
            raise ConfigurationError(
                "the client's application is not the one that its server runs", do="give `server.app`"
            )
        self.app = app
        self._shared = server is not None
        self._starts_itself = False
        self._server = AppServer(app, limits=limits) if server is None else server
        self.transport = AppTransport(
            self._server.asgi,
            get_state=self._state,
            raise_app_exceptions=raise_app_exceptions,
            root_path=root_path,
            client=client,
            context=self._server.context,
        )

    @property
    def portal(self) -> Portal:
        """For synchronous clients."""
        return self._server.portal

    async def start(self) -> None:
        if not self._shared:
            await self._server.ensure_started()

    async def stop(self) -> None:
        if not self._shared:
            await self._server.stop()

    def start_when_needed(self) -> None:
        """The first request starts the application: for a client of the kit's own loop, which stops it at its end."""
        self._starts_itself = True

    async def _state(self) -> dict[str, Any]:
        state = self._server.running_state
        if state is not None:
            return state
        if self._starts_itself and not self._shared:
            loops.on_close(self.stop)
        elif not self._shared:
            raise KitError(
                "the application was not started in this event loop",
                why="a client that owns its application starts it in `async with`, and stops it there",
                do="async with ApiClient(app) as api: ...",
            )
        await self._server.ensure_started()
        return self._server.state


class UrlTarget:
    """A server at a URL, started by somebody else.

    app: the application behind the URL, where it is known. server: the kit's own server there.
    """

    def __init__(self, url: str | httpx.URL, *, app: Any = None, server: LiveServer | None = None) -> None:
        parsed = httpx.URL(url)
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise ConfigurationError(
                f"ApiClient({redact(str(url))!r}): not the URL of a server",
                do='give an application, or a URL such as "http://127.0.0.1:8000"',
            )
        self.app = app
        self.base_url = str(url)
        self.transport = UrlTransport(server)
        self.portal = Portal()

    async def start(self) -> None:
        """Nothing: the server runs."""

    def start_when_needed(self) -> None:
        """Nothing: the server runs."""

    async def stop(self) -> None:
        """Nothing: the transport is closed with the client, and the server runs on."""


Target: TypeAlias = AppTarget | UrlTarget
"""What a client and its views share."""


def target_of(
    app: Any,
    server: AppServer | None = None,
    *,
    raise_app_exceptions: bool = True,
    limits: TimeLimits = _DEFAULT_LIMITS,
    client: tuple[str, int] | None = _DEFAULT_CLIENT,
    root_path: str = "",
) -> Target:
    """The target for what a client was given: an application, a URL, or a target. Raises `ConfigurationError`."""
    if isinstance(app, str | httpx.URL | UrlTarget):
        if client != _DEFAULT_CLIENT or root_path:
            raise ConfigurationError(
                "client= and root_path= say what an application in this process sees; at a URL the server decides",
                do="leave them out, or give the application itself",
            )
        return app if isinstance(app, UrlTarget) else UrlTarget(app)
    return AppTarget(
        app, server, raise_app_exceptions=raise_app_exceptions, limits=limits, client=client, root_path=root_path
    )
