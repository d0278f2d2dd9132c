"""The queries that describe schemas, functions, types, and what else a database holds beside tables; see `objects`."""

from __future__ import annotations

from typing import Final

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT
from kailash_testkit.databases.postgresql.journal.catalog import IN_SCHEMA, not_of_extension
from kailash_testkit.databases.postgresql.journal.parts import Part, any_in

_AGGREGATE: Final = """
    concat(format('CREATE AGGREGATE %I.%I (%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
        nullif(concat(pg_get_function_arguments(p.oid), CASE WHEN p.pronargs = 0 THEN '*' END), ''),
        g.aggtransfn::regproc, format_type(g.aggtranstype, NULL)),
      ', INITCOND = ' || quote_literal(g.agginitval),
      ', FINALFUNC = ' || nullif(g.aggfinalfn, 0)::regproc, CASE WHEN g.aggfinalextra THEN ', FINALFUNC_EXTRA' END,
      ', COMBINEFUNC = ' || nullif(g.aggcombinefn, 0)::regproc,
      ', SORTOP = OPERATOR(' || nullif(g.aggsortop, 0)::regoper || ')',
      CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' END, ')')
"""
_DEFINED: Final = f"CASE WHEN p.prokind = 'a' THEN {_AGGREGATE} ELSE pg_get_functiondef(p.oid) END"
# What the statement for an aggregate leaves out is described all the same.
_REST_OF_AGGREGATE: Final = """
    concat_ws(' ', g.aggkind, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, g.aggserialfn, g.aggfinalmodify)
"""
_DOMAIN: Final = """
    concat(format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod)),
      CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation END,
      ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END,
      (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
       FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
"""
_RANGE: Final = """
    concat(format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s', n.nspname, t.typname, format_type(r.rngsubtype, NULL)),
      ', COLLATION = ' || nullif(r.rngcollation, 0)::regcollation,
      ', SUBTYPE_DIFF = ' || nullif(r.rngsubdiff, 0)::regproc, ', CANONICAL = ' || nullif(r.rngcanonical, 0)::regproc,
      ', MULTIRANGE_TYPE_NAME = ' || (to_jsonb(r) ->> 'rngmultitypid')::oid::regtype, ')')
"""
_COLLATION: Final = """
    format('CREATE COLLATION %I.%I (PROVIDER = %s, %s, DETERMINISTIC = %s)', n.nspname, c.collname,
      CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
      CASE WHEN c.collprovider = 'c' THEN format('LC_COLLATE = %L, LC_CTYPE = %L', c.collcollate, c.collctype)
           ELSE format('LOCALE = %L', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale',
                                               c.collcollate)) END,
      c.collisdeterministic::text)
"""
_OPERATOR: Final = """
    concat(format('CREATE OPERATOR %I.%s (FUNCTION = %s', n.nspname, o.oprname, o.oprcode),
      ', LEFTARG = ' || format_type(nullif(o.oprleft, 0), NULL),
      ', RIGHTARG = ' || format_type(nullif(o.oprright, 0), NULL),
      ', COMMUTATOR = OPERATOR(' || nullif(o.oprcom, 0)::regoper || ')',
      ', NEGATOR = OPERATOR(' || nullif(o.oprnegate, 0)::regoper || ')',
      ', RESTRICT = ' || nullif(o.oprrest, 0)::regproc, ', JOIN = ' || nullif(o.oprjoin, 0)::regproc,
      CASE WHEN o.oprcanhash THEN ', HASHES' END, CASE WHEN o.oprcanmerge THEN ', MERGES' END, ')')
"""
_MEMBER_OPERATOR: Final = """
    concat('OPERATOR ', m.amopstrategy, ' ', m.amopopr::regoperator,
      ' FOR ORDER BY ' || (SELECT format('%I.%I', fn.nspname, f.opfname) FROM pg_opfamily f
        JOIN pg_namespace fn ON fn.oid = f.opfnamespace WHERE f.oid = m.amopsortfamily))
"""
_MEMBER_FUNCTION: Final = """
    format('FUNCTION %s (%s, %s) %s', m.amprocnum, format_type(m.amproclefttype, NULL),
      format_type(m.amprocrighttype, NULL), m.amproc::regprocedure)
"""


def _members(of_class: bool) -> str:
    """The operators and functions of an operator family, or only those that came with one of its classes."""
    parts: list[str] = []
    for catalog, family, made, dropped in (
        ("pg_amop", "amopfamily", _MEMBER_OPERATOR,
         "format('OPERATOR %s (%s, %s)', m.amopstrategy, format_type(m.amoplefttype, NULL), "
         "format_type(m.amoprighttype, NULL))"),
        ("pg_amproc", "amprocfamily", _MEMBER_FUNCTION,
         "format('FUNCTION %s (%s, %s)', m.amprocnum, format_type(m.amproclefttype, NULL), "
         "format_type(m.amprocrighttype, NULL))"),
    ):  # fmt: skip
        internal = f"""
            EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalog}'::regclass AND d.objid = m.oid
                    AND d.refclassid = 'pg_opclass'::regclass AND d.deptype = 'i' {"AND d.refobjid = c.oid" * of_class})
        """
        parts.append(
            f"SELECT m.{family} AS family, {made} AS made, {dropped} AS dropped FROM {catalog} m "
            f"WHERE m.oid >= {FIRST_OBJECT} AND {'' if of_class else 'NOT '}{internal}"
        )
    return " UNION ALL ".join(parts)


_FAMILY: Final = "format('%I.%I USING %I', n.nspname, f.opfname, a.amname)"
_CLASS: Final = f"""
    format('CREATE OPERATOR CLASS %I.%I %s FOR TYPE %s USING %I FAMILY %s AS %s', n.nspname, c.opcname,
      CASE WHEN c.opcdefault THEN 'DEFAULT' END, format_type(c.opcintype, NULL), a.amname,
      (SELECT format('%I.%I', fn.nspname, f.opfname) FROM pg_opfamily f JOIN pg_namespace fn ON fn.oid = f.opfnamespace
       WHERE f.oid = c.opcfamily),
      concat_ws(', ', 'STORAGE ' || format_type(nullif(c.opckeytype, 0), NULL),
        (SELECT string_agg(m.made, ', ' ORDER BY m.made) FROM ({_members(of_class=True)}) AS m)))
"""
_CONFIGURATION: Final = """
    concat(format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %s)', n.nspname, c.cfgname,
        (SELECT format('%I.%I', pn.nspname, p.prsname) FROM pg_ts_parser p
         JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE p.oid = c.cfgparser)),
      (SELECT string_agg(format('; ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname,
           c.cfgname, (SELECT alias FROM ts_token_type(c.cfgparser) WHERE tokid = maptokentype), used), '')
       FROM (SELECT maptokentype, string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno) AS used
             FROM pg_ts_config_map WHERE mapcfg = c.oid GROUP BY 1 ORDER BY 1) AS mapped))
"""
_DICTIONARY: Final = """
    concat(format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %s', n.nspname, d.dictname,
        (SELECT format('%I.%I', tn.nspname, t.tmplname) FROM pg_ts_template t
         JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate)), ', ' || d.dictinitoption, ')')
"""
_CAST_NAME: Final = "format('(%s AS %s)', format_type(k.castsource, NULL), format_type(k.casttarget, NULL))"
_CAST: Final = f"""
    concat('CREATE CAST ', {_CAST_NAME},
      CASE k.castmethod WHEN 'f' THEN ' WITH FUNCTION ' || k.castfunc::regprocedure WHEN 'i' THEN ' WITH INOUT'
                        ELSE ' WITHOUT FUNCTION' END,
      CASE k.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END)
"""
_PUBLICATION: Final = """
    format('CREATE PUBLICATION %I %s WITH (publish = %L, publish_via_partition_root = %s)', p.pubname,
      CASE WHEN p.puballtables THEN 'FOR ALL TABLES' END,
      concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), p.pubviaroot::text)
"""
_PUBLISHED_COLUMNS: Final = "concat_ws(' ', to_jsonb(r) ->> 'prqual', to_jsonb(r) ->> 'prattrs')"
_EVENT_TRIGGER: Final = """
    concat(format('CREATE EVENT TRIGGER %I ON %s', v.evtname, v.evtevent),
      ' WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', ') FROM unnest(v.evttags) AS tag) || ')',
      format(' EXECUTE FUNCTION %s()', v.evtfoid::regproc))
"""
#: Of the columns that all may read.
SUBSCRIPTION: Final = "concat_ws(' ', s.subowner, s.subenabled, s.subslotname, s.subpublications::text)"
_CONTENT: Final = "CASE WHEN pg_has_role(l.lomowner, 'USAGE') THEN lo_get(l.oid) END"


def _other(catalog: str, definition: str) -> Part:
    """Objects that only a few databases have, told by what identifies them; we know no statement that makes them."""
    query = f"""
        SELECT 'other', upper(replace(i.type, '-', ' ')), i.identity, {definition}, NULL
        FROM {catalog} o, LATERAL pg_identify_object('{catalog}'::regclass, o.oid, 0) i
        WHERE o.oid >= {FIRST_OBJECT} AND {not_of_extension(catalog, "o.oid")}
    """
    return Part(query, any_in(catalog))


OTHER_OBJECTS: Final = [
    Part(f"""SELECT 'schema', quote_ident(n.nspname), '', '', 'CREATE SCHEMA ' || quote_ident(n.nspname)
        FROM pg_namespace n WHERE {IN_SCHEMA} AND {not_of_extension("pg_namespace", "n.oid")}"""),
    Part("""SELECT 'extension', quote_ident(e.extname), '', e.extversion,
          format('CREATE EXTENSION %I SCHEMA %I VERSION %L', e.extname, n.nspname, e.extversion)
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"""),
    Part(f"""SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END, p.oid::regprocedure::text,
          p.prokind::text,
          concat_ws(' ', {_DEFINED}, {_REST_OF_AGGREGATE}), {_DEFINED}
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_proc", "p.oid")}
          AND NOT EXISTS (SELECT FROM pg_depend d
                          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')"""),
    Part(
        f"""SELECT 'enum', format('%I.%I', n.nspname, t.typname), '', labels.list,
          format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname, labels.list)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace, LATERAL (
          SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) AS list
          FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
        WHERE t.typtype = 'e' AND {IN_SCHEMA} AND {not_of_extension("pg_type", "t.oid")}""",
        any_in("pg_type", "typtype = 'e'"),
    ),
    Part(
        f"""SELECT 'domain', format('%I.%I', n.nspname, t.typname), '', {_DOMAIN}, {_DOMAIN}
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
        WHERE t.typtype = 'd' AND {IN_SCHEMA} AND {not_of_extension("pg_type", "t.oid")}""",
        any_in("pg_type", "typtype = 'd'"),
    ),
    Part(
        f"""SELECT 'range', format('%I.%I', n.nspname, t.typname), '', {_RANGE}, {_RANGE}
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_range r ON r.rngtypid = t.oid
        WHERE t.typtype = 'r' AND {IN_SCHEMA} AND {not_of_extension("pg_type", "t.oid")}""",
        any_in("pg_type", "typtype = 'r'"),
    ),
    Part(
        f"""SELECT 'collation', format('%I.%I', n.nspname, c.collname), '', {_COLLATION}, {_COLLATION}
        FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_collation", "c.oid")}""",
        any_in("pg_collation"),
    ),
    Part(
        f"""SELECT 'operator', o.oid::regoperator::text, '', {_OPERATOR}, {_OPERATOR}
        FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
        WHERE o.oprcode <> 0 AND {IN_SCHEMA} AND {not_of_extension("pg_operator", "o.oid")}""",
        any_in("pg_operator"),
    ),
    Part(
        f"""SELECT 'operator family', {_FAMILY}, '', '', 'CREATE OPERATOR FAMILY ' || {_FAMILY}
        FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_opfamily", "f.oid")}""",
        any_in("pg_opfamily"),
    ),
    Part(
        f"""SELECT 'operator class', format('%I.%I USING %I', n.nspname, c.opcname, a.amname), '', {_CLASS}, {_CLASS}
        FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am a ON a.oid = c.opcmethod
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_opclass", "c.oid")}""",
        any_in("pg_opclass"),
    ),
    Part(
        f"""SELECT 'family member', {_FAMILY}, m.dropped, m.made,
          format('ALTER OPERATOR FAMILY %s ADD %s', {_FAMILY}, m.made)
        FROM ({_members(of_class=False)}) AS m JOIN pg_opfamily f ON f.oid = m.family
        JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
        WHERE {not_of_extension("pg_opfamily", "f.oid")}""",
        f"{any_in('pg_amop')} UNION ALL SELECT {any_in('pg_amproc')}",
    ),
    Part(
        f"""SELECT 'configuration', format('%I.%I', n.nspname, c.cfgname), '', {_CONFIGURATION}, {_CONFIGURATION}
        FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_ts_config", "c.oid")}""",
        any_in("pg_ts_config"),
    ),
    Part(
        f"""SELECT 'dictionary', format('%I.%I', n.nspname, d.dictname), '', {_DICTIONARY}, {_DICTIONARY}
        FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
        WHERE {IN_SCHEMA} AND {not_of_extension("pg_ts_dict", "d.oid")}""",
        any_in("pg_ts_dict"),
    ),
    Part(
        f"""SELECT 'cast', {_CAST_NAME}, '', {_CAST}, {_CAST}
        FROM pg_cast k WHERE k.oid >= {FIRST_OBJECT} AND {not_of_extension("pg_cast", "k.oid")}""",
        any_in("pg_cast"),
    ),
    Part(
        f"SELECT 'publication', quote_ident(p.pubname), '', {_PUBLICATION}, {_PUBLICATION} FROM pg_publication p",
        any_in("pg_publication"),
    ),
    Part(
        f"""SELECT 'published', quote_ident(p.pubname), 'TABLE ' || r.prrelid::regclass, {_PUBLISHED_COLUMNS},
          CASE {_PUBLISHED_COLUMNS} WHEN '' THEN format('ALTER PUBLICATION %I ADD TABLE ONLY %s', p.pubname,
                                                        r.prrelid::regclass) END
        FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid""",
        any_in("pg_publication"),
    ),
    Part(
        f"""SELECT 'event trigger', quote_ident(v.evtname), '', concat_ws(' ', {_EVENT_TRIGGER}, v.evtenabled),
          {_EVENT_TRIGGER} FROM pg_event_trigger v WHERE {not_of_extension("pg_event_trigger", "v.oid")}""",
        any_in("pg_event_trigger"),
    ),
    Part(
        f"""SELECT 'large object', l.oid::text, '', coalesce(md5({_CONTENT}), 'not readable'),
          format('SELECT lo_from_bytea(%s, %L)', l.oid, {_CONTENT}) FROM pg_largeobject_metadata l""",
        "FROM pg_largeobject_metadata",  # a test may give one a number as low as it likes
    ),
    Part(
        f"""SELECT 'subscription', quote_ident(s.subname), '', {SUBSCRIPTION}, NULL
        FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())""",
        "FROM pg_subscription",
    ),
    Part(
        f"""SELECT 'other', 'TRANSFORM', format('FOR %s LANGUAGE %I', format_type(f.trftype, NULL), l.lanname),
          concat_ws(' ', f.trffromsql::regproc, f.trftosql::regproc), NULL
        FROM pg_transform f JOIN pg_language l ON l.oid = f.trflang
        WHERE f.oid >= {FIRST_OBJECT} AND {not_of_extension("pg_transform", "f.oid")}""",
        any_in("pg_transform"),
    ),
    _other("pg_conversion", "concat_ws(' ', o.conproc, o.conforencoding, o.contoencoding, o.condefault)"),
    _other("pg_language", "concat_ws(' ', o.lanpltrusted, o.lanplcallfoid::regproc, o.laninline::regproc)"),
    _other("pg_foreign_data_wrapper", "concat_ws(' ', o.fdwhandler::regproc, o.fdwoptions::text)"),
    _other("pg_foreign_server", "concat_ws(' ', o.srvtype, o.srvversion, o.srvoptions::text)"),
    _other("pg_ts_parser", "concat_ws(' ', o.prsstart, o.prstoken, o.prsend, o.prsheadline, o.prslextype)"),
    _other("pg_ts_template", "concat_ws(' ', o.tmplinit, o.tmpllexize)"),
    _other("pg_am", "concat_ws(' ', o.amhandler, o.amtype)"),
]
