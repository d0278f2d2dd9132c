"""The application under a real server: uvicorn on a free loopback port, in a thread of this process.

In this process, so that applications and dependency overrides that a test makes are served too.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self

from kailash_testkit.asgi.applications import asgi_app
from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import ConfigurationError, LifespanFailed

_START: Final = 30.0  # seconds that the application's startup may take
_STOP: Final = 10.0


class LiveServer:
    """Runs an ASGI application, or a Nexus, under uvicorn: ``with LiveServer(app) as server: server.url``.

    The thread starts with an empty context, and has an event loop of its own. What the application logs is not
    configured, so that pytest captures it.

    app: the application. on_stop: awaited in the server's event loop before that is closed.

    Raises `ConfigurationError` when uvicorn is not installed; entering raises `LifespanFailed`.
    """

    def __init__(self, app: Any, /, *, on_stop: Callable[[], Awaitable[object]] | None = None) -> None:
        try:
            import uvicorn
        except ImportError:
            raise ConfigurationError(
                "the application cannot be served: uvicorn is not installed",
                do="pip install 'kailash-testkit[live]'",
            ) from None
        self.app = app
        self._on_stop = on_stop
        self.url = ""
        # Requests that a client leaves open shall not keep the server up.
        self._server = uvicorn.Server(
            uvicorn.Config(asgi_app(app), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
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
        self._thread = threading.Thread(target=self._serve, name="kailash-testkit-live", daemon=True)
        self._thread.start()
        deadline = clocks.now() + _START
        while not self._server.started:
            if not self._thread.is_alive() or clocks.now() > deadline:
                self.stop()
                raise self._failed()
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Shuts the application down. Idempotent."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP)
        if self._listener is not None:
            self._listener.close()

    def wait_until_idle(self, seconds: float) -> bool:
        """Lets requests and background tasks end; whether they did within that time."""
        deadline = clocks.now() + seconds
        while self.is_busy and clocks.now() < deadline:
            time.sleep(0.002)
        return not self.is_busy

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

    def _failed(self) -> LifespanFailed:
        failed = LifespanFailed(
            "the application's lifespan startup failed: uvicorn did not start it",
            why="its log has the traceback",
            do="fix what the application does at startup; without --testkit-live the message names it",
        )
        failed.__cause__ = self._failure
        return failed
