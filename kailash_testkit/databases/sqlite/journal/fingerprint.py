"""A hash over everything that a SQLite database of the application holds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple

from kailash_testkit.databases.sqlite.connection import Connection
from kailash_testkit.databases.sqlite.journal.counters import read_counters
from kailash_testkit.databases.sqlite.naming import is_bookkeeping, quoted

_ROWS_AT_ONCE = 1000
_VIRTUALLY_GENERATED = 2


class _Text(bytes):
    """The bytes of a TEXT value; the name in its repr tells it from a BLOB's."""

    def __repr__(self) -> str:
        return f"text {bytes(self)!r}"


def fingerprint(connection: Connection) -> str:
    """Hash the schema, the rows and the counters; the caller holds a read transaction.

    Values are hashed as Python's repr, which keeps type and bits: text as its bytes, floats to the last
    bit. Columns that are computed when read are left out: they say nothing of their own, and may need a
    function that only the application has. Rows come in the order of their key, with their rowid.
    """
    usual, connection.raw.text_factory = connection.raw.text_factory, _Text
    try:
        return _hash_all(connection.cursor())
    finally:
        connection.raw.text_factory = usual


def _hash_all(cursor: sqlite3.Cursor) -> str:
    total = hashlib.blake2b(digest_size=20)
    has_sequences = False
    schema = cursor.execute(
        "SELECT type, name, tbl_name, rootpage, sql FROM main.sqlite_master ORDER BY type, name"
    ).fetchall()
    for kind, name, table, page, sql in schema:
        plain = bytes(name).decode()
        has_sequences = has_sequences or plain == "sqlite_sequence"
        if is_bookkeeping(plain) or is_bookkeeping(bytes(table).decode()):
            continue
        total.update(repr((kind, name, table, sql)).encode())
        if bytes(kind) == b"table" and page:  # a virtual table has no page: its tables are listed as well
            hash_rows(cursor, plain, total)
    total.update(repr(astuple(read_counters(cursor, has_sequences=has_sequences))).encode())
    return total.hexdigest()


def same_rows(cursor: sqlite3.Cursor, tables: Iterable[str], one: str, other: str) -> bool:
    """Whether the tables hold the same rows, to the last bit, in two databases of the connection."""
    for table in tables:
        hashes = [hashlib.blake2b(digest_size=20) for _ in range(2)]
        for schema, total in zip((one, other), hashes, strict=True):
            hash_rows(cursor, table, total, schema)
        if hashes[0].digest() != hashes[1].digest():
            return False
    return True


def hash_rows(cursor: sqlite3.Cursor, table: str, total: hashlib.blake2b, schema: str = "main") -> None:
    """Hash the rows of a table in the database of that name on the connection."""
    columns = [
        name if isinstance(name, str) else bytes(name).decode()
        for name, hidden in cursor.execute("SELECT name, hidden FROM pragma_table_xinfo(?, ?)", (table, schema))
        if hidden != _VIRTUALLY_GENERATED
    ]
    selected = ", ".join(quoted(name) for name in columns)
    used = {name.lower() for name in columns}
    rowid = next((name for name in ("rowid", "_rowid_", "oid") if name not in used), None)
    statement = f"SELECT {selected} FROM {schema}.{quoted(table)}"
    if rowid is not None and not _is_without_rowid(cursor, table, schema):
        statement = f"SELECT {rowid}, {selected} FROM {schema}.{quoted(table)} ORDER BY {rowid}"
    cursor.execute(statement)
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        total.update(repr(rows).encode())


def _is_without_rowid(cursor: sqlite3.Cursor, table: str, schema: str) -> bool:
    query = "SELECT wr FROM pragma_table_list WHERE schema = ? AND name = ?"
    found = cursor.execute(query, (schema, table)).fetchone()
    return bool(found and found[0])
