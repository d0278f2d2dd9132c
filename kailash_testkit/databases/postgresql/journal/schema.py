"""The application's schema: whether it changed, looked at cheaply, and what it is, in full.

PostgreSQL tells nobody but a superuser when the schema changes. But every row of its catalogue carries the
transaction that wrote it, and transactions are numbered in their order: as long as neither the number of rows of the
application's objects nor the sum of these transactions changes, nothing was added, dropped or altered (`SIGNATURE`).
Where it did change, the full description decides, since much that writes the catalogue leaves the schema
as it was: TRUNCATE, VACUUM FULL, temporary tables, DataFlow's bookkeeping.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, OWN_SCHEMA, Connection
from kailash_testkit.databases.postgresql.journal.catalog import OF_APPLICATION
from kailash_testkit.databases.postgresql.journal.objects import OBJECTS

# Each catalogue has an index on its column.
_CATALOGUES: Final = {
    "pg_class": "oid",
    "pg_attribute": "attrelid",
    "pg_attrdef": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_type": "oid",
    "pg_enum": "oid",
    "pg_proc": "oid",
    "pg_rewrite": "oid",
    "pg_policy": "oid",
    "pg_sequence": "seqrelid",
    "pg_inherits": "inhrelid",
    "pg_namespace": "oid",
    "pg_description": "objoid",
}
_SUM: Final = "count(*)::text || ':' || coalesce(sum(xmin::text::int8), 0)"
# An undo switches the application's triggers off and on; so they count by what they say. Ours count by
# their transaction: whoever touches them may have kept changes from being recorded.
_TRIGGERS: Final = f"""
    (SELECT count(*)::text || ':' || coalesce(sum(
       CASE WHEN tgname LIKE '!dataflow_testkit%' THEN xmin::text::int8
            ELSE hashtext(ROW(oid, tgrelid, tgfoid, tgenabled, tgtype, tgqual::text, tgargs, tgname)::text) END), 0)
     FROM pg_trigger WHERE oid >= {FIRST_OBJECT})
"""
SIGNATURE: Final = "concat_ws(' ', {}, {})".format(
    ", ".join(
        f"(SELECT {_SUM} FROM {catalogue} WHERE {column} >= {FIRST_OBJECT})"
        for catalogue, column in _CATALOGUES.items()
    ),
    _TRIGGERS,
)
"""An SQL expression whose value stays the same as long as the schema does."""

#: The empty search path makes PostgreSQL write every name with its schema; plpgsql keeps the plan of the query.
INSTALL: Final = f"""
    DROP FUNCTION IF EXISTS {OWN_SCHEMA}.described();
    CREATE FUNCTION {OWN_SCHEMA}.described()
    RETURNS TABLE (kind text, name text, part text, definition text, made text) LANGUAGE plpgsql SET search_path = '' AS
    $described$
      #variable_conflict use_column
      BEGIN RETURN QUERY {OBJECTS}; END
    $described$;
"""
DESCRIBED: Final = f"SELECT kind, name, part, definition, made FROM {OWN_SCHEMA}.described()"
# What a journal relies on besides: that its triggers and the columns are the very ones that it found. A column that was
# dropped and added again, or had another type for a while, looks as before and holds other values.
OWN_TRIGGER: Final = "own trigger"
_OWN_TRIGGERS: Final = f"""
    SELECT '{OWN_TRIGGER}', format('%I.%I', n.nspname, c.relname), g.tgname,
      ROW(g.oid, g.xmin, g.tgargs, columns.list)::text, NULL
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_proc p ON p.oid = g.tgfoid, LATERAL (
        SELECT array_agg(a.attnum || ':' || a.xmin ORDER BY a.attnum) AS list
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
    WHERE p.pronamespace = '{OWN_SCHEMA}'::regnamespace AND {OF_APPLICATION}
"""


class Object(NamedTuple):
    """One object of the schema, or one part of it such as a column.

    definition: tells it from others of that name. made: the statement that makes it; None where it comes
    with something else, or where we do not know one.
    """

    kind: str
    name: str
    part: str
    definition: str
    made: str | None


def described(connection: Connection) -> frozenset[Object]:
    """The application's schema."""
    return frozenset(Object(*row) for row in connection.run(DESCRIBED))


def own_triggers(connection: Connection) -> frozenset[Object]:
    """The journal's triggers."""
    return frozenset(Object(*row) for row in connection.run(_OWN_TRIGGERS))


def described_with_triggers(connection: Connection) -> frozenset[Object]:
    """The application's schema and the journal's triggers in it."""
    return frozenset(Object(*row) for row in connection.run(f"{DESCRIBED} UNION ALL {_OWN_TRIGGERS}"))
