"""The lifespan of an application: one startup, one shutdown, both in one task."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import Any, Literal

from kailash_testkit.asgi.protocol import AsgiApp, Message
from kailash_testkit.asgi.tracebacks import app_frames, exception_line
from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import LifespanFailed, ProtocolViolation

_log = logging.getLogger("kailash_testkit.asgi")

# How long an application that reported a failed or complete phase may still take to return, in seconds.
_GRACE = 1.0

_Phase = Literal["startup", "shutdown"]


class Lifespan:
    """Runs an application's lifespan once, as a server does.

    The application runs in a task of its own with an empty context, so that what startup opened (task groups,
    cancel scopes, context variables) is closed where it was opened. An application without lifespan is left
    alone.

    app: the ASGI application.

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

    def __init__(self, app: AsgiApp, /) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stopped = asyncio.Event()
        self._asked = False  # the application called receive()
        self._complete = False  # it sent lifespan.startup.complete
        self._reported: dict[_Phase, str] = {}  # the text of a lifespan.*.failed
        self._error: BaseException | None = None
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
                self._run(), context=contextvars.Context(), name="kailash_testkit lifespan"
            )
            self._inbox.put_nowait({"type": "lifespan.startup"})
        await self._started.wait()
        if self._failure("startup") is not None:
            await self._let_end(self._task)
            raise self._failed("startup")

    async def shutdown(self) -> None:
        """Shut the application down and wait until it is; a startup that is not over is cancelled.

        Raises `LifespanFailed` when the application reports a failure, raises, or died since its startup.
        """
        if self._task is None:
            return
        if not self._started.is_set():
            self._task.cancel()
        elif self._complete and not self.ending:
            self._inbox.put_nowait({"type": "lifespan.shutdown"})
        self.ending, self.running = True, False
        if self._complete:
            await self._stopped.wait()
        await self._let_end(self._task)
        if self._complete and self._failure("shutdown") is not None:
            raise self._failed("shutdown")

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
        match message["type"]:
            case "lifespan.startup.complete":
                self._complete = True
                self._end_startup()
            case "lifespan.startup.failed":
                self._reported["startup"] = message.get("message", "")
                self._end_startup()
            case "lifespan.shutdown.complete":
                self._stopped.set()
            case "lifespan.shutdown.failed":
                self._reported["shutdown"] = message.get("message", "")
                self._stopped.set()
            case unknown:
                raise ProtocolViolation(
                    f"the application sent {unknown!r} in its lifespan",
                    do="send lifespan.startup.complete, then lifespan.shutdown.complete",
                )

    async def _let_end(self, task: asyncio.Task[None]) -> None:
        """Wait for the task, and end it where it does not end by itself."""
        pending = await clocks.wait({task}, _GRACE)
        if pending:
            self._abandoned = True
            task.cancel()
            await clocks.wait({task}, _GRACE)

    def _failure(self, phase: _Phase) -> str | None:
        """What went wrong in ``phase``, in one line; None when nothing did, or there is no lifespan."""
        if phase == "startup" and self._complete:
            return None
        if phase not in self._reported and (self._error is None or not self._asked):
            return None
        if self._error is not None:
            return exception_line(self._error)
        text = self._reported[phase].strip().splitlines()
        return text[-1] if text else "no reason given"

    def _failed(self, phase: _Phase) -> LifespanFailed:
        failed = LifespanFailed(
            f"the application's lifespan {phase} failed: {self._failure(phase)}",
            details=[] if self._error is None else app_frames(self._error),
            do=f"fix what the application does at {phase}; a server would not "
            + ("start it" if phase == "startup" else "stop it cleanly"),
        )
        failed.__cause__ = self._error
        return failed
