"""The kit's own connections to MariaDB or MySQL: settings, statements, transactions, and who else is in the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any, Final, TypeVar

from kailash_testkit.databases.sessions import HAS_ENDED, locked, statement_shown

T = TypeVar("T")

SQL_MODE: Final = "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"
_SETTINGS: Final = {
    # Rows are put back as they were: whatever rules they were written under, with a 0 in a counted column as 0.
    "sql_mode": SQL_MODE,
    "foreign_key_checks": "0",
    # a TIMESTAMP read and written in a zone that sets its clocks back is ambiguous for an hour a year
    "time_zone": "'+00:00'",
    "transaction_isolation": "'READ-COMMITTED'",
    "group_concat_max_len": "1000000000",
}
_SETTINGS_OF_MYSQL: Final = {"information_schema_stats_expiry": "0"}  # counters as they are, not as they were
_SETTINGS_OF_MARIADB: Final = {
    "check_constraint_checks": "0",
    "tx_isolation": _SETTINGS["transaction_isolation"],
}
_SET_OPTION: Final = 27
_MULTI_STATEMENTS_ON: Final = b"\0\0"
_LOCK_WAIT_OVER: Final = 1205
_DEADLOCK: Final = 1213
_BUSY: Final = (_LOCK_WAIT_OVER, _DEADLOCK)
_MAY_NOT: Final = (1044, 1142, 1227)
_PAUSE: Final = 0.01  # seconds between two attempts to get a lock
_NOBODYS: Final = 5.0  # seconds that a lock of no transaction is waited for: InnoDB's purge, or a loaded machine
_TRANSACTIONS_ARE_OLD: Final = 0.12  # seconds that InnoDB shows the same picture of them

_HOLDERS: Final = """
    SELECT p.id, concat(p.user, '@', p.host), p.command, coalesce(p.info, t.trx_query, ''),
      timestampdiff(MICROSECOND, t.trx_started, now(6)) / 1e6
    FROM information_schema.innodb_trx t
    JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
    WHERE p.db = database() ORDER BY t.trx_started, p.id
"""
_OTHERS: Final = """
    SELECT id, concat(user, '@', host), command, coalesce(info, ''), time
    FROM information_schema.processlist WHERE db = database() ORDER BY id
"""


def literal(text: str) -> str:
    """The text as an SQL constant, whatever the server's sql_mode says of backslashes."""
    return f"_utf8mb4 x'{text.encode().hex()}'" if text else "''"


def is_busy(error: BaseException) -> bool:
    """Whether the server refused because someone else holds a lock."""
    return bool(error.args) and error.args[0] in _BUSY


class Connection:
    """A PyMySQL connection in autocommit mode, used for nothing else.

    lock_wait: how long to try to get a lock, in seconds, before `DatabaseBusy` is raised. Where a whole table must
        be locked, whole seconds are waited, one at least, because InnoDB's own purge locks tables for moments,
        and only who waits in the queue comes next; on MySQL that is so for rows too.
    own: the numbers of the kit's own sessions.
    """

    def __init__(self, connection: Any, *, lock_wait: float) -> None:
        self.raw = connection
        self.lock_wait = lock_wait
        self.Error: type[Exception] = connection.Error
        self.IntegrityError: type[Exception] = connection.IntegrityError
        self.own: set[int] = set()
        ((version, self.database),) = self.run("SELECT version(), database()")
        self.is_mariadb = "MariaDB" in version
        wait = max(1, ceil(lock_wait))
        settings = dict(_SETTINGS)
        if self.is_mariadb:
            del settings["transaction_isolation"]  # known there since 11.1
        settings.update(_SETTINGS_OF_MARIADB if self.is_mariadb else _SETTINGS_OF_MYSQL)
        settings.update(lock_wait_timeout=str(wait), innodb_lock_wait_timeout=str(0 if self.is_mariadb else wait))
        connection._execute_command(_SET_OPTION, _MULTI_STATEMENTS_ON)  # PyMySQL offers it at connecting only
        connection._read_packet()
        self.run("SET NAMES utf8mb4")
        self.run("SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items()))

    def run(self, statement: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """Runs one statement and returns its rows."""
        with self.raw.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def batch(self, statements: Iterable[str]) -> list[list[tuple[Any, ...]]]:
        """Runs statements in one round trip, up to the first that fails; returns the rows of those that give some."""
        found: list[list[tuple[Any, ...]]] = []
        with self.raw.cursor() as cursor:
            cursor.execute("; ".join(statements))
            while True:
                if cursor.description:
                    found.append(list(cursor.fetchall()))
                if not cursor.nextset():
                    return found

    def count(self, statement: str, parameters: Sequence[object] | None = None) -> int:
        """Runs one statement and returns how many rows it changed."""
        with self.raw.cursor() as cursor:
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

    def patiently(self, act: Callable[[], T]) -> T:
        """What ``act`` returns, tried again while a lock is in its way; then `DatabaseBusy`.

        Longer where nobody has a transaction open, who could be told to end it.
        """
        deadline = time.monotonic() + self.lock_wait
        last = deadline + _NOBODYS
        while True:
            try:
                return act()
            except self.Error as error:
                if not is_busy(error):
                    raise
                if time.monotonic() >= deadline:
                    holders = self._holders()
                    if holders or time.monotonic() >= last:
                        raise locked(f"the database {self.database}", holders, if_nobody=HAS_ENDED) from error
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Close it; nothing happens where it is closed."""
        if self.raw.open:
            self.raw.close()

    def _holders(self) -> list[str]:
        time.sleep(_TRANSACTIONS_ARE_OLD)
        try:
            found, state = self.run(_HOLDERS), "in a transaction"
        except self.Error as error:
            if error.args[0] not in _MAY_NOT:
                raise
            found, state = self.run(_OTHERS), "perhaps in one (this user may not see transactions: grant PROCESS)"
        return [
            f"session {number} of {who}: {state}, for {age:.1f} s, "
            + (f"running {statement_shown(query)}" if query else command.lower())
            for number, who, command, query, age in found
            if number not in self.own
        ]
