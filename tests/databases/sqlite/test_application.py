"""What an application sees of its own writes is the same with triggers as without."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from journal_bench import Bench

from kailash_testkit.databases.sqlite.naming import OWN_PREFIX

SCHEMA = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE, w)"


def observed(connection: sqlite3.Connection) -> list[object]:
    """Everything that sqlite3 tells about a series of writes."""
    seen: list[object] = []
    for statement in (
        "INSERT INTO t (v) VALUES ('a')",
        "INSERT INTO t (v) VALUES ('b'), ('c')",
        "UPDATE t SET w = 1 WHERE v <> 'a'",
        "REPLACE INTO t (v) VALUES ('a')",
        "INSERT OR IGNORE INTO t (v) VALUES ('a')",
        "INSERT INTO t (v) VALUES ('b') ON CONFLICT (v) DO UPDATE SET w = 7",
        "UPDATE OR REPLACE t SET v = 'a' WHERE v = 'c'",
        "INSERT INTO t (v) VALUES ('d') RETURNING id, v, w",
        "UPDATE t SET w = 2 RETURNING id",
        "DELETE FROM t WHERE v = 'd' RETURNING *",
        "DELETE FROM t",
    ):
        cursor = connection.execute(statement)
        seen += [cursor.fetchall(), cursor.lastrowid, cursor.rowcount]
        seen += connection.execute("SELECT changes(), last_insert_rowid()").fetchall()
    cursor = connection.executemany("INSERT INTO t (v) VALUES (?)", [("x",), ("y",)])
    return [*seen, cursor.rowcount]


def test_counts_and_row_ids_are_the_same(bench: Bench) -> None:
    bench.start(SCHEMA)
    without = sqlite3.connect(":memory:", isolation_level=None)
    without.execute(SCHEMA)
    assert observed(bench.app) == observed(without)
    without.close()


def test_only_total_changes_counts_the_journals_rows(bench: Bench) -> None:
    """SQLite counts what triggers write and offers no way around it; stated in the module's docstring."""
    bench.start(SCHEMA)
    before = bench.app.total_changes
    bench.app.execute("INSERT INTO t (v) VALUES (1)")
    assert bench.app.total_changes - before == 2


def test_a_column_cannot_be_dropped_while_it_is_recorded(bench: Bench) -> None:
    """By a connection that is not watched: a trigger names it; stated in the module's docstring."""
    bench.start(SCHEMA)
    with (
        closing(sqlite3.Connection(bench.place.path)) as unwatched,
        pytest.raises(sqlite3.OperationalError, match="after drop column"),
    ):
        unwatched.execute("ALTER TABLE t DROP COLUMN w")


@pytest.mark.parametrize("by_cursor", [False, True])
def test_a_watched_connection_drops_a_column(bench: Bench, by_cursor: bool) -> None:
    bench.start(SCHEMA)
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    with closing(sqlite3.connect(bench.place.path, isolation_level=None)) as watched:
        (watched.cursor() if by_cursor else watched).execute("ALTER TABLE t DROP COLUMN w")
        watched.execute("INSERT INTO t (v) VALUES (1)")
    assert bench.journal.gaps(mark) == ("the schema was changed",)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_all_objects_of_the_journal_have_one_prefix_that_dataflow_skips(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.journal.mark()
    names = {str(name) for (name,) in bench.run("SELECT name FROM sqlite_master")}
    ours = {name for name in names if name.startswith(OWN_PREFIX)}
    assert names - ours == {"t", "sqlite_sequence", "sqlite_autoindex_t_1"}
    discovered = bench.run(
        "SELECT name FROM sqlite_master WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'dataflow_%'"
    )
    assert discovered == [("t",)]
