"""Which tables are recorded, by which triggers, under which schema."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from kailash_testkit.databases.sqlite.database import quoted
from kailash_testkit.databases.sqlite.journal.catalog import (
    JOURNAL_TABLE,
    Catalog,
    Schema,
    own_triggers,
    read_catalog,
    schema_of,
)
from kailash_testkit.databases.sqlite.journal.triggers import Source


@dataclass
class Recording:
    """What is recorded now, and what every number in the journal has ever meant.

    sources: all there have been, by number. current: those whose triggers are in place, by table.
    epoch: one number per schema; recorded changes lead back to a mark of the same epoch only.
    schema_version: SQLite's counter as we left it; another value means that someone changed the schema,
        perhaps only by a table of DataFlow's bookkeeping. schema: that of the application, as we left it.
    """

    sources: dict[int, Source] = field(default_factory=dict[int, Source])
    current: dict[str, Source] = field(default_factory=dict[str, Source])
    catalog: Catalog = field(default_factory=lambda: Catalog({}, {}, False))
    epoch: int = 0
    schema_version: int = -1
    schema: Schema | None = None
    _last_epoch: int = 0

    def install(self, cursor: sqlite3.Cursor) -> None:
        """Create the journal, empty, inside the open transaction; its triggers come with `refit`."""
        _drop_own_triggers(cursor, keep=set())
        cursor.execute(f"DROP TABLE IF EXISTS {JOURNAL_TABLE}")
        cursor.execute(f"CREATE TABLE {JOURNAL_TABLE} (source)")
        self.current, self.schema = {}, None

    def is_fit(self, cursor: sqlite3.Cursor, version: int) -> bool:
        """Whether all that was done to the schema up to ``version`` is that DataFlow added its bookkeeping.

        Each statement that makes an object adds 1 to SQLite's counter. If it rose by more, somebody did
        what the texts do not show: VACUUM renumbers rows, a trigger made again fires before ours.
        """
        before, now = self.schema, schema_of(cursor)
        if before is None or before.application != now.application or not before.bookkeeping <= now.bookkeeping:
            return False
        if version - self.schema_version != len(now.bookkeeping - before.bookkeeping):
            return False
        self.schema, self.schema_version = now, version
        return True

    def refit(self, cursor: sqlite3.Cursor) -> None:
        """Make the triggers fit the tables, inside the open transaction; a new epoch begins."""
        catalog = read_catalog(cursor)
        _widen_journal(cursor, catalog)
        present = own_triggers(cursor)
        current = {
            name: source
            for name, source in self.current.items()
            if catalog.tables.get(name) == source.table
            and not source.table.has_user_triggers
            and present.issuperset((trigger, name) for trigger in source.trigger_names)
        }
        _drop_own_triggers(cursor, keep={name for source in current.values() for name in source.trigger_names})
        opaque = dict(catalog.opaque)
        for name, table in catalog.tables.items():
            if name not in current:
                source = Source(len(self.sources) + 1, table)
                self.sources[source.number] = source
                refusal = source.install(cursor)
                if refusal is None:
                    current[name] = source
                else:
                    opaque[name] = f"table {name} {refusal}"
        self.current, self.catalog = current, Catalog(catalog.tables, opaque, catalog.has_sequences)
        self._last_epoch += 1
        self.epoch = self._last_epoch
        self.schema = schema_of(cursor)

    def return_to(self, epoch: int, catalog: Catalog, current: dict[str, Source]) -> None:
        """The schema of an earlier epoch was put back, with the triggers it had."""
        self.epoch, self.catalog, self.current = epoch, catalog, dict(current)


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
