"""A WebSocket of a synchronous test."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any

from kailash_testkit import http_library as httpx
from kailash_testkit.client.websocket import WebSocket
from kailash_testkit.concurrency.portal import Portal


class SyncWebSocket:
    """`WebSocket` without ``await``: ``with sync_api.websocket("/live") as socket:``."""

    def __init__(self, socket: WebSocket, portal: Portal, /) -> None:
        self._socket = socket
        self._portal = portal

    @property
    def response(self) -> httpx.Response:
        """The answer to the handshake, with its headers."""
        return self._socket.response

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application chose."""
        return self._socket.subprotocol

    @property
    def close_code(self) -> int | None:
        """The code with which the connection was closed; as `WebSocket.close_code`."""
        return self._socket.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason given with it."""
        return self._socket.close_reason

    def send_text(self, text: str, /) -> None:
        """Send a message of text; as `WebSocket.send_text`."""
        __tracebackhide__ = True
        self._portal(self._socket.send_text, text)

    def send_bytes(self, data: bytes, /) -> None:
        """Send a message of bytes; as `WebSocket.send_bytes`."""
        __tracebackhide__ = True
        self._portal(self._socket.send_bytes, data)

    def send_json(self, value: Any, /, *, binary: bool = False) -> None:
        """Send a value as JSON; as `WebSocket.send_json`."""
        __tracebackhide__ = True
        self._portal(self._socket.send_json, value, binary=binary)

    def receive(self, *, timeout: float | None = None) -> str | bytes:
        """The next message; as `WebSocket.receive`."""
        __tracebackhide__ = True
        return self._portal(self._socket.receive, timeout=timeout)

    def receive_text(self, *, timeout: float | None = None) -> str:
        """The next message, which has to be text; as `WebSocket.receive_text`."""
        __tracebackhide__ = True
        return self._portal(self._socket.receive_text, timeout=timeout)

    def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """The next message, which has to be bytes; as `WebSocket.receive_bytes`."""
        __tracebackhide__ = True
        return self._portal(self._socket.receive_bytes, timeout=timeout)

    def receive_json(self, *, timeout: float | None = None) -> Any:
        """The value of the next message, which has to be JSON; as `WebSocket.receive_json`."""
        __tracebackhide__ = True
        return self._portal(self._socket.receive_json, timeout=timeout)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; as `WebSocket.close`."""
        self._portal(self._socket.close, code, reason)

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages until the connection is closed normally; as those of `WebSocket`."""
        messages = aiter(self._socket)
        while (message := self._portal(_following, messages)) is not None:
            yield message


async def _following(messages: Any) -> Any:
    return await anext(messages, None)


@contextmanager
def opened(manager: AbstractAsyncContextManager[WebSocket], portal: Portal) -> Generator[SyncWebSocket, None, None]:
    """A connection for a block of synchronous code."""
    __tracebackhide__ = True
    socket = portal(manager.__aenter__)
    try:
        yield SyncWebSocket(socket, portal)
    except BaseException:
        if not portal(manager.__aexit__, *sys.exc_info()):
            raise
    else:
        portal(manager.__aexit__, None, None, None)
