"""One WebSocket connection: between the application, in its task, and the client, in the test's.

uvicorn is the judge (0.54, with websockets 17): what its client and its application observe, these observe.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import Any, Final, Protocol

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.outcome import Outcome
from kailash_testkit.asgi.protocol import AsgiApp, Scope
from kailash_testkit.asgi.tracebacks import awaiting_frames, exception_line, exception_lines
from kailash_testkit.asgi.websocket_application import LARGEST, Data, RunningApplication, size_of
from kailash_testkit.asgi.websocket_errors import (
    ABNORMAL,
    NO_CODE,
    TOO_BIG,
    Closing,
    broken_off,
    closed,
    denied,
    nothing_received,
    strange_subprotocol,
)
from kailash_testkit.errors import LeftRunning

_log = logging.getLogger("kailash_testkit.asgi")

# How long an application that was not told yet that the client is gone may go on, in seconds.
_GRACE: Final = 1.0


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


class AppConnection:
    """The client's side of a connection to an application in this process.

    request: the handshake. raises: whether the client wants the application's exceptions.
    """

    def __init__(self, request: httpx.Request, *, raises: bool) -> None:
        self.closing: Closing | None = None
        self._app = RunningApplication(request)
        self._request = request
        self._raises = raises
        self._timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._reported = False

    @property
    def outcome(self) -> Outcome:
        """How the application ended."""
        return self._app.outcome

    @property
    def response(self) -> httpx.Response:
        """The answer to the handshake."""
        return self._app.handshake.response()

    def start(self, app: AsgiApp, scope: Scope, context: contextvars.Context) -> asyncio.Task[None]:
        """Run the application in a task of its own. context: the task's."""
        return self._app.start(app, scope, context)

    def ended(self, task: asyncio.Task[None]) -> None:
        """The application's task is done, perhaps before its first step."""
        self._app.ended(task)
        if self._app.client_is_gone and not self._raises:
            self._log_unreported()

    async def opened(self) -> None:
        """Wait until the application accepts.

        Raises `WebSocketDenied`, `NothingReceived`, with the application cancelled, and, if the client wants it, the
        application's exception.
        """
        while not self._app.handshake.is_complete and not self._app.is_over:
            if not await self._app.wait_for_news(self._timeout):
                raise await self._given_up("to accept or refuse the connection", self._timeout or 0.0)
        if self._app.handshake.is_accepted:
            strange = self._app.handshake.strange_subprotocol
            if strange is None:
                return
            self._app.leave(Closing(NO_CODE, ""))
            await self._app.let_end(_GRACE)
            raise strange_subprotocol(self._request, strange)
        self._app.client_is_gone = True
        if self._app.handshake.is_refused and self._app.handshake.is_complete:
            await self._app.let_end(_GRACE)
            self._raise_failure()
            raise denied(self._app.handshake.response(), self._app.handshake.close_before)
        self._raise_failure()
        self._log_unreported()
        if self._app.handshake.is_over:
            raise broken_off(self._request)
        raise denied(self._app.handshake.server_error(), None)

    async def send(self, data: Data) -> None:
        """Hand a message to the application."""
        await asyncio.sleep(0)  # what the application did since counts, as with a server
        self._notice_end(heard=True)
        if self.closing is not None:
            self._raise_failure()
            raise self._closed("sent nothing: ")
        if (size := size_of(data)) > LARGEST:
            reason = f"frame with {size} bytes exceeds limit of {LARGEST} bytes"
            self.closing = Closing(TOO_BIG, reason)
            self._app.leave(self.closing)
        else:
            self._app.deliver(data)

    async def receive(self, limit: float | None) -> Data:
        """The next message of the application."""
        limit = self._timeout if limit is None else limit
        while not self._app.sent:
            self._notice_end()
            if self.closing is not None:
                await self._app.let_end(_GRACE)
                self._raise_failure()
                raise self._closed("")
            if not await self._app.wait_for_news(limit):
                raise self._nothing("for a message", limit or 0.0)
        return self._app.take()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; the application hears websocket.disconnect."""
        self._notice_end(heard=True)
        if self.closing is None:
            self.closing = Closing(code, reason, by_client=True)
        self._app.leave(Closing(code, reason))

    async def end(self, failure: BaseException | None) -> None:
        """Close the connection, let the application end, and raise what it raised."""
        await self.close()
        heard = self._app.is_told or self._app.closing is not None
        if not await self._app.let_end(_GRACE):
            heard = heard or self._app.is_told
            rest = None if self._timeout is None else max(0.0, self._timeout - _GRACE)
            if heard and failure is None and await self._app.let_end(rest):
                heard = False
            await self._cancel(raises=heard and failure is None)
        if failure is None and not self._reported:
            self._raise_failure()
        self._log_unreported()

    def abandon(self) -> None:
        """The client as a whole is closed."""
        self._app.leave(Closing(ABNORMAL, ""))

    def _notice_end(self, *, heard: bool = False) -> None:
        """Whether the application has closed, or is through, once all that it sent was read."""
        if self.closing is not None or (self._app.sent and not heard):
            return
        if self._app.closing is not None:
            self.closing = self._app.closing
        elif self._app.is_over:
            self.closing = Closing(ABNORMAL, "")
            self._app.client_is_gone = True

    async def _cancel(self, *, raises: bool) -> None:
        """End the application's task. raises: it went on although it knew that the connection is over."""
        assert self._app.task is not None
        line, frames = request_line(self._request), awaiting_frames(self._app.task)
        self._app.task.cancel()
        stuck = not await self._app.let_end(_GRACE)
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
        if self._app.task is not None:
            self._app.task.cancel()
            await self._app.let_end(_GRACE)
        return error

    def _nothing(self, what: str, seconds: float) -> BaseException:
        waits = self._app.waits_for_client
        frames = [] if self._app.task is None else awaiting_frames(self._app.task)
        return nothing_received(self._request, what, seconds, frames, may_wait_for_client=waits)

    def _closed(self, prefix: str) -> BaseException:
        assert self.closing is not None
        error, by_return = self.outcome.exception, self._app.closing is None and not self.closing.by_client
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
