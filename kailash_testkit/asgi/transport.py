"""The transport under the client: httpx requests in, ASGI calls out."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi import wire_format
from kailash_testkit.asgi.exchange import Exchange
from kailash_testkit.asgi.masking import request_line
from kailash_testkit.asgi.outcome import OUTCOME, RAISE_APP_EXCEPTIONS, WHOLE, Outcome
from kailash_testkit.asgi.protocol import AsgiApp, Headers, Scope
from kailash_testkit.asgi.websocket import AppConnection, Connection, websocket_scope
from kailash_testkit.concurrency import clocks, contexts, loops
from kailash_testkit.errors import KitError, UnsupportedProtocol

_log = logging.getLogger("kailash_testkit.asgi")

# How long requests that still run may take when the client closes, in seconds.
_GRACE = 1.0
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HTTP = frozenset({"http", "https"})


async def _no_state() -> dict[str, Any]:
    return {}


class AppTransport(httpx.AsyncBaseTransport):
    """Sends requests to an ASGI application in this process, with the behaviour of a server.

    app: the ASGI application.
    get_state: called before each request; returns the lifespan state, of which the request gets a shallow
        copy.
    raise_app_exceptions: True raises the application's exceptions to the caller; False gives what a client of
        a server
        sees: a bare 500, or `httpx.RemoteProtocolError` when the response had begun.
    root_path: the path under which a proxy would mount the application.
    client: address and port that the application sees as the client's; None for a client without, as behind a Unix
        socket.
    context: what the application's import set; each request starts from a copy.

    >>> async def app(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body", "body": scope["path"].encode()})
    >>> async def main():
    ...     async with httpx.AsyncClient(transport=AppTransport(app), base_url="http://shop") as client:
    ...         print((await client.get("/orders")).text)
    >>> asyncio.run(main())
    /orders
    """

    is_elsewhere: Final = False
    """The application runs in this process."""

    def __init__(
        self,
        app: AsgiApp,
        /,
        *,
        get_state: Callable[[], Awaitable[dict[str, Any]]] = _no_state,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] | None = ("127.0.0.1", 50_000),
        context: contextvars.Context | None = None,
    ) -> None:
        self.app = app
        self.raise_app_exceptions = raise_app_exceptions
        self._get_state = get_state
        self._root_path = root_path
        self._client = client
        self._context = contexts.of_application() if context is None else context
        self._exchanges: dict[asyncio.Task[None], Exchange | AppConnection] = {}
        self._closed = False

    @property
    def running(self) -> set[asyncio.Task[None]]:
        """The tasks in which the application still works on requests, background tasks included."""
        return {task for task in self._exchanges if not task.done()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application; returns when its response begins.

        Raises `UnsupportedProtocol`, `httpx.ReadTimeout` (the application is cancelled then), and the
        application's own exceptions.
        """
        _refuse_other_protocols(request)
        started = clocks.now()
        headers, is_understood = self._checked(request)
        state = await self._get_state()
        if not is_understood:
            return _bare(request, 400, b"Invalid HTTP request received.", {OUTCOME: Outcome()})
        raises = request.extensions.get(RAISE_APP_EXCEPTIONS, self.raise_app_exceptions)
        exchange = Exchange(request, headers, raises=raises)
        task = exchange.start(self.app, self._scope(request, headers, state), self._context.copy())
        self._exchanges[task] = exchange
        task.add_done_callback(self._ended)
        try:
            if await exchange.begun():
                return _response(request, exchange, started)
        except BaseException:
            exchange.close()
            raise
        return _bare(request, 500, b"Internal Server Error", {OUTCOME: exchange.outcome})

    def _checked(self, request: httpx.Request) -> tuple[Headers, bool]:
        """The headers of a request, and whether a server can tell where its body ends."""
        if self._closed:
            raise KitError(f"{request_line(request)}: the client was closed", do="send requests before it closes")
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        try:
            return headers, wire_format.check_request(headers)
        except ValueError as refused:
            raise httpx.LocalProtocolError(str(refused), request=request) from None

    async def open_websocket(self, request: httpx.Request, subprotocols: list[str]) -> Connection:
        """A WebSocket connection that the application accepted.

        request: the handshake, with its headers. subprotocols: what the client offers.

        Raises `WebSocketDenied`, `NothingReceived`, and the application's own exceptions.
        """
        headers, _ = self._checked(request)
        state = await self._get_state()
        raises = request.extensions.get(RAISE_APP_EXCEPTIONS, self.raise_app_exceptions)
        connection = AppConnection(request, raises=raises)
        scope = websocket_scope(self._scope(request, headers, state), subprotocols)
        task = connection.start(self.app, scope, self._context.copy())
        self._exchanges[task] = connection
        task.add_done_callback(self._ended)
        try:
            await connection.opened()
        except BaseException:
            connection.abandon()
            raise
        return connection

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._exchanges.pop(task).ended(task)

    async def aclose(self) -> None:
        """Take no more requests, and `end_requests`."""
        self._closed = True
        await self.end_requests()

    async def end_requests(self) -> None:
        """Give requests that still run a second to finish, then cancel them. Unread responses are closed
        first."""
        loop = loops.running_loop()
        ours = {task: exchange for task, exchange in self._exchanges.items() if task.get_loop() is loop}
        for exchange in ours.values():
            exchange.abandon()
        if not ours:
            return
        try:
            await clocks.wait(ours, _GRACE)
        finally:
            late = {task for task in ours if not task.done()}
            for task in late:
                task.cancel()
        if late:
            stuck = await clocks.wait(late, _GRACE)
            for task in stuck:
                _log.error("%s does not end, although it was cancelled", task.get_name())

    def _scope(self, request: httpx.Request, headers: Headers, state: dict[str, Any]) -> Scope:
        url = request.url
        raw_path, _, query = url.raw_path.partition(b"?")
        scheme = url.scheme
        path = raw_path.decode("ascii")
        if headers and headers[0][0] != b"host":
            headers.sort(key=lambda pair: pair[0] != b"host")  # as it is sent to a server
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": (url.host, url.port or _PORTS[scheme]),
            "client": self._client,
            "scheme": scheme,
            "method": request.method,
            "root_path": self._root_path,
            "path": self._root_path + (unquote(path) if "%" in path else path),
            "raw_path": self._root_path.encode("ascii") + raw_path,
            "query_string": query,
            "headers": headers,
            "state": state.copy(),
        }


class _ResponseStream(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._exchange.chunks()

    async def aclose(self) -> None:
        self._exchange.close()


def _response(request: httpx.Request, exchange: Exchange, started: float) -> httpx.Response:
    """The response: read already if the caller wants it as a whole and it is complete, which saves the streams."""
    sent, extensions = exchange.response, {OUTCOME: exchange.outcome}
    body = exchange.whole_body() if request.extensions.get(WHOLE) else None
    if body is None:
        stream = _ResponseStream(exchange)
        return httpx.Response(sent.status, headers=sent.headers, stream=stream, extensions=extensions)
    whole = httpx.Response(
        sent.status, headers=sent.headers, stream=httpx.ByteStream(body), extensions=extensions, request=request
    )
    whole.read()
    whole.elapsed = timedelta(seconds=clocks.now() - started)
    return whole


def _bare(request: httpx.Request, status: int, text: bytes, extensions: dict[str, Any]) -> httpx.Response:
    """The server's own answer, where the application gives none."""
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(text)),
        "connection": "close",
    }
    body = b"" if request.method == "HEAD" else text
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body), extensions=extensions)


def _refuse_other_protocols(request: httpx.Request) -> None:
    if request.url.scheme in _HTTP:
        return
    websocket = request.url.scheme in _PORTS
    raise UnsupportedProtocol(
        f"{request_line(request)}: the client does not speak {request.url.scheme!r}",
        why="requests are HTTP; a WebSocket is another kind of connection" if websocket else None,
        do='async with api.websocket("/path") as socket: ...' if websocket else "use http:// or https://",
    )
