"""The application's triggers on MariaDB and MySQL work as ever, stay silent during undo, and are there afterwards."""

from __future__ import annotations

import pytest
from journal_bench import Bench

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


def test_undo_fires_none_of_them(bench: Bench) -> None:
    bench.start(AUDITED)
    changes = ("UPDATE t SET v = 'b'", "INSERT INTO t (id, v) VALUES (2, 'c')", "DELETE FROM t WHERE id = 1")
    assert bench.undone(*changes, "INSERT INTO plain VALUES (1)") == "journal"
    assert bench.undone(*changes) == "journal"


def test_they_fire_in_the_same_order_after_an_undo(bench: Bench) -> None:
    bench.start(AUDITED)
    mark = bench.journal.mark()
    seen = []
    for _ in range(2):
        bench.run("UPDATE t SET v = 'b'")
        seen.append(bench.run("SELECT * FROM audit"))
        bench.journal.undo(mark)
    assert [what for _, what in seen[0]] == ["first b", "second b"]
    assert seen[0] == seen[1]


def test_one_that_belongs_to_somebody_else_is_left_alone_and_named(bench: Bench) -> None:
    bench.start(AUDITED)
    bench.place.run("CREATE TRIGGER foreign_one AFTER INSERT ON plain FOR EACH ROW SET @x = 1")
    mark = bench.journal.mark()
    bench.run("INSERT INTO plain VALUES (1)")
    with pytest.raises(IsolationFailed, match="without firing the trigger foreign_one"):
        bench.journal.undo(mark)
    assert "foreign_one" in str(bench.run("SHOW TRIGGERS LIKE 'plain'"))
    bench.place.run("DROP TRIGGER foreign_one")


def test_sql_mode_of_a_trigger_is_kept(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));\nCREATE TABLE audit (what VARCHAR(20));\n"
        "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';\n"
        "CREATE TRIGGER ansi AFTER INSERT ON t FOR EACH ROW INSERT INTO \"audit\" VALUES (NEW.v || '!');\n"
        "SET sql_mode = DEFAULT"
    )
    assert bench.undone("INSERT INTO t VALUES (1, 'a')") == "journal"
    bench.run("INSERT INTO t VALUES (1, 'a')")
    assert bench.run("SELECT what FROM audit") == [("a!",)]
