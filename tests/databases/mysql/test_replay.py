"""On MariaDB and MySQL, changes taken back can be made again; they fire none of the application's triggers."""

from __future__ import annotations

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE item (id VARCHAR(20) PRIMARY KEY, value TEXT, twice TEXT AS (concat(value, value)) VIRTUAL, `%s` INT);
CREATE TABLE log (what VARCHAR(90));
CREATE TABLE plain (a VARCHAR(20), b FLOAT, c TIME(3), d BIT(9), e VARBINARY(9), f DECIMAL(9, 4), g TIMESTAMP NULL);
CREATE TRIGGER logged AFTER INSERT ON item FOR EACH ROW INSERT INTO log VALUES (concat('new ', NEW.id));
"""
CHANGES = (
    "INSERT INTO item (id, value, `%s`) VALUES ('a', 'x', 1), ('b', 'y', 2)",
    "UPDATE item SET id = 'c' WHERE id = 'b'",
    "DELETE FROM item WHERE id = 'a'",
    "INSERT INTO plain VALUES ('a', 1.1, '-00:30:00.5', b'100000001', x'00ff', 1.5, '2024-02-03 04:05:06')",
    "INSERT INTO plain VALUES ('A', 1.1, '-00:30:00.5', b'100000001', x'00ff', 1.5, '2024-02-03 04:05:06')",
    "INSERT INTO plain VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "UPDATE plain SET b = 1.2, c = '-100:00:01' WHERE a = BINARY 'A'",
    "DELETE FROM plain WHERE a = BINARY 'a'",
)


def test_a_replay_gives_what_was_there_and_can_be_undone(bench: Bench) -> None:
    bench.start(SCHEMA)
    outer, empty = bench.journal.mark(), bench.journal.fingerprint()
    for statement in CHANGES:
        bench.run(statement)
    after, recorded = bench.journal.fingerprint(), bench.journal.changes(outer)
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == empty
    bench.journal.replay(recorded)
    assert bench.journal.fingerprint() == after
    bench.journal.undo(outer)
    assert bench.journal.fingerprint() == empty


def test_what_does_not_fit_raises_and_changes_nothing(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run("INSERT INTO item (id) VALUES ('a')")
    bench.run("INSERT INTO plain (a) VALUES ('a')")
    recorded = bench.journal.changes(mark)
    before = bench.journal.fingerprint()
    with pytest.raises(bench.place.integrity_error, match="Duplicate entry"):
        bench.journal.replay(list(reversed(recorded)))
    assert bench.journal.fingerprint() == before
    bench.run("DELETE FROM item")
    with pytest.raises(bench.place.integrity_error, match=r"item has no row \('a',\) to change"):
        bench.journal.replay([recorded[0].inverse()])
