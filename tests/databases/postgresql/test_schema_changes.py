"""A changed schema on PostgreSQL: noticed, and put back with all rows; or an error that says what cannot be."""

from __future__ import annotations

import pytest
from journal_bench import Bench
from postgresql_schema import SCHEMA

from kailash_testkit.errors import IsolationFailed


@pytest.mark.parametrize(
    "maintenance",
    [
        "VACUUM FULL boss",
        "REINDEX TABLE boss",
        "ANALYZE",
        "CREATE TEMP TABLE t (v int)",
        "CLUSTER boss USING boss_pkey",
    ],
)
def test_maintenance_and_temporary_tables_are_no_change(bench: Bench, maintenance: str) -> None:
    bench.start("CREATE TABLE boss (id int PRIMARY KEY); CREATE TABLE log (v int); INSERT INTO boss VALUES (1)")
    if maintenance.startswith("CLUSTER"):
        bench.run(maintenance)
        bench.journal.refresh()
    assert bench.undone(maintenance, "INSERT INTO boss VALUES (2)") == "journal"


def test_marks_on_both_sides_of_schema_changes(bench: Bench) -> None:
    bench.start(SCHEMA)
    marks = []
    for step in range(3):
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        bench.run(
            f"CREATE TABLE fresh_{step} (v int); INSERT INTO log VALUES ({step}); ALTER TABLE log ADD c{step} int"
        )
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        bench.run(f"INSERT INTO fresh_{step} VALUES (1); DELETE FROM log WHERE what = '0'")
    for mark, fingerprint in reversed(marks):
        bench.journal.undo(mark)
        assert bench.journal.fingerprint() == fingerprint


def test_a_later_mark_is_reached_by_the_changes_recorded_before_it(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer, first = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("DELETE FROM staff WHERE boss = 1; INSERT INTO boss VALUES (9, 'new'); UPDATE part SET at = '2020-05-05'")
    inner, second = bench.journal.mark(), bench.journal.fingerprint()
    history = bench.journal.changes(outer)
    bench.run("DROP TABLE boss CASCADE; DROP TABLE part_b; DELETE FROM staff")
    assert bench.journal.undo(inner).method == "saved state"
    assert bench.journal.fingerprint() == second
    assert bench.journal.changes(outer) == history
    assert bench.journal.undo(outer).method == "journal"
    assert bench.journal.fingerprint() == first


def test_triggers_of_the_journal_switched_off_for_a_moment(bench: Bench) -> None:
    bench.start(SCHEMA)
    off = (
        "ALTER TABLE log DISABLE TRIGGER ALL"
        if bench.app.info.user == "postgres"
        else "ALTER TABLE log DISABLE TRIGGER USER"
    )
    on = "DO $$ BEGIN EXECUTE 'ALTER TABLE log ENABLE ALWAYS TRIGGER ' || quote_ident('!dataflow_testkit_row'); END $$"
    truncate = on.replace("_row", "_truncate")
    assert bench.undone(off, "INSERT INTO log VALUES ('unseen')", on, truncate) == "saved state"


def test_what_cannot_be_put_back_is_said_and_nothing_is_half_done(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run("INSERT INTO log VALUES ('stays'); CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)")
    later = bench.journal.mark()
    bench.run("DROP AGGREGATE total (int)")
    with pytest.raises(IsolationFailed, match=r"(?s)cannot be put back.*missing: function .*total\(integer\)"):
        bench.journal.undo(later)
    assert bench.run("SELECT * FROM log WHERE what = 'stays'") == [("stays",)]
    assert bench.journal.undo(mark).method == "saved state"
    assert bench.run("SELECT * FROM log WHERE what = 'stays'") == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE log DROP COLUMN n; ALTER TABLE log ADD COLUMN n numeric",
        "ALTER TABLE log ALTER COLUMN n TYPE int; ALTER TABLE log ALTER COLUMN n TYPE numeric",
        "ALTER TABLE log RENAME TO other; CREATE TABLE log (what text, n numeric); DROP TABLE other",
    ],
)
def test_values_lost_by_a_column_that_looks_as_before(bench: Bench, change: str) -> None:
    bench.start("CREATE TABLE log (what text, n numeric); INSERT INTO log VALUES ('a', 1.5), ('b', 2.25)")
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run(f"INSERT INTO log VALUES ('c', 3); {change}; INSERT INTO log VALUES ('d', 4)")
    assert bench.journal.moved(mark)
    assert bench.journal.undo(mark).method == "saved state"
    assert bench.journal.fingerprint() == before
    assert bench.undone("DELETE FROM log") == "journal"
