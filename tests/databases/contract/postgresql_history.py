"""What random histories on PostgreSQL are made of."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from journal_bench import Bench
from story import Theatre

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.postgresql.journal.catalog import read_catalog
from kailash_testkit.databases.postgresql.journal.history import ExactChange

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE person (id serial PRIMARY KEY, name text UNIQUE, score float8, raw json,
                     twice float8 GENERATED ALWAYS AS (score * 2) STORED);
CREATE TABLE pet (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                  owner int REFERENCES person ON DELETE CASCADE ON UPDATE CASCADE,
                  named text REFERENCES person (name) ON DELETE SET NULL ON UPDATE CASCADE,
                  tag text NOT NULL DEFAULT 'none', gone int, "odd ""name" bytea);
CREATE UNIQUE INDEX live_tag ON pet (tag) WHERE gone IS NULL;
CREATE TABLE pair (a text, b int, c numeric UNIQUE DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY (a, b));
CREATE TABLE heap (x json, y int UNIQUE, "select" mood[]);
CREATE TABLE word (w text PRIMARY KEY, n int UNIQUE, up text REFERENCES word ON DELETE RESTRICT);
CREATE TABLE part (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (MINVALUE) TO (2);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (2) TO (MAXVALUE);
CREATE TABLE audit (at serial, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  INSERT INTO audit (what) VALUES (NEW.w); UPDATE word SET n = n + 10 WHERE n < 10 AND w <> NEW.w; RETURN NULL; END$$;
CREATE FUNCTION limited() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.n := NEW.n % 5; RETURN NEW; END$$;
CREATE TRIGGER note AFTER INSERT ON word FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER limited BEFORE UPDATE ON word FOR EACH ROW EXECUTE FUNCTION limited();
CREATE VIEW loud AS SELECT upper(name) FROM person;
INSERT INTO person (name) VALUES ('a'), ('b'); INSERT INTO pet (owner, named) VALUES (1, 'a');
"""

small = st.sampled_from(["1", "2", "3"])
number = st.sampled_from(["NULL", "0", "1", "-0.0", "0.30000000000000004", "'NaN'", "1e300", "1.50"])
word = st.sampled_from(["'a'", "'b'", "'c'", "'A \"'", "NULL"])
doc = st.sampled_from(["NULL", "'1'", "'1.0'", """'{"a":  1, "a": [] }'""", "'\"\\u00fc\"'"])
raw = st.sampled_from(["NULL", r"'\x00ff'", "''"])
moods = st.sampled_from(["NULL", "'{}'", "'{sad,NULL}'"])
table = st.sampled_from(["person", "pet", "pair", "heap", "word", "part", "part_low", "audit"])
conflict = st.sampled_from(["", " ON CONFLICT DO NOTHING"])

statement = st.one_of(
    st.builds("INSERT INTO person (id, name, score, raw) VALUES ({}, {}, {}, {}){}".format,
              small, word, number, doc, conflict),
    st.builds("INSERT INTO person (name, raw) VALUES ({}, {}), ({}, {}){}".format, word, doc, word, doc, conflict),
    st.builds("INSERT INTO person (id, name) VALUES ({}, {}) ON CONFLICT (id) DO UPDATE SET raw = {}, name = {}".format,
              small, word, doc, word),
    st.builds("UPDATE person SET id = {}, name = {} WHERE id = {}".format, small, word, small),
    st.builds("UPDATE person SET id = id + {}, score = {}".format, small, number),
    st.builds("UPDATE person SET name = CASE name WHEN 'a' THEN 'b' || {} ELSE 'a' END".format, word),
    st.builds("DELETE FROM person WHERE id = {}".format, small),
    st.builds("INSERT INTO pet (owner, named, tag, gone, \"odd \"\"name\") VALUES ({}, {}, {}, {}, {})".format,
              small, word, word, small, raw),
    st.builds("UPDATE pet SET tag = {}, gone = {}, owner = {} WHERE id <= {}".format, word, small, small, small),
    st.builds("INSERT INTO pair VALUES ({}, {}, {}), ({}, {}, {})".format, word, small, number, word, small, number),
    st.builds("UPDATE pair SET a = {}, b = {} WHERE c <> {}".format, word, small, number),
    st.builds("UPDATE pair SET c = -c, b = b + {}".format, small),
    st.builds("INSERT INTO heap VALUES ({}, {}, {}){}".format, doc, small, moods, conflict),
    st.builds("INSERT INTO heap SELECT x, NULL, \"select\" FROM heap LIMIT {}".format, small),
    st.builds("UPDATE heap SET x = {}, \"select\" = {} WHERE y IS DISTINCT FROM {}".format, doc, moods, small),
    st.builds("DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap ORDER BY ctid LIMIT {})".format, small),
    st.builds("INSERT INTO word VALUES ({}, {}, {})".format, word, small, word),
    st.builds("UPDATE word SET w = {}, n = {} WHERE w = {}".format, word, small, word),
    st.builds("UPDATE word SET n = -n, up = {}".format, word),
    st.builds("INSERT INTO part VALUES ({}, {}), ({}, {}){}".format, small, small, small, small, conflict),
    st.builds("UPDATE part SET at = {} WHERE id = {}".format, small, small),
    st.builds("DELETE FROM {}".format, table),
    st.builds("TRUNCATE {}{}".format, table, st.sampled_from(["", " CASCADE", " RESTART IDENTITY CASCADE"])),
    st.builds("SELECT nextval('{}')".format, st.sampled_from(["person_id_seq", "pet_id_seq", "audit_at_seq"])),
    st.builds("SELECT setval('person_id_seq', {}, false)".format, small),
    st.builds("SAVEPOINT s".format), st.builds("ROLLBACK TO SAVEPOINT s".format),
)  # fmt: skip
schema_change = st.sampled_from([
    "CREATE TABLE extra (id serial PRIMARY KEY, v int REFERENCES person)", "INSERT INTO extra DEFAULT VALUES",
    "DROP TABLE extra", "ALTER TABLE heap ADD COLUMN added int DEFAULT 5", "CREATE INDEX plain ON heap (y)",
    "DROP TABLE pet", "ALTER TABLE word RENAME TO term", "ALTER TABLE heap RENAME COLUMN x TO z", "VACUUM FULL person",
    "ALTER TABLE person DROP COLUMN raw", "ALTER TABLE person ALTER raw TYPE text", "DROP TABLE person CASCADE",
    "DROP TRIGGER note ON word", "DROP TRIGGER note ON term", "ALTER TABLE word DISABLE TRIGGER USER", "ANALYZE",
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'new'", "DROP VIEW loud", "ALTER TABLE part DETACH PARTITION part_low",
    "CREATE TABLE dataflow_migrations (v int)", "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'", "ALTER TABLE pair DROP CONSTRAINT pair_pkey", "DROP TYPE mood CASCADE",
    "ALTER SEQUENCE person_id_seq INCREMENT BY 3", "ALTER TABLE word DROP CONSTRAINT word_up_fkey",
])  # fmt: skip


class PostgresqlTheatre(Theatre):
    """Triggers of rows fire when their statement is done: of a row that another's trigger changed before its own turn
    came, the changes are told in the other order."""

    in_order = False

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench, [bench.connect(options="-c lock_timeout=20") for _ in range(2)])

    def is_in_transaction(self) -> bool:
        return bool(self.apps[1].info.transaction_status)

    def rows(self) -> Counter[str]:
        connection = self.journal._connection  # it reads with all digits
        with connection.transaction():
            tables = read_catalog(connection).tables
            queries = [f"SELECT '{table.name}', (t.*)::text FROM ONLY {table.sql} t" for table in tables]
            return Counter(f"{name} {row}" for name, row in connection.run(" UNION ALL ".join(queries)))

    def rows_of(self, change: RecordedChange) -> tuple[str | None, str | None]:
        assert isinstance(change, ExactChange)
        before, after = (row if row is None else f"{change.table} {row}" for row in (change.old, change.new))
        return before, after
