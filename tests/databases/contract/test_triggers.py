"""The application's triggers work as ever, stay silent during undo, and are there afterwards."""

from __future__ import annotations

import pytest
from journal_bench import Bench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(20));
CREATE TABLE plain (id INTEGER PRIMARY KEY);
CREATE TABLE audit (id {serial}, what VARCHAR(90));
INSERT INTO t VALUES (1, 'a'), (2, 'b');
"""
CHANGES = ("UPDATE t SET v = 'z'", "INSERT INTO t VALUES (3, 'c')", "DELETE FROM t WHERE id = 1")


@pytest.fixture(autouse=True)
def audited(bench: Bench) -> None:
    note = "INSERT INTO audit (what) VALUES ('{0}')".format
    bench.start(
        SCHEMA,
        bench.place.trigger("first_one", "AFTER UPDATE", "t", note("updated")),
        bench.place.trigger("second_one", "AFTER UPDATE", "t", note("updated too")),
        bench.place.trigger("third_one", "AFTER INSERT", "t", note("inserted")),
        bench.place.trigger("fourth_one", "AFTER DELETE", "t", note("deleted")),
    )


def test_undo_fires_none_of_them(bench: Bench) -> None:
    for statement in CHANGES:
        assert bench.undone(statement) == "journal"
    assert bench.undone(*CHANGES, "INSERT INTO plain VALUES (1)") == "journal"
    assert bench.run("SELECT * FROM audit") == []


def test_they_fire_in_the_same_order_after_an_undo(bench: Bench) -> None:
    mark = bench.journal.mark()
    seen = []
    for _ in range(2):
        for statement in CHANGES:
            bench.run(statement)
        seen.append(bench.run("SELECT id, what FROM audit ORDER BY id"))
        bench.journal.undo(mark)
    assert len(seen[0]) == 6  # two for each of the two rows updated, one for the insert, one for the delete
    assert seen[0] == seen[1]


def test_what_they_write_is_recorded(bench: Bench) -> None:
    changes = bench.changes_of("INSERT INTO t VALUES (3, 'c')")
    assert sorted((change.table, change.kind) for change in changes) == [("audit", "insert"), ("t", "insert")]


@pytest.mark.slow
def test_they_are_there_after_a_lock_was_in_the_way(bench: Bench) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run(CHANGES[0])
    other = bench.connect()
    bench.run("BEGIN", on=other)
    bench.run("INSERT INTO audit (what) VALUES ('open')", on=other)
    with pytest.raises(DatabaseBusy):
        bench.journal.undo(mark)
    bench.run("ROLLBACK", on=other)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_one_made_later_is_silent_too_from_the_next_mark_on(bench: Bench) -> None:
    bench.script(bench.place.trigger("late", "AFTER UPDATE", "plain", "INSERT INTO audit (what) VALUES ('late')"))
    bench.run("INSERT INTO plain VALUES (1)")
    assert bench.undone("UPDATE plain SET id = 2") == "journal"
    assert bench.undone(*CHANGES, "UPDATE plain SET id = 2", "DELETE FROM plain") == "journal"
