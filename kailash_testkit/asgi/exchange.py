"""One request and its response: between the application, in its task, and the client, in the test's."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import weakref
from collections.abc import AsyncIterator

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.outcome import Outcome
from kailash_testkit.asgi.pipe import BodyPipe
from kailash_testkit.asgi.protocol import AsgiApp, Headers, Message, Scope
from kailash_testkit.asgi.request_body import RequestBody
from kailash_testkit.asgi.response_writer import ResponseWriter
from kailash_testkit.asgi.timeline import CURRENT, TIMED, TimedRequest
from kailash_testkit.asgi.tracebacks import app_frames, exception_line, exception_lines
from kailash_testkit.concurrency import clocks

_log = logging.getLogger("kailash_testkit.asgi")

# How long an application whose request timed out may take to clean up, in seconds.
_GRACE = 1.0


class Exchange:
    """Runs the application for one request and hands its response to the client as it is sent.

    request: the request.
    headers: its headers, with names in lower case.
    raises: whether the client wants the application's exceptions, or what a server makes of them.
    """

    def __init__(self, request: httpx.Request, headers: Headers, *, raises: bool) -> None:
        self.outcome = Outcome()
        self.response = ResponseWriter(request, pipe := BodyPipe())
        self._request = request
        self._raises = raises
        self._timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._loop = asyncio.get_running_loop()
        self._last_progress = 0.0  # when something last happened, by the loop's clock
        self._timed_out = False  # nothing did for longer than the timeout
        self._disconnect: asyncio.Future[None] = self._loop.create_future()
        self._response_begun = asyncio.Event()
        self._pipe = pipe
        self._body = RequestBody(request, headers)
        self._task: asyncio.Task[None] | None = None
        self._closed = False  # the client is no longer interested
        self._disconnected = False  # ... and was not when the response was incomplete
        self._reported = False  # somebody heard of the application's exception

    def start(self, app: AsgiApp, scope: Scope, context: contextvars.Context) -> asyncio.Task[None]:
        """Run the application in a task of its own.

        context: the task's. Call `ended` when the task is done.
        """
        name = f"kailash_testkit {scope['method']} {scope['path']}"
        in_request(context, self._request, name)
        self._task = self._loop.create_task(self._run(app, scope), context=context, name=name)
        timed: TimedRequest | None = self._request.extensions.get(TIMED)
        if timed is not None:
            timed.worker = weakref.ref(self._task)
        return self._task

    # The application's side

    async def _run(self, app: AsgiApp, scope: Scope) -> None:
        try:
            result: object = await app(scope, self._receive, self._send)  # type: ignore[func-returns-value]
            if not self._disconnected:
                self.response.check_returned(result)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # as a server does: also SystemExit, and a cancellation
            self.outcome.exception = error
            self.outcome.answered = not self.response.started or error is self.response.handled
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._finish()  # here, and not in a callback of the task: that would cost a turn of the loop

    def ended(self, task: asyncio.Task[None]) -> None:
        """The application's task is done, perhaps before its first step."""
        if task.cancelled() and self.outcome.exception is None:
            self.outcome.exception = asyncio.CancelledError()
            self._finish()

    def _finish(self) -> None:
        self._body.close()
        self._leave()
        self._pipe.end()
        self._response_begun.set()
        if self._closed:
            self._log_unreported()

    async def _receive(self) -> Message:
        if not self._disconnect.done() and not self._body.exhausted:
            message = await self._body.message(self._disconnect)
            if message is not None:
                self._last_progress = self._loop.time()  # the application did not hang
                return message
            if self._body.failure is not None:
                self.close()
        if not self._disconnect.done():  # else at once: who polls for it allows no turn of the loop
            await asyncio.wait({self._disconnect})
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._pipe.is_full:
            await self._pipe.room()
        if self._disconnected:
            return  # as with a server: writing to a closed connection is no error
        self.response.write(message, handled=sys.exception())
        self._response_begun.set()
        if self.response.complete:
            self._leave()

    def _leave(self) -> None:
        """From now on the application hears http.disconnect."""
        if not self._disconnect.done():
            self._disconnect.set_result(None)

    # The client's side

    async def begun(self) -> bool:
        """Wait for the response to begin; False when the application failed before, and a bare 500 is due.

        Raises the application's exception, if the client wants it; whatever iterating the request's stream
        raised; `httpx.ReadTimeout`, with the application cancelled; `httpx.ReadError` after `close`;
        `httpx.RemoteProtocolError` when the application answered with what cannot be sent.
        """
        await self._until(self._response_begun)
        self._raise_own_failure()
        if self.response.begun:
            return True
        if self._raises:
            raise self._exception_to_raise()
        if self.response.started:
            raise self._broken_off("sent no response")
        self._log_unreported()
        return False

    def whole_body(self) -> bytes | None:
        """The body, if the application is through and nothing failed; else None, and `chunks` has it."""
        failed = self.outcome.exception or self._body.failure
        if not self._pipe.ended or not self.response.complete or self._disconnected or failed is not None:
            return None
        return b"".join(iter(self._pipe.take, None))

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it is sent; it ends with the application's task, so that no failure gets lost.

        Raises like `begun`, and `httpx.RemoteProtocolError` when the response broke off and the client does
        not want the exception.
        """
        pipe = self._pipe
        while True:
            chunk = pipe.take()
            if chunk is not None:
                yield chunk
            elif pipe.ended:
                break
            else:
                pipe.news.clear()
                await self._until(pipe.news)
        self._raise_own_failure()
        error = self.outcome.exception
        if error is None:
            return
        if self._raises:
            raise self._exception_to_raise()
        if not self.response.is_whole:
            raise self._broken_off(f"broke off its {self.response.status} response in mid-body")

    def abandon(self) -> None:
        """The client as a whole is closed."""
        self.close()

    def close(self) -> None:
        """The client goes away; where the response is incomplete, the application hears http.disconnect."""
        self._closed = True
        if self._task is not None and self._task.done():
            self._log_unreported()
        elif not self.response.complete:
            self._disconnected = True
            self._leave()
            self._pipe.abandon()
            self._response_begun.set()

    async def _until(self, event: asyncio.Event) -> None:
        """Wait for ``event``; gives up when nothing happens for longer than the timeout."""
        if not event.is_set():
            await asyncio.sleep(0)  # most handlers are through after their first turn, which saves a timer
        if event.is_set():
            return
        if self._timeout is None:
            await event.wait()
            return
        self._last_progress = self._loop.time()
        timer = self._loop.call_later(self._timeout, self._check_timeout, event)
        try:
            await event.wait()
        finally:
            timer.cancel()
        if self._timed_out:
            raise await self._give_up()

    def _check_timeout(self, event: asyncio.Event) -> None:
        """Whether the time is up, or the request's body moved on meanwhile. One timer: most never fire."""
        due = self._last_progress + (self._timeout or 0.0)
        if event.is_set():
            return
        if self._loop.time() < due:
            self._loop.call_at(due, self._check_timeout, event)
        else:
            self._timed_out = True
            event.set()

    async def _give_up(self) -> httpx.ReadTimeout:
        complete, self._reported = self.response.complete, True
        self.close()
        if self._task is not None:
            self._task.cancel()
            await clocks.wait({self._task}, _GRACE)
        stuck = self.outcome.exception
        at = app_frames(stuck, most=1) if stuck is not None else []
        what = "sent its response but goes on (a background task?)" if complete else "sent nothing"
        timeout = httpx.ReadTimeout(
            f"{request_line(self._request)}: the application {what} for {self._timeout:g} s "
            f"and was cancelled{''.join(f' at {line}' for line in at)}",
            request=self._request,
        )
        timeout.__cause__ = stuck
        return timeout

    def _broken_off(self, how: str) -> httpx.RemoteProtocolError:
        """What a client of a server sees of a connection that is closed where more has to come."""
        error, self._reported = self.outcome.exception, True
        reason = "" if error is None else f": {Masker(self._request).text(exception_line(error))}"
        broken = httpx.RemoteProtocolError(f"the application {how}{reason}", request=self._request)
        broken.__cause__ = error
        return broken

    def _raise_own_failure(self) -> None:
        if self._body.failure is not None:
            raise self._body.failure
        if self._disconnected:
            raise httpx.ReadError("the client was closed before the response was complete", request=self._request)

    def _exception_to_raise(self) -> BaseException:
        self._reported = True
        return self.outcome.to_raise(self._request)

    def _log_unreported(self) -> None:
        error = self.outcome.exception
        if error is not None and not self._reported and not isinstance(error, asyncio.CancelledError):
            self._reported = True
            # Short and masked, where a full traceback could show the request's secrets.
            masker = Masker(self._request)
            lines = "".join(f"\n  {masker.text(line)}" for line in exception_lines(error))
            _log.error("%s: exception in the application%s", request_line(self._request), lines)


def in_request(context: contextvars.Context, request: httpx.Request, task: str) -> None:
    """Notes in the context of an application's task which request it works on. task: its name."""
    timed: TimedRequest | None = request.extensions.get(TIMED)
    if timed is not None:
        timed.task = task
        context.run(CURRENT.set, timed)
