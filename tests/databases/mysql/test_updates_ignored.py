"""Rows that UPDATE IGNORE leaves alone are not recorded as updated, though MariaDB fires their triggers."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE boss (id INT PRIMARY KEY);
CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(9) UNIQUE, boss INT, v INT, FOREIGN KEY (boss) REFERENCES boss (id));
CREATE TABLE keyless (u INT UNIQUE, v INT);
INSERT INTO boss VALUES (1);
INSERT INTO t VALUES (1, 'a', 1, 0), (2, 'b', 1, 0), (3, 'c', NULL, 0);
INSERT INTO keyless VALUES (1, 0), (2, 0), (NULL, 0);
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "recorded"),
    [
        ("UPDATE IGNORE t SET id = 2 WHERE id = 1", []),
        ("UPDATE IGNORE t SET u = 'B', v = 9 WHERE id = 1", []),
        ("UPDATE IGNORE t SET boss = 9 WHERE id = 1", []),
        ("UPDATE IGNORE t SET u = 'A' WHERE id = 1", [(1,)]),
        ("UPDATE IGNORE t SET id = id + 1 ORDER BY id DESC", [(4,), (3,), (2,)]),
        ("UPDATE IGNORE t SET id = id + 1 WHERE id < 3 ORDER BY id", []),
        ("UPDATE t SET v = 9", [(1,), (2,), (3,)]),
        ("UPDATE IGNORE keyless SET u = 2 WHERE u = 1", []),
        ("UPDATE IGNORE keyless SET u = 2 WHERE u IS NULL", []),
        ("UPDATE IGNORE keyless SET u = 3 WHERE u IS NULL", [(3, 0)]),
        ("UPDATE IGNORE keyless SET u = u + 5 WHERE u = 1", [(6, 0)]),
    ],
)
def test_only_what_was_updated_is_recorded(bench: Bench, statement: str, recorded: list[tuple[int, ...]]) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run(statement)
    assert [change.new_key for change in bench.journal.changes(mark)] == recorded
    bench.journal.undo(mark)
    assert bench.undone("UPDATE t SET v = v + 1", statement, "UPDATE keyless SET v = v + 1") == "journal"
