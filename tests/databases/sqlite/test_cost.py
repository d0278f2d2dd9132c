"""The size of the tables does not matter; counted in steps of SQLite's machine, so exactly repeatable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from journal_bench import Bench, SqlitePlace

SCHEMA = """
CREATE TABLE u (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE, n INTEGER NOT NULL DEFAULT 7, gone);
CREATE UNIQUE INDEX live ON u (n) WHERE gone IS NULL;
CREATE UNIQUE INDEX folded ON u (n COLLATE NOCASE);
CREATE TABLE w (a TEXT, b INTEGER NOT NULL DEFAULT 7, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE h (x, y REAL NOT NULL DEFAULT 5 UNIQUE);
"""
FILL = """
WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {0}) INSERT INTO u SELECT i, 'e' || i, i, NULL FROM c;
INSERT INTO w SELECT email, n FROM u;
INSERT INTO h SELECT email, n FROM u;
"""  # noqa: E501
WRITES = [
    "REPLACE INTO u VALUES (-1, 'new', -1, NULL)",
    "REPLACE INTO u VALUES (-2, 'e5', 6, NULL)",
    "UPDATE u SET n = -7, email = 'other' WHERE id = 7",
    "DELETE FROM u WHERE id = 8",
    "REPLACE INTO w VALUES ('e3', NULL)",
    "UPDATE OR REPLACE w SET b = 4 WHERE a = 'e4' AND b = 4",
    "REPLACE INTO h VALUES (1, NULL)",
    "UPDATE OR REPLACE h SET y = 6 WHERE y = 7",
]


def steps(connection: sqlite3.Connection, act: Callable[[], object]) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 1)
    try:
        act()
    finally:
        connection.set_progress_handler(None, 1)
    return counted


def measured(folder: Path, rows: int) -> dict[str, int]:
    bench = Bench(SqlitePlace(folder))
    try:
        bench.start(SCHEMA + FILL.format(rows))
        mark = bench.journal.mark()
        found = {sql: steps(bench.app, lambda sql=sql: bench.app.execute(sql)) for sql in WRITES}
        found["head"] = steps(bench.journal._connection.raw, bench.journal.head)
        found["moved"] = steps(bench.journal._connection.raw, lambda: bench.journal.moved(mark))
        found["mark"] = steps(bench.journal._connection.raw, bench.journal.mark)
        found["changes"] = steps(bench.journal._connection.raw, lambda: bench.journal.changes(mark))
        found["undo"] = steps(bench.journal._connection.raw, lambda: bench.journal.undo(mark))
        return found
    finally:
        bench.close()


def test_writes_and_undo_take_the_same_steps_in_small_and_large_tables(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "large").mkdir()
    assert measured(tmp_path / "small", 20) == pytest.approx(measured(tmp_path / "large", 3000), rel=0.02, abs=5)
