"""Runs async methods from synchronous code: in an event loop of the kit's own, in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import threading
from collections.abc import Awaitable
from typing import Any, TypeVar

from kailash_testkit.concurrency import loops

T = TypeVar("T")


class _LoopThread:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="kailash-testkit-sync", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        _serving.here = True
        while not self._stopping:
            # An exception that a task lets out of the loop, such as SystemExit, is that task's result.
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                self._loop.run_forever()
        self._loop.run_until_complete(loops.close_resources())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def run(self, awaitable: Awaitable[T]) -> T:
        async def wait() -> T:
            return await awaitable

        context = contextvars.copy_context()  # so that kit.tenant(...) holds in the other thread
        done = threading.Event()
        tasks: list[asyncio.Task[T]] = []

        def start() -> None:
            task = self._loop.create_task(wait(), context=context)
            tasks.append(task)
            task.add_done_callback(lambda _: done.set())

        self._loop.call_soon_threadsafe(start)
        try:
            done.wait()
        except BaseException:  # Ctrl-C: nobody waits for it any more
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            raise
        return tasks[0].result()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def stop(self) -> None:
        self._stopping = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)


_serving = threading.local()  # .here is set in the threads of loops
_lock = threading.Lock()
_current: list[_LoopThread] = []


def run(awaitable: Awaitable[T]) -> T:
    """Awaits in the kit's own loop and returns the result; errors are raised here."""
    if getattr(_serving, "here", False):
        return _nested(awaitable)
    with _lock:
        if not _current:
            _current.append(_LoopThread())
    return _current[0].run(awaitable)


def loop() -> asyncio.AbstractEventLoop | None:
    """The loop that `run` uses, which runs all the time; None before the first `run`, and after `stop`."""
    with _lock:
        return _current[0].loop if _current else None


def _nested(awaitable: Awaitable[T]) -> T:
    """`run` from code that a loop of the kit's runs (a derived value that creates a row): in a loop for itself."""
    thread = _LoopThread()
    try:
        return thread.run(awaitable)
    finally:
        thread.stop()


def stop() -> None:
    """Closes the loop and what belongs to it. A later `run` starts another."""
    with _lock:
        stopping: list[Any] = _current[:]
        _current.clear()
    for thread in stopping:
        thread.stop()


atexit.register(stop)
