"""MariaDB and MySQL: a database on a server, reached with PyMySQL."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import sleep
from typing import Any, Final

from kailash_testkit.databases.claiming import maker, require_marker, require_no_rows
from kailash_testkit.databases.drivers import driver
from kailash_testkit.databases.journal import Journal
from kailash_testkit.databases.mysql.sessions import (
    SESSIONS,
    SESSIONS_OF_ORDINARY_USER,
    WAITING_ON_MARIADB,
    WAITING_ON_MYSQL,
    session,
)
from kailash_testkit.databases.sessions import Session, busy, holders
from kailash_testkit.databases.urls import server_url
from kailash_testkit.errors import DatabaseBusy, UnsupportedDatabase
from kailash_testkit.text import redact

MARKER_TABLE: Final = "dataflow_testkit_marker"
"""The table that says that the database is the kit's."""

_SCHEMES: Final = ("mysql", "mysql+pymysql", "mysql+aiomysql", "mysql+mysqldb")
_OWN_TABLES: Final = ("dataflow_", "_dataflow_")  # DataFlow's bookkeeping, and the kit's own
_DATA_TABLES: Final = ("BASE TABLE", "SYSTEM VERSIONED")  # not: views, sequences
_LOCK_WAIT: Final = 1  # seconds, the shortest wait that MySQL knows
_CONNECT_WAIT: Final = 10  # seconds
_TRANSACTIONS_ARE_OLD: Final = 0.12  # seconds that InnoDB shows the same picture of them
_LOCK_WAIT_OVER: Final = 1205
_ACCESS_DENIED: Final = (1044, 1142, 1227)

_SERVER: Final = """
    SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid', 'hostname', 'datadir', 'port')
"""
_WHOLE_SECONDS: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s AND datetime_precision = 0
"""
_NUMBERED: Final = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND auto_increment > 1
"""
_REFERENCES: Final = """
    SELECT min(column_name), min(referenced_table_name)
    FROM information_schema.key_column_usage
    WHERE table_schema = database() AND table_name = %s AND referenced_table_schema = database()
    GROUP BY constraint_name HAVING count(*) = 1 AND min(referenced_column_name) = 'id'
"""


class MysqlDatabase:
    """A MariaDB or MySQL database as the kit sees it. See `Database` for the methods."""

    serial_writes = True  # CreateNode does not tell the new row's id: it is found among the rows made since

    def __init__(self, url: str) -> None:
        self._url = url
        self._place = server_url(url, _SCHEMES, 3306)
        self._driver = driver("pymysql", "MariaDB or MySQL", "mysql")
        self._lock = threading.Lock()
        self._own: set[int] = set()
        self._whole_seconds: dict[str, frozenset[str]] = {}
        self._connection = self.connect()
        self._identity = self._identified()

    @property
    def url(self) -> str:
        return self._url

    @property
    def identity(self) -> str:
        return self._identity

    def connect(self) -> Any:
        """A further PyMySQL connection of the kit's own, in autocommit mode."""
        place = self._place
        try:
            connection = self._driver.connect(
                host=place.host,
                port=place.port,
                user=place.user,
                password=place.password,
                database=place.database,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=_CONNECT_WAIT,
                program_name="kailash-testkit",
                init_command=f"SET SESSION innodb_lock_wait_timeout = {_LOCK_WAIT}, lock_wait_timeout = {_LOCK_WAIT}",
            )
        except self._driver.Error as error:
            raise UnsupportedDatabase(
                f"{self._name} cannot be opened",
                why=redact(str(error.args[-1])),
                do="start the server, create the database, or correct the URL",
            ) from None
        self._own.add(connection.thread_id())
        return connection

    def _identified(self) -> str:
        """What the server says of itself: a name or a tunnel may lead to it by many addresses."""
        server = {str(name): str(value) for name, value in self._run(_SERVER)}
        fallback = f"{server['hostname']}:{server['datadir']}"
        ((name,),) = self._run("SELECT database()")
        unique = server.get("server_uuid") or server.get("server_uid") or fallback
        return f"mysql:{unique}:{server['port']}/{name}"

    # --- claiming ------------------------------------------------------------------------------

    def claim(self, *, allow_existing: bool) -> None:
        if not require_marker(self._name, self._marker(), self.identity, allow_existing=allow_existing):
            require_no_rows(self._name, self.tables(), self.count)
            self.mark_as_owned()

    def mark_as_owned(self) -> None:
        self._run(
            f"CREATE TABLE IF NOT EXISTS {MARKER_TABLE} (one INT PRIMARY KEY, identity TEXT, made_by TEXT,"
            " made_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
        )
        self._run(f"REPLACE INTO {MARKER_TABLE} (one, identity, made_by) VALUES (1, %s, %s)", self.identity, maker())

    def _marker(self) -> str | None:
        if not self._run(f"SHOW TABLES LIKE '{MARKER_TABLE}'"):
            return None
        found = self._run(f"SELECT identity FROM {MARKER_TABLE}")
        return str(found[0][0]) if found else None

    @property
    def _name(self) -> str:
        return f"the MariaDB or MySQL database {self._place.place}"

    # --- looking -------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        found = sorted((str(name), str(kind)) for name, kind in self._run("SHOW FULL TABLES"))
        return [name for name, kind in found if kind in _DATA_TABLES and not name.startswith(_OWN_TABLES)]

    def row(self, table: str, row_id: object, /) -> Mapping[str, object] | None:
        rows = self._dicts(f"SELECT * FROM {_sql(table)} WHERE id = %s", str(row_id))
        # "7 apples" equals 7 there, and "ADA" equals "ada".
        return next((row for row in rows if str(row["id"]) == str(row_id)), None)

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        if not ids:
            return []
        wanted = {str(one) for one in ids}
        rows = self._dicts(f"SELECT * FROM {_sql(table)} WHERE id IN ({_placeholders(ids)})", *ids)
        return [row for row in rows if str(row["id"]) in wanted]

    def references(self, table: str, /) -> Mapping[str, str]:
        return {str(column): str(other) for column, other in self._run(_REFERENCES, table)}

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        return self._dicts(f"SELECT * FROM {_sql(table)} WHERE id > %s ORDER BY id", last)

    def last_generated_id(self, table: str, /) -> int:
        ((highest,),) = self._run(f"SELECT max(id) FROM {_sql(table)}")
        return int(str(highest or 0))  # the counter itself is further on when rows were deleted

    def advance_sequence_past(self, table: str, number: int, /) -> None:
        """InnoDB does so by itself."""

    def at_column_precision(self, table: str, values: Mapping[str, object], /) -> Mapping[str, object]:
        whole_seconds = self._whole_seconds.get(table)
        if whole_seconds is None:
            names = self._run(_WHOLE_SECONDS, table)
            whole_seconds = self._whole_seconds[table] = frozenset(str(name) for (name,) in names)
        return {
            name: value.replace(microsecond=0) if name in whole_seconds and isinstance(value, datetime) else value
            for name, value in values.items()
        }

    def count(self, table: str, /) -> int:
        return int(str(self._run(f"SELECT count(*) FROM {_sql(table)}")[0][0]))

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        """The highest ids: InnoDB keeps no other order."""
        return [row[0] for row in self._run(f"SELECT id FROM {_sql(table)} ORDER BY id DESC LIMIT %s", limit)]

    def is_locked(self) -> bool:
        # A transaction that wrote, or read for update, keeps others from locking its tables against writing until
        # it ends; one that only reads does not. innodb_trx would be too late: it shows the state of 0.1 s ago.
        tables = ", ".join(f"{_sql(table)} READ" for table in self.tables())
        try:
            if tables:
                self._run(f"LOCK TABLES {tables}")
        except DatabaseBusy:
            return True
        finally:
            self._run("UNLOCK TABLES")
        return False

    def sessions(self) -> list[Session]:
        transactions = self._may_see_transactions()
        if transactions:
            sleep(_TRANSACTIONS_ARE_OLD)
        found = self._run(SESSIONS if transactions else SESSIONS_OF_ORDINARY_USER)
        waiting = self._waiting() if transactions else []
        return [session(each, waiting) for each in found if each[0] not in self._own]

    def open_transactions(self) -> list[str]:
        return holders(self.sessions())

    def journal(self, *, lock_wait: float = 0.5) -> Journal:
        from kailash_testkit.databases.mysql.journal.journal import MysqlJournal

        return MysqlJournal(self.connect(), lock_wait=lock_wait, watcher=self.connect())

    # --- changing ------------------------------------------------------------------------------

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        if ids:
            self._run(f"DELETE FROM {_sql(table)} WHERE id IN ({_placeholders(ids)})", *ids)

    def empty(self) -> None:
        self._run("SET foreign_key_checks = 0")
        try:
            self._run("BEGIN")
            for table in self.tables():
                self._run(f"DELETE FROM {_sql(table)}")
            self._run("COMMIT")
            for (numbered,) in self._run(_NUMBERED):
                if not str(numbered).startswith(_OWN_TABLES):
                    self._run(f"ALTER TABLE {_sql(str(numbered))} AUTO_INCREMENT = 1")
        finally:
            self._run("ROLLBACK")
            self._run("SET foreign_key_checks = 1")

    def close(self) -> None:
        with self._lock:
            if self._connection.open:
                self._connection.close()

    # --- transactions of others ----------------------------------------------------------------

    def _may_see_transactions(self) -> bool:
        """Whether the user has the privilege PROCESS."""
        try:
            self._run("SELECT 1 FROM information_schema.innodb_trx LIMIT 1")
        except self._driver.OperationalError as error:
            if error.args[0] in _ACCESS_DENIED:
                return False
            raise
        return True

    def _waiting(self) -> list[tuple[object, ...]]:
        """Pairs of sessions: who blocks, who waits."""
        ((version,),) = self._run("SELECT version()")
        return self._run(WAITING_ON_MARIADB if "MariaDB" in str(version) else WAITING_ON_MYSQL)

    # --- the connection ------------------------------------------------------------------------

    def _run(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        return self._rows(statement, parameters)[0]

    def _dicts(self, statement: str, *parameters: object) -> list[Mapping[str, object]]:
        rows, names = self._rows(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _rows(self, statement: str, parameters: Sequence[object]) -> tuple[list[tuple[object, ...]], list[str]]:
        try:
            with self._lock, self._connection.cursor() as cursor:
                cursor.execute(statement, tuple(parameters))
                return list(cursor.fetchall()), [column[0] for column in cursor.description or ()]
        except self._driver.OperationalError as error:
            if error.args[0] != _LOCK_WAIT_OVER:
                raise
        raise busy(self._name, self.sessions())


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return "`" + name.replace("`", "``") + "`"


def _sql(table: str) -> str:
    """The table's name in a statement with parameters."""
    return quoted(table).replace("%", "%%")


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
