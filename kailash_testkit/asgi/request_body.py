"""The body of a request, in the messages that a server would make of it."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httpx

from kailash_testkit.asgi.protocol import Message

# A server hands over what one read of its socket gave; an application must not rely on one message per body.
_PIECE = 65_536


class RequestBody:
    """Reads ``request.stream`` only as far as the application asks for it.

    request: the request; its headers say where the body ends.

    A stream is iterated in a copy of the caller's context: a test's generator sees the test's context
    variables and the application does not see those of the generator. Reading survives a cancelled
    ``receive()``.
    """

    def __init__(self, request: httpx.Request) -> None:
        self.exhausted = False
        self.failure: BaseException | None = None  # what iterating the stream raised
        self._request = request
        self._context: contextvars.Context | None = None
        self._pieces: deque[bytes] = deque()
        self._missing = _declared_length(request)
        self._ended = self._missing == 0
        self._reading: asyncio.Task[bytes | None] | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        stream = request.stream
        if isinstance(stream, httpx.ByteStream):  # all there; no task needed
            for chunk in stream:
                self._take(chunk)
            self._take(None)
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
                self._take(reading.result())
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

    def _take(self, chunk: bytes | None) -> None:
        """Keep ``chunk`` for the application; None is the end of the stream."""
        data = chunk or b""
        if self._missing is not None:
            self._missing -= len(data)
            if self._missing < 0 or (self._missing > 0 and chunk is None):
                raise httpx.LocalProtocolError(
                    f"the request's body is {abs(self._missing)} bytes "
                    f"{'longer' if self._missing < 0 else 'shorter'} than its Content-Length",
                    request=self._request,
                )
        self._ended = chunk is None or self._missing == 0
        self._pieces.extend(data[at : at + _PIECE] for at in range(0, len(data), _PIECE))


def _declared_length(request: httpx.Request) -> int | None:
    declared = next((value for name, value in request.headers.raw if name.lower() == b"content-length"), b"")
    return int(declared) if declared.isdigit() else None


def _retrieve(task: asyncio.Task[bytes | None]) -> None:
    """Look at the outcome: asyncio shall not report an exception that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
