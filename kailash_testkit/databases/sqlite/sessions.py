"""Saying who keeps a SQLite database locked, as far as this process can know.

SQLite cannot be asked. What can be seen: the connections of this process that are in a transaction.
Looking at them must neither wait for another thread nor disturb it.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import threading

from kailash_testkit.databases.sessions import locked
from kailash_testkit.errors import DatabaseBusy

#: How long to wait for a connection to say its file, in seconds: it may be busy in another thread.
_PATIENCE = 0.2


def database_busy(path: str, own: sqlite3.Connection) -> DatabaseBusy:
    """The error for whoever waited for a lock on the file in vain, naming those who may hold it.

    own: the connection that waited.
    """
    return locked(
        f"the database {path}",
        holders(path, own),
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


def holders(path: str, own: sqlite3.Connection | None) -> list[str]:
    """One line for each connection of this process, on that file, that is in a transaction."""
    objects = gc.get_objects()
    # type(), not isinstance(): a proxy object must not be woken by looking at it
    kinds: set[type[object]] = set(map(type, objects))
    plain = {kind for kind in kinds if issubclass(kind, sqlite3.Connection)}
    wrapping = {kind for kind in kinds if _wraps(kind)}
    found = [candidate for candidate in objects if type(candidate) in plain]
    wrappers = [candidate for candidate in objects if type(candidate) in wrapping]
    lines: list[str] = []
    for connection in found:
        if isinstance(connection, sqlite3.Connection) and connection is not own and _in_transaction(connection):
            file = _file_of(connection)
            if file is None:
                lines.append(f"{_described(connection, wrappers)} (its file cannot be asked for)")
            elif _same_file(file, path):
                lines.append(_described(connection, wrappers))
    return lines


def _wraps(kind: type[object]) -> bool:
    """Whether the type is aiosqlite's connection, which wraps one of sqlite3 in a thread."""
    return kind.__name__ == "Connection" and kind.__module__.startswith("aiosqlite")


def _in_transaction(connection: sqlite3.Connection) -> bool:
    try:
        return connection.in_transaction
    except sqlite3.ProgrammingError:  # closed
        return False


def _file_of(connection: sqlite3.Connection) -> str | None:
    """The connection's file; None when it does not tell, or not soon."""
    answer: list[str] = []

    def ask() -> None:
        try:
            cursor = connection.cursor()
            cursor.row_factory = None
            cursor.execute("SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'")
            answer.append(os.fsdecode(cursor.fetchone()[0]))
        except Exception:  # closed meanwhile, of another thread, or refusing
            return

    ask_elsewhere = threading.Thread(target=ask, daemon=True)
    ask_elsewhere.start()
    ask_elsewhere.join(_PATIENCE)
    if not answer and not ask_elsewhere.is_alive():
        ask()  # it may belong to this very thread, and then nobody else is using it
    return answer[0] if answer else None


def _same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _described(connection: sqlite3.Connection, wrappers: list[object]) -> str:
    """The connection, or the aiosqlite connection around it, which names its thread."""
    for wrapper in wrappers:
        if vars(wrapper).get("_connection") is connection:
            thread = vars(wrapper).get("_thread")
            named = f" of thread {thread.name}" if isinstance(thread, threading.Thread) else ""
            return f"aiosqlite connection at {id(wrapper):#x}{named}, in a transaction"
    kind = type(connection)
    return f"{kind.__module__}.{kind.__qualname__} at {id(connection):#x}, in a transaction"
