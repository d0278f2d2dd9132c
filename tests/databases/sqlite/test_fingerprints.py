"""Every difference that an undo must take back shows in the fingerprint."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v);
CREATE TABLE heap (x);
CREATE TABLE pair (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO t (v) VALUES (1);
INSERT INTO heap VALUES ('a'), (0.0);
INSERT INTO pair VALUES ('k', 1);
"""


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO t (v) VALUES (1)",
        "DELETE FROM pair",
        "UPDATE t SET v = 1.0",
        "UPDATE t SET v = '1'",
        "UPDATE t SET v = x'31'",
        "UPDATE t SET v = NULL",
        "UPDATE t SET v = 1.0000000000000002",
        "UPDATE heap SET x = -0.0 WHERE x = 0",
        "UPDATE heap SET x = x'61' WHERE x = 'a'",
        "UPDATE heap SET x = 'a' || char(0) WHERE x = 'a'",
        "UPDATE heap SET x = CAST(x'61ff' AS TEXT) WHERE x = 'a'",
        "UPDATE heap SET rowid = 9 WHERE rowid = 1",
        "UPDATE pair SET b = 1.0",
        "UPDATE sqlite_sequence SET seq = 7",
        "PRAGMA user_version = 1",
        "CREATE TABLE u (v)",
        "CREATE INDEX i ON heap (x)",
        "CREATE VIEW w AS SELECT 1",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
        "ALTER TABLE heap RENAME COLUMN x TO y",
    ],
)
def test_for_every_difference(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    before = bench.journal.fingerprint()
    bench.app.execute(change)
    assert bench.journal.fingerprint() != before


def test_but_not_for_the_order_of_writing_or_the_journals_own_rows(bench: Bench) -> None:
    bench.start(SCHEMA)
    before = bench.journal.fingerprint()
    for statement in ("DELETE FROM heap", "INSERT INTO heap (rowid, x) VALUES (2, 0.0), (1, 'a')", "VACUUM"):
        bench.app.execute(statement)
    assert bench.journal.fingerprint() == before


def test_text_factory_and_row_factory_of_the_connection_are_left_as_they_were(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.journal._connection.raw.row_factory = factory = lambda cursor, row: row
    before = bench.journal.fingerprint()
    assert (bench.journal._connection.raw.text_factory, bench.journal._connection.raw.row_factory) == (str, factory)
    assert bench.journal.fingerprint() == before
    bench.close()
