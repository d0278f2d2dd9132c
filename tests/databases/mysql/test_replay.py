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


def test_a_table_with_a_trigger_of_the_application_is_replayed_after_its_cascades_were_looked_for(bench: Bench) -> None:
    """Under LOCK TABLES the server refuses writes of triggers to a table that a statement named twice (error 1442)."""
    bench.start(
        f"{SCHEMA}CREATE TABLE part (item VARCHAR(20), FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE);"
    )
    outer = bench.journal.mark()
    bench.run("INSERT INTO item (id) VALUES ('a')")
    bench.run("UPDATE item SET value = 'x'")
    recorded = bench.journal.changes(outer)
    bench.run("DELETE FROM item")
    bench.journal.mark()
    assert bench.journal.gaps(outer)
    bench.run("SELECT * FROM dataflow_testkit_journal_1 AS one JOIN dataflow_testkit_journal_1 AS two USING (seq)")
    bench.journal.undo(outer)
    bench.journal.replay(recorded)
    assert bench.run("SELECT id, value FROM item") == [("a", "x")]


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
