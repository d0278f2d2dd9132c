"""One WebSocket connection: between the application, in its task, and the client, in the test's.

uvicorn is the judge (0.54, with websockets 17): what its client and its application observe, these observe.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from typing import Any, Final, Protocol, cast

import httpx

from kailash_testkit.asgi import wire_format
from kailash_testkit.asgi.exchange import in_request
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.outcome import Outcome
from kailash_testkit.asgi.protocol import AsgiApp, Message, Scope
from kailash_testkit.asgi.tracebacks import awaiting_frames, exception_line, exception_lines, root
from kailash_testkit.asgi.websocket_errors import (
    ABNORMAL,
    NO_CODE,
    Closing,
    closed,
    denied,
    nothing_received,
    strange_subprotocol,
)
from kailash_testkit.asgi.websocket_handshake import Handshake, as_close
from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import LeftRunning, ProtocolViolation
from kailash_testkit.text import truncate_repr

_log = logging.getLogger("kailash_testkit.asgi")

# How long an application that was not told yet that the client is gone may go on, in seconds.
_GRACE: Final = 1.0
# What an application may send before its client reads: about what the buffers of a real connection hold.
_MOST_BUFFERED: Final = 2**20
_MOST_MESSAGES: Final = 1000

Data = str | bytes


class Connection(Protocol):
    """A WebSocket connection, as a client has it."""

    @property
    def response(self) -> httpx.Response:
        """The answer to the handshake: 101, with the headers of the application."""
        ...

    @property
    def closing(self) -> Closing | None:
        """How the connection ended; None while it is open."""
        ...

    async def send(self, data: Data) -> None:
        """Send a message. Raises `WebSocketClosed`."""
        ...

    async def receive(self, limit: float | None) -> Data:
        """The next message. limit: in seconds; else the request's. Raises `WebSocketClosed`, `NothingReceived`."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, unless it is closed."""
        ...

    async def end(self, failure: BaseException | None) -> None:
        """The client's block is over; raises what is left to raise. failure: what the block raised itself."""
        ...


class ClientGone(OSError):
    """Raised into the application that sends to a connection which is closed, as servers do."""


class AppConnection:
    """Runs the application for one connection.

    request: the handshake. raises: whether the client wants the application's exceptions.
    """

    def __init__(self, request: httpx.Request, *, raises: bool) -> None:
        self.outcome = Outcome()
        self.closing: Closing | None = None
        self._handshake = Handshake(request)
        self._request = request
        self._raises = raises
        self._timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._last: Message | None = None  # the websocket.disconnect that the application was given
        self._told = False  # the application knows that the connection is over
        self._gone = False  # the client has closed, or left
        self._sent: deque[Data] = deque()
        self._buffered = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._app_closing: Closing | None = None
        self._task: asyncio.Task[None] | None = None
        self._reported = False

    @property
    def response(self) -> httpx.Response:
        """The answer to the handshake."""
        return self._handshake.response()

    def start(self, app: AsgiApp, scope: Scope, context: contextvars.Context) -> asyncio.Task[None]:
        """Run the application in a task of its own. context: the task's."""
        name = f"kailash_testkit WEBSOCKET {scope['path']}"
        in_request(context, self._request, name)
        self._inbox.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.get_running_loop().create_task(self._run(app, scope), context=context, name=name)
        return self._task

    # The application's side

    async def _run(self, app: AsgiApp, scope: Scope) -> None:
        try:
            result: object = await app(scope, self._receive, self._send)  # type: ignore[func-returns-value]
            self._check_returned(result)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # as a server does: also SystemExit, and a cancellation
            if not self._is_usual_end(error):
                self.outcome.exception = error
                self.outcome.answered = not self._handshake.is_over
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._news.set()
            self._news_of_end()

    def ended(self, task: asyncio.Task[None]) -> None:
        """The application's task is done, perhaps before its first step."""
        if task.cancelled() and self.outcome.exception is None and not self._gone:
            self.outcome.exception = asyncio.CancelledError()
        self._news.set()

    def _news_of_end(self) -> None:
        if self._gone and not self._raises:
            self._log_unreported()

    def _is_usual_end(self, error: BaseException) -> bool:
        """A handler that lets out that its client has left is through; so does the first example of FastAPI's page."""
        own = root(error)
        left = isinstance(own, ClientGone) or any(kind.__name__ == "WebSocketDisconnect" for kind in type(own).__mro__)
        return self._told and left

    async def _receive(self) -> Message:
        if self._last is not None:
            return self._last
        message = await self._inbox.get()
        if message["type"] == "websocket.disconnect":
            self._last, self._told = message, True
        return message

    async def _send(self, message: Message) -> None:
        while (self._buffered >= _MOST_BUFFERED or len(self._sent) >= _MOST_MESSAGES) and not self._gone:
            self._room.clear()
            await self._room.wait()
        if self._gone:
            self._told = True
            raise ClientGone("the client has closed the WebSocket connection")
        kind = message.get("type") if isinstance(message, dict) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        try:
            if not self._handshake.is_accepted:
                self._answer_handshake(message)
            elif self._app_closing is not None:
                raise wire_format.Refused(f"sent {kind!r} after 'websocket.close'", "send nothing after it")
            elif kind == "websocket.send":
                self._put(_data_of(message))
            elif kind == "websocket.close":
                self._app_closing = as_close(message)
                self._inbox.put_nowait(self._app_closing.as_disconnect())
            else:
                raise wire_format.Refused(
                    f"sent {truncate_repr(kind)} on an open connection", "send websocket.send or websocket.close"
                )
        except wire_format.Refused as refused:
            raise self._violation(refused) from None
        self._news.set()

    def _answer_handshake(self, message: Message) -> None:
        self._handshake.answer(message)
        if self._handshake.is_refused:
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": ABNORMAL})

    def _put(self, data: Data) -> None:
        self._sent.append(data)
        self._buffered += len(data)

    def _check_returned(self, result: object) -> None:
        if not self._handshake.is_over and not self._gone:
            raise self._violation(
                wire_format.Refused(
                    "finished without accepting or refusing the connection", "await websocket.accept(), or close()"
                )
            )
        if self._handshake.is_over and not self._handshake.is_complete:
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

    # The client's side

    async def opened(self) -> None:
        """Wait until the application accepts.

        Raises `WebSocketDenied`, `NothingReceived`, with the application cancelled, and, if the client wants it, the
        application's exception.
        """
        while not self._handshake.is_complete and not self._is_over:
            if not await self._wait(self._timeout):
                raise await self._given_up("to accept or refuse the connection", self._timeout or 0.0)
        if self._handshake.is_accepted:
            strange = self._handshake.strange_subprotocol
            if strange is None:
                return
            self.leave(Closing(NO_CODE, ""))
            await self._let_end(_GRACE)
            raise strange_subprotocol(self._request, strange)
        self._gone = True
        if self._handshake.is_refused and self._handshake.is_complete:
            await self._let_end(_GRACE)
            self._raise_failure()
            raise denied(self._handshake.response(), self._handshake.close_before)
        self._raise_failure()
        self._log_unreported()
        raise denied(self._handshake.server_error(), None)

    async def send(self, data: Data) -> None:
        """Hand a message to the application."""
        await asyncio.sleep(0)  # what the application did since counts, as with a server
        self._notice_end(heard=True)
        if self.closing is not None:
            self._raise_failure()
            raise self._closed("sent nothing: ")
        self._inbox.put_nowait({"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data})

    async def receive(self, limit: float | None) -> Data:
        """The next message of the application."""
        limit = self._timeout if limit is None else limit
        while not self._sent:
            self._notice_end()
            if self.closing is not None:
                await self._let_end(_GRACE)
                self._raise_failure()
                raise self._closed("")
            if not await self._wait(limit):
                raise self._nothing("for a message", limit or 0.0)
        data = self._sent.popleft()
        self._buffered -= len(data)
        self._room.set()
        return data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; the application hears websocket.disconnect."""
        self._notice_end(heard=True)
        if self.closing is None:
            self.closing = Closing(code, reason, by_client=True)
        self.leave(Closing(code, reason))

    def leave(self, closing: Closing) -> None:
        """The client goes away."""
        if self._gone:
            return
        self._gone = True
        if self._app_closing is None:
            self._inbox.put_nowait(closing.as_disconnect())
        self._room.set()
        self._news.set()

    async def end(self, failure: BaseException | None) -> None:
        """Close the connection, let the application end, and raise what it raised."""
        await self.close()
        heard = self._told or self._app_closing is not None
        if not await self._let_end(_GRACE):
            heard = heard or self._told
            rest = None if self._timeout is None else max(0.0, self._timeout - _GRACE)
            if heard and failure is None and await self._let_end(rest):
                heard = False
            await self._cancel(raises=heard and failure is None)
        if failure is None and not self._reported:
            self._raise_failure()
        self._log_unreported()

    def abandon(self) -> None:
        """The client as a whole is closed."""
        self.leave(Closing(ABNORMAL, ""))

    @property
    def _is_over(self) -> bool:
        return self._task is None or self._task.done()

    def _notice_end(self, *, heard: bool = False) -> None:
        """Whether the application has closed, or is through, once all that it sent was read."""
        if self.closing is not None or (self._sent and not heard):
            return
        if self._app_closing is not None:
            self.closing = self._app_closing
        elif self._is_over:
            self.closing = Closing(ABNORMAL, "")
            self._gone = True

    async def _wait(self, seconds: float | None) -> bool:
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

    async def _let_end(self, seconds: float | None) -> bool:
        """Wait for the application's task; whether it ended."""
        if self._task is None or self._task.done():
            return True
        if seconds is None:
            await asyncio.wait({self._task})
            return True
        return not await clocks.wait({self._task}, seconds)

    async def _cancel(self, *, raises: bool) -> None:
        """End the application's task. raises: it went on although it knew that the connection is over."""
        assert self._task is not None
        line, frames = request_line(self._request), awaiting_frames(self._task)
        self._task.cancel()
        stuck = not await self._let_end(_GRACE)
        if not raises and not stuck:
            self._reported = self.outcome.exception is None or isinstance(
                self.outcome.exception, asyncio.CancelledError
            )
            _log.warning(
                "%s: the application went on after its client had left, and was cancelled%s",
                line,
                "".join(f" at {frame}" for frame in frames),
            )
            return
        self._reported = True
        raise LeftRunning(
            f"{line}: the application goes on after the connection was closed",
            details=[f"it is at {frame}" for frame in frames],
            why="it was cancelled, and does not end" if stuck else "it was told of the end, and was cancelled now",
            do="end the handler when receive() or send() tells of the disconnect",
        )

    async def _given_up(self, what: str, seconds: float) -> BaseException:
        error = self._nothing(what, seconds)
        self.abandon()
        self._reported = True
        if self._task is not None:
            self._task.cancel()
            await self._let_end(_GRACE)
        return error

    def _nothing(self, what: str, seconds: float) -> BaseException:
        waits = self._inbox.empty() and not self._is_over
        frames = [] if self._task is None else awaiting_frames(self._task)
        return nothing_received(self._request, what, seconds, frames, may_wait_for_client=waits)

    def _closed(self, prefix: str) -> BaseException:
        assert self.closing is not None
        error, by_return = self.outcome.exception, self._app_closing is None and not self.closing.by_client
        self._reported = self._reported or error is not None
        line = None if error is None else Masker(self._request).text(exception_line(error))
        return closed(self._request, self.closing, prefix, returned=by_return, error=line, cause=error)

    def _raise_failure(self) -> None:
        """Raises the application's exception, if there is one and the client wants it."""
        error = self.outcome.exception
        if error is None or not self._raises:
            return
        self._reported = True
        raise self.outcome.to_raise(self._request)

    def _log_unreported(self) -> None:
        error = self.outcome.exception
        if error is None or self._reported or isinstance(error, asyncio.CancelledError):
            return
        self._reported = True
        masker = Masker(self._request)
        lines = "".join(f"\n  {masker.text(line)}" for line in exception_lines(error))
        _log.error("%s: exception in the application%s", request_line(self._request), lines)


def websocket_scope(scope: Scope, subprotocols: list[str]) -> Scope:
    """The scope of a connection, from that of a request."""
    made: dict[str, Any] = {
        **scope,
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "subprotocols": subprotocols,
        "extensions": {"websocket.http.response": {}},
    }
    del made["method"]
    return made


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
    return data
