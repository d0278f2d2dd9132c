"""`Connection`: the only way in which the kit reaches MariaDB or MySQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from math import ceil
from typing import Any, Final, Self, TypeVar

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.mysql.driver import DEADLOCK, LOCK_WAIT_OVER, connect, error_number, pymysql
from kailash_testkit.databases.mysql.sessions import OtherSessions, read_sessions
from kailash_testkit.databases.sessions import HAS_ENDED, Session, locked
from kailash_testkit.databases.urls import ServerUrl, cure_of_no_connection, server_url
from kailash_testkit.errors import DatabaseBusy, ServerUnavailable, UnsupportedDatabase
from kailash_testkit.redaction import redact

T = TypeVar("T")

SCHEMES: Final = ("mysql", "mysql+pymysql", "mysql+aiomysql", "mysql+mysqldb")
PORT: Final = 3306
SQL_MODE: Final = "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"

_JOURNAL_SETTINGS: Final = {
    # Rows are put back as they were: whatever rules they were written under, with a 0 in a counted column as 0.
    "sql_mode": SQL_MODE,
    "foreign_key_checks": "0",
    # a TIMESTAMP read and written in a zone that sets its clocks back is ambiguous for an hour a year
    "time_zone": "'+00:00'",
    "group_concat_max_len": "1000000000",
}
_JOURNAL_SETTINGS_OF_MYSQL: Final = {
    "transaction_isolation": "'READ-COMMITTED'",
    "information_schema_stats_expiry": "0",  # counters as they are, not as they were
}
_JOURNAL_SETTINGS_OF_MARIADB: Final = {
    "tx_isolation": "'READ-COMMITTED'",  # called transaction_isolation there since 11.1
    "check_constraint_checks": "0",
}
_SERVER: Final = """
    SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid', 'hostname', 'datadir', 'port')
"""
_LOCK_WAIT: Final = 1  # seconds, the shortest wait that MySQL knows
_ANSWER_WAIT: Final = 60  # seconds
_IDLE: Final = 31_000_000  # seconds that a connection which holds databases may be idle
_OF_THE_CLIENT: Final = range(2000, 3000)  # errors that no server sent
_PAUSE: Final = 0.01  # seconds between two attempts to get a lock
_NOBODYS: Final = 5.0  # seconds that a lock of no transaction is waited for: InnoDB's purge, or a loaded machine

_OWN_SESSIONS: Final[set[tuple[str, int, int]]] = set()  # this process's: host, port, number


def literal(text: str) -> str:
    """The text as an SQL constant, whatever the server's sql_mode says of backslashes."""
    return f"_utf8mb4 x'{text.encode().hex()}'" if text else "''"


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return "`" + name.replace("`", "``") + "`"


def quoted_with_parameters(name: str) -> str:
    """``name`` as an SQL identifier in a statement that has parameters."""
    return quoted(name).replace("%", "%%")


class Connection:
    """A PyMySQL connection in autocommit mode. Open one with a classmethod, by what it is for.

    lock_wait: how long to try to get a lock, in seconds, before `DatabaseBusy` is raised.
    """

    def __init__(self, raw: Any, place: ServerUrl, *, lock_wait: float) -> None:
        self.raw = raw
        self.place = place
        self.database = place.database
        self.name = f"the MariaDB or MySQL database {place.place}"
        self.Error: type[Exception] = raw.Error
        self.IntegrityError: type[Exception] = raw.IntegrityError
        self.is_mariadb = "MariaDB" in raw.get_server_info()
        self._lock_wait = lock_wait
        self._turn = threading.RLock()
        self._session = (place.host, place.port, int(raw.thread_id()))
        _OWN_SESSIONS.add(self._session)

    # Opening

    @classmethod
    def to_database(cls, url: str) -> Self:
        """For reading and claiming a database. Raises `UnsupportedDatabase`. May be used from any thread."""
        settings = f"SET SESSION innodb_lock_wait_timeout = {_LOCK_WAIT}, lock_wait_timeout = {_LOCK_WAIT}"
        return cls._to_database(url, lock_wait=_LOCK_WAIT, init_command=settings)

    @classmethod
    def for_journal(cls, url: str, *, lock_wait: float) -> Self:
        """For recording changes and taking them back. Raises `UnsupportedDatabase`.

        Where a whole table must be locked, whole seconds are waited, one at least, because InnoDB's own purge
        locks tables for moments, and only who waits in the queue comes next; on MySQL that is so for rows too.
        """
        flags = pymysql().constants.CLIENT.MULTI_STATEMENTS
        connection = cls._to_database(url, lock_wait=lock_wait, client_flag=flags)
        wait = max(1, ceil(lock_wait))
        settings = {
            **_JOURNAL_SETTINGS,
            **(_JOURNAL_SETTINGS_OF_MARIADB if connection.is_mariadb else _JOURNAL_SETTINGS_OF_MYSQL),
            "lock_wait_timeout": str(wait),
            "innodb_lock_wait_timeout": str(0 if connection.is_mariadb else wait),
        }
        connection.run("SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items()))
        return connection

    @classmethod
    def to_server(cls, url: str, title: str) -> Self:
        """For making and dropping databases. title: the kind of server. Raises `ServerUnavailable`."""
        place = server_url(url, SCHEMES, PORT)
        settings = f"SET SESSION wait_timeout = {_IDLE}, time_zone = '+00:00'"
        try:
            raw = connect(place, read_timeout=_ANSWER_WAIT, init_command=settings)
        except pymysql().Error as error:
            raise ServerUnavailable(
                f"no connection to {title} at {place.host}:{place.port}, database {place.database}",
                why=redact(str(error.args[-1])),
                do=cure_of_no_connection(answered=error_number(error) not in _OF_THE_CLIENT),
            ) from None
        return cls(raw, place, lock_wait=_LOCK_WAIT)

    @classmethod
    def _to_database(cls, url: str, *, lock_wait: float, **options: Any) -> Self:
        place = server_url(url, SCHEMES, PORT)
        try:
            raw = connect(place, **options)
        except pymysql().Error as error:
            raise UnsupportedDatabase(
                f"the MariaDB or MySQL database {place.place} cannot be opened",
                why=redact(str(error.args[-1])),
                do="start the server, create the database, or correct the URL",
            ) from None
        return cls(raw, place, lock_wait=lock_wait)

    @cached_property
    def server_identity(self) -> str:
        """What the server says of itself: a name or a tunnel may lead to it by many addresses.

        MySQL gives each data directory a UUID. MariaDB has none: its server_uid, where it has that, is made of the
        machine's network address and the port, which containers share. So the machine's name and the directory count
        as well, and a server that is moved counts as another.
        """
        said = {str(name): str(value) for name, value in self.run(_SERVER)}
        unique = said.get("server_uuid") or said.get("server_uid") or "-"
        return f"{unique} at {said['hostname']}:{said['port']}{said['datadir']}"

    # Statements

    def run(self, statement: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """Runs one statement and returns its rows."""
        return self.fetched(statement, parameters)[0]

    def dicts(self, statement: str, parameters: Sequence[object]) -> list[Mapping[str, object]]:
        """Runs one statement and returns its rows, each by the names of the columns."""
        rows, names = self.fetched(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def fetched(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object] | None
    ) -> tuple[list[tuple[Any, ...]], list[str]]:
        """Runs one statement; returns its rows and the names of the columns, none where it returns no rows."""
        with self._turn, self.raw.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall()), [column[0] for column in cursor.description or ()]

    def batch(self, statements: Iterable[str]) -> list[list[tuple[Any, ...]]]:
        """Runs statements in one round trip, up to the first that fails; returns the rows of those that give some.

        Only on a journal's connection: the others refuse several statements at once.
        """
        found: list[list[tuple[Any, ...]]] = []
        with self._turn, self.raw.cursor() as cursor:
            cursor.execute("; ".join(statements))
            while True:
                if cursor.description:
                    found.append(list(cursor.fetchall()))
                if not cursor.nextset():
                    return found

    def count(self, statement: str, parameters: Sequence[object] | None = None) -> int:
        """Runs one statement and returns how many rows it changed."""
        with self._turn, self.raw.cursor() as cursor:
            return int(cursor.execute(statement, parameters))

    @contextmanager
    def transaction(
        self, isolation: str, *, snapshot: bool = False, first: Sequence[str] = ()
    ) -> Generator[list[list[tuple[Any, ...]]], None, None]:
        """Commits at the end of the block; rolls back when it raises. Yields the rows of the ``first`` statements."""
        how = " WITH CONSISTENT SNAPSHOT" if snapshot else ""
        try:
            yield self.batch([f"SET TRANSACTION ISOLATION LEVEL {isolation}", f"START TRANSACTION{how}", *first])
            self.run("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        """Ends the transaction, if there is one and somebody to end it for."""
        if self.raw.open:
            self.run("ROLLBACK")

    def reconnect(self) -> None:
        """Connects again, as before. What the session held is lost."""
        with self._turn:
            self.raw.connect()
            _OWN_SESSIONS.discard(self._session)
            self._session = (self.place.host, self.place.port, int(self.raw.thread_id()))
            _OWN_SESSIONS.add(self._session)

    def revive(self) -> None:
        """`reconnect`, where the connection was lost."""
        try:
            self.run("SELECT 1")
        except self.Error:
            if self.raw.open:
                raise
            self.reconnect()

    def close(self) -> None:
        """Close it; nothing happens where it is closed."""
        with self._turn:
            if self.raw.open:
                self.raw.close()
            _OWN_SESSIONS.discard(self._session)

    # Locks of others

    @contextmanager
    def lock_waits_reported(self) -> Generator[None, None, None]:
        """Raises `DatabaseBusy` for a statement of the block that waited for a lock in vain."""
        try:
            yield
        except self.Error as error:
            if not is_busy(error):
                raise
            raise self._busy(self._sessions()) from error

    def patiently(self, act: Callable[[], T]) -> T:
        """What ``act`` returns, tried again while a lock is in its way; then `DatabaseBusy`.

        Longer where nobody has a transaction open, who could be told to end it.
        """
        deadline = clocks.now() + self._lock_wait
        last = deadline + _NOBODYS
        while True:
            try:
                return act()
            except self.Error as error:
                if not is_busy(error):
                    raise
                if clocks.now() >= deadline:
                    others = self._sessions()
                    if others.lock_holders() or clocks.now() >= last:
                        raise self._busy(others) from error
            time.sleep(_PAUSE)

    def sessions(self) -> list[Session]:
        """What others do in this database."""
        return self._sessions().sessions

    def tables_locked(self, tables: Sequence[str]) -> DatabaseBusy:
        """The error for tables that LOCK TABLES keeps: the server does not tell who did that."""
        return DatabaseBusy(
            f"{self.name} has locked tables: {', '.join(sorted(tables))}",
            details=list(map(str, self.sessions())),
            why="LOCK TABLES, or FLUSH TABLES ... FOR EXPORT, was not followed by UNLOCK TABLES",
            do="run UNLOCK TABLES before the test ends, or close the connection",
        )

    def _sessions(self) -> OtherSessions:
        own = {number for host, port, number in _OWN_SESSIONS if (host, port) == (self.place.host, self.place.port)}
        return read_sessions(self.run, is_mariadb=self.is_mariadb, own=own)

    def _busy(self, others: OtherSessions) -> DatabaseBusy:
        # LOCK TABLES begins no transaction: where nobody has one, any session may have done that.
        return locked(self.name, others.lock_holders() or list(map(str, others.sessions)), if_nobody=HAS_ENDED)


def is_busy(error: BaseException) -> bool:
    """Whether the server refused because someone else holds a lock."""
    return error_number(error) in (LOCK_WAIT_OVER, DEADLOCK)
