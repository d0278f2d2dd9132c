"""What random histories on MariaDB and MySQL are made of."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from journal_bench import Bench
from story import Theatre, named

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.databases.mysql.connection import quoted
from kailash_testkit.databases.mysql.journal.catalog import read_catalog
from kailash_testkit.databases.mysql.journal.triggers import all_digits

SCHEMA = """
CREATE TABLE person (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) UNIQUE, score DOUBLE, raw TEXT,
                     loud VARCHAR(9) AS (upper(name)) VIRTUAL, twice DOUBLE AS (score * 2) STORED);
CREATE TABLE pet (id INT AUTO_INCREMENT PRIMARY KEY, owner INT, tag VARCHAR(9) NOT NULL DEFAULT 'none', gone INT,
                  `odd ``name` VARBINARY(9), UNIQUE (tag, gone),
                  FOREIGN KEY (owner) REFERENCES person (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE toy (pet INT, n INT, what VARCHAR(9), PRIMARY KEY (pet, n), KEY (what),
                  FOREIGN KEY (pet) REFERENCES pet (id) ON DELETE CASCADE ON UPDATE CASCADE,
                  FOREIGN KEY (what) REFERENCES person (name) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE pair (a VARCHAR(9), b INT, c DECIMAL(20, 2) UNIQUE, PRIMARY KEY (a, b));
CREATE TABLE heap (x VARCHAR(9), y INT UNIQUE, `select` FLOAT, bits BIT(9), KEY (x));
CREATE TABLE word (w VARCHAR(9) COLLATE utf8mb4_bin PRIMARY KEY, n INT UNIQUE, kind ENUM('a', 'b'));
CREATE TABLE audit (at INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(9));
CREATE TRIGGER note AFTER INSERT ON word FOR EACH ROW INSERT INTO audit (what) VALUES (NEW.w);
CREATE TRIGGER limited BEFORE UPDATE ON word FOR EACH ROW SET NEW.n = NEW.n % 5;
CREATE VIEW loud AS SELECT upper(name) FROM person;
INSERT INTO person (name) VALUES ('a'), ('b');
INSERT INTO pet (owner) VALUES (1);
"""

small = st.sampled_from(["1", "2", "3"])
number = st.sampled_from(["NULL", "0", "1", "-1.50", "0.30000000000000004", "1e15"])
word = st.sampled_from(["'a'", "'A'", "'b'", "'c '", "'c'", "'\N{SNAKE}'", "NULL"])
raw = st.sampled_from(["NULL", "x'00ff'", "''"])
table = st.sampled_from(["person", "pet", "toy", "pair", "heap", "word", "audit"])
verb = st.sampled_from(["INSERT INTO", "INSERT IGNORE INTO", "REPLACE INTO"])
update = st.sampled_from(["UPDATE", "UPDATE IGNORE"])

statement = st.one_of(
    st.builds("{} person (id, name, score, raw) VALUES ({}, {}, {}, {})".format,
              verb, small | st.just("NULL"), word, number, word),
    st.builds("{} person (name, raw) VALUES ({}, {}), ({}, {})".format, verb, word, word, word, word),
    st.builds("INSERT INTO person (id, name) VALUES ({}, {}) ON DUPLICATE KEY UPDATE raw = {}, name = {}".format,
              small, word, word, word),
    st.builds("{} person SET id = {}, name = {} WHERE id = {}".format, update, small, word, small),
    st.builds("{} person SET id = id + {}, score = {} ORDER BY id DESC".format, update, small, number),
    st.builds("DELETE FROM person WHERE id = {}".format, small),
    st.builds("{} pet (owner, tag, gone, `odd ``name`) VALUES ({}, {}, {}, {})".format, verb, small, word, small, raw),
    st.builds("{} pet SET tag = {}, gone = {}, owner = {} WHERE id <= {}".format, update, word, small, small, small),
    st.builds("{} pet SET id = {} WHERE id = {}".format, update, small, small),
    st.builds("{} toy VALUES ({}, {}, {})".format, verb, small, small, word),
    st.builds("{} pair VALUES ({}, {}, {}), ({}, {}, {})".format, verb, word, small, number, word, small, number),
    st.builds("{} pair SET a = {}, b = {} WHERE c <> {}".format, update, word, small, number),
    st.builds("{} pair SET a = upper(a), c = -c".format, update),
    st.builds("{} heap VALUES ({}, {}, {}, {})".format, verb, word, small, number, small),
    st.builds("INSERT INTO heap SELECT x, NULL, `select`, bits FROM heap LIMIT {}".format, small),
    st.builds("UPDATE heap SET x = {}, `select` = {} WHERE NOT y <=> {}".format, word, number, small),
    st.builds("DELETE FROM heap LIMIT {}".format, small),
    st.builds("{} word VALUES ({}, {}, {})".format, verb, word, small, st.sampled_from(["'a'", "'B'", "NULL"])),
    st.builds("{} word SET w = {}, n = {} WHERE w = {}".format, update, word, small, word),
    st.builds("UPDATE word SET n = -n".format),
    st.builds("DELETE FROM {}".format, table),
    st.builds("TRUNCATE {}".format, table),
    st.builds("SET foreign_key_checks = {}".format, st.sampled_from(["0", "1", "1"])),
    st.builds("SAVEPOINT s".format), st.builds("ROLLBACK TO SAVEPOINT s".format),
)  # fmt: skip
schema_change = st.sampled_from([
    "CREATE TABLE extra (id INT AUTO_INCREMENT PRIMARY KEY, v INT REFERENCES person (id))",
    "INSERT INTO extra VALUES ()", "DROP TABLE extra", "ALTER TABLE heap ADD COLUMN added INT DEFAULT 5",
    "CREATE INDEX plain ON heap (y)", "DROP TABLE toy", "DROP TABLE pair", "ALTER TABLE word RENAME TO term",
    "ALTER TABLE heap CHANGE COLUMN x z VARCHAR(9)", "OPTIMIZE TABLE person", "ALTER TABLE person DROP COLUMN loud",
    "DROP TRIGGER note", "DROP VIEW loud", "CREATE TABLE dataflow_log (v INT)", "ALTER TABLE pair DROP PRIMARY KEY",
    "ALTER TABLE person AUTO_INCREMENT = 50", "ANALYZE TABLE heap", "ALTER TABLE heap FORCE",
    "CREATE TRIGGER late AFTER UPDATE ON heap FOR EACH ROW INSERT INTO audit (what) VALUES (OLD.y)",
    "RENAME TABLE heap TO pile, pair TO heap, pile TO pair",
])  # fmt: skip


class MysqlTheatre(Theatre):
    in_order = True

    def __init__(self, bench: Bench) -> None:
        waiting = "SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"
        super().__init__(bench, [bench.connect(init_command=waiting) for _ in range(2)])

    def is_in_transaction(self) -> bool:
        return self.bench.run("SELECT @@in_transaction", on=self.apps[1]) == [(1,)]

    def rows(self) -> Counter[str]:
        connection = self.journal._connection  # it reads with all digits, in the zone of the application
        found: Counter[str] = Counter()
        with connection.transaction("REPEATABLE READ", snapshot=True):
            for table in read_catalog(connection).tables.values():
                columns = [column.name for column in table.columns]
                values = ", ".join(all_digits(quoted(column.name), column.kind) for column in table.columns)
                for row in connection.run(f"SELECT {values} FROM {quoted(table.name)}"):
                    found[str(named(table.name, dict(zip(columns, row, strict=True))))] += 1
        return found

    def rows_of(self, change: RecordedChange) -> tuple[str | None, str | None]:
        return named(change.table, change.before), named(change.table, change.after)
