"""The application's schema: whether it changed, looked at cheaply, and what it is, in full.

PostgreSQL tells nobody but a superuser when the schema changes. But every row of its catalogue carries the
transaction that wrote it, and transactions are numbered in their order: as long as neither the number of rows of the
application's objects nor the sum of these transactions changes, nothing was added, dropped or altered (`SIGNATURE`).
Where it did change, the full description decides, since much that writes the catalogue leaves the schema
as it was: TRUNCATE, VACUUM FULL, temporary tables, DataFlow's bookkeeping.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kailash_testkit.journal.postgresql_catalog import BOOKKEEPING, IN_SCHEMA, OF_APPLICATION, not_of_extension
from kailash_testkit.journal.postgresql_connection import OWN_SCHEMA, Connection

# PostgreSQL's own objects are below this; each catalogue has an index on its column.
_FIRST_OBJECT: Final = 16384
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
     FROM pg_trigger WHERE oid >= {_FIRST_OBJECT})
"""
SIGNATURE: Final = "concat_ws(' ', {}, {})".format(
    ", ".join(
        f"(SELECT {_SUM} FROM {catalogue} WHERE {column} >= {_FIRST_OBJECT})"
        for catalogue, column in _CATALOGUES.items()
    ),
    _TRIGGERS,
)
"""An SQL expression whose value stays the same as long as the schema does."""

_RELATION: Final = "format('%I.%I', n.nspname, c.relname)"
_FROM_RELATIONS: Final = f"""
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid) AND root.relname !~ '{BOOKKEEPING}'
"""
_PARTS: Final = [
    f"""SELECT 'schema' AS kind, quote_ident(n.nspname) AS name, '' AS part, '' AS definition
        FROM pg_namespace n WHERE {IN_SCHEMA} AND {not_of_extension("pg_namespace", "n.oid")}""",
    "SELECT 'extension', quote_ident(extname), '', extversion FROM pg_extension",
    f"""SELECT 'relation', {_RELATION}, c.relkind::text, concat_ws(' ', c.relpersistence, c.reloptions::text,
          c.relrowsecurity, c.relforcerowsecurity, c.relreplident, pg_get_partkeydef(c.oid),
          pg_get_expr(c.relpartbound, c.oid), c.relacl::text, pg_get_userbyid(c.relowner),
          (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i
           WHERE i.inhrelid = c.oid),
          CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype END)
        {_FROM_RELATIONS} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c', 'S') AND {OF_APPLICATION}""",
    f"""SELECT 'column', {_RELATION}, quote_ident(a.attname), concat_ws(' ',
          row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod),
          CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
          CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END,
          a.attislocal, a.attacl::text)
        {_FROM_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND {OF_APPLICATION}""",
    f"""SELECT 'constraint', {_RELATION}, quote_ident(k.conname), pg_get_constraintdef(k.oid)
        {_FROM_RELATIONS} JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype <> 't' AND {OF_APPLICATION}""",
    f"""SELECT 'index', {_RELATION}, i.indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(i.indexrelid),
          i.indisvalid, i.indisclustered, i.indisreplident)
        {_FROM_RELATIONS} JOIN pg_index i ON i.indrelid = c.oid WHERE {OF_APPLICATION}""",
    f"""SELECT 'trigger', {_RELATION}, quote_ident(g.tgname), concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled)
        {_FROM_RELATIONS} JOIN pg_trigger g ON g.tgrelid = c.oid JOIN pg_proc p ON p.oid = g.tgfoid
        WHERE NOT g.tgisinternal AND p.pronamespace <> '{OWN_SCHEMA}'::regnamespace AND {OF_APPLICATION}""",
    f"""SELECT 'rule', {_RELATION}, quote_ident(r.rulename), concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled)
        {_FROM_RELATIONS} JOIN pg_rewrite r ON r.ev_class = c.oid WHERE {OF_APPLICATION}""",
    f"""SELECT 'policy', {_RELATION}, quote_ident(y.polname), concat_ws(' ', y.polcmd, y.polpermissive,
          y.polroles::regrole[]::text, pg_get_expr(y.polqual, y.polrelid), pg_get_expr(y.polwithcheck, y.polrelid))
        {_FROM_RELATIONS} JOIN pg_policy y ON y.polrelid = c.oid WHERE {OF_APPLICATION}""",
    f"""SELECT 'sequence', {_RELATION}, '', concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin,
          s.seqmax, s.seqcache, s.seqcycle, (
            SELECT format('%s.%I', d.refobjid::regclass, a.attname)
            FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
              AND d.deptype IN ('a', 'i') LIMIT 1))
        {_FROM_RELATIONS} JOIN pg_sequence s ON s.seqrelid = c.oid WHERE {OF_APPLICATION}""",
    f"""SELECT 'function', p.oid::regprocedure::text, p.prokind::text,
          CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE '' END || coalesce(p.proacl::text, '')
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_proc", "p.oid")}""",
    f"""SELECT 'type', format('%I.%I', n.nspname, t.typname), t.typtype::text, concat_ws(' ',
          ARRAY(SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)::text,
          CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
          CASE WHEN t.typnotnull THEN 'NOT NULL' END, t.typdefault,
          (SELECT string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname)
           FROM pg_constraint k WHERE k.contypid = t.oid))
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype IN ('e', 'd', 'r') AND {IN_SCHEMA} AND {not_of_extension("pg_type", "t.oid")}""",
    f"""SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), '', d.description
        FROM pg_description d WHERE d.objoid >= {_FIRST_OBJECT}
          AND NOT EXISTS (SELECT FROM pg_depend e
                          WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')""",
]
_QUERY: Final = " UNION ALL ".join(_PARTS)
#: The empty search path makes PostgreSQL write every name with its schema.
INSTALL: Final = f"""
    CREATE OR REPLACE FUNCTION {OWN_SCHEMA}.described()
    RETURNS TABLE (kind text, name text, part text, definition text) LANGUAGE sql SET search_path = '' AS
    $described${_QUERY}$described$;
"""
DESCRIBED: Final = f"SELECT kind, name, part, definition FROM {OWN_SCHEMA}.described()"
# What a journal relies on besides: that its triggers are the very ones that it made.
OWN_TRIGGER: Final = "own trigger"
_OWN_TRIGGERS: Final = f"""
    SELECT '{OWN_TRIGGER}', format('%I.%I', n.nspname, c.relname), g.tgname, ROW(g.oid, g.xmin, g.tgargs)::text
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE p.pronamespace = '{OWN_SCHEMA}'::regnamespace AND {OF_APPLICATION}
"""


class Object(NamedTuple):
    """One object of the schema, or one part of it such as a column; ``definition`` is PostgreSQL's text for it."""

    kind: str
    name: str
    part: str
    definition: str


def described(connection: Connection) -> frozenset[Object]:
    """The application's schema."""
    return frozenset(Object(*row) for row in connection.run(DESCRIBED))


def described_with_triggers(connection: Connection) -> frozenset[Object]:
    """The application's schema and the journal's triggers in it."""
    return frozenset(Object(*row) for row in connection.run(f"{DESCRIBED} UNION ALL {_OWN_TRIGGERS}"))
