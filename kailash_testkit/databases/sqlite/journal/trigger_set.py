"""Which tables are recorded, by which triggers, under which schema."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from kailash_testkit.databases.sqlite.journal.catalog import Catalog, read_catalog
from kailash_testkit.databases.sqlite.journal.schema import Schema, own_triggers, schema_of, schema_text
from kailash_testkit.databases.sqlite.journal.triggers import RecordedTable
from kailash_testkit.databases.sqlite.naming import JOURNAL_TABLE, quoted


@dataclass
class TriggerSet:
    """What is recorded now, and what every number in the journal has ever meant.

    by_number: all tables that there have been. current: those whose triggers are there now, by name.
    schema_version: one number per schema; recorded changes lead back to a mark of the same version only.
    cookie: SQLite's own counter of schema changes as we left it; another value means that someone changed the schema,
        perhaps only by a table of DataFlow's bookkeeping. schema: that of the application, as we left it. text: all of
        the schema, as we left it: `PRAGMA schema_version` and `writable_schema` change it and not the cookie.
    """

    by_number: dict[int, RecordedTable] = field(default_factory=dict[int, RecordedTable])
    current: dict[str, RecordedTable] = field(default_factory=dict[str, RecordedTable])
    catalog: Catalog = field(default_factory=lambda: Catalog({}, {}, False))
    schema_version: int = 0
    cookie: int = -1
    schema: Schema | None = None
    text: str = ""
    _last_version: int = 0

    def install(self, cursor: sqlite3.Cursor) -> None:
        """Create the journal, empty, inside the open transaction; its triggers come with `refit`."""
        _drop_own_triggers(cursor, keep=set())
        cursor.execute(f"DROP TABLE IF EXISTS {JOURNAL_TABLE}")
        cursor.execute(f"CREATE TABLE {JOURNAL_TABLE} (source)")
        self.current, self.schema = {}, None

    def is_fit(self, cursor: sqlite3.Cursor, cookie: int) -> bool:
        """Whether all that was done to the schema up to ``cookie`` is that DataFlow added its bookkeeping.

        Each statement that makes an object adds 1 to SQLite's counter. If it rose by more, somebody did
        what the texts do not show: VACUUM renumbers rows, a trigger made again fires before ours.
        """
        before, now = self.schema, schema_of(cursor)
        if before is None or before.application != now.application or not before.bookkeeping <= now.bookkeeping:
            return False
        if cookie - self.cookie != len(now.bookkeeping - before.bookkeeping):
            return False
        self.schema, self.cookie, self.text = now, cookie, schema_text(cursor)
        return True

    def refit(self, cursor: sqlite3.Cursor) -> None:
        """Make the triggers fit the tables, inside the open transaction; which is a new version of the schema."""
        catalog = read_catalog(cursor)
        _widen_journal(cursor, catalog)
        present = own_triggers(cursor)
        current = {
            name: recorded
            for name, recorded in self.current.items()
            if catalog.tables.get(name) == recorded.table
            and not recorded.table.has_user_triggers
            and present.issuperset((trigger, name) for trigger in recorded.trigger_names)
        }
        _drop_own_triggers(cursor, keep={name for recorded in current.values() for name in recorded.trigger_names})
        opaque = dict(catalog.opaque)
        for name, table in catalog.tables.items():
            if name not in current:
                recorded = RecordedTable(len(self.by_number) + 1, table)
                self.by_number[recorded.number] = recorded
                refusal = recorded.install(cursor)
                if refusal is None:
                    current[name] = recorded
                else:
                    opaque[name] = f"table {name} {refusal}"
        self.current, self.catalog = current, Catalog(catalog.tables, opaque, catalog.has_sequences)
        self._last_version += 1
        self.schema_version = self._last_version
        self.schema = schema_of(cursor)

    def return_to(self, schema_version: int, catalog: Catalog, current: dict[str, RecordedTable]) -> None:
        """An earlier version of the schema was put back, with the triggers it had."""
        self.schema_version, self.catalog, self.current = schema_version, catalog, dict(current)


def _widen_journal(cursor: sqlite3.Cursor, catalog: Catalog) -> None:
    """Give the journal enough columns for the widest row and its key."""
    wanted = max((len(table.columns) + len(table.key) for table in catalog.tables.values()), default=0)
    (present,) = cursor.execute("SELECT count(*) - 1 FROM pragma_table_info(?)", (JOURNAL_TABLE,)).fetchone()
    for number in range(present, wanted):
        cursor.execute(f"ALTER TABLE {JOURNAL_TABLE} ADD COLUMN c{number}")


def _drop_own_triggers(cursor: sqlite3.Cursor, *, keep: set[str]) -> None:
    for name, _ in own_triggers(cursor):
        if name not in keep:
            cursor.execute(f"DROP TRIGGER main.{quoted(name)}")
