"""Makes recorded changes again on another state of the same tables."""

from __future__ import annotations

import sqlite3

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.sqlite.journal.catalog import Table
from kailash_testkit.databases.sqlite.journal.values import bound
from kailash_testkit.databases.sqlite.naming import quoted


def make_again(cursor: sqlite3.Cursor, table: Table, change: RecordedChange) -> None:
    """Makes one change: the row before it goes, the row after it comes."""
    name = quoted(table.name)
    keys = [table.columns[index].name for index in table.declared_key]
    if change.before is not None:
        same = " AND ".join(f"{quoted(key)} IS ?" for key in keys)
        cursor.execute(f"DELETE FROM {name} WHERE {same}", change.key)
        if cursor.rowcount != 1:
            raise sqlite3.IntegrityError(f"{table.name} has no row {change.key!r} to change")
    if change.after is not None:
        values = {**dict(zip(keys, change.new_key, strict=True)), **change.after}
        written = [column.name for column in table.columns if column.writable and column.name in values]
        columns = ", ".join(map(quoted, written))
        placeholders, given = bound(values[column] for column in written)
        cursor.execute(f"INSERT INTO {name} ({columns}) VALUES ({', '.join(placeholders)})", given)
