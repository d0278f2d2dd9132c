"""What a SQLite database holds beside its tables' rows: auto-increment counters and header numbers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from kailash_testkit.databases.sqlite.naming import of_application


@dataclass(frozen=True)
class Counters:
    """The values of `sqlite_sequence` (bookkeeping tables left out), user_version and application_id."""

    sequences: tuple[tuple[object, object], ...]
    user_version: int
    application_id: int


def read_counters(cursor: sqlite3.Cursor, schema: str = "main", *, has_sequences: bool) -> Counters:
    """The counters as they are now in the database of that name on the connection."""
    sequences = ()
    if has_sequences:
        sequences = tuple(
            cursor.execute(
                f"SELECT name, seq FROM {schema}.sqlite_sequence WHERE {of_application()} ORDER BY name, seq"
            ).fetchall()
        )
    (user_version,) = cursor.execute(f"PRAGMA {schema}.user_version").fetchone()
    (application_id,) = cursor.execute(f"PRAGMA {schema}.application_id").fetchone()
    return Counters(sequences, user_version, application_id)


def write_counters(cursor: sqlite3.Cursor, wanted: Counters, schema: str, *, has_sequences: bool) -> bool:
    """Put the counters back inside the open transaction; returns whether any differed."""
    present = read_counters(cursor, schema, has_sequences=has_sequences)
    if present.sequences != wanted.sequences:
        cursor.execute(f"DELETE FROM {schema}.sqlite_sequence WHERE {of_application()}")
        cursor.executemany(f"INSERT INTO {schema}.sqlite_sequence (name, seq) VALUES (?, ?)", wanted.sequences)
    if present.user_version != wanted.user_version:
        cursor.execute(f"PRAGMA {schema}.user_version = {wanted.user_version}")
    if present.application_id != wanted.application_id:
        cursor.execute(f"PRAGMA {schema}.application_id = {wanted.application_id}")
    return present != wanted
