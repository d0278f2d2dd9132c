"""`Timeline`: the last requests that the clients of a kit made, and what each of them changed.

A ring of fixed length: a test that makes thousands of requests keeps the last ones. Its cost is one look at
the journal's position before and after each request; what a request changed is read only when somebody asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from kailash_testkit import looks
from kailash_testkit.concurrency import clocks
from kailash_testkit.internals.nexus import recorded_age

if TYPE_CHECKING:
    from kailash_testkit import http_library as httpx

_OF_CLIENTS: Final = frozenset({"httpx", "httpx2", "kailash_testkit"})

TIMED: Final = "kailash_testkit.timed"
"""Key in a request's extensions: its `TimedRequest`."""

CURRENT: contextvars.ContextVar[TimedRequest] = contextvars.ContextVar("kailash_testkit_request")
"""In the application's tasks: the request that they work on."""

_LENGTH: Final = 200
_LARGEST_KEPT: Final = 64 * 1024  # bytes of a body: a ring of uploads would fill the memory


def _nobody() -> None:
    return None


@dataclass(eq=False)
class TimedRequest:
    """One request of a client.

    number: counts the test's requests, from 1.
    seconds: from sending to the end of the response and its background tasks; None while it runs.
    status: of the response; None without one.
    failure: what was raised in place of a response, in a few words.
    recorded: Nexus answered from its record, without running the handler.
    elsewhere: it went to a server at a URL, perhaps in another process.
    first, last: the journal's positions before and after it; None where they are not known.
    app: the application in this process; None for a server at a URL.
    path: without the query. sent, answer: the bodies, where they are JSON, small, and read.
    is_websocket: a connection, whose handshake is a GET. has_raised: the application raised, to a client a 500.
    """

    number: int
    method: str
    line: Callable[[], str]
    first: int | None
    elsewhere: bool = False
    seconds: float | None = None
    status: int | None = None
    failure: str | None = None
    recorded: bool = False
    last: int | None = None
    task: str | None = None
    app: object = None
    path: str = ""
    sent: bytes | None = None
    answer: bytes | None = None
    is_websocket: bool = False
    has_raised: bool = False
    worker: Callable[[], asyncio.Task[Any] | None] = _nobody
    """The application's task that works on it, while there is one."""

    def covers(self, position: int) -> bool:
        """Whether the journal was at that position while the request ran; it may still run."""
        return self.first is not None and self.first < position and (self.last is None or position <= self.last)

    @property
    def succeeded(self) -> bool:
        """Whether it was answered with a status below 400."""
        return self.status is not None and self.status < 400

    def __str__(self) -> str:
        end = str(self.status) if self.status is not None else self.failure or "(still running)"
        return f"{self.line()} -> {end}"


class Timeline:
    """The last requests, oldest first: ``for request in kit.timeline: print(request)``.

    position: the journal's present position.
    """

    def __init__(self, position: Callable[[], int | None]) -> None:
        self._position = position
        self._requests: deque[TimedRequest] = deque(maxlen=_LENGTH)
        self._is_recording = True
        self.checks: list[Callable[[TimedRequest], None]] = []
        """What may refuse an answered request by raising."""
        self.on_request: Callable[[bool], None] | None = None
        """Called with True when a request begins, and with False when it has ended."""
        self.count = 0
        self.elsewhere = 0
        """How many requests of this kit's clients went to a server at a URL, perhaps in another process."""

    def __iter__(self) -> Iterator[TimedRequest]:
        return iter(self._requests)

    def __len__(self) -> int:
        return len(self._requests)

    def clear(self) -> None:
        """Forgets all: another test begins."""
        self._requests.clear()
        self.count = 0

    def forget_positions(self) -> None:
        """The journal went back, so that its positions mean something else from now on."""
        for request in self._requests:
            request.first = request.last = None

    @contextlib.contextmanager
    def unrecorded(self) -> Generator[None, None, None]:
        """A block whose requests are none of the test's: the kit tries something."""
        before, self._is_recording = self._is_recording, False
        try:
            yield
        finally:
            self._is_recording = before

    def begin(self, request: httpx.Request, *, app: object) -> Running:
        """A request starts: ``with timeline.begin(request, ...) as running: running.answered(response)``.

        app: the application; None where that is behind a URL.
        """
        self.count += self._is_recording
        timed = TimedRequest(self.count, request.method, _line(request), self._position(), elsewhere=app is None)
        timed.app, timed.path, timed.is_websocket = app, request.url.path, request.url.scheme in ("ws", "wss")
        self.elsewhere += app is None
        if self._is_recording:
            self._requests.append(timed)
        request.extensions[TIMED] = timed
        return Running(timed, self._position, self.on_request)

    def check(self, request: httpx.Request) -> None:
        """An answered request; raises what the checks raise."""
        for check in self.checks:
            check(request.extensions[TIMED])

    def during(self, position: int) -> list[TimedRequest]:
        """The requests that ran while the journal came to a position: one, unless several ran at the same time."""
        return [request for request in self._requests if request.covers(position)]


class Running:
    """A request that runs."""

    def __init__(
        self,
        timed: TimedRequest,
        position: Callable[[], int | None],
        on_request: Callable[[bool], None] | None = None,
    ) -> None:
        self._timed = timed
        self._position = position
        self._on_request = on_request
        self._started = clocks.now()

    def answered(self, response: httpx.Response, *, recorded: bool = False) -> None:
        """The response is there. recorded: Nexus took it from its record, which is seen of a small one here."""
        timed = self._timed
        timed.status = response.status_code
        timed.sent, timed.answer = _json_of(response.request), _json_of(response)
        timed.recorded = recorded or (timed.answer is not None and recorded_age(timed.answer) is not None)
        if looks.observer is not None:
            looks.observer.answered(response, timed)

    def __enter__(self) -> Self:
        if self._on_request is not None:
            self._on_request(True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._on_request is not None:
            self._on_request(False)
        timed = self._timed
        timed.seconds = clocks.now() - self._started
        if timed.first is not None:
            timed.last = self._position()
        if error is not None and timed.status is None:
            timed.failure = f"raised {type(error).__name__}"
            timed.has_raised = _is_of_application(error)


def _json_of(message: httpx.Request | httpx.Response) -> bytes | None:
    """The body, if it is JSON, small, and was read as a whole."""
    if "json" not in message.headers.get("content-type", ""):
        return None
    content: bytes | None = vars(message).get("_content")  # of a stream, httpx has none
    return content if content is not None and len(content) <= _LARGEST_KEPT else None


def _is_of_application(error: BaseException) -> bool:
    """Whether the application raised it: not the client, for a wrong request or out of patience, and not the kit."""
    return isinstance(error, Exception) and type(error).__module__.partition(".")[0] not in _OF_CLIENTS


def _line(request: httpx.Request) -> Callable[[], str]:
    """Says method and URL without secrets; what it takes to find these is spared until somebody asks."""
    from kailash_testkit.asgi.masking import request_line, sent_body

    body = sent_body(request)  # None: a stream, of which nothing is kept
    if body is None or len(body) <= _LARGEST_KEPT:
        return lambda: request_line(request)
    line = request_line(request)
    return lambda: line
