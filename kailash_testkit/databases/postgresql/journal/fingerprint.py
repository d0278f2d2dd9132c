"""A hash over everything that a PostgreSQL database of the application holds."""

from __future__ import annotations

import hashlib

from kailash_testkit.databases.postgresql.connection import Connection, literal
from kailash_testkit.databases.postgresql.journal import schema
from kailash_testkit.databases.postgresql.journal.catalog import read_catalog
from kailash_testkit.databases.postgresql.journal.triggers import all_rows


def fingerprint(connection: Connection) -> str:
    """Hash the schema, the rows and the sequences; the caller holds a transaction with one snapshot.

    Rows are hashed as their exact text, by the server, and the hashes summed: the sum does not depend on where
    the rows lie in the table, which PostgreSQL changes with every update.
    """
    total = hashlib.blake2b(digest_size=20)
    for each in sorted(schema.described(connection), key=repr):
        total.update(repr(tuple(each[:4])).encode())
    catalog = read_catalog(connection)
    rows = [
        f"SELECT {literal(table.sql)}, count(*)::text, {_hashes('(t.*)::text')} FROM ONLY {table.sql} t"
        for table in catalog.tables
    ]
    counters = [
        f"SELECT {literal(sequence)}, last_value::text, is_called::text FROM {sequence}"
        for sequence in catalog.sequences
    ]
    queries = [*rows, *counters]
    with all_rows(connection, catalog.tables):
        for row in sorted(connection.run(" UNION ALL ".join(queries) or "SELECT")):
            total.update(repr(row).encode())
    return total.hexdigest()


def _hashes(text: str) -> str:
    """128 bits: two hashes of each row, summed."""
    return " || ' ' || ".join(
        f'coalesce(sum(hashtextextended({text} COLLATE "C", {seed})::numeric), 0)::text' for seed in (0, 1)
    )
