"""Marks on MariaDB and MySQL are places in the order of time: going back to one ends those after it."""

from __future__ import annotations

import pytest
from mysql_bench import MysqlBench

SCHEMA = "CREATE TABLE t (v INT AUTO_INCREMENT PRIMARY KEY)"
ADD = "INSERT INTO t VALUES (NULL)"


def test_inner_then_outer(my: MysqlBench) -> None:
    my.start(SCHEMA)
    outer, empty = my.journal.mark(), my.journal.fingerprint()
    my.run(ADD)
    inner, one = my.journal.mark(), my.journal.fingerprint()
    my.run(ADD)
    my.journal.undo(inner)
    assert my.journal.fingerprint() == one
    my.journal.undo(outer)
    assert my.journal.fingerprint() == empty


def test_going_back_to_the_outer_ends_the_inner(my: MysqlBench) -> None:
    my.start(SCHEMA)
    outer, empty = my.journal.mark(), my.journal.fingerprint()
    my.run(ADD)
    inner = my.journal.mark()
    my.run(ADD)
    assert my.journal.undo(outer).changes == 2
    assert my.journal.fingerprint() == empty
    with pytest.raises(ValueError, match="ended by going back"):
        my.journal.undo(inner)


def test_a_mark_serves_again_and_again(my: MysqlBench) -> None:
    my.start(SCHEMA)
    mark, empty = my.journal.mark(), my.journal.fingerprint()
    for _ in range(3):
        my.run(ADD)
        assert my.journal.undo(mark).changes == 1
        assert my.journal.fingerprint() == empty


def test_the_changes_of_a_released_mark_belong_to_the_enclosing_one(my: MysqlBench) -> None:
    my.start(SCHEMA)
    outer = my.journal.mark()
    inner = my.journal.mark()
    my.run(ADD)
    my.journal.release(inner)
    assert len(my.journal.changes(outer)) == 1
    with pytest.raises(ValueError, match="was released"):
        my.journal.moved(inner)


def test_a_journal_left_by_a_killed_run_is_replaced(my: MysqlBench) -> None:
    my.start(SCHEMA)
    my.run(ADD)
    my.journal.install()
    assert my.journal.head() == 0
    mark = my.journal.mark()
    my.run(ADD)
    assert len(my.journal.changes(mark)) == 1
    my.journal.undo(mark)
    assert my.run("SELECT v FROM t") == [(1,)]
