"""SQLite: a database file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kailash_testkit.databases.claiming import require_no_rows, require_no_tables
from kailash_testkit.databases.journal import Journal as JournalInterface
from kailash_testkit.databases.sessions import Session
from kailash_testkit.databases.sqlite.connection import Connection, file_of
from kailash_testkit.databases.sqlite.naming import quoted
from kailash_testkit.databases.sqlite.sessions import holders

MARKER: Final = 0x4B544B31
"""``PRAGMA application_id`` of a database that the kit made: the letters KTK1."""

_OWN_TABLES: Final = ("sqlite_", "dataflow_", "_dataflow_")
_MOST_PARAMETERS: Final = 500  # of a statement; old releases take 999


class Database:
    """A SQLite file as the kit sees it. See `Database` for the methods."""

    serial_writes = True  # one writer at a time, and DataFlow leaks connections when it writes concurrently

    def __init__(self, url: str) -> None:
        self._url = url
        self.path = file_of(url)
        self._connection = Connection.open(self.path)

    @property
    def url(self) -> str:
        return self._url

    @property
    def identity(self) -> str:
        return f"sqlite:{self.path.resolve()}"

    def claim(self, *, allow_existing: bool) -> None:
        if self._connection.first("PRAGMA application_id") == (MARKER,):
            return  # it is the kit's already
        if not allow_existing:
            require_no_tables(str(self.path), self.tables())
        require_no_rows(str(self.path), self.tables(), self.count)
        self.mark_as_owned()

    def mark_as_owned(self) -> None:
        self._connection.run(f"PRAGMA application_id = {MARKER}")
        self._connection.run("PRAGMA journal_mode = WAL")  # as DataFlow's own connections have it

    def tables(self) -> list[str]:
        names = self._connection.run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [str(name) for (name,) in names if not str(name).startswith(_OWN_TABLES)]

    def row(self, table: str, row_id: object, /) -> Mapping[str, object] | None:
        rows = self._connection.run_for_dicts(f"SELECT * FROM {quoted(table)} WHERE id = ?", (row_id,))
        return rows[0] if rows else None

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        found: list[Mapping[str, object]] = []
        for some in _in_parts(ids):
            query = f"SELECT * FROM {quoted(table)} WHERE id IN ({_placeholders(some)})"
            found += self._connection.run_for_dicts(query, some)
        return found

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        for some in _in_parts(ids):
            self._connection.run(f"DELETE FROM {quoted(table)} WHERE id IN ({_placeholders(some)})", some)

    def references(self, table: str, /) -> Mapping[str, str]:
        keys = self._connection.run(
            'SELECT "from", "table" FROM pragma_foreign_key_list(?) GROUP BY id HAVING count(*) = 1', (table,)
        )
        return {str(column): str(other) for column, other in keys}

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        return self._connection.run_for_dicts(f"SELECT * FROM {quoted(table)} WHERE id > ? ORDER BY id", (last,))

    def last_generated_id(self, table: str, /) -> int:
        found = self._connection.first(f"SELECT max(id) FROM {quoted(table)}")
        given = self._connection.first("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return max(int(str(number[0] or 0)) for number in (found, given) if number is not None)

    def advance_sequence_past(self, table: str, number: int, /) -> None:
        """SQLite does so by itself."""

    def at_column_precision(self, table: str, values: Mapping[str, object], /) -> Mapping[str, object]:
        return values

    def count(self, table: str, /) -> int:
        return self._connection.number(f"SELECT count(*) FROM {quoted(table)}")

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        rows = self._connection.run(f"SELECT id FROM {quoted(table)} ORDER BY rowid DESC LIMIT ?", (limit,))
        return [row[0] for row in rows]

    def is_locked(self) -> bool:
        return self._connection.is_locked()

    def sessions(self) -> list[Session]:
        """None: SQLite knows of locks, not of those who hold them."""
        return []

    def open_transactions(self) -> list[str]:
        return holders(str(self.path), own=None)

    def journal(self, *, lock_wait: float = 0.5) -> JournalInterface:
        from kailash_testkit.databases.sqlite.journal.journal import Journal

        return Journal(Connection.open_for_journal(self.path, lock_wait=lock_wait))

    def empty(self) -> None:
        self._connection.run("PRAGMA foreign_keys = OFF")
        with self._connection.transaction("IMMEDIATE") as cursor:
            for table in self.tables():
                cursor.execute(f"DELETE FROM {quoted(table)}")
            cursor.execute("DELETE FROM sqlite_sequence WHERE name NOT LIKE 'dataflow_%'")

    def close(self) -> None:
        self._connection.close()


def _in_parts(values: Sequence[object]) -> Iterator[Sequence[object]]:
    return (values[start : start + _MOST_PARAMETERS] for start in range(0, len(values), _MOST_PARAMETERS))


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def look_for_row(url: str, table: str, row_id: object) -> bool:
    """Whether a file, that the kit may only look into, has a row of that id; False where there is no such table."""
    path = file_of(url)
    if not path.exists():
        return False
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            found = connection.execute(f"SELECT 1 FROM {quoted(table)} WHERE id = ?", (row_id,)).fetchone()
        except (sqlite3.DatabaseError, sqlite3.InterfaceError):  # no such table, or a value that is no id
            return False
    return found is not None
