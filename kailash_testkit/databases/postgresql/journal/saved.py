"""The slow and always exact way back: copies of the tables, brought up to a mark.

By the time a change of the schema is noticed it is too late to save what was there before; so a copy of each table's
rows is made when its recording begins, and never again while that is unbroken: at a mark the table's rows are
that copy plus the changes recorded between. For most tables the copy is empty, for they are recorded from the
moment that they were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, Connection, literal
from kailash_testkit.databases.postgresql.journal.catalog import Table
from kailash_testkit.databases.postgresql.journal.trigger_functions import JOURNAL

SAVED: Final = f"{OWN_SCHEMA}.saved"
INSTALL: Final = f"""
    DROP TABLE IF EXISTS {SAVED};
    CREATE UNLOGGED TABLE {SAVED} (source int NOT NULL, image text NOT NULL);
    CREATE INDEX saved_source ON {SAVED} (source);
"""


def save(connection: Connection, tables: Mapping[int, Table]) -> str:
    """Copies the tables' rows, in the open transaction that keeps others from writing them; returns the snapshot."""
    copies = [
        f"INSERT INTO {SAVED} SELECT {number}, (t.*)::text FROM ONLY {table.sql} t" for number, table in tables.items()
    ]
    ((snapshot,),) = connection.run("; ".join([*copies, "SELECT pg_current_snapshot()::text"]))
    return str(snapshot)


def forget(connection: Connection, used: Iterable[int]) -> None:
    """Drops the copies of all tables but those."""
    numbers = ", ".join(map(str, sorted(used))) or "0"
    connection.run(f"DELETE FROM {SAVED} WHERE source NOT IN ({numbers})")


def difference(tables: Mapping[int, Table], copied: Mapping[int, str], snapshot: str) -> list[str]:
    """What makes the tables' present rows those of the snapshot: queries for ``(source, image, n)``, to be summed.

    copied: of when the copy of each table is.
    """
    parts: list[str] = []
    for number in tables:
        between = (
            f"source = {number} AND pg_visible_in_snapshot(xid, {literal(snapshot)}) "
            f"AND NOT pg_visible_in_snapshot(xid, {literal(copied[number])})"
        )
        parts += [
            f"SELECT source, image, 1 AS n FROM {SAVED} WHERE source = {number}",
            f"SELECT source, new, 1 FROM {JOURNAL} WHERE new IS NOT NULL AND {between}",
            f"SELECT source, old, -1 FROM {JOURNAL} WHERE old IS NOT NULL AND {between}",
        ]
    return [*parts, *taken_away(tables)]


def taken_away(tables: Mapping[int, Table]) -> list[str]:
    """The tables' present rows, to be taken away: queries for ``(source, image, n)``, to be summed."""
    return [
        f"SELECT {number} AS source, (t.*)::text AS image, -1 AS n FROM ONLY {table.sql} t"
        for number, table in tables.items()
    ]
