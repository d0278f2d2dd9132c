"""The change journal of a MariaDB or MySQL database (tried on MariaDB 10.11; needs window functions, MySQL 8).

Triggers on every InnoDB table of the application write each change into a table beside it (`mysql_triggers`).
Undo removes the rows touched since the mark and inserts them as they were: its cost follows the number of changes.
Where the journal cannot tell everything (`gaps`: TRUNCATE, foreign keys that cascade, schema changes), the tables
concerned are written anew from what was recorded of them since the beginning (`mysql_saved`).

An ordinary user with all privileges on the database suffices. `RecordedChange.key` of a table without a key that
tells its rows apart is the whole row. What an application notices: a column that the triggers name can be dropped,
but then writes to its table fail until the next mark; and the server tells the number of
``UPDATE ... SET n = LAST_INSERT_ID(n + 1)`` only when asked for it, as with any trigger. What cannot be put back:
rows of tables that InnoDB does not keep, which is noticed and refused, and the position of a MariaDB SEQUENCE,
which is not.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

from kailash_testkit.errors import IsolationFailed
from kailash_testkit.journal.interface import Mark, RecordedChange, UndoReport
from kailash_testkit.journal.mysql_catalog import Catalog
from kailash_testkit.journal.mysql_connection import Connection, quoted
from kailash_testkit.journal.mysql_counters import read_counters, write_counters
from kailash_testkit.journal.mysql_fingerprint import fingerprint
from kailash_testkit.journal.mysql_history import changes, seen_first, stamp, touched
from kailash_testkit.journal.mysql_recording import Recording
from kailash_testkit.journal.mysql_replay import replay
from kailash_testkit.journal.mysql_saved import SavedState
from kailash_testkit.journal.mysql_triggers import BASE, HOT, QUIET, Source
from kailash_testkit.journal.mysql_watch import Watch, touching
from kailash_testkit.journal.mysql_writing import writing


@dataclass
class _Place:
    """What a mark stands for. era: its number. unrecorded: a sum over the rows of each table that is not recorded."""

    era: int
    state: SavedState
    catalog: Catalog
    counters: dict[str, int]
    unrecorded: dict[str, object]


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
        #: What an undo that was interrupted by a lock has yet to write anew.
        self._unfinished: set[str] = set()

    def install(self) -> None:
        def install() -> None:
            self._recording.install()
            self._recording.refit(self._last_mark)
            self._places.clear()
            self._unfinished.clear()

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

        def look() -> bool:
            return bool(
                touched(self._connection, self._recording.sources.values(), place.era)
                or read_counters(self._connection, list(place.counters)) != place.counters
                or self._gaps(place)
            )

        return self._connection.patiently(look)

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
        report = self._connection.patiently(lambda: self._undo(place))
        self._places = {number: kept for number, kept in self._places.items() if number <= mark.number}
        self._recording.forget_after(mark.number)
        self._forget_unused()
        return report

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        def again() -> None:
            self._refresh()  # what others did to the schema must not pass for what happens here
            schema = self._recording.schema
            assert schema is not None
            current = self._recording.current
            sources = [current[name] for name in dict.fromkeys(change.table for change in changes)]
            with self._as_the_application_reads(), writing(self._connection, sources, schema.triggers):
                self._connection.run(f"SET {QUIET} = NULL")
                try:
                    replay(self._connection, current, changes)
                finally:
                    self._connection.run(f"SET {QUIET} = 1")

        self._connection.patiently(again)

    def release(self, mark: Mark) -> None:
        self._place(mark)
        del self._places[mark.number]
        self._connection.patiently(self._forget_unused)

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
            stale: set[str] = set()
            if self._recording.schema_is_fit():
                with self._connection.transaction("REPEATABLE READ", snapshot=True):
                    stale = self._recording.cascaded(self._recording.current, HOT - 1)
                    if not stale and self._watch_begins_again(self._recording.current):
                        return self._mark_here()
            self._recording.refit(self._last_mark, stale)

    def _watch_begins_again(self, known: Iterable[str]) -> bool:
        """Inside a transaction. False, and the watch goes on, if one of the tables was truncated or made anew."""
        if self._recording.current:
            self._connection.run(touching(self._recording.current))  # nobody can truncate them now
        if self._watch.torn(known, keep_locks=True):
            return False
        self._watch.begin()
        return True

    def _mark_here(self) -> Mark:
        current, catalog, schema = self._recording.current, self._recording.catalog, self._recording.schema
        assert schema is not None
        number = self._last_mark + 1
        seen = [
            (source, seen_first(self._connection, source))
            for source in touched(self._connection, self._recording.sources.values(), HOT - 1)
        ]
        self._connection.run("COMMIT")
        for source, seqs in seen:
            stamp(self._connection, source, seqs, number)
        counted = [name for name, source in current.items() if source.table.counted]
        counters, unrecorded = read_counters(self._connection, counted), self._sums(catalog)
        self._places[number] = _Place(number, SavedState(dict(current), schema), catalog, counters, unrecorded)
        self._last_mark = number
        return Mark(number)

    def _sums(self, catalog: Catalog) -> dict[str, object]:
        if not catalog.opaque:
            return {}
        return dict(self._connection.run(f"CHECKSUM TABLE {', '.join(map(quoted, catalog.opaque))}"))

    def _gaps(self, place: _Place) -> tuple[str, ...]:
        gaps: list[str] = []
        if self._schema_differs(place):
            gaps.append("the schema was changed")
        gaps += [f"table {name} changed while no trigger fired" for name in sorted(self._stale(place))]
        return tuple(gaps + self._unrecorded(place))

    def _schema_differs(self, place: _Place) -> bool:
        schema = self._recording.schema
        return not self._recording.schema_is_fit() or schema is None or not schema.same_as(place.state.schema)

    def _stale(self, place: _Place) -> set[str]:
        """The tables whose rows do not follow from what was recorded since."""
        sources, current = place.state.sources, self._recording.current
        torn = self._watch.torn(current) & set(sources)
        torn |= {name for name, source in sources.items() if current.get(name) is not source}
        return torn | self._unfinished | self._recording.cascaded(sources, place.era)

    def _unrecorded(self, place: _Place) -> list[str]:
        if not place.catalog.opaque:
            return []
        sums = self._sums(place.catalog)
        return [
            reason
            for reason, (summed, total) in zip(place.catalog.opaque.values(), place.unrecorded.items(), strict=True)
            if sums.get(summed) != total
        ]

    def _forget_unused(self) -> None:
        used = {source for place in self._places.values() for source in place.state.sources.values()}
        self._recording.forget_unused(used | set(self._recording.current.values()), list(self._places))

    # Going back

    def _undo(self, place: _Place) -> UndoReport:
        lost = self._unrecorded(place)
        if lost:
            raise IsolationFailed(
                "rows were changed that the kit cannot put back",
                why="; ".join(lost),
                do="make them tables of InnoDB, or leave them alone in tests",
            )
        gaps = self._gaps(place)
        if gaps:
            self._unfinished |= self._stale(place) | self._put_schema_back(place)
        with self._connection.transaction("READ UNCOMMITTED"):
            found = touched(self._connection, self._recording.sources.values(), place.era)
        stale = self._unfinished
        number = self._restore_rows(place, found, stale) if found or stale else 0
        if stale and not self._watch_anew(place, stale):
            return self._undo(place)
        self._unfinished = set()
        restored = write_counters(self._connection, place.counters)
        self._recording.own_statements("alter_table", restored)
        return UndoReport("saved state" if gaps else "journal" if found or restored else "nothing", number, gaps)

    def _put_schema_back(self, place: _Place) -> set[str]:
        """Returns the tables that are empty now and should not be."""
        sources, current = place.state.sources, self._recording.current
        if not self._schema_differs(place) and all(current.get(name) is source for name, source in sources.items()):
            return set()
        anew = place.state.put_schema_back(self._connection)
        self._recording.goes_on_with(sources, place.catalog, place.era)
        return anew & set(sources)

    def _restore_rows(self, place: _Place, found: list[Source], stale: set[str]) -> int:
        """Under REPEATABLE READ: reading for update keeps others from recording more at the end of a journal."""
        sources = place.state.sources
        changed = {source.table.name for source in found if sources.get(source.table.name) is source}
        written = [sources[name] for name in sorted(changed | stale)]
        with writing(self._connection, written, place.state.schema.triggers):
            number = sum(self._locked(source, place.era) for source in written)
            for source in written:
                if source.table.name in stale:
                    source.write_anew(self._connection, place.era)
                else:
                    source.take_back(self._connection, place.era)
                self._connection.run(f"DELETE FROM {source.journal} WHERE era > {place.era}")
        return number

    def _locked(self, source: Source, era: int) -> int:
        """How many changes there are after ``era``; nobody can add one."""
        ((number,),) = self._connection.run(
            f"SELECT count(DISTINCT seq) FROM {source.journal} WHERE era > {era} AND side < {BASE} FOR UPDATE"
        )
        return int(number)

    def _watch_anew(self, place: _Place, stale: set[str]) -> bool:
        with self._connection.transaction("REPEATABLE READ", snapshot=True):
            return self._watch_begins_again(set(place.state.sources) - stale)

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
