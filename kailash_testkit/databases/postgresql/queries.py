"""A query of a test on PostgreSQL: in a transaction that PostgreSQL lets read only."""

from __future__ import annotations

import contextlib
from typing import Final

from kailash_testkit.databases.postgresql.connection import Connection
from kailash_testkit.databases.queries import Query, Style

_STYLE: Final = Style("%({})s")


def query(url: str, asked: Query) -> list[dict[str, object]]:
    """Runs it and returns its rows. Raises `SqlFailed`, and `DatabaseBusy`."""
    statement, values = asked.bound(_STYLE)
    with contextlib.closing(Connection.to_database(url)) as connection:
        connection.run("SET default_transaction_read_only = on")
        try:
            rows, columns = connection.fetched(statement, values)
        except connection.errors.ReadOnlySqlTransaction as error:
            raise asked.write_refused(str(error)) from None
        except connection.Error as error:
            raise asked.failed(str(error)) from None
        return asked.result(columns, rows)
