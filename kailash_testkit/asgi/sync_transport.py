"""The transport under a synchronous client: another one, in the event loop where the application runs."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator

from kailash_testkit import http_library as httpx
from kailash_testkit.concurrency.portal import Portal


class SyncTransport(httpx.BaseTransport):
    """Sends requests through an asynchronous transport; bodies stream in both directions.

    transport: what calls the application, or a server.
    portal: leads into the event loop that it belongs to.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, portal: Portal) -> None:
        self._transport = transport
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Returns when the response begins. Raises what the transport raises, and `InsideEventLoop`."""
        stream = request.stream
        if isinstance(stream, httpx.SyncByteStream) and not isinstance(stream, httpx.AsyncByteStream):
            request.stream = _Upload(stream)
        response = self._portal(self._transport.handle_async_request, request)
        if not isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Download(response.stream, self._portal)
        return response

    def close(self) -> None:
        """Lets what still runs end, as the transport does."""
        self._portal(self._transport.aclose)


class AsyncTransport(httpx.AsyncBaseTransport):
    """A synchronous transport that the user mounted, for requests that the kit makes asynchronously."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """In a thread, so that it may block."""

        def whole() -> httpx.Response:
            response = self._transport.handle_request(request)
            response.read()
            return response

        response = await asyncio.to_thread(whole)
        response.stream = httpx.ByteStream(response.content)
        return response


class _Upload(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request's body from an iterable of the test, which may block: each step is taken in a thread."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = iter(self._stream)
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()

        def step() -> bytes | None:
            return context.run(next, chunks, None)

        while (chunk := await loop.run_in_executor(None, step)) is not None:
            yield chunk


class _Download(httpx.SyncByteStream):
    """A response's body, a step in the event loop for each chunk."""

    def __init__(self, stream: httpx.AsyncByteStream, portal: Portal) -> None:
        self._stream = stream
        self._portal = portal

    def __iter__(self) -> Iterator[bytes]:
        chunks = aiter(self._stream)
        while (chunk := self._portal(_following, chunks)) is not None:
            yield chunk

    def close(self) -> None:
        self._portal(self._stream.aclose)


async def _following(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
