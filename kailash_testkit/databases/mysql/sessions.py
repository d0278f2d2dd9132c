"""Who else is connected to a MariaDB or MySQL database: the queries, and what they tell."""

from __future__ import annotations

from typing import Any, Final

from kailash_testkit.databases.sessions import Session

SESSIONS: Final = """
    SELECT p.id, concat(p.user, '@', p.host), p.command, coalesce(p.info, t.trx_query), t.trx_id IS NOT NULL,
      coalesce(t.trx_lock_structs > 0 OR t.trx_rows_modified > 0, 0),
      coalesce(timestampdiff(MICROSECOND, t.trx_started, now(6)) / 1e6, p.time)
    FROM information_schema.processlist p
    LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
    WHERE p.db = database() AND p.id <> connection_id() ORDER BY p.id
"""
SESSIONS_OF_ORDINARY_USER: Final = """
    SELECT id, concat(user, '@', host), command, info, 0, 0, time
    FROM information_schema.processlist WHERE db = database() AND id <> connection_id() ORDER BY id
"""
WAITING_ON_MARIADB: Final = """
    SELECT b.trx_mysql_thread_id, r.trx_mysql_thread_id
    FROM information_schema.innodb_lock_waits w
    JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id
    JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
"""
WAITING_ON_MYSQL: Final = """
    SELECT b.processlist_id, r.processlist_id
    FROM performance_schema.data_lock_waits w
    JOIN performance_schema.threads b ON b.thread_id = w.blocking_thread_id
    JOIN performance_schema.threads r ON r.thread_id = w.requesting_thread_id
"""


def session(found: tuple[Any, ...], waiting: list[tuple[object, ...]]) -> Session:
    number, application, state, query, in_transaction, holds_locks, age = found
    return Session(
        number=number,
        application=application,
        state="idle in transaction" if in_transaction and state == "Sleep" else str(state).lower(),
        query=query,
        age=float(age),
        in_transaction=bool(in_transaction),
        holds_locks=bool(holds_locks),
        blocks=tuple(int(str(waits)) for blocker, waits in waiting if blocker == number),
    )
