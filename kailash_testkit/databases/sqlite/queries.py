"""A query of a test on a SQLite file: on a connection that SQLite lets read only."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Final

from kailash_testkit.databases.queries import Query, Style
from kailash_testkit.databases.sqlite.connection import Connection

_STYLE: Final = Style(":{}")
# What the connection's own switch lets through: other files, to which VACUUM INTO belongs, and settings that are kept.
_OTHER_FILES: Final = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
_READING_PRAGMAS: Final = ("table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list")


def query(path: Path, asked: Query) -> list[dict[str, object]]:
    """Runs it and returns its rows. Raises `SqlFailed`, and `DatabaseBusy`."""
    statement, values = asked.bound(_STYLE)
    refused: list[str] = []

    def allow(action: int, first: str | None, second: str | None, *_: object) -> int:
        sets = action == sqlite3.SQLITE_PRAGMA and second is not None and first not in _READING_PRAGMAS
        if sets or action in _OTHER_FILES:
            refused.append(str(first))
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    with contextlib.closing(Connection.open(path)) as connection:
        connection.raw.execute("PRAGMA query_only = ON")
        connection.raw.set_authorizer(allow)
        try:
            rows, columns = connection.fetched(statement, {name: bindable(value) for name, value in values.items()})
        except (sqlite3.Error, sqlite3.Warning) as error:
            writes = refused or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
            raise (asked.write_refused(str(error)) if writes else asked.failed(str(error))) from None
    return asked.result(columns, rows)


def bindable(value: object) -> object:
    """Moments as DataFlow writes them into its columns of text."""
    return str(value) if isinstance(value, (date, datetime)) else value
