"""The kit's own connections to a SQLite file: how it is opened, settings, statements, transactions, busy locks."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Self

from kailash_testkit.databases.claiming import unsafe
from kailash_testkit.databases.journal import LOCK_WAIT
from kailash_testkit.databases.sqlite.sessions import OwnConnection, database_busy, is_busy, raise_if_locked
from kailash_testkit.errors import UnsupportedDatabase

_MOST_STATEMENTS: Final = 1000  # kept prepared
# Let rows be put back that constraints would refuse or act upon: they were there before.
_JOURNAL_SETTINGS: Final = ("foreign_keys = OFF", "ignore_check_constraints = ON", "temp_store = MEMORY")


def file_of(url: str) -> Path:
    """The file that DataFlow's nodes use for a SQLite URL.

    Raises `UnsupportedDatabase` for an in-memory database, and for a relative path: kailash-dataflow
    makes the tables in the working directory then, and the nodes write to the root directory.
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


def side_files(path: Path) -> list[Path]:
    """The files beside a database that hold what is not yet in it, or no longer; there while somebody is connected."""
    real = path.resolve()
    sides = (real.with_name(f"{real.name}{suffix}") for suffix in ("-wal", "-journal"))
    return [side for side in sides if side.exists()]


class Connection:
    """A connection in autocommit mode, used for nothing else; any thread may run a statement.

    A lock that is not free within ``lock_wait`` seconds raises `DatabaseBusy`, which names the connections of this
    process that may hold it. path: the database's file, or for a copy in memory, that of the original.
    """

    def __init__(self, raw: sqlite3.Connection, path: str, lock_wait: float) -> None:
        self.raw = raw
        self.path = path
        self._lock_wait = lock_wait
        self._lock = threading.Lock()
        self._is_for_journal = False

    @classmethod
    def open(cls, path: Path | str, *, lock_wait: float = LOCK_WAIT) -> Self:
        """To the file, which is made when it does not exist.

        Raises `UnsupportedDatabase` when it cannot be opened or written.
        """
        require_writable(Path(path))
        try:
            raw = _connect(path, lock_wait)
            with _closed_on_failure(raw):
                raw.execute("PRAGMA synchronous = OFF")
                raw.execute("SELECT count(*) FROM sqlite_master")  # fails for a file that is no database
        except sqlite3.Error as error:
            raise _cannot_open(path, str(error), "correct the URL or the file") from None
        raw.file = str(path)
        return cls(raw, str(path), lock_wait)

    @classmethod
    def open_to_look(cls, path: Path, *, lock_wait: float = LOCK_WAIT) -> Self:
        """To a file that may be somebody else's, of which not a byte is changed; for a short look.

        Raises `UnsupportedDatabase` when it cannot be opened, `UnsafeDatabase` when opening it would end a
        transaction that was cut off.
        """
        # Where nobody is connected, SQLite would leave the files of its write-ahead log beside the database.
        url = f"{path.as_uri()}?mode=ro{'' if side_files(path) else '&immutable=1'}"
        try:
            raw = _connect(url, lock_wait, uri=True)
            with _closed_on_failure(raw):
                raw.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
                raise unsafe(
                    str(path),
                    "a transaction in it was cut off, and opening it would roll that back",
                    "use a new file, or open this one once with sqlite3",
                ) from None
            raise _cannot_open(path, str(error), "correct the URL or the file") from None
        return cls(raw, str(path), lock_wait)

    @classmethod
    def open_for_journal(cls, path: Path | str, *, lock_wait: float = LOCK_WAIT) -> Self:
        """As `open`, with foreign keys and check constraints off."""
        connection = cls.open(path, lock_wait=lock_wait)
        connection._configure_for_journal()
        return connection

    @property
    def is_closed(self) -> bool:
        """Whether it was closed: a new file may have the number that the one before had."""
        try:
            self.raw.total_changes  # noqa: B018
        except sqlite3.ProgrammingError:
            return True
        return False

    def reopen(self) -> None:
        """Connects to the file that is there now, in place of the one that this had open."""
        self.raw.close()
        self.raw = type(self).open(self.path, lock_wait=self._lock_wait).raw
        if self._is_for_journal:
            self._configure_for_journal()

    def copy_to_memory(self) -> Self:
        """A copy of the whole database, configured for the journal."""
        copy = type(self)(
            sqlite3.connect(
                ":memory:",
                timeout=self._lock_wait,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=_MOST_STATEMENTS,
                factory=OwnConnection,
            ),
            self.path,
            self._lock_wait,
        )
        with _closed_on_failure(copy.raw):
            copy._configure_for_journal()
            self.raw.backup(copy.raw)
        return copy

    def overwrite_with(self, other: Connection) -> None:
        """Makes the whole database what the other one holds, in one transaction."""
        try:
            other.raw.backup(self.raw, progress=raise_if_locked)
        except sqlite3.OperationalError as error:
            self._raise_if_busy(error)
            raise

    def run(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Runs a statement, and returns its rows."""
        return self.fetched(statement, parameters)[0]

    def dicts(self, statement: str, parameters: Sequence[object] = ()) -> list[Mapping[str, object]]:
        """Runs a statement, and returns its rows by column."""
        rows, columns = self.fetched(statement, parameters)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def first(self, statement: str, parameters: Sequence[object] = ()) -> tuple[object, ...] | None:
        """The first row of a query, if it has rows."""
        return next(iter(self.run(statement, parameters)), None)

    def number(self, query: str) -> int:
        """The one number that a query gives; 0 for NULL."""
        with self._lock:
            try:
                ((found,),) = self.cursor().execute(query)
            except sqlite3.OperationalError as error:
                self._raise_if_busy(error)
                raise
        return int(found or 0)

    def cursor(self) -> sqlite3.Cursor:
        """A cursor that gives tuples, whatever row factory the connection has."""
        cursor = self.raw.cursor()
        cursor.row_factory = None
        return cursor

    @contextmanager
    def transaction(self, mode: Literal["DEFERRED", "IMMEDIATE"]) -> Generator[sqlite3.Cursor, None, None]:
        """A transaction that ends with the block: committed, or rolled back when the block fails."""
        cursor = self.cursor()
        try:
            cursor.execute(f"BEGIN {mode}")
            try:
                yield cursor
                cursor.execute("COMMIT")
            finally:
                if self.raw.in_transaction:
                    cursor.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            self._raise_if_busy(error)
            raise

    def is_locked(self) -> bool:
        """Whether somebody's open transaction keeps others from writing; waits a moment for it to end."""
        with self._lock:
            try:
                self.raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                return True
            self.raw.execute("ROLLBACK")
            return False

    def close(self) -> None:
        with self._lock:
            self.raw.close()

    def fetched(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object]
    ) -> tuple[list[tuple[Any, ...]], list[str]]:
        """The rows of a statement, and the names of their columns; none where it returns no rows."""
        with self._lock:
            try:
                cursor = self.cursor().execute(statement, parameters)
                return cursor.fetchall(), [column[0] for column in cursor.description or ()]
            except sqlite3.OperationalError as error:
                self._raise_if_busy(error)
                raise

    def _raise_if_busy(self, error: sqlite3.OperationalError) -> None:
        if is_busy(error):
            raise database_busy(self.path) from error

    def _configure_for_journal(self) -> None:
        self._is_for_journal = True
        for setting in _JOURNAL_SETTINGS:
            self.raw.execute(f"PRAGMA {setting}")


def _connect(where: Path | str, lock_wait: float, *, uri: bool = False) -> OwnConnection:
    return sqlite3.connect(
        where, uri=uri, isolation_level=None, check_same_thread=False, timeout=lock_wait, factory=OwnConnection
    )


@contextmanager
def _closed_on_failure(raw: sqlite3.Connection) -> Generator[None, None, None]:
    """Python 3.13 warns of a connection that is only forgotten."""
    try:
        yield
    except BaseException:
        raw.close()
        raise


def require_writable(path: Path) -> None:
    """Raises `UnsupportedDatabase` when this user may not write the file, or make it."""
    if not path.parent.is_dir():
        raise _cannot_open(path, f"the folder {path.parent} does not exist", "create the folder, or correct the URL")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UnsupportedDatabase(
            f"the SQLite file {path} cannot be written",
            why="the file or its folder is read-only for this user",
            do="make it writable, or use another folder",
        )


def _cannot_open(path: Path | str, why: str, do: str) -> UnsupportedDatabase:
    return UnsupportedDatabase(f"the SQLite file {path} cannot be opened", why=why, do=do)
