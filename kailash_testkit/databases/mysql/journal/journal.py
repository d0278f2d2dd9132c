"""The change journal of a MariaDB or MySQL database (tried on MariaDB 10.11; needs window functions, MySQL 8).

Triggers on every InnoDB table of the application write each change into a table beside it (`triggers`).
Undo removes the rows touched since the mark and inserts them as they were: its cost follows the number of changes.
Where the journal cannot tell everything (`gaps`: TRUNCATE, foreign keys that cascade, schema changes), the tables
concerned are written again from what was recorded of them since the beginning (`rebuild`).

An ordinary user with all privileges on the database suffices. `RecordedChange.key` of a table without a key that
tells its rows apart is the whole row. What an application notices: a column that the triggers name can be dropped or
renamed, but then writes to its table fail until the next mark; under LOCK TABLES they fail as well (`refusals`); and
the server tells the number of ``UPDATE ... SET n = LAST_INSERT_ID(n + 1)`` only when asked for it, as with any trigger.
What cannot be put back: rows of tables that InnoDB does not keep, which is noticed and refused, and how many numbers of
a SEQUENCE's cache are given out, which nobody can see.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from kailash_testkit.databases.journal import KnownState, Mark, RecordedChange, UndoReport
from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.journal.counters import (
    counters_query,
    parse_counters,
    read_counters,
)
from kailash_testkit.databases.mysql.journal.fingerprint import fingerprint
from kailash_testkit.databases.mysql.journal.history import (
    as_changes,
    changes,
    last_recorded,
    marks_query,
    newly_seen,
    present_rows,
    recorded_rows,
    stamp_statements,
    touched,
)
from kailash_testkit.databases.mysql.journal.mark_state import Comparison, MarkState
from kailash_testkit.databases.mysql.journal.rebuild import SavedState
from kailash_testkit.databases.mysql.journal.replay import replay
from kailash_testkit.databases.mysql.journal.restoration import Restoration
from kailash_testkit.databases.mysql.journal.trigger_free_writes import without_application_triggers
from kailash_testkit.databases.mysql.journal.trigger_set import TriggerSet
from kailash_testkit.databases.mysql.journal.triggers import QUIET, UNSEEN
from kailash_testkit.databases.mysql.journal.watch import Watch
from kailash_testkit.databases.packed_rows import PackedRows


class Journal:
    """A `Journal` on a MariaDB or MySQL database.

    url: the database, which is reached by two connections of the journal's own.
    lock_wait: how long to wait for a lock, in seconds.
    """

    def __init__(self, url: str, *, lock_wait: float) -> None:
        self._connect = partial(Connection.for_journal, url, lock_wait=lock_wait)
        self._begin_sessions()
        self._mark_states: dict[int, MarkState] = {}
        self._last_mark = 0
        #: The last position that a mark saw.
        self._head = 0

    def _begin_sessions(self) -> None:
        self._connection = self._connect()
        self._watch = Watch(self._connect())
        self._connection.run(f"SET {QUIET} = 1")
        self._trigger_set = TriggerSet(self._connection, self._watch)
        self._comparison = Comparison(self._connection, self._trigger_set)
        self._restoration = Restoration(self._connection, self._trigger_set, self._comparison)

    def install(self) -> None:
        def install() -> None:
            self._trigger_set.install()
            self._trigger_set.fit_triggers(self._last_mark)
            self._mark_states.clear()
            self._head = 0
            self._comparison.unfinished.clear()

        with self._trigger_set.refusals_reported():
            self._connection.patiently(install)

    def refresh(self) -> None:
        self._connection.patiently(self._refresh)

    def head(self) -> int:
        return max(self._head, last_recorded(self._connection, self._trigger_set.recorded_tables.values()))

    def mark(self) -> Mark:
        return self._connection.patiently(self._mark)

    def moved(self, mark: Mark) -> bool:
        state = self._state_of(mark)

        def moved() -> bool:
            observed = self._comparison.observe(state, "READ COMMITTED")
            if observed.touched or observed.in_use or observed.counters != state.counters:
                return True
            return bool(self._comparison.gaps(state, observed))

        return self._connection.patiently(moved)

    def changes(self, since: Mark) -> list[RecordedChange]:
        self._state_of(since)
        with self._as_the_application_reads(), self._connection.transaction("REPEATABLE READ", snapshot=True):
            recorded_tables = list(self._trigger_set.recorded_tables.values())
            found = touched(recorded_tables, self._connection.run(marks_query(recorded_tables)), since.number)
            return changes(self._connection, found, since.number)

    def gaps(self, since: Mark) -> tuple[str, ...]:
        state = self._state_of(since)
        return self._connection.patiently(
            lambda: self._comparison.gaps(state, self._comparison.observe(state, "READ COMMITTED"))
        )

    def undo(self, mark: Mark) -> UndoReport:
        state = self._state_of(mark)
        report = self._connection.patiently(lambda: self._restoration.undo(state))
        self._mark_states = {number: kept for number, kept in self._mark_states.items() if number <= mark.number}
        self._head = state.head
        self._trigger_set.forget_after(mark.number)
        self._forget_unused()
        return replace(report, left=tuple(self._restoration.table_locks_left()))

    def replay(self, changes: Sequence[RecordedChange]) -> None:
        def again() -> None:
            self._refresh()  # what others did to the schema must not pass for what happens here
            schema = self._trigger_set.schema
            assert schema is not None
            current = self._trigger_set.current
            recorded_tables = [current[name] for name in dict.fromkeys(change.table for change in changes)]
            if any(each.table in current and not each.is_own for each in schema.triggers):
                self._trigger_set.close_journals(recorded_tables)
            with (
                self._as_the_application_reads(),
                without_application_triggers(self._connection, recorded_tables, schema.triggers),
            ):
                self._connection.run(f"SET {QUIET} = NULL")
                try:
                    replay(self._connection, current, changes)
                finally:
                    self._connection.run(f"SET {QUIET} = 1")

        self._connection.patiently(again)

    def keep_rows(self, since: Mark | None) -> Callable[[], list[RecordedChange]]:
        with self._as_the_application_reads(), self._connection.transaction("REPEATABLE READ", snapshot=True):
            if since is None:
                found = [(each, present_rows(self._connection, each)) for each in self._trigger_set.current.values()]
            else:
                tables = list(self._trigger_set.recorded_tables.values())
                changed = touched(tables, self._connection.run(marks_query(tables)), since.number)
                found = [(each, recorded_rows(self._connection, each, since.number)) for each in changed]
        packed = [(recorded, PackedRows(rows)) for recorded, rows in found]
        return lambda: as_changes((recorded, each.rows()) for recorded, each in packed)

    def begin_again(self, states: Sequence[KnownState]) -> list[Mark]:
        self._end_sessions()
        self._begin_sessions()
        self._restoration.require_recorded(self._state_of(states[-1].mark))
        self._connection.patiently(self._trigger_set.install)
        self._head = 0
        marks: list[Mark] = []
        for known in states:
            state = self._state_of(known.mark)
            if known.is_whole:
                self._connection.patiently(partial(state.saved.make_schema_again, self._connection))
            self._trigger_set.close_journals(self._trigger_set.current.values())
            self.replay(known.rows())
            counted = state.counters.keys() - set(state.catalog.sequences)
            self._restoration.restore_counters(state, read_counters(self._connection, counted, state.catalog.sequences))
            marks.append(self.mark())
        self._mark_states = {mark.number: self._state_of(mark) for mark in marks}
        return marks

    def release(self, mark: Mark) -> None:
        self._state_of(mark)
        del self._mark_states[mark.number]
        self._connection.patiently(self._forget_unused)

    def fingerprint(self) -> str:
        def take() -> str:
            with self._connection.transaction("REPEATABLE READ", snapshot=True):
                return fingerprint(self._connection)

        return self._connection.patiently(take)

    def close(self) -> None:
        self._mark_states.clear()
        self._end_sessions()

    def _end_sessions(self) -> None:
        self._watch.connection.close()
        self._connection.close()

    # Where we are

    def _state_of(self, mark: Mark) -> MarkState:
        try:
            return self._mark_states[mark.number]
        except KeyError:
            raise ValueError(f"mark {mark.number} was released, or ended by going back to an earlier one") from None

    def _refresh(self) -> None:
        if not self._trigger_set.schema_is_unchanged() or self._watch.truncated_or_recreated(self._trigger_set.current):
            self._trigger_set.fit_triggers(self._last_mark)

    def _mark(self) -> Mark:
        while True:
            stale: set[str] = set()
            if self._trigger_set.schema_is_unchanged():
                with self._connection.transaction("REPEATABLE READ", snapshot=True):
                    stale = self._trigger_set.cascaded(self._trigger_set.current, UNSEEN - 1)
                    if not stale and self._trigger_set.restart_watch(self._trigger_set.current):
                        return self._mark_here()
            self._trigger_set.fit_triggers(self._last_mark, stale)

    def _mark_here(self) -> Mark:
        current, catalog, schema = self._trigger_set.current, self._trigger_set.catalog, self._trigger_set.schema
        assert schema is not None
        number = self._last_mark + 1
        recorded_tables = list(self._trigger_set.recorded_tables.values())
        counted = [name for name, recorded in current.items() if recorded.table.counted]
        marks, counters = self._connection.batch(
            [marks_query(recorded_tables), counters_query(counted, catalog.sequences)]
        )
        fresh = touched(recorded_tables, marks, UNSEEN - 1)
        seen = newly_seen(self._connection, fresh)
        stamps = [
            each
            for recorded, seqs in zip(fresh, seen, strict=True)
            for each in stamp_statements(recorded, seqs, number)
        ]
        self._connection.batch(["COMMIT", *stamps])
        self._head = max([self._head, *(seqs[-1] for seqs in seen if seqs)])
        saved, sums = SavedState(dict(current), schema), self._comparison.sums(catalog)
        self._mark_states[number] = MarkState(number, self._head, saved, catalog, parse_counters(counters), sums)
        self._last_mark = number
        return Mark(number)

    def _forget_unused(self) -> None:
        used = {recorded for state in self._mark_states.values() for recorded in state.saved.recorded_tables.values()}
        self._trigger_set.forget_unused(used | set(self._trigger_set.current.values()), list(self._mark_states))

    @contextmanager
    def _as_the_application_reads(self) -> Generator[None, None, None]:
        """TIMESTAMP values in the server's usual time zone."""
        self._connection.run("SET time_zone = DEFAULT")
        try:
            yield
        finally:
            self._connection.run("SET time_zone = '+00:00'")
