"""The client of a test: all of `httpx.AsyncClient`, on an application in this process, or at a URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.lifespan import TimeLimits
from kailash_testkit.asgi.outcome import WHOLE
from kailash_testkit.asgi.server import AppServer
from kailash_testkit.asgi.timeline import Running, Timeline
from kailash_testkit.asgi.transport import AppTransport
from kailash_testkit.client import nexus
from kailash_testkit.client.events import Events
from kailash_testkit.client.expectation import Expectation
from kailash_testkit.client.options import ClientOptions, Cookies, Headers, RequestOptions
from kailash_testkit.client.other_library import refuse_other_library
from kailash_testkit.client.overriding import overridden
from kailash_testkit.client.plain_requests import ClientCookies, plain_request
from kailash_testkit.client.resources import Resource, ResourceOptions
from kailash_testkit.client.targets import Target, target_of
from kailash_testkit.client.url_transport import UrlTransport
from kailash_testkit.client.views import view_options
from kailash_testkit.client.websocket import WebSocket, WebSocketOptions
from kailash_testkit.client.websocket import opened as opened_websocket
from kailash_testkit.internals.nexus import recorded_age

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

# A handler that waits for something that never comes must fail its test, not hang the whole run; a minute is
# longer than a request of a test takes, also on a loaded machine. `timeout=None` waits on, for a debugger.
DEFAULT_TIMEOUT = 60.0

_MOST_URLS = 1000


def no_position() -> None:
    """Without a kit there is no journal."""


class ApiClient(httpx.AsyncClient):
    """Calls an ASGI application as an HTTP client calls a server, without a network; or a server at a URL.

    Each request runs in a task of its own, whose context has what the application's import set, and nothing of the
    test. The application's exceptions are raised in the test, also those of background tasks, for which the end of a
    response waits.

    app: the ASGI application, such as a FastAPI, Starlette or Litestar object; a Nexus instance as it is; or the
        URL of a running server, such as ``"http://127.0.0.1:8000"``.
    kit: kept as ``kit``; failed expectations then tell what changed, and resources check the database.
    server: an application that is started at the first request and stopped by somebody else (a fixture), so
        that several clients share it. Without one, ``async with`` starts the application and stops it.
    raise_app_exceptions: False gives responses instead of exceptions, as a server does.
    client: host and port that the application sees as its client's. root_path: the path under which a proxy mounts it.
    startup_timeout, shutdown_timeout: seconds after which these are cancelled, where this client does it; None waits.
    httpx_options: as for `httpx.AsyncClient`; the base URL is ``http://testserver`` and the timeout 60
        seconds unless they are given. A request that exceeds it is cancelled in the application.

    Raises `ConfigurationError` for what is no application; entering raises `LifespanFailed`.

    >>> import asyncio
    >>> async def app(scope, receive, send):
    ...     if scope["type"] == "http":
    ...         await send({"type": "http.response.start", "status": 200, "headers": []})
    ...         await send({"type": "http.response.body", "body": b"hello"})
    >>> async def main():
    ...     async with ApiClient(app) as api:
    ...         response = await api.expect(200).get("/")
    ...         print(response.text)
    >>> asyncio.run(main())
    hello
    """

    _cookies_seen: ClientCookies | None = None
    _urls_base: httpx.URL | None = None
    _urls: dict[str, httpx.URL]

    def __init__(
        self,
        app: Any,
        /,
        *,
        kit: Kit | None = None,
        server: AppServer | None = None,
        raise_app_exceptions: bool = True,
        client: tuple[str, int] | None = ("127.0.0.1", 50_000),
        root_path: str = "",
        startup_timeout: float | None = 10.0,
        shutdown_timeout: float | None = 10.0,
        **httpx_options: Unpack[ClientOptions],
    ) -> None:
        self._target: Target = target_of(
            app,
            server,
            raise_app_exceptions=raise_app_exceptions,
            limits=TimeLimits(startup_timeout, shutdown_timeout),
            client=client,
            root_path=root_path,
        )
        self._is_view = False
        self._options = httpx_options
        self.kit = kit
        self.timeline = Timeline(no_position) if kit is None else kit.timeline
        options: ClientOptions = {"base_url": self._target.base_url, "timeout": DEFAULT_TIMEOUT}
        options.update(httpx_options)
        refuse_other_library(options)
        super().__init__(transport=self._target.transport, **options)

    @property
    def app(self) -> Any:
        """The application, as it was given; None behind a URL."""
        return self._target.app

    @property
    def transport(self) -> AppTransport | UrlTransport:
        """What calls the application; ``running`` says which requests still run in this process."""
        return self._target.transport

    def expect(self, status: int, /, *more: int, queries: int | None = None) -> Expectation:
        """A view whose requests raise `errors.UnexpectedStatus` for any other status.

        status, more: the accepted status codes. queries: how many statements a request may run at most, else
            `errors.TooManyQueries`; see `Kit.queries`.

        An exception of the application counts as the 500 that it is to a client.
        """
        return Expectation(self, (status, *more), self.kit, queries=queries)

    def resource(self, path: str, /, **options: Unpack[ResourceOptions]) -> Resource:
        """The rows behind a path: create, get, list, update, patch and delete them, and check what happened.

        path: the path of the collection, such as ``/orders`` or ``/customers/7/orders``.
        options: as for `kailash_testkit.Resource`; ``model="Order"`` checks the database, too.
        """
        return Resource(self, path, **options)

    def websocket(  # type: ignore[override, unused-ignore]  # pyright: ignore  # that of httpx2 is for networks only
        self,
        url: httpx.URL | str,
        /,
        *,
        subprotocols: Sequence[str] = (),
        **options: Unpack[WebSocketOptions],
    ) -> AbstractAsyncContextManager[WebSocket]:
        """A WebSocket connection for a block: ``async with api.websocket("/live") as socket:``.

        subprotocols: what the client offers, best first. options: ``headers``, ``params`` and ``cookies``, beside the
            client's own; ``auth``, in place of the client's.

        The block's end closes the connection, waits for the application, and raises what it raised. Raises
        `errors.WebSocketDenied` when the application refuses.
        """
        auth = options.pop("auth", self.auth)
        request = self.build_request("GET", url, **options)
        return opened_websocket(self, self.transport.open_websocket, self._begin, request, subprotocols, auth)

    def _begin(self, request: httpx.Request) -> Running:
        return self.timeline.begin(request, app=self.app)

    def events(self, url: httpx.URL | str, /, *, method: str = "GET", **options: Unpack[RequestOptions]) -> Events:
        """Server-sent events, as they come: ``async for event in api.events("/news")``; see `Events`.

        options: as for `request`; a ``timeout`` is also that of the next event.
        """
        return Events(self, self.app, method, url, options)

    async def workflow(self, name: str, /, **inputs: object) -> Any:
        """Call a workflow or handler of a Nexus; returns the output of its node, or of its nodes by name.

        Raises `errors.UnexpectedStatus`, with what the server logged.
        """
        __tracebackhide__ = True
        return await nexus.call(self, name, inputs)

    def overriding(self, dependency: Callable[..., Any], replacement: object, /) -> AbstractContextManager[None]:
        """A ``with`` block in which FastAPI's or Nexus's handlers get another dependency.

        replacement: called in place of the dependency; a value that cannot be called is what it gives.

        Raises `errors.ConfigurationError` for an application without dependencies, or not with this one.
        """
        return overridden(self.app, dependency, replacement)

    def with_headers(self, headers: Headers, /) -> ApiClient:
        """A client of the same running application that sends ``headers`` too.

        It starts with a copy of this client's headers and cookies; closing it closes nothing.
        """
        return self._view(headers, {})

    def with_cookies(self, cookies: Cookies, /) -> ApiClient:
        """A client of the same running application that sends ``cookies`` too; see `with_headers`."""
        return self._view({}, cookies)

    def authenticated(self, token: str, /) -> ApiClient:
        """A client of the same running application that sends ``Authorization: Bearer <token>``."""
        return self.with_headers({"Authorization": f"Bearer {token}"})

    def _view(self, headers: Headers, cookies: Cookies) -> ApiClient:
        options: ClientOptions = {**self._options, **view_options(self, headers, cookies)}
        return ApiClient.view_of(self._target, self.kit, self.timeline, options)

    @classmethod
    def view_of(cls, target: Target, kit: Kit | None, timeline: Timeline, options: ClientOptions) -> ApiClient:
        """A client of what another client has open; closing it closes nothing. For the kit itself."""
        view = cls.__new__(cls)
        view._target, view._options, view.kit, view._is_view = target, options, kit, True
        view.timeline = timeline
        httpx.AsyncClient.__init__(view, transport=target.transport, **options)
        return view

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies that the client sends, and those that responses set; as in httpx."""
        held = super().cookies
        if self._cookies_seen is None or self._cookies_seen.jar is not held.jar:
            self._cookies_seen = ClientCookies(held.jar)
        return self._cookies_seen

    @cookies.setter
    def cookies(self, cookies: Cookies) -> None:
        httpx.AsyncClient.cookies.fset(self, cookies)  # type: ignore[attr-defined]  # pyright: ignore

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        """A request that is not sent yet; as in httpx, but each URL is parsed once."""
        refuse_other_library(options, url)
        if isinstance(url, str) and not self.params:
            url = self._parsed(url)
            if (plain := plain_request(self, method, url, options)) is not None:
                return plain
        return super().build_request(method, url, **options)

    def _parsed(self, url: str) -> httpx.URL:
        if self._urls_base is not self.base_url or len(self._urls) > _MOST_URLS:
            self._urls_base, self._urls = self.base_url, {}
        if url not in self._urls:
            self._urls[url] = super().build_request("GET", url).url
        return self._urls[url]

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """Send a request that was built before; as in httpx.

        Raises `errors.AnsweredFromRecord` when a Nexus did not run the handler, and `errors.DefaultLimitHit` for a list
        that a default limit cut, where that is an error (``testkit_default_limits = error``).
        """
        refuse_other_library(options, request)
        request.extensions[WHOLE] = not (stream or self.event_hooks["response"])  # a hook may want to stream
        with self._begin(request) as running:
            response = await super().send(request, stream=stream, **options)
            age = None if stream else recorded_age(response.content)
            running.answered(response, recorded=age is not None)
            if age is not None:
                nexus.refuse_recorded(response, age)
        self.timeline.check(request)
        return response

    async def __aenter__(self) -> Self:
        if self._is_view:
            return self
        await super().__aenter__()
        try:
            await self._target.start()
        except BaseException as error:
            await self._close(error)
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._close(exc_value)

    async def aclose(self) -> None:
        """End what still runs, and stop the application if this client started it.

        A view closes nothing: the client that it came from owns what is open.
        """
        await self._close(None)

    async def _close(self, body_error: BaseException | None) -> None:
        """Close everything; a failure is noted on the error that the caller already has, and raised
        otherwise."""
        if self._is_view:
            return
        try:
            try:
                await super().aclose()
            finally:
                await self._target.stop()
        except Exception as error:
            if body_error is None:
                raise
            body_error.add_note(f"and while the client was closed: {error}")
