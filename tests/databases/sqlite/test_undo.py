"""Undo by the journal alone, for every kind of table and of write; `undone` compares fingerprints."""

from __future__ import annotations

import pytest
from journal_bench import Bench


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY DESC, b)",
        "CREATE TABLE t (a TEXT PRIMARY KEY, b REAL)",
        "CREATE TABLE t (a, b, PRIMARY KEY (b, a))",
        "CREATE TABLE t (a, b)",
        "CREATE TABLE t (a INT PRIMARY KEY, b) WITHOUT ROWID",
        "CREATE TABLE t (b TEXT COLLATE NOCASE, a, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT IGNORE)",
        "CREATE TABLE t (a, b CHECK (b <> 'x'), c AS (a || b) STORED UNIQUE, d AS (typeof(a)))",
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b ANY) STRICT",
        "CREATE TABLE t (a, b, rowid TEXT)",
        "CREATE TABLE t (a, b, rowid TEXT, _rowid_ INTEGER)",
        'CREATE TABLE t (a, b, "x ""y" DEFAULT \'it\'\'s\', "select", "order" UNIQUE)',
        "CREATE TABLE t (a, b, c NOT NULL DEFAULT 'd' UNIQUE)",
    ],
)
def test_every_kind_of_table(bench: Bench, schema: str) -> None:
    bench.start(schema)
    bench.app.execute("INSERT INTO t (a, b) VALUES (8, 'first')")
    bench.app.execute("INSERT OR REPLACE INTO t (a, b) VALUES (1, 'one')")
    bench.app.execute("DELETE FROM t WHERE a = 8")  # a rowid that inserting again would not give by itself
    assert (
        bench.undone(
            "UPDATE t SET b = 'uno'",
            "INSERT OR IGNORE INTO t (a, b) VALUES (2, 'two')",
            "INSERT OR REPLACE INTO t (a, b) VALUES (3, 'uno')",
            "UPDATE OR REPLACE t SET a = 9 WHERE a = 1",
            "UPDATE OR IGNORE t SET a = a + 1",
            "DELETE FROM t",
            "INSERT INTO t (a, b) VALUES (5, 'UNO')",
        )
        == "journal"
    )


@pytest.mark.parametrize("value", ["x'00ff'", "-0.0", "0.30000000000000004", "9e999", "CAST(x'61ff' AS TEXT)",
                                   "'a' || char(0) || 'b'", "1.0", "'1'", "zeroblob(3)"])  # fmt: skip
@pytest.mark.parametrize("affinity", ["", "TEXT", "REAL", "NUMERIC", "BLOB"])
def test_every_value_in_every_column_type(bench: Bench, value: str, affinity: str) -> None:
    bench.start(f"CREATE TABLE t (v {affinity}); INSERT INTO t VALUES ({value}), (NULL)")
    assert bench.undone("UPDATE t SET v = 1", "DELETE FROM t", f"INSERT INTO t VALUES ({value})") == "journal"


def test_cascades(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE boss (id INTEGER PRIMARY KEY);"
        "CREATE TABLE staff (id INTEGER PRIMARY KEY, boss REFERENCES boss ON DELETE CASCADE ON UPDATE SET NULL);"
        "INSERT INTO boss VALUES (1), (2); INSERT INTO staff VALUES (5, 1), (6, 2)"
    )
    assert (
        bench.undone("UPDATE boss SET id = 7 WHERE id = 2", "REPLACE INTO boss VALUES (1)", "DELETE FROM boss")
        == "journal"
    )


def test_rows_that_break_a_constraint_since_before_the_mark(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES gone, v CHECK (v > 0))")
    bench.app.execute("PRAGMA ignore_check_constraints = ON")
    bench.app.execute("PRAGMA foreign_keys = OFF")
    bench.app.execute("INSERT INTO t VALUES (1, -1)")
    assert bench.undone("DELETE FROM t") == "journal"


def test_foreign_keys_switched_on_for_the_kits_connection_do_no_harm(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE boss (id INTEGER PRIMARY KEY, v);"
        "CREATE TABLE staff (boss REFERENCES boss ON DELETE CASCADE); INSERT INTO boss VALUES (1, 1);"
        "INSERT INTO staff VALUES (1)"
    )
    bench.journal._connection.raw.execute("PRAGMA foreign_keys = ON")
    assert bench.undone("UPDATE boss SET v = 2") == "journal"
    bench.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t (v) VALUES ('b')",
        "INSERT OR IGNORE INTO t VALUES (77, 'a')",  # stores nothing and moves the counter
        "UPDATE sqlite_sequence SET seq = 99",
        "DELETE FROM sqlite_sequence",
        "PRAGMA user_version = 5",
        "PRAGMA application_id = 5",
    ],
)
def test_counters(bench: Bench, statement: str) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE)")
    bench.app.execute("INSERT INTO t (v) VALUES ('a')")
    mark = bench.journal.mark()
    bench.app.execute(statement)
    assert bench.journal.moved(mark)
    bench.journal.undo(mark)
    assert bench.undone(statement) == "journal"
    bench.app.execute("INSERT INTO t (v) VALUES ('next')")
    assert bench.run("SELECT max(id) FROM t") == [(2,)]


def test_thousands_of_changes(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE)")
    many = "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5000)"
    bench.app.execute(f"{many} INSERT INTO t SELECT i, i FROM c")
    shift = f"{many} REPLACE INTO t SELECT i, i + 7 FROM c"
    assert bench.undone("DELETE FROM t WHERE id % 3 = 0", shift, "UPDATE t SET v = -v") == "journal"


def test_a_prepared_statement_and_an_open_cursor_of_the_application_go_on(bench: Bench) -> None:
    bench.start("CREATE TABLE t (v); INSERT INTO t VALUES (1), (2), (3)")
    reader = bench.connect()
    mark = bench.journal.mark()
    bench.app.execute("DELETE FROM t WHERE v = 3")
    cursor = reader.execute("SELECT v FROM t")
    assert cursor.fetchone() == (1,)
    bench.journal.undo(mark)
    assert cursor.fetchall() == [(2,)]  # its own snapshot
    assert reader.execute("SELECT v FROM t").fetchall() == [(1,), (2,), (3,)]


def test_a_key_that_is_no_utf_8_comes_back(bench: Bench) -> None:
    bench.start("CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t VALUES (CAST(x'ff61' AS TEXT), 1)")
    assert bench.undone("UPDATE t SET v = 2", "INSERT INTO t VALUES (CAST(x'ff62' AS TEXT), 3)") == "journal"
    mark = bench.journal.mark()
    bench.run("DELETE FROM t")
    assert [change.kind for change in bench.journal.changes(mark)] == ["delete"]
    assert bench.journal.undo(mark).method == "journal"
    assert bench.run("SELECT CAST(k AS BLOB), v FROM t") == [(b"\xffa", 1)]
