"""The transport to a server at a URL: a connection for each request, past whatever mocks outgoing HTTP in a test."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Generator
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import request_line
from kailash_testkit.asgi.timeline import TIMED, TimedRequest

if TYPE_CHECKING:
    from kailash_testkit.asgi.live import LiveServer
    from kailash_testkit.asgi.websocket import Connection

# As it is before a test begins. pytest-httpx replaces methods of httpx's transports meanwhile, respx and vcrpy those of
# httpcore's pools and connections: for what the application asks of others, not for what the test asks of it.
_SEND: Final = httpcore.AsyncHTTPConnection.handle_async_request
_SECURE: Final = (b"https", b"wss")


class UrlTransport(httpx.AsyncBaseTransport):
    """Sends each request on a connection of its own.

    uvicorn closes a connection on which the application failed, after it sent the whole response: the
    next request on it would fail now and then. A kept connection also belongs to one event loop.

    server: the kit's own server behind the URL, where it is one. What it does is then known as the request's, and a
    response ends when the application is through with it, as in this process; of others, that is not known.
    """

    def __init__(self, server: LiveServer | None = None) -> None:
        self._server = server
        self._tls: ssl.SSLContext | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the server is not the kit's own, which runs in this process."""
        return self._server is None

    @property
    def running(self) -> set[asyncio.Task[None]]:
        """None: what runs, runs elsewhere."""
        return set()

    async def end_requests(self) -> None:
        """Nothing: each has a connection of its own, which ends with it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Returns when the response begins. Raises what httpx raises: `httpx.ConnectError`, `httpx.ReadTimeout`."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        if self._tls is None and url.scheme in _SECURE:
            self._tls = httpx.create_ssl_context()  # reads files
        connection = httpcore.AsyncHTTPConnection(url.origin, self._tls)
        told = None if self._server is None else _Told(self._server, request)
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions if told is None else {**request.extensions, "trace": told.trace},
        )
        try:
            with _as_of_httpx(request):
                answer = await _SEND(connection, asked)
        finally:
            if told is not None:
                told.end()
        extensions: dict[str, Any] = cast("Any", answer).extensions  # partly untyped there
        wire = extensions.get("network_stream")
        address = None if wire is None else wire.get_extra_info("client_addr")
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer, connection, request, self._server, address),
            extensions=extensions,
        )

    async def open_websocket(self, request: httpx.Request, subprotocols: list[str]) -> Connection:
        """A WebSocket connection to the server; as `AppTransport.open_websocket`."""
        from kailash_testkit.asgi.websocket_over_network import connect

        return await connect(request, subprotocols)


class _Told:
    """Tells the kit's server from which address a request will come, when the connection is there."""

    def __init__(self, server: LiveServer, request: httpx.Request) -> None:
        self._server = server
        self._request: TimedRequest | None = request.extensions.get(TIMED)
        self._next: Any = request.extensions.get("trace")
        self._address: tuple[str, int] | None = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore."""
        if event == "connection.connect_tcp.complete" and self._request is not None:
            self._address = info["return_value"].get_extra_info("client_addr")
            if self._address is not None:
                self._server.expect(self._address, self._request)
        if self._next is not None:
            await self._next(event, info)

    def end(self) -> None:
        """The response has begun, or there is none."""
        if self._address is not None:
            self._server.forget(self._address)


class _Body(httpx.AsyncByteStream):
    """A response's body as it comes; its end waits for the end of the application's work, where that is known.

    address: this side's, by which the server knows the request.
    """

    def __init__(
        self,
        answer: httpcore.Response,
        connection: httpcore.AsyncHTTPConnection,
        request: httpx.Request,
        server: LiveServer | None,
        address: tuple[str, int] | None,
    ) -> None:
        self._answer = answer
        self._connection = connection
        self._request = request
        self._server = server
        self._address = address

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_of_httpx(self._request):
            async for part in self._answer.aiter_stream():
                yield part
        if self._server is not None and self._address is not None:
            await self._application_ends(self._server, self._address)

    async def _application_ends(self, server: LiveServer, address: tuple[str, int]) -> None:
        """Raises what the application raised after it had answered, and `httpx.ReadTimeout` when it goes on."""
        patience: float | None = self._request.extensions.get("timeout", {}).get("read")
        outcome = await server.ended(address, patience)
        if outcome is None:
            raise httpx.ReadTimeout(
                f"{request_line(self._request)}: the application sent its response but goes on (a background task?) "
                f"for {patience:g} s and was cancelled",
                request=self._request,
            )
        if outcome.exception is not None:
            raise outcome.to_raise(self._request)

    async def aclose(self) -> None:
        await self._answer.aclose()
        await self._connection.aclose()


@contextlib.contextmanager
def _as_of_httpx(request: httpx.Request) -> Generator[None, None, None]:
    """httpcore's errors as those of httpx, which have the same names."""
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
    ) as error:
        kind: type[httpx.RequestError] = getattr(httpx, type(error).__name__)
        raise kind(str(error), request=request) from error
