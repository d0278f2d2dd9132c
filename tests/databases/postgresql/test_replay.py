"""Changes taken back can be made again on PostgreSQL: recorded as new ones, no trigger of the application fires."""

from __future__ import annotations

from typing import Any

import pytest
from journal_bench import Bench

from kailash_testkit.databases.journal import RecordedChange

SCHEMA = """
CREATE TABLE item (id text PRIMARY KEY, value text, doc json);
CREATE TABLE log (what text);
CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO log VALUES (TG_OP || coalesce(NEW.id, OLD.id)); RETURN NULL; END$$;
CREATE TRIGGER logged AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION logged();
"""
CHANGES = """
INSERT INTO item VALUES ('a', 'x', NULL), ('b', 'y', '{"n":  1.00}');
UPDATE item SET id = 'c' WHERE id = 'b';
DELETE FROM item WHERE id = 'a';
INSERT INTO log VALUES ('same'), ('same');
"""


def contents(bench: Bench) -> list[list[tuple[Any, ...]]]:
    return [bench.run("SELECT id, value, doc::text FROM item ORDER BY 1"), bench.run("SELECT * FROM log ORDER BY 1")]


def test_a_replay_gives_what_was_there(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run(CHANGES)
    before, recorded = contents(bench), bench.journal.changes(mark)
    assert before[0] == [("c", "y", '{"n":  1.00}')]

    bench.journal.undo(mark)
    assert contents(bench) == [[], []]
    bench.journal.replay(recorded)

    assert contents(bench) == before


def test_what_this_journal_did_not_record_or_no_longer_fits_is_refused(bench: Bench) -> None:
    bench.start(SCHEMA)
    mark = bench.journal.mark()
    bench.run("INSERT INTO item VALUES ('a', 'x', NULL)")
    (change, *_) = recorded = bench.journal.changes(mark)
    with pytest.raises(TypeError, match="not a change that this journal recorded"):
        bench.journal.replay([RecordedChange(change.seq, change.table, "insert", ("a",), ("a",), None, {"id": "a"})])
    bench.run("ALTER TABLE item ALTER COLUMN value TYPE varchar(5)")
    with pytest.raises(ValueError, match="table item is not what it was when the change was recorded"):
        bench.journal.replay(recorded)
    assert contents(bench)[0] == [("a", "x", None)]


def test_a_sequence_that_belongs_to_a_text_is_left_alone(bench: Bench) -> None:
    bench.start("CREATE TABLE named (name text PRIMARY KEY); CREATE SEQUENCE names OWNED BY named.name")
    mark = bench.journal.mark()
    bench.run("INSERT INTO named VALUES ('5')")
    recorded = bench.journal.changes(mark)
    bench.journal.undo(mark)
    bench.journal.replay(recorded)
    assert bench.run("SELECT name, nextval('names') FROM named") == [("5", 1)]
