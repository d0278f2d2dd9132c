"""The lifespan of an application: one startup, one shutdown, both in one task."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from dataclasses import dataclass
from typing import Any, Literal

from kailash_testkit.asgi.protocol import AsgiApp, Message
from kailash_testkit.asgi.tracebacks import app_frames, exception_line
from kailash_testkit.concurrency import clocks, contexts
from kailash_testkit.errors import LifespanFailed, ProtocolViolation

_log = logging.getLogger("kailash_testkit.asgi")

# How long an application that reported a failed or complete phase may still take to return, in seconds.
_GRACE = 1.0

_OF_STARTUP = ("lifespan.startup.complete", "lifespan.startup.failed")
_OF_SHUTDOWN = ("lifespan.shutdown.complete", "lifespan.shutdown.failed")

Phase = Literal["startup", "shutdown"]


@dataclass(frozen=True)
class TimeLimits:
    """How long an application's startup and shutdown may take, in seconds; None: as long as they like."""

    startup: float | None = 10.0
    shutdown: float | None = 10.0


class Lifespan:
    """Runs an application's lifespan once, as a server does.

    The application runs in a task of its own, so that what startup opened (task groups, cancel scopes, context
    variables) is closed where it was opened. An application without lifespan is left alone.

    app: the ASGI application.
    context: what its import set; the task starts from a copy.
    limits: a phase that takes longer is cancelled.

    >>> async def app(scope, receive, send):
    ...     await receive()
    ...     scope["state"]["pool"] = "open"
    ...     await send({"type": "lifespan.startup.complete"})
    ...     await receive()
    ...     await send({"type": "lifespan.shutdown.complete"})
    >>> async def main():
    ...     lifespan = Lifespan(app)
    ...     await lifespan.startup()
    ...     print(lifespan.state)
    ...     await lifespan.shutdown()
    >>> asyncio.run(main())
    {'pool': 'open'}
    """

    def __init__(
        self, app: AsgiApp, /, *, context: contextvars.Context | None = None, limits: TimeLimits | None = None
    ) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._context = contexts.of_application() if context is None else context.copy()
        self._limits = limits or TimeLimits()
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stopped = asyncio.Event()
        self._asked = False  # the application called receive()
        self._complete = False  # it sent lifespan.startup.complete
        self._reported: dict[Phase, str] = {}  # the text of a lifespan.*.failed
        self._error: BaseException | None = None
        self._overdue: dict[Phase, float] = {}  # took longer than so many seconds
        self._abandoned = False  # it was over and would not return
        self.ending = False
        self.running = False
        """Whether startup is over and shutdown has not begun."""

    async def startup(self) -> None:
        """Start the application and wait until it is ready. Several tasks may wait for the same startup.

        Raises `LifespanFailed`, with the application's own exception as ``__cause__``. Nothing is left
        running then.
        """
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(
                self._run(), context=self._context, name="kailash_testkit lifespan"
            )
            self._inbox.put_nowait({"type": "lifespan.startup"})
        await self._wait_for(self._started, "startup", self._limits.startup, self._task)
        if self._failure("startup") is not None:
            await self._let_end(self._task)
            raise self._failed("startup")

    async def shutdown(self) -> None:
        """Shut the application down and wait until it is; a startup that is not over is cancelled.

        Raises `LifespanFailed` when the application reports a failure, raises, takes too long, or died since its
        startup.
        """
        if self._task is None:
            return
        if not self._started.is_set():
            self._task.cancel()
        elif self._complete and not self.ending:
            self._inbox.put_nowait({"type": "lifespan.shutdown"})
        self.ending, self.running = True, False
        if self._complete:
            await self._wait_for(self._stopped, "shutdown", self._limits.shutdown, self._task)
        await self._let_end(self._task)
        if self._complete and self._failure("shutdown") is not None:
            raise self._failed("shutdown")

    async def _wait_for(
        self, event: asyncio.Event, phase: Phase, seconds: float | None, task: asyncio.Task[None]
    ) -> None:
        """Wait until the phase is over, and cancel it when its time is."""
        if event.is_set() or seconds is None:
            await event.wait()
            return
        waiting = asyncio.ensure_future(event.wait())
        try:
            await clocks.wait({waiting}, seconds)
        finally:
            waiting.cancel()
        if not event.is_set():
            self._overdue[phase] = seconds
            task.cancel()
            await self._let_end(task)

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # as a server does: also SystemExit
            if not self._abandoned:
                self._error = error
            if not self._asked:
                _log.info("the application has no lifespan: it raised %s", exception_line(error))
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._end_startup()
            self._stopped.set()

    def _end_startup(self) -> None:
        self.running = not self.ending and self._failure("startup") is None
        self._started.set()

    async def _receive(self) -> Message:
        self._asked = True
        return await self._inbox.get()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        due = _OF_SHUTDOWN if self._started.is_set() else _OF_STARTUP
        if kind not in due or self._stopped.is_set():
            known = kind in _OF_STARTUP + _OF_SHUTDOWN
            if kind.startswith("http."):  # it takes any scope for a request: a server runs it without a lifespan
                self._asked = False
            raise ProtocolViolation(
                f"the application sent {kind!r} in its lifespan" + (", out of turn" if known else ""),
                do="send lifespan.startup.complete, then lifespan.shutdown.complete",
            )
        match kind:
            case "lifespan.startup.complete":
                self._complete = True
                self._end_startup()
            case "lifespan.startup.failed":
                self._reported["startup"] = message.get("message", "")
                self._end_startup()
            case "lifespan.shutdown.complete":
                self._stopped.set()
            case _:
                self._reported["shutdown"] = message.get("message", "")
                self._stopped.set()

    async def _let_end(self, task: asyncio.Task[None]) -> None:
        """Wait for the task, and end it where it does not end by itself."""
        pending = await clocks.wait({task}, _GRACE)
        if pending:
            self._abandoned = True
            task.cancel()
            await clocks.wait({task}, _GRACE)

    def _failure(self, phase: Phase) -> str | None:
        """What went wrong in ``phase``, in one line; None when nothing did, or there is no lifespan."""
        if phase in self._overdue:
            return f"it took longer than {self._overdue[phase]:g} s and was cancelled"
        if phase == "startup" and self._complete:
            return None
        if phase not in self._reported and (self._error is None or not self._asked):
            return None
        if self._error is not None:
            return exception_line(self._error)
        text = self._reported[phase].strip().splitlines()
        return text[-1] if text else "no reason given"

    def _failed(self, phase: Phase) -> LifespanFailed:
        failure = self._failure(phase) or ""
        return failed(phase, failure, self._error, seconds=self._overdue.get(phase))


def failed(phase: Phase, failure: str, error: BaseException | None, *, seconds: float | None) -> LifespanFailed:
    """The error for a phase of a lifespan.

    failure: what went wrong, in one line. error: what the application raised; it knows where.
    seconds: the limit that it exceeded.
    """
    frames = [] if error is None else app_frames(error)
    if seconds is None:
        do = f"fix what the application does at {phase}; a server would not "
        do += "start it" if phase == "startup" else "stop it cleanly"
        details = frames
    else:
        do = (
            f"end what it waits for; or give it more time, in seconds: ApiClient(app, {phase}_timeout=60), in pytest's "
        )
        do += f"settings testkit_{phase}_timeout = 60"
        details = ["it waited here, last line last:", *(f"  {line}" for line in frames)] if frames else []
    raised = LifespanFailed(f"the application's lifespan {phase} failed: {failure}", details=details, do=do)
    raised.__cause__ = error
    raised.timed_out = seconds is not None
    return raised


def not_tried_again(earlier: LifespanFailed) -> LifespanFailed:
    """The error for a later attempt at a startup that took too long, so that not every test waits for it."""
    again = LifespanFailed(
        earlier.what, details=earlier.details, why="it was not tried again in this session", do=earlier.do
    )
    again.__cause__, again.timed_out = earlier.__cause__, True
    return again
