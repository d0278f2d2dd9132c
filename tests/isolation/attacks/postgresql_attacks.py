"""What a test may do to a PostgreSQL database."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from attack import Attack, named, refused, undone

_OWN = "dataflow_testkit"
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def holding(*statements: str) -> Any:
    """A pooled connection that the test gives back as it is: it stays open."""

    def hold(target: Any) -> None:
        connection = target.hold(target.connect())
        for statement in statements:
            target.run(connection, statement)

    return hold


def copied(target: Any) -> None:
    with contextlib.closing(target.connect()) as connection, connection.cursor() as cursor:
        cursor.copy_expert("COPY heap (x) FROM STDIN", io.StringIO("c\nd\n"))


def together(*statements: str) -> str:
    """For one round trip, as one transaction unless they begin one."""
    return "; ".join(statements)


ATTACKS: tuple[Attack, ...] = (
    # --- rows
    undone("a row comes", "INSERT INTO parents (name) VALUES ('new')"),
    undone("rows go, with what cascades", "DELETE FROM parents"),
    undone("the primary key of rows is moved", "UPDATE parents SET id = id + 100"),
    undone("equal rows of a table without a key", "DELETE FROM heap WHERE x = 'a'", "INSERT INTO heap VALUES ('a')"),
    undone("COPY", copied),
    undone("TRUNCATE", "TRUNCATE orders"),
    undone("TRUNCATE CASCADE RESTART IDENTITY", "TRUNCATE parents RESTART IDENTITY CASCADE"),
    undone("MERGE", "MERGE INTO base b USING (VALUES (1)) v (a) ON b.a = v.a WHEN MATCHED THEN DELETE"),
    undone("an upsert", "INSERT INTO parents (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x'"),
    undone("rows move between partitions", "UPDATE measured SET at = at + 3650"),
    undone("a row in an inherited table", "UPDATE base SET a = 9"),
    undone("an unlogged table", "DELETE FROM scratch"),
    undone("rows behind a policy", "DELETE FROM guarded"),
    undone("rows of another schema", "UPDATE side.notes SET body = 'x'"),
    undone(
        "triggers kept off by session_replication_role",
        together("SET session_replication_role = replica", "DELETE FROM parents WHERE id = 1"),
    ),
    undone(
        "deferred constraints",
        together(
            "BEGIN",
            "SET CONSTRAINTS ALL DEFERRED",
            "UPDATE children SET parent = 99",
            "UPDATE children SET parent = 1",
            "COMMIT",
        ),
    ),
    undone("rows through a view", "CREATE VIEW w AS SELECT * FROM heap; DELETE FROM w"),
    undone("an explicit identity", "INSERT INTO numbered (id, net) OVERRIDING SYSTEM VALUE VALUES (77, 1)"),
    undone("a large object", "SELECT lo_from_bytea(0, 'abc')"),
    # --- sequences
    undone("nextval", "SELECT nextval('loose')"),
    undone("setval", "SELECT setval('parents_id_seq', 500)"),
    undone("ALTER SEQUENCE INCREMENT", "ALTER SEQUENCE loose INCREMENT BY 10"),
    undone("ALTER SEQUENCE RESTART", "ALTER SEQUENCE loose RESTART"),
    undone("ALTER SEQUENCE OWNED BY", "ALTER SEQUENCE loose OWNED BY heap.y"),
    undone("ALTER SEQUENCE OWNED BY NONE", "ALTER SEQUENCE parents_id_seq OWNED BY NONE"),
    undone("ALTER SEQUENCE RENAME", "ALTER SEQUENCE loose RENAME TO looser"),
    undone("DROP SEQUENCE", "DROP SEQUENCE loose"),
    undone("DROP SEQUENCE CASCADE", "DROP SEQUENCE parents_id_seq CASCADE"),
    undone("a sequence that is unlogged", "ALTER SEQUENCE loose SET UNLOGGED"),
    # --- tables
    undone("CREATE TABLE", "CREATE TABLE fresh (id serial PRIMARY KEY)", "INSERT INTO fresh DEFAULT VALUES"),
    undone("CREATE TABLE AS", "CREATE TABLE fresh AS SELECT * FROM parents"),
    undone("DROP TABLE", "DROP TABLE orders"),
    undone("DROP TABLE CASCADE", "DROP TABLE parents CASCADE"),
    undone("all tables are dropped", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
    undone("a table is renamed", "ALTER TABLE orders RENAME TO ordered", "DELETE FROM ordered"),
    undone(
        "a table is renamed and back",
        "ALTER TABLE orders RENAME TO o",
        "DELETE FROM o",
        "ALTER TABLE o RENAME TO orders",
    ),
    undone(
        "two tables are swapped",
        "ALTER TABLE base RENAME TO b; ALTER TABLE audit RENAME TO base; ALTER TABLE b RENAME TO audit",
    ),
    undone("a table moves to another schema", "ALTER TABLE orders SET SCHEMA side"),
    undone("a schema is made", "CREATE SCHEMA fresh CREATE TABLE t (v int)"),
    undone("a schema is dropped", "DROP SCHEMA side CASCADE"),
    undone("a schema is renamed", "ALTER SCHEMA side RENAME TO aside"),
    undone("a column is added", "ALTER TABLE orders ADD COLUMN x int DEFAULT 3"),
    undone("a column is dropped", "ALTER TABLE orders DROP COLUMN total"),
    undone(
        "a column is dropped and added again",
        "ALTER TABLE orders DROP COLUMN total",
        "ALTER TABLE orders ADD COLUMN total real",
    ),
    undone("a column is renamed", "ALTER TABLE orders RENAME COLUMN total TO sum"),
    undone("a column's type", "ALTER TABLE heap ALTER COLUMN y TYPE int USING 1"),
    undone("a column's default", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 7"),
    undone("a column's NOT NULL", "ALTER TABLE orders ALTER COLUMN total DROP NOT NULL"),
    undone("a column's statistics target", "ALTER TABLE orders ALTER COLUMN total SET STATISTICS 500"),
    undone("a column's options", "ALTER TABLE orders ALTER COLUMN total SET (n_distinct = 5)"),
    undone("a column's storage", "ALTER TABLE heap ALTER COLUMN x SET STORAGE EXTERNAL"),
    undone("a column's compression", "ALTER TABLE heap ALTER COLUMN x SET COMPRESSION pglz"),
    undone(
        "an identity is added",
        "ALTER TABLE base ALTER COLUMN a SET NOT NULL;"
        " ALTER TABLE base ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY",
    ),
    undone("an identity is dropped", "ALTER TABLE numbered ALTER COLUMN id DROP IDENTITY"),
    undone("an identity is changed", "ALTER TABLE numbered ALTER COLUMN id SET GENERATED BY DEFAULT"),
    undone("a generated column becomes plain", "ALTER TABLE numbered ALTER COLUMN gross DROP EXPRESSION"),
    undone("storage parameters", "ALTER TABLE orders SET (fillfactor = 50, autovacuum_enabled = false)"),
    undone("storage parameters of its TOAST table", "ALTER TABLE heap SET (toast.autovacuum_enabled = false)"),
    undone("UNLOGGED", "ALTER TABLE orders SET UNLOGGED"),
    undone("LOGGED", "ALTER TABLE scratch SET LOGGED"),
    undone("replica identity", "ALTER TABLE orders REPLICA IDENTITY FULL"),
    undone("replica identity by an index", "ALTER TABLE parents REPLICA IDENTITY USING INDEX parents_pkey"),
    undone("inheritance is added", "ALTER TABLE audit ADD COLUMN a int; ALTER TABLE audit INHERIT base"),
    undone("inheritance is dropped", "ALTER TABLE derived NO INHERIT base"),
    undone("a partition is detached", "ALTER TABLE measured DETACH PARTITION measured_2020"),
    undone(
        "a partition is made", "CREATE TABLE m PARTITION OF measured FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')"
    ),
    undone("a partition is dropped", "DROP TABLE measured_2020"),
    undone("a typed table", "CREATE TABLE typed OF pair"),
    undone("row security", "ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE orders FORCE ROW LEVEL SECURITY"),
    undone("row security is switched off", "ALTER TABLE guarded DISABLE ROW LEVEL SECURITY"),
    undone("CLUSTER marks an index", "CLUSTER orders USING orders_pkey"),
    undone("another owner", "ALTER TABLE orders OWNER TO pg_monitor"),
    undone("VACUUM FULL, with rows", "VACUUM FULL orders", "DELETE FROM orders"),
    # --- constraints and indexes
    undone("a constraint is added", "ALTER TABLE orders ADD CHECK (total > -1)"),
    undone("a constraint that is not validated", "ALTER TABLE orders ADD CHECK (total > 5) NOT VALID"),
    undone("a constraint is dropped", "ALTER TABLE children DROP CONSTRAINT children_parent_fkey"),
    undone("a constraint is altered", "ALTER TABLE children ALTER CONSTRAINT children_parent_fkey NOT DEFERRABLE"),
    undone("a constraint is renamed", "ALTER TABLE parents RENAME CONSTRAINT parents_name_key TO k"),
    undone("a primary key is dropped", "ALTER TABLE parents DROP CONSTRAINT parents_pkey CASCADE"),
    undone("an index is made", "CREATE INDEX CONCURRENTLY fresh ON orders (total)"),
    undone("an index is dropped", "DROP INDEX by_note"),
    undone("an index is renamed", "ALTER INDEX by_note RENAME TO by_notes"),
    undone("an index's options", "ALTER INDEX by_note SET (fillfactor = 50)"),
    undone("an index's statistics target", "ALTER INDEX by_lower ALTER COLUMN 1 SET STATISTICS 500"),
    undone("an index becomes invalid", "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_note'::regclass"),
    undone("extended statistics are made", "CREATE STATISTICS fresh ON net, gross FROM numbered"),
    undone("extended statistics are altered", "ALTER STATISTICS related SET STATISTICS 77"),
    undone("extended statistics are dropped", "DROP STATISTICS related"),
    # --- triggers, rules, functions
    undone("a trigger is dropped", "DROP TRIGGER audited ON parents", "DELETE FROM parents"),
    undone("a trigger is switched off", "ALTER TABLE parents DISABLE TRIGGER audited"),
    undone("a trigger is made", "CREATE TRIGGER more AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION audited()"),
    undone("a trigger is renamed", "ALTER TRIGGER audited ON parents RENAME TO watched"),
    undone("a rule is dropped", "DROP RULE noted ON side.notes"),
    undone("a rule is made", "CREATE RULE r AS ON DELETE TO orders DO INSTEAD NOTHING"),
    undone("a rule is switched off", "ALTER TABLE side.notes DISABLE RULE noted"),
    undone(
        "a function is replaced",
        "CREATE OR REPLACE FUNCTION twice(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 3'",
    ),
    undone("a function is dropped", "DROP FUNCTION twice(int)"),
    undone("a function's settings", "ALTER FUNCTION twice(int) SET search_path = side"),
    undone("a function of a trigger is dropped", "DROP FUNCTION audited() CASCADE"),
    undone("a procedure is made", "CREATE PROCEDURE p() LANGUAGE sql AS 'DELETE FROM orders'", "CALL p()"),
    undone("an aggregate is made", "CREATE AGGREGATE sums (int) (SFUNC = int4pl, STYPE = int)"),
    undone("an aggregate is dropped", "DROP AGGREGATE total (int)"),
    undone(
        "an aggregate is replaced",
        "CREATE OR REPLACE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '9')",
    ),
    undone(
        "an event trigger is made",
        "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION e()",
    ),
    # --- other objects
    undone("a view is replaced", "CREATE OR REPLACE VIEW names AS SELECT name, 1 AS one FROM parents"),
    undone("a default of a view's column", "ALTER VIEW names ALTER COLUMN name SET DEFAULT 'x'"),
    undone("a view's column is renamed", "ALTER VIEW names RENAME COLUMN name TO nom"),
    undone("a view's options", "ALTER VIEW names SET (security_barrier = true)"),
    undone("a materialized view is refreshed", "DELETE FROM parents; REFRESH MATERIALIZED VIEW kept"),
    undone("a materialized view is emptied", "REFRESH MATERIALIZED VIEW kept WITH NO DATA"),
    undone("a materialized view is dropped", "DROP MATERIALIZED VIEW kept"),
    undone("an enum's value is added", "ALTER TYPE mood ADD VALUE 'glad'", "UPDATE heap SET feels = 'glad'"),
    undone("an enum's value is renamed", "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"),
    undone("a composite type", "ALTER TYPE pair ADD ATTRIBUTE c int"),
    undone("an attribute of a composite type is renamed", "ALTER TYPE pair RENAME ATTRIBUTE a TO z"),
    undone("a type moves to another schema", "ALTER TYPE mood SET SCHEMA side"),
    undone("a range type is made", "CREATE TYPE moments AS RANGE (subtype = int)"),
    undone("a range type is dropped", "DROP TYPE span"),
    undone("a domain's constraint", "ALTER DOMAIN short ADD CHECK (VALUE <> 'x')"),
    undone("a domain's default", "ALTER DOMAIN short SET DEFAULT 'd'"),
    undone("a collation is made", "CREATE COLLATION fresh (LOCALE = 'C')"),
    undone("a collation is renamed", "ALTER COLLATION plain RENAME TO plainer"),
    undone("a collation is dropped", "DROP COLLATION plain"),
    undone("an operator is made", "CREATE OPERATOR =!= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne)"),
    undone("an operator is altered", "ALTER OPERATOR === (int, int) SET (RESTRICT = eqsel)"),
    undone("an operator is dropped", "DROP OPERATOR === (int, int)"),
    undone(
        "an operator class is made",
        "CREATE OPERATOR CLASS c2 FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int)",
    ),
    undone(
        "an operator family is altered",
        "ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int, int8),"
        " OPERATOR 2 <= (int, int8), OPERATOR 3 = (int, int8), OPERATOR 4 >= (int, int8), OPERATOR 5 > (int, int8),"
        " FUNCTION 1 btint48cmp(int, int8)",
    ),
    undone("an operator class is dropped", "DROP OPERATOR CLASS cls USING btree"),
    undone("a text search configuration is made", "CREATE TEXT SEARCH CONFIGURATION fresh (COPY = simple)"),
    undone("a text search configuration is altered", "ALTER TEXT SEARCH CONFIGURATION words DROP MAPPING FOR word"),
    undone("a text search configuration is dropped", "DROP TEXT SEARCH CONFIGURATION words"),
    undone("a text search dictionary is altered", "ALTER TEXT SEARCH DICTIONARY simply (accept = false)"),
    undone("a text search dictionary is dropped", "DROP TEXT SEARCH DICTIONARY simply"),
    undone(
        "a cast is made",
        "CREATE FUNCTION i(text) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " CREATE CAST (short AS int) WITH FUNCTION i(text)",
    ),
    undone("a cast is dropped", "DROP CAST (int AS mood)"),
    undone("a conversion is made", "CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"),
    undone("a text search template is made", "CREATE TEXT SEARCH TEMPLATE fresh (LEXIZE = dsimple_lexize)"),
    undone(
        "a transform is made",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
    ),
    undone("an access method is made", "CREATE ACCESS METHOD fresh TYPE TABLE HANDLER heap_tableam_handler"),
    undone(
        "a subscription is made",
        "CREATE SUBSCRIPTION fresh CONNECTION 'dbname=nothing' PUBLICATION p WITH (connect = false, slot_name = NONE)",
    ),
    undone("a publication is made", "CREATE PUBLICATION fresh FOR ALL TABLES"),
    undone("a publication is altered", "ALTER PUBLICATION news ADD TABLE orders"),
    undone("a publication's options", "ALTER PUBLICATION news SET (publish = 'insert')"),
    undone("a publication is dropped", "DROP PUBLICATION news"),
    undone(
        "a foreign server is made",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        " CREATE FOREIGN TABLE ft (a int) SERVER s; CREATE USER MAPPING FOR CURRENT_USER SERVER s",
    ),
    undone("an extension is made", "CREATE EXTENSION pgcrypto"),
    undone("a language is made", "CREATE TRUSTED LANGUAGE mine HANDLER plpgsql_call_handler"),
    undone("a policy is made", "CREATE POLICY p ON orders USING (true)"),
    undone("a policy is altered", "ALTER POLICY own_rows ON guarded USING (true)"),
    undone("a policy is dropped", "DROP POLICY own_rows ON guarded"),
    undone("a comment is changed", "COMMENT ON TABLE parents IS NULL; COMMENT ON COLUMN parents.name IS 'a name'"),
    undone(
        "a comment on a database",
        "DO $$BEGIN EXECUTE 'COMMENT ON DATABASE ' || current_database() || ' IS ''x'''; END$$",
    ),
    undone(
        "comments on parts",
        "COMMENT ON CONSTRAINT parents_pkey ON parents IS 'x'; COMMENT ON TRIGGER audited ON parents IS 'x';"
        " COMMENT ON STATISTICS related IS 'x'; COMMENT ON CAST (int AS mood) IS 'x'; COMMENT ON INDEX by_note IS 'x'",
    ),
    undone("a comment on a schema", "COMMENT ON SCHEMA public IS 'ours'"),
    # --- privileges and settings
    undone("a privilege is granted", "GRANT ALL ON orders TO PUBLIC"),
    undone("a privilege is revoked", "REVOKE SELECT ON parents FROM PUBLIC"),
    undone("a privilege on a column", "GRANT UPDATE (name) ON customers TO PUBLIC"),
    undone("a privilege on a sequence", "GRANT USAGE ON SEQUENCE loose TO PUBLIC"),
    undone("a privilege on a function", "REVOKE EXECUTE ON FUNCTION twice(int) FROM PUBLIC"),
    undone("a privilege on a schema", "GRANT CREATE ON SCHEMA public TO PUBLIC"),
    undone("a privilege on a schema of the application", "GRANT USAGE ON SCHEMA side TO PUBLIC"),
    undone("a privilege on a type", "REVOKE USAGE ON TYPE mood FROM PUBLIC"),
    undone(
        "a privilege on the database",
        "DO $$BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO PUBLIC'; END$$",
    ),
    undone("default privileges", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC"),
    undone(
        "default privileges in a schema", "ALTER DEFAULT PRIVILEGES IN SCHEMA side GRANT SELECT ON TABLES TO PUBLIC"
    ),
    undone(
        "ALTER DATABASE SET",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''7MB''', current_database()); END$$",
    ),
    undone(
        "ALTER ROLE IN DATABASE SET",
        "DO $$BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET work_mem = ''7MB''', current_user,"
        " current_database()); END$$",
    ),
    undone(
        "ALTER DATABASE IS_TEMPLATE",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', current_database()); END$$",
    ),
    undone(
        "ALTER DATABASE CONNECTION LIMIT",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 50', current_database()); END$$",
    ),
    # --- sessions
    named("a session advisory lock is held", holding("SELECT pg_advisory_lock(4711)"), says="advisory"),
    named("a transaction is left open", holding("BEGIN", "DELETE FROM orders"), says="DatabaseBusy"),
    named("rows are locked", holding("BEGIN", "SELECT * FROM orders FOR UPDATE"), says="DatabaseBusy"),
    named(
        "rows are locked, and others change",
        "DELETE FROM heap",
        holding("BEGIN", "SELECT * FROM orders FOR UPDATE"),
        says="DatabaseBusy",
    ),
    undone("LISTEN", holding("LISTEN news", "DELETE FROM orders")),
    undone(
        "a cursor that is held",
        holding("BEGIN", "DECLARE c CURSOR WITH HOLD FOR TABLE orders", "COMMIT", "DELETE FROM heap"),
    ),
    undone("a temporary table", holding("CREATE TEMP TABLE orders (v int)", "DELETE FROM public.orders")),
    undone("a search path", holding("SET search_path = side", "INSERT INTO notes VALUES (5, 'x')")),
    # --- the journal
    refused("the journal is emptied", "DELETE FROM orders", f"DELETE FROM {_OWN}.journal", says="journal"),
    refused("the journal is truncated", "DELETE FROM orders", f"TRUNCATE {_OWN}.journal", says="journal"),
    refused("the copies are emptied", f"DELETE FROM {_OWN}.saved", says="journal"),
    undone(
        "the journal's triggers are dropped", 'DROP TRIGGER "!dataflow_testkit_row" ON orders', "DELETE FROM orders"
    ),
    undone(
        "a trigger of the journal is renamed",
        'ALTER TRIGGER "!dataflow_testkit_row" ON orders RENAME TO renamed',
        "DELETE FROM orders",
    ),
    undone("all triggers are switched off", "ALTER TABLE orders DISABLE TRIGGER ALL", "DELETE FROM orders"),
    undone("the journal's function is dropped", f"DROP FUNCTION {_OWN}.record CASCADE", "DELETE FROM orders"),
    undone(
        "the journal's function is replaced",
        f"CREATE OR REPLACE FUNCTION {_OWN}.record() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DELETE FROM orders",
    ),
    named("the journal's schema is dropped", f"DROP SCHEMA {_OWN} CASCADE", "DELETE FROM orders", says="journal was"),
    named("the journal's tables are dropped", f"DROP TABLE {_OWN}.journal, {_OWN}.saved", says="journal was dropped"),
    named(
        "all schemas are dropped, the journal's too",
        f"DROP SCHEMA {_OWN}, public, side CASCADE",
        "CREATE SCHEMA public",
        says="journal was dropped",
    ),
    named("the kit's sessions are ended", _END_OTHERS, "DELETE FROM orders", says="OperationalError"),
    undone("plpgsql is dropped", "DROP EXTENSION plpgsql CASCADE"),
    refused(
        "the copies are emptied after plpgsql came back",
        "DROP EXTENSION plpgsql CASCADE",
        lambda target: target.end_test(),
        f"DELETE FROM {_OWN}.saved",
        says="journal",
    ),
)
