"""The kit's own connection to PostgreSQL: settings, statements, transactions, and who else is in the way."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from kailash_testkit.databases.sessions import HAS_ENDED, locked, statement_shown
from kailash_testkit.errors import DatabaseBusy

#: What decides how values are written as text: the same for everyone, so that equal values have equal texts.
TEXT_SETTINGS: Final = {
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
}
_SETTINGS: Final = {
    **TEXT_SETTINGS,
    "client_encoding": "UTF8",
    "client_min_messages": "warning",
    "jit": "off",
    "enable_bitmapscan": "off",  # a plain index scan skips entries that it once found dead
    "row_security": "off",  # rather an error than rows that a policy hides
    "check_function_bodies": "off",  # a function may be made again before what it uses
    "synchronous_commit": "off",
    "plan_cache_mode": "force_generic_plan",  # what is prepared is planned once
}
_LOCK_NOT_AVAILABLE: Final = "55P03"
_DEADLOCK: Final = "40P01"
_START: Final = "dataflow_testkit_start"

# Who may hold the lock: everybody else's open transactions that wrote, or that locked more than reading does.
_HOLDERS: Final = """
    SELECT a.pid, coalesce(nullif(a.application_name, ''), a.usename, '?'), coalesce(a.state, 'unknown'),
      extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::float8, coalesce(a.query, '')
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND EXISTS (
      SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND (
        l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock'
        OR l.locktype = 'relation' AND l.database <> 0
          AND (l.mode NOT IN ('AccessShareLock', 'RowExclusiveLock') OR l.relation >= 16384)))
    ORDER BY a.xact_start, a.pid
"""

#: A query for others who wrote in this database and have not committed. No snapshot tells: it lacks the latest of them.
WRITERS: Final = """
    SELECT l.pid FROM pg_locks l, LATERAL pg_stat_get_activity(l.pid) a
    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
      AND a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
"""


def literal(text: str) -> str:
    """The text as an SQL constant; needs no look at the server's settings."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


class Connection:
    """A psycopg2 connection in autocommit mode, used for nothing else.

    lock_wait: how long a statement waits for a lock, in seconds, before `DatabaseBusy` is raised.
    """

    def __init__(self, connection: Any, *, lock_wait: float) -> None:
        self._connection = connection
        self.lock_wait = lock_wait
        self._queue: list[str] = []
        self.Error: type[Exception] = connection.Error
        self.IntegrityError: type[Exception] = connection.IntegrityError
        settings = {**_SETTINGS, "lock_timeout": f"{max(1, round(lock_wait * 1000))}ms"}
        self.run("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()))
        ((self.search_path,),) = self.run("SELECT current_schemas(false)::text[]")

    @property
    def database(self) -> str:
        return str(self._connection.info.dbname)

    @property
    def raw(self) -> Any:
        """psycopg2's own object."""
        return self._connection

    def later(self, statement: str) -> None:
        """Sends the statement with the next one that is run: a round trip costs more than most statements."""
        self._queue.append(statement)

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Runs one or several statements; returns the rows of the last. Raises `DatabaseBusy` after `lock_wait`."""
        statements, self._queue = "; ".join([*self._queue, statement]), []
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(statements)
            except self.Error as error:
                if getattr(error, "pgcode", None) in (_LOCK_NOT_AVAILABLE, _DEADLOCK):
                    self._roll_back()
                    raise self.busy() from error
                raise
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            return rows

    @contextmanager
    def transaction(self, *, isolation: str = "READ COMMITTED", lock: str | None = None) -> Generator[None, None, None]:
        """Commits at the end of the block; rolls back when it raises. Begins with the first statement in the block.

        lock: a table that nobody may write in the meantime; waits for those who do.
        """
        self.later(f"BEGIN ISOLATION LEVEL {isolation}")
        if lock:
            self.later(f"LOCK TABLE {lock} IN SHARE MODE")
        self.later(f"SAVEPOINT {_START}")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def start_over(self) -> None:
        """After an error: back to the begin of the open transaction, if there is one; its lock is kept."""
        self._queue.clear()
        if self._is_open:
            self.run(f"ROLLBACK TO SAVEPOINT {_START}")

    def close(self) -> None:
        self._connection.close()

    @property
    def _is_open(self) -> bool:
        return bool(self._connection.info.transaction_status)

    def _roll_back(self) -> None:
        self._queue.clear()
        if not self._connection.closed and self._is_open:
            with self._connection.cursor() as cursor:
                cursor.execute("ROLLBACK")

    def busy(self) -> DatabaseBusy:
        """The error for whoever waited in vain; names those who may be the reason."""
        holders = [
            f"session {pid} of {application}: "
            + (
                f"{state}, for {age:.1f} s, last statement {statement_shown(query)}"
                if age is not None
                else "what it does is hidden from other roles"
            )
            for pid, application, state, age, query in self.run(_HOLDERS)
        ]
        return locked(f"the database {self.database}", holders, if_nobody=HAS_ENDED)
