"""The application's own connections to a file under test, watched for what the file itself cannot tell.

Two things fire no trigger, and nobody can ask for them afterwards: that `blobopen` wrote a stored value in place, and
that a further file was attached. While a file is watched, `sqlite3.connect` gives connections to it of a subclass that
tells of both; aiosqlite, SQLAlchemy and DataFlow call it through its module. All other connections are as ever.

And a column that the journal's triggers name, SQLite does not drop: on a watched connection these triggers make way.
The schema is another then, which the journal notices by itself.

Not seen: connections of other processes, of other drivers, and those that are made past `sqlite3.connect`.
"""

from __future__ import annotations

import functools
import os
import re
import sqlite3
import sqlite3.dbapi2
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, Self, cast
from urllib.parse import unquote, urlsplit

from kailash_testkit.databases.sqlite.attached_files import AttachedFiles
from kailash_testkit.databases.sqlite.naming import OWN_PREFIX
from kailash_testkit.databases.sqlite.sessions import OwnConnection

_LEADING: Final = r"(?:\s|--[^\n]*\n|/\*.*?\*/|;)*"
_ATTACHES: Final = re.compile(rf"{_LEADING}ATTACH\b", re.IGNORECASE | re.DOTALL)
_FILE_NAMED: Final = re.compile(r"\bATTACH\s+(?:DATABASE\s+)?'((?:[^']|'')*)'", re.IGNORECASE)
_CANNOT_ATTACH: Final = frozenset("BCDIPRSUWbcdiprsuw")  # the first letters of nearly all statements
_IN_THE_WAY: Final = re.compile(rf"error in trigger ({OWN_PREFIX}\d+)_\w+ after drop column")
_FACTORY: Final = 5  # its place among the parameters of `sqlite3.connect`

ATTACHED: Final = AttachedFiles()
"""The files that watched connections attached."""

_lock = threading.Lock()
_modules: Final[tuple[Any, ...]] = (sqlite3, sqlite3.dbapi2)  # SQLAlchemy calls the second's
_watched: Counter[str] = Counter()
_blobs_opened = 0


def blobs_opened() -> int:
    """How often a value of any watched file was opened to be written in place. Only rises."""
    return _blobs_opened


def watch(path: str) -> None:
    """Connections to the file that are made from now on are watched, until as many calls of `unwatch`."""
    with _lock:
        _watched[path] += 1
        wrappers: dict[int, _Connect] = {}
        for module in _modules:
            connect = module.connect
            if not isinstance(connect, _Connect):
                module.connect = wrappers.setdefault(id(connect), _Connect(connect))


def unwatch(path: str) -> None:
    """Ends one `watch`."""
    with _lock:
        _watched[path] -= 1
        if not _watched[path]:
            del _watched[path]
        if not _watched:
            for module in _modules:
                if isinstance(module.connect, _Connect):  # else somebody wrapped it, and it stays where it is
                    module.connect = module.connect.__wrapped__


def is_watched(path: str) -> bool:
    """Whether that is a file under test, however it is spelled."""
    if path in _watched:
        return True
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return False
    return any(_is_same(found, each) for each in list(_watched))


def _is_same(found: os.stat_result, path: str) -> bool:
    try:
        return os.path.samestat(found, os.stat(path))
    except OSError:
        return False


class _Connect:
    """In the place of `sqlite3.connect`. No function: as a class's attribute that would become a method."""

    __module__ = "sqlite3.dbapi2"

    def __init__(self, connect: Any) -> None:
        functools.update_wrapper(self, connect, assigned=("__name__", "__qualname__", "__doc__"))
        self.__wrapped__ = connect

    def __reduce__(self) -> str:
        return "connect"

    def __call__(self, *args: Any, **options: Any) -> sqlite3.Connection:
        if _names_watched(args[0] if args else options.get("database")):
            if len(args) > _FACTORY:
                args = (*args[:_FACTORY], _watching(args[_FACTORY]), *args[_FACTORY + 1 :])
            else:
                options["factory"] = _watching(options.get("factory", sqlite3.Connection))
        connection: sqlite3.Connection = self.__wrapped__(*args, **options)
        return connection


def _names_watched(database: object) -> bool:
    if not isinstance(database, str | bytes | os.PathLike):
        return False
    path = os.fsdecode(cast("str", database))
    return is_watched(unquote(urlsplit(path).path) if path.startswith("file:") else path)


def _watching(factory: Any) -> Any:
    """The class of connections that is watched, in place of one of the user's. A function is left alone."""
    if factory is sqlite3.Connection:
        return _WatchedConnection
    return _derived(_WatchedConnection, factory) if _is_plain(factory, OwnConnection, _WatchedConnection) else factory


def _is_plain(factory: object, *others: type) -> bool:
    """Whether it is a class, and of none of the others."""
    return isinstance(factory, type) and not issubclass(factory, others)


@functools.cache
def _derived(watched: type, users: type) -> type:
    return type(users.__name__, (watched, users), {"__module__": users.__module__, "__slots__": ()})


class _WatchedCursor(sqlite3.Cursor):
    __slots__ = ()

    def execute(self, sql: str, *parameters: Any) -> Self:
        try:
            super().execute(sql, *parameters)
        except sqlite3.OperationalError as error:
            if not _has_let_go_of_column(self.connection, error):
                raise
            super().execute(sql, *parameters)
        _executed(self.connection, sql)
        return self

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        _expect(sql_script)
        super().executescript(sql_script)
        _executed(self.connection, sql_script, is_script=True)
        return self


class _WatchedConnection(sqlite3.Connection):
    __slots__ = ()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        if factory is sqlite3.Cursor:
            factory = _WatchedCursor
        elif _is_plain(factory, _WatchedCursor):
            factory = _derived(_WatchedCursor, factory)
        return super().cursor(factory)

    # sqlite3's own do not call `cursor`.

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        try:
            cursor = super().execute(sql, *parameters)
        except sqlite3.OperationalError as error:
            if not _has_let_go_of_column(self, error):
                raise
            cursor = super().execute(sql, *parameters)
        _executed(self, sql)
        return cursor

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        _expect(sql_script)
        cursor = super().executescript(sql_script)
        _executed(self, sql_script, is_script=True)
        return cursor

    def blobopen(self, *place: Any, **options: Any) -> Any:
        global _blobs_opened
        if not options.get("readonly"):
            with _lock:
                _blobs_opened += 1
        return super().blobopen(*place, **options)


def _has_let_go_of_column(connection: sqlite3.Connection, error: sqlite3.OperationalError) -> bool:
    """Whether the journal's triggers were in the way of a DROP COLUMN, and are no longer."""
    found = _IN_THE_WAY.match(str(error))
    if found is None:
        return False
    for event in ("insert", "update", "delete"):
        sqlite3.Connection.execute(connection, f"DROP TRIGGER IF EXISTS main.{found[1]}_{event}")
    return True


def _expect(script: object) -> None:
    """A script is about to run: it may attach files, write to them and let go of them."""
    if isinstance(script, str):
        ATTACHED.add(_paths(name.replace("''", "'") for name in _FILE_NAMED.findall(script)))


def _executed(connection: sqlite3.Connection, sql: str, *, is_script: bool = False) -> None:
    """A statement has run, or a script: it may have attached files."""
    if (sql[:1] not in _CANNOT_ATTACH and _ATTACHES.match(sql)) or (is_script and "attach" in sql.lower()):
        ATTACHED.add(_attached_to(connection))


_WatchedConnection.__module__, _WatchedConnection.__qualname__ = "sqlite3", "Connection"
_WatchedCursor.__module__, _WatchedCursor.__qualname__ = "sqlite3", "Cursor"
_WatchedConnection.__name__, _WatchedCursor.__name__ = "Connection", "Cursor"


def _attached_to(connection: sqlite3.Connection) -> list[str]:
    """The files of a connection beside its own that are not under test either."""
    cursor = sqlite3.Connection.cursor(connection, sqlite3.Cursor)
    cursor.row_factory = None
    listed = cursor.execute("SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE seq > 1").fetchall()
    return [path for path in (os.fsdecode(file) for (file,) in listed if file) if not is_watched(path)]


def _paths(names: Iterable[str]) -> list[str]:
    """The files that names in ATTACH mean."""
    plain = (unquote(urlsplit(name).path) if name.startswith("file:") else name for name in names)
    paths = [os.path.abspath(name) for name in plain if name and name != ":memory:"]
    return [path for path in paths if not is_watched(path)]
