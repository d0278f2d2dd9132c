"""Looking whether anything moved on MariaDB and MySQL, where the server's own counts tell that nobody wrote."""

from __future__ import annotations

import pytest
from journal_bench import Bench

from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX
from kailash_testkit.errors import IsolationFailed

SCHEMA = """
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) UNIQUE);
CREATE TABLE other (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
INSERT INTO t (v) VALUES ('a'), ('b');
"""
SAME_NUMBERS = (
    "SELECT auto_increment FROM information_schema.tables WHERE table_name = 't' AND table_schema = database()"
)


@pytest.mark.parametrize(
    "statements",
    [
        ["BEGIN", "INSERT INTO t (v) VALUES ('c')", "ROLLBACK"],
        ["INSERT IGNORE INTO t (v) VALUES ('a')"],
        ["INSERT INTO t (v) VALUES ('a') ON DUPLICATE KEY UPDATE v = 'a'"],
        ["BEGIN", "REPLACE INTO t (v) VALUES ('b')", "ROLLBACK"],
        ["BEGIN", "INSERT INTO t VALUES (90, 'c')", "ROLLBACK"],
        ["BEGIN", "INSERT INTO t (v) SELECT concat(v, v) FROM t", "ROLLBACK"],
        ["ALTER TABLE t AUTO_INCREMENT = 50"],
    ],
)
def test_a_counter_that_moved_is_noticed_and_put_back_after_looks_that_found_nothing(
    bench: Bench, statements: list[str]
) -> None:
    bench.start(SCHEMA)
    mark, writer, numbers = bench.journal.mark(), bench.connect(), bench.run(SAME_NUMBERS)
    for _ in range(2):  # each time after looks that took the server's word for it
        assert [bench.journal.moved(mark) for _ in range(3)] == [False, False, False]
        for statement in statements:
            bench.run(statement, on=writer)
        assert bench.run(SAME_NUMBERS) != numbers
        assert bench.journal.moved(mark)
        bench.journal.undo(mark)
        assert bench.run(SAME_NUMBERS) == numbers


def test_a_write_that_is_rolled_back_after_a_look_is_noticed(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark, writer = bench.journal.mark(), bench.connect()
    bench.run("BEGIN", on=writer)
    assert not bench.journal.moved(mark)
    bench.run("INSERT INTO t (v) VALUES ('c')", on=writer)
    assert bench.journal.moved(mark)
    bench.run("ROLLBACK", on=writer)
    assert bench.journal.moved(mark)


def test_a_journal_is_not_lost_before_its_emptying_is_committed(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark, other = bench.journal.mark(), bench.connect()
    tables = bench.run("SELECT table_name FROM information_schema.tables WHERE table_schema = database()")
    bench.run("BEGIN", on=other)
    for (table,) in tables:
        if table.startswith(JOURNAL_PREFIX):
            bench.run(f"DELETE FROM {table}", on=other)
    bench.journal.undo(mark)
    bench.run("ROLLBACK", on=other)
    bench.journal.undo(mark)
    assert not bench.journal.moved(mark)
    bench.run("BEGIN", on=other)
    for (table,) in tables:
        if table.startswith(JOURNAL_PREFIX):
            bench.run(f"DELETE FROM {table}", on=other)
    bench.run("COMMIT", on=other)
    with pytest.raises(IsolationFailed, match="journal was lost"):
        bench.journal.undo(mark)
