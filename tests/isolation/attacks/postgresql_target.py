"""PostgreSQL under attack, and its judge: pg_dump, and what pg_dump leaves out."""

from __future__ import annotations

import re
import subprocess
from contextlib import closing
from typing import Any

import psycopg2
from database_servers import POSTGRESQL, required, rows_of
from target import Target

from kailash_testkit.databases import open_database
from kailash_testkit.databases.postgresql.programs import find_programs

_KITS = re.compile(r"dataflow_testkit|^CREATE EXTENSION")  # that of an extension made again says more
_NOT_DUMPED = (
    "SELECT 'kept', k::text FROM kept k",
    "SELECT 'extension', extname, extversion FROM pg_extension",
    "SELECT 'lock', classid, objid FROM pg_locks WHERE locktype = 'advisory' AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())",
    "SELECT 'prepared', gid FROM pg_prepared_xacts WHERE database = current_database()",
    "SELECT 'large object', loid, pageno, md5(data) FROM pg_largeobject",
    "SELECT 'index', indexrelid::regclass, indisvalid FROM pg_index WHERE indexrelid >= 16384"
    " AND indrelid NOT IN (SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text IN"
    " ('dataflow_testkit', 'pg_toast'))",
)


class PostgresqlTarget(Target):
    kind = "postgresql"
    options = {"enable_model_persistence": False}
    schema = (
        "CREATE TABLE parents (id serial PRIMARY KEY, name text UNIQUE, note text)",
        "CREATE TABLE children (id serial PRIMARY KEY, parent int REFERENCES parents"
        " ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE)",
        "CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, net int, gross int"
        " GENERATED ALWAYS AS (net * 2) STORED)",
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE TYPE pair AS (a int, b text)",
        "CREATE TYPE span AS RANGE (subtype = float8)",
        "CREATE DOMAIN short AS text CHECK (length(VALUE) < 10)",
        "CREATE TABLE heap (x text, y numeric, feels mood, tag short)",
        "CREATE TABLE measured (at date, v int) PARTITION BY RANGE (at)",
        "CREATE TABLE measured_2020 PARTITION OF measured FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
        "CREATE TABLE measured_rest PARTITION OF measured DEFAULT",
        "CREATE TABLE base (a int)",
        "CREATE TABLE derived (b int) INHERITS (base)",
        "CREATE UNLOGGED TABLE scratch (v int)",
        "CREATE VIEW names AS SELECT name FROM parents",
        "CREATE MATERIALIZED VIEW kept AS SELECT name FROM parents",
        "CREATE INDEX by_note ON parents (note)",
        "CREATE INDEX by_lower ON parents (lower(name))",
        "CREATE STATISTICS related ON name, note FROM parents",
        "CREATE SEQUENCE loose",
        "CREATE SCHEMA side",
        "CREATE TABLE side.notes (id int PRIMARY KEY, body text)",
        "CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 2'",
        "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
        "CREATE COLLATION plain (LOCALE = 'C')",
        "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
        "CREATE OPERATOR FAMILY fam USING btree",
        "CREATE OPERATOR CLASS cls FOR TYPE int USING btree FAMILY fam AS OPERATOR 1 <, OPERATOR 3 =,"
        " FUNCTION 1 btint4cmp(int, int)",
        "CREATE TEXT SEARCH CONFIGURATION words (COPY = english)",
        "CREATE TEXT SEARCH DICTIONARY simply (TEMPLATE = simple)",
        "CREATE FUNCTION to_mood(int) RETURNS mood LANGUAGE sql AS $$SELECT 'ok'::mood$$",
        "CREATE CAST (int AS mood) WITH FUNCTION to_mood(int)",
        "CREATE PUBLICATION news FOR TABLE parents",
        "CREATE TABLE audit (entry text)",
        "CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO audit VALUES (OLD.name); RETURN NULL; END'",
        "CREATE TRIGGER audited AFTER DELETE ON parents FOR EACH ROW EXECUTE FUNCTION audited()",
        "CREATE RULE noted AS ON UPDATE TO side.notes DO ALSO INSERT INTO audit VALUES ('noted')",
        "CREATE TABLE guarded (owner name, v int)",
        "CREATE POLICY own_rows ON guarded USING (owner = current_user)",
        "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
        "GRANT SELECT ON parents TO PUBLIC",
        "COMMENT ON TABLE parents IS 'theirs'",
    )
    rows = (
        "INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace')",
        "INSERT INTO orders (customer_id, total) VALUES (1, 9.5), (2, 0.1)",
        "INSERT INTO parents (name, note) VALUES ('one', 'n'), ('two', NULL), (NULL, ''), ('', 'x')",
        "INSERT INTO children (parent) VALUES (1), (1), (2)",
        "INSERT INTO numbered (net) VALUES (100)",
        "INSERT INTO heap VALUES ('a', 1.50, 'ok', 's'), ('a', 1.50, 'ok', 's'), (NULL, 'NaN', NULL, NULL)",
        "INSERT INTO measured VALUES ('2020-02-02', 1), ('2030-01-01', 2)",
        "INSERT INTO base VALUES (1)",
        "INSERT INTO derived VALUES (2, 3)",
        "INSERT INTO scratch VALUES (1)",
        "INSERT INTO side.notes VALUES (1, 'body')",
        "INSERT INTO guarded VALUES ('nobody', 1)",
        "SELECT nextval('loose')",
        "REFRESH MATERIALIZED VIEW kept",
    )
    rows_of_next_test = (
        "INSERT INTO customers (id, name) VALUES (3, 'of the next test')",
        "UPDATE orders SET total = 3",
        "DELETE FROM parents",
        "INSERT INTO heap VALUES ('b')",
        "SELECT nextval('loose')",
    )

    def new_url(self) -> str:
        url = required(POSTGRESQL).new_database("attacked")
        database = open_database(url)
        database.mark_as_owned()
        database.close()
        return url

    def connect(self) -> Any:
        connection = POSTGRESQL.connect(POSTGRESQL.parts(self.url))
        self.run(connection, "SET lock_timeout = '2s'")  # what an attack left locked is to be seen, not waited for
        return connection

    def run(self, connection: Any, statement: str) -> list[Any]:
        return rows_of(connection, statement)

    def fingerprint(self) -> list[str]:
        place = POSTGRESQL.parts(self.url)
        dump = subprocess.run(
            [f"{find_programs().origin}/pg_dump", "--create", "--exclude-schema=dataflow_testkit", self.url],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = [dump.stderr, *dump.stdout.splitlines()]
        with closing(POSTGRESQL.connect(place)) as connection:
            for query in _NOT_DUMPED:
                try:
                    found += map(repr, rows_of(connection, query))
                except psycopg2.Error as error:
                    found.append(str(error))
        return sorted(
            line
            for line in found
            if line and not line.startswith(("--", "\\restrict", "\\unrestrict")) and not _KITS.search(line)
        )

    def drop(self) -> None:
        POSTGRESQL.drop(self.url)
