"""Marks are positions in the order of time: going back to one ends those after it."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id {serial}, v INTEGER);
CREATE TABLE plain (v INTEGER);
CREATE TABLE dataflow_migrations (v INTEGER);
"""
ADD = "INSERT INTO t (v) VALUES (1)"


@pytest.fixture(autouse=True)
def started(bench: Bench) -> None:
    bench.start(SCHEMA)


def test_inner_then_outer(bench: Bench) -> None:
    outer, empty = bench.journal.mark(), bench.journal.fingerprint()
    bench.run(ADD)
    inner, one = bench.journal.mark(), bench.journal.fingerprint()
    for _ in range(2):
        bench.run(ADD)
        assert bench.journal.undo(inner).changes == 1
        assert bench.journal.fingerprint() == one
    assert bench.journal.undo(outer).changes == 1
    assert bench.journal.fingerprint() == empty


def test_going_back_to_the_outer_ends_the_inner(bench: Bench) -> None:
    outer, empty = bench.journal.mark(), bench.journal.fingerprint()
    bench.run(ADD)
    inner = bench.journal.mark()
    bench.run(ADD)
    assert bench.journal.undo(outer).changes == 2
    assert bench.journal.fingerprint() == empty
    with pytest.raises(ValueError, match="ended by going back"):
        bench.journal.undo(inner)


def test_a_mark_serves_again_and_again(bench: Bench) -> None:
    mark, empty = bench.journal.mark(), bench.journal.fingerprint()
    for _ in range(3):
        bench.run(ADD)
        assert bench.journal.undo(mark).changes == 1
        assert bench.journal.fingerprint() == empty


def test_the_changes_of_a_released_mark_belong_to_the_enclosing_one(bench: Bench) -> None:
    outer, inner = bench.journal.mark(), bench.journal.mark()
    bench.run(ADD)
    bench.journal.release(inner)
    assert len(bench.journal.changes(outer)) == 1
    with pytest.raises(ValueError, match="was released"):
        bench.journal.moved(inner)


def test_an_outer_mark_released_first_leaves_the_inner_usable(bench: Bench) -> None:
    outer = bench.journal.mark()
    bench.run(ADD)
    inner, one = bench.journal.mark(), bench.journal.fingerprint()
    bench.journal.release(outer)
    bench.run("DROP TABLE t")
    bench.journal.undo(inner)
    assert bench.journal.fingerprint() == one


def test_moved_is_false_until_something_is_committed(bench: Bench) -> None:
    mark, head = bench.journal.mark(), bench.journal.head()
    assert not bench.journal.moved(mark)
    bench.run("BEGIN")
    bench.run("INSERT INTO plain VALUES (1)")
    assert not bench.journal.moved(mark)
    bench.run("COMMIT")
    assert bench.journal.moved(mark)
    assert bench.journal.head() > head
    assert bench.journal.head() == bench.journal.changes(mark)[-1].seq


def test_writes_to_bookkeeping_of_dataflow_move_nothing(bench: Bench) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("INSERT INTO dataflow_migrations VALUES (1)")
    assert not bench.journal.moved(mark)
    assert bench.journal.changes(mark) == []
    assert bench.journal.fingerprint() == before
    assert bench.journal.undo(mark).method == "nothing"
    assert bench.run("SELECT * FROM dataflow_migrations") == [(1,)]


def test_the_journal_is_empty_again_and_the_report_says_what_was_done(bench: Bench) -> None:
    mark, head = bench.journal.mark(), bench.journal.head()
    for _ in range(2):
        bench.run(ADD)
    report = bench.journal.undo(mark)
    assert (report.method, report.changes, report.reasons) == ("journal", 2, ())
    assert bench.journal.head() == head
    assert bench.journal.changes(mark) == []
    assert not bench.journal.moved(mark)
    assert bench.journal.undo(mark).method == "nothing"


def test_a_journal_left_by_a_killed_run_is_replaced(bench: Bench) -> None:
    bench.run(ADD)
    bench.open_journal()
    bench.journal.install()
    assert bench.journal.head() == 0
    mark = bench.journal.mark()
    bench.run(ADD)
    assert len(bench.journal.changes(mark)) == 1
    bench.journal.undo(mark)
    assert bench.run("SELECT id FROM t") == [(1,)]


def test_a_database_without_tables(bench: Bench) -> None:
    bench.start()
    assert bench.undone() == "nothing"
    mark = bench.journal.mark()
    assert not bench.journal.moved(mark)
    assert bench.journal.head() == 0
    assert bench.journal.changes(mark) == []
    assert bench.undone("CREATE TABLE t (v INTEGER)") == "saved state"
