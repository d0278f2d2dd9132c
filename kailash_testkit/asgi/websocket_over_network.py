"""A WebSocket connection to a server at a URL, by the package websockets."""

from __future__ import annotations

import asyncio
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from packaging.version import Version

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import request_line
from kailash_testkit.asgi.websocket_application import Data
from kailash_testkit.asgi.websocket_errors import (
    ABNORMAL,
    Closing,
    closed,
    denied,
    nothing_received,
    strange_subprotocol,
)
from kailash_testkit.errors import ConfigurationError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

# The package writes these itself.
_OF_HANDSHAKE: Final = frozenset({"host", "connection", "upgrade", "content-length", "transfer-encoding"})
_CLOSE_TIMEOUT: Final = 5.0  # seconds for the server's part of a close
_OLDEST: Final = Version("15")  # takes `proxy`


def _has_package() -> bool:
    try:
        return Version(version("websockets")) >= _OLDEST
    except PackageNotFoundError:
        return False


async def connect(request: httpx.Request, subprotocols: list[str]) -> NetworkConnection:
    """Connect to the server that the request names.

    Raises `ConfigurationError` without the package, `WebSocketDenied`, `NothingReceived`, and `httpx.ConnectError`.
    """
    if not _has_package():
        raise ConfigurationError(
            f"{request_line(request)}: no WebSocket to a server without the package websockets ({_OLDEST} or later)",
            why="an application in this process needs none; a URL, and --testkit-live, do",
            do="pip install 'kailash-testkit[websockets]'",
        )
    from websockets.asyncio.client import connect as connecting
    from websockets.exceptions import InvalidHandshake, InvalidStatus, NegotiationError

    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    headers = [
        (name, value)
        for name, value in request.headers.multi_items()
        if name not in _OF_HANDSHAKE and not name.startswith("sec-websocket-")
    ]

    class Connecting(connecting):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc  # the application's answer, which a test may expect

    options: dict[str, Any] = {} if request.url.scheme == "ws" else {"server_hostname": request.url.host}
    try:
        connection = await Connecting(
            str(request.url),
            subprotocols=subprotocols or None,  # type: ignore[arg-type]  # they are plain texts to users
            additional_headers=headers,
            user_agent_header=None,
            compression=None,
            proxy=None,
            open_timeout=timeout,
            close_timeout=_CLOSE_TIMEOUT,
            ping_interval=None,
            max_size=None,
            **options,
        )
    except InvalidStatus as refused:
        answer = refused.response
        pairs = [(name.lower(), value) for name, value in answer.headers.raw_items()]
        body = bytes(answer.body or b"")
        raise denied(httpx.Response(answer.status_code, headers=pairs, content=body, request=request), None) from None
    except TimeoutError:
        raise nothing_received(
            request, "to accept or refuse the connection", timeout or 0.0, [], may_wait_for_client=False
        ) from None
    except NegotiationError:
        raise strange_subprotocol(request, None) from None
    except (OSError, InvalidHandshake) as error:
        raise httpx.ConnectError(f"{request_line(request)}: {error}", request=request) from error
    return NetworkConnection(request, connection, timeout)


class NetworkConnection:
    """An open connection.

    timeout: of a receive, in seconds.
    """

    def __init__(self, request: httpx.Request, connection: ClientConnection, timeout: float | None) -> None:
        self.closing: Closing | None = None
        self._request = request
        self._connection = connection
        self._timeout = timeout
        answer = connection.response
        pairs = [] if answer is None else [(name.lower(), value) for name, value in answer.headers.raw_items()]
        self.response = httpx.Response(101, headers=pairs, request=request)

    async def send(self, data: Data) -> None:
        """Send a message."""
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(data)
        except ConnectionClosed:
            raise self._closed("sent nothing: ") from None

    async def receive(self, limit: float | None) -> Data:
        """The next message."""
        from websockets.exceptions import ConnectionClosed

        limit = self._timeout if limit is None else limit
        try:
            async with asyncio.timeout(limit):
                return await self._connection.recv()
        except TimeoutError:
            raise nothing_received(
                self._request, "for a message", limit or 0.0, [], may_wait_for_client=False
            ) from None
        except ConnectionClosed:
            raise self._closed("") from None

    async def close(self, code: int, reason: str) -> None:
        """Close the connection; waits for the server's part."""
        if self.closing is None and self._connection.close_code is None:
            self.closing = Closing(code, reason, by_client=True)
        await self._connection.close(code, reason)

    async def end(self, failure: BaseException | None) -> None:
        """Close the connection; what the application raises then, the server logs."""
        await self.close(1000, "")

    def _closed(self, prefix: str) -> BaseException:
        if self.closing is None:
            code = self._connection.close_code
            self.closing = Closing(ABNORMAL if code is None else code, self._connection.close_reason or "")
        broken = self.closing.code == ABNORMAL
        return closed(
            self._request,
            self.closing,
            prefix,
            returned=False,
            error="what the server logged" if broken else None,
            cause=None,
        )
