"""Marks are places in the order of time: going back to one ends those after it."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = "CREATE TABLE t (v INTEGER PRIMARY KEY AUTOINCREMENT)"
ADD = "INSERT INTO t DEFAULT VALUES"


def test_inner_then_outer(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer, empty = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute(ADD)
    inner, one = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute(ADD)
    bench.journal.undo(inner)
    assert bench.journal.fingerprint() == one
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == empty


def test_going_back_to_the_outer_ends_the_inner(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer, empty = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute(ADD)
    inner = bench.journal.mark()
    bench.app.execute(ADD)
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == empty
    with pytest.raises(ValueError, match="ended by going back"):
        bench.journal.undo(inner)


def test_a_mark_serves_again_and_again(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark, empty = bench.journal.mark(), bench.journal.fingerprint()
    for _ in range(3):
        bench.app.execute(ADD)
        assert bench.journal.undo(mark).changes == 1
        assert bench.journal.fingerprint() == empty


def test_the_changes_of_a_released_mark_belong_to_the_enclosing_one(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer = bench.journal.mark()
    inner = bench.journal.mark()
    bench.app.execute(ADD)
    bench.journal.release(inner)
    assert len(bench.journal.changes(outer)) == 1
    with pytest.raises(ValueError, match="was released"):
        bench.journal.moved(inner)


def test_an_outer_mark_released_first_leaves_the_inner_usable(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer = bench.journal.mark()
    bench.app.execute(ADD)
    inner, one = bench.journal.mark(), bench.journal.fingerprint()
    bench.journal.release(outer)
    bench.app.execute("DROP TABLE t")
    bench.journal.undo(inner)
    assert bench.journal.fingerprint() == one


def test_moved_is_false_until_something_is_committed(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    assert not bench.journal.moved(mark)
    bench.app.execute("BEGIN IMMEDIATE")
    bench.app.execute(ADD)
    assert not bench.journal.moved(mark)
    bench.app.execute("COMMIT")
    assert bench.journal.moved(mark)


def test_writes_to_bookkeeping_move_nothing(bench: Bench) -> None:
    bench.start(SCHEMA + "; CREATE TABLE dataflow_migrations (v)")
    mark = bench.journal.mark()
    bench.app.execute("INSERT INTO dataflow_migrations VALUES (1)")
    assert not bench.journal.moved(mark)
