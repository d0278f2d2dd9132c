"""What the journal does with any of its own connections, all of them in autocommit mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Literal


def configure(connection: sqlite3.Connection) -> None:
    """Let rows be put back that constraints would refuse or act upon: they were there before."""
    for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def plain_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """A cursor that gives tuples, whatever row factory the connection has."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor


@contextmanager
def transaction(
    connection: sqlite3.Connection, mode: Literal["DEFERRED", "IMMEDIATE"]
) -> Generator[sqlite3.Cursor, None, None]:
    """A transaction that ends with the block: committed, or rolled back when the block fails."""
    cursor = plain_cursor(connection)
    cursor.execute(f"BEGIN {mode}")
    try:
        yield cursor
        cursor.execute("COMMIT")
    finally:
        if connection.in_transaction:
            cursor.execute("ROLLBACK")


def bound(values: Iterable[object]) -> tuple[list[str], list[object]]:
    """What stands for the values in a statement, and what is bound to it.

    Text that is not UTF-8 was read with its bytes as surrogates; it goes back as these bytes.
    """
    places: list[str] = []
    given: list[object] = []
    for value in values:
        if isinstance(value, str) and _has_surrogates(value):
            places.append("CAST(? AS TEXT)")
            given.append(value.encode("utf-8", "surrogateescape"))
        else:
            places.append("?")
            given.append(value)
    return places, given


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
