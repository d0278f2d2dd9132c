"""A hash over everything that a MariaDB or MySQL database of the application holds."""

from __future__ import annotations

import hashlib

from kailash_testkit.databases.mysql.connection import Connection, quoted
from kailash_testkit.databases.mysql.journal.catalog import Table, read_catalog
from kailash_testkit.databases.mysql.journal.counters import read_counters
from kailash_testkit.databases.mysql.journal.schema import read_schema
from kailash_testkit.databases.mysql.journal.triggers import exact_value


def fingerprint(connection: Connection) -> str:
    """Hash the schema, the rows and the counters; the caller holds a snapshot."""
    catalog = read_catalog(connection)
    total = hashlib.blake2b(digest_size=20)
    total.update(repr(read_schema(connection).of_application()).encode())
    for name in sorted(catalog.tables):
        total.update(repr((name, _rows(connection, catalog.tables[name]))).encode())
    counted = [name for name, table in catalog.tables.items() if table.counted]
    total.update(repr(sorted(read_counters(connection, counted, catalog.sequences).items())).encode())
    return total.hexdigest()


def _rows(connection: Connection, table: Table) -> list[bytes]:
    """One hash per row; a table has no order, so they are sorted."""
    values = ", ".join(f"hex({exact_value(quoted(column.name), column.kind)})" for column in table.columns)
    rows = connection.run(f"SELECT {values} FROM {quoted(table.name)}")
    return sorted(hashlib.blake2b(repr(row).encode(), digest_size=16).digest() for row in rows)
