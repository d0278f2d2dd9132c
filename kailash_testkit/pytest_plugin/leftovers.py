"""What a test leaves running: requests, background tasks, threads, processes. It must end before rows are undone.

Otherwise its writes would turn up in the next test. Requests and tasks in an event loop that outlives the test
are let finish for a moment, then cancelled; threads and processes cannot be cancelled, so the test fails
that left them. What a wider fixture or the application's start-up began may go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kailash_testkit.concurrency import clocks, sync, tasks
from kailash_testkit.errors import LeftRunning
from kailash_testkit.pytest_plugin.workers import Processes, Threads
from kailash_testkit.text import comma_join

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient, SyncApiClient

GRACE: Final = 1.0  # seconds that something left running gets to finish


@dataclass(frozen=True)
class Wait:
    """How long a test was waited for after its end, in seconds, and for what."""

    seconds: float
    what: str


class Leftovers:
    """Knows what ran before a test, and so what the test left running."""

    def __init__(self) -> None:
        self._loops: list[asyncio.AbstractEventLoop] = []
        self._clients: list[ApiClient | SyncApiClient] = []
        self._refusing: list[str] = []
        self._waits: list[Wait] = []
        self._threads, self._processes = Threads(), Processes()
        self._has_waited = False

    def add_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """A loop was made that may outlive a test."""
        if loop not in self._loops:
            self._loops.append(loop)

    def remove_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop is about to be closed: ends what a test left in it, as long as it can run."""
        self._end_in_kept(loop)
        if loop in self._loops:
            self._loops.remove(loop)

    def loops(self) -> list[asyncio.AbstractEventLoop]:
        """The event loops that are kept now."""
        self._loops = [loop for loop in self._loops if not loop.is_closed()]
        return [*self._loops]

    def add_client(self, client: ApiClient | SyncApiClient) -> None:
        """A client was made for the test that runs now."""
        self._clients.append(client)

    def clients(self) -> list[ApiClient | SyncApiClient]:
        """The clients that were made for the test that runs now."""
        return [*self._clients]

    def remember(self) -> None:
        """What runs now may go on running: it is not the next test's, or is a wider fixture's or lifespan's."""
        self._threads.remember()
        self._processes.remember()
        tasks.EXPECTED.update(self._tasks())

    def expect_import(self) -> None:
        """The application may be imported from now on."""
        self._threads.remember()

    def wait_for_import(self) -> None:
        """Lets threads end that were started since `expect_import`: what the application writes in them comes first.

        Waits once, and not for long: those that go on belong to the application, which may have them.
        """
        deadline = clocks.now() + (0.0 if self._has_waited else GRACE)
        self._has_waited = True
        while self._threads.left() and clocks.now() < deadline:
            time.sleep(0.005)

    @contextlib.contextmanager
    def remembering(self) -> Generator[None, None, None]:
        """What is started in the block may go on running."""
        before, threads, processes = self._tasks(), self._threads.running(), self._processes.running()
        try:
            yield
        finally:
            tasks.EXPECTED.update(self._tasks() - before)
            self._threads.remember(threads)
            self._processes.remember(processes)

    def _tasks(self) -> set[asyncio.Task[Any]]:
        own = sync.loop()
        return {task for loop in [*self.loops(), *([own] if own else [])] for task in asyncio.all_tasks(loop)}

    def waits(self) -> list[Wait]:
        """What was waited for since this was last asked."""
        waits, self._waits = self._waits, []
        return waits

    @contextlib.contextmanager
    def _timed(self, what: Iterable[str]) -> Generator[None, None, None]:
        started = clocks.now()
        try:
            yield
        finally:
            self._waits.append(Wait(clocks.now() - started, comma_join(what)))

    def finish(self) -> None:
        """Ends what the test left running. Raises `LeftRunning` for what does not end."""
        for loop in self.loops():
            self._end_in_kept(loop)
        own = sync.loop()
        if own is not None:
            self._end_in(own, sync.run)
        self._clients.clear()
        left = [*self._refusing, *self._end_workers()]
        self._refusing.clear()
        if left:
            raise LeftRunning(
                f"the test left {' and '.join(left)}",
                why=f"it did not end within {GRACE:g} s, and what it writes would turn up in later tests",
                do="end it in the test, or start it in the application's lifespan or a wider fixture",
            )

    def _end_in_kept(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_running():
            self._end_in(loop, loop.run_until_complete)

    def _end_in(self, loop: asyncio.AbstractEventLoop, run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        requests = [client for client in self._clients if any(t.get_loop() is loop for t in client.transport.running)]
        left = self._left_in(loop)
        if requests or left:
            what = [f"requests of {len(requests)} clients"] if requests else []
            with self._timed(what + [f"the task {tasks.described(task)}" for task in left]):
                run(self._end(requests))

    def _left_in(self, loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
        return tasks.unexpected(loop)

    async def _end(self, clients: list[ApiClient | SyncApiClient]) -> None:
        """Lets requests and tasks finish, and those that they start meanwhile; then cancels them."""
        for client in clients:
            await client.transport.aclose()
        loop = asyncio.get_running_loop()
        this = asyncio.current_task()
        for cancels in (False, True):
            deadline = clocks.now() + GRACE
            while (left := self._left_in(loop) - {this}) and clocks.now() < deadline:
                if cancels:
                    for task in left:
                        task.cancel()
                rest = deadline - clocks.now()
                pending = await clocks.wait(left, min(rest, 0.1) if cancels else rest)
                await asyncio.gather(*left - pending, return_exceptions=True)  # their exceptions are nobody's
        refusing = self._left_in(loop) - {this}
        tasks.EXPECTED.update(refusing)
        self._refusing += [f"a task running that cannot be cancelled: {task.get_coro()!r}" for task in refusing]

    def _end_workers(self) -> list[str]:
        left = self._workers_left()
        if left:
            with self._timed(f"the {kind} {name}" for kind, name in left):
                deadline = clocks.now() + GRACE
                while (left := self._workers_left()) and clocks.now() < deadline:
                    time.sleep(0.005)
        return [f"a {kind} running: {name}" for kind, name in left]

    def _workers_left(self) -> list[tuple[str, str]]:
        return [(workers.kind, name) for workers in (self._threads, self._processes) for name in workers.left()]
