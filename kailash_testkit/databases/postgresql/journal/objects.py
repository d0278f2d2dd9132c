"""The queries that describe tables, and what belongs to them, each with the statement that makes it.

A row is ``(kind, name, part, definition, made)``. The description must be complete, for an undo is held against it;
the statements need not be: where one is missing or does not do, the undo says that it cannot put the schema back. All
want an empty search path, so that every name comes with its schema. `other_objects` and `attributes` describe the rest.
"""

from __future__ import annotations

from typing import Final

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, OWN_SCHEMA
from kailash_testkit.databases.postgresql.journal.catalog import (
    IN_SCHEMA,
    OF_APPLICATION,
    not_of_dataflow,
    not_of_extension,
)
from kailash_testkit.databases.postgresql.journal.parts import Part, any_in

_RELATION: Final = "format('%I.%I', n.nspname, c.relname)"
_FROM_RELATIONS: Final = f"""
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid) AND {not_of_dataflow("root")}
"""
_SEQUENCE_OPTIONS: Final = (
    "format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s', s.seqstart, s.seqincrement, "
    "s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' END)"
)
_OF_IDENTITY: Final = """
    EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
"""
_IDENTITY: Final = f"""
    (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)',
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.seqrelid::regclass, {_SEQUENCE_OPTIONS})
     FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
       AND d.refobjsubid = a.attnum AND d.deptype = 'i')
"""
_COLUMN: Final = f"""
    concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation END,
      CASE WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid)
             || CASE a.attgenerated WHEN 's' THEN ') STORED' ELSE ') VIRTUAL' END
           WHEN a.attidentity <> '' THEN {_IDENTITY}
           WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END,
      CASE WHEN a.attnotnull THEN ' NOT NULL' END)
"""
_FROM_COLUMNS: Final = """
    pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
"""
_PARENTS: Final = """
    (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
     FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT c.relispartition)
"""
_OPTIONS: Final = """
    (SELECT string_agg(option, ', ') FROM (
       SELECT unnest(c.reloptions) AS option UNION ALL
       SELECT 'toast.' || unnest(o.reloptions) FROM pg_class o WHERE o.oid = c.reltoastrelid) AS options)
"""
_TABLE: Final = f"""
    concat('CREATE ', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' END, 'TABLE ', {_RELATION}, ' (',
      (SELECT string_agg({_COLUMN}, ', ' ORDER BY a.attnum) FROM {_FROM_COLUMNS}
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR c.relispartition)), ')',
      ' INHERITS (' || {_PARENTS} || ')', ' PARTITION BY ' || pg_get_partkeydef(c.oid),
      ' WITH (' || {_OPTIONS} || ')',
      CASE WHEN c.relrowsecurity THEN '; ALTER TABLE ' || {_RELATION} || ' ENABLE ROW LEVEL SECURITY' END,
      CASE WHEN c.relforcerowsecurity THEN '; ALTER TABLE ' || {_RELATION} || ' FORCE ROW LEVEL SECURITY' END)
"""
_COMPOSITE: Final = f"""
    format('CREATE TYPE %s AS (%s)', {_RELATION}, (
      SELECT string_agg({_COLUMN}, ', ' ORDER BY a.attnum) FROM {_FROM_COLUMNS}
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
"""
_STATISTICS: Final = """
    pg_get_statisticsobjdef(s.oid)
      || format('; ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, coalesce(s.stxstattarget, -1))
"""


def _fires(letter: str) -> str:
    return (
        f"CASE {letter} WHEN 'O' THEN 'ENABLE' WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' "
        "ELSE 'ENABLE REPLICA' END"
    )


TABLES: Final = [
    Part(f"""SELECT CASE c.relkind WHEN 'c' THEN 'composite' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
          {_RELATION} AS name, '' AS part,
          concat_ws(' ', c.relkind, c.relpersistence, {_OPTIONS}, c.relrowsecurity, c.relforcerowsecurity,
            pg_get_partkeydef(c.oid), {_PARENTS},
            (SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)) AS definition,
          CASE c.relkind WHEN 'c' THEN {_COMPOSITE} WHEN 'f' THEN NULL ELSE {_TABLE} END AS made
        {_FROM_RELATIONS} WHERE c.relkind IN ('r', 'p', 'f', 'c') AND {OF_APPLICATION}"""),
    Part(f"""SELECT 'column', {_RELATION}, quote_ident(a.attname),
          concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), {_COLUMN}, a.attislocal),
          NULL
        {_FROM_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attrelid >= {FIRST_OBJECT}
          AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p', 'f', 'c') AND {OF_APPLICATION}"""),
    Part(
        f"""SELECT 'partition', {_RELATION}, '',
          concat_ws(' ', i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid)),
          format('ALTER TABLE %s ATTACH PARTITION %s %s', i.inhparent::regclass, {_RELATION},
                 pg_get_expr(c.relpartbound, c.oid))
        {_FROM_RELATIONS} JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relkind IN ('r', 'p') AND c.relispartition AND {OF_APPLICATION}""",
        "FROM pg_inherits",
    ),
    Part(
        f"""SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, {_RELATION}, '',
          concat_ws(' ', c.reloptions::text, pg_get_viewdef(c.oid)),
          concat('CREATE ', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' END, 'VIEW ', {_RELATION},
            ' WITH (' || array_to_string(c.reloptions, ', ') || ')', ' AS ', pg_get_viewdef(c.oid))
        {_FROM_RELATIONS} WHERE c.relkind IN ('v', 'm') AND {OF_APPLICATION}""",
        any_in("pg_rewrite"),
    ),
    Part(
        f"""SELECT 'view default', {_RELATION}, quote_ident(a.attname), pg_get_expr(d.adbin, d.adrelid),
          format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', {_RELATION}, a.attname,
                 pg_get_expr(d.adbin, d.adrelid))
        {_FROM_RELATIONS} JOIN pg_attrdef d ON d.adrelid = c.oid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum
        WHERE c.relkind = 'v' AND {OF_APPLICATION}""",
        any_in("pg_rewrite"),
    ),
    Part(
        f"""SELECT 'materialized rows', {_RELATION}, '',
          CASE WHEN c.relispopulated THEN {OWN_SCHEMA}.content({_RELATION}) ELSE 'not populated' END,
          concat('REFRESH MATERIALIZED VIEW ', {_RELATION}, CASE WHEN NOT c.relispopulated THEN ' WITH NO DATA' END)
        {_FROM_RELATIONS} WHERE c.relkind = 'm' AND {OF_APPLICATION}""",
        any_in("pg_class", "relkind = 'm'"),
    ),
    Part(f"""SELECT CASE WHEN k.contype = 'f' OR NOT k.convalidated THEN 'late constraint' ELSE 'constraint' END,
          {_RELATION}, quote_ident(k.conname), pg_get_constraintdef(k.oid),
          format('ALTER TABLE %s ADD CONSTRAINT %I %s', {_RELATION}, k.conname, pg_get_constraintdef(k.oid))
        {_FROM_RELATIONS} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype <> 't' WHERE {OF_APPLICATION}"""),
    Part(f"""SELECT 'index', {_RELATION}, i.indexrelid::regclass::text,
          concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid), pg_get_indexdef(i.indexrelid)
        {_FROM_RELATIONS} JOIN pg_index i ON i.indrelid = c.oid WHERE {OF_APPLICATION}"""),
    Part(f"""SELECT 'trigger', {_RELATION}, quote_ident(g.tgname),
          concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled),
          pg_get_triggerdef(g.oid) || format('; ALTER TABLE %s %s TRIGGER %I', {_RELATION},
            {_fires("g.tgenabled")}, g.tgname)
        {_FROM_RELATIONS} JOIN pg_trigger g ON g.tgrelid = c.oid JOIN pg_proc p ON p.oid = g.tgfoid
        WHERE NOT g.tgisinternal AND {OF_APPLICATION}
          AND (p.pronamespace <> '{OWN_SCHEMA}'::regnamespace OR NOT starts_with(g.tgname, '!dataflow_testkit'))"""),
    Part(
        f"""SELECT 'rule', {_RELATION}, quote_ident(r.rulename), concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled),
          pg_get_ruledef(r.oid) || format(' ALTER TABLE %s %s RULE %I', {_RELATION}, {_fires("r.ev_enabled")},
            r.rulename)
        {_FROM_RELATIONS} JOIN pg_rewrite r ON r.ev_class = c.oid
        WHERE r.rulename <> '_RETURN' AND {OF_APPLICATION}""",
        any_in("pg_rewrite"),
    ),
    Part(
        f"""SELECT 'policy', {_RELATION}, quote_ident(y.polname), concat_ws(' ', y.polcmd, y.polpermissive,
          y.polroles::regrole[]::text, pg_get_expr(y.polqual, y.polrelid), pg_get_expr(y.polwithcheck, y.polrelid)),
          concat(format('CREATE POLICY %I ON %s AS %s FOR %s TO ', y.polname, {_RELATION},
              CASE WHEN y.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
              CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                            ELSE 'ALL' END),
            (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ')
             FROM unnest(y.polroles) AS role),
            ' USING (' || pg_get_expr(y.polqual, y.polrelid) || ')',
            ' WITH CHECK (' || pg_get_expr(y.polwithcheck, y.polrelid) || ')')
        {_FROM_RELATIONS} JOIN pg_policy y ON y.polrelid = c.oid WHERE {OF_APPLICATION}""",
        any_in("pg_policy"),
    ),
    Part(f"""SELECT 'sequence', {_RELATION}, '',
          concat_ws(' ', c.relpersistence, s.seqtypid::regtype, {_SEQUENCE_OPTIONS}),
          CASE WHEN NOT {_OF_IDENTITY} THEN
            format('CREATE %s SEQUENCE %s AS %s %s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, {_RELATION},
                   s.seqtypid::regtype, {_SEQUENCE_OPTIONS}) END
        {_FROM_RELATIONS} JOIN pg_sequence s ON s.seqrelid = c.oid WHERE {OF_APPLICATION}"""),
    Part(f"""SELECT 'ownership', {_RELATION}, '', format('%s.%I', d.refobjid::regclass, a.attname),
          CASE d.deptype WHEN 'a' THEN
            format('ALTER SEQUENCE %s OWNED BY %s.%I', {_RELATION}, d.refobjid::regclass, a.attname) END
        {_FROM_RELATIONS} JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
          AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE c.relkind = 'S' AND {OF_APPLICATION}"""),
    Part(
        f"""SELECT 'statistics', format('%I.%I', n.nspname, s.stxname), '', {_STATISTICS}, {_STATISTICS}
        FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_statistic_ext", "s.oid")}""",
        any_in("pg_statistic_ext"),
    ),
]
