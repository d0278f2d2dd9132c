"""A changed schema on PostgreSQL: noticed, and put back with all rows; or an error that says what cannot be."""

from __future__ import annotations

import pytest
from journal_bench import Bench
from postgresql_schema import SCHEMA

from kailash_testkit.errors import IsolationFailed


@pytest.mark.slow
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


@pytest.mark.slow
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
    bench.run("DROP TABLE staff CASCADE; DROP TABLE part_b; DELETE FROM boss")
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
    bench.run("INSERT INTO log VALUES ('stays'); CREATE CONVERSION mine FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8")
    later = bench.journal.mark()
    bench.run("DROP CONVERSION mine")
    with pytest.raises(IsolationFailed, match=r"(?s)cannot be put back.*missing: other CONVERSION .*mine"):
        bench.journal.undo(later)
    assert bench.run("SELECT * FROM log WHERE what = 'stays'") == [("stays",)]
    assert bench.journal.undo(mark).method == "saved state"
    assert bench.run("SELECT * FROM log WHERE what = 'stays'") == []


@pytest.mark.slow
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


def test_a_view_that_showed_older_rows_is_named_once(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.run("INSERT INTO boss (name) VALUES ('cy')")
    mark = bench.journal.mark()
    bench.run("REFRESH MATERIALIZED VIEW kept")
    (left,) = bench.journal.undo(mark).left
    assert "public.kept" in str(left)
    assert not bench.journal.moved(mark)
    bench.run("DELETE FROM log; REFRESH MATERIALIZED VIEW kept")
    assert bench.journal.undo(mark).left == ()


def test_an_advisory_lock_that_is_kept_is_named_and_its_session_ended(bench: Bench) -> None:
    bench.start("CREATE TABLE t (v int)")
    leader, forgetful = bench.connect(), bench.connect()
    bench.run("SELECT pg_advisory_lock(1)", on=leader)
    mark = bench.journal.mark()
    bench.run("SELECT pg_advisory_lock(4711)", on=forgetful)
    assert bench.journal.moved(mark)
    (left,) = bench.journal.undo(mark).left
    assert f"advisory lock 4711, held by session {forgetful.info.backend_pid} of the application" in str(left)
    with pytest.raises(bench.refused):
        bench.run("SELECT 1", on=forgetful)
    assert bench.run("SELECT 1", on=leader) == [(1,)]
    assert not bench.journal.moved(mark)


@pytest.mark.parametrize(
    "lost",
    [
        "DROP SCHEMA dataflow_testkit CASCADE",
        "DROP TABLE dataflow_testkit.journal",
        "DROP TABLE dataflow_testkit.saved",
    ],
)
def test_a_journal_that_was_dropped_is_named(bench: Bench, lost: str) -> None:
    bench.start("CREATE TABLE t (v int)")
    mark = bench.journal.mark()
    bench.run(lost)
    for asked in (bench.journal.moved, bench.journal.undo):
        with pytest.raises(IsolationFailed, match="the kit's journal was dropped"):
            asked(mark)
    bench.run("CREATE TABLE IF NOT EXISTS t (v int)")
    bench.journal.install()
    assert bench.undone("INSERT INTO t VALUES (1)") == "journal"


STATEMENTS = [
    ("CREATE TABLE fresh (v int)", True),
    ("COMMENT ON SCHEMA public IS 'x'", True),
    ("ALTER TABLE looked_at ALTER v SET STATISTICS 7", True),
    ("SELECT pg_current_xact_id()", False),
    ("SELECT 1", False),
]


@pytest.mark.parametrize(("statement", "moved"), STATEMENTS)
def test_whether_the_schema_moved_is_told_without_rows(bench: Bench, statement: str, moved: bool) -> None:
    bench.start("CREATE TABLE looked_at (v int)")
    other, mark = bench.connect(), bench.journal.mark()
    assert not bench.journal.moved(mark)
    for _ in range(2):
        bench.run(statement, on=other)
        assert bench.journal.moved(mark) is moved
        assert bench.journal.undo(mark).method == ("saved state" if moved else "nothing")
        assert not bench.journal.moved(mark)


@pytest.mark.parametrize(("statement", "moved"), STATEMENTS)
def test_a_transaction_that_was_open_at_the_mark_moves_the_schema_when_it_ends(
    bench: Bench, statement: str, moved: bool
) -> None:
    bench.start("CREATE TABLE looked_at (v int)")
    early = bench.connect()
    bench.run("BEGIN; SELECT pg_current_xact_id()", on=early)
    mark = bench.journal.mark()
    bench.run("SELECT pg_current_xact_id()", on=bench.connect())
    bench.run(statement, on=early)
    assert not bench.journal.moved(mark)  # nobody sees it yet
    bench.run("COMMIT", on=early)
    assert bench.journal.moved(mark) is moved
