"""Marks and transactions that are open across them: what is committed after a mark counts after it."""

from __future__ import annotations

import threading

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER);
INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 0), (5, 0);
"""
several_writers = pytest.mark.databases("postgresql", "mysql")
"""Only where two transactions may write at the same time; on SQLite the second waits for the first."""


@pytest.fixture(autouse=True)
def started(bench: Bench) -> None:
    bench.start(SCHEMA)


def test_changes_of_an_open_transaction_appear_when_it_commits(bench: Bench) -> None:
    other = bench.connect()
    bench.run("BEGIN", on=other)
    bench.run("INSERT INTO t VALUES (6, 1)", on=other)
    mark = bench.journal.mark()
    assert bench.journal.changes(mark) == []
    bench.run("COMMIT", on=other)
    assert [change.key for change in bench.journal.changes(mark)] == [(6,)]
    later = bench.journal.mark()
    assert [change.key for change in bench.journal.changes(mark)] == [(6,)]
    assert bench.journal.changes(later) == []
    assert bench.journal.undo(mark).changes == 1
    assert bench.run("SELECT count(*) FROM t") == [(5,)]


@several_writers
def test_a_transaction_begun_before_the_mark_and_committed_after_it(bench: Bench) -> None:
    before_all = bench.journal.mark()
    other = bench.connect()
    bench.run("BEGIN", on=other)
    bench.run("UPDATE t SET v = 1 WHERE id = 1", on=other)
    bench.run("UPDATE t SET v = 2 WHERE id = 2")
    mark = bench.journal.mark()
    bench.run("UPDATE t SET v = 3 WHERE id = 3")
    assert [change.key for change in bench.journal.changes(mark)] == [(3,)]
    bench.run("COMMIT", on=other)
    assert [change.key for change in bench.journal.changes(mark)] == [(1,), (3,)]
    assert bench.journal.undo(mark).changes == 2
    assert bench.run("SELECT v FROM t ORDER BY id") == [(0,), (2,), (0,), (0,), (0,)]
    bench.journal.undo(before_all)
    assert bench.run("SELECT sum(v) FROM t") == [(0,)]


@several_writers
def test_a_transaction_open_across_two_marks(bench: Bench) -> None:
    other = bench.connect()
    bench.run("BEGIN", on=other)
    bench.run("INSERT INTO t VALUES (11, 1)", on=other)
    first = bench.journal.mark()
    bench.run("INSERT INTO t VALUES (12, 1)")
    second = bench.journal.mark()
    bench.run("INSERT INTO t VALUES (13, 1)", on=other)
    bench.run("COMMIT", on=other)
    assert [change.key for change in bench.journal.changes(second)] == [(11,), (13,)]
    assert sorted(change.key for change in bench.journal.changes(first)) == [(11,), (12,), (13,)]
    bench.journal.undo(second)
    assert bench.run("SELECT id FROM t WHERE v = 1") == [(12,)]
    bench.journal.undo(first)
    assert bench.run("SELECT count(*), sum(v) FROM t") == [(5, 0)]


def test_somebody_who_reads_in_a_transaction_is_not_in_the_way(bench: Bench) -> None:
    mark = bench.journal.mark()
    bench.run("DELETE FROM t WHERE id > 1")
    reader = bench.connect()
    bench.run("BEGIN ISOLATION LEVEL REPEATABLE READ" if bench.kind.name == "postgresql" else "BEGIN", on=reader)
    assert bench.run("SELECT id FROM t", on=reader) == [(1,)]
    assert bench.journal.undo(mark).method == "journal"
    assert bench.run("SELECT id FROM t", on=reader) == [(1,)]  # its own snapshot
    bench.run("COMMIT", on=reader)
    assert bench.run("SELECT count(*) FROM t", on=reader) == [(5,)]


@several_writers
def test_many_writers_of_the_same_rows(bench: Bench) -> None:
    """Each row's history, in the order that the journal tells, leads from one value to the next."""
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    writers = [bench.connect() for _ in range(4)]

    def write(number: int) -> None:
        for turn in range(9):
            bench.run(f"UPDATE t SET v = v + 1 WHERE id = {1 + (number + turn) % 3}", on=writers[number])
            bench.run(f"DELETE FROM t WHERE id = {100 + number}", on=writers[number])
            bench.run(f"INSERT INTO t VALUES ({100 + number}, {turn})", on=writers[number])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = bench.journal.changes(mark)
    assert [change.seq for change in changes] == sorted({change.seq for change in changes})
    latest: dict[tuple[object, ...], object] = {}
    for change in changes:
        if change.key in latest:
            assert change.before == latest[change.key]
        latest[change.key] = change.after
    assert bench.run("SELECT sum(v) FROM t WHERE id < 100") == [(36,)]
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before
