"""A changed schema on PostgreSQL: noticed, and put back with all rows; or an error that says what cannot be."""

from __future__ import annotations

import pytest
from postgresql_bench import PostgresqlBench
from postgresql_schema import SCHEMA

from kailash_testkit.errors import IsolationFailed


def test_the_report_says_why(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    mark = pg.journal.mark()
    assert pg.journal.gaps(mark) == ()
    pg.run("CREATE TABLE fresh (v int)")
    assert pg.journal.gaps(mark) == ("the schema was changed",)
    assert pg.journal.moved(mark)
    assert pg.journal.undo(mark).reasons == ("the schema was changed",)


def test_what_was_rolled_back_is_no_change(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    assert pg.undone("BEGIN", "DROP TABLE log", "ROLLBACK", "DELETE FROM log") == "journal"


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
def test_maintenance_and_temporary_tables_are_no_change(pg: PostgresqlBench, maintenance: str) -> None:
    pg.start("CREATE TABLE boss (id int PRIMARY KEY); CREATE TABLE log (v int); INSERT INTO boss VALUES (1)")
    if maintenance.startswith("CLUSTER"):
        pg.run(maintenance)
        pg.journal.refresh()
    assert pg.undone(maintenance, "INSERT INTO boss VALUES (2)") == "journal"


def test_bookkeeping_of_dataflow_is_neither_recorded_nor_a_change(pg: PostgresqlBench) -> None:
    pg.start("CREATE TABLE t (v int)")
    mark, before = pg.journal.mark(), pg.journal.fingerprint()
    pg.run(
        "CREATE TABLE dataflow_migrations (id serial PRIMARY KEY, v text); CREATE INDEX i ON dataflow_migrations (v)"
    )
    pg.run("INSERT INTO dataflow_migrations (v) VALUES ('x'); INSERT INTO t VALUES (1)")
    assert [change.table for change in pg.journal.changes(mark)] == ["t"]
    assert pg.journal.undo(mark).method == "journal"
    assert pg.journal.fingerprint() == before
    assert pg.rows("SELECT v FROM dataflow_migrations") == [("x",)]


def test_marks_on_both_sides_of_schema_changes(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    marks = []
    for step in range(3):
        marks.append((pg.journal.mark(), pg.journal.fingerprint()))
        pg.run(f"CREATE TABLE fresh_{step} (v int); INSERT INTO log VALUES ({step}); ALTER TABLE log ADD c{step} int")
        marks.append((pg.journal.mark(), pg.journal.fingerprint()))
        pg.run(f"INSERT INTO fresh_{step} VALUES (1); DELETE FROM log WHERE what = '0'")
    for mark, fingerprint in reversed(marks):
        pg.journal.undo(mark)
        assert pg.journal.fingerprint() == fingerprint


def test_a_later_mark_is_reached_by_the_changes_recorded_before_it(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer, first = pg.journal.mark(), pg.journal.fingerprint()
    pg.run("DELETE FROM staff WHERE boss = 1; INSERT INTO boss VALUES (9, 'new'); UPDATE part SET at = '2020-05-05'")
    inner, second = pg.journal.mark(), pg.journal.fingerprint()
    history = pg.journal.changes(outer)
    pg.run("DROP TABLE boss CASCADE; DROP TABLE part_b; DELETE FROM staff")
    assert pg.journal.undo(inner).method == "saved state"
    assert pg.journal.fingerprint() == second
    assert pg.journal.changes(outer) == history
    assert pg.journal.undo(outer).method == "journal"
    assert pg.journal.fingerprint() == first


def test_a_table_dropped_and_made_again_alike_loses_no_rows(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    assert pg.undone("DROP TABLE log; CREATE TABLE log (what text); INSERT INTO log VALUES ('other')") == "saved state"


def test_triggers_of_the_journal_switched_off_for_a_moment(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    off = (
        "ALTER TABLE log DISABLE TRIGGER ALL"
        if pg.app.info.user == "postgres"
        else "ALTER TABLE log DISABLE TRIGGER USER"
    )
    on = "DO $$ BEGIN EXECUTE 'ALTER TABLE log ENABLE ALWAYS TRIGGER ' || quote_ident('!dataflow_testkit_row'); END $$"
    truncate = on.replace("_row", "_truncate")
    assert pg.undone(off, "INSERT INTO log VALUES ('unseen')", on, truncate) == "saved state"


def test_what_cannot_be_put_back_is_said_and_nothing_is_half_done(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    mark = pg.journal.mark()
    pg.run("INSERT INTO log VALUES ('stays'); CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)")
    later = pg.journal.mark()
    pg.run("DROP AGGREGATE total (int)")
    with pytest.raises(IsolationFailed, match=r"(?s)cannot be put back.*missing: function .*total\(integer\)"):
        pg.journal.undo(later)
    assert pg.rows("SELECT * FROM log WHERE what = 'stays'") == [("stays",)]
    assert pg.journal.undo(mark).method == "saved state"
    assert pg.rows("SELECT * FROM log WHERE what = 'stays'") == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE log DROP COLUMN n; ALTER TABLE log ADD COLUMN n numeric",
        "ALTER TABLE log ALTER COLUMN n TYPE int; ALTER TABLE log ALTER COLUMN n TYPE numeric",
        "ALTER TABLE log RENAME TO other; CREATE TABLE log (what text, n numeric); DROP TABLE other",
    ],
)
def test_values_lost_by_a_column_that_looks_as_before(pg: PostgresqlBench, change: str) -> None:
    pg.start("CREATE TABLE log (what text, n numeric); INSERT INTO log VALUES ('a', 1.5), ('b', 2.25)")
    mark, before = pg.journal.mark(), pg.journal.fingerprint()
    pg.run(f"INSERT INTO log VALUES ('c', 3); {change}; INSERT INTO log VALUES ('d', 4)")
    assert pg.journal.moved(mark)
    assert pg.journal.undo(mark).method == "saved state"
    assert pg.journal.fingerprint() == before
    assert pg.undone("DELETE FROM log") == "journal"
