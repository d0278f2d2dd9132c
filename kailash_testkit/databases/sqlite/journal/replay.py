"""Makes recorded changes again on another state of the same tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.sqlite.connection import bound
from kailash_testkit.databases.sqlite.database import quoted
from kailash_testkit.databases.sqlite.journal.catalog import OWN_PREFIX, Table
from kailash_testkit.databases.sqlite.journal.triggers import triggers_of


@contextmanager
def only_own_triggers(cursor: sqlite3.Cursor, tables: Iterable[str]) -> Generator[None, None, None]:
    """Drops the application's triggers on the tables for the length of the block, inside the open transaction.

    The journal's stay and record. Then all are made again in their old order, which decides which fires first.
    """
    set_aside: list[tuple[list[str], list[str]]] = []
    for table in tables:
        found = triggers_of(cursor, table)
        own = [name for name, _ in found if name.startswith(OWN_PREFIX)]
        others = [name for name, _ in found if name not in own]
        if others:
            set_aside.append((own, [statement for _, statement in found]))
            _drop(cursor, others)
    yield
    for own, statements in set_aside:
        _drop(cursor, own)
        for statement in statements:
            cursor.execute(statement)


def _drop(cursor: sqlite3.Cursor, triggers: Iterable[str]) -> None:
    for name in triggers:
        cursor.execute(f"DROP TRIGGER main.{quoted(name)}")


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
        places, given = bound(values[column] for column in written)
        cursor.execute(f"INSERT INTO {name} ({columns}) VALUES ({', '.join(places)})", given)
