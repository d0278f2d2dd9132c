"""The journal's table, its triggers, and the statements on what it recorded.

A journal row is ``(at, xid, source, old, new)``: the row before and after the change as text of its table's
row type, under fixed settings, from which PostgreSQL makes exactly that row again. ``xid`` is the transaction that
made the change: held against the snapshot of a mark it tells whether the change was committed before the mark,
also for a transaction that began before it. ``at`` is the position in the write-ahead log, which grows with every
journal row; a sequence would change what ``lastval()`` gives to the application.

A row without ``old`` and ``new`` says that something was lost: a TRUNCATE of rows that a policy hides from the owner.

Undo needs no order at all. Each change takes one copy of ``old`` away and adds one of ``new``; summed over all
changes since a mark, what remains is what has to go and what has to come back (`inverted`), whatever triggers and
cascades did in between, with or without a primary key.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Final

from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, Connection, literal, quoted
from kailash_testkit.databases.postgresql.journal.catalog import Table
from kailash_testkit.databases.postgresql.journal.trigger_functions import (
    DROP_FUNCTIONS,
    FUNCTIONS,
    JOURNAL,
    RECORD_TRUNCATE,
    recording_function,
)
from kailash_testkit.databases.postgresql.sessions import APPLICATION_NAME

#: Named so that they fire before the application's own triggers of the same event: in the order of names.
ROW_TRIGGER: Final = "!dataflow_testkit_row"
TRUNCATE_TRIGGER: Final = "!dataflow_testkit_truncate"
NAMES: Final = (ROW_TRIGGER, TRUNCATE_TRIGGER)

_FIRES: Final = {"O": "", "A": "ALWAYS ", "R": "REPLICA "}  # PostgreSQL's letters for when a trigger fires
_REFUSE: Final = f"{OWN_SCHEMA}.refuse"
_GUARD_TRIGGER: Final = "!dataflow_testkit_guard"
INSTALL: Final = f"""
    CREATE SCHEMA IF NOT EXISTS {OWN_SCHEMA};
    {DROP_FUNCTIONS}
    DROP TABLE IF EXISTS {JOURNAL};
    CREATE TABLE {JOURNAL} (
      at int8 NOT NULL DEFAULT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8,
      xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
      source int NOT NULL, old text, new text);
    CREATE INDEX journal_xid ON {JOURNAL} (xid);
    CREATE INDEX journal_at ON {JOURNAL} (at);
    GRANT USAGE ON SCHEMA {OWN_SCHEMA} TO PUBLIC;
    GRANT INSERT ON {JOURNAL} TO PUBLIC;
    {FUNCTIONS}
"""


def guard(table: str) -> str:
    """Statements that make PostgreSQL refuse whoever else empties or rewrites a table of ours: no look would tell."""
    return f"""
        CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
          RAISE EXCEPTION '% belongs to the journal of kailash-testkit', TG_RELID::regclass
            USING HINT = 'leave the schema {OWN_SCHEMA} out when you empty tables', ERRCODE = 'restrict_violation';
        END$$;
        DROP TRIGGER IF EXISTS {quoted(_GUARD_TRIGGER)} ON {table};
        CREATE TRIGGER {quoted(_GUARD_TRIGGER)} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT
          WHEN (current_setting('application_name') <> '{APPLICATION_NAME}') EXECUTE FUNCTION {_REFUSE}();
    """


def record(connection: Connection, tables: Mapping[int, Table]) -> None:
    """Puts the triggers on the tables, by the number that they write; earlier ones of the journal are replaced."""
    statements: list[str] = []
    for number, table in tables.items():
        row, truncate = quoted(ROW_TRIGGER), quoted(TRUNCATE_TRIGGER)
        statements.append(f"""
            DROP TRIGGER IF EXISTS {row} ON {table.sql}; DROP TRIGGER IF EXISTS {truncate} ON {table.sql};
            CREATE TRIGGER {row} AFTER INSERT OR UPDATE OR DELETE ON {table.sql}
              FOR EACH ROW EXECUTE FUNCTION {recording_function(table)}({number});
            CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table.sql}
              FOR EACH STATEMENT EXECUTE FUNCTION {RECORD_TRUNCATE}({number});
            ALTER TABLE {table.sql} ENABLE ALWAYS TRIGGER {row}, ENABLE ALWAYS TRIGGER {truncate};
        """)
    if statements:
        connection.run("".join(statements))


#: The condition on a journal row: it tells what changed.
HAS_ROW: Final = "coalesce(old, new) IS NOT NULL"
#: The condition on a journal row: its change was made in the open transaction.
OF_THIS_TRANSACTION: Final = "xid = pg_current_xact_id()"


@contextmanager
def silenced(connection: Connection, tables: Collection[Table]) -> Generator[None, None, None]:
    """Within the block the application's triggers and rules on the tables do not fire; ours do."""
    off: list[str] = []
    on: list[str] = []
    for table in tables:
        for kind, found in (("TRIGGER", table.triggers), ("RULE", table.rules)):
            for name, fires in found:
                off.append(f"ALTER TABLE {table.sql} DISABLE {kind} {quoted(name)}")
                on.append(f"ALTER TABLE {table.sql} ENABLE {_FIRES[fires]}{kind} {quoted(name)}")
    for statement in off:
        connection.later(statement)
    with all_rows(connection, tables):
        yield
    for statement in on:
        connection.later(statement)


@contextmanager
def all_rows(connection: Connection, tables: Iterable[Table]) -> Generator[None, None, None]:
    """Within the block row-level security hides no rows of the tables from us; it takes a transaction."""
    forced = [table.sql for table in tables if table.forced]
    for table in forced:
        connection.later(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    yield
    for table in forced:
        connection.later(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def after(snapshot: str) -> str:
    """The condition on a journal row: its change was committed after the snapshot, or in this transaction."""
    return f"xid >= pg_snapshot_xmin({snapshot}) AND NOT pg_visible_in_snapshot(xid, {snapshot})"


def inverted(which: str) -> tuple[str, str]:
    """What takes back the changes for which the condition holds: rows ``(source, image, n)``, to add n copies."""
    return (
        f"SELECT source, old AS image, 1 AS n FROM {JOURNAL} WHERE old IS NOT NULL AND {which}",
        f"SELECT source, new, -1 FROM {JOURNAL} WHERE new IS NOT NULL AND {which}",
    )


def summed(*parts: str) -> str:
    """The sum of several sets of rows ``(source, image, n)``, without those that come to nothing."""
    return (
        f"SELECT source, image, sum(n)::int AS n FROM ({' UNION ALL '.join(parts)}) AS parts "
        "GROUP BY source, image HAVING sum(n) <> 0"
    )


def values(rows: Iterable[tuple[int, str, int]]) -> str:
    """Rows ``(source, image, n)`` as a query."""
    lines = ", ".join(f"({source}, {literal(image)}, {n})" for source, image, n in rows)
    return f"SELECT * FROM (VALUES {lines}) AS given (source, image, n)"
