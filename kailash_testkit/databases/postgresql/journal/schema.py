"""The application's schema: whether it changed, looked at cheaply, and what it is, in full.

PostgreSQL tells nobody but a superuser when the schema changes. But every row of its catalogue carries the
transaction that wrote it, and transactions are numbered in their order: as long as neither the number of rows of the
application's objects nor the sum of these transactions changes, nothing was added, dropped or altered (`signature`).
Where it did change, the full description decides, since much that writes the catalogue leaves the schema
as it was: TRUNCATE, VACUUM FULL, temporary tables, DataFlow's bookkeeping.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, OWN_SCHEMA, PUBLIC_SCHEMA, Connection
from kailash_testkit.databases.postgresql.journal.attributes import ATTRIBUTES
from kailash_testkit.databases.postgresql.journal.catalog import OF_APPLICATION
from kailash_testkit.databases.postgresql.journal.objects import TABLES
from kailash_testkit.databases.postgresql.journal.other_objects import OTHER_OBJECTS, SUBSCRIPTION
from kailash_testkit.databases.postgresql.journal.parts import statements

# Each catalogue has an index on its column. Not read: those that only a superuser may read, and those whose rows come
# and go with rows of others (defaults with columns, aggregates with functions, ranges with types).
_CATALOGUES: Final = {
    "pg_class": "oid",
    "pg_attribute": "attrelid",
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
    "pg_statistic_ext": "oid",
    "pg_collation": "oid",
    "pg_operator": "oid",
    "pg_opclass": "oid",
    "pg_opfamily": "oid",
    "pg_amop": "oid",
    "pg_amproc": "oid",
    "pg_am": "oid",
    "pg_ts_config": "oid",
    "pg_ts_config_map": "mapcfg",
    "pg_ts_dict": "oid",
    "pg_ts_parser": "oid",
    "pg_ts_template": "oid",
    "pg_transform": "oid",
    "pg_cast": "oid",
    "pg_conversion": "oid",
    "pg_language": "oid",
    "pg_foreign_server": "oid",
    "pg_foreign_data_wrapper": "oid",
    "pg_event_trigger": "oid",
    "pg_extension": "oid",
    "pg_publication": "oid",
    "pg_publication_rel": "oid",
    "pg_default_acl": "oid",
    "pg_largeobject_metadata": "oid",
}
# Of what initdb made, and of the database itself.
_SINGLE: Final = (
    f"SELECT xmin FROM pg_namespace WHERE oid = {PUBLIC_SCHEMA}",
    f"SELECT xmin FROM pg_description WHERE objoid = {PUBLIC_SCHEMA}",
    "SELECT xmin FROM pg_database WHERE oid = {0}",
    "SELECT xmin FROM pg_shdescription WHERE objoid = {0} AND classoid = 'pg_database'::regclass",
    "SELECT xmin FROM pg_db_role_setting WHERE setdatabase = {0}",
)
# Every row of one moment has an older transaction than any that is written later: so one number and one sum suffice
# for all catalogues. age() tells a transaction's number, counted back from now, without making a text of it; of what
# initdb wrote, which has no number, it tells the highest there is. Asked once a row, the sum takes a fifth less time.
_SUM: Final = f"""
    (SELECT count(*) || ':' || count(*) * age('3'::xid)::int8 - sum(age(xmin)) FROM ({
    " UNION ALL ".join(
        f"SELECT xmin FROM {catalogue} WHERE {column} >= {FIRST_OBJECT}" for catalogue, column in _CATALOGUES.items()
    )
}) AS rows)
"""
_SUM_OF_SINGLE: Final = f"""
    (SELECT count(*) || ':' || sum(age('3'::xid) - age(xmin)) FILTER (WHERE age(xmin) < {2**31 - 1})
     FROM ({" UNION ALL ".join(_SINGLE)}) AS rows)
"""
# An undo switches the application's triggers off and on; so they count by what they say. Ours count by
# their transaction: whoever touches them may have kept changes from being recorded.
_TRIGGERS: Final = f"""
    (SELECT count(*) || ':' || sum(
       CASE WHEN starts_with(tgname, '!dataflow_testkit') THEN age('3'::xid) - age(xmin)
            ELSE hashtext(ROW(oid, tgrelid, tgfoid, tgenabled, tgtype, tgqual::text, tgargs, tgname)::text) END)
     FROM pg_trigger WHERE oid >= {FIRST_OBJECT})
"""
# Their bytes can be written without a trace in any catalogue that all may read.
_LARGE_OBJECTS: Final = """
    (SELECT md5(string_agg(md5(lo_get(oid)), '' ORDER BY oid))
     FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE'))
"""
# Of all databases of the server, and without the column that tells a row's transaction.
_SUBSCRIPTIONS: Final = f"""
    (SELECT string_agg(concat_ws(' ', s.subname, {SUBSCRIPTION}), ',' ORDER BY s.subname)
     FROM pg_subscription s WHERE s.subdbid = {{0}})
"""


def signature(database: int) -> str:
    """An SQL expression whose value stays the same as long as the schema does. database: its number."""
    parts = (_SUM, _SUM_OF_SINGLE.format(database), _TRIGGERS, _LARGE_OBJECTS, _SUBSCRIPTIONS.format(database))
    return f"concat_ws(' ', {', '.join(parts)})"


#: The empty search path makes PostgreSQL write every name with its schema; plpgsql keeps the plans of the queries.
INSTALL: Final = f"""
    DROP FUNCTION IF EXISTS {OWN_SCHEMA}.described();
    CREATE OR REPLACE FUNCTION {OWN_SCHEMA}.content(relation text) RETURNS text LANGUAGE plpgsql AS $content$
      DECLARE found text;
      BEGIN
        EXECUTE format('SELECT md5(string_agg(r::text, '''' ORDER BY r::text COLLATE "C")) FROM %s r', relation)
          INTO found;
        RETURN coalesce(found, '');
      END
    $content$;
    CREATE FUNCTION {OWN_SCHEMA}.described()
    RETURNS TABLE (kind text, name text, part text, definition text, made text) LANGUAGE plpgsql SET search_path = '' AS
    $described$
      #variable_conflict use_column
      BEGIN {statements([*TABLES, *OTHER_OBJECTS, *ATTRIBUTES])} END
    $described$;
"""
DESCRIBED: Final = f"SELECT kind, name, part, definition, made FROM {OWN_SCHEMA}.described()"
# What a journal relies on besides: that its triggers and the columns are the very ones that it found. A column that was
# dropped and added again, or had another type for a while, looks as before and holds other values.
OWN_TRIGGER: Final = "own trigger"
_OWN_TRIGGERS: Final = f"""
    SELECT '{OWN_TRIGGER}', format('%I.%I', n.nspname, c.relname), g.tgname,
      ROW(g.oid, g.xmin, g.tgargs, p.oid, p.xmin, columns.list)::text, NULL
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


def is_installed(connection: Connection) -> bool:
    """Whether the functions are there that looking and undoing call."""
    functions = ("described()", "content(text)", "undo(pg_snapshot, int4[])")
    there = " AND ".join(f"to_regprocedure('{OWN_SCHEMA}.{each}') IS NOT NULL" for each in functions)
    ((there,),) = connection.run(f"SELECT {there}")
    return bool(there)


def described(connection: Connection) -> frozenset[Object]:
    """The application's schema."""
    return frozenset(Object(*row) for row in connection.run(DESCRIBED))


def own_triggers(connection: Connection) -> frozenset[Object]:
    """The journal's triggers."""
    return frozenset(Object(*row) for row in connection.run(_OWN_TRIGGERS))


def described_with_triggers(connection: Connection) -> frozenset[Object]:
    """The application's schema and the journal's triggers in it."""
    return frozenset(Object(*row) for row in connection.run(f"{DESCRIBED} UNION ALL {_OWN_TRIGGERS}"))
