"""Going back to a mark: schema, rows and counters."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from time import sleep
from typing import Final

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.journal import LOCK_WAIT, UndoReport
from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.journal.counters import write_counters
from kailash_testkit.databases.mysql.journal.mark_state import Comparison, MarkState, tables_in_use_query
from kailash_testkit.databases.mysql.journal.trigger_free_writes import without_application_triggers
from kailash_testkit.databases.mysql.journal.trigger_set import TriggerSet
from kailash_testkit.databases.mysql.journal.triggers import RecordedTable
from kailash_testkit.databases.mysql.journal.undo import lock_statement, rewrite_statements, undo_statements
from kailash_testkit.errors import DatabaseBusy, IsolationFailed

_LOOK_AGAIN: Final = 0.02  # seconds


class Restoration:
    """Makes the database what it was at a mark."""

    def __init__(self, connection: Connection, trigger_set: TriggerSet, comparison: Comparison) -> None:
        self._connection = connection
        self._trigger_set = trigger_set
        self._comparison = comparison

    def undo(self, state: MarkState) -> UndoReport:
        """As `Journal.undo`, but waits for nobody who keeps a table locked."""
        self.require_recorded(state)
        observed = self._comparison.observe(state, "READ UNCOMMITTED")  # it must wait for what is not committed yet
        gaps = self._comparison.gaps(state, observed)
        if gaps:
            comparison = self._comparison
            comparison.unfinished |= comparison.stale(state) | comparison.broken(state) | self._put_schema_back(state)
            observed = self._comparison.observe(state, "READ UNCOMMITTED")
        stale = self._comparison.unfinished
        number = self._restore_rows(state, observed.touched, stale)
        if stale and not self._watch_rewritten(state, stale):
            return self.undo(state)
        self._comparison.unfinished = set()
        restored = self.restore_counters(state, observed.counters)
        if gaps:
            return UndoReport("saved state", number, gaps)
        return UndoReport("journal" if observed.touched or restored else "nothing", number)

    def require_recorded(self, state: MarkState) -> None:
        """Raises `IsolationFailed` where rows changed that the kit cannot put back."""
        lost = self._comparison.unrecorded(state)
        if lost:
            raise IsolationFailed(
                "rows were changed that the kit cannot put back",
                why="; ".join(lost),
                do="make them tables of InnoDB, or leave them alone in tests",
            )

    def table_locks_left(self) -> Generator[DatabaseBusy, None, None]:
        """The error for tables that stay locked, once, after a wait for whoever is about to unlock them."""
        end = clocks.now() + LOCK_WAIT
        asked = tables_in_use_query(self._connection.database)
        while in_use := self._connection.run(asked):
            if clocks.now() > end:
                yield self._connection.tables_locked([name for _, name, *_ in in_use])
                return
            sleep(_LOOK_AGAIN)

    def _put_schema_back(self, state: MarkState) -> set[str]:
        """Returns the tables that are empty now and should not be."""
        recorded_tables, current = state.saved.recorded_tables, self._trigger_set.current
        if not self._comparison.schema_differs(state) and all(
            current.get(name) is recorded for name, recorded in recorded_tables.items()
        ):
            return set()
        rebuilt = state.saved.put_schema_back(self._connection)
        self._trigger_set.switch_to(recorded_tables, state.catalog, state.number)
        return rebuilt & set(recorded_tables)

    def _restore_rows(self, state: MarkState, touched: list[RecordedTable], stale: set[str]) -> int:
        """Under REPEATABLE READ: reading for update keeps others from recording more at the end of a journal."""
        recorded_tables = state.saved.recorded_tables
        changed = {recorded.table.name for recorded in touched if recorded_tables.get(recorded.table.name) is recorded}
        written = [recorded_tables[name] for name in sorted(changed | stale)]
        if not written:
            return 0
        lock_statements = [lock_statement(recorded, state.number) for recorded in written]
        with without_application_triggers(
            self._connection, written, state.saved.schema.triggers, first=lock_statements
        ) as found:
            restoring: list[str] = []
            for recorded, images in zip(written, found, strict=True):
                if recorded.table.name in stale:
                    restoring += rewrite_statements(recorded, state.number)
                else:
                    restoring += undo_statements(recorded, images, state.number)
            self._connection.batch(restoring)
        return sum(len({seq for seq, _, _ in images}) for images in found)

    def _watch_rewritten(self, state: MarkState, stale: set[str]) -> bool:
        with self._connection.transaction("REPEATABLE READ", snapshot=True):
            return self._trigger_set.restart_watch(set(state.saved.recorded_tables) - stale)

    def restore_counters(self, state: MarkState, present: Mapping[str, int]) -> bool:
        """Put back the counters that differ. Returns whether any stood elsewhere."""
        restored = write_counters(self._connection, state.counters, present, state.catalog.sequences)
        self._trigger_set.count_own_statements(restored)
        return restored > 0
