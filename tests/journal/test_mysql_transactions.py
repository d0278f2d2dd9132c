"""Marks and transactions that are open across them: what is committed after a mark counts after it."""

from __future__ import annotations

import pytest
from mysql_bench import MysqlBench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT);\nCREATE TABLE u (id INT PRIMARY KEY)"


def test_changes_of_an_open_transaction_appear_when_it_commits(my: MysqlBench) -> None:
    my.start(SCHEMA)
    before_all = my.journal.mark()
    other = my.connect()
    my.run("BEGIN", on=other)
    my.run("INSERT INTO t (v) VALUES ('early')", on=other)
    my.run("INSERT INTO t (v) VALUES ('committed first')")
    mark = my.journal.mark()
    assert my.journal.changes(mark) == []
    my.run("COMMIT", on=other)
    assert [change.after["v"] for change in my.journal.changes(mark) if change.after] == ["early"]
    later = my.journal.mark()
    assert [change.after["v"] for change in my.journal.changes(mark) if change.after] == ["early"]
    assert my.journal.changes(later) == []
    my.journal.undo(mark)
    assert my.run("SELECT v FROM t") == [("committed first",)]
    my.journal.undo(before_all)
    assert my.run("SELECT v FROM t") == []


def test_a_transaction_open_across_two_marks(my: MysqlBench) -> None:
    my.start(SCHEMA)
    other = my.connect()
    my.run("BEGIN", on=other)
    my.run("INSERT INTO u VALUES (1)", on=other)
    first = my.journal.mark()
    my.run("INSERT INTO u VALUES (2)")
    second = my.journal.mark()
    my.run("INSERT INTO u VALUES (3)", on=other)
    my.run("COMMIT", on=other)
    assert [change.key for change in my.journal.changes(second)] == [(1,), (3,)]
    assert [change.key for change in my.journal.changes(first)] == [(1,), (2,), (3,)]
    my.journal.undo(second)
    assert my.run("SELECT id FROM u") == [(2,)]


def test_undo_waits_shortly_for_changes_not_yet_committed_and_names_who_made_them(my: MysqlBench) -> None:
    my.start(SCHEMA)
    mark = my.journal.mark()
    other = my.connect()
    my.run("BEGIN", on=other)
    my.run("INSERT INTO u VALUES (1)", on=other)
    with pytest.raises(DatabaseBusy) as caught:
        my.journal.undo(mark)
    assert f"session {other.thread_id()} of {my.database.name}@" in str(caught.value)
    my.run("COMMIT", on=other)
    assert my.journal.undo(mark).changes == 1
    assert my.run("SELECT * FROM u") == []


def test_somebody_who_reads_in_a_transaction_is_not_in_the_way(my: MysqlBench) -> None:
    my.start(SCHEMA)
    mark = my.journal.mark()
    my.run("INSERT INTO u VALUES (1)")
    reader = my.connect()
    my.run("BEGIN", on=reader)
    assert my.run("SELECT * FROM u", on=reader) == [(1,)]
    assert my.journal.undo(mark).method == "journal"
    assert my.run("SELECT * FROM u", on=reader) == [(1,)]  # its own snapshot
    my.run("COMMIT", on=reader)
    assert my.run("SELECT * FROM u", on=reader) == []


def test_moved_is_false_until_something_is_committed(my: MysqlBench) -> None:
    my.start(SCHEMA)
    mark = my.journal.mark()
    assert not my.journal.moved(mark)
    my.run("BEGIN")
    my.run("INSERT INTO u VALUES (1)")
    assert not my.journal.moved(mark)
    my.run("COMMIT")
    assert my.journal.moved(mark)


def test_a_counter_moved_by_an_insert_that_was_rolled_back_is_put_back(my: MysqlBench) -> None:
    my.start(SCHEMA)
    mark = my.journal.mark()
    for statement in ("BEGIN", "INSERT INTO t (v) VALUES ('a')", "ROLLBACK"):
        my.run(statement)
    assert my.journal.moved(mark)
    assert my.journal.undo(mark).method == "journal"
    assert not my.journal.moved(mark)
    my.run("INSERT INTO t (v) VALUES ('a')")
    assert my.run("SELECT id FROM t") == [(1,)]
