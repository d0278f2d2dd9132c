"""Marks on PostgreSQL are places in the order of time: going back to one ends those after it."""

from __future__ import annotations

from journal_bench import Bench

SCHEMA = "CREATE TABLE t (id serial PRIMARY KEY)"
ADD = "INSERT INTO t DEFAULT VALUES"


def test_copies_of_tables_that_no_mark_needs_are_dropped(bench: Bench) -> None:
    bench.start(f"{SCHEMA}; {ADD}; {ADD}")
    alter = "ALTER TABLE t ADD COLUMN v int; ALTER TABLE t DROP COLUMN v"
    marks = []
    for _ in range(3):
        marks.append(bench.journal.mark())
        bench.run(alter)
    assert bench.run("SELECT count(*) FROM dataflow_testkit.saved") == [(6,)]
    for mark in marks[1:]:
        bench.journal.release(mark)
    bench.journal.refresh()
    assert bench.run("SELECT count(*) FROM dataflow_testkit.saved") == [(4,)]
    assert bench.journal.undo(marks[0]).method == "saved state"
