"""Makes recorded changes again on another state of the same tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.connection import quoted_with_parameters as _sql
from kailash_testkit.databases.mysql.driver import NO_SUCH_ROW
from kailash_testkit.databases.mysql.journal.catalog import Column
from kailash_testkit.databases.mysql.journal.triggers import RecordedTable, all_digits


def replay(
    connection: Connection, recorded_tables: Mapping[str, RecordedTable], changes: Sequence[RecordedChange]
) -> None:
    """Inside a transaction: of each change, the row before it goes, the row after it comes."""
    for change in changes:
        recorded = recorded_tables[change.table]
        if change.before is not None:
            _delete(connection, recorded, change)
        if change.after is not None:
            _insert(connection, recorded, change.after)


def _delete(connection: Connection, recorded: RecordedTable, change: RecordedChange) -> None:
    columns = recorded.table.columns
    chosen = [columns[place] for place in recorded.table.key] or list(columns)
    same = _equal if recorded.table.key else _identical
    where = " AND ".join(same(column) for column in chosen)
    values = [_bound(value) for value in change.key]
    if not connection.count(f"DELETE FROM {_sql(recorded.table.name)} WHERE {where} LIMIT 1", values):
        raise connection.IntegrityError(NO_SUCH_ROW, f"{recorded.table.name} has no row {change.key!r} to change")


def _insert(connection: Connection, recorded: RecordedTable, row: Mapping[str, object]) -> None:
    written = [column.name for column in recorded.table.columns if column.writable]
    connection.run(
        f"INSERT INTO {_sql(recorded.table.name)} ({', '.join(map(_sql, written))}) "
        f"VALUES ({', '.join('%s' for _ in written)})",
        [_bound(row[name]) for name in written],
    )


def _equal(column: Column) -> str:
    return f"{_sql(column.name)} = %s"


def _identical(column: Column) -> str:
    """Equal is not enough where no key tells the rows apart: 'a' equals 'A'."""
    if column.charset:
        return f"CAST({_sql(column.name)} AS BINARY) <=> CAST(CONVERT(%s USING {column.charset}) AS BINARY)"
    if column.kind == "bit":
        return f"CAST({_sql(column.name)} AS BINARY) <=> %s"
    return f"{all_digits(_sql(column.name), column.kind)} <=> %s"


def _bound(value: object) -> object:
    """The value as PyMySQL sends it rightly, which it does not do with a negative TIME."""
    if not isinstance(value, timedelta) or value >= timedelta(0):
        return value
    seconds, rest = divmod(-value, timedelta(seconds=1))
    return f"-{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest // timedelta(microseconds=1):06d}"
