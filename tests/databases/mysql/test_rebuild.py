"""What fires no trigger on MariaDB and MySQL: the tables concerned are written anew from what was recorded before."""

from __future__ import annotations

import pytest
from journal_bench import Bench

from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX
from kailash_testkit.errors import IsolationFailed

SCHEMA = """
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20) UNIQUE);
CREATE TABLE heap (x VARCHAR(20), y FLOAT);
CREATE TABLE boss (id INT PRIMARY KEY, name TEXT);
CREATE TABLE staff (id INT PRIMARY KEY, boss INT, FOREIGN KEY (boss) REFERENCES boss (id) ON DELETE CASCADE);
CREATE TABLE task (id INT PRIMARY KEY, staff INT, FOREIGN KEY (staff) REFERENCES staff (id) ON DELETE SET NULL);
CREATE TABLE tree (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE);
CREATE VIEW seen AS SELECT v FROM t;
INSERT INTO t (v) VALUES ('a'), ('b');
INSERT INTO heap VALUES ('x', 1.1), ('x', 1.1), (NULL, 2), ('X', 1.1);
INSERT INTO boss VALUES (1, 'one'), (2, 'two');
INSERT INTO staff VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO task VALUES (1, 1), (2, 3), (3, NULL);
INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2);
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "statements",
    [
        ["TRUNCATE t"],
        ["TRUNCATE t", "INSERT INTO t (v) VALUES ('a'), ('b')"],
        ["INSERT INTO t (v) VALUES ('c')", "DELETE FROM t LIMIT 1", "TRUNCATE t", "INSERT INTO t (v) VALUES ('a')"],
        ["DELETE FROM t", "TRUNCATE t"],
        ["TRUNCATE heap", "INSERT INTO heap VALUES ('x', 1)"],
        ["DELETE FROM boss WHERE id = 1"],
        ["UPDATE boss SET name = 'ONE'", "DELETE FROM boss"],
        ["DELETE FROM tree WHERE id = 1"],
        ["REPLACE INTO boss VALUES (1, 'uno')"],
        ["INSERT INTO task VALUES (9, 3)", "DELETE FROM boss WHERE id = 2", "INSERT INTO staff VALUES (3, 1)"],
        ["SET foreign_key_checks = 0", "DELETE FROM boss", "SET foreign_key_checks = 1"],
    ],
)  # fmt: skip
def test_rows_that_change_while_no_trigger_fires(bench: Bench, statements: list[str]) -> None:
    bench.start(SCHEMA)
    bench.run("UPDATE staff SET boss = 2 WHERE id = 2")
    assert bench.undone(*statements) == "saved state"
    assert (
        bench.undone("INSERT INTO t (v) VALUES ('d')", "DELETE FROM heap", "UPDATE boss SET name = NULL") == "journal"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE fresh (v INT)",
        "DROP TABLE t",
        "DROP TABLE heap",
        "ALTER TABLE t ADD COLUMN w INT DEFAULT 5",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t CHANGE COLUMN v w VARCHAR(20)",
        "ALTER TABLE t MODIFY COLUMN v TEXT",
        "CREATE UNIQUE INDEX i ON t (v, id)",
        "CREATE TRIGGER mine AFTER INSERT ON t FOR EACH ROW DELETE FROM boss WHERE id = 1",
        "DROP VIEW seen",
        "CREATE OR REPLACE VIEW seen AS SELECT id FROM t",
        "OPTIMIZE TABLE t",
        "RENAME TABLE t TO u, heap TO t, u TO heap",
    ],
)
def test_schema_changes(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    way = bench.undone(
        "INSERT INTO t (v) VALUES ('c')", change, "DELETE FROM boss", "INSERT INTO boss VALUES (9, 'nine')"
    )
    assert way == "saved state"
    assert bench.undone("INSERT INTO t (v) VALUES ('d')", "UPDATE boss SET name = 'x'", "DELETE FROM heap") == "journal"


def test_the_report_says_why(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run("TRUNCATE t")
    assert bench.journal.gaps(mark) == ("table t changed while no trigger fired",)
    assert bench.journal.moved(mark)
    assert bench.journal.undo(mark).reasons == ("table t changed while no trigger fired",)
    bench.run("DELETE FROM boss WHERE id = 1")
    assert bench.journal.gaps(mark) == tuple(
        f"table {name} changed while no trigger fired" for name in ("staff", "task")
    )


@pytest.mark.slow
@pytest.mark.parametrize("change", ["TRUNCATE t", "DELETE FROM boss", "ALTER TABLE heap ADD COLUMN z INT"])
def test_marks_on_both_sides(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    marks = []
    for step in range(3):
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        for statement in (f"INSERT INTO t (v) VALUES ('n{step}')", f"INSERT INTO boss VALUES (1{step}, 'new')"):
            bench.run(statement)
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        bench.run(change if step == 1 else f"INSERT INTO staff VALUES (2{step}, 1{step})")
        bench.run("INSERT INTO heap (x) VALUES ('more')")
    for mark, fingerprint in reversed(marks):
        bench.journal.undo(mark)
        assert bench.journal.fingerprint() == fingerprint
        assert bench.journal.changes(mark) == []
        assert not bench.journal.moved(mark)


@pytest.mark.slow
def test_a_later_mark_is_reached_by_what_was_recorded_before_it(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer, first = bench.journal.mark(), bench.journal.fingerprint()
    for statement in (
        "INSERT INTO t (v) VALUES ('c')",
        "REPLACE INTO t (v) VALUES ('a')",
        "UPDATE t SET id = 77 WHERE v = 'b'",
        "INSERT INTO heap VALUES ('X', 1.1), ('y', 0.3)",
        "DELETE FROM heap WHERE y = 2",
    ):
        bench.run(statement)
    inner, second = bench.journal.mark(), bench.journal.fingerprint()
    history = bench.journal.changes(outer)
    for statement in ("TRUNCATE t", "TRUNCATE heap", "INSERT INTO t (v) VALUES ('z')"):
        bench.run(statement)
    assert bench.journal.undo(inner).method == "saved state"
    assert bench.journal.fingerprint() == second
    assert bench.journal.changes(outer) == history
    assert bench.journal.undo(outer).method == "journal"
    assert bench.journal.fingerprint() == first


def test_a_table_that_innodb_does_not_keep_is_refused_once_it_changed(bench: Bench) -> None:
    bench.start(SCHEMA + "CREATE TABLE log (v INT) ENGINE = MyISAM;\nINSERT INTO log VALUES (1)")
    mark = bench.journal.mark()
    bench.run("DELETE FROM boss")
    assert bench.journal.undo(mark).method == "saved state"
    bench.run("INSERT INTO log VALUES (2)")
    assert bench.journal.moved(mark)
    assert bench.journal.gaps(mark) == ("table log is kept by MyISAM, which knows no transactions",)
    with pytest.raises(IsolationFailed, match="table log is kept by MyISAM"):
        bench.journal.undo(mark)


def test_routines_and_events_are_made_again(bench: Bench) -> None:
    bench.start(
        SCHEMA + "CREATE PROCEDURE p (a INT) DELETE FROM t WHERE id = a;\nCREATE FUNCTION f () RETURNS INT RETURN 1"
    )
    assert bench.undone(
        "DROP PROCEDURE p", "ALTER FUNCTION f COMMENT 'one'", "CREATE PROCEDURE q () DELETE FROM t"
    ) == ("saved state")
    bench.run("CALL p(1)")
    assert bench.run("SELECT count(*) FROM t") == [(1,)]


def test_a_time_that_sets_itself_is_what_it_was_at_an_earlier_mark(bench: Bench) -> None:
    at = "TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    bench.start(f"CREATE TABLE t (id INT PRIMARY KEY, v INT, at {at})")
    bench.run("INSERT INTO t VALUES (1, 1, '2020-02-02 02:02:02')")
    bench.journal.mark()
    bench.run("DELETE FROM t")
    bench.run("INSERT INTO t VALUES (1, 2, '2021-02-02 02:02:02')")
    assert bench.undone("TRUNCATE t") == "saved state"


@pytest.mark.parametrize("how", ["TRUNCATE {0}", "DELETE FROM {0}", "DROP TABLE {0}"])
def test_a_journal_that_was_emptied_or_dropped_is_named(bench: Bench, how: str) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    found = "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
    tables = [name for (name,) in bench.run(found) if name.startswith(JOURNAL_PREFIX)]
    bench.run("DELETE FROM heap")
    for table in tables:
        bench.run(how.format(table))
    for asked in (bench.journal.moved, bench.journal.undo):
        with pytest.raises(IsolationFailed, match="the kit's journal was lost"):
            asked(mark)


def test_tables_that_stay_locked_are_named(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark, holder = bench.journal.mark(), bench.connect()
    bench.run("LOCK TABLES heap READ", on=holder)
    assert bench.journal.moved(mark)
    (left,) = bench.journal.undo(mark).left
    assert f"session {holder.thread_id()}" in str(left)
    bench.run("UNLOCK TABLES", on=holder)
    assert not bench.journal.moved(mark)


def test_a_versioned_table_cannot_be_recorded_and_what_refers_to_it_can(bench: Bench) -> None:
    if not bench.place.is_mariadb:
        pytest.skip("only MariaDB has such tables")
    bench.start(
        "CREATE TABLE past (id INT PRIMARY KEY) WITH SYSTEM VERSIONING;\nCREATE TABLE t (id INT PRIMARY KEY, past INT,"
        " FOREIGN KEY (past) REFERENCES past (id) ON DELETE CASCADE);\nINSERT INTO past VALUES (1)"
    )
    mark = bench.journal.mark()
    bench.run("INSERT INTO t VALUES (1, 1)")
    assert [change.table for change in bench.journal.changes(mark)] == ["t"]
    bench.journal.undo(mark)
    assert bench.run("SELECT * FROM t") == []
    bench.run("INSERT INTO past VALUES (2)")
    assert bench.journal.gaps(mark) == ("past is a system versioned, whose changes fire no triggers",)


def test_rows_that_two_foreign_keys_reach(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE a (id INT PRIMARY KEY);\nCREATE TABLE b (id INT PRIMARY KEY);\n"
        "CREATE TABLE child (id INT PRIMARY KEY, a INT, b INT, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE,"
        " FOREIGN KEY (b) REFERENCES b (id) ON DELETE SET NULL);\n"
        "INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);\nINSERT INTO child VALUES (1, 1, NULL), (2, NULL, 1)"
    )
    assert bench.undone("DELETE FROM a", "DELETE FROM b") == "saved state"
