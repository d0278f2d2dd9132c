"""The application under a real server: uvicorn on a free loopback port, in a thread of this process.

In this process, so that applications and dependency overrides that a test makes are served too.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib.util
import logging
import os
import socket
import sys
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self

from kailash_testkit.asgi.applications import asgi_app
from kailash_testkit.asgi.lifespan import Phase, TimeLimits, failed
from kailash_testkit.asgi.outcome import Outcome
from kailash_testkit.asgi.protocol import AsgiApp, Message, Receive, Scope, Send
from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.asgi.tracebacks import exception_line
from kailash_testkit.concurrency import clocks, contexts
from kailash_testkit.errors import ConfigurationError, LifespanFailed

_GRACE: Final = 1  # seconds that open requests may take to end when the server stops
_STOP: Final = 10.0  # seconds in which a server ends whose lifespan was cancelled


class LiveServer:
    """Runs an ASGI application, or a Nexus, under uvicorn: ``with LiveServer(app) as server: server.url``.

    The thread has an event loop of its own, and a context that has what the application's import set. What the
    application logs is not configured, so that pytest captures it.

    app: the application. on_stop: awaited in the server's event loop before that is closed.
    limits: how long startup and shutdown may take.

    Raises `ConfigurationError` when uvicorn is not installed; entering raises `LifespanFailed`.
    """

    def __init__(
        self,
        app: Any,
        /,
        *,
        on_stop: Callable[[], Awaitable[object]] | None = None,
        limits: TimeLimits | None = None,
    ) -> None:
        try:
            import uvicorn
            from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
        except ImportError:
            raise ConfigurationError(
                "the application cannot be served: uvicorn is not installed",
                do="pip install 'kailash-testkit[live]'",
            ) from None
        self.app = app
        self._on_stop = on_stop
        self._limits = limits or TimeLimits()
        # Around uvicorn's own, which changes the client's address: by that a client finds the work on its request.
        trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
        behind: Any = ProxyHeadersMiddleware(asgi_app(app), trusted)  # type: ignore[arg-type]
        self._watched = _Watched(behind)
        self._context = contexts.of_application()
        self.url = ""
        # Requests that a client leaves open shall not keep the server up.
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._watched,
                interface="asgi3",
                proxy_headers=False,
                log_config=None,
                access_log=False,
                ws=_websocket_protocol(),
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def is_running(self) -> bool:
        """Whether it answers requests."""
        return self._thread is not None and self._thread.is_alive() and self._server.started

    @property
    def is_busy(self) -> bool:
        """Whether it still works on a request, or on its background tasks."""
        return self.is_running and bool(self._server.server_state.tasks)

    def start(self) -> Self:
        """Starts the application and waits until it answers. Raises `LifespanFailed`."""
        # With the protocol named, asyncio switches Nagle's algorithm off, which costs 40 ms a request otherwise.
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._context.run, args=(self._serve,), name="kailash-testkit-live", daemon=True
        )
        self._thread.start()
        limit = self._limits.startup
        deadline = None if limit is None else clocks.now() + limit
        while not self._server.started:
            overdue = deadline is not None and clocks.now() > deadline
            if overdue or not self._thread.is_alive():
                if overdue:
                    self._watched.cancel()
                self._end(self._thread, _GRACE + _STOP)
                raise self._failed("startup", limit if overdue else None)
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Shuts the application down. Idempotent. Raises `LifespanFailed` when that takes too long."""
        if self._thread is None:
            return
        limit = self._limits.shutdown
        if self._end(self._thread, None if limit is None else limit + _GRACE):
            return
        self._watched.cancel()
        self._end(self._thread, _STOP)
        raise self._failed("shutdown", limit)

    def _end(self, thread: threading.Thread, seconds: float | None) -> bool:
        """Lets the server end; whether it did within that time."""
        self._server.should_exit = True
        thread.join(seconds)
        if self._listener is not None:
            self._listener.close()
        return not thread.is_alive()

    def wait_until_idle(self, seconds: float) -> bool:
        """Lets requests and background tasks end; whether they did within that time."""
        deadline = clocks.now() + seconds
        while self.is_busy and clocks.now() < deadline:
            time.sleep(0.002)
        self._watched.works.clear()  # failures that no client asked for
        return not self.is_busy

    def expect(self, client: tuple[str, int], request: TimedRequest) -> None:
        """The next request from that address is this one: called before it is sent, in the client's thread."""
        self._watched.expected[client] = request

    def forget(self, client: tuple[str, int]) -> None:
        """No request came from there. Idempotent."""
        self._watched.expected.pop(client, None)

    async def ended(self, client: tuple[str, int], seconds: float | None) -> Outcome | None:
        """Waits until the application is through with the request from that address, background tasks included.

        Called in the client's event loop, after the response. The outcome has an exception where the application raised
        one after it had answered. After so many seconds the work is cancelled, and there is none.
        """
        work = self._watched.works.pop(client, None)
        if work is None:
            return Outcome()
        done = asyncio.wrap_future(work.done)
        if seconds is None:
            return await done
        if not await clocks.wait({done}, seconds):
            return done.result()
        work.cancel()
        await clocks.wait({done}, _GRACE)
        return None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # SystemExit(3) is how uvicorn says that startup failed
            self._failure = error
            if not isinstance(error, SystemExit):
                logging.getLogger("kailash_testkit.asgi.live").exception("the server died")

    async def _run(self) -> None:
        try:
            await self._server.serve(sockets=[self._listener] if self._listener is not None else None)
        finally:
            if self._on_stop is not None:
                await self._on_stop()

    def _failed(self, phase: Phase, seconds: float | None) -> LifespanFailed:
        error = self._watched.error
        if seconds is not None:
            return failed(phase, f"it took longer than {seconds:g} s and was cancelled", error, seconds=seconds)
        if error is not None:
            return failed(phase, exception_line(error), error, seconds=None)
        unknown = LifespanFailed(
            f"the application's lifespan {phase} failed: uvicorn did not start it",
            why="its log has the reason",
            do=f"fix what the application does at {phase}",
        )
        unknown.__cause__ = self._failure
        return unknown


def _websocket_protocol() -> Any:
    """uvicorn's implementation for the package of the extra ``websockets``, which the client needs too.

    Not its older ones, which warn on import.
    """
    from uvicorn.config import WS_PROTOCOLS

    known = "websockets-sansio" in WS_PROTOCOLS and importlib.util.find_spec("websockets") is not None
    return "websockets-sansio" if known else "none"


class _Work:
    """What the application does for one request. done: how it ended."""

    def __init__(self) -> None:
        self.done: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        self.done.set_running_or_notify_cancel()  # whoever stops waiting for it does not cancel it
        self._task = asyncio.current_task()

    def cancel(self) -> None:
        """From another thread."""
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)


class _Watched:
    """The application, with an eye on its lifespan: the server keeps neither its task nor its exception.

    works: those on requests, by the client's address, that still go on or failed after they had answered.
    expected: the requests that clients of the kit are about to send, by their address.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._lifespan: asyncio.Task[Any] | None = None
        self.error: BaseException | None = None
        self.works: dict[tuple[str, int], _Work] = {}
        self.expected: dict[tuple[str, int], TimedRequest] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            return await self._answer(scope, receive, send)
        if scope["type"] != "lifespan":
            return await self._app(scope, receive, send)
        self._lifespan = asyncio.current_task()
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            self.error = error
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        work, address, outcome = _Work(), tuple(scope["client"]), Outcome(answered=True)
        self.works[address] = work
        timed, task = self.expected.pop(address, None), asyncio.current_task()
        if timed is not None and task is not None:  # which is the request's own, as its context is
            timed.task, timed.worker = task.get_name(), weakref.ref(task)
            CURRENT.set(timed)
        handled: list[BaseException | None] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                handled.append(sys.exception())
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except BaseException as error:
            if handled and error is not handled[0]:  # else the response is what the client gets to know of it
                outcome = Outcome(error)
            raise
        finally:
            if outcome.exception is None:
                self.works.pop(address, None)
            work.done.set_result(outcome)

    def cancel(self) -> None:
        """Ends the lifespan, from another thread."""
        task = self._lifespan
        if task is not None and not task.done():
            task.get_loop().call_soon_threadsafe(task.cancel)
