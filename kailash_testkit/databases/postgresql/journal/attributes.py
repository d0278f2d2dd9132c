"""The queries that describe what objects have beside their definition: owners, privileges, comments, settings.

See `objects`. Owners, and settings of columns and tables, are there for every object; the statement sets them, whatever
they are, so that nothing has to be dropped.
"""

from __future__ import annotations

from typing import Final

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT, OWN_SCHEMA, PUBLIC_SCHEMA
from kailash_testkit.databases.postgresql.journal.catalog import IN_SCHEMA, OF_APPLICATION, not_of_extension
from kailash_testkit.databases.postgresql.journal.parts import Part, any_in

_THIS_DATABASE: Final = "(SELECT oid FROM pg_database WHERE datname = current_database())"
_RELATION: Final = "format('%I.%I', n.nspname, c.relname)"
_RELATIONS: Final = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
_GRANTEE: Final = "CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END"
_GRANTED: Final = "string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)"
_OPTION: Final = "CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"


def _owner(owned: str, only_if: str = "") -> Part:
    """The owners of objects, which a query tells as ``(catalog, number, owner)``."""
    query = f"""SELECT 'owner', i.identity, i.type, pg_get_userbyid(o.owner)::text,
          format('ALTER %s %s OWNER TO %I', CASE i.type WHEN 'statistics object' THEN 'STATISTICS' ELSE i.type END,
                 i.identity, pg_get_userbyid(o.owner))
        FROM ({owned}) AS o (catalog, oid, owner), LATERAL pg_identify_object(o.catalog, o.oid, 0) i"""
    return Part(query, only_if)


def _owner_in_schema(catalog: str, prefix: str, schema: str, condition: str = "true") -> Part:
    """The owners of objects that are in a schema."""
    return _owner(
        f"SELECT '{catalog}'::regclass, o.oid, o.{prefix}owner FROM {catalog} o JOIN pg_namespace n "
        f"ON n.oid = o.{schema} WHERE {condition} AND {IN_SCHEMA} AND {not_of_extension(catalog, 'o.oid')}",
        any_in(catalog, condition),
    )


_OWNERS: Final = [
    _owner(
        f"SELECT 'pg_class'::regclass, c.oid, c.relowner FROM {_RELATIONS} "
        f"WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {OF_APPLICATION}"
    ),
    _owner_in_schema("pg_proc", "pro", "pronamespace"),
    _owner_in_schema("pg_type", "typ", "typnamespace", "typtype IN ('e', 'd', 'r')"),
    _owner_in_schema("pg_collation", "coll", "collnamespace"),
    _owner_in_schema("pg_operator", "opr", "oprnamespace", "oprcode <> 0"),
    _owner_in_schema("pg_opclass", "opc", "opcnamespace"),
    _owner_in_schema("pg_opfamily", "opf", "opfnamespace"),
    _owner_in_schema("pg_ts_config", "cfg", "cfgnamespace"),
    _owner_in_schema("pg_ts_dict", "dict", "dictnamespace"),
    _owner_in_schema("pg_statistic_ext", "stx", "stxnamespace"),
    _owner(f"SELECT 'pg_namespace'::regclass, n.oid, n.nspowner FROM pg_namespace n WHERE {IN_SCHEMA}"),
    _owner("SELECT 'pg_publication'::regclass, oid, pubowner FROM pg_publication", any_in("pg_publication")),
    _owner("SELECT 'pg_database'::regclass, oid, datdba FROM pg_database WHERE datname = current_database()"),
]
_ACLS: Final = f"""
    SELECT format('ON %s %s', k.kind, {_RELATION}) AS of, '' AS columns, format(' ON %s %s', k.kind, {_RELATION}) AS on,
      coalesce(c.relacl, acldefault(k.letter::"char", c.relowner)) AS acl
    FROM {_RELATIONS}, LATERAL (
      SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS letter) AS k
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {OF_APPLICATION}
    UNION ALL SELECT format('(%I) ON TABLE %s', a.attname, {_RELATION}), format(' (%I)', a.attname),
      ' ON TABLE ' || {_RELATION}, a.attacl
    FROM {_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
    WHERE a.attrelid >= {FIRST_OBJECT} AND {OF_APPLICATION}
    UNION ALL SELECT 'ON ' || others.name, '', ' ON ' || others.name, others.acl
    FROM (
      SELECT 'ROUTINE ' || p.oid::regprocedure AS name, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE p.oid >= {FIRST_OBJECT} AND {IN_SCHEMA} AND {not_of_extension("pg_proc", "p.oid")}
      UNION ALL SELECT format('TYPE %I.%I', n.nspname, t.typname), coalesce(t.typacl, acldefault('T', t.typowner))
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE t.oid >= {FIRST_OBJECT} AND t.typtype IN ('e', 'd', 'r') AND {IN_SCHEMA}
        AND {not_of_extension("pg_type", "t.oid")}
      UNION ALL SELECT format('SCHEMA %I', n.nspname), coalesce(n.nspacl, acldefault('n', n.nspowner))
      FROM pg_namespace n WHERE {IN_SCHEMA}
      UNION ALL SELECT format('DATABASE %I', datname), coalesce(datacl, acldefault('d', datdba))
      FROM pg_database WHERE datname = current_database()) AS others
"""
_DEFAULTS_OF: Final = """
    concat('FOR ROLE ', d.defaclrole::regrole, ' IN SCHEMA ' || nullif(d.defaclnamespace, 0)::regnamespace)
"""
_DEFAULTS_ON: Final = """
    CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                         WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END
"""
# What PostgreSQL grants anyway: all to the role itself, some to everybody.
_BUILT_IN: Final = "acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)"
_SAME: Final = "(y.grantee, y.privilege_type, y.is_grantable) = (x.grantee, x.privilege_type, x.is_grantable)"
_OF_DEFAULTS: Final = """
    d.oid, d.defaclrole, d.defaclnamespace, d.defaclobjtype, x.grantee, x.is_grantable
"""
_LISTS: Final = ", ".join(
    f"'{name}'"
    for name in (
        *("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries"),
        *("shared_preload_libraries", "unix_socket_directories"),
    )
)
# The only ones that can be set; some servers keep more there.
_COLUMN_OPTIONS: Final = (
    "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) AS o WHERE o ~ '^n_distinct(_inherited)?=')"
)
_COMPRESSION: Final = "(to_jsonb(a) ->> 'attcompression')"  # none before PostgreSQL 14
_COLUMN: Final = f"format('; ALTER TABLE %s ALTER COLUMN %I ', {_RELATION}, a.attname)"
_STATISTICS: Final = "coalesce(a.attstattarget, -1)"


def _index(condition: str) -> str:
    """The name of the table's index for which the condition holds."""
    return (
        "(SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid "
        f"WHERE i.indrelid = c.oid AND {condition})"
    )


_COMMENTED: Final = "replace(replace(o.type, 'table c', 'c'), 'statistics object', 'statistics')"

ATTRIBUTES: Final = [
    *_OWNERS,
    Part(f"""SELECT 'privileges', o.of, {_GRANTEE}, {_GRANTED} || {_OPTION},
          format('GRANT %s%s TO %s%s', string_agg(x.privilege_type || o.columns, ', ' ORDER BY x.privilege_type), o.on,
                 {_GRANTEE}, {_OPTION})
        FROM ({_ACLS}) AS o, LATERAL aclexplode(o.acl) x GROUP BY o.of, o.on, x.grantee, x.is_grantable"""),
    Part(
        f"""SELECT 'default privileges', {_DEFAULTS_OF}, concat('ON ', {_DEFAULTS_ON}, ' FROM ', {_GRANTEE}),
          {_GRANTED} || {_OPTION},
          format('ALTER DEFAULT PRIVILEGES %s GRANT %s ON %s TO %s%s', {_DEFAULTS_OF}, {_GRANTED}, {_DEFAULTS_ON},
                 {_GRANTEE}, {_OPTION})
        FROM pg_default_acl d, LATERAL aclexplode(d.defaclacl) x
        WHERE NOT (d.defaclnamespace = 0 AND EXISTS (SELECT FROM aclexplode({_BUILT_IN}) y WHERE {_SAME}))
        GROUP BY {_OF_DEFAULTS}""",
        "FROM pg_default_acl",
    ),
    Part(
        f"""SELECT 'revoked default', {_DEFAULTS_OF}, concat('ON ', {_DEFAULTS_ON}, ' TO ', {_GRANTEE}), {_GRANTED},
          format('ALTER DEFAULT PRIVILEGES %s REVOKE %s ON %s FROM %s', {_DEFAULTS_OF}, {_GRANTED}, {_DEFAULTS_ON},
                 {_GRANTEE})
        FROM pg_default_acl d, LATERAL aclexplode({_BUILT_IN}) x
        WHERE d.defaclnamespace = 0 AND NOT EXISTS (SELECT FROM aclexplode(d.defaclacl) y WHERE {_SAME})
        GROUP BY {_OF_DEFAULTS}""",
        "FROM pg_default_acl",
    ),
    Part(f"""SELECT 'column settings', {_RELATION}, quote_ident(a.attname),
          concat_ws(' ', {_STATISTICS}, a.attstorage, {_COMPRESSION}, {_COLUMN_OPTIONS}),
          concat('SELECT', {_COLUMN}, 'SET STATISTICS ', {_STATISTICS}, {_COLUMN}, 'SET STORAGE ',
            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END,
            CASE WHEN t.typstorage <> 'p' THEN {_COLUMN} || 'SET COMPRESSION '
              || CASE {_COMPRESSION} WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' WHEN '' THEN 'default' END END,
            {_COLUMN}, 'RESET (n_distinct, n_distinct_inherited)', {_COLUMN} || 'SET (' || {_COLUMN_OPTIONS} || ')')
        FROM {_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attrelid >= {FIRST_OBJECT}
          AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relkind IN ('r', 'p', 'm') AND {OF_APPLICATION}"""),
    Part(
        f"""SELECT 'index settings', {_RELATION}, a.attnum::text, {_STATISTICS}::text,
          format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', {_RELATION}, a.attnum, {_STATISTICS})
        FROM {_RELATIONS} JOIN pg_index i ON i.indexrelid = c.oid AND i.indexprs IS NOT NULL
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attrelid >= {FIRST_OBJECT}
        WHERE {OF_APPLICATION}""",
        f"FROM pg_index WHERE indexrelid >= {FIRST_OBJECT} AND indexprs IS NOT NULL",
    ),
    Part(f"""SELECT 'table settings', {_RELATION}, '',
          concat_ws(' ', c.relreplident, {_index("i.indisreplident")}, {_index("i.indisclustered")}),
          concat('ALTER TABLE ', {_RELATION}, ' REPLICA IDENTITY ', CASE c.relreplident WHEN 'd' THEN 'DEFAULT'
              WHEN 'f' THEN 'FULL' WHEN 'i' THEN 'USING INDEX ' || {_index("i.indisreplident")} ELSE 'NOTHING' END,
            '; ALTER TABLE ', {_RELATION},
            coalesce(' CLUSTER ON ' || {_index("i.indisclustered")}, ' SET WITHOUT CLUSTER'))
        FROM {_RELATIONS} WHERE c.relkind = 'r' AND {OF_APPLICATION}"""),
    Part("""SELECT 'database', format('DATABASE %I', datname), '',
          concat_ws(' ', datconnlimit, datistemplate, datallowconn),
          format('ALTER DATABASE %I CONNECTION LIMIT %s IS_TEMPLATE %s ALLOW_CONNECTIONS %s', datname, datconnlimit,
                 datistemplate::text, datallowconn::text)
        FROM pg_database WHERE datname = current_database()"""),
    Part(
        f"""SELECT 'setting', whose.name, quote_ident(one.name), one.value,
          format('ALTER %s SET %I TO %s', whose.name, one.name,
                 CASE WHEN one.name IN ({_LISTS}) THEN one.value ELSE quote_literal(one.value) END)
        FROM pg_db_role_setting s, LATERAL (
          SELECT concat('ROLE ' || nullif(s.setrole, 0)::regrole || ' IN ', format('DATABASE %I', current_database()))
        ) AS whose (name), LATERAL (
          SELECT split_part(text, '=', 1), substr(text, strpos(text, '=') + 1) FROM unnest(s.setconfig) AS text
        ) AS one (name, value)
        WHERE s.setdatabase = {_THIS_DATABASE}""",
        "FROM pg_db_role_setting",
    ),
    Part(f"""SELECT 'comment', o.identity, {_COMMENTED}, d.description,
          format('COMMENT ON %s %s IS %L', {_COMMENTED}, replace(o.identity, ' on ', ' ON '), d.description)
        FROM (SELECT objoid, classoid, objsubid, description FROM pg_description
              WHERE objoid >= {FIRST_OBJECT} OR objoid = {PUBLIC_SCHEMA} AND classoid = 'pg_namespace'::regclass
              UNION ALL SELECT objoid, classoid, 0, description FROM pg_shdescription
              WHERE classoid = 'pg_database'::regclass AND objoid = {_THIS_DATABASE}) AS d,
          LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) o
        WHERE o.schema IS DISTINCT FROM '{OWN_SCHEMA}' AND o.identity IS NOT NULL
          AND NOT EXISTS (SELECT FROM pg_depend e
                          WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')"""),
]
