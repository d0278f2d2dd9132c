"""The change journal of a MariaDB or MySQL database (tried on MariaDB 10.11; needs window functions).

Triggers on every InnoDB table of the application write each change into a table beside it (`mysql_triggers`).
Undo removes the rows touched since the mark and inserts them as they were: its cost follows the number of changes.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

from kailash_testkit.journal.interface import Mark, RecordedChange, UndoReport
from kailash_testkit.journal.mysql_connection import Connection
from kailash_testkit.journal.mysql_counters import read_counters, write_counters
from kailash_testkit.journal.mysql_fingerprint import fingerprint
from kailash_testkit.journal.mysql_history import changes, seen_first, stamp, touched
from kailash_testkit.journal.mysql_recording import Recording
from kailash_testkit.journal.mysql_schema import Schema
from kailash_testkit.journal.mysql_triggers import HOT, QUIET, Source
from kailash_testkit.journal.mysql_watch import Watch, touching


@dataclass
class _Place:
    """What a mark stands for. sources: what recorded each table then."""

    sources: Mapping[str, Source]
    schema: Schema
    counters: dict[str, int]


class MysqlJournal:
    """A `Journal` on a MariaDB or MySQL database.

    connection: a PyMySQL connection of the kit's own to the database, in autocommit mode, for this journal to
        configure.
    lock_wait: how long to wait for a lock, in seconds.
    watcher: a second such connection; opened like the first where it is left out.
    """

    def __init__(self, connection: Any, *, lock_wait: float = 0.5, watcher: Any = None) -> None:
        self._connection = Connection(connection, lock_wait=lock_wait)
        other = watcher or _another(connection)
        self._watch = Watch(Connection(other, lock_wait=lock_wait))
        self._connection.own = self._watch.connection.own = {connection.thread_id(), other.thread_id()}
        self._connection.run(f"SET {QUIET} = 1")
        self._recording = Recording(self._connection, self._watch)
        self._places: dict[int, _Place] = {}
        self._last_mark = 0

    def install(self) -> None:
        def install() -> None:
            self._recording.install()
            self._recording.refit(self._last_mark)

        self._connection.patiently(install)

    def refresh(self) -> None:
        self._connection.patiently(self._refresh)

    def head(self) -> int:
        looks = [
            f"(SELECT max(seq) FROM {source.journal} WHERE side < 2)" for source in self._recording.sources.values()
        ]
        if not looks:
            return 0
        (found,) = self._connection.run(f"SELECT {', '.join(looks)}")
        return max((seq for seq in found if seq is not None), default=0)

    def mark(self) -> Mark:
        return self._connection.patiently(self._mark)

    def moved(self, mark: Mark) -> bool:
        place = self._place(mark)
        return self._connection.patiently(
            lambda: bool(
                touched(self._connection, self._recording.sources.values(), mark.number)
                or read_counters(self._connection, list(place.counters)) != place.counters
                or self._gaps(place)
            )
        )

    def changes(self, since: Mark) -> list[RecordedChange]:
        self._place(since)
        with self._as_the_application_reads(), self._connection.transaction("REPEATABLE READ", snapshot=True):
            found = touched(self._connection, self._recording.sources.values(), since.number)
            return changes(self._connection, found, since.number)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        place = self._place(since)
        return self._connection.patiently(lambda: self._gaps(place))

    def undo(self, mark: Mark) -> UndoReport:
        place = self._place(mark)
        report = self._connection.patiently(lambda: self._undo(mark, place))
        self._places = {number: kept for number, kept in self._places.items() if number <= mark.number}
        return report

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        raise NotImplementedError

    def release(self, mark: Mark) -> None:
        self._place(mark)
        del self._places[mark.number]

    def fingerprint(self) -> str:
        def take() -> str:
            with self._connection.transaction("REPEATABLE READ", snapshot=True):
                return fingerprint(self._connection)

        return self._connection.patiently(take)

    def close(self) -> None:
        self._places.clear()
        self._watch.connection.close()
        self._connection.close()

    # Where we are

    def _place(self, mark: Mark) -> _Place:
        try:
            return self._places[mark.number]
        except KeyError:
            raise ValueError(f"mark {mark.number} was released, or ended by going back to an earlier one") from None

    def _refresh(self) -> None:
        if not self._recording.schema_is_fit() or self._watch.torn(self._recording.current):
            self._recording.refit(self._last_mark)

    def _mark(self) -> Mark:
        while True:
            if self._recording.schema_is_fit():
                with self._connection.transaction("REPEATABLE READ", snapshot=True):
                    if self._recording.current:
                        self._connection.run(touching(self._recording.current))  # nobody can truncate them now
                    if not self._watch.torn(self._recording.current, keep_locks=True):
                        self._watch.begin()
                        return self._mark_here()
            self._recording.refit(self._last_mark)

    def _mark_here(self) -> Mark:
        run, current = self._connection.run, self._recording.current
        number = self._last_mark + 1
        seen = [
            (source, seen_first(self._connection, source))
            for source in touched(self._connection, current.values(), HOT - 1)
        ]
        run("COMMIT")
        for source, seqs in seen:
            stamp(self._connection, source, seqs, number)
        counted = [name for name, source in current.items() if source.table.counted]
        schema = self._recording.schema
        assert schema is not None
        self._places[number] = _Place(dict(current), schema, read_counters(self._connection, counted))
        self._last_mark = number
        return Mark(number)

    def _gaps(self, place: _Place) -> tuple[str, ...]:
        gaps: list[str] = []
        if not self._recording.schema_is_fit() or self._recording.schema != place.schema:
            gaps.append("the schema was changed")
        torn = self._watch.torn(self._recording.current)
        torn |= {name for name, source in place.sources.items() if self._recording.current.get(name) is not source}
        gaps += [f"table {name} was truncated or made anew" for name in sorted(torn)]
        return tuple(gaps)

    # Going back

    def _undo(self, mark: Mark, place: _Place) -> UndoReport:
        gaps = self._gaps(place)
        if gaps:
            raise NotImplementedError(gaps)
        with self._connection.transaction("READ UNCOMMITTED"):
            found = touched(self._connection, place.sources.values(), mark.number)
        number = self._take_back(found, mark.number) if found else 0
        restored = write_counters(self._connection, place.counters)
        self._recording.own_statements("alter_table", restored)
        return UndoReport("journal" if found or restored else "nothing", number)

    def _take_back(self, sources: list[Source], era: int) -> int:
        """Under REPEATABLE READ: reading for update then keeps others from recording more at the end."""
        number = 0
        with self._connection.transaction("REPEATABLE READ"):
            for source in sources:
                ((found,),) = self._connection.run(
                    f"SELECT count(DISTINCT seq) FROM {source.journal} WHERE era > {era} FOR UPDATE"
                )
                number += found
            for source in sources:
                source.take_back(self._connection, era)
                self._connection.run(f"DELETE FROM {source.journal} WHERE era > {era}")
        return number

    @contextmanager
    def _as_the_application_reads(self) -> Generator[None, None, None]:
        """TIMESTAMP values in the server's usual time zone."""
        self._connection.run("SET time_zone = DEFAULT")
        try:
            yield
        finally:
            self._connection.run("SET time_zone = '+00:00'")


def _another(connection: Any) -> Any:
    """A second connection to the same place, in the same way."""
    other = copy(connection)
    other._sock = other._rfile = None  # these stay the first one's
    other.connect()
    return other
