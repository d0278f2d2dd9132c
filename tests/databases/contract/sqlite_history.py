"""What random histories on SQLite are made of."""

from __future__ import annotations

import sqlite3
from collections import Counter

from hypothesis import strategies as st
from journal_bench import Bench
from story import Theatre, named

from kailash_testkit.databases.journal import RecordedChange

SCHEMA = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE COLLATE NOCASE, score REAL, raw,
                     loud AS (upper(name)) VIRTUAL, twice AS (score * 2) STORED);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner REFERENCES person (id) ON DELETE CASCADE ON UPDATE CASCADE,
                  tag TEXT NOT NULL DEFAULT 'none', gone, "odd ""name" BLOB);
CREATE UNIQUE INDEX live_tag ON pet (tag) WHERE gone IS NULL;
CREATE TABLE pair (a TEXT COLLATE NOCASE, b, c UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE heap (x, y UNIQUE, "select" INTEGER);
CREATE TABLE word (w TEXT PRIMARY KEY, n INTEGER UNIQUE ON CONFLICT REPLACE);
CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree (id) ON DELETE CASCADE ON UPDATE CASCADE, name UNIQUE);
CREATE TABLE audit (at INTEGER PRIMARY KEY AUTOINCREMENT, what);
CREATE TRIGGER word_audit AFTER INSERT ON word BEGIN
  INSERT INTO audit (what) VALUES (new.w); UPDATE word SET n = n + 10 WHERE w = new.w; END;
"""

value = st.sampled_from(
    ["NULL", "0", "1", "2", "-1", "1.0", "0.30000000000000004", "-0.0", "9e999", "'a'", "'A'", "'b'", "''",
     "'2'", "x'00ff'", "x''", "CAST(x'ff61' AS TEXT)", "9223372036854775807"]
)  # fmt: skip
small = st.sampled_from(["1", "2", "3"])
few = st.sampled_from(["1", "1.0", "'a'", "x'61'", "NULL"])
word = st.sampled_from(["'a'", "'A'", "'b'", "'c'", "NULL"])
verb = st.sampled_from(["INSERT OR REPLACE", "INSERT", "INSERT OR IGNORE", "REPLACE", "INSERT OR FAIL"])
change = st.sampled_from(["UPDATE OR REPLACE", "UPDATE", "UPDATE OR IGNORE", "UPDATE OR FAIL"])

statement = st.one_of(
    st.builds("{} INTO person (id, name, score, raw) VALUES ({}, {}, {}, {})".format,
              verb, small | st.just("NULL"), word, value, value),
    st.builds("{} INTO person (name, raw) VALUES ({}, {}), ({}, {})".format, verb, word, value, word, value),
    st.builds("INSERT INTO person (id, name) VALUES ({}, {}) ON CONFLICT DO UPDATE SET raw = {}, name = {}".format,
              small, word, value, word),
    st.builds("INSERT INTO person (id, name) VALUES ({}, {}) ON CONFLICT DO NOTHING".format, small, word),
    st.builds("{} person SET id = {}, name = {} WHERE id = {}".format, change, small, word, small),
    st.builds("{} person SET raw = {}, score = {}".format, change, value, value),
    st.builds("DELETE FROM person WHERE id = {}".format, small),
    st.builds("{} INTO pet (id, owner, tag, gone) VALUES ({}, {}, {}, {})".format,
              verb, small, small, word, value),
    st.builds("{} pet SET tag = {}, gone = {}, \"odd \"\"name\" = {} WHERE id <= {}".format,
              change, word, value, value, small),
    st.builds("{} INTO pair VALUES ({}, {}, {})".format, verb, word, few, few),
    st.builds("{} pair SET a = {}, b = {} WHERE c IS NOT {}".format, change, word, few, few),
    st.builds("{} pair SET a = lower(a), c = {}".format, change, few),
    st.builds("{} INTO heap VALUES ({}, {}, {})".format, verb, value, few, value),
    st.builds("{} INTO heap (rowid, x, y) VALUES ({}, {}, {})".format, verb, small, value, few),
    st.builds("{} heap SET rowid = {}, y = {} WHERE rowid = {}".format, change, small, few, small),
    st.builds("{} INTO word VALUES ({}, {})".format, verb, word, small),
    st.builds("{} word SET w = {}, n = {} WHERE w = {}".format, change, word, small, word),
    st.builds("{} word SET rowid = {} WHERE w = {}".format, change, small, word),
    st.builds("{} INTO tree VALUES ({}, {}, {})".format, verb, small, small | st.just("NULL"), few),
    st.builds("{} tree SET id = {}, name = {} WHERE id = {}".format, change, small, few, small),
    st.builds("{} tree SET id = -id, up = -up".format, change),
    st.builds("DELETE FROM {}".format, st.sampled_from(["person", "pet", "pair", "heap", "word", "tree", "audit"])),
    st.builds("UPDATE sqlite_sequence SET seq = {}".format, small),
    st.builds("PRAGMA user_version = {}".format, small),
)  # fmt: skip
schema_change = st.sampled_from([
    "CREATE TABLE extra (id INTEGER PRIMARY KEY, v UNIQUE)", "INSERT OR REPLACE INTO extra VALUES (1, 'v')",
    "DROP TABLE extra", "ALTER TABLE heap ADD COLUMN added DEFAULT 5", "CREATE INDEX plain ON heap (x)",
    "DROP TABLE pet", "ALTER TABLE word RENAME TO term", "ALTER TABLE heap RENAME COLUMN x TO z", "VACUUM",
    "CREATE TRIGGER heap_audit AFTER UPDATE ON heap BEGIN UPDATE heap SET x = 9 WHERE rowid = new.rowid; END",
    "DROP TRIGGER word_audit", "ANALYZE",
])  # fmt: skip


class SqliteTheatre(Theatre):
    in_order = True

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench, [bench.app, bench.connect(recursive_triggers=True)])

    def is_in_transaction(self) -> bool:
        return bool(self.apps[1].in_transaction)

    def rows(self) -> Counter[str]:
        reader = self.bench.place.connect()
        reader.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        reader.row_factory = sqlite3.Row
        found: Counter[str] = Counter()
        for (table,) in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith(("sqlite_", "dataflow_")):
                found.update(named(table, dict(row)) for row in reader.execute(f"SELECT * FROM {table}"))
        reader.close()
        return found

    def rows_of(self, change: RecordedChange) -> tuple[str | None, str | None]:
        return named(change.table, change.before), named(change.table, change.after)
