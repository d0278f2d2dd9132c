"""SQLite: a database file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kailash_testkit.databases.claiming import require_no_rows, require_no_tables
from kailash_testkit.databases.journal import Journal
from kailash_testkit.databases.sessions import Session
from kailash_testkit.errors import UnsupportedDatabase

MARKER: Final = 0x4B544B31
"""``PRAGMA application_id`` of a database that the kit made: the letters KTK1."""

_OWN_TABLES: Final = ("sqlite_", "dataflow_", "_dataflow_")
_LOCK_WAIT_MS: Final = 500
_MOST_PARAMETERS: Final = 500  # of a statement; old releases take 999


class SqliteDatabase:
    """A SQLite file as the kit sees it. See `Database` for the methods."""

    serial_writes = True  # one writer at a time, and DataFlow leaks connections when it writes concurrently

    def __init__(self, url: str) -> None:
        self._url = url
        self.path = file_of(url)
        self._lock = threading.Lock()
        self._connection = self.connect()

    @property
    def url(self) -> str:
        return self._url

    @property
    def identity(self) -> str:
        return f"sqlite:{self.path.resolve()}"

    def connect(self) -> sqlite3.Connection:
        """A further connection of the kit's own, in autocommit mode."""
        return _connect(self.path)

    def claim(self, *, allow_existing: bool) -> None:
        if self._one("PRAGMA application_id") == (MARKER,):
            return  # it is the kit's already
        if not allow_existing:
            require_no_tables(str(self.path), self.tables())
        require_no_rows(str(self.path), self.tables(), self.count)
        self.mark_as_owned()

    def mark_as_owned(self) -> None:
        self._run(f"PRAGMA application_id = {MARKER}")
        self._run("PRAGMA journal_mode = WAL")  # as DataFlow's own connections have it

    def tables(self) -> list[str]:
        names = self._run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [str(name) for (name,) in names if not str(name).startswith(_OWN_TABLES)]

    def row(self, table: str, row_id: object, /) -> Mapping[str, object] | None:
        rows = self._dicts(f"SELECT * FROM {quoted(table)} WHERE id = ?", (row_id,))
        return rows[0] if rows else None

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        found: list[Mapping[str, object]] = []
        for some in _in_parts(ids):
            found += self._dicts(f"SELECT * FROM {quoted(table)} WHERE id IN ({_placeholders(some)})", some)
        return found

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        for some in _in_parts(ids):
            self._run(f"DELETE FROM {quoted(table)} WHERE id IN ({_placeholders(some)})", some)

    def references(self, table: str, /) -> Mapping[str, str]:
        keys = self._run(
            'SELECT "from", "table" FROM pragma_foreign_key_list(?) GROUP BY id HAVING count(*) = 1', (table,)
        )
        return {str(column): str(other) for column, other in keys}

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        return self._dicts(f"SELECT * FROM {quoted(table)} WHERE id > ? ORDER BY id", (last,))

    def last_generated_id(self, table: str, /) -> int:
        found = self._one(f"SELECT max(id) FROM {quoted(table)}")
        given = self._one("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return max(int(str(number[0] or 0)) for number in (found, given) if number is not None)

    def advance_sequence_past(self, table: str, number: int, /) -> None:
        """SQLite does so by itself."""

    def at_column_precision(self, table: str, values: Mapping[str, object], /) -> Mapping[str, object]:
        return values

    def count(self, table: str, /) -> int:
        counted = self._one(f"SELECT count(*) FROM {quoted(table)}")
        return int(str(counted[0])) if counted else 0

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        rows = self._run(f"SELECT id FROM {quoted(table)} ORDER BY rowid DESC LIMIT ?", (limit,))
        return [row[0] for row in rows]

    def is_locked(self) -> bool:
        try:
            self._run("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        self._run("ROLLBACK")
        return False

    def sessions(self) -> list[Session]:
        """None: SQLite knows of locks, not of those who hold them."""
        return []

    def open_transactions(self) -> list[str]:
        from kailash_testkit.databases.sqlite.sessions import holders

        return holders(str(self.path), own=None)

    def journal(self, *, lock_wait: float = 0.5) -> Journal:
        from kailash_testkit.databases.sqlite.journal.journal import SqliteJournal

        return SqliteJournal(self.connect(), str(self.path), lock_wait=lock_wait)

    def empty(self) -> None:
        self._run("PRAGMA foreign_keys = OFF")
        self._run("BEGIN IMMEDIATE")
        for table in self.tables():
            self._run(f"DELETE FROM {quoted(table)}")
        self._run("DELETE FROM sqlite_sequence WHERE name NOT LIKE 'dataflow_%'")
        self._run("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _one(self, statement: str, parameters: Sequence[object] = ()) -> tuple[object, ...] | None:
        rows = self._run(statement, parameters)
        return rows[0] if rows else None

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(statement, tuple(parameters)).fetchall()

    def _dicts(self, statement: str, parameters: Sequence[object]) -> list[Mapping[str, object]]:
        with self._lock:
            cursor = self._connection.execute(statement, tuple(parameters))
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]


def _in_parts(values: Sequence[object]) -> Iterator[Sequence[object]]:
    return (values[start : start + _MOST_PARAMETERS] for start in range(0, len(values), _MOST_PARAMETERS))


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def file_of(url: str) -> Path:
    """The file that DataFlow's nodes use for a SQLite URL.

    Raises `UnsupportedDatabase` for an in-memory database, and for a relative path: kailash-dataflow
    2.20.1 makes the tables in the working directory then, and the nodes write to the root directory.
    """
    if ":memory:" in url or "mode=memory" in url:
        raise UnsupportedDatabase(
            f"an in-memory SQLite database ({url}) cannot be tested on",
            why="DataFlow loses it at close_async(), and no other connection can see it",
            do="let the kit provide its own file (testkit_url_env), or use sqlite:////absolute/path.db",
        )
    if url.startswith("sqlite") and (set("?%#") & set(url) or not url.startswith("sqlite:///")):
        raise UnsupportedDatabase(
            f"the SQLite URL {url} cannot be tested on",
            why="DataFlow takes drivers, options and escapes in it as parts of a file's name",
            do="use sqlite:////absolute/path.db, with a plain path",
        )
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:") and not path.is_absolute():
        raise UnsupportedDatabase(
            f"the relative SQLite URL {url} cannot be tested on",
            why=f"DataFlow makes its tables in {path.absolute()} but its nodes open /{path}",
            do=f"use four slashes: sqlite:////{str(path.absolute()).lstrip('/')}",
        )
    return path.absolute()


def _connect(path: Path) -> sqlite3.Connection:
    if not path.parent.is_dir():
        raise UnsupportedDatabase(
            f"the SQLite file {path} cannot be opened",
            why=f"the folder {path.parent} does not exist",
            do="create the folder, or correct the URL",
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UnsupportedDatabase(
            f"the SQLite file {path} cannot be written",
            why="the file or its folder is read-only for this user",
            do="make it writable, or use another folder",
        )
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_LOCK_WAIT_MS / 1000)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master")  # fails for a file that is no database
    except sqlite3.Error as error:
        raise UnsupportedDatabase(
            f"the SQLite file {path} cannot be opened", why=str(error), do="correct the URL or the file"
        ) from None
    return connection


def has_row(url: str, table: str, row_id: object) -> bool:
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
