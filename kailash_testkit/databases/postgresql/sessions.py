"""Who else is connected to a PostgreSQL database: the queries, and what they tell."""

from __future__ import annotations

from typing import Any, Final

from kailash_testkit.databases.sessions import Session

APPLICATION_NAME: Final = "kailash-testkit"
"""By which the kit's own connections are known to the server."""

OTHERS: Final = f"""
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.backend_type = 'client backend'
      AND a.pid <> pg_backend_pid() AND a.application_name <> '{APPLICATION_NAME}'
"""
# Reading takes only AccessShareLock, which no write waits for; a transaction that wrote has a number, and
# holds the lock of that number until it ends.
HOLDS_LOCKS: Final = """
    EXISTS (
      SELECT FROM pg_locks l
      WHERE l.pid = a.pid AND l.granted AND (l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
         OR l.locktype = 'relation' AND l.mode <> 'AccessShareLock'))
"""
SESSIONS: Final = f"""
    SELECT a.pid, coalesce(nullif(a.application_name, ''), a.usename || '@' || coalesce(a.client_addr::text, 'local')),
      coalesce(a.state, 'unknown'), a.query, a.xact_start IS NOT NULL, {HOLDS_LOCKS},
      extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change, a.backend_start)),
      ARRAY(
        SELECT w.pid FROM pg_stat_activity w
        WHERE w.wait_event_type = 'Lock' AND a.pid = ANY(pg_blocking_pids(w.pid)))
    {OTHERS}
    ORDER BY a.pid
"""


def session(
    pid: Any, application: Any, state: Any, query: Any, open_since: Any, holds: Any, age: Any, blocks: Any
) -> Session:
    return Session(
        number=pid,
        application=application,
        state=state,
        query=query,
        age=float(age),
        in_transaction=open_since,
        holds_locks=holds,
        blocks=tuple(blocks),
    )
