"""The schema of a SQLite database as texts, to notice that somebody changed it."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from kailash_testkit.databases.sqlite.naming import bookkeeping_tables, is_bookkeeping, is_own_trigger


class Schema(NamedTuple):
    """What the database's schema is made of.

    application: type, name and text of all that belongs to the application's tables, the journal's
        triggers included. bookkeeping: the names of what belongs to DataFlow's, as far as made by a statement.
    """

    application: frozenset[tuple[str, str, str | None]]
    bookkeeping: frozenset[str]


def schema_of(cursor: sqlite3.Cursor) -> Schema:
    """The schema as it is now."""
    objects = cursor.execute("SELECT type, name, sql, tbl_name FROM main.sqlite_master").fetchall()
    return Schema(
        frozenset((kind, name, text) for kind, name, text, table in objects if not is_bookkeeping(table)),
        frozenset(
            name for _, name, text, table in objects if text is not None and table.lower() in bookkeeping_tables()
        ),
    )


def schema_text(cursor: sqlite3.Cursor, schema: str = "main") -> str:
    """The whole schema of that name on the connection, as one text: to see whether it is the same."""
    (text,) = cursor.execute(
        f"SELECT group_concat(type || name || tbl_name || ifnull(sql, '')) FROM {schema}.sqlite_master"
    ).fetchone()
    return str(text)


def own_triggers(cursor: sqlite3.Cursor) -> set[tuple[str, str]]:
    """The journal's triggers: their names and tables."""
    triggers = cursor.execute("SELECT name, tbl_name FROM main.sqlite_master WHERE type = 'trigger'").fetchall()
    return {(name, table) for name, table in triggers if is_own_trigger(name)}
