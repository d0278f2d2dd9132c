"""Who else is connected to a PostgreSQL database, and who of them keeps others from writing."""

from __future__ import annotations

from typing import Any, Final

from kailash_testkit.databases.sessions import Session

APPLICATION_NAME: Final = "kailash-testkit"
"""By which the kit's connections are known to the server."""

# A transaction that wrote has a number, and holds the lock of that number until it ends.
_WROTE: Final = "l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted"
# Reading takes only AccessShareLock, which no write waits for.
_HOLDS_LOCKS: Final = f"""
    EXISTS (
      SELECT FROM pg_locks l
      WHERE l.pid = a.pid AND ({_WROTE} OR l.locktype = 'relation' AND l.granted AND l.mode <> 'AccessShareLock'))
"""
# What a session does is hidden from other roles; that it is in a transaction is not.
_IN_TRANSACTION: Final = """
    (a.xact_start IS NOT NULL OR EXISTS (
      SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'virtualxid' AND l.granted))
"""
_EVERYBODY: Final = """
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
"""
_CLIENTS: Final = f"""
    {_EVERYBODY} AND a.backend_type = 'client backend' AND a.application_name <> '{APPLICATION_NAME}'
"""
_COLUMNS: Final = f"""
    a.pid,
    coalesce(nullif(a.application_name, ''), CASE WHEN a.backend_start IS NULL THEN a.usename END,
      a.usename || '@' || coalesce(a.client_addr::text, 'local'), a.backend_type, '?'),
    a.backend_start IS NULL, coalesce(a.state, 'unknown'), a.query, {_IN_TRANSACTION}, {_HOLDS_LOCKS},
    extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change, a.backend_start)),
    ARRAY(
      SELECT w.pid FROM pg_stat_activity w
      WHERE w.wait_event_type = 'Lock' AND a.pid = ANY(pg_blocking_pids(w.pid)))
"""

CLIENTS: Final = f"SELECT {_COLUMNS} {_CLIENTS} ORDER BY a.pid"
"""A query for the connections of others than the kit; see `session`."""

CLIENT: Final = f"SELECT {_COLUMNS} {_CLIENTS} AND a.pid = %s"
"""The same for one of them, by its number."""

IN_TRANSACTION: Final = f"SELECT {_COLUMNS} {_EVERYBODY} AND {_IN_TRANSACTION} ORDER BY a.xact_start, a.pid"
"""A query for all who may be in the way: other connections of the kit and the server's own workers included."""

IS_LOCKED: Final = f"SELECT EXISTS (SELECT {_CLIENTS} AND {_HOLDS_LOCKS})"
"""A query: whether others than the kit keep anybody from writing."""

#: A query for all who wrote in this database and have not committed, at little cost.
#: No snapshot tells: it lacks the latest of them.
WRITERS: Final = f"""
    SELECT l.pid FROM pg_locks l, LATERAL pg_stat_get_activity(l.pid) a
    WHERE {_WROTE} AND l.pid <> pg_backend_pid()
      AND a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
"""


def advisory_locks(database: int) -> str:
    """A query for the advisory locks in the database of that number, each as ``session:key``.

    No rollback frees one of a session.
    """
    return f"""
        SELECT concat(l.pid, ':', CASE WHEN l.objsubid = 1 THEN (l.classid::int8 << 32 | l.objid::int8)::text
                                       ELSE concat(l.classid, ',', l.objid) END)
        FROM pg_lock_status() l
        WHERE l.locktype = 'advisory' AND l.granted AND l.database = {database} AND l.pid <> pg_backend_pid()
    """


def session(
    pid: int,
    application: str,
    is_hidden: bool,
    state: str,
    query: str | None,
    in_transaction: bool,
    holds_locks: bool,
    age: Any,
    blocks: list[int],
) -> Session:
    """A row of the queries."""
    return Session(
        number=pid,
        application=application,
        state="what it does is hidden from other roles" if is_hidden else state,
        query=None if is_hidden else query,
        age=None if age is None else float(age),
        in_transaction=in_transaction,
        holds_locks=holds_locks,
        blocks=tuple(blocks),
    )
