"""Who keeps a SQLite database locked, as far as this process can know; and ending that.

SQLite cannot be asked. What can be seen: the connections of this process that are in a transaction.
Looking at them must neither wait for another thread nor disturb it.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, cast

from kailash_testkit.databases.sessions import locked
from kailash_testkit.errors import DatabaseBusy

#: How long to wait for a connection to say its file, in seconds: it may be busy in another thread.
_PATIENCE = 0.2


def database_busy(path: str) -> DatabaseBusy:
    """The error for whoever waited for a lock on the file in vain, naming those who may hold it."""
    return locked(
        f"the database {path}",
        holders(path),
        if_nobody="; no connection of this process is in one, so another process may hold it",
    )


def is_busy(error: BaseException) -> bool:
    """Whether SQLite refused because someone else holds a lock."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def raise_if_locked(status: int, _remaining: int, _total: int) -> None:
    """A ``progress`` for `sqlite3.Connection.backup`, which by itself retries for ever."""
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = status
        raise error


class OwnConnection(sqlite3.Connection):
    """The kit's: neither named nor closed. file: what it is connected to; empty for a copy in memory."""

    file: str = ""


@dataclass(frozen=True)
class _Open:
    """A connection of this process. wrapper: aiosqlite's, around it. pooled: SQLAlchemy's record of it in a pool.

    file: None when it does not tell. in_transaction: in one that somebody began, or that an open blob is.
    """

    raw: sqlite3.Connection
    wrapper: object | None
    pooled: Any | None
    file: str | None
    in_transaction: bool
    has_blob: bool

    def __str__(self) -> str:
        unknown = " (its file cannot be asked for)" if self.file is None else ""
        state = "in a transaction" if self.in_transaction else "idle"
        state = "with an open blob" if self.has_blob else state
        return f"{_described(self.raw, self.wrapper)}, {state}{unknown}"


def holders(path: str) -> list[str]:
    """One line for each connection of this process, on that file, that is in a transaction."""
    return [str(each) for each in _connections(path, only_in_transaction=True)]


def end_connections(path: str, *, only_in_transaction: bool = False) -> list[str]:
    """Rolls back and closes the connections of this process to that file; returns a line for each.

    The line of one that only its own thread could close says so. Idle ones of a pool have none: it connects again.
    """
    found = _connections(path, only_in_transaction=only_in_transaction)
    ended = [(each, _ended(each)) for each in found if each.file is not None]
    return [line for each, line in ended if each.in_transaction or each.pooled is None]


def close_own(path: str) -> None:
    """Closes the kit's connections to that file, which takes up room as long as one is open, also when removed."""
    for each in [candidate for candidate in gc.get_objects() if type(candidate) is OwnConnection]:
        if each.file and _same_path(each.file, path):
            each.close()


def _connections(path: str, *, only_in_transaction: bool) -> list[_Open]:
    objects = gc.get_objects()
    # type(), not isinstance(): a proxy object must not be woken by looking at it
    kinds: set[type[object]] = set(map(type, objects))
    plain = {kind for kind in kinds if issubclass(kind, sqlite3.Connection) and kind is not OwnConnection}
    wrapping = {kind for kind in kinds if _wraps(kind)}
    pooling = {kind for kind in kinds if kind.__name__ == "_ConnectionRecord" and "sqlalchemy" in kind.__module__}
    with_blobs = _connections_of_blobs(objects)
    records: list[Any] = [candidate for candidate in objects if type(candidate) in pooling]
    found = [cast("sqlite3.Connection", candidate) for candidate in objects if type(candidate) in plain]
    wrappers = [candidate for candidate in objects if type(candidate) in wrapping]
    connections: list[_Open] = []
    for raw in found:
        in_transaction = _in_transaction(raw)
        has_blob = in_transaction is False and id(raw) in with_blobs
        in_transaction = has_blob or in_transaction
        if in_transaction or (not only_in_transaction and in_transaction is not None):
            file = _file_of(raw)
            wrapper = next((each for each in wrappers if getattr(each, "_connection", None) is raw), None)
            if wrapper is not None and file is None:
                file = _file_of_wrapped(raw, wrapper)
            if (file is None and in_transaction) or (file is not None and _same_path(file, path)):
                pooled = next((each for each in records if each.dbapi_connection is raw), None)
                connections.append(_Open(raw, wrapper, pooled, file, in_transaction, has_blob))
    return connections


def _connections_of_blobs(objects: list[object]) -> set[int]:
    """Which connections, by identity, have a blob open: one to be written holds a lock, and its connection is idle."""
    blobs = [each for each in objects if type(each) is sqlite3.Blob and _is_open(each)]
    return {id(each) for blob in blobs for each in gc.get_referents(blob)}


def _is_open(blob: sqlite3.Blob) -> bool:
    try:
        return len(blob) >= 0
    except sqlite3.ProgrammingError as error:  # closed, or of another thread
        return "thread" in str(error)


def _ended(connection: _Open) -> str:
    raw = connection.raw

    def end() -> None:
        raw.rollback()
        raw.close()

    try:
        end()
    except sqlite3.ProgrammingError:  # it belongs to another thread
        if connection.wrapper is None or not _run_in_thread_of(connection.wrapper, end):
            return f"{connection}: only its own thread can close it"
        _forget(connection.wrapper)
    if connection.pooled is not None:
        connection.pooled.invalidate()  # the pool connects again
    return f"{connection}: rolled back and closed" if connection.in_transaction else f"{connection}: closed"


def _run_in_thread_of(wrapper: object, call: Callable[[], object]) -> bool:
    """Runs something in the thread of aiosqlite's connection; False when that thread does not get to it soon."""
    done = threading.Event()

    def run() -> None:
        call()
        done.set()

    queue = vars(wrapper).get("_tx")
    if queue is None:
        return False
    queue.put_nowait((_Unheard(), run))
    return done.wait(_PATIENCE)


class _Unheard:
    """In place of the future that aiosqlite tells of a result; before 0.22 its thread would end without one."""

    def get_loop(self) -> Self:
        return self

    def call_soon_threadsafe(self, *_: object) -> None:
        """Nobody waits for it."""


def _forget(wrapper: object) -> None:
    """aiosqlite's connection is closed, and its thread ends."""
    vars(wrapper)["_connection"] = None
    stop = getattr(sys.modules.get("aiosqlite.core"), "_STOP_RUNNING_SENTINEL", None)
    is_thread = isinstance(wrapper, threading.Thread)  # before 0.22, which expects the sentinel itself
    vars(wrapper)["_tx"].put_nowait(stop if is_thread else (None, lambda: stop))


def _file_of_wrapped(raw: sqlite3.Connection, wrapper: object) -> str | None:
    answer: list[str] = []
    _run_in_thread_of(wrapper, lambda: answer.append(_asked(raw)))
    return answer[0] if answer else None


def _wraps(kind: type[object]) -> bool:
    """Whether the type is aiosqlite's connection, which wraps one of sqlite3 in a thread."""
    return kind.__name__ == "Connection" and kind.__module__.startswith("aiosqlite")


def _in_transaction(connection: sqlite3.Connection) -> bool | None:
    """None for one that is closed."""
    try:
        connection.total_changes  # noqa: B018 - refused by one that is closed
        return connection.in_transaction
    except sqlite3.ProgrammingError:
        return None


def _asked(connection: sqlite3.Connection) -> str:
    cursor = connection.cursor()
    cursor.row_factory = None
    (file,) = (row[2] for row in cursor.execute("PRAGMA database_list") if row[0] == 0)  # reads nothing of the file
    if not isinstance(file, str | bytes):  # made of text by a function of the connection's
        file = cursor.execute("SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE seq = 0").fetchone()[0]
    return os.fsdecode(file)


def _file_of(connection: sqlite3.Connection) -> str | None:
    """The connection's file; None when it does not tell, or not soon."""
    answer: list[str] = []

    def ask() -> None:
        try:
            answer.append(_asked(connection))
        except Exception:  # closed meanwhile, of another thread, or refusing
            return

    ask_elsewhere = threading.Thread(target=ask, daemon=True)
    ask_elsewhere.start()
    ask_elsewhere.join(_PATIENCE)
    if not answer and not ask_elsewhere.is_alive():
        ask()  # it may belong to this very thread, and then nobody else is using it
    return answer[0] if answer else None


def _same_path(one: str, other: str) -> bool:
    """Also where there is no file any more."""
    return os.path.realpath(one) == os.path.realpath(other)


def _described(connection: sqlite3.Connection, wrapper: object | None) -> str:
    """The connection, or the aiosqlite connection around it, which names its thread."""
    if wrapper is not None:
        thread = wrapper if isinstance(wrapper, threading.Thread) else vars(wrapper).get("_thread")
        named = f" of thread {thread.name}" if isinstance(thread, threading.Thread) else ""
        return f"aiosqlite connection at {id(wrapper):#x}{named}"
    kind = type(connection)
    return f"{kind.__module__}.{kind.__qualname__} at {id(connection):#x}"
