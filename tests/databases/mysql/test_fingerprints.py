"""Every difference that an undo on MariaDB or MySQL must take back shows in the fingerprint."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), f FLOAT, d DOUBLE, b VARBINARY(9));
CREATE TABLE heap (x VARCHAR(20) CHARACTER SET latin1, y BIT(9), z DATETIME(6));
INSERT INTO t (v, f, d, b) VALUES ('1', 1.1, 0.3, '');
INSERT INTO heap VALUES ('a', b'1', '2024-02-03'), ('a', b'1', '2024-02-03');
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO t (v) VALUES ('1')",
        "DELETE FROM heap LIMIT 1",
        "UPDATE t SET v = '1 '",
        "UPDATE t SET v = NULL",
        "UPDATE t SET f = 1.1000001",
        "UPDATE t SET d = 0.30000000000000004",
        "UPDATE t SET b = NULL",
        "UPDATE heap SET x = 'A' LIMIT 1",
        "UPDATE heap SET y = b'100000001' LIMIT 1",
        "UPDATE heap SET z = '2024-02-03 00:00:00.000001'",
        "ALTER TABLE t AUTO_INCREMENT = 7",
        "CREATE TABLE u (v INT)",
        "CREATE INDEX i ON heap (x)",
        "CREATE VIEW w AS SELECT 1",
        "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW SET @x = 1",
        "CREATE FUNCTION f () RETURNS INT DETERMINISTIC RETURN 1",
        "ALTER TABLE heap CHANGE COLUMN x w VARCHAR(20) CHARACTER SET latin1",
        "ALTER TABLE heap MODIFY COLUMN x VARCHAR(20) CHARACTER SET utf8mb4",
    ],
)
def test_for_every_difference(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    before = bench.journal.fingerprint()
    bench.run(change)
    assert bench.journal.fingerprint() != before


def test_but_not_for_the_order_of_writing_or_the_journals_own_rows(bench: Bench) -> None:
    bench.start(SCHEMA)
    before = bench.journal.fingerprint()
    bench.journal.mark()
    for statement in (
        "UPDATE t SET v = 'other'",
        "UPDATE t SET v = '1'",
        "DELETE FROM heap",
        "INSERT INTO heap VALUES ('a', b'1', '2024-02-03')",
        "INSERT INTO heap VALUES ('a', b'1', '2024-02-03')",
    ):
        bench.run(statement)
    assert bench.journal.fingerprint() == before
