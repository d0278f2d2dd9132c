"""A query of a test on MariaDB or MySQL: in a transaction that the server lets read only."""

from __future__ import annotations

import contextlib
from typing import Final

from kailash_testkit.databases.mysql.connection import Connection, is_busy
from kailash_testkit.databases.mysql.driver import READS_ONLY, error_number
from kailash_testkit.databases.queries import Query, Style

_STYLE: Final = Style("%({})s", escapes=True)


def query(url: str, asked: Query) -> list[dict[str, object]]:
    """Runs it and returns its rows. Raises `SqlFailed`, and `DatabaseBusy`."""
    statement, values = asked.bound(_STYLE)
    with contextlib.closing(Connection.to_database(url)) as connection, connection.lock_waits_reported():
        connection.run("SET SESSION TRANSACTION READ ONLY")
        try:
            rows, columns = connection.fetched(statement, values or None)
        except connection.Error as error:
            if is_busy(error):
                raise
            reason = str(error.args[-1])
            refused = error_number(error) == READS_ONLY
            raise (asked.write_refused(reason) if refused else asked.failed(reason)) from None
        return asked.result(columns, rows)
