"""Who else is connected to a MariaDB or MySQL database, and who holds locks in it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import sleep
from typing import Any, Final

from kailash_testkit.databases.mysql.driver import ACCESS_DENIED, error_number, pymysql
from kailash_testkit.databases.sessions import Session, holders

_TRANSACTIONS_ARE_OLD: Final = 0.12  # seconds that InnoDB shows the same picture of them
_SESSIONS: Final = """
    SELECT p.id, concat(p.user, '@', p.host), p.command, coalesce(p.info, t.trx_query), t.trx_id IS NOT NULL,
      coalesce(t.trx_lock_structs > 0 OR t.trx_rows_modified > 0, 0),
      coalesce(timestampdiff(MICROSECOND, t.trx_started, now(6)) / 1e6, p.time)
    FROM information_schema.processlist p
    LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
    WHERE p.db = database() AND p.id <> connection_id() ORDER BY p.id
"""
_SESSIONS_OF_ORDINARY_USER: Final = """
    SELECT id, concat(user, '@', host), command, info, 0, 0, time
    FROM information_schema.processlist WHERE db = database() AND id <> connection_id() ORDER BY id
"""
_WAITING_ON_MARIADB: Final = """
    SELECT b.trx_mysql_thread_id, r.trx_mysql_thread_id
    FROM information_schema.innodb_lock_waits w
    JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id
    JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
"""
_WAITING_ON_MYSQL: Final = """
    SELECT b.processlist_id, r.processlist_id
    FROM performance_schema.data_lock_waits w
    JOIN performance_schema.threads b ON b.thread_id = w.blocking_thread_id
    JOIN performance_schema.threads r ON r.thread_id = w.requesting_thread_id
"""
_HIDDEN: Final = " (perhaps in a transaction: this user may not see them, grant it PROCESS)"


@dataclass(frozen=True, slots=True)
class OtherSessions:
    """The sessions of others in a database. transactions_visible: whether this user may see transactions."""

    sessions: list[Session]
    transactions_visible: bool

    def lock_holders(self) -> list[str]:
        """Those who may hold a lock, a line each: everybody, where this user may not see transactions."""
        return holders(self.sessions) if self.transactions_visible else list(map(str, self.sessions))


def read_sessions(
    run: Callable[[str], list[tuple[Any, ...]]], *, is_mariadb: bool, own: Collection[int]
) -> OtherSessions:
    """The sessions in the database of a connection.

    run: runs a statement on that connection. own: the numbers of the kit's sessions, which are left out.
    """
    sleep(_TRANSACTIONS_ARE_OLD)
    try:
        found, visible = run(_SESSIONS), True
    except pymysql().Error as error:
        if error_number(error) not in ACCESS_DENIED:
            raise
        found, visible = run(_SESSIONS_OF_ORDINARY_USER), False
    waits = run(_WAITING_ON_MARIADB if is_mariadb else _WAITING_ON_MYSQL) if visible else []
    return OtherSessions([_session(each, waits, visible=visible) for each in found if each[0] not in own], visible)


def _session(found: tuple[Any, ...], waits: list[tuple[Any, ...]], *, visible: bool) -> Session:
    number, application, state, query, in_transaction, holds_locks, age = found
    idle = "idle in transaction" if in_transaction and state == "Sleep" else str(state).lower()
    return Session(
        number=number,
        application=application,
        state=idle if visible else idle + _HIDDEN,
        query=query,
        age=float(age),
        in_transaction=bool(in_transaction),
        holds_locks=bool(holds_locks),
        blocks=tuple(int(waiting) for blocker, waiting in waits if blocker == number),
    )
