"""What an undo could not put back, each told once: stale materialized views, and advisory locks that sessions keep."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from time import sleep
from typing import Final

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.postgresql.connection import Connection
from kailash_testkit.errors import IsolationFailed

RETRY: Final = 0.01  # seconds


class LeftBehind:
    """What the last undo left. stale_views: by name. new_locks: the advisory locks that others took since the mark."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.stale_views: Sequence[str] = ()
        self.new_locks: frozenset[str] = frozenset()

    def views(self) -> Generator[IsolationFailed, None, None]:
        """The error for the views that were refreshed, if there are any."""
        views, self.stale_views = self.stale_views, ()
        if views:
            yield IsolationFailed(
                "materialized views were refreshed that showed older rows before",
                details=views,
                why="nothing but a refresh writes into one, so they show the present rows now, also to the next test",
                do="let the fixture that writes the rows refresh them too: then they can be put back",
            )

    def locks(self, present: Callable[[], frozenset[str]], *, until: float) -> Generator[IsolationFailed, None, None]:
        """Ends the sessions that took advisory locks since the mark and keep them, and gives the error for them.

        present: tells which of such locks there are. until: how long they are waited for, on the clock.
        """
        locks, self.new_locks = self.new_locks, frozenset()
        while locks:
            if clocks.now() > until:
                yield IsolationFailed(
                    "an advisory lock was not released",
                    details=[self._connection.end_holder(*lock.split(":")) for lock in sorted(locks)],
                    why="it belongs to a session, not to a transaction, and keeps others waiting",
                    do="call pg_advisory_unlock before the test ends, or take the lock with pg_advisory_xact_lock",
                )
                return
            sleep(RETRY)
            locks = present()
