"""The client of synchronous tests: all of `httpx.Client`, on the application that the asynchronous client calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.lifespan import TimeLimits
from kailash_testkit.asgi.outcome import WHOLE
from kailash_testkit.asgi.server import AppServer
from kailash_testkit.asgi.sync_transport import AsyncTransport, SyncTransport
from kailash_testkit.asgi.timeline import Timeline
from kailash_testkit.asgi.transport import AppTransport
from kailash_testkit.client import nexus
from kailash_testkit.client.client import DEFAULT_TIMEOUT, ApiClient, no_position
from kailash_testkit.client.options import ClientOptions, Cookies, Headers, RequestOptions, SyncClientOptions
from kailash_testkit.client.other_library import refuse_other_library
from kailash_testkit.client.overriding import overridden
from kailash_testkit.client.resources import ResourceOptions
from kailash_testkit.client.sync_events import SyncEvents
from kailash_testkit.client.sync_expectation import SyncExpectation
from kailash_testkit.client.sync_resource import SyncResource
from kailash_testkit.client.sync_websocket import SyncWebSocket
from kailash_testkit.client.sync_websocket import opened as opened_websocket
from kailash_testkit.client.targets import Target, target_of
from kailash_testkit.client.url_transport import UrlTransport
from kailash_testkit.client.views import view_options
from kailash_testkit.client.websocket import WebSocketOptions
from kailash_testkit.concurrency.portal import require_no_loop
from kailash_testkit.internals.nexus import recorded_age

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit


class SyncApiClient(httpx.Client):
    """`ApiClient` without ``await``, for synchronous tests, fixtures and steps, unittest, and a debugger's prompt.

    The application runs in an event loop of the kit's own, in a thread; what an `ApiClient` observes of it, this client
    observes. Calls inside a running event loop raise `errors.InsideEventLoop`.

    The parameters are those of `ApiClient`; ``httpx_options`` are as for `httpx.Client`. ``with`` starts the
    application and stops it, as often as it is used; without it, the first request starts the application, and `close`,
    or the end of the process, stops it.

    >>> async def app(scope, receive, send):
    ...     if scope["type"] == "http":
    ...         await send({"type": "http.response.start", "status": 200, "headers": []})
    ...         await send({"type": "http.response.body", "body": b"hello"})
    >>> with SyncApiClient(app) as api:
    ...     print(api.expect(200).get("/").text)
    hello
    """

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
        **httpx_options: Unpack[SyncClientOptions],
    ) -> None:
        target = target_of(
            app,
            server,
            raise_app_exceptions=raise_app_exceptions,
            limits=TimeLimits(startup_timeout, shutdown_timeout),
            client=client,
            root_path=root_path,
        )
        target.start_when_needed()
        options: SyncClientOptions = {"base_url": target.base_url, "timeout": DEFAULT_TIMEOUT}
        options.update(httpx_options)
        refuse_other_library(options)
        self._open(target, kit, Timeline(no_position) if kit is None else kit.timeline, options)
        self._is_view = False

    def _open(self, target: Target, kit: Kit | None, timeline: Timeline, options: SyncClientOptions) -> None:
        self._target, self._options, self.kit, self.timeline = target, options, kit, timeline
        super().__init__(transport=SyncTransport(target.transport, target.portal), **options)

    @property
    def app(self) -> Any:
        """The application, as it was given; None behind a URL."""
        return self._target.app

    @property
    def transport(self) -> AppTransport | UrlTransport:
        """What calls the application; ``running`` says which requests still run in this process."""
        return self._target.transport

    def expect(self, status: int, /, *more: int, queries: int | None = None) -> SyncExpectation:
        """A view whose requests raise `errors.UnexpectedStatus` for any other status; as `ApiClient.expect`."""
        return SyncExpectation(self._asynchronous().expect(status, *more, queries=queries), self._target.portal)

    def resource(self, path: str, /, **options: Unpack[ResourceOptions]) -> SyncResource:
        """The rows behind a path: create, get, list, update, patch and delete them; as `ApiClient.resource`."""
        return SyncResource(lambda: self._asynchronous().resource(path, **options), self._target.portal)

    def websocket(  # type: ignore[override, unused-ignore]  # pyright: ignore  # that of httpx2 is for networks only
        self,
        url: httpx.URL | str,
        /,
        *,
        subprotocols: Sequence[str] = (),
        **options: Unpack[WebSocketOptions],
    ) -> AbstractContextManager[SyncWebSocket]:
        """A WebSocket connection for a block: ``with sync_api.websocket("/live") as socket:``; see `ApiClient`."""
        manager = self._asynchronous().websocket(url, subprotocols=subprotocols, **options)
        return opened_websocket(manager, self._target.portal)

    def events(self, url: httpx.URL | str, /, *, method: str = "GET", **options: Unpack[RequestOptions]) -> SyncEvents:
        """Server-sent events, as they come: ``for event in sync_api.events("/news")``; as `ApiClient.events`."""
        return SyncEvents(self._asynchronous().events(url, method=method, **options), self._target.portal)

    def workflow(self, name: str, /, **inputs: object) -> Any:
        """Call a workflow or handler of a Nexus; as `ApiClient.workflow`."""
        __tracebackhide__ = True
        return self._target.portal(self._asynchronous().workflow, name, **inputs)

    def overriding(self, dependency: Callable[..., Any], replacement: object, /) -> AbstractContextManager[None]:
        """A ``with`` block in which handlers get another dependency; as `ApiClient.overriding`."""
        return overridden(self.app, dependency, replacement)

    def with_headers(self, headers: Headers, /) -> SyncApiClient:
        """A client of the same running application that sends ``headers`` too; as `ApiClient.with_headers`."""
        return self._view(headers, {})

    def with_cookies(self, cookies: Cookies, /) -> SyncApiClient:
        """A client of the same running application that sends ``cookies`` too; see `with_headers`."""
        return self._view({}, cookies)

    def authenticated(self, token: str, /) -> SyncApiClient:
        """A client of the same running application that sends ``Authorization: Bearer <token>``."""
        return self.with_headers({"Authorization": f"Bearer {token}"})

    def _view(self, headers: Headers, cookies: Cookies) -> SyncApiClient:
        view = SyncApiClient.__new__(SyncApiClient)
        view._open(self._target, self.kit, self.timeline, {**self._options, **view_options(self, headers, cookies)})
        view._is_view = True
        return view

    def _asynchronous(self) -> ApiClient:
        """This client for asynchronous code of the kit: it has the same cookies, not only equal ones."""
        options: ClientOptions = {
            **view_options(self, {}, {}),
            "cookies": self.cookies.jar,
            "event_hooks": {
                "request": [_awaitable(hook) for hook in self.event_hooks["request"]],
                "response": [_awaitable_with_body(hook) for hook in self.event_hooks["response"]],
            },
            "default_encoding": self._options.get("default_encoding", "utf-8"),
            "mounts": {
                pattern: None if transport is None else AsyncTransport(transport)
                for pattern, transport in (self._options.get("mounts") or {}).items()
            },
        }
        return ApiClient.view_of(self._target, self.kit, self.timeline, options)

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        """A request that is not sent yet; as in httpx."""
        refuse_other_library(options, url)
        return super().build_request(method, url, **options)

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """Send a request that was built before; as in httpx.

        Raises `errors.AnsweredFromRecord` when a Nexus did not run the handler.
        """
        refuse_other_library(options, request)
        request.extensions[WHOLE] = not (stream or self.event_hooks["response"])  # a hook may want to stream
        with self.timeline.begin(request, app=self.app) as running:
            response = super().send(request, stream=stream, **options)
            age = None if stream else recorded_age(response.content)
            running.answered(response, recorded=age is not None)
            if age is not None:
                nexus.refuse_recorded(response, age)
        return response

    def __enter__(self) -> Self:
        require_no_loop()
        if self._is_view:
            return self
        with ExitStack() as mounted:
            for transport in (self._options.get("mounts") or {}).values():
                mounted.enter_context(transport or nullcontext())
            try:
                self._target.portal(self._target.start)
            except BaseException as error:
                self._end(self._target.transport.end_requests, error)
                raise
            self._mounted = mounted.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._is_view:
            return
        try:
            self._mounted.close()
        finally:
            self._end(self._target.transport.end_requests, exc_value)

    def close(self) -> None:
        """End what still runs, and stop the application if this client started it; a view closes nothing.

        The client sends nothing after it, other than after a ``with`` block, which may be followed by others.
        """
        if self._is_view:
            return
        try:
            super().close()
        finally:
            self._end(self._target.transport.aclose, None)

    def _end(self, requests: Callable[[], Awaitable[None]], body_error: BaseException | None) -> None:
        """Stop the application. requests: ends those that still run. body_error: what the block raised itself."""
        portal = self._target.portal
        try:
            try:
                portal(requests)
            finally:
                portal(self._target.stop)
        except Exception as error:
            if body_error is None:
                raise
            body_error.add_note(f"and while the client was closed: {error}")


def _awaitable(hook: Callable[..., Any]) -> Callable[..., Any]:
    async def call(request: httpx.Request) -> None:
        hook(request)

    return call


def _awaitable_with_body(hook: Callable[..., Any]) -> Callable[..., Any]:
    async def call(response: httpx.Response) -> None:
        await response.aread()  # the hook cannot, without await
        hook(response)

    return call
