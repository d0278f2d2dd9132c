"""Server-sent events: a response of text/event-stream, an event at a time."""

from __future__ import annotations

import codecs
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import request_line
from kailash_testkit.asgi.outcome import OUTCOME, Outcome
from kailash_testkit.client.event_stream import EventParser, ServerSentEvent
from kailash_testkit.client.failure_messages import unexpected_status
from kailash_testkit.errors import UnexpectedResponse
from kailash_testkit.judge.bodies import answered


class Events:
    """The events of a path, as they come: ``async for event in api.events("/news")``.

    An event has ``event``, ``data``, ``id``, ``retry`` and ``json()``. As ``async with api.events("/news") as events:``
    the stream is closed at the end of the block, and not when Python gets to it.
    """

    def __init__(self, client: httpx.AsyncClient, app: Any, method: str, url: httpx.URL | str, options: Any, /) -> None:
        self._client, self._app = client, app
        self._method, self._url, self._options = method, url, options
        self._stream: AsyncGenerator[ServerSentEvent, None] | None = None

    def __aiter__(self) -> AsyncIterator[ServerSentEvent]:
        if self._stream is None:
            self._stream = self._events()
        return self._stream

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leave the stream; the application hears of it."""
        if self._stream is not None:
            await self._stream.aclose()

    async def _events(self) -> AsyncGenerator[ServerSentEvent, None]:
        __tracebackhide__ = True
        headers = httpx.Headers(self._options.get("headers"))
        headers.setdefault("accept", "text/event-stream")
        headers.setdefault("cache-control", "no-store")
        options: dict[str, Any] = {**self._options, "headers": headers}
        async with self._client.stream(self._method, self._url, **options) as response:
            await self._check(response)
            parser = EventParser()
            async with aclosing(_texts(response)) as texts:
                async for text in texts:
                    for event in parser.events(text):
                        yield event

    async def _check(self, response: httpx.Response) -> None:
        """Raises when this is no stream of events."""
        kind = response.headers.get("content-type", "")
        if response.is_success and kind.partition(";")[0].strip().lower() == "text/event-stream":
            return
        if not response.is_success:
            await response.aread()
            outcome: Outcome = response.extensions.get(OUTCOME, Outcome())
            raise unexpected_status(response, (200,), outcome.exception, [], self._app, [])
        raise UnexpectedResponse(
            f"{answered(response)}, and its body is no stream of events",
            details=[f"content-type: {kind or '(none)'}"],
            why="server-sent events come as text/event-stream",
            do=f"use api.get(...) for {request_line(response.request)}, or answer with an event stream",
        )


async def _texts(response: httpx.Response) -> AsyncGenerator[str, None]:
    """The body as it comes. It is UTF-8, whatever a header says."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    async for chunk in response.aiter_bytes():
        yield decoder.decode(chunk)
