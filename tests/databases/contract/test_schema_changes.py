"""What the journal cannot tell is noticed and taken back all the same: a changed schema, with all rows."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id {serial}, v VARCHAR(20) UNIQUE);
CREATE TABLE other (a VARCHAR(20) PRIMARY KEY, b INTEGER);
CREATE TABLE heap (x VARCHAR(20), y DOUBLE PRECISION);
CREATE TABLE dataflow_migrations (v VARCHAR(20));
CREATE VIEW seen AS SELECT v FROM t;
INSERT INTO t (v) VALUES ('a'), ('b');
INSERT INTO other VALUES ('a', 1);
INSERT INTO heap VALUES ('x', 0.1), ('x', 0.1), (NULL, 2);
DELETE FROM heap WHERE y = 2;
"""


@pytest.fixture(autouse=True)
def started(bench: Bench) -> None:
    bench.start(SCHEMA)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE fresh (v INTEGER)",
        "DROP TABLE heap",
        "DROP TABLE other",
        "ALTER TABLE t ADD COLUMN w INTEGER DEFAULT 5",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE other RENAME COLUMN b TO w",
        "CREATE UNIQUE INDEX i ON other (b)",
        "CREATE INDEX i ON heap (x)",
        "DROP VIEW seen",
        "a trigger",
    ],
)
def test_changes_of_the_schema(bench: Bench, change: str) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("INSERT INTO t (v) VALUES ('c')")
    bench.script(
        bench.place.trigger("mine", "AFTER INSERT", "heap", "DELETE FROM other") if change == "a trigger" else change
    )
    for statement in ("DELETE FROM dataflow_migrations", "INSERT INTO dataflow_migrations VALUES ('noted')"):
        bench.run(statement)
    assert bench.journal.gaps(mark)[0] == "the schema was changed"
    assert bench.journal.moved(mark)
    assert bench.journal.undo(mark).method == "saved state"
    assert bench.journal.fingerprint() == before
    assert not bench.journal.moved(mark)
    assert bench.undone("INSERT INTO t (v) VALUES ('d')", "UPDATE heap SET x = 'new'", "DELETE FROM other") == "journal"


def test_the_report_says_why(bench: Bench) -> None:
    mark = bench.journal.mark()
    assert bench.journal.gaps(mark) == ()
    bench.run("CREATE TABLE fresh (v INTEGER)")
    assert bench.journal.gaps(mark) == ("the schema was changed",)
    assert bench.journal.undo(mark).reasons == ("the schema was changed",)


@pytest.mark.databases("sqlite", "postgresql")  # MariaDB commits before it changes a schema
def test_a_schema_change_that_was_rolled_back_is_none(bench: Bench) -> None:
    assert bench.undone("BEGIN", "DROP TABLE other", "ROLLBACK", "DELETE FROM heap") == "journal"


def test_bookkeeping_that_dataflow_adds_is_no_schema_change(bench: Bench) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    for statement in (
        "CREATE TABLE dataflow_migration_history (id {serial}, status VARCHAR(20))",
        "CREATE INDEX dataflow_idx ON dataflow_migration_history (status)",
        "INSERT INTO dataflow_migration_history (status) VALUES ('x')",
        "INSERT INTO heap VALUES ('y', 1)",
    ):
        bench.run(statement)
    assert [change.table for change in bench.journal.changes(mark)] == ["heap"]
    assert bench.journal.undo(mark).method == "journal"
    assert bench.journal.fingerprint() == before
    bench.run("DROP TABLE dataflow_migration_history")


def test_a_later_mark_is_reached_by_the_changes_recorded_before_it(bench: Bench) -> None:
    outer, first = bench.journal.mark(), bench.journal.fingerprint()
    for statement in (
        "INSERT INTO t (v) VALUES ('c')",
        "UPDATE t SET id = 77 WHERE v = 'b'",
        "DELETE FROM t WHERE v = 'a'",
        "INSERT INTO other VALUES ('k', 1), ('l', 2)",
        "INSERT INTO heap VALUES ('z', 0.30000000000000004), (NULL, 1)",
        "UPDATE heap SET x = 'w' WHERE x = 'x'",
    ):
        bench.run(statement)
    inner, second = bench.journal.mark(), bench.journal.fingerprint()
    history = bench.journal.changes(outer)
    for statement in ("DROP VIEW seen", "DROP TABLE t", "ALTER TABLE heap ADD COLUMN z INTEGER", "DELETE FROM other"):
        bench.run(statement)
    assert bench.journal.undo(inner).method == "saved state"
    assert bench.journal.fingerprint() == second
    assert bench.journal.changes(outer) == history
    assert bench.journal.undo(outer).method == "journal"
    assert bench.journal.fingerprint() == first


@pytest.mark.slow
def test_marks_on_both_sides_of_schema_changes(bench: Bench) -> None:
    marks = []
    for step in range(3):
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        bench.run(f"CREATE TABLE fresh_{step} (v INTEGER)")
        bench.run(f"INSERT INTO t (v) VALUES ('{step}')")
        bench.run(f"ALTER TABLE heap ADD COLUMN c{step} INTEGER")
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        bench.run(f"INSERT INTO fresh_{step} VALUES (1)")
        bench.run("DELETE FROM heap WHERE x = 'x'")
    for mark, fingerprint in reversed(marks):
        bench.journal.undo(mark)
        assert bench.journal.fingerprint() == fingerprint
        assert bench.journal.changes(mark) == []
        assert not bench.journal.moved(mark)


def test_an_outer_mark_after_going_back_to_an_inner_one_by_the_saved_state(bench: Bench) -> None:
    outer, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("INSERT INTO other VALUES ('b', 2)")
    inner = bench.journal.mark()
    bench.run("CREATE TABLE fresh (v INTEGER)")
    assert bench.journal.undo(inner).method == "saved state"
    for _ in range(2):
        assert bench.journal.undo(outer).method == "journal"
        assert bench.journal.fingerprint() == before
        bench.run("INSERT INTO other VALUES ('c', 3)")
        assert [change.kind for change in bench.journal.changes(outer)] == ["insert"]


def test_a_mark_after_going_back_behind_a_schema_change(bench: Bench) -> None:
    first = bench.journal.mark()
    bench.run("CREATE TABLE doc (body TEXT)")
    bench.journal.mark()
    bench.journal.undo(first)
    again, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("CREATE TABLE fresh (v INTEGER)")
    bench.journal.undo(again)
    assert bench.journal.fingerprint() == before
    assert bench.undone("DELETE FROM t") == "journal"


def test_a_table_dropped_and_made_again_alike_loses_no_rows(bench: Bench) -> None:
    again = ("DROP TABLE other", "CREATE TABLE other (a VARCHAR(20) PRIMARY KEY, b INTEGER)")
    assert bench.undone(*again, "INSERT INTO other VALUES ('other', 1)") == "saved state"


def test_an_idle_connection_stays_open_and_is_still_recorded(bench: Bench) -> None:
    idle = bench.connect()
    assert bench.run("SELECT count(*) FROM t", on=idle) == [(2,)]
    mark = bench.journal.mark()
    for statement in ("DROP VIEW seen", "DROP TABLE t", "CREATE TABLE t (w INTEGER)"):
        bench.run(statement)
    bench.journal.undo(mark)
    assert bench.run("SELECT id, v FROM t ORDER BY id", on=idle) == [(1, "a"), (2, "b")]
    bench.run("INSERT INTO t (v) VALUES ('still recorded')", on=idle)
    assert [(change.table, change.key) for change in bench.journal.changes(mark)] == [("t", (3,))]
