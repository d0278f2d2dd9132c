"""Keeping the application's triggers from firing while rows are put back or changes are made again.

Python 3.11 cannot switch them off, so they are dropped and made again inside the open transaction, in their old
order: the order decides which fires first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from kailash_testkit.databases.sqlite.naming import is_own_trigger, quoted


def triggers_of(cursor: sqlite3.Cursor, table: str, schema: str = "main") -> list[tuple[str, str]]:
    """Name and statement of all triggers of the table, in the order in which they were made."""
    return cursor.execute(
        f"SELECT name, sql FROM {schema}.sqlite_master "
        "WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY rowid",
        (table,),
    ).fetchall()


@contextmanager
def triggers_set_aside(cursor: sqlite3.Cursor, tables: Iterable[str], schema: str) -> Generator[None, None, None]:
    """Drop all triggers of the tables for the length of the block, inside the open transaction.

    They are made again in their old order, because the order decides which fires first.
    """
    found: list[tuple[str, str]] = []
    for table in tables:
        found += triggers_of(cursor, table, schema)
    for name, _ in found:
        cursor.execute(f"DROP TRIGGER {schema}.{quoted(name)}")
    yield
    for _, statement in found:
        cursor.execute(in_schema(statement, schema))


def in_schema(create_trigger: str, schema: str) -> str:
    """The statement as SQLite keeps it, for the database of that name on the connection."""
    return create_trigger.replace("CREATE TRIGGER ", f"CREATE TRIGGER {schema}.", 1)


@contextmanager
def only_own_triggers(cursor: sqlite3.Cursor, tables: Iterable[str]) -> Generator[None, None, None]:
    """Drops the application's triggers on the tables for the length of the block, inside the open transaction.

    The journal's stay and record. Then all are made again in their old order.
    """
    set_aside: list[tuple[list[str], list[str]]] = []
    for table in tables:
        found = triggers_of(cursor, table)
        own = [name for name, _ in found if is_own_trigger(name)]
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
