"""Marks on PostgreSQL are places in the order of time: going back to one ends those after it."""

from __future__ import annotations

import pytest
from postgresql_bench import PostgresqlBench

SCHEMA = "CREATE TABLE t (id serial PRIMARY KEY)"
ADD = "INSERT INTO t DEFAULT VALUES"


def test_inner_then_outer(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer, empty = pg.journal.mark(), pg.journal.fingerprint()
    pg.run(ADD)
    inner, one = pg.journal.mark(), pg.journal.fingerprint()
    for _ in range(2):
        pg.run(ADD)
        assert pg.journal.undo(inner).changes == 1
        assert pg.journal.fingerprint() == one
    assert pg.journal.undo(outer).changes == 1
    assert pg.journal.fingerprint() == empty


def test_going_back_to_the_outer_ends_the_inner(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer, empty = pg.journal.mark(), pg.journal.fingerprint()
    pg.run(ADD)
    inner = pg.journal.mark()
    pg.run(ADD)
    pg.journal.undo(outer)
    assert pg.journal.fingerprint() == empty
    with pytest.raises(ValueError, match="ended by going back"):
        pg.journal.undo(inner)


def test_the_changes_of_a_released_mark_belong_to_the_enclosing_one(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer, inner = pg.journal.mark(), pg.journal.mark()
    pg.run(ADD)
    pg.journal.release(inner)
    assert len(pg.journal.changes(outer)) == 1
    with pytest.raises(ValueError, match="was released"):
        pg.journal.moved(inner)


def test_an_outer_mark_released_first_leaves_the_inner_usable(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer = pg.journal.mark()
    pg.run(ADD)
    inner, one = pg.journal.mark(), pg.journal.fingerprint()
    pg.journal.release(outer)
    pg.run("DROP TABLE t")
    pg.journal.undo(inner)
    assert pg.journal.fingerprint() == one


def test_copies_of_tables_that_no_mark_needs_are_dropped(pg: PostgresqlBench) -> None:
    pg.start(f"{SCHEMA}; {ADD}; {ADD}")
    alter = "ALTER TABLE t ADD COLUMN v int; ALTER TABLE t DROP COLUMN v"
    marks = []
    for _ in range(3):
        marks.append(pg.journal.mark())
        pg.run(alter)
    assert pg.rows("SELECT count(*) FROM dataflow_testkit.saved") == [(6,)]
    for mark in marks[1:]:
        pg.journal.release(mark)
    pg.journal.refresh()
    assert pg.rows("SELECT count(*) FROM dataflow_testkit.saved") == [(4,)]
    assert pg.journal.undo(marks[0]).method == "saved state"
