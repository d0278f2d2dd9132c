"""A bounded buffer between the application that writes a body and the client that reads it."""

from __future__ import annotations

import asyncio
from collections import deque

# The same amount as uvicorn: an application that is this many bytes ahead of its reader waits.
HIGH_WATER = 65_536


class BodyPipe:
    """Bytes from one writer to one reader; the writer waits while the reader is far behind."""

    def __init__(self) -> None:
        self.ended = False
        self.news = asyncio.Event()
        """Set by whatever is new for the reader, who clears it before waiting."""
        self.is_full = False
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._abandoned = False
        self._room: asyncio.Event | None = None

    async def room(self) -> None:
        """Wait until the reader has caught up, or has gone away."""
        while self.is_full:
            if self._room is None:
                self._room = asyncio.Event()
            self._room.clear()
            await self._room.wait()

    def put(self, chunk: bytes) -> None:
        """Hand ``chunk`` to the reader."""
        if not chunk or self._abandoned:
            return
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self.is_full = self._buffered >= HIGH_WATER
        self.news.set()

    def end(self) -> None:
        """Nothing more will come."""
        self.ended = True
        self.news.set()

    def abandon(self) -> None:
        """The reader goes away: what is buffered is dropped, and the writer waits no longer."""
        self._abandoned = True
        self._chunks.clear()
        self._make_room()
        self.end()

    def take(self) -> bytes | None:
        """The next chunk; None when there is none now."""
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        if self.is_full and self._buffered < HIGH_WATER:
            self._make_room()
        return chunk

    def _make_room(self) -> None:
        self.is_full = False
        if self._room is not None:
            self._room.set()
