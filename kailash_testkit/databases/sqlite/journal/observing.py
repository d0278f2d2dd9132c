"""Looks at the database: whether somebody wrote, where the journal is, whether all is as we left it."""

from __future__ import annotations

import sqlite3

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.counters import Counters, read_counters
from kailash_testkit.databases.sqlite.journal.fingerprint import same_rows
from kailash_testkit.databases.sqlite.journal.mark_state import NOTHING_OBSERVED, MarkState, Observation
from kailash_testkit.databases.sqlite.journal.schema import schema_of, schema_text
from kailash_testkit.databases.sqlite.journal.trigger_set import TriggerSet
from kailash_testkit.databases.sqlite.journal.triggers import IMAGE, LIVE
from kailash_testkit.databases.sqlite.naming import JOURNAL_TABLE
from kailash_testkit.databases.sqlite.watched_connections import blobs_opened


class Observer:
    """Looks through the journal's own connection."""

    def __init__(self, connection: Connection, trigger_set: TriggerSet) -> None:
        self._connection = connection
        self._trigger_set = trigger_set
        self._fit_at = NOTHING_OBSERVED

    def observe(self) -> Observation:
        """The numbers that tell whether anybody wrote since another observation."""
        data_version = self._connection.number("PRAGMA main.data_version")
        return Observation(data_version, self._connection.raw.total_changes, blobs_opened())

    def head(self) -> int:
        """The last row of the journal."""
        return self._connection.number(f"SELECT max(rowid) FROM {JOURNAL_TABLE}")

    def counters(self, cursor: sqlite3.Cursor) -> Counters:
        """The counters of automatic numbers."""
        return read_counters(cursor, has_sequences=self._trigger_set.catalog.has_sequences)

    def schema_cookie(self) -> int:
        """SQLite's own counter of schema changes."""
        return self._connection.number("PRAGMA main.schema_version")

    def schema_is_fit(self) -> bool:
        """Whether the schema is as the triggers were made for."""
        cookie, observation, cursor = self.schema_cookie(), self.observe(), self._connection.cursor()
        is_same = cookie == self._trigger_set.cookie
        if is_same and (observation == self._fit_at or schema_text(cursor) == self._trigger_set.text):
            self._fit_at = observation
            return True
        return self._trigger_set.is_fit(cursor, cookie)

    def gaps(self, state: MarkState) -> tuple[str, ...]:
        """Why the journal may not tell all that happened since the mark."""
        gaps: list[str] = []
        if state.schema_version != self._trigger_set.schema_version or not self.schema_is_fit():
            gaps.append("the schema was changed")
        if self._trigger_set.catalog.opaque and self.observe() != state.observation:
            gaps += self._trigger_set.catalog.opaque.values()
        return tuple(gaps)

    def reads_as_at(self, state: MarkState) -> bool:
        """Whether all is as it was at the mark, though somebody may have written."""
        with self._connection.transaction("DEFERRED") as cursor:
            if self.gaps(state) or self.head() != state.seq or self.counters(cursor) != state.counters:
                return False
        with state.image.connection.transaction("DEFERRED") as cursor:
            return same_rows(cursor, state.image.recorded, IMAGE, LIVE)

    def record_as_at(self, state: MarkState) -> None:
        """The triggers are again those of the mark."""
        self._trigger_set.cookie = self.schema_cookie()
        self._trigger_set.return_to(state.schema_version, state.image.catalog, state.image.recorded)
        cursor = self._connection.cursor()
        self._trigger_set.schema, self._trigger_set.text = schema_of(cursor), schema_text(cursor)
