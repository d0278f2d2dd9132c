"""A WebSocket of a test: what the client of a connection sends, receives, and learns of its end."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypedDict, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.timeline import Running
from kailash_testkit.asgi.websocket import Connection
from kailash_testkit.asgi.websocket_application import Data
from kailash_testkit.asgi.websocket_handshake import LONGEST_REASON, is_sendable
from kailash_testkit.client.options import Auth, Cookies, Headers, QueryParams
from kailash_testkit.errors import ConfigurationError, UnexpectedResponse, WebSocketClosed, WebSocketDenied
from kailash_testkit.redaction import redact
from kailash_testkit.text import truncate_repr

_NORMAL: Final = frozenset({1000, 1001})
_LONGEST: Final = 300
_SCHEMES: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class WebSocketOptions(TypedDict, total=False):
    """What `ApiClient.websocket` takes besides path and subprotocols."""

    headers: Headers | None
    params: QueryParams | None
    cookies: Cookies | None
    auth: Auth | None


class WebSocket:
    """An open WebSocket connection: ``async with api.websocket("/live") as socket:``.

    A ``timeout`` is in seconds; where none is given, it is that of the client.

    >>> import asyncio
    >>> from kailash_testkit import ApiClient
    >>> async def app(scope, receive, send):
    ...     if scope["type"] == "websocket":
    ...         await receive()
    ...         await send({"type": "websocket.accept"})
    ...         message = await receive()
    ...         await send({"type": "websocket.send", "text": message["text"].upper()})
    >>> async def main():
    ...     async with ApiClient(app) as api, api.websocket("/live") as socket:
    ...         await socket.send_text("hello")
    ...         print(await socket.receive_text())
    >>> asyncio.run(main())
    HELLO
    """

    def __init__(self, connection: Connection, /) -> None:
        self._connection = connection

    @property
    def response(self) -> httpx.Response:
        """The answer to the handshake, with its headers."""
        return self._connection.response

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application chose."""
        chosen: str | None = self.response.headers.get("sec-websocket-protocol")
        return chosen

    @property
    def close_code(self) -> int | None:
        """The code with which the connection was closed; None while it is open, as far as was received."""
        return None if self._connection.closing is None else self._connection.closing.code

    @property
    def close_reason(self) -> str | None:
        """The reason given with it."""
        return None if self._connection.closing is None else self._connection.closing.reason

    async def send_text(self, text: str, /) -> None:
        """Send a message of text. Raises `errors.WebSocketClosed`, and what the application raised."""
        __tracebackhide__ = True
        await self._connection.send(_of_type(text, str))

    async def send_bytes(self, data: bytes, /) -> None:
        """Send a message of bytes; see `send_text`."""
        __tracebackhide__ = True
        await self._connection.send(_of_type(data, bytes))

    async def send_json(self, value: Any, /, *, binary: bool = False) -> None:
        """Send a value as JSON, in a message of text. binary: of bytes. See `send_text`."""
        __tracebackhide__ = True
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        await self._connection.send(text.encode() if binary else text)

    async def receive(self, *, timeout: float | None = None) -> str | bytes:  # noqa: ASYNC109
        """The next message, of text or bytes.

        Raises `errors.WebSocketClosed`, `errors.NothingReceived` after the timeout, and what the application raised.
        """
        __tracebackhide__ = True
        return await self._connection.receive(timeout)

    async def receive_text(self, *, timeout: float | None = None) -> str:  # noqa: ASYNC109
        """The next message, which has to be text; `errors.UnexpectedResponse` if it is not. See `receive`."""
        __tracebackhide__ = True
        data = await self.receive(timeout=timeout)
        if not isinstance(data, str):
            raise self._unexpected("bytes, and not text", data, "await socket.receive_bytes()")
        return data

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """The next message, which has to be bytes; see `receive_text`."""
        __tracebackhide__ = True
        data = await self.receive(timeout=timeout)
        if not isinstance(data, bytes):
            raise self._unexpected("text, and not bytes", data, "await socket.receive_text()")
        return data

    async def receive_json(self, *, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        """The value of the next message, which has to be JSON, of text or bytes; see `receive_text`."""
        __tracebackhide__ = True
        data = await self.receive(timeout=timeout)
        try:
            return json.loads(data)
        except ValueError:
            raise self._unexpected("a message that is not JSON", data, "await socket.receive()") from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, which the end of the block does otherwise; nothing happens when it is closed."""
        if not is_sendable(code) or len(reason.encode()) > LONGEST_REASON:
            raise ConfigurationError(
                f"socket.close({code}, {truncate_repr(reason)}) cannot be sent",
                do=f"give a code of 1000 to 1003, 1007 to 1014 or 3000 to 4999, and a reason of at most "
                f"{LONGEST_REASON} bytes",
            )
        await self._connection.close(code, reason)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The messages until the connection is closed normally (1000, 1001)."""
        while True:
            try:
                yield await self.receive()
            except WebSocketClosed as closed:
                if closed.code in _NORMAL:
                    return
                raise

    def _unexpected(self, what: str, data: Data, do: str) -> UnexpectedResponse:
        masker = Masker(self.response.request)
        shown = masker.text(data[:_LONGEST]) if isinstance(data, str) else truncate_repr(data)
        return UnexpectedResponse(
            f"{request_line(self.response.request)}: the application sent {what}", details=[f"sent: {shown}"], do=do
        )


@asynccontextmanager
async def opened(
    client: httpx.AsyncClient,
    connect: Callable[[httpx.Request, list[str]], Awaitable[Connection]],
    begin: Callable[[httpx.Request], Running],
    request: httpx.Request,
    subprotocols: Sequence[str],
    auth: Auth | None,
) -> AsyncGenerator[WebSocket, None]:
    """A connection for a block; the timeline has it as a request, with all that changed while it was open.

    client: whose headers, login and cookies are used. connect: opens it. begin: notes it in the timeline.
    request: as the client built it. subprotocols: what it offers.
    auth: its login.
    """
    __tracebackhide__ = True
    request = await _handshake(client, request, subprotocols, auth)
    with begin(request) as running:
        try:
            connection = await connect(request, list(subprotocols))
        except WebSocketDenied as denied:
            if denied.response is not None:
                running.answered(denied.response)
                client.cookies.extract_cookies(denied.response)
            raise
        running.answered(connection.response)
        client.cookies.extract_cookies(connection.response)
        try:
            yield WebSocket(connection)
        except BaseException as error:
            await connection.end(error)
            raise
        await connection.end(None)


async def _handshake(
    client: httpx.AsyncClient, request: httpx.Request, subprotocols: Sequence[str], auth: Auth | None
) -> httpx.Request:
    """The request with the headers of a handshake, and the login."""
    scheme = _SCHEMES.get(request.url.scheme)
    if scheme is None:
        raise ConfigurationError(
            f"api.websocket({redact(str(request.url))!r}): not the URL of a WebSocket", do='give a path, or "ws://..."'
        )
    request.url = request.url.copy_with(scheme=scheme)
    if isinstance(auth, tuple):
        username, password = cast("tuple[str, str]", auth)
        auth = httpx.BasicAuth(username, password)
    if isinstance(auth, httpx.Auth):
        flow = auth.async_auth_flow(request)
        request = await anext(flow)
        await flow.aclose()
    elif auth is not None:
        request = auth(request)
    request.headers.update(
        {
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": base64.b64encode(os.urandom(16)).decode("ascii"),
        }
    )
    if subprotocols:
        request.headers["sec-websocket-protocol"] = ", ".join(subprotocols)
    for hook in client.event_hooks["request"]:
        await hook(request)
    return request


def _of_type(data: object, kind: type[str | bytes]) -> Data:
    if isinstance(data, kind):
        return data
    raise ConfigurationError(
        f"a message of {'text' if kind is str else 'bytes'} was given a {type(data).__name__}",
        do="use send_text(str), send_bytes(bytes) or send_json(value)",
    )
