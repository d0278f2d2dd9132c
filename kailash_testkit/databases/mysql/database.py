"""MariaDB and MySQL: a database on a server, reached with PyMySQL."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kailash_testkit.databases.claiming import maker, require_marker, require_no_rows
from kailash_testkit.databases.copying import Copies, Dialect, copying
from kailash_testkit.databases.failpoints import Failpoint
from kailash_testkit.databases.journal import LOCK_WAIT, Journal
from kailash_testkit.databases.lost_writes import LostWrites
from kailash_testkit.databases.mysql import failpoints
from kailash_testkit.databases.mysql.connection import Connection
from kailash_testkit.databases.mysql.connection import quoted_with_parameters as _sql
from kailash_testkit.databases.mysql.journal.refusals import explained
from kailash_testkit.databases.mysql.marker import comment
from kailash_testkit.databases.mysql.naming import MARKER_TABLE, is_bookkeeping
from kailash_testkit.databases.mysql.queries import query
from kailash_testkit.databases.plans import Explained, Plan
from kailash_testkit.databases.queries import Query
from kailash_testkit.databases.sessions import Session, holders, in_the_way, stays_true
from kailash_testkit.errors import DatabaseBusy, UnsupportedDatabase

_DATA_TABLES: Final = ("BASE TABLE", "SYSTEM VERSIONED")  # not: views, sequences

_CREATED: Final = """
    SELECT CAST(unix_timestamp(create_time) AS SIGNED) FROM information_schema.tables
    WHERE table_schema = database() AND table_name = %s
"""
_WHOLE_SECONDS: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s AND datetime_precision = 0
"""
_SET_BY_ITSELF: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s AND extra LIKE '%%on update%%'
"""
_FIRST_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERED: Final = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND auto_increment > 1
"""
_REFERENCES: Final = """
    SELECT min(column_name), min(referenced_table_name)
    FROM information_schema.key_column_usage
    WHERE table_schema = database() AND table_name = %s AND referenced_table_schema = database()
    GROUP BY constraint_name HAVING count(*) = 1 AND min(referenced_column_name) = 'id'
"""

_COPYING: Final = Dialect(_sql, "%s", "concat({}, '-', {})", "mod({}, {})")


class Database:
    """A MariaDB or MySQL database as the kit sees it. See `Database` for the methods."""

    serial_writes = True  # CreateNode does not tell the new row's id: it is found among the rows made since

    def __init__(self, url: str) -> None:
        self._url = url
        self._whole_seconds: dict[str, frozenset[str]] = {}
        self._connection = Connection.to_database(url)
        self._identity = f"mysql:{self._connection.server_identity}/{self._connection.database}"

    @property
    def url(self) -> str:
        return self._url

    @property
    def identity(self) -> str:
        return self._identity

    # --- claiming ------------------------------------------------------------------------------

    def claim(self, *, allow_existing: bool) -> None:
        if not require_marker(self._connection.name, self._marker(), self._marked(), allow_existing=allow_existing):
            require_no_rows(self._connection.name, self.tables(), self.count)
            self.mark_as_owned()

    def mark_as_owned(self) -> None:
        self._run(
            f"CREATE TABLE IF NOT EXISTS {MARKER_TABLE} (one INT PRIMARY KEY, identity TEXT, made_by TEXT,"
            " made_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
        )
        self._run(f"REPLACE INTO {MARKER_TABLE} (one, identity, made_by) VALUES (1, %s, %s)", self._marked(), maker())

    def is_still_own(self) -> bool:
        self._connection.revive()
        marker = self._marker()
        if marker is not None:
            return marker == self._marked()
        # All tables were dropped. MariaDB tells also then, by the comment that the kit made the database with.
        name = self._connection.database
        ((_, made),) = self._run(f"SHOW CREATE DATABASE {_sql(name)}")
        return f"COMMENT '{comment(name)}'" in str(made)

    def _marked(self) -> str:
        """What the marker says of this database: a dump that is restored, here as well, has a younger marker table."""
        created = self._run(_CREATED, MARKER_TABLE)
        return f"{self.identity}, marked at {created[0][0] if created else None}"

    def _marker(self) -> str | None:
        if not self._run(f"SHOW TABLES LIKE '{MARKER_TABLE}'"):
            return None
        found = self._run(f"SELECT identity FROM {MARKER_TABLE}")
        return str(found[0][0]) if found else None

    # --- looking -------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        found = sorted((str(name), str(kind)) for name, kind in self._run("SHOW FULL TABLES"))
        return [name for name, kind in found if kind in _DATA_TABLES and not is_bookkeeping(name)]

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

    def local_moment(self, moment: datetime, /) -> datetime:
        since_1970 = (moment - _FIRST_MOMENT) // timedelta(seconds=1)
        ((local,),) = self._run("SELECT from_unixtime(%s)", since_1970)
        utc = moment.astimezone(UTC).replace(tzinfo=None)
        return utc if local is None else local.replace(microsecond=moment.microsecond)

    def count(self, table: str, /) -> int:
        return int(str(self._run(f"SELECT count(*) FROM {_sql(table)}")[0][0]))

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        """The highest ids: InnoDB keeps no other order."""
        return [row[0] for row in self._run(f"SELECT id FROM {_sql(table)} ORDER BY id DESC LIMIT %s", limit)]

    def query(self, asked: Query) -> list[dict[str, object]]:
        return query(self._url, asked)

    def plans(self, statements: Sequence[Explained], /) -> list[Plan]:
        return [Plan(refused="the kit reads the plans of SQLite and PostgreSQL only") for _ in statements]

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
        return self._connection.sessions()

    def open_transactions(self) -> list[str]:
        return holders(self.sessions())

    def end_transactions(self) -> list[str]:
        sessions = self.sessions()
        ended = in_the_way(sessions) or sessions  # LOCK TABLES begins no transaction: any session may have done that
        for each in ended:
            with contextlib.suppress(self._connection.Error):  # it has ended by itself
                self._run(f"KILL CONNECTION {each.number}")
        stays_true(lambda: any(each.number in {left.number for left in self.sessions()} for each in ended))
        return [f"{each}: rolled back and closed" for each in ended]

    def explain_refusal(self, said: str, /) -> str | None:
        return explained(said)

    def changed_files(self, _since: float, /) -> list[str]:
        return []

    # --- failing ---------------------------------------------------------------------------------

    ways_to_fail = failpoints.WAYS

    def refuse(self, failpoint: Failpoint, /) -> None:
        for statement in failpoints.statements(failpoint):
            self._run(statement)

    def allow(self) -> None:
        for statement in failpoints.END:
            self._run(statement)

    can_lose_writes = False

    def lose(self, lost: LostWrites, /) -> None:
        raise UnsupportedDatabase(
            f"MariaDB and MySQL cannot lose the writes of {lost.table}",
            why="no trigger may write to the table that it is of, and none can drop a row without an error",
            do="run this on SQLite or PostgreSQL: --testkit-database=sqlite",
        )

    def switch_losing(self, *, on: bool) -> None:
        raise NotImplementedError("nothing gets lost here")

    def stop_losing(self) -> None:
        """Nothing gets lost here."""

    def journal(self, *, lock_wait: float = LOCK_WAIT) -> Journal:
        from kailash_testkit.databases.mysql.journal.journal import Journal as JournalOfMysql

        return JournalOfMysql(self._url, lock_wait=lock_wait)

    # --- changing ------------------------------------------------------------------------------

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        if ids:
            self._run(f"DELETE FROM {_sql(table)} WHERE id IN ({_placeholders(ids)})", *ids)

    def set_values(self, table: str, ids: Sequence[object], values: Mapping[str, object], /) -> None:
        untouched = [str(name) for (name,) in self._run(_SET_BY_ITSELF, table) if name not in values]
        changes = [*(f"{_sql(name)} = %s" for name in values), *(f"{_sql(name)} = {_sql(name)}" for name in untouched)]
        statement = f"UPDATE {_sql(table)} SET {', '.join(changes)} WHERE id IN ({_placeholders(ids)})"
        self._run(statement, *values.values(), *ids)

    def copy_rows(self, table: str, ids: Sequence[object], copies: Copies, /) -> None:
        self._run(copying(_sql(table), copies, ids, _COPYING), *ids)

    def empty(self) -> None:
        self._run("SET foreign_key_checks = 0")
        try:
            self._run("BEGIN")
            for table in self.tables():
                self._run(f"DELETE FROM {_sql(table)}")
            self._run("COMMIT")
            for (numbered,) in self._run(_NUMBERED):
                if not is_bookkeeping(str(numbered)):
                    self._run(f"ALTER TABLE {_sql(str(numbered))} AUTO_INCREMENT = 1")
        finally:
            self._run("ROLLBACK")
            self._run("SET foreign_key_checks = 1")

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._connection.lock_waits_reported():
            return self._connection.run(statement, parameters)

    def _dicts(self, statement: str, *parameters: object) -> list[Mapping[str, object]]:
        with self._connection.lock_waits_reported():
            return self._connection.dicts(statement, parameters)


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
