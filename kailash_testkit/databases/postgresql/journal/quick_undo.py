"""A function of the database that takes few changes back, in place of one statement for all tables.

PostgreSQL plans a function's statements once in a session, and runs them without a word to the client. The function
knows the tables to which nothing else is tied: no foreign keys, and no triggers, rules or policies of the application.
There each row can go or come by itself. The function does not record what it writes. Instead it checks it: as many rows
go as have to, each equal to the last digit, and the rows that come are what was asked for. Otherwise it raises, all is
rolled back, and the usual way (`undo`) decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, Connection, literal, quoted
from kailash_testkit.databases.postgresql.journal.catalog import Table
from kailash_testkit.databases.postgresql.journal.trigger_functions import QUIET
from kailash_testkit.databases.postgresql.journal.triggers import after, inverted, summed
from kailash_testkit.databases.postgresql.journal.undo import CHECKED, Part

_UNDO: Final = f"{OWN_SCHEMA}.undo"
SIGNATURE: Final = f"{_UNDO}(pg_snapshot,int4[])"
_MOST_ENTRIES: Final = 300  # each row that comes is looked for among all that were asked for


def function(tables: Mapping[Table, int]) -> str:
    """The statement that makes the function for these tables, each with the number that its triggers write."""
    net = summed(*inverted(f"{after('since')} AND source = ANY (sources)"))
    cases = "".join(f"WHEN {number} THEN {_steps(table)}" for table, number in tables.items() if _is_plain(table))
    return f"""
    CREATE OR REPLACE FUNCTION {SIGNATURE.replace("pg_snapshot,", "since pg_snapshot, sources ")} RETURNS void
    LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS {
        literal(f'''
      #variable_conflict use_column
      DECLARE part record; rows_written int8 := 0; rows_wanted int8 := 0;
      BEGIN
        PERFORM pg_catalog.set_config('{QUIET}', 'on', true);
        FOR part IN
          SELECT source, array_agg(image) FILTER (WHERE n < 0) AS goes, array_agg(image) FILTER (WHERE n > 0) AS comes,
            sum(abs(n)) AS n
          FROM ({net}) AS net GROUP BY source
        LOOP
          rows_wanted := part.n;
          rows_written := 0;
          CASE part.source {cases} ELSE NULL; END CASE;
          IF rows_written <> rows_wanted THEN
            RAISE EXCEPTION 'table % does not hold what was recorded', part.source
              USING ERRCODE = 'integrity_constraint_violation';
          END IF;
        END LOOP;
        PERFORM pg_catalog.set_config('{QUIET}', 'off', true);
      END''')
    };
    """


def take_back(
    connection: Connection, tables: Mapping[int, Table], parts: Sequence[Part], snapshot: str, entries: int
) -> list[Part]:
    """Takes back what was recorded since the snapshot, in the open transaction; returns the parts that it leaves.

    entries: how many changes were recorded.
    """
    sources = [part.source for part in parts if _is_plain(tables[part.source])]
    if not sources or entries > _MOST_ENTRIES:
        return list(parts)
    connection.later("SAVEPOINT dataflow_testkit_quick")
    try:
        connection.run(f"SELECT {_UNDO}({literal(snapshot)}, ARRAY{sources}); {CHECKED}")
    except connection.IntegrityError:
        connection.run("ROLLBACK TO SAVEPOINT dataflow_testkit_quick")
        return list(parts)
    return [part for part in parts if part.source not in sources]


def _is_plain(table: Table) -> bool:
    return bool(table.key) and not (table.linked or table.triggers or table.rules or table.forced)


def _steps(table: Table) -> str:
    names = [quoted(column.name) for column in table.columns]
    same = " AND ".join(f"t.{names[place]} = (g.r).{names[place]}" for place in table.key)
    written = [quoted(column.name) for column in table.columns if column.writable]
    return f"""
      IF part.goes IS NOT NULL THEN
        DELETE FROM ONLY {table.sql} t USING ({_rows(table, "goes")}) g WHERE {same} AND (t.*)::text = g.image;
        GET DIAGNOSTICS rows_written = ROW_COUNT;
      END IF;
      IF part.comes IS NOT NULL THEN
        WITH inserted AS (
          INSERT INTO {table.sql} AS t ({", ".join(written)}) OVERRIDING SYSTEM VALUE
          SELECT {", ".join(f"(c.r).{name}" for name in written)} FROM ({_rows(table, "comes")}) c
          RETURNING (t.*)::text AS image)
        SELECT rows_written + count(*) FROM inserted WHERE image = ANY (part.comes) INTO rows_written;
      END IF;
    """


def _rows(table: Table, which: str) -> str:
    return f"SELECT image, image::{table.sql} AS r FROM unnest(part.{which}) AS image OFFSET 0"
