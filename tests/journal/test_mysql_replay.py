"""On MariaDB and MySQL, changes taken back can be made again; they fire none of the application's triggers."""

from __future__ import annotations

import pytest
from mysql_bench import MysqlBench

SCHEMA = """
CREATE TABLE item (id VARCHAR(20) PRIMARY KEY, value TEXT, twice TEXT AS (concat(value, value)) VIRTUAL, `%s` INT);
CREATE TABLE log (what VARCHAR(90));
CREATE TABLE plain (a VARCHAR(20), b FLOAT, c TIME(3), d BIT(9), e VARBINARY(9), f DECIMAL(9, 4), g TIMESTAMP NULL);
CREATE TRIGGER logged AFTER INSERT ON item FOR EACH ROW INSERT INTO log VALUES (concat('new ', NEW.id));
"""
CHANGES = (
    "INSERT INTO item (id, value, `%s`) VALUES ('a', 'x', 1), ('b', 'y', 2)",
    "UPDATE item SET id = 'c' WHERE id = 'b'",
    "DELETE FROM item WHERE id = 'a'",
    "INSERT INTO plain VALUES ('a', 1.1, '-00:30:00.5', b'100000001', x'00ff', 1.5, '2024-02-03 04:05:06')",
    "INSERT INTO plain VALUES ('A', 1.1, '-00:30:00.5', b'100000001', x'00ff', 1.5, '2024-02-03 04:05:06')",
    "INSERT INTO plain VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "UPDATE plain SET b = 1.2, c = '-100:00:01' WHERE a = BINARY 'A'",
    "DELETE FROM plain WHERE a = BINARY 'a'",
)


def test_a_replay_gives_what_was_there_and_can_be_undone(my: MysqlBench) -> None:
    my.start(SCHEMA)
    outer, empty = my.journal.mark(), my.journal.fingerprint()
    for statement in CHANGES:
        my.run(statement)
    after, recorded = my.journal.fingerprint(), my.journal.changes(outer)
    my.journal.undo(outer)
    assert my.journal.fingerprint() == empty
    my.journal.replay(recorded)
    assert my.journal.fingerprint() == after
    my.journal.undo(outer)
    assert my.journal.fingerprint() == empty


def test_inverse_changes_take_back_what_lies_before_others(my: MysqlBench) -> None:
    my.start(SCHEMA)
    first, empty = my.journal.mark(), my.run("SELECT * FROM plain")
    for statement in CHANGES[3:]:
        my.run(statement)
    own = my.journal.changes(first)
    my.run("INSERT INTO item (id) VALUES ('later')")
    my.journal.replay([change.inverse() for change in reversed(own)])
    assert my.run("SELECT * FROM plain") == empty
    assert my.run("SELECT id FROM item") == [("later",)]


def test_what_does_not_fit_raises_and_changes_nothing(my: MysqlBench) -> None:
    my.start(SCHEMA)
    mark = my.journal.mark()
    my.run("INSERT INTO item (id) VALUES ('a')")
    my.run("INSERT INTO plain (a) VALUES ('a')")
    recorded = my.journal.changes(mark)
    before = my.journal.fingerprint()
    with pytest.raises(my.database.driver.IntegrityError, match="Duplicate entry"):
        my.journal.replay(list(reversed(recorded)))
    assert my.journal.fingerprint() == before
    my.run("DELETE FROM item")
    with pytest.raises(my.database.driver.IntegrityError, match=r"item has no row \('a',\) to change"):
        my.journal.replay([recorded[0].inverse()])
