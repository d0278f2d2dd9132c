"""Server-sent events of a synchronous test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from types import TracebackType
from typing import Self

from kailash_testkit.client.event_stream import ServerSentEvent
from kailash_testkit.client.events import Events
from kailash_testkit.concurrency.portal import Portal


class SyncEvents:
    """`Events` without ``await``: ``for event in sync_api.events("/news")``; ``with`` leaves it at the block's end."""

    def __init__(self, events: Events, portal: Portal, /) -> None:
        self._stream = _stream(events, portal)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ServerSentEvent:
        return next(self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the stream; the application hears the disconnect."""
        self._stream.close()


def _stream(events: Events, portal: Portal) -> Generator[ServerSentEvent, None, None]:
    try:
        while (event := portal(_following, aiter(events))) is not None:
            yield event
    finally:
        portal(events.aclose)


async def _following(events: AsyncIterator[ServerSentEvent]) -> ServerSentEvent | None:
    return await anext(events, None)
