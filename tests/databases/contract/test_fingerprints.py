"""Every difference that an undo must take back shows in the fingerprint."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id {serial}, v VARCHAR(20), f DOUBLE PRECISION, t TEXT, d DECIMAL(10, 2));
CREATE TABLE heap (x VARCHAR(20), y INTEGER);
CREATE TABLE pair (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
INSERT INTO t (v, f, t) VALUES ('1', 0.3, 'a'), ('2', 1, NULL);
INSERT INTO heap VALUES ('a', 1), ('a', 1), (NULL, 2);
INSERT INTO pair VALUES (1, 2);
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO t (v) VALUES ('1')",
        "DELETE FROM pair",
        "DELETE FROM heap WHERE x IS NULL",
        "INSERT INTO heap VALUES ('a', 1)",
        "UPDATE heap SET x = '' WHERE x IS NULL",
        "UPDATE heap SET x = 'A' WHERE y = 1",
        "UPDATE heap SET x = 'a ' WHERE y = 1",
        "UPDATE t SET v = '1 ' WHERE id = 1",
        "UPDATE t SET v = NULL",
        "UPDATE t SET f = 0.30000000000000004 WHERE id = 1",
        "UPDATE t SET f = -f",
        "UPDATE t SET t = 'b' WHERE id = 1",
        "UPDATE t SET d = 1.5 WHERE id = 2",
        "UPDATE pair SET a = b, b = 1",
        "CREATE TABLE u (v INTEGER)",
        "CREATE INDEX i ON heap (x)",
        "CREATE VIEW w AS SELECT 1 AS one",
        "ALTER TABLE heap RENAME COLUMN x TO z",
        "ALTER TABLE heap ADD COLUMN z INTEGER",
        "DROP TABLE heap",
    ],
)
def test_for_every_difference(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run(change)
    assert bench.journal.fingerprint() != before
    assert bench.journal.moved(mark)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_of_a_number_that_was_taken(bench: Bench) -> None:
    bench.start(SCHEMA)
    before = bench.journal.fingerprint()
    for statement in ("INSERT INTO t (v) VALUES ('3')", "DELETE FROM t WHERE v = '3'"):
        bench.run(statement)
    assert bench.journal.fingerprint() != before


def test_but_not_for_the_order_of_writing_or_the_journals_own_rows(bench: Bench) -> None:
    bench.start(SCHEMA)
    before = bench.journal.fingerprint()
    bench.journal.mark()
    for statement in (
        "UPDATE t SET v = 'other' WHERE id = 2",
        "UPDATE t SET v = '2' WHERE id = 2",
        "DELETE FROM pair",
        "INSERT INTO pair VALUES (1, 2)",
    ):
        bench.run(statement)
    assert bench.journal.fingerprint() == before
