"""The application's side of a WebSocket connection: its task, what it receives, and what it sent."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from typing import Final, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi import wire_format
from kailash_testkit.asgi.exchange import in_request
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.outcome import Outcome
from kailash_testkit.asgi.protocol import AsgiApp, Message, Scope
from kailash_testkit.asgi.tracebacks import root
from kailash_testkit.asgi.websocket_errors import ABNORMAL, Closing
from kailash_testkit.asgi.websocket_handshake import Handshake, as_close
from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import ProtocolViolation
from kailash_testkit.text import truncate_repr

# What an application may send before its client reads: about what the buffers of a real connection hold.
_MOST_BUFFERED: Final = 2**20
_MOST_MESSAGES: Final = 1000

LARGEST: Final = 2**24
"""Bytes of a message that a server takes: uvicorn's default."""

Data = str | bytes


class ClientGone(OSError):
    """Raised into the application that sends to a connection which is closed, as servers do."""


class RunningApplication:
    """Runs the application for one connection.

    closing: how it closed the connection, if it did. is_told: it knows that the connection is over.
    """

    def __init__(self, request: httpx.Request) -> None:
        self.outcome = Outcome()
        self.handshake = Handshake(request)
        self.closing: Closing | None = None
        self.is_told = False
        self.client_is_gone = False  # it has closed, or left
        self._connection_is_lost = False  # a turn of the loop later
        self.task: asyncio.Task[None] | None = None
        self.sent: deque[Data] = deque()
        self._request = request
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._last: Message | None = None  # the websocket.disconnect that it was given
        self._buffered = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()

    def start(self, app: AsgiApp, scope: Scope, context: contextvars.Context) -> asyncio.Task[None]:
        """Run it in a task of its own. context: the task's."""
        name = f"kailash_testkit WEBSOCKET {scope['path']}"
        in_request(context, self._request, name)
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.get_running_loop().create_task(self._run(app, scope), context=context, name=name)
        return self.task

    @property
    def is_over(self) -> bool:
        """Whether its task is done."""
        return self.task is None or self.task.done()

    @property
    def waits_for_client(self) -> bool:
        """Whether all that the client sent was received, and it may wait for more."""
        return self._inbox.empty() and not self.is_over

    def ended(self, task: asyncio.Task[None]) -> None:
        """Its task is done, perhaps before its first step."""
        if task.cancelled() and self.outcome.exception is None and not self.client_is_gone:
            self.outcome.exception = asyncio.CancelledError()
        self._news.set()

    # What the client does

    def deliver(self, data: Data) -> None:
        """Hand it a message."""
        self._inbox.put_nowait({"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data})

    def take(self) -> Data:
        """The first message that it sent."""
        data = self.sent.popleft()
        self._buffered -= len(data)
        self._room.set()
        return data

    def leave(self, closing: Closing) -> None:
        """The client goes away."""
        if self.client_is_gone:
            return
        self.client_is_gone = True
        if self.closing is None:
            self._inbox.put_nowait(closing.as_disconnect())
        asyncio.get_running_loop().call_soon(self._lose_connection)  # after the turn in which it may hear of it
        self._room.set()
        self._news.set()

    def _lose_connection(self) -> None:
        self._connection_is_lost = True

    async def wait_for_news(self, seconds: float | None) -> bool:
        """Until something is new; whether that was within the time."""
        if not self._news.is_set():
            await asyncio.sleep(0)  # most handlers answer after a turn, which saves a timer
        if not self._news.is_set():
            waiting = asyncio.ensure_future(self._news.wait())
            try:
                if seconds is None:
                    await waiting
                elif await clocks.wait({waiting}, seconds):
                    return False
            finally:
                waiting.cancel()
        self._news.clear()
        return True

    async def let_end(self, seconds: float | None) -> bool:
        """Wait for its task; whether it ended."""
        if self.task is None or self.task.done():
            return True
        if seconds is None:
            await asyncio.wait({self.task})
            return True
        return not await clocks.wait({self.task}, seconds)

    # What the application does

    async def _run(self, app: AsgiApp, scope: Scope) -> None:
        try:
            result: object = await app(scope, self._receive, self._send)  # type: ignore[func-returns-value]
            self._check_returned(result)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # as a server does: also SystemExit, and a cancellation
            if not self._is_usual_end(error):
                self.outcome.exception = error
                self.outcome.answered = not self.handshake.is_over
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._news.set()

    def _is_usual_end(self, error: BaseException) -> bool:
        """A handler that lets out that its client has left is through; so does the first example of FastAPI's page."""
        own = root(error)
        left = isinstance(own, ClientGone) or any(kind.__name__ == "WebSocketDisconnect" for kind in type(own).__mro__)
        return self.is_told and left

    async def _receive(self) -> Message:
        if self._last is not None:
            return self._last
        message = await self._inbox.get()
        if message["type"] == "websocket.disconnect":
            self._last, self.is_told = message, True
        return message

    async def _send(self, message: Message) -> None:
        while (self._buffered >= _MOST_BUFFERED or len(self.sent) >= _MOST_MESSAGES) and not self.client_is_gone:
            self._room.clear()
            await self._room.wait()
        kind = message.get("type") if isinstance(message, dict) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if self.client_is_gone:
            if kind == "websocket.close" and self.is_told and not self._connection_is_lost:
                return  # in a `finally`, as it hears of the end: a server has nothing left to close
            self.is_told = True
            raise ClientGone("the client has closed the WebSocket connection")
        try:
            if not self.handshake.is_accepted:
                self._answer_handshake(message)
            elif self.closing is not None:
                raise wire_format.Refused(f"sent {kind!r} after 'websocket.close'", "send nothing after it")
            elif kind == "websocket.send":
                self._put(_data_of(message))
            elif kind == "websocket.close":
                self.closing = as_close(message)
                self._inbox.put_nowait(self.closing.as_disconnect())
            else:
                raise wire_format.Refused(
                    f"sent {truncate_repr(kind)} on an open connection", "send websocket.send or websocket.close"
                )
        except wire_format.Refused as refused:
            raise self._violation(refused) from None
        self._news.set()

    def _answer_handshake(self, message: Message) -> None:
        self.handshake.answer(message)
        if self.handshake.is_refused:
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": ABNORMAL})

    def _put(self, data: Data) -> None:
        self.sent.append(data)
        self._buffered += len(data)

    def _check_returned(self, result: object) -> None:
        if not self.handshake.is_over and not self.client_is_gone:
            raise self._violation(
                wire_format.Refused(
                    "finished without accepting or refusing the connection", "await websocket.accept(), or close()"
                )
            )
        if self.handshake.is_over and not self.handshake.is_complete:
            raise self._violation(
                wire_format.Refused(
                    "finished in the middle of its refusal", "end its body with a message without `more_body`"
                )
            )
        if result is not None:
            raise self._violation(
                wire_format.Refused(f"returned {truncate_repr(result)}, and not None", "return nothing")
            )

    def _violation(self, refused: wire_format.Refused) -> ProtocolViolation:
        what = Masker(self._request).text(refused.what)
        return ProtocolViolation(f"{request_line(self._request)}: the application {what}", do=refused.do)


def _data_of(message: Message) -> Data:
    """What a websocket.send carries. Raises `Refused`."""
    data = message.get("bytes")
    if data is None:
        data = message.get("text")
    if isinstance(data, bytearray | memoryview):
        return bytes(cast("bytes", data))
    if not isinstance(data, str | bytes):
        raise wire_format.Refused(
            f"sent {truncate_repr(data)} as a message", 'send "text": a str, or "bytes": bytes, in websocket.send'
        )
    if isinstance(data, str) and _has_surrogates(data):
        raise wire_format.Refused(
            f"sent {truncate_repr(data)} as a message", "send text that can be encoded: it has half of a surrogate pair"
        )
    return data


def size_of(data: Data) -> int:
    """The bytes of a message, of which text is UTF-8."""
    return len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode("utf-8", "surrogatepass"))


def _has_surrogates(text: str) -> bool:
    try:
        return not text.isascii() and not text.encode()
    except UnicodeEncodeError:
        return True
