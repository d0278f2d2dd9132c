"""The application's triggers on MariaDB and MySQL work as ever, stay silent during undo, and are there afterwards."""

from __future__ import annotations

import pytest
from mysql_bench import MysqlBench

from kailash_testkit.errors import IsolationFailed

AUDITED = """
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), touched INT DEFAULT 0);
CREATE TABLE plain (id INT PRIMARY KEY);
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(90));
CREATE TRIGGER second AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (what) VALUES (concat('second ', NEW.v));
CREATE TRIGGER `first ``one` AFTER UPDATE ON t FOR EACH ROW PRECEDES second
  BEGIN INSERT INTO audit (what) VALUES (concat('first ', NEW.v)); END;
CREATE TRIGGER third BEFORE INSERT ON t FOR EACH ROW FOLLOWS second SET NEW.touched = NEW.touched + 1;
CREATE TRIGGER fourth BEFORE DELETE ON t FOR EACH ROW INSERT INTO audit (what) VALUES ('gone \N{SNAKE}');
INSERT INTO t (id, v) VALUES (1, 'a');
""".replace("FOLLOWS second SET", "SET")


def test_undo_fires_none_of_them(my: MysqlBench) -> None:
    my.start(AUDITED)
    changes = ("UPDATE t SET v = 'b'", "INSERT INTO t (id, v) VALUES (2, 'c')", "DELETE FROM t WHERE id = 1")
    assert my.undone(*changes, "INSERT INTO plain VALUES (1)") == "journal"
    assert my.undone(*changes) == "journal"


def test_they_fire_in_the_same_order_after_an_undo(my: MysqlBench) -> None:
    my.start(AUDITED)
    mark = my.journal.mark()
    seen = []
    for _ in range(2):
        my.run("UPDATE t SET v = 'b'")
        seen.append(my.run("SELECT * FROM audit"))
        my.journal.undo(mark)
    assert [what for _, what in seen[0]] == ["first b", "second b"]
    assert seen[0] == seen[1]


def test_they_are_there_after_a_lock_was_in_the_way(my: MysqlBench) -> None:
    from kailash_testkit.errors import DatabaseBusy

    my.start(AUDITED)
    mark, before = my.journal.mark(), my.journal.fingerprint()
    my.run("UPDATE t SET v = 'b'")
    other = my.connect()
    my.run("BEGIN", on=other)
    my.run("INSERT INTO audit (what) VALUES ('open')", on=other)
    with pytest.raises(DatabaseBusy):
        my.journal.undo(mark)
    my.run("ROLLBACK", on=other)
    my.journal.undo(mark)
    assert my.journal.fingerprint() == before


def test_one_that_belongs_to_somebody_else_is_left_alone_and_named(my: MysqlBench) -> None:
    my.start(AUDITED)
    my.database.run("CREATE TRIGGER foreign_one AFTER INSERT ON plain FOR EACH ROW SET @x = 1")
    mark = my.journal.mark()
    my.run("INSERT INTO plain VALUES (1)")
    with pytest.raises(IsolationFailed, match="without firing the trigger foreign_one"):
        my.journal.undo(mark)
    assert "foreign_one" in str(my.run("SHOW TRIGGERS LIKE 'plain'"))
    my.database.run("DROP TRIGGER foreign_one")


def test_sql_mode_of_a_trigger_is_kept(my: MysqlBench) -> None:
    my.start(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));\nCREATE TABLE audit (what VARCHAR(20));\n"
        "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';\n"
        "CREATE TRIGGER ansi AFTER INSERT ON t FOR EACH ROW INSERT INTO \"audit\" VALUES (NEW.v || '!');\n"
        "SET sql_mode = DEFAULT"
    )
    assert my.undone("INSERT INTO t VALUES (1, 'a')") == "journal"
    my.run("INSERT INTO t VALUES (1, 'a')")
    assert my.run("SELECT what FROM audit") == [("a!",)]
