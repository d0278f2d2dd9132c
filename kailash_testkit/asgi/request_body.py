"""The body of a request, in the messages that a server would make of it."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.protocol import Headers, Message

# A server hands over what one read of its socket gave; an application must not rely on one message per body.
_PIECE = 65_536


class RequestBody:
    """Reads ``request.stream`` only as far as the application asks for it.

    request: the request.
    headers: its headers, with names in lower case; they say where the body ends.

    A stream is iterated in a copy of the caller's context: a test's generator sees the test's context
    variables and the application does not see those of the generator. Reading survives a cancelled
    ``receive()``.
    """

    def __init__(self, request: httpx.Request, headers: Headers) -> None:
        self.exhausted = False
        self.failure: BaseException | None = None  # what iterating the stream raised
        self._request = request
        self._context: contextvars.Context | None = None
        self._pieces: deque[bytes] = deque()
        self._missing = _declared_length(headers)
        self._ended = self._missing == 0
        self._reading: asyncio.Task[bytes | None] | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        stream = request.stream
        if isinstance(stream, httpx.ByteStream):  # all there; no task needed
            self._take(b"".join(stream), last=True)
        elif isinstance(stream, httpx.AsyncByteStream):
            self._context = contextvars.copy_context()
            self._chunks = aiter(stream)

    async def message(self, gone: asyncio.Future[None]) -> Message | None:
        """The next ``http.request``; None when ``gone`` is done before there is one, or on `failure`."""
        while not self._pieces and not self._ended:
            reading = self._read_on()
            waited: set[asyncio.Future[Any]] = {reading, gone}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                return None
            self._reading = None
            try:
                chunk = reading.result()
                self._take(chunk or b"", last=chunk is None)
            except BaseException as error:  # also pytest.fail() in the test's generator
                self.failure = error
                return None
        piece = self._pieces.popleft() if self._pieces else b""
        self.exhausted = self._ended and not self._pieces
        return {"type": "http.request", "body": piece, "more_body": not self.exhausted}

    def close(self) -> None:
        """Stop reading the request's stream."""
        if self._reading is not None:
            self._reading.cancel()

    def _read_on(self) -> asyncio.Task[bytes | None]:
        if self._reading is None:
            loop = asyncio.get_running_loop()
            self._reading = loop.create_task(self._next_chunk(), context=self._context)
            self._reading.add_done_callback(_retrieve)
        return self._reading

    async def _next_chunk(self) -> bytes | None:
        return None if self._chunks is None else await anext(self._chunks, None)

    def _take(self, data: bytes, *, last: bool) -> None:
        """Keep ``data`` for the application. last: the stream has ended."""
        if self._missing is not None:
            self._missing -= len(data)
            if self._missing < 0 or (self._missing > 0 and last):
                raise httpx.LocalProtocolError(
                    f"the request's body is {abs(self._missing)} bytes "
                    f"{'longer' if self._missing < 0 else 'shorter'} than its Content-Length",
                    request=self._request,
                )
        self._ended = last or self._missing == 0
        if len(data) > _PIECE:
            self._pieces.extend(data[at : at + _PIECE] for at in range(0, len(data), _PIECE))
        elif data:
            self._pieces.append(data)


def _declared_length(headers: Headers) -> int | None:
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _retrieve(task: asyncio.Task[bytes | None]) -> None:
    """Look at the outcome: asyncio shall not report an exception that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
