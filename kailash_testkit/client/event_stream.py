"""The format text/event-stream, as the HTML standard reads it.

The package httpx-sse (0.4.3) takes a comment after an event with an id, which servers send to keep a connection open,
for an empty event: a test would count events that no browser sees.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_END_OF_LINE: Final = re.compile(r"\r\n|\n|\r(?!$)")  # a carriage return at the end may be half of one


@dataclass(frozen=True)
class ServerSentEvent:
    """One event. id: of the last event that had one. retry: in milliseconds, where the server gave it."""

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None

    def json(self) -> Any:
        """The value of ``data``, which is JSON."""
        return json.loads(self.data)


class EventParser:
    """Makes events of text as it comes.

    >>> list(EventParser().events("id: 1\\ndata: a\\n\\n: still here\\n\\nda"))
    [ServerSentEvent(event='message', data='a', id='1', retry=None)]
    """

    def __init__(self) -> None:
        self._rest: str | None = None  # None before the first text
        self._data: list[str] = []
        self._event = self._id = ""
        self._retry: int | None = None

    def events(self, text: str) -> list[ServerSentEvent]:
        """The events that end in ``text``."""
        text = text.removeprefix("\ufeff") if self._rest is None else self._rest + text
        *lines, self._rest = _END_OF_LINE.split(text)
        found = [self._read(line) for line in lines]
        return [event for event in found if event is not None]

    def _read(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._ended()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self._retry = int(value)
            case _:  # a comment begins with a colon, and has no name
                pass
        return None

    def _ended(self) -> ServerSentEvent | None:
        data, event, retry = self._data, self._event or "message", self._retry
        self._data, self._event = [], ""
        if not data:
            return None
        self._retry = None
        return ServerSentEvent(event, "\n".join(data), self._id, retry)
