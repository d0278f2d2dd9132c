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
from typing import Any

from kailash_testkit.databases.journal import Mark, RecordedChange, UndoReport
from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.journal.counters import counters_query, parse_counters, write_counters
from kailash_testkit.databases.mysql.journal.fingerprint import fingerprint
from kailash_testkit.databases.mysql.journal.history import (
    changes,
    last_recorded,
    looking,
    seen_first,
    stamping,
    touched,
)
from kailash_testkit.databases.mysql.journal.mark_state import Comparison, Place
from kailash_testkit.databases.mysql.journal.rebuild import SavedState
from kailash_testkit.databases.mysql.journal.replay import replay
from kailash_testkit.databases.mysql.journal.trigger_set import Recording
from kailash_testkit.databases.mysql.journal.triggers import HOT, QUIET, Source
from kailash_testkit.databases.mysql.journal.watch import Watch, touching
from kailash_testkit.databases.mysql.journal.writing import writing
from kailash_testkit.errors import IsolationFailed


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
        self._now = Comparison(self._connection, self._recording)
        self._places: dict[int, Place] = {}
        self._last_mark = 0
        #: The last position that a mark saw.
        self._head = 0

    def install(self) -> None:
        def install() -> None:
            self._recording.install()
            self._recording.refit(self._last_mark)
            self._places.clear()
            self._head = 0
            self._now.unfinished.clear()

        with self._recording.refusals_explained():
            self._connection.patiently(install)

    def refresh(self) -> None:
        self._connection.patiently(self._refresh)

    def head(self) -> int:
        return max(self._head, last_recorded(self._connection, self._recording.sources.values()))

    def mark(self) -> Mark:
        return self._connection.patiently(self._mark)

    def moved(self, mark: Mark) -> bool:
        place = self._place(mark)

        def moved() -> bool:
            look = self._now.look(place, "READ COMMITTED")
            return bool(look.touched or look.counters != place.counters or self._now.gaps(place, look))

        return self._connection.patiently(moved)

    def changes(self, since: Mark) -> list[RecordedChange]:
        self._place(since)
        with self._as_the_application_reads(), self._connection.transaction("REPEATABLE READ", snapshot=True):
            sources = list(self._recording.sources.values())
            found = touched(sources, self._connection.run(looking(sources, since.number)))
            return changes(self._connection, found, since.number)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        place = self._place(since)
        return self._connection.patiently(lambda: self._now.gaps(place, self._now.look(place, "READ COMMITTED")))

    def undo(self, mark: Mark) -> UndoReport:
        place = self._place(mark)
        report = self._connection.patiently(lambda: self._undo(place))
        self._places = {number: kept for number, kept in self._places.items() if number <= mark.number}
        self._head = place.head
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

    def _place(self, mark: Mark) -> Place:
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
        return self._watch.begins_again(known)

    def _mark_here(self) -> Mark:
        current, catalog, schema = self._recording.current, self._recording.catalog, self._recording.schema
        assert schema is not None
        number = self._last_mark + 1
        sources = list(self._recording.sources.values())
        counted = [name for name, source in current.items() if source.table.counted]
        flags, counters = self._connection.batch([looking(sources, HOT - 1), counters_query(counted)])
        fresh = touched(sources, flags)
        seen = seen_first(self._connection, fresh)
        stamps = [each for source, seqs in zip(fresh, seen, strict=True) for each in stamping(source, seqs, number)]
        self._connection.batch(["COMMIT", *stamps])
        self._head = max([self._head, *(seqs[-1] for seqs in seen if seqs)])
        state, sums = SavedState(dict(current), schema), self._now.sums(catalog)
        self._places[number] = Place(number, self._head, state, catalog, parse_counters(counters), sums)
        self._last_mark = number
        return Mark(number)

    def _forget_unused(self) -> None:
        used = {source for place in self._places.values() for source in place.state.sources.values()}
        self._recording.forget_unused(used | set(self._recording.current.values()), list(self._places))

    # Going back

    def _undo(self, place: Place) -> UndoReport:
        lost = self._now.unrecorded(place)
        if lost:
            raise IsolationFailed(
                "rows were changed that the kit cannot put back",
                why="; ".join(lost),
                do="make them tables of InnoDB, or leave them alone in tests",
            )
        look = self._now.look(place, "READ UNCOMMITTED")  # it must wait for what is not committed yet
        gaps = self._now.gaps(place, look)
        if gaps:
            self._now.unfinished |= self._now.stale(place) | self._put_schema_back(place)
            look = self._now.look(place, "READ UNCOMMITTED")
        stale = self._now.unfinished
        number = self._restore_rows(place, look.touched, stale)
        if stale and not self._watch_anew(place, stale):
            return self._undo(place)
        self._now.unfinished = set()
        restored = write_counters(self._connection, place.counters, look.counters)
        self._recording.own_statements("alter_table", restored)
        if gaps:
            return UndoReport("saved state", number, gaps)
        return UndoReport("journal" if look.touched or restored else "nothing", number)

    def _put_schema_back(self, place: Place) -> set[str]:
        """Returns the tables that are empty now and should not be."""
        sources, current = place.state.sources, self._recording.current
        if not self._now.schema_differs(place) and all(current.get(name) is source for name, source in sources.items()):
            return set()
        anew = place.state.put_schema_back(self._connection)
        self._recording.goes_on_with(sources, place.catalog, place.era)
        return anew & set(sources)

    def _restore_rows(self, place: Place, touched: list[Source], stale: set[str]) -> int:
        """Under REPEATABLE READ: reading for update keeps others from recording more at the end of a journal."""
        sources = place.state.sources
        changed = {source.table.name for source in touched if sources.get(source.table.name) is source}
        written = [sources[name] for name in sorted(changed | stale)]
        if not written:
            return 0
        locking = [source.locking(place.era) for source in written]
        with writing(self._connection, written, place.state.schema.triggers, first=locking) as found:
            restoring: list[str] = []
            for source, images in zip(written, found, strict=True):
                if source.table.name in stale:
                    restoring += source.writing_anew(place.era)
                else:
                    restoring += source.taking_back(images, place.era)
            self._connection.batch(restoring)
        return sum(len({seq for seq, _, _ in images}) for images in found)

    def _watch_anew(self, place: Place, stale: set[str]) -> bool:
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
