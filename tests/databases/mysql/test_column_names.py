"""Undo on MariaDB and MySQL by the journal alone, for every kind of table and write; `undone` compares fingerprints."""

from __future__ import annotations

import pytest
from journal_bench import Bench


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20) UNIQUE)",
        "CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(20))",
        "CREATE TABLE t (a VARCHAR(20) PRIMARY KEY, b VARCHAR(20))",
        "CREATE TABLE t (a INT, b VARCHAR(20), PRIMARY KEY (b, a))",
        "CREATE TABLE t (a INT NOT NULL UNIQUE, b VARCHAR(20))",
        "CREATE TABLE t (a INT, b VARCHAR(20))",
        "CREATE TABLE t (a INT UNIQUE, b VARCHAR(20))",
        "CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT AS (a + 1) STORED UNIQUE, d TEXT AS (concat(b, a)) VIRTUAL)",
        "CREATE TABLE t (`x ``y` INT DEFAULT 3, a INT PRIMARY KEY, b VARCHAR(20), `select` TEXT, `%s` INT)",
        "CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (b(5), a))",
    ],
)
def test_every_kind_of_table(bench: Bench, schema: str) -> None:
    bench.start(schema)
    bench.run("INSERT INTO t (a, b) VALUES (8, 'first'), (1, 'one')")
    way = bench.undone(
        "UPDATE t SET b = 'uno' WHERE a = 1",
        "INSERT IGNORE INTO t (a, b) VALUES (2, 'two')",
        "REPLACE INTO t (a, b) VALUES (3, 'uno')",
        "INSERT INTO t (a, b) VALUES (3, 'duo') ON DUPLICATE KEY UPDATE b = concat(b, '!')",
        "UPDATE t SET a = 9 WHERE a = 3",
        "UPDATE t SET a = a + 20",
        "UPDATE t SET b = upper(b)",
        "DELETE FROM t",
        "INSERT INTO t (a, b) VALUES (5, 'UNO'), (8, 'first')",
    )
    assert way == "journal"


def test_a_counter_moved_by_an_insert_that_was_rolled_back_is_put_back(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT);\nCREATE TABLE u (id INT PRIMARY KEY)")
    mark = bench.journal.mark()
    for statement in ("BEGIN", "INSERT INTO t (v) VALUES ('a')", "ROLLBACK"):
        bench.run(statement)
    assert bench.journal.moved(mark)
    assert bench.journal.undo(mark).method == "journal"
    assert not bench.journal.moved(mark)
    bench.run("INSERT INTO t (v) VALUES ('a')")
    assert bench.run("SELECT id FROM t") == [(1,)]
