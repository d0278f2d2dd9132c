"""PostgreSQL: a database on a server, reached with psycopg2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

from kailash_testkit.databases.claiming import maker, require_marker, require_no_rows, unsafe
from kailash_testkit.databases.copying import Copies, Dialect, copying
from kailash_testkit.databases.failpoints import Failpoint
from kailash_testkit.databases.journal import LOCK_WAIT, Journal
from kailash_testkit.databases.lost_writes import LostWrites
from kailash_testkit.databases.plans import Explained, Plan
from kailash_testkit.databases.postgresql import failpoints, lost_writes
from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, PORT, SCHEMES, Connection, quoted
from kailash_testkit.databases.postgresql.journal.catalog import OF_APPLICATION
from kailash_testkit.databases.postgresql.plans import plans
from kailash_testkit.databases.postgresql.queries import query
from kailash_testkit.databases.postgresql.sessions import CLIENTS, IS_LOCKED, session
from kailash_testkit.databases.queries import Query
from kailash_testkit.databases.sessions import Session, holders, in_the_way, stays_true
from kailash_testkit.databases.urls import server_url
from kailash_testkit.errors import UnsupportedDatabase
from kailash_testkit.models.reals import as_real
from kailash_testkit.redaction import redact

# Tables that hold the application's rows, in every schema of its own: a partitioned table counts once, with
# all its partitions; those of extensions, of DataFlow's bookkeeping and of the kit do not. A table that is
# found without naming its schema goes by its bare name, which is how DataFlow's models name theirs.
_TABLES: Final = f"""
    SELECT n.nspname, c.relname, pg_table_is_visible(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OF_APPLICATION}
    ORDER BY 2, 1
"""
_REAL_COLUMNS: Final = """
    SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND atttypid = 'real'::regtype AND attnum > 0
"""
_ADVANCE_SEQUENCE: Final = """
    WITH given (numbering, number) AS (SELECT pg_get_serial_sequence(%s, 'id')::regclass::oid, %s::numeric)
    SELECT setval(seqrelid, number::bigint) FROM pg_sequence JOIN given ON seqrelid = numbering
    WHERE number BETWEEN greatest(seqmin, 1 + coalesce(pg_sequence_last_value(seqrelid), seqmin - 1)) AND seqmax
"""
_REFERENCES: Final = """
    SELECT a.attname, c.confrelid::regclass::text
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND cardinality(c.conkey) = 1 AND r.attname = 'id'
"""
_RESTART_SEQUENCES: Final = f"""
    SELECT setval(s.seqrelid, s.seqstart, false)
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OF_APPLICATION}
"""
_PASSES: Final = 3  # of deleting: a trigger on a deleted row may write another

_COPYING: Final = Dialect(lambda name: quoted(name).replace("%", "%%"), "%s", "{} || '-' || ({})", "mod({}, {})")


class Database:
    """A PostgreSQL database as the kit sees it. See the protocol `Database` for the methods."""

    serial_writes = False  # CreateNode returns the new row's id, and each has a connection to itself

    def __init__(self, url: str) -> None:
        self._url = url
        self._place = server_url(url, SCHEMES, PORT)
        self._connection = Connection.to_database(url)
        self._elsewhere: dict[str, str] = {}  # tables that are found under their schema's name only
        self._real_columns: dict[str, frozenset[str]] = {}
        self._identity = self._identified()

    @property
    def url(self) -> str:
        return self._url

    @property
    def identity(self) -> str:
        return self._identity

    def _identified(self) -> str:
        """With the database's number: one that was dropped and restored from a dump is another."""
        ((port, name, number),) = self._connection.run(
            "SELECT current_setting('port'), datname, oid FROM pg_database WHERE datname = current_database()"
        )
        return f"postgresql:{self._connection.server_identity}:{port}/{name} (number {number})"

    # --- claiming ------------------------------------------------------------------------------

    def claim(self, *, allow_existing: bool) -> None:
        if not require_marker(self._connection.name, self._marker(), self.identity, allow_existing=allow_existing):
            require_no_rows(self._connection.name, self.tables(), self.count)
            if self._connection.run("SELECT EXISTS (SELECT FROM pg_largeobject_metadata)") == [(True,)]:
                raise unsafe(self._connection.name, "it has large objects", "use an empty database")
            self.mark_as_owned()

    def mark_as_owned(self) -> None:
        try:
            self._connection.run(
                f"CREATE SCHEMA IF NOT EXISTS {OWN_SCHEMA};"
                f"CREATE TABLE IF NOT EXISTS {OWN_SCHEMA}.marker (identity text, made_by text, made_at timestamptz);"
                f"DELETE FROM {OWN_SCHEMA}.marker;"
                f"INSERT INTO {OWN_SCHEMA}.marker VALUES (%s, %s, now())",
                self.identity,
                maker(),
            )
        except self._connection.errors.InsufficientPrivilege as error:
            raise UnsupportedDatabase(
                f"{self._connection.name} cannot be marked as a test database",
                why=redact(str(error)).splitlines()[0],
                do=f"let its role make a schema: GRANT CREATE ON DATABASE ... TO {self._place.user}",
            ) from None

    def _marker(self) -> str | None:
        if self._connection.run(f"SELECT to_regclass('{OWN_SCHEMA}.marker') IS NULL") == [(True,)]:
            return None
        found = self._connection.run(f"SELECT identity FROM {OWN_SCHEMA}.marker")
        return str(found[0][0]) if found else None

    def is_still_own(self) -> bool:
        self._connection.revive()
        return self._identified() == self._identity  # which holds a number that no other database gets

    # --- reading -------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        names: list[str] = []
        for schema, table, visible in self._connection.run(_TABLES):
            names.append(str(table) if visible else f"{schema}.{table}")
            if not visible:
                self._elsewhere[names[-1]] = f"{quoted(str(schema))}.{quoted(str(table))}"
        return names

    def row(self, table: str, row_id: object, /) -> Mapping[str, object] | None:
        try:  # as a text literal, which takes the type of the column
            rows = self._connection.dicts(f"SELECT * FROM {self._sql(table)} WHERE id = %s", str(row_id))
        except self._connection.DataError:  # no value of that type: "abc" for an integer
            return None
        return rows[0] if rows else None

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        if not ids:
            return []
        return self._connection.dicts(
            f"SELECT * FROM {self._sql(table)} WHERE id::text = ANY(%s)", [str(one) for one in ids]
        )

    def references(self, table: str, /) -> Mapping[str, str]:
        keys = self._connection.run(_REFERENCES, self._quoted(table))
        return {str(column): str(other) for column, other in keys}

    def rows_after(self, table: str, last: int, /) -> list[Mapping[str, object]]:
        return self._connection.dicts(f"SELECT * FROM {self._sql(table)} WHERE id > %s ORDER BY id", last)

    def last_generated_id(self, table: str, /) -> int:
        """Where the sequence stands; rows with explicit ids may lie beyond it."""
        sequence = self._sequence(table)
        if sequence is None:
            return int(str(self._connection.run(f"SELECT coalesce(max(id), 0) FROM {self._quoted(table)}")[0][0]))
        return int(str(self._connection.run("SELECT coalesce(pg_sequence_last_value(%s), 0)", sequence)[0][0]))

    def advance_sequence_past(self, table: str, number: int, /) -> None:
        self._connection.run(_ADVANCE_SEQUENCE, self._quoted(table), number)

    def _sequence(self, table: str) -> str | None:
        ((sequence,),) = self._connection.run("SELECT pg_get_serial_sequence(%s, 'id')", self._quoted(table))
        return None if sequence is None else str(sequence)

    def at_column_precision(self, table: str, values: Mapping[str, object], /) -> Mapping[str, object]:
        columns = self._real_columns.get(table)
        if columns is None:
            names = self._connection.run(_REAL_COLUMNS, self._quoted(table))
            columns = self._real_columns[table] = frozenset(str(name) for (name,) in names)
        return {name: as_real(value) if name in columns else value for name, value in values.items()}

    def local_moment(self, moment: datetime, /) -> datetime:
        ((local,),) = self._connection.run("SELECT (%s::timestamptz)::timestamp", moment)
        return cast("datetime", local)

    def count(self, table: str, /) -> int:
        return int(str(self._connection.run(f"SELECT count(*) FROM {self._quoted(table)}")[0][0]))

    def sample_ids(self, table: str, limit: int, /) -> Sequence[object]:
        return [
            row[0]
            for row in self._connection.run(f"SELECT id FROM {self._sql(table)} ORDER BY ctid DESC LIMIT %s", limit)
        ]

    def query(self, asked: Query) -> list[dict[str, object]]:
        return query(self._url, asked)

    def plans(self, statements: Sequence[Explained], /) -> list[Plan]:
        return plans(self._url, statements)

    def is_locked(self) -> bool:
        return stays_true(lambda: self._connection.run(IS_LOCKED) == [(True,)])

    def sessions(self) -> list[Session]:
        return [session(*found) for found in self._connection.run(CLIENTS)]

    def open_transactions(self) -> list[str]:
        return holders(self.sessions())

    def end_transactions(self) -> list[str]:
        ended = [
            (each, self._connection.run("SELECT pg_terminate_backend(%s)", each.number)) for each in self._in_the_way()
        ]
        stays_true(lambda: any(each.number in {left.number for left in self._in_the_way()} for each, _ in ended))
        return [f"{each}: rolled back and closed" for each, _ in ended]

    def _in_the_way(self) -> list[Session]:
        return in_the_way(self.sessions())

    def explain_refusal(self, _said: str, /) -> str | None:
        return None

    def changed_files(self, _since: float, /) -> list[str]:
        return []

    # --- failing ---------------------------------------------------------------------------------

    ways_to_fail = failpoints.WAYS

    def refuse(self, failpoint: Failpoint, /) -> None:
        for statement in failpoints.statements(failpoint, self._quoted(failpoint.table)):
            self._connection.run(statement)

    def allow(self) -> None:
        for statement in failpoints.END:
            self._connection.run(statement)

    can_lose_writes = True

    def lose(self, lost: LostWrites, /) -> None:
        table = self._quoted(lost.table)
        names = [str(name) for (name,) in self._connection.run(lost_writes.COLUMNS, table)]
        for statement in lost_writes.statements(lost, table, names):
            self._connection.run(statement)

    def switch_losing(self, *, on: bool) -> None:
        self._connection.run(lost_writes.SWITCH, int(on))

    def stop_losing(self) -> None:
        for statement in lost_writes.END:
            self._connection.run(statement)

    def journal(self, *, lock_wait: float = LOCK_WAIT) -> Journal:
        from kailash_testkit.databases.postgresql.journal import journal

        return journal.Journal(Connection.to_journal(self._url, lock_wait=lock_wait))

    # --- changing ------------------------------------------------------------------------------

    def remove(self, table: str, ids: Sequence[object], /) -> None:
        self._connection.run(f"DELETE FROM {self._sql(table)} WHERE id::text = ANY(%s)", [str(one) for one in ids])

    def set_values(self, table: str, ids: Sequence[object], values: Mapping[str, object], /) -> None:
        changes = ", ".join(f"{quoted(name).replace('%', '%%')} = %s" for name in values)
        statement = f"UPDATE {self._sql(table)} SET {changes} WHERE id::text = ANY(%s)"
        self._connection.run(statement, *values.values(), [str(one) for one in ids])

    def copy_rows(self, table: str, ids: Sequence[object], copies: Copies, /) -> None:
        self._connection.run(copying(self._sql(table), copies, ids, _COPYING), *ids)

    def empty(self) -> None:
        tables = self.tables()
        deletes = ", ".join(f"d{n} AS (DELETE FROM {self._quoted(t)} RETURNING 1)" for n, t in enumerate(tables))
        deleted = " + ".join(f"(SELECT count(*) FROM d{n})" for n in range(len(tables)))
        for _ in range(_PASSES):  # in one statement each, at whose end the foreign keys are checked
            if not tables or self._connection.run(f"WITH {deletes} SELECT {deleted}") == [(0,)]:
                break
        self._connection.run(_RESTART_SEQUENCES)

    def close(self) -> None:
        self._connection.close()

    def _quoted(self, table: str) -> str:
        """The table's name in SQL; also as a parameter."""
        if "." in table and table not in self._elsewhere:
            self.tables()
        return self._elsewhere.get(table, quoted(table))

    def _sql(self, table: str) -> str:
        """The table's name in a statement with parameters."""
        return self._quoted(table).replace("%", "%%")
