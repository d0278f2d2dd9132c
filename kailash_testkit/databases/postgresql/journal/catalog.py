"""What the journal must know about the application's tables and sequences, read from PostgreSQL's catalogue.

Also the rule which of them are the application's: ordinary tables and partitions in all schemas but PostgreSQL's
and the kit's, without temporary ones, those of extensions, and DataFlow's bookkeeping. Foreign tables hold
another server's rows and are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, OWN_SCHEMA, Connection, literal
from kailash_testkit.internals.dataflow_tables import own_tables

_DATAFLOWS: Final = ", ".join(literal(name) for name in sorted(own_tables()))


def not_of_dataflow(relation: str) -> str:
    """A condition: the relation is no table of DataFlow's bookkeeping, which is neither recorded nor undone."""
    return f"{relation}.relname NOT IN ({_DATAFLOWS})"


#: Which schemas ``n`` are the application's.
IN_SCHEMA: Final = f"n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '{OWN_SCHEMA}')"


def not_of_extension(catalog: str, oid: str) -> str:
    """A condition: the object was not made by an extension."""
    return (
        f"NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.{catalog}'::regclass "
        f"AND e.objid = {oid} AND e.deptype = 'e')"
    )


_NO_SEQUENCE_OF_DATAFLOW: Final = f"""
    NOT (c.relkind = 'S' AND EXISTS (
      SELECT FROM pg_depend s JOIN pg_class t ON t.oid = s.refobjid
      WHERE s.classid = 'pg_class'::regclass AND s.objid = c.oid AND s.refclassid = 'pg_class'::regclass
        AND s.deptype IN ('a', 'i') AND t.relname IN ({_DATAFLOWS})))
"""
#: Which relations ``c`` in schema ``n`` are the application's; the first number spares PostgreSQL its own hundreds.
OF_APPLICATION: Final = (
    f"c.oid >= {FIRST_OBJECT} AND {IN_SCHEMA} AND {not_of_dataflow('c')} AND {_NO_SEQUENCE_OF_DATAFLOW} "
    f"AND c.relpersistence <> 't' AND {not_of_extension('pg_class', 'c.oid')}"
)

_KEY: Final = """
    (SELECT array_agg(k.attnum::int ORDER BY k.place)
     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) WHERE k.place <= i.indnkeyatts)
"""
_TABLES: Final = f"""
    SELECT n.nspname::text, c.relname::text, format('%I.%I', n.nspname, c.relname),
      rn.nspname::text, root.relname::text,
      c.relrowsecurity AND c.relforcerowsecurity,
      EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND c.oid IN (k.conrelid, k.confrelid)),
      to_jsonb(ARRAY(
        SELECT jsonb_build_array(a.attnum, a.attname, a.atttypid::int8, a.attgenerated = '', a.attidentity = 'a')
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)),
      coalesce((SELECT {_KEY} FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), '{{}}'),
      coalesce((
        SELECT {_KEY} FROM pg_index i
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
          AND NOT EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND NOT a.attnotnull AND a.attnum = ANY({_KEY}::int[]))
        ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1), '{{}}'),
      to_jsonb(ARRAY(
        SELECT jsonb_build_array(t.tgname, t.tgenabled) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
          AND p.pronamespace <> '{OWN_SCHEMA}'::regnamespace
        ORDER BY t.tgname)),
      to_jsonb(ARRAY(
        SELECT jsonb_build_array(r.rulename, r.ev_enabled) FROM pg_rewrite r
        WHERE r.ev_class = c.oid AND r.ev_enabled <> 'D' ORDER BY r.rulename))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid)
      JOIN pg_namespace rn ON rn.oid = root.relnamespace
    WHERE c.relkind = 'r' AND {OF_APPLICATION} AND {not_of_dataflow("root")}
    ORDER BY 1, 2
"""
_SEQUENCES: Final = f"""
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND {OF_APPLICATION}
    ORDER BY 1
"""
_DOMAINS: Final = "SELECT oid::int8, typbasetype::int8 FROM pg_type WHERE typtype = 'd'"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    type: the type that the driver sees, of a domain that below it. writable: not computed by PostgreSQL.
    always: its values come from an identity, and an UPDATE may not set it.
    """

    name: str
    type: int
    writable: bool
    always: bool


@dataclass(frozen=True)
class Table:
    """A table, or one partition of a table.

    sql: the table in SQL, with its schema; also the type of its rows.
    name: what changes call it: that of the partitioned table for a partition; with its schema where it is
        not found without.
    key: which columns tell a row from all others; empty if none do. declared_key: the primary key's.
    triggers, rules: the application's own that are in force, with PostgreSQL's letter for when they fire.
    forced: row-level security applies to the owner as well. linked: foreign keys lead from it or to it.
    """

    sql: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    declared_key: tuple[int, ...]
    triggers: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]
    forced: bool
    linked: bool


@dataclass(frozen=True)
class Catalog:
    """The application's tables, and its sequences as they are written in SQL."""

    tables: tuple[Table, ...]
    sequences: tuple[str, ...]


def read_catalog(connection: Connection) -> Catalog:
    """The application's tables and sequences, as they are now; the kit's schema must exist."""
    base = {int(domain): int(below) for domain, below in connection.run(_DOMAINS)}
    found = connection.run(_TABLES)
    taken = {(schema, relation) for schema, relation, *_ in found}
    tables: list[Table] = []
    for _, _, sql, root_schema, root, forced, linked, columns, declared, key, triggers, rules in found:
        places = {number: place for place, (number, *_) in enumerate(columns)}
        table = Table(
            sql,
            _reported(root_schema, root, connection.search_path, taken),
            tuple(Column(name, _below(kind, base), writable, always) for _, name, kind, writable, always in columns),
            tuple(places[number] for number in key),
            tuple(places[number] for number in declared),
            tuple((name, fires) for name, fires in triggers),
            tuple((name, fires) for name, fires in rules),
            forced,
            linked,
        )
        tables.append(table)
    return Catalog(tuple(tables), tuple(name for (name,) in connection.run(_SEQUENCES)))


def _below(kind: Any, base: dict[int, int]) -> int:
    kind = int(kind)
    while kind in base:
        kind = base[kind]
    return int(kind)


def _reported(schema: str, name: str, path: list[str], taken: set[tuple[str, str]]) -> str:
    first = next((each for each in path if each == schema or (each, name) in taken), None)
    return name if first == schema else f"{schema}.{name}"
