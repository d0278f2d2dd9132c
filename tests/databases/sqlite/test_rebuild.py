"""Schema changes and tables without triggers: the saved state is put back into the live file."""

from __future__ import annotations

from pathlib import Path

import pytest
from journal_bench import Bench, SqlitePlace

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE);
CREATE TABLE other (a TEXT PRIMARY KEY, b) WITHOUT ROWID;
CREATE TABLE heap (x);
CREATE VIEW seen AS SELECT v FROM t;
INSERT INTO t (v) VALUES ('a'), ('b');
INSERT INTO heap VALUES (x'00'), (0.1), (NULL);
DELETE FROM heap WHERE x = 0.1;
"""


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE fresh (v)",
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN w DEFAULT 5",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t RENAME COLUMN v TO w",
        "CREATE UNIQUE INDEX i ON heap (x)",
        "CREATE TRIGGER mine AFTER INSERT ON heap BEGIN DELETE FROM t; END",
        "DROP VIEW seen",
        "VACUUM",
        "ANALYZE",
    ],
)
def test_schema_changes(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    way = bench.undone("INSERT INTO t (v) VALUES ('c')", change, "DELETE FROM heap", "INSERT INTO heap VALUES (9)")
    assert way == "saved state"
    assert bench.undone("INSERT INTO t (v) VALUES ('d')", "UPDATE heap SET x = 1") == "journal"


def test_a_later_mark_is_reached_by_repeating_the_changes_recorded_before_it(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer, first = bench.journal.mark(), bench.journal.fingerprint()
    for statement in (
        "INSERT INTO t (v) VALUES ('c')",
        "REPLACE INTO t (v) VALUES ('a')",
        "UPDATE OR REPLACE t SET v = 'b' WHERE v = 'c'",
        "INSERT OR IGNORE INTO t (v) VALUES ('b')",
        "REPLACE INTO other VALUES ('k', 1), ('l', 2), ('k', x'ff')",
        "INSERT INTO heap VALUES (CAST(x'ff' AS TEXT)), (0.30000000000000004)",
        "UPDATE heap SET rowid = 50 WHERE rowid = 1",
        "PRAGMA user_version = 3",
    ):
        bench.app.execute(statement)
    inner, second = bench.journal.mark(), bench.journal.fingerprint()
    history = bench.journal.changes(outer)
    bench.app.executescript("DROP TABLE t; ALTER TABLE heap ADD COLUMN y; DELETE FROM other")
    assert bench.journal.undo(inner).method == "saved state"
    assert bench.journal.fingerprint() == second
    assert bench.journal.changes(outer) == history
    assert bench.journal.undo(outer).method == "journal"
    assert bench.journal.fingerprint() == first


def test_a_mark_after_going_back_behind_a_schema_change(bench: Bench) -> None:
    bench.start(SCHEMA)
    first = bench.journal.mark()
    bench.app.execute("CREATE VIRTUAL TABLE doc USING fts5 (body)")
    bench.journal.mark()
    bench.journal.undo(first)
    again, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute("CREATE TABLE fresh (v)")
    bench.journal.undo(again)
    assert bench.journal.fingerprint() == before
    assert bench.undone("DELETE FROM t") == "journal"


@pytest.mark.parametrize("journal_mode", ["WAL", "DELETE"])
def test_idle_connections_stay_open_and_see_the_state_put_back(tmp_path: Path, journal_mode: str) -> None:
    bench = Bench(SqlitePlace(tmp_path, journal_mode=journal_mode))
    bench.start(SCHEMA)
    idle = bench.connect()
    assert len(idle.execute("SELECT * FROM t").fetchall()) == 2
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.executescript(
        "DROP VIEW seen; DROP TABLE t; CREATE TABLE t (w); INSERT INTO heap SELECT randomblob(9999)"
    )
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before
    assert len(idle.execute("SELECT id, v FROM t").fetchall()) == 2
    idle.execute("INSERT INTO t (v) VALUES ('still recorded')")
    assert [change.key for change in bench.journal.changes(mark)] == [(3,)]
    assert bench.run("PRAGMA integrity_check") == [("ok",)]
    assert bench.run("PRAGMA journal_mode") == [(journal_mode.lower(),)]
    bench.close()


def test_an_open_reader_keeps_its_snapshot(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.app.execute("ALTER TABLE t RENAME COLUMN v TO w")
    reader = bench.connect()
    reader.execute("BEGIN")
    assert reader.execute("SELECT w FROM t").fetchall() == [("a",), ("b",)]
    bench.journal.undo(mark)
    assert reader.execute("SELECT w FROM t").fetchall() == [("a",), ("b",)]
    reader.execute("COMMIT")
    assert reader.execute("SELECT v FROM t").fetchall() == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("CREATE VIRTUAL TABLE doc USING fts5 (body)", "virtual table"),
        ("CREATE TABLE doc (body, rowid, oid, _rowid_)", "every name of the rowid"),
        ("CREATE TABLE doc (body, x); CREATE UNIQUE INDEX i ON doc (lower(body))", "index on an expression"),
        (f"CREATE TABLE doc (body, {', '.join(f'c{n}' for n in range(900))})", "more than 900 columns"),
    ],
)
def test_tables_that_cannot_be_recorded(bench: Bench, schema: str, reason: str) -> None:
    bench.start(SCHEMA + schema)
    bench.app.execute("INSERT INTO doc (body) VALUES ('one')")
    mark = bench.journal.mark()
    bench.app.execute("DELETE FROM doc")
    assert any(reason in gap for gap in bench.journal.gaps(mark))
    assert bench.journal.moved(mark)
    bench.journal.undo(mark)
    assert bench.run("SELECT body FROM doc") == [("one",)]
    assert bench.undone("INSERT INTO doc (body) VALUES ('two')", "DELETE FROM t") == "saved state"
    assert bench.undone() == "nothing"


def test_nested_marks_with_a_table_that_cannot_be_recorded(bench: Bench) -> None:
    bench.start("CREATE VIRTUAL TABLE doc USING fts5 (body); CREATE TABLE t (v)")
    marks = []
    for number in range(3):
        marks.append((bench.journal.mark(), bench.journal.fingerprint()))
        bench.app.execute("INSERT INTO doc VALUES (?)", (f"word {number}",))
        bench.app.execute("INSERT INTO t VALUES (?)", (number,))
    for mark, fingerprint in reversed(marks):
        bench.journal.undo(mark)
        assert bench.journal.fingerprint() == fingerprint
    assert bench.run("SELECT * FROM doc WHERE doc MATCH 'word'") == []


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE doc (body TEXT COLLATE backwards UNIQUE)",
        "CREATE TABLE doc (body TEXT); CREATE INDEX i ON doc (body COLLATE backwards)",
        "CREATE TABLE doc (body TEXT, g AS (shout(body)))",
        "CREATE TABLE doc (body TEXT CHECK (shout(body) <> ''))",
        "CREATE TABLE doc (body TEXT); CREATE TRIGGER s AFTER INSERT ON doc BEGIN SELECT shout(new.body); END",
    ],
)
def test_functions_and_collations_that_only_the_application_has(bench: Bench, schema: str) -> None:
    bench.start("CREATE TABLE t (v)")
    bench.app.create_function("shout", 1, lambda text: f"{text}!", deterministic=True)
    bench.app.create_collation("backwards", lambda a, b: (a[::-1] > b[::-1]) - (a[::-1] < b[::-1]))
    bench.app.executescript(schema)
    bench.undone("INSERT INTO doc (body) VALUES ('one')", "INSERT INTO t VALUES (1)")
    bench.undone(
        "INSERT INTO doc (body) VALUES ('one'), ('two')",
        "UPDATE doc SET body = 'x' || body",
        "DELETE FROM doc",
    )


def test_bookkeeping_comes_back_with_the_schema_it_describes(bench: Bench) -> None:
    bench.start("CREATE TABLE t (v); CREATE TABLE dataflow_migrations (v)")
    mark = bench.journal.mark()
    bench.app.executescript("ALTER TABLE t ADD COLUMN w; INSERT INTO dataflow_migrations VALUES ('added w')")
    bench.journal.undo(mark)
    assert bench.run("SELECT * FROM dataflow_migrations") == []


def test_a_table_wider_than_all_before_it(bench: Bench) -> None:
    bench.start("CREATE TABLE t (v)")
    outer, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute(f"CREATE TABLE wide ({', '.join(f'c{n}' for n in range(60))})")
    assert bench.undone("INSERT INTO wide (c59) VALUES (1)") == "journal"
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == before
    assert bench.undone("INSERT INTO t VALUES (1)") == "journal"
